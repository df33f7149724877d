//! Names beside the nodes, where they cover least.

use kuva::render::color::Color;
use kuva::render::render::Primitive;
use unspool_graph::Graph;

use super::{INK, text};
use crate::picture::tuning::shorten;

/// Up to so many nodes, all have labels.
const ALL: usize = 60;
/// Beyond, so many have where there is room, those with the most neighbours first.
const SOME: usize = 30;
/// Up to so many edges, labels keep away from them.
const EDGES: usize = 5000;
/// How often labels choose their places when all nodes have one.
const ROUNDS: usize = 4;
const SIZE: u32 = 11;
/// Height of a label.
const HEIGHT: f64 = 12.0;

/// A rectangle, by its upper left corner.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    /// The area of what both cover.
    fn common(&self, other: &Area) -> f64 {
        let side = |a: f64, a_len: f64, b: f64, b_len: f64| ((a + a_len).min(b + b_len) - a.max(b)).max(0.0);
        side(self.x, self.width, other.x, other.width) * side(self.y, self.height, other.y, other.height)
    }

    /// Around a point.
    fn around([x, y]: [f64; 2], radius: f64) -> Self {
        Area { x: x - radius, y: y - radius, width: 2.0 * radius, height: 2.0 * radius }
    }

    /// How much of a line lies within.
    fn within(&self, from: [f64; 2], to: [f64; 2]) -> f64 {
        let (low, high) = ([self.x, self.y], [self.x + self.width, self.y + self.height]);
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        for axis in 0..2 {
            let step = to[axis] - from[axis];
            if step == 0.0 {
                if from[axis] < low[axis] || from[axis] > high[axis] {
                    return 0.0;
                }
                continue;
            }
            let (a, b) = ((low[axis] - from[axis]) / step, (high[axis] - from[axis]) / step);
            (enter, leave) = (enter.max(a.min(b)), leave.min(a.max(b)));
        }
        (leave - enter).max(0.0) * (to[0] - from[0]).hypot(to[1] - from[1])
    }
}

/// A name and where it stands.
pub(super) struct Label {
    node: usize,
    name: String,
    area: Area,
}

impl Label {
    /// A veil over the edges behind it.
    pub(super) fn veil(&self) -> Primitive {
        let Area { x, y, width, height } = self.area;
        let (fill, opacity) = (Color::Rgb(255, 255, 255), Some(0.72));
        Primitive::Rect { x, y, width, height, fill, stroke: None, stroke_width: None, opacity }
    }

    /// Its text.
    pub(super) fn text(self) -> Primitive {
        text(self.area.x + 1.0, self.area.y + HEIGHT - 2.5, self.name, SIZE, INK)
    }
}

/// Labels for all nodes of a small graph, and where there is room for some of a large one, if it has names. The
/// nodes with the most neighbours choose first; all keep within the frame.
pub(super) fn place(graph: &Graph, points: &[[f64; 2]], radii: &[f64], frame: &Area) -> Vec<Label> {
    let neighbours = graph.neighbours();
    let mut order: Vec<usize> = (0..graph.nodes()).collect();
    order.sort_by_key(|&node| std::cmp::Reverse(neighbours[node]));
    let all = graph.nodes() <= ALL;
    if !all {
        order.truncate(if graph.names().is_empty() { 0 } else { 10 * SOME });
    }
    let edges = if graph.edges().len() <= EDGES { graph.edges() } else { &[] };
    // With a rim, so that no label seems to belong to another node.
    let circles: Vec<Area> = points.iter().zip(radii).map(|(&p, radius)| Area::around(p, radius + 2.0)).collect();
    let mut labels: Vec<Label> = Vec::new();
    // When all have labels, those placed first choose again, knowing the others.
    let rounds = if all { ROUNDS } else { 1 };
    for (round, &node) in (0..rounds).flat_map(|round| order.iter().map(move |node| (round, node))) {
        if !all && labels.len() == SOME {
            break;
        }
        if round > 0 {
            labels.retain(|label| label.node != node);
        }
        let name = shorten(&graph.name(node));
        let width = width(&name);
        // Of text and circles covered, and a little for edges and for places that are harder to read.
        let cost = |rank: usize, area: &Area| {
            let texts: f64 = labels.iter().map(|label| area.common(&label.area)).sum();
            let others = circles.iter().enumerate().filter(|(other, _)| *other != node);
            let nodes: f64 = others.map(|(_, circle)| area.common(circle)).sum();
            let outside = width * HEIGHT - area.common(frame);
            let crossed: f64 = edges.iter().map(|edge| area.within(points[edge.i], points[edge.j])).sum();
            (4.0 * texts + 4.0 * nodes + 8.0 * outside, 0.3 * crossed + 2.0 * rank as f64)
        };
        let best = candidates(points[node], radii[node], width)
            .into_iter()
            .enumerate()
            .map(|(rank, area)| (cost(rank, &area), area))
            .min_by(|((a, b), _), ((c, d), _)| (a + b).total_cmp(&(c + d)));
        if let Some(((covered, _), area)) = best
            && (all || covered < 1.0)
        {
            labels.push(Label { node, name, area });
        }
    }
    labels
}

/// Where a label of this width may stand beside a node, good places first.
fn candidates([x, y]: [f64; 2], radius: f64, width: f64) -> Vec<Area> {
    let area = |x: f64, y: f64| Area { x, y, width, height: HEIGHT };
    let mut areas = Vec::new();
    for gap in [1.5, 9.0] {
        let (near, aside) = (radius + gap, 0.7 * radius + gap);
        let (right, left, middle) = (x + near, x - near - width, x - 0.5 * width);
        areas.extend([
            area(right, y - 0.5 * HEIGHT),
            area(left, y - 0.5 * HEIGHT),
            area(middle, y - near - HEIGHT),
            area(middle, y + near),
            area(x + aside, y - aside - HEIGHT),
            area(x - aside - width, y - aside - HEIGHT),
            area(x + aside, y + aside),
            area(x - aside - width, y + aside),
        ]);
    }
    areas
}

/// About how wide a name is.
fn width(name: &str) -> f64 {
    let part = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ' ' | '\'' | '-' | 'r' | 't' | 'f' | 'I' => 0.38,
        'm' | 'w' | 'M' | 'W' => 0.95,
        c if c.is_uppercase() => 0.70,
        c if c.is_ascii() => 0.62,
        _ => 0.75,
    };
    f64::from(SIZE) * name.chars().map(part).sum::<f64>() + 2.0
}

#[cfg(test)]
mod tests {
    use super::Area;

    #[test]
    fn areas_and_lines() {
        let area = Area { x: 0.0, y: 0.0, width: 4.0, height: 2.0 };
        assert_eq!(area.common(&Area::around([4.0, 2.0], 1.0)), 1.0);
        assert_eq!(area.common(&Area::around([6.0, 2.0], 1.0)), 0.0);
        assert_eq!(area.within([-1.0, 1.0], [5.0, 1.0]), 4.0);
        assert_eq!(area.within([-1.0, 3.0], [5.0, 3.0]), 0.0);
        assert_eq!(area.within([1.0, 1.0], [1.0, 1.0]), 0.0);
    }
}
