//! Regularisers learned by hypergradient, on arrays.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use serde_json::json;
use unspool_core::Mode;
use unspool_tune::table::{Features, NewRows, Table, Target};
use unspool_tune::{Inner, ModelKind, Regularisers, SavedModel, Settings};

use crate::array::{Rows, matrix, to_matrix, vector};
use crate::error::{Failure, Result};
use crate::work;

/// A tuned model, as the command line writes it.
#[pyclass(frozen, module = "unspool._unspool")]
pub(crate) struct Tuned {
    model: SavedModel,
}

/// Features from an array or the parts of compressed rows.
fn features(x: &Bound<'_, PyAny>) -> PyResult<Features> {
    let features = if let Ok(dense) = x.extract::<PyReadonlyArray2<'_, f64>>() {
        let (data, rows, cols) = matrix(&dense)?;
        Features::Dense { rows, cols, data: data.to_vec() }
    } else {
        let (indptr, indices, data, cols): Rows<'_, f64> = x.extract()?;
        let (indptr, indices) = (vector(&indptr)?.to_vec(), vector(&indices)?.to_vec());
        let rows = indptr.len().saturating_sub(1);
        Features::Sparse { rows, cols, indptr, indices, data: vector(&data)?.to_vec() }
    };
    features.check().map_err(Failure::from)?;
    Ok(features)
}

/// Tunes; returns the model and a JSON document of how it went.
#[pyfunction]
#[pyo3(signature = (x, y, *, model, columns, target, labels, regularisers, groups, test_fraction, folds, seed, steps, mode,
                    max_evaluations, grid_points, progress))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn tune(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: PyReadonlyArray1<'_, f64>,
    model: &str,
    columns: Vec<String>,
    target: String,
    labels: Option<Vec<String>>,
    regularisers: &str,
    groups: Option<Vec<u32>>,
    test_fraction: f64,
    folds: usize,
    seed: u64,
    steps: Option<usize>,
    mode: &str,
    max_evaluations: usize,
    grid_points: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Tuned, String)> {
    let kind: ModelKind =
        model.parse().map_err(|message: String| Failure::input(message, "take ridge, logistic or lasso"))?;
    let regularisers = match (regularisers, groups) {
        ("groups", Some(groups)) => Regularisers::Groups(groups),
        ("auto", None) => Regularisers::Auto,
        ("per-feature", None) => Regularisers::PerFeature,
        ("one", None) => Regularisers::One,
        (name, _) => {
            let hint = "there are auto, one and per-feature; or give a number for each feature";
            return Err(Failure::input(format!("there are no regularisers {name:?}"), hint).into());
        }
    };
    let mode: Mode = mode.parse().map_err(Failure::from)?;
    let defaults = Settings::new(kind);
    let settings = Settings {
        regularisers,
        test_fraction,
        folds,
        seed,
        inner: steps.map_or(defaults.inner, |steps| Inner::Unrolled { steps, mode }),
        max_evaluations,
        grid_points,
        ..defaults
    };
    let (features, y) = (features(x)?, vector(&y)?.to_vec());
    if features.rows() != y.len() {
        let message = format!("there are {} rows, but {} targets", features.rows(), y.len());
        return Err(Failure::input(message, "give one target a row").into());
    }
    if let Some(at) = y.iter().position(|y| !y.is_finite()) {
        return Err(Failure::input(format!("target {at} is {}", y[at]), "leave such rows out").into());
    }
    let target = Target { name: target, values: y, labels };
    let table = Table { source: "array".into(), columns, features, target };
    let (outcome, failed) = work::run(py, move |stop| {
        let mut failed = None;
        let outcome = unspool_tune::tune(&table, &settings, &mut |evaluation| {
            if let Some(progress) = &progress {
                let text = json!(evaluation).to_string();
                failed = Python::attach(|py| progress.bind(py).call1((text,)).err());
            }
            let ends = failed.is_some() || stop.load(Ordering::Relaxed);
            if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok((outcome, failed))
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let document = json!({
        "comparison": outcome.comparison, "history": outcome.history, "notes": outcome.notes, "advice": outcome.advice,
        "converged": outcome.converged,
    });
    Ok((Tuned { model: outcome.model }, document.to_string()))
}

#[pymethods]
impl Tuned {
    /// Reads a model file.
    #[staticmethod]
    fn read(path: PathBuf) -> PyResult<Self> {
        Ok(Tuned { model: SavedModel::read(&path).map_err(Failure::from)? })
    }

    /// Writes a model file: whole, or not at all.
    fn write(&self, path: PathBuf) -> PyResult<()> {
        Ok(self.model.write(&path).map_err(Failure::from)?)
    }

    /// From the text of a model file.
    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        let model = serde_json::from_str(text)
            .map_err(|e| Failure::input(format!("this is no model: {e}"), "take the text of a model file"))?;
        Ok(Tuned { model })
    }

    /// The text of a model file.
    fn to_json(&self) -> PyResult<String> {
        Ok(serde_json::to_string(&self.model)
            .map_err(|e| Failure::input(format!("the model cannot be written: {e}"), "please report this"))?)
    }

    /// Predicted values or class numbers, and probabilities of classes.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Option<Bound<'py, PyArray2<f64>>>)> {
        let rows = NewRows { source: "array".into(), features: features(x)?, target: None };
        let count = rows.features.rows();
        let (model, given) = (&self.model, rows.features.cols());
        if given != model.features {
            let message = format!("there are {given} features, the model has {}", model.features);
            return Err(Failure::input(message, "give the features that the model was learned from").into());
        }
        let predicted = py.detach(|| -> Result<_> { Ok(model.predict(&rows)?) })?;
        let probabilities = predicted.probabilities.map(|rows| {
            let classes = rows.first().map_or(0, Vec::len);
            to_matrix(py, rows.concat(), count, classes)
        });
        Ok((predicted.values.into_pyarray(py), probabilities.transpose()?))
    }
}
