//! The optimum over all pairs of nodes, found on few of them.
//!
//! A pair outside of the candidates can be part of the optimum only if `2 theta z_ij < lambda_i + lambda_j`: it
//! *prices out*. So: solve on the candidates; look for pairs below a bound a little above `lambda`; add them and
//! solve again, from where it was. When no `lambda` is above the bound any more, no pair outside can enter, and the
//! duality gap of the candidates is that of the full problem.

use super::Weights;
use super::newton::{self, Optimum, Settings, SomePairs};
use crate::error::{Error, Result};
use crate::points::{Points, Watch};

/// How far above `lambda` pairs are kept, so that small changes of `lambda` need no new search.
const MARGIN: f64 = 0.01;
/// Rounds after which something must be wrong.
const ROUNDS: usize = 50;

/// An optimum over all pairs.
pub struct Priced {
    /// The optimum. Its gap is that of the full problem.
    pub optimum: Optimum,
    /// `F` of the best graph on the first candidates.
    pub candidates_only: f64,
    /// Edges of the best graph on the first candidates.
    pub candidates_edges: usize,
    /// Number of first candidates.
    pub candidates: usize,
    /// Number of pairs in the last list.
    pub pairs: usize,
    /// Searches over all pairs.
    pub rounds: usize,
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Looking for near neighbours.
    Neighbours,
    /// Solving on a list of pairs.
    Solving {
        /// Length of the list.
        pairs: usize,
    },
    /// Looking at all pairs for the given time, from 1.
    Searching {
        /// Which search.
        round: usize,
    },
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stage::Neighbours => write!(f, "looking for near neighbours"),
            Stage::Solving { pairs } => write!(f, "solving on {pairs} pairs"),
            Stage::Searching { round } => write!(f, "searching all pairs, round {round}"),
        }
    }
}

/// Minimises the log-degree objective over all pairs of `points`, from `candidates` (pairs with their distances;
/// each node needs one) and, if there are any, dual variables.
///
/// # Complexity
/// `O(m^2 n)` for each search (two to five in practice), everything else proportional to the pairs kept, about
/// `keep` a node.
///
/// # Errors
/// As [`newton::minimise`]; [`Error::NotConverged`] if cancelled, or if no list is complete after 50 rounds.
#[expect(clippy::too_many_arguments)]
pub fn minimise(
    points: &Points,
    weights: Weights,
    candidates: Vec<(u32, u32, f64)>,
    start: Option<&[f64]>,
    keep: usize,
    settings: Settings<'_>,
    mut stage: impl FnMut(Stage),
    watch: Watch<'_>,
) -> Result<Priced> {
    let (m, theta) = (points.nodes(), weights.theta);
    let mut list = SomePairs::new(m, candidates)?;
    let candidates = list.len();
    stage(Stage::Solving { pairs: candidates });
    let mut optimum = newton::minimise(&list, weights, start, settings)?;
    let (candidates_only, candidates_edges) = (optimum.objective, optimum.edges.len());
    for rounds in 1..=ROUNDS {
        let bound: Vec<f64> = optimum.lambda.iter().map(|lambda| lambda * (1.0 + MARGIN)).collect();
        stage(Stage::Searching { round: rounds });
        let Some(below) = points.below(theta, &bound, keep, watch) else { break };
        let complete = below.complete;
        let mut pairs = below.pairs;
        // what is in use stays
        pairs.extend(list.iter().filter(|&(i, j, z)| 2.0 * theta * z < bound[i as usize] + bound[j as usize]));
        list = SomePairs::new(m, pairs)?;
        stage(Stage::Solving { pairs: list.len() });
        optimum = newton::minimise(&list, weights, Some(&optimum.lambda), settings)?;
        let covered = optimum.lambda.iter().zip(&bound).all(|(lambda, bound)| lambda <= bound);
        if optimum.converged && complete && covered {
            return Ok(Priced { optimum, candidates_only, candidates_edges, candidates, pairs: list.len(), rounds });
        }
    }
    let (iterations, tolerance) = (optimum.iterations, settings.tolerance);
    Err(Error::NotConverged { iterations, gap: f64::INFINITY, tolerance })
}
