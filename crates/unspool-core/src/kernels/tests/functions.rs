//! Elementwise functions.

use super::*;

/// Asserts `|got - want|` within `ulps` units in the last place of `want`.
#[track_caller]
fn within<T: Num>(ulps: f64, at: f64, got: T, want: f64) {
    if T::of(want).widen() == got.widen() {
        return;
    }
    let unit = 2f64.powi(want.abs().log2().floor() as i32) * T::EPS;
    let error = (got.widen() - want).abs();
    assert!(
        error <= ulps * unit.max(T::TINY),
        "{got:?} for {want} at {at}"
    );
}

/// `f` of each of `n` points from `low` to `high`, with the point and the expected value.
fn sweep<T: Num>(low: f64, high: f64, n: usize, ulps: f64, f: fn(&mut [T]), want: fn(f64) -> f64) {
    let at = |i: usize| T::of(low + (high - low) * i as f64 / n as f64);
    let x: Vec<T> = (0..=n).map(at).collect();
    let mut y = x.clone();
    f(&mut y);
    for (&x, &y) in x.iter().zip(&y) {
        within(ulps, x.widen(), y, want(x.widen()));
    }
}

pub(super) fn exp_accuracy<T: Num>() {
    sweep::<T>(-760.0, 720.0, 100_000, 2.0, T::exp_all, f64::exp);
    sweep::<T>(-110.0, 95.0, 100_000, 2.0, T::exp_all, f64::exp);
    sweep::<T>(-1.0, 1.0, 20_000, 2.0, T::exp_all, f64::exp);
    for n in SIZES {
        let (x, mut y) = (numbers::<T>(n, 1), numbers::<T>(n, 1));
        T::exp_all(&mut y);
        for (x, &y) in x.iter().zip(&y) {
            within(2.0, x.widen(), y, x.widen().exp());
        }
    }
}

pub(super) fn exp_specials<T: Num>() {
    let mut x = [0.0, -0.0, 1e9, f64::INFINITY, -1e9, f64::NEG_INFINITY].map(T::of);
    T::exp_all(&mut x);
    assert_eq!(
        x,
        [1.0, 1.0, f64::INFINITY, f64::INFINITY, 0.0, 0.0].map(T::of)
    );
    let mut x = [1e300, -1e300, 1e-300, -1e-300].map(T::of);
    T::exp_all(&mut x);
    assert_eq!(x, [f64::INFINITY, 0.0, 1.0, 1.0].map(T::of));
}

pub(super) fn sigmoid<T: Num>() {
    let want = |x: f64| {
        if x < 0.0 {
            x.exp() / (1.0 + x.exp())
        } else {
            1.0 / (1.0 + (-x).exp())
        }
    };
    sweep::<T>(-750.0, 750.0, 50_000, 3.0, T::sigmoid_all, want);
    sweep::<T>(-110.0, 110.0, 50_000, 3.0, T::sigmoid_all, want);
    let mut x = [f64::NEG_INFINITY, 0.0, f64::INFINITY].map(T::of);
    T::sigmoid_all(&mut x);
    assert_eq!(x, [0.0, 0.5, 1.0].map(T::of));
}

pub(super) fn softplus<T: Num>() {
    let want = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
    sweep::<T>(-750.0, 750.0, 50_000, 4.0, T::softplus, want);
    sweep::<T>(-110.0, 110.0, 50_000, 4.0, T::softplus, want);
    let mut x = [f64::NEG_INFINITY, f64::INFINITY].map(T::of);
    T::softplus(&mut x);
    assert_eq!(x, [0.0, f64::INFINITY].map(T::of));
}
