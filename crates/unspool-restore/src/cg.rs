//! Conjugate gradients with learned step sizes: gradient descent with momentum, unrolled.
//!
//! For a linear operator `P A` and a start with gradient `g_0 = P (A x_0 - b)`:
//!
//! ```text
//! v_0 = g_0                          x_1     = x_0 - alpha_0 v_0
//! g_t = g_{t-1} - alpha_{t-1} P A v_{t-1}
//! v_t = g_t + beta_t v_{t-1}         x_{t+1} = x_t - alpha_t v_t
//! ```
//!
//! (Do et al. 2024, appendix A.7.) One product with `A` an iteration, no inner products. `beta_0` has no influence. The gradient is
//! not kept: `g_{t-1} = v_{t-1} - beta_{t-1} v_{t-2}`, so that for `t > 0`, with `v_{-1} = 0`,
//!
//! ```text
//! v_t = (1 + beta_t) v_{t-1} - beta_{t-1} v_{t-2} - alpha_{t-1} P A v_{t-1}
//! ```
//!
//! All channels are solved for at once: `x`, each `v` hold one plane a channel; `projection` too, or one for all.
#![allow(unsafe_code)]

use std::ops::Range;

use unspool_core::kernels::simd::{Lane, lanes, load, store};
use unspool_core::{Real, dispatched};

use crate::grid::{Grid, REACH};
use crate::stencil::{Planes, Stencil, Step, entries_vjp};

/// Rows of a band, as many as the operator reaches: how far an iteration runs ahead of the next one.
const BAND: usize = 2;
/// Numbers of a plane in the bands that are worked on together: with weights and channels about three megabytes, which stay in
/// the last level of the cache.
const TOGETHER: usize = 27 * 1024;
/// Iterations whose products with the operator's entries are added up at a time.
const BATCH: usize = 4;

/// Step sizes and momenta of each iteration.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a, F> {
    /// Step sizes.
    pub alpha: &'a [F],
    /// Momenta, as many.
    pub beta: &'a [F],
}

impl<F: Real> Steps<'_, F> {
    /// Of iteration `t > 0`.
    fn at(&self, t: usize) -> Step<F> {
        let before = if t > 1 { self.beta[t - 1] } else { F::zero() };
        Step { alpha: self.alpha[t - 1], before, beta: self.beta[t], next: self.alpha[t] }
    }
}

/// The body of each channel.
fn bodies(grid: Grid, n: usize) -> impl Iterator<Item = Range<usize>> {
    let (plane, body) = (grid.plane(), grid.body());
    (0..n / plane).map(move |c| c * plane + body.start..c * plane + body.end)
}

/// `x_1 = x_0 - alpha_0 v_0`.
fn first_step<F: Real>(grid: Grid, alpha: F, v: &[F], x: &mut [F]) {
    for body in bodies(grid, x.len()) {
        F::axpy(-alpha, &v[body.clone()], &mut x[body]);
    }
}

/// Runs from the gradient `g` at `x`. `g`, zero outside of the body, and `other`, anything, are as long as `x`, and overwritten.
///
/// `x` is changed where the gradient, or `projection`, is not zero.
pub fn solve<F: Real>(a: &Stencil<F>, steps: Steps<F>, projection: &[F], x: &mut [F], g: &mut [F], other: &mut [F]) {
    let body = a.grid.body();
    let (even, odd) = (g, other);
    odd.fill(F::zero());
    first_step(a.grid, steps.alpha[0], even, x);
    let band = if body.len() <= TOGETHER { body.len() } else { (BAND * a.grid.stride() + REACH).next_multiple_of(64) };
    let bands = body.len().div_ceil(band);
    let together = (TOGETHER / band).max(2);
    let mut first = 1;
    while first < steps.alpha.len() {
        let together = together.min(steps.alpha.len() - first);
        // iteration first + j works on band b when iteration first + j - 1 is done with band b + 1
        for step in 0..bands + together - 1 {
            for j in 0..together.min(step + 1) {
                let b = step - j;
                if b >= bands {
                    continue;
                }
                let t = first + j;
                let begin = body.start + b * band;
                let (v, next) = if t % 2 == 1 { (&*even, &mut *odd) } else { (&*odd, &mut *even) };
                let planes = Planes { projection, v, old: None, next, x };
                a.cg_step(begin..(begin + band).min(body.end), steps.at(t), planes);
            }
        }
        first += together;
    }
}

/// The same, keeping each `v_t` for [`vjp`]: `v` holds as many of them as there are iterations.
pub fn solve_taped<F: Real>(a: &Stencil<F>, steps: Steps<F>, projection: &[F], x: &mut [F], g: &mut [F], v: &mut [F]) {
    let n = x.len();
    v[..n].copy_from_slice(g);
    first_step(a.grid, steps.alpha[0], g, x);
    g.fill(F::zero());
    for t in 1..steps.alpha.len() {
        let (before, next) = v.split_at_mut(t * n);
        let old = if t > 1 { &before[(t - 2) * n..(t - 1) * n] } else { &*g };
        let planes = Planes { projection, v: &before[(t - 1) * n..], old: Some(old), next: &mut next[..n], x };
        a.cg_step(a.grid.body(), steps.at(t), planes);
    }
}

/// Gradients that [`vjp`] adds to.
#[derive(Debug)]
pub struct Gradients<'a, F> {
    /// Of the step sizes.
    pub alpha: &'a mut [F],
    /// Of the momenta.
    pub beta: &'a mut [F],
    /// Of the diagonal of `A`: one plane, the sum over the channels.
    pub diagonal: &'a mut [F],
    /// Of its weights, 12 planes.
    pub s: &'a mut [F],
}

/// Planes a channel of the memory of [`vjp`].
pub const VJP_PLANES: usize = 2 + BATCH;

/// The adjoint of [`solve_taped`]: from the cotangent `c` of the last `x` to that of `g_0`, in `lg` (overwritten); that of
/// `x_0`, `g_0` aside, is `c`.
///
/// `v`: the tape; `memory`: [`VJP_PLANES`] planes a channel, zero outside of the body.
#[allow(clippy::too_many_arguments)]
pub fn vjp<F: Real>(
    a: &Stencil<F>,
    steps: Steps<F>,
    projection: &[F],
    v: &[F],
    c: &[F],
    lg: &mut [F],
    gradients: &mut Gradients<F>,
    memory: &mut [F],
) {
    let (grid, n, last) = (a.grid, c.len(), steps.alpha.len() - 1);
    let (lv, rest) = memory.split_at_mut(n);
    let (projected, scaled) = rest.split_at_mut(n);
    lg.fill(F::zero());
    lv.fill(F::zero());
    for t in (0..=last).rev() {
        let own = &v[t * n..(t + 1) * n];
        if t == 0 {
            gradients.alpha[0] -= back_first(grid, steps.alpha[0], c, own, lv, lg);
            break;
        }
        let (step, old) = (steps.at(t), &v[(t - 1) * n..t * n]);
        // products of a_{t-1} = -alpha P lg with v_{t-1}, some iterations at a time
        let begin = (t - 1) / BATCH * BATCH;
        let place = (t - 1 - begin) * n;
        let outputs = Outputs { lv, lg, projected, scaled: &mut scaled[place..place + n] };
        let [of_alpha, of_beta] = back_step(grid, step, projection, Inputs { c, own, old }, outputs);
        gradients.alpha[t] -= of_alpha;
        gradients.beta[t] += of_beta;
        gradients.alpha[t - 1] -= a.cg_back(step, projected, old, lv);
        if t - 1 == begin {
            let end = (begin + BATCH).min(last);
            let a = &scaled[..(end - begin) * n];
            entries_vjp(grid, a, &v[begin * n..end * n], gradients.diagonal, gradients.s);
        }
    }
}

/// What [`back_step`] reads: the cotangent of `x`, `v_t` and `v_{t-1}`.
struct Inputs<'a, T> {
    c: &'a [T],
    own: &'a [T],
    old: &'a [T],
}

/// What it changes: the cotangents of `v` and `g`, `P lg`, and that times `-alpha`.
struct Outputs<'a, T> {
    lv: &'a mut [T],
    lg: &'a mut [T],
    projected: &'a mut [T],
    scaled: &'a mut [T],
}

dispatched! {
    // x_{t+1} = x_t - alpha_t v_t, v_t = g_t + beta_t v_{t-1}
    fn back_step<T: Lane>(
        simd: S,
        grid: Grid,
        step: Step<T>,
        projection: &'a [T],
        inputs: Inputs<'a, T>,
        outputs: Outputs<'a, T>,
    ) -> [T; 2] {
        let Inputs { c, own, old } = inputs;
        let Outputs { lv, lg, projected, scaled } = outputs;
        let n = c.len();
        assert!([own.len(), old.len(), lv.len(), lg.len(), projected.len(), scaled.len()].iter().all(|&m| m == n));
        let zero = T::splat(simd, T::ZERO);
        let [alpha, next] = [step.alpha, step.next].map(|s| T::sub(simd, zero, T::splat(simd, s)));
        let mut sums = [zero; 2];
        for body in bodies(grid, n) {
            let shared = if projection.len() == n { 0 } else { body.start - grid.body().start };
            assert!(body.end <= n && body.end - shared <= projection.len());
            for i in body.step_by(lanes::<S, T>()) {
                // SAFETY: the body is of whole registers, and lies in all planes.
                unsafe {
                    let c = load::<S, T>(c, i);
                    sums[0] = T::mul_add(simd, c, load::<S, T>(own, i), sums[0]);
                    let v = T::mul_add(simd, next, c, load::<S, T>(lv, i));
                    let g = T::add(simd, load::<S, T>(lg, i), v);
                    sums[1] = T::mul_add(simd, v, load::<S, T>(old, i), sums[1]);
                    let p = T::mul(simd, g, load::<S, T>(projection, i - shared));
                    store::<S, T>(lv, i, v);
                    store::<S, T>(lg, i, g);
                    store::<S, T>(projected, i, p);
                    store::<S, T>(scaled, i, T::mul(simd, alpha, p));
                }
            }
        }
        sums.map(|sum| T::sum(simd, sum))
    }

    fn back_first<T: Lane>(
        simd: S,
        grid: Grid,
        alpha: T,
        c: &'a [T],
        own: &'a [T],
        lv: &'a [T],
        lg: &'a mut [T],
    ) -> T {
        let n = c.len();
        assert!([own.len(), lv.len(), lg.len()].iter().all(|&m| m == n));
        let zero = T::splat(simd, T::ZERO);
        let alpha = T::sub(simd, zero, T::splat(simd, alpha));
        let mut sum = zero;
        for body in bodies(grid, n) {
            assert!(body.end <= n);
            for i in body.step_by(lanes::<S, T>()) {
                // SAFETY: as above.
                unsafe {
                    let c = load::<S, T>(c, i);
                    sum = T::mul_add(simd, c, load::<S, T>(own, i), sum);
                    let v = T::mul_add(simd, alpha, c, load::<S, T>(lv, i));
                    store::<S, T>(lg, i, T::add(simd, load::<S, T>(lg, i), v));
                }
            }
        }
        T::sum(simd, sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bands of rows that run ahead of one another, and all rows at once.
    #[test]
    fn bands_leave_no_trace() {
        for (height, width) in [(200, 190), (9000, 2), (4, 9000), (40, 700)] {
            let grid = Grid::new(height, width);
            let (plane, body) = (grid.plane(), grid.body());
            assert!(body.len() > TOGETHER);
            let value = |k: usize| (k.wrapping_mul(2_654_435_761) >> 7 & 1023) as f32 / 1024.0;
            let pixels = |planes: usize, seed: usize, scale: f32| {
                let mut all = vec![0.0f32; planes * plane];
                for (c, all) in all.chunks_exact_mut(plane).enumerate() {
                    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                        all[grid.at(y, x)] = scale * value(seed + 31 * c + y * width + x);
                    }
                }
                all
            };
            let (s, diagonal, projection) = (pixels(12, 1, 0.03), pixels(2, 2, 1.0), pixels(1, 3, 1.0));
            let a = Stencil { grid, diagonal: &diagonal, s: &s };
            let (alpha, beta) = ([0.4f32; 21], [0.2f32; 21]);
            let steps = Steps { alpha: &alpha, beta: &beta };
            let run = |taped: bool| {
                let (mut x, mut g) = (pixels(2, 4, 1.0), pixels(2, 5, 1.0));
                let mut v = vec![0.0; if taped { 21 } else { 1 } * x.len()];
                let solve = if taped { solve_taped } else { solve };
                solve(&a, steps, &projection, &mut x, &mut g, &mut v);
                x
            };
            let (banded, whole) = (run(false), run(true));
            assert!(banded.iter().any(|x| x.is_finite() && *x != 0.0));
            assert!(banded.iter().zip(&whole).all(|(a, b)| a.to_bits() == b.to_bits()), "{height} x {width}");
        }
    }
}
