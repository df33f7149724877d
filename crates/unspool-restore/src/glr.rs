//! Graph Laplacian regularisation: `min x'Lx` with the known samples kept, by unrolled conjugate gradients.
//!
//! `L_n = D^{-1/2} (D - W) D^{-1/2}` is the symmetric normalised Laplacian of a window graph. With `M = diag(mask)`:
//!
//! ```text
//! x_0 = M y + (I - M) x,   g_0 = (I - M) L_n x_0,   then cg with the operator (I - M) L_n
//! ```
//!
//! which solves `L_{uu} x_u = -L_{uk} y` for the unknown samples `u` (Do et al. 2024, equations 4 and 8).

use unspool_core::{Real, dispatched};

use crate::cg::{self, Steps};
use crate::grid::Grid;
use crate::stencil::{Stencil, entries_vjp};
use crate::window;

/// Smallest degree: that of a lone pixel is 0.
const LEAST: f64 = 1e-12;

/// The normalised Laplacian of a graph: its diagonal (1, but 0 for a lone pixel), its weights
/// `w_ij / sqrt(d_i d_j)`, and `d^{-1/2}`, which the adjoint needs.
///
/// # Shapes
/// `s`, `normal`: 12 planes; `diagonal`, `root`: one. All results are overwritten.
pub fn normalise<F: Real>(grid: Grid, s: &[F], root: &mut [F], diagonal: &mut [F], normal: &mut [F]) {
    let body = grid.body();
    window::degrees(grid, s, root);
    grid.clear_margins(diagonal);
    grid.clear_margins(normal);
    inverse_roots(&mut root[body.clone()], &mut diagonal[body.clone()]);
    let planes = s.chunks_exact(grid.plane()).zip(normal.chunks_exact_mut(grid.plane()));
    for ((s, normal), offset) in planes.zip(window::offsets(grid)) {
        let other = &root[body.start + offset..][..body.len()];
        product(&s[body.clone()], &root[body.clone()], other, &mut normal[body.clone()]);
    }
}

dispatched! {
    // from degrees: the roots, and d / d
    fn inverse_roots<T: Real>(_simd: S, root: &'a mut [T], diagonal: &'a mut [T]) {
        for (root, diagonal) in root.iter_mut().zip(diagonal) {
            let d = *root;
            *root = T::one() / d.max(T::of(LEAST)).sqrt();
            *diagonal = d * *root * *root;
        }
    }

    fn product<T: Real>(_simd: S, s: &'a [T], a: &'a [T], b: &'a [T], out: &'a mut [T]) {
        for (((out, &s), &a), &b) in out.iter_mut().zip(s).zip(a).zip(b) {
            *out = s * (a * b);
        }
    }
}

/// The adjoint of [`normalise`]: `gs += (d normal / d s)' gnormal + (d diagonal / d s)' gdiagonal`.
///
/// `groot`: one plane of memory. The diagonal does not depend on `s`, but for lone pixels, which have no edges.
pub fn normalise_vjp<F: Real>(grid: Grid, s: &[F], root: &[F], gnormal: &[F], groot: &mut [F], gs: &mut [F]) {
    let (plane, body) = (grid.plane(), grid.body());
    let n = body.len();
    groot.fill(F::zero());
    for (k, offset) in window::offsets(grid).into_iter().enumerate() {
        let at = k * plane + body.start;
        let (s, g, gs) = (&s[at..at + n], &gnormal[at..at + n], &mut gs[at..at + n]);
        for i in 0..n {
            let (a, b) = (root[body.start + i], root[body.start + offset + i]);
            gs[i] += g[i] * (a * b);
            let t = g[i] * s[i];
            groot[body.start + i] += t * b;
            groot[body.start + offset + i] += t * a;
        }
    }
    // root = d^{-1/2}
    for i in body {
        let r = root[i];
        groot[i] = -F::of(0.5) * r * r * r * groot[i];
    }
    window::degrees_vjp(grid, groot, gs);
}

/// Planes a channel of the memory of [`solve`].
pub const SOLVE_PLANES: usize = 2;

/// Solves: `x` holds the estimate, and then the solution. `unknown` is 1 where the sample is not known, `y` 0 there.
///
/// # Shapes
/// `unknown`, `y`, `x`: one plane a channel; `memory`: [`SOLVE_PLANES`] a channel, the first half zero outside of the body.
pub fn solve<F: Real>(a: &Stencil<F>, steps: Steps<F>, unknown: &[F], y: &[F], x: &mut [F], memory: &mut [F]) {
    let (g, other) = memory.split_at_mut(x.len());
    start(a, unknown, y, x, g);
    cg::solve(a, steps, unknown, x, g, other);
}

/// The start and its gradient.
fn start<F: Real>(a: &Stencil<F>, unknown: &[F], y: &[F], x: &mut [F], g: &mut [F]) {
    for ((x, &y), &u) in x.iter_mut().zip(y).zip(unknown) {
        *x = u * *x + (F::one() - u) * y;
    }
    // y is 0 where it is not known, and outside of the image
    a.apply(x, g);
    g.iter_mut().zip(unknown).for_each(|(g, &u)| *g *= u);
}

/// Planes a channel of the tape of [`solve_taped`]: the start, and one an iteration.
pub fn tape_planes(iterations: usize) -> usize {
    1 + iterations
}

/// [`solve`], keeping what [`vjp`] needs.
pub fn solve_taped<F: Real>(
    a: &Stencil<F>,
    steps: Steps<F>,
    unknown: &[F],
    y: &[F],
    x: &mut [F],
    tape: &mut [F],
    memory: &mut [F],
) {
    let (first, v) = tape.split_at_mut(x.len());
    let g = &mut memory[..x.len()];
    start(a, unknown, y, x, g);
    first.copy_from_slice(x);
    cg::solve_taped(a, steps, unknown, x, g, v);
}

/// Planes a channel of the memory of [`vjp`].
pub const VJP_PLANES: usize = 1 + cg::VJP_PLANES;

/// The adjoint of [`solve_taped`] in the estimate, the step sizes, and the operator. `c`: the cotangent of the solution, and
/// then that of the estimate.
///
/// `memory`: [`VJP_PLANES`] a channel, zero outside of the body.
pub fn vjp<F: Real>(
    a: &Stencil<F>,
    steps: Steps<F>,
    unknown: &[F],
    tape: &[F],
    c: &mut [F],
    gradients: &mut cg::Gradients<F>,
    memory: &mut [F],
) {
    let (lg, memory) = memory.split_at_mut(c.len());
    let (first, v) = tape.split_at(c.len());
    cg::vjp(a, steps, unknown, v, c, lg, gradients, memory);
    // g_0 = U A x_0
    let product = &mut memory[..c.len()];
    lg.iter_mut().zip(unknown).for_each(|(l, &u)| *l *= u);
    a.apply(lg, product);
    entries_vjp(a.grid, lg, first, gradients.diagonal, gradients.s);
    // x_0 = U x + (1 - U) y
    for ((c, &p), &u) in c.iter_mut().zip(&*product).zip(unknown) {
        *c = u * (*c + p);
    }
}
