//! From signals to the optimal log-degree graph: the way in for most users.
//!
//! ```
//! use unspool_graph::{generate::Family, learn::{Learner, Sparsity}, simulate};
//! let truth = simulate::weigh(&Family::Geometric { degree: 8.0 }.generate(60, 0)?, 0)?;
//! let signals = simulate::signals(&truth, 500, 1e-4, 0)?;
//! let learned = Learner::new(Sparsity::Degree(6.0)).from_signals(&signals)?;
//! assert!(learned.relative_gap() < 1e-6);
//! let average = 2.0 * learned.graph.edges().len() as f64 / 60.0;
//! assert!((average - 6.0).abs() < 0.5);
//! # Ok::<(), unspool_graph::Error>(())
//! ```

use crate::error::{Error, Result, check_positive};
use crate::log_degree::newton::{self, AllPairs, Optimum, Pairs, Settings, SomePairs};
use crate::log_degree::pricing::{self, Stage};
use crate::log_degree::{Weights, theta_for_neighbours, theta_from_nearest};
use crate::points::{Points, Watch};
use crate::signals::check_distances;
use crate::{Edge, Graph, Signals, distances};

/// How sparse the graph shall be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sparsity {
    /// This average number of neighbours: `alpha = beta = 1`, and `theta` from the rule of Kalofolias and Perraudin
    /// (2019), corrected until the learned graph has them.
    Degree(f64),
    /// These weights.
    Weights(Weights),
}

/// Learns graphs.
#[derive(Clone, Copy)]
pub struct Learner<'a> {
    /// How sparse.
    pub sparsity: Sparsity,
    /// Relative duality gap to reach.
    pub tolerance: f64,
    /// Up to this many nodes all pairs are held in memory (8 bytes each); beyond, few are.
    pub dense_up_to: usize,
    /// Seed of the search for candidates in large graphs. The optimum does not depend on it, its last bits do.
    pub seed: u64,
    /// Dual variables of a similar graph on the same nodes, to start from.
    pub start: Option<&'a [f64]>,
    /// Progress of long searches, and how to stop them.
    pub watch: Watch<'a>,
    /// Told what is being done.
    pub stage: Option<&'a (dyn Fn(Stage) + Sync)>,
}

/// A learned graph.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The graph, with the names of the signals.
    pub graph: Graph,
    /// The weights it was learned with.
    pub weights: Weights,
    /// The objective.
    pub objective: f64,
    /// The duality gap over all pairs of nodes: the objective is above the least possible by at most this.
    pub gap: f64,
    /// Newton iterations, over all solves.
    pub iterations: usize,
    /// Dual variables, to start from next time.
    pub lambda: Vec<f64>,
    /// How pairs were searched, in a large graph.
    pub search: Option<Search>,
}

/// How the pairs of a large graph were searched.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// Pairs of near neighbours to begin with.
    pub candidates: usize,
    /// Objective of the best graph on these alone.
    pub candidates_only: f64,
    /// Edges of that graph.
    pub candidates_edges: usize,
    /// Pairs in the last list.
    pub pairs: usize,
    /// Searches over all pairs.
    pub rounds: usize,
}

impl Learned {
    /// `gap / max(1, |F|)`.
    pub fn relative_gap(&self) -> f64 {
        self.gap / self.objective.abs().max(1.0)
    }
}

impl<'a> Learner<'a> {
    /// To a relative gap of `1e-6`, with all pairs in memory up to 5,000 nodes.
    pub fn new(sparsity: Sparsity) -> Self {
        let watch = Watch::default();
        Learner { sparsity, tolerance: 1e-6, dense_up_to: 5000, seed: 0, start: None, watch, stage: None }
    }

    /// The graph of these signals.
    ///
    /// # Complexity
    /// `O(m^2 n)` once for up to `dense_up_to` nodes and `m^2 / 2` numbers in memory; beyond, `O(m^2 n)` two to five
    /// times and memory for the signals and some dozens of pairs a node.
    ///
    /// # Errors
    /// Signals that allow no graph (constant, never observed together, missing values in a large graph); a degree
    /// that is not below the number of nodes less one; [`Error::NotConverged`], also when stopped.
    pub fn from_signals(&self, signals: &Signals) -> Result<Learned> {
        let mut learned = if signals.nodes() <= self.dense_up_to {
            self.from_distances(signals.nodes(), &distances::squared(signals)?)?
        } else {
            self.from_points(&Points::new(signals)?)?
        };
        if !signals.names().is_empty() {
            learned.graph = learned.graph.with_names(signals.names().to_vec())?;
        }
        Ok(learned)
    }

    /// The graph of this half-vector of squared distances (per observation).
    pub fn from_distances(&self, nodes: usize, z: &[f64]) -> Result<Learned> {
        self.check(nodes)?;
        let mean = check_distances(nodes, z)?;
        let pairs = AllPairs::new(nodes, z)?;
        let (weights, start, spent) = match self.sparsity {
            Sparsity::Weights(weights) => (weights, self.start.map(<[f64]>::to_vec), 0),
            Sparsity::Degree(_) if nodes == 2 => (Weights { theta: mean.recip(), ..Weights::new(1.0, 1.0) }, None, 0),
            Sparsity::Degree(degree) => self.tune(&pairs, degree, theta_for_neighbours(nodes, z, ceil(degree))?)?,
        };
        let optimum = newton::minimise(&pairs, weights, start.as_deref(), self.settings())?;
        self.finish(nodes, optimum, weights, spent, None)
    }

    /// The graph of these points: from near neighbours, with all other pairs priced out.
    pub fn from_points(&self, points: &Points) -> Result<Learned> {
        let nodes = points.nodes();
        if nodes == 2 {
            return self.from_distances(2, &[points.distance(0, 1)]);
        }
        self.check(nodes)?;
        let neighbours = match self.sparsity {
            Sparsity::Degree(degree) => (3 * ceil(degree)).max(16),
            Sparsity::Weights(_) => 30,
        };
        self.tell(Stage::Neighbours);
        let candidates = points.candidates(neighbours, self.seed);
        let (weights, start, spent) = match self.sparsity {
            Sparsity::Weights(weights) => (weights, self.start.map(<[f64]>::to_vec), 0),
            Sparsity::Degree(degree) => {
                let k = ceil(degree);
                let theta = theta_from_nearest(&nearest(nodes, &candidates, k + 1), k)?;
                self.tune(&SomePairs::new(nodes, candidates.clone())?, degree, theta)?
            }
        };
        let keep = 2 * neighbours;
        let start = start.as_deref();
        let stage = |stage| self.tell(stage);
        let priced = pricing::minimise(points, weights, candidates, start, keep, self.settings(), stage, self.watch)?;
        let search = Search {
            candidates: priced.candidates,
            candidates_only: priced.candidates_only,
            candidates_edges: priced.candidates_edges,
            pairs: priced.pairs,
            rounds: priced.rounds,
        };
        self.finish(nodes, priced.optimum, weights, spent, Some(search))
    }

    fn tell(&self, stage: Stage) {
        if let Some(tell) = self.stage {
            tell(stage);
        }
    }

    fn settings(&self) -> Settings<'a> {
        Settings { tolerance: self.tolerance, cancel: self.watch.cancel, ..Settings::default() }
    }

    fn check(&self, nodes: usize) -> Result<()> {
        check_positive("the tolerance", self.tolerance)?;
        match self.sparsity {
            Sparsity::Weights(weights) => weights.check(),
            Sparsity::Degree(degree) => {
                check_positive("the average degree", degree)?;
                if nodes > 2 && degree > (nodes - 2) as f64 {
                    return Err(Error::range("the average degree", degree, "below the number of nodes less one"));
                }
                Ok(())
            }
        }
    }

    /// `theta` such that the graph has the wanted average degree, from a first guess, with the dual variables there:
    /// regula falsi in `log theta`. The degree jumps where an edge comes or goes, so the nearest found is taken.
    fn tune(&self, pairs: &dyn Pairs, wanted: f64, guess: f64) -> Result<(Weights, Option<Vec<f64>>, usize)> {
        const SOLVES: usize = 20;
        let settings = Settings { tolerance: self.tolerance.max(1e-6), ..self.settings() };
        let nodes = pairs.nodes() as f64;
        let mut start = self.start.map(<[f64]>::to_vec);
        let (mut best, mut spent) = ((f64::INFINITY, guess, None), 0);
        let (mut dense, mut sparse) = (None, None);
        let mut log_theta = guess.ln();
        for _ in 0..SOLVES {
            let weights = Weights { theta: log_theta.exp(), ..Weights::new(1.0, 1.0) };
            let optimum = newton::minimise(pairs, weights, start.as_deref(), settings)?;
            spent += optimum.iterations;
            let excess = (2.0 * optimum.edges.len() as f64 / nodes / wanted).ln();
            if excess.abs() < best.0 {
                best = (excess.abs(), weights.theta, Some(optimum.lambda.clone()));
            }
            if excess.abs() < 0.01 || self.watch.cancelled() {
                break;
            }
            start = Some(optimum.lambda);
            *(if excess > 0.0 { &mut dense } else { &mut sparse }) = Some((log_theta, excess));
            log_theta = match (dense, sparse) {
                (Some((a, over)), Some((b, under))) => {
                    // never too near to an end: the degree is no smooth function
                    let share = (over / (over - under)).clamp(0.1, 0.9);
                    a + share * (b - a)
                }
                // about as many edges less as theta grows
                _ => log_theta + excess.clamp(-1.0, 1.0),
            };
        }
        let (_, theta, lambda) = best;
        Ok((Weights { theta, ..Weights::new(1.0, 1.0) }, lambda, spent))
    }

    fn finish(
        &self,
        nodes: usize,
        optimum: Optimum,
        weights: Weights,
        spent: usize,
        search: Option<Search>,
    ) -> Result<Learned> {
        let iterations = spent + optimum.iterations;
        if !optimum.converged {
            let (low, high) = optimum.lambda.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), &l| (a.min(l), b.max(l)));
            if !self.watch.cancelled() && high > RESOLVED * low {
                let problem =
                    format!("nodes differ in scale: some distances are {:.0e} times as large as others", high / low);
                return Err(Error::data(problem, "standardise: give every node mean 0 and variance 1 first"));
            }
            return Err(Error::NotConverged { iterations, gap: optimum.relative_gap(), tolerance: self.tolerance });
        }
        let edges = optimum.edges.iter().map(|&(i, j, weight)| Edge { i, j, weight }).collect();
        let graph = Graph::new(nodes, edges)?;
        let Optimum { objective, gap, lambda, .. } = optimum;
        Ok(Learned { graph, weights, objective, gap, iterations, lambda, search })
    }
}

/// Distances of nodes whose ratio is larger can be too far apart for the dual's differences of them.
const RESOLVED: f64 = 1e6;

/// A whole number of neighbours, at least 1.
fn ceil(degree: f64) -> usize {
    (degree.ceil() as usize).max(1)
}

/// The `k` smallest distances of each node, sorted; infinite where there are fewer.
fn nearest(nodes: usize, pairs: &[(u32, u32, f64)], k: usize) -> Vec<f64> {
    let mut all = vec![Vec::new(); nodes];
    for &(i, j, z) in pairs {
        all[i as usize].push(z);
        all[j as usize].push(z);
    }
    let row = |mut row: Vec<f64>| {
        row.sort_unstable_by(f64::total_cmp);
        row.resize(k, f64::INFINITY);
        row
    };
    all.into_iter().flat_map(row).collect()
}
