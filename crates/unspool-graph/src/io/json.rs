//! Node-link JSON.

use serde::{Deserialize, Serialize};

use super::draft::{At, Draft, UNDIRECTED};
use super::file::Source;
use super::nodes::check_positions;
use crate::error::Result;
use crate::graph::Graph;

/// The file, as it is read.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    directed: bool,
    nodes: Vec<NodeRead>,
    #[serde(alias = "links")]
    edges: Vec<EdgeRead>,
}

#[derive(Deserialize)]
struct NodeRead {
    id: Text,
    name: Option<Text>,
    label: Option<Text>,
    x: Option<f64>,
    y: Option<f64>,
}

#[derive(Deserialize)]
struct EdgeRead {
    source: Text,
    target: Text,
    weight: Option<f64>,
}

/// A text or a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Letters(String),
    Whole(i64),
    Number(f64),
}

impl Text {
    fn into_string(self) -> String {
        match self {
            Text::Letters(text) => text,
            Text::Whole(number) => number.to_string(),
            Text::Number(number) => number.to_string(),
        }
    }
}

/// Reads node-link JSON; the edges may be called `edges` or `links`.
pub(super) fn parse(source: &Source) -> Result<Graph> {
    let document: Document = serde_json::from_str(source.text()?).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let text = error.to_string();
        let problem = text.split_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
        source.bad(place, problem, "write the file with networkx: json.dump(node_link_data(G), file)")
    })?;
    if document.directed {
        return Err(source.bad("", "the graph is directed", UNDIRECTED));
    }
    let mut draft = Draft::default();
    for (number, node) in document.nodes.into_iter().enumerate() {
        let id = node.id.into_string();
        let (index, new) = draft.node(&id);
        if !new {
            let place = format!("node {}", number + 1);
            return Err(source.bad(place, format!("the node {id:?} comes twice"), "give each node its own identifier"));
        }
        let own = &mut draft.nodes[index];
        (own.x, own.y) = (node.x, node.y);
        own.name = node.name.or(node.label).map(Text::into_string);
    }
    for (number, edge) in document.edges.into_iter().enumerate() {
        let ends = (edge.source.into_string(), edge.target.into_string());
        draft.link(ends, edge.weight.unwrap_or(1.0), At::Item(number));
    }
    draft.finish(source)
}

/// The file, as it is written.
#[derive(Serialize)]
struct Written<'a> {
    directed: bool,
    multigraph: bool,
    graph: serde_json::Map<String, serde_json::Value>,
    nodes: Vec<NodeWritten<'a>>,
    edges: Vec<EdgeWritten>,
}

#[derive(Serialize)]
struct NodeWritten<'a> {
    id: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<f64>,
}

#[derive(Serialize)]
struct EdgeWritten {
    source: usize,
    target: usize,
    weight: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
}

/// Nodes are called 0, 1, ...; names and positions are their attributes `name`, `x`, `y`.
pub(super) fn bytes(graph: &Graph) -> Result<Vec<u8>> {
    check_positions(graph.positions())?;
    let node = |id: usize| {
        let position = graph.positions().get(id);
        NodeWritten { id, name: graph.names().get(id), x: position.map(|p| p[0]), y: position.map(|p| p[1]) }
    };
    let edge = |(number, edge): (usize, &crate::Edge)| EdgeWritten {
        source: edge.i,
        target: edge.j,
        weight: edge.weight,
        probability: graph.probabilities().get(number).copied(),
    };
    let written = Written {
        directed: false,
        multigraph: false,
        graph: serde_json::Map::new(),
        nodes: (0..graph.nodes()).map(node).collect(),
        edges: graph.edges().iter().enumerate().map(edge).collect(),
    };
    let mut bytes = serde_json::to_vec(&written).expect("texts and finite numbers");
    bytes.push(b'\n');
    Ok(bytes)
}
