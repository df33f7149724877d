//! Graph total variation: `min |C x|_1` with `H x = y`, by ADMM on its linear program, unrolled.
//!
//! `C` is the incidence operator of the window graph with rows normalised, `(C x)_ij = w_ij (x_i - x_j)` for both directions
//! of each edge, `w_ij = s_ij / sum_l s_il`. Do et al. 2024 (equations 17 to 22) keep nine arrays an edge: `z`, `q_1`, `q_2`,
//! their copies and four multipliers. Three suffice. With `v = q + mu/gamma` for each slack, the copy is `max(v, 0)` and its
//! multiplier `gamma min(v, 0)`; after the first iteration `mu_a + mu_b = -1`, so that `h = (mu_a - mu_b) / 2` holds both.
//! In terms of `s = v_1 + v_2`, `d = v_1 - v_2` and `g = h / gamma_t`, with `c = C x`, `r = gamma_{t-1} / gamma_t`,
//! `S = |s + d| + |s - d|` and `D = |s + d| - |s - d|`, iteration `t` is
//!
//! ```text
//! u    = g - (1 - r) d / 4 - (1 + r) D / 8
//! b    = C'u - mu_c / gamma_t + H'y
//! x   <- cg on (C'C + H'H) x = b, from x
//! s   <- s / 2 + S / 4 - 1 / gamma_t
//! d   <- g - c + (1 + r) d / 4 + (1 - r) D / 8
//! g   <- gamma_t (u - c) / (2 gamma_{t+1})
//! mu_c <- mu_c + gamma_t (H x - y)
//! ```
//!
//! The first iteration has `u = C x_0` and, whatever the multipliers start from, `s = 2 |C x_0| - 1 / gamma_0`,
//! `d = -C (x_0 + x)`. The last needs `x` alone.
//!
//! Not even these three are kept: an edge's state is a function of the estimates so far at its two ends, and computing it
//! again from those takes less time than memory would.

use unspool_core::Real;

use crate::cg::{self, Steps};
use crate::grid::Grid;
use crate::stencil::{Stencil, entries_vjp};
use crate::window::EDGES;
use edges::{Estimates, Pass};
pub use weights::{normalise, normalise_vjp, operator, operator_vjp};

mod edges;
mod weights;

/// Directed edges of a pixel.
pub const DIRECTED: usize = 2 * EDGES;
/// Planes of the state of all edges: `s`, `d`, `g` of each.
const STATE: usize = 3 * DIRECTED;
/// What the multipliers of the samples start from.
const FIRST_MULTIPLIER: f64 = 0.1;

/// A problem. All planes are one a channel, one after another, unless said otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a, F> {
    /// `C'C + H'H`.
    pub a: Stencil<'a, F>,
    /// Weights of the directed edges, 24 planes for all channels.
    pub w: &'a [F],
    /// 1 where the sample is known.
    pub known: &'a [F],
    /// The samples, 0 where unknown.
    pub y: &'a [F],
    /// 1 on pixels, one plane.
    pub inside: &'a [F],
    /// Step sizes, all iterations one after the other.
    pub steps: Steps<'a, F>,
    /// The penalty of each iteration of ADMM.
    pub gamma: &'a [F],
}

/// Numbers of edges that are done at a time.
const PIECE: usize = 1024;

/// Length of the memory of [`Problem::solve`].
pub fn memory_len(grid: Grid, channels: usize, admm: usize) -> usize {
    (admm + 3) * channels * grid.plane() + PIECE
}

/// Planes a channel of the tape of [`Problem::solve_taped`]: for each iteration of ADMM `x`, the multipliers of the
/// samples, and the `v` of conjugate gradients.
pub fn tape_planes(admm: usize, cg: usize) -> usize {
    admm * (2 + cg)
}

impl<F: Real> Problem<'_, F> {
    /// Iterations of conjugate gradients in one of ADMM.
    fn cg(&self) -> usize {
        self.steps.alpha.len() / self.gamma.len()
    }

    fn steps(&self, t: usize) -> Steps<'_, F> {
        let n = self.cg();
        Steps { alpha: &self.steps.alpha[t * n..(t + 1) * n], beta: &self.steps.beta[t * n..(t + 1) * n] }
    }

    /// The gradient `A x - b` at the begin of iteration `t`, from `b = C'u`, in place. In the first iteration
    /// `C'u = C'C x`, and only the samples remain.
    fn gradient(&self, t: usize, x: &[F], mu: &[F], b: &mut [F], product: &mut [F]) {
        let inverse = F::one() / self.gamma[t];
        let samples = mu.iter().zip(self.known).zip(self.y);
        if t == 0 {
            for ((b, &x), ((&mu, &m), &y)) in b.iter_mut().zip(x).zip(samples) {
                *b = m * (x - y) + mu * inverse;
            }
        } else {
            self.a.apply(x, product);
            for ((b, &p), ((&mu, &m), &y)) in b.iter_mut().zip(&*product).zip(samples) {
                *b = p - *b + mu * inverse - m * y;
            }
        }
    }

    /// The pass over the edges that ends iteration `t`, with the estimates before the first and after each one so far.
    fn pass<'a>(&'a self, t: usize, estimates: Estimates<'a, F>) -> Pass<'a, F> {
        Pass { grid: self.a.grid, w: self.w, gamma: self.gamma, t, estimates }
    }

    fn multipliers(&self, t: usize, x: &[F], mu: &mut [F]) {
        let gamma = self.gamma[t];
        for (((mu, &m), &x), &y) in mu.iter_mut().zip(self.known).zip(x).zip(self.y) {
            *mu += gamma * m * (x - y);
        }
    }

    fn first_multipliers(&self, mu: &mut [F]) {
        mu.iter_mut().zip(self.known).for_each(|(mu, &m)| *mu = m * F::of(FIRST_MULTIPLIER));
    }

    /// Solves: `x` holds the estimate, and then the solution. `memory`: [`memory_len`] numbers.
    pub fn solve(&self, x: &mut [F], memory: &mut [F]) {
        let (n, admm) = (x.len(), self.gamma.len());
        let (estimates, rest) = memory.split_at_mut(admm * n);
        let (g, rest) = rest.split_at_mut(n);
        let (mu, rest) = rest.split_at_mut(n);
        let (other, temporary) = rest.split_at_mut(n);
        self.first_multipliers(mu);
        for t in 0..admm {
            estimates[t * n..(t + 1) * n].copy_from_slice(x);
            if t > 0 {
                g.fill(F::zero());
                let so_far = Estimates { planes: &estimates[..(t + 1) * n], stride: n, n };
                self.pass(t - 1, so_far).run(g, &mut temporary[..PIECE]);
            }
            self.gradient(t, x, mu, g, other);
            cg::solve(&self.a, self.steps(t), self.inside, x, g, other);
            self.multipliers(t, x, mu);
        }
    }

    /// [`Problem::solve`], keeping what [`Problem::vjp`] needs in `tape`: [`tape_planes`] a channel. `memory` is zero outside of the
    /// body.
    pub fn solve_taped(&self, x: &mut [F], tape: &mut [F], memory: &mut [F]) {
        let (n, admm) = (x.len(), self.gamma.len());
        let stride = (2 + self.cg()) * n;
        let (g, rest) = memory.split_at_mut(n);
        let (mu, rest) = rest.split_at_mut(n);
        let (product, temporary) = rest.split_at_mut(n);
        self.first_multipliers(mu);
        for t in 0..admm {
            tape[t * stride..][..n].copy_from_slice(x);
            if t > 0 {
                g.fill(F::zero());
                let so_far = Estimates { planes: &tape[..t * stride + n], stride, n };
                self.pass(t - 1, so_far).run(g, &mut temporary[..PIECE]);
            }
            let (kept, v) = tape[t * stride + n..(t + 1) * stride].split_at_mut(n);
            kept.copy_from_slice(mu);
            self.gradient(t, x, mu, g, product);
            cg::solve_taped(&self.a, self.steps(t), self.inside, x, g, v);
            self.multipliers(t, x, mu);
        }
    }

    /// The adjoint of [`Problem::solve_taped`]. `c`: the cotangent of the solution, and then that of the estimate.
    ///
    /// `memory`: [`vjp_memory_len`] numbers.
    pub fn vjp(&self, tape: &[F], c: &mut [F], gradients: &mut Gradients<F>, memory: &mut [F]) {
        let (grid, n, admm, cg) = (self.a.grid, c.len(), self.gamma.len(), self.cg());
        let stride = (2 + cg) * n;
        let (lstate, rest) = memory.split_at_mut(STATE * n);
        let (lmu, rest) = rest.split_at_mut(n);
        let (lb, rest) = rest.split_at_mut(n);
        let (first, rest) = rest.split_at_mut(n);
        let (memory, temporary) = rest.split_at_mut(cg::VJP_PLANES * n);
        lmu.fill(F::zero());
        first.fill(F::zero());
        for t in (0..admm).rev() {
            let gamma = self.gamma[t];
            if t + 1 < admm {
                let after = &tape[(t + 1) * stride..][..n];
                // from b of iteration t + 1 and from the states
                lb.iter_mut().for_each(|l| *l = -*l); // g = A x - b
                let so_far = Estimates { planes: &tape[..(t + 1) * stride + n], stride, n };
                let back = edges::Cotangents { b: lb, state: lstate, x: c, first, w: gradients.w };
                self.pass(t, so_far).back(t + 2 == admm, back, gradients.gamma, &mut temporary[..2 * PIECE]);
                // mu <- mu + gamma M (x - y)
                let mut of_gamma = F::zero();
                let samples = self.known.iter().zip(after).zip(self.y);
                for ((c, &l), ((&m, &x), &y)) in c.iter_mut().zip(&*lmu).zip(samples) {
                    of_gamma += m * l * (x - y);
                    *c += gamma * m * l;
                }
                gradients.gamma[t] += of_gamma;
            }
            let mut of_cg = cg::Gradients {
                alpha: &mut gradients.alpha[t * cg..(t + 1) * cg],
                beta: &mut gradients.beta[t * cg..(t + 1) * cg],
                diagonal: gradients.diagonal,
                s: gradients.squares,
            };
            let (start, rest) = tape[t * stride..(t + 1) * stride].split_at(n);
            let (mu, v) = rest.split_at(n);
            cg::vjp(&self.a, self.steps(t), self.inside, v, c, lb, &mut of_cg, memory);
            // g = A x - b, with b = C'u - mu / gamma + M y; in the first iteration A x - C'C x = M x
            if t > 0 {
                let product = &mut memory[..n];
                self.a.apply(lb, product);
                F::axpy(F::one(), product, c);
                entries_vjp(grid, lb, start, gradients.diagonal, gradients.squares);
            } else {
                c.iter_mut().zip(self.known).zip(&*lb).for_each(|((c, &m), &l)| *c += m * l);
            }
            F::axpy(F::one() / gamma, lb, lmu);
            gradients.gamma[t] -= F::dot(lb, mu) / (gamma * gamma);
        }
        F::axpy(F::one(), first, c);
    }
}

/// Length of the memory of [`Problem::vjp`].
pub fn vjp_memory_len(grid: Grid, channels: usize) -> usize {
    (STATE + 3 + cg::VJP_PLANES) * channels * grid.plane() + 2 * PIECE
}

/// Gradients that [`Problem::vjp`] adds to.
#[derive(Debug)]
pub struct Gradients<'a, F> {
    /// Of the step sizes.
    pub alpha: &'a mut [F],
    /// Of the momenta.
    pub beta: &'a mut [F],
    /// Of the penalties.
    pub gamma: &'a mut [F],
    /// Of the diagonal of the operator, one plane.
    pub diagonal: &'a mut [F],
    /// Of its weights.
    pub squares: &'a mut [F],
    /// Of the weights of the directed edges.
    pub w: &'a mut [F],
}
