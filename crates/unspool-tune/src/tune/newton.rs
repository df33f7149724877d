//! The inner solver for smooth problems: Newton's method, its directions by a factorisation where
//! there are few weights and by conjugate gradient otherwise (truncated Newton; Dembo, Steihaug
//! 1983).

use unspool_core::linsolve::{cg, dense};
use unspool_core::problem::Smooth;

/// Gradients below this fraction of the one at zero end the solve.
const TOLERANCE: f64 = 1e-8;

/// Up to this many weights the Hessian is factored.
pub(super) const FEW: usize = 256;

/// Minimises `f(., theta)` from `w`, in place; whether the tolerance was reached.
///
/// # Complexity
/// Some ten Newton steps, each of a few to a few dozen Hessian products.
pub(super) fn minimise(problem: &dyn Smooth<f64>, theta: &[f64], w: &mut [f64]) -> bool {
    let d = w.len();
    let mut scratch = vec![0.0; problem.scratch(1).max(problem.matrix_scratch())];
    let mut hessian = vec![0.0; if d <= FEW { d * d } else { 0 }];
    let mut work = vec![0.0; (3 * d).max(dense::cholesky_scratch(d))];
    let (mut gradient, mut direction, mut trial) = (vec![0.0; d], vec![0.0; d], vec![0.0; d]);
    problem.gradient(&trial, theta, &mut gradient, &mut scratch);
    let reference = norm(&gradient);
    for _ in 0..60 {
        problem.gradient(w, theta, &mut gradient, &mut scratch);
        let size = norm(&gradient);
        if size <= TOLERANCE * reference {
            return true;
        }
        let factored = d <= FEW && {
            problem.hess_matrix(w, theta, &mut hessian, &mut scratch);
            dense::cholesky(&mut hessian, d, &mut work).is_ok()
        };
        if factored {
            direction.copy_from_slice(&gradient);
            dense::cholesky_solve(&hessian, d, 1, &mut direction);
        } else {
            // Tighter directions as the solution nears: superlinear convergence at no waste early on.
            let loose = if problem.is_quadratic() { 0.0 } else { (size / reference).sqrt().min(0.25) };
            let tol = loose.max(0.1 * TOLERANCE * reference / size).min(0.5);
            let apply = |v: &[f64], out: &mut [f64]| problem.hess(w, theta, 1, v, out, &mut scratch);
            let info = cg::solve(apply, &gradient, &mut direction, tol, 10 * d + 100, &mut work);
            if info.indefinite && norm(&direction) == 0.0 {
                return false;
            }
        }
        if !size.is_finite() {
            return false;
        }
        if !descend(problem, theta, w, &gradient, &direction, &mut trial, &mut scratch) {
            return size <= 1e3 * TOLERANCE * reference;
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
