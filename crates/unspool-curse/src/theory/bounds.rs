//! The best that any first-order method can do.

use super::Spectrum;

/// `4 t sqrt(kappa)/C_t`, about `8 t sqrt(kappa) xi^t`: the least `sup |Phi_t|` over all first-order
/// methods that take `t` steps, for small `kappa` and `t >= 2/sqrt kappa`; never above one, which is
/// always possible. Chebyshev's method loses a factor `t/(2 sqrt kappa)` against it.
///
/// `Phi_t` may be any polynomial of degree `t` with `Phi(0) = 1` and `Phi'(0) = 0`.
pub fn best_phi(s: Spectrum, t: usize) -> f64 {
    (4.0 * t as f64 * s.kappa().sqrt() * (-s.ln_chebyshev(t)).exp()).min(1.0)
}
