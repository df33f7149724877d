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
