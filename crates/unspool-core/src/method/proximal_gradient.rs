//! Proximal gradient, ISTA: `x_{t+1} = prox_{h g}( x_t - h grad f(x_t, theta) )`.

use super::gradient_descent::descend;
use crate::problem::{Composite, OnSupport, Prox, Smooth};
use crate::{At, Condition, Dims, Jvp, Map, Real, Vjp};

/// Proximal gradient with a fixed step size `h <= 1/L`.
///
/// Once the support of the iterates has settled, its derivative converges at the rate of gradient
/// descent on that support.
///
/// # Complexity
/// One gradient and one proximal step; the JVP and VJP take the step again for its support, then
/// one Hessian and one mixed product.
pub struct ProximalGradient<'a, F, S, G> {
    problem: &'a Composite<S, G>,
    step_size: F,
}

impl<'a, F: Real, S: Smooth<F>, G: Prox<F>> ProximalGradient<'a, F, S, G> {
    /// Proximal gradient on `problem` with step size `h`.
    pub fn new(problem: &'a Composite<S, G>, step_size: F) -> Self {
        ProximalGradient { problem, step_size }
    }

    /// theta, as the smooth part's and the penalty's.
    fn parts<'t>(&self, theta: &'t [F]) -> (&'t [F], &'t [F]) {
        theta.split_at(self.problem.smooth.params())
    }
}

impl<F: Real, S: Smooth<F>, G: Prox<F>> Map<F> for ProximalGradient<'_, F, S, G> {
    fn dims(&self) -> Dims {
        let d = self.problem.smooth.dim();
        Dims { state: d, output: d, params: self.problem.params() }
    }

    fn scratch(&self, directions: usize) -> usize {
        let Composite { smooth, penalty } = self.problem;
        2 * smooth.dim() + smooth.scratch(directions.max(1)).max(penalty.scratch())
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]) {
        let (theta, theta_g) = self.parts(at.theta);
        self.problem.smooth.gradient(at.x, theta, next, scratch);
        descend(self.step_size, at.x, next);
        self.problem.penalty.prox(self.step_size, theta_g, next, scratch);
    }

    fn condition(&self) -> Option<Box<dyn Condition<F> + '_>> {
        Some(Box::new(OnSupport { smooth: &self.problem.smooth, penalty: &self.problem.penalty }))
    }
}

impl<F: Real, S: Smooth<F>, G: Prox<F>> Jvp<F> for ProximalGradient<'_, F, S, G> {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.jvps(at, 1, dx, dtheta, out, scratch);
    }

    /// `dprox[dx - h (grad_xx f dx + grad_x,theta f dtheta), dtheta]`
    fn jvps(&self, at: At<'_, F>, k: usize, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let Composite { smooth, penalty } = self.problem;
        let (theta, theta_g) = self.parts(at.theta);
        let (d, p, total) = (at.x.len(), theta.len(), at.theta.len());
        let (next, scratch) = scratch.split_at_mut(d);
        self.step(at, next, scratch);
        smooth.hess(at.x, theta, k, dx, out, scratch);
        for j in 0..k {
            let (out, dx) = (&mut out[d * j..d * (j + 1)], &dx[d * j..d * (j + 1)]);
            let (dtheta, dtheta_g) = dtheta[total * j..total * (j + 1)].split_at(p);
            smooth.mixed(at.x, theta, 1, dtheta, out, scratch);
            descend(self.step_size, dx, out);
            penalty.jvp(self.step_size, theta_g, next, out, dtheta_g, scratch);
        }
    }
}

impl<F: Real, S: Smooth<F>, G: Prox<F>> Vjp<F> for ProximalGradient<'_, F, S, G> {
    /// With `r` the proximal step's transpose of `c`: `gx = r - h grad_xx f r`.
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let Composite { smooth, penalty } = self.problem;
        let (theta, theta_g) = self.parts(at.theta);
        let (gtheta, gtheta_g) = gtheta.split_at_mut(theta.len());
        let (next, scratch) = scratch.split_at_mut(at.x.len());
        self.step(at, next, scratch);
        let (r, scratch) = scratch.split_at_mut(at.x.len());
        r.copy_from_slice(cotangent);
        penalty.vjp(self.step_size, theta_g, next, r, gtheta_g, scratch);
        smooth.mixed_t(at.x, theta, -self.step_size, r, gtheta, scratch);
        smooth.hess(at.x, theta, 1, r, gx, scratch);
        descend(self.step_size, r, gx);
    }
}
