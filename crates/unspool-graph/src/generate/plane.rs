//! Graphs of points in the unit square.

use rand::{Rng, RngExt};

use crate::error::Result;
use crate::{Edge, Graph};

/// Points sorted into square cells.
struct Cells {
    points: Vec<[f64; 2]>,
    per_side: usize,
    members: Vec<Vec<usize>>,
}

impl Cells {
    /// Uniform points in cells of at least the given width.
    fn new(nodes: usize, width: f64, rng: &mut impl Rng) -> Self {
        let most = (nodes as f64).sqrt().ceil();
        let per_side = (1.0 / width).floor().clamp(1.0, most) as usize;
        let points: Vec<[f64; 2]> = (0..nodes).map(|_| [rng.random(), rng.random()]).collect();
        let mut cells = Cells { members: vec![Vec::new(); per_side * per_side], points, per_side };
        for i in 0..nodes {
            let [c, r] = cells.cell(i);
            cells.members[r * per_side + c].push(i);
        }
        cells
    }

    fn cell(&self, i: usize) -> [usize; 2] {
        self.points[i].map(|x| ((x * self.per_side as f64) as usize).min(self.per_side - 1))
    }

    /// The points in the cells that are `ring` cells away from that of point `i`, at least.
    fn ring(&self, i: usize, ring: usize) -> impl Iterator<Item = usize> {
        let [c, r] = self.cell(i);
        let span = move |x: usize| x.saturating_sub(ring)..(x + ring + 1).min(self.per_side);
        let on_ring = move |rr: usize, cc: usize| rr.abs_diff(r).max(cc.abs_diff(c)) == ring;
        let cells = span(r).flat_map(move |rr| span(c).map(move |cc| (rr, cc)));
        cells
            .filter(move |&(rr, cc)| on_ring(rr, cc))
            .flat_map(|(rr, cc)| self.members[rr * self.per_side + cc].iter().copied())
    }

    fn squared(&self, i: usize, j: usize) -> f64 {
        let ([a, b], [c, d]) = (self.points[i], self.points[j]);
        (a - c).powi(2) + (b - d).powi(2)
    }

    fn graph(self, pairs: Vec<(usize, usize)>) -> Result<Graph> {
        let edges = pairs.into_iter().map(|(i, j)| Edge { i, j, weight: 1.0 }).collect();
        Graph::new(self.points.len(), edges)?.with_positions(self.points)
    }
}

pub(super) fn geometric(nodes: usize, radius: f64, rng: &mut impl Rng) -> Result<Graph> {
    let cells = Cells::new(nodes, radius, rng);
    let mut pairs = Vec::new();
    for i in 0..nodes {
        let reach = (radius * cells.per_side as f64).ceil() as usize;
        let near = (0..=reach.min(cells.per_side)).flat_map(|ring| cells.ring(i, ring));
        pairs.extend(near.filter(|&j| j > i && cells.squared(i, j) <= radius * radius).map(|j| (i, j)));
    }
    cells.graph(pairs)
}

pub(super) fn nearest(nodes: usize, k: usize, rng: &mut impl Rng) -> Result<Graph> {
    let cells = Cells::new(nodes, (k as f64 / (2.0 * nodes as f64)).sqrt(), rng);
    let mut pairs = Vec::new();
    let mut near: Vec<(f64, usize)> = Vec::new();
    for i in 0..nodes {
        near.clear();
        for ring in 0..=cells.per_side {
            // whatever is in this ring or beyond is at least this far
            let away = ring.saturating_sub(1) as f64 / cells.per_side as f64;
            near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            if near.get(k - 1).is_some_and(|farthest| farthest.0 <= away * away) {
                break;
            }
            near.extend(cells.ring(i, ring).filter(|&j| j != i).map(|j| (cells.squared(i, j), j)));
        }
        near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        pairs.extend(near.iter().take(k).map(|&(_, j)| (i.min(j), i.max(j))));
    }
    pairs.sort_unstable();
    pairs.dedup();
    cells.graph(pairs)
}
