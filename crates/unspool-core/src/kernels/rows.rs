//! Kernels on the rows of a row-major matrix.
//!
//! Several rows are taken at once, for as many independent sums in registers. How many has no
//! influence on the result: each sum runs in the order of its own terms, so the caller may cut a
//! matrix into blocks of rows wherever it likes.

use super::dispatch::dispatched;
use super::lane::{Lane, lanes, load};
use pulp::Simd;

/// `u[i][c] = x_i . v_c` for `R` rows and `M` columns.
#[inline(always)]
fn dot_tile<S: Simd, T: Lane, const R: usize, const M: usize>(simd: S, x: &[T], d: usize, v: [&[T]; M]) -> [[T; R]; M] {
    let x = &x[..R * d];
    let v = v.map(|v| &v[..d]);
    let mut acc = [[T::splat(simd, T::ZERO); R]; M];
    let mut j = 0;
    while j + lanes::<S, T>() <= d {
        for c in 0..M {
            // SAFETY: a register from column `j` on ends within the `d` columns.
            let v = unsafe { load::<S, T>(v[c], j) };
            for (i, acc) in acc[c].iter_mut().enumerate() {
                // SAFETY: as above, of row `i < R`.
                let x = unsafe { load::<S, T>(x, i * d + j) };
                *acc = T::mul_add(simd, x, v, *acc);
            }
        }
        j += lanes::<S, T>();
    }
    if j < d {
        for c in 0..M {
            let v = T::load_tail(simd, &v[c][j..]);
            for (i, acc) in acc[c].iter_mut().enumerate() {
                let x = T::load_tail(simd, &x[i * d + j..(i + 1) * d]);
                *acc = T::mul_add(simd, x, v, *acc);
            }
        }
    }

    let mut u = [[T::ZERO; R]; M];
    for c in 0..M {
        for i in 0..R {
            u[c][i] = T::sum(simd, acc[c][i]);
        }
    }
    u
}

/// `u[r + rows c] = x_r . v_c` for `R` rows at a time from row `first` on, as far as these go;
/// returns the first row left.
#[inline(always)]
fn dot_rows<S: Simd, T: Lane, const R: usize, const M: usize>(
    simd: S,
    x: &[T],
    d: usize,
    v: [&[T]; M],
    u: &mut [T],
    first: usize,
) -> usize {
    let rows = u.len() / M;
    let mut r = first;
    while r + R <= rows {
        let tile = dot_tile::<S, T, R, M>(simd, &x[r * d..], d, v);
        for (c, tile) in tile.iter().enumerate() {
            u[r + rows * c..][..R].copy_from_slice(tile);
        }
        r += R;
    }
    r
}

/// `u[r + rows c] = x_r . v_c` for all rows.
#[inline(always)]
fn dot_columns<S: Simd, T: Lane, const M: usize>(simd: S, x: &[T], d: usize, v: [&[T]; M], u: &mut [T]) {
    // Eight sums at a time, since sixteen would fill all the registers of AVX2.
    let r = if M == 1 { dot_rows::<S, T, 8, M>(simd, x, d, v, u, 0) } else { 0 };
    let r = dot_rows::<S, T, 4, M>(simd, x, d, v, u, r);
    dot_rows::<S, T, 1, M>(simd, x, d, v, u, r);
}

/// `out += s_0 x_0 + s_1 x_1 + ...` over `R` rows.
#[inline(always)]
fn axpy_tile<S: Simd, T: Lane, const R: usize>(simd: S, x: &[T], d: usize, s: &[T], out: &mut [T]) {
    let x = &x[..R * d];
    let s = splat_all::<S, T, R>(simd, s);
    let (out, out_tail) = T::split_mut::<S>(&mut out[..d]);
    let mut j = 0;
    for out in out {
        let mut sum = *out;
        for (i, &s) in s.iter().enumerate() {
            // SAFETY: `out` has `d` entries, so that a register from column `j` on ends within
            // the `d` columns of row `i < R`.
            let x = unsafe { load::<S, T>(x, i * d + j) };
            sum = T::mul_add(simd, s, x, sum);
        }
        *out = sum;
        j += lanes::<S, T>();
    }
    if j < d {
        let mut sum = T::load_tail(simd, out_tail);
        for (i, &s) in s.iter().enumerate() {
            let x = T::load_tail(simd, &x[i * d + j..(i + 1) * d]);
            sum = T::mul_add(simd, s, x, sum);
        }
        T::store_tail(simd, out_tail, sum);
    }
}

/// The first `R` entries of `s`, each in all lanes of a register.
#[inline(always)]
fn splat_all<S: Simd, T: Lane, const R: usize>(simd: S, s: &[T]) -> [T::V<S>; R] {
    let mut out = [T::splat(simd, T::ZERO); R];
    for (out, &s) in out.iter_mut().zip(&s[..R]) {
        *out = T::splat(simd, s);
    }
    out
}

/// `out += s_r x_r` for `R` rows at a time, as far as these go; returns the rows left.
#[inline(always)]
fn axpy_rows<'a, S: Simd, T: Lane, const R: usize>(
    simd: S,
    mut x: &'a [T],
    d: usize,
    mut s: &'a [T],
    out: &mut [T],
) -> (&'a [T], &'a [T]) {
    while s.len() >= R {
        axpy_tile::<S, T, R>(simd, x, d, s, out);
        (x, s) = (&x[R * d..], &s[R..]);
    }
    (x, s)
}

dispatched! {
    pub(super) fn rows_dot<T: Lane>(simd: S, x: &'a [T], d: usize, v: &'a [&'a [T]], u: &'a mut [T]) {
        let rows = x.len() / d;
        let (pairs, last) = v.as_chunks::<2>();
        let (u_pairs, u_last) = u.split_at_mut(2 * pairs.len() * rows);
        for (k, &pair) in pairs.iter().enumerate() {
            dot_columns::<S, T, 2>(simd, x, d, pair, &mut u_pairs[2 * k * rows..][..2 * rows]);
        }
        if let &[v] = last {
            dot_columns::<S, T, 1>(simd, x, d, [v], u_last);
        }
    }

    pub(super) fn rows_axpy<T: Lane>(simd: S, x: &'a [T], d: usize, s: &'a [T], out: &'a mut [T]) {
        let rows = x.len() / d;
        for (c, out) in out.chunks_exact_mut(d).enumerate() {
            let s = &s[rows * c..][..rows];
            let (x, s) = axpy_rows::<S, T, 8>(simd, x, d, s, out);
            let (x, s) = axpy_rows::<S, T, 4>(simd, x, d, s, out);
            axpy_rows::<S, T, 1>(simd, x, d, s, out);
        }
    }
}
