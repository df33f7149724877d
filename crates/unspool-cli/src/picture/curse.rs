//! The picture of the curse: errors of the Jacobian and of the function over the iterations.

use std::sync::Arc;

use kuva::plot::LinePlot;
use kuva::plot::legend::{LegendEntry, LegendShape};
use kuva::plot::line::LineStyle;
use kuva::render::annotations::ReferenceLine;
use kuva::render::figure::Figure;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use unspool_curse::experiment::Method;

use super::{PALE, Picture, entry, pieces, power_of_ten};
use crate::exit::Failure;

/// Errors below this are rounding.
const FLOOR: f64 = -14.0;
/// Points of a curve that can be told apart.
const POINTS: usize = 1000;
const THEORY: &str = "#222222";

/// The curves of one method; each pair is the Jacobian's and the function's.
pub(crate) struct Drawn<'a> {
    /// The method.
    pub(crate) method: Method,
    /// Relative errors, entry `t` after `t` steps.
    pub(crate) measured: [&'a [f64]; 2],
    /// The same as theory has them.
    pub(crate) theory: [&'a [f64]; 2],
}

/// Draws the two panels.
pub(crate) fn draw(title: &str, drawn: &[Drawn<'_>]) -> Result<Picture, Failure> {
    let panels = [(0, "Jacobian error", "|J − J*| / |J*|"), (1, "Function suboptimality", "(f − f*) / (f₀ − f*)")];
    let (plots, layouts) = panels.map(|(which, name, unit)| panel(drawn, which, name, unit)).into_iter().unzip();
    let mut entries: Vec<LegendEntry> =
        drawn.iter().map(|d| entry(d.method.name(), color(d.method), LegendShape::Line, None)).collect();
    entries.push(entry("theory", THEORY, LegendShape::Line, Some("4 3")));
    let scene = Figure::new(1, 2)
        .with_title(title.replace('$', "\\$"))
        .with_title_size(16)
        .with_cell_size(560.0, 440.0)
        .with_plots(plots)
        .with_layouts(layouts)
        .with_shared_legend_entries(entries)
        .with_shared_legend_bottom()
        .with_spacing(20.0)
        .render();
    Picture::of(&scene)
}

/// Colours that those who confuse red and green can tell apart; gradient descent's are of one family.
fn color(method: Method) -> &'static str {
    match method {
        Method::Small => "#9ecae1",
        Method::Threshold => "#4292c6",
        Method::Large => "#084594",
        Method::HeavyBall => "#E69F00",
        Method::Nesterov => "#009E73",
        Method::Chebyshev => "#D55E00",
        Method::Sobolev => "#CC79A7",
        Method::Horizon => "#8a8a8a",
    }
}

/// One panel: broad lines are measured, thin dashed ones on top of them theory.
fn panel(drawn: &[Drawn<'_>], which: usize, title: &str, unit: &str) -> (Vec<Plot>, Layout) {
    let steps = drawn.iter().map(|d| d.theory[which].len()).max().unwrap_or(2).max(2) - 1;
    let measured: Vec<Vec<(f64, f64)>> = drawn.iter().map(|d| points(d.measured[which])).collect();
    let theory: Vec<Vec<(f64, f64)>> = drawn.iter().map(|d| points(d.theory[which])).collect();
    let heights = || measured.iter().flatten().map(|&(_, y)| y);
    let low = heights().fold(0.0, f64::min).max(FLOOR).floor().min(-1.0);
    let high = (heights().fold(0.0, f64::max) + 0.1).min(30.0);
    let mut plots = Vec::<Plot>::new();
    for (d, points) in drawn.iter().zip(&measured) {
        for piece in seen(points, low, high) {
            plots.push(LinePlot::new().with_data(piece).with_color(color(d.method)).with_stroke_width(3.0).into());
        }
    }
    for points in &theory {
        for piece in seen(points, low, high) {
            let dashes = LineStyle::Custom("4 3".into());
            let line = LinePlot::new().with_data(piece).with_color(THEORY).with_stroke_width(0.8);
            plots.push(line.with_line_style(dashes).into());
        }
    }
    let layout = Layout::new((0.0, steps as f64), (low, high))
        .with_title(title)
        .with_x_label("iteration")
        .with_y_label(unit)
        .with_x_axis_min(0.0)
        .with_x_axis_max(steps as f64)
        .with_y_axis_min(low)
        .with_y_axis_max(high)
        .with_y_tick_step(((high - low) / 8.0).ceil())
        .with_y_tick_format(TickFormat::Custom(Arc::new(power_of_ten)))
        .with_reference_line(ReferenceLine::horizontal(0.0).with_color(PALE).with_stroke_width(1.5));
    (plots, layout)
}

/// Powers of ten over the iterations, no more than can be told apart.
fn points(curve: &[f64]) -> Vec<(f64, f64)> {
    let stride = curve.len().div_ceil(POINTS);
    let points = curve.iter().enumerate().step_by(stride).filter(|(_, e)| !e.is_nan());
    points.map(|(t, e)| (t as f64, e.max(1e-300).log10())).collect()
}

/// The parts of a curve within a panel.
fn seen(points: &[(f64, f64)], low: f64, high: f64) -> Vec<Vec<(f64, f64)>> {
    let turned = |points: Vec<(f64, f64)>| points.into_iter().map(|(x, y)| (x, -y)).collect::<Vec<_>>();
    pieces(points, high).into_iter().flat_map(|piece| pieces(&turned(piece), -low)).map(turned).collect()
}
