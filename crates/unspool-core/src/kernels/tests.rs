//! Every kernel against a plain loop in double precision.

use super::dispatch::forced::on_every_arch;
use super::lane::Lane;
use super::{Kernels, row_block};

/// Lengths about the boundaries of registers and of unrolled loops.
const SIZES: [usize; 14] = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 65, 200];

trait Num: Lane + PartialEq + std::fmt::Debug {
    const EPS: f64;
    /// Smallest positive number.
    const TINY: f64;
    fn of(x: f64) -> Self;
}
impl Num for f64 {
    const EPS: f64 = f64::EPSILON;
    const TINY: f64 = f64::from_bits(1);
    fn of(x: f64) -> Self {
        x
    }
}
impl Num for f32 {
    const EPS: f64 = f32::EPSILON as f64;
    const TINY: f64 = f32::from_bits(1) as f64;
    fn of(x: f64) -> Self {
        x as f32
    }
}

/// Runs each generic check of a module for both types on every instruction set.
macro_rules! checks {
    ($module:ident: $($name:ident)*) => {
        mod $module;
        $(#[test]
        fn $name() {
            on_every_arch(|| {
                $module::$name::<f64>();
                $module::$name::<f32>();
            });
        })*
    };
}
checks! { linear: dot_and_sums axpy_and_lincomb rows_dot rows_axpy blocks_do_not_matter symv }
checks! { functions: exp_accuracy exp_specials sigmoid softplus }
checks! { extremes: non_finite_spreads large_squares }

/// `n` numbers in `[-1, 1)`, another sequence for each `seed`.
fn numbers<T: Num>(n: usize, seed: u64) -> Vec<T> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    for _ in 0..4 {
        next();
    }
    (0..n).map(|_| T::of(next())).collect()
}

/// Asserts `|got - want|` within a few roundings of `scale`.
#[track_caller]
fn close<T: Num>(got: T, want: f64, scale: f64) {
    let error = (got.widen() - want).abs();
    assert!(error <= 4.0 * T::EPS * (1.0 + scale), "{got:?} for {want}");
}

#[test]
fn row_blocks_fit() {
    assert_eq!(row_block::<f64>(200), 16);
    assert_eq!(row_block::<f32>(200), 40);
    assert_eq!((row_block::<f64>(1), row_block::<f64>(5_000)), (256, 8));
    assert_eq!(row_block::<f64>(usize::MAX), 4);
}
