//! Learn a weighted graph from signals on its nodes.
//!
//! Signals are the rows of a matrix `X` (`n` observations of `m` nodes). From them come squared
//! distances `z_ij = (1/n) sum_k (x_ki - x_kj)^2` for each pair of nodes, and from these a graph:
//!
//! | model | module |
//! |---|---|
//! | log-degree: `min 2 theta z'w - alpha 1'log(D w) + beta ||w||^2`, `w >= 0` | [`log_degree`] |
//! | maximum likelihood: `min z'w - log det(L(w) + 11'/m)`, `w >= 0` | [`laplacian`] |
//! | correlation, pseudo-inverse | [`baseline`] |
//!
//! Signals, distances, positions and graphs come from files and go to files: [`io`].
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../../book/src/maths-graphs.md")]
struct Mathematics;

pub mod baseline;
pub mod distances;
pub mod example;
pub mod generate;
pub mod graph;
pub mod io;
pub mod laplacian;
pub mod layout;
pub mod learn;
pub mod log_degree;
pub mod metrics;
pub mod pairs;
pub mod points;
pub mod signals;
pub mod simulate;

mod error;
mod gap;
mod unit;

pub use error::{Error, Result};
pub use graph::{Edge, Graph};
pub use signals::Signals;
