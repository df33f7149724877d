//! Iterative solvers as differentiable maps.
//!
//! A solver is a map `x_{t+1} = T_t(x_t, theta)` on a state `x` with parameters `theta`. This crate
//! runs it, differentiates through its iterations in any way that makes sense, and reports what that
//! cost and whether it can be trusted.
//!
//! ```
//! use unspool_core::problem::{Groups, Quadratic};
//! use unspool_core::{Mode, Solve, Stop, method::GradientDescent};
//!
//! // minimise 1/2 x'A x + b'x + 1/2 sum_j exp(theta_j) x_j^2
//! let problem = Quadratic::new(vec![2.0, 0.5, 0.5, 1.0], vec![-1.0, 1.0], Groups::PerFeature)?;
//! let map = GradientDescent::new(&problem, 0.3); // what is iterated
//! let solve = Solve::new(&map, &[0.0, 0.0]).stop(Stop::tolerance(1e-12)); // how it is run
//! let theta = [-1.0, 0.5];
//! // how it is differentiated: the gradient of x_0 + 2 x_1 in theta
//! let outer = |_: &[f64], c: &mut [f64]| c.copy_from_slice(&[1.0, 2.0]);
//! let unrolled = solve.vjp(&theta, Mode::full(), outer)?;
//! let implicit = solve.vjp(&theta, Mode::implicit(), outer)?;
//! assert!((unrolled.theta[0] - implicit.theta[0]).abs() < 1e-9);
//! println!("{} steps, {:?}", unrolled.cost.steps, unrolled.status);
//! # Ok::<(), unspool_core::Error>(())
//! ```
//!
//! | term | meaning |
//! |---|---|
//! | [`Map`], [`Jvp`], [`Vjp`] | one step, its tangent, its adjoint |
//! | [`Solve`], [`Stop`], [`Status`] | a map with a start; when to stop; how it ended |
//! | [`Mode`] | how a run is differentiated; the table is in [`diff`] |
//! | [`method`] | gradient descent, heavy ball, Nesterov, Chebyshev, Sobolev, Newton, ISTA, FISTA, conjugate gradient |
//! | [`problem`] | quadratic, ridge, logistic, multinomial, lasso, elastic net; [`problem::Smooth`] for one's own |
//! | [`data`] | dense and sparse data matrices |
//! | `autodiff` | problems and update rules from one generic function (feature `autodiff`) |
//! | [`batch`] | many problems at once, each with its own outcome |
//! | [`check`], [`zoo`] | are these derivatives right? maps with known answers |
//!
//! Features: `autodiff` (off by default) brings `num-dual`. Scalars: `f64` and `f32`. Results do not
//! depend on the number of threads, bit for bit; threads are those of the rayon pool of the caller.
//! What is promised, and the test of each promise: `NUMERICS.md` in the repository.
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

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
pub mod spectrum;
pub mod trust;
pub mod warm;
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

#[cfg(all(doctest, feature = "autodiff"))]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../../book/src/introduction.md")]
struct Introduction;

#[cfg(doctest)]
#[doc = include_str!("../../../book/src/choose-mode.md")]
struct ChooseMode;
