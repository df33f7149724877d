//! Where the eigenvalues of the Hessian lie.

use unspool_core::{Error, Result};

/// The interval `[ell, L]` that holds the eigenvalues of the Hessian, `0 < ell < L`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spectrum {
    ell: f64,
    big_l: f64,
}

impl Spectrum {
    /// `[ell, big_l]`.
    ///
    /// # Errors
    /// Not `0 < ell < big_l`, or not finite.
    pub fn new(ell: f64, big_l: f64) -> Result<Self> {
        match ell > 0.0 && ell < big_l && big_l.is_finite() {
            true => Ok(Spectrum { ell, big_l }),
            false => Err(Error::Range { what: "ell", got: ell, must: "positive, finite and below L" }),
        }
    }

    /// The lower edge `ell`.
    pub fn ell(self) -> f64 {
        self.ell
    }

    /// The upper edge `L`.
    pub fn big_l(self) -> f64 {
        self.big_l
    }

    /// The inverse condition number `kappa = ell/L`.
    pub fn kappa(self) -> f64 {
        self.ell / self.big_l
    }

    /// `rho = (1 - kappa)/(1 + kappa)`: the rate of gradient descent with `h = 2/(L + ell)`.
    pub fn rho(self) -> f64 {
        (self.big_l - self.ell) / (self.big_l + self.ell)
    }

    /// `xi = (1 - sqrt kappa)/(1 + sqrt kappa)`: the rate of Chebyshev's method and of heavy ball.
    pub fn xi(self) -> f64 {
        // As it is, with L - ell for the difference of the roots: nothing cancels when the edges are close.
        (self.big_l - self.ell) / (self.big_l.sqrt() + self.ell.sqrt()).powi(2)
    }

    /// `m(lambda) = (2 lambda - L - ell)/(L - ell)`, which takes the interval to `[-1, 1]`.
    pub fn reduced(self, lambda: f64) -> f64 {
        (2.0 * lambda - self.big_l - self.ell) / (self.big_l - self.ell)
    }

    /// `ln |C_t(m(0))| = ln((xi^t + xi^-t)/2)`, `C_t` Chebyshev's polynomial.
    pub fn ln_chebyshev(self, t: usize) -> f64 {
        let ln = t as f64 * self.xi().ln();
        (2.0 * ln).exp().ln_1p() - ln - std::f64::consts::LN_2
    }

    /// `points >= 2` points of the interval, edges included, dense at the edges as the extrema of
    /// Chebyshev's polynomials are.
    pub fn grid(self, points: usize) -> impl Iterator<Item = f64> {
        let step = std::f64::consts::PI / (points.max(2) - 1) as f64;
        // ell cos^2 + L sin^2 has both edges to the last bit.
        (0..points.max(2)).map(move |i| {
            let (s, c) = (0.5 * step * i as f64).sin_cos();
            (self.ell * c * c + self.big_l * s * s).clamp(self.ell, self.big_l)
        })
    }
}
