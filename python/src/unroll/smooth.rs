//! Smooth problems behind a pointer, and with a shifted Hessian.

use unspool_core::Real;
use unspool_core::problem::{Smooth, ThirdOrder};
use unspool_core::trust::Moduli;

/// Any smooth problem.
pub(super) struct Any<F>(pub(super) Box<dyn ThirdOrder<F> + Send>);

impl<F: Real> Smooth<F> for Any<F> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn params(&self) -> usize {
        self.0.params()
    }

    fn scratch(&self, k: usize) -> usize {
        self.0.scratch(k)
    }

    fn value(&self, x: &[F], theta: &[F], scratch: &mut [F]) -> F {
        self.0.value(x, theta, scratch)
    }

    fn gradient(&self, x: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.0.gradient(x, theta, out, scratch);
    }

    fn hess(&self, x: &[F], theta: &[F], k: usize, v: &[F], out: &mut [F], scratch: &mut [F]) {
        self.0.hess(x, theta, k, v, out, scratch);
    }

    fn mixed(&self, x: &[F], theta: &[F], k: usize, dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.0.mixed(x, theta, k, dtheta, out, scratch);
    }

    fn mixed_t(&self, x: &[F], theta: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        self.0.mixed_t(x, theta, scale, v, gtheta, scratch);
    }

    fn matrix_scratch(&self) -> usize {
        self.0.matrix_scratch()
    }

    fn hess_matrix(&self, x: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.0.hess_matrix(x, theta, out, scratch);
    }

    fn is_quadratic(&self) -> bool {
        self.0.is_quadratic()
    }

    fn moduli(&self, theta: &[F]) -> Option<Moduli> {
        self.0.moduli(theta)
    }
}

/// `f(x) + by/2 |x|^2` as far as its Hessian goes: definite also where that of `f` is singular.
pub(super) struct Shifted<'a, S> {
    pub(super) inner: &'a S,
    pub(super) by: f64,
}

impl<F: Real, S: Smooth<F>> Smooth<F> for Shifted<'_, S> {
    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn params(&self) -> usize {
        self.inner.params()
    }

    fn scratch(&self, k: usize) -> usize {
        self.inner.scratch(k)
    }

    fn value(&self, x: &[F], theta: &[F], scratch: &mut [F]) -> F {
        self.inner.value(x, theta, scratch)
    }

    fn gradient(&self, x: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.inner.gradient(x, theta, out, scratch);
    }

    fn hess(&self, x: &[F], theta: &[F], k: usize, v: &[F], out: &mut [F], scratch: &mut [F]) {
        self.inner.hess(x, theta, k, v, out, scratch);
        F::axpy(F::of(self.by), v, out);
    }

    fn mixed(&self, x: &[F], theta: &[F], k: usize, dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.inner.mixed(x, theta, k, dtheta, out, scratch);
    }

    fn mixed_t(&self, x: &[F], theta: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        self.inner.mixed_t(x, theta, scale, v, gtheta, scratch);
    }
}
