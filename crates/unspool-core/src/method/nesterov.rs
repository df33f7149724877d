//! Nesterov's method for strongly convex problems (2004, 2.2.22):
//! `y_t = x_t + q (x_t - x_{t-1})`, `x_{t+1} = y_t - h grad f(y_t)`.

use super::inertial::{Coefficients, Inertial, Schedule};
use crate::Real;
use crate::problem::{NoPenalty, Smooth};

/// The coefficients of [`nesterov`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nesterov<F> {
    /// Step size `h`.
    pub step_size: F,
    /// Momentum `q`.
    pub momentum: F,
}

impl<F: Real> Nesterov<F> {
    /// For a spectrum in `[ell, big_l]`: `h = 1/L` and
    /// `q = (1 - sqrt(ell/L))/(1 + sqrt(ell/L))`; rate about `1 - sqrt(ell/L)`.
    pub fn tuned(ell: F, big_l: F) -> Self {
        let root = (ell.wide() / big_l.wide()).sqrt();
        Nesterov { step_size: F::of(1.0 / big_l.wide()), momentum: F::of((1.0 - root) / (1.0 + root)) }
    }
}

impl<F: Real> Schedule<F> for Nesterov<F> {
    fn at(&self, _: usize) -> Coefficients<F> {
        Coefficients { step_size: self.step_size, momentum: self.momentum, extrapolation: self.momentum }
    }
}

/// Nesterov's method with a fixed step size and momentum; see [`Nesterov::tuned`].
///
/// Its derivative has no burn-in on a quadratic and it forgives rough spectral edges: the method
/// to take when in doubt.
pub fn nesterov<F: Real, P: Smooth<F> + ?Sized>(
    problem: &P,
    coefficients: Nesterov<F>,
) -> Inertial<'_, F, P, NoPenalty, Nesterov<F>> {
    Inertial::smooth(problem, coefficients)
}
