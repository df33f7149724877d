//! Chebyshev's semi-iterative method (Golub, Varga 1961) for a spectrum in `[ell, L]`.
//!
//! ```text
//! m0 = -(L + ell)/(L - ell),   delta_1 = 1/m0,   delta_n = 1/(2 m0 - delta_{n-1})
//! x_1 = x_0 - 2/(L + ell) grad f(x_0)
//! x_n = x_{n-1} + 4 delta_n/(L - ell) grad f(x_{n-1}) + delta_n delta_{n-1} (x_{n-1} - x_{n-2})
//! ```

use super::inertial::{Coefficients, Inertial, Schedule};
use crate::Real;
use crate::problem::{NoPenalty, Smooth};

/// The coefficients of [`chebyshev`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chebyshev {
    /// `2/(L + ell)`, the first step size.
    first: f64,
    /// `4 xi/(L - ell) = 4/(sqrt L + sqrt ell)^2`, the last.
    last: f64,
    /// `(1 - sqrt kappa)/(1 + sqrt kappa)`, the rate.
    xi: f64,
}

impl Chebyshev {
    /// For a spectrum in `[ell, big_l]`, `0 < ell <= big_l`. Where both are equal this is gradient
    /// descent with step size `1/L`.
    pub fn new<F: Real>(ell: F, big_l: F) -> Self {
        let (ell, big_l) = (ell.wide(), big_l.wide());
        let root = (ell / big_l).sqrt();
        let last = 4.0 / (big_l * (1.0 + root) * (1.0 + root));
        Chebyshev { first: 2.0 / (big_l + ell), last, xi: (1.0 - root) / (1.0 + root) }
    }

    /// `-delta_n/xi`, with `delta_n = C_{n-1}(m0)/C_n(m0) = -xi (1 + xi^(2n-2))/(1 + xi^(2n))`: the
    /// recurrence in closed form, so that no step needs those before it.
    fn ratio(&self, n: i32) -> f64 {
        (1.0 + self.xi.powi(2 * n - 2)) / (1.0 + self.xi.powi(2 * n))
    }
}

impl<F: Real> Schedule<F> for Chebyshev {
    fn at(&self, t: usize) -> Coefficients<F> {
        let n = i32::try_from(t).unwrap_or(i32::MAX).min(i32::MAX / 4) + 1;
        let (step_size, momentum) = if t == 0 {
            (self.first, 0.0)
        } else {
            let ratio = self.ratio(n);
            (self.last * ratio, self.xi * self.xi * ratio * self.ratio(n - 1))
        };
        Coefficients { step_size: F::of(step_size), momentum: F::of(momentum), extrapolation: F::zero() }
    }
}

/// Chebyshev's method: on a quadratic with this spectrum, the least worst-case error of `x_t` for
/// every `t`. Its derivative has the longest burn-in for its speed (Scieur et al. 2022, section 4).
pub fn chebyshev<F: Real, P: Smooth<F> + ?Sized>(
    problem: &P,
    coefficients: Chebyshev,
) -> Inertial<'_, F, P, NoPenalty, Chebyshev> {
    Inertial::smooth(problem, coefficients)
}
