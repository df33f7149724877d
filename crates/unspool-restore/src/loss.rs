//! The loss of an error: quadratic near zero, linear far from it (Charbonnier et al. 1994).

/// `sqrt(e^2 + rounding^2) - rounding`, and its derivative in `e`. `rounding`: positive.
pub(crate) fn charbonnier(e: f64, rounding: f64) -> (f64, f64) {
    let size = e.hypot(rounding);
    (e * (e / (size + rounding)), e / size)
}
