//! Graphs from signals: every method of the command line, files, layouts, scores.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use unspool_graph::laplacian::{self, Candidates, Criterion};
use unspool_graph::learn::{Learned, Learner, Sparsity};
use unspool_graph::log_degree::held_out::{self, Loss};
use unspool_graph::log_degree::{Method, Weights, select, solve};
use unspool_graph::points::Watch;
use unspool_graph::{Edge, Graph, Signals, baseline, distances, example, io, layout, metrics, pairs};
use unspool_topology::learned::Learned as Network;
use unspool_topology::prior_net::Prediction;
use unspool_topology::problem::Problem;

use crate::array::{matrix, to_matrix, vector};
use crate::error::{Failure, Result};
use crate::work;

/// Iterations of a first-order method at most.
const MOST_ITERATIONS: usize = 1_000_000;

fn signals_of(x: &PyReadonlyArray2<'_, f64>, standardise: bool) -> Result<Signals> {
    let (values, _, nodes) = matrix(x)?;
    let signals = Signals::new(values.to_vec(), nodes)?;
    Ok(if standardise { signals.standardised()? } else { signals })
}

/// What is learned: a graph, and what is known about how.
#[derive(Default)]
struct Answer {
    graph: Graph,
    weights: Option<Weights>,
    objective: Option<f64>,
    gap: Option<f64>,
    iterations: Option<usize>,
    lambda: Vec<f64>,
    path: Vec<(usize, f64)>,
}

impl Answer {
    fn of(learned: Learned) -> Self {
        Answer {
            gap: Some(learned.relative_gap()),
            graph: learned.graph,
            weights: Some(learned.weights),
            objective: Some(learned.objective),
            iterations: Some(learned.iterations),
            lambda: learned.lambda,
            path: Vec::new(),
        }
    }

    fn plain(graph: Graph) -> Self {
        Answer { graph, ..Answer::default() }
    }

    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("edges", edges_of(py, &self.graph)?)?;
        dict.set_item("weights", weights_of(py, &self.graph))?;
        let probabilities = Some(self.graph.probabilities()).filter(|p| !p.is_empty());
        dict.set_item("probabilities", probabilities.map(|p| PyArray1::from_slice(py, p)))?;
        dict.set_item("regularisers", self.weights.map(|w| (w.alpha, w.beta, w.theta)))?;
        dict.set_item("objective", self.objective)?;
        dict.set_item("gap", self.gap)?;
        dict.set_item("iterations", self.iterations)?;
        dict.set_item("lambda", self.lambda.into_pyarray(py))?;
        dict.set_item("path", self.path)?;
        Ok(dict)
    }
}

fn edges_of<'py>(py: Python<'py>, graph: &Graph) -> PyResult<Bound<'py, PyArray2<i64>>> {
    let ends: Vec<i64> = graph.edges().iter().flat_map(|e| [e.i as i64, e.j as i64]).collect();
    to_matrix(py, ends, graph.edges().len(), 2)
}

fn weights_of<'py>(py: Python<'py>, graph: &Graph) -> Bound<'py, PyArray1<f64>> {
    graph.edges().iter().map(|e| e.weight).collect::<Vec<f64>>().into_pyarray(py)
}

fn sparsity(alpha: Option<f64>, beta: Option<f64>, theta: f64, degree: Option<f64>, nodes: usize) -> Sparsity {
    match (alpha, beta) {
        (Some(alpha), Some(beta)) => Sparsity::Weights(Weights { alpha, beta, theta }),
        // by default less where there are few nodes
        _ => Sparsity::Degree(degree.unwrap_or_else(|| 6f64.min(nodes.saturating_sub(2).max(1) as f64))),
    }
}

/// The log-degree model, by `newton`, `fdpg`, `pds` or `relaxed`.
#[pyfunction]
#[pyo3(signature = (x, *, alpha, beta, theta, degree, held_out, solver, tolerance, dense_up_to, seed, standardise, start))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn log_degree<'py>(
    py: Python<'py>,
    x: PyReadonlyArray2<'py, f64>,
    alpha: Option<f64>,
    beta: Option<f64>,
    theta: f64,
    degree: Option<f64>,
    held_out: Option<PyReadonlyArray2<'py, f64>>,
    solver: &str,
    tolerance: f64,
    dense_up_to: usize,
    seed: u64,
    standardise: bool,
    start: Option<Vec<f64>>,
) -> PyResult<Bound<'py, PyDict>> {
    let first_order = match solver {
        "newton" => None,
        "fdpg" => Some(Method::Fdpg),
        "pds" => Some(Method::Pds { step_size: None }),
        "relaxed" => Some(Method::Relaxed { step_size: None }),
        _ => {
            let hint = "there are newton, fdpg, pds and relaxed";
            return Err(Failure::input(format!("there is no solver {solver:?}"), hint).into());
        }
    };
    let held_out = held_out.map(|x| signals_of(&x, standardise)).transpose()?;
    let signals = signals_of(&x, standardise)?;
    let answer = work::run(py, move |stop: &AtomicBool| {
        let nodes = signals.nodes();
        let mut learner = Learner {
            tolerance,
            dense_up_to,
            seed,
            start: start.as_deref(),
            watch: Watch { progress: None, cancel: Some(stop) },
            ..Learner::new(sparsity(alpha, beta, theta, degree, nodes))
        };
        if let Some(held_out) = held_out {
            let found = select(nodes, &distances::squared(&signals)?, &distances::squared(&held_out)?)?;
            learner.sparsity = Sparsity::Weights(found.weights);
        }
        let Some(method) = first_order else {
            return Ok(Answer::of(learner.from_signals(&signals)?));
        };
        let z = distances::squared(&signals)?;
        // the same sparsity as by Newton's method
        let weights = learner.from_distances(nodes, &z)?.weights;
        let solved = solve(method, nodes, &z, weights, tolerance, MOST_ITERATIONS)?.require()?;
        Ok(Answer {
            weights: Some(weights),
            objective: Some(solved.objective),
            gap: Some(solved.relative_gap()),
            iterations: Some(solved.iterations),
            graph: Graph::from_half(nodes, &solved.w, 0.0)?,
            lambda: solved.lambda,
            path: Vec::new(),
        })
    })?;
    answer.into_python(py)
}

/// Laplacian maximum likelihood, plain or refitted.
#[pyfunction]
#[pyo3(signature = (x, *, refit, held_out, tolerance, standardise))]
pub(crate) fn likelihood<'py>(
    py: Python<'py>,
    x: PyReadonlyArray2<'py, f64>,
    refit: bool,
    held_out: Option<PyReadonlyArray2<'py, f64>>,
    tolerance: f64,
    standardise: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let held_out = held_out.map(|x| signals_of(&x, standardise)).transpose()?;
    let signals = signals_of(&x, standardise)?;
    let answer = work::run(py, move |_| {
        let z = distances::squared(&signals)?;
        let settings = laplacian::Settings { tolerance, ..laplacian::Settings::default() };
        let (w, optimum, path) = if refit {
            let held_out = held_out.as_ref().map(distances::squared).transpose()?;
            let criterion = match &held_out {
                Some(held_out) => Criterion::HeldOut(held_out),
                None => Criterion::Bic(signals.observations()),
            };
            let refitted = laplacian::refit(&z, criterion, settings)?;
            (refitted.w, refitted.optimum, refitted.path)
        } else {
            let all = Candidates::all(&z)?;
            let optimum = laplacian::minimise(&all, None, settings)?;
            (all.half(&optimum.w)?, optimum, Vec::new())
        };
        if !optimum.converged {
            let (gap, iterations) = (optimum.gap, optimum.iterations);
            return Err(unspool_graph::Error::NotConverged { iterations, gap, tolerance }.into());
        }
        Ok(Answer {
            objective: Some(optimum.objective),
            gap: Some(optimum.gap),
            iterations: Some(optimum.iterations),
            path,
            ..Answer::plain(Graph::from_half(signals.nodes(), &w, 0.0)?)
        })
    })?;
    answer.into_python(py)
}

/// The trained network, with a probability for each edge.
#[pyfunction]
#[pyo3(signature = (x, *, probability, adapt, weights, standardise))]
pub(crate) fn network<'py>(
    py: Python<'py>,
    x: PyReadonlyArray2<'py, f64>,
    probability: f64,
    adapt: usize,
    weights: Option<PathBuf>,
    standardise: bool,
) -> PyResult<Bound<'py, PyDict>> {
    if !(0.0..1.0).contains(&probability) {
        let message = format!("the least probability of an edge is {probability}");
        return Err(Failure::input(message, "take a number from 0 up to 1, such as 0.5").into());
    }
    let signals = signals_of(&x, standardise)?;
    let answer = work::run(py, move |_| {
        let mut learned = match &weights {
            Some(path) => Network::read(path)?,
            None => Network::shipped()?,
        };
        if adapt > 0 {
            learned.adapt(&signals, adapt)?;
        }
        let nodes = signals.nodes();
        let problem = Problem::new(nodes, signals.observations(), &distances::squared(&signals)?)?;
        let Prediction { w, p } = learned.predict(&problem);
        let kept = w.iter().zip(&p).map(|(&w, &p)| if p >= probability { w } else { 0.0 }).collect::<Vec<f64>>();
        let graph = Graph::from_half(nodes, &kept, 0.0)?;
        let p = graph.edges().iter().map(|e| p[pairs::index(nodes, e.i, e.j)]).collect();
        Ok(Answer::plain(graph.with_probabilities(p)?))
    })?;
    answer.into_python(py)
}

/// Correlation: the pairs of largest absolute correlation.
#[pyfunction]
#[pyo3(signature = (x, *, degree, standardise))]
pub(crate) fn correlation<'py>(
    py: Python<'py>,
    x: PyReadonlyArray2<'py, f64>,
    degree: Option<f64>,
    standardise: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let signals = signals_of(&x, standardise)?;
    let answer = work::run(py, move |_| {
        let nodes = signals.nodes();
        let degree = degree.unwrap_or_else(|| 6f64.min(nodes.saturating_sub(2).max(1) as f64));
        let edges = (degree * nodes as f64 / 2.0).round().max(1.0) as usize;
        Ok(Answer::plain(baseline::thresholded(&signals, edges)?))
    })?;
    answer.into_python(py)
}

/// The half-vector of squared distances between the columns of `x`, per row.
#[pyfunction]
pub(crate) fn squared_distances<'py>(
    py: Python<'py>,
    x: PyReadonlyArray2<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let signals = signals_of(&x, false)?;
    Ok(work::run(py, move |_| Ok(distances::squared(&signals)?))?.into_pyarray(py))
}

/// The log-degree optimum of a half-vector of squared distances: the half-vector of weights, and the dual variables.
#[pyfunction]
pub(crate) fn log_degree_half<'py>(
    py: Python<'py>,
    nodes: usize,
    z: PyReadonlyArray1<'py, f64>,
    regularisers: (f64, f64, f64),
    tolerance: f64,
) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)> {
    let (z, (alpha, beta, theta)) = (vector(&z)?.to_vec(), regularisers);
    let (w, lambda) = work::run(py, move |stop: &AtomicBool| {
        let learner = Learner {
            tolerance,
            watch: Watch { progress: None, cancel: Some(stop) },
            ..Learner::new(Sparsity::Weights(Weights { alpha, beta, theta }))
        };
        let learned = learner.from_distances(nodes, &z)?;
        Ok((learned.graph.half(), learned.lambda))
    })?;
    Ok((w.into_pyarray(py), lambda.into_pyarray(py)))
}

/// The adjoint of [`log_degree_half`] at its optimum: gradients in `z` and in `(alpha, beta, theta)`.
#[pyfunction]
pub(crate) fn log_degree_adjoint<'py>(
    py: Python<'py>,
    nodes: usize,
    z: PyReadonlyArray1<'py, f64>,
    regularisers: (f64, f64, f64),
    lambda: PyReadonlyArray1<'py, f64>,
    cotangent: PyReadonlyArray1<'py, f64>,
) -> PyResult<(Bound<'py, PyArray1<f64>>, (f64, f64, f64))> {
    let (z, lambda, cotangent) = (vector(&z)?.to_vec(), vector(&lambda)?.to_vec(), vector(&cotangent)?.to_vec());
    let (alpha, beta, theta) = regularisers;
    let adjoint = work::run(py, move |_| {
        Ok(held_out::pull_back(nodes, &z, Weights { alpha, beta, theta }, &lambda, &cotangent)?)
    })?;
    let Weights { alpha, beta, theta } = adjoint.weights;
    Ok((adjoint.z.into_pyarray(py), (alpha, beta, theta)))
}

/// Twice the negative log-likelihood of a signal under a graph, at the best scale, up to a constant; infinite for one in
/// pieces.
#[pyfunction]
pub(crate) fn held_out_loss<'py>(
    py: Python<'py>,
    x: PyReadonlyArray2<'py, f64>,
    edges: PyReadonlyArray2<'py, i64>,
    weights: PyReadonlyArray1<'py, f64>,
) -> PyResult<f64> {
    let signals = signals_of(&x, false)?;
    let graph = graph_of(signals.nodes(), &edges, &weights)?;
    if graph.components() > 1 {
        return Ok(f64::INFINITY);
    }
    work::run(py, move |_| {
        let z = distances::squared(&signals)?;
        Ok(Loss::Likelihood.evaluate(signals.nodes(), &z, &graph.half(), &mut vec![0.0; z.len()])?)
    })
}

fn graph_of(nodes: usize, edges: &PyReadonlyArray2<'_, i64>, weights: &PyReadonlyArray1<'_, f64>) -> Result<Graph> {
    let ((ends, count, _), weights) = (matrix(edges)?, vector(weights)?);
    if count != weights.len() {
        let message = format!("there are {} weights for {count} edges", weights.len());
        return Err(Failure::input(message, "give one weight an edge"));
    }
    let node = |v: i64| {
        usize::try_from(v).map_err(|_| Failure::input(format!("an edge has the node {v}"), "count nodes from 0"))
    };
    let edge = |(ends, &weight): (&[i64], &f64)| Ok(Edge { i: node(ends[0])?, j: node(ends[1])?, weight });
    Ok(Graph::new(nodes, ends.chunks_exact(2).zip(weights).map(edge).collect::<Result<_>>()?)?)
}

/// Edges in the engine's order and with smaller ends first; errors as the engine's.
#[pyfunction]
pub(crate) fn sorted_edges<'py>(
    py: Python<'py>,
    nodes: usize,
    edges: PyReadonlyArray2<'py, i64>,
    weights: PyReadonlyArray1<'py, f64>,
) -> PyResult<(Bound<'py, PyArray2<i64>>, Bound<'py, PyArray1<f64>>)> {
    let graph = graph_of(nodes, &edges, &weights)?;
    Ok((edges_of(py, &graph)?, weights_of(py, &graph)))
}

/// Nodes, edges, weights, names, positions, probabilities.
type Parts<'py> = (
    usize,
    Bound<'py, PyArray2<i64>>,
    Bound<'py, PyArray1<f64>>,
    Vec<String>,
    Bound<'py, PyArray2<f64>>,
    Bound<'py, PyArray1<f64>>,
);

/// Reads a graph file.
#[pyfunction]
pub(crate) fn read_graph(py: Python<'_>, path: PathBuf) -> PyResult<Parts<'_>> {
    let graph = work::run(py, move |_| Ok(io::read_graph(&path)?))?;
    let positions: Vec<f64> = graph.positions().iter().flatten().copied().collect();
    let positions = to_matrix(py, positions, graph.positions().len(), 2)?;
    let probabilities = PyArray1::from_slice(py, graph.probabilities());
    let (edges, weights) = (edges_of(py, &graph)?, weights_of(py, &graph));
    Ok((graph.nodes(), edges, weights, graph.names().to_vec(), positions, probabilities))
}

/// Writes a graph file: whole, or not at all.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub(crate) fn write_graph<'py>(
    py: Python<'py>,
    path: PathBuf,
    nodes: usize,
    edges: PyReadonlyArray2<'py, i64>,
    weights: PyReadonlyArray1<'py, f64>,
    names: Vec<String>,
    positions: Vec<[f64; 2]>,
    probabilities: Vec<f64>,
) -> PyResult<()> {
    let mut graph = graph_of(nodes, &edges, &weights)?;
    if !names.is_empty() {
        graph = graph.with_names(names).map_err(Failure::from)?;
    }
    if !positions.is_empty() {
        graph = graph.with_positions(positions).map_err(Failure::from)?;
    }
    if !probabilities.is_empty() {
        graph = graph.with_probabilities(probabilities).map_err(Failure::from)?;
    }
    work::run(py, move |_| Ok(io::write_graph(&path, &graph)?))
}

/// A position for each node.
#[pyfunction]
pub(crate) fn layout_graph<'py>(
    py: Python<'py>,
    nodes: usize,
    edges: PyReadonlyArray2<'py, i64>,
    weights: PyReadonlyArray1<'py, f64>,
    seed: u64,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let graph = graph_of(nodes, &edges, &weights)?;
    let places = work::run(py, move |_| Ok(layout::layout(&graph, seed)))?;
    to_matrix(py, places.concat(), nodes, 2)
}

/// Names and values of the metrics of a learned graph.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub(crate) fn score_graph<'py>(
    nodes: usize,
    edges: PyReadonlyArray2<'py, i64>,
    weights: PyReadonlyArray1<'py, f64>,
    true_nodes: usize,
    true_edges: PyReadonlyArray2<'py, i64>,
    true_weights: PyReadonlyArray1<'py, f64>,
) -> PyResult<Vec<(&'static str, f64)>> {
    let (learned, truth) = (graph_of(nodes, &edges, &weights)?, graph_of(true_nodes, &true_edges, &true_weights)?);
    Ok(metrics::score(&learned, &truth).map_err(Failure::from)?.named().to_vec())
}

/// Signals that come with the package: values, names of nodes, positions.
#[pyfunction]
pub(crate) fn example_signals<'py>(
    py: Python<'py>,
    name: &str,
) -> PyResult<(Bound<'py, PyArray2<f64>>, Vec<String>, Bound<'py, PyArray2<f64>>)> {
    let (signals, table) = example::load(name).map_err(Failure::from)?;
    let (rows, nodes) = (signals.observations(), signals.nodes());
    let places = table.positions_of(nodes, signals.names()).map_err(Failure::from)?;
    let values = to_matrix(py, signals.values().to_vec(), rows, nodes)?;
    Ok((values, signals.names().to_vec(), to_matrix(py, places.concat(), nodes, 2)?))
}
