//! What a network is given: squared distances, the number of signals, and what follows from them alone.

use unspool_core::Real;
use unspool_core::linsolve::dense;
use unspool_graph::laplacian::{self, Candidates};
use unspool_graph::{Error, Result, pairs};

/// Channels of [`Problem::features`].
pub const FEATURES: usize = 5;
/// Distances below this share of their mean are raised to it: nodes with the same signals have no likelihood.
const LEAST: f64 = 1e-6;
/// Relative duality gap of the start: below what `n` signals can tell.
fn tolerance(n: usize) -> f64 {
    (3.0 / n as f64).clamp(1e-5, 0.03)
}

/// One graph to be learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem<F> {
    /// Number of nodes, `m`.
    pub nodes: usize,
    /// Number of signals, `n`.
    pub signals: usize,
    /// Half-vector of squared distances per signal.
    pub z: Vec<F>,
    /// Half-vector of weights of the Laplacian maximum likelihood, the start.
    pub start: Vec<F>,
    /// Channels of half-vectors: correlation `r`, `asinh(sqrt(n) r)`, regularised partial correlation `q`,
    /// `asinh(sqrt(n) q)`, and `ln(z / mean z)`.
    pub features: Vec<F>,
}

/// A problem with its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Example<F> {
    /// The problem.
    pub problem: Problem<F>,
    /// Half-vector of the true weights.
    pub truth: Vec<F>,
}

impl<F: Real> Problem<F> {
    /// From the half-vector `z` of squared distances, means over `signals` observations of `nodes` nodes.
    ///
    /// # Errors
    /// Fewer than three nodes, no signal, distances that are negative, not finite or all zero.
    ///
    /// # Complexity
    /// `O(m^3)` for each of a few Newton iterations.
    pub fn new(nodes: usize, signals: usize, z: &[f64]) -> Result<Self> {
        let bad = |problem: &str, hint| Err(Error::Data { problem: problem.into(), hint });
        if nodes < 3 || z.len() != pairs::count(nodes) {
            return bad("a learned graph needs at least 3 nodes, and a distance for each pair", "give more nodes");
        }
        if signals == 0 {
            return bad("there are no signals", "tell how many signals the distances come from");
        }
        if let Some(e) = z.iter().position(|z| !(z.is_finite() && *z >= 0.0)) {
            return Err(Error::Data { problem: format!("distance {e} is {}", z[e]), hint: "leave out such signals" });
        }
        let mean = z.iter().sum::<f64>() / z.len() as f64;
        if mean <= 0.0 {
            return bad("all signals are constant over the nodes", "give signals that vary");
        }
        let z: Vec<f64> = z.iter().map(|z| z.max(LEAST * mean)).collect();
        let settings = laplacian::Settings { tolerance: tolerance(signals), max_iterations: 50 };
        let start = laplacian::minimise(&Candidates::all(&z)?, None, settings)?.w;
        let mut features = Vec::with_capacity(FEATURES * z.len());
        let root = (signals as f64).sqrt();
        let mut add = |values: &mut dyn Iterator<Item = f64>| features.extend(values.map(F::of));
        let (r, q) = correlations(nodes, signals, &z);
        add(&mut r.iter().copied());
        add(&mut r.iter().map(|r| (root * r).asinh()));
        add(&mut q.iter().copied());
        add(&mut q.iter().map(|q| (root * q).asinh()));
        add(&mut z.iter().map(|z| (z / mean).ln()));
        let narrow = |v: &[f64]| v.iter().map(|&v| F::of(v)).collect();
        Ok(Problem { nodes, signals, z: narrow(&z), start: narrow(&start), features })
    }
}

/// Correlations of the centred Gram matrix `C = -1/2 J Z J`, and partial correlations of
/// `(C / c + (m / 2n + 0.01) I + 11'/m)^-1`, `c` its mean diagonal.
fn correlations(m: usize, n: usize, z: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut c = vec![0.0; m * m];
    for ((i, j), z) in pairs::iter(m).zip(z) {
        c[i * m + j] = -0.5 * z;
        c[j * m + i] = -0.5 * z;
    }
    let rows: Vec<f64> = c.chunks_exact(m).map(|row| row.iter().sum::<f64>() / m as f64).collect();
    let all = rows.iter().sum::<f64>() / m as f64;
    for i in 0..m {
        for j in 0..m {
            c[i * m + j] += all - rows[i] - rows[j];
        }
    }
    let scale = (0..m).map(|i| c[i * m + i]).sum::<f64>() / m as f64;
    let floor = 1e-9 * scale;
    let r = pairs::iter(m)
        .map(|(i, j)| c[i * m + j] / (c[i * m + i].max(floor) * c[j * m + j].max(floor)).sqrt())
        .collect();
    let ridge = 0.01 + 0.5 * m as f64 / n as f64;
    for i in 0..m {
        for j in 0..m {
            c[i * m + j] = c[i * m + j] / scale + 1.0 / m as f64 + if i == j { ridge } else { 0.0 };
        }
    }
    let mut inverse = vec![0.0; m * m];
    inverse.iter_mut().step_by(m + 1).for_each(|v| *v = 1.0);
    if dense::cholesky(&mut c, m, &mut vec![0.0; dense::cholesky_scratch(m)]).is_ok() {
        dense::cholesky_solve(&c, m, m, &mut inverse);
    }
    let q =
        pairs::iter(m).map(|(i, j)| -inverse[i * m + j] / (inverse[i * m + i] * inverse[j * m + j]).sqrt()).collect();
    (r, q)
}
