//! The picture of a training: loss and metrics, epoch by epoch.

use kuva::plot::LinePlot;
use kuva::plot::legend::{LegendPosition, LegendShape};
use kuva::render::figure::Figure;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use unspool_train::Epoch;

use super::{BLUE, ORANGE, Picture, entry};
use crate::exit::Failure;

/// Draws the training loss and the first validation metric, on logarithmic axes.
pub(crate) fn draw(history: &[Epoch]) -> Result<Picture, Failure> {
    let loss: Vec<(f64, f64)> = history.iter().map(|e| (e.epoch as f64, e.loss)).collect();
    let metric: Vec<(f64, f64)> =
        history.iter().filter_map(|e| Some((e.epoch as f64, e.validation.first()?.1))).collect();
    let name = history.iter().find_map(|e| Some(e.validation.first()?.0.clone())).unwrap_or_default();
    let panel = |points: Vec<(f64, f64)>, color: &str, name: &str| {
        let is_positive = points.iter().all(|(_, y)| *y > 0.0);
        let logs = points.into_iter().map(|(x, y)| (x, if is_positive { y.log10() } else { y }));
        let plots: Vec<Plot> = vec![LinePlot::new().with_data(logs).with_color(color).with_stroke_width(1.8).into()];
        let label = if is_positive { format!("log10 {name}") } else { name.to_owned() };
        let layout = Layout::auto_from_plots(&plots)
            .with_title(name)
            .with_x_label("epoch")
            .with_y_label(&label)
            .with_legend_entries(vec![entry(name, color, LegendShape::Line, None)])
            .with_legend_position(LegendPosition::InsideTopRight);
        (plots, layout)
    };
    let (left_plots, left) = panel(loss, BLUE, "training loss");
    let (right_plots, right) = panel(metric, ORANGE, &format!("validation {name}"));
    let scene = Figure::new(1, 2)
        .with_cell_size(520.0, 400.0)
        .with_plots(vec![left_plots, right_plots])
        .with_layouts(vec![left, right])
        .render();
    Picture::of(&scene)
}
