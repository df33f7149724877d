//! Conjugate gradient (Hestenes, Stiefel 1952) as a differentiable map, for quadratics.
//!
//! ```text
//! r_0 = -grad f(x_0),  p_0 = r_0
//! alpha = r'r / p'Hp     x+ = x + alpha p     r+ = r - alpha H p
//! beta = r+'r+ / r'r     p+ = r+ + beta p
//! ```
//!
//! The state is `[x, r, p]`; step 0 sets `r` and `p` up. The coefficients depend on the data, so
//! the step is not linear, and its derivative contains theirs.

use crate::problem::{Stationarity, ThirdOrder};
use crate::{At, Condition, Dims, Error, Jvp, Map, Real, Result, Vjp};

/// Conjugate gradient on a quadratic. As a plain solver of linear systems: [`crate::linsolve::cg`].
///
/// Its derivative iterates converge fast at first, but differentiate coefficients that depend on
/// all earlier steps: late in the run rounding shows sooner in them than in the iterates.
///
/// # Complexity
/// One Hessian product a step, two a JVP or VJP.
pub struct ConjugateGradient<'a, P: ?Sized> {
    problem: &'a P,
}

/// The numbers of one step.
struct Step<F> {
    rho: F,
    curvature: F,
    alpha: F,
    beta: F,
    /// Nothing moved.
    done: bool,
}

impl<'a, P: ?Sized> ConjugateGradient<'a, P> {
    /// Conjugate gradient on `problem`.
    ///
    /// # Errors
    /// The problem is not quadratic.
    pub fn new<F: Real>(problem: &'a P) -> Result<Self>
    where
        P: ThirdOrder<F>,
    {
        if problem.is_quadratic() {
            Ok(ConjugateGradient { problem })
        } else {
            Err(Error::Unsupported {
                what: "conjugate gradient on a problem that is not quadratic",
                hint: "use Newton's method or a momentum method",
            })
        }
    }

    /// The residual and direction before the step, into `rp`: those of the state, or at `t = 0`
    /// those of the start.
    fn begin<F: Real>(&self, at: At<'_, F>, rp: &mut [F], scratch: &mut [F])
    where
        P: ThirdOrder<F>,
    {
        let d = self.problem.dim();
        if at.t > 0 {
            return rp.copy_from_slice(&at.x[d..]);
        }
        let (r, p) = rp.split_at_mut(d);
        self.problem.gradient(&at.x[..d], at.theta, r, scratch);
        r.iter_mut().for_each(|r| *r = -*r);
        p.copy_from_slice(r);
    }

    /// The step from `x, r, p` with `q = H p`. Nothing moves once the residual is so small that its
    /// square, or the curvature along `p`, underflows: the coefficients then mean nothing.
    fn advance<F: Real>(x: &[F], rp: &[F], q: &[F], next: &mut [F]) -> Step<F> {
        let d = x.len();
        let (r, p) = rp.split_at(d);
        let (rho, curvature) = (F::dot(r, r), F::dot(p, q));
        let tiny = F::min_positive_value();
        let done = rho < tiny || num_traits::Float::abs(curvature) < tiny;
        let alpha = if done { F::zero() } else { rho / curvature };
        let (next_x, rest) = next.split_at_mut(d);
        let (next_r, next_p) = rest.split_at_mut(d);
        F::lincomb(F::one(), x, alpha, p, next_x);
        F::lincomb(F::one(), r, -alpha, q, next_r);
        let beta = if done { F::zero() } else { F::dot(next_r, next_r) / rho };
        F::lincomb(F::one(), next_r, beta, p, next_p);
        Step { rho, curvature, alpha, beta, done }
    }
}

impl<F: Real, P: ThirdOrder<F> + ?Sized> Map<F> for ConjugateGradient<'_, P> {
    fn dims(&self) -> Dims {
        let d = self.problem.dim();
        Dims { state: 3 * d, output: d, params: self.problem.params() }
    }

    fn scratch(&self, _: usize) -> usize {
        9 * self.problem.dim() + self.problem.scratch(1)
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]) {
        let d = self.problem.dim();
        let x = &at.x[..d];
        let (rp, scratch) = scratch.split_at_mut(2 * d);
        let (q, scratch) = scratch.split_at_mut(d);
        self.begin(at, rp, scratch);
        self.problem.hess(x, at.theta, 1, &rp[d..], q, scratch);
        Self::advance(x, rp, q, next);
    }

    fn condition(&self) -> Option<Box<dyn Condition<F> + '_>> {
        Some(Box::new(Stationarity(self.problem)))
    }
}

impl<F: Real, P: ThirdOrder<F> + ?Sized> Jvp<F> for ConjugateGradient<'_, P> {
    fn jvp(&self, at: At<'_, F>, tangent: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let d = self.problem.dim();
        let (x, dx) = (&at.x[..d], &tangent[..d]);
        let (rp, scratch) = scratch.split_at_mut(2 * d);
        let (drp, scratch) = scratch.split_at_mut(2 * d);
        let (q, scratch) = scratch.split_at_mut(d);
        let (dq, scratch) = scratch.split_at_mut(d);
        let (next, scratch) = scratch.split_at_mut(3 * d);
        self.begin(at, rp, scratch);
        if at.t > 0 {
            drp.copy_from_slice(&tangent[d..]);
        } else {
            let (dr, dp) = drp.split_at_mut(d);
            self.problem.hess(x, at.theta, 1, dx, dr, scratch);
            self.problem.mixed(x, at.theta, 1, dtheta, dr, scratch);
            dr.iter_mut().for_each(|r| *r = -*r);
            dp.copy_from_slice(dr);
        }
        let (p, (dr, dp)) = (&rp[d..], drp.split_at(d));
        self.problem.hess(x, at.theta, 1, p, q, scratch);
        self.problem.hess(x, at.theta, 1, dp, dq, scratch);
        self.problem.hess_theta(x, at.theta, p, dtheta, dq, scratch);
        let Step { rho, curvature, alpha, beta, done } = Self::advance(x, rp, q, next);
        let next_r = &next[d..2 * d];
        let two = F::of(2.0);
        let drho = two * F::dot(&rp[..d], dr);
        let dcurvature = F::dot(dp, q) + F::dot(p, dq);
        let dalpha = if done { F::zero() } else { (drho - alpha * dcurvature) / curvature };
        let (out_x, rest) = out.split_at_mut(d);
        let (out_r, out_p) = rest.split_at_mut(d);
        for j in 0..d {
            out_x[j] = dx[j] + dalpha * p[j] + alpha * dp[j];
            out_r[j] = dr[j] - dalpha * q[j] - alpha * dq[j];
        }
        let dbeta = if done { F::zero() } else { (two * F::dot(next_r, out_r) - beta * drho) / rho };
        for j in 0..d {
            out_p[j] = out_r[j] + dbeta * p[j] + beta * dp[j];
        }
    }
}

impl<F: Real, P: ThirdOrder<F> + ?Sized> Vjp<F> for ConjugateGradient<'_, P> {
    /// The lines of the step in reverse order.
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let d = self.problem.dim();
        let x = &at.x[..d];
        let (rp, scratch) = scratch.split_at_mut(2 * d);
        let (q, scratch) = scratch.split_at_mut(d);
        let (gq, scratch) = scratch.split_at_mut(d);
        let (hgq, scratch) = scratch.split_at_mut(d);
        let (next, scratch) = scratch.split_at_mut(3 * d);
        self.begin(at, rp, scratch);
        self.problem.hess(x, at.theta, 1, &rp[d..], q, scratch);
        let Step { rho, curvature, alpha, beta, done } = Self::advance(x, rp, q, next);
        let ((r, p), next_r) = (rp.split_at(d), &next[d..2 * d]);
        let two = F::of(2.0);
        let (cx, rest) = cotangent.split_at(d);
        let (cr, cp) = rest.split_at(d);
        let (g_x, rest) = gx.split_at_mut(d);
        let (gr, gp) = rest.split_at_mut(d);

        // p+ = r+ + beta p,  beta = r+'r+ / rho
        let gbeta = if done { F::zero() } else { F::dot(cp, p) };
        let grho_next = if done { F::zero() } else { gbeta / rho };
        let mut grho = if done { F::zero() } else { -gbeta * beta / rho };
        for j in 0..d {
            gp[j] = beta * cp[j];
            gr[j] = cr[j] + cp[j] + two * grho_next * next_r[j];
        }
        // r+ = r - alpha q,  x+ = x + alpha p,  alpha = rho / p'q
        let galpha = if done { F::zero() } else { F::dot(cx, p) - F::dot(gr, q) };
        let gcurvature = if done { F::zero() } else { -galpha * alpha / curvature };
        grho += if done { F::zero() } else { galpha / curvature };
        for j in 0..d {
            gq[j] = gcurvature * p[j] - alpha * gr[j];
            gp[j] += alpha * cx[j] + gcurvature * q[j];
            gr[j] += two * grho * r[j];
            g_x[j] = cx[j];
        }
        // q = H(theta) p
        self.problem.hess(x, at.theta, 1, gq, hgq, scratch);
        F::axpy(F::one(), hgq, gp);
        self.problem.hess_theta_t(x, at.theta, p, F::one(), gq, gtheta, scratch);
        // r = p = -grad f(x)
        if at.t == 0 {
            F::axpy(F::one(), gp, gr);
            self.problem.mixed_t(x, at.theta, -F::one(), gr, gtheta, scratch);
            self.problem.hess(x, at.theta, 1, gr, hgq, scratch);
            F::axpy(-F::one(), hgq, g_x);
            gr.fill(F::zero());
            gp.fill(F::zero());
        }
    }
}
