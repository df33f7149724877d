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
    let plane = grid.plane();
    let d = f.len() / plane;
    assert!(f.len() == d * plane && g.len() == f.len() && a.len() == d * d && rows.end <= grid.height());
    grid.clear_margins(g);
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
            // SAFETY: rows lie in the body, whose length is a multiple of 64 and so of WIDE registers.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition, for numbers of features that are and are not multiples of those done together.
    #[test]
    fn equals_its_definition() {
        fn check<F: Real>(d: usize, tolerance: f64) {
            let grid = Grid::new(7, 9);
            let plane = grid.plane();
            let value = |k: usize| F::of((k.wrapping_mul(2_654_435_761) >> 7 & 1023) as f64 / 1024.0 - 0.5);
            let a: Vec<F> = (0..d * d).map(value).collect();
            let mut f = vec![F::zero(); d * plane];
            for (c, f) in f.chunks_exact_mut(plane).enumerate() {
                grid.put(&(0..63).map(|k| value(100 + 63 * c + k)).collect::<Vec<_>>(), f);
            }
            let mut g = vec![F::nan(); d * plane];
            project(grid, 2..6, &a, &f, &mut g);
            for (j, g) in g.chunks_exact(plane).enumerate() {
                for at in (2..6).flat_map(|y| (0..9).map(move |x| grid.at(y, x))) {
                    let want: f64 = (0..d).map(|c| a[c * d + j].wide() * f[c * plane + at].wide()).sum();
                    assert!((g[at].wide() - want).abs() < tolerance, "{d} features");
                }
                assert!(g[..grid.body().start].iter().chain(&g[grid.body().end..]).all(|&g| g == F::zero()));
            }
        }
        for d in [1, 3, 4, 5, 12] {
            check::<f64>(d, 1e-14);
            check::<f32>(d, 1e-5);
        }
    }
}
