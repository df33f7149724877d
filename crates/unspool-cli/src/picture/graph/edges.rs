//! The edges: the heavier, the wider and darker, and the later drawn. Where probabilities are known, doubtful edges are dashed.

use std::collections::HashSet;
use std::fmt::Write;

use kuva::render::color::Color;
use kuva::render::render::{PathData, Primitive, Scene};
use unspool_graph::{Edge, Graph};

use super::{INK, TEXT, heading, text};
use crate::picture::power_of_ten;

/// Most edges drawn.
const MOST: usize = 50_000;
/// Edges less probable than this are doubtful.
const DOUBTFUL: f64 = 0.9;
/// Different widths and shades.
const LEVELS: usize = 32;
/// Shades from light to heavy edges.
const SHADES: [[f64; 3]; 3] = [[208.0, 221.0, 236.0], [74.0, 140.0, 194.0], [8.0, 48.0, 107.0]];
/// The same for negative weights.
const NEGATIVE: [[f64; 3]; 3] = [[240.0, 214.0, 230.0], [204.0, 121.0, 167.0], [110.0, 30.0, 78.0]];

/// The edges that are drawn, from light to heavy.
pub(super) struct Strokes<'a> {
    edges: Vec<&'a Edge>,
    /// Those that are doubtful.
    doubtful: HashSet<(usize, usize)>,
    /// Width of the heaviest.
    widest: f64,
}

impl<'a> Strokes<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let known = graph.edges().iter().zip(graph.probabilities());
        let doubtful = known.filter(|(_, p)| **p < DOUBTFUL).map(|(edge, _)| (edge.i, edge.j)).collect();
        let mut edges: Vec<&Edge> = graph.edges().iter().filter(|edge| edge.weight != 0.0).collect();
        edges.sort_by(|a, b| a.weight.abs().total_cmp(&b.weight.abs()));
        edges.drain(..edges.len().saturating_sub(MOST));
        let widest = (4.0 * (150.0 / edges.len().max(1) as f64).powf(0.3)).clamp(0.8, 4.0);
        Strokes { edges, doubtful, widest }
    }

    /// How many are drawn.
    pub(super) fn count(&self) -> usize {
        self.edges.len()
    }

    /// From 0 to 1, how heavy an edge is: the square root of its part of the heaviest, in levels.
    fn level(&self, edge: &Edge) -> f64 {
        let size = |edge: &Edge| edge.weight.abs();
        let (least, most) = (self.edges.first().map_or(0.0, |e| size(e)), self.edges.last().map_or(0.0, |e| size(e)));
        // Equal weights are neither light nor heavy.
        let part = if most > least { (size(edge) / most).sqrt() } else { 0.5 };
        (part * LEVELS as f64).round() / LEVELS as f64
    }

    fn style(&self, edge: &Edge) -> (Color, f64) {
        let level = self.level(edge);
        let shades = if edge.weight < 0.0 { NEGATIVE } else { SHADES };
        let (from, to, part) =
            if level < 0.5 { (shades[0], shades[1], 2.0 * level) } else { (shades[1], shades[2], 2.0 * level - 1.0) };
        let mix = |channel: usize| (from[channel] + part * (to[channel] - from[channel])).round() as u8;
        (Color::Rgb(mix(0), mix(1), mix(2)), self.widest * (0.15 + 0.85 * level))
    }

    /// Draws edges of one style that follow each other as one path.
    pub(super) fn draw(&self, scene: &mut Scene, points: &[[f64; 2]]) {
        let is_doubtful = |edge: &Edge| self.doubtful.contains(&(edge.i, edge.j));
        let key = |edge: &Edge| (edge.weight < 0.0, self.level(edge), is_doubtful(edge));
        for alike in self.edges.chunk_by(|a, b| key(a) == key(b)) {
            let Some(first) = alike.first() else { continue };
            let mut path = String::new();
            for edge in alike {
                if let (Some([x, y]), Some([u, v])) = (points.get(edge.i), points.get(edge.j)) {
                    // Writing to a string does not fail.
                    let _ = write!(path, "M{x:.1} {y:.1}L{u:.1} {v:.1}");
                }
            }
            let (stroke, width) = self.style(first);
            scene.add(line(path, stroke, width, is_doubtful(first)));
        }
    }

    /// The lightest, the middle and the heaviest edge; returns where the legend ends.
    pub(super) fn legend(&self, scene: &mut Scene, x: f64, y: f64) -> f64 {
        if self.edges.is_empty() {
            return y;
        }
        let mut shown: Vec<(&str, &Edge)> =
            [("lightest", 0), ("median", self.edges.len() / 2), ("heaviest", self.edges.len() - 1)]
                .into_iter()
                .filter_map(|(name, rank)| self.edges.get(rank).map(|edge| (name, *edge)))
                .collect();
        if let [(_, first), .., (_, last)] = shown[..]
            && first.weight == last.weight
        {
            shown = vec![("all", first)];
        }
        heading(scene, x, y, "Weight of an edge");
        for (row, (name, edge)) in shown.iter().enumerate() {
            let middle = y + 22.0 + 21.0 * row as f64;
            let (stroke, width) = self.style(edge);
            scene.add(line(format!("M{} {middle}L{} {middle}", x + 2.0, x + 46.0), stroke, width, false));
            scene.add(text(x + 62.0, middle + 4.0, format!("{} ({name})", number(edge.weight)), TEXT, INK));
        }
        let end = y + 34.0 + 21.0 * shown.len() as f64;
        if self.doubtful.is_empty() {
            return end;
        }
        let middle = end - 12.0;
        let path = format!("M{} {middle}L{} {middle}", x + 2.0, x + 46.0);
        scene.add(line(path, INK, 1.2, true));
        scene.add(text(x + 62.0, middle + 4.0, format!("probability below {DOUBTFUL}"), TEXT, INK));
        end + 21.0
    }
}

fn line(path: String, stroke: Color, width: f64, is_dashed: bool) -> Primitive {
    let dash = is_dashed.then(|| "4 3".to_owned());
    let (fill, opacity) = (None, None);
    Primitive::Path(Box::new(PathData { d: path, fill, stroke, stroke_width: width, opacity, stroke_dasharray: dash }))
}

/// A number with three significant digits.
pub(super) fn number(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let scientific = format!("{x:.2e}");
    let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    if (-3..5).contains(&power) {
        return format!("{x:.*}", usize::try_from(2 - power).unwrap_or(0));
    }
    format!("{digits}·{}", power_of_ten(power.into()))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_three_digits() {
        let shown = [0.0, 1.0, 0.012345, 123.4, 56789.0, -0.5, 1.5e-7, 2e300].map(number);
        assert_eq!(shown, ["0", "1.00", "0.0123", "123", "56789", "-0.500", "1.50·10⁻⁷", "2.00·10³⁰⁰"]);
    }
}
