//! What an iteration of ADMM does to the edges, forward and back.
//!
//! Each direction of an edge is on its own but for `x` and `b`. For one offset and a run of pixels at a time, all that the
//! iterations so far do to an edge is done in registers; `C'` then adds to both ends.
#![allow(unsafe_code)]

use unspool_core::kernels::simd::{Lane, Simd, lanes, load, store};
use unspool_core::{Real, dispatched};

use super::STATE;
use super::weights::far_ends;
use crate::grid::Grid;

/// What an edge needs of the penalties `gamma`, the same in all lanes of a register: of iteration `t`, with
/// `r = gamma_{t-1} / gamma_t`, 1 if `t` is the first.
#[derive(Clone, Copy)]
struct Penalty<V> {
    /// `1 / gamma`.
    inverse: V,
    /// `gamma_t / (2 gamma_{t+1})`.
    kappa: V,
    /// `(1 + r) / 8` and `(1 - r) / 8`.
    rho: V,
    sigma: V,
}

/// Operations on registers.
#[derive(Clone, Copy)]
struct Edge<S: Simd, T: Lane> {
    simd: S,
    zero: T::V<S>,
    one: T::V<S>,
    half: T::V<S>,
    quarter: T::V<S>,
}

/// `s = v_1 + v_2`, `d = v_1 - v_2` and `g = h / gamma_{t+1}` of an edge after iteration `t`.
type State<S, T> = [<T as Lane>::V<S>; 3];

impl<S: Simd, T: Real> Edge<S, T> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        Edge {
            simd,
            zero: T::splat(simd, T::ZERO),
            one: T::splat(simd, T::ONE),
            half: T::splat(simd, T::of(0.5)),
            quarter: T::splat(simd, T::of(0.25)),
        }
    }

    /// Of iteration `t`.
    #[inline(always)]
    fn penalty(&self, gamma: &[T], t: usize) -> Penalty<T::V<S>> {
        let eighth = T::of(0.125);
        let ratio = if t == 0 { T::ONE } else { gamma[t - 1] / gamma[t] };
        let next = gamma[(t + 1).min(gamma.len() - 1)];
        Penalty {
            inverse: T::splat(self.simd, T::ONE / gamma[t]),
            kappa: T::splat(self.simd, gamma[t] / (next + next)),
            rho: T::splat(self.simd, eighth * (T::ONE + ratio)),
            sigma: T::splat(self.simd, eighth * (T::ONE - ratio)),
        }
    }

    #[inline(always)]
    fn add(&self, a: T::V<S>, b: T::V<S>) -> T::V<S> {
        <T as Lane>::add(self.simd, a, b)
    }

    #[inline(always)]
    fn sub(&self, a: T::V<S>, b: T::V<S>) -> T::V<S> {
        <T as Lane>::sub(self.simd, a, b)
    }

    #[inline(always)]
    fn mul(&self, a: T::V<S>, b: T::V<S>) -> T::V<S> {
        <T as Lane>::mul(self.simd, a, b)
    }

    /// `a b + c`.
    #[inline(always)]
    fn fma(&self, a: T::V<S>, b: T::V<S>, c: T::V<S>) -> T::V<S> {
        <T as Lane>::mul_add(self.simd, a, b, c)
    }

    /// `|s + d|`, `|s - d|`: twice `|v_1|`, `|v_2|`.
    #[inline(always)]
    fn sizes(&self, s: T::V<S>, d: T::V<S>) -> [T::V<S>; 2] {
        [<T as Lane>::abs(self.simd, self.add(s, d)), <T as Lane>::abs(self.simd, self.sub(s, d))]
    }

    /// The signs of `s + d`, `s - d`: their sum and their difference.
    #[inline(always)]
    fn signs(&self, s: T::V<S>, d: T::V<S>) -> [T::V<S>; 2] {
        let (a, b) = (self.sign(self.add(s, d)), self.sign(self.sub(s, d)));
        [self.add(a, b), self.sub(a, b)]
    }

    /// 1 if positive, else -1.
    #[inline(always)]
    fn sign(&self, a: T::V<S>) -> T::V<S> {
        <T as Lane>::if_less(self.simd, self.zero, a, self.one, self.sub(self.zero, self.one))
    }

    /// `g - 2 sigma d - rho D`: `u` of an iteration, from the state before it and `D` of that.
    #[inline(always)]
    fn u(&self, [_, d, g]: State<S, T>, difference: T::V<S>, of: &Penalty<T::V<S>>) -> T::V<S> {
        let rest = self.fma(of.rho, difference, self.mul(self.add(of.sigma, of.sigma), d));
        self.sub(g, rest)
    }

    /// The same.
    #[inline(always)]
    fn u_of(&self, state: State<S, T>, of: &Penalty<T::V<S>>) -> T::V<S> {
        let [a, b] = self.sizes(state[0], state[1]);
        self.u(state, self.sub(a, b), of)
    }

    /// The next state of an edge.
    #[inline(always)]
    fn next(&self, state: State<S, T>, c: T::V<S>, now: &Penalty<T::V<S>>) -> State<S, T> {
        let [s, d, g] = state;
        let [a, b] = self.sizes(s, d);
        let difference = self.sub(a, b);
        let s = self.fma(s, self.half, self.fma(self.add(a, b), self.quarter, self.sub(self.zero, now.inverse)));
        let turned = self.fma(now.sigma, difference, self.mul(self.add(now.rho, now.rho), d));
        let u = self.u(state, difference, now);
        [s, self.add(self.sub(g, c), turned), self.mul(self.sub(u, c), now.kappa)]
    }

    /// The state of an edge after the first iteration.
    #[inline(always)]
    fn first(&self, c0: T::V<S>, c: T::V<S>, now: &Penalty<T::V<S>>) -> State<S, T> {
        let size = <T as Lane>::abs(self.simd, c0);
        [
            self.sub(self.add(size, size), now.inverse),
            self.sub(self.zero, self.add(c0, c)),
            self.mul(self.sub(c0, c), now.kappa),
        ]
    }
}

/// Estimates, each of one plane a channel.
#[derive(Clone, Copy)]
pub(super) struct Estimates<'a, F> {
    pub(super) planes: &'a [F],
    /// From one estimate to the next.
    pub(super) stride: usize,
    /// Length of one.
    pub(super) n: usize,
}

/// The pass over the edges at the end of iteration `t`.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a, F> {
    pub(super) grid: Grid,
    /// Weights of the directed edges.
    pub(super) w: &'a [F],
    pub(super) gamma: &'a [F],
    pub(super) t: usize,
    /// Before the first iteration, and after each one: `t + 2` of them.
    pub(super) estimates: Estimates<'a, F>,
}

/// A run of edges of one offset and channel.
#[derive(Clone, Copy)]
struct Run {
    /// Offset, of 24.
    k: usize,
    /// The first pixel within a plane, and within all channels.
    pixel: usize,
    start: usize,
    /// The other end of its edge.
    far: usize,
    n: usize,
}

/// Cotangents: of `b`; of the states after the pass, then before it; those of the estimate after the iteration, the first
/// estimate and the weights, which are added to.
pub(super) struct Cotangents<'a, F> {
    pub(super) b: &'a [F],
    pub(super) state: &'a mut [F],
    pub(super) x: &'a mut [F],
    pub(super) first: &'a mut [F],
    pub(super) w: &'a mut [F],
}

impl<F: Real> Pass<'_, F> {
    /// `b += C'u` for the next iteration.
    ///
    /// `temporary`: as long as a run of pixels, a multiple of 64.
    pub(super) fn run(&self, b: &mut [F], temporary: &mut [F]) {
        self.check();
        self.runs(temporary.len(), |run| {
            let Run { start, far, n, .. } = run;
            forward(*self, run, &mut temporary[..n]);
            add(&temporary[..n], &mut b[start..][..n]);
            subtract(&temporary[..n], &mut b[far..][..n]);
        });
    }

    /// Back through [`Pass::run`]; adds to the gradients of the penalties.
    ///
    /// `last`: nothing but `u` was used of the states after the pass; `temporary`: two runs of pixels.
    pub(super) fn back(&self, last: bool, cotangents: Cotangents<F>, ggamma: &mut [F], temporary: &mut [F]) {
        self.check();
        let plane = self.grid.plane();
        let Cotangents { b, state, x, first, w } = cotangents;
        assert!(b.len() == self.estimates.n && state.len() == STATE * self.estimates.n && w.len() == self.w.len());
        let (tc, tf) = temporary.split_at_mut(temporary.len() / 2);
        let mut sums = Sums::default();
        self.runs(tc.len(), |run| {
            let Run { k, pixel, start, far, n } = run;
            // the states of a run of all offsets lie together
            let channel = start / plane * STATE * plane;
            let own = &mut state[channel + pixel * STATE + 3 * k * n..][..3 * n];
            let gw = &mut w[k * plane + pixel..][..n];
            let outputs = Outputs { lstate: own, gw, tc: &mut tc[..n], tf: &mut tf[..n] };
            backward(*self, run, b, last, outputs, &mut sums);
            add(&tc[..n], &mut x[start..][..n]);
            subtract(&tc[..n], &mut x[far..][..n]);
            if self.t == 0 {
                add(&tf[..n], &mut first[start..][..n]);
                subtract(&tf[..n], &mut first[far..][..n]);
            }
        });
        sums.pull(self.gamma, self.t, ggamma);
    }

    fn check(&self) {
        let Estimates { planes, stride, n } = self.estimates;
        let (plane, t) = (self.grid.plane(), self.t);
        assert!(n <= stride && n.is_multiple_of(plane) && planes.len() >= (t + 1) * stride + n);
        assert!(self.w.len() == 2 * crate::window::EDGES * plane && self.gamma.len() >= t + 2);
    }

    /// All runs of so many pixels; runs of the same pixels and weights follow one another.
    fn runs(&self, most: usize, mut f: impl FnMut(Run)) {
        let (plane, body) = (self.grid.plane(), self.grid.body());
        let ends = far_ends(self.grid);
        let mut pixel = body.start;
        while pixel < body.end {
            let n = most.min(body.end - pixel);
            for channel in 0..self.estimates.n / plane {
                let start = channel * plane + pixel;
                for (k, &end) in ends.iter().enumerate() {
                    f(Run { k, pixel, start, far: start.wrapping_add(end), n });
                }
            }
            pixel += n;
        }
    }
}

/// What [`backward`] changes.
struct Outputs<'a, T> {
    lstate: &'a mut [T],
    gw: &'a mut [T],
    tc: &'a mut [T],
    tf: &'a mut [T],
}

/// Sums over edges: the cotangents of what a pass makes of the penalties.
#[derive(Default)]
struct Sums<F> {
    /// Of `-1 / gamma_t`.
    s: F,
    /// Of `gamma_t / (2 gamma_{t+1})`.
    kappa: F,
    /// Of `gamma_{t-1} / gamma_t`.
    ratio: F,
    /// Of `gamma_t / gamma_{t+1}`.
    next_ratio: F,
}

impl<F: Real> Sums<F> {
    /// Adds to the gradients of the penalties.
    fn pull(&self, gamma: &[F], t: usize, ggamma: &mut [F]) {
        let (now, next) = (gamma[t], gamma[t + 1]);
        let of_quotient = self.kappa * F::of(0.5) + self.next_ratio;
        ggamma[t] += self.s / (now * now) + of_quotient / next;
        ggamma[t + 1] -= of_quotient * now / (next * next);
        if t > 0 {
            ggamma[t - 1] += self.ratio / now;
            ggamma[t] -= self.ratio * gamma[t - 1] / (now * now);
        }
    }
}

/// Penalties that are held in registers; more are computed again and again.
const HELD: usize = 8;

/// An edge's way through the iterations.
struct Way<'a, S: Simd, T: Lane> {
    e: Edge<S, T>,
    estimates: Estimates<'a, T>,
    penalties: [Penalty<T::V<S>>; HELD],
    gamma: &'a [T],
    run: Run,
}

impl<'a, S: Simd, T: Real> Way<'a, S, T> {
    #[inline(always)]
    fn new(simd: S, pass: &Pass<'a, T>, run: Run) -> Self {
        let e = Edge::<S, T>::new(simd);
        // a loop, since closures are not compiled for the instruction set
        let mut penalties = [e.penalty(pass.gamma, 0); HELD];
        for (t, penalty) in penalties.iter_mut().enumerate().take(pass.gamma.len()) {
            *penalty = e.penalty(pass.gamma, t);
        }
        Way { e, estimates: pass.estimates, penalties, gamma: pass.gamma, run }
    }

    /// `x_near - x_far` of estimate `t`.
    ///
    /// # Safety
    /// The run lies in a plane, its far ends, too, and register `i` in the run.
    #[inline(always)]
    unsafe fn difference(&self, t: usize, i: usize) -> T::V<S> {
        let x = self.estimates.planes;
        let at = t * self.estimates.stride + i;
        // SAFETY: by the caller's promise.
        unsafe { self.e.sub(load::<S, T>(x, at + self.run.start), load::<S, T>(x, at + self.run.far)) }
    }

    /// The state after iteration `t`.
    ///
    /// # Safety
    /// As [`Way::difference`].
    #[inline(always)]
    unsafe fn state(&self, t: usize, w: T::V<S>, i: usize) -> State<S, T> {
        // SAFETY: by the caller's promise.
        unsafe {
            let c0 = self.e.mul(w, self.difference(0, i));
            let mut state = self.e.first(c0, self.e.mul(w, self.difference(1, i)), &self.penalties[0]);
            for j in 1..=t {
                let c = self.e.mul(w, self.difference(j + 1, i));
                state = match self.penalties.get(j) {
                    Some(penalty) => self.e.next(state, c, penalty),
                    None => self.e.next(state, c, &self.e.penalty(self.gamma, j)),
                };
            }
            state
        }
    }
}

dispatched! {
    fn add<T: Real>(_simd: S, t: &'a [T], out: &'a mut [T]) {
        out.iter_mut().zip(t).for_each(|(out, &t)| *out += t);
    }

    fn subtract<T: Real>(_simd: S, t: &'a [T], out: &'a mut [T]) {
        out.iter_mut().zip(t).for_each(|(out, &t)| *out -= t);
    }

    fn forward<T: Real>(simd: S, pass: Pass<'a, T>, run: Run, out: &'a mut [T]) {
        let way = Way::<S, T>::new(simd, &pass, run);
        let e = &way.e;
        let next = e.penalty(pass.gamma, pass.t + 1);
        let w = &pass.w[run.k * pass.grid.plane() + run.pixel..][..run.n];
        assert!(out.len() == run.n && run.n % lanes::<S, T>() == 0);
        assert!(run.start.max(run.far) + run.n <= pass.estimates.n);
        for i in (0..run.n).step_by(lanes::<S, T>()) {
            // SAFETY: all ranges were checked above.
            unsafe {
                let w = load::<S, T>(w, i);
                let state = way.state(pass.t, w, i);
                store::<S, T>(out, i, e.mul(w, e.u_of(state, &next)));
            }
        }
    }

    fn backward<T: Real>(
        simd: S,
        pass: Pass<'a, T>,
        run: Run,
        lb: &'a [T],
        last: bool,
        outputs: Outputs<'a, T>,
        sums: &'a mut Sums<T>,
    ) {
        let way = Way::<S, T>::new(simd, &pass, run);
        let e = way.e;
        let (now, next) = (e.penalty(pass.gamma, pass.t), e.penalty(pass.gamma, pass.t + 1));
        let minus = |a| e.sub(e.zero, a);
        let (eighth, rho2, sigma2) = (e.mul(e.half, e.quarter), e.add(now.rho, now.rho), e.add(now.sigma, now.sigma));
        let Run { start, far, n, .. } = run;
        let w = &pass.w[run.k * pass.grid.plane() + run.pixel..][..n];
        let Outputs { lstate, gw, tc, tf } = outputs;
        assert!(gw.len() == n && tc.len() == n && tf.len() == n && n % lanes::<S, T>() == 0);
        assert!(lstate.len() == 3 * n && start.max(far) + n <= pass.estimates.n.min(lb.len()));
        let [mut of_s, mut of_kappa, mut of_ratio, mut of_next_ratio] = [e.zero; 4];
        for i in (0..n).step_by(lanes::<S, T>()) {
            // SAFETY: all ranges were checked above.
            unsafe {
                let w = load::<S, T>(w, i);
                let dx = way.difference(pass.t + 1, i);
                let db = e.sub(load::<S, T>(lb, start + i), load::<S, T>(lb, far + i));
                let (c, lu) = (e.mul(w, dx), e.mul(w, db));
                let at = [i, n + i, 2 * n + i];
                let [mut ls, mut ld, mut lg] = [e.zero; 3];
                if !last {
                    [ls, ld, lg] = [load::<S, T>(lstate, at[0]), load::<S, T>(lstate, at[1]), load::<S, T>(lstate, at[2])];
                }
                // of the first iteration these are c_0 and its difference of x
                let (df, c0) = if pass.t == 0 {
                    let df = way.difference(0, i);
                    (df, e.mul(w, df))
                } else {
                    (e.zero, e.zero)
                };
                let before = if pass.t == 0 { [e.zero; 3] } else { way.state(pass.t - 1, w, i) };
                let after = if pass.t == 0 { e.first(c0, c, &now) } else { e.next(before, c, &now) };
                // u of the next iteration: g - 2 sigma d - rho D
                let [a, b] = e.sizes(after[0], after[1]);
                let difference = e.sub(a, b);
                let [plus, less] = e.signs(after[0], after[1]);
                let share = minus(e.mul(lu, next.rho));
                ls = e.fma(share, less, ls);
                ld = e.fma(share, plus, e.sub(ld, e.mul(lu, e.add(next.sigma, next.sigma))));
                lg = e.add(lg, lu);
                let turned = e.sub(e.mul(e.quarter, after[1]), e.mul(eighth, difference));
                of_next_ratio = e.fma(lu, turned, of_next_ratio);
                let u_next = e.u(after, difference, &next);
                of_s = e.add(of_s, ls);
                let own = e.fma(u_next, db, load::<S, T>(gw, i));
                let lu = e.mul(now.kappa, lg);
                let lc = minus(e.add(lu, ld));
                store::<S, T>(tc, i, e.mul(w, lc));
                if pass.t == 0 {
                    // s = 2 |c_0| - 1 / gamma, d = -(c_0 + c), g = kappa (c_0 - c)
                    of_kappa = e.fma(lg, e.sub(c0, c), of_kappa);
                    let sign = <T as Lane>::if_less(simd, c0, e.zero, minus(e.one), e.zero);
                    let sign = <T as Lane>::if_less(simd, e.zero, c0, e.one, sign);
                    let lc0 = e.fma(e.add(sign, sign), ls, e.sub(lu, ld));
                    store::<S, T>(tf, i, e.mul(w, lc0));
                    store::<S, T>(gw, i, e.fma(lc, dx, e.fma(lc0, df, own)));
                } else {
                    // s <- s / 2 + S / 4 - 1 / gamma, d <- g - c + 2 rho d + sigma D, g <- kappa (u - c)
                    let [s, d, _] = before;
                    let [a, b] = e.sizes(s, d);
                    let difference = e.sub(a, b);
                    let [plus, less] = e.signs(s, d);
                    of_kappa = e.fma(lg, e.sub(e.u(before, difference, &now), c), of_kappa);
                    let turned = e.sub(e.mul(e.quarter, d), e.mul(eighth, difference));
                    of_ratio = e.fma(e.add(lu, ld), turned, of_ratio);
                    let of_sum = e.mul(e.quarter, ls);
                    let of_difference = e.sub(e.mul(now.sigma, ld), e.mul(now.rho, lu));
                    let s = e.fma(of_difference, less, e.fma(of_sum, plus, e.mul(e.half, ls)));
                    let d = e.sub(e.mul(rho2, ld), e.mul(sigma2, lu));
                    let d = e.fma(of_difference, plus, e.fma(of_sum, less, d));
                    store::<S, T>(lstate, at[0], s);
                    store::<S, T>(lstate, at[1], d);
                    store::<S, T>(lstate, at[2], e.add(ld, lu));
                    store::<S, T>(gw, i, e.fma(lc, dx, own));
                }
            }
        }
        sums.s += <T as Lane>::sum(simd, of_s);
        sums.kappa += <T as Lane>::sum(simd, of_kappa);
        sums.ratio += <T as Lane>::sum(simd, of_ratio);
        sums.next_ratio += <T as Lane>::sum(simd, of_next_ratio);
    }
}
