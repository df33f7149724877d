//! `f(x, theta) = 1/2 x'A x + b'x + 1/2 sum_j exp(theta_g(j)) x_j^2 + c`.

use super::linear::symmetric_times;
use super::{Groups, LogRidge, Smooth, ThirdOrder};
use crate::error::{check_finite, check_len};
use crate::trust::Moduli;
use crate::{Error, Real, Result};

/// A quadratic with a symmetric matrix and log-regularisers.
///
/// # Complexity
/// `d^2` multiply-adds for a gradient or a Hessian-vector product.
#[derive(Clone, Debug)]
pub struct Quadratic<F> {
    a: Vec<F>,
    b: Vec<F>,
    constant: F,
    penalty: LogRidge,
}

impl<F: Real> Quadratic<F> {
    /// From `A` (`d x d`) and `b` (`d`).
    ///
    /// # Errors
    /// Lengths that do not fit, values that are not finite, an `A` that is not symmetric (to
    /// 1e-6 of its largest entry), groups that do not fit.
    ///
    /// ```
    /// use unspool_core::problem::{Groups, Quadratic};
    /// use unspool_core::{Mode, Solve, Stop, method::GradientDescent};
    /// // minimise x^2/2 - 3x + exp(theta) x^2/2: x = 3 / (1 + exp(theta))
    /// let f = Quadratic::new(vec![1.0], vec![-3.0], Groups::Shared)?;
    /// let map = GradientDescent::new(&f, 0.5);
    /// let d = Solve::new(&map, &[0.0]).stop(Stop::steps(60)).vjp(&[0.0], Mode::full(), |_, c| c[0] = 1.0)?;
    /// assert!((d.x[0] - 1.5f64).abs() < 1e-12 && (d.theta[0] + 0.75).abs() < 1e-12);
    /// # Ok::<(), unspool_core::Error>(())
    /// ```
    pub fn new(a: Vec<F>, b: Vec<F>, groups: Groups) -> Result<Self> {
        let d = b.len();
        check_len("the matrix", a.len(), d * d)?;
        check_finite("the matrix", &a)?;
        check_finite("the linear term", &b)?;
        let largest = a.iter().fold(0.0, |m, a| f64::max(m, a.wide().abs()));
        for i in 0..d {
            for j in 0..i {
                if (a[i * d + j].wide() - a[j * d + i].wide()).abs() > 1e-6 * largest {
                    return Err(Error::Unsupported { what: "a matrix that is not symmetric", hint: "pass (A + A')/2" });
                }
            }
        }
        Ok(Quadratic { a, b, constant: F::zero(), penalty: LogRidge::new(groups, d, 1)? })
    }

    /// From the diagonal of `A`.
    ///
    /// # Errors
    /// As [`Quadratic::new`].
    pub fn diagonal(diagonal: &[F], b: Vec<F>, groups: Groups) -> Result<Self> {
        let d = diagonal.len();
        let mut a = vec![F::zero(); d * d];
        for (j, &value) in diagonal.iter().enumerate() {
            a[j * d + j] = value;
        }
        Self::new(a, b, groups)
    }

    /// Adds a constant to the value.
    pub fn with_constant(self, constant: F) -> Self {
        Quadratic { constant, ..self }
    }
}

impl<F: Real> Smooth<F> for Quadratic<F> {
    fn dim(&self) -> usize {
        self.b.len()
    }

    fn params(&self) -> usize {
        self.penalty.params()
    }

    fn scratch(&self, _: usize) -> usize {
        2 * self.dim()
    }

    fn value(&self, x: &[F], theta: &[F], scratch: &mut [F]) -> F {
        let (lambda, ax) = scratch.split_at_mut(self.dim());
        let ax = &mut ax[..x.len()];
        symmetric_times(&self.a, x.len(), x, ax);
        F::of(0.5) * F::dot(x, ax) + F::dot(&self.b, x) + self.constant + self.penalty.value(x, theta, lambda)
    }

    fn gradient(&self, x: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]) {
        symmetric_times(&self.a, x.len(), x, out);
        F::axpy(F::one(), &self.b, out);
        self.penalty.complete(F::one(), x, theta, out, &mut scratch[..self.dim()]);
    }

    fn hess(&self, _: &[F], theta: &[F], _: usize, v: &[F], out: &mut [F], scratch: &mut [F]) {
        symmetric_times(&self.a, self.dim(), v, out);
        self.penalty.complete(F::one(), v, theta, out, &mut scratch[..self.dim()]);
    }

    fn mixed(&self, x: &[F], theta: &[F], k: usize, dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.penalty.mixed(x, theta, k, dtheta, out, &mut scratch[..self.dim()]);
    }

    fn mixed_t(&self, x: &[F], theta: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        self.penalty.mixed_t(x, theta, scale, v, gtheta, &mut scratch[..self.dim()]);
    }

    fn hess_matrix(&self, _: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]) {
        let d = self.dim();
        let lambda = &mut scratch[..d];
        out.copy_from_slice(&self.a);
        self.penalty.lambdas(theta, lambda);
        for j in 0..d {
            out[j * d + j] += lambda[j];
        }
    }

    fn is_quadratic(&self) -> bool {
        true
    }

    /// Without a bound of the eigenvalues: `A` need not be positive.
    fn moduli(&self, theta: &[F]) -> Option<Moduli> {
        Some(Moduli { ell: 0.0, ..self.penalty.moduli(theta) })
    }
}

impl<F: Real> ThirdOrder<F> for Quadratic<F> {
    fn third(&self, _: &[F], _: &[F], _: &[F], _: &[F], out: &mut [F], _: &mut [F]) {
        out.fill(F::zero());
    }

    fn hess_theta(&self, _: &[F], theta: &[F], u: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.penalty.mixed(u, theta, 1, dtheta, out, &mut scratch[..self.dim()]);
    }

    fn hess_theta_t(&self, _: &[F], theta: &[F], u: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        self.penalty.mixed_t(u, theta, scale, v, gtheta, &mut scratch[..self.dim()]);
    }
}
