//! Seeded splits of a table's rows: into training, validation and test rows, and into folds.
//!
//! The same numbers of rows, seed and classes give the same split on every machine.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::error::TableError;
use super::features::check_len;
use super::text::counted;

/// How far from 1 the fractions' sum may be.
const SUM_SLACK: f64 = 1e-9;

/// The parts of a split as fractions of all rows, which add up to 1. A part of 0 is left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fractions {
    /// For the weights; not 0.
    pub train: f64,
    /// For the regularisers.
    pub validation: f64,
    /// For the final figures.
    pub test: f64,
}

impl Fractions {
    /// Training and test rows alone, for cross-validation within the training rows.
    #[must_use]
    pub fn holding_out(test: f64) -> Self {
        Self { train: 1.0 - test, validation: 0.0, test }
    }

    /// Tests that these are fractions and add up to 1.
    fn check(self) -> Result<[f64; 3], TableError> {
        let parts = [self.train, self.validation, self.test];
        let proper = parts.iter().all(|part| (0.0..=1.0).contains(part));
        let sum: f64 = parts.iter().sum();
        if proper && self.train > 0.0 && (sum - 1.0).abs() <= SUM_SLACK {
            return Ok(parts);
        }
        let text = format!("{} + {} + {}", self.train, self.validation, self.test);
        Err(TableError::BadFractions { text })
    }
}

/// Which rows are for training, validation and testing; each part in increasing order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Rows for the weights.
    pub train: Vec<usize>,
    /// Rows for the regularisers.
    pub validation: Vec<usize>,
    /// Rows for the final figures.
    pub test: Vec<usize>,
}

impl Split {
    /// Splits `rows` rows at random. With `stratify`, the class of each row, every class is split
    /// by the same fractions, so that it has rows in every part.
    ///
    /// ```
    /// use unspool_tune::table::{Fractions, Split};
    ///
    /// let fractions = Fractions { train: 0.6, validation: 0.2, test: 0.2 };
    /// let split = Split::new(10, 7, fractions, None)?;
    /// assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (6, 2, 2));
    /// # Ok::<(), unspool_tune::table::TableError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TableError::BadFractions`]; [`TableError::SplitTooSmall`] or [`TableError::ClassTooSmall`]
    /// when there is not a row for each part; [`TableError::Shape`] when `stratify` has not as many
    /// entries as there are rows.
    pub fn new(rows: usize, seed: u64, fractions: Fractions, stratify: Option<&[usize]>) -> Result<Self, TableError> {
        let fractions = fractions.check()?;
        let needed = fractions.iter().filter(|part| **part > 0.0).count();
        let what = || format!("a split into {}", counted(needed, "part"));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut parts = [Vec::new(), Vec::new(), Vec::new()];
        if rows < needed {
            return Err(TableError::SplitTooSmall { what: what(), rows, needed });
        }
        for (class, mut members) in groups(rows, stratify)? {
            let rows = members.len();
            if rows < needed {
                return Err(TableError::ClassTooSmall { what: what(), class, rows, needed });
            }
            members.shuffle(&mut rng);
            let mut rest = members.as_slice();
            for (part, count) in parts.iter_mut().zip(apportion(rows, fractions)) {
                let (taken, left) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                part.extend_from_slice(taken);
                rest = left;
            }
        }
        parts.iter_mut().for_each(|part| part.sort_unstable());
        let [train, validation, test] = parts;
        Ok(Self { train, validation, test })
    }
}

/// Rows dealt into folds for cross-validation. To fold the training rows of a [`Split`], deal as many
/// rows as it has: the folds then hold positions in `train`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    /// The fold of each row.
    fold: Vec<usize>,
    count: usize,
}

impl Folds {
    /// Number of folds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The rows of a fold, in increasing order.
    #[must_use]
    pub fn validation(&self, fold: usize) -> Vec<usize> {
        self.rows(|of| of == fold)
    }

    /// The rows of all other folds, in increasing order.
    #[must_use]
    pub fn train(&self, fold: usize) -> Vec<usize> {
        self.rows(|of| of != fold)
    }

    /// The rows whose fold is wanted.
    fn rows(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        let rows = self.fold.iter().enumerate();
        rows.filter(|(_, fold)| wanted(**fold)).map(|(row, _)| row).collect()
    }
}

/// Deals `rows` rows at random into folds whose sizes differ by one row at most. With `stratify`,
/// the class of each row, so do each class's shares of the folds.
///
/// # Errors
///
/// [`TableError::TooFewFolds`] for less than 2 folds; [`TableError::SplitTooSmall`] for fewer rows
/// than folds; [`TableError::ClassTooSmall`] for a class of one row, which the training rows of one
/// fold would lack; [`TableError::Shape`] when `stratify` has not as many entries as there are rows.
pub fn k_folds(rows: usize, folds: usize, seed: u64, stratify: Option<&[usize]>) -> Result<Folds, TableError> {
    if folds < 2 {
        return Err(TableError::TooFewFolds { folds });
    }
    let what = || format!("cross-validation with {folds} folds");
    if rows < folds {
        return Err(TableError::SplitTooSmall { what: what(), rows, needed: folds });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Another stream than that of `Split::new`, lest one seed shuffles both alike.
    rng.set_stream(1);
    let mut fold = vec![0; rows];
    let mut dealt = 0;
    for (class, mut members) in groups(rows, stratify)? {
        if members.len() < 2 {
            let rows = members.len();
            return Err(TableError::ClassTooSmall { what: what(), class, rows, needed: 2 });
        }
        members.shuffle(&mut rng);
        for row in members {
            if let Some(place) = fold.get_mut(row) {
                *place = dealt % folds;
            }
            dealt += 1;
        }
    }
    Ok(Folds { fold, count: folds })
}

/// The rows of each class; all of them when there are no classes.
fn groups(rows: usize, stratify: Option<&[usize]>) -> Result<BTreeMap<usize, Vec<usize>>, TableError> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    match stratify {
        None => {
            groups.insert(0, (0..rows).collect());
        }
        Some(classes) => {
            check_len("classes to stratify by", classes.len(), rows)?;
            for (row, &class) in classes.iter().enumerate() {
                groups.entry(class).or_default().push(row);
            }
        }
    }
    Ok(groups)
}

/// Numbers of rows nearest to the fractions that add up to `rows` and are not 0 where the fraction
/// is not; `rows` must be at least the number of such fractions.
fn apportion(rows: usize, fractions: [f64; 3]) -> [usize; 3] {
    let quotas = fractions.map(|fraction| fraction * rows as f64);
    let least = fractions.map(|fraction| usize::from(fraction > 0.0));
    let mut counts = [0; 3];
    for ((count, quota), least) in counts.iter_mut().zip(quotas).zip(least) {
        *count = (quota as usize).max(least);
    }
    while counts.iter().sum::<usize>() != rows {
        let over = counts.iter().sum::<usize>() > rows;
        // How much of its quota a part still lacks, or of the others' it has taken.
        let due = |k: usize| {
            let (quota, count, least) = (quotas.get(k)?, counts.get(k)?, least.get(k)?);
            let open = if over { count > least } else { *least > 0 };
            let lack = quota - *count as f64;
            open.then_some((k, if over { -lack } else { lack }))
        };
        let next = (0..3).filter_map(due).reduce(|best, part| if part.1 > best.1 { part } else { best });
        let Some(count) = next.and_then(|(k, _)| counts.get_mut(k)) else {
            break;
        };
        *count = if over { *count - 1 } else { *count + 1 };
    }
    counts
}
