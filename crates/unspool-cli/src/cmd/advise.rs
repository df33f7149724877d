//! `unspool advise`.

use std::fmt::Write;

use serde_json::json;
use unspool_core::Mode;
use unspool_core::spectrum::Edges;
use unspool_curse::advise::{Advice, Budget, Followed, Forecast, Question, Solver, advise};
use unspool_curse::experiment::Method;

use super::SCHEMA_VERSION;
use super::subject::Subject;
use crate::args::AdviseArgs;
use crate::exit::{Done, Failure};
use crate::output;

/// Most steps of a budget: every way that fits it is rehearsed.
const MOST_STEPS: usize = 100_000;

/// Asks the adviser, follows the advice, and looks back.
pub(crate) fn run(args: &AdviseArgs) -> Result<Done, Failure> {
    check(args)?;
    let subject = Subject::new(&args.problem)?;
    let edges = match (args.ell, args.big_l) {
        (Some(ell), Some(big_l)) => Some(Edges::new(ell, big_l)?),
        _ => None,
    };
    let setting = subject.setting(args.steps);
    let question = Question {
        problem: setting.problem,
        theta: setting.theta,
        start: setting.start,
        budget: Budget { steps: args.steps, seconds: args.seconds, bytes: args.memory },
        tolerance: args.tolerance,
        edges,
        seed: args.problem.seed,
    };
    let advice = advise(&question)?;
    let followed = advice.follow(&question)?;
    let truth = relative(&followed.tangents.dx, &subject.exact.jacobian);
    let told = Told { subject: &subject, advice: &advice, followed: &followed, truth };
    if args.json {
        output::print(format!("{:#}\n", told.document()).as_bytes())?;
    } else {
        output::print(told.summary().as_bytes())?;
    }
    let well = followed.trust.solved && !followed.trust.burn_in;
    Ok(if well { Done::Well } else { Done::Unfinished })
}

fn check(args: &AdviseArgs) -> Result<(), Failure> {
    if !(1..=MOST_STEPS).contains(&args.steps) {
        let message = format!("the budget is {} steps, but must be 1 to {MOST_STEPS}", args.steps);
        return Err(Failure::new(message, "try --steps 100"));
    }
    if !(args.tolerance > 0.0 && args.tolerance < 1.0) {
        let message = format!("the tolerance is {}, but must be between 0 and 1", args.tolerance);
        return Err(Failure::new(message, "try --tolerance 1e-6"));
    }
    match args.seconds {
        Some(seconds) if !(seconds > 0.0 && seconds.is_finite()) => {
            Err(Failure::new(format!("the budget is {seconds} seconds, but must be positive"), "try --seconds 0.1"))
        }
        _ => Ok(()),
    }
}

/// `|a - b| / |b|`.
fn relative(a: &[f64], b: &[f64]) -> f64 {
    let size = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    size(&mut a.iter().zip(b).map(|(a, b)| a - b)) / size(&mut b.iter().copied())
}

/// What the user is told.
struct Told<'a> {
    subject: &'a Subject,
    advice: &'a Advice,
    followed: &'a Followed,
    /// The true relative error.
    truth: f64,
}

impl Told<'_> {
    /// The best plan of each solver, best first.
    fn best(&self) -> Vec<Forecast> {
        let mut best: Vec<Forecast> = vec![];
        for forecast in &self.advice.forecasts {
            if best.iter().all(|other| other.plan.solver != forecast.plan.solver) {
                best.push(*forecast);
            }
        }
        best
    }

    /// How the solver is set up.
    fn tuning(&self) -> String {
        let s = self.advice.spectrum;
        let edges = format!("ell = {:.6e}, L = {:.6e}", s.ell(), s.big_l());
        let step = |h: f64| format!("step size {h:.6e} ({edges})");
        match self.advice.choice.plan.solver {
            Solver::First(Method::Small) => step(1.0 / s.big_l()),
            Solver::First(Method::Threshold) => step(std::f64::consts::SQRT_2 / s.big_l()),
            Solver::First(Method::Large) => step(2.0 / (s.big_l() + s.ell())),
            _ => edges,
        }
    }

    fn summary(&self) -> String {
        let Advice { why, warnings, choice, products, .. } = self.advice;
        let trust = &self.followed.trust;
        let mut text = format!("{}\n\n{}\n{}\nset up with {}\n", self.subject.name, why[0], why[1], self.tuning());
        for warning in warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        let _ = writeln!(
            text,
            "\n{:<20} {:>7} {:<22} {:>9} {:>14}",
            "best of each", "steps", "mode", "products", "expected error"
        );
        for Forecast { plan, error } in self.best() {
            let (name, mode) = (plan.solver.name(), plan.mode.to_string());
            let _ = writeln!(text, "{name:<20} {:>7} {mode:<22} {:>9} {error:>14.2e}", plan.steps, plan.products);
        }
        if choice.plan.solver == Solver::First(Method::Large) && choice.plan.mode == Mode::full() {
            text += "plain unrolled gradient descent is the best here\n";
        }
        let _ = writeln!(
            text,
            "\nfollowed: relative error of the Jacobian {:.2e} (estimated {:.2e}), {:.2} times the forecast",
            self.truth,
            trust.relative(),
            self.followed.off
        );
        if let Some(certified) = trust.certified {
            let _ = writeln!(text, "certified: at most {:.2e}", certified / trust.size);
        }
        if trust.burn_in {
            text += "the derivative is no better than none: allow more steps\n";
        }
        let _ =
            writeln!(text, "measuring took {products} products; it serves every further derivative of such a problem");
        text
    }

    fn document(&self) -> serde_json::Value {
        let Advice { why, warnings, choice, products, spectrum, forecasts } = self.advice;
        let trust = &self.followed.trust;
        json!({
            "schema_version": SCHEMA_VERSION,
            "command": "advise",
            "problem": self.subject.name,
            "choice": choice,
            "why": why,
            "spectrum": { "ell": spectrum.ell(), "l": spectrum.big_l(), "kappa": spectrum.kappa() },
            "warnings": warnings,
            "forecasts": forecasts,
            "measuring_products": products,
            "followed": {
                "error": self.truth,
                "estimated_error": trust.relative(),
                "certified_error": trust.certified.map(|bound| bound / trust.size),
                "residual": trust.residual,
                "derivative_residual": trust.derivative_residual,
                "burn_in": trust.burn_in,
                "over_forecast": self.followed.off,
            },
        })
    }
}
