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
    ell: f64,
    big_l: f64,
    /// `(1 - sqrt kappa)/(1 + sqrt kappa)`, the rate.
    xi: f64,
}

impl Chebyshev {
    /// For a spectrum in `[ell, big_l]`, `0 < ell < big_l`.
    pub fn new<F: Real>(ell: F, big_l: F) -> Self {
        let (ell, big_l) = (ell.wide(), big_l.wide());
        let root = (ell / big_l).sqrt();
        Chebyshev { ell, big_l, xi: (1.0 - root) / (1.0 + root) }
    }

    /// `delta_n = C_{n-1}(m0)/C_n(m0) = -xi (1 + xi^(2n-2))/(1 + xi^(2n))`: the recurrence in
    /// closed form, so that no step needs those before it.
    fn delta(&self, n: i32) -> f64 {
        -self.xi * (1.0 + self.xi.powi(2 * n - 2)) / (1.0 + self.xi.powi(2 * n))
    }
}

impl<F: Real> Schedule<F> for Chebyshev {
    fn at(&self, t: usize) -> Coefficients<F> {
        let (width, n) = (self.big_l - self.ell, i32::try_from(t + 1).unwrap_or(i32::MAX / 4).min(i32::MAX / 4));
        let (step_size, momentum) = if t == 0 {
            (2.0 / (self.big_l + self.ell), 0.0)
        } else {
            let delta = self.delta(n);
            (-4.0 * delta / width, delta * self.delta(n - 1))
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
