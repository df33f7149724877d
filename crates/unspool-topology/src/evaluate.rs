//! The benchmark: every method on fresh graphs, their nodes in random order.

use rayon::prelude::*;
use serde::Serialize;
use unspool_core::Real;
use unspool_graph::laplacian::{self, Criterion};
use unspool_graph::log_degree::theta_for_neighbours;
use unspool_graph::metrics::{self, Estimate};
use unspool_graph::{Error, Result, baseline, pairs};
use unspool_train::{Layout, Model, weights};

use crate::data::{Kind, Order, labelled};
use crate::learned::Learned;
use crate::problem::Problem;
use crate::{Labelled, bound, unrolling};

/// A method of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Positive correlations, at the scale of largest likelihood.
    Correlation,
    /// Pseudo-inverse of the centred Gram matrix, clipped at 0.
    PseudoInverse,
    /// Laplacian maximum likelihood.
    Laplacian,
    /// The same on the support of least BIC.
    Refitted,
    /// Log-degree optimum, `theta` for 6 neighbours, at the scale of largest likelihood.
    LogDegree,
    /// Log-degree optimum, `theta` of least GMSE on 16 other graphs of the same cell, at the scale of largest likelihood.
    LogDegreeTuned,
    /// The same with `theta` and the scale of least GMSE: it is told the family, and shrinks where signals are few.
    LogDegreeOracle,
    /// [`Unrolling`](crate::Unrolling), trained for this number of nodes.
    Unrolling,
    /// [`L2g`](crate::L2g), trained for this number of nodes.
    L2g,
    /// [`PriorNet`](crate::PriorNet).
    Learned,
}

impl Method {
    /// All, in the order of the table.
    pub const ALL: [Method; 10] = [
        Method::Correlation,
        Method::PseudoInverse,
        Method::Laplacian,
        Method::Refitted,
        Method::LogDegree,
        Method::LogDegreeTuned,
        Method::LogDegreeOracle,
        Method::Unrolling,
        Method::L2g,
        Method::Learned,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Method::Correlation => "correlation",
            Method::PseudoInverse => "pseudo-inverse",
            Method::Laplacian => "laplacian",
            Method::Refitted => "refitted",
            Method::LogDegree => "log-degree",
            Method::LogDegreeTuned => "log-degree-tuned",
            Method::LogDegreeOracle => "log-degree-oracle",
            Method::Unrolling => "unrolling",
            Method::L2g => "l2g",
            Method::Learned => "learned",
        }
    }
}

/// A cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Kind of graphs.
    pub kind: Kind,
    /// Number of nodes.
    pub nodes: usize,
    /// Number of signals.
    pub signals: usize,
}

/// Neighbours of [`Method::LogDegree`].
const NEIGHBOURS: usize = 6;
/// Graphs that [`Method::LogDegreeTuned`] and [`Method::LogDegreeOracle`] are tuned on.
const TUNED_ON: u64 = 16;
/// Multiples of the `theta` for [`NEIGHBOURS`] that are tried.
pub(crate) const MULTIPLES: [f64; 9] = [0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0];

/// The networks that take part.
#[derive(Clone, Debug)]
pub struct Networks {
    /// Ours.
    pub learned: Learned,
    /// [`Unrolling`](crate::Unrolling) by number of nodes.
    pub unrolling: Vec<(usize, crate::Unrolling, Vec<f32>)>,
    /// [`L2g`](crate::L2g) by number of nodes.
    pub l2g: Vec<(usize, crate::L2g, Vec<f32>)>,
}

/// What a cell gave.
#[derive(Clone, Debug)]
pub struct Row {
    /// The cell.
    pub cell: Cell,
    /// GMSE of each method with its 95 % interval over graphs, in the order of the methods asked for; none where a method
    /// has no weights for this number of nodes, or found nothing.
    pub gmse: Vec<Option<Estimate>>,
    /// What no method can beat in the mean, where that is known: [`bound::genie`].
    pub bound: Option<Estimate>,
    /// How far the probabilities of [`Method::Learned`] can be trusted.
    pub calibration: Calibration,
}

/// Probabilities against what is so, in ten bins of equal width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// Number, sum of probabilities, and number of edges in each bin.
    pub bins: [[f64; 3]; 10],
}

static UNROLLING: [(usize, &[u8]); 4] = [
    (20, include_bytes!("../weights/unrolling_20.safetensors")),
    (50, include_bytes!("../weights/unrolling_50.safetensors")),
    (100, include_bytes!("../weights/unrolling_100.safetensors")),
    (200, include_bytes!("../weights/unrolling_200.safetensors")),
];
static L2G: [(usize, &[u8]); 1] = [(20, include_bytes!("../weights/l2g_20.safetensors"))];

impl Networks {
    /// With the weights that come with the crate, but for our own network.
    ///
    /// # Errors
    /// None, unless the crate was damaged.
    pub fn with(learned: Learned) -> Result<Self> {
        let read = |bytes: &[u8], layout: &Layout| -> Result<Vec<f32>> {
            let values = weights::File::from_bytes("the weights that come with the program", bytes)
                .and_then(|file| file.values(layout));
            values.map_err(|error| Error::Data { problem: error.to_string(), hint: "report this" })
        };
        let mut networks = Networks { learned, unrolling: Vec::new(), l2g: Vec::new() };
        for (nodes, bytes) in UNROLLING {
            let net = crate::Unrolling::new(unrolling::LAYERS, false);
            let theta = read(bytes, Model::<f32>::layout(&net))?;
            networks.unrolling.push((nodes, net, theta));
        }
        for (nodes, bytes) in L2G {
            let net = crate::L2g::new(nodes, unrolling::LAYERS);
            let theta = read(bytes, Model::<f32>::layout(&net))?;
            networks.l2g.push((nodes, net, theta));
        }
        Ok(networks)
    }
}

impl Calibration {
    /// Counts a pair.
    pub fn add(&mut self, p: f64, is_edge: bool) {
        let bin = &mut self.bins[((10.0 * p) as usize).min(9)];
        bin[0] += 1.0;
        bin[1] += p;
        bin[2] += if is_edge { 1.0 } else { 0.0 };
    }

    /// Counts all pairs of another.
    pub fn merge(&mut self, other: &Calibration) {
        for (a, b) in self.bins.iter_mut().zip(&other.bins) {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        }
    }

    /// Expected calibration error: `sum_b n_b |mean p - share of edges| / sum_b n_b`.
    pub fn error(&self) -> f64 {
        let all: f64 = self.bins.iter().map(|b| b[0]).sum();
        self.bins.iter().map(|[_, p, edges]| (p - edges).abs()).sum::<f64>() / all.max(1.0)
    }

    /// The same over the pairs whose probability is above `least`: the many pairs that are plainly no edge do not hide the others.
    pub fn error_above_first_bin(&self) -> f64 {
        let rest = &self.bins[1..];
        let all: f64 = rest.iter().map(|b| b[0]).sum();
        rest.iter().map(|[_, p, edges]| (p - edges).abs()).sum::<f64>() / all.max(1.0)
    }
}

/// The half-vector of weights times the scale at which the likelihood is largest, `z'w = m - 1`.
fn scaled(nodes: usize, z: &[f64], mut w: Vec<f64>) -> Vec<f64> {
    let zw: f64 = z.iter().zip(&w).map(|(z, w)| z * w).sum();
    if zw > 0.0 {
        w.iter_mut().for_each(|w| *w *= (nodes - 1) as f64 / zw);
    }
    w
}

/// Positive correlations of nodes, from squared distances.
fn correlation(m: usize, z: &[f64]) -> Vec<f64> {
    let mut c = vec![0.0; m * m];
    for ((i, j), z) in pairs::iter(m).zip(z) {
        c[i * m + j] = -0.5 * z;
        c[j * m + i] = -0.5 * z;
    }
    let rows: Vec<f64> = c.chunks_exact(m).map(|row| row.iter().sum::<f64>() / m as f64).collect();
    let all = rows.iter().sum::<f64>() / m as f64;
    let at = |i: usize, j: usize| c[i * m + j] - rows[i] - rows[j] + all;
    pairs::iter(m).map(|(i, j)| (at(i, j) / (at(i, i) * at(j, j)).sqrt()).max(0.0)).collect()
}

/// The log-degree optimum with `alpha = beta = 1` at a multiple of the `theta` for [`NEIGHBOURS`].
fn log_degree(nodes: usize, z: &[f64], multiple: f64) -> Result<Vec<f64>> {
    let theta = multiple * theta_for_neighbours(nodes, z, NEIGHBOURS.min(nodes - 2))?;
    log_degree_at(nodes, z, theta)
}

fn log_degree_at(nodes: usize, z: &[f64], theta: f64) -> Result<Vec<f64>> {
    let weights = unspool_graph::log_degree::Weights { theta, ..unspool_graph::log_degree::Weights::new(1.0, 1.0) };
    let learner = unspool_graph::learn::Learner {
        tolerance: 1e-5,
        ..unspool_graph::learn::Learner::new(unspool_graph::learn::Sparsity::Weights(weights))
    };
    let learned = learner.from_distances(nodes, z)?;
    let mut w = vec![0.0; z.len()];
    for edge in learned.graph.edges() {
        w[pairs::index(nodes, edge.i, edge.j)] = edge.weight;
    }
    Ok(w)
}

/// The refitted likelihood, at the least gap of a few that it reaches; none if it reaches none.
fn refitted(z: &[f64], signals: usize) -> Option<Vec<f64>> {
    for tolerance in [1e-5, 1e-4, 1e-3, 1e-2, 1e-1] {
        let settings = laplacian::Settings { tolerance, ..Default::default() };
        match laplacian::refit(z, Criterion::Bic(signals), settings) {
            Err(Error::NotConverged { .. }) => continue,
            // a support that falls apart has no likelihood
            other => return other.ok().map(|optimum| optimum.w),
        }
    }
    None
}

/// Multiples of `theta` that were tuned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tuned {
    /// Of [`Method::LogDegreeTuned`].
    pub(crate) multiple: f64,
    /// Of [`Method::LogDegreeOracle`], and its scale.
    pub(crate) oracle: (f64, f64),
}

impl Default for Tuned {
    fn default() -> Self {
        Tuned { multiple: 1.0, oracle: (1.0, 1.0) }
    }
}

/// The multiples, and scale, of least GMSE on other graphs of the cell.
fn tune(cell: Cell, seed: u64) -> Result<Tuned> {
    let graphs: Vec<Labelled<f64>> =
        (0..TUNED_ON).into_par_iter().map(|k| draw(cell, seed ^ 0x7_0000_0000, k)).collect::<Result<_>>()?;
    let mut tuned = Tuned::default();
    let (mut least, mut least_oracle) = (f64::INFINITY, f64::INFINITY);
    for multiple in MULTIPLES {
        let learned: Vec<Vec<f64>> = graphs
            .par_iter()
            .map(|g| Ok(scaled(g.nodes, &g.z, log_degree(g.nodes, &g.z, multiple)?)))
            .collect::<Result<_>>()?;
        // GMSE at scale s is 1 - 2 b s + a s^2
        let (mut a, mut b) = (0.0, 0.0);
        for (g, w) in graphs.iter().zip(&learned) {
            let size: f64 = g.truth.iter().map(|t| t * t).sum::<f64>() * graphs.len() as f64;
            a += w.iter().map(|w| w * w).sum::<f64>() / size;
            b += w.iter().zip(&g.truth).map(|(w, t)| w * t).sum::<f64>() / size;
        }
        if 1.0 - 2.0 * b + a < least {
            least = 1.0 - 2.0 * b + a;
            tuned.multiple = multiple;
        }
        if 1.0 - b * b / a < least_oracle {
            least_oracle = 1.0 - b * b / a;
            tuned.oracle = (multiple, b / a);
        }
    }
    Ok(tuned)
}

/// Graph `k` of a cell: the first connected one of a few that are drawn.
fn draw(cell: Cell, seed: u64, k: u64) -> Result<Labelled<f64>> {
    let Cell { kind, nodes, signals } = cell;
    let seed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(k);
    labelled(
        &kind.family(nodes),
        nodes,
        signals,
        Order::Shuffled,
        seed ^ ((signals as u64) << 40) ^ ((nodes as u64) << 20),
    )
}

/// Runs methods on `graphs` fresh graphs of a cell.
///
/// # Errors
/// Fewer than two graphs; a method that fails.
pub fn cell(cell: Cell, methods: &[Method], graphs: u64, seed: u64, networks: &Networks) -> Result<Row> {
    let is_tuned = |method: &Method| matches!(method, Method::LogDegreeTuned | Method::LogDegreeOracle);
    let tuned = if methods.iter().any(is_tuned) { tune(cell, seed)? } else { Tuned::default() };
    let results: Vec<(Vec<Option<f64>>, Option<f64>, Calibration)> = (0..graphs)
        .into_par_iter()
        .map(|k| {
            let g = draw(cell, seed, k)?;
            let mut calibration = Calibration::default();
            let gmse = methods
                .iter()
                .map(|&method| {
                    let estimated = estimate(method, (g.nodes, cell.signals), &g.z, tuned, networks, k)?;
                    if let Some(p) = estimated.as_ref().and_then(|estimated| estimated.p.as_ref()) {
                        p.iter().zip(&g.truth).for_each(|(&p, &t)| calibration.add(p, t > 0.0));
                    }
                    Ok(estimated.map(|estimated| unrolling::gmse(&estimated.w, &g.truth)))
                })
                .collect::<Result<_>>()?;
            let bound = cell.kind.probability(g.nodes).map(|p| {
                let w = bound::genie(g.nodes, p, &g.truth, &g.z, cell.signals)?;
                Ok::<f64, Error>(unrolling::gmse(&w, &g.truth))
            });
            Ok((gmse, bound.transpose()?, calibration))
        })
        .collect::<Result<_>>()?;
    let mut calibration = Calibration::default();
    results.iter().for_each(|(.., c)| calibration.merge(c));
    let mean = |values: Option<Vec<f64>>| values.map(|values| metrics::mean(&values)).transpose();
    let column = |c: usize| mean(results.iter().map(|(gmse, ..)| gmse[c]).collect());
    let bound = mean(results.iter().map(|(_, bound, _)| *bound).collect())?;
    Ok(Row { cell, gmse: (0..methods.len()).map(column).collect::<Result<_>>()?, bound, calibration })
}

/// What a method learns.
pub(crate) struct Estimated {
    pub(crate) w: Vec<f64>,
    /// Probabilities, of the method that has them.
    p: Option<Vec<f64>>,
}

/// What a method learns from `signals` signals; none where it has no weights for this number of nodes. `k` is the
/// seed of L2G's noise.
pub(crate) fn estimate(
    method: Method,
    (m, signals): (usize, usize),
    z: &[f64],
    tuned: Tuned,
    networks: &Networks,
    k: u64,
) -> Result<Option<Estimated>> {
    let settings = laplacian::Settings { tolerance: 1e-5, ..Default::default() };
    let narrow = || z.iter().map(|&z| z as f32).collect::<Vec<f32>>();
    let wide = |w: &[f32]| w.iter().map(|w| w.wide()).collect::<Vec<f64>>();
    let mut probabilities = None;
    let w = match method {
        Method::Correlation => scaled(m, z, correlation(m, z)),
        Method::PseudoInverse => baseline::pseudo_inverse(m, z)?,
        Method::Laplacian => laplacian::minimise(&laplacian::Candidates::all(z)?, None, settings)?.w,
        Method::Refitted => match refitted(z, signals) {
            Some(w) => w,
            None => return Ok(None),
        },
        Method::LogDegree => scaled(m, z, log_degree(m, z, 1.0)?),
        Method::LogDegreeTuned => scaled(m, z, log_degree(m, z, tuned.multiple)?),
        Method::LogDegreeOracle => {
            let (multiple, scale) = tuned.oracle;
            let mut w = scaled(m, z, log_degree(m, z, multiple)?);
            w.iter_mut().for_each(|w| *w *= scale);
            w
        }
        Method::Unrolling => {
            let Some((_, net, theta)) = networks.unrolling.iter().find(|(nodes, ..)| *nodes == m) else {
                return Ok(None);
            };
            let mut memory = unrolling::Memory::default();
            net.forward(theta, m, &narrow(), &mut memory)?;
            wide(memory.weights(net.layers()))
        }
        Method::L2g => {
            let Some((_, net, theta)) = networks.l2g.iter().find(|(nodes, ..)| *nodes == m) else { return Ok(None) };
            let mut memory = crate::l2g::Memory::default();
            net.predict(theta, m, &narrow(), &mut unspool_train::params::stream(1, 0, k), &mut memory)?;
            wide(memory.weights())
        }
        Method::Learned => {
            let prediction = networks.learned.predict(&Problem::new(m, signals, z)?);
            probabilities = Some(prediction.p);
            prediction.w
        }
    };
    Ok(Some(Estimated { w, p: probabilities }))
}
