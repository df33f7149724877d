//! A vanishing gradient as optimality condition.

use super::Smooth;
use crate::trust::Moduli;
use crate::{At, Condition, Real};

/// `grad_x f(x, theta) = 0`.
pub struct Stationarity<'a, P: ?Sized>(pub &'a P);

impl<F: Real, P: Smooth<F> + ?Sized> Condition<F> for Stationarity<'_, P> {
    fn scratch(&self, k: usize) -> usize {
        self.0.scratch(k)
    }

    fn value(&self, at: At<'_, F>, out: &mut [F], scratch: &mut [F]) {
        self.0.gradient(at.x, at.theta, out, scratch);
    }

    fn moduli(&self, theta: &[F]) -> Option<Moduli> {
        self.0.moduli(theta)
    }

    fn active(&self, _: At<'_, F>) -> Option<Vec<usize>> {
        None
    }

    fn apply(&self, at: At<'_, F>, k: usize, v: &[F], out: &mut [F], scratch: &mut [F]) {
        self.0.hess(at.x, at.theta, k, v, out, scratch);
    }

    fn matrix(&self, at: At<'_, F>, out: &mut [F], scratch: &mut [F]) {
        self.0.hess_matrix(at.x, at.theta, out, scratch);
    }

    fn matrix_scratch(&self) -> usize {
        self.0.matrix_scratch()
    }

    fn mixed(&self, at: At<'_, F>, k: usize, dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        out.fill(F::zero());
        self.0.mixed(at.x, at.theta, k, dtheta, out, scratch);
    }

    fn mixed_t(&self, at: At<'_, F>, scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        self.0.mixed_t(at.x, at.theta, scale, v, gtheta, scratch);
    }
}
