//! Gradient descent: `x_{t+1} = x_t - h grad f(x_t, theta)`.

use crate::problem::{Smooth, Stationarity};
use crate::{At, Condition, Dims, Jvp, Map, Real, Vjp};

/// Gradient descent with a fixed step size `h`, a constant in theta.
///
/// With `ell I <= grad_xx f <= L I` it converges for `h < 2/L`, at rate `1 - ell/L` for `h = 1/L`
/// and `(L - ell)/(L + ell)` for `h = 2/(L + ell)`. Its derivative iterates never exceed their
/// starting error when `h <= sqrt(2)/L`; larger steps pass through a burn-in (Scieur et al.,
/// *The Curse of Unrolling*, NeurIPS 2022).
///
/// # Complexity
/// One gradient a step; one Hessian and one mixed product a JVP or VJP.
pub struct GradientDescent<'a, F, P: ?Sized> {
    problem: &'a P,
    step_size: F,
}

impl<'a, F: Real, P: Smooth<F> + ?Sized> GradientDescent<'a, F, P> {
    /// Gradient descent on `problem` with step size `h`.
    pub fn new(problem: &'a P, step_size: F) -> Self {
        GradientDescent { problem, step_size }
    }
}

impl<F: Real, P: Smooth<F> + ?Sized> Map<F> for GradientDescent<'_, F, P> {
    fn dims(&self) -> Dims {
        let d = self.problem.dim();
        Dims { state: d, output: d, params: self.problem.params() }
    }

    fn scratch(&self, directions: usize) -> usize {
        self.problem.scratch(directions.max(1))
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]) {
        self.problem.gradient(at.x, at.theta, next, scratch);
        descend(self.step_size, at.x, next);
    }

    fn condition(&self) -> Option<Box<dyn Condition<F> + '_>> {
        Some(Box::new(Stationarity(self.problem)))
    }
}

impl<F: Real, P: Smooth<F> + ?Sized> Jvp<F> for GradientDescent<'_, F, P> {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.jvps(at, 1, dx, dtheta, out, scratch);
    }

    /// `dx - h (grad_xx f dx + grad_x,theta f dtheta)`
    fn jvps(&self, at: At<'_, F>, k: usize, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.problem.hess(at.x, at.theta, k, dx, out, scratch);
        self.problem.mixed(at.x, at.theta, k, dtheta, out, scratch);
        descend(self.step_size, dx, out);
    }
}

impl<F: Real, P: Smooth<F> + ?Sized> Vjp<F> for GradientDescent<'_, F, P> {
    /// `gx = c - h grad_xx f c`, `gtheta -= h (grad_x,theta f)' c`
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        self.vjp_params(at, cotangent, gx, gtheta, scratch);
        self.problem.hess(at.x, at.theta, 1, cotangent, gx, scratch);
        descend(self.step_size, cotangent, gx);
    }

    fn vjp_params(&self, at: At<'_, F>, cotangent: &[F], _: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        self.problem.mixed_t(at.x, at.theta, -self.step_size, cotangent, gtheta, scratch);
    }
}

/// `out = x - h out`.
pub(super) fn descend<F: Real>(h: F, x: &[F], out: &mut [F]) {
    out.iter_mut().zip(x).for_each(|(out, &x)| *out = x - h * *out);
}
