//! Chebyshev's method for a number of steps `T` that is known beforehand: the answer is a weighted
//! average of its iterates.
//!
//! ```text
//! x_T = sum_{k<=T} w_k y_k,   sum_k w_k = 1,   y_k Chebyshev's iterates
//! ```
//!
//! Before the horizon the weight that is left lies on the newest iterate,
//! `x_t = sum_{k<=t} w_k y_k + (1 - sum_{k<=t} w_k) y_t`, which makes the average one update:
//!
//! ```text
//! x_{t+1} = x_t + r_t (y_{t+1} - y_t),   r_t = sum_{k>t} w_k
//! ```
//!
//! Behind it the method is Chebyshev's, started afresh from `x_T`: running on can only help, and the
//! limit is the solution in every mode of differentiation.

use super::chebyshev::Chebyshev;
use super::inertial::{Coefficients, Schedule};
use super::multistep::{Multistep, Recurrence, Recurrent};
use crate::error::{check_finite, check_range};
use crate::problem::Smooth;
use crate::{Real, Result};

/// The coefficients of [`horizon`].
#[derive(Clone, Debug, PartialEq)]
pub struct Horizon {
    chebyshev: Chebyshev,
    /// `r_t` for `t < T`.
    rest: Vec<f64>,
}

impl Horizon {
    /// For a spectrum in `[ell, big_l]` and `T = weights.len() - 1` steps.
    ///
    /// # Errors
    /// Not `0 < ell < big_l`; no weights, weights that are not finite or whose sum is not one (to
    /// 1e-6).
    pub fn new<F: Real>(ell: F, big_l: F, weights: Vec<f64>) -> Result<Self> {
        check_range("ell", ell.wide(), ell > F::zero() && ell < big_l, "positive and below L")?;
        check_range("L", big_l.wide(), big_l.wide().is_finite(), "finite")?;
        check_finite("the weights", &weights)?;
        let sum: f64 = weights.iter().sum();
        check_range("the sum of the weights", sum, (sum - 1.0).abs() <= 1e-6, "one")?;
        let mut rest = weights;
        rest.remove(0);
        for t in (1..rest.len()).rev() {
            rest[t - 1] += rest[t];
        }
        Ok(Horizon { chebyshev: Chebyshev::new(ell, big_l), rest })
    }

    /// `T`, the number of steps after which the answer is the weighted average.
    pub fn steps(&self) -> usize {
        self.rest.len()
    }
}

impl<F: Real> Recurrent<F, 3> for Horizon {
    /// On `[x_t, y_t, y_{t-1}]`; when the method starts (afresh), `y_t` is `x_t`.
    fn at(&self, t: usize) -> Recurrence<F, 3> {
        let (n, r) = match self.rest.get(t) {
            Some(&r) => (t, r),
            None => (t - self.rest.len(), 1.0),
        };
        let Coefficients { step_size: h, momentum: q, .. } = Schedule::<f64>::at(&self.chebyshev, n);
        let next = [0.0, 1.0 + q, -q];
        let (mix, point) = if n == 0 {
            ([[1.0, 0.0, 0.0]; 3], 0)
        } else if t < self.rest.len() {
            ([[1.0, r * q, -r * q], next, [0.0, 1.0, 0.0]], 1)
        } else {
            ([next, next, [0.0, 1.0, 0.0]], 1)
        };
        Recurrence { mix: mix.map(|row| row.map(F::of)), step_size: [r * h, h, 0.0].map(F::of), point }
    }
}

/// Chebyshev's method with a weighted average of its iterates as the answer.
///
/// With the right weights the Jacobian has no burn-in and the best possible worst case after `T`
/// steps; what they are depends on the spectrum and on `T` (crate `unspool-curse`, `horizon::weights`). The
/// solution itself is less accurate than Chebyshev's, by a factor that does not grow with `T`.
///
/// Frozen steps (`polish`, `implicit:neumann`) need a run that reaches its horizon.
///
/// # State
/// `x_t, y_t, y_{t-1}`.
pub fn horizon<F: Real, P: Smooth<F> + ?Sized>(problem: &P, coefficients: Horizon) -> Multistep<'_, F, P, Horizon, 3> {
    Multistep::new(problem, coefficients)
}
