//! Iterative solvers as differentiable maps.
pub mod kernels;
pub mod real;
pub use real::Real;
