//! The two scalar types, and the registers that hold several of them.

use super::constants::{self, Exp};
use pulp::Simd;

/// A scalar with the register operations that the kernels are written in.
///
/// Every operation is `#[inline(always)]`: a call left standing would not be compiled for the
/// instruction set of the kernel around it.
pub trait Lane: Copy + std::ops::AddAssign + 'static {
    /// A register of these scalars.
    type V<S: Simd>: Copy;

    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// 2.
    const TWO: Self;
    /// Infinity.
    const INFINITY: Self;
    /// Constants of the exponential.
    #[doc(hidden)]
    const EXP: Exp<Self>;
    /// Coefficients of `atanh(s)/s` in `s^2`.
    const ATANH: &'static [Self];

    /// This value in double precision.
    fn widen(self) -> f64;
    /// `x` in every lane.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::V<S>;
    /// `x` as whole registers, and what remains.
    fn split<S: Simd>(x: &[Self]) -> (&[Self::V<S>], &[Self]);
    /// `x` as whole registers, and what remains.
    fn split_mut<S: Simd>(x: &mut [Self]) -> (&mut [Self::V<S>], &mut [Self]);
    /// `x`, shorter than a register, in the first lanes; 0 in the others.
    fn load_tail<S: Simd>(simd: S, x: &[Self]) -> Self::V<S>;
    /// The first lanes of `v` to `x`, shorter than a register.
    fn store_tail<S: Simd>(simd: S, x: &mut [Self], v: Self::V<S>);
    /// The first `n` lanes of `v`; 0 in the others.
    fn first<S: Simd>(simd: S, n: usize, v: Self::V<S>) -> Self::V<S>;
    /// `a + b`.
    fn add<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// `a - b`.
    fn sub<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// `a b`.
    fn mul<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// `a / b`.
    fn div<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// `a b + c`, fused where the instruction set has that.
    fn mul_add<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>, c: Self::V<S>) -> Self::V<S>;
    /// `|a|`.
    fn abs<S: Simd>(simd: S, a: Self::V<S>) -> Self::V<S>;
    /// `if a < b { yes } else { no }` in each lane; false where `a` or `b` is NaN.
    fn if_less<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>, yes: Self::V<S>, no: Self::V<S>) -> Self::V<S>;
    /// The low bits of each lane moved to its exponent field.
    fn low_bits_to_exponent<S: Simd>(simd: S, a: Self::V<S>) -> Self::V<S>;
    /// Sum of the lanes.
    fn sum<S: Simd>(simd: S, a: Self::V<S>) -> Self;
}

/// Entries of `x` from `at` on, as many as a register holds.
///
/// # Safety
///
/// `x` has that many entries from `at` on.
#[inline(always)]
pub unsafe fn load<S: Simd, T: Lane>(x: &[T], at: usize) -> T::V<S> {
    debug_assert!(at + lanes::<S, T>() <= x.len());
    // SAFETY: in bounds by the caller's promise, and a register is made of scalars.
    unsafe { x.as_ptr().add(at).cast::<T::V<S>>().read_unaligned() }
}

/// Writes `v` to `x` from `at` on.
///
/// # Safety
///
/// `x` has as many entries from `at` on as a register holds.
#[inline(always)]
pub unsafe fn store<S: Simd, T: Lane>(x: &mut [T], at: usize, v: T::V<S>) {
    debug_assert!(at + lanes::<S, T>() <= x.len());
    // SAFETY: in bounds by the caller's promise, and a register is made of scalars.
    unsafe { x.as_mut_ptr().add(at).cast::<T::V<S>>().write_unaligned(v) }
}

/// How many scalars a register holds.
#[inline(always)]
pub const fn lanes<S: Simd, T: Lane>() -> usize {
    size_of::<T::V<S>>() / size_of::<T>()
}

macro_rules! lane {
    ($t:ident as $reg:ident over $bits:ident, $exp:ident, $atanh:ident,
     split: $split:ident, $split_mut:ident,
     tail: $between:ident, $load:ident, $store:ident,
     splat: $splat:ident, $splat_bits:ident,
     binary: $($op:ident = $binary:ident),*;
     mul_add: $mul_add:ident, abs: $abs:ident,
     if_less: $less:ident, $select:ident,
     bits: $to_bits:ident, $mul_bits:ident, $from_bits:ident, sum: $sum:ident) => {
        impl Lane for $t {
            type V<S: Simd> = S::$reg;

            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const TWO: Self = 2.0;
            const INFINITY: Self = $t::INFINITY;
            const EXP: Exp<Self> = constants::$exp;
            const ATANH: &'static [Self] = constants::$atanh;

            #[inline(always)]
            fn widen(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, x: Self) -> S::$reg {
                simd.$splat(x)
            }
            #[inline(always)]
            fn split<S: Simd>(x: &[Self]) -> (&[S::$reg], &[Self]) {
                S::$split(x)
            }
            #[inline(always)]
            fn split_mut<S: Simd>(x: &mut [Self]) -> (&mut [S::$reg], &mut [Self]) {
                S::$split_mut(x)
            }
            #[inline(always)]
            fn load_tail<S: Simd>(simd: S, x: &[Self]) -> S::$reg {
                let mask = simd.$between(0, x.len() as $bits);
                // SAFETY: the mask enables the first `x.len()` lanes only.
                unsafe { simd.$load(mask, x.as_ptr()) }
            }
            #[inline(always)]
            fn store_tail<S: Simd>(simd: S, x: &mut [Self], v: S::$reg) {
                let mask = simd.$between(0, x.len() as $bits);
                // SAFETY: the mask enables the first `x.len()` lanes only.
                unsafe { simd.$store(mask, x.as_mut_ptr(), v) }
            }
            #[inline(always)]
            fn first<S: Simd>(simd: S, n: usize, v: S::$reg) -> S::$reg {
                simd.$select(simd.$between(0, n as $bits).mask(), v, simd.$splat(0.0))
            }
            $(#[inline(always)]
            fn $op<S: Simd>(simd: S, a: S::$reg, b: S::$reg) -> S::$reg {
                simd.$binary(a, b)
            })*
            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$reg, b: S::$reg, c: S::$reg) -> S::$reg {
                simd.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn abs<S: Simd>(simd: S, a: S::$reg) -> S::$reg {
                simd.$abs(a)
            }
            #[inline(always)]
            fn if_less<S: Simd>(
                simd: S,
                a: S::$reg,
                b: S::$reg,
                yes: S::$reg,
                no: S::$reg,
            ) -> S::$reg {
                simd.$select(simd.$less(a, b), yes, no)
            }
            #[inline(always)]
            fn low_bits_to_exponent<S: Simd>(simd: S, a: S::$reg) -> S::$reg {
                // A wrapping product, since shifts of 64-bit lanes are not portable.
                const UNIT: $bits = 1 << ($t::MANTISSA_DIGITS - 1);
                simd.$from_bits(simd.$mul_bits(simd.$to_bits(a), simd.$splat_bits(UNIT)))
            }
            #[inline(always)]
            fn sum<S: Simd>(simd: S, a: S::$reg) -> Self {
                simd.$sum(a)
            }
        }
    };
}

lane! {
    f64 as f64s over u64, EXP_F64, ATANH_F64,
    split: as_simd_f64s, as_mut_simd_f64s,
    tail: mask_between_m64s, mask_load_ptr_f64s, mask_store_ptr_f64s,
    splat: splat_f64s, splat_u64s,
    binary: add = add_f64s, sub = sub_f64s, mul = mul_f64s, div = div_f64s;
    mul_add: mul_add_e_f64s, abs: abs_f64s,
    if_less: less_than_f64s, select_f64s,
    bits: transmute_u64s_f64s, mul_u64s, transmute_f64s_u64s, sum: reduce_sum_f64s
}

lane! {
    f32 as f32s over u32, EXP_F32, ATANH_F32,
    split: as_simd_f32s, as_mut_simd_f32s,
    tail: mask_between_m32s, mask_load_ptr_f32s, mask_store_ptr_f32s,
    splat: splat_f32s, splat_u32s,
    binary: add = add_f32s, sub = sub_f32s, mul = mul_f32s, div = div_f32s;
    mul_add: mul_add_e_f32s, abs: abs_f32s,
    if_less: less_than_f32s, select_f32s,
    bits: transmute_u32s_f32s, mul_u32s, transmute_f32s_u32s, sum: reduce_sum_f32s
}
