//! A graph while it is read.

use std::collections::{HashMap, HashSet};

use super::file::Source;
use crate::error::Result;
use crate::graph::{Edge, Graph};

/// Most nodes that a file may claim without listing them.
pub(super) const MOST_NODES: usize = 10_000_000;
pub(super) const UNDIRECTED: &str = "make the graph undirected, for example with G.to_undirected() of networkx";

/// Where an edge is in its file.
#[derive(Clone, Copy)]
pub(super) enum At {
    /// A byte of a text.
    Byte(usize),
    /// The number of an element, from 0.
    Item(usize),
}

impl At {
    pub(super) fn place(self, source: &Source) -> String {
        match self {
            At::Byte(at) => source.line(at),
            At::Item(item) => format!("edge {}", item + 1),
        }
    }
}

/// Edges between numbered nodes, each checked when it comes.
#[derive(Default)]
pub(super) struct Edges {
    list: Vec<Edge>,
    seen: HashSet<(usize, usize)>,
}

impl Edges {
    pub(super) fn push(
        &mut self,
        source: &Source,
        at: At,
        (i, j): (usize, usize),
        weight: f64,
        name: impl Fn(usize) -> String,
    ) -> Result<()> {
        let (i, j) = (i.min(j), i.max(j));
        let bad = |problem, hint| Err(source.bad(at.place(source), problem, hint));
        if i == j {
            return bad(format!("node {} has an edge to itself", name(i)), "remove self-loops");
        }
        if !weight.is_finite() {
            let problem = format!("the edge of {} and {} has the weight {weight}", name(i), name(j));
            return bad(problem, "weights must be finite");
        }
        if !self.seen.insert((i, j)) {
            let problem = format!("the edge of {} and {} comes twice", name(i), name(j));
            return bad(problem, "list each pair of nodes once, in one direction");
        }
        self.list.push(Edge { i, j, weight });
        Ok(())
    }

    pub(super) fn into_graph(self, nodes: usize) -> Result<Graph> {
        Graph::new(nodes, self.list)
    }
}

/// A node as its file describes it.
#[derive(Default)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) x: Option<f64>,
    pub(super) y: Option<f64>,
}

/// Nodes with identifiers, and edges between these.
#[derive(Default)]
pub(super) struct Draft {
    index: HashMap<String, usize>,
    pub(super) nodes: Vec<Node>,
    links: Vec<(String, String, f64, At)>,
}

impl Draft {
    /// The node of this identifier; the flag tells whether it is new.
    pub(super) fn node(&mut self, id: &str) -> (usize, bool) {
        if let Some(&node) = self.index.get(id) {
            return (node, false);
        }
        self.index.insert(id.to_owned(), self.nodes.len());
        self.nodes.push(Node { id: id.to_owned(), ..Node::default() });
        (self.nodes.len() - 1, true)
    }

    /// Remembers an edge; its nodes may come later.
    pub(super) fn link(&mut self, ends: (String, String), weight: f64, at: At) {
        self.links.push((ends.0, ends.1, weight, at));
    }

    /// The graph. Nodes called 0, 1, ..., m-1 in any order are put in that order, and lose these names.
    pub(super) fn finish(self, source: &Source) -> Result<Graph> {
        let Draft { index, nodes, links } = self;
        if nodes.is_empty() {
            return Err(source.bad(
                "",
                "there are no nodes",
                "check that the program that wrote the file has finished",
            ));
        }
        let count = nodes.len();
        let number = |node: &Node| node.id.parse().ok().filter(|n: &usize| *n < count && n.to_string() == node.id);
        let numbers: Option<Vec<usize>> = nodes.iter().map(number).collect();
        let rank = |node: usize| numbers.as_ref().map_or(node, |numbers| numbers[node]);
        let mut edges = Edges::default();
        for (a, b, weight, at) in links {
            let find = |id: &String| {
                let missing = || format!("an edge names the node {id:?}, which the file does not have");
                index.get(id).copied().ok_or_else(|| source.bad(at.place(source), missing(), "list every node"))
            };
            let ends = (rank(find(&a)?), rank(find(&b)?));
            edges.push(source, at, ends, weight, |end| if end == ends.0 { a.clone() } else { b.clone() })?;
        }
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&node| rank(node));
        let name = |&node: &usize| nodes[node].name.as_ref().unwrap_or(&nodes[node].id).clone();
        let names: Vec<String> = order.iter().map(name).collect();
        let mut graph = edges.into_graph(count)?;
        if numbers.is_none() || names.iter().enumerate().any(|(i, name)| *name != i.to_string()) {
            graph = graph.with_names(names)?;
        }
        let position = |&node: &usize| Some([nodes[node].x?, nodes[node].y?]);
        let known = order.iter().filter(|node| position(node).is_some()).count();
        if known == 0 {
            return Ok(graph);
        }
        let place = |node: &usize| {
            let finite = position(node).filter(|[x, y]| x.is_finite() && y.is_finite());
            let problem = || format!("node {} has no position, or one that is not finite", name(node));
            finite.ok_or_else(|| source.bad("", problem(), "give x and y of all nodes, or of none"))
        };
        let positions: Result<Vec<_>> = order.iter().map(place).collect();
        graph.with_positions(positions?)
    }
}

/// An entry of a matrix.
pub(super) struct Entry {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) weight: f64,
    pub(super) at: At,
}

/// The graph of a symmetric matrix with both triangles stored. Zeros on the diagonal are no edges.
pub(super) fn symmetric(source: &Source, nodes: usize, mut entries: Vec<Entry>) -> Result<Graph> {
    const HINT: &str = "store both triangles with equal entries, each once: (W + W.T) / 2";
    entries.retain(|entry| entry.row != entry.column || entry.weight != 0.0);
    entries.sort_by_key(|entry| (entry.row.min(entry.column), entry.row.max(entry.column), entry.row));
    let mut edges = Edges::default();
    let mut rest = entries.as_slice();
    while let [first, after @ ..] = rest {
        if first.row != first.column {
            let mirrored = |second: &&Entry| {
                (second.row, second.column) == (first.column, first.row)
                    && (second.weight == first.weight || !first.weight.is_finite())
            };
            if after.first().filter(mirrored).is_none() {
                let problem =
                    format!("the matrix is not symmetric at row {}, column {}", first.row + 1, first.column + 1);
                return Err(source.bad(first.at.place(source), problem, HINT));
            }
        }
        let ends = (first.row, first.column);
        edges.push(source, first.at, ends, first.weight, |node| node.to_string())?;
        rest = after.get(1..).unwrap_or_default();
    }
    edges.into_graph(nodes)
}

/// Numbers come as texts in some formats.
pub(super) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}
