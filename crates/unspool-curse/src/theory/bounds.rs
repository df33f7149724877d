//! The best that any first-order method can do.

use super::Spectrum;

/// `4 t sqrt(kappa)/C_t`, about `8 t sqrt(kappa) xi^t`: the least `sup |Phi_t|` over all first-order
/// methods that take `t` steps, for small `kappa` and `t >= 2/sqrt kappa`; never above one, which is
/// always possible, and one for the few steps over which the law would grow. Chebyshev's method loses a
/// factor `t/(2 sqrt kappa)` against it.
///
/// `Phi_t` may be any polynomial of degree `t` with `Phi(0) = 1` and `Phi'(0) = 0`.
pub fn best_phi(s: Spectrum, t: usize) -> f64 {
    let root = s.kappa().sqrt();
    // 4 t root / cosh(2 t root) is above one at its peak, near 2 t root = 1.2.
    if t <= 1 || 2.0 * t as f64 * root < 1.2 {
        return 1.0;
    }
    (4.0 * t as f64 * root * (-s.ln_chebyshev(t)).exp()).min(1.0)
}
