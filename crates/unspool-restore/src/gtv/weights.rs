//! Weights of the directed edges, and the operator `C'C`.

use unspool_core::Real;

use super::DIRECTED;
use crate::grid::Grid;
use crate::window::{self, EDGES};

/// Smallest degree: that of a lone pixel is 0.
const LEAST: f64 = 1e-12;

/// Differences of indices to the far ends of the directed edges: the 12 offsets, then their opposites.
pub(super) fn far_ends(grid: Grid) -> [usize; DIRECTED] {
    let offsets = window::offsets(grid);
    std::array::from_fn(|k| if k < EDGES { offsets[k] } else { 0usize.wrapping_sub(offsets[k - EDGES]) })
}

/// Rows normalised: `w_k(i) = s / sum of all weights at i`, for the 12 offsets and their opposites.
///
/// # Shapes
/// `s`: 12 planes; `degree`: one, overwritten with `1 / d`; `w`: 24, overwritten.
pub fn normalise<F: Real>(grid: Grid, s: &[F], inverse: &mut [F], w: &mut [F]) {
    let (plane, body) = (grid.plane(), grid.body());
    window::degrees(grid, s, inverse);
    inverse[body.clone()].iter_mut().for_each(|d| *d = F::one() / d.max(F::of(LEAST)));
    grid.clear_margins(w);
    let n = body.len();
    for (k, offset) in window::offsets(grid).into_iter().enumerate() {
        let s = &s[k * plane..(k + 1) * plane];
        let (there, back) = (k * plane + body.start, (k + EDGES) * plane + body.start);
        for i in 0..n {
            w[there + i] = s[body.start + i] * inverse[body.start + i];
            w[back + i] = s[body.start + i - offset] * inverse[body.start + i];
        }
    }
}

/// The adjoint of [`normalise`]: `gs += (dw/ds)' gw`. `memory`: one plane.
pub fn normalise_vjp<F: Real>(grid: Grid, w: &[F], inverse: &[F], gw: &[F], memory: &mut [F], gs: &mut [F]) {
    let (plane, body) = (grid.plane(), grid.body());
    let n = body.len();
    // w = s / d:  gs_dir = (gw - sum_l gw_l w_l) / d
    memory.fill(F::zero());
    for (w, gw) in w.chunks_exact(plane).zip(gw.chunks_exact(plane)) {
        for ((m, &w), &g) in memory[body.clone()].iter_mut().zip(&w[body.clone()]).zip(&gw[body.clone()]) {
            *m += w * g;
        }
    }
    for (k, offset) in window::offsets(grid).into_iter().enumerate() {
        let gs = &mut gs[k * plane..(k + 1) * plane];
        for i in 0..n {
            let (a, b) = (body.start + i, body.start + i + offset);
            gs[a] += (gw[k * plane + a] - memory[a]) * inverse[a];
            gs[a] += (gw[(k + EDGES) * plane + b] - memory[b]) * inverse[b];
        }
    }
}

/// The operator `C'C + H'H` as a stencil: `w_ij^2 + w_ji^2` for each edge, their sums and the mask on the diagonal.
///
/// # Shapes
/// `w`: 24 planes; `known`, `diagonal`: one; `squares`: 12.
pub fn operator<F: Real>(grid: Grid, w: &[F], squares: &mut [F], degree: &mut [F]) {
    let (plane, body) = (grid.plane(), grid.body());
    grid.clear_margins(squares);
    let n = body.len();
    for (k, offset) in window::offsets(grid).into_iter().enumerate() {
        let there = &w[k * plane + body.start..][..n];
        let back = &w[(k + EDGES) * plane + body.start + offset..][..n];
        for ((s, &a), &b) in squares[k * plane + body.start..][..n].iter_mut().zip(there).zip(back) {
            *s = a * a + b * b;
        }
    }
    window::degrees(grid, squares, degree);
}

/// The adjoint of [`operator`]: `gw += ...`; `gsquares` is changed.
pub fn operator_vjp<F: Real>(grid: Grid, w: &[F], gdegree: &[F], gsquares: &mut [F], gw: &mut [F]) {
    let (plane, body) = (grid.plane(), grid.body());
    window::degrees_vjp(grid, gdegree, gsquares);
    let n = body.len();
    for (k, offset) in window::offsets(grid).into_iter().enumerate() {
        let (there, back) = (k * plane + body.start, (k + EDGES) * plane + body.start + offset);
        let g = &gsquares[k * plane + body.start..][..n];
        for i in 0..n {
            gw[there + i] += (g[i] + g[i]) * w[there + i];
            gw[back + i] += (g[i] + g[i]) * w[back + i];
        }
    }
}
