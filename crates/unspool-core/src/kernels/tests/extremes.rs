//! Entries that are not finite, or barely.

use super::*;

pub(super) fn non_finite_spreads<T: Num>() {
    let lost = |x: T| assert!(!x.widen().is_finite());
    for n in SIZES {
        for (i, bad) in (0..n).flat_map(|i| [(i, f64::NAN), (i, f64::INFINITY)]) {
            let mut a = numbers::<T>(n, 1);
            a[i] = T::of(bad);
            let (b, mut out) = (vec![T::ONE; n], vec![T::ONE; n]);
            lost(T::dot(&a, &b));
            assert!(!T::sum_squares(&a).is_finite());
            assert!(!T::sum_squares_diff(&a, &b).is_finite());
            assert!(!T::sum_squares_diff(&b, &a).is_finite());
            let mut u = [T::ONE];
            T::rows_dot(&a, n, &[&b], &mut u);
            lost(u[0]);
            T::rows_axpy(&a, n, &[T::ZERO], &mut out);
            lost(out[i]);
            if bad.is_nan() {
                for f in [T::exp_all, T::sigmoid_all, T::softplus] {
                    let mut x = a.clone();
                    f(&mut x);
                    let nan = x.iter().map(|x| x.widen().is_nan());
                    assert!(nan.enumerate().all(|(j, nan)| nan == (j == i)));
                }
            }
        }
    }
}

pub(super) fn large_squares<T: Num>() {
    let big = vec![T::of(3e38); 1000];
    assert!(T::sum_squares(&big).is_finite());
    let small = vec![T::of(-3e38); 1000];
    assert!(T::sum_squares_diff(&big, &small).is_finite());
}
