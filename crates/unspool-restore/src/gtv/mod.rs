//! Graph total variation: `min |C x|_1` with `H x = y`, by ADMM on its linear program, unrolled.
//!
//! `C` is the incidence operator of the window graph with rows normalised, `(C x)_ij = w_ij (x_i - x_j)` for both directions
//! of each edge, `w_ij = s_ij / sum_l s_il`. Do et al. 2024 (equations 17 to 22) keep nine arrays an edge: `z`, `q_1`, `q_2`,
//! their copies and four multipliers. Three suffice. With `v = q + mu/gamma` for each slack, the copy is `max(v, 0)` and its
//! multiplier `gamma min(v, 0)`; after the first iteration `mu_a + mu_b = -1`, so that `h = (mu_a - mu_b) / 2` holds both.
//! Iteration `t`, with `p = max(v, 0)`, `n = min(v, 0)`, `r = gamma_{t-1} / gamma_t`, `c = C x`:
//!
//! ```text
//! u   = h / gamma + (r (n_1 - n_2) - (p_1 - p_2)) / 2
//! b   = C'u - mu_c / gamma + H'y
//! x  <- cg on (C'C + H'H) x = b, from x
//! k   = (p_1 + p_2 - r (n_1 + n_2)) / 4 - 1 / (2 gamma)
//! v_1 <- k + (h / gamma - c) / 2 + (p_1 + r n_1) / 2
//! v_2 <- k - (h / gamma - c) / 2 + (p_2 + r n_2) / 2
//! h  <- gamma (u - c) / 2
//! mu_c <- mu_c + gamma (H x - y)
//! ```
//!
//! The first iteration has `u = C x_0` and, whatever the multipliers start from,
//! `v_1, v_2 = |C x_0| -+ (C x_0 + C x) / 2 - 1 / (2 gamma)`. The last needs `x` alone.

use unspool_core::Real;

use crate::cg::{self, Steps};
use crate::grid::Grid;
use crate::window::{EDGES, Stencil};
use edges::{Back, Pass, Penalty};
pub use weights::{normalise, normalise_vjp, operator, operator_vjp};

mod edges;
mod weights;

/// Directed edges of a pixel.
pub const DIRECTED: usize = 2 * EDGES;
/// Planes of the state of all edges: `v_1`, `v_2`, `h` of each.
pub const STATE: usize = 3 * DIRECTED;
/// What the multipliers of the samples start from.
const FIRST_MULTIPLIER: f64 = 0.1;
/// A problem for one channel.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a, F> {
    /// `C'C + H'H` for this channel.
    pub a: Stencil<'a, F>,
    /// Weights of the directed edges, 24 planes.
    pub w: &'a [F],
    /// 1 where the sample is known, one plane.
    pub known: &'a [F],
    /// The samples, 0 where unknown.
    pub y: &'a [F],
    /// 1 on pixels.
    pub inside: &'a [F],
    /// Step sizes, all iterations one after the other.
    pub steps: Steps<'a, F>,
    /// The penalty of each iteration of ADMM.
    pub gamma: &'a [F],
}

/// Numbers of edges that are done at a time.
const PIECE: usize = 1024;

/// Length of the memory of [`Problem::solve`].
pub fn memory_len(grid: Grid) -> usize {
    (STATE + 5) * grid.plane() + PIECE
}

/// Length of the tape of [`Problem::solve_taped`]: for each iteration of ADMM `x`, the multipliers of the samples, and the
/// `v` of conjugate gradients; the states of the edges.
pub fn tape_len(grid: Grid, admm: usize, cg: usize) -> usize {
    (admm * (2 + cg) + admm.saturating_sub(2) * STATE) * grid.plane()
}

impl<F: Real> Problem<'_, F> {
    fn penalty(&self, t: usize) -> Penalty<F> {
        Penalty { now: self.gamma[t], ratio: if t == 0 { F::one() } else { self.gamma[t - 1] / self.gamma[t] } }
    }

    fn steps(&self, t: usize) -> Steps<'_, F> {
        let n = self.steps.alpha.len() / self.gamma.len();
        Steps { alpha: &self.steps.alpha[t * n..(t + 1) * n], beta: &self.steps.beta[t * n..(t + 1) * n] }
    }

    /// The gradient `A x - b` at the begin of iteration `t`, from `b = C'u`, in place. In the first iteration
    /// `C'u = C'C x`, and only the samples remain.
    fn gradient(&self, t: usize, x: &[F], mu: &[F], b: &mut [F], product: &mut [F]) {
        let body = self.a.grid.body();
        if t > 0 {
            self.a.apply(x, product);
        }
        for i in body {
            let (m, share) = (self.known[i], mu[i] / self.gamma[t]);
            b[i] = if t == 0 { m * (x[i] - self.y[i]) + share } else { product[i] - b[i] + share - m * self.y[i] };
        }
    }

    fn pass<'a>(&'a self, t: usize, x: &'a [F], first: Option<&'a [F]>) -> Pass<'a, F> {
        Pass { grid: self.a.grid, w: self.w, x, first, now: self.penalty(t), next: self.penalty(t + 1) }
    }

    fn multipliers(&self, t: usize, x: &[F], mu: &mut [F]) {
        for i in self.a.grid.body() {
            mu[i] += self.gamma[t] * self.known[i] * (x[i] - self.y[i]);
        }
    }

    fn first_multipliers(&self, mu: &mut [F]) {
        mu.iter_mut().zip(self.known).for_each(|(mu, &m)| *mu = m * F::of(FIRST_MULTIPLIER));
    }

    /// Solves: `x` holds the estimate, and then the solution. `memory`: [`memory_len`] numbers.
    pub fn solve(&self, x: &mut [F], memory: &mut [F]) {
        let plane = self.a.grid.plane();
        let (state, rest) = memory.split_at_mut(STATE * plane);
        let (g, rest) = rest.split_at_mut(plane);
        let (mu, rest) = rest.split_at_mut(plane);
        let (first, rest) = rest.split_at_mut(plane);
        let (v, temporary) = rest.split_at_mut(2 * plane);
        let last = self.gamma.len() - 1;
        self.first_multipliers(mu);
        first.copy_from_slice(x);
        v.fill(F::zero());
        g.fill(F::zero());
        for t in 0..=last {
            self.gradient(t, x, mu, g, &mut v[..plane]);
            // the products left in v are overwritten
            cg::solve(&self.a, self.steps(t), self.inside, x, g, v);
            if t < last {
                self.multipliers(t, x, mu);
                g.fill(F::zero());
                let pass = self.pass(t, x, (t == 0).then_some(&*first));
                pass.run(state, g, t + 1 < last, &mut temporary[..PIECE]);
            }
        }
    }

    /// [`Problem::solve`], keeping what [`Problem::vjp`] needs in `tape`: [`tape_len`] numbers.
    pub fn solve_taped(&self, x: &mut [F], tape: &mut [F], memory: &mut [F]) {
        let (plane, admm) = (self.a.grid.plane(), self.gamma.len());
        let cg = self.steps.alpha.len() / admm;
        let (state, rest) = memory.split_at_mut(STATE * plane);
        let (g, rest) = rest.split_at_mut(plane);
        let (mu, rest) = rest.split_at_mut(plane);
        let (product, temporary) = rest.split_at_mut(plane);
        let (planes, states) = tape.split_at_mut(admm * (2 + cg) * plane);
        let mut planes = planes.chunks_exact_mut((2 + cg) * plane);
        let mut states = states.chunks_exact_mut(STATE * plane);
        self.first_multipliers(mu);
        let mut before: &[F] = &[];
        g.fill(F::zero());
        for t in 0..admm {
            let Some(own) = planes.next() else { return };
            let (start, own) = own.split_at_mut(plane);
            let (kept_mu, v) = own.split_at_mut(plane);
            start.copy_from_slice(x);
            kept_mu.copy_from_slice(mu);
            self.gradient(t, x, mu, g, product);
            cg::solve_taped(&self.a, self.steps(t), self.inside, x, g, v);
            if t == 0 {
                before = start;
            }
            if t + 1 < admm {
                self.multipliers(t, x, mu);
                g.fill(F::zero());
                let pass = self.pass(t, x, (t == 0).then_some(before));
                pass.run(state, g, t + 2 < admm, &mut temporary[..PIECE]);
                if let Some(kept) = states.next() {
                    kept.copy_from_slice(state);
                }
            }
        }
    }

    /// The adjoint of [`Problem::solve_taped`]. `x`: the solution; `c`: its cotangent, and then that of the estimate.
    ///
    /// `memory`: [`vjp_memory_len`] numbers.
    pub fn vjp(&self, x: &[F], tape: &[F], c: &mut [F], gradients: &mut Gradients<F>, memory: &mut [F]) {
        let (grid, plane, body) = (self.a.grid, self.a.grid.plane(), self.a.grid.body());
        let admm = self.gamma.len();
        let cg = self.steps.alpha.len() / admm;
        let (planes, states) = tape.split_at(admm * (2 + cg) * plane);
        let (lstate, rest) = memory.split_at_mut(STATE * plane);
        let (lmu, rest) = rest.split_at_mut(plane);
        let (lb, rest) = rest.split_at_mut(plane);
        let (memory, temporary) = rest.split_at_mut(4 * plane);
        let own = |t: usize| &planes[t * (2 + cg) * plane..(t + 1) * (2 + cg) * plane];
        lstate.fill(F::zero());
        lmu.fill(F::zero());
        for t in (0..admm).rev() {
            let after = if t + 1 < admm { &own(t + 1)[..plane] } else { x };
            let gamma = self.gamma[t];
            if t + 1 < admm {
                // from b of iteration t + 1 and from the states
                let back = Back {
                    pass: self.pass(t, after, (t == 0).then(|| &own(0)[..plane])),
                    before: if t == 0 { &[] } else { &states[(t - 1) * STATE * plane..t * STATE * plane] },
                    last: t + 2 == admm,
                };
                lb.iter_mut().for_each(|l| *l = -*l); // g = A x - b
                let mut sums = [F::zero(); 3];
                back.run(lb, lstate, c, gradients.w, gradients.first, &mut sums, &mut temporary[..2 * PIECE]);
                // r_{t+1} = gamma_t / gamma_{t+1}
                gradients.gamma[t] += sums[0];
                gradients.gamma[t + 1] += sums[1];
                if t > 0 {
                    gradients.gamma[t - 1] += sums[2];
                }
                // mu <- mu + gamma M (x - y)
                for i in body.clone() {
                    let m = self.known[i] * lmu[i];
                    gradients.gamma[t] += m * (after[i] - self.y[i]);
                    c[i] += gamma * m;
                }
            }
            let steps = self.steps(t);
            let mut of_cg = cg::Gradients {
                alpha: &mut gradients.alpha[t * cg..(t + 1) * cg],
                beta: &mut gradients.beta[t * cg..(t + 1) * cg],
                diagonal: gradients.diagonal,
                s: gradients.squares,
            };
            let (start, rest) = own(t).split_at(plane);
            let (mu, v) = rest.split_at(plane);
            cg::vjp(&self.a, steps, self.inside, v, c, lb, &mut of_cg, &mut memory[..3 * plane]);
            // g = A x - b, with b = C'u - mu / gamma + M y; in the first iteration A x - C'C x = M x
            if t > 0 {
                let product = &mut memory[..plane];
                self.a.apply(lb, product);
                F::axpy(F::one(), &product[body.clone()], &mut c[body.clone()]);
                Stencil::entries_vjp(grid, F::one(), lb, start, gradients.diagonal, gradients.squares);
            } else {
                for i in body.clone() {
                    c[i] += self.known[i] * lb[i];
                }
            }
            for i in body.clone() {
                lmu[i] += lb[i] / gamma;
                gradients.gamma[t] -= lb[i] * mu[i] / (gamma * gamma);
            }
        }
        F::axpy(F::one(), &gradients.first[body.clone()], &mut c[body]);
        gradients.first.fill(F::zero());
    }
}

/// Length of the memory of [`Problem::vjp`].
pub fn vjp_memory_len(grid: Grid) -> usize {
    (STATE + 6) * grid.plane() + 2 * PIECE
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
    /// Of the diagonal of the operator.
    pub diagonal: &'a mut [F],
    /// Of its weights.
    pub squares: &'a mut [F],
    /// Of the weights of the directed edges.
    pub w: &'a mut [F],
    /// One plane of zeros, which are left there.
    pub first: &'a mut [F],
}
