//! What came out: a table, a document, sentences.

use serde_json::{Value, json};
use unspool_curse::experiment::{Curve, stays_below};
use unspool_curse::prediction::Prediction;

use super::super::SCHEMA_VERSION;
use super::super::subject::Subject;
use super::Files;
use crate::args::{CurseArgs, StartArg};
use crate::picture::Drawn;

/// Levels of the Jacobian error that are looked for.
const LEVELS: [f64; 3] = [1.0, 1e-2, 1e-6];

/// One method: what was measured, what theory says, and from where on the errors stay small.
pub(in crate::cmd) struct Run {
    pub(in crate::cmd) curve: Curve,
    pub(in crate::cmd) prediction: Prediction,
    /// The first iteration from which the Jacobian error stays below each of [`LEVELS`].
    pub(in crate::cmd) jacobian: [Option<usize>; 3],
    /// The same for the iterate and 1e-6.
    pub(in crate::cmd) iterate: Option<usize>,
    /// The same for the function and 1e-2.
    pub(in crate::cmd) function: Option<usize>,
}

impl Run {
    pub(super) fn new(curve: Curve, prediction: Prediction) -> Self {
        // Up to rounding, the start is not below one.
        let below = |curve: &[f64], level: f64| stays_below(curve, level * (1.0 - 1e-12));
        Run {
            jacobian: LEVELS.map(|level| below(&curve.jacobian_error, level)),
            iterate: below(&curve.iterate_error, 1e-6),
            function: below(&curve.function_error, 1e-2),
            curve,
            prediction,
        }
    }

    pub(in crate::cmd) fn name(&self) -> &'static str {
        self.curve.method.name()
    }

    /// Whether it took all steps in finite numbers.
    pub(super) fn is_whole(&self, steps: usize) -> bool {
        let Curve { jacobian_error, iterate_error, .. } = &self.curve;
        let ends = [jacobian_error, iterate_error].map(|curve| curve.last().copied().unwrap_or(f64::NAN));
        jacobian_error.len() > steps && ends.iter().all(|end| end.is_finite())
    }

    /// Whether the Jacobian got worse than it was at the start.
    fn is_cursed(&self) -> bool {
        self.curve.peak.value > 1.0 + 1e-6
    }
}

/// An experiment.
pub(in crate::cmd) struct Report<'a> {
    pub(in crate::cmd) args: &'a CurseArgs,
    pub(in crate::cmd) subject: &'a Subject,
    pub(in crate::cmd) runs: Vec<Run>,
}

impl Report<'_> {
    /// The curves to draw.
    pub(in crate::cmd) fn drawn(&self) -> Vec<Drawn<'_>> {
        let drawn = self.runs.iter().map(|Run { curve, prediction, .. }| Drawn {
            method: curve.method,
            measured: [&curve.jacobian_error[..], &curve.function_error[..]],
            theory: [&prediction.jacobian_error[..], &prediction.function_error[..]],
        });
        drawn.collect()
    }

    /// All curves, a row for each method and iteration; empty cells after a run that ended early.
    pub(super) fn csv(&self) -> String {
        let mut text =
            "method,iteration,jacobian_error,function_error,iterate_error,theory,theory_function,worst_case\n"
                .to_owned();
        for run in &self.runs {
            let Run { curve, prediction, .. } = run;
            let columns = [
                &curve.jacobian_error,
                &curve.function_error,
                &curve.iterate_error,
                &prediction.jacobian_error,
                &prediction.function_error,
                &prediction.worst_case,
            ];
            for t in 0..=self.args.steps {
                let cells = columns.map(|column| column.get(t).map_or(String::new(), |value| format!("{value:e}")));
                text += &format!("{},{t},{}\n", run.name(), cells.join(","));
            }
        }
        text
    }

    /// The JSON document.
    pub(super) fn document(&self, files: &Files) -> Value {
        let (subject, spectrum) = (self.subject, self.subject.spectrum);
        let method = |run: &Run| {
            let Run { curve, prediction, jacobian: [one, hundredth, millionth], iterate, function } = run;
            let value = json!({
                "jacobian_error": curve.jacobian_error,
                "function_error": curve.function_error,
                "iterate_error": curve.iterate_error,
                "theory": prediction.jacobian_error,
                "theory_function": prediction.function_error,
                "worst_case": prediction.worst_case,
                "peak": curve.peak.value,
                "peak_iteration": curve.peak.iteration,
                "jacobian_below_1": one,
                "jacobian_below_1e-2": hundredth,
                "jacobian_below_1e-6": millionth,
                "iterate_below_1e-6": iterate,
                "function_below_1e-2": function,
            });
            (run.name().to_owned(), value)
        };
        let path = |path: &std::path::PathBuf| path.display().to_string();
        json!({
            "schema_version": SCHEMA_VERSION,
            "command": "curse",
            "problem": {
                "name": subject.name,
                "kind": subject.kind,
                "coordinates": subject.start.len(),
                "kappa": spectrum.kappa(),
                "ell": spectrum.ell(),
                "l": spectrum.big_l(),
                "penalty": subject.penalty,
                "start": match self.args.problem.start { StartArg::Zero => "zero", StartArg::Random => "random" },
                "seed": self.args.problem.seed,
                "steps": self.args.steps,
                "theory_is_exact": subject.is_quadratic,
            },
            "methods": self.runs.iter().map(method).collect::<serde_json::Map<_, _>>(),
            "findings": self.findings(),
            "picture": files.pictures.as_ref().map(|[svg, _]| path(svg)),
            "picture_png": files.pictures.as_ref().map(|[_, png]| path(png)),
            "csv": files.csv.as_ref().map(path),
        })
    }

    /// The table and the sentences for people.
    pub(super) fn summary(&self, files: &Files) -> String {
        let (subject, steps) = (self.subject, self.args.steps);
        let edges = subject.spectrum;
        let start = match self.args.problem.start {
            StartArg::Zero => "zero".to_owned(),
            StartArg::Random => format!("a random start (seed {})", self.args.problem.seed),
        };
        let mut lines = vec![
            subject.name.clone(),
            format!(
                "spectrum {:.4e} to {:.4e}, kappa {:.4e}; {steps} steps from {start}",
                edges.ell(),
                edges.big_l(),
                edges.kappa()
            ),
            String::new(),
            format!("{:<13} {:^43} {:>8}  error after {steps} steps", "", "Jacobian error", "iterate"),
            row(["method", "peak", "at", "below 1", "1e-2", "1e-6", "1e-6", "Jacobian", "iterate", "function"]),
        ];
        let iteration = |of: Option<usize>| of.map_or("-".to_owned(), |t| t.to_string());
        for run in &self.runs {
            let Curve { peak, jacobian_error, iterate_error, function_error, .. } = &run.curve;
            let end = |curve: &[f64]| curve.last().map_or(String::new(), |e| format!("{:.2e}", e.max(0.0)));
            let cells = [
                run.name().to_owned(),
                format!("{:.4}", peak.value),
                peak.iteration.to_string(),
                iteration(run.jacobian[0]),
                iteration(run.jacobian[1]),
                iteration(run.jacobian[2]),
                iteration(run.iterate),
                end(jacobian_error),
                end(iterate_error),
                end(function_error),
            ];
            lines.push(row(cells.each_ref().map(String::as_str)));
        }
        lines.push(String::new());
        lines.extend(self.findings());
        lines.extend(subject.note.iter().map(|note| format!("note: {note}")));
        if let Some([svg, png]) = &files.pictures {
            lines.push(format!("pictures: {}, {}", svg.display(), png.display()));
        }
        lines.extend(files.csv.iter().map(|path| format!("curves: {}", path.display())));
        lines.join("\n") + "\n"
    }

    /// What it shows, in plain sentences.
    pub(in crate::cmd) fn findings(&self) -> Vec<String> {
        let (cursed, spared) = self.runs.iter().partition::<Vec<&Run>, _>(|run| run.is_cursed());
        let names = |runs: &[&Run]| listed(&runs.iter().map(|run| run.name()).collect::<Vec<_>>());
        let worst = cursed.iter().max_by(|a, b| a.curve.peak.value.total_cmp(&b.curve.peak.value));
        let mut findings = vec![match worst {
            None => {
                let mut text =
                    "The curse does not appear: no Jacobian is ever further off than at the start.".to_owned();
                if self.args.problem.start == StartArg::Zero && self.subject.penalty.is_some() {
                    text += " A start at zero favours the Jacobian; --start random does not.";
                }
                text
            }
            Some(worst) => {
                let peak = worst.curve.peak;
                let end = match worst.jacobian[0] {
                    Some(t) => format!("is better than no step at all only from iteration {t}"),
                    None => format!("is still worse than no step at all after {} steps", self.args.steps),
                };
                let mut text = format!(
                    "The curse appears: the Jacobian of {} gets {:.3} times as wrong as at the start (iteration {}) and {end}.",
                    worst.name(),
                    peak.value,
                    peak.iteration,
                );
                if !spared.is_empty() {
                    text += &format!(" Spared: {}.", names(&spared));
                }
                text
            }
        }];
        let first = |of: &dyn Fn(&Run) -> Option<usize>| {
            let least = self.runs.iter().filter_map(of).min()?;
            let runs: Vec<&Run> = self.runs.iter().filter(|run| of(run) == Some(least)).collect();
            Some(format!("{} (iteration {least})", names(&runs)))
        };
        let (jacobian, function) = (first(&|run| run.jacobian[1]), first(&|run| run.function));
        let nobody = || format!("nobody within {} steps", self.args.steps);
        findings.push(format!(
            "First below 1e-2 for good: {} for the Jacobian, {} for the function.",
            jacobian.unwrap_or_else(nobody),
            function.unwrap_or_else(nobody)
        ));
        let ratios = self.runs.iter().filter_map(|run| Some(run.jacobian[2]? as f64 / run.iterate?.max(1) as f64));
        let (low, high) = ratios.fold((f64::INFINITY, 0.0), |(low, high), r| (f64::min(low, r), f64::max(high, r)));
        if high > 0.0 {
            findings
                .push(format!("To 1e-6 a Jacobian takes {low:.2} to {high:.2} times the iterations of its iterate."));
        }
        for run in self.runs.iter().filter(|run| !run.is_whole(self.args.steps)) {
            let last = run.curve.jacobian_error.len().saturating_sub(1);
            findings.push(format!("{} left the finite numbers after iteration {last}.", run.name()));
        }
        findings
    }
}

/// One row of the table.
fn row(cells: [&str; 10]) -> String {
    let [name, peak, at, one, hundredth, millionth, iterate, jacobian, x, f] = cells;
    format!(
        "{name:<13} {peak:>10} {at:>7} {one:>8} {hundredth:>7} {millionth:>7} {iterate:>8}  {jacobian:>9} {x:>9} {f:>9}"
    )
}

/// `a, b and c`
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
