//! Which method, which step size, how many steps, which mode of differentiation?
//!
//! [`advise`] measures a problem and rehearses every plan that fits a budget on a small model of it, its
//! quadratic at the solution in the directions that matter. Of a problem that is not quadratic the best
//! plans of each solver are then tried for real, in one or two random directions. It picks the plan whose
//! Jacobian comes out best, or the cheapest that reaches the tolerance, and says why. [`Advice::follow`]
//! runs the plan and tells how far the forecast was off.

mod model;
mod outline;
mod plan;

use std::time::Instant;

use rayon::prelude::*;
use serde::Serialize;
use unspool_core::method::GradientDescent;
use unspool_core::problem::{Smooth, ThirdOrder};
use unspool_core::spectrum::{self, Edges, Lanczos};
use unspool_core::trust::{Assess, Trust};
use unspool_core::{Error, LinearSolver, Mode, Result, Solve, Stop, Tangents};

use crate::theory::Spectrum;
use model::{Model, norm};
pub use outline::{Outline, outline};
pub use plan::{AnyMap, Both, Plan, Solver, plans};

/// What a derivative may cost. All that are given hold together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// As much work as this many differentiated gradient steps: two products each, a gradient and a
    /// Hessian product. A factored Hessian counts as `d` products.
    pub steps: usize,
    /// Seconds of wall-clock time, by the measured time of a product.
    pub seconds: Option<f64>,
    /// Bytes for the states that reverse mode stores.
    pub bytes: Option<usize>,
}

impl Budget {
    /// As much work as `steps` differentiated gradient steps.
    pub fn steps(steps: usize) -> Self {
        Budget { steps, seconds: None, bytes: None }
    }
}

/// What to advise on.
#[derive(Debug)]
pub struct Question<'a, P: ?Sized> {
    /// The problem.
    pub problem: &'a P,
    /// Its parameters.
    pub theta: &'a [f64],
    /// Where the solver starts.
    pub start: &'a [f64],
    /// The budget of one derivative.
    pub budget: Budget,
    /// A relative Jacobian error that is good enough: of the plans that reach it, the cheapest is taken.
    pub tolerance: f64,
    /// Spectral edges that are believed to hold; they are checked.
    pub edges: Option<Edges>,
    /// Seed of what is random in the measurements.
    pub seed: u64,
}

/// A plan with the relative Jacobian error `|J - J*|_F / |J*|_F` it is expected to have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// The plan.
    pub plan: Plan,
    /// Its expected error.
    pub error: f64,
}

/// A choice, and what it rests on.
#[derive(Clone, Debug)]
pub struct Advice {
    /// The plan to follow.
    pub choice: Forecast,
    /// The spectrum that the methods are tuned to.
    pub spectrum: Spectrum,
    /// The plans it was chosen from, best first: all, or for a problem that is not quadratic those that were
    /// tried.
    pub forecasts: Vec<Forecast>,
    /// Why, in two lines.
    pub why: [String; 2],
    /// Edges that turned out wrong, and what was done.
    pub warnings: Vec<String>,
    /// Products that the measurements took, beyond the budget: once for a problem, however many
    /// derivatives follow.
    pub products: usize,
}

/// What became of a plan.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The Jacobian.
    pub tangents: Tangents<f64>,
    /// Its estimated error.
    pub trust: Trust,
    /// The estimated error over the forecast: 1 when the forecast was right.
    pub off: f64,
}

/// Errors below this are not told apart: the last digits of a double-precision solve.
const FLOOR: f64 = 1e-12;

/// Measures, rehearses, chooses.
///
/// # Errors
/// Lengths that do not fit, values that are not finite; no budget; a Hessian that is not positive
/// definite; a derivative that is zero.
///
/// # Complexity
/// A solution (some `sqrt(1/kappa) ln(1e12)` products), the spectral edges, `min(d, 96)` products for the
/// model; a rehearsal then costs `96^2` operations a step at most. About 30 budgets for the trials of a
/// problem that is not quadratic. It pays when the plan serves many times, as in an outer loop.
///
/// ```
/// use unspool_curse::advise::{Budget, Question, advise};
/// let (_, problem) = unspool_core::zoo::curse::<f64>(100, 1e-3)?;
/// let question = Question {
///     problem: &problem, theta: &[0.0], start: &[0.0; 100],
///     budget: Budget::steps(100), tolerance: 1e-6, edges: None, seed: 0,
/// };
/// let advice = advise(&question)?;
/// let followed = advice.follow(&question)?;
/// assert!(followed.trust.relative() < 0.1);
/// println!("{}\n{}\nforecast off by {:.2}", advice.why[0], advice.why[1], followed.off);
/// # Ok::<(), unspool_core::Error>(())
/// ```
pub fn advise<P: ThirdOrder<f64> + ?Sized>(question: &Question<'_, P>) -> Result<Advice> {
    let Question { problem, theta, start, budget, tolerance, .. } = *question;
    if budget.steps == 0 {
        return Err(Error::Range { what: "the budget in steps", got: 0.0, must: "at least 1" });
    }
    // The length of theta and start, and that they are finite, is checked here.
    let at_start = spectrum::edges(problem, start, theta, Lanczos { seed: question.seed, ..Lanczos::default() })?;
    let (x, solving) = model::solution(problem, theta, start)?;
    let model = Model::new(problem, theta, &x, start, question.seed);
    let limit = model.limit()?;
    if norm(&limit) == 0.0 {
        return Err(Error::Unsupported {
            what: "advice on a derivative that is zero, or of no parameter",
            hint: "a relative error means nothing there; any mode will do",
        });
    }
    let mut products = at_start.products + solving + model.products;
    let at_end = match model.edges().filter(|edges| model.complete && edges.0 > 0.0) {
        Some((ell, l)) => Edges { ell, l, converged: true, products: 0 },
        None => {
            let edges = spectrum::edges(problem, &x, theta, Lanczos { seed: question.seed, ..Lanczos::default() })?;
            products += edges.products;
            edges
        }
    };
    let measured = if problem.is_quadratic() {
        at_end
    } else {
        Edges { ell: at_start.ell.min(at_end.ell), l: at_start.l.max(at_end.l), ..at_end }
    };
    let mut warnings = Vec::new();
    if let Some(told) = question.edges {
        warnings.extend(compare(told, measured));
    }
    // Methods want two distinct edges.
    let spectrum = Spectrum::new(measured.ell * (1.0 - 1e-9), measured.l * (1.0 + 1e-9))?;

    let mut allowed = budget.steps.saturating_mul(2);
    if let Some(seconds) = budget.seconds {
        allowed = allowed.min((seconds / seconds_of_a_product(problem, theta, &x)) as usize);
    }
    let rehearse = |plan: Plan| Forecast { plan, error: usable(rehearsal(&model, &limit, plan, spectrum)) };
    // A quadratic's forecast can be relied on: so less than the budget may do.
    let shares: &[usize] = if problem.is_quadratic() { &[1, 2, 4, 8] } else { &[1] };
    let all: Vec<Plan> = shares.iter().flat_map(|share| plans(problem, allowed / share, budget.bytes)).collect();
    let mut forecasts: Vec<Forecast> = all.into_par_iter().map(rehearse).collect();
    sort(&mut forecasts);
    if !problem.is_quadratic() {
        let chosen = finalists(&forecasts);
        let trial = Trial::new(question, &model, &x)?;
        products += chosen.iter().map(|f| f.plan.products).sum::<usize>() + trial.products;
        let tried: Vec<Forecast> = chosen.into_par_iter().map(|f| trial.error(f.plan, spectrum)).collect();
        forecasts = tried;
        sort(&mut forecasts);
    }
    let good = forecasts.iter().filter(|f| f.error <= tolerance);
    let choice = good.min_by_key(|f| f.plan.products).or(forecasts.first()).copied().ok_or(Error::Range {
        what: "the budget in products",
        got: allowed as f64,
        must: "enough for one differentiated step",
    })?;
    let why = reasons(&choice, &forecasts, spectrum, &model, tolerance);
    Ok(Advice { choice, spectrum, forecasts, why, warnings, products })
}

impl Advice {
    /// Runs the chosen plan with the whole Jacobian and checks the forecast.
    ///
    /// # Errors
    /// As [`Solve::jacobian`] and [`Solve::trust`].
    pub fn follow<P: ThirdOrder<f64> + ?Sized>(&self, question: &Question<'_, P>) -> Result<Followed> {
        let (tangents, trust) = run(question, self.choice.plan, self.spectrum)?;
        let off = trust.relative().max(FLOOR) / self.choice.error;
        Ok(Followed { tangents, trust, off })
    }
}

/// Follows any plan.
fn run<P: ThirdOrder<f64> + ?Sized>(
    question: &Question<'_, P>,
    plan: Plan,
    spectrum: Spectrum,
) -> Result<(Tangents<f64>, Trust)> {
    let map = plan.map(question.problem, spectrum)?;
    let solve = Solve::new(&map, question.start).stop(Stop::steps(plan.steps));
    let tangents = solve.jacobian(question.theta, plan.mode)?;
    let p = question.theta.len();
    let mut identity = vec![0.0; p * p];
    identity.iter_mut().step_by(p + 1).for_each(|v| *v = 1.0);
    let trust = solve.trust(question.theta, &identity, &tangents, Assess::default())?;
    Ok((tangents, trust))
}

fn sort(forecasts: &mut [Forecast]) {
    forecasts.sort_by(|a, b| a.error.total_cmp(&b.error).then(a.plan.products.cmp(&b.plan.products)));
}

/// The two best plans of each solver; all of Newton's method, which a quadratic says nothing about.
fn finalists(forecasts: &[Forecast]) -> Vec<Forecast> {
    let of = |solver| {
        let most = if solver == Solver::Newton { usize::MAX } else { 2 };
        forecasts.iter().filter(move |f| f.plan.solver == solver).take(most).copied()
    };
    Solver::all().flat_map(of).collect()
}

/// Plans on the problem itself, in the model's directions.
struct Trial<'a, P: ?Sized> {
    question: &'a Question<'a, P>,
    directions: Vec<f64>,
    limit: Vec<f64>,
    products: usize,
}

impl<'a, P: ThirdOrder<f64> + ?Sized> Trial<'a, P> {
    fn new(question: &'a Question<'a, P>, model: &Model, x: &[f64]) -> Result<Self> {
        let directions = model.directions.concat();
        let at_solution = GradientDescent::new(question.problem, 1.0);
        let solve = Solve::new(&at_solution, x).stop(Stop::steps(0));
        let cg = LinearSolver::Cg { tol: 1e-12, max_products: 10 * x.len() + 100 };
        let limit = solve.jvps(question.theta, Mode::Implicit(cg), model.directions.len(), &directions)?;
        Ok(Trial { question, directions, products: limit.cost.products, limit: limit.dx })
    }

    fn error(&self, plan: Plan, spectrum: Spectrum) -> Forecast {
        let run = || -> Result<f64> {
            let map = plan.map(self.question.problem, spectrum)?;
            let solve = Solve::new(&map, self.question.start).stop(Stop::steps(plan.steps));
            let k = self.directions.len() / self.question.theta.len().max(1);
            let tangents = solve.jvps(self.question.theta, plan.mode, k, &self.directions)?;
            Ok(relative(&tangents.dx, &self.limit))
        };
        Forecast { plan, error: usable(run()) }
    }
}

/// An error that can be compared.
fn usable(error: Result<f64>) -> f64 {
    match error {
        Ok(error) if !error.is_nan() => error.max(FLOOR),
        _ => f64::INFINITY,
    }
}

/// `|a - b| / |b|`.
fn relative(a: &[f64], b: &[f64]) -> f64 {
    let error: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    norm(&error) / norm(b)
}

/// The relative error of a plan on the model.
fn rehearsal(model: &Model, limit: &[f64], plan: Plan, spectrum: Spectrum) -> Result<f64> {
    let map = plan.map(model, spectrum)?;
    let theta = vec![0.0; model.params()];
    let tangents = Solve::new(&map, &model.z0).stop(Stop::steps(plan.steps)).jacobian(&theta, plan.mode)?;
    Ok(relative(&tangents.dx, limit))
}

/// Seconds of a gradient, the fastest of a few.
fn seconds_of_a_product<P: Smooth<f64> + ?Sized>(problem: &P, theta: &[f64], x: &[f64]) -> f64 {
    let (mut out, mut scratch) = (vec![0.0; x.len()], vec![0.0; problem.scratch(1)]);
    let mut time = || {
        let begin = Instant::now();
        problem.gradient(x, theta, &mut out, &mut scratch);
        begin.elapsed().as_secs_f64()
    };
    (0..5).map(|_| time()).fold(f64::INFINITY, f64::min).max(1e-9)
}

/// What is wrong with the edges that were told.
fn compare(told: Edges, measured: Edges) -> Vec<String> {
    let mut warnings = Vec::new();
    if measured.l > 1.05 * told.l {
        warnings.push(format!(
            "L was given as {:.3e}, but the Hessian has {:.3e}: steps made for the given value may diverge; the measured one is used",
            told.l, measured.l
        ));
    } else if measured.l < 0.67 * told.l {
        warnings
            .push(format!("L was given as {:.3e}, but is only {:.3e}: the measured one is used", told.l, measured.l));
    }
    if measured.ell < 0.9 * told.ell {
        warnings.push(format!(
            "ell was given as {:.3e}, but the Hessian has {:.3e}: accelerated methods would stall; the measured one is used",
            told.ell, measured.ell
        ));
    } else if measured.ell > 1.5 * told.ell {
        warnings
            .push(format!("ell was given as {:.3e}, but is {:.3e}: the measured one is used", told.ell, measured.ell));
    }
    warnings
}

/// Two lines: what was chosen against what, and what the problem is like.
fn reasons(choice: &Forecast, all: &[Forecast], s: Spectrum, model: &Model, tolerance: f64) -> [String; 2] {
    let plan = choice.plan;
    let reached = if choice.error <= tolerance {
        "the cheapest that reaches the tolerance"
    } else {
        "the best within the budget"
    };
    let first =
        format!("{plan}: {reached}, expected relative error {:.1e} for {} products", choice.error, plan.products);
    let unrolled =
        |f: &&Forecast| f.plan.solver == Solver::First(crate::experiment::Method::Large) && f.plan.mode == Mode::full();
    let plain = all
        .iter()
        .find(unrolled)
        .map_or(String::new(), |f| format!("; plain unrolled gradient descent {:.1e}", f.error));
    let other = all.iter().find(|f| f.plan.solver != plan.solver);
    let other = other.map_or(String::new(), |f| format!("; next {} {:.1e}", f.plan, f.error));
    let how = if model.complete { "all directions" } else { "a Krylov space" };
    let second = format!(
        "kappa = {:.1e} (ell {:.2e}, L {:.2e}, rehearsed in {how}){plain}{other}",
        s.kappa(),
        s.ell(),
        s.big_l()
    );
    [first, second]
}
