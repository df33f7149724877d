//! What everybody does: one regulariser from a grid, by the same cross-validation.

use super::fit::{Rows, Shape};
use super::folds::Folds;
use super::{Report, outer};
use crate::settings::ModelKind;
use crate::table::Features;
use crate::{Evaluation, Phase, TuneError};

/// The best point of the grid and its loss.
pub(super) struct Best {
    pub(super) log_regulariser: f64,
    pub(super) loss: f64,
    /// Points evaluated: all, unless it was stopped.
    pub(super) points: usize,
}

/// Evenly spaced log-regularisers in decreasing order: from 100 to 1e-6; for the lasso from the
/// least value that makes all weights zero, down to 1e-4 of it.
pub(super) fn points(rows: &Rows, shape: &Shape, count: usize) -> Vec<f64> {
    let (top, decades) = match shape.kind {
        ModelKind::Lasso => (all_zero(rows).ln(), 4.0),
        _ => (100f64.ln(), 8.0),
    };
    let spacing = decades * std::f64::consts::LN_10 / (count.max(2) - 1) as f64;
    let range = outer::RANGE;
    (0..count).map(|i| (top - spacing * i as f64).clamp(range.0, range.1)).collect()
}

/// `max_j |x_j'y| / n`: above it the lasso keeps no feature.
pub(super) fn all_zero(rows: &Rows) -> f64 {
    let n = rows.y.len() as f64;
    let cols = rows.features.cols();
    let mut products = vec![0.0; cols];
    match &rows.features {
        Features::Dense { data, .. } => {
            for (x, y) in data.chunks_exact(cols).zip(&rows.y) {
                products.iter_mut().zip(x).for_each(|(p, x)| *p += x * y);
            }
        }
        Features::Sparse { indptr, indices, data, .. } => {
            for (r, y) in indptr.windows(2).zip(&rows.y) {
                (r[0]..r[1]).for_each(|i| products[indices[i] as usize] += data[i] * y);
            }
        }
    }
    (outer::largest(&products[..cols - 1]) / n).max(1e-6)
}

/// Walks the grid from strong to weak, each fit starting from the one before.
pub(super) fn search(
    folds: &mut Folds,
    points: &[f64],
    params: usize,
    report: &mut Report<'_, '_>,
) -> Result<Best, TuneError> {
    let mut best = Best { log_regulariser: points.first().copied().unwrap_or(0.0), loss: f64::INFINITY, points: 0 };
    for (i, &log_regulariser) in points.iter().enumerate() {
        let loss = folds.value(&vec![log_regulariser; params])?;
        if loss < best.loss {
            best = Best { log_regulariser, loss, ..best };
        }
        best.points += 1;
        let range = (log_regulariser, log_regulariser);
        let (number, most) = (i + 1, points.len());
        if report.tell(Evaluation { phase: Phase::Grid, number, most, loss, gradient: 0.0, log_regularisers: range }) {
            break;
        }
    }
    Ok(best)
}
