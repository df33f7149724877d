//! The picture of a graph: its nodes and edges in the plane, and how many neighbours nodes have.

mod edges;
mod histogram;
mod labels;

use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene, TextAnchor};
use unspool_graph::{Graph, layout};

use self::edges::Strokes;
use super::{ORANGE, Picture};
use crate::exit::Failure;

/// Width of the plane.
const WIDTH: f64 = 720.0;
/// Heights the plane may have.
const HEIGHTS: (f64, f64) = (470.0, 760.0);
/// Between the plane's border and the outermost nodes, for labels.
const PAD: f64 = 34.0;
/// Space left, right and below.
const MARGIN: f64 = 16.0;
/// Space above, for the title.
const TOP: f64 = 66.0;
/// Width of the column with the legend and the histogram.
const COLUMN: f64 = 310.0;
/// Size of the text.
const TEXT: u32 = 12;
const INK: Color = Color::Rgb(34, 34, 34);
const DIM: Color = Color::Rgb(85, 85, 85);

/// What to draw, and how.
pub(crate) struct Settings<'a> {
    /// The title.
    pub(crate) title: &'a str,
    /// Positions are longitudes and latitudes, in degrees.
    pub(crate) geographic: bool,
    /// Nodes have their names beside them, as far as these fit.
    pub(crate) labels: bool,
    /// Of the layout, for graphs without positions.
    pub(crate) seed: u64,
}

/// Draws the graph, at its positions or, without any, where [`layout`](mod@layout) puts the nodes.
pub(crate) fn draw(graph: &Graph, settings: &Settings<'_>) -> Result<Picture, Failure> {
    Picture::of(&scene(graph, settings)?)
}

fn scene(graph: &Graph, settings: &Settings<'_>) -> Result<Scene, Failure> {
    let plane = Plane::new(graph, settings)?;
    let strokes = Strokes::new(graph);
    let neighbours = graph.neighbours();
    let circles = Circles::new(&neighbours, plane.height);
    let mut scene = Scene::new(WIDTH + COLUMN + 3.0 * MARGIN, TOP + plane.height + MARGIN);
    titles(&mut scene, graph, settings.title, &strokes);
    strokes.draw(&mut scene, &plane.points);
    let frame = labels::Area { x: MARGIN, y: TOP, width: WIDTH, height: plane.height };
    let labels = match settings.labels {
        true => labels::place(graph, &plane.points, &circles.radii, &frame),
        false => Vec::new(),
    };
    labels.iter().for_each(|label| scene.add(label.veil()));
    circles.draw(&mut scene, &plane.points);
    labels.into_iter().for_each(|label| scene.add(label.text()));
    let left = WIDTH + 2.0 * MARGIN;
    let below = strokes.legend(&mut scene, left, TOP + 10.0);
    let below = circles.legend(&mut scene, left, below);
    histogram::draw(&mut scene, &neighbours, (left, below + 16.0), (COLUMN, 260.0));
    Ok(scene)
}

/// The nodes in the picture.
struct Plane {
    /// In pixels.
    points: Vec<[f64; 2]>,
    /// Height of the part they fill.
    height: f64,
}

impl Plane {
    fn new(graph: &Graph, settings: &Settings<'_>) -> Result<Self, Failure> {
        let mut places = match graph.positions() {
            [] => layout::layout(graph, settings.seed),
            given => given.to_vec(),
        };
        // Halved, so that no difference overflows.
        places.iter_mut().flatten().for_each(|x| *x *= 0.5);
        if let Some(node) = places.iter().position(|p| !p.iter().all(|x| x.is_finite())) {
            let problem = format!("node {} has a position that is not finite", graph.name(node));
            return Err(Failure::new(problem, "give every node a position, or none any"));
        }
        if settings.geographic {
            let (south, north) = range(&places, 1);
            let shrink = (south + north).to_radians().cos().abs().max(0.01);
            places.iter_mut().for_each(|p| p[0] *= shrink);
        }
        let ((west, east), (south, north)) = (range(&places, 0), range(&places, 1));
        let inner = WIDTH - 2.0 * PAD;
        let height = (inner * ((north - south) / (east - west)) + 2.0 * PAD).clamp(HEIGHTS.0, HEIGHTS.1);
        let height = if height.is_nan() { HEIGHTS.0 } else { height };
        let scale = (inner / (east - west)).min((height - 2.0 * PAD) / (north - south));
        let scale = if scale.is_finite() { scale } else { 0.0 };
        let (x, y) = (0.5 * (west + east), 0.5 * (south + north));
        let middle = (MARGIN + 0.5 * WIDTH, TOP + 0.5 * height);
        let points = places.iter().map(|p| [middle.0 + scale * (p[0] - x), middle.1 - scale * (p[1] - y)]);
        Ok(Plane { points: points.collect(), height })
    }
}

/// The least and the largest of one coordinate.
fn range(points: &[[f64; 2]], axis: usize) -> (f64, f64) {
    let values = || points.iter().map(|p| p[axis]);
    (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
}

/// The nodes' circles: their areas grow with the number of neighbours.
struct Circles<'a> {
    neighbours: &'a [usize],
    radii: Vec<f64>,
}

impl<'a> Circles<'a> {
    fn new(neighbours: &'a [usize], height: f64) -> Self {
        let largest = (0.13 * (WIDTH * height / neighbours.len().max(1) as f64).sqrt()).clamp(1.5, 9.0);
        let most = neighbours.iter().copied().max().unwrap_or(0).max(1) as f64;
        let radius = |&count: &usize| largest * (0.12 + 0.88 * count as f64 / most).sqrt();
        Circles { neighbours, radii: neighbours.iter().map(radius).collect() }
    }

    fn draw(&self, scene: &mut Scene, points: &[[f64; 2]]) {
        for (&[cx, cy], &r) in points.iter().zip(&self.radii) {
            scene.add(circle(cx, cy, r));
        }
    }

    /// The smallest, the middle and the largest circle; returns where the legend ends.
    fn legend(&self, scene: &mut Scene, x: f64, y: f64) -> f64 {
        let mut order: Vec<usize> = (0..self.radii.len()).collect();
        order.sort_by_key(|&node| self.neighbours[node]);
        let mut shown: Vec<usize> = [0, order.len() / 2, order.len().saturating_sub(1)]
            .iter()
            .filter_map(|&rank| order.get(rank).copied())
            .collect();
        shown.dedup_by_key(|node| self.neighbours[*node]);
        heading(scene, x, y, "Neighbours of a node");
        for (row, &node) in shown.iter().enumerate() {
            let middle = y + 22.0 + 21.0 * row as f64;
            scene.add(circle(x + 24.0, middle, self.radii[node]));
            scene.add(text(x + 62.0, middle + 4.0, self.neighbours[node].to_string(), TEXT, INK));
        }
        y + 22.0 + 21.0 * shown.len() as f64
    }
}

fn circle(cx: f64, cy: f64, r: f64) -> Primitive {
    let rim = (0.15 * r).min(1.0);
    let (fill, stroke) = (Color::from(ORANGE), Some(Color::Rgb(255, 255, 255)));
    Primitive::Circle { cx, cy, r, fill, fill_opacity: None, stroke, stroke_width: Some(rim) }
}

/// The title, and below it how large the graph is.
fn titles(scene: &mut Scene, graph: &Graph, title: &str, strokes: &Strokes<'_>) {
    let dropped = graph.edges().len() - strokes.count();
    let note = if dropped > 0 { format!(": the {} heaviest edges", grouped(strokes.count())) } else { String::new() };
    let x = 0.5 * scene.width;
    let content = format!("{}{note}", plain(title));
    let color = Some(INK);
    let anchor = TextAnchor::Middle;
    scene.add(Primitive::Text { x, y: 27.0, content, size: 17, anchor, rotate: None, bold: true, color });
    let count = |count: usize, one: &str| format!("{} {one}{}", grouped(count), if count == 1 { "" } else { "s" });
    let sizes =
        [count(graph.nodes(), "node"), count(graph.edges().len(), "edge"), count(graph.components(), "component")];
    let color = Some(DIM);
    let content = sizes.join(", ");
    scene.add(Primitive::Text { x, y: 48.0, content, size: 13, anchor, rotate: None, bold: false, color });
}

fn heading(scene: &mut Scene, x: f64, y: f64, content: &str) {
    let (content, color) = (content.to_owned(), Some(INK));
    let anchor = TextAnchor::Start;
    scene.add(Primitive::Text { x, y, content, size: TEXT + 1, anchor, rotate: None, bold: true, color });
}

fn text(x: f64, y: f64, content: String, size: u32, color: Color) -> Primitive {
    let (anchor, color) = (TextAnchor::Start, Some(color));
    Primitive::Text { x, y, content, size, anchor, rotate: None, bold: false, color }
}

/// A text without what the drawing would take for markup.
fn plain(text: &str) -> String {
    let characters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    characters.flat_map(|c| (c == '$').then_some('\\').into_iter().chain([c])).collect()
}

/// A count with its thousands set apart.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use unspool_graph::{Edge, Graph};

    use super::{Settings, draw, grouped, plain};

    const SETTINGS: Settings<'_> = Settings { title: "A graph", geographic: false, labels: true, seed: 0 };

    fn ring(nodes: usize, strides: &[usize]) -> Graph {
        let edge = |i: usize, stride: usize| Edge { i, j: (i + stride) % nodes, weight: 1.0 / (i + stride) as f64 };
        let edges = (0..nodes).flat_map(|i| strides.iter().map(move |&stride| edge(i, stride)));
        Graph::new(nodes, edges.collect()).unwrap()
    }

    #[test]
    fn a_named_graph() {
        let names = ["ant", "bee & <co>", "cat", "dog", "$eel"].map(String::from).to_vec();
        let graph = ring(5, &[1]).with_names(names).unwrap();
        let picture = draw(&graph, &SETTINGS).unwrap();
        for text in ["A graph", "5 nodes, 5 edges, 1 component", "bee &amp; &lt;co&gt;", "$eel", "lightest", "0.200"] {
            assert!(picture.svg.contains(text), "{text}");
        }
        assert!(picture.png.starts_with(b"\x89PNG"));
        let bare = draw(&graph, &Settings { labels: false, ..SETTINGS }).unwrap();
        assert!(!bare.svg.contains("cat"));
    }

    #[test]
    fn positions_of_all_kinds() {
        let placed = |positions: &[[f64; 2]]| {
            let edges = vec![Edge { i: 0, j: 1, weight: -2.0 }];
            let graph = Graph::new(positions.len(), edges).unwrap().with_positions(positions.to_vec()).unwrap();
            draw(&graph, &Settings { geographic: true, ..SETTINGS })
        };
        for positions in [
            [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
            [[0.0, 90.0], [1.0, 90.0], [2.0, 90.0]],
            [[f64::MAX, 0.0], [f64::MIN, 1.0], [0.0, 2.0]],
            [[-118.3, 34.1], [-118.2, 34.0], [-118.4, 34.2]],
        ] {
            let picture = placed(&positions).unwrap();
            assert!(!picture.svg.contains("NaN") && !picture.svg.contains("inf"), "{positions:?}");
        }
        assert!(placed(&[[0.0, f64::NAN], [0.0, 1.0]]).is_err());
    }

    #[test]
    fn graphs_with_little_in_them() {
        for graph in [Graph::default(), Graph::new(1, vec![]).unwrap(), Graph::new(70, vec![]).unwrap()] {
            let picture = draw(&graph, &SETTINGS).unwrap();
            assert!(!picture.svg.contains("NaN"));
        }
    }

    #[test]
    fn many_edges() {
        let strides: Vec<usize> = (1..=20).collect();
        let graph = ring(3000, &strides);
        let positions = (0..3000).map(|i| [f64::from(i % 55), f64::from(i / 55)]).collect();
        let picture = draw(&graph.with_positions(positions).unwrap(), &SETTINGS).unwrap();
        assert!(picture.svg.contains("A graph: the 50,000 heaviest edges"));
        assert!(picture.svg.contains("60,000 edges"));
        assert!(picture.svg.len() < 4_000_000, "{}", picture.svg.len());
    }

    #[test]
    fn texts() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(plain("a$b\n"), "a\\$b ");
    }
}
