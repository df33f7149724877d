//! Graphs and signals to train on.

use std::borrow::Cow;

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::solve_upper_triangular_in_place;
use faer::{Accum, MatMut, MatRef, Par};
use rand::RngExt;
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use unspool_core::Real;
use unspool_core::linsolve::dense;
use unspool_graph::generate::Family;
use unspool_graph::{Result, pairs, simulate};
use unspool_train::params::stream;
use unspool_train::{Dataset, Error};

use crate::problem::{Example, Problem};

/// What is added to the Laplacian of true graphs.
const EPSILON: f64 = 1e-4;

/// A graph of a family with random weights, `signals` signals on it, and the problem that they make.
///
/// # Errors
/// Parameters that allow no such graph.
pub fn example<F: Real>(family: &Family, nodes: usize, signals: usize, seed: u64) -> Result<Example<F>> {
    let (z, truth) = drawn(family, nodes, signals, Order::Shuffled, seed)?;
    Ok(Example { problem: Problem::new(nodes, signals, &z)?, truth: truth.into_iter().map(F::of).collect() })
}

/// Squared distances with the true weights: what the networks of Pu et al. are trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled<F> {
    /// Number of nodes.
    pub nodes: usize,
    /// Half-vector of squared distances.
    pub z: Vec<F>,
    /// Half-vector of the true weights.
    pub truth: Vec<F>,
}

/// How nodes are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// At random.
    Shuffled,
    /// As the generator does, hubs first in a Barabási-Albert graph.
    Generator,
}

/// A graph with random weights, and signals on it.
///
/// # Errors
/// As [`example`].
pub fn labelled<F: Real>(
    family: &Family,
    nodes: usize,
    signals: usize,
    order: Order,
    seed: u64,
) -> Result<Labelled<F>> {
    let (z, truth) = drawn(family, nodes, signals, order, seed)?;
    let narrow = |v: Vec<f64>| v.into_iter().map(F::of).collect();
    Ok(Labelled { nodes, z: narrow(z), truth: narrow(truth) })
}

/// Distances and true weights.
fn drawn(family: &Family, nodes: usize, signals: usize, order: Order, seed: u64) -> Result<(Vec<f64>, Vec<f64>)> {
    let graph = match order {
        Order::Shuffled => family.generate(nodes, seed)?,
        Order::Generator => family.in_order(nodes, seed)?,
    };
    let mut truth = vec![0.0; pairs::count(nodes)];
    if !graph.edges().is_empty() {
        for edge in simulate::weigh(&graph, seed ^ 0x5eed)?.edges() {
            truth[pairs::index(nodes, edge.i, edge.j)] = edge.weight;
        }
    }
    let z = squared_distances(nodes, &truth, signals, seed ^ 0x516)?;
    Ok((z, truth))
}

/// Squared distances of `n` signals from `N(0, (L(w) + epsilon I)^-1)`, without drawing the signals: with
/// `L + epsilon I = C C'`, their Gram matrix is `A A'`, `A = C^-T B`. For `n < m`, `B` is `m x n` standard normal; otherwise it
/// is Bartlett's triangle, `B_ii^2 ~ chi^2(n - i)`, standard normal below (Bartlett 1933).
///
/// # Errors
/// Weights that are negative or not finite, no signal.
///
/// # Complexity
/// `O(m^3)`, for any number of signals.
pub fn squared_distances(m: usize, w: &[f64], n: usize, seed: u64) -> Result<Vec<f64>> {
    let a = factored(m, w)?;
    let columns = m.min(n);
    let rng = &mut stream(seed, 0, 0);
    let mut b = vec![0.0; m * columns];
    for (j, column) in b.chunks_exact_mut(m).enumerate() {
        let first = if n < m { 0 } else { j };
        for (i, b) in column.iter_mut().enumerate().skip(first) {
            *b = if i == j && n >= m {
                let chi = ChiSquared::new((n - i) as f64).map_err(|e| refused(e.to_string()))?;
                chi.sample(rng).sqrt()
            } else {
                StandardNormal.sample(rng)
            };
        }
    }
    let factor = MatRef::from_column_major_slice(&a, m, m);
    let mut b = MatMut::from_column_major_slice_mut(&mut b, m, columns);
    solve_upper_triangular_in_place(factor.transpose(), b.as_mut(), Par::Seq);
    let mut gram = vec![0.0; m * m];
    let out = MatMut::from_column_major_slice_mut(&mut gram, m, m);
    matmul(out, Accum::Replace, b.as_ref(), b.as_ref().transpose(), 1.0 / n as f64, Par::Seq);
    Ok(pairs::iter(m).map(|(i, j)| (gram[i * m + i] + gram[j * m + j] - 2.0 * gram[i * m + j]).max(0.0)).collect())
}

/// The Cholesky factor of `L(w) + epsilon I`, in the lower triangle of a column-major matrix.
pub(crate) fn factored(m: usize, w: &[f64]) -> Result<Vec<f64>> {
    let mut a = vec![0.0; m * m];
    for ((i, j), &w) in pairs::iter(m).zip(w) {
        a[i * m + j] = -w;
        a[j * m + i] = -w;
        a[i * m + i] += w;
        a[j * m + j] += w;
    }
    a.iter_mut().step_by(m + 1).for_each(|a| *a += EPSILON);
    dense::cholesky(&mut a, m, &mut vec![0.0; dense::cholesky_scratch(m)])
        .map_err(|_| refused("the Laplacian has a negative eigenvalue".into()))?;
    Ok(a)
}

fn refused(problem: String) -> unspool_graph::Error {
    unspool_graph::Error::Data { problem, hint: "look at the graph" }
}

/// The kinds of graphs of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Barabási and Albert, 3 edges a new node.
    Ba,
    /// Watts and Strogatz, 4 neighbours, rewired with probability 0.3.
    Ws,
    /// Erdős and Rényi, average degree 6.
    Er,
    /// Stochastic blocks: 4 of equal size, on average 5 neighbours inside and 1 outside.
    Sbm,
    /// Random geometric, average degree 8 without the border.
    Rgg,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] = [Kind::Ba, Kind::Ws, Kind::Er, Kind::Sbm, Kind::Rgg];

    /// Its name on command lines and in files.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Ba => "ba",
            Kind::Ws => "ws",
            Kind::Er => "er",
            Kind::Sbm => "sbm",
            Kind::Rgg => "rgg",
        }
    }

    /// The family at a number of nodes, as the benchmark has it.
    pub fn family(self, nodes: usize) -> Family {
        match self {
            Kind::Ba => Family::BarabasiAlbert { attach: 3 },
            Kind::Ws => Family::WattsStrogatz { neighbours: 4, rewire: 0.3 },
            Kind::Er => Family::ErdosRenyi { p: (6.0 / nodes.saturating_sub(1) as f64).min(1.0) },
            Kind::Sbm => blocks(nodes, 4, 5.0, 1.0),
            Kind::Rgg => Family::Geometric { degree: 8.0 },
        }
    }

    /// Probability of each edge at a number of nodes, of the kind whose edges are independent and alike.
    pub(crate) fn probability(self, nodes: usize) -> Option<f64> {
        match self.family(nodes) {
            Family::ErdosRenyi { p } => Some(p),
            _ => None,
        }
    }

    /// A family of this kind with random parameters.
    fn random(self, nodes: usize, rng: &mut impl rand::Rng) -> Family {
        let most = nodes.saturating_sub(2) as f64;
        let mut between = |low: f64, high: f64| low + (high - low) * rng.random::<f64>();
        match self {
            Kind::Ba => Family::BarabasiAlbert { attach: (between(1.5, 5.0) as usize).clamp(1, (nodes / 3).max(1)) },
            Kind::Ws => Family::WattsStrogatz {
                neighbours: if between(0.0, 1.0) < 0.65 { 4 } else { 6 },
                rewire: between(0.05, 0.5),
            },
            Kind::Er => Family::ErdosRenyi { p: (between(3.0, 9.0) / nodes.saturating_sub(1) as f64).min(0.6) },
            Kind::Sbm => {
                let inside = between(3.0, 8.0).min(most);
                blocks(nodes, between(2.0, 6.0) as usize, inside, between(0.3, 2.0))
            }
            Kind::Rgg => Family::Geometric { degree: between(5.0, 11.0).min(most) },
        }
    }
}

/// `count` blocks of sizes as equal as can be; the average numbers of neighbours inside and outside.
fn blocks(nodes: usize, count: usize, inside: f64, outside: f64) -> Family {
    let count = count.clamp(1, (nodes / 4).max(1));
    let sizes: Vec<usize> = (0..count).map(|b| nodes * (b + 1) / count - nodes * b / count).collect();
    let own = nodes as f64 / count as f64;
    Family::Blocks {
        inside: vec![(inside / (own - 1.0)).min(0.95); count],
        outside: (outside / (nodes as f64 - own).max(1.0)).min(0.95),
        sizes,
    }
}

/// Random kinds, parameters, sizes and numbers of signals: another example for each epoch and index. One half has the
/// parameters of [`Kind::family`], the other random ones.
///
/// Sizes and numbers of signals are uniform in their logarithm.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mixture {
    /// Kinds drawn from.
    pub kinds: Vec<Kind>,
    /// Fewest and most nodes.
    pub nodes: [usize; 2],
    /// Fewest and most signals.
    pub signals: [usize; 2],
    /// Examples in an epoch.
    pub examples: usize,
    /// Seed.
    pub seed: u64,
}

impl<F: Real> Dataset<Example<F>> for Mixture {
    fn len(&self) -> usize {
        self.examples
    }

    fn sample(&self, epoch: usize, index: usize) -> unspool_train::Result<Cow<'_, Example<F>>> {
        if self.kinds.is_empty() {
            return Err(Error::Sample { index, problem: "there are no kinds of graphs to draw from".into() });
        }
        for (what, [least, most]) in [("nodes", self.nodes), ("signals", self.signals)] {
            if least > most {
                let problem = format!("the fewest {what}, {least}, are more than the most, {most}");
                return Err(Error::Sample { index, problem });
            }
        }
        let mut rng = stream(self.seed, 7 + epoch as u64, index as u64);
        let log_uniform = |range: [usize; 2], u: f64| {
            let [low, high] = range.map(|x| x as f64);
            (low * (high / low).powf(u)).round() as usize
        };
        let kind = self.kinds[rng.random_range(0..self.kinds.len())];
        let nodes = log_uniform(self.nodes, rng.random());
        let signals = log_uniform(self.signals, rng.random());
        let failed = |error: unspool_graph::Error| Error::Sample { index, problem: error.to_string() };
        for _ in 0..20 {
            let of_benchmark = rng.random::<f64>() < 0.5;
            let family = if of_benchmark { kind.family(nodes) } else { kind.random(nodes, &mut rng) };
            let example = example(&family, nodes, signals, rng.random()).map_err(failed)?;
            if example.truth.iter().any(|w| *w > F::zero()) {
                return Ok(Cow::Owned(example));
            }
        }
        Err(Error::Sample { index, problem: format!("no graph with edges on {nodes} nodes") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_mixture_gives_examples_or_an_error() {
        for kinds in [vec![], Kind::ALL.to_vec()] {
            for nodes in [[0, 0], [0, 2], [1, 1], [2, 2], [3, 3], [4, 5], [9, 4]] {
                for signals in [[0, 0], [3, 40]] {
                    let mixture = Mixture { kinds: kinds.clone(), nodes, signals, examples: 1, seed: 3 };
                    for index in 0..40 {
                        let sample = Dataset::<Example<f32>>::sample(&mixture, 0, index);
                        let is_wrong = nodes[0] > nodes[1] || nodes == [0, 0] || signals == [0, 0] || kinds.is_empty();
                        assert!(sample.is_err() || !is_wrong);
                    }
                }
            }
        }
    }
}
