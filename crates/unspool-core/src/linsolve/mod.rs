//! Linear systems: what implicit differentiation and Newton's method solve.

pub mod cg;
pub mod dense;
