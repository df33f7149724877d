//! The compiled half of the Python package `unspool`: it converts, and calls the crates.

mod array;
mod error;
mod graph;
mod image;
mod network;
mod unroll;
mod work;

use pyo3::prelude::*;

#[pymodule]
mod _unspool {
    #[pymodule_export]
    use super::graph::{
        correlation, example_signals, held_out_loss, layout_graph, likelihood, log_degree, log_degree_adjoint,
        log_degree_half, network, read_graph, score_graph, sorted_edges, squared_distances, write_graph,
    };
    #[pymodule_export]
    use super::image::{
        demosaick_array, estimate_noise, explain_demosaick, explain_interpolate, interpolate_array, mosaick,
    };
    #[pymodule_export]
    use super::network::{PriorNetwork, image_weights};
    #[pymodule_export]
    use super::unroll::{Problem, Solver, Tuned, advise, curse, tune};
}
