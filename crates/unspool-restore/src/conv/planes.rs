//! The convolution itself: four rows of an image at a time, by Winograd's minimal filtering `F(4, 3)` (Lavin and Gray, "Fast
//! Algorithms for Convolutional Neural Networks", CVPR 2016), in the columns of kernels alone.
//!
//! With `d` six rows of the input, `g` a column of a kernel, `y` what they add to four rows of the output,
//!
//! ```text
//! y = A' ((G g) * (B' d))          * number by number
//! ```
//!
//! takes 6 products where the definition takes 12, so `4.5 c_in c_out` multiply-adds a pixel. `B' d` is made once for all outputs, `A'`
//! is applied once for all inputs. Rounding is a few times that of the definition.
#![allow(unsafe_code)]

use std::ops::Range;

use unspool_core::kernels::simd::{Lane, Simd, lanes, load, store};
use unspool_core::{Real, dispatched};

use super::TAPS;
use crate::grid::Grid;

/// Output channels that are packed together.
const GROUP: usize = 8;
/// Rows of the output that are made together. By rounding, each depends on all that they are made of: where a part of an image
/// is to have the bits of the whole, it begins at a multiple of this many rows, and reaches as many farther for each convolution.
pub(crate) const ROWS: usize = 4;
/// Products that take their place, and rows of the input that they are made of.
const POINTS: usize = 6;
/// Most registers of pixels in a block.
const WIDE: usize = 3;
/// Most numbers of a register.
const LINE: usize = 16;

/// Length of the packed kernels.
pub fn packed_len(inputs: usize, outputs: usize) -> usize {
    POINTS * inputs * 3 * outputs.next_multiple_of(GROUP)
}

/// Kernels `[outputs][inputs][9]` in the order in which [`forward`] reads them, as `G g`: groups of 8 outputs together.
pub fn pack<F: Real>(kernels: &[F], inputs: usize, outputs: usize, packed: &mut [F]) {
    pack_by(inputs, outputs, packed, |o, c, k| kernels[(o * inputs + c) * TAPS + k]);
}

/// The kernels of the adjoint in the input, packed: inputs and outputs change places, each kernel is turned around.
pub fn pack_adjoint<F: Real>(kernels: &[F], inputs: usize, outputs: usize, packed: &mut [F]) {
    pack_by(outputs, inputs, packed, |o, c, k| kernels[(c * inputs + o) * TAPS + TAPS - 1 - k]);
}

fn pack_by<F: Real>(inputs: usize, outputs: usize, packed: &mut [F], kernel: impl Fn(usize, usize, usize) -> F) {
    let [quarter, sixth, twelfth, twenty_fourth] = [4.0, 6.0, 12.0, 24.0].map(|x| F::one() / F::of(x));
    let point = inputs * 3 * GROUP;
    for (group, packed) in packed.chunks_exact_mut(POINTS * point).enumerate() {
        for step in 0..inputs * 3 {
            for lane in 0..GROUP.min(outputs - group * GROUP) {
                let [a, b, c] = [0, 3, 6].map(|row| kernel(group * GROUP + lane, step / 3, row + step % 3));
                let (sum, wide) = (sixth * (a + c), twenty_fourth * a + sixth * c);
                let g = [quarter * a, -sum - sixth * b, -sum + sixth * b, wide + twelfth * b, wide - twelfth * b, c];
                for (k, g) in g.into_iter().enumerate() {
                    packed[k * point + step * GROUP + lane] = g;
                }
            }
            for lane in outputs - group * GROUP..GROUP {
                (0..POINTS).for_each(|k| packed[k * point + step * GROUP + lane] = F::zero());
            }
        }
    }
}

/// What becomes of a convolution `y`.
#[derive(Clone, Copy, Debug)]
pub enum Then<T> {
    /// `out = y`.
    Store,
    /// `out += y`.
    Add,
    /// `out = relu(y)`, where `relu(y) = max(y, 0)`.
    Relu,
    /// `out = a x + c relu(y)`, for as many outputs as inputs.
    Skip {
        /// The share of the input.
        a: T,
        /// The share of what is new.
        c: T,
    },
}

/// Sets the planes `out` from the planes `x`, to 0 outside of the pixels. Without `bias` it is 0.
///
/// # Shapes
/// `x`: inputs planes; `packed`: [`packed_len`]; `bias`: outputs; `out`: outputs planes.
pub fn forward<F: Real>(grid: Grid, x: &[F], packed: &[F], bias: Option<&[F]>, out: &mut [F]) {
    forward_then(grid, 0..grid.height(), x, packed, bias, Then::Store, out);
}

/// [`forward`] on some rows, from a multiple of 4 to one or to the last, and at once what comes after it. The pixels of other
/// rows stay as they are.
///
/// # Panics
/// If lengths do not fit.
pub fn forward_then<F: Real>(
    grid: Grid,
    made: Range<usize>,
    x: &[F],
    packed: &[F],
    bias: Option<&[F]>,
    then: Then<F>,
    out: &mut [F],
) {
    let plane = grid.plane();
    assert!(x.len().is_multiple_of(plane) && out.len().is_multiple_of(plane));
    let (inputs, outputs) = (x.len() / plane, out.len() / plane);
    assert!(packed.len() == packed_len(inputs, outputs) && bias.is_none_or(|bias| bias.len() == outputs));
    assert!(inputs == outputs || !matches!(then, Then::Skip { .. }));
    assert!(made.start.is_multiple_of(ROWS) && (made.end.is_multiple_of(ROWS) || made.end == grid.height()));
    assert!(made.end <= grid.height());
    let len = POINTS * inputs * (WIDE + 1) * LINE;
    let mut points = vec![F::zero(); len + LINE];
    // as far from the begin of a cache line as rows of pixels are
    let aligned = points.as_ptr().align_offset(64).min(LINE);
    run(grid, made, x, packed, bias.unwrap_or(&[]), then, &mut points[aligned..][..len], out);
    for plane in out.chunks_exact_mut(plane) {
        plane[..grid.at(0, 0)].fill(F::zero());
        (0..grid.height()).for_each(|y| plane[grid.at(y, grid.width())..grid.at(y + 1, 0)].fill(F::zero()));
        plane[grid.at(grid.height(), 0)..].fill(F::zero());
    }
}

/// The rows, from a multiple of [`ROWS`] on, on which `rows` depend through so many convolutions. Whole groups of rows, so that
/// they have the same bits wherever the rest of the image is not made.
pub(crate) fn needed(rows: Range<usize>, convolutions: usize, height: usize) -> Range<usize> {
    let reach = ROWS * convolutions;
    let first = rows.start / ROWS * ROWS;
    first.saturating_sub(reach)..(rows.end.next_multiple_of(ROWS) + reach).min(height)
}

/// Registers that hold the pixels of `p` and the two after them.
#[inline(always)]
fn reach<S: Simd, T: Lane>(p: usize) -> usize {
    p + if lanes::<S, T>() == 1 { 2 } else { 1 }
}

/// `B' d` for `P` registers of pixels and those that they [`reach`], of every input: `[POINTS][inputs][reach]` registers.
#[inline(always)]
fn transform<S: Simd, T: Lane, const P: usize>(
    simd: S,
    grid: Grid,
    x: &[T],
    (top, left): (usize, usize),
    points: &mut [T],
) {
    let (lanes, inputs) = (lanes::<S, T>(), x.len() / grid.plane());
    // rows below the image are zero: the first serves for all
    let rows: [usize; POINTS] =
        std::array::from_fn(|k| grid.at((top + k).min(grid.height() + 1), left) - grid.stride() - 1);
    let two = T::splat(simd, T::TWO);
    let four = T::mul(simd, two, two);
    let five = T::add(simd, four, T::splat(simd, T::ONE));
    let pitch = reach::<S, T>(P) * lanes;
    for c in 0..inputs {
        for p in 0..reach::<S, T>(P) {
            // SAFETY: a plane has a row, a column and a line before and after its rows; `points` is as long as said.
            unsafe {
                let mut d = [two; POINTS];
                for (d, row) in d.iter_mut().zip(rows) {
                    *d = load::<S, T>(x, c * grid.plane() + row + p * lanes);
                }
                let outer = |k: usize| {
                    T::add(simd, T::sub(simd, T::mul(simd, four, d[k]), T::mul(simd, five, d[k + 2])), d[k + 4])
                };
                let ([a, b], [e, f]) = (
                    [1, 2].map(|k| T::sub(simd, d[k + 2], T::mul(simd, four, d[k]))),
                    [1, 2].map(|k| T::sub(simd, d[k + 2], d[k])),
                );
                let e = T::mul(simd, two, e);
                let point = [
                    outer(0),
                    T::add(simd, b, a),
                    T::sub(simd, b, a),
                    T::add(simd, f, e),
                    T::sub(simd, f, e),
                    outer(1),
                ];
                for (k, point) in point.into_iter().enumerate() {
                    store::<S, T>(points, (k * inputs + c) * pitch + p * lanes, point);
                }
            }
        }
    }
}

/// The products of one point for `P` registers of pixels and `O` outputs, summed over inputs and columns of taps.
///
/// # Safety
/// `points` holds `inputs` times [`reach`] registers, `packed` 3 GROUP numbers for each input, the last GROUP - O aside.
#[inline(always)]
unsafe fn products<S: Simd, T: Lane, const P: usize, const O: usize>(
    simd: S,
    inputs: usize,
    points: &[T],
    packed: &[T],
) -> [[T::V<S>; P]; O] {
    let (lanes, pitch) = (lanes::<S, T>(), reach::<S, T>(P) * lanes::<S, T>());
    let mut acc = [[T::splat(simd, T::ZERO); P]; O];
    let mut weights = packed.as_ptr();
    for c in 0..inputs {
        for tx in 0..3 {
            // SAFETY: by the caller's promise.
            let v: [T::V<S>; P] = std::array::from_fn(|p| unsafe { load::<S, T>(points, c * pitch + p * lanes + tx) });
            for (o, acc) in acc.iter_mut().enumerate() {
                // SAFETY: as above.
                let k = T::splat(simd, unsafe { *weights.add(o) });
                for (acc, &v) in acc.iter_mut().zip(&v) {
                    *acc = T::mul_add(simd, k, v, *acc);
                }
            }
            weights = weights.wrapping_add(GROUP);
        }
    }
    acc
}

/// `A' m` for one register.
#[inline(always)]
fn combine<S: Simd, T: Lane>(simd: S, m: [T::V<S>; POINTS], bias: T::V<S>) -> [T::V<S>; ROWS] {
    let two = T::splat(simd, T::TWO);
    let (sum, difference) = (T::add(simd, m[1], m[2]), T::sub(simd, m[1], m[2]));
    let (wide_sum, wide) = (T::add(simd, m[3], m[4]), T::mul(simd, two, T::sub(simd, m[3], m[4])));
    let four = T::mul(simd, two, two);
    [
        T::add(simd, bias, T::add(simd, m[0], T::add(simd, sum, wide_sum))),
        T::add(simd, bias, T::add(simd, difference, wide)),
        T::add(simd, bias, T::mul_add(simd, four, wide_sum, sum)),
        T::add(simd, bias, T::add(simd, T::mul_add(simd, four, wide, difference), m[5])),
    ]
}

/// What becomes of `y`; `old` is what `out` held, or the input.
#[inline(always)]
fn finish<S: Simd, T: Lane>(simd: S, then: Then<T>, y: T::V<S>, old: T::V<S>) -> T::V<S> {
    let zero = T::splat(simd, T::ZERO);
    match then {
        Then::Store => y,
        Then::Add => T::add(simd, y, old),
        Then::Relu => T::if_less(simd, zero, y, y, zero),
        Then::Skip { a, c } => {
            let new = T::mul(simd, T::splat(simd, c), T::if_less(simd, zero, y, y, zero));
            T::mul_add(simd, T::splat(simd, a), old, new)
        }
    }
}

/// Four rows of `P` registers, of every output, `O` at a time.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn block<S: Simd, T: Lane, const P: usize, const O: usize>(
    simd: S,
    grid: Grid,
    x: &[T],
    packed: &[T],
    bias: &[T],
    then: Then<T>,
    (top, left): (usize, usize),
    points: &mut [T],
    out: &mut [T],
) {
    let (plane, lanes, inputs) = (grid.plane(), lanes::<S, T>(), x.len() / grid.plane());
    let pitch = reach::<S, T>(P) * lanes;
    transform::<S, T, P>(simd, grid, x, (top, left), points);
    for (o, out) in out.chunks_mut(O * plane).enumerate().map(|(k, out)| (k * O, out)) {
        let group = &packed[o / GROUP * GROUP * POINTS * 3 * inputs + o % GROUP..];
        // a loop, since closures that are called six times are not inlined, and then lose the instruction set
        let mut m = [[[T::splat(simd, T::ZERO); P]; O]; POINTS];
        for (k, m) in m.iter_mut().enumerate() {
            let (points, packed) = (&points[k * inputs * pitch..], &group[k * inputs * 3 * GROUP..]);
            // SAFETY: `transform` has filled as much, and `packed` is as long as `packed_len` says.
            *m = unsafe { products::<S, T, P, O>(simd, inputs, points, packed) };
        }
        for (i, out) in out.chunks_exact_mut(plane).enumerate() {
            let bias = T::splat(simd, bias.get(o + i).copied().unwrap_or(T::ZERO));
            for p in 0..P {
                let m = [m[0][i][p], m[1][i][p], m[2][i][p], m[3][i][p], m[4][i][p], m[5][i][p]];
                let rows = combine::<S, T>(simd, m, bias);
                let left = left + p * lanes;
                for (y, row) in rows.into_iter().enumerate().take(grid.height() - top) {
                    let at = grid.at(top + y, left)..grid.at(top + y, grid.width());
                    let old = match then {
                        Then::Skip { .. } => &x[(o + i) * plane..][at.clone()],
                        _ => &out[at.clone()],
                    };
                    let is_whole = at.len() >= lanes;
                    // SAFETY: just compared.
                    let old = if is_whole { unsafe { load::<S, T>(old, 0) } } else { T::load_tail(simd, old) };
                    let (new, out) = (finish(simd, then, row, old), &mut out[at]);
                    if is_whole {
                        // SAFETY: as before.
                        unsafe { store::<S, T>(out, 0, new) };
                    } else {
                        T::store_tail(simd, out, new);
                    }
                }
            }
        }
    }
}

/// Blocks from left to right, as wide as there are pixels for.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn rows<S: Simd, T: Lane, const O: usize>(
    simd: S,
    grid: Grid,
    x: &[T],
    packed: &[T],
    bias: &[T],
    then: Then<T>,
    top: usize,
    points: &mut [T],
    out: &mut [T],
) {
    let lanes = lanes::<S, T>();
    let mut left = 0;
    while left < grid.width() {
        let wide = (grid.width() - left).div_ceil(lanes).min(WIDE);
        match wide {
            1 => block::<S, T, 1, O>(simd, grid, x, packed, bias, then, (top, left), points, out),
            2 => block::<S, T, 2, O>(simd, grid, x, packed, bias, then, (top, left), points, out),
            _ => block::<S, T, WIDE, O>(simd, grid, x, packed, bias, then, (top, left), points, out),
        }
        left += wide * lanes;
    }
}

dispatched! {
    fn run<T: Lane>(
        simd: S,
        grid: Grid,
        made: Range<usize>,
        x: &'a [T],
        packed: &'a [T],
        bias: &'a [T],
        then: Then<T>,
        points: &'a mut [T],
        out: &'a mut [T],
    ) {
        for top in made.step_by(ROWS) {
            // as many outputs as there are registers for
            if size_of::<T::V<S>>() == 64 {
                rows::<S, T, 8>(simd, grid, x, packed, bias, then, top, points, out);
            } else {
                rows::<S, T, 4>(simd, grid, x, packed, bias, then, top, points, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use unspool_core::kernels::simd::Scalar;

    use super::*;

    /// Where no instruction set is known a register holds one number, and two of them are needed to its right.
    #[test]
    fn registers_of_one_number() {
        let value = |k: usize| (k * 37 % 101) as f64 / 101.0 - 0.4;
        for (height, width) in [(1, 1), (5, 7), (4, 3), (9, 6)] {
            let (grid, inputs, outputs) = (Grid::new(height, width), 3, 5);
            let mut x = vec![0.0; inputs * grid.plane()];
            for (c, x) in x.chunks_exact_mut(grid.plane()).enumerate() {
                grid.put(&(0..height * width).map(|k| value(7 * c + k)).collect::<Vec<_>>(), x);
            }
            let kernels: Vec<f64> = (0..inputs * outputs * 9).map(|k| value(3 * k + 1)).collect();
            let mut packed = vec![0.0; packed_len(inputs, outputs)];
            pack(&kernels, inputs, outputs, &mut packed);
            let mut want = vec![0.0; outputs * grid.plane()];
            forward(grid, &x, &packed, None, &mut want);
            let mut points = vec![f64::NAN; POINTS * inputs * (WIDE + 1) * LINE];
            let mut got = vec![0.0; outputs * grid.plane()];
            for top in (0..height).step_by(ROWS) {
                rows::<_, _, 4>(Scalar, grid, &x, &packed, &[], Then::Store, top, &mut points, &mut got);
            }
            for o in 0..outputs {
                for at in (0..height).flat_map(|y| (0..width).map(move |x| o * grid.plane() + grid.at(y, x))) {
                    assert!((got[at] - want[at]).abs() < 1e-13, "{height} x {width}: {} {}", got[at], want[at]);
                }
            }
        }
    }
}
