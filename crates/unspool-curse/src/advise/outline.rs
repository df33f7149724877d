//! Advice from the spectral edges alone: what theory says each way costs, without a rehearsal.
//!
//! Worst cases over all starts, to a relative error `tol`:
//!
//! | way | products |
//! |---|---|
//! | unrolled, a method with worst case `sup |Phi_t|` | `2 t`, the first `t` with `sup |Phi_t| <= tol` |
//! | Chebyshev, then the equation by conjugate gradient | `t + m`, `2 xi^t <= tol kappa`, `2 xi^m <= tol` |
//! | Newton's method, then the equation by its factor | `(d/4 + 1) k`, `k = 1` for a quadratic, about 8 otherwise |
//!
//! To form and factor the Hessian counts as `d/4` products, which it costs a dense linear model.

use unspool_core::problem::Smooth;
use unspool_core::spectrum::{self, Lanczos};
use unspool_core::{LinearSolver, Mode, Result};

use super::{Plan, Solver};
use crate::experiment::Method;
use crate::theory::{Spectrum, bounds, chebyshev, gradient_descent};

/// Newton steps that a problem which is not quadratic is expected to take.
const NEWTON_STEPS: usize = 8;
/// Products that the edges may take: rough ones will do.
const LANCZOS_PRODUCTS: usize = 30;

/// The cheapest plan that theory promises the tolerance for.
#[derive(Clone, Debug)]
pub struct Outline {
    /// The plan.
    pub choice: Plan,
    /// The measured spectrum.
    pub spectrum: Spectrum,
    /// The other ways, cheapest first.
    pub others: Vec<Plan>,
    /// Why, in two lines.
    pub why: [String; 2],
    /// Products that the spectrum took.
    pub products: usize,
}

/// Advice for many derivatives of problems like this one, at next to no cost.
///
/// # Errors
/// Lengths that do not fit, values that are not finite, a Hessian that is not positive definite, a
/// tolerance not between 0 and 1.
///
/// # Complexity
/// 30 Hessian products.
///
/// ```
/// let (_, problem) = unspool_core::zoo::curse::<f64>(1000, 1e-3)?;
/// let outline = unspool_curse::advise::outline(&problem, &[0.0], &[0.0; 1000], 1e-6)?;
/// println!("{}\n{}", outline.why[0], outline.why[1]);
/// assert!(outline.others.iter().all(|other| other.products >= outline.choice.products));
/// # Ok::<(), unspool_core::Error>(())
/// ```
pub fn outline<P: Smooth<f64> + ?Sized>(problem: &P, theta: &[f64], x: &[f64], tolerance: f64) -> Result<Outline> {
    if !(tolerance > 0.0 && tolerance < 1.0) {
        let must = "between 0 and 1";
        return Err(unspool_core::Error::Range { what: "the tolerance", got: tolerance, must });
    }
    let how = Lanczos { max_products: LANCZOS_PRODUCTS, ..Lanczos::default() };
    let edges = spectrum::edges(problem, x, theta, how)?;
    let s = Spectrum::new(edges.ell * (1.0 - 1e-9), edges.l * (1.0 + 1e-9))?;
    let mut plans = ways(problem.dim(), problem.is_quadratic(), s, tolerance);
    plans.sort_by_key(|plan| plan.products);
    let others = plans.split_off(1);
    let choice = plans[0];
    let unrolled = others.iter().find(|plan| matches!(plan.mode, Mode::Unroll { .. }));
    let unrolled =
        unrolled.map_or(String::new(), |plan| format!("; the cheapest unrolled way: {plan}, {}", plan.products));
    let why = [
        format!("{choice}: {} products for a relative error of {tolerance:.0e} in the worst case", choice.products),
        format!(
            "kappa = {:.1e} (ell {:.2e}, L {:.2e}), {} dimensions{unrolled}",
            s.kappa(),
            s.ell(),
            s.big_l(),
            problem.dim()
        ),
    ];
    Ok(Outline { choice, spectrum: s, others, why, products: edges.products })
}

/// One plan for each way.
fn ways(d: usize, quadratic: bool, s: Spectrum, tol: f64) -> Vec<Plan> {
    let unrolled = |method: Method, worst: &dyn Fn(usize) -> f64| {
        let steps = first_below(worst, tol);
        Plan { solver: Solver::First(method), steps, mode: Mode::full(), products: steps.saturating_mul(2) }
    };
    let large = 2.0 / (s.ell() + s.big_l());
    let (solve, equation) = (
        first_below(&|t| 2.0 * s.xi().powf(t as f64), tol * s.kappa()),
        first_below(&|t| 2.0 * s.xi().powf(t as f64), tol),
    );
    let cg = LinearSolver::Cg { tol, max_products: equation };
    let newton = if quadratic { 1 } else { NEWTON_STEPS };
    vec![
        Plan { solver: Solver::Newton, steps: newton, mode: Mode::cholesky(), products: newton * (d.div_ceil(4) + 1) },
        Plan {
            solver: Solver::First(Method::Chebyshev),
            steps: solve,
            mode: Mode::Implicit(cg),
            products: solve.saturating_add(equation),
        },
        unrolled(Method::Large, &|t| gradient_descent::worst_phi(s, large, t)),
        unrolled(Method::Chebyshev, &|t| chebyshev::worst_phi(s, t)),
        unrolled(Method::Horizon, &|t| bounds::best_phi(s, t)),
    ]
}

/// The first `t >= 1` from which a worst case, falling once it is below one, is at most `tol`.
fn first_below(worst: &dyn Fn(usize) -> f64, tol: f64) -> usize {
    let mut high = 1_usize;
    while worst(high) > tol {
        if high >= 1 << 40 {
            return high;
        }
        high *= 2;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if worst(middle) > tol { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promised steps against the worst cases themselves.
    #[test]
    fn promises_are_those_of_the_theory() {
        let s = Spectrum::new(1e-2, 1.0).unwrap();
        let plans = ways(1000, true, s, 1e-2);
        let steps =
            |method| plans.iter().find(|p| p.solver == Solver::First(method) && p.mode == Mode::full()).unwrap().steps;
        assert_eq!((steps(Method::Large), steps(Method::Chebyshev)), (584, 73));
        assert!(steps(Method::Horizon) < 73);
        // A hard problem takes many steps, not the one at which no law holds yet.
        let plans = ways(1000, true, Spectrum::new(1e-6, 1.0).unwrap(), 1e-2);
        let horizon = plans.iter().find(|p| p.solver == Solver::First(Method::Horizon)).unwrap();
        assert!(horizon.steps > 2000, "{horizon}");
    }

    #[test]
    fn few_dimensions_are_factored_and_many_are_not() {
        let s = Spectrum::new(1e-3, 1.0).unwrap();
        let cheapest = |d| ways(d, true, s, 1e-6).into_iter().min_by_key(|p| p.products).unwrap();
        assert_eq!(cheapest(30).mode, Mode::cholesky());
        assert!(matches!(cheapest(100_000).mode, Mode::Implicit(LinearSolver::Cg { .. })));
    }
}
