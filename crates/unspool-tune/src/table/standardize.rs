//! Features brought to a common scale, learned on the training rows.

use serde::{Deserialize, Serialize};

use super::error::TableError;
use super::features::{Features, check_len, shape};
use super::moments::Moments;
use super::text::{counted, listed};

/// A shift and a scale for each column, learned on the training rows.
///
/// Dense columns are centred and brought to unit (population) variance. Sparse ones are divided by
/// their largest absolute value and not centred, so that zeros stay zeros. A column that is the
/// same in all training rows keeps its scale.
///
/// ```
/// use unspool_tune::table::{Features, Standardizer};
///
/// let features = Features::Dense { rows: 3, cols: 1, data: vec![1.0, 3.0, 100.0] };
/// let standardizer = Standardizer::fit(&features, &[0, 1])?;
/// assert_eq!((standardizer.mean[0], standardizer.scale[0]), (2.0, 1.0));
/// assert_eq!(
///     standardizer.apply(features)?,
///     Features::Dense { rows: 3, cols: 1, data: vec![-1.0, 1.0, 98.0] },
/// );
/// # Ok::<(), unspool_tune::table::TableError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Standardizer {
    /// What is subtracted from each column; empty when nothing is.
    pub mean: Vec<f64>,
    /// What each column is divided by; positive.
    pub scale: Vec<f64>,
    /// The columns, from 0, that are the same in all training rows.
    pub constant: Vec<usize>,
}

impl Standardizer {
    /// Learns from the given rows, the training rows.
    ///
    /// # Errors
    ///
    /// [`TableError::NoSuchRow`], and [`TableError::Shape`] when there are no rows or the matrix is
    /// not in order.
    pub fn fit(features: &Features, rows: &[usize]) -> Result<Self, TableError> {
        if rows.is_empty() {
            return Err(shape("training rows", 0, 1));
        }
        let count = features.rows();
        if let Some(&row) = rows.iter().find(|&&row| row >= count) {
            return Err(TableError::NoSuchRow { row, rows: count });
        }
        match features {
            Features::Dense { cols, data, .. } => {
                let row = |row: &usize| {
                    let start = row.saturating_mul(*cols);
                    let cells = data.get(start..start.saturating_add(*cols));
                    cells.ok_or_else(|| shape("values stored in the matrix", data.len(), count))
                };
                check_len("cells of the matrix", data.len(), features.rows().saturating_mul(*cols))?;
                let rows: Vec<&[f64]> = rows.iter().map(row).collect::<Result<_, _>>()?;
                Ok(Self::from_moments(&Moments::of(&rows, *cols)))
            }
            Features::Sparse { cols, indptr, indices, data, .. } => {
                let mut largest = vec![0.0_f64; *cols];
                for &row in rows {
                    let bounds = indptr.get(row).zip(indptr.get(row.saturating_add(1)));
                    let stored = bounds.and_then(|(&a, &b)| indices.get(a..b).zip(data.get(a..b)));
                    let (indices, data) =
                        stored.ok_or_else(|| shape("values stored in the matrix", data.len(), count))?;
                    for (&column, value) in indices.iter().zip(data) {
                        let place = largest.get_mut(column as usize);
                        let place = place.ok_or_else(|| shape("column of a value", column as usize, *cols))?;
                        *place = place.max(value.abs());
                    }
                }
                Ok(Self::with_scale(Vec::new(), largest))
            }
        }
    }

    /// The standardiser of dense columns.
    fn from_moments(moments: &Moments) -> Self {
        Self::with_scale(moments.mean(), moments.deviation())
    }

    /// A standardiser with 1 in place of every scale that is 0.
    fn with_scale(mean: Vec<f64>, mut scale: Vec<f64>) -> Self {
        let mut constant = Vec::new();
        for (column, scale) in scale.iter_mut().enumerate() {
            if *scale == 0.0 {
                *scale = 1.0;
                constant.push(column);
            }
        }
        Self { mean, scale, constant }
    }

    /// Number of columns.
    #[must_use]
    pub fn cols(&self) -> usize {
        self.scale.len()
    }

    /// Brings a matrix to the common scale.
    ///
    /// # Errors
    ///
    /// [`TableError::Shape`] for another number of columns, [`TableError::CentredSparse`] for a
    /// sparse matrix where the training rows were dense, and [`TableError::ScaledNotFinite`] for a
    /// value so far from the training rows that its scaled value is beyond `f64`.
    pub fn apply(&self, mut features: Features) -> Result<Features, TableError> {
        check_len("columns to standardise", features.cols(), self.cols())?;
        let cols = self.cols().max(1);
        let mut lost = None;
        match &mut features {
            Features::Dense { data, .. } => {
                for (at, row) in data.chunks_exact_mut(cols).enumerate() {
                    let means = self.mean.iter().copied().chain(std::iter::repeat(0.0));
                    for (column, ((value, mean), scale)) in row.iter_mut().zip(means).zip(&self.scale).enumerate() {
                        let scaled = standard(*value, mean, *scale);
                        if !scaled.is_finite() && lost.is_none() {
                            lost = Some((at, column, *value));
                        }
                        *value = scaled;
                    }
                }
            }
            Features::Sparse { .. } if !self.mean.is_empty() => {
                return Err(TableError::CentredSparse);
            }
            Features::Sparse { indptr, indices, data, .. } => {
                for (entry, (value, column)) in data.iter_mut().zip(indices.iter()).enumerate() {
                    let scale = self.scale.get(*column as usize).copied().unwrap_or(1.0);
                    let scaled = *value / scale;
                    if !scaled.is_finite() && lost.is_none() {
                        let row = indptr.partition_point(|start| *start <= entry);
                        lost = Some((row.saturating_sub(1), *column as usize, *value));
                    }
                    *value = scaled;
                }
            }
        }
        match lost {
            None => Ok(features),
            Some((row, column, value)) => Err(TableError::ScaledNotFinite { row: row + 1, column: column + 1, value }),
        }
    }

    /// The weights and the intercept for columns as they stand in the file, which give the same
    /// predictions as these do for standardised ones.
    ///
    /// # Errors
    ///
    /// [`TableError::Shape`] for another number of weights than columns.
    pub fn raw_weights(&self, weights: &[f64], intercept: f64) -> Result<(Vec<f64>, f64), TableError> {
        check_len("weights", weights.len(), self.cols())?;
        let raw: Vec<f64> = weights.iter().zip(&self.scale).map(|(weight, scale)| weight / scale).collect();
        let shift: f64 = raw.iter().zip(&self.mean).map(|(weight, mean)| weight * mean).sum();
        Ok((raw, intercept - shift))
    }

    /// A remark for the user about columns that are the same in all training rows; `name` tells the
    /// name of a column.
    #[must_use]
    pub fn note(&self, name: impl Fn(usize) -> String) -> Option<String> {
        if self.constant.is_empty() {
            return None;
        }
        let count = counted(self.constant.len(), "column");
        let verb = if self.constant.len() == 1 { "is" } else { "are" };
        let names: Vec<String> = self.constant.iter().map(|&column| name(column)).collect();
        Some(format!("{count} {verb} the same in all training rows and not scaled: {}", listed(&names)))
    }
}

/// A value centred and scaled, without an overflow on the way.
fn standard(value: f64, mean: f64, scale: f64) -> f64 {
    let centred = value - mean;
    if centred.is_finite() { centred / scale } else { value / scale - mean / scale }
}

/// A standardiser as it is stored, not checked yet.
#[derive(Deserialize)]
struct Stored {
    mean: Vec<f64>,
    scale: Vec<f64>,
    #[serde(default)]
    constant: Vec<usize>,
}

impl TryFrom<Stored> for Standardizer {
    type Error = TableError;

    fn try_from(stored: Stored) -> Result<Self, TableError> {
        let Stored { mean, scale, constant } = stored;
        let bad = |what| Err(TableError::BadStandardizer { what });
        if !mean.is_empty() && mean.len() != scale.len() {
            return bad("it has not as many means as scales");
        }
        if mean.iter().any(|mean| !mean.is_finite()) {
            return bad("a mean is not finite");
        }
        if scale.iter().any(|scale| !(scale.is_finite() && *scale > 0.0)) {
            return bad("a scale is not a positive number");
        }
        if constant.iter().any(|&column| column >= scale.len()) {
            return bad("it names a column that it does not have");
        }
        Ok(Self { mean, scale, constant })
    }
}
