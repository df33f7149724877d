//! An objective as one generic function.

use super::numbers::Pair;
use super::{DualNum, Scalar};
use crate::problem::{Smooth, ThirdOrder};

/// An objective `f(x, theta)`, its derivatives left to [`Auto`]. See [`crate::autodiff`] on how to
/// write [`Objective::value`].
///
/// Ridge regression with a loss that grows like `|r|` for outliers, the regulariser and the width
/// of the loss by their logarithms: differentiated through 400 steps of gradient descent, and by
/// the equation that the answer of Newton's method satisfies.
///
/// ```
/// use unspool_core::autodiff::{Auto, DualNum, Objective};
/// use unspool_core::method::{GradientDescent, Newton};
/// use unspool_core::{Mode, Solve, Stop};
///
/// /// `(1/n) sum_i s^2 (sqrt(1 + (r_i/s)^2) - 1) + 1/2 lambda |w|^2`, theta = `(log lambda, log s)`
/// struct Robust {
///     x: Vec<[f64; 2]>,
///     y: Vec<f64>,
/// }
/// impl Objective<f64> for Robust {
///     fn dim(&self) -> usize {
///         2
///     }
///     fn params(&self) -> usize {
///         2
///     }
///     fn value<D: DualNum<Primitive = f64> + Copy>(&self, w: &[D], theta: &[D]) -> D {
///         let (lambda, s) = (theta[0].exp(), theta[1].exp());
///         let residuals = self.x.iter().zip(&self.y).map(|(x, &y)| w[0] * x[0] + w[1] * x[1] - y);
///         let loss = residuals.map(|r| ((r / s).powi(2) + 1.0).sqrt() - 1.0).sum::<D>() * s * s;
///         loss / self.y.len() as f64 + lambda * (w[0] * w[0] + w[1] * w[1]) * 0.5
///     }
/// }
///
/// let x = vec![[1.0, 0.2], [0.9, -1.0], [-0.4, 1.1], [0.3, 0.8]];
/// let problem = Auto(Robust { x, y: vec![1.0, 0.5, 0.1, 9.0] });
/// let theta = [-2.0, 0.3];
/// let loss = |w: &[f64], c: &mut [f64]| c.copy_from_slice(&[w[0] - 1.0, w[1]]);
///
/// let descent = GradientDescent::new(&problem, 0.8);
/// let unrolled = Solve::new(&descent, &[0.0, 0.0]).stop(Stop::steps(400)).vjp(&theta, Mode::full(), loss)?;
/// let newton = Newton::new(&problem);
/// let implicit = Solve::new(&newton, &[0.0, 0.0]).vjp(&theta, Mode::implicit(), loss)?;
/// for (a, b) in unrolled.theta.iter().zip(&implicit.theta) {
///     assert!((a - b).abs() < 1e-9);
/// }
/// # Ok::<(), unspool_core::Error>(())
/// ```
pub trait Objective<F>: Sync {
    /// Length of `x`.
    fn dim(&self) -> usize;

    /// Length of `theta`.
    fn params(&self) -> usize;

    /// `f(x, theta)`.
    fn value<D: DualNum<Primitive = F> + Copy>(&self, x: &[D], theta: &[D]) -> D;

    /// Whether the gradient is affine in `x`. Not derived: say so for conjugate gradient.
    fn is_quadratic(&self) -> bool {
        false
    }
}

/// An [`Objective`] with all its derivatives.
///
/// # Complexity
/// Evaluations of the objective, and what one costs in numbers of type `F`; `k` columns.
///
/// | oracle | evaluations | numbers |
/// |---|---|---|
/// | value | 1 | 1 |
/// | gradient | `ceil(d/8)` | 9 |
/// | Hessian and mixed products | `k ceil(d/8)` | 18 |
/// | transposed mixed product | `ceil(p/8)` | 18 |
/// | Hessian | about `d^2/16 + d/2` | 18 |
/// | third derivative, the Hessian's in theta | `ceil(d/8)` | 36 |
/// | the latter transposed | `ceil(p/8)` | 36 |
///
/// No scratch; on memory see [`crate::autodiff`].
///
/// ```
/// use unspool_core::autodiff::{Auto, DualNum, Objective};
/// use unspool_core::{check, problem::Smooth};
///
/// /// `(1 - x)^2 + theta (y - x^2)^2`
/// struct Rosenbrock;
/// impl Objective<f64> for Rosenbrock {
///     fn dim(&self) -> usize {
///         2
///     }
///     fn params(&self) -> usize {
///         1
///     }
///     fn value<D: DualNum<Primitive = f64> + Copy>(&self, x: &[D], theta: &[D]) -> D {
///         (-x[0] + 1.0).powi(2) + theta[0] * (x[1] - x[0] * x[0]).powi(2)
///     }
/// }
/// let mut gradient = [0.0; 2];
/// Auto(Rosenbrock).gradient(&[0.0, 1.0], &[100.0], &mut gradient, &mut []);
/// assert_eq!(gradient, [-2.0, 200.0]);
/// check::smooth(&Auto(Rosenbrock), &[-1.2, 1.0], &[100.0], 7).assert();
/// check::third_order(&Auto(Rosenbrock), &[-1.2, 1.0], &[100.0], 7).assert();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Auto<O>(pub O);

/// A direction in `x` alone.
fn in_x<F>(v: &[F]) -> Pair<'_, F> {
    [v, &[]]
}

/// A direction in theta alone.
fn in_theta<F>(v: &[F]) -> Pair<'_, F> {
    [&[], v]
}

impl<F: Scalar, O: Objective<F>> Smooth<F> for Auto<O> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn params(&self) -> usize {
        self.0.params()
    }

    fn value(&self, x: &[F], theta: &[F], _: &mut [F]) -> F {
        F::value(&self.0, [x, theta])
    }

    fn gradient(&self, x: &[F], theta: &[F], out: &mut [F], _: &mut [F]) {
        F::partials(&self.0, [x, theta], &[], 0..x.len(), |i, g| out[i] = g);
    }

    fn hess(&self, x: &[F], theta: &[F], k: usize, v: &[F], out: &mut [F], _: &mut [F]) {
        let d = x.len();
        for j in 0..k {
            let (v, out) = (&v[j * d..(j + 1) * d], &mut out[j * d..(j + 1) * d]);
            F::partials(&self.0, [x, theta], &[in_x(v)], 0..d, |i, g| out[i] = g);
        }
    }

    fn mixed(&self, x: &[F], theta: &[F], k: usize, dtheta: &[F], out: &mut [F], _: &mut [F]) {
        let (d, p) = (x.len(), theta.len());
        for j in 0..k {
            let (dtheta, out) = (&dtheta[j * p..(j + 1) * p], &mut out[j * d..(j + 1) * d]);
            F::partials(&self.0, [x, theta], &[in_theta(dtheta)], 0..d, |i, g| out[i] += g);
        }
    }

    fn mixed_t(&self, x: &[F], theta: &[F], scale: F, v: &[F], gtheta: &mut [F], _: &mut [F]) {
        let (d, p) = (x.len(), theta.len());
        F::partials(&self.0, [x, theta], &[in_x(v)], d..d + p, |i, g| gtheta[i - d] += scale * g);
    }

    fn matrix_scratch(&self) -> usize {
        self.0.dim()
    }

    /// The lower triangle, mirrored.
    fn hess_matrix(&self, x: &[F], theta: &[F], out: &mut [F], scratch: &mut [F]) {
        let d = x.len();
        let unit = &mut scratch[..d];
        unit.fill(F::of(0.0));
        for j in 0..d {
            unit[j] = F::of(1.0);
            F::partials(&self.0, [x, theta], &[in_x(unit)], j..d, |i, h| (out[j * d + i], out[i * d + j]) = (h, h));
            unit[j] = F::of(0.0);
        }
    }

    fn is_quadratic(&self) -> bool {
        self.0.is_quadratic()
    }
}

impl<F: Scalar, O: Objective<F>> ThirdOrder<F> for Auto<O> {
    fn third(&self, x: &[F], theta: &[F], u: &[F], v: &[F], out: &mut [F], _: &mut [F]) {
        F::partials(&self.0, [x, theta], &[in_x(u), in_x(v)], 0..x.len(), |i, g| out[i] = g);
    }

    fn hess_theta(&self, x: &[F], theta: &[F], u: &[F], dtheta: &[F], out: &mut [F], _: &mut [F]) {
        F::partials(&self.0, [x, theta], &[in_x(u), in_theta(dtheta)], 0..x.len(), |i, g| out[i] += g);
    }

    fn hess_theta_t(&self, x: &[F], theta: &[F], u: &[F], scale: F, v: &[F], gtheta: &mut [F], _: &mut [F]) {
        let (d, p) = (x.len(), theta.len());
        F::partials(&self.0, [x, theta], &[in_x(u), in_x(v)], d..d + p, |i, g| gtheta[i - d] += scale * g);
    }
}
