//! Features of one head, in the coordinates of its metric: `g_j = sum_c A_cj f_c`.
#![allow(unsafe_code)]

use std::ops::Range;

use unspool_core::kernels::simd::{Lane, Simd, lanes, load, store};
use unspool_core::{Real, dispatched};

use crate::grid::Grid;

/// Registers of pixels that are worked on together.
const WIDE: usize = 4;

/// Sets `g` on some rows, and to 0 outside of the body; `a` is `[features][features]`. Other rows are overwritten or stay.
///
/// # Shapes
/// `f`, `g`: a plane a feature.
pub(crate) fn project<F: Real>(grid: Grid, rows: Range<usize>, a: &[F], f: &[F], g: &mut [F]) {
    let (plane, body) = (grid.plane(), grid.body());
    let d = f.len() / plane;
    assert!(f.len() == d * plane && g.len() == f.len() && a.len() == d * d && rows.end <= grid.height());
    for g in g.chunks_exact_mut(plane) {
        g[..body.start].fill(F::zero());
        g[body.end..].fill(F::zero());
    }
    multiply(grid, rows, a, f, g);
}

/// `J` planes of `g` from plane `j` on, at `WIDE` registers of pixels.
///
/// # Safety
/// The registers from `at` on lie in each plane, and `g` has `J` planes from `j` on.
#[inline(always)]
unsafe fn tile<S: Simd, T: Lane, const J: usize>(
    simd: S,
    plane: usize,
    a: &[T],
    f: &[T],
    (j, at): (usize, usize),
    g: &mut [T],
) {
    let (lanes, d) = (lanes::<S, T>(), f.len() / plane);
    let mut sums = [[T::splat(simd, T::ZERO); WIDE]; J];
    for c in 0..d {
        // SAFETY: by the caller's promise.
        let f: [T::V<S>; WIDE] = std::array::from_fn(|p| unsafe { load::<S, T>(f, c * plane + at + p * lanes) });
        for (k, sums) in sums.iter_mut().enumerate() {
            let a = T::splat(simd, a[c * d + j + k]);
            for (sum, &f) in sums.iter_mut().zip(&f) {
                *sum = T::mul_add(simd, a, f, *sum);
            }
        }
    }
    for (k, sums) in sums.into_iter().enumerate() {
        for (p, sum) in sums.into_iter().enumerate() {
            // SAFETY: as above.
            unsafe { store::<S, T>(g, (j + k) * plane + at + p * lanes, sum) };
        }
    }
}

dispatched! {
    fn multiply<T: Lane>(simd: S, grid: Grid, rows: Range<usize>, a: &'a [T], f: &'a [T], g: &'a mut [T]) {
        let (plane, body, d) = (grid.plane(), grid.body(), f.len() / grid.plane());
        let step = WIDE * lanes::<S, T>();
        let first = body.start + (grid.at(rows.start, 0) - body.start) / step * step;
        for at in (first..grid.at(rows.end, 0)).step_by(step) {
            let mut j = 0;
            // SAFETY: the body's length is a multiple of 64, which is one of the registers' together, and rows lie in it.
            unsafe {
                while j + 4 <= d {
                    tile::<S, T, 4>(simd, plane, a, f, (j, at), g);
                    j += 4;
                }
                while j < d {
                    tile::<S, T, 1>(simd, plane, a, f, (j, at), g);
                    j += 1;
                }
            }
        }
    }
}
