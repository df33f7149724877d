//! Ridge regression: `f(w, theta) = 1/(2n) |X w - y|^2 + 1/2 sum_j exp(theta_g(j)) w_j^2`.

use std::borrow::Cow;

use super::{Groups, LinearModel, Quadratic, Smooth, Squared, ThirdOrder};
use crate::data::Design;
use crate::trust::Moduli;
use crate::{Real, Result};

/// Whether ridge regression runs on `X'X` in place of `X`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Gram {
    /// Where that pays: a dense `X` with more rows than columns.
    #[default]
    Auto,
    /// Never: on the data.
    Never,
}

/// Ridge regression, through the Gram matrix `X'X / n` where that pays.
///
/// The matrix costs about `n d^2 / 2` multiply-adds once; a step then costs `d^2` instead of
/// `2 n d`.
#[derive(Debug)]
pub struct Ridge<'a, F: Real, X> {
    model: LinearModel<'a, F, X, Squared>,
    gram: Option<Quadratic<F>>,
}

impl<'a, F: Real, X: Design<F>> Ridge<'a, F, X> {
    /// The problem of these data.
    ///
    /// # Errors
    /// As [`LinearModel::new`].
    pub fn new(x: X, y: impl Into<Cow<'a, [F]>>, groups: Groups, gram: Gram) -> Result<Self> {
        let model = LinearModel::new(x, y, Squared, groups.clone())?;
        let gram = match gram {
            Gram::Auto if model.design().gram_pays() => Some(form(&model, groups)?),
            _ => None,
        };
        Ok(Ridge { model, gram })
    }

    /// Whether the Gram matrix is in use.
    pub fn has_gram(&self) -> bool {
        self.gram.is_some()
    }

    fn inner(&self) -> &dyn ThirdOrder<F> {
        match &self.gram {
            Some(gram) => gram,
            None => &self.model,
        }
    }
}

/// `A = X'X / n`, `b = -X'y / n`, `c = |y|^2 / (2n)`.
fn form<F: Real, X: Design<F>>(model: &LinearModel<'_, F, X, Squared>, groups: Groups) -> Result<Quadratic<F>> {
    let (x, y) = (model.design(), model.targets());
    let (d, mean) = (x.cols(), F::of(1.0 / y.len() as f64));
    let mut a = vec![F::zero(); d * d];
    let mut b = vec![F::zero(); d];
    let mut scratch = vec![F::zero(); x.gram_scratch().max(x.scratch(1, 1))];
    x.gram(None, &mut a, &mut scratch);
    let targets = |rows: std::ops::Range<usize>, u: &mut [F]| u.copy_from_slice(&y[rows]);
    let zero = vec![F::zero(); d];
    x.sweep(&[&zero], 1, &mut b, &targets, &mut scratch);
    a.iter_mut().for_each(|a| *a *= mean);
    b.iter_mut().for_each(|b| *b *= -mean);
    let constant = F::of(0.5 * F::sum_squares(y) / y.len() as f64);
    Ok(Quadratic::new(a, b, groups)?.with_constant(constant))
}

impl<F: Real, X: Design<F>> Smooth<F> for Ridge<'_, F, X> {
    fn dim(&self) -> usize {
        self.model.dim()
    }

    fn params(&self) -> usize {
        self.model.params()
    }

    fn scratch(&self, k: usize) -> usize {
        self.inner().scratch(k)
    }

    fn value(&self, w: &[F], theta: &[F], scratch: &mut [F]) -> F {
        self.inner().value(w, theta, scratch)
    }

    fn gradient(&self, w: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.inner().gradient(w, theta, out, scratch);
    }

    fn hess(&self, w: &[F], theta: &[F], k: usize, v: &[F], out: &mut [F], scratch: &mut [F]) {
        self.inner().hess(w, theta, k, v, out, scratch);
    }

    fn mixed(&self, w: &[F], theta: &[F], k: usize, dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.inner().mixed(w, theta, k, dtheta, out, scratch);
    }

    fn mixed_t(&self, w: &[F], theta: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        self.inner().mixed_t(w, theta, scale, v, gtheta, scratch);
    }

    fn matrix_scratch(&self) -> usize {
        self.inner().matrix_scratch()
    }

    fn hess_matrix(&self, w: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.inner().hess_matrix(w, theta, out, scratch);
    }

    fn is_quadratic(&self) -> bool {
        true
    }

    fn moduli(&self, theta: &[F]) -> Option<Moduli> {
        self.model.moduli(theta)
    }
}

impl<F: Real, X: Design<F>> ThirdOrder<F> for Ridge<'_, F, X> {
    fn third(&self, w: &[F], theta: &[F], u: &[F], v: &[F], out: &mut [F], scratch: &mut [F]) {
        self.inner().third(w, theta, u, v, out, scratch);
    }

    fn hess_theta(&self, w: &[F], theta: &[F], u: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.inner().hess_theta(w, theta, u, dtheta, out, scratch);
    }

    fn hess_theta_t(&self, w: &[F], theta: &[F], u: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        self.inner().hess_theta_t(w, theta, u, scale, v, gtheta, scratch);
    }
}
