//! `f(x, theta) + g(x, theta)`: a smooth part and one with a proximal operator.

use std::borrow::Cow;

use super::{Gram, Groups, L1, Prox, Ridge, Smooth};
use crate::data::Design;
use crate::error::check_len;
use crate::trust::Moduli;
use crate::{At, Condition, Real, Result};

/// A smooth objective plus a penalty with a kink; `theta = [smooth part's…, penalty's…]`.
#[derive(Debug)]
pub struct Composite<S, G> {
    /// The smooth part.
    pub smooth: S,
    /// The penalty.
    pub penalty: G,
}

/// The lasso: `1/(2n) |X w - y|^2 + sum_j exp(theta_g(j)) |w_j|`.
///
/// # Errors
/// As [`Ridge::new`].
pub fn lasso<'a, F: Real, X: Design<F>>(
    x: X,
    y: impl Into<Cow<'a, [F]>>,
    groups: Groups,
) -> Result<Composite<Ridge<'a, F, X>, L1>> {
    let penalty = L1::new(groups, x.cols())?;
    Composite::new(Ridge::new(x, y, Groups::None, Gram::Auto)?, penalty)
}

/// The elastic net: the lasso plus `1/2 sum_j exp(theta'_g(j)) w_j^2`, theta followed by theta'.
///
/// # Errors
/// As [`Ridge::new`].
pub fn elastic_net<'a, F: Real, X: Design<F>>(
    x: X,
    y: impl Into<Cow<'a, [F]>>,
    groups: Groups,
) -> Result<Composite<Ridge<'a, F, X>, L1>> {
    let penalty = L1::elastic(groups, x.cols())?;
    Composite::new(Ridge::new(x, y, Groups::None, Gram::Auto)?, penalty)
}

impl<S, G> Composite<S, G> {
    /// The sum.
    ///
    /// # Errors
    /// Parts of different dimension.
    pub fn new<F: Real>(smooth: S, penalty: G) -> Result<Self>
    where
        S: Smooth<F>,
        G: Prox<F>,
    {
        if let Some(dim) = penalty.dim() {
            check_len("the penalty's argument", dim, smooth.dim())?;
        }
        Ok(Composite { smooth, penalty })
    }

    /// Length of theta.
    pub fn params<F: Real>(&self) -> usize
    where
        S: Smooth<F>,
        G: Prox<F>,
    {
        self.smooth.params() + self.penalty.params()
    }

    /// `f + g`.
    pub fn value<F: Real>(&self, x: &[F], theta: &[F]) -> F
    where
        S: Smooth<F>,
        G: Prox<F>,
    {
        let (a, b) = theta.split_at(self.smooth.params());
        let mut scratch = vec![F::zero(); self.smooth.scratch(1).max(self.penalty.scratch())];
        self.smooth.value(x, a, &mut scratch) + self.penalty.value(x, b, &mut scratch)
    }
}

/// The optimality condition restricted to the support `S` of `x`:
/// `(grad f + grad g)_S = 0`, all else zero.
pub struct OnSupport<'a, S: ?Sized, G> {
    /// The smooth part `f`.
    pub smooth: &'a S,
    /// The penalty `g`.
    pub penalty: &'a G,
}

impl<F: Real, S: Smooth<F> + ?Sized, G: Prox<F>> Condition<F> for OnSupport<'_, S, G> {
    fn scratch(&self, k: usize) -> usize {
        self.smooth.scratch(k).max(self.penalty.scratch())
    }

    fn value(&self, at: At<'_, F>, out: &mut [F], scratch: &mut [F]) {
        let (a, b) = at.theta.split_at(self.smooth.params());
        self.smooth.gradient(at.x, a, out, scratch);
        self.penalty.add_gradient(b, at.x, out, scratch);
        self.penalty.restrict(at.x, out);
    }

    fn moduli(&self, theta: &[F]) -> Option<Moduli> {
        if self.penalty.is_zero() { self.smooth.moduli(theta) } else { None }
    }

    fn active(&self, at: At<'_, F>) -> Option<Vec<usize>> {
        self.penalty.support(at.x)
    }

    fn apply(&self, at: At<'_, F>, k: usize, v: &[F], out: &mut [F], scratch: &mut [F]) {
        let (a, b) = at.theta.split_at(self.smooth.params());
        self.smooth.hess(at.x, a, k, v, out, scratch);
        let d = at.x.len().max(1);
        for (v, out) in v.chunks_exact(d).zip(out.chunks_exact_mut(d)) {
            self.penalty.add_hess(b, at.x, v, out, scratch);
            self.penalty.restrict(at.x, out);
        }
    }

    fn matrix(&self, at: At<'_, F>, out: &mut [F], scratch: &mut [F]) {
        let (a, b) = at.theta.split_at(self.smooth.params());
        self.smooth.hess_matrix(at.x, a, out, scratch);
        if self.penalty.is_zero() {
            return;
        }
        let (unit, scratch) = scratch.split_at_mut(at.x.len());
        for (j, column) in out.chunks_exact_mut(unit.len().max(1)).enumerate() {
            unit.fill(F::zero());
            unit[j] = F::one();
            self.penalty.add_hess(b, at.x, unit, column, scratch);
        }
    }

    fn matrix_scratch(&self) -> usize {
        self.smooth.matrix_scratch().max(self.smooth.dim() + self.penalty.scratch())
    }

    fn mixed(&self, at: At<'_, F>, k: usize, dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let p = self.smooth.params();
        let (a, b) = at.theta.split_at(p);
        let (d, total) = (at.x.len(), at.theta.len());
        out.fill(F::zero());
        for j in 0..k {
            let (da, db) = dtheta[j * total..(j + 1) * total].split_at(p);
            let out = &mut out[j * d..(j + 1) * d];
            self.smooth.mixed(at.x, a, 1, da, out, scratch);
            self.penalty.add_mixed(b, at.x, db, out, scratch);
            self.penalty.restrict(at.x, out);
        }
    }

    /// `v` vanishes off the support, as the linear solves leave it.
    fn mixed_t(&self, at: At<'_, F>, scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        let p = self.smooth.params();
        let (a, b) = at.theta.split_at(p);
        let (ga, gb) = gtheta.split_at_mut(p);
        self.smooth.mixed_t(at.x, a, scale, v, ga, scratch);
        self.penalty.mixed_t(b, at.x, scale, v, gb, scratch);
    }
}
