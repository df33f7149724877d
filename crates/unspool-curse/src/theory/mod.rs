//! What theory says of the Jacobian after `t` steps on a quadratic.

pub mod bounds;
pub mod chebyshev;
pub mod gradient_descent;
pub mod identity;
pub mod polynomial;
pub mod sobolev;
mod spectrum;

pub(crate) use identity::divided;
pub use polynomial::{Residual, Scheme};
pub use spectrum::Spectrum;
