//! Iterative solvers as differentiable maps.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "autodiff")]
pub mod autodiff;
pub mod batch;
pub mod check;
pub mod data;
pub mod diff;
pub mod kernels;
pub mod linsolve;
pub mod method;
pub mod par;
pub mod problem;
pub mod zoo;

mod error;
mod map;
mod real;
mod run;

pub use diff::{Adjoint, Cost, LinearSolver, Mode, Span, Tangents, Tape};
pub use error::{Error, Result};
pub use map::{At, Condition, Dims, Jvp, Map, Vjp};
pub use real::Real;
pub use run::{Solution, Solve, Status, Stop, Stream};
