//! Duality gaps, as rounding leaves them.

/// A gap that is to be shown: not negative, and infinite where it is no number.
pub(crate) fn rounded(gap: f64) -> f64 {
    if gap.is_nan() { f64::INFINITY } else { gap.max(0.0) }
}
