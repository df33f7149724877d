//! Vectorised inner loops.
//!
//! Everything here is sequential and allocates nothing, and the result depends on nothing but the
//! arguments: the same machine gives the same bits, whichever thread asks. The instruction set is
//! chosen at run time (AVX-512, AVX2 with FMA, NEON, portable code), and with it the number of
//! partial sums, so two machines may differ in the last bits.
//!
//! Matrices are read fastest where every row begins at a multiple of 64 bytes.
#![allow(unsafe_code)]

mod constants;
mod dispatch;
mod exp;
mod lane;
mod rows;
mod symmetric;
mod vector;

#[cfg(test)]
mod tests;

use lane::Lane;

/// Registers and their operations, for kernels of one's own: see [`dispatched!`](crate::dispatched).
pub mod simd {
    pub use super::dispatch::arch;
    pub use super::lane::{Lane, lanes, load, store};
    pub use pulp::{Scalar, Simd, WithSimd};
}

/// Vectorised inner loops of one scalar type, `f32` or `f64`.
///
/// Lengths that do not fit together panic.
pub trait Kernels: Copy {
    /// `sum_i a_i b_i`, summed in this type; `O(n)`.
    fn dot(a: &[Self], b: &[Self]) -> Self;

    /// `y += alpha x`; `O(n)`.
    fn axpy(alpha: Self, x: &[Self], y: &mut [Self]);

    /// `out = a x + b y`; `O(n)`.
    fn lincomb(a: Self, x: &[Self], b: Self, y: &[Self], out: &mut [Self]);

    /// `sum_i a_i^2`, summed in `f64`; `O(n)`.
    ///
    /// Not finite if any entry is not. Finite otherwise, but for `f64` entries so large that
    /// their squares overflow (beyond about `1e154`).
    fn sum_squares(a: &[Self]) -> f64;

    /// `sum_i (a_i - b_i)^2`, subtracted and summed in `f64`; `O(n)`.
    ///
    /// Not finite if any entry is not; see [`Kernels::sum_squares`].
    fn sum_squares_diff(a: &[Self], b: &[Self]) -> f64;

    /// Products of the rows of a matrix with vectors: `u[r + rows c] = x_r . v_c`.
    ///
    /// `x` is `rows x d`, row-major; `v` holds `m` vectors of length `d`; `u` is `rows x m`,
    /// column-major. Two vectors are done in one pass over `x`; `O(rows d m)`. A product does not
    /// depend on which other rows and vectors it is computed with.
    fn rows_dot(x: &[Self], d: usize, v: &[&[Self]], u: &mut [Self]);

    /// Sums of the rows of a matrix: `out_c += sum_r s[r + rows c] x_r`.
    ///
    /// `x` is `rows x d`, row-major; `s` is `rows x m` and `out` is `d x m`, both column-major;
    /// `O(rows d m)`. Rows are added one after the other, so that consecutive calls on parts of
    /// the rows give the same bits as one call on all of them.
    fn rows_axpy(x: &[Self], d: usize, s: &[Self], out: &mut [Self]);

    /// `y = A x` for a symmetric `d x d` matrix in full storage, of which the lower triangle of
    /// the row-major `a` is read; `O(d^2)`.
    ///
    /// Entries above the diagonal are read only within 8 of it, and must agree with those below.
    fn symv(a: &[Self], d: usize, x: &[Self], y: &mut [Self]);

    /// `x_i <- exp(x_i)`, within 2 units in the last place, subnormal results included; `O(n)`.
    fn exp_all(x: &mut [Self]);

    /// `x_i <- 1 / (1 + exp(-x_i))`, accurate relative to itself on both sides; `O(n)`.
    fn sigmoid_all(x: &mut [Self]);

    /// `x_i <- log(1 + exp(x_i))`, accurate relative to itself on both sides; `O(n)`.
    fn softplus(x: &mut [Self]);
}

/// How many rows of `d` entries to pass to [`Kernels::rows_dot`] and then to
/// [`Kernels::rows_axpy`] for the second to find them in the first-level cache.
///
/// A multiple of 8 and at most 256, about 32 KiB; for rows too long for that 8, or 4 where 8 do
/// not fit in the second-level cache either. A function of the shape alone, so that sums over
/// blocks do not depend on the machine or its load.
pub fn row_block<F>(d: usize) -> usize {
    const L1: usize = 32 << 10;
    const L2: usize = 1 << 20;
    let row = d.max(1).saturating_mul(size_of::<F>().max(1));
    if row > L2 / 8 {
        return 4;
    }
    (L1 / row / 8 * 8).clamp(8, 256)
}

/// The number of rows of a matrix with entries `x` and `d` columns.
fn rows_of<T>(x: &[T], d: usize) -> usize {
    assert!(d > 0 && x.len().is_multiple_of(d), "rows of {d} in {}", x.len());
    x.len() / d
}

impl<T: Lane> Kernels for T {
    fn dot(a: &[Self], b: &[Self]) -> Self {
        assert_eq!(a.len(), b.len());
        vector::dot(a, b)
    }

    fn axpy(alpha: Self, x: &[Self], y: &mut [Self]) {
        assert_eq!(x.len(), y.len());
        vector::axpy(alpha, x, y);
    }

    fn lincomb(a: Self, x: &[Self], b: Self, y: &[Self], out: &mut [Self]) {
        assert!(x.len() == out.len() && y.len() == out.len());
        vector::lincomb(a, x, b, y, out);
    }

    fn sum_squares(a: &[Self]) -> f64 {
        vector::sum_squares(a)
    }

    fn sum_squares_diff(a: &[Self], b: &[Self]) -> f64 {
        assert_eq!(a.len(), b.len());
        vector::sum_squares_diff(a, b)
    }

    fn rows_dot(x: &[Self], d: usize, v: &[&[Self]], u: &mut [Self]) {
        assert_eq!(u.len(), rows_of(x, d) * v.len());
        assert!(v.iter().all(|v| v.len() == d));
        rows::rows_dot(x, d, v, u);
    }

    fn rows_axpy(x: &[Self], d: usize, s: &[Self], out: &mut [Self]) {
        assert_eq!(s.len(), rows_of(x, d) * rows_of(out, d));
        rows::rows_axpy(x, d, s, out);
    }

    fn symv(a: &[Self], d: usize, x: &[Self], y: &mut [Self]) {
        assert!(a.len() == d * d && x.len() == d && y.len() == d);
        symmetric::symv(a, d, x, y);
    }

    fn exp_all(x: &mut [Self]) {
        exp::exp(x);
    }

    fn sigmoid_all(x: &mut [Self]) {
        exp::sigmoid(x);
    }

    fn softplus(x: &mut [Self]) {
        exp::softplus(x);
    }
}
