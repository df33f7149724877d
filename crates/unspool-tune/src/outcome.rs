//! What tuning gives: a model, a comparison with the grid, and the way there.

use std::fmt;
use std::ops::ControlFlow;

use crate::SavedModel;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Learning one regulariser by hypergradient on the cross-validation loss.
    Shared,
    /// Learning several by hypergradient, with a fold kept aside as judge.
    Several,
    /// The grid search that the result is compared with.
    Grid,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Shared => "one regulariser",
            Phase::Several => "several regularisers",
            Phase::Grid => "grid search",
        })
    }
}

/// One evaluation of the outer loss.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Evaluation {
    /// What it was for.
    pub phase: Phase,
    /// Its number within the phase, from 1.
    pub number: usize,
    /// Most evaluations of the phase.
    pub most: usize,
    /// Cross-validation loss (without the pull), per row.
    pub loss: f64,
    /// Largest entry of the hypergradient; 0 for the grid, which has none.
    pub gradient: f64,
    /// Smallest and largest log-regulariser.
    pub log_regularisers: (f64, f64),
}

/// Told of each evaluation; `Break` ends the tuning after it, with the best result so far.
pub type Watch<'a> = &'a mut dyn FnMut(&Evaluation) -> ControlFlow<()>;

/// A figure of a file: JSON writes one that is not finite as `null`, which is NaN.
fn number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(<Option<f64> as serde::Deserialize>::deserialize(from)?.unwrap_or(f64::NAN))
}

/// A mean over rows with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Mean {
    /// The mean.
    #[serde(deserialize_with = "number")]
    pub mean: f64,
    /// Its standard error; `None` (in JSON `null`) for a single value, which says nothing about it.
    pub se: Option<f64>,
}

impl Mean {
    /// Of these values.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        Mean { mean, se: (values.len() > 1).then(|| (squares / (n - 1.0) / n).sqrt()) }
    }

    /// Whether it is above zero by more than so many standard errors; never for a single value.
    pub fn is_above(&self, errors: f64) -> bool {
        self.se.is_some_and(|se| self.mean > errors * se)
    }

    /// Whether it is below zero by more than so many standard errors; never for a single value.
    pub fn is_below(&self, errors: f64) -> bool {
        self.se.is_some_and(|se| self.mean < -errors * se)
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.5}", self.mean)?;
        self.se.map_or(Ok(()), |se| write!(f, " ± {se:.5}"))
    }
}

/// How one way of choosing regularisers fares on the test rows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Score {
    /// Loss per test row: log loss, or half the squared error in units of the training targets'
    /// standard deviation.
    pub loss: Mean,
    /// Fraction of rows classified correctly, or R² for regression.
    #[serde(deserialize_with = "number")]
    pub quality: f64,
    /// Cross-validation loss per row on the training rows.
    #[serde(deserialize_with = "number")]
    pub cross_validation: f64,
    /// Fits of a model to a set of rows.
    pub fits: usize,
    /// Wall-clock seconds, the final fit included.
    #[serde(deserialize_with = "number")]
    pub seconds: f64,
}

/// Learned regularisers against a grid-searched one and against no features at all, on test rows
/// that neither has seen.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Comparison {
    /// Rows trained on and rows tested on.
    pub rows: (usize, usize),
    /// Ours.
    pub learned: Score,
    /// One regulariser chosen from a grid by the same cross-validation, the fits started from
    /// each other along the grid.
    pub grid: Score,
    /// The grid's choice.
    #[serde(deserialize_with = "number")]
    pub grid_regulariser: f64,
    /// Points of the grid that were evaluated: fewer than asked for when it was stopped by hand.
    pub grid_points: usize,
    /// Predicting the training mean, or the training frequencies.
    pub constant: Mean,
    /// Learned minus grid, row by row: negative where ours is better.
    pub difference: Mean,
    /// On the judging rows, several regularisers minus one, row by row; `None` when only one was
    /// asked for.
    pub judged: Option<Mean>,
    /// Whether several regularisers were kept: only when they beat one by more than two standard
    /// errors on the judging rows.
    pub kept_several: bool,
}

/// The result of [`tune`](crate::tune).
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The model, fitted to all training rows.
    pub model: SavedModel,
    /// How it compares.
    pub comparison: Comparison,
    /// Every evaluation of the outer loss.
    pub history: Vec<Evaluation>,
    /// What the user should know: constant columns, a stop by hand, a simple method that wins.
    pub notes: Vec<String>,
    /// How the fits were computed and differentiated, and why: two lines of the adviser, where it was
    /// asked.
    pub advice: Option<[String; 2]>,
    /// False when it was stopped by hand, or a fit did not reach its tolerance.
    pub converged: bool,
}
