//! Elementwise exponential, sigmoid and softplus.

use super::dispatch::dispatched;
use super::lane::Lane;
use pulp::Simd;

/// `p(x)` for coefficients given from the highest power down.
#[inline(always)]
fn horner<S: Simd, T: Lane>(simd: S, coefficients: &'static [T], x: T::V<S>) -> T::V<S> {
    let mut p = T::splat(simd, coefficients[0]);
    for &c in &coefficients[1..] {
        p = T::mul_add(simd, p, x, T::splat(simd, c));
    }
    p
}

/// `exp(x) = 2^k exp(r)` with `k` the integer nearest to `x / ln 2` and `r = x - k ln 2`.
///
/// The scale is applied as `2^(k-1)` and then 2, since `2^1024` is no number but `2^1024 exp(r)`
/// can be; and where the result may be subnormal as `2^(k-1+lift)` and then `2^(1-lift)`, so that
/// it is rounded once.
#[inline(always)]
fn exp_lanes<S: Simd, T: Lane>(simd: S, x: T::V<S>) -> T::V<S> {
    let c = T::EXP;
    let round = T::splat(simd, c.round);
    let k = T::mul_add(simd, x, T::splat(simd, c.log2_e), round);
    let k = T::sub(simd, k, round);
    let r = T::sub(simd, x, T::mul(simd, k, T::splat(simd, c.ln2_hi)));
    let r = T::sub(simd, r, T::mul(simd, k, T::splat(simd, c.ln2_lo)));
    let p = horner(simd, c.taylor, r);

    let small = T::splat(simd, c.small);
    let (bias, lifted) = (T::splat(simd, c.bias), T::splat(simd, c.bias_small));
    let bias = T::if_less(simd, x, small, lifted, bias);
    let scale = T::low_bits_to_exponent(simd, T::add(simd, k, bias));
    let (two, unlift) = (T::splat(simd, T::TWO), T::splat(simd, c.unlift));
    let rest = T::if_less(simd, x, small, unlift, two);
    let y = T::mul(simd, T::mul(simd, p, scale), rest);

    let (zero, inf) = (T::splat(simd, T::ZERO), T::splat(simd, T::INFINITY));
    let y = T::if_less(simd, x, T::splat(simd, c.zero), zero, y);
    T::if_less(simd, T::splat(simd, c.inf), x, inf, y)
}

/// `exp(-|x|)`, at most 1, so that nothing below overflows.
#[inline(always)]
fn exp_neg_abs<S: Simd, T: Lane>(simd: S, x: T::V<S>) -> T::V<S> {
    let zero = T::splat(simd, T::ZERO);
    exp_lanes::<S, T>(simd, T::sub(simd, zero, T::abs(simd, x)))
}

/// `1 / (1 + e)` or `e / (1 + e)` by the sign of `x`, with `e = exp(-|x|)`.
#[inline(always)]
fn sigmoid_lanes<S: Simd, T: Lane>(simd: S, x: T::V<S>) -> T::V<S> {
    let one = T::splat(simd, T::ONE);
    let e = exp_neg_abs::<S, T>(simd, x);
    let top = T::if_less(simd, x, T::splat(simd, T::ZERO), e, one);
    T::div(simd, top, T::add(simd, one, e))
}

/// `max(x, 0) + log(1 + e)` with `e = exp(-|x|)` and `log(1 + e) = 2 atanh(e / (2 + e))`: two
/// terms of one sign, each accurate relative to itself.
#[inline(always)]
fn softplus_lanes<S: Simd, T: Lane>(simd: S, x: T::V<S>) -> T::V<S> {
    let (zero, two) = (T::splat(simd, T::ZERO), T::splat(simd, T::TWO));
    let e = exp_neg_abs::<S, T>(simd, x);
    let s = T::div(simd, e, T::add(simd, two, e));
    let series = horner(simd, T::ATANH, T::mul(simd, s, s));
    let positive = T::if_less(simd, zero, x, x, zero);
    T::mul_add(simd, T::add(simd, s, s), series, positive)
}

/// Replaces each entry of `x` by a function of it.
macro_rules! elementwise {
    ($simd:ident, $x:ident, $lanes:ident) => {{
        let (body, tail) = T::split_mut::<S>($x);
        for v in body {
            *v = $lanes::<S, T>($simd, *v);
        }
        if !tail.is_empty() {
            let v = $lanes::<S, T>($simd, T::load_tail($simd, tail));
            T::store_tail($simd, tail, v);
        }
    }};
}

dispatched! {
    pub(super) fn exp<T: Lane>(simd: S, x: &'a mut [T]) {
        elementwise!(simd, x, exp_lanes)
    }

    pub(super) fn sigmoid<T: Lane>(simd: S, x: &'a mut [T]) {
        elementwise!(simd, x, sigmoid_lanes)
    }

    pub(super) fn softplus<T: Lane>(simd: S, x: &'a mut [T]) {
        elementwise!(simd, x, softplus_lanes)
    }
}
