//! Inner loops (plain stand-ins).
#![allow(missing_docs)]
use num_traits::Float;
pub fn row_block<F>(_: usize) -> usize {
    32
}
pub trait Kernels: Copy {
    fn dot(a: &[Self], b: &[Self]) -> Self;
    fn axpy(alpha: Self, x: &[Self], y: &mut [Self]);
    fn lincomb(a: Self, x: &[Self], b: Self, y: &[Self], out: &mut [Self]);
    fn sum_squares(a: &[Self]) -> f64;
    fn sum_squares_diff(a: &[Self], b: &[Self]) -> f64;
    fn rows_dot(x: &[Self], d: usize, v: &[&[Self]], u: &mut [Self]);
    fn rows_axpy(x: &[Self], d: usize, s: &[Self], out: &mut [Self]);
    fn exp_all(x: &mut [Self]);
    fn sigmoid_all(x: &mut [Self]);
}
macro_rules! k {
    ($f:ty) => {
        impl Kernels for $f {
            fn dot(a: &[Self], b: &[Self]) -> Self {
                a.iter().zip(b).map(|(a, b)| a * b).sum()
            }
            fn axpy(alpha: Self, x: &[Self], y: &mut [Self]) {
                for (y, x) in y.iter_mut().zip(x) {
                    *y += alpha * x;
                }
            }
            fn lincomb(a: Self, x: &[Self], b: Self, y: &[Self], out: &mut [Self]) {
                for ((o, x), y) in out.iter_mut().zip(x).zip(y) {
                    *o = a * x + b * y;
                }
            }
            fn sum_squares(a: &[Self]) -> f64 {
                a.iter().map(|&a| (a as f64) * (a as f64)).sum()
            }
            fn sum_squares_diff(a: &[Self], b: &[Self]) -> f64 {
                a.iter().zip(b).map(|(&a, &b)| ((a as f64) - (b as f64)).powi(2)).sum()
            }
            fn rows_dot(x: &[Self], d: usize, v: &[&[Self]], u: &mut [Self]) {
                let n = x.len() / d;
                for (c, v) in v.iter().enumerate() {
                    for r in 0..n {
                        u[r + n * c] = Self::dot(&x[r * d..(r + 1) * d], v);
                    }
                }
            }
            fn rows_axpy(x: &[Self], d: usize, s: &[Self], out: &mut [Self]) {
                let n = x.len() / d;
                for (c, o) in out.chunks_exact_mut(d).enumerate() {
                    for r in 0..n {
                        Self::axpy(s[r + n * c], &x[r * d..(r + 1) * d], o);
                    }
                }
            }
            fn exp_all(x: &mut [Self]) {
                for x in x {
                    *x = Float::exp(*x);
                }
            }
            fn sigmoid_all(x: &mut [Self]) {
                for x in x {
                    let e = Float::exp(-x.abs());
                    *x = if *x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) };
                }
            }
        }
    };
}
k!(f32);
k!(f64);
