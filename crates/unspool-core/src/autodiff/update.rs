//! An update rule as one generic function.

use super::{DualNum, Scalar};
use crate::{At, Dims, Jvp, Map, Vjp};

/// An iterative solver `x_{t+1} = T_t(x_t, theta)`, its derivatives left to [`AutoMap`]. See
/// [`crate::autodiff`] on how to write [`Update::step`].
///
/// Kepler's equation `E = M + e sin E`, theta = `(M, e)`:
///
/// ```
/// use unspool_core::autodiff::{AutoMap, DualNum, Update};
/// use unspool_core::{Dims, Mode, Solve, Stop};
///
/// struct Kepler;
/// impl Update<f64> for Kepler {
///     fn dims(&self) -> Dims {
///         Dims { state: 1, output: 1, params: 2 }
///     }
///     fn step<D: DualNum<Primitive = f64> + Copy>(&self, _: usize, x: &[D], theta: &[D], next: &mut [D]) {
///         next[0] = theta[0] + theta[1] * x[0].sin();
///     }
/// }
///
/// let map = AutoMap(Kepler);
/// let solve = Solve::new(&map, &[1.0]).stop(Stop::steps(60));
/// let full = solve.vjp(&[1.0, 0.3], Mode::full(), |_, c| c[0] = 1.0)?;
/// let implicit = solve.vjp(&[1.0, 0.3], Mode::neumann(), |_, c| c[0] = 1.0)?;
/// let (sin, cos) = full.x[0].sin_cos();
/// let exact = [1.0 / (1.0 - 0.3 * cos), sin / (1.0 - 0.3 * cos)];
/// for i in 0..2 {
///     assert!((full.theta[i] - exact[i]).abs() < 1e-12);
///     assert!((implicit.theta[i] - exact[i]).abs() < 1e-9);
/// }
/// # Ok::<(), unspool_core::Error>(())
/// ```
pub trait Update<F>: Sync {
    /// Sizes of state, output and parameters.
    fn dims(&self) -> Dims;

    /// Writes `T_t(x, theta)` into `next`, whose old contents mean nothing. As in [`Map`], the run
    /// starts from `[x_0, 0, …]`, and a state longer than the output is set up at `t == 0`.
    fn step<D: DualNum<Primitive = F> + Copy>(&self, t: usize, x: &[D], theta: &[D], next: &mut [D]);
}

/// An [`Update`] with both derivatives of its step. It has no symmetric condition, so the implicit
/// modes for it are [`Mode::cholesky`](crate::Mode::cholesky) and
/// [`Mode::neumann`](crate::Mode::neumann).
///
/// # Complexity
/// Evaluations of the step, and what one costs in numbers of type `F`; a state of `s`, `p`
/// parameters, `k` columns. Without reverse mode in `num-dual`, a VJP forms the whole derivative
/// of the step, eight columns at a time.
///
/// | | evaluations | numbers |
/// |---|---|---|
/// | step | 1 | 1 |
/// | JVP | 1 | 2 |
/// | JVP of a block | `ceil(k/8)` | 9 |
/// | VJP | `ceil((s + p)/8)` | 9 |
/// | VJP in theta alone | `ceil(p/8)` | 9 |
///
/// No scratch; on memory see [`crate::autodiff`].
///
/// ```
/// use unspool_core::autodiff::{AutoMap, DualNum, Update};
/// use unspool_core::{At, Dims, check};
///
/// /// Heavy ball on `x^4/4 - theta x`, state `[x, previous x]`.
/// struct Quartic;
/// impl Update<f64> for Quartic {
///     fn dims(&self) -> Dims {
///         Dims { state: 2, output: 1, params: 1 }
///     }
///     fn step<D: DualNum<Primitive = f64> + Copy>(&self, t: usize, x: &[D], theta: &[D], next: &mut [D]) {
///         let momentum = if t == 0 { D::zero() } else { (x[0] - x[1]) * 0.5 };
///         next[0] = x[0] - (x[0].powi(3) - theta[0]) * 0.1 + momentum;
///         next[1] = x[0];
///     }
/// }
/// check::step(&AutoMap(Quartic), At { t: 3, x: &[0.9, 0.8], theta: &[2.0] }, 7).assert();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AutoMap<U>(pub U);

impl<F: Scalar, U: Update<F>> Map<F> for AutoMap<U> {
    fn dims(&self) -> Dims {
        self.0.dims()
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], _: &mut [F]) {
        F::step(&self.0, at.t, [at.x, at.theta], next);
    }
}

impl<F: Scalar, U: Update<F>> Jvp<F> for AutoMap<U> {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.jvps(at, 1, dx, dtheta, out, scratch);
    }

    fn jvps(&self, at: At<'_, F>, k: usize, dx: &[F], dtheta: &[F], out: &mut [F], _: &mut [F]) {
        F::columns(&self.0, at.t, [at.x, at.theta], k, [dx, dtheta], out);
    }
}

impl<F: Scalar, U: Update<F>> Vjp<F> for AutoMap<U> {
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], _: &mut [F]) {
        let (s, p) = (at.x.len(), at.theta.len());
        let each = |i, g| if i < s { gx[i] = g } else { gtheta[i - s] += g };
        F::rows(&self.0, at.t, [at.x, at.theta], cotangent, 0..s + p, each);
    }

    fn vjp_params(&self, at: At<'_, F>, cotangent: &[F], _: &mut [F], gtheta: &mut [F], _: &mut [F]) {
        let (s, p) = (at.x.len(), at.theta.len());
        F::rows(&self.0, at.t, [at.x, at.theta], cotangent, s..s + p, |i, g| gtheta[i - s] += g);
    }
}
