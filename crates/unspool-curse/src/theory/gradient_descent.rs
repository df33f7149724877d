//! Gradient descent with step size `h < 2/L` on a quadratic.

use super::Spectrum;

/// The burn-in of the worst case: iterations (of the smooth interpolation) and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnIn {
    /// Where the worst case is largest.
    pub peak: f64,
    /// How large it is there, relative to `|J_0 - J*|`.
    pub height: f64,
    /// From where on it is below one again.
    pub end: f64,
}

/// `max |1 - h lambda|` over the spectrum: the rate.
pub fn rate(s: Spectrum, h: f64) -> f64 {
    (1.0 - h * s.ell()).abs().max((1.0 - h * s.big_l()).abs())
}

/// The theorem of the paper, with `d0 = |J_0 - J*|_F` and `g = |d_theta grad f(x_0)|_F`:
///
/// ```text
/// |J_t - J*|_F <= max |1 - h lambda|^(t-1) { (1 + (t-1) h lambda) d0 + h t g }
/// ```
pub fn bound(s: Spectrum, h: f64, t: usize, d0: f64, g: f64) -> f64 {
    if t == 0 {
        return d0;
    }
    let n = (t - 1) as f64;
    let at = |lambda: f64| (1.0 - h * lambda).abs().powf(n) * ((1.0 + n * h * lambda) * d0 + h * (n + 1.0) * g);
    // Both terms fall while h lambda < 1 and grow behind it: the maximum is at an edge.
    at(s.ell()).max(at(s.big_l()))
}

/// `sup |Phi_t|` over the spectrum, exactly:
/// `max{ (1 - h ell)^(t-1) (1 + (t-1) h ell), (h L - 1)_+^(t-1) (1 + (t-1) h L) }`.
pub fn worst_phi(s: Spectrum, h: f64, t: usize) -> f64 {
    if t == 0 {
        return 1.0;
    }
    let n = (t - 1) as f64;
    let edge = |base: f64, u: f64| base.abs().powf(n) * (1.0 + n * u);
    let (low, high) = (h * s.ell(), h * s.big_l());
    if t == 1 {
        1.0
    } else if high > 1.0 {
        edge(1.0 - low, low).max(edge(high - 1.0, high))
    } else {
        edge(1.0 - low, low)
    }
}

/// `sqrt(2)/L`: the largest step size for which the worst case never exceeds one.
pub fn threshold(s: Spectrum) -> f64 {
    std::f64::consts::SQRT_2 / s.big_l()
}

/// Whether even `h = 2/(L + ell)` has no burn-in: `kappa >= sqrt 2 - 1`.
pub fn never_burns_in(s: Spectrum) -> bool {
    s.kappa() >= std::f64::consts::SQRT_2 - 1.0
}

/// The burn-in of `worst_phi`, when there is one (`sqrt(2)/L < h < 2/L`). With `c = h L` and
/// `beta = -ln(c - 1)`, in `s = t - 1`:
///
/// ```text
/// peak    s = 1/beta - 1/c,  height (c/beta) exp(beta/c - 1)
/// end     s = -W_{-1}( -(beta/c) exp(-beta/c) )/beta - 1/c        (Lambert's W, lower branch)
/// ```
///
/// For `h = 2/(L + ell)` and small `kappa`: a peak of about `1/(e kappa)` at about `1/(2 kappa)`.
pub fn burn_in(s: Spectrum, h: f64) -> Option<BurnIn> {
    let c = h * s.big_l();
    if !(h > threshold(s) && c < 2.0) {
        return None;
    }
    let beta = -(c - 1.0).ln();
    let a = beta / c;
    Some(BurnIn {
        peak: 1.0 + 1.0 / beta - 1.0 / c,
        height: (a - 1.0).exp() / a,
        end: 1.0 - lambert_w::lambert_wm1(-a * (-a).exp()) / beta - 1.0 / c,
    })
}

/// Where the term of `g` is largest, and how large per unit of `g`: `h t (1 - h ell)^(t-1)` peaks at
/// about `t = 1/(h ell)` with about `1/(e ell)`, whatever the step size: a small one does not help
/// against it, a start with `d_theta grad f(x_0) = 0` does.
pub fn source_peak(s: Spectrum, h: f64) -> (f64, f64) {
    let beta = -(-h * s.ell()).ln_1p();
    let t = (1.0 / beta).max(1.0);
    (t, h * t * (-(t - 1.0) * beta).exp())
}
