//! Regularised linear models: `f(w, theta) = (1/n) sum_i l(x_i'w, y_i) + 1/2 sum_j exp(theta_g(j)) w_j^2`.

use std::borrow::Cow;
use std::ops::Range;

use faer::{MatMut, MatRef};

use super::{Groups, LogRidge, Loss, Smooth, ThirdOrder};
use crate::data::Design;
use crate::error::{check_finite, check_len};
use crate::linsolve::dense::gemm;
use crate::trust::Moduli;
use crate::{Error, Real, Result, par};

/// Hessian products are taken for this many columns at a time.
const BLOCK: usize = 64;

/// A linear model: data `X`, targets `y`, a loss, log-regularisers.
///
/// # Shapes
/// `X`: n x d; `w`: d for one output, else one block of d for each class; `theta`: as
/// [`Groups::params`] says for d features.
///
/// # Complexity
/// A gradient or a Hessian-vector product reads `X` once: `2 n d C` multiply-adds.
#[derive(Debug)]
pub struct LinearModel<'a, F: Real, X, L> {
    x: X,
    y: Cow<'a, [F]>,
    loss: L,
    penalty: LogRidge,
}

impl<'a, F: Real, X: Design<F>, L: Loss<F>> LinearModel<'a, F, X, L> {
    /// The model of these data.
    ///
    /// # Errors
    /// No rows or columns; targets of another length, not finite, or outside of the loss's domain; groups
    /// that do not fit.
    ///
    /// ```
    /// use unspool_core::data::Dense;
    /// use unspool_core::problem::{Groups, LinearModel, Logistic, Smooth};
    /// let x = Dense::new(vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0], 3, 2)?;
    /// let model = LinearModel::new(x, vec![1.0, -1.0, 1.0], Logistic, Groups::PerFeature)?;
    /// assert_eq!((model.dim(), model.params()), (2, 2));
    /// # Ok::<(), unspool_core::Error>(())
    /// ```
    pub fn new(x: X, y: impl Into<Cow<'a, [F]>>, loss: L, groups: Groups) -> Result<Self> {
        let y = y.into();
        check_len("the targets", y.len(), x.rows())?;
        check_finite("the targets", &y)?;
        loss.check(&y)?;
        if y.is_empty() {
            return Err(Error::Range { what: "the number of rows", got: 0.0, must: "at least 1" });
        }
        if x.cols() == 0 {
            return Err(Error::Range { what: "the number of columns", got: 0.0, must: "at least 1" });
        }
        let penalty = LogRidge::new(groups, x.cols(), loss.outputs())?;
        Ok(LinearModel { x, y, loss, penalty })
    }

    /// The data matrix.
    pub fn design(&self) -> &X {
        &self.x
    }

    /// The targets.
    pub fn targets(&self) -> &[F] {
        &self.y
    }

    /// The penalty.
    pub fn penalty(&self) -> &LogRidge {
        &self.penalty
    }

    fn mean(&self) -> F {
        F::of(1.0 / self.y.len() as f64)
    }

    fn y(&self, rows: &Range<usize>) -> &[F] {
        &self.y[rows.clone()]
    }

    /// `out = (1/n) X' l'' X V`, `V` of `k` directions.
    fn curvature(&self, w: &[F], v: &[F], out: &mut [F], scratch: &mut [F]) {
        let keep = v.len() / self.x.cols().max(1);
        if self.loss.is_squared() {
            return self.x.sweep(&[v], keep, out, &|_, _| {}, scratch);
        }
        let curve = |rows: Range<usize>, u: &mut [F]| {
            let (v, u) = u.split_at_mut(rows.len() * keep);
            self.loss.curve(v, u, self.y(&rows));
        };
        self.x.sweep(&[v, w], keep, out, &curve, scratch);
    }

    /// Whether `k` products are cheaper through the Hessian itself: `n d^2 / 2 + d^2 k`
    /// multiply-adds against `2 n d k`.
    fn forms_hessian(&self, k: usize) -> bool {
        let (n, d) = (self.x.rows() as f64, self.x.cols() as f64);
        let k = k as f64;
        self.loss.outputs() == 1 && self.x.gram_pays() && d > 8.0 && d * (n / 2.0 + k) < n * k
    }

    /// `out = (1/n) X' l'' X`, without the penalty.
    fn data_hessian(&self, w: &[F], out: &mut [F], scratch: &mut [F]) {
        let n = self.x.rows();
        let (h, scratch) = scratch.split_at_mut(n);
        h.fill(F::one());
        if !self.loss.is_squared() {
            let curve = &mut |rows: Range<usize>, u: &mut [F]| self.loss.curve(&mut h[rows.clone()], u, self.y(&rows));
            self.x.products(&[w], curve, scratch);
        }
        self.x.gram(Some(h), out, scratch);
    }

    fn formed_scratch(&self) -> usize {
        let d = self.x.cols();
        self.x.rows() + d * d + self.x.gram_scratch().max(self.x.scratch(1, 1))
    }
}

impl<F: Real, X: Design<F>, L: Loss<F>> Smooth<F> for LinearModel<'_, F, X, L> {
    fn dim(&self) -> usize {
        self.penalty.dim()
    }

    fn params(&self) -> usize {
        self.penalty.params()
    }

    fn scratch(&self, k: usize) -> usize {
        let c = self.loss.outputs();
        // The last block of columns may be narrower, and yet ask for more pieces of the rows.
        let blocks = (1..=k.clamp(1, BLOCK)).map(|j| self.x.scratch(c * j + 2 * c, c * j));
        let direct = blocks.max().unwrap_or(0).max(self.x.scratch(3 * c, c));
        let formed = if self.forms_hessian(k) { self.formed_scratch() } else { 0 };
        self.dim() + direct.max(formed)
    }

    fn value(&self, w: &[F], theta: &[F], scratch: &mut [F]) -> F {
        let (lambda, scratch) = scratch.split_at_mut(self.dim());
        let mut sum = 0.0;
        self.x.products(&[w], &mut |rows, u| sum += self.loss.value(u, self.y(&rows)), scratch);
        F::of(sum / self.y.len() as f64) + self.penalty.value(w, theta, lambda)
    }

    fn gradient(&self, w: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]) {
        let (lambda, scratch) = scratch.split_at_mut(self.dim());
        let slope = |rows: Range<usize>, u: &mut [F]| self.loss.slope(u, self.y(&rows));
        self.x.sweep(&[w], self.loss.outputs(), out, &slope, scratch);
        self.penalty.complete(self.mean(), w, theta, out, lambda);
    }

    fn hess(&self, w: &[F], theta: &[F], k: usize, v: &[F], out: &mut [F], scratch: &mut [F]) {
        let d = self.dim();
        let (lambda, scratch) = scratch.split_at_mut(d);
        if self.forms_hessian(k) {
            let (h, scratch) = scratch.split_at_mut(d * d);
            self.data_hessian(w, h, scratch);
            symmetric_times(h, d, v, out);
        } else {
            for (v, out) in v.chunks(d * BLOCK).zip(out.chunks_mut(d * BLOCK)) {
                self.curvature(w, v, out, scratch);
            }
        }
        self.penalty.complete(self.mean(), v, theta, out, lambda);
    }

    fn mixed(&self, w: &[F], theta: &[F], k: usize, dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.penalty.mixed(w, theta, k, dtheta, out, &mut scratch[..self.dim()]);
    }

    fn mixed_t(&self, w: &[F], theta: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        self.penalty.mixed_t(w, theta, scale, v, gtheta, &mut scratch[..self.dim()]);
    }

    fn matrix_scratch(&self) -> usize {
        let formed = if self.loss.outputs() == 1 { self.formed_scratch() } else { 0 };
        self.dim() + Smooth::<F>::scratch(self, 1).max(formed)
    }

    fn hess_matrix(&self, w: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]) {
        let d = self.dim();
        let (lambda, scratch) = scratch.split_at_mut(d);
        if self.loss.outputs() == 1 {
            self.data_hessian(w, out, scratch);
            let mean = self.mean();
            out.iter_mut().for_each(|h| *h *= mean);
            self.penalty.lambdas(theta, lambda);
            out.iter_mut().step_by(d + 1).zip(&*lambda).for_each(|(h, &l)| *h += l);
        } else {
            for (j, column) in out.chunks_exact_mut(d).enumerate() {
                lambda.fill(F::zero());
                lambda[j] = F::one();
                self.hess(w, theta, 1, lambda, column, scratch);
            }
        }
    }

    fn is_quadratic(&self) -> bool {
        self.loss.is_squared()
    }

    /// Of a quadratic; the loss's own curvature is not counted.
    fn moduli(&self, theta: &[F]) -> Option<Moduli> {
        self.loss.is_squared().then(|| self.penalty.moduli(theta))
    }
}

impl<F: Real, X: Design<F>, L: Loss<F>> ThirdOrder<F> for LinearModel<'_, F, X, L> {
    fn third(&self, w: &[F], _: &[F], u: &[F], v: &[F], out: &mut [F], scratch: &mut [F]) {
        let c = self.loss.outputs();
        if self.loss.is_squared() {
            return out.fill(F::zero());
        }
        let third = |rows: Range<usize>, block: &mut [F]| {
            let (a, rest) = block.split_at_mut(rows.len() * c);
            let (b, margins) = rest.split_at_mut(rows.len() * c);
            self.loss.third(a, b, margins, self.y(&rows));
        };
        self.x.sweep(&[u, v, w], c, out, &third, &mut scratch[self.dim()..]);
        let mean = self.mean();
        out.iter_mut().for_each(|out| *out *= mean);
    }

    fn hess_theta(&self, _: &[F], theta: &[F], u: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.penalty.mixed(u, theta, 1, dtheta, out, &mut scratch[..self.dim()]);
    }

    fn hess_theta_t(&self, _: &[F], theta: &[F], u: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        self.penalty.mixed_t(u, theta, scale, v, gtheta, &mut scratch[..self.dim()]);
    }
}

/// `out = A V` for a symmetric `A`, `d x d`: vector by vector when there are few, else as a matrix
/// product, cut into pieces of columns of a fixed width.
pub(super) fn symmetric_times<F: Real>(a: &[F], d: usize, v: &[F], out: &mut [F]) {
    if d == 0 {
        return;
    }
    let k = v.len() / d;
    if k < 4 {
        for (v, out) in v.chunks_exact(d).zip(out.chunks_exact_mut(d)) {
            symmetric_times_vector(a, d, v, out);
        }
        return;
    }
    let matrix = MatRef::from_column_major_slice(a, d, d);
    let times = |v: &[F], out: &mut [F]| {
        let k = v.len() / d;
        let v = MatRef::from_column_major_slice(v, d, k);
        gemm(MatMut::from_column_major_slice_mut(out, d, k), false, F::one(), matrix, v);
    };
    let pieces = par::chunks(d * d * k, k / 16);
    let pieces = if k.is_multiple_of(pieces) { pieces } else { 1 };
    par::for_parts(d * d * k, pieces, out, &|i, out| times(&v[i * out.len()..(i + 1) * out.len()], out));
}

/// One triangle is read once where the matrix fits in a core's cache; beyond that rows go to both
/// cores, each entry a dot product of its own.
fn symmetric_times_vector<F: Real>(a: &[F], d: usize, v: &[F], out: &mut [F]) {
    if d <= 512 || !d.is_multiple_of(2) {
        return F::symv(a, d, v, out);
    }
    par::for_parts(d * d, 2, out, &|i, out| {
        let rows = out.len();
        F::rows_dot(&a[i * rows * d..(i + 1) * rows * d], d, &[v], out);
    });
}
