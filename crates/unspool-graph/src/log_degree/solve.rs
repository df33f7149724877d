//! Runs a method until its duality gap is small.

use unspool_core::{At, Map, Real};

use super::{Certificate, Fdpg, Objective, Pds, Relaxed, Weights};
use crate::error::{Error, Result, check_positive};
use crate::pairs;

/// Iterations between two evaluations of the duality gap.
const BETWEEN: usize = 10;

/// How to solve.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Method {
    /// The fast dual proximal gradient method, [`Fdpg`]: no step size, the fastest of the three.
    #[default]
    Fdpg,
    /// Primal-dual splitting, [`Pds`].
    Pds {
        /// Step size `g`; [`default_step_size`] if none is given.
        step_size: Option<f64>,
    },
    /// The relaxed primal-dual method, [`Relaxed`].
    Relaxed {
        /// Step size `g`; [`default_step_size`] if none is given.
        step_size: Option<f64>,
    },
}

/// `0.9 / (2 beta + sqrt(2 (m - 1)))`: nine tenths of what [`Pds`] converges with.
pub fn default_step_size(nodes: usize, beta: f64) -> f64 {
    0.9 / (2.0 * beta + pairs::norm(nodes))
}

/// A learned half-vector of weights, with its certificate.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "look whether it converged, or call `require`"]
pub struct Solved<F> {
    /// The weights, none negative.
    pub w: Vec<F>,
    /// The dual variable, `alpha / (D w)` at the optimum.
    pub lambda: Vec<F>,
    /// `F(w)`.
    pub objective: f64,
    /// Duality gap: `F(w)` is at most this much above the optimum. Infinite if there is no certificate yet.
    pub gap: f64,
    /// Iterations taken.
    pub iterations: usize,
    /// Whether the relative duality gap came down to the tolerance.
    pub converged: bool,
    /// The tolerance.
    pub tolerance: f64,
}

impl<F> Solved<F> {
    /// `gap / max(1, |F|)`.
    pub fn relative_gap(&self) -> f64 {
        Certificate { objective: self.objective, gap: self.gap, from_dual: true }.relative_gap()
    }

    /// Itself, or [`Error::NotConverged`].
    pub fn require(self) -> Result<Self> {
        if self.converged {
            return Ok(self);
        }
        let (iterations, gap, tolerance) = (self.iterations, self.relative_gap(), self.tolerance);
        Err(Error::NotConverged { iterations, gap, tolerance })
    }
}

/// Learns the graph of `m = nodes` nodes with squared distances `z`: iterates until
/// `gap / max(1, |F|) <= tolerance`, at most `max_iterations` times.
///
/// # Errors
/// Bad input: fewer than two nodes, a half-vector of the wrong length, with entries that are negative or not finite,
/// weights, a step size or a tolerance that are not positive. Not converging is none, see [`Solved::require`].
///
/// # Complexity
/// `O(m^2)` an iteration, and two half-vectors beside the answer. The gap is evaluated every 10 iterations, at the price
/// of about one iteration each, in `f64` for `F = f32` too.
///
/// ```
/// use unspool_graph::log_degree::{Method, Weights, solve};
/// let z = [0.2, 1.0, 0.6, 0.5, 1.2, 0.4]; // of the pairs (0,1), (0,2), (0,3), (1,2), (1,3), (2,3)
/// let graph = solve(Method::default(), 4, &z, Weights::new(1.0, 1.0), 1e-12, 10_000)?.require()?;
/// assert!((graph.objective - 2.616_705_193_326).abs() < 1e-11);
/// assert_eq!(graph.w[1], 0.0);
/// # Ok::<(), unspool_graph::Error>(())
/// ```
pub fn solve<F: Real>(
    method: Method,
    nodes: usize,
    z: &[F],
    weights: Weights,
    tolerance: f64,
    max_iterations: usize,
) -> Result<Solved<F>> {
    let objective = Objective::new(nodes, z, weights)?;
    check_positive("the tolerance", tolerance)?;
    let Weights { alpha, beta, theta } = weights;
    let step_size = |given: Option<f64>| {
        let g = given.unwrap_or_else(|| default_step_size(nodes, beta));
        check_positive("the step size", g).map(|()| [alpha, beta, theta, g].map(F::of))
    };
    let run = Run { objective, nodes, tolerance, max_iterations };
    match method {
        Method::Fdpg => run.go(&Fdpg::new(nodes, z)?, &[alpha, beta, theta].map(F::of), F::one(), false),
        Method::Pds { step_size: g } => run.go(&Pds::new(nodes, z)?, &step_size(g)?, -F::one(), true),
        Method::Relaxed { step_size: g } => run.go(&Relaxed::new(nodes, z)?, &step_size(g)?, -F::one(), true),
    }
}

struct Run<'a, F> {
    objective: Objective<'a, F>,
    nodes: usize,
    tolerance: f64,
    max_iterations: usize,
}

impl<F: Real> Run<'_, F> {
    /// Iterates a map with state `[w | sign lambda | ...]`; `primal` where its `w` may be better than that of
    /// `lambda`.
    fn go(&self, map: &impl Map<F>, theta: &[F], sign: F, primal: bool) -> Result<Solved<F>> {
        let (l, m) = (map.dims().output, self.nodes);
        let mut x = vec![F::zero(); map.dims().state];
        let (mut next, mut scratch) = (x.clone(), vec![F::zero(); map.scratch(0)]);
        let (mut lambda, mut t) = (vec![F::zero(); m], 0);
        let (certificate, converged) = loop {
            for (lambda, &v) in lambda.iter_mut().zip(&x[l..]) {
                *lambda = sign * v;
            }
            let certificate = self.objective.certify(&lambda, primal.then_some(&x[..l]))?;
            let converged = certificate.relative_gap() <= self.tolerance;
            let lost = !lambda.iter().all(|lambda| lambda.is_finite());
            if converged || lost || t >= self.max_iterations {
                break (certificate, converged);
            }
            for _ in 0..BETWEEN.min(self.max_iterations - t) {
                map.step(At { t, x: &x, theta }, &mut next, &mut scratch);
                std::mem::swap(&mut x, &mut next);
                t += 1;
            }
        };
        x.truncate(l);
        if certificate.from_dual {
            self.objective.primal(&lambda, &mut x)?;
        } else {
            x.iter_mut().for_each(|w| *w = w.max(F::zero()));
        }
        let Certificate { objective, gap, .. } = certificate;
        Ok(Solved { w: x, lambda, objective, gap, iterations: t, converged, tolerance: self.tolerance })
    }
}
