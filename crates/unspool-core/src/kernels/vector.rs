//! Kernels on vectors.

use super::dispatch::dispatched;
use super::lane::Lane;

/// Registers summed into at once, so that one addition need not wait for the last.
const CHAINS: usize = 8;

/// Double-precision partial sums kept at once.
const WIDE: usize = 32;

/// `acc_i += f(a_i, b_i)`.
#[inline(always)]
fn add_wide<T: Lane>(acc: &mut [f64; WIDE], a: &[T; WIDE], b: &[T; WIDE], f: impl Fn(f64, f64) -> f64) {
    for i in 0..WIDE {
        acc[i] += f(a[i].widen(), b[i].widen());
    }
}

/// `sum_i f(a_i, b_i)` in double precision, for `f(0, 0) = 0`.
#[inline(always)]
fn sum_wide<T: Lane>(a: &[T], b: &[T], f: impl Fn(f64, f64) -> f64) -> f64 {
    let mut acc = [0.0; WIDE];
    let (a, a_tail) = a.as_chunks::<WIDE>();
    let (b, b_tail) = b.as_chunks::<WIDE>();
    for (a, b) in a.iter().zip(b) {
        add_wide(&mut acc, a, b, &f);
    }
    if !a_tail.is_empty() {
        // Padded rather than taken one by one: an index known only at run time would force the
        // partial sums out of their registers.
        let (mut a, mut b) = ([T::ZERO; WIDE], [T::ZERO; WIDE]);
        a[..a_tail.len()].copy_from_slice(a_tail);
        b[..b_tail.len()].copy_from_slice(b_tail);
        add_wide(&mut acc, &a, &b, &f);
    }
    let mut n = WIDE;
    while n > 1 {
        n /= 2;
        for i in 0..n {
            acc[i] += acc[i + n];
        }
    }
    acc[0]
}

dispatched! {
    pub(super) fn dot<T: Lane>(simd: S, a: &'a [T], b: &'a [T]) -> T {
        let ((a, a_tail), (b, b_tail)) = (T::split::<S>(a), T::split::<S>(b));
        let mut acc = [T::splat(simd, T::ZERO); CHAINS];
        let (a, a_rest) = a.as_chunks::<CHAINS>();
        let (b, b_rest) = b.as_chunks::<CHAINS>();
        for (a, b) in a.iter().zip(b) {
            for i in 0..CHAINS {
                acc[i] = T::mul_add(simd, a[i], b[i], acc[i]);
            }
        }
        for (acc, (&a, &b)) in acc.iter_mut().zip(a_rest.iter().zip(b_rest)) {
            *acc = T::mul_add(simd, a, b, *acc);
        }
        if !a_tail.is_empty() {
            let (a, b) = (T::load_tail(simd, a_tail), T::load_tail(simd, b_tail));
            acc[CHAINS - 1] = T::mul_add(simd, a, b, acc[CHAINS - 1]);
        }
        let mut n = CHAINS;
        while n > 1 {
            n /= 2;
            for i in 0..n {
                acc[i] = T::add(simd, acc[i], acc[i + n]);
            }
        }
        T::sum(simd, acc[0])
    }

    pub(super) fn axpy<T: Lane>(simd: S, alpha: T, x: &'a [T], y: &'a mut [T]) {
        let alpha = T::splat(simd, alpha);
        let ((x, x_tail), (y, y_tail)) = (T::split::<S>(x), T::split_mut::<S>(y));
        for (&x, y) in x.iter().zip(y) {
            *y = T::mul_add(simd, alpha, x, *y);
        }
        if !y_tail.is_empty() {
            let (x, y) = (T::load_tail(simd, x_tail), T::load_tail(simd, y_tail));
            T::store_tail(simd, y_tail, T::mul_add(simd, alpha, x, y));
        }
    }

    pub(super) fn lincomb<T: Lane>(simd: S, a: T, x: &'a [T], b: T, y: &'a [T], out: &'a mut [T]) {
        let (a, b) = (T::splat(simd, a), T::splat(simd, b));
        let ((x, x_tail), (y, y_tail)) = (T::split::<S>(x), T::split::<S>(y));
        let (out, out_tail) = T::split_mut::<S>(out);
        for (out, (&x, &y)) in out.iter_mut().zip(x.iter().zip(y)) {
            *out = T::mul_add(simd, a, x, T::mul(simd, b, y));
        }
        if !out_tail.is_empty() {
            let (x, y) = (T::load_tail(simd, x_tail), T::load_tail(simd, y_tail));
            T::store_tail(simd, out_tail, T::mul_add(simd, a, x, T::mul(simd, b, y)));
        }
    }

    pub(super) fn sum_squares<T: Lane>(_simd: S, a: &'a [T]) -> f64 {
        sum_wide(a, a, |a, _| a * a)
    }

    pub(super) fn sum_squares_diff<T: Lane>(_simd: S, a: &'a [T], b: &'a [T]) -> f64 {
        sum_wide(a, b, |a, b| (a - b) * (a - b))
    }
}
