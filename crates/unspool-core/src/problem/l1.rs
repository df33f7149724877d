//! The l1 norm and the elastic net.

use super::{Groups, Prox};
use crate::{Real, Result};

/// `sum_j exp(a_j) |x_j|`, and for the elastic net `+ 1/2 sum_j exp(b_j) x_j^2`, with `a` and `b`
/// read from `theta = [a groups…, b groups…]`.
///
/// `prox(v)_j = soft(v_j, h e^a_j) / (1 + h e^b_j)`.
#[derive(Clone, Debug)]
pub struct L1 {
    groups: Groups,
    dim: usize,
    elastic: bool,
}

impl L1 {
    /// The lasso's penalty on `dim` coordinates.
    ///
    /// # Errors
    /// Groups that do not fit.
    pub fn new(groups: Groups, dim: usize) -> Result<Self> {
        groups.check(dim)?;
        Ok(L1 { groups, dim, elastic: false })
    }

    /// The elastic net's: a second set of log-regularisers, with the same groups, for the squares.
    ///
    /// # Errors
    /// Groups that do not fit.
    pub fn elastic(groups: Groups, dim: usize) -> Result<Self> {
        Ok(L1 { elastic: true, ..Self::new(groups, dim)? })
    }

    /// `e^a` into the first half of scratch, `e^b` (zero for the lasso) into the second.
    fn weights<'s, F: Real>(&self, theta: &[F], scratch: &'s mut [F]) -> (&'s [F], &'s [F]) {
        let p = self.groups.params(self.dim);
        let (l1, rest) = scratch.split_at_mut(self.dim);
        let l2 = &mut rest[..self.dim];
        self.groups.lambdas(self.dim, &theta[..p], l1);
        l2.fill(F::zero());
        if self.elastic {
            self.groups.lambdas(self.dim, &theta[p..], l2);
        }
        (l1, l2)
    }

    /// Whether the penalty is smooth in coordinate `j` at `x`: where `x` is not zero, and where
    /// there is no penalty.
    fn on<F: Real>(&self, x: &[F], j: usize) -> bool {
        x[j] != F::zero() || self.groups.is_free(j)
    }

    /// `d/dtheta (e^a sign(x) + e^b x)` as its two diagonal blocks; zero off the support.
    fn slopes<F: Real>(&self, j: usize, x: &[F], l1: &[F], l2: &[F]) -> (F, F) {
        if self.on(x, j) { (l1[j] * num_traits::Float::signum(x[j]), l2[j] * x[j]) } else { (F::zero(), F::zero()) }
    }

    /// `v <- (dprox/dv) v`, diagonal.
    fn scale<F: Real>(&self, h: F, x: &[F], l2: &[F], v: &mut [F]) {
        for (j, (v, &l2)) in v.iter_mut().zip(l2).enumerate() {
            *v = if self.on(x, j) { *v / (F::one() + h * l2) } else { F::zero() };
        }
    }
}

impl<F: Real> Prox<F> for L1 {
    fn dim(&self) -> Option<usize> {
        Some(self.dim)
    }

    fn params(&self) -> usize {
        self.groups.params(self.dim) * (1 + usize::from(self.elastic))
    }

    fn scratch(&self) -> usize {
        3 * self.dim
    }

    fn value(&self, x: &[F], theta: &[F], scratch: &mut [F]) -> F {
        let (l1, l2) = self.weights(theta, scratch);
        let term = |((x, l1), l2): ((&F, &F), &F)| {
            let x = x.wide();
            l1.wide() * x.abs() + 0.5 * l2.wide() * x * x
        };
        F::of(x.iter().zip(l1).zip(l2).map(term).sum())
    }

    fn prox(&self, h: F, theta: &[F], v: &mut [F], scratch: &mut [F]) {
        let (l1, l2) = self.weights(theta, scratch);
        for ((v, &l1), &l2) in v.iter_mut().zip(l1).zip(l2) {
            let size = num_traits::Float::abs(*v) - h * l1;
            // A value that is not a number stays one: `size > 0` would hide it.
            *v =
                if size <= F::zero() { F::zero() } else { num_traits::Float::copysign(size, *v) / (F::one() + h * l2) };
        }
    }

    fn jvp(&self, h: F, theta: &[F], x: &[F], dv: &mut [F], dtheta: &[F], scratch: &mut [F]) {
        let (weights, slope) = scratch.split_at_mut(2 * self.dim);
        let (l1, l2) = self.weights(theta, weights);
        self.spread(x, (l1, l2), -h, dtheta, &mut slope[..self.dim], dv);
        self.scale(h, x, l2, dv);
    }

    fn vjp(&self, h: F, theta: &[F], x: &[F], c: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let (l1, l2) = self.weights(theta, scratch);
        self.scale(h, x, l2, c);
        self.collect(x, (l1, l2), -h, c, gtheta);
    }

    fn support(&self, x: &[F]) -> Option<Vec<usize>> {
        Some((0..x.len()).filter(|&j| self.on(x, j)).collect())
    }

    fn restrict(&self, x: &[F], v: &mut [F]) {
        v.iter_mut().enumerate().filter(|&(j, _)| !self.on(x, j)).for_each(|(_, v)| *v = F::zero());
    }

    fn add_gradient(&self, theta: &[F], x: &[F], out: &mut [F], scratch: &mut [F]) {
        let (l1, l2) = self.weights(theta, scratch);
        for (j, out) in out.iter_mut().enumerate() {
            let (a, b) = self.slopes(j, x, l1, l2);
            *out += a + b;
        }
    }

    fn add_hess(&self, theta: &[F], _: &[F], v: &[F], out: &mut [F], scratch: &mut [F]) {
        let (_, l2) = self.weights(theta, scratch);
        out.iter_mut().zip(v).zip(l2).for_each(|((out, &v), &l2)| *out += l2 * v);
    }

    fn add_mixed(&self, theta: &[F], x: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let (weights, slope) = scratch.split_at_mut(2 * self.dim);
        let (l1, l2) = self.weights(theta, weights);
        self.spread(x, (l1, l2), F::one(), dtheta, &mut slope[..self.dim], out);
    }

    fn mixed_t(&self, theta: &[F], x: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        let weights = self.weights(theta, scratch);
        self.collect(x, weights, scale, v, gtheta);
    }
}

impl L1 {
    /// `out += scale (slopes on the support) dtheta`: the transpose of `collect`.
    fn spread<F: Real>(&self, x: &[F], (l1, l2): (&[F], &[F]), scale: F, dtheta: &[F], slope: &mut [F], out: &mut [F]) {
        let p = self.groups.params(self.dim);
        for (part, dtheta) in dtheta.chunks_exact(p.max(1)).enumerate() {
            for (j, slope) in slope.iter_mut().enumerate() {
                let (a, b) = self.slopes(j, x, l1, l2);
                *slope = scale * if part == 0 { a } else { b };
            }
            self.groups.add_spread(self.dim, dtheta, slope, out);
        }
    }

    /// `gtheta += scale (slopes on the support)' v`.
    fn collect<F: Real>(&self, x: &[F], (l1, l2): (&[F], &[F]), scale: F, v: &[F], gtheta: &mut [F]) {
        let p = self.groups.params(self.dim);
        for (part, gtheta) in gtheta.chunks_exact_mut(p.max(1)).enumerate() {
            let term = |j: usize| {
                let (a, b) = self.slopes(j, x, l1, l2);
                scale * v[j] * if part == 0 { a } else { b }
            };
            self.groups.collect(self.dim, (0..x.len()).map(term), gtheta);
        }
    }
}
