//! The adjoint in the kernels: every output with every input, tap by tap.
#![allow(unsafe_code)]

use unspool_core::kernels::simd::{Lane, Simd, lanes, load};
use unspool_core::{Real, dispatched};

use super::TAPS;
use crate::grid::Grid;

/// Numbers of a plane that are taken at a time.
const CHUNK: usize = 1024;

/// The adjoint in the kernels: `gkernels_oc(k) += sum_i g_o(i) x_c(i + k)`, `gbias_o += sum_i g_o(i)`.
///
/// `g` must be zero outside of the pixels.
///
/// # Shapes
/// `x`: inputs planes; `g`: outputs planes; `gkernels`: `[outputs][inputs][9]`; `gbias`: outputs.
pub fn kernels_vjp<F: Real>(grid: Grid, x: &[F], g: &[F], inside: &[F], gkernels: &mut [F], gbias: &mut [F]) {
    let plane = grid.plane();
    let (inputs, outputs) = (x.len() / plane, g.len() / plane);
    assert!(x.len() == inputs * plane && g.len() == outputs * plane);
    assert!(gkernels.len() == inputs * outputs * TAPS && gbias.len() == outputs);
    correlate(grid, x, g, gkernels);
    for (gbias, g) in gbias.iter_mut().zip(g.chunks_exact(plane)) {
        *gbias += F::dot(&g[grid.body()], &inside[grid.body()]);
    }
}

/// Sums over `range` of `O` outputs times `C` inputs, for the taps of row `ty`.
///
/// # Safety
/// `range` is of whole registers, at least a row and a column away from both ends of a plane.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn correlate_tile<S: Simd, T: Lane, const O: usize, const C: usize>(
    simd: S,
    grid: Grid,
    x: &[T],
    g: &[T],
    (o, c, ty): (usize, usize, usize),
    range: std::ops::Range<usize>,
    inputs: usize,
    out: &mut [T],
) {
    let (plane, stride) = (grid.plane(), grid.stride());
    let mut acc = [[[T::splat(simd, T::ZERO); 3]; C]; O];
    let mut i = range.start;
    while i < range.end {
        let g: [T::V<S>; O] = std::array::from_fn(|k| unsafe { load::<S, T>(g, (o + k) * plane + i) });
        let row = c * plane + i + ty * stride - stride - 1;
        for tx in 0..3 {
            // SAFETY: by the caller's promise.
            let v: [T::V<S>; C] = std::array::from_fn(|ci| unsafe { load::<S, T>(x, row + ci * plane + tx) });
            for (acc, &g) in acc.iter_mut().zip(&g) {
                for (acc, &v) in acc.iter_mut().zip(&v) {
                    acc[tx] = T::mul_add(simd, g, v, acc[tx]);
                }
            }
        }
        i += lanes::<S, T>();
    }
    for (k, acc) in acc.iter().enumerate() {
        for (ci, acc) in acc.iter().enumerate() {
            for (tx, &acc) in acc.iter().enumerate() {
                let out = &mut out[((o + k) * inputs + c + ci) * TAPS + 3 * ty + tx];
                *out = T::sum(simd, T::add(simd, acc, T::load_tail(simd, &[*out])));
            }
        }
    }
}

/// All inputs for `O` outputs from `o` on.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn correlate_rows<S: Simd, T: Lane, const O: usize>(
    simd: S,
    grid: Grid,
    x: &[T],
    g: &[T],
    o: usize,
    ty: usize,
    range: std::ops::Range<usize>,
    out: &mut [T],
) {
    let inputs = x.len() / grid.plane();
    let mut c = 0;
    // SAFETY: the body is two rows and more away from both ends of a plane.
    unsafe {
        while c + 2 <= inputs {
            correlate_tile::<S, T, O, 2>(simd, grid, x, g, (o, c, ty), range.clone(), inputs, out);
            c += 2;
        }
        if c < inputs {
            correlate_tile::<S, T, O, 1>(simd, grid, x, g, (o, c, ty), range, inputs, out);
        }
    }
}

dispatched! {
    fn correlate<T: Lane>(simd: S, grid: Grid, x: &'a [T], g: &'a [T], out: &'a mut [T]) {
        let outputs = g.len() / grid.plane();
        let mut start = grid.body().start;
        while start < grid.body().end {
            let range = start..(start + CHUNK).min(grid.body().end);
            for ty in 0..3 {
                let mut o = 0;
                while o < outputs {
                    if o + 4 <= outputs && size_of::<T::V<S>>() == 64 {
                        correlate_rows::<S, T, 4>(simd, grid, x, g, o, ty, range.clone(), out);
                        o += 4;
                    } else if o + 2 <= outputs {
                        correlate_rows::<S, T, 2>(simd, grid, x, g, o, ty, range.clone(), out);
                        o += 2;
                    } else {
                        correlate_rows::<S, T, 1>(simd, grid, x, g, o, ty, range.clone(), out);
                        o += 1;
                    }
                }
            }
            start = range.end;
        }
    }
}
