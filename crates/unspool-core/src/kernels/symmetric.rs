//! Product with a symmetric matrix, of which one triangle is read.

use super::dispatch::dispatched;
use super::lane::{Lane, lanes, load};
use pulp::Simd;

/// Takes rows `first..first + R` of the lower triangle into `y = A x`.
///
/// An entry left of the diagonal block counts for its row and, mirrored, for its column: it is
/// loaded once and used twice. Of `y`, the entries before `first` are added to, and those of these
/// rows are set.
#[inline(always)]
fn tile<S: Simd, T: Lane, const R: usize>(simd: S, a: &[T], d: usize, x: &[T], y: &mut [T], first: usize) {
    let a = &a[first * d..][..R * d];
    let x = &x[..first + R];
    let (left, own) = y.split_at_mut(first);
    let (left, left_tail) = T::split_mut::<S>(left);
    let mut acc = [T::splat(simd, T::ZERO); R];
    let mut s = acc;
    for i in 0..R {
        s[i] = T::splat(simd, x[first + i]);
    }

    let mut j = 0;
    for y in left {
        // SAFETY: `y` is a register of the entries before `first`, which `x` has as well, and row
        // `i < R` of `a` too, since `first < d`.
        let x = unsafe { load::<S, T>(x, j) };
        let mut sum = *y;
        for i in 0..R {
            // SAFETY: as above.
            let a = unsafe { load::<S, T>(a, i * d + j) };
            acc[i] = T::mul_add(simd, a, x, acc[i]);
            sum = T::mul_add(simd, a, s[i], sum);
        }
        *y = sum;
        j += lanes::<S, T>();
    }
    if j < first {
        let x = T::load_tail(simd, &x[j..first]);
        let mut sum = T::load_tail(simd, left_tail);
        for i in 0..R {
            let a = T::load_tail(simd, &a[i * d + j..i * d + first]);
            acc[i] = T::mul_add(simd, a, x, acc[i]);
            sum = T::mul_add(simd, a, s[i], sum);
        }
        T::store_tail(simd, left_tail, sum);
    }

    for i in 0..R {
        let (a, a_tail) = T::split::<S>(&a[i * d + first..][..R]);
        let (x, x_tail) = T::split::<S>(&x[first..]);
        for (&a, &x) in a.iter().zip(x) {
            acc[i] = T::mul_add(simd, a, x, acc[i]);
        }
        if !a_tail.is_empty() {
            let (a, x) = (T::load_tail(simd, a_tail), T::load_tail(simd, x_tail));
            acc[i] = T::mul_add(simd, a, x, acc[i]);
        }
        own[i] = T::sum(simd, acc[i]);
    }
}

dispatched! {
    pub(super) fn symv<T: Lane>(simd: S, a: &'a [T], d: usize, x: &'a [T], y: &'a mut [T]) {
        let mut r = 0;
        while r + 8 <= d {
            tile::<S, T, 8>(simd, a, d, x, y, r);
            r += 8;
        }
        while r < d {
            tile::<S, T, 1>(simd, a, d, x, y, r);
            r += 1;
        }
    }
}
