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
//! Derivatives are those of `num-dual`'s formulas: `tanh` comes from `sinh` and `cosh`, which
//! overflow where `tanh` does not, and `powf` with a fractional exponent can be NaN at 0 where its
//! value is not. The remainder `%` does not exist for dual numbers, and panics.
//!
//! # Complexity
//! Forward mode, eight partial derivatives in one evaluation: for `d` variables and `p` parameters
//! a gradient takes `ceil(d/8)` evaluations of the function; tables stand with [`Auto`] and
//! [`AutoMap`]. Recommended for `d` up to a few hundred; beyond that, write the oracles.
//!
//! Such numbers do not fit into the scratch of the traits. They live in vectors that each thread
//! keeps for its next call: the first call allocates, later ones do not, and no mode counts them
//! in its memory. A vector holds the size of `10 (d + p)`, `20 (d + p)` or `40 (d + p)` numbers
//! `F` for derivatives of first, second or third order.

mod evaluate;
mod numbers;
mod objective;
mod scalar;
mod spare;
mod update;

pub use num_dual::{self, DualNum};
pub use objective::{Auto, Objective};
pub use scalar::Scalar;
pub use update::{AutoMap, Update};
