//! Penalties with a kink, by their proximal operator.

use crate::Real;

/// A convex penalty `g(x, theta)` with a cheap proximal operator
/// `prox(v) = argmin_x  h g(x, theta) + 1/2 |x - v|^2`.
///
/// The derivatives are those almost everywhere: on the support that `prox(v)` has.
pub trait Prox<F: Real>: Sync {
    /// Length of `x`; `None`: any.
    fn dim(&self) -> Option<usize>;
    /// Length of `theta`.
    fn params(&self) -> usize;
    /// Length of scratch.
    fn scratch(&self) -> usize;
    /// Whether this is no penalty at all.
    fn is_zero(&self) -> bool {
        false
    }
    /// `g(x, theta)`.
    fn value(&self, x: &[F], theta: &[F], scratch: &mut [F]) -> F;
    /// `v <- prox(v)`, step size `h`.
    fn prox(&self, h: F, theta: &[F], v: &mut [F], scratch: &mut [F]);
    /// `dv <- dprox(v)[dv, dtheta]`, given `x = prox(v)`.
    fn jvp(&self, h: F, theta: &[F], x: &[F], dv: &mut [F], dtheta: &[F], scratch: &mut [F]);
    /// `c <- (dprox/dv)' c` and `gtheta += (dprox/dtheta)' c`, given `x = prox(v)`.
    fn vjp(&self, h: F, theta: &[F], x: &[F], c: &mut [F], gtheta: &mut [F], scratch: &mut [F]);
    /// The coordinates on which `g` is smooth at `x`, in increasing order: the support, and those
    /// without a penalty; `None` when it is all of them.
    fn support(&self, x: &[F]) -> Option<Vec<usize>>;
    /// Zeroes `v` off the support.
    fn restrict(&self, x: &[F], v: &mut [F]);
    /// On the support, `out += grad_x g`.
    fn add_gradient(&self, theta: &[F], x: &[F], out: &mut [F], scratch: &mut [F]);
    /// On the support, `out += (grad_xx g) v`.
    fn add_hess(&self, theta: &[F], x: &[F], v: &[F], out: &mut [F], scratch: &mut [F]);
    /// On the support, `out += (grad_x,theta g) dtheta`.
    fn add_mixed(&self, theta: &[F], x: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]);
    /// On the support, `gtheta += scale (grad_x,theta g)' v`.
    fn mixed_t(&self, theta: &[F], x: &[F], scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]);
}

/// No penalty: `g = 0`.
#[derive(Clone, Copy, Debug)]
pub struct NoPenalty;

impl<F: Real> Prox<F> for NoPenalty {
    fn dim(&self) -> Option<usize> {
        None
    }

    fn params(&self) -> usize {
        0
    }

    fn scratch(&self) -> usize {
        0
    }

    fn is_zero(&self) -> bool {
        true
    }

    fn value(&self, _: &[F], _: &[F], _: &mut [F]) -> F {
        F::zero()
    }

    fn prox(&self, _: F, _: &[F], _: &mut [F], _: &mut [F]) {}

    fn jvp(&self, _: F, _: &[F], _: &[F], _: &mut [F], _: &[F], _: &mut [F]) {}

    fn vjp(&self, _: F, _: &[F], _: &[F], _: &mut [F], _: &mut [F], _: &mut [F]) {}

    fn support(&self, _: &[F]) -> Option<Vec<usize>> {
        None
    }

    fn restrict(&self, _: &[F], _: &mut [F]) {}

    fn add_gradient(&self, _: &[F], _: &[F], _: &mut [F], _: &mut [F]) {}

    fn add_hess(&self, _: &[F], _: &[F], _: &[F], _: &mut [F], _: &mut [F]) {}

    fn add_mixed(&self, _: &[F], _: &[F], _: &[F], _: &mut [F], _: &mut [F]) {}

    fn mixed_t(&self, _: &[F], _: &[F], _: F, _: &[F], _: &mut [F], _: &mut [F]) {}
}
