//! `unspool graph`.

mod score;

use std::fmt::Write;
use std::path::Path;

use serde_json::json;
use unspool_graph::Graph;
use unspool_graph::io::{GraphFormat, read_graph, read_nodes};

use super::SCHEMA_VERSION;
use crate::args::GraphCommand;
use crate::exit::{Done, Failure};
use crate::{output, picture};

/// Looks at a graph, draws, converts or scores it.
pub(crate) fn run(command: &GraphCommand) -> Result<Done, Failure> {
    match command {
        GraphCommand::Info { graph, json } => info(graph, *json),
        GraphCommand::Plot { graph, out, nodes, title, no_labels, seed, force } => {
            let title = title.clone().unwrap_or_else(|| name_of(graph));
            let out = out.clone().unwrap_or_else(|| graph.with_extension("png"));
            let graph = read(graph, nodes.as_deref())?;
            draw(&graph, &title, !no_labels, *seed, &out, *force)
        }
        GraphCommand::Convert { graph, out, nodes, force } => {
            write(&read(graph, nodes.as_deref())?, out, *force).map(|()| Done::Well)
        }
        GraphCommand::Score { graphs, replicates, seed, json } => score::run(graphs, *replicates, *seed, *json),
    }
}

/// The graph of a file, with positions and names from another.
fn read(path: &Path, nodes: Option<&Path>) -> Result<Graph, Failure> {
    let graph = read_graph(path)?;
    Ok(match nodes {
        Some(nodes) => read_nodes(nodes)?.place(graph)?,
        None => graph,
    })
}

/// Writes a graph in the format of the extension.
pub(super) fn write(graph: &Graph, path: &Path, force: bool) -> Result<(), Failure> {
    let bytes = GraphFormat::of(path)?.bytes(graph)?;
    output::write(path, &bytes, force)
}

/// The name of a file without folder and extension.
pub(super) fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// Draws a graph into a .png or .svg file.
pub(super) fn draw(
    graph: &Graph,
    title: &str,
    labels: bool,
    seed: u64,
    path: &Path,
    force: bool,
) -> Result<Done, Failure> {
    let extension = path.extension().map(|e| e.to_ascii_lowercase()).unwrap_or_default();
    if extension != "png" && extension != "svg" {
        return Err(Failure::new(format!("{}: is no name of a picture", path.display()), "use .png or .svg"));
    }
    let geographic = |[x, y]: &[f64; 2]| x.abs() <= 180.0 && y.abs() <= 90.0;
    // degrees are never as small as all of the unit square
    let spread = graph.positions().iter().any(|[x, y]| x.abs() > 2.0 && y.abs() > 2.0);
    let geographic = spread && graph.positions().iter().all(geographic);
    let settings = picture::GraphSettings { title, geographic, labels, seed };
    let drawn = picture::draw_graph(graph, &settings)?;
    let bytes = if extension == "svg" { drawn.svg.into_bytes() } else { drawn.png };
    output::write(path, &bytes, force).map(|()| Done::Well)
}

/// What is said about any graph.
pub(super) struct Facts {
    pub(super) nodes: usize,
    pub(super) edges: usize,
    pub(super) average: f64,
    pub(super) components: usize,
    /// Nodes without an edge.
    pub(super) isolated: usize,
}

impl Facts {
    pub(super) fn of(graph: &Graph) -> Self {
        let edges = graph.edges().iter().filter(|edge| edge.weight != 0.0).count();
        let isolated = graph.neighbours().iter().filter(|n| **n == 0).count();
        let average = 2.0 * edges as f64 / graph.nodes().max(1) as f64;
        Facts { nodes: graph.nodes(), edges, average, components: graph.components(), isolated }
    }
}

fn info(path: &Path, as_json: bool) -> Result<Done, Failure> {
    let graph = read_graph(path)?;
    let facts = Facts::of(&graph);
    let mut weights: Vec<f64> = graph.edges().iter().map(|edge| edge.weight).collect();
    weights.sort_by(f64::total_cmp);
    let weight = |q: f64| weights.get(((weights.len().max(1) - 1) as f64 * q).round() as usize).copied();
    let range = [weight(0.0), weight(0.5), weight(1.0)];
    let mut order: Vec<usize> = (0..graph.nodes()).collect();
    let degrees = graph.degrees();
    order.sort_by(|&a, &b| degrees[b].total_cmp(&degrees[a]));
    order.truncate(10);
    if as_json {
        let largest: Vec<_> =
            order.iter().map(|&i| json!({ "node": i, "name": graph.name(i), "degree": degrees[i] })).collect();
        let document = json!({
            "schema_version": SCHEMA_VERSION,
            "command": "graph info",
            "nodes": facts.nodes,
            "edges": facts.edges,
            "average_neighbours": facts.average,
            "components": facts.components,
            "isolated_nodes": facts.isolated,
            "weights": { "least": range[0], "median": range[1], "largest": range[2] },
            "largest_degrees": largest,
        });
        return output::print(format!("{document:#}\n").as_bytes()).map(|()| Done::Well);
    }
    let mut text = format!(
        "{} nodes, {} edge{}, {:.2} neighbours a node, {} component{}\n",
        facts.nodes,
        facts.edges,
        if facts.edges == 1 { "" } else { "s" },
        facts.average,
        facts.components,
        if facts.components == 1 { "" } else { "s" }
    );
    if facts.isolated > 0 {
        let _ = writeln!(text, "{} nodes have no edge", facts.isolated);
    }
    if let [Some(least), Some(median), Some(largest)] = range {
        let _ = writeln!(text, "weights {least:.4e} to {largest:.4e}, median {median:.4e}");
        let _ = writeln!(text, "\nlargest degrees");
        for i in order {
            let _ = writeln!(text, "  {:24} {:.4}", graph.name(i), degrees[i]);
        }
    }
    output::print(text.as_bytes()).map(|()| Done::Well)
}
