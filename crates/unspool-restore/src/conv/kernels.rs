//! Convolution with 3 x 3 kernels, and both its adjoints.
//!
//! ```text
//! out_o(i) = b_o + sum_c sum_k K_oc(k) x_c(i + k),   k in {-1, 0, 1}^2,   x = 0 outside
//! ```
//!
//! `O(9 c_in c_out)` multiply-adds a pixel. A tile of pixels and output channels is kept in registers.
#![allow(unsafe_code)]

use unspool_core::kernels::simd::{Lane, Simd, lanes, load, store};
use unspool_core::{Real, dispatched};

use crate::grid::Grid;

/// Output channels that are packed together.
const GROUP: usize = 8;
/// Taps of a kernel.
const TAPS: usize = 9;
/// Numbers of a plane that the adjoint in the kernels takes at a time.
const CHUNK: usize = 1024;

/// Length of the packed kernels.
pub fn packed_len(inputs: usize, outputs: usize) -> usize {
    inputs * TAPS * outputs.next_multiple_of(GROUP)
}

/// Kernels `[outputs][inputs][9]` in the order in which [`forward`] reads them: groups of 8 outputs together.
pub fn pack<F: Real>(kernels: &[F], inputs: usize, outputs: usize, packed: &mut [F]) {
    pack_by(inputs, outputs, packed, |o, c, k| kernels[(o * inputs + c) * TAPS + k]);
}

/// The kernels of the adjoint in the input, packed: inputs and outputs change places, each kernel is turned around.
pub fn pack_adjoint<F: Real>(kernels: &[F], inputs: usize, outputs: usize, packed: &mut [F]) {
    pack_by(outputs, inputs, packed, |o, c, k| kernels[(c * inputs + o) * TAPS + TAPS - 1 - k]);
}

fn pack_by<F: Real>(inputs: usize, outputs: usize, packed: &mut [F], kernel: impl Fn(usize, usize, usize) -> F) {
    for (group, packed) in packed.chunks_exact_mut(inputs * TAPS * GROUP).enumerate() {
        for (step, packed) in packed.chunks_exact_mut(GROUP).enumerate() {
            for (lane, packed) in packed.iter_mut().enumerate() {
                let o = group * GROUP + lane;
                *packed = if o < outputs { kernel(o, step / TAPS, step % TAPS) } else { F::zero() };
            }
        }
    }
}

/// Sets the planes `out` from the planes `x`; `inside` is 1 on pixels, 0 elsewhere. Without `bias` it is 0.
///
/// # Shapes
/// `x`: inputs planes; `packed`: [`packed_len`]; `bias`: outputs; `out`: outputs planes.
pub fn forward<F: Real>(grid: Grid, x: &[F], packed: &[F], bias: Option<&[F]>, inside: &[F], out: &mut [F]) {
    let plane = grid.plane();
    assert!(x.len().is_multiple_of(plane) && out.len().is_multiple_of(plane) && inside.len() == plane);
    let (inputs, outputs) = (x.len() / plane, out.len() / plane);
    assert!(packed.len() == packed_len(inputs, outputs) && bias.is_none_or(|bias| bias.len() == outputs));
    run(grid, x, packed, bias.unwrap_or(&[]), inside, out);
}

/// `sum_c sum_k K_oc(k) x_c(i + k)` for `P` registers of pixels from `at` on, and `O` outputs.
///
/// # Safety
/// Rows `at +- (stride + 1)` of each plane, and `P` registers from there on, lie in it.
#[inline(always)]
unsafe fn tile<S: Simd, T: Lane, const P: usize, const O: usize>(
    simd: S,
    x: &[T],
    plane: usize,
    stride: usize,
    at: usize,
    packed: &[T],
    bias: [T; O],
) -> [[T::V<S>; P]; O] {
    let lanes = lanes::<S, T>();
    let mut acc = bias.map(|bias| [T::splat(simd, bias); P]);
    let mut weights = packed.as_ptr();
    for c in 0..x.len() / plane {
        for ty in 0..3 {
            let row = c * plane + at + ty * stride - stride - 1;
            for tx in 0..3 {
                // SAFETY: by the caller's promise.
                let v: [T::V<S>; P] = std::array::from_fn(|p| unsafe { load::<S, T>(x, row + tx + p * lanes) });
                for (o, acc) in acc.iter_mut().enumerate() {
                    // SAFETY: `packed` holds GROUP numbers for each of the `9 c` steps.
                    let k = T::splat(simd, unsafe { *weights.add(o) });
                    for (acc, &v) in acc.iter_mut().zip(&v) {
                        *acc = T::mul_add(simd, k, v, *acc);
                    }
                }
                // SAFETY: as above.
                weights = unsafe { weights.add(GROUP) };
            }
        }
    }
    acc
}

/// `P` registers of pixels for `O` outputs from `first` on: as many as there are, times `inside`.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn tiles<S: Simd, T: Lane, const P: usize, const O: usize>(
    simd: S,
    grid: Grid,
    x: &[T],
    packed: &[T],
    bias: &[T],
    inside: &[T],
    first: usize,
    out: &mut [T],
    mut at: usize,
) -> usize {
    let (plane, lanes) = (grid.plane(), lanes::<S, T>());
    let outputs = (out.len() / plane).saturating_sub(first).min(O);
    let bias: [T; O] = std::array::from_fn(|o| bias.get(first + o).copied().unwrap_or(T::ZERO));
    let packed = &packed[first / GROUP * GROUP * TAPS * (x.len() / plane) + first % GROUP..];
    while at + P * lanes <= grid.body().end {
        // SAFETY: the body is two rows and more away from both ends of a plane.
        let acc = unsafe { tile::<S, T, P, O>(simd, x, plane, grid.stride(), at, packed, bias) };
        for (o, acc) in acc.iter().enumerate().take(outputs) {
            for (p, &acc) in acc.iter().enumerate() {
                let at = at + p * lanes;
                // SAFETY: within the body of a plane.
                unsafe {
                    let value = T::mul(simd, acc, load::<S, T>(inside, at));
                    store::<S, T>(out, (first + o) * plane + at, value);
                }
            }
        }
        at += P * lanes;
    }
    at
}

dispatched! {
    fn run<T: Lane>(
        simd: S,
        grid: Grid,
        x: &'a [T],
        packed: &'a [T],
        bias: &'a [T],
        inside: &'a [T],
        out: &'a mut [T],
    ) {
        let wide = size_of::<T::V<S>>() == 64;
        let begin = grid.body().start;
        let mut first = 0;
        while first < out.len() / grid.plane() {
            if wide {
                let at = tiles::<S, T, 3, 8>(simd, grid, x, packed, bias, inside, first, out, begin);
                tiles::<S, T, 1, 8>(simd, grid, x, packed, bias, inside, first, out, at);
                first += 8;
            } else {
                let at = tiles::<S, T, 3, 4>(simd, grid, x, packed, bias, inside, first, out, begin);
                tiles::<S, T, 1, 4>(simd, grid, x, packed, bias, inside, first, out, at);
                first += 4;
            }
        }
    }
}

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
