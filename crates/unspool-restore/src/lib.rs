//! Graph-smoothness transformers: demosaicking and interpolation by unrolled graph filters.

pub mod cg;
pub mod conv;
pub mod glr;
pub mod grid;
pub mod gtv;
pub mod window;

pub use grid::Grid;
