//! Baselines that every comparison needs: correlation, and the pseudo-inverse of the Gram matrix.

use faer::{Mat, Side};

use crate::error::{Error, Result};
use crate::signals::check_distances;
use crate::unit::unit;
use crate::{Graph, Signals, pairs};

/// The half-vector of correlations between nodes, over the observations that both have.
///
/// # Errors
/// A node that never changes, named; a pair of nodes of which one does not change over the observations that both have.
///
/// # Complexity
/// `O(m^2 n)`.
///
/// ```
/// use unspool_graph::{Signals, baseline};
/// let signals = Signals::new(vec![1.0, 2.0, 2.0, 4.0, 3.0, 6.0], 2)?;
/// assert!((baseline::correlations(&signals)?[0] - 1.0).abs() < 1e-12);
/// # Ok::<(), unspool_graph::Error>(())
/// ```
pub fn correlations(signals: &Signals) -> Result<Vec<f64>> {
    let (m, n) = (signals.nodes(), signals.observations());
    let mut columns: Vec<Vec<f64>> = (0..m).map(|i| (0..n).map(|k| signals.values()[k * m + i]).collect()).collect();
    let name = |i: usize| signals.names().get(i).cloned().unwrap_or_else(|| i.to_string());
    for (i, column) in columns.iter_mut().enumerate() {
        if !changes(column.iter().copied().filter(|v| !v.is_nan())) {
            let problem = format!("the signal of node {} never changes", name(i));
            return Err(Error::data(problem, "leave it out: it has no correlation"));
        }
        let unit = unit(&*column);
        column.iter_mut().for_each(|v| *v /= unit);
    }
    let correlation = |(i, j): (usize, usize)| {
        let both = || columns[i].iter().zip(&columns[j]).filter(|(a, b)| !a.is_nan() && !b.is_nan());
        let count = both().count() as f64;
        let (a, b) = both().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / count, b + y / count));
        let (xy, xx, yy) = both().fold((0.0, 0.0, 0.0), |(xy, xx, yy), (x, y)| {
            (xy + (x - a) * (y - b), xx + (x - a).powi(2), yy + (y - b).powi(2))
        });
        if count < 2.0 {
            let problem = format!("nodes {} and {} have too few observations in common", name(i), name(j));
            return Err(Error::data(problem, "leave one of them out, or fill in missing values"));
        }
        for (own, other, is_stuck) in [
            (i, j, xx == 0.0 || !changes(both().map(|(x, _)| *x))),
            (j, i, yy == 0.0 || !changes(both().map(|(_, y)| *y))),
        ] {
            if is_stuck {
                let (own, other) = (name(own), name(other));
                let problem = format!("node {own} does not change over the observations that node {other} has, too");
                return Err(Error::data(problem, "leave it out, or fill in missing values"));
            }
        }
        Ok((xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0))
    };
    pairs::iter(m).map(correlation).collect()
}

/// Whether there are two values that differ.
fn changes(mut values: impl Iterator<Item = f64>) -> bool {
    values.next().is_some_and(|first| values.any(|value| value != first))
}

/// The `edges` pairs of largest absolute correlation, with that as weight. Pairs without correlation are no edges.
pub fn thresholded(signals: &Signals, edges: usize) -> Result<Graph> {
    let mut w: Vec<f64> = correlations(signals)?.into_iter().map(f64::abs).collect();
    let mut order: Vec<usize> = (0..w.len()).collect();
    order.sort_by(|&a, &b| w[b].total_cmp(&w[a]).then(a.cmp(&b)));
    order.into_iter().skip(edges).for_each(|e| w[e] = 0.0);
    Graph::from_half(signals.nodes(), &w, 0.0)
}

/// Weights from the pseudo-inverse of the centred Gram matrix: `L = pinv(-J Z J / 2)`, `J = I - 11'/m`, and
/// `w_ij = max(0, -L_ij)`. For Gaussian signals with covariance `pinv(L)`, `z_ij` is near the effective resistance of the
/// true graph, of which this is the inverse map; with fewer observations than nodes it is a rough guess.
///
/// # Errors
/// As [`check_distances`]; weights that overflow.
///
/// # Complexity
/// `O(m^3)`, one eigendecomposition.
pub fn pseudo_inverse(nodes: usize, z: &[f64]) -> Result<Vec<f64>> {
    check_distances(nodes, z)?;
    let m = nodes;
    let unit = unit(z);
    let at = |i: usize, j: usize| if i == j { 0.0 } else { z[pairs::index(m, i.min(j), i.max(j))] / unit };
    let means: Vec<f64> = (0..m).map(|i| (0..m).map(|j| at(i, j)).sum::<f64>() / m as f64).collect();
    let mean = means.iter().sum::<f64>() / m as f64;
    let gram = Mat::from_fn(m, m, |i, j| -0.5 * (at(i, j) - means[i] - means[j] + mean));
    let failed = |_| Error::data("the Gram matrix has no eigenvalues", "look for extreme distances");
    let eigen = gram.self_adjoint_eigen(Side::Lower).map_err(|e| failed(format!("{e:?}")))?;
    let values = eigen.S().column_vector();
    let largest = (0..m).map(|k| values[k]).fold(0.0, f64::max);
    let inverse = |value: f64| if value > 1e-10 * largest { value.recip() } else { 0.0 };
    let scaled = Mat::from_fn(m, m, |i, k| eigen.U()[(i, k)] * inverse(values[k]));
    let laplacian = &scaled * eigen.U().transpose();
    let weights: Vec<f64> = pairs::iter(m).map(|(i, j)| (-laplacian[(i, j)]).max(0.0) / unit).collect();
    if weights.iter().all(|w| w.is_finite()) {
        return Ok(weights);
    }
    Err(Error::data("weights overflow: the squared distances are too small", "give the signals in a smaller unit"))
}
