//! How many nodes have how many neighbours.

use kuva::plot::Histogram;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::{Primitive, Scene, render_multiple};

use crate::picture::BLUE;

/// Most bars.
const MOST: usize = 24;

/// Draws the histogram with its lower left and size in pixels.
pub(super) fn draw(scene: &mut Scene, neighbours: &[usize], corner: (f64, f64), size: (f64, f64)) {
    let (edges, counts) = bars(neighbours);
    let (low, high) = (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(1.0));
    let tallest = counts.iter().copied().fold(1.0, f64::max);
    let plots: Vec<Plot> = vec![Histogram::from_bins(edges, counts).with_color(BLUE).into()];
    let layout = Layout::new((low, high), (0.0, tallest))
        .with_width(size.0)
        .with_height(size.1)
        .with_x_label("neighbours")
        .with_y_label("nodes")
        .with_x_axis_min(low)
        .with_x_axis_max(high)
        .with_y_axis_min(0.0)
        .with_y_axis_max(1.05 * tallest)
        .with_x_tick_step(step(high - low))
        .with_y_tick_step(step(tallest))
        .with_x_tick_format(TickFormat::Integer)
        .with_y_tick_format(TickFormat::Integer)
        .with_show_grid(false)
        .with_x_label_offset(0.0, -8.0)
        .with_label_size(12)
        .with_tick_size(11);
    let histogram = render_multiple(plots, layout);
    let transform = Some(format!("translate({},{})", corner.0, corner.1));
    scene.defs.extend(histogram.defs);
    scene.add(Primitive::GroupStart { transform, title: None, extra_attrs: None });
    histogram.elements.into_iter().for_each(|element| scene.add(element));
    scene.add(Primitive::GroupEnd);
}

/// Bars of the same whole width: their borders, half-way between numbers, and heights.
fn bars(neighbours: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let least = neighbours.iter().copied().min().unwrap_or(0);
    let most = neighbours.iter().copied().max().unwrap_or(0);
    let width = (most - least + 1).div_ceil(MOST);
    let mut counts = vec![0.0; (most - least) / width + 1];
    for count in neighbours {
        counts[(count - least) / width] += 1.0;
    }
    let border = |bar: usize| (least + bar * width) as f64 - 0.5;
    ((0..=counts.len()).map(border).collect(), counts)
}

/// Of ticks, a whole number 1, 2 or 5 times a power of ten.
fn step(range: f64) -> f64 {
    let rough = (range / 5.0).max(1.0);
    let power = 10f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|step| *step >= rough).unwrap_or(rough)
}

#[cfg(test)]
mod tests {
    use super::{bars, step};

    #[test]
    fn bars_hold_every_node() {
        assert_eq!(bars(&[2, 3, 3, 5]), (vec![1.5, 2.5, 3.5, 4.5, 5.5], vec![1.0, 2.0, 0.0, 1.0]));
        assert_eq!(bars(&[]), (vec![-0.5, 0.5], vec![0.0]));
        let (edges, counts) = bars(&[0, 7, 99, 50]);
        assert_eq!((edges.len(), counts.iter().sum::<f64>()), (21, 4.0));
    }

    #[test]
    fn ticks_are_whole() {
        assert_eq!([1.0, 8.0, 30.0, 99.0, 2000.0].map(step), [1.0, 2.0, 10.0, 20.0, 500.0]);
    }
}
