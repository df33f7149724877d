//! Chebyshev's method on a quadratic; `C_t = |C_t(m(0))| = (xi^t + xi^-t)/2`.

use super::Spectrum;

/// `|J_t - J*|_F <= { (1 + 2 t^2/(1 - kappa)) d0 + 2 t^2/(L - ell) g } / C_t`, with
/// `d0 = |J_0 - J*|_F` and `g = |d_theta grad f(x_0)|_F`.
pub fn bound(s: Spectrum, t: usize, d0: f64, g: f64) -> f64 {
    let square = 2.0 * (t as f64).powi(2);
    ((1.0 + square / (1.0 - s.kappa())) * d0 + square / (s.big_l() - s.ell()) * g) * (-s.ln_chebyshev(t)).exp()
}

/// `sup |Phi_t| = (2 t^2/(1 - kappa) - 1)/C_t` for `t >= 1`, attained at `lambda = L`.
pub fn worst_phi(s: Spectrum, t: usize) -> f64 {
    match t {
        0 => 1.0,
        _ => (2.0 * (t as f64).powi(2) / (1.0 - s.kappa()) - 1.0) * (-s.ln_chebyshev(t)).exp(),
    }
}

/// About where `worst_phi` peaks and how high for small `kappa`: `1/sqrt kappa`, `4 e^-2 / kappa`.
pub fn peak(s: Spectrum) -> (f64, f64) {
    (s.kappa().sqrt().recip(), 4.0 * (-2f64).exp() / s.kappa())
}
