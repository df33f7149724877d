//! Learn a weighted graph from signals on its nodes.
//!
//! Signals are the rows of a matrix `X` (`n` observations of `m` nodes). From them come squared
//! distances `z_ij = (1/n) sum_k (x_ki - x_kj)^2` for each pair of nodes, and from these a graph:
//!
//! | model | module |
//! |---|---|
//! | log-degree: `min 2 z'w - alpha 1'log(D w) + beta ||w||^2`, `w >= 0` | [`log_degree`] |

pub mod distances;
pub mod graph;
pub mod layout;
pub mod log_degree;
pub mod pairs;
pub mod points;
pub mod signals;

mod error;

pub use error::{Error, Result};
pub use graph::{Edge, Graph};
pub use signals::Signals;
