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
//! (Do et al. 2024, appendix A.7.) One product with `A` an iteration, no inner products. `beta_0` has no influence.

use unspool_core::Real;

use crate::window::Stencil;

/// Rows of a band: how far an iteration runs ahead of the next one.
const BAND: usize = 4;
/// Iterations that follow each other through an image, band by band, so that what they share stays in cache.
const TOGETHER: usize = 8;

/// Step sizes and momenta of each iteration.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a, F> {
    /// Step sizes.
    pub alpha: &'a [F],
    /// Momenta, as many.
    pub beta: &'a [F],
}

/// Runs from the gradient `g` at `x`. `g` ends as the gradient before the last step.
///
/// `v` holds two planes, zero outside of the body. `g` and `x` are changed where the gradient, or `projection`, is not zero.
pub fn solve<F: Real>(a: &Stencil<F>, steps: Steps<F>, projection: &[F], x: &mut [F], g: &mut [F], v: &mut [F]) {
    let (plane, body) = (a.grid.plane(), a.grid.body());
    let (v0, v1) = v.split_at_mut(plane);
    let mut planes = [v0, v1];
    let Steps { alpha, beta } = steps;
    planes[0][body.clone()].copy_from_slice(&g[body.clone()]);
    F::axpy(-alpha[0], &g[body.clone()], &mut x[body.clone()]);
    let band = (BAND * a.grid.stride()).next_multiple_of(64);
    let bands = body.len().div_ceil(band);
    let mut first = 1;
    while first < alpha.len() {
        let together = TOGETHER.min(alpha.len() - first);
        // iteration first + j works on band b when iteration first + j - 1 is done with band b + 1
        for step in 0..bands + together - 1 {
            for j in 0..together.min(step + 1) {
                let b = step - j;
                if b >= bands {
                    continue;
                }
                let t = first + j;
                let begin = body.start + b * band;
                let range = begin..(begin + band).min(body.end);
                let [even, odd] = &mut planes;
                let (old, new) = if t % 2 == 1 { (&**even, &mut **odd) } else { (&**odd, &mut **even) };
                a.cg_step(range, [alpha[t - 1], beta[t], alpha[t]], projection, old, new, g, x);
            }
        }
        first += together;
    }
}

/// The same, keeping each `v_t` for [`vjp`]: `v` holds as many planes as iterations.
pub fn solve_taped<F: Real>(a: &Stencil<F>, steps: Steps<F>, projection: &[F], x: &mut [F], g: &mut [F], v: &mut [F]) {
    let (plane, body) = (a.grid.plane(), a.grid.body());
    let Steps { alpha, beta } = steps;
    v[body.clone()].copy_from_slice(&g[body.clone()]);
    F::axpy(-alpha[0], &g[body.clone()], &mut x[body.clone()]);
    for t in 1..alpha.len() {
        let (old, new) = v[(t - 1) * plane..(t + 1) * plane].split_at_mut(plane);
        a.cg_step(body.clone(), [alpha[t - 1], beta[t], alpha[t]], projection, old, new, g, x);
    }
}

/// Gradients that [`vjp`] adds to.
#[derive(Debug)]
pub struct Gradients<'a, F> {
    /// Of the step sizes.
    pub alpha: &'a mut [F],
    /// Of the momenta.
    pub beta: &'a mut [F],
    /// Of the diagonal of `A`, one plane.
    pub diagonal: &'a mut [F],
    /// Of its weights, 12 planes.
    pub s: &'a mut [F],
}

/// The adjoint of [`solve_taped`]: from the cotangent `c` of the last `x` to that of `g_0`, in `lg` (overwritten); that of
/// `x_0`, `g_0` aside, is `c`.
///
/// `v`: the tape; `memory`: three planes, zero outside of the body.
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
    let (grid, plane, body) = (a.grid, a.grid.plane(), a.grid.body());
    let Steps { alpha, beta } = steps;
    let (lv, rest) = memory.split_at_mut(plane);
    let (projected, product) = rest.split_at_mut(plane);
    let product = &mut product[..plane];
    lg.fill(F::zero());
    lv.fill(F::zero());
    for t in (0..alpha.len()).rev() {
        let own = &v[t * plane..(t + 1) * plane];
        // x_{t+1} = x_t - alpha_t v_t
        F::axpy(-alpha[t], &c[body.clone()], &mut lv[body.clone()]);
        gradients.alpha[t] -= F::dot(&c[body.clone()], &own[body.clone()]);
        // v_t = g_t + beta_t v_{t-1}
        F::axpy(F::one(), &lv[body.clone()], &mut lg[body.clone()]);
        if t == 0 {
            break;
        }
        let old = &v[(t - 1) * plane..t * plane];
        gradients.beta[t] += F::dot(&lv[body.clone()], &old[body.clone()]);
        // g_t = g_{t-1} - alpha_{t-1} P A v_{t-1}
        for ((p, &l), &m) in projected[body.clone()].iter_mut().zip(&lg[body.clone()]).zip(&projection[body.clone()]) {
            *p = l * m;
        }
        a.apply(projected, product);
        gradients.alpha[t - 1] -= F::dot(&product[body.clone()], &old[body.clone()]);
        Stencil::entries_vjp(grid, -alpha[t - 1], projected, old, gradients.diagonal, gradients.s);
        for (lv, &p) in lv[body.clone()].iter_mut().zip(&product[body.clone()]) {
            *lv = beta[t] * *lv - alpha[t - 1] * p;
        }
    }
}
