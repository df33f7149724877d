//! What an iteration of ADMM does to the edges, forward and back.
//!
//! Each direction of an edge is on its own but for `x` and `b`. For one offset and a run of pixels at a time, all that an
//! iteration does to an edge is done in registers; `C'` then adds to both ends.

use unspool_core::kernels::simd::{Lane, Simd, lanes, load, store};
use unspool_core::{Real, dispatched};

use super::weights::far_ends;
use crate::grid::Grid;

/// The penalties of two consecutive iterations.
#[derive(Clone, Copy)]
pub(super) struct Penalty<F> {
    /// `gamma` of this one.
    pub(super) now: F,
    /// `gamma` of the last over `gamma` of this one.
    pub(super) ratio: F,
}

/// The numbers that an edge needs of the penalties.
#[derive(Clone, Copy)]
struct Factors<T> {
    half: T,
    quarter: T,
    gamma_half: T,
    inverse: T,
    inverse_half: T,
    ratio: T,
    next_inverse: T,
    next_ratio: T,
}

impl<F: Real> Factors<F> {
    fn new(now: Penalty<F>, next: Penalty<F>) -> Self {
        let half = F::of(0.5);
        Factors {
            half,
            quarter: F::of(0.25),
            gamma_half: half * now.now,
            inverse: F::one() / now.now,
            inverse_half: half / now.now,
            ratio: now.ratio,
            next_inverse: F::one() / next.now,
            next_ratio: next.ratio,
        }
    }
}

/// The same in all lanes of a register, and the operations in terms of these.
struct Edge<S: Simd, T: Lane> {
    simd: S,
    zero: T::V<S>,
    half: T::V<S>,
    quarter: T::V<S>,
    gamma_half: T::V<S>,
    inverse: T::V<S>,
    inverse_half: T::V<S>,
    ratio: T::V<S>,
    next_inverse: T::V<S>,
    next_ratio: T::V<S>,
}

/// `v_1`, `v_2` and `h` of an edge.
type State<S, T> = [<T as Lane>::V<S>; 3];

impl<S: Simd, T: Lane> Edge<S, T> {
    #[inline(always)]
    fn new(simd: S, f: Factors<T>) -> Self {
        Edge {
            simd,
            zero: T::splat(simd, T::ZERO),
            half: T::splat(simd, f.half),
            quarter: T::splat(simd, f.quarter),
            gamma_half: T::splat(simd, f.gamma_half),
            inverse: T::splat(simd, f.inverse),
            inverse_half: T::splat(simd, f.inverse_half),
            ratio: T::splat(simd, f.ratio),
            next_inverse: T::splat(simd, f.next_inverse),
            next_ratio: T::splat(simd, f.next_ratio),
        }
    }

    #[inline(always)]
    fn add(&self, a: T::V<S>, b: T::V<S>) -> T::V<S> {
        T::add(self.simd, a, b)
    }

    #[inline(always)]
    fn sub(&self, a: T::V<S>, b: T::V<S>) -> T::V<S> {
        T::sub(self.simd, a, b)
    }

    #[inline(always)]
    fn mul(&self, a: T::V<S>, b: T::V<S>) -> T::V<S> {
        T::mul(self.simd, a, b)
    }

    /// `a b + c`.
    #[inline(always)]
    fn fma(&self, a: T::V<S>, b: T::V<S>, c: T::V<S>) -> T::V<S> {
        T::mul_add(self.simd, a, b, c)
    }

    /// `if a > 0 { yes } else { no }`.
    #[inline(always)]
    fn if_positive(&self, a: T::V<S>, yes: T::V<S>, no: T::V<S>) -> T::V<S> {
        T::if_less(self.simd, self.zero, a, yes, no)
    }

    #[inline(always)]
    fn pos(&self, a: T::V<S>) -> T::V<S> {
        self.if_positive(a, a, self.zero)
    }

    #[inline(always)]
    fn neg(&self, a: T::V<S>) -> T::V<S> {
        self.sub(self.zero, a)
    }

    /// `u` of the next iteration, from the state before it.
    #[inline(always)]
    fn u(&self, [v1, v2, h]: State<S, T>) -> T::V<S> {
        let (p1, p2) = (self.pos(v1), self.pos(v2));
        let n = self.sub(self.sub(v1, p1), self.sub(v2, p2));
        let d = self.sub(self.mul(self.next_ratio, n), self.sub(p1, p2));
        self.fma(h, self.next_inverse, self.mul(d, self.half))
    }

    /// The next state of an edge.
    #[inline(always)]
    fn next(&self, [v1, v2, h]: State<S, T>, c: T::V<S>) -> State<S, T> {
        let (p1, p2) = (self.pos(v1), self.pos(v2));
        let (n1, n2) = (self.mul(self.ratio, self.sub(v1, p1)), self.mul(self.ratio, self.sub(v2, p2)));
        let hg = self.mul(h, self.inverse);
        let u = self.fma(self.sub(self.sub(n1, n2), self.sub(p1, p2)), self.half, hg);
        let k = self.sub(self.mul(self.sub(self.add(p1, p2), self.add(n1, n2)), self.quarter), self.inverse_half);
        let e = self.mul(self.sub(hg, c), self.half);
        [
            self.fma(self.add(p1, n1), self.half, self.add(k, e)),
            self.fma(self.add(p2, n2), self.half, self.sub(k, e)),
            self.mul(self.sub(u, c), self.gamma_half),
        ]
    }

    /// The state of an edge after the first iteration.
    #[inline(always)]
    fn first(&self, c0: T::V<S>, c: T::V<S>) -> State<S, T> {
        let k = self.sub(T::abs(self.simd, c0), self.inverse_half);
        let e = self.mul(self.add(c0, c), self.half);
        [self.sub(k, e), self.add(k, e), self.mul(self.sub(c0, c), self.gamma_half)]
    }

    /// The cotangent `l` of a state, with that of its `u` added; and the shares of the next `gamma` and `ratio`.
    #[inline(always)]
    fn through_u(&self, [a1, a2, h]: State<S, T>, lu: T::V<S>, l: State<S, T>) -> (State<S, T>, T::V<S>, T::V<S>) {
        let back = self.mul(self.half, self.next_ratio);
        let s1 = self.if_positive(a1, self.neg(self.half), back);
        let s2 = self.if_positive(a2, self.half, self.neg(back));
        let n = self.sub(self.sub(a1, self.pos(a1)), self.sub(a2, self.pos(a2)));
        let own = self.mul(lu, self.next_inverse);
        (
            [self.fma(s1, lu, l[0]), self.fma(s2, lu, l[1]), self.add(own, l[2])],
            self.neg(self.mul(self.mul(own, self.next_inverse), h)),
            self.mul(self.mul(lu, n), self.half),
        )
    }
}

/// What an edge pass of iteration `t` knows.
pub(super) struct Pass<'a, F> {
    pub(super) grid: Grid,
    /// Weights of the directed edges.
    pub(super) w: &'a [F],
    /// The estimate after the iteration.
    pub(super) x: &'a [F],
    /// The estimate before the first iteration, if this is the first.
    pub(super) first: Option<&'a [F]>,
    pub(super) now: Penalty<F>,
    pub(super) next: Penalty<F>,
}

impl<F: Real> Pass<'_, F> {
    /// From the state before to the state after, and `b += C'u` for the next iteration. The state is kept if `keep`.
    ///
    /// `temporary`: as long as a run of pixels, a multiple of 64.
    pub(super) fn run(&self, state: &mut [F], b: &mut [F], keep: bool, temporary: &mut [F]) {
        let (plane, body) = (self.grid.plane(), self.grid.body());
        let factors = Factors::new(self.now, self.next);
        let mut start = body.start;
        while start < body.end {
            let n = temporary.len().min(body.end - start);
            for (k, &end) in far_ends(self.grid).iter().enumerate() {
                let far = start.wrapping_add(end);
                let state = &mut state[3 * k * plane..3 * (k + 1) * plane];
                let w = &self.w[k * plane + start..][..n];
                forward(factors, w, self.x, self.first, start, far, state, keep, &mut temporary[..n]);
                add(&temporary[..n], &mut b[start..][..n]);
                subtract(&temporary[..n], &mut b[far..][..n]);
            }
            start += n;
        }
    }
}

/// An edge pass gone back through.
pub(super) struct Back<'a, F> {
    pub(super) pass: Pass<'a, F>,
    /// The state before the pass; nothing if it is the first.
    pub(super) before: &'a [F],
    /// Whether nothing but `u` was used of the state after it.
    pub(super) last: bool,
}

impl<F: Real> Back<'_, F> {
    /// `lb`: the cotangent of `b`; `lstate`: that of the state, after the pass and then before it; `c`: that of `x`, added
    /// to; `first`: that of the first estimate, added to; `sums`: those of the penalties of this, the next and the last
    /// iteration. `temporary`: two runs of pixels.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn run(
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
        let factors = Factors::new(now, next);
        let (tc, tf) = temporary.split_at_mut(temporary.len() / 2);
        let mut start = body.start;
        while start < body.end {
            let n = tc.len().min(body.end - start);
            for (k, &end) in far_ends(grid).iter().enumerate() {
                let far = start.wrapping_add(end);
                let own = 3 * k * plane..3 * (k + 1) * plane;
                let before = if start_x.is_some() { &[] } else { &self.before[own.clone()] };
                let edges = Edges { w: &w[k * plane + start..][..n], x, start_x, before, lb, start, far };
                let gw = &mut gw[k * plane + start..][..n];
                backward(factors, edges, self.last, &mut lstate[own], gw, &mut tc[..n], &mut tf[..n], sums);
                add(&tc[..n], &mut c[start..][..n]);
                subtract(&tc[..n], &mut c[far..][..n]);
                if start_x.is_some() {
                    add(&tf[..n], &mut first[start..][..n]);
                    subtract(&tf[..n], &mut first[far..][..n]);
                }
            }
            start += n;
        }
    }
}

/// What [`backward`] reads.
struct Edges<'a, T> {
    w: &'a [T],
    x: &'a [T],
    start_x: Option<&'a [T]>,
    before: &'a [T],
    lb: &'a [T],
    start: usize,
    far: usize,
}

dispatched! {
    fn add<T: Real>(_simd: S, t: &'a [T], out: &'a mut [T]) {
        out.iter_mut().zip(t).for_each(|(out, &t)| *out += t);
    }

    fn subtract<T: Real>(_simd: S, t: &'a [T], out: &'a mut [T]) {
        out.iter_mut().zip(t).for_each(|(out, &t)| *out -= t);
    }

    fn forward<T: Lane>(
        simd: S,
        factors: Factors<T>,
        w: &'a [T],
        x: &'a [T],
        first: Option<&'a [T]>,
        start: usize,
        far: usize,
        state: &'a mut [T],
        keep: bool,
        t: &'a mut [T],
    ) {
        let e = Edge::<S, T>::new(simd, factors);
        let (plane, n) = (x.len(), t.len());
        assert!(w.len() == n && state.len() == 3 * plane && start + n <= plane && far + n <= plane);
        assert!(n % lanes::<S, T>() == 0 && first.is_none_or(|first| first.len() == plane));
        let mut i = 0;
        while i < n {
            // SAFETY: all ranges were checked above.
            unsafe {
                let w = load::<S, T>(w, i);
                let difference = |x: &[T]| e.sub(load::<S, T>(x, start + i), load::<S, T>(x, far + i));
                let c = e.mul(w, difference(x));
                let at = [start + i, plane + start + i, 2 * plane + start + i];
                let after = match first {
                    Some(first) => e.first(e.mul(w, difference(first)), c),
                    None => e.next(at.map(|at| load::<S, T>(state, at)), c),
                };
                if keep {
                    for k in 0..3 {
                        store::<S, T>(state, at[k], after[k]);
                    }
                }
                store::<S, T>(t, i, e.mul(w, e.u(after)));
            }
            i += lanes::<S, T>();
        }
    }

    fn backward<T: Lane>(
        simd: S,
        factors: Factors<T>,
        edges: Edges<'a, T>,
        last: bool,
        lstate: &'a mut [T],
        gw: &'a mut [T],
        tc: &'a mut [T],
        tf: &'a mut [T],
        sums: &'a mut [T; 3],
    ) {
        let e = Edge::<S, T>::new(simd, factors);
        let Edges { w, x, start_x, before, lb, start, far } = edges;
        let (plane, n) = (x.len(), w.len());
        assert!(gw.len() == n && tc.len() == n && tf.len() == n && n % lanes::<S, T>() == 0);
        assert!(lb.len() == plane && lstate.len() == 3 * plane && start + n <= plane && far + n <= plane);
        assert!(start_x.map_or(before.len() == 3 * plane, |first| first.len() == plane));
        let mut acc = [e.zero; 3];
        let mut i = 0;
        while i < n {
            // SAFETY: all ranges were checked above.
            unsafe {
                let w = load::<S, T>(w, i);
                let difference = |x: &[T]| e.sub(load::<S, T>(x, start + i), load::<S, T>(x, far + i));
                let (dx, db) = (difference(x), difference(lb));
                let (c, lu) = (e.mul(w, dx), e.mul(w, db));
                let at = [start + i, plane + start + i, 2 * plane + start + i];
                let l = if last { [e.zero; 3] } else { at.map(|at| load::<S, T>(lstate, at)) };
                let mut own = load::<S, T>(gw, i);
                match start_x {
                    Some(first) => {
                        let df = difference(first);
                        let c0 = e.mul(w, df);
                        let after = e.first(c0, c);
                        let ([a1, a2, ah], of_next, of_ratio) = e.through_u(after, lu, l);
                        let (sum, difference) = (e.add(a1, a2), e.mul(e.sub(a2, a1), e.half));
                        let of_h = e.mul(e.gamma_half, ah);
                        let lc = e.sub(difference, of_h);
                        let sign = e.if_positive(c0, sum, e.if_positive(e.neg(c0), e.neg(sum), e.zero));
                        let lc0 = e.add(sign, e.add(difference, of_h));
                        // shares of gamma: -1 / (2 gamma) in both v, gamma (c0 - c) / 2 in h
                        let of_v = e.mul(e.mul(sum, e.inverse_half), e.inverse);
                        let of_gamma = e.fma(e.mul(ah, e.half), e.sub(c0, c), of_v);
                        acc[0] = e.add(acc[0], e.fma(of_ratio, e.next_inverse, of_gamma));
                        let of_next = e.sub(of_next, e.mul(e.mul(of_ratio, e.next_ratio), e.next_inverse));
                        acc[1] = e.add(acc[1], of_next);
                        own = e.fma(e.u(after), db, own);
                        own = e.fma(lc, dx, e.fma(lc0, df, own));
                        store::<S, T>(tf, i, e.mul(w, lc0));
                        store::<S, T>(tc, i, e.mul(w, lc));
                    }
                    None => {
                        let [v1, v2, h] = at.map(|at| load::<S, T>(before, at));
                        let after = e.next([v1, v2, h], c);
                        let ([a1, a2, ah], of_next, of_next_ratio) = e.through_u(after, lu, l);
                        let (p1, p2) = (e.pos(v1), e.pos(v2));
                        let (n1, n2) = (e.sub(v1, p1), e.sub(v2, p2));
                        let hg = e.mul(h, e.inverse);
                        let d = e.sub(e.mul(e.ratio, e.sub(n1, n2)), e.sub(p1, p2));
                        let u = e.fma(d, e.half, hg);
                        // h' = gamma (u - c) / 2;  v' = k +- (h / gamma - c) / 2 + (p + r n) / 2
                        let of_u = e.mul(e.gamma_half, ah);
                        let (sum, difference) = (e.add(a1, a2), e.mul(e.sub(a1, a2), e.half));
                        let lhg = e.add(of_u, difference);
                        let lc = e.neg(lhg);
                        let (quarter, half_u) = (e.mul(sum, e.quarter), e.mul(of_u, e.half));
                        let (h1, h2) = (e.mul(a1, e.half), e.mul(a2, e.half));
                        let lp1 = e.sub(e.add(quarter, h1), half_u);
                        let lp2 = e.add(e.add(quarter, h2), half_u);
                        let ln1 = e.add(e.sub(h1, quarter), half_u);
                        let ln2 = e.sub(e.sub(h2, quarter), half_u);
                        let of_ratio = e.mul(e.fma(ln1, n1, e.mul(ln2, n2)), e.inverse);
                        let of_v = e.mul(e.mul(sum, e.inverse_half), e.inverse);
                        let of_h = e.fma(e.mul(ah, e.half), e.sub(u, c), of_v);
                        let of_gamma = e.sub(of_h, e.mul(e.mul(lhg, hg), e.inverse));
                        let of_gamma = e.sub(of_gamma, e.mul(of_ratio, e.ratio));
                        acc[0] = e.add(acc[0], e.fma(of_next_ratio, e.next_inverse, of_gamma));
                        let of_next = e.sub(of_next, e.mul(e.mul(of_next_ratio, e.next_ratio), e.next_inverse));
                        acc[1] = e.add(acc[1], of_next);
                        acc[2] = e.add(acc[2], of_ratio);
                        store::<S, T>(lstate, at[0], e.if_positive(v1, lp1, e.mul(e.ratio, ln1)));
                        store::<S, T>(lstate, at[1], e.if_positive(v2, lp2, e.mul(e.ratio, ln2)));
                        store::<S, T>(lstate, at[2], e.mul(lhg, e.inverse));
                        own = e.fma(lc, dx, e.fma(e.u(after), db, own));
                        store::<S, T>(tc, i, e.mul(w, lc));
                    }
                }
                store::<S, T>(gw, i, own);
            }
            i += lanes::<S, T>();
        }
        for (sum, acc) in sums.iter_mut().zip(acc) {
            *sum = T::sum(simd, T::add(simd, acc, T::load_tail(simd, &[*sum])));
        }
    }
}
