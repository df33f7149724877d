//! The commands.

pub(crate) mod advise;
pub(crate) mod config;
pub(crate) mod curse;
pub(crate) mod eval;
pub(crate) mod graph;
pub(crate) mod image;
pub(crate) mod learn_graph;
pub(crate) mod predict;
pub(crate) mod reproduce;
pub(crate) mod runs;
pub(crate) mod shell;
pub(crate) mod simulate;
mod source;
mod stop;
mod subject;
pub(crate) mod train;
pub(crate) mod tune;

use std::path::Path;

use crate::exit::Failure;

/// Version of the layout of JSON documents on standard output.
const SCHEMA_VERSION: u32 = 1;

/// What standard input is called in messages.
const STANDARD_INPUT: &str = "standard input";

/// Whether the name stands for standard input.
fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Sets the number of threads.
fn build_threads(threads: Option<u16>) -> Result<(), Failure> {
    let Some(threads) = threads else { return Ok(()) };
    let built = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
    built.map_err(|error| Failure::new(format!("{threads} threads cannot be had: {error}"), "ask for fewer"))
}
