//! Graphs whose neighbours are the 24 pixels around each, and their operators.
//!
//! An undirected graph has 12 planes of weights: `s_k(i)` belongs to the edge of pixel `i` and `i + o_k`, where `o_k` are
//! the 12 offsets that point right or down. An edge that leaves the image has weight 0. The operator that
//! such weights make is a [`Stencil`](crate::stencil::Stencil).

use std::ops::Range;

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
fn regions(grid: Grid) -> [(Range<usize>, Range<usize>); EDGES] {
    OFFSETS.map(|(dy, dx)| {
        let (h, w) = (grid.height(), grid.width());
        let first = w.min(dx.min(0).unsigned_abs());
        let last = w.saturating_sub(dx.max(0).unsigned_abs());
        (0..h.saturating_sub(dy), first..last.max(first))
    })
}

/// Weights `s_k(i) = exp(-min(|g(i) - g(i + o_k)|^2, 11.5))` from planes of features `g`.
///
/// Of the edges that begin in these rows; the pixels of other rows stay as they are.
///
/// # Shapes
/// `g`: any number of planes; `s`: 12 planes.
pub fn affinity<F: Real>(grid: Grid, rows: Range<usize>, g: &[F], s: &mut [F]) {
    let plane = grid.plane();
    let farthest = F::of(FARTHEST);
    for ((s, offset), (staying, columns)) in s.chunks_exact_mut(plane).zip(offsets(grid)).zip(regions(grid)) {
        s[..grid.at(0, 0)].fill(F::zero());
        s[grid.at(grid.height(), 0)..].fill(F::zero());
        for y in rows.clone() {
            s[grid.at(y, 0)..grid.at(y + 1, 0)].fill(F::zero());
            if !staying.contains(&y) {
                continue;
            }
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
    fn sum_ends<T: Real>(_simd: S, s: &'a [T], offset: usize, body: &'a Range<usize>, d: &'a mut [T]) {
        let n = body.len();
        let before = &s[body.start - offset..][..n];
        for ((d, &a), &b) in d[body.clone()].iter_mut().zip(&s[body.clone()]).zip(before) {
            *d += a + b;
        }
    }
}
