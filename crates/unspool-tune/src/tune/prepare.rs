//! From a table to rows for training and testing: split, encoded, standardised.

use super::fit::Rows;
use crate::table::{Features, Fractions, Split, Standardizer, Table, encode_classes};
use crate::{Settings, TuneError};

/// A table made ready.
pub(super) struct Prepared {
    pub(super) train: Rows,
    pub(super) test: Rows,
    /// Class of each training row, to deal classes evenly into folds.
    pub(super) strata: Option<Vec<usize>>,
    pub(super) labels: Vec<String>,
    pub(super) standardizer: Standardizer,
    pub(super) target_mean: f64,
    pub(super) target_scale: f64,
    pub(super) notes: Vec<String>,
}

impl Prepared {
    pub(super) fn new(table: &Table, settings: &Settings) -> Result<Self, TuneError> {
        let (y, strata, labels) = if settings.model.is_classifier() {
            let classes = encode_classes(table)?;
            let y = match classes.labels.len() {
                2 => classes.signs()?,
                _ => classes.index.iter().map(|&c| c as f64).collect(),
            };
            (y, Some(classes.index), classes.labels)
        } else {
            (table.numbers()?.to_vec(), None, vec![])
        };
        let fractions = Fractions::holding_out(settings.test_fraction);
        let split = Split::new(table.rows(), settings.seed, fractions, strata.as_deref())?;
        let standardizer = Standardizer::fit(&table.features, &split.train)?;
        let notes = standardizer.note(|j| table.column_name(j)).into_iter().collect();
        let rows = |of: &[usize]| -> Result<Rows, TuneError> {
            let features = standardizer.apply(table.features.select_rows(of)?)?;
            Ok(Rows { features: with_ones(features), y: of.iter().map(|&i| y[i]).collect() })
        };
        let (mut train, mut test) = (rows(&split.train)?, rows(&split.test)?);
        let (mut target_mean, mut target_scale) = (0.0, 1.0);
        if strata.is_none() {
            let n = train.y.len() as f64;
            target_mean = train.y.iter().sum::<f64>() / n;
            let variance = train.y.iter().map(|y| (y - target_mean).powi(2)).sum::<f64>() / n;
            target_scale = if variance > 0.0 { variance.sqrt() } else { 1.0 };
            train.y.iter_mut().chain(&mut test.y).for_each(|y| *y = (*y - target_mean) / target_scale);
        }
        let strata = strata.map(|classes| split.train.iter().map(|&i| classes[i]).collect());
        Ok(Prepared { train, test, strata, labels, standardizer, target_mean, target_scale, notes })
    }

    /// Margins of the model.
    pub(super) fn outputs(&self) -> usize {
        if self.labels.len() > 2 { self.labels.len() } else { 1 }
    }
}

/// The same matrix with a last column of ones.
fn with_ones(features: Features) -> Features {
    match features {
        Features::Dense { rows, cols, data } => {
            let row = |i: usize| data[i * cols..(i + 1) * cols].iter().copied().chain([1.0]);
            Features::Dense { rows, cols: cols + 1, data: (0..rows).flat_map(row).collect() }
        }
        Features::Sparse { rows, cols, indptr, indices, data } => {
            let (mut all_indices, mut all_data) =
                (Vec::with_capacity(data.len() + rows), Vec::with_capacity(data.len() + rows));
            for r in indptr.windows(2) {
                all_indices.extend_from_slice(&indices[r[0]..r[1]]);
                all_indices.push(cols as u32);
                all_data.extend_from_slice(&data[r[0]..r[1]]);
                all_data.push(1.0);
            }
            let indptr = indptr.iter().enumerate().map(|(i, p)| p + i).collect();
            Features::Sparse { rows, cols: cols + 1, indptr, indices: all_indices, data: all_data }
        }
    }
}
