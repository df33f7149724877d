//! The Sobolev method (Scieur, Bertrand, Gidel, Pedregosa, *The Curse of Unrolling*, NeurIPS 2022,
//! section 4), which makes the Jacobian converge fast rather than the solution.
//!
//! Its residual polynomial `P_t` minimises `int P^2 dmu + eta_l int (P')^2 dmu` over `P(0) = 1`, where
//! `mu` is the Gegenbauer density `(1 - m^2)^(alpha - 1/2)` on `[ell, L]`, `m` in `[-1, 1]`. The
//! polynomials orthogonal in this Sobolev inner product follow from Gegenbauer's (Marcellán, Pérez,
//! Piñar 1994): `S_n = C_n - C_{n-2} + d_n S_{n-2}`. With `y_n` the Gegenbauer iterates, `z_n` those of
//! `S_n`, and
//!
//! ```text
//! k(n) = (n + 2a - 1)(n + a - 1) / (n (n + a)),  a = alpha        |C_n|^2 / |C_{n-1}|^2
//! eta  = eta_l (2/(L - ell))^2,   m0 = -(L + ell)/(L - ell)
//! A_n  = 2 (n + a - 1)/n,   B_n = (n + 2a - 2)/n
//! delta_1 = 1/(2 a m0),   delta_n = 1/(A_n m0 - B_n delta_{n-1})   C_{n-1}(m0) / C_n(m0)
//! s_0 = 1,   s_1 = 1 + 4 eta a^2/k(1),                             |S_n|^2 / |C_n|^2
//! s_n = 1 + (1 - 1/s_{n-2})/(k(n) k(n-1)) + 4 eta (n - 1 + a)^2/k(n)
//! ```
//!
//! a step is
//!
//! ```text
//! y_n  = y_{n-1} + 2 A_n delta_n/(L - ell) grad f(y_{n-1}) + B_n delta_n delta_{n-1} (y_{n-1} - y_{n-2})
//! q    = delta_n delta_{n-1},   p = q nu_{n-2}/s_{n-2},   nu_n = 1 - q + p                S_n(m0) / C_n(m0)
//! z_n  = (y_n - q y_{n-2} + p z_{n-2}) / nu_n
//! R_n  = 1 + R_{n-1} delta_n^2 k(n) (nu_{n-1}/nu_n)^2 s_n/s_{n-1}
//! x_n  = x_{n-1} + (z_n - x_{n-1}) / R_n
//! ```
//!
//! with `y_0 = z_0 = x_0`, `y_1 = z_1 = x_0 - 2/(L + ell) grad f(x_0)`, `nu_0 = nu_1 = R_0 = 1`.

use super::multistep::{Multistep, Recurrence, Recurrent};
use crate::error::check_range;
use crate::problem::Smooth;
use crate::{Real, Result};

/// The coefficients of [`sobolev`].
#[derive(Clone, Debug, PartialEq)]
pub struct Sobolev {
    steps: Vec<Step>,
}

/// `y' = y + momentum (y - y_past) - step_size g`, `z' = y' + skip (y_past - y') + recur (z_past - y')`,
/// `x' = x + weight (z' - x)`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    step_size: f64,
    momentum: f64,
    skip: f64,
    recur: f64,
    weight: f64,
}

impl Sobolev {
    /// Most steps with coefficients of their own.
    const LONGEST: usize = 1 << 17;

    /// For a spectrum in `[ell, big_l]`: `alpha = 1/2`, `eta_l = ell L`.
    ///
    /// # Errors
    /// As [`Sobolev::with`].
    pub fn new<F: Real>(ell: F, big_l: F) -> Result<Self> {
        Self::with(ell, big_l, 0.5, ell.wide() * big_l.wide())
    }

    /// With the density's exponent `alpha > 0` (1/2 uniform, 1 semicircle; 0 is out of reach) and the
    /// weight `eta_l >= 0` of the derivative, in units of `L^2`. It stands for
    /// `|dH (x_0 - x*)|^2 / |J_0 - J*|^2`; a rough value is enough, and `L^2` takes away what is left
    /// of the burn-in.
    ///
    /// # Complexity
    /// Five numbers for each step until `xi^t`, `xi = (1 - sqrt(ell/L))/(1 + sqrt(ell/L))`, is below
    /// 1e-20 (about `12 sqrt(L/ell)` steps; never more than 131,072): the error is then below
    /// rounding. Later steps keep the last coefficients, which converge at the rate `xi` to within
    /// `O(1/t^2)`.
    ///
    /// # Errors
    /// Not `0 < ell < big_l`, `alpha` or `eta_l` out of range.
    pub fn with<F: Real>(ell: F, big_l: F, alpha: f64, eta_l: f64) -> Result<Self> {
        let (ell, big_l, a) = (ell.wide(), big_l.wide(), alpha);
        check_range("ell", ell, ell > 0.0 && ell < big_l, "positive and below L")?;
        check_range("L", big_l, big_l.is_finite(), "finite")?;
        check_range("alpha", alpha, alpha > 0.0 && alpha.is_finite(), "positive")?;
        check_range("eta_l", eta_l, eta_l >= 0.0 && eta_l.is_finite(), "zero or positive")?;
        let root = (ell / big_l).sqrt();
        let length = (20.0 * std::f64::consts::LN_10 / ((1.0 + root) / (1.0 - root)).ln()).ceil();
        let length = (length as usize).clamp(64, Self::LONGEST);
        let (width, m0) = (big_l - ell, -(big_l + ell) / (big_l - ell));
        let eta = eta_l * (2.0 / width).powi(2);
        let k = |n: f64| (n + 2.0 * a - 1.0) * (n + a - 1.0) / (n * (n + a));

        let mut delta = 1.0 / (2.0 * a * m0);
        let (mut s, mut nu) = ((1.0, 1.0 + 4.0 * eta * a * a / k(1.0)), (1.0, 1.0));
        let mut r = 1.0 + delta * delta * k(1.0) * s.1 / s.0;
        let first = Step { step_size: 2.0 / (big_l + ell), momentum: 0.0, skip: 0.0, recur: 0.0, weight: 1.0 / r };
        let mut steps = vec![first];
        for n in (2..length).map(|n| n as f64) {
            let (big_a, b) = (2.0 * (n + a - 1.0) / n, (n + 2.0 * a - 2.0) / n);
            let next = 1.0 / (big_a * m0 - b * delta);
            let q = next * delta;
            let p = q * nu.0 / s.0;
            s = (s.1, 1.0 + (1.0 - 1.0 / s.0) / (k(n) * k(n - 1.0)) + 4.0 * eta * (n - 1.0 + a).powi(2) / k(n));
            nu = (nu.1, 1.0 - q + p);
            r = 1.0 + r * next * next * k(n) * (nu.0 / nu.1).powi(2) * s.1 / s.0;
            steps.push(Step {
                step_size: -2.0 * big_a * next / width,
                momentum: b * q,
                skip: -q / nu.1,
                recur: p / nu.1,
                weight: 1.0 / r,
            });
            delta = next;
        }
        Ok(Sobolev { steps })
    }
}

impl<F: Real> Recurrent<F, 5> for Sobolev {
    /// On `[x_t, y_t, y_{t-1}, z_t, z_{t-1}]`; at `t = 0` all of them are `x_0`.
    fn at(&self, t: usize) -> Recurrence<F, 5> {
        let Step { step_size: h, momentum: q, skip, recur, weight: w } = self.steps[t.min(self.steps.len() - 1)];
        let new = 1.0 - skip - recur;
        let z = [0.0, new * (1.0 + q), skip - new * q, 0.0, recur];
        let mix = if t == 0 {
            [[1.0, 0.0, 0.0, 0.0, 0.0]; 5]
        } else {
            [
                [1.0 - w, w * z[1], w * z[2], 0.0, w * z[4]],
                [0.0, 1.0 + q, -q, 0.0, 0.0],
                [0.0, 1.0, 0.0, 0.0, 0.0],
                z,
                [0.0, 0.0, 0.0, 1.0, 0.0],
            ]
        };
        let step_size = [w * new * h, h, 0.0, new * h, 0.0];
        Recurrence { mix: mix.map(|row| row.map(F::of)), step_size: step_size.map(F::of), point: usize::from(t > 0) }
    }
}

/// The Sobolev method: the least mean error of the Jacobian, on a quadratic, over Hessians with this
/// density of eigenvalues.
///
/// Of the methods that need not know the number of steps, the one to differentiate through: next to
/// no burn-in, and ahead of Chebyshev's method by a factor about `t sqrt(ell/L)` behind it.
///
/// # State
/// `x_t, y_t, y_{t-1}, z_t, z_{t-1}`.
pub fn sobolev<F: Real, P: Smooth<F> + ?Sized>(problem: &P, coefficients: Sobolev) -> Multistep<'_, F, P, Sobolev, 5> {
    Multistep::new(problem, coefficients)
}
