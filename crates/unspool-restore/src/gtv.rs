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

use unspool_core::{Real, dispatched};

use crate::cg::{self, Steps};
use crate::grid::Grid;
use crate::window::{self, EDGES, Stencil};

/// Directed edges of a pixel.
pub const DIRECTED: usize = 2 * EDGES;
/// Planes of the state of all edges: `v_1`, `v_2`, `h` of each.
pub const STATE: usize = 3 * DIRECTED;
/// What the multipliers of the samples start from.
const FIRST_MULTIPLIER: f64 = 0.1;
/// Smallest degree: that of a lone pixel is 0.
const LEAST: f64 = 1e-12;

/// Differences of indices to the far ends of the directed edges: the 12 offsets, then their opposites.
fn far_ends(grid: Grid) -> [usize; DIRECTED] {
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
    w.fill(F::zero());
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
    squares.fill(F::zero());
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

/// The penalties of two consecutive iterations.
#[derive(Clone, Copy)]
struct Penalty<F> {
    /// `gamma` of this one.
    now: F,
    /// `gamma` of the last over `gamma` of this one.
    ratio: F,
}

/// `u` of an edge, from its state.
#[inline(always)]
fn u_of<F: Real>(Penalty { now, ratio }: Penalty<F>, v1: F, v2: F, h: F) -> F {
    let zero = F::zero();
    let (p, n) = (pos(v1) - pos(v2), (v1 - pos(v1)) - (v2 - pos(v2)));
    let _ = zero;
    h / now + (ratio * n - p) * F::of(0.5)
}

#[inline(always)]
fn pos<F: Real>(v: F) -> F {
    if v > F::zero() { v } else { F::zero() }
}

/// The next state of an edge.
#[inline(always)]
fn next_of<F: Real>(Penalty { now, ratio }: Penalty<F>, v1: F, v2: F, h: F, c: F) -> (F, F, F) {
    let (half, quarter) = (F::of(0.5), F::of(0.25));
    let (p1, p2) = (pos(v1), pos(v2));
    let (n1, n2) = (ratio * (v1 - p1), ratio * (v2 - p2));
    let hg = h / now;
    let u = hg + ((n1 - n2) - (p1 - p2)) * half;
    let k = (p1 + p2 - (n1 + n2)) * quarter - half / now;
    let e = (hg - c) * half;
    (k + e + (p1 + n1) * half, k - e + (p2 + n2) * half, now * (u - c) * half)
}

/// The state of an edge after the first iteration.
#[inline(always)]
fn first_of<F: Real>(now: F, c0: F, c: F) -> (F, F, F) {
    let half = F::of(0.5);
    let (k, e) = (c0.abs() - half / now, (c0 + c) * half);
    (k - e, k + e, now * (c0 - c) * half)
}

/// What an edge pass of iteration `t` knows.
struct Pass<'a, F> {
    grid: Grid,
    w: &'a [F],
    x: &'a [F],
    /// The estimate before the first iteration.
    first: Option<&'a [F]>,
    now: Penalty<F>,
    next: Penalty<F>,
}

impl<F: Real> Pass<'_, F> {
    /// From the state before to the state after, and `b += C'u` for the next iteration; the state is kept if `keep`.
    /// `temporary`: a run of numbers of any length; its length is that of a piece.
    #[inline(always)]
    fn run(&self, state: &mut [F], b: &mut [F], keep: bool, temporary: &mut [F]) {
        let (plane, body) = (self.grid.plane(), self.grid.body());
        let ends = far_ends(self.grid);
        let piece = temporary.len();
        let mut start = body.start;
        while start < body.end {
            let n = piece.min(body.end - start);
            for (k, &end) in ends.iter().enumerate() {
                let far = start.wrapping_add(end);
                let w = &self.w[k * plane + start..][..n];
                let (x0, x1) = (&self.x[start..][..n], &self.x[far..][..n]);
                let t = &mut temporary[..n];
                let (v1, rest) = state[3 * k * plane..].split_at_mut(plane);
                let (v2, h) = rest.split_at_mut(plane);
                let (v1, v2, h) = (&mut v1[start..][..n], &mut v2[start..][..n], &mut h[start..][..n]);
                match self.first {
                    Some(first) => {
                        let (f0, f1) = (&first[start..][..n], &first[far..][..n]);
                        for i in 0..n {
                            let after = first_of(self.now.now, w[i] * (f0[i] - f1[i]), w[i] * (x0[i] - x1[i]));
                            (v1[i], v2[i], h[i]) = after;
                            t[i] = w[i] * u_of(self.next, after.0, after.1, after.2);
                        }
                    }
                    None => {
                        for i in 0..n {
                            let after = next_of(self.now, v1[i], v2[i], h[i], w[i] * (x0[i] - x1[i]));
                            if keep {
                                (v1[i], v2[i], h[i]) = after;
                            }
                            t[i] = w[i] * u_of(self.next, after.0, after.1, after.2);
                        }
                    }
                }
                b[start..][..n].iter_mut().zip(&*t).for_each(|(b, &t)| *b += t);
                b[far..][..n].iter_mut().zip(&*t).for_each(|(b, &t)| *b -= t);
            }
            start += n;
        }
    }
}

dispatched! {
    fn edges<T: Real>(
        _simd: S,
        pass: &'a Pass<'a, T>,
        state: &'a mut [T],
        b: &'a mut [T],
        keep: bool,
        temporary: &'a mut [T],
    ) {
        if keep { pass.run(state, b, true, temporary) } else { pass.run(state, b, false, temporary) }
    }
}

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
                edges(&pass, state, g, t + 1 < last, &mut temporary[..PIECE]);
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
                edges(&pass, state, g, t + 2 < admm, &mut temporary[..PIECE]);
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
                edges_back(&back, lb, lstate, c, gradients.w, gradients.first, &mut sums, &mut temporary[..4 * PIECE]);
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
    (STATE + 6) * grid.plane() + 4 * PIECE
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

/// An edge pass gone back through.
struct Back<'a, F> {
    pass: Pass<'a, F>,
    /// The state before the pass.
    before: &'a [F],
    /// Whether nothing but `u` was used of the state after it.
    last: bool,
}

impl<F: Real> Back<'_, F> {
    /// `lb`: the cotangent of `b`; `lstate`: that of the state, after the pass and then before it; `c`: that of `x`, added
    /// to; `first`: that of the first estimate, added to; `sums`: those of the penalties of this, the next and the last
    /// iteration.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn run(
        &self,
        lb: &[F],
        lstate: &mut [F],
        c: &mut [F],
        gw: &mut [F],
        first: &mut [F],
        sums: &mut [F; 3],
        temporary: &mut [F],
    ) {
        let Pass { grid, w, x, first: start_x, now, next } = self.pass;
        let (plane, body) = (grid.plane(), grid.body());
        let (half, quarter, one, zero) = (F::of(0.5), F::of(0.25), F::one(), F::zero());
        let (gamma, ratio) = (now.now, now.ratio);
        let (gamma_next, ratio_next) = (next.now, next.ratio);
        let piece = temporary.len() / 4;
        let (tc, rest) = temporary.split_at_mut(piece);
        let (tf, rest) = rest.split_at_mut(piece);
        let (tg, tr) = rest.split_at_mut(piece);
        let mut start = body.start;
        while start < body.end {
            let n = piece.min(body.end - start);
            for (k, &end) in far_ends(grid).iter().enumerate() {
                let far = start.wrapping_add(end);
                let w = &w[k * plane + start..][..n];
                let gw = &mut gw[k * plane + start..][..n];
                let (x0, x1) = (&x[start..][..n], &x[far..][..n]);
                let (b0, b1) = (&lb[start..][..n], &lb[far..][..n]);
                let (l1, rest) = lstate[3 * k * plane..].split_at_mut(plane);
                let (l2, lh) = rest.split_at_mut(plane);
                let (l1, l2, lh) = (&mut l1[start..][..n], &mut l2[start..][..n], &mut lh[start..][..n]);
                let (tc, tf, tg, tr) = (&mut tc[..n], &mut tf[..n], &mut tg[..n], &mut tr[..n]);
                // cotangent of the state after the pass, with that of u; (next penalty's share, ratio's share)
                let through_u = |after: (F, F, F), lu: F, l: (F, F, F)| {
                    let (a1, a2, h) = after;
                    let s1 = if a1 > zero { -half } else { half * ratio_next };
                    let s2 = if a2 > zero { half } else { -half * ratio_next };
                    let d = (l.0 + s1 * lu, l.1 + s2 * lu, l.2 + lu / gamma_next);
                    let n = (a1 - pos(a1)) - (a2 - pos(a2));
                    (d, -lu * h / (gamma_next * gamma_next), lu * n * half)
                };
                match start_x {
                    Some(start_x) => {
                        let (f0, f1) = (&start_x[start..][..n], &start_x[far..][..n]);
                        for i in 0..n {
                            let (dx, df, db) = (x0[i] - x1[i], f0[i] - f1[i], b0[i] - b1[i]);
                            let (cc, c0) = (w[i] * dx, w[i] * df);
                            let after = first_of(gamma, c0, cc);
                            let u = u_of(next, after.0, after.1, after.2);
                            let lu = w[i] * db;
                            let l = if self.last { (zero, zero, zero) } else { (l1[i], l2[i], lh[i]) };
                            let ((a1, a2, ah), of_next, of_ratio) = through_u(after, lu, l);
                            let sign = if c0 > zero {
                                one
                            } else if c0 < zero {
                                -one
                            } else {
                                zero
                            };
                            let (sum, difference) = (a1 + a2, (a2 - a1) * half);
                            let lc = difference - gamma * ah * half;
                            let lc0 = sum * sign + difference + gamma * ah * half;
                            // shares of gamma: -1 / (2 gamma) in both v, gamma (c0 - c) / 2 in h
                            tg[i] = sum * half / (gamma * gamma) + ah * (c0 - cc) * half + of_ratio / gamma_next;
                            tr[i] = of_next - of_ratio * ratio_next / gamma_next;
                            gw[i] += u * db + lc * dx + lc0 * df;
                            tc[i] = w[i] * lc;
                            tf[i] = w[i] * lc0;
                        }
                        sums[0] += tg.iter().fold(zero, |sum, &t| sum + t);
                        sums[1] += tr.iter().fold(zero, |sum, &t| sum + t);
                        scatter(tf, start, far, first);
                    }
                    None => {
                        let state = &self.before[3 * k * plane..];
                        let (v1, v2) = (&state[start..][..n], &state[plane + start..][..n]);
                        let h = &state[2 * plane + start..][..n];
                        for i in 0..n {
                            let (dx, db) = (x0[i] - x1[i], b0[i] - b1[i]);
                            let cc = w[i] * dx;
                            let after = next_of(now, v1[i], v2[i], h[i], cc);
                            let u_next = u_of(next, after.0, after.1, after.2);
                            let lu = w[i] * db;
                            let l = if self.last { (zero, zero, zero) } else { (l1[i], l2[i], lh[i]) };
                            let ((a1, a2, ah), of_next, of_ratio_next) = through_u(after, lu, l);
                            let (p1, p2) = (pos(v1[i]), pos(v2[i]));
                            let (n1, n2) = (v1[i] - p1, v2[i] - p2);
                            let hg = h[i] / gamma;
                            let u = hg + (ratio * (n1 - n2) - (p1 - p2)) * half;
                            // h' = gamma (u - c) / 2;  v' = k +- (h / gamma - c) / 2 + (p + r n) / 2
                            let lu_own = gamma * ah * half;
                            let (sum, difference) = (a1 + a2, (a1 - a2) * half);
                            let lc = -lu_own - difference;
                            let lhg = lu_own + difference;
                            let lp1 = sum * quarter + a1 * half - lu_own * half;
                            let lp2 = sum * quarter + a2 * half + lu_own * half;
                            let ln1 = -sum * quarter + a1 * half + lu_own * half;
                            let ln2 = -sum * quarter + a2 * half - lu_own * half;
                            let of_ratio = ln1 * n1 + ln2 * n2;
                            l1[i] = if v1[i] > zero { lp1 } else { ratio * ln1 };
                            l2[i] = if v2[i] > zero { lp2 } else { ratio * ln2 };
                            lh[i] = lhg / gamma;
                            let _ = u;
                            tg[i] = ah * (u - cc) * half - lhg * hg / gamma + sum * half / (gamma * gamma)
                                - of_ratio * ratio / gamma
                                + of_ratio_next / gamma_next;
                            tr[i] = of_next - of_ratio_next * ratio_next / gamma_next;
                            tf[i] = of_ratio / gamma;
                            gw[i] += u_next * db + lc * dx;
                            tc[i] = w[i] * lc;
                        }
                        sums[0] += tg.iter().fold(zero, |sum, &t| sum + t);
                        sums[1] += tr.iter().fold(zero, |sum, &t| sum + t);
                        sums[2] += tf.iter().fold(zero, |sum, &t| sum + t);
                    }
                }
                scatter(tc, start, far, c);
            }
            start += n;
        }
    }
}

/// `out(i) += t(i)`, `out(far i) -= t(i)`.
#[inline(always)]
fn scatter<F: Real>(t: &[F], start: usize, far: usize, out: &mut [F]) {
    out[start..][..t.len()].iter_mut().zip(t).for_each(|(out, &t)| *out += t);
    out[far..][..t.len()].iter_mut().zip(t).for_each(|(out, &t)| *out -= t);
}

dispatched! {
    fn edges_back<T: Real>(
        _simd: S,
        back: &'a Back<'a, T>,
        lb: &'a [T],
        lstate: &'a mut [T],
        c: &'a mut [T],
        gw: &'a mut [T],
        first: &'a mut [T],
        sums: &'a mut [T; 3],
        temporary: &'a mut [T],
    ) {
        back.run(lb, lstate, c, gw, first, sums, temporary);
    }
}
