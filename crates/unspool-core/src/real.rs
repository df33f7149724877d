//! The scalar type: `f32` or `f64`.

use std::fmt;

/// A real scalar, `f32` or `f64`.
///
/// Sums that decide something (norms, stopping tests) are taken in `f64` for both.
pub trait Real:
    num_traits::Float
    + num_traits::NumAssign
    + faer::traits::RealField
    + crate::kernels::Kernels
    + crate::kernels::simd::Lane
    + Default
    + fmt::Debug
    + fmt::Display
    + fmt::LowerExp
    + Send
    + Sync
    + 'static
{
    /// `"f32"` or `"f64"`, as written in files and messages.
    const NAME: &'static str;
    /// Nearest value of this type.
    fn of(x: f64) -> Self;
    /// This value, widened.
    fn wide(self) -> f64;
}

impl Real for f64 {
    const NAME: &'static str = "f64";
    #[inline(always)]
    fn of(x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
}

impl Real for f32 {
    const NAME: &'static str = "f32";
    #[inline(always)]
    fn of(x: f64) -> Self {
        x as f32
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

/// Whether every entry is finite. The sum of the squares says so at once, unless it overflows.
pub(crate) fn all_finite<F: Real>(x: &[F]) -> bool {
    F::sum_squares(x).is_finite() || x.iter().all(|x| x.wide().is_finite())
}

/// `|x|`, right also where the squares overflow or vanish; finite exactly where all entries are.
pub(crate) fn norm<F: Real>(x: &[F]) -> f64 {
    root(F::sum_squares(x), x.iter().map(|x| x.wide()))
}

/// `|a - b|`, as [`norm`]; infinite also where the difference of two entries overflows.
pub(crate) fn distance<F: Real>(a: &[F], b: &[F]) -> f64 {
    root(F::sum_squares_diff(a, b), a.iter().zip(b).map(|(a, b)| a.wide() - b.wide()))
}

/// The root of a sum of squares; from the entries themselves where the sum is too large or too
/// small to be trusted.
fn root(sum: f64, entries: impl Iterator<Item = f64> + Clone) -> f64 {
    if (1e-280..1e300).contains(&sum) {
        return sum.sqrt();
    }
    // once not a number, not a number: `max` would forget it
    let larger = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b.abs()) };
    let largest = entries.clone().fold(0.0, larger);
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let sum: f64 = entries.map(|e| (e / largest).powi(2)).sum();
    (largest * sum.sqrt()).min(f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_norm_is_finite_exactly_where_all_entries_are() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for x in [vec![bad], vec![bad, 0.0], vec![0.0, bad], vec![1.0, bad, 1e200], vec![bad; 3]] {
                let y = vec![0.5; x.len()];
                assert!(
                    !norm(&x).is_finite() && !distance(&x, &y).is_finite() && !distance(&y, &x).is_finite(),
                    "{x:?}"
                );
            }
        }
        assert!(
            (norm(&[3e200, -4e200]) / 5e200 - 1.0).abs() < 1e-15
                && (norm(&[3e-200, 4e-200]) / 5e-200 - 1.0).abs() < 1e-15
        );
    }
}
