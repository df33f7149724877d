//! Layers, each with its adjoint: `forward` and `backward` in one file.
//!
//! Features of many points lie channel after channel: channel `c` of point `p` at `c * points + p`.

pub mod activation;
pub mod graph_conv;
pub mod linear;
pub mod unrolled;

pub use graph_conv::GraphConv;
pub use linear::Linear;
pub use unrolled::Unrolled;
