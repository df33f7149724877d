//! The log-degree model (Kalofolias 2016).
//!
//! ```text
//! minimise  F(w) = 2 theta z'w - alpha 1'log(D w) + beta ||w||^2   subject to w >= 0
//! ```
//!
//! | file | holds |
//! |---|---|
//! | [`Objective`] | the objective, its dual, the duality gap |
//! | [`Pds`], [`Relaxed`], [`Fdpg`] | three classic methods, as differentiable maps |
//! | [`PdsLanes`] | the first of them for many small graphs at once |
//! | [`newton`] | Newton's method on the dual: the fast one |
//! | [`pricing`] | the optimum over all pairs, from few candidates: large graphs |
//! | [`solve`] | runs one of them until the duality gap certifies the answer |
//! | [`theta_for_neighbours`] | `theta` for a wanted number of neighbours |
//! | [`held_out`] | losses on held-out signals, and their gradients in `alpha`, `beta`, `theta` |

pub mod held_out;
pub mod newton;
pub mod pricing;

mod barrier;
mod condition;
mod fdpg;
mod neighbours;
mod objective;
mod pds;
mod pds_kernel;
mod pds_lanes;
mod relaxed;
mod select;
mod solve;

pub use barrier::Barrier;
pub use condition::Stationarity;
pub use fdpg::Fdpg;
pub use neighbours::{theta_for_neighbours, theta_from_nearest};
pub use objective::{Certificate, Objective, equal_distances};
pub use pds::Pds;
pub use pds_lanes::{LANES, PdsLanes};
pub use relaxed::Relaxed;
pub use select::{Selected, select};
pub use solve::{Method, Solved, default_step_size, solve};

use unspool_core::Real;

use crate::error::{Error, Result, check_len, check_positive};
use crate::pairs;

/// The three regularisers of the log-degree model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Weight of the log-barrier on the degrees: keeps every node connected.
    pub alpha: f64,
    /// Weight of the squared norm of the edges: larger is denser.
    pub beta: f64,
    /// Factor on the squared distances: larger is sparser.
    pub theta: f64,
}

impl Weights {
    /// `alpha`, `beta` and `theta = 1`.
    pub fn new(alpha: f64, beta: f64) -> Self {
        Weights { alpha, beta, theta: 1.0 }
    }

    /// Errors unless all three are positive and finite.
    pub fn check(&self) -> Result<()> {
        check_positive("alpha", self.alpha)?;
        check_positive("beta", self.beta)?;
        check_positive("theta", self.theta)
    }
}

/// Errors unless `z` is a half-vector of at least two nodes, finite and not negative.
fn check_half<F: Real>(what: &'static str, nodes: usize, z: &[F]) -> Result<()> {
    if nodes < 2 {
        return Err(Error::range("the number of nodes", nodes, "at least 2"));
    }
    check_len(what, z.len(), pairs::count(nodes))?;
    match z.iter().position(|&z| !(z >= F::zero() && z.is_finite())) {
        Some(at) => {
            let (i, j) = pairs::iter(nodes).nth(at).unwrap_or_default();
            let problem = format!("entry ({i}, {j}) of {what} is {}", z[at]);
            Err(Error::data(problem, "squared distances must be finite and not negative"))
        }
        None => Ok(()),
    }
}

/// The first `N` parts of length `m` of a scratch slice.
fn parts<F, const N: usize>(m: usize, scratch: &mut [F]) -> [&mut [F]; N] {
    let mut parts = scratch.chunks_exact_mut(m);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}
