//! `theta` by hypergradient: the sparsity under which held-out signals are likeliest.

use super::held_out::{self, Loss};
use super::newton::{self, AllPairs, Settings};
use super::{Weights, theta_for_neighbours};
use crate::error::{Error, Result};

/// Evaluations of the held-out loss at most.
const EVALUATIONS: usize = 40;

/// A choice of `theta`, and how it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    /// `alpha = beta = 1`, and the `theta` found.
    pub weights: Weights,
    /// The held-out negative log-likelihood there, at the best scale of the graph.
    pub loss: f64,
    /// Dual variables of the graph there.
    pub lambda: Vec<f64>,
    /// `log theta`, loss and its derivative in `log theta`, in order.
    pub path: Vec<(f64, f64, f64)>,
}

/// The `theta` of least [`Loss::Likelihood`] on held-out squared distances. The likelihood is taken at the best scale of
/// the graph, so `alpha` and `beta`, of which only `theta / sqrt(alpha beta)` changes more than the scale, stay 1.
///
/// The derivative by the implicit function theorem ([`held_out::implicit`]) is followed until it changes its sign, and
/// then halved in: the loss is smooth but where an edge comes or goes.
///
/// # Errors
/// Distances that allow no graph; no `theta` within a factor `e^20` of the first at which the graph is connected and
/// its loss a finite number.
///
/// # Complexity
/// A few dozen dual solves and `O(m^3)` factorisations.
pub fn select(nodes: usize, z: &[f64], held_out: &[f64]) -> Result<Selected> {
    let pairs = AllPairs::new(nodes, z)?;
    if nodes < 3 {
        return Err(Error::range("the number of nodes", nodes, "at least 3: two have one graph only"));
    }
    let settings = Settings { tolerance: 1e-11, ..Settings::default() };
    let mut start: Option<Vec<f64>> = None;
    let mut path = Vec::new();
    let mut best: Option<Selected> = None;
    let (mut dense, mut sparse) = (None, None);
    let first = theta_for_neighbours(nodes, z, (nodes - 2).min(6))?.ln();
    let mut at = first;
    for _ in 0..EVALUATIONS {
        let weights = Weights { theta: at.exp(), ..Weights::new(1.0, 1.0) };
        let optimum = newton::minimise(&pairs, weights, start.as_deref(), settings)?;
        // a graph in pieces has no likelihood: it is too sparse; so is one whose loss overflows
        let slope = match held_out::implicit(nodes, z, weights, (Loss::Likelihood, held_out), &optimum.lambda) {
            Ok(found) => {
                let slope = found.gradient.theta * weights.theta;
                path.push((at, found.loss, slope));
                if best.as_ref().is_none_or(|best| found.loss < best.loss) {
                    let lambda = optimum.lambda.clone();
                    best = Some(Selected { weights, loss: found.loss, lambda, path: Vec::new() });
                }
                slope
            }
            Err(Error::Data { .. }) => f64::INFINITY,
            Err(error) => return Err(error),
        };
        start = Some(optimum.lambda);
        *(if slope > 0.0 { &mut sparse } else { &mut dense }) = Some(at);
        at = match (dense, sparse) {
            (Some(dense), Some(sparse)) if sparse - dense < 1e-3 => break,
            (Some(dense), Some(sparse)) => 0.5 * (dense + sparse),
            (Some(dense), None) => dense + 1.0,
            (None, Some(sparse)) => sparse - 1.0,
            (None, None) => break,
        };
        if (at - first).abs() > 20.0 {
            break;
        }
    }
    match best {
        Some(best) => Ok(Selected { path, ..best }),
        None => Err(Error::data(
            "no connected graph with a finite held-out loss was found",
            "hold out signals of the same nodes, standardise them, or choose a degree",
        )),
    }
}
