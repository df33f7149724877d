//! Positions in the plane for a graph that has none.
//!
//! Each component is drawn by forces: nodes repel each other, edges pull. The start shows distances along
//! edges as well as a plane can, seen from a few pivots. Components are then set side by side. A step costs
//! `O(edges + m log m)`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::graph::Graph;

type Point = [f64; 2];

/// Points in a leaf of the tree.
const LEAF: usize = 8;
/// A group of nodes repels as one from further away than its width divided by this.
const OPENING: f64 = 0.9;
/// The least pull of an edge, relative to the heaviest at its ends.
const LEAST_PULL: f64 = 0.1;
/// Space between components, in typical distances of neighbours.
const GAP: f64 = 1.0;
/// Pivots for the start.
const PIVOTS: usize = 24;
/// Steps to find the two directions in which pivots see nodes differ most.
const TURNS: usize = 100;

/// A position for each node: neighbours close, the heavier their edge the more so, components side by side.
/// The same graph and seed give the same positions, on any number of threads. Always finite.
///
/// ```
/// use unspool_graph::{Edge, Graph, layout};
/// let graph = Graph::new(3, vec![Edge { i: 0, j: 1, weight: 1.0 }])?;
/// let positions = layout::layout(&graph, 0);
/// assert_eq!(positions.len(), 3);
/// assert_eq!(positions, layout::layout(&graph, 0));
/// # Ok::<(), unspool_graph::Error>(())
/// ```
pub fn layout(graph: &Graph, seed: u64) -> Vec<[f64; 2]> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut components: Vec<Component> = (0..graph.components()).map(|_| Component::default()).collect();
    let component_of = graph.component_of();
    let mut place = vec![0; graph.nodes()];
    for (node, &number) in component_of.iter().enumerate() {
        place[node] = components[number].nodes.len();
        components[number].nodes.push(node);
    }
    for (i, j, pull) in pulls(graph) {
        components[component_of[i]].edges.push((place[i], place[j], pull));
    }
    let boxes: Vec<(Vec<Point>, Point)> = components.iter().map(|component| component.draw(&mut rng)).collect();
    let sizes: Vec<Point> = boxes.iter().map(|(_, size)| *size).collect();
    let mut positions = vec![[0.0; 2]; graph.nodes()];
    for ((component, (points, _)), corner) in components.iter().zip(&boxes).zip(pack(&sizes)) {
        for (&node, point) in component.nodes.iter().zip(points) {
            positions[node] = [corner[0] + point[0], corner[1] + point[1]];
        }
    }
    positions
}

/// The edges with how much they pull: their weights relative to the heaviest at both ends, so that
/// only comparisons among neighbours count.
fn pulls(graph: &Graph) -> impl Iterator<Item = (usize, usize, f64)> {
    let mut heaviest = vec![0.0f64; graph.nodes()];
    for edge in graph.edges() {
        for node in [edge.i, edge.j] {
            heaviest[node] = heaviest[node].max(edge.weight.abs());
        }
    }
    graph.edges().iter().filter(|edge| edge.weight != 0.0).map(move |edge| {
        let relative = |node: usize| (edge.weight.abs() / heaviest[node]).sqrt();
        (edge.i, edge.j, (relative(edge.i) * relative(edge.j)).max(LEAST_PULL))
    })
}

/// A connected component, its nodes renumbered.
#[derive(Default)]
struct Component {
    /// Its nodes, as the graph counts them.
    nodes: Vec<usize>,
    /// Its edges with their pulls.
    edges: Vec<(usize, usize, f64)>,
}

impl Component {
    /// Positions within a box, and the box's size.
    fn draw(&self, rng: &mut ChaCha8Rng) -> (Vec<Point>, Point) {
        let mut points = self.start(rng);
        let steps = (2_000_000 / self.nodes.len().max(1)).clamp(80, 300);
        // From large moves to small ones.
        let (masses, first) = (self.masses(), 0.1 * (self.nodes.len() as f64).sqrt());
        for step in 0..if self.edges.is_empty() { 0 } else { steps } {
            self.step(&mut points, &masses, first * 1e-3f64.powf(step as f64 / steps as f64));
        }
        normalise(&mut points);
        turn(&mut points);
        to_corner(points)
    }

    /// Principal coordinates of the distances to a few pivots far from each other: nodes far apart along
    /// edges start far apart.
    fn start(&self, rng: &mut ChaCha8Rng) -> Vec<Point> {
        let views = self.views(rng);
        let mut directions = [0; 2].map(|_| views.iter().map(|_| rng.random_range(-1.0..1.0)).collect::<Vec<f64>>());
        let mut gram: Vec<Vec<f64>> = views.iter().map(|a| views.iter().map(|b| dot(a, b)).collect()).collect();
        let trace: f64 = gram.iter().enumerate().map(|(i, row)| row[i]).sum();
        gram.iter_mut().flatten().for_each(|x| *x /= if trace > 0.0 { trace } else { 1.0 });
        for _ in 0..TURNS {
            directions = directions.map(|direction| gram.iter().map(|row| dot(row, &direction)).collect());
            let [first, second] = &mut directions;
            unit(first);
            let along = dot(first, second);
            second.iter_mut().zip(&*first).for_each(|(b, a)| *b -= along * a);
            unit(second);
        }
        let at = |node: usize, direction: &[f64]| views.iter().zip(direction).map(|(view, x)| view[node] * x).sum();
        let mut points: Vec<Point> =
            (0..self.nodes.len()).map(|node| [at(node, &directions[0]), at(node, &directions[1])]).collect();
        normalise(&mut points);
        // Those far out could not come back.
        let furthest = 1.2 * (self.nodes.len() as f64).sqrt();
        for p in &mut points {
            let scale = (furthest / p[0].hypot(p[1]).max(furthest)).min(1.0);
            *p = [scale * p[0], scale * p[1]];
        }
        // Nodes with the same neighbours must not coincide.
        points.iter_mut().flatten().for_each(|x| *x += rng.random_range(-0.1..0.1));
        points
    }

    /// For each pivot the squares of all nodes' distances, doubly centred. The next pivot is the node furthest
    /// from all before.
    fn views(&self, rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let m = self.nodes.len();
        let mut neighbours = vec![Vec::new(); m];
        for &(i, j, pull) in &self.edges {
            neighbours[i].push((j, 1.0 / pull));
            neighbours[j].push((i, 1.0 / pull));
        }
        let (mut views, mut nearest) = (Vec::new(), vec![f64::INFINITY; m]);
        let mut pivot = rng.random_range(0..m);
        for _ in 0..PIVOTS.min(m) {
            let distances = distances(&neighbours, pivot);
            nearest.iter_mut().zip(&distances).for_each(|(least, d)| *least = d.min(*least));
            pivot = (0..m).max_by(|&a, &b| nearest[a].total_cmp(&nearest[b])).unwrap_or(pivot);
            let mean = distances.iter().map(|d| d * d).sum::<f64>() / m as f64;
            views.push(distances.iter().map(|d| mean - d * d).collect::<Vec<f64>>());
        }
        for node in 0..m {
            let mean = views.iter().map(|view| view[node]).sum::<f64>() / views.len() as f64;
            views.iter_mut().for_each(|view| view[node] -= mean);
        }
        views
    }

    /// How much each node repels, one on average: as much as its edges pull, so that those with few or light
    /// ones do not fly off.
    fn masses(&self) -> Vec<f64> {
        let mut masses = vec![0.0; self.nodes.len()];
        for &(i, j, pull) in &self.edges {
            masses[i] += pull;
            masses[j] += pull;
        }
        let mean = masses.iter().sum::<f64>() / masses.len() as f64;
        masses.iter_mut().for_each(|mass| *mass /= mean);
        masses
    }

    /// Moves each node along its force, no further than `limit`.
    fn step(&self, points: &mut [Point], masses: &[f64], limit: f64) {
        let tree = Tree::new(points.iter().zip(masses).map(|(p, mass)| [p[0], p[1], *mass]).collect());
        let mut forces: Vec<Point> = points.par_iter().map(|&point| tree.repulsion(point)).collect();
        for &(i, j, pull) in &self.edges {
            let across = [points[j][0] - points[i][0], points[j][1] - points[i][1]];
            let strength = pull * across[0].hypot(across[1]);
            for axis in 0..2 {
                forces[i][axis] += strength / masses[i] * across[axis];
                forces[j][axis] -= strength / masses[j] * across[axis];
            }
        }
        for (point, force) in points.iter_mut().zip(&forces) {
            let length = force[0].hypot(force[1]);
            let scale = if length > limit { limit / length } else { 1.0 };
            for axis in 0..2 {
                point[axis] += scale * force[axis];
            }
        }
    }
}

/// Lengths of the shortest ways from a node.
fn distances(neighbours: &[Vec<(usize, f64)>], from: usize) -> Vec<f64> {
    let mut distances = vec![f64::INFINITY; neighbours.len()];
    distances[from] = 0.0;
    // Numbers that are not negative are ordered as their bits are.
    let mut heap = BinaryHeap::from([Reverse((0.0f64.to_bits(), from))]);
    while let Some(Reverse((bits, node))) = heap.pop() {
        let distance = f64::from_bits(bits);
        if distance > distances[node] {
            continue;
        }
        for &(next, length) in &neighbours[node] {
            if distance + length < distances[next] {
                distances[next] = distance + length;
                heap.push(Reverse((distances[next].to_bits(), next)));
            }
        }
    }
    distances
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Scaled to length one, or left at zero.
fn unit(x: &mut [f64]) {
    let length = dot(x, x).sqrt();
    x.iter_mut().for_each(|x| *x /= if length > 0.0 { length } else { 1.0 });
}

/// A part of the nodes, seen as one from afar.
struct Part {
    /// Its middle, and its mass.
    centre: [f64; 3],
    /// The square of its width.
    width: f64,
    /// Its points, as positions in the tree's list.
    range: std::ops::Range<usize>,
    /// The part that follows when this one is not opened.
    next: usize,
}

/// Points with their masses, halved again and again by their medians, parts before their halves.
struct Tree {
    points: Vec<[f64; 3]>,
    parts: Vec<Part>,
}

impl Tree {
    fn new(points: Vec<[f64; 3]>) -> Self {
        let all = 0..points.len();
        let mut tree = Tree { parts: Vec::with_capacity(4 * points.len() / LEAF + 1), points };
        tree.split(all);
        tree
    }

    fn split(&mut self, range: std::ops::Range<usize>) {
        let points = &mut self.points[range.clone()];
        let (low, high) = bounds(points.iter().map(|p| [p[0], p[1]]));
        let size = [high[0] - low[0], high[1] - low[1]];
        let mass: f64 = points.iter().map(|p| p[2]).sum();
        let middle = |axis: usize| points.iter().map(|p| p[2] * p[axis]).sum::<f64>() / mass;
        let centre = [middle(0), middle(1), mass];
        let part = self.parts.len();
        let width = size[0].max(size[1]).powi(2);
        self.parts.push(Part { centre, width, range: range.clone(), next: 0 });
        if range.len() > LEAF {
            let (axis, half) = (usize::from(size[1] > size[0]), range.len() / 2);
            points.select_nth_unstable_by(half, |a, b| a[axis].total_cmp(&b[axis]));
            self.split(range.start..range.start + half);
            self.split(range.start + half..range.end);
        }
        self.parts[part].next = self.parts.len();
    }

    /// What pushes a point away from all others: of each its mass by the distance.
    fn repulsion(&self, point: Point) -> Point {
        let mut force = [0.0; 2];
        let mut push = |&[x, y, mass]: &[f64; 3]| {
            let across = [point[0] - x, point[1] - y];
            // A floor, so that the point itself does not count and close ones do not explode.
            let strength = mass / (across[0].powi(2) + across[1].powi(2)).max(1e-6);
            force[0] += strength * across[0];
            force[1] += strength * across[1];
        };
        let mut at = 0;
        while let Some(part) = self.parts.get(at) {
            let distance = (point[0] - part.centre[0]).powi(2) + (point[1] - part.centre[1]).powi(2);
            let far = part.width < OPENING * OPENING * distance;
            if far {
                push(&part.centre);
            } else if part.range.len() <= LEAF {
                self.points[part.range.clone()].iter().for_each(&mut push);
            }
            at = if far || part.range.len() <= LEAF { part.next } else { at + 1 };
        }
        force
    }
}

fn centre(points: &[Point]) -> Point {
    let count = points.len().max(1) as f64;
    points.iter().fold([0.0; 2], |sum, p| [sum[0] + p[0] / count, sum[1] + p[1] / count])
}

/// The corners of the smallest box; zero without points.
fn bounds(points: impl IntoIterator<Item = Point>) -> (Point, Point) {
    let join = |(low, high): (Point, Point), p: Point| {
        ([low[0].min(p[0]), low[1].min(p[1])], [high[0].max(p[0]), high[1].max(p[1])])
    };
    let mut points = points.into_iter();
    let first = points.next().unwrap_or_default();
    points.fold((first, first), join)
}

/// Second moments about the middle: of `x`, of both, of `y`.
fn moments(points: &[Point]) -> [f64; 3] {
    let middle = centre(points);
    points.iter().fold([0.0; 3], |sum, p| {
        let (x, y) = (p[0] - middle[0], p[1] - middle[1]);
        [sum[0] + x * x, sum[1] + x * y, sum[2] + y * y]
    })
}

/// Centred, and as large as so many nodes should be.
fn normalise(points: &mut [Point]) {
    let middle = centre(points);
    let [xx, _, yy] = moments(points);
    let scale = if xx + yy > 0.0 { 0.6 * points.len() as f64 / (xx + yy).sqrt() } else { 1.0 };
    points.iter_mut().for_each(|p| *p = [(p[0] - middle[0]) * scale, (p[1] - middle[1]) * scale]);
}

/// Turned such that the longest way across lies flat.
fn turn(points: &mut [Point]) {
    let [xx, xy, yy] = moments(points);
    let (sin, cos) = (0.5 * (2.0 * xy).atan2(xx - yy)).sin_cos();
    points.iter_mut().for_each(|p| *p = [cos * p[0] + sin * p[1], cos * p[1] - sin * p[0]]);
}

/// Moved such that the box's lowest corner is the origin, and the box's size.
fn to_corner(mut points: Vec<Point>) -> (Vec<Point>, Point) {
    let (low, high) = bounds(points.iter().copied());
    points.iter_mut().for_each(|p| *p = [p[0] - low[0], p[1] - low[1]]);
    (points, [high[0] - low[0], high[1] - low[1]])
}

/// The lowest corners of boxes set in rows, the highest boxes on top, each in the middle of its row's height.
fn pack(sizes: &[Point]) -> Vec<Point> {
    let area: f64 = sizes.iter().map(|[width, height]| (width + GAP) * (height + GAP)).sum();
    let full = sizes.iter().map(|size| size[0]).fold(1.2 * area.sqrt(), f64::max);
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|&a, &b| sizes[b][1].total_cmp(&sizes[a][1]).then(sizes[b][0].total_cmp(&sizes[a][0])));
    let mut corners = vec![[0.0; 2]; sizes.len()];
    let (mut x, mut y, mut row) = (0.0, 0.0, 0.0);
    for &index in &order {
        let [width, height] = sizes[index];
        if x == 0.0 || x + width > full {
            y -= height + GAP;
            (x, row) = (0.0, height);
        }
        corners[index] = [x, y + 0.5 * (row - height)];
        x += width + GAP;
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::layout;
    use crate::graph::{Edge, Graph};

    fn graph(nodes: usize, edges: impl IntoIterator<Item = (usize, usize, f64)>) -> Graph {
        let edges = edges.into_iter().map(|(i, j, weight)| Edge { i, j, weight }).collect();
        Graph::new(nodes, edges).unwrap()
    }

    fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
        (a[0] - b[0]).hypot(a[1] - b[1])
    }

    /// Finite, and no two of the nodes at the same place.
    fn assert_fine(graph: &Graph) -> Vec<[f64; 2]> {
        let positions = layout(graph, 3);
        assert_eq!(positions.len(), graph.nodes());
        assert!(positions.iter().flatten().all(|x| x.is_finite()));
        let mut sorted = positions.clone();
        sorted.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        assert!(sorted.windows(2).all(|pair| pair[0] != pair[1]));
        positions
    }

    #[test]
    fn small_graphs() {
        assert!(layout(&Graph::default(), 0).is_empty());
        assert_fine(&graph(1, []));
        assert_fine(&graph(2, []));
        assert_fine(&graph(50, []));
        let two = assert_fine(&graph(2, [(0, 1, 1e-300)]));
        assert!(distance(two[0], two[1]) > 0.1);
        assert_fine(&graph(3, [(0, 1, 0.0), (1, 2, -1.0)]));
    }

    #[test]
    fn weights_of_very_different_sizes() {
        let path = |weight: fn(usize) -> f64| graph(40, (0..39).map(|i| (i, i + 1, weight(i))));
        assert_fine(&path(|_| 1.0));
        assert_fine(&path(|i| 10f64.powi(7 * i as i32 - 140)));
        assert_fine(&path(|i| if i % 2 == 0 { f64::MAX } else { f64::MIN_POSITIVE }));
        let complete = (0..20).flat_map(|i| (i + 1..20).map(move |j| (i, j, 1.0)));
        assert_fine(&graph(20, complete));
        let star = (1..200).map(|j| (0, j, 1.0));
        assert_fine(&graph(200, star));
    }

    #[test]
    fn a_grid_is_unfolded() {
        let side = 12;
        let at = |row: usize, column: usize| row * side + column;
        let across = (0..side).flat_map(|r| (0..side - 1).map(move |c| (at(r, c), at(r, c + 1), 1.0)));
        let down = (0..side - 1).flat_map(|r| (0..side).map(move |c| (at(r, c), at(r + 1, c), 1.0)));
        let grid = graph(side * side, across.chain(down));
        let positions = assert_fine(&grid);
        let mut lengths: Vec<f64> = grid.edges().iter().map(|e| distance(positions[e.i], positions[e.j])).collect();
        lengths.sort_by(f64::total_cmp);
        assert!(lengths[lengths.len() - 1] < 3.0 * lengths[lengths.len() / 2], "{lengths:?}");
        assert!(distance(positions[0], positions[side * side - 1]) > 8.0 * lengths[lengths.len() / 2]);
    }

    #[test]
    fn heavy_edges_are_short() {
        // Two triangles of heavy edges, held together by light ones.
        let heavy = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)].map(|(i, j)| (i, j, 1.0));
        let light = [(0, 3), (1, 4), (2, 5)].map(|(i, j)| (i, j, 0.01));
        let positions = assert_fine(&graph(6, heavy.into_iter().chain(light)));
        assert!(distance(positions[0], positions[1]) < distance(positions[0], positions[3]));
    }

    #[test]
    fn components_stay_side_by_side() {
        let cycles = (0..6).flat_map(|c| (0..10).map(move |i| (10 * c + i, 10 * c + (i + 1) % 10, 1.0)));
        let positions = assert_fine(&graph(80, cycles));
        let (low, high) = super::bounds(positions);
        let size = [high[0] - low[0], high[1] - low[1]];
        assert!(size[0] * size[1] < 4.0 * 80.0 * 2.0 && size[0] < 4.0 * size[1] && size[1] < 4.0 * size[0], "{size:?}");
    }

    #[test]
    fn the_seed_decides() {
        let cycle = graph(30, (0..30).map(|i| (i, (i + 1) % 30, 1.0)));
        assert_eq!(layout(&cycle, 1), layout(&cycle, 1));
        assert_ne!(layout(&cycle, 1), layout(&cycle, 2));
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(one.install(|| layout(&cycle, 1)), layout(&cycle, 1));
    }

    #[test]
    fn many_nodes() {
        let edges = (0..10_000usize).flat_map(|i| [1, 7919, 6151].map(move |step| (i, (i + step) % 10_000, 1.0)));
        assert_fine(&graph(10_000, edges));
    }
}
