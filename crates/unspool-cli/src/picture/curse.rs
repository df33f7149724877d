//! The picture of the curse: errors of the Jacobian and of the function over the iterations.

use std::sync::Arc;

use kuva::plot::LinePlot;
use kuva::plot::legend::{LegendEntry, LegendShape};
use kuva::plot::line::LineStyle;
use kuva::render::figure::Figure;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use unspool_curse::experiment::Method;

use super::{GREY, Picture, entry, pieces, power_of_ten};
use crate::exit::Failure;

/// Errors below this power of ten are left out.
const FLOOR: f64 = -12.0;
/// Points of a curve that can be told apart.
const POINTS: usize = 1000;
const THEORY: &str = "#111111";
const DASHES: &str = "2.5 7";

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
        drawn.iter().map(|d| entry(d.method.name(), colors(d.method)[0], LegendShape::Line, None)).collect();
    entries.push(entry("theory", THEORY, LegendShape::Line, Some(DASHES)));
    let scene = Figure::new(1, 2)
        .with_title(title.replace('$', "\\$"))
        .with_title_size(16)
        .with_cell_size(540.0, 470.0)
        .with_plots(plots)
        .with_layouts(layouts)
        .with_shared_legend_entries(entries)
        .with_shared_legend_right_middle()
        .with_spacing(20.0)
        .render();
    Picture::of(&scene)
}

/// A colour for what is measured and a darker one for the theory, such that those who confuse red and
/// green can tell them apart; gradient descent's are of one family.
fn colors(method: Method) -> [&'static str; 2] {
    match method {
        Method::Small => ["#9ecae1", "#3d6b83"],
        Method::Threshold => ["#4292c6", "#173f5a"],
        Method::Large => ["#2555b5", "#000d33"],
        Method::HeavyBall => ["#E69F00", "#6b4a00"],
        Method::Nesterov => ["#009E73", "#003d2c"],
        Method::Chebyshev => ["#D55E00", "#5c2800"],
        Method::Sobolev => ["#CC79A7", "#6e2a4e"],
        Method::Horizon => ["#8a8a8a", "#1a1a1a"],
    }
}

/// The first iteration after which every measured error is too small to show, or the last.
fn end(drawn: &[Drawn<'_>]) -> f64 {
    let visible = |curve: &[f64]| curve.iter().rposition(|e| *e > 10f64.powf(FLOOR)).map_or(0, |t| t + 1);
    let shown = drawn.iter().flat_map(|d| d.measured).map(visible).max().unwrap_or(0);
    let steps = drawn.iter().map(|d| d.theory[0].len().saturating_sub(1)).max().unwrap_or(0);
    shown.min(steps).max(1) as f64
}

/// One panel: broad lines are measured, thin dashed ones on top of them theory.
fn panel(drawn: &[Drawn<'_>], which: usize, title: &str, unit: &str) -> (Vec<Plot>, Layout) {
    let end = end(drawn);
    let measured: Vec<Vec<(f64, f64)>> = drawn.iter().map(|d| points(d.measured[which], end)).collect();
    let theory: Vec<Vec<(f64, f64)>> = drawn.iter().map(|d| points(d.theory[which], end)).collect();
    let heights = || measured.iter().flatten().map(|&(_, y)| y);
    let low = heights().fold(0.0, f64::min).max(FLOOR).floor().min(-1.0);
    let high = (heights().fold(0.0, f64::max) + 0.1).min(30.0);
    let level = LinePlot::new().with_data([(0.0, 0.0), (end, 0.0)]).with_color(GREY).with_stroke_width(1.2);
    let mut plots: Vec<Plot> = vec![level.into()];
    for (d, points) in drawn.iter().zip(&measured) {
        for piece in seen(points, low, high) {
            plots.push(LinePlot::new().with_data(piece).with_color(colors(d.method)[0]).with_stroke_width(3.4).into());
        }
    }
    for (d, points) in drawn.iter().zip(&theory) {
        for piece in seen(points, low, high) {
            let dashes = LineStyle::Custom(DASHES.into());
            let line = LinePlot::new().with_data(piece).with_color(colors(d.method)[1]).with_stroke_width(1.1);
            plots.push(line.with_line_style(dashes).into());
        }
    }
    let layout = Layout::new((0.0, end), (low, high))
        .with_title(title)
        .with_x_label("iteration")
        .with_y_label(unit)
        .with_x_axis_min(0.0)
        .with_x_axis_max(end)
        .with_y_axis_min(low)
        .with_y_axis_max(high)
        .with_y_tick_step(((high - low) / 8.0).ceil())
        .with_y_tick_format(TickFormat::Custom(Arc::new(power_of_ten)));
    (plots, layout)
}

/// Powers of ten over the iterations, no more than can be told apart.
fn points(curve: &[f64], end: f64) -> Vec<(f64, f64)> {
    let curve = &curve[..curve.len().min(end as usize + 1)];
    let stride = curve.len().div_ceil(POINTS).max(1);
    let points = curve.iter().enumerate().step_by(stride).filter(|(_, e)| !e.is_nan());
    points.map(|(t, e)| (t as f64, e.max(1e-300).log10())).collect()
}

/// The parts of a curve within a panel.
fn seen(points: &[(f64, f64)], low: f64, high: f64) -> Vec<Vec<(f64, f64)>> {
    let turned = |points: Vec<(f64, f64)>| points.into_iter().map(|(x, y)| (x, -y)).collect::<Vec<_>>();
    pieces(points, high).into_iter().flat_map(|piece| pieces(&turned(piece), -low)).map(turned).collect()
}
