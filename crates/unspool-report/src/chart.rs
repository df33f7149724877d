//! Where the parts of a chart lie: per mille of its box, from the left and from the top.

use serde::Serialize;

use crate::block::{Axis, Curves, Series};
use crate::number::{Format, power_of_ten};

/// Sides of the box that lines are drawn in.
const BOX: f64 = 1000.0;
/// Lines go no farther out of the box than this.
const FAR: f64 = 1e5;
/// About so many ticks an axis.
const TICKS: f64 = 6.0;

/// A chart, ready to be drawn.
#[derive(Debug, Serialize)]
pub(crate) struct Chart {
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    lines: Vec<Line>,
    marks: Vec<Placed>,
    legend: Vec<Entry>,
    /// Where the values of the legend are taken.
    at: String,
    last: usize,
}

#[derive(Debug, Serialize)]
struct Tick {
    at: f64,
    label: String,
    /// Whether it is the level of one, on an axis of powers of ten.
    one: bool,
}

#[derive(Debug, Serialize)]
struct Line {
    series: usize,
    color: usize,
    theory: bool,
    path: String,
}

#[derive(Debug, Serialize)]
struct Placed {
    x: f64,
    y: f64,
    color: usize,
    label: String,
}

/// A curve in the legend, with its last value.
#[derive(Debug, Serialize)]
struct Entry {
    series: usize,
    color: usize,
    name: String,
    value: String,
    /// What theory says of it.
    theory: Option<(usize, String)>,
}

impl Axis {
    /// How far along the axis a value is, from 0 to 1.
    fn share(&self, value: f64) -> f64 {
        let scale = |x: f64| if self.log { x.log10() } else { x };
        let (low, high) = (scale(self.low), scale(self.high));
        if high > low { (scale(value) - low) / (high - low) } else { 0.5 }
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        if self.log {
            let (low, high) = (self.low.log10().ceil() as i32, self.high.log10().floor() as i32);
            let step = (f64::from(high - low) / TICKS).ceil().max(1.0) as i32;
            // one is among them, if it is on the axis
            let is_on = |p: &i32| p.rem_euclid(step) == 0;
            return (low..=high).rev().filter(is_on).map(|p| (10f64.powi(p), power_of_ten(p))).collect();
        }
        let width = self.high - self.low;
        if !(width > 0.0 && width.is_finite()) {
            return Vec::new();
        }
        let rough = width / TICKS;
        let unit = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|k| k * unit).into_iter().find(|s| *s >= rough).unwrap_or(rough);
        let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as u8;
        let (first, last) = ((self.low / step).ceil() as i64, (self.high / step + 1e-9).floor() as i64);
        (first..=last).map(|k| k as f64 * step).map(|x| (x, Format::Fixed(decimals).show(x))).collect()
    }
}

impl Chart {
    pub(crate) fn new(curves: &Curves) -> Self {
        let Curves { x, x_axis, y_axis, series, .. } = curves;
        let across = |x: f64| tenths(BOX * x_axis.share(x));
        let down = |y: f64| tenths((BOX * (1.0 - y_axis.share(y))).clamp(-FAR, FAR));
        let line = |(at, series): (usize, &Series)| {
            let points = x.iter().zip(&series.y).map(|(&x, y)| y.map(|y| (across(x), down(y))));
            Line { series: at, color: series.color, theory: series.theory, path: path(points) }
        };
        let last = x.len().saturating_sub(1);
        let value = |series: &Series| match series.y.get(last).copied().flatten() {
            Some(y) => Format::Short.show(y),
            None => "–".into(),
        };
        let measured = series.iter().enumerate().filter(|(_, s)| !s.theory);
        let entry = |(at, s): (usize, &Series)| {
            let twin = series.iter().enumerate().find(|(_, other)| other.theory && other.name == s.name);
            let theory = twin.map(|(at, twin)| (at, value(twin)));
            Entry { series: at, color: s.color, name: s.name.clone(), value: value(s), theory }
        };
        // theory lies on top
        let (above, below): (Vec<Line>, Vec<Line>) =
            series.iter().enumerate().map(line).partition(|line: &Line| line.theory);
        Chart {
            x_ticks: x_axis
                .ticks()
                .into_iter()
                .map(|(x, label)| Tick { at: across(x), label, one: x_axis.log && x == 1.0 })
                .collect(),
            y_ticks: y_axis
                .ticks()
                .into_iter()
                .map(|(y, label)| Tick { at: down(y), label, one: y_axis.log && y == 1.0 })
                .collect(),
            lines: below.into_iter().chain(above).collect(),
            marks: curves
                .marks
                .iter()
                .map(|m| Placed { x: across(m.x), y: down(m.y), color: m.color, label: m.label.clone() })
                .collect(),
            legend: measured.map(entry).collect(),
            at: x.last().map_or(String::new(), ToString::to_string),
            last,
        }
    }
}

fn tenths(x: f64) -> f64 {
    (10.0 * x).round() / 10.0
}

/// A line through points, broken where there is none.
fn path(points: impl Iterator<Item = Option<(f64, f64)>>) -> String {
    let (mut path, mut is_drawing) = (String::new(), false);
    for point in points {
        match point {
            Some((x, y)) if x.is_finite() && y.is_finite() => {
                path += &format!("{}{x} {y}", if is_drawing { "L" } else { "M" });
                is_drawing = true;
            }
            _ => is_drawing = false,
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::{Chart, path};
    use crate::block::{Axis, Curves, Series};

    fn axis(log: bool, low: f64, high: f64) -> Axis {
        Axis { label: String::new(), log, low, high }
    }

    #[test]
    fn ticks_are_round() {
        let labels = |axis: Axis| axis.ticks().into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(axis(false, 0.0, 200.0)), ["0", "50", "100", "150", "200"]);
        assert_eq!(labels(axis(false, 0.06, 0.11)), ["0.06", "0.07", "0.08", "0.09", "0.10", "0.11"]);
        assert_eq!(labels(axis(true, 1e-12, 10.0)), ["1", "10⁻³", "10⁻⁶", "10⁻⁹", "10⁻¹²"]);
        assert!(labels(axis(false, 1.0, 1.0)).is_empty());
    }

    #[test]
    fn lines_break_where_there_is_nothing() {
        assert_eq!(path([Some((0.0, 1.0)), None, Some((2.0, 3.0)), Some((4.0, 5.0))].into_iter()), "M0 1M2 3L4 5");
    }

    #[test]
    fn theory_goes_with_its_curve() {
        let series =
            |theory, y: &[f64]| Series { name: "a".into(), color: 3, theory, y: y.iter().copied().map(Some).collect() };
        let curves = Curves {
            id: "c".into(),
            title: String::new(),
            caption: String::new(),
            x: vec![0.0, 1.0],
            x_axis: axis(false, 0.0, 1.0),
            y_axis: axis(true, 0.01, 1.0),
            series: vec![series(true, &[1.0, 0.1]), series(false, &[1.0, 0.01])],
            dotted: "theory".into(),
            marks: Vec::new(),
            files: Vec::new(),
        };
        let chart = Chart::new(&curves);
        assert_eq!(
            chart.lines.iter().map(|l| l.path.as_str()).collect::<Vec<_>>(),
            ["M0 0L1000 1000", "M0 0L1000 500"]
        );
        assert_eq!(chart.legend.len(), 1);
        assert_eq!(
            (chart.legend[0].value.as_str(), chart.legend[0].theory.clone()),
            ("0.0100", Some((0, "0.100".into())))
        );
    }
}
