//! Weighted graphs and signals on them, as in Pu et al. (2021): what the solvers are tested with.
//!
//! Weights are `exp(0.1 N(0,1))`, averaged over the two directions of an edge and scaled to a mean degree of 1; signals
//! are Gaussian with the inverse of the (slightly regularised) Laplacian as covariance.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::linalg::cholesky::{SymbolicCholesky, SymmetricOrdering, factorize_symbolic_cholesky};
use faer::sparse::{SparseColMat, Triplet};
use faer::{Conj, MatMut, Par, Side};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::{Edge, Graph, Signals};

/// Signals solved for at once.
const TOGETHER: usize = 16;

/// The graph with random weights `(exp(0.1 a) + exp(0.1 b)) / 2`, `a`, `b` standard normal, scaled so that the mean
/// degree is 1.
pub fn weigh(graph: &Graph, seed: u64) -> Result<Graph> {
    let mut normal = StandardNormal.sample_iter(ChaCha8Rng::seed_from_u64(seed)).map(|x: f64| (0.1 * x).exp());
    let mut draw = || normal.next().unwrap_or(1.0);
    let edges: Vec<Edge> = graph.edges().iter().map(|edge| Edge { weight: (draw() + draw()) / 2.0, ..*edge }).collect();
    let scale = graph.nodes() as f64 / (2.0 * edges.iter().map(|edge| edge.weight).sum::<f64>());
    graph.with_weights(edges.iter().map(|edge| edge.weight * scale))
}

/// `observations` independent signals from `N(0, (L + epsilon I)^-1)`, `L` the Laplacian of the graph.
///
/// With `B` the incidence matrix, `B' W^(1/2) a + epsilon^(1/2) b` has covariance `L + epsilon I` for standard normal
/// `a`, `b`; a sparse Cholesky factorisation then solves for the signals in place.
///
/// # Complexity
/// The factorisation: nearly linear for graphs in the plane, up to cubic for expanders (`m = 10,000`: seconds). Memory:
/// the factor and the signals. The result does not depend on the number of threads.
///
/// # Errors
/// Negative weights, `epsilon` that is not positive, no observation, too little memory for the factor.
///
/// ```
/// use unspool_graph::{generate::Family, simulate};
/// let graph = simulate::weigh(&Family::BarabasiAlbert { attach: 3 }.generate(20, 0)?, 1)?;
/// let signals = simulate::signals(&graph, 3000, 1e-4, 2)?;
/// assert_eq!((graph.edges().len(), signals.observations()), (51, 3000));
/// # Ok::<(), unspool_graph::Error>(())
/// ```
pub fn signals(graph: &Graph, observations: usize, epsilon: f64, seed: u64) -> Result<Signals> {
    crate::error::check_positive("epsilon", epsilon)?;
    if let Some(edge) = graph.edges().iter().find(|edge| edge.weight < 0.0) {
        let problem = format!("edge ({}, {}) has weight {}", edge.i, edge.j, edge.weight);
        return Err(Error::data(problem, "signals need a graph without negative weights"));
    }
    let m = graph.nodes();
    let failed =
        |what: &str| Error::data(format!("the Laplacian cannot be factored: {what}"), "take fewer nodes or edges");
    // its lower triangle
    let diagonal = graph.degrees().into_iter().enumerate().map(|(i, d)| Triplet::new(i, i, d + epsilon));
    let below = graph.edges().iter().map(|edge| Triplet::new(edge.j, edge.i, -edge.weight));
    let entries: Vec<_> = diagonal.chain(below).collect();
    let matrix =
        SparseColMat::<usize, f64>::try_new_from_triplets(m, m, &entries).map_err(|e| failed(&format!("{e:?}")))?;
    let symbolic: SymbolicCholesky<usize> =
        factorize_symbolic_cholesky(matrix.symbolic(), Side::Lower, SymmetricOrdering::Amd, Default::default())
            .map_err(|e| failed(&format!("{e:?}")))?;
    let mut values = Vec::new();
    values.try_reserve_exact(symbolic.len_val()).map_err(|e| failed(&e.to_string()))?;
    values.resize(symbolic.len_val(), 0.0);
    let memory = symbolic.factorize_numeric_llt_scratch::<f64>(Par::Seq, Default::default());
    let mut memory = MemBuffer::try_new(memory).map_err(|_| failed("too little memory"))?;
    let (stack, par) = (MemStack::new(&mut memory), Par::Seq);
    let factor = symbolic
        .factorize_numeric_llt(
            &mut values,
            matrix.as_ref(),
            Side::Lower,
            Default::default(),
            par,
            stack,
            Default::default(),
        )
        .map_err(|e| failed(&format!("{e:?}")))?;
    let mut out = Vec::new();
    out.try_reserve_exact(m.saturating_mul(observations)).map_err(|e| failed(&e.to_string()))?;
    out.resize(m * observations, 0.0);
    let scratch = symbolic.solve_in_place_scratch::<f64>(TOGETHER, Par::Seq);
    out.par_chunks_mut(TOGETHER * m).enumerate().for_each(|(block, out)| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(block as u64);
        for x in out.chunks_exact_mut(m) {
            for (x, noise) in x.iter_mut().zip(StandardNormal.sample_iter(&mut rng)) {
                let noise: f64 = noise;
                *x = epsilon.sqrt() * noise;
            }
            for (edge, noise) in graph.edges().iter().zip(StandardNormal.sample_iter(&mut rng)) {
                let noise: f64 = noise;
                x[edge.i] += edge.weight.sqrt() * noise;
                x[edge.j] -= edge.weight.sqrt() * noise;
            }
        }
        // one signal a row here is one a column there
        let count = out.len() / m;
        let rhs = MatMut::from_column_major_slice_mut(out, m, count);
        factor.solve_in_place_with_conj(Conj::No, rhs, Par::Seq, MemStack::new(&mut MemBuffer::new(scratch)));
    });
    let signals = Signals::new(out, m)?;
    if graph.names().is_empty() { Ok(signals) } else { signals.with_names(graph.names().to_vec()) }
}
