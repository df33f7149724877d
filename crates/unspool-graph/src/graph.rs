//! A weighted undirected graph.

use std::collections::HashMap;

use crate::error::{Error, Result, check_len};
use crate::pairs;

/// An edge between nodes `i < j`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// The first node.
    pub i: usize,
    /// The second node, larger than the first.
    pub j: usize,
    /// The weight.
    pub weight: f64,
}

/// A weighted undirected graph without self-loops: edges in row-major order (by `i`, then `j`), each pair once.
///
/// ```
/// use unspool_graph::{Edge, Graph};
/// let graph = Graph::new(3, vec![Edge { i: 1, j: 2, weight: 0.5 }, Edge { i: 0, j: 1, weight: 2.0 }])?;
/// assert_eq!(graph.edges()[0].weight, 2.0);
/// assert_eq!(graph.degrees(), [2.0, 2.5, 0.5]);
/// assert_eq!(graph.components(), 1);
/// # Ok::<(), unspool_graph::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    nodes: usize,
    edges: Vec<Edge>,
    names: Vec<String>,
    positions: Vec<[f64; 2]>,
    probabilities: Vec<f64>,
}

impl Graph {
    /// A graph on `nodes` nodes. Edges may come in any order and with `i > j`; errors if one is a
    /// self-loop, leaves the nodes, comes twice, or has a weight that is not finite.
    pub fn new(nodes: usize, mut edges: Vec<Edge>) -> Result<Self> {
        for edge in &mut edges {
            if edge.i > edge.j {
                (edge.i, edge.j) = (edge.j, edge.i);
            }
            let Edge { i, j, weight } = *edge;
            if i == j {
                return Err(Error::data(format!("node {i} has an edge to itself"), "remove self-loops"));
            }
            if j >= nodes {
                return Err(Error::data(format!("edge ({i}, {j}) leaves the {nodes} nodes"), "count nodes from 0"));
            }
            if !weight.is_finite() {
                return Err(Error::data(format!("edge ({i}, {j}) has weight {weight}"), "weights must be finite"));
            }
        }
        edges.sort_unstable_by_key(|edge| (edge.i, edge.j));
        if let Some(twice) = edges.windows(2).find(|pair| (pair[0].i, pair[0].j) == (pair[1].i, pair[1].j)) {
            let problem = format!("edge ({}, {}) comes twice", twice[0].i, twice[0].j);
            return Err(Error::data(problem, "list each pair of nodes once"));
        }
        Ok(Graph { nodes, edges, names: Vec::new(), positions: Vec::new(), probabilities: Vec::new() })
    }

    /// The graph whose half-vector of weights (see [`pairs`]) is `w`: its entries above `threshold` become edges.
    pub fn from_half(nodes: usize, w: &[f64], threshold: f64) -> Result<Self> {
        check_len("the half-vector of weights", w.len(), pairs::count(nodes))?;
        let edges = pairs::iter(nodes).zip(w).filter(|(_, w)| **w > threshold);
        Graph::new(nodes, edges.map(|((i, j), &weight)| Edge { i, j, weight }).collect())
    }

    /// Names the nodes.
    pub fn with_names(mut self, names: Vec<String>) -> Result<Self> {
        check_len("the names of the nodes", names.len(), self.nodes)?;
        self.names = names;
        Ok(self)
    }

    /// Places the nodes in the plane.
    pub fn with_positions(mut self, positions: Vec<[f64; 2]>) -> Result<Self> {
        check_len("the positions of the nodes", positions.len(), self.nodes)?;
        self.positions = positions;
        Ok(self)
    }

    /// How probable each edge is, in the order of [`Graph::edges`].
    ///
    /// # Errors
    /// Another number of probabilities than edges, or one that is not between 0 and 1.
    pub fn with_probabilities(mut self, probabilities: Vec<f64>) -> Result<Self> {
        check_len("the probabilities of the edges", probabilities.len(), self.edges.len())?;
        if let Some((edge, p)) = self.edges.iter().zip(&probabilities).find(|(_, p)| !(0.0..=1.0).contains(*p)) {
            let problem = format!("edge ({}, {}) has the probability {p}", edge.i, edge.j);
            return Err(Error::data(problem, "probabilities are between 0 and 1"));
        }
        self.probabilities = probabilities;
        Ok(self)
    }

    /// The same edges with other weights, in order; errors if one is not finite, or missing.
    pub fn with_weights(&self, weights: impl IntoIterator<Item = f64>) -> Result<Self> {
        let mut edges = self.edges.clone();
        let mut weights = weights.into_iter();
        for edge in &mut edges {
            edge.weight = weights.next().unwrap_or(f64::NAN);
        }
        let Graph { names, positions, probabilities, .. } = self.clone();
        Ok(Graph { names, positions, probabilities, ..Graph::new(self.nodes, edges)? })
    }

    /// The same graph with its nodes in the order of these names: files list nodes in orders of their own.
    ///
    /// # Errors
    /// Nodes without names; names that are others than these, or stand twice.
    pub fn ordered(&self, names: &[String]) -> Result<Self> {
        const HINT: &str = "give graphs on the same nodes, each with a name of its own";
        check_len("the names of the nodes", self.names.len(), self.nodes)?;
        check_len("the names in their new order", names.len(), self.nodes)?;
        let place: HashMap<&String, usize> = names.iter().enumerate().map(|(k, name)| (name, k)).collect();
        let find = |name: &String| {
            let problem = || format!("there is no node {name:?} in the other graph");
            place.get(name).copied().ok_or_else(|| Error::data(problem(), HINT))
        };
        let to: Vec<usize> = self.names.iter().map(find).collect::<Result<_>>()?;
        let mut from = vec![usize::MAX; names.len()];
        to.iter().enumerate().for_each(|(old, &new)| from[new] = old);
        if let Some(missing) = from.iter().position(|&old| old == usize::MAX) {
            return Err(Error::data(
                format!("node {:?} of the other graph is missing or stands twice", names[missing]),
                HINT,
            ));
        }
        let moved = |edge: &Edge| Edge { i: to[edge.i].min(to[edge.j]), j: to[edge.i].max(to[edge.j]), ..*edge };
        let mut edges: Vec<(Edge, Option<f64>)> =
            self.edges.iter().enumerate().map(|(k, edge)| (moved(edge), self.probabilities.get(k).copied())).collect();
        edges.sort_by_key(|(edge, _)| (edge.i, edge.j));
        let mut graph = Graph::new(self.nodes, edges.iter().map(|(edge, _)| *edge).collect())?;
        graph.names = names.to_vec();
        graph.probabilities = edges.iter().filter_map(|(_, probability)| *probability).collect();
        if !self.positions.is_empty() {
            graph.positions = from.iter().map(|&old| self.positions[old]).collect();
        }
        Ok(graph)
    }

    /// Number of nodes.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// The edges, by `i`, then `j`.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Names of the nodes; empty if they have none.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Name of a node: its own, or its number.
    pub fn name(&self, node: usize) -> String {
        self.names.get(node).cloned().unwrap_or_else(|| node.to_string())
    }

    /// Positions of the nodes; empty if they have none.
    pub fn positions(&self) -> &[[f64; 2]] {
        &self.positions
    }

    /// How probable each edge is; empty if that is not known.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The half-vector of weights, zero where there is no edge. `O(m^2)` memory.
    pub fn half(&self) -> Vec<f64> {
        let mut w = vec![0.0; pairs::count(self.nodes)];
        for edge in &self.edges {
            w[pairs::index(self.nodes, edge.i, edge.j)] = edge.weight;
        }
        w
    }

    /// The weighted degree of each node.
    pub fn degrees(&self) -> Vec<f64> {
        let mut d = vec![0.0; self.nodes];
        for &Edge { i, j, weight } in &self.edges {
            d[i] += weight;
            d[j] += weight;
        }
        d
    }

    /// The number of neighbours of each node.
    pub fn neighbours(&self) -> Vec<usize> {
        let mut count = vec![0; self.nodes];
        for edge in &self.edges {
            count[edge.i] += 1;
            count[edge.j] += 1;
        }
        count
    }

    /// The connected component of each node, numbered from 0 in order of their first nodes.
    pub fn component_of(&self) -> Vec<usize> {
        fn root(parent: &mut [usize], mut node: usize) -> usize {
            while parent[node] != node {
                parent[node] = parent[parent[node]];
                node = parent[node];
            }
            node
        }
        let mut parent: Vec<usize> = (0..self.nodes).collect();
        for edge in self.edges.iter().filter(|edge| edge.weight != 0.0) {
            let (a, b) = (root(&mut parent, edge.i), root(&mut parent, edge.j));
            parent[a.max(b)] = a.min(b);
        }
        let (mut number, mut next) = (vec![0; self.nodes], 0);
        for node in 0..self.nodes {
            let root = root(&mut parent, node);
            if root == node {
                (number[node], next) = (next, next + 1);
            } else {
                number[node] = number[root];
            }
        }
        number
    }

    /// The number of connected components.
    pub fn components(&self) -> usize {
        self.component_of().iter().max().map_or(0, |last| last + 1)
    }
}
