//! Newton's method: `x_{t+1} = x_t - (grad_xx f)^{-1} grad f(x_t, theta)`.

use crate::linsolve::dense;
use crate::problem::{Stationarity, ThirdOrder};
use crate::{At, Condition, Dims, Jvp, Map, Real, Vjp};

/// Newton's method with a damping factor, by a Cholesky factorisation.
///
/// Near the solution it converges quadratically, and so one differentiated step is enough
/// ([`Mode::one_step`](crate::Mode::one_step)).
///
/// # Complexity
/// The Hessian and `d^3/3` multiply-adds for a step, a JVP or a VJP; `d^2` numbers of scratch.
pub struct Newton<'a, F, P: ?Sized> {
    problem: &'a P,
    damping: F,
}

impl<'a, F: Real, P: ThirdOrder<F> + ?Sized> Newton<'a, F, P> {
    /// Full Newton steps on `problem`.
    pub fn new(problem: &'a P) -> Self {
        Newton { problem, damping: F::one() }
    }

    /// Steps shortened by a constant factor in (0, 1].
    pub fn damped(self, damping: F) -> Self {
        Newton { damping, ..self }
    }

    fn factor(&self, at: At<'_, F>, h: &mut [F], scratch: &mut [F]) -> Result<(), usize> {
        self.problem.hess_matrix(at.x, at.theta, h, scratch);
        dense::cholesky(h, at.x.len(), scratch)
    }

    /// Factors the Hessian into the front of scratch and writes the Newton direction
    /// `u = H^{-1} grad f`; NaN when the Hessian is not positive definite.
    fn direction<'s>(&self, at: At<'_, F>, scratch: &'s mut [F]) -> (&'s [F], &'s [F], &'s mut [F]) {
        let d = at.x.len();
        let (h, rest) = scratch.split_at_mut(d * d);
        let (u, rest) = rest.split_at_mut(d);
        if self.factor(at, h, rest).is_err() {
            h.fill(F::nan());
        }
        self.problem.gradient(at.x, at.theta, u, rest);
        dense::cholesky_solve(h, d, 1, u);
        (h, u, rest)
    }
}

impl<F: Real, P: ThirdOrder<F> + ?Sized> Map<F> for Newton<'_, F, P> {
    fn dims(&self) -> Dims {
        let d = self.problem.dim();
        Dims { state: d, output: d, params: self.problem.params() }
    }

    fn scratch(&self, directions: usize) -> usize {
        let d = self.problem.dim();
        let k = directions.max(1);
        d * d + d + (k * d + self.problem.scratch(1)).max(self.problem.matrix_scratch()).max(dense::cholesky_scratch(d))
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]) {
        let (_, u, _) = self.direction(at, scratch);
        F::lincomb(F::one(), at.x, -self.damping, u, next);
    }

    fn condition(&self) -> Option<Box<dyn Condition<F> + '_>> {
        Some(Box::new(Stationarity(self.problem)))
    }

    fn singular_pivot(&self, at: At<'_, F>) -> Option<usize> {
        let d = at.x.len();
        let mut scratch = vec![F::zero(); self.scratch(1)];
        let (h, rest) = scratch.split_at_mut(d * d);
        self.factor(at, h, rest).err()
    }
}

impl<F: Real, P: ThirdOrder<F> + ?Sized> Jvp<F> for Newton<'_, F, P> {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.jvps(at, 1, dx, dtheta, out, scratch);
    }

    /// `(1 - g) dx - g H^{-1} ( grad_x,theta f dtheta - grad_xxx f[u, dx] - d_theta(H u) dtheta )`
    /// with `g` the damping: the terms `H^{-1} H dx` cancel.
    fn jvps(&self, at: At<'_, F>, k: usize, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let (d, p) = (at.x.len(), at.theta.len());
        let problem = self.problem;
        let (h, u, scratch) = self.direction(at, scratch);
        let (w, scratch) = scratch.split_at_mut(k * d);
        for j in 0..k {
            let (dx, dtheta) = (&dx[j * d..(j + 1) * d], &dtheta[j * p..(j + 1) * p]);
            let (w, t) = (&mut w[j * d..(j + 1) * d], &mut out[j * d..(j + 1) * d]);
            t.fill(F::zero());
            problem.mixed(at.x, at.theta, 1, dtheta, t, scratch);
            problem.third(at.x, at.theta, u, dx, w, scratch);
            problem.hess_theta(at.x, at.theta, u, dtheta, w, scratch);
            w.iter_mut().zip(&*t).for_each(|(w, &t)| *w -= t);
        }
        dense::cholesky_solve(h, d, k, w);
        F::lincomb(F::one() - self.damping, dx, self.damping, w, out);
    }
}

impl<F: Real, P: ThirdOrder<F> + ?Sized> Vjp<F> for Newton<'_, F, P> {
    /// With `z = g H^{-1} c`: `gx = (1 - g) c + grad_xxx f[u, z]` and
    /// `gtheta += (d_theta(H u) - grad_x,theta f)' z`.
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let d = at.x.len();
        let (h, u, scratch) = self.direction(at, scratch);
        let (z, scratch) = scratch.split_at_mut(d);
        z.copy_from_slice(cotangent);
        dense::cholesky_solve(h, d, 1, z);
        z.iter_mut().for_each(|z| *z *= self.damping);
        self.problem.third(at.x, at.theta, u, z, gx, scratch);
        F::axpy(F::one() - self.damping, cotangent, gx);
        self.problem.mixed_t(at.x, at.theta, -F::one(), z, gtheta, scratch);
        self.problem.hess_theta_t(at.x, at.theta, u, F::one(), z, gtheta, scratch);
    }
}
