//! Weights of Chebyshev's iterates that make the Jacobian after a known number of steps as good as it
//! can be: the input of [`Horizon`].
//!
//! `x_t = sum_k w_k y_k` has the residual polynomial `P = sum_k w_k C_k(m(lambda))/C_k(m(0))`, any
//! polynomial of degree `t` with `P(0) = 1`. So `Phi = P - lambda P'` is any with `Phi(0) = 1`,
//! `Phi'(0) = 0`, and the least `max |Phi|` over `[ell, L]` is the best worst case of all first-order
//! methods. [`weights`] finds it by exchange ([`Exchange`]) and expands it in Chebyshev's iterates.

mod remez;

use unspool_core::method::Horizon;
use unspool_core::{Error, Result};

use crate::theory::{Scheme, Spectrum};
pub use remez::{Best, Exchange};

/// The weights `w_0, …, w_steps`, sum one, that keep `max |Phi| + ratio |P'|` over `[ell, big_l]` small,
/// `ratio = |d_theta grad f(x_0)|_F / |J_0 - J*|_F`, in units of `L`.
///
/// With `ratio = 0` (a start at zero, for a ridge-like penalty) they are the best. Otherwise they are
/// the best ones of a spectrum shifted by a multiple of `ratio`: `(lambda + ratio) P'`, which is what
/// counts after many steps, is the derivative term of such a spectrum. Of a few shifts, none among
/// them, that with the least maximum is taken.
///
/// # Errors
/// Not `0 < ell < big_l`; no steps; a ratio that is negative or not finite.
///
/// # Complexity
/// O(steps^2) for each of about 5 exchanges, and for each of 6 shifts when there is a ratio.
///
/// ```
/// let weights = unspool_curse::horizon::weights(0.01, 1.0, 30, 0.0)?;
/// assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
/// # Ok::<(), unspool_core::Error>(())
/// ```
pub fn weights(ell: f64, big_l: f64, steps: usize, ratio: f64) -> Result<Vec<f64>> {
    let s = Spectrum::new(ell, big_l)?;
    if steps == 0 {
        return Err(Error::Range { what: "the number of steps", got: 0.0, must: "positive" });
    }
    if !(ratio >= 0.0 && ratio.is_finite()) {
        return Err(Error::Range { what: "the ratio", got: ratio, must: "zero or positive" });
    }
    let mut weights = weights_of(s, &Exchange::default().best(s, steps));
    if ratio > 0.0 {
        let mut least = worst(s, &weights, ratio)?;
        for shift in [0.25, 0.5, 0.75, 1.0, 1.5].map(|c| c * ratio) {
            let shifted = Spectrum::new(ell + shift, big_l + shift)?;
            let trial = expanded(s, shifted, &Exchange::default().best(shifted, steps));
            let worst = worst(s, &trial, ratio)?;
            if worst < least {
                (weights, least) = (trial, worst);
            }
        }
    }
    Ok(weights)
}

/// `max |Phi| + ratio |P'|` of these weights over the spectrum, on a grid of 6 points a degree.
///
/// # Errors
/// As [`Horizon::new`].
pub fn worst(s: Spectrum, weights: &[f64], ratio: f64) -> Result<f64> {
    let scheme = Scheme::Horizon(Horizon::new(s.ell(), s.big_l(), weights.to_vec())?);
    let at = |lambda: f64| {
        let p = scheme.at(weights.len() - 1, lambda);
        p.phi(lambda).abs() + ratio * p.slope.abs()
    };
    Ok(s.grid(6 * weights.len()).map(at).fold(0.0, f64::max))
}

/// The expansion of `Phi` in Chebyshev's iterates.
///
/// With `Phi = sum phi_k C_k`, `P = sum p_k C_k` and `P_m = dP/dm = sum d_k C_k`, `Phi = P - (m - m0) P_m`
/// and `2 k p_k = d_{k-1} - d_{k+1}` give, from `k = t` downwards,
///
/// ```text
/// (1/(2k) - 1/2) d_{k-1} = phi_k + (1/(2k) + 1/2) d_{k+1} - m0 d_k
/// ```
///
/// Rounding errors grow as fast as `C_k(m0)` falls: the weights are right to rounding of the largest.
/// The true ones fall as `j xi^(2j)` with the lag `j = t - k`, and are zero where that is nothing.
/// `Phi` leaves `p_1` free (`Phi` of `lambda` is zero); it is chosen so that `w_0 = 0`.
pub(crate) fn weights_of(s: Spectrum, best: &Best) -> Vec<f64> {
    expanded(s, s, best)
}

/// The same for the best polynomial of a `shifted` spectrum, taken at the shifted place and scaled to
/// `P(0) = 1`.
fn expanded(s: Spectrum, shifted: Spectrum, best: &Best) -> Vec<f64> {
    let t = best.degree();
    if t == 1 {
        return vec![0.0, 1.0];
    }
    let (phi, m0) = (best.coefficients(), shifted.reduced(0.0));
    let mut d = vec![0.0; t + 2];
    for k in (2..=t).rev() {
        let half = 0.5 / k as f64;
        d[k - 1] = (phi[k] + (half + 0.5) * d[k + 1] - m0 * d[k]) / (half - 0.5);
    }
    d[0] = (2.0 * phi[0] + d[1]) / m0;
    let nothing = |lag: f64| (lag + 1.0) * shifted.xi().powf(2.0 * lag) < 1e-17;
    let weight = |k: usize| {
        if nothing((t - k) as f64) {
            return 0.0;
        }
        let sign = if k.is_multiple_of(2) { 1.0 } else { -1.0 };
        let p = (d[k - 1] - d[k + 1]) / (2.0 * k as f64);
        sign * p * (best.ln_level + s.ln_chebyshev(k)).exp()
    };
    let mut weights: Vec<f64> = std::iter::once(0.0).chain((1..=t).map(weight)).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    weights
}

/// Up to this many steps each horizon has weights of its own.
pub(crate) const LONGEST: usize = 600;

/// The weights of one horizon after the other, by lag: the newest iterate's first.
pub(crate) struct ByLag {
    spectrum: Spectrum,
    exchange: Exchange,
    weights: Vec<f64>,
}

impl ByLag {
    /// For this spectrum, at `t = 0`.
    pub(crate) fn new(spectrum: Spectrum) -> Self {
        ByLag { spectrum, exchange: Exchange::default(), weights: vec![1.0] }
    }

    /// The weights of `t` steps, asked for in order; from [`LONGEST`] on they stay the same.
    pub(crate) fn of(&mut self, t: usize) -> &[f64] {
        if (1..=LONGEST).contains(&t) {
            self.weights = weights_of(self.spectrum, &self.exchange.best(self.spectrum, t));
            self.weights.reverse();
            // What has no weight is never asked for again.
            self.weights.truncate(1 + self.weights.iter().rposition(|w| *w != 0.0).unwrap_or(0));
        }
        &self.weights
    }
}
