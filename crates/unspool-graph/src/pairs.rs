//! Pairs of nodes, half-vectors and the degree operator.
//!
//! A *half-vector* has one entry for each pair `i < j` of `m` nodes, `l = m (m - 1) / 2` in all, row after row of the
//! upper triangle: (0,1), (0,2), ..., (0,m-1), (1,2), ... The *degree operator* `D` sums it over the pairs of each
//! node, `(D w)_i = sum_j w_ij`; its transpose spreads a vector over pairs, `(D'v)_ij = v_i + v_j`.
//! `||D|| = sqrt(2 (m - 1))`. Neither is ever stored.

use unspool_core::kernels::simd::Lane;
use unspool_core::{Real, dispatched};

/// Number of pairs of `m` nodes.
pub const fn count(m: usize) -> usize {
    m * m.saturating_sub(1) / 2
}

/// The number of nodes that have `l` pairs, if there is one.
pub fn nodes(l: usize) -> Option<usize> {
    let m = ((1.0 + (1.0 + 8.0 * l as f64).sqrt()) / 2.0).round() as usize;
    (count(m) == l).then_some(m)
}

/// Index of the pair `i < j` in a half-vector.
#[inline]
pub const fn index(m: usize, i: usize, j: usize) -> usize {
    i * (2 * m - i - 1) / 2 + j - i - 1
}

/// All pairs in order.
pub fn iter(m: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..m).flat_map(move |i| (i + 1..m).map(move |j| (i, j)))
}

/// Largest singular value of the degree operator, `sqrt(2 (m - 1))`.
pub fn norm(m: usize) -> f64 {
    (2.0 * m.saturating_sub(1) as f64).sqrt()
}

/// Where the pairs `(i, i+1), (i, i+2), ...` lie in a half-vector.
#[inline]
pub const fn row(m: usize, i: usize) -> std::ops::Range<usize> {
    let start = i * (2 * m - i - 1) / 2;
    start..start + m - i - 1
}

/// `d = D w`: the degrees.
pub fn degrees<F: Real>(w: &[F], d: &mut [F]) {
    d.fill(F::zero());
    add_degrees(w, d);
}

dispatched! {
    // `d += D w`
    fn add_degrees<T: Lane>(simd: S, w: &'a [T], d: &'a mut [T]) {
        let m = d.len();
        for i in 0..m {
            let (head, tail) = d.split_at_mut(i + 1);
            let (w, w_rest) = T::split::<S>(&w[row(m, i)]);
            let (d, d_rest) = T::split_mut::<S>(tail);
            let mut sum = T::load_tail(simd, w_rest);
            T::store_tail(simd, d_rest, T::add(simd, T::load_tail(simd, d_rest), sum));
            for (d, &w) in d.iter_mut().zip(w) {
                *d = T::add(simd, *d, w);
                sum = T::add(simd, sum, w);
            }
            head[i] += T::sum(simd, sum);
        }
    }
}

/// `d += D w` for a `w` that vanishes but for the pairs `(i, i+1), (i, i+2), ...`, given by `row`.
#[inline]
pub fn add_row<F: Real>(i: usize, row: &[F], d: &mut [F]) {
    let (head, tail) = d.split_at_mut(i + 1);
    for (d, &w) in tail.iter_mut().zip(row) {
        *d += w;
    }
    head[i] += sum(row);
}

/// The sum of all entries, in eight partial sums, so that it can be vectorised.
#[inline]
pub fn sum<F: Real>(row: &[F]) -> F {
    let mut partial = [F::zero(); 8];
    let blocks = row.chunks_exact(8);
    let rest = blocks.remainder().iter().fold(F::zero(), |sum, &w| sum + w);
    for block in blocks {
        for (sum, &w) in partial.iter_mut().zip(block) {
            *sum += w;
        }
    }
    partial.iter().fold(rest, |sum, &part| sum + part)
}

/// `w = D'v`: the sum over the two nodes of each pair.
pub fn spread<F: Real>(v: &[F], w: &mut [F]) {
    let mut rest = w;
    for i in 0..v.len() {
        let (row, after) = rest.split_at_mut(v.len() - i - 1);
        for (w, &b) in row.iter_mut().zip(&v[i + 1..]) {
            *w = v[i] + b;
        }
        rest = after;
    }
}

/// Calls `f(i, row)` with the part of a half-vector that belongs to the pairs `(i, i+1), (i, i+2), ...`.
pub fn rows<T>(m: usize, w: &[T], mut f: impl FnMut(usize, &[T])) {
    let mut rest = w;
    for i in 0..m {
        let (row, after) = rest.split_at(m - i - 1);
        f(i, row);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_numbered_in_order() {
        for m in 0..9 {
            assert_eq!(iter(m).count(), count(m));
            assert!(iter(m).enumerate().all(|(e, (i, j))| index(m, i, j) == e));
            assert!((0..m).flat_map(|i| row(m, i)).eq(0..count(m)));
            assert_eq!(nodes(count(m)), if m == 0 { Some(1) } else { Some(m) });
        }
        assert_eq!(nodes(2), None);
    }

    #[test]
    fn degree_operator_and_transpose() {
        let w = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut d = [0.0; 4];
        degrees(&w, &mut d);
        assert_eq!(d, [6.0, 10.0, 12.0, 14.0]);
        let (v, mut s) = ([1.0, 10.0, 100.0, 1000.0], [0.0; 6]);
        spread(&v, &mut s);
        assert_eq!(s, [11.0, 101.0, 1001.0, 110.0, 1010.0, 1100.0]);
        let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        assert_eq!(inner(&d, &v), inner(&w, &s));
    }
}
