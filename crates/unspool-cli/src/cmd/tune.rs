//! `unspool tune`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;
use unspool_core::Mode;
use unspool_tune::table::{Example, Table};
use unspool_tune::{Comparison, Inner, ModelKind, Outcome, Regularisers, Score, Settings, tune, write_atomically};

use super::source::{Source, find_example, model_of};
use super::stop::Stop;
use super::{SCHEMA_VERSION, build_threads};
use crate::args::{Sharing, TuneArgs};
use crate::exit::{Done, Failure};
use crate::progress::Progress;
use crate::{groups, output, picture};

/// Learns a model and writes it with its pictures.
pub(crate) fn run(args: &TuneArgs) -> Result<Done, Failure> {
    let example = args.example.as_deref().map(find_example).transpose()?;
    let files = Files::within(&args.out);
    if !args.force && files.model.symlink_metadata().is_ok() {
        return Err(Failure::exists(&files.model, "choose another folder with --out, or overwrite it with --force"));
    }
    build_threads(args.running.threads)?;
    let (data, target) = (args.data.as_deref(), args.target.as_deref());
    let table = Source { data, example, table: &args.table, target, ignore: &args.ignore }.read()?;
    let settings = settings(args, example, &table)?;
    let was_there = args.out.exists();
    probe(&args.out)?;

    let stop = Stop::watch(
        &args.running,
        "stopping after this evaluation, to write the best so far; Ctrl-C again quits at once",
    )?;
    let mut progress = Progress::new(args.running.quiet);
    let mut stopped = false;
    let outcome = tune(&table, &settings, &mut |evaluation| {
        progress.show(evaluation);
        stopped |= stop.is_asked();
        if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    progress.finish();
    let outcome = outcome.inspect_err(|_| {
        if !was_there {
            // only if it is empty
            let _ = std::fs::remove_dir(&args.out);
        }
    })?;

    files.write(&outcome)?;
    let status = match (stopped, outcome.converged) {
        (true, _) => "stopped",
        (false, true) => "converged",
        (false, false) => "not-converged",
    };
    if args.json {
        let text = document(&table, &settings, &outcome, &files, status);
        output::print(format!("{text:#}\n").as_bytes())?;
    } else {
        output::print(summary(&table, &settings, &outcome, &files).as_bytes())?;
    }
    Ok(if status == "converged" { Done::Well } else { Done::Unfinished })
}

/// The files that are written.
struct Files {
    model: PathBuf,
    svg: PathBuf,
    png: PathBuf,
    history: PathBuf,
}

impl Files {
    /// Inside this folder.
    fn within(folder: &Path) -> Self {
        Files {
            model: folder.join("model.json"),
            svg: folder.join("tuning.svg"),
            png: folder.join("tuning.png"),
            history: folder.join("history.jsonl"),
        }
    }

    /// Writes them all, the model first.
    fn write(&self, outcome: &Outcome) -> Result<(), Failure> {
        outcome.model.write(&self.model)?;
        let mut history = String::new();
        for evaluation in &outcome.history {
            history += &json!(evaluation).to_string();
            history.push('\n');
        }
        write_atomically(&self.history, history.as_bytes())?;
        let picture = picture::draw_tuning(outcome)?;
        write_atomically(&self.svg, picture.svg.as_bytes())?;
        Ok(write_atomically(&self.png, &picture.png)?)
    }

    /// As text.
    fn shown(&self) -> [String; 4] {
        [&self.model, &self.svg, &self.png, &self.history].map(|path| path.display().to_string())
    }
}

/// The settings that the arguments ask for.
fn settings(args: &TuneArgs, example: Option<&Example>, table: &Table) -> Result<Settings, Failure> {
    let Some(model) = args.model.or(example.map(model_of)) else {
        return Err(Failure::new("no model was named", "choose one with --model: ridge, logistic or lasso"));
    };
    let regularisers = match (args.regularisers, &args.groups) {
        (None | Some(Sharing::Groups), Some(path)) => Regularisers::Groups(groups::read(path, table)?),
        (Some(_), Some(_)) => {
            let message = "--groups goes with --regularisers groups only";
            return Err(Failure::new(message, "leave one of the two out"));
        }
        (Some(Sharing::Groups), None) => {
            let hint = "name a CSV file with the columns `feature` and `group` by --groups FILE";
            return Err(Failure::new("--regularisers groups needs the groups", hint));
        }
        (None, None) => Regularisers::Auto,
        (Some(Sharing::PerFeature), None) => Regularisers::PerFeature,
        (Some(Sharing::One), None) => Regularisers::One,
    };
    let mode = args.mode.unwrap_or_else(Mode::full);
    let defaults = Settings::new(model);
    Ok(Settings {
        regularisers,
        test_fraction: args.test_fraction.unwrap_or(defaults.test_fraction),
        folds: args.folds.unwrap_or(defaults.folds),
        seed: args.seed,
        inner: args.steps.map_or(defaults.inner, |steps| Inner::Unrolled { steps, mode }),
        max_evaluations: args.max_evaluations.unwrap_or(defaults.max_evaluations),
        grid_points: args.grid_points.unwrap_or(defaults.grid_points),
        ..defaults
    })
}

/// Finds out before the work whether its result can be written.
fn probe(folder: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::write(&folder.display().to_string(), &error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    tempfile::tempfile_in(folder).map_err(failed)?;
    Ok(())
}

/// The settings as a document shows them.
#[derive(Serialize)]
struct Shown<'a> {
    model: ModelKind,
    target: &'a str,
    regularisers: &'static str,
    count: usize,
    test_fraction: f64,
    folds: usize,
    inner: &'static str,
    steps: Option<usize>,
    mode: Option<String>,
    max_evaluations: usize,
    pull: f64,
    grid_points: usize,
}

impl<'a> Shown<'a> {
    fn new(settings: &Settings, table: &'a Table) -> Self {
        let (regularisers, count) = sharing(settings, table);
        let (inner, steps, mode) = match settings.inner {
            Inner::Advised => ("advised", None, None),
            Inner::Solved => ("solved", None, None),
            Inner::Unrolled { steps, mode } => ("unrolled", Some(steps), Some(mode.to_string())),
        };
        Shown {
            model: settings.model,
            target: &table.target.name,
            regularisers,
            count,
            test_fraction: settings.test_fraction,
            folds: settings.folds,
            inner,
            steps,
            mode,
            max_evaluations: settings.max_evaluations,
            pull: settings.pull,
            grid_points: settings.grid_points,
        }
    }
}

/// Which features share a regulariser, and how many there are.
fn sharing(settings: &Settings, table: &Table) -> (&'static str, usize) {
    match &settings.regularisers {
        Regularisers::Auto => ("auto", table.features.cols()),
        Regularisers::One => ("one", 1),
        Regularisers::Groups(of) => ("groups", of.iter().max().map_or(0, |&last| last as usize + 1)),
        Regularisers::PerFeature => ("per-feature", table.features.cols()),
    }
}

/// The JSON document.
fn document(
    table: &Table,
    settings: &Settings,
    outcome: &Outcome,
    files: &Files,
    status: &'static str,
) -> serde_json::Value {
    let [model, svg, png, history] = files.shown();
    json!({
        "schema_version": SCHEMA_VERSION,
        "command": "tune",
        "status": status,
        "data": table.source,
        "model": model,
        "picture": svg,
        "picture_png": png,
        "history": history,
        "quality": quality_name(settings.model),
        "comparison": outcome.comparison,
        "notes": outcome.notes,
        "advice": outcome.advice,
        "seed": settings.seed,
        "settings": Shown::new(settings, table),
    })
}

/// What `Score::quality` is.
fn quality_name(model: ModelKind) -> &'static str {
    if model.is_classifier() { "accuracy" } else { "R²" }
}

/// The summary for people.
fn summary(table: &Table, settings: &Settings, outcome: &Outcome, files: &Files) -> String {
    let Comparison { rows, learned, grid, constant, difference, .. } = &outcome.comparison;
    let comparison = &outcome.comparison;
    let (features, (_, count)) = (table.features.cols(), sharing(settings, table));
    let mut lines = vec![
        format!(
            "{}: {} of `{}`, {features} features, {} rows to learn from, {} to test on",
            table.source, settings.model, table.target.name, rows.0, rows.1
        ),
        String::new(),
        row(["", "test loss ± error", quality_name(settings.model), "cross-validation", "fits", "seconds"]),
        scored(&format!("learned ({})", if comparison.kept_several { count } else { 1 }), learned),
        scored(&format!("grid ({} points)", comparison.grid_points), grid),
        row(["constant", &constant.to_string(), "", "", "", ""]),
        row(["learned - grid", &difference.to_string(), "", "", "", ""]),
        String::new(),
    ];
    lines.extend(outcome.advice.iter().flatten().map(|line| format!("advice: {line}")));
    lines.extend(outcome.notes.iter().map(|note| format!("note: {note}")));
    let [model, svg, png, history] = files.shown();
    lines.push(format!("model: {model}"));
    lines.push(format!("pictures: {svg}, {png}"));
    lines.push(format!("history: {history}"));
    lines.join("\n") + "\n"
}

/// One row of the summary's table.
fn row(cells: [&str; 6]) -> String {
    let [name, loss, quality, validation, fits, seconds] = cells;
    let row = format!("{name:<17} {loss:<21} {quality:<9} {validation:<17} {fits:>5} {seconds:>8}");
    row.trim_end().to_owned()
}

/// The row of a score.
fn scored(name: &str, score: &Score) -> String {
    let Score { loss, quality, cross_validation, fits, seconds } = score;
    row([
        name,
        &loss.to_string(),
        &format!("{quality:.4}"),
        &format!("{cross_validation:.5}"),
        &fits.to_string(),
        &format!("{seconds:.3}"),
    ])
}
