//! The step of [`Pds`] in registers.
//!
//! Rows of the triangle are short where nodes are few, and masked loads are slow: a block of a row is a whole register, also
//! where it reaches into the next row, whose own blocks come later. Only at the end of the half-vector are there masks.

use unspool_core::kernels::simd::{Lane, Simd, lanes};
use unspool_core::{Real, dispatched};

use super::Pds;
use super::barrier::Barrier;

/// At least the lanes of any register.
const BLOCK: usize = 64;

/// Numbers that [`edges`] needs for its work.
pub(super) const fn scratch(m: usize) -> usize {
    4 * (m + BLOCK)
}

dispatched! {
    // `p2`, and `q = v - p2`
    pub(super) fn nodes<T: Real>(_simd: S, map: Pds<'a, T>, v: &'a [T], theta: [T; 4], d: &'a [T], p2: &'a mut [T], q: &'a mut [T]) {
        let [alpha, _, _, g] = theta;
        for (((&v, &d), p2), q) in v.iter().zip(d).zip(p2).zip(q) {
            *p2 = Barrier::new(v + g * d, g * alpha, map.floor).x;
            *q = v - *p2;
        }
    }

    // `w'`, and `v'` in the place of `p2`
    pub(super) fn edges<T: Lane>(
        simd: S,
        map: Pds<'a, T>,
        x: [&'a [T]; 2],
        theta: [T; 4],
        q: &'a [T],
        next_w: &'a mut [T],
        next_v: &'a mut [T],
        scratch: &'a mut [T],
    ) {
        let ([w, v], [_, beta2, theta2, g]) = (x, theta);
        let (m, l, lanes) = (v.len(), w.len(), lanes::<S, T>());
        let (z, next_w) = (&map.z[..l], &mut next_w[..l]);
        let zero = T::splat(simd, T::ZERO);
        let [beta2, theta2, g, slope] = [beta2, theta2, g, map.slope].map(|s| T::splat(simd, s));
        // what the other ends hold, and what they gain from even and from odd rows: a row waits for no store of the last one
        let (vs, rest) = scratch.split_at_mut(m + BLOCK);
        let (qs, rest) = rest.split_at_mut(m + BLOCK);
        let (even, odd) = rest.split_at_mut(m + BLOCK);
        vs[..m].copy_from_slice(v);
        qs[..m].copy_from_slice(q);
        even[..m].copy_from_slice(next_v);
        odd.fill(T::ZERO);
        let mut start = 0;
        for i in 0..m {
            let at = Node { beta2, theta2, g, slope, v: T::splat(simd, v[i]), q: T::splat(simd, q[i]) };
            let n = m - i - 1;
            let moved = if i % 2 == 0 { &mut *even } else { &mut *odd };
            let (mut sum, mut k) = (zero, 0);
            // a block may reach beyond its row: what it writes there is written again
            while k < n {
                let (e, j) = (start + k, i + 1 + k);
                let is_inside = e + lanes <= l;
                let [w, z] = if is_inside {
                    [block::<S, T>(w, e), block::<S, T>(z, e)]
                } else {
                    [T::load_tail(simd, &w[e..]), T::load_tail(simd, &z[e..])]
                };
                let (to, move_) = at.pair::<S, T>(simd, [w, z, block::<S, T>(vs, j), block::<S, T>(qs, j)]);
                if is_inside {
                    *block_mut::<S, T>(next_w, e) = to;
                } else {
                    T::store_tail(simd, &mut next_w[e..], to);
                }
                let move_ = if k + lanes <= n { move_ } else { T::first(simd, n - k, move_) };
                let moved = block_mut::<S, T>(moved, j);
                *moved = T::add(simd, *moved, move_);
                sum = T::add(simd, sum, move_);
                k += lanes;
            }
            moved[i] += T::sum(simd, sum);
            start += n;
        }
        for ((v, &even), &odd) in next_v.iter_mut().zip(&*even).zip(&*odd) {
            *v = even;
            *v += odd;
        }
    }
}

#[inline(always)]
fn block<S: Simd, T: Lane>(x: &[T], at: usize) -> T::V<S> {
    T::split::<S>(&x[at..at + lanes::<S, T>()]).0[0]
}

#[inline(always)]
fn block_mut<S: Simd, T: Lane>(x: &mut [T], at: usize) -> &mut T::V<S> {
    &mut T::split_mut::<S>(&mut x[at..at + lanes::<S, T>()]).0[0]
}

/// What the pairs of a node share, in every lane.
#[derive(Clone, Copy)]
struct Node<V> {
    beta2: V,
    theta2: V,
    g: V,
    slope: V,
    v: V,
    q: V,
}

impl<V: Copy> Node<V> {
    /// `w'`, and by how much `v'` is beyond `p2` at both ends, from `w`, `z` and the other node's `v` and `q`.
    #[inline(always)]
    fn pair<S: Simd, T: Lane<V<S> = V>>(self, simd: S, [w, z, v, q]: [V; 4]) -> (V, V) {
        let zero = T::splat(simd, T::ZERO);
        let r = T::add(simd, T::mul_add(simd, self.theta2, z, self.v), T::mul_add(simd, self.beta2, w, v));
        let y1 = T::sub(simd, w, T::mul(simd, self.g, r));
        let p1 = T::if_less(simd, zero, y1, y1, T::mul(simd, self.slope, y1));
        let s = T::mul_add(simd, self.beta2, T::sub(simd, w, p1), T::add(simd, self.q, q));
        (T::mul_add(simd, self.g, s, p1), T::mul(simd, self.g, T::sub(simd, p1, w)))
    }
}
