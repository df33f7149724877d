//! Derivatives of solvers: measured errors beside theory, and what the adviser picks.

use serde_json::json;
use unspool_curse::advise::{Budget, Question, advise};
use unspool_curse::experiment::Method;
use unspool_report::number::Format::{Count, Fixed, Short, Text};
use unspool_report::{Axis, Block, Cell, Column, Curves, Mark, Part, Series, Table, round};

use super::paper::{self, Claim};
use super::{Desk, Job, sentence};
use crate::args::{CurseArgs, ProblemArgs, SmoothModel, StartArg, TableArgs};
use crate::cmd::curse::{Report, Run, measure};
use crate::cmd::subject::Subject;
use crate::exit::Failure;
use crate::picture;

/// Errors below this are left out of the figures.
const FLOOR: f64 = 1e-6;
/// Digits of a curve that are kept.
const DIGITS: usize = 5;

/// A problem of the report.
#[derive(Clone, Copy)]
struct Case {
    id: &'static str,
    title: &'static str,
    /// What it is called in a table.
    name: &'static str,
    example: Option<&'static str>,
    model: Option<SmoothModel>,
    start: StartArg,
}

const CASES: [Case; 4] = [
    Case {
        id: "curse-quadratic",
        title: "The curse on a quadratic",
        name: "quadratic",
        example: None,
        model: None,
        start: StartArg::Zero,
    },
    Case {
        id: "curse-wdbc",
        title: "Least squares on breast-cancer data",
        name: "wdbc, ridge",
        example: Some("wdbc"),
        model: Some(SmoothModel::Ridge),
        start: StartArg::Random,
    },
    Case {
        id: "curse-logistic",
        title: "Logistic regression on breast-cancer data",
        name: "wdbc, logistic",
        example: Some("wdbc"),
        model: Some(SmoothModel::Logistic),
        start: StartArg::Random,
    },
    Case {
        id: "curse-diabetes",
        title: "Least squares on diabetes data",
        name: "diabetes, ridge",
        example: Some("diabetes"),
        model: Some(SmoothModel::Ridge),
        start: StartArg::Random,
    },
];

/// What is to be done.
pub(super) fn jobs(desk: &Desk) -> Vec<Job> {
    let steps = desk.size.steps;
    let mut jobs: Vec<Job> = CASES
        .into_iter()
        .map(|case| Job::new(case.id, case.title, json!({ "steps": steps }), move |desk| measured(desk, case)))
        .collect();
    let config = json!({ "budget_steps": desk.size.budget, "tolerance": 1e-6 });
    jobs.push(Job::new("advice", "Which solver, how many steps, which derivative?", config, advised));
    jobs
}

impl Case {
    fn problem(self, seed: u64) -> ProblemArgs {
        ProblemArgs {
            data: None,
            example: self.example.map(str::to_owned),
            kappa: None,
            start: self.start,
            seed,
            model: self.model,
            regulariser: None,
            table: TableArgs { format: None, delimiter: None },
            target: None,
            ignore: Vec::new(),
        }
    }
}

/// Every method on one problem.
fn measured(desk: &Desk, case: Case) -> Result<Part, Failure> {
    let steps = desk.size.steps;
    let problem = case.problem(desk.args.seed);
    let args = CurseArgs { problem, steps, out: None, csv: None, force: false, json: false };
    let subject = Subject::new(&args.problem)?;
    let report = Report { args: &args, subject: &subject, runs: measure(&subject, steps)? };
    let files = desk.folder.picture(case.id, &picture::draw_curse(&subject.name, &report.drawn())?)?;
    let theory = if subject.is_quadratic {
        "Theory tells the curves exactly."
    } else {
        "Theory speaks of the quadratic that agrees with the problem at the solution: the curves meet it in the end."
    };
    let text = format!(
        "{}; κ = {}; {steps} steps from {}. {theory}",
        sentence(&subject.name),
        Short.show(subject.spectrum.kappa()),
        if case.start == StartArg::Zero { "zero" } else { "a random start" },
    );
    let mut part = Part { findings: report.findings(), ..Part::new(case.id, case.title) }.saying(text);
    part = part.with(jacobians(case, &report.runs, steps, files)).with(methods(case, &report.runs));
    if case.example.is_none() {
        part = part.with(functions(&report.runs, steps)).with(claims(&report.runs));
    }
    Ok(part)
}

/// A colour for each method: gradient descent's are of one family.
fn color(method: Method) -> usize {
    match method {
        Method::Small => 0,
        Method::Threshold => 1,
        Method::Large => 2,
        Method::HeavyBall => 3,
        Method::Nesterov => 4,
        Method::Chebyshev => 5,
        Method::Sobolev => 6,
        Method::Horizon => 7,
    }
}

fn series(run: &Run, theory: bool, y: &[f64]) -> Series {
    let y = y.iter().map(|&e| e.is_finite().then(|| round(e.max(0.0), DIGITS))).collect();
    Series { name: run.name().into(), color: color(run.curve.method), theory, y }
}

fn iterations(steps: usize) -> (Vec<f64>, Axis) {
    let axis = Axis { label: "iteration".into(), log: false, low: 0.0, high: steps as f64 };
    ((0..=steps).map(|t| t as f64).collect(), axis)
}

/// The figure of the Jacobian's errors.
fn jacobians(case: Case, runs: &[Run], steps: usize, files: Vec<String>) -> Block {
    let (x, x_axis) = iterations(steps);
    let highest = runs.iter().map(|run| run.curve.peak.value).filter(|e| e.is_finite()).fold(1.0, f64::max);
    let mark = |run: &Run| {
        let peak = run.curve.peak;
        let label = format!("{}: {} at iteration {}", run.name(), Short.show(peak.value), peak.iteration);
        let (x, y) = (peak.iteration as f64, round(peak.value, DIGITS));
        (peak.value > 1.0 + 1e-6).then(|| Mark { x, y, color: color(run.curve.method), label })
    };
    Block::Curves(Curves {
        id: format!("{}-jacobian", case.id),
        title: "How wrong the Jacobian is, iteration by iteration".into(),
        caption:
            "Lines are measured, dots on them theory; rings mark where a Jacobian is at its worst. What rises above 1 \
                  is worse than no step at all: until it has come down, the derivative should not be used."
                .into(),
        x,
        x_axis,
        y_axis: Axis { label: "|J − J*| / |J*|".into(), log: true, low: FLOOR, high: round(highest * 1.7, 3) },
        series: runs
            .iter()
            .flat_map(|run| {
                [series(run, false, &run.curve.jacobian_error), series(run, true, &run.prediction.jacobian_error)]
            })
            .collect(),
        dotted: "theory".into(),
        marks: runs.iter().filter_map(mark).collect(),
        files,
    })
}

/// The figure of the function's errors.
fn functions(runs: &[Run], steps: usize) -> Block {
    let (x, x_axis) = iterations(steps);
    Block::Curves(Curves {
        id: "curse-quadratic-function".into(),
        title: "How far the function is from its minimum".into(),
        caption:
            "The same runs. Every curve falls from the start, those of the fast methods steeply: nothing here warns of \
                  what happens to their Jacobians above."
                .into(),
        x,
        x_axis,
        y_axis: Axis { label: "(f − f*) / (f₀ − f*)".into(), log: true, low: 1e-10, high: 2.0 },
        series: runs.iter().map(|run| series(run, false, &run.curve.function_error)).collect(),
        dotted: "theory".into(),
        marks: Vec::new(),
        files: Vec::new(),
    })
}

fn largest(curve: &[f64]) -> f64 {
    curve.iter().copied().filter(|e| e.is_finite()).fold(0.0, f64::max)
}

/// The table of methods.
fn methods(case: Case, runs: &[Run]) -> Block {
    let caption = "Peak: the largest error of the Jacobian. Below: the iteration from which the error stays below a level; a \
                   Jacobian can be trusted from there. Worst case: of all problems with this spectrum, started where the \
                   gradient does not depend on the parameter.";
    let mut table = Table::new(format!("{}-methods", case.id), "When a Jacobian can be trusted", caption)
        .column(Column::new("method", Text))
        .column(Column::new("peak", Short).less_is_better())
        .column(Column::new("at", Count))
        .column(Column::new("peak in theory", Short))
        .column(Column::new("worst case", Short))
        .column(Column::new("below 1", Count).less_is_better())
        .column(Column::new("below 1e-2", Count).less_is_better())
        .column(Column::new("below 1e-6", Count).less_is_better())
        .column(Column::new("iterate below 1e-6", Count).less_is_better());
    for run in runs {
        let count = |t: Option<usize>| t.map_or(Cell::Empty, Cell::count);
        table = table.row([
            Cell::text(run.name()),
            Cell::number(run.curve.peak.value),
            Cell::count(run.curve.peak.iteration),
            Cell::number(largest(&run.prediction.jacobian_error)),
            Cell::number(largest(&run.prediction.worst_case)),
            count(run.jacobian[0]),
            count(run.jacobian[1]),
            count(run.jacobian[2]),
            count(run.iterate),
        ]);
    }
    Block::Table(table)
}

/// What the paper says of such problems.
fn claims(runs: &[Run]) -> Block {
    let of = |method: Method| runs.iter().find(|run| run.curve.method == method);
    let peak = |method| {
        of(method).map_or(String::new(), |run| {
            format!("{} at iteration {}", Short.show(run.curve.peak.value), run.curve.peak.iteration)
        })
    };
    let kappa = 0.01_f64;
    let (rho, xi) = ((1.0 - kappa) / (1.0 + kappa), (1.0 - kappa.sqrt()) / (1.0 + kappa.sqrt()));
    let bound = |of: &dyn Fn(f64) -> f64| (1..2000).map(|t| of(f64::from(t))).fold(0.0, f64::max);
    let large = bound(&|t| rho.powf(t - 1.0) * (1.0 + 2.0 * (t - 1.0) / (1.0 + kappa)));
    let chebyshev = bound(&|t| 2.0 / (xi.powf(t) + xi.powf(-t)) * (1.0 + 2.0 * t * t / (1.0 - kappa)));
    let below = |method| of(method).and_then(|run| run.jacobian[0]).map_or("later".into(), |t| t.to_string());
    let at_peak = of(Method::Large).map_or(0, |run| run.curve.peak.iteration);
    let error = |method, function: bool| {
        of(method).and_then(|run| {
            let curve = if function { &run.curve.function_error } else { &run.curve.jacobian_error };
            curve.get(at_peak).map(|e| Short.show(*e))
        })
    };
    let both = |function| {
        let [large, small] = [Method::Large, Method::Small].map(|m| error(m, function).unwrap_or_default());
        format!("{large} with the large step, {small} with the small one")
    };
    let ratios = runs.iter().filter_map(|run| Some(run.jacobian[2]? as f64 / run.iterate?.max(1) as f64));
    let (low, high) = ratios.fold((f64::INFINITY, 0.0), |(a, b), r| (f64::min(a, r), f64::max(b, r)));
    let claims = vec![
        Claim {
            what: "gradient descent, step 2/(L+μ)".into(),
            paper: format!("bound: at most {}, over all iterations", Short.show(large)),
            ours: format!("{}; below 1 from {}", peak(Method::Large), below(Method::Large)),
            why: "the bound holds for all problems with this spectrum; this one is milder".into(),
        },
        Claim {
            what: "gradient descent, step 1/L".into(),
            paper: "no burn-in, where the gradient at the start does not depend on the parameter".into(),
            ours: format!("peak {}", peak(Method::Small)),
            why: "they agree; up to √2/L there is none either".into(),
        },
        Claim {
            what: "Chebyshev's method".into(),
            paper: format!("bound: at most {}", Short.show(chebyshev)),
            ours: format!("{}; below 1 from {}", peak(Method::Chebyshev), below(Method::Chebyshev)),
            why: "again a bound over all problems".into(),
        },
        Claim {
            what: "a better function value is no better Jacobian (Figure 1)".into(),
            paper: "the step with the faster tail has the longer burn-in".into(),
            ours: format!("iteration {at_peak}: function {}; Jacobian {}", both(true), both(false)),
            why: "they agree".into(),
        },
        Claim {
            what: "Sobolev method".into(),
            paper: "made to shorten the burn-in".into(),
            ours: format!("peak {}", peak(Method::Sobolev)),
            why: "they agree; constants derived anew, α = 1/2, η = μL".into(),
        },
        Claim {
            what: "rate of the Jacobian".into(),
            paper: "that of the iterates, times a power of t".into(),
            ours: if high > 0.0 {
                format!("{} to {} times as many iterations to 1e-6", Fixed(2).show(low), Fixed(2).show(high))
            } else {
                "no method is at 1e-6 yet".into()
            },
            why: "they agree".into(),
        },
    ];
    paper::table(
        "curse-paper",
        "Beside the paper",
        "Scieur, Bertrand, Gidel, Pedregosa: The Curse of Unrolling (NeurIPS 2022). It states bounds and shows curves; \
         the bounds are evaluated here for κ = 0.01.",
        claims,
    )
}

/// What the adviser picks for each problem.
fn advised(desk: &Desk) -> Result<Part, Failure> {
    let budget = desk.size.budget;
    let mut table = Table::new(
        "advice-table",
        "What the adviser picks, and whether it was right",
        format!(
            "It measures the problem, rehearses every plan that costs no more than {budget} differentiated gradient steps, \
             and picks the cheapest of those that reach 1e-6, or else the best. Forecast and truth are relative errors of \
             the whole Jacobian; plain is gradient descent, unrolled in full, for the same budget."
        ),
    )
    .column(Column::new("problem", Text))
    .column(Column::new("solver", Text))
    .column(Column::new("steps", Count))
    .column(Column::new("derivative", Text))
    .column(Column::new("products", Count))
    .column(Column::new("forecast", Short))
    .column(Column::new("truth", Short))
    .column(Column::new("plain", Short));
    let (mut worst, mut errors) = (1.0_f64, Vec::new());
    for case in CASES {
        let subject = Subject::new(&case.problem(desk.args.seed))?;
        let setting = subject.setting(budget);
        let question = Question {
            problem: setting.problem,
            theta: setting.theta,
            start: setting.start,
            budget: Budget::steps(budget),
            tolerance: 1e-6,
            edges: None,
            seed: desk.args.seed,
        };
        let advice = advise(&question)?;
        let followed = advice.follow(&question)?;
        let truth = relative(&followed.tangents.dx, &subject.exact.jacobian);
        let gradient_descent = setting.run(&subject.exact, &[Method::Large])?;
        let plain = gradient_descent.first().and_then(|curve| curve.jacobian_error.last().copied());
        let choice = advice.choice;
        worst = worst.max(followed.off).max(1.0 / followed.off);
        errors.extend(plain.map(|plain| (truth, plain)));
        table = table.row([
            Cell::text(case.name),
            Cell::text(choice.plan.solver.name()),
            Cell::count(choice.plan.steps),
            Cell::text(choice.plan.mode.to_string()),
            Cell::count(choice.plan.products),
            Cell::number(choice.error),
            Cell::number(truth),
            Cell::maybe(plain),
        ]);
    }
    let range = |of: &dyn Fn(&(f64, f64)) -> f64| {
        let (low, high) =
            errors.iter().map(of).fold((f64::INFINITY, 0.0), |(a, b), e| (f64::min(a, e), f64::max(b, e)));
        format!("{} to {}", Short.show(low), Short.show(high))
    };
    let finding = format!(
        "For the price of {budget} differentiated gradient steps the plans it picks end at errors of {}, gradient descent, \
         unrolled in full, at {}.",
        range(&|e| e.0),
        range(&|e| e.1)
    );
    Ok(Part::new("", "")
        .finding(finding)
        .finding(format!("Its forecasts are right within a factor of {}.", Short.show(worst)))
        .with(Block::Table(table)))
}

/// `|a - b| / |b|`.
fn relative(a: &[f64], b: &[f64]) -> f64 {
    let size = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    size(&mut a.iter().zip(b).map(|(a, b)| a - b)) / size(&mut b.iter().copied())
}
