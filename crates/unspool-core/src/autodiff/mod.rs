//! Problems and update rules of one's own, written as one generic function; every derivative comes
//! from the dual numbers of the crate `num-dual`. Needs the feature `autodiff`.
//!
//! | written | wrapped | is |
//! |---|---|---|
//! | [`Objective`]: `f(x, theta)` | [`Auto`] | [`Smooth`](crate::problem::Smooth) and [`ThirdOrder`](crate::problem::ThirdOrder): for every method and mode |
//! | [`Update`]: `T_t(x, theta)` | [`AutoMap`] | [`Map`](crate::Map), [`Jvp`](crate::Jvp) and [`Vjp`](crate::Vjp): for every mode |
//!
//! # Writing the function
//! It is generic over a number `D`: `F` itself, or `F` with derivatives attached. `D` has the
//! operators with `D` and with `F` on the right (`x[0] * 2.0`), and the elementary functions as
//! methods; a constant on the left is `D::from(2.0) / x[0]`; sums start from `D::zero()`, or are
//! `sum::<D>()`. Comparisons look at the values alone, so branches are allowed, and differentiated
//! as the branch taken: `if r > 0.0 { r * r } else { D::zero() }`.
//!
//! A derivative is only as good as the formula. `num-dual` computes `tanh` from `sinh` and `cosh`,
//! which overflow where `tanh` does not, and `powf` with a fractional exponent is NaN at 0, even
//! where its value is 0. The remainder `%` is not there, and panics.
//!
//! # Complexity
//! Forward mode, eight partial derivatives in one evaluation: for `d` variables and `p` parameters
//! a gradient takes `ceil(d/8)` evaluations of the function; tables stand with [`Auto`] and
//! [`AutoMap`]. Recommended for `d` up to a few hundred; beyond that, write the oracles.
//!
//! The numbers do not fit into the scratch of the traits. They live in vectors that each thread
//! keeps for the next call, so that nothing is allocated after the first, and that no mode counts
//! as its memory: `8 (d + p)` to `40 (d + p)` times `F` for each kind of oracle used.

mod numbers;
mod objective;
mod spare;
mod update;

use num_dual::DualNumFloat;

pub use num_dual::{self, DualNum};
pub use objective::{Auto, Objective};
pub use update::{AutoMap, Update};

use crate::Real;

/// `f32` or `f64`, as seen by this crate and by `num-dual`: for objectives and updates written for
/// both.
///
/// ```
/// use unspool_core::autodiff::{Auto, DualNum, Objective, Scalar};
/// use unspool_core::problem::Smooth;
///
/// /// `1/2 exp(theta) |x - c|^2`
/// struct Bowl<F>(Vec<F>);
/// impl<F: Scalar> Objective<F> for Bowl<F> {
///     fn dim(&self) -> usize {
///         self.0.len()
///     }
///     fn params(&self) -> usize {
///         1
///     }
///     fn value<D: DualNum<Primitive = F> + Copy>(&self, x: &[D], theta: &[D]) -> D {
///         x.iter().zip(&self.0).map(|(&x, &c)| (x - c).powi(2)).sum::<D>() * theta[0].exp() * F::of(0.5)
///     }
/// }
/// let (mut single, mut double) = ([0f32; 2], [0f64; 2]);
/// Auto(Bowl(vec![1f32, 2.0])).gradient(&[0.0, 0.0], &[0.0], &mut single, &mut []);
/// Auto(Bowl(vec![1f64, 2.0])).gradient(&[0.0, 0.0], &[0.0], &mut double, &mut []);
/// assert_eq!((single, double), ([-1.0, -2.0], [-1.0, -2.0]));
/// ```
pub trait Scalar: Real + DualNumFloat + DualNum<Primitive = Self> {}

impl<F: Real + DualNumFloat + DualNum<Primitive = F>> Scalar for F {}
