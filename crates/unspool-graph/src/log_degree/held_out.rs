//! Which `alpha`, `beta`, `theta`? Losses on held-out signals, and their gradients in the three.
//!
//! [`Loss`] judges learned weights by the squared distances of signals that they were not learned from. Its gradient in
//! the regularisers is taken through the iterations ([`unrolled`], in any [`Mode`]) or from the optimality condition of
//! the dual ([`implicit`], one `m x m` system).

use unspool_core::linsolve::dense;
use unspool_core::{Mode, Solve, Stop};

use super::{Fdpg, Objective, Weights, check_half};
use crate::error::{Error, Result, check_len};
use crate::{Graph, pairs};

/// How weights `w` are judged by held-out squared distances `z`. Neither depends on the scale of `w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// `z'w / 1'w`: the mean squared distance along an edge.
    Smoothness,
    /// Twice the negative log-likelihood of a signal under the Gaussian with precision `s L`, at the best scale
    /// `s = (m - 1) / z'w`, up to a constant:
    ///
    /// ```text
    /// min_s  s z'w - logdet(s L)  =  (m - 1) (1 + ln(z'w / (m - 1))) - logdet(L)
    /// ```
    ///
    /// where `L` is the Laplacian of `w` and determinants leave out the constant vector. `O(m^3)`, memory `O(m^2)`.
    Likelihood,
}

impl Loss {
    /// The loss, and its gradient in `w`: `z / 1'w - z'w / (1'w)^2`, or `(m - 1) z / z'w - R` with `R` the effective
    /// resistances of the graph.
    ///
    /// # Errors
    /// Half-vectors of the wrong length, distances or weights that are negative or not finite, no edges; for the likelihood,
    /// a graph that is not connected, or distances that are zero along all edges; a loss that overflows.
    pub fn evaluate(self, nodes: usize, z: &[f64], w: &[f64], gradient: &mut [f64]) -> Result<f64> {
        check_half("the half-vector of held-out squared distances", nodes, z)?;
        check_half("the half-vector of weights", nodes, w)?;
        check_len("the gradient", gradient.len(), z.len())?;
        let (zw, sum) = (z.iter().zip(w).map(|(z, w)| z * w).sum::<f64>(), w.iter().sum::<f64>());
        if sum <= 0.0 {
            return Err(Error::data("the graph has no edges", "use smaller theta"));
        }
        let value = match self {
            Loss::Smoothness => {
                for (g, z) in gradient.iter_mut().zip(z) {
                    *g = (z - zw / sum) / sum;
                }
                zw / sum
            }
            Loss::Likelihood => {
                if zw <= 0.0 {
                    let hint = "leave out signals that are constant over the nodes";
                    return Err(Error::data("held-out signals do not vary along any edge", hint));
                }
                let log_det = resistances(nodes, w, gradient)?;
                let rank = (nodes - 1) as f64;
                for (g, z) in gradient.iter_mut().zip(z) {
                    *g = rank * z / zw - *g;
                }
                rank * (1.0 + (zw / rank).ln()) - log_det
            }
        };
        if value.is_finite() { Ok(value) } else { Err(overflows("the held-out loss")) }
    }
}

/// Writes the effective resistance of each pair; returns the log-determinant of the Laplacian without the constant vector.
///
/// Both from `(L/c + 11'/m)^{-1}`, with `c` the mean degree, by Cholesky.
fn resistances(m: usize, w: &[f64], out: &mut [f64]) -> Result<f64> {
    let apart = || {
        let hint = "the likelihood needs a connected graph: use larger alpha or smaller theta";
        Error::data("the graph is not connected", hint)
    };
    if Graph::from_half(m, w, 0.0)?.components() > 1 {
        return Err(apart());
    }
    let c = 2.0 * w.iter().sum::<f64>() / m as f64;
    let mut a = vec![1.0 / m as f64; m * m];
    for ((i, j), w) in pairs::iter(m).zip(w) {
        let w = w / c;
        a[i * m + j] -= w;
        a[j * m + i] -= w;
        a[i * m + i] += w;
        a[j * m + j] += w;
    }
    dense::cholesky(&mut a, m, &mut vec![0.0; dense::cholesky_scratch(m)]).map_err(|_| apart())?;
    let mut inverse = vec![0.0; m * m];
    inverse.iter_mut().step_by(m + 1).for_each(|v| *v = 1.0);
    dense::cholesky_solve(&a, m, m, &mut inverse);
    for ((i, j), out) in pairs::iter(m).zip(out) {
        *out = (inverse[i * m + i] + inverse[j * m + j] - 2.0 * inverse[i * m + j]) / c;
    }
    let log_pivots: f64 = a.iter().step_by(m + 1).map(|pivot| pivot.ln()).sum();
    Ok(2.0 * log_pivots + (m - 1) as f64 * c.ln())
}

/// A held-out loss and its gradient in the regularisers.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypergradient {
    /// The loss.
    pub loss: f64,
    /// Its derivatives in `alpha`, `beta` and `theta`.
    pub gradient: Weights,
    /// The learned weights.
    pub w: Vec<f64>,
}

/// The loss of the weights that [`Fdpg`] learns from `z` within `stop`, and its gradient through the iterations.
///
/// `mode` chooses what is differentiated; with [`Mode::implicit`] that is the optimality condition of the weights,
/// [`Stationarity`](super::Stationarity).
///
/// # Errors
/// As [`Objective::new`], [`Loss::evaluate`] and the engine; [`Error::Engine`] too where the run or its derivative did not
/// converge.
pub fn unrolled(
    nodes: usize,
    z: &[f64],
    weights: Weights,
    (loss, held_out): (Loss, &[f64]),
    stop: Stop,
    mode: Mode,
) -> Result<Hypergradient> {
    weights.check()?;
    check_half("the half-vector of held-out squared distances", nodes, held_out)?;
    let map = Fdpg::new(nodes, z)?;
    let start = vec![0.0; z.len()];
    let mut value = Err(Error::data("the run gave no weights", "allow more steps"));
    let outer = |w: &[f64], c: &mut [f64]| {
        value = loss.evaluate(nodes, held_out, w, c);
        if value.is_err() {
            c.fill(0.0);
        }
    };
    let theta = [weights.alpha, weights.beta, weights.theta];
    let adjoint = Solve::new(&map, &start).stop(stop).vjp(&theta, mode, outer)?;
    adjoint.status.require()?;
    let [alpha, beta, theta] = [adjoint.theta[0], adjoint.theta[1], adjoint.theta[2]];
    Ok(Hypergradient { loss: value?, gradient: Weights { alpha, beta, theta }, w: adjoint.x })
}

/// The loss of the weights of the dual optimum `lambda`, and its gradient by the implicit function theorem.
///
/// The optimum solves `D w(lambda) = alpha / lambda` with `w(lambda) = max(0, D'lambda - 2 theta z) / (2 beta)`, so
/// `H dlambda = dalpha / lambda + (dbeta D w + dtheta D z_A) / beta` with
/// `H = D_A D_A' / (2 beta) + alpha diag(1 / lambda^2)`, where `A` are the pairs with positive weight.
///
/// As exact as `lambda`: its error is proportional to the distance to the optimum, the root of the duality gap.
///
/// # Errors
/// As [`Objective::new`] and [`Loss::evaluate`]; a `lambda` that is not positive; a loss or gradient that overflows.
///
/// # Complexity
/// `O(m^3)` time for one Cholesky factorisation, `O(m^2)` memory.
pub fn implicit(
    nodes: usize,
    z: &[f64],
    weights: Weights,
    (loss, held_out): (Loss, &[f64]),
    lambda: &[f64],
) -> Result<Hypergradient> {
    let mut w = vec![0.0; z.len()];
    Objective::new(nodes, z, weights)?.primal(lambda, &mut w)?;
    let mut c = vec![0.0; z.len()];
    let value = loss.evaluate(nodes, held_out, &w, &mut c)?;
    Ok(Hypergradient { loss: value, gradient: pull_back(nodes, z, weights, lambda, &c)?.weights, w })
}

fn overflows(what: &str) -> Error {
    Error::data(format!("{what} overflows"), "standardise the signals first")
}

/// Gradients of a function of the learned weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjoint {
    /// In the squared distances.
    pub z: Vec<f64>,
    /// In `alpha`, `beta` and `theta`.
    pub weights: Weights,
}

/// The gradients in the squared distances and the regularisers of a function whose gradient in the weights of the dual
/// optimum `lambda` is `cotangent`, by the implicit function theorem as in [`implicit`]. With `c` the cotangent on the
/// edges and `p = H^{-1} D c / (2 beta)`,
///
/// ```text
/// grad_z = theta / beta (D'p - c)   on the edges, 0 elsewhere
/// ```
///
/// # Errors
/// As [`Objective::new`]; a cotangent of the wrong length; a `lambda` that is not positive; gradients that overflow.
///
/// # Complexity
/// `O(m^3)` time for one Cholesky factorisation, `O(m^2)` memory.
///
/// ```
/// use unspool_graph::log_degree::{Method, Weights, held_out::pull_back, solve};
/// let (z, weights) = ([0.2, 1.0, 0.6, 0.5, 1.2, 0.4], Weights::new(1.0, 1.0));
/// let solved = solve(Method::default(), 4, &z, weights, 1e-12, 10_000)?.require()?;
/// // the first edge's weight falls as the distance of its ends grows
/// let adjoint = pull_back(4, &z, weights, &solved.lambda, &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0])?;
/// assert!(adjoint.z[0] < 0.0);
/// # Ok::<(), unspool_graph::Error>(())
/// ```
pub fn pull_back(nodes: usize, z: &[f64], weights: Weights, lambda: &[f64], cotangent: &[f64]) -> Result<Adjoint> {
    let mut w = vec![0.0; z.len()];
    Objective::new(nodes, z, weights)?.primal(lambda, &mut w)?;
    check_len("the cotangent", cotangent.len(), z.len())?;
    if let Some(lambda) = lambda.iter().find(|lambda| !(**lambda > 0.0 && lambda.is_finite())) {
        return Err(Error::range("lambda", lambda, "positive and finite"));
    }
    let (m, c, Weights { alpha, beta, theta }) = (nodes, cotangent, weights);
    let (mut h, mut p) = (vec![0.0; m * m], vec![0.0; m]);
    let (mut d, mut dz, mut direct) = (vec![0.0; m], vec![0.0; m], Weights { alpha: 0.0, beta: 0.0, theta: 0.0 });
    let edges = || pairs::iter(m).enumerate().filter(|(e, _)| w[*e] > 0.0);
    for (e, (i, j)) in edges() {
        for (a, b) in [(i, i), (i, j), (j, i), (j, j)] {
            h[a * m + b] += 0.5 / beta;
        }
        for node in [i, j] {
            p[node] += 0.5 / beta * c[e];
            d[node] += w[e];
            dz[node] += z[e];
        }
        direct.beta -= c[e] * w[e] / beta;
        direct.theta -= c[e] * z[e] / beta;
    }
    for (h, lambda) in h.iter_mut().step_by(m + 1).zip(lambda) {
        *h += alpha / (lambda * lambda);
    }
    dense::cholesky(&mut h, m, &mut vec![0.0; dense::cholesky_scratch(m)])
        .map_err(|_| Error::data("the dual's Hessian is singular in rounding", "use larger beta"))?;
    dense::cholesky_solve(&h, m, 1, &mut p);
    let along = |v: &[f64]| p.iter().zip(v).map(|(p, v)| p * v).sum::<f64>();
    let mut gz = vec![0.0; z.len()];
    for (e, (i, j)) in edges() {
        gz[e] = theta / beta * (p[i] + p[j] - c[e]);
    }
    let weights = Weights {
        alpha: p.iter().zip(lambda).map(|(p, lambda)| p / lambda).sum(),
        beta: direct.beta + along(&d) / beta,
        theta: direct.theta + along(&dz) / beta,
    };
    let Weights { alpha, beta, theta } = weights;
    if ![alpha, beta, theta].iter().chain(&gz).all(|g| g.is_finite()) {
        return Err(overflows("the gradient"));
    }
    Ok(Adjoint { z: gz, weights })
}
