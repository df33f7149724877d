//! Graph-smoothness transformers: demosaicking and interpolation by unrolled graph filters.

pub mod conv;
pub mod grid;
pub mod window;

pub use grid::Grid;
