//! The first axis: what is iterated. One step, its JVP and its VJP; no loop, no allocation, no output.

use crate::Real;
use crate::trust::Moduli;

/// Sizes of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    /// Length of the whole state (for example `[x, previous x]` of a momentum method).
    pub state: usize,
    /// Length of the answer: the leading entries of the state. Users pass a start and get a
    /// solution, tangents and cotangents of this length.
    pub output: usize,
    /// Length of the parameter vector theta.
    pub params: usize,
}

/// Where a map is evaluated.
#[derive(Clone, Copy, Debug)]
pub struct At<'a, F> {
    /// Step counter, from 0. A map may treat `t == 0` as its initialisation.
    pub t: usize,
    /// The state `x_t`, length [`Dims::state`].
    pub x: &'a [F],
    /// The parameters, length [`Dims::params`].
    pub theta: &'a [F],
}

/// An iterative solver: `x_{t+1} = T_t(x_t, theta)`.
///
/// A run starts from the state `[x_0, 0, …]`: the start fills the output part and zeros the rest,
/// so a map with more state than output sets the rest up itself in its step `t == 0`.
///
/// ```
/// use unspool_core::{At, Dims, Map, Solve, Stop};
///
/// /// Heron's iteration for the square root of theta.
/// struct Heron;
/// impl Map<f64> for Heron {
///     fn dims(&self) -> Dims {
///         Dims { state: 1, output: 1, params: 1 }
///     }
///     fn step(&self, at: At<'_, f64>, next: &mut [f64], _: &mut [f64]) {
///         next[0] = 0.5 * (at.x[0] + at.theta[0] / at.x[0]);
///     }
/// }
/// let solution = Solve::new(&Heron, &[1.0]).stop(Stop::tolerance(1e-12)).run(&[2.0])?;
/// assert!((solution.x[0] - 2f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), unspool_core::Error>(())
/// ```
pub trait Map<F: Real>: Sync {
    /// Sizes of state, output and parameters.
    fn dims(&self) -> Dims;

    /// Length of the scratch slice that `step` (`directions == 0`), `vjp` (`1`) and `jvps`
    /// (`directions` columns) ask for. Must not decrease with `directions`.
    fn scratch(&self, directions: usize) -> usize {
        let _ = directions;
        0
    }

    /// One application of the map: writes `x_{t+1}` into `next`, which never aliases `at.x` and
    /// whose old contents mean nothing.
    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]);

    /// The equation that the map's limits satisfy, when it is known and symmetric. Implicit
    /// differentiation uses it; without it, the fixed-point equation `x = T(x, theta)` serves.
    fn condition(&self) -> Option<Box<dyn Condition<F> + '_>> {
        None
    }

    /// Asked once, after a step from `at` gave a value that is not finite: the pivot at which a
    /// matrix turned out singular or indefinite, if that was the cause.
    fn singular_pivot(&self, at: At<'_, F>) -> Option<usize> {
        let _ = at;
        None
    }
}

/// A map with a tangent: the directional derivative of one step.
pub trait Jvp<F: Real>: Map<F> {
    /// Writes `dT(x, theta) [dx, dtheta]` into `out`.
    ///
    /// # Shapes
    /// `dx`, `out`: state; `dtheta`: params; `scratch`: `scratch(1)`.
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]);

    /// The same for `k` directions at once, stored one after the other (column-major). Override
    /// it where a block is cheaper than its columns: matrix-matrix work instead of matrix-vector.
    ///
    /// # Shapes
    /// `dx`, `out`: state x k; `dtheta`: params x k; `scratch`: `scratch(k)`.
    fn jvps(&self, at: At<'_, F>, k: usize, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let Dims { state, params, .. } = self.dims();
        for j in 0..k {
            let (x, p) = (j * state..(j + 1) * state, j * params..(j + 1) * params);
            self.jvp(at, &dx[x.clone()], &dtheta[p], &mut out[x], scratch);
        }
    }
}

/// A map with an adjoint: the transposed derivative of one step.
pub trait Vjp<F: Real>: Map<F> {
    /// `gx = (dT/dx)' c` (overwritten) and `gtheta += (dT/dtheta)' c` (accumulated). The sign is
    /// always that of the plain transpose.
    ///
    /// # Shapes
    /// `cotangent`, `gx`: state; `gtheta`: params; `scratch`: `scratch(1)`.
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]);

    /// `gtheta` alone, for the earliest step of a truncated pass. Override it where it saves work.
    fn vjp_params(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        self.vjp(at, cotangent, gx, gtheta, scratch);
    }

    /// Length of the tape of a step, for maps whose adjoint needs more of the step than `x`: 0 for others.
    fn tape(&self) -> usize {
        0
    }

    /// [`Map::step`], which leaves in `tape` what [`Vjp::vjp_taped`] reads, so that it needs not be computed again.
    ///
    /// # Shapes
    /// `tape`: [`Vjp::tape`], all zero or as a step of this map left it there; `scratch`: `scratch(1)`.
    fn step_taped(&self, at: At<'_, F>, next: &mut [F], tape: &mut [F], scratch: &mut [F]) {
        let _ = tape;
        self.step(at, next, scratch);
    }

    /// [`Vjp::vjp`] at the point whose step left `tape`.
    fn vjp_taped(&self, at: At<'_, F>, tape: &[F], cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let _ = tape;
        self.vjp(at, cotangent, gx, gtheta, scratch);
    }
}

/// A symmetric optimality condition `g(x, theta) = 0`, such as a vanishing gradient: what
/// implicit differentiation solves, `(dg/dx) dx = -(dg/dtheta) dtheta`.
///
/// `x` is the output part of the state. Where only some coordinates are free (the support of a
/// lasso solution) the others have derivative zero: [`Condition::active`] lists the free ones,
/// and `apply` acts on, and returns, vectors that vanish outside them.
pub trait Condition<F: Real>: Sync {
    /// Length of scratch for `k` columns.
    fn scratch(&self, k: usize) -> usize;
    /// `out = g(x, theta)`, zero outside the free coordinates.
    fn value(&self, at: At<'_, F>, out: &mut [F], scratch: &mut [F]);
    /// Bounds that hold for all `x`, where they are known.
    fn moduli(&self, theta: &[F]) -> Option<Moduli> {
        let _ = theta;
        None
    }
    /// The free coordinates in increasing order; `None` when all are.
    fn active(&self, at: At<'_, F>) -> Option<Vec<usize>>;
    /// `out = (dg/dx) V` for `k` columns of the output's length.
    fn apply(&self, at: At<'_, F>, k: usize, v: &[F], out: &mut [F], scratch: &mut [F]);
    /// Length of scratch for [`Condition::matrix`].
    fn matrix_scratch(&self) -> usize;
    /// The matrix `dg/dx`, `d x d`, symmetric.
    fn matrix(&self, at: At<'_, F>, out: &mut [F], scratch: &mut [F]);
    /// `out = (dg/dtheta) dTheta` for `k` columns (overwritten).
    fn mixed(&self, at: At<'_, F>, k: usize, dtheta: &[F], out: &mut [F], scratch: &mut [F]);
    /// `gtheta += scale (dg/dtheta)' v`.
    fn mixed_t(&self, at: At<'_, F>, scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]);
}
