//! What can be advised: a solver, its number of steps and a mode of differentiation, that fit a budget.

use std::fmt;

use serde::Serialize;
use unspool_core::diff::optimal_evaluations;
use unspool_core::method::{
    Chebyshev, ConjugateGradient, GradientDescent, HeavyBall, Horizon, Nesterov, Newton, Sobolev, chebyshev,
    heavy_ball, horizon, nesterov, sobolev,
};
use unspool_core::problem::{Smooth, ThirdOrder};
use unspool_core::{At, Condition, Dims, Jvp, LinearSolver, Map, Mode, Result, Vjp};

use crate::experiment::Method;
use crate::horizon::{LONGEST, weights};
use crate::theory::Spectrum;

/// A solver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Solver {
    /// A first-order method with fixed coefficients.
    First(Method),
    /// Conjugate gradient; for quadratics.
    #[serde(serialize_with = "name")]
    ConjugateGradient,
    /// Newton's method.
    #[serde(serialize_with = "newton_name")]
    Newton,
}

fn name<S: serde::Serializer>(s: S) -> std::result::Result<S::Ok, S::Error> {
    s.serialize_str("conjugate-gradient")
}

fn newton_name<S: serde::Serializer>(s: S) -> std::result::Result<S::Ok, S::Error> {
    s.serialize_str("newton")
}

impl Solver {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Solver> {
        Method::ALL.into_iter().map(Solver::First).chain([Solver::ConjugateGradient, Solver::Newton])
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Solver::First(method) => method.name(),
            Solver::ConjugateGradient => "conjugate-gradient",
            Solver::Newton => "newton",
        }
    }

    /// Gradients and Hessian products of a step in `d` dimensions; a factored Hessian counts as `d`.
    fn step_cost(self, d: usize) -> usize {
        if self == Solver::Newton { d + 1 } else { 1 }
    }

    /// Numbers in the state.
    fn state(self, d: usize) -> usize {
        d * match self {
            Solver::First(Method::Small | Method::Threshold | Method::Large) | Solver::Newton => 1,
            Solver::First(Method::HeavyBall | Method::Nesterov | Method::Chebyshev) => 2,
            Solver::First(Method::Horizon) | Solver::ConjugateGradient => 3,
            Solver::First(Method::Sobolev) => 5,
        }
    }
}

/// A map that can be differentiated both ways.
pub trait Both: Jvp<f64> + Vjp<f64> {}
impl<M: Jvp<f64> + Vjp<f64>> Both for M {}

/// A boxed map, to be run like any other.
pub struct AnyMap<'a>(Box<dyn Both + 'a>);

impl fmt::Debug for AnyMap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyMap").field(&self.0.dims()).finish()
    }
}

impl Map<f64> for AnyMap<'_> {
    fn dims(&self) -> Dims {
        self.0.dims()
    }

    fn scratch(&self, directions: usize) -> usize {
        self.0.scratch(directions)
    }

    fn step(&self, at: At<'_, f64>, next: &mut [f64], scratch: &mut [f64]) {
        self.0.step(at, next, scratch);
    }

    fn condition(&self) -> Option<Box<dyn Condition<f64> + '_>> {
        self.0.condition()
    }

    fn singular_pivot(&self, at: At<'_, f64>) -> Option<usize> {
        self.0.singular_pivot(at)
    }
}

impl Jvp<f64> for AnyMap<'_> {
    fn jvp(&self, at: At<'_, f64>, dx: &[f64], dtheta: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        self.0.jvp(at, dx, dtheta, out, scratch);
    }

    fn jvps(&self, at: At<'_, f64>, k: usize, dx: &[f64], dtheta: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        self.0.jvps(at, k, dx, dtheta, out, scratch);
    }
}

impl Vjp<f64> for AnyMap<'_> {
    fn vjp(&self, at: At<'_, f64>, c: &[f64], gx: &mut [f64], gtheta: &mut [f64], scratch: &mut [f64]) {
        self.0.vjp(at, c, gx, gtheta, scratch);
    }

    fn vjp_params(&self, at: At<'_, f64>, c: &[f64], gx: &mut [f64], gtheta: &mut [f64], scratch: &mut [f64]) {
        self.0.vjp_params(at, c, gx, gtheta, scratch);
    }
}

/// A solver for so many steps, differentiated so.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The solver.
    pub solver: Solver,
    /// Its steps.
    pub steps: usize,
    /// The mode of differentiation.
    #[serde(serialize_with = "mode_text")]
    pub mode: Mode,
    /// Gradients and Hessian products that it costs.
    pub products: usize,
}

fn mode_text<S: serde::Serializer>(mode: &Mode, s: S) -> std::result::Result<S::Ok, S::Error> {
    s.collect_str(mode)
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} steps, {}", self.solver.name(), self.steps, self.mode)
    }
}

impl Plan {
    /// The map, with coefficients for this spectrum.
    ///
    /// # Errors
    /// Conjugate gradient for a problem that is not quadratic.
    pub fn map<'p, P: ThirdOrder<f64> + ?Sized>(&self, problem: &'p P, s: Spectrum) -> Result<AnyMap<'p>> {
        let (ell, big_l) = (s.ell(), s.big_l());
        let gd = |h| -> Box<dyn Both + 'p> { Box::new(GradientDescent::new(problem, h)) };
        Ok(AnyMap(match self.solver {
            Solver::First(Method::Small) => gd(1.0 / big_l),
            Solver::First(Method::Threshold) => gd(std::f64::consts::SQRT_2 / big_l),
            Solver::First(Method::Large) => gd(2.0 / (big_l + ell)),
            Solver::First(Method::HeavyBall) => Box::new(heavy_ball(problem, HeavyBall::tuned(ell, big_l))),
            Solver::First(Method::Nesterov) => Box::new(nesterov(problem, Nesterov::tuned(ell, big_l))),
            Solver::First(Method::Chebyshev) => Box::new(chebyshev(problem, Chebyshev::new(ell, big_l))),
            Solver::First(Method::Sobolev) => Box::new(sobolev(problem, Sobolev::new(ell, big_l)?)),
            Solver::First(Method::Horizon) => {
                // Those of a longer horizon are the same, by lag.
                let latest = weights(ell, big_l, self.steps.clamp(1, LONGEST), 0.0)?;
                let mut weights = vec![0.0; self.steps.saturating_sub(LONGEST)];
                weights.extend(latest);
                Box::new(horizon(problem, Horizon::new(ell, big_l, weights)?))
            }
            Solver::ConjugateGradient => Box::new(ConjugateGradient::new(problem)?),
            Solver::Newton => Box::new(Newton::new(problem)),
        }))
    }
}

/// Every plan for a problem of `d` dimensions within `products` gradients and Hessian products and, for
/// what reverse mode stores, `bytes`.
pub fn plans<P: Smooth<f64> + ?Sized>(problem: &P, products: usize, bytes: Option<usize>) -> Vec<Plan> {
    let d = problem.dim();
    let mut plans = Vec::new();
    for solver in Solver::all() {
        if solver == Solver::ConjugateGradient && !problem.is_quadratic() {
            continue;
        }
        let cost = solver.step_cost(d);
        let room = bytes.map_or(usize::MAX, |bytes| bytes / (8 * solver.state(d)).max(1));
        let mut push = |steps: usize, mode: Mode, cost: usize| {
            if steps > 0 && cost <= products {
                plans.push(Plan { solver, steps, mode, products: cost });
            }
        };
        // One product for the derivative of a step, besides the step.
        let full = products / (cost + cost);
        if full <= room {
            push(full, Mode::full(), 2 * cost * full);
        } else if let Some(bytes) = bytes.filter(|_| room >= 4) {
            let extra = |steps: usize| optimal_evaluations(steps.max(1), room - 2).saturating_sub(steps);
            let work = |steps: usize| (2 * steps).saturating_add(extra(steps)).saturating_mul(cost);
            // The most steps that fit, by bisection: `low` do, `high` do not.
            let (mut low, mut high) = (0, full + 1);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if work(middle) <= products { low = middle } else { high = middle }
            }
            push(low, Mode::budget(bytes), work(low));
        }
        // The steps before the start of the derivative cost half.
        for part in [0.6, 0.5, 0.25, 0.1] {
            let steps = (products as f64 / (cost as f64 * (1.0 + part))) as usize;
            let last = ((part * steps as f64) as usize).max(1);
            if last <= room {
                push(steps, Mode::last(last), steps.saturating_add(last).saturating_mul(cost));
            }
        }
        // Near from the beginning, all steps are differentiated.
        if full <= room {
            push(full, Mode::late_auto(), 2 * cost * full);
        }
        // A frozen derivative, and the equation solved at the end.
        for share in [4, 2] {
            let solve = products / share;
            let steps = (products - solve) / cost;
            let cg = LinearSolver::Cg { tol: 1e-12, max_products: solve };
            push(steps, Mode::Implicit(cg), cost * steps + solve);
            let neumann = LinearSolver::Neumann { tol: 1e-12, max_terms: solve / cost };
            push(steps, Mode::Implicit(neumann), cost * (steps + solve / cost));
        }
        if products > d {
            let steps = (products - d) / cost;
            push(steps, Mode::cholesky(), cost * steps + d);
        }
        push(products / cost - usize::from(products >= cost), Mode::one_step(), products / cost * cost);
    }
    plans
}
