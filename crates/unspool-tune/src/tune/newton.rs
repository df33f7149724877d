//! The inner solver for smooth problems: Newton's method, its directions by a factorisation where
//! there are few weights and by conjugate gradient otherwise (truncated Newton; Dembo, Steihaug
//! 1983).

use unspool_core::linsolve::{cg, dense};
use unspool_core::problem::Smooth;

/// Gradients below this fraction of the one at zero end the solve.
const TOLERANCE: f64 = 1e-8;

/// Up to this many weights the Hessian is factored.
const FEW: usize = 256;

/// Vectors that all solves of a problem share.
#[derive(Default)]
pub(super) struct Work {
    scratch: Vec<f64>,
    hessian: Vec<f64>,
    cg: Vec<f64>,
    gradient: Vec<f64>,
    direction: Vec<f64>,
    trial: Vec<f64>,
    /// Gradient's size at zero, where the penalty is nothing: the same for all theta.
    reference: f64,
    /// Whether `hessian` holds the Cholesky factor at the solution, as it does for a quadratic.
    factored: bool,
}

impl Work {
    /// `definite`: whether the Hessian can be factored. That of several classes cannot: their free
    /// intercepts are determined up to a constant, which conjugate gradient does not mind.
    pub(super) fn new(problem: &dyn Smooth<f64>, definite: bool) -> Self {
        let d = problem.dim();
        let mut work = Work {
            scratch: vec![0.0; problem.scratch(1).max(problem.matrix_scratch())],
            hessian: vec![0.0; if definite && d <= FEW { d * d } else { 0 }],
            cg: vec![0.0; (3 * d).max(dense::cholesky_scratch(d))],
            gradient: vec![0.0; d],
            direction: vec![0.0; d],
            trial: vec![0.0; d],
            reference: 0.0,
            factored: false,
        };
        let theta = vec![0.0; problem.params()];
        problem.gradient(&work.trial, &theta, &mut work.gradient, &mut work.scratch);
        work.reference = norm(&work.gradient);
        work
    }

    /// Whether the Hessian is factored.
    pub(super) fn factors(&self) -> bool {
        !self.hessian.is_empty()
    }

    /// `-(grad_x,theta f)' H^{-1} c` with the factor that the solve left, if it left one.
    pub(super) fn adjoint(
        &mut self,
        problem: &dyn Smooth<f64>,
        theta: &[f64],
        w: &[f64],
        outer: &dyn Fn(&[f64], &mut [f64]),
    ) -> Option<Vec<f64>> {
        if !self.factored {
            return None;
        }
        let mut gradient = vec![0.0; theta.len()];
        self.direction.fill(0.0);
        outer(w, &mut self.direction);
        dense::cholesky_solve(&self.hessian, w.len(), 1, &mut self.direction);
        problem.mixed_t(w, theta, -1.0, &self.direction, &mut gradient, &mut self.scratch);
        Some(gradient)
    }
}

/// Minimises `f(., theta)` from `w`, in place; whether the tolerance was reached.
///
/// # Complexity
/// Some ten Newton steps, each of a few to a few dozen Hessian products.
pub(super) fn minimise(problem: &dyn Smooth<f64>, theta: &[f64], w: &mut [f64], work: &mut Work) -> bool {
    let d = w.len();
    let Work { scratch, hessian, cg, gradient, direction, trial, reference, factored } = work;
    *factored = false;
    for _ in 0..60 {
        problem.gradient(w, theta, gradient, scratch);
        let size = norm(gradient);
        if size <= TOLERANCE * *reference {
            *factored &= problem.is_quadratic();
            return true;
        }
        if !size.is_finite() {
            return false;
        }
        *factored = !hessian.is_empty() && {
            problem.hess_matrix(w, theta, hessian, scratch);
            dense::cholesky(hessian, d, cg).is_ok()
        };
        if *factored {
            direction.copy_from_slice(gradient);
            dense::cholesky_solve(hessian, d, 1, direction);
        } else {
            // Tighter directions as the solution nears: superlinear convergence at no waste early on.
            let loose = if problem.is_quadratic() { 0.0 } else { (size / *reference).sqrt().min(0.25) };
            let tol = loose.max(0.1 * TOLERANCE * *reference / size).min(0.5);
            let apply = |v: &[f64], out: &mut [f64]| problem.hess(w, theta, 1, v, out, scratch);
            let info = cg::solve(apply, gradient, direction, tol, 10 * d + 100, cg);
            if info.indefinite && norm(direction) == 0.0 {
                return false;
            }
        }
        if !descend(problem, theta, w, gradient, direction, trial, scratch) {
            *factored = false;
            return size <= 1e3 * TOLERANCE * *reference;
        }
    }
    false
}

/// Goes from `w` against `direction`, as far as the value falls; false if it does not.
fn descend(
    problem: &dyn Smooth<f64>,
    theta: &[f64],
    w: &mut [f64],
    gradient: &[f64],
    direction: &[f64],
    trial: &mut [f64],
    scratch: &mut [f64],
) -> bool {
    if problem.is_quadratic() {
        w.iter_mut().zip(direction).for_each(|(w, d)| *w -= d);
        return true;
    }
    let before = problem.value(w, theta, scratch);
    let slope: f64 = gradient.iter().zip(direction).map(|(g, d)| g * d).sum();
    let mut step = 1.0;
    for _ in 0..40 {
        trial.iter_mut().zip(&*w).zip(direction).for_each(|((t, w), d)| *t = w - step * d);
        // Near the solution the decrease drowns in rounding: allow for that.
        if problem.value(trial, theta, scratch) <= before - 1e-4 * step * slope + 1e-14 * before.abs() {
            w.copy_from_slice(trial);
            return true;
        }
        step *= 0.5;
    }
    false
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}
