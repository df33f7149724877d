//! The operator of a window graph on the planes of all channels at once, and what conjugate gradients does with it.
//!
//! Channels share the weights, so that each weight is loaded once for all of them. 24 multiply-adds a pixel and channel.
#![allow(unsafe_code)]

use std::ops::Range;

use unspool_core::kernels::simd::{Lane, Simd, lanes, load, store};
use unspool_core::{Real, dispatched};

use crate::grid::Grid;
use crate::window::{EDGES, offsets};

/// A symmetric operator on one plane a channel: `(A x)(i) = diagonal(i) x(i) - sum_k s_k(i) x(i + o_k) + s_k(i - o_k) x(i - o_k)`.
#[derive(Clone, Copy, Debug)]
pub struct Stencil<'a, F> {
    /// The layout.
    pub grid: Grid,
    /// One plane a channel, or one for all.
    pub diagonal: &'a [F],
    /// 12 planes, the same for all channels.
    pub s: &'a [F],
}

/// Step sizes of one iteration of [`cg`](crate::cg).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<F> {
    /// Step size of the last iteration.
    pub(crate) alpha: F,
    /// Momentum of the last iteration.
    pub(crate) before: F,
    /// Momentum.
    pub(crate) beta: F,
    /// Step size of this one.
    pub(crate) next: F,
}

/// The planes of one step of [`Stencil::cg_step`].
pub(crate) struct Planes<'a, F> {
    /// One a channel, or one for all.
    pub(crate) projection: &'a [F],
    pub(crate) v: &'a [F],
    /// The one before `v`, if `next` does not hold it.
    pub(crate) old: Option<&'a [F]>,
    pub(crate) next: &'a mut [F],
    pub(crate) x: &'a mut [F],
}

impl<F: Real> Stencil<'_, F> {
    /// `out = A x`.
    pub fn apply(&self, x: &[F], out: &mut [F]) {
        self.check(x.len(), [out.len()]);
        apply(*self, x, out);
    }

    /// One step of [`cg`](crate::cg) on a part of the body of whole registers: `next = (1 + beta) v - before old - alpha P A v`,
    /// `x -= step next`.
    pub(crate) fn cg_step(&self, range: Range<usize>, step: Step<F>, planes: Planes<F>) {
        let Planes { projection, v, old, next, x } = &planes;
        self.check(v.len(), [old.map_or(v.len(), <[F]>::len), next.len(), x.len()]);
        assert!(projection.len() == v.len() || projection.len() == self.grid.plane());
        assert!(self.grid.body().start <= range.start && range.end <= self.grid.body().end);
        cg_step(*self, range, step, planes);
    }

    /// Back through one step: with `p = A a`, `lv = beta lv - alpha p`. Returns `p'old`.
    pub(crate) fn cg_back(&self, step: Step<F>, a: &[F], old: &[F], lv: &mut [F]) -> F {
        self.check(a.len(), [old.len(), lv.len()]);
        cg_back(*self, step, a, old, lv)
    }

    /// All planes are of the operator, and of as many channels.
    fn check<const N: usize>(&self, n: usize, others: [usize; N]) {
        assert!(others.into_iter().all(|other| other == n));
        let plane = self.grid.plane();
        assert!(n.is_multiple_of(plane) && [n, plane].contains(&self.diagonal.len()) && self.s.len() == EDGES * plane);
    }
}

/// For each pair of planes `(a, b)`, those of `a` and of `b` one after another: `gdiagonal(i) += a(i) b(i)`,
/// `gs_k(i) -= a(i) b(i + o_k) + a(i + o_k) b(i)`, the gradient of `a'A b` in the entries of `A`.
pub fn entries_vjp<F: Real>(grid: Grid, a: &[F], b: &[F], gdiagonal: &mut [F], gs: &mut [F]) {
    let plane = grid.plane();
    assert!(a.len() == b.len() && a.len().is_multiple_of(plane));
    assert!(gdiagonal.len() == plane && gs.len() == EDGES * plane);
    entries(grid, a, b, gdiagonal, gs);
}

/// `(A x)` of `P` registers from `at` on, for `C` channels from `first` on.
///
/// # Safety
/// Two rows and two columns more on both sides lie in the plane, and the channels in `x`.
#[inline(always)]
unsafe fn product<S: Simd, T: Lane, const C: usize, const P: usize>(
    simd: S,
    a: &Stencil<T>,
    offsets: &[usize; EDGES],
    x: &[T],
    first: usize,
    at: usize,
) -> [[T::V<S>; P]; C] {
    let (plane, lanes) = (a.grid.plane(), lanes::<S, T>());
    let mut sum = [[T::splat(simd, T::ZERO); P]; C];
    // SAFETY: by the caller's promise.
    unsafe {
        for (k, &offset) in offsets.iter().enumerate() {
            for p in 0..P {
                let at = at + p * lanes;
                let there = load::<S, T>(a.s, k * plane + at);
                let back = load::<S, T>(a.s, k * plane + at - offset);
                for (c, sum) in sum.iter_mut().enumerate() {
                    let own = (first + c) * plane + at;
                    sum[p] = T::mul_add(simd, there, load::<S, T>(x, own + offset), sum[p]);
                    sum[p] = T::mul_add(simd, back, load::<S, T>(x, own - offset), sum[p]);
                }
            }
        }
        let shared = a.diagonal.len() == plane;
        for (c, sum) in sum.iter_mut().enumerate() {
            for (p, sum) in sum.iter_mut().enumerate() {
                let (within, own) = (at + p * lanes, (first + c) * plane + at + p * lanes);
                let diagonal = load::<S, T>(a.diagonal, if shared { within } else { own });
                *sum = T::sub(simd, T::mul(simd, diagonal, load::<S, T>(x, own)), *sum);
            }
        }
    }
    sum
}

/// Runs the block for `$first`, the first channel, and `$at`, the begin of the registers: for all of so many channels, three, two or
/// one at a time as `$C`, and all registers of the range, as many at a time as `$P` says.
macro_rules! blocks {
    ($channels:expr, $range:expr, $lanes:expr, |$first:ident, $at:ident, $C:ident, $P:ident| $body:block) => {
        let (channels, range) = ($channels, $range);
        let mut $first = 0;
        while $first < channels {
            let mut $at = range.start;
            macro_rules! run {
                                                                        ($c:literal, $p:literal) => {
                                                                            while $at + $p * $lanes <= range.end {
                                                                                const $C: usize = $c;
                                                                                const $P: usize = $p;
                                                                                $body
                                                                                $at += $p * $lanes;
                                                                            }
                                                                        };
                                                                    }
            match channels - $first {
                1 => {
                    run!(1, 4);
                    run!(1, 1);
                    $first += 1;
                }
                2 => {
                    run!(2, 4);
                    run!(2, 1);
                    $first += 2;
                }
                _ => {
                    run!(3, 4);
                    run!(3, 1);
                    $first += 3;
                }
            }
        }
    };
}

dispatched! {
    fn apply<T: Lane>(simd: S, a: Stencil<'a, T>, x: &'a [T], out: &'a mut [T]) {
        let (plane, lanes, offsets) = (a.grid.plane(), lanes::<S, T>(), offsets(a.grid));
        blocks!(x.len() / plane, a.grid.body(), lanes, |first, at, C, P| {
            // SAFETY: the body is two rows and two columns away from both ends of a plane, and its length is of 64 numbers.
            unsafe {
                let y = product::<S, T, C, P>(simd, &a, &offsets, x, first, at);
                for (c, y) in y.into_iter().enumerate() {
                    for (p, y) in y.into_iter().enumerate() {
                        store::<S, T>(out, (first + c) * plane + at + p * lanes, y);
                    }
                }
            }
        });
    }

    fn cg_step<T: Lane>(simd: S, a: Stencil<'a, T>, range: Range<usize>, step: Step<T>, planes: Planes<'a, T>) {
        let (plane, lanes, offsets) = (a.grid.plane(), lanes::<S, T>(), offsets(a.grid));
        let Planes { projection, v, old, next, x } = planes;
        let zero = T::splat(simd, T::ZERO);
        let keep = T::add(simd, T::splat(simd, T::ONE), T::splat(simd, step.beta));
        let [alpha, before, step] =
            [step.alpha, step.before, step.next].map(|s| T::sub(simd, zero, T::splat(simd, s)));
        let shared = projection.len() < v.len();
        blocks!(x.len() / plane, range, lanes, |first, at, C, P| {
            // SAFETY: as in `apply`.
            unsafe {
                let y = product::<S, T, C, P>(simd, &a, &offsets, v, first, at);
                for (c, y) in y.into_iter().enumerate() {
                    for (p, y) in y.into_iter().enumerate() {
                        let (within, at) = (at + p * lanes, (first + c) * plane + at + p * lanes);
                        let y = T::mul(simd, y, load::<S, T>(projection, if shared { within } else { at }));
                        let old = if let Some(old) = old { load::<S, T>(old, at) } else { load::<S, T>(next, at) };
                        let kept = T::mul_add(simd, before, old, T::mul(simd, keep, load::<S, T>(v, at)));
                        let new_v = T::mul_add(simd, alpha, y, kept);
                        let new_x = T::mul_add(simd, step, new_v, load::<S, T>(x, at));
                        store::<S, T>(next, at, new_v);
                        store::<S, T>(x, at, new_x);
                    }
                }
            }
        });
    }

    fn cg_back<T: Lane>(simd: S, a: Stencil<'a, T>, step: Step<T>, x: &'a [T], old: &'a [T], lv: &'a mut [T]) -> T {
        let (plane, lanes, offsets) = (a.grid.plane(), lanes::<S, T>(), offsets(a.grid));
        let zero = T::splat(simd, T::ZERO);
        let (beta, alpha) = (T::splat(simd, step.beta), T::sub(simd, zero, T::splat(simd, step.alpha)));
        let mut sum = zero;
        blocks!(x.len() / plane, a.grid.body(), lanes, |first, at, C, P| {
            // SAFETY: as in `apply`.
            unsafe {
                let y = product::<S, T, C, P>(simd, &a, &offsets, x, first, at);
                for (c, y) in y.into_iter().enumerate() {
                    for (p, y) in y.into_iter().enumerate() {
                        let at = (first + c) * plane + at + p * lanes;
                        sum = T::mul_add(simd, y, load::<S, T>(old, at), sum);
                        let new = T::mul_add(simd, alpha, y, T::mul(simd, beta, load::<S, T>(lv, at)));
                        store::<S, T>(lv, at, new);
                    }
                }
            }
        });
        T::sum(simd, sum)
    }

    fn entries<T: Lane>(simd: S, grid: Grid, a: &'a [T], b: &'a [T], gdiagonal: &'a mut [T], gs: &'a mut [T]) {
        let (plane, lanes, offsets) = (grid.plane(), lanes::<S, T>(), offsets(grid));
        let zero = T::splat(simd, T::ZERO);
        let mut at = grid.body().start;
        while at < grid.body().end {
            // SAFETY: as in `apply`.
            unsafe {
                let mut sums = [zero; EDGES];
                let mut own = load::<S, T>(gdiagonal, at);
                let mut i = at;
                while i < a.len() {
                    let (a0, b0) = (load::<S, T>(a, i), load::<S, T>(b, i));
                    own = T::mul_add(simd, a0, b0, own);
                    for (sum, offset) in sums.iter_mut().zip(offsets) {
                        *sum = T::mul_add(simd, a0, load::<S, T>(b, i + offset), *sum);
                        *sum = T::mul_add(simd, load::<S, T>(a, i + offset), b0, *sum);
                    }
                    i += plane;
                }
                store::<S, T>(gdiagonal, at, own);
                for (k, sum) in sums.into_iter().enumerate() {
                    let place = k * plane + at;
                    store::<S, T>(gs, place, T::sub(simd, load::<S, T>(gs, place), sum));
                }
            }
            at += lanes;
        }
    }
}
