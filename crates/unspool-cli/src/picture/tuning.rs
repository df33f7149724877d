//! The picture of a tuning: the outer loss as it falls, and the regularisers that were learned.

use std::sync::Arc;

use kuva::plot::legend::{LegendPosition, LegendShape};
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::annotations::ReferenceLine;
use kuva::render::figure::Figure;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use unspool_tune::{Evaluation, Outcome, Phase, SavedModel};

use super::{BLUE, GREY, ORANGE, PALE, Picture, entry, pieces, power_of_ten};
use crate::exit::Failure;

/// Most features shown.
const MOST_FEATURES: usize = 40;
/// Most characters shown of a feature's name.
const MOST_CHARACTERS: usize = 28;

/// Draws the two panels.
pub(crate) fn draw(outcome: &Outcome) -> Result<Picture, Failure> {
    let features = Features::of(&outcome.model);
    let height = (130.0 + 17.0 * features.names.len() as f64).max(480.0);
    let (left_plots, left) = losses(outcome);
    let (right_plots, right) = regularisers(features, powers(outcome.comparison.grid_regulariser.ln()));
    let scene = Figure::new(1, 2)
        .with_cell_size(620.0, height)
        .with_plots(vec![left_plots, right_plots])
        .with_layouts(vec![left, right])
        .with_spacing(25.0)
        .render();
    Picture::of(&scene)
}

/// The left panel: the outer loss per evaluation, a curve a phase.
fn losses(outcome: &Outcome) -> (Vec<Plot>, Layout) {
    let best = outcome.comparison.grid.cross_validation;
    let phases = [
        (Phase::Grid, PALE, "grid search"),
        (Phase::Shared, BLUE, "one regulariser"),
        (Phase::Several, ORANGE, "several, one fold fewer"),
    ];
    let of = |phase: Phase| outcome.history.iter().filter(move |e| e.phase == phase && e.loss.is_finite());
    let point = |e: &Evaluation| (e.number as f64, e.loss);
    let learned = || of(Phase::Shared).chain(of(Phase::Several)).map(|e| e.loss);
    let low = learned().fold(best, f64::min);
    // The grid's worst points would squeeze the rest: they are cut off.
    let high = learned().fold(best, f64::max);
    let pad = 0.06 * (high - low).max(1e-3 * high.abs()).max(1e-9);
    let (low, high) = (low - pad, high + pad);
    let (mut plots, mut entries) = (Vec::<Plot>::new(), Vec::new());
    for (phase, color, name) in phases {
        let points: Vec<(f64, f64)> = of(phase).map(point).collect();
        if points.is_empty() {
            continue;
        }
        let seen: Vec<(f64, f64)> = points.iter().copied().filter(|&(_, loss)| loss <= high).collect();
        for piece in pieces(&points, high) {
            plots.push(LinePlot::new().with_data(piece).with_color(color).with_stroke_width(1.8).into());
        }
        plots.push(ScatterPlot::new().with_data(seen).with_color(color).with_size(3.5).into());
        entries.push(entry(name, color, LegendShape::Line, None));
    }
    entries.push(entry("grid's best", GREY, LegendShape::Line, Some("6 4")));
    let last = outcome.history.iter().map(|e| e.number).max().unwrap_or(1).max(2) as f64;
    let layout = Layout::new((0.0, last + 1.0), (low, high))
        .with_title("Cross-validation loss")
        .with_x_label("evaluation")
        .with_y_label("loss per row")
        .with_x_axis_min(0.0)
        .with_x_axis_max(last + 1.0)
        .with_x_tick_format(TickFormat::Integer)
        .with_y_axis_min(low)
        .with_y_axis_max(high)
        .with_reference_line(ReferenceLine::horizontal(best).with_color(GREY).with_stroke_width(1.5))
        .with_legend_entries(entries)
        .with_x_label_offset(0.0, -8.0)
        .with_legend_box(false)
        .with_legend_position(LegendPosition::OutsideBottomColumns);
    (plots, layout)
}

/// The power of ten of a regulariser, from its natural logarithm, within what an axis can show.
fn powers(log: f64) -> f64 {
    (log / std::f64::consts::LN_10).clamp(-99.0, 99.0)
}

/// Features with their regularisers, from weak to strong.
struct Features {
    /// Their names.
    names: Vec<String>,
    /// Their regularisers, as powers of ten.
    strengths: Vec<f64>,
    /// How many there are, shown or not.
    total: usize,
}

impl Features {
    /// The features of a model that are penalised least.
    fn of(model: &SavedModel) -> Self {
        let logs = &model.log_regularisers;
        let mut order: Vec<usize> = (0..logs.len()).collect();
        let log = |j: usize| logs.get(j).copied().unwrap_or_default();
        order.sort_by(|&a, &b| log(a).total_cmp(&log(b)));
        order.truncate(MOST_FEATURES);
        let name = |&j: &usize| model.columns.get(j).cloned().unwrap_or_else(|| format!("feature {}", j + 1));
        Features {
            names: order.iter().map(name).map(|name| shorten(&name)).collect(),
            strengths: order.iter().map(|&j| powers(log(j))).collect(),
            total: logs.len(),
        }
    }
}

/// The right panel: each feature's regulariser as a dot on a line from the grid's choice.
fn regularisers(features: Features, grid: f64) -> (Vec<Plot>, Layout) {
    let shown = features.names.len();
    // The weakest stands at the top.
    let height = |rank: usize| (shown - rank) as f64;
    let mut plots = Vec::<Plot>::new();
    for (rank, &strength) in features.strengths.iter().enumerate() {
        let stem = [(grid, height(rank)), (strength, height(rank))];
        plots.push(LinePlot::new().with_data(stem).with_color(PALE).with_stroke_width(2.0).into());
    }
    let dots = features.strengths.iter().enumerate().map(|(rank, &strength)| (strength, height(rank)));
    plots.push(ScatterPlot::new().with_data(dots.collect::<Vec<_>>()).with_color(ORANGE).with_size(4.5).into());
    let low = (features.strengths.iter().copied().fold(grid, f64::min) - 0.2).floor();
    let high = (features.strengths.iter().copied().fold(grid, f64::max) + 0.2).ceil();
    let title = match features.total {
        total if total > shown => format!("Regularisers: the {shown} weakest of {total}"),
        _ => "Regularisers".to_owned(),
    };
    let layout = Layout::new((low, high), (0.0, shown as f64 + 1.0))
        .with_title(title)
        .with_x_label("strength of the penalty")
        .with_x_axis_min(low)
        .with_x_axis_max(high)
        .with_x_tick_step(((high - low) / 8.0).ceil())
        .with_x_tick_format(TickFormat::Custom(Arc::new(power_of_ten)))
        .with_y_axis_min(0.3)
        .with_y_axis_max(shown as f64 + 0.7)
        .with_y_categories(features.names.into_iter().rev().collect())
        .with_tick_size(11)
        .with_reference_line(ReferenceLine::vertical(grid).with_color(GREY).with_stroke_width(1.5))
        .with_legend_entries(vec![
            entry("learned", ORANGE, LegendShape::Circle, None),
            entry("grid's choice", GREY, LegendShape::Line, Some("6 4")),
        ])
        .with_x_label_offset(0.0, -8.0)
        .with_legend_box(false)
        .with_legend_position(LegendPosition::OutsideBottomColumns);
    (plots, layout)
}

/// A name cut in the middle to what fits, without what the drawing would take for markup.
pub(super) fn shorten(name: &str) -> String {
    let characters: Vec<char> = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let kept: Vec<char> = match characters.len() {
        0..=MOST_CHARACTERS => characters,
        count => {
            let (start, end) = (MOST_CHARACTERS / 2, MOST_CHARACTERS - MOST_CHARACTERS / 2 - 1);
            let start = characters.iter().take(start);
            start.chain(&['…']).chain(characters.iter().skip(count - end)).copied().collect()
        }
    };
    kept.into_iter().flat_map(|c| (c == '$').then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::{MOST_CHARACTERS, shorten};

    #[test]
    fn names_are_cut_in_the_middle() {
        assert_eq!(shorten("mean_radius"), "mean_radius");
        assert_eq!(shorten("a$b\n"), "a\\$b ");
        let cut = shorten("a_very_long_name_of_a_feature_number_12");
        assert_eq!(cut.chars().count(), MOST_CHARACTERS);
        assert!(cut.starts_with("a_very_long") && cut.ends_with("number_12"));
    }
}
