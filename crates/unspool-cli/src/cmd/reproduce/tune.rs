//! Regularisers by hypergradient, beside a grid search.

use std::ops::ControlFlow;

use serde_json::json;
use unspool_report::number::Format::{Count, Fixed, Short, Text};
use unspool_report::{Axis, Block, Cell, Column, Curves, Part, Series, Table, round};
use unspool_tune::{Mean, ModelKind, Outcome, Phase, Score, Settings, tune};

use super::{Desk, Job, sentence};
use crate::args::TableArgs;
use crate::cmd::source::{Source, find_example, model_of};
use crate::exit::Failure;
use crate::picture;

/// Half of a 95 % interval, in standard errors.
const ERRORS: f64 = 1.96;

/// What is to be done.
pub(super) fn jobs(desk: &Desk) -> Vec<Job> {
    let of = |id, title, example: &'static str| {
        Job::new(id, title, json!({ "example": example, "folds": 5, "grid_points": 25 }), move |desk| {
            tuned(desk, id, example)
        })
    };
    let mut jobs = vec![of("tune-wdbc", "Tuned regularisers: breast cancer", "wdbc")];
    if !desk.args.tiny {
        jobs.push(of("tune-diabetes", "Tuned regularisers: diabetes", "diabetes"));
    }
    jobs
}

fn tuned(desk: &Desk, id: &str, name: &str) -> Result<Part, Failure> {
    let example = find_example(name)?;
    let model = model_of(example);
    let options = TableArgs { format: None, delimiter: None };
    let table = Source { data: None, example: Some(example), table: &options, target: None, ignore: &[] }.read()?;
    let settings = Settings { seed: desk.args.seed, ..Settings::new(model) };
    let outcome = tune(&table, &settings, &mut |evaluation| {
        desk.share.show(evaluation.number as f64 / evaluation.most as f64);
        ControlFlow::Continue(())
    })?;
    let files = desk.folder.picture(id, &picture::draw_tuning(&outcome)?)?;
    let comparison = &outcome.comparison;
    let text = format!(
        "{} of “{}”: {} features, {} rows to learn from, {} to test on. The loss of a 5-fold cross-validation is \
         minimised along its derivative with respect to the regularisers, through the fits; the grid has {} points.",
        sentence(&model.to_string()),
        table.target.name,
        table.features.cols(),
        comparison.rows.0,
        comparison.rows.1,
        comparison.grid_points,
    );
    let mut part = Part::new(id, "").saying(text).finding(verdict(&outcome));
    part.findings.extend(
        outcome.advice.iter().flatten().take(1).map(|line| format!("How the fits are differentiated: {line}.")),
    );
    Ok(part.with(scores(id, model, &outcome)).with(losses(id, &outcome, files)))
}

/// Who won.
fn verdict(outcome: &Outcome) -> String {
    let comparison = &outcome.comparison;
    let difference = comparison.difference;
    let evaluations = |phase: &dyn Fn(Phase) -> bool| outcome.history.iter().filter(|e| phase(e.phase)).count();
    let (learned, grid) = (evaluations(&|p| p != Phase::Grid), evaluations(&|p| p == Phase::Grid));
    let who = if difference.is_below(ERRORS) {
        "The learned regularisers are better than the grid's"
    } else if difference.is_above(ERRORS) {
        "The grid's regulariser is better than the learned ones"
    } else {
        "Test rows cannot tell the learned regularisers from the grid's"
    };
    let several = if comparison.kept_several { "one a feature" } else { "one for all" };
    format!(
        "{who}: loss {} and {}. Learning took {learned} evaluations, the grid {grid}; what was kept is {several}.",
        Short.show(comparison.learned.loss.mean),
        Short.show(comparison.grid.loss.mean),
    )
}

fn mean(of: Mean) -> Cell {
    Cell::interval(of.mean, of.se.map(|se| (of.mean - ERRORS * se, of.mean + ERRORS * se)))
}

fn scores(id: &str, model: ModelKind, outcome: &Outcome) -> Block {
    let comparison = &outcome.comparison;
    let quality = if model.is_classifier() { "accuracy" } else { "R²" };
    let row = |name: &str, score: &Score| {
        [
            Cell::text(name),
            mean(score.loss),
            Cell::number(score.quality),
            Cell::number(score.cross_validation),
            Cell::count(score.fits),
            Cell::seconds(score.seconds),
        ]
    };
    let only =
        |name: &str, loss: Mean| [Cell::text(name), mean(loss), Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty];
    let caption = "On rows that neither has seen. The difference is taken row by row, so its interval is narrower than \
                   those of the two losses.";
    let table = Table::new(format!("{id}-scores"), "Learned regularisers and a grid's", caption)
        .column(Column::new("", Text))
        .column(Column::new("test loss", Fixed(4)))
        .column(Column::new(quality, Fixed(4)).more_is_better())
        .column(Column::new("cross-validation loss", Fixed(4)).less_is_better())
        .column(Column::new("fits", Count))
        .column(Column::new("seconds", Fixed(2)))
        .row(row("learned by hypergradient", &comparison.learned))
        .row(row("grid search", &comparison.grid))
        .row(only("no features", comparison.constant))
        .row(only("learned − grid", comparison.difference));
    Block::Table(table)
}

/// The loss, evaluation by evaluation.
fn losses(id: &str, outcome: &Outcome, files: Vec<String>) -> Block {
    let phases = [
        (Phase::Shared, "one regulariser", 2),
        (Phase::Several, "several, one fold fewer", 5),
        (Phase::Grid, "grid search", 7),
    ];
    let most = outcome.history.iter().map(|e| e.number).max().unwrap_or(1);
    let of = |phase: Phase| -> Vec<Option<f64>> {
        let loss = |number| outcome.history.iter().find(|e| e.phase == phase && e.number == number).map(|e| e.loss);
        (1..=most).map(|number| loss(number).filter(|l| l.is_finite()).map(|l| round(l, 6))).collect()
    };
    let series: Vec<Series> = phases
        .into_iter()
        .map(|(phase, name, color)| Series { name: name.into(), color, theory: false, y: of(phase) })
        .filter(|series| series.y.iter().any(Option::is_some))
        .collect();
    let learned = outcome.history.iter().filter(|e| e.phase != Phase::Grid && e.loss.is_finite()).map(|e| e.loss);
    let best = outcome.comparison.grid.cross_validation;
    // the worst points of the grid would squeeze the rest
    let (low, high) = learned.fold((best, best), |(a, b), loss| (a.min(loss), b.max(loss)));
    let pad = 0.08 * (high - low).max(1e-3 * high.abs());
    Block::Curves(Curves {
        id: format!("{id}-losses"),
        title: "Cross-validation loss, evaluation by evaluation".into(),
        caption:
            "A hypergradient leads to the best single regulariser in a few evaluations; the grid walks past it, from \
                  strong penalties to weak ones, and its worst points lie above the figure."
                .into(),
        x: (1..=most).map(|k| k as f64).collect(),
        x_axis: Axis { label: "evaluation".into(), log: false, low: 1.0, high: most.max(2) as f64 },
        y_axis: Axis { label: "loss per row".into(), log: false, low: round(low - pad, 6), high: round(high + pad, 6) },
        series,
        dotted: "theory".into(),
        marks: Vec::new(),
        files,
    })
}
