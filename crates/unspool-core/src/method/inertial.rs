//! What heavy ball, Nesterov, Chebyshev and FISTA share.
//!
//! ```text
//! y_t     = x_t + b_t (x_t - x_{t-1})
//! x_{t+1} = prox( x_t + q_t (x_t - x_{t-1}) - h_t grad f(y_t, theta) )
//! ```
//!
//! The state is `[x_t, x_{t-1}]`; at `t = 0` there is no past and the differences are zero. The
//! coefficients are constants in theta.

use crate::problem::{NoPenalty, OnSupport, Prox, Smooth};
use crate::{At, Condition, Dims, Jvp, Map, Real, Vjp};

/// Step size and momentum of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients<F> {
    /// Step size `h_t`.
    pub step_size: F,
    /// Momentum `q_t`.
    pub momentum: F,
    /// Extrapolation `b_t` of the point at which the gradient is taken.
    pub extrapolation: F,
}

/// The coefficients of a method, step by step: all that tells one momentum method from another.
pub trait Schedule<F: Real>: Sync {
    /// Those of step `t`. At `t = 0` momentum and extrapolation have no effect.
    fn at(&self, t: usize) -> Coefficients<F>;
}

/// A momentum method on a smooth problem, or on a smooth part plus a penalty `G`.
///
/// # Complexity
/// One gradient and one proximal step; one Hessian and one mixed product a JVP or VJP.
pub struct Inertial<'a, F, S: ?Sized, G, C> {
    smooth: &'a S,
    penalty: &'a G,
    schedule: C,
    marker: std::marker::PhantomData<F>,
}

impl<'a, F: Real, S: Smooth<F> + ?Sized, C: Schedule<F>> Inertial<'a, F, S, NoPenalty, C> {
    /// On a smooth problem.
    pub fn smooth(problem: &'a S, schedule: C) -> Self {
        Self::composite(problem, &NoPenalty, schedule)
    }
}

impl<'a, F: Real, S: Smooth<F> + ?Sized, G: Prox<F>, C: Schedule<F>> Inertial<'a, F, S, G, C> {
    /// On a smooth part plus a penalty.
    pub fn composite(smooth: &'a S, penalty: &'a G, schedule: C) -> Self {
        Inertial { smooth, penalty, schedule, marker: std::marker::PhantomData }
    }

    fn coefficients(&self, t: usize) -> Coefficients<F> {
        let c = self.schedule.at(t);
        if t == 0 { Coefficients { momentum: F::zero(), extrapolation: F::zero(), ..c } } else { c }
    }

    /// The scratch's parts: `y`, `x_{t+1}`, two blocks of k columns, the rest.
    #[allow(clippy::type_complexity)]
    fn split<'s>(
        &self,
        k: usize,
        scratch: &'s mut [F],
    ) -> (&'s mut [F], &'s mut [F], &'s mut [F], &'s mut [F], &'s mut [F]) {
        let d = self.smooth.dim();
        let (y, rest) = scratch.split_at_mut(d);
        let (x, rest) = rest.split_at_mut(d);
        let (a, rest) = rest.split_at_mut(k * d);
        let (b, rest) = rest.split_at_mut(k * d);
        (y, x, a, b, rest)
    }

    /// `y` and `x_{t+1}` at `at`.
    fn forward(&self, at: At<'_, F>, c: Coefficients<F>, y: &mut [F], next: &mut [F], scratch: &mut [F]) {
        let (x, past) = at.x.split_at(y.len());
        let (theta, theta_g) = at.theta.split_at(self.smooth.params());
        combine(x, past, c.extrapolation, y);
        self.smooth.gradient(y, theta, next, scratch);
        for ((next, &x), &past) in next.iter_mut().zip(x).zip(past) {
            *next = momentum(x, past, c.momentum) - c.step_size * *next;
        }
        self.penalty.prox(c.step_size, theta_g, next, scratch);
    }
}

/// `x + q (x - past)`; the past is not looked at when `q = 0`.
#[inline(always)]
fn momentum<F: Real>(x: F, past: F, q: F) -> F {
    if q == F::zero() { x } else { x + q * (x - past) }
}

fn combine<F: Real>(x: &[F], past: &[F], b: F, out: &mut [F]) {
    for ((out, &x), &past) in out.iter_mut().zip(x).zip(past) {
        *out = momentum(x, past, b);
    }
}

impl<F: Real, S: Smooth<F> + ?Sized, G: Prox<F>, C: Schedule<F>> Map<F> for Inertial<'_, F, S, G, C> {
    fn dims(&self) -> Dims {
        let d = self.smooth.dim();
        Dims { state: 2 * d, output: d, params: self.smooth.params() + self.penalty.params() }
    }

    fn scratch(&self, directions: usize) -> usize {
        let k = directions.max(1);
        (2 + 2 * k) * self.smooth.dim() + self.smooth.scratch(k).max(self.penalty.scratch())
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]) {
        let d = self.smooth.dim();
        let (y, _, _, _, scratch) = self.split(1, scratch);
        let (x, past) = next.split_at_mut(d);
        self.forward(at, self.coefficients(at.t), y, x, scratch);
        past.copy_from_slice(&at.x[..d]);
    }

    fn condition(&self) -> Option<Box<dyn Condition<F> + '_>> {
        Some(Box::new(OnSupport { smooth: self.smooth, penalty: self.penalty }))
    }
}

impl<F: Real, S: Smooth<F> + ?Sized, G: Prox<F>, C: Schedule<F>> Jvp<F> for Inertial<'_, F, S, G, C> {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.jvps(at, 1, dx, dtheta, out, scratch);
    }

    fn jvps(&self, at: At<'_, F>, k: usize, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let (d, p) = (self.smooth.dim(), self.smooth.params());
        let (theta, theta_g) = at.theta.split_at(p);
        let total = at.theta.len();
        let c = self.coefficients(at.t);
        let (y, next, dy, dg, scratch) = self.split(k, scratch);
        if self.penalty.is_zero() {
            combine(&at.x[..d], &at.x[d..], c.extrapolation, y);
        } else {
            self.forward(at, c, y, next, scratch);
        }
        for (dx, dy) in dx.chunks_exact(2 * d).zip(dy.chunks_exact_mut(d)) {
            combine(&dx[..d], &dx[d..], c.extrapolation, dy);
        }
        self.smooth.hess(y, theta, k, dy, dg, scratch);
        if p == total {
            self.smooth.mixed(y, theta, k, dtheta, dg, scratch);
        }
        for j in 0..k {
            let dx = &dx[2 * d * j..2 * d * (j + 1)];
            let (out, past) = out[2 * d * j..2 * d * (j + 1)].split_at_mut(d);
            let (dg, dtheta) = (&mut dg[d * j..d * (j + 1)], &dtheta[total * j..total * (j + 1)]);
            if p > 0 && p < total {
                self.smooth.mixed(y, theta, 1, &dtheta[..p], dg, scratch);
            }
            combine(&dx[..d], &dx[d..], c.momentum, out);
            F::axpy(-c.step_size, dg, out);
            self.penalty.jvp(c.step_size, theta_g, next, out, &dtheta[p..], scratch);
            past.copy_from_slice(&dx[..d]);
        }
    }
}

impl<F: Real, S: Smooth<F> + ?Sized, G: Prox<F>, C: Schedule<F>> Vjp<F> for Inertial<'_, F, S, G, C> {
    /// With `c = [c_x, c_past]`, `r` the proximal step's transpose of `c_x` and `s = grad_xx f(y) r`:
    /// `g_x = (1 + q) r - h (1 + b) s + c_past` and `g_past = -q r + h b s`.
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let (d, p) = (self.smooth.dim(), self.smooth.params());
        let (theta, theta_g) = at.theta.split_at(p);
        let c = self.coefficients(at.t);
        let (h, q, b) = (c.step_size, c.momentum, c.extrapolation);
        let (y, next, r, s, scratch) = self.split(1, scratch);
        let (gtheta, gtheta_g) = gtheta.split_at_mut(p);
        if self.penalty.is_zero() {
            combine(&at.x[..d], &at.x[d..], b, y);
        } else {
            self.forward(at, c, y, next, scratch);
        }
        r.copy_from_slice(&cotangent[..d]);
        self.penalty.vjp(h, theta_g, next, r, gtheta_g, scratch);
        self.smooth.mixed_t(y, theta, -h, r, gtheta, scratch);
        self.smooth.hess(y, theta, 1, r, s, scratch);
        let (g, past) = gx.split_at_mut(d);
        for j in 0..d {
            g[j] = (F::one() + q) * r[j] - h * (F::one() + b) * s[j] + cotangent[d + j];
            past[j] = h * b * s[j] - q * r[j];
        }
    }
}
