//! Heavy ball (Polyak 1964): `x_{t+1} = x_t - h grad f(x_t) + q (x_t - x_{t-1})`.

use super::inertial::{Coefficients, Inertial, Schedule};
use crate::Real;
use crate::problem::{NoPenalty, Smooth};

/// The coefficients of [`heavy_ball`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeavyBall<F> {
    /// Step size `h`.
    pub step_size: F,
    /// Momentum `q`.
    pub momentum: F,
}

impl<F: Real> HeavyBall<F> {
    /// The best for a spectrum in `[ell, big_l]`: `h = 4/(sqrt L + sqrt ell)^2` and
    /// `q = ((sqrt L - sqrt ell)/(sqrt L + sqrt ell))^2`; rate `sqrt q`.
    pub fn tuned(ell: F, big_l: F) -> Self {
        let (a, b) = (ell.wide().sqrt(), big_l.wide().sqrt());
        let (sum, difference) = (a + b, b - a);
        HeavyBall { step_size: F::of(4.0 / (sum * sum)), momentum: F::of((difference / sum).powi(2)) }
    }
}

impl<F: Real> Schedule<F> for HeavyBall<F> {
    /// The first step, which has no past, is `h / (1 + q)`.
    fn at(&self, t: usize) -> Coefficients<F> {
        let step_size = if t == 0 { self.step_size / (F::one() + self.momentum) } else { self.step_size };
        Coefficients { step_size, momentum: self.momentum, extrapolation: F::zero() }
    }
}

/// Heavy ball with a fixed step size and momentum; see [`HeavyBall::tuned`].
///
/// On a quadratic its residual polynomial is
/// `q^(t/2) [2q/(1+q) T_t(s) + (1-q)/(1+q) U_t(s)]`, `s = (1 + q - h lambda)/(2 sqrt q)`.
pub fn heavy_ball<F: Real, P: Smooth<F> + ?Sized>(
    problem: &P,
    coefficients: HeavyBall<F>,
) -> Inertial<'_, F, P, NoPenalty, HeavyBall<F>> {
    Inertial::smooth(problem, coefficients)
}
