//! Graphs whose neighbours are the 24 pixels around each, and their operators.
//!
//! An undirected graph has 12 planes of weights: `s_k(i)` belongs to the edge of pixel `i` and `i + o_k`, where `o_k` are
//! the 12 offsets that point right or down. An edge that leaves the image has weight 0. All operators are sums over
//! offsets of products of shifted planes; 48 multiply-adds a pixel.

use unspool_core::kernels::simd::{Lane, Simd, lanes, load, store};
use unspool_core::{Real, dispatched};

use crate::grid::Grid;

/// Undirected edges of a pixel: offsets that point right or down.
pub const EDGES: usize = 12;
/// No distance is taken to be larger: `exp(-11.5) = 1e-5` keeps each graph connected.
pub const FARTHEST: f64 = 11.5;

/// Rows down and columns right of the 12 offsets.
pub const OFFSETS: [(usize, isize); EDGES] =
    [(0, 1), (0, 2), (1, -2), (1, -1), (1, 0), (1, 1), (1, 2), (2, -2), (2, -1), (2, 0), (2, 1), (2, 2)];

/// The offsets as differences of indices.
pub fn offsets(grid: Grid) -> [usize; EDGES] {
    OFFSETS.map(|(dy, dx)| (dy * grid.stride()).wrapping_add_signed(dx))
}

/// For each offset the pixels whose edge stays in the image: rows and columns.
fn regions(grid: Grid) -> [(std::ops::Range<usize>, std::ops::Range<usize>); EDGES] {
    OFFSETS.map(|(dy, dx)| {
        let (h, w) = (grid.height(), grid.width());
        let first = w.min(dx.min(0).unsigned_abs());
        let last = w.saturating_sub(dx.max(0).unsigned_abs());
        (0..h.saturating_sub(dy), first..last.max(first))
    })
}

/// Weights `s_k(i) = exp(-min(|g(i) - g(i + o_k)|^2, 11.5))` from planes of features `g`.
///
/// # Shapes
/// `g`: any number of planes; `s`: 12 planes, overwritten.
pub fn affinity<F: Real>(grid: Grid, g: &[F], s: &mut [F]) {
    let plane = grid.plane();
    s.fill(F::zero());
    let farthest = F::of(FARTHEST);
    for ((s, offset), (rows, columns)) in s.chunks_exact_mut(plane).zip(offsets(grid)).zip(regions(grid)) {
        for y in rows {
            let (first, n) = (grid.at(y, columns.start), columns.len());
            let s = &mut s[first..first + n];
            for g in g.chunks_exact(plane) {
                squared_difference(&g[first..first + n], &g[first + offset..][..n], s);
            }
            s.iter_mut().for_each(|s| *s = -s.min(farthest));
            F::exp_all(s);
        }
    }
}

/// The adjoint of [`affinity`]: `gg += (ds/dg)' gs`. `gs` is overwritten.
pub fn affinity_vjp<F: Real>(grid: Grid, g: &[F], s: &[F], gs: &mut [F], gg: &mut [F]) {
    let plane = grid.plane();
    let least = F::of((-FARTHEST).exp() * (1.0 + 1e-6));
    for (k, (offset, (rows, columns))) in offsets(grid).into_iter().zip(regions(grid)).enumerate() {
        for y in rows {
            let (first, n) = (grid.at(y, columns.start), columns.len());
            let (s, gs) = (&s[k * plane + first..][..n], &mut gs[k * plane + first..][..n]);
            for (gs, &s) in gs.iter_mut().zip(s) {
                *gs = if s > least { -(*gs + *gs) * s } else { F::zero() };
            }
            for (g, gg) in g.chunks_exact(plane).zip(gg.chunks_exact_mut(plane)) {
                scatter_difference(g, gs, first, offset, gg);
            }
        }
    }
}

dispatched! {
    fn squared_difference<T: Real>(_simd: S, a: &'a [T], b: &'a [T], out: &'a mut [T]) {
        for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
            *out += (a - b) * (a - b);
        }
    }

    fn scatter_difference<T: Real>(_simd: S, g: &'a [T], t: &'a [T], first: usize, offset: usize, out: &'a mut [T]) {
        let n = t.len();
        for i in 0..n {
            let d = t[i] * (g[first + i] - g[first + offset + i]);
            out[first + i] += d;
            out[first + offset + i] -= d;
        }
    }
}

/// Degrees: `d(i) = sum_k s_k(i) + s_k(i - o_k)`.
pub fn degrees<F: Real>(grid: Grid, s: &[F], d: &mut [F]) {
    let (plane, body) = (grid.plane(), grid.body());
    d.fill(F::zero());
    for (s, offset) in s.chunks_exact(plane).zip(offsets(grid)) {
        sum_ends(s, offset, &body, d);
    }
}

/// The adjoint of [`degrees`]: `gs_k(i) += gd(i) + gd(i + o_k)`.
pub fn degrees_vjp<F: Real>(grid: Grid, gd: &[F], gs: &mut [F]) {
    let (plane, body) = (grid.plane(), grid.body());
    for (gs, offset) in gs.chunks_exact_mut(plane).zip(offsets(grid)) {
        let n = body.len();
        let (a, b) = (&gd[body.clone()], &gd[body.start + offset..][..n]);
        for ((gs, &a), &b) in gs[body.clone()].iter_mut().zip(a).zip(b) {
            *gs += a + b;
        }
    }
}

dispatched! {
    fn sum_ends<T: Real>(_simd: S, s: &'a [T], offset: usize, body: &'a std::ops::Range<usize>, d: &'a mut [T]) {
        let n = body.len();
        let before = &s[body.start - offset..][..n];
        for ((d, &a), &b) in d[body.clone()].iter_mut().zip(&s[body.clone()]).zip(before) {
            *d += a + b;
        }
    }
}

/// A symmetric operator on a plane: `(A x)(i) = diagonal(i) x(i) - sum_k s_k(i) x(i + o_k) + s_k(i - o_k) x(i - o_k)`.
#[derive(Clone, Copy, Debug)]
pub struct Stencil<'a, F> {
    /// The layout.
    pub grid: Grid,
    /// One plane.
    pub diagonal: &'a [F],
    /// 12 planes.
    pub s: &'a [F],
}

impl<F: Real> Stencil<'_, F> {
    /// `out = A x`.
    pub fn apply(&self, x: &[F], out: &mut [F]) {
        self.apply_to(self.grid.body(), x, out);
    }

    /// The same on a part of the body of whole registers.
    fn apply_to(&self, range: std::ops::Range<usize>, x: &[F], out: &mut [F]) {
        self.check(x.len());
        self.check(out.len());
        apply(self.diagonal, self.s, &offsets(self.grid), range, x, out);
    }

    /// `gdiagonal(i) += scale a(i) b(i)`, `gs_k(i) -= scale (a(i) b(i + o_k) + a(i + o_k) b(i))`: the gradient of
    /// `scale a' A b` in the entries of `A`.
    pub fn entries_vjp(grid: Grid, scale: F, a: &[F], b: &[F], gdiagonal: &mut [F], gs: &mut [F]) {
        let (plane, body) = (grid.plane(), grid.body());
        let n = body.len();
        let (a0, b0) = (&a[body.clone()], &b[body.clone()]);
        add_products(scale, a0, b0, &mut gdiagonal[body.clone()]);
        for (gs, offset) in gs.chunks_exact_mut(plane).zip(offsets(grid)) {
            let (a1, b1) = (&a[body.start + offset..][..n], &b[body.start + offset..][..n]);
            subtract_crossed(scale, a0, b0, a1, b1, &mut gs[body.clone()]);
        }
    }

    /// One step of [`cg`](crate::cg): `g -= alpha P A v`, `next = g + beta v`, `x -= step next`.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn cg_step(
        &self,
        range: std::ops::Range<usize>,
        [alpha, beta, step]: [F; 3],
        projection: &[F],
        v: &[F],
        next: &mut [F],
        g: &mut [F],
        x: &mut [F],
    ) {
        for n in [projection.len(), v.len(), next.len(), g.len(), x.len()] {
            self.check(n);
        }
        let offsets = offsets(self.grid);
        fused(self.diagonal, self.s, &offsets, range, -alpha, beta, -step, projection, v, next, g, x);
    }

    fn check(&self, n: usize) {
        let plane = self.grid.plane();
        assert!(n == plane && self.diagonal.len() == plane && self.s.len() == EDGES * plane);
    }
}

dispatched! {
    fn add_products<T: Real>(_simd: S, scale: T, a: &'a [T], b: &'a [T], out: &'a mut [T]) {
        for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
            *out += scale * a * b;
        }
    }

    fn subtract_crossed<T: Real>(
        _simd: S,
        scale: T,
        a0: &'a [T],
        b0: &'a [T],
        a1: &'a [T],
        b1: &'a [T],
        out: &'a mut [T],
    ) {
        for ((((out, &a0), &b0), &a1), &b1) in out.iter_mut().zip(a0).zip(b0).zip(a1).zip(b1) {
            *out -= scale * (a0 * b1 + a1 * b0);
        }
    }
}

/// `(A x)` of `P` registers from `at` on.
///
/// # Safety
/// Two rows and two columns more on both sides lie in the plane.
#[inline(always)]
unsafe fn product<S: Simd, T: Lane, const P: usize>(
    simd: S,
    diagonal: &[T],
    s: &[T],
    offsets: &[usize; EDGES],
    x: &[T],
    at: usize,
) -> [T::V<S>; P] {
    let (plane, lanes) = (x.len(), lanes::<S, T>());
    let zero = T::splat(simd, T::ZERO);
    // SAFETY: by the caller's promise.
    unsafe {
        let mut sum = [zero; P];
        for (k, &offset) in offsets.iter().enumerate() {
            for (p, sum) in sum.iter_mut().enumerate() {
                let at = at + p * lanes;
                let (there, back) = (load::<S, T>(s, k * plane + at), load::<S, T>(s, k * plane + at - offset));
                *sum = T::mul_add(simd, there, load::<S, T>(x, at + offset), *sum);
                *sum = T::mul_add(simd, back, load::<S, T>(x, at - offset), *sum);
            }
        }
        std::array::from_fn(|p| {
            let at = at + p * lanes;
            let own = T::mul(simd, load::<S, T>(diagonal, at), load::<S, T>(x, at));
            T::sub(simd, own, sum[p])
        })
    }
}

dispatched! {
    fn apply<T: Lane>(
        simd: S,
        diagonal: &'a [T],
        s: &'a [T],
        offsets: &'a [usize; EDGES],
        range: std::ops::Range<usize>,
        x: &'a [T],
        out: &'a mut [T],
    ) {
        let lanes = lanes::<S, T>();
        let mut at = range.start;
        while at < range.end {
            // SAFETY: the body is two rows and two columns away from both ends of a plane, and its length is of 64 numbers.
            unsafe {
                if at + 4 * lanes <= range.end {
                    let y = product::<S, T, 4>(simd, diagonal, s, offsets, x, at);
                    (0..4).for_each(|p| store::<S, T>(out, at + p * lanes, y[p]));
                    at += 4 * lanes;
                } else {
                    let y = product::<S, T, 1>(simd, diagonal, s, offsets, x, at);
                    store::<S, T>(out, at, y[0]);
                    at += lanes;
                }
            }
        }
    }

    fn fused<T: Lane>(
        simd: S,
        diagonal: &'a [T],
        s: &'a [T],
        offsets: &'a [usize; EDGES],
        range: std::ops::Range<usize>,
        alpha: T,
        beta: T,
        step: T,
        projection: &'a [T],
        v: &'a [T],
        next: &'a mut [T],
        g: &'a mut [T],
        x: &'a mut [T],
    ) {
        let lanes = lanes::<S, T>();
        let (alpha, beta, step) = (
            T::splat(simd, alpha),
            T::splat(simd, beta),
            T::splat(simd, step),
        );
        let mut at = range.start;
        // SAFETY: as in `apply`.
        unsafe {
            while at < range.end {
                let four = at + 4 * lanes <= range.end;
                let y = if four {
                    product::<S, T, 4>(simd, diagonal, s, offsets, v, at)
                } else {
                    let [y] = product::<S, T, 1>(simd, diagonal, s, offsets, v, at);
                    [y; 4]
                };
                for y in y.into_iter().take(if four { 4 } else { 1 }) {
                    let y = T::mul(simd, y, load::<S, T>(projection, at));
                    let new_g = T::mul_add(simd, alpha, y, load::<S, T>(g, at));
                    let new_v = T::mul_add(simd, beta, load::<S, T>(v, at), new_g);
                    let new_x = T::mul_add(simd, step, new_v, load::<S, T>(x, at));
                    store::<S, T>(g, at, new_g);
                    store::<S, T>(next, at, new_v);
                    store::<S, T>(x, at, new_x);
                    at += lanes;
                }
            }
        }
    }
}
