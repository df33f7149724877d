//! A smooth objective by its oracles: the way to bring a problem of one's own.

use crate::Real;
use crate::trust::Moduli;

/// A twice differentiable objective `f(x, theta)`.
///
/// Gradient, Hessian-vector and mixed products are all that first-order methods, their JVPs and
/// VJPs, and implicit differentiation need. `check::smooth` tests an implementation against
/// finite differences.
///
/// Columns of blocks are stored one after the other; `scratch` is as long as
/// [`Smooth::scratch`] says for the number of columns (1 where there is none).
pub trait Smooth<F: Real>: Sync {
    /// Length of `x`.
    fn dim(&self) -> usize;

    /// Length of `theta`.
    fn params(&self) -> usize;

    /// Length of scratch for blocks of `k` columns; must not decrease with `k`.
    fn scratch(&self, k: usize) -> usize {
        let _ = k;
        0
    }

    /// `f(x, theta)`.
    fn value(&self, x: &[F], theta: &[F], scratch: &mut [F]) -> F;

    /// `out = grad_x f`.
    fn gradient(&self, x: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]);

    /// `out = (grad_xx f) V` for `k` columns.
    fn hess(&self, x: &[F], theta: &[F], k: usize, v: &[F], out: &mut [F], scratch: &mut [F]);

    /// `out += (grad_x,theta f) dTheta` for `k` columns, `dtheta` params x k.
    fn mixed(&self, x: &[F], theta: &[F], k: usize, dtheta: &[F], out: &mut [F], scratch: &mut [F]);

    /// `gtheta += scale (grad_x,theta f)' v`.
    fn mixed_t(&self, x: &[F], theta: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]);

    /// Length of scratch for [`Smooth::hess_matrix`].
    fn matrix_scratch(&self) -> usize {
        self.dim() + self.scratch(1)
    }

    /// The Hessian, `d x d`. Override it where forming it is cheaper than `d` products.
    fn hess_matrix(&self, x: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]) {
        let (unit, scratch) = scratch.split_at_mut(self.dim());
        unit.fill(F::zero());
        for (j, column) in out.chunks_exact_mut(unit.len().max(1)).enumerate() {
            unit[j] = F::one();
            self.hess(x, theta, 1, unit, column, scratch);
            unit[j] = F::zero();
        }
    }

    /// Whether the gradient is affine in `x`.
    fn is_quadratic(&self) -> bool {
        false
    }

    /// Strong convexity and Lipschitz constants, where they are known: what certified error bounds
    /// are made of.
    fn moduli(&self, theta: &[F]) -> Option<Moduli> {
        let _ = theta;
        None
    }
}

/// An objective with third derivatives: what the JVP and VJP of Newton's method and of conjugate
/// gradient, whose steps contain the Hessian, need.
pub trait ThirdOrder<F: Real>: Smooth<F> {
    /// `out = (grad_xxx f)[u, v]`, the derivative of `(grad_xx f) u` in the direction `v`.
    /// Symmetric: it is its own transpose in `v`.
    fn third(&self, x: &[F], theta: &[F], u: &[F], v: &[F], out: &mut [F], scratch: &mut [F]);

    /// `out += d/dtheta[(grad_xx f) u] dtheta`.
    fn hess_theta(&self, x: &[F], theta: &[F], u: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]);

    /// `gtheta += scale (d/dtheta[(grad_xx f) u])' v`.
    #[allow(clippy::too_many_arguments)]
    fn hess_theta_t(&self, x: &[F], theta: &[F], u: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]);
}
