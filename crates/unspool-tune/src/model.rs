//! A model in a file: JSON, with everything needed to predict.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::TuneError;
use crate::outcome::Comparison;
use crate::settings::ModelKind;
use crate::table::{Features, NewRows, Schema, Standardizer};

/// A fitted model. Its file is JSON; numbers keep every bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedModel {
    /// Version of this layout.
    pub schema_version: u32,
    /// Version of the program that wrote it.
    pub unspool_version: String,
    /// The kind of model.
    pub model: ModelKind,
    /// Name of the target column.
    pub target: String,
    /// Names of the feature columns; empty for svmlight data, whose columns are numbered.
    pub columns: Vec<String>,
    /// Number of feature columns.
    pub features: usize,
    /// Class labels in order, for a classifier.
    pub labels: Vec<String>,
    /// How features were brought to a common scale.
    pub standardizer: Standardizer,
    /// Mean and scale of the target, for regression (0 and 1 for a classifier).
    pub target_mean: f64,
    /// See `target_mean`.
    pub target_scale: f64,
    /// Weights of the standardised features: one row of numbers for each output (one for
    /// regression and two classes, else one a class).
    pub weights: Vec<Vec<f64>>,
    /// Intercept of each output.
    pub intercepts: Vec<f64>,
    /// Logarithm of the regulariser of each feature.
    pub log_regularisers: Vec<f64>,
    /// How it was tuned, and how it compares.
    pub comparison: Comparison,
    /// Seed of the splits.
    pub seed: u64,
}

/// Predictions for some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// For regression the predicted value in the target's units; for a classifier the predicted
    /// class's position in `labels`.
    pub values: Vec<f64>,
    /// For a classifier, the probability of each class, rows x classes.
    pub probabilities: Option<Vec<Vec<f64>>>,
}

impl SavedModel {
    /// The layout that this version writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// Which columns rows to predict must have.
    pub fn schema(&self) -> Schema<'_> {
        if self.columns.is_empty() { Schema::Numbered(self.features) } else { Schema::Named(&self.columns) }
    }

    /// Predicts rows that were read with [`SavedModel::schema`].
    ///
    /// # Errors
    /// Rows with other columns.
    pub fn predict(&self, rows: &NewRows) -> Result<Predictions, TuneError> {
        let features = self.standardizer.apply(rows.features.clone())?;
        let margins: Vec<Vec<f64>> =
            self.weights.iter().zip(&self.intercepts).map(|(w, &b)| margins(&features, w, b)).collect();
        let row = |i: usize| margins.iter().map(|m| m[i]).collect::<Vec<f64>>();
        let n = features.rows();
        if !self.model.is_classifier() {
            let unit = |m: f64| self.target_mean + self.target_scale * m;
            return Ok(Predictions { values: margins[0].iter().map(|&m| unit(m)).collect(), probabilities: None });
        }
        let probabilities: Vec<Vec<f64>> = (0..n).map(|i| class_probabilities(&row(i))).collect();
        let best = |p: &Vec<f64>| (0..p.len()).fold(0, |best, c| if p[c] > p[best] { c } else { best }) as f64;
        Ok(Predictions { values: probabilities.iter().map(best).collect(), probabilities: Some(probabilities) })
    }

    /// Writes the model: to a temporary file beside `path`, flushed to disk, then renamed.
    ///
    /// # Errors
    /// Names the file and what failed; an older file of that name is then intact.
    pub fn write(&self, path: &Path) -> Result<(), TuneError> {
        let text = serde_json::to_vec_pretty(self).map_err(|e| TuneError::model(path, &e))?;
        write_atomically(path, &text)
    }

    /// Reads a model.
    ///
    /// # Errors
    /// A file that is missing, not JSON, of another layout, or inconsistent.
    pub fn read(path: &Path) -> Result<Self, TuneError> {
        let text = std::fs::read(path).map_err(|error| TuneError::io(path, "cannot be read", error))?;
        let model: SavedModel = serde_json::from_slice(&text).map_err(|e| TuneError::model(path, &e))?;
        let outputs = if model.labels.len() > 2 { model.labels.len() } else { 1 };
        let widths_fit = model.weights.iter().all(|w| w.len() == model.features);
        let columns_fit = model.columns.is_empty() || model.columns.len() == model.features;
        let finite = model.weights.iter().flatten().chain(&model.intercepts).all(|w| w.is_finite());
        if model.schema_version != Self::SCHEMA_VERSION {
            let why =
                format!("its layout is version {}, this program reads {}", model.schema_version, Self::SCHEMA_VERSION);
            return Err(TuneError::model(path, &why));
        }
        if model.weights.len() != outputs
            || model.intercepts.len() != outputs
            || !widths_fit
            || !columns_fit
            || !finite
            || model.standardizer.cols() != model.features
            || (model.model.is_classifier() && model.labels.len() < 2)
        {
            return Err(TuneError::model(path, &"its parts do not fit together"));
        }
        Ok(model)
    }
}

/// `X w + b`, row by row.
fn margins(features: &Features, w: &[f64], b: f64) -> Vec<f64> {
    match features {
        Features::Dense { cols, data, rows } if *cols == 0 => vec![b; *rows + data.len()],
        Features::Dense { cols, data, .. } => {
            data.chunks_exact(*cols).map(|x| b + x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>()).collect()
        }
        Features::Sparse { indptr, indices, data, .. } => {
            let row = |r: &[usize]| (r[0]..r[1]).map(|i| data[i] * w[indices[i] as usize]).sum::<f64>();
            indptr.windows(2).map(|r| b + row(r)).collect()
        }
    }
}

/// From one margin (the second class's) or one margin a class.
pub(crate) fn class_probabilities(margins: &[f64]) -> Vec<f64> {
    if let [m] = margins {
        let e = (-m.abs()).exp();
        let (more, less) = (1.0 / (1.0 + e), e / (1.0 + e));
        return if *m >= 0.0 { vec![less, more] } else { vec![more, less] };
    }
    let top = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let e: Vec<f64> = margins.iter().map(|m| (m - top).exp()).collect();
    let sum: f64 = e.iter().sum();
    e.iter().map(|e| e / sum).collect()
}

/// Writes a file whole or not at all.
///
/// # Errors
/// Names the file and what failed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), TuneError> {
    let failed = |error| TuneError::io(path, "cannot be written", error);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = temporary().tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// A temporary file with the permissions that an ordinary new file has.
fn temporary() -> tempfile::Builder<'static, 'static> {
    #[allow(unused_mut, reason = "only changed where permissions are a mode")]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}
