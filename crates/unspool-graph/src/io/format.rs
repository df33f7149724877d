//! The formats of graphs.

use std::path::Path;

use super::file::{self, Source};
use super::{edge_list, gexf, graphml, json, matrix_market, sparse};
use crate::error::{Error, Result};
use crate::graph::Graph;

/// A format of graph files. All keep weights bit for bit, isolated nodes and edges of weight zero.
///
/// | format | extension | names | positions | read by |
/// |---|---|---|---|---|
/// | `EdgeList` | `.csv` | as identifiers | no | pandas, networkx, Gephi |
/// | `GraphMl` | `.graphml` | attribute `name` | attributes `x`, `y` | networkx, PyGSP, Gephi, igraph |
/// | `Gexf` | `.gexf` | label | `viz:position` | Gephi, networkx |
/// | `MatrixMarket` | `.mtx` | no | no | SciPy, Matlab, Julia |
/// | `Npz` | `.npz` | array `names` | array `positions` | `scipy.sparse.load_npz`, numpy |
/// | `Json` | `.json` | attribute `name` | attributes `x`, `y` | networkx, D3 |
///
/// For what a format does not keep, see [`write_nodes`](super::write_nodes).
///
/// **Edge list.** The header `source,target,weight`, then one row an edge, sorted by the later node, so that nodes
/// come first in order, as networkx numbers them. A node without an earlier neighbour has a row to itself of weight 0,
/// which changes neither degrees nor Laplacian; other loops are errors. Read are also other orders of columns, further
/// columns, no header, no weights (all 1), and semicolons or tabs in place of commas.
///
/// **JSON** is networkx's `node_link_data`: nodes with `id`, edges with `source`, `target`, `weight`, called `edges` as
/// networkx 3.6 does (older: `node_link_graph(data, edges="edges")`). Read is also `links`.
///
/// Where a format allows it, an edge without a weight has weight 1, and attributes that are not in the table are
/// passed over. Directed graphs, loops, pairs that come twice and weights that are not finite are errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GraphFormat {
    /// Comma-separated edges.
    EdgeList,
    /// GraphML.
    GraphMl,
    /// GEXF.
    Gexf,
    /// Matrix Market.
    MatrixMarket,
    /// A sparse matrix of SciPy.
    Npz,
    /// Node-link JSON.
    Json,
}

impl GraphFormat {
    /// All formats.
    pub const ALL: [GraphFormat; 6] = [
        GraphFormat::EdgeList,
        GraphFormat::GraphMl,
        GraphFormat::Gexf,
        GraphFormat::MatrixMarket,
        GraphFormat::Npz,
        GraphFormat::Json,
    ];

    /// The usual extension.
    pub fn extension(self) -> &'static str {
        match self {
            GraphFormat::EdgeList => "csv",
            GraphFormat::GraphMl => "graphml",
            GraphFormat::Gexf => "gexf",
            GraphFormat::MatrixMarket => "mtx",
            GraphFormat::Npz => "npz",
            GraphFormat::Json => "json",
        }
    }

    /// The format that a file's extension tells.
    pub fn of(path: impl AsRef<Path>) -> Result<Self> {
        let file = path.as_ref().display().to_string();
        let (extension, zipped) = file::extension(&file);
        let known = GraphFormat::ALL.into_iter().find(|format| format.extension() == extension && !zipped);
        known.ok_or_else(|| {
            let hint = "a graph is a file that ends in .csv, .graphml, .gexf, .mtx, .npz or .json";
            Source::new(&file, &[]).bad("", format!("unknown kind of graph file {extension:?}"), hint)
        })
    }

    /// Reads a graph from the content of a file; `file` is its name for messages.
    pub fn parse(self, file: &str, bytes: &[u8]) -> Result<Graph> {
        let source = &Source::new(file, bytes);
        if bytes.is_empty() {
            return Err(source.empty());
        }
        match self {
            GraphFormat::EdgeList => edge_list::parse(source),
            GraphFormat::GraphMl => graphml::parse(source),
            GraphFormat::Gexf => gexf::parse(source),
            GraphFormat::MatrixMarket => matrix_market::parse(source),
            GraphFormat::Npz => sparse::parse(source),
            GraphFormat::Json => json::parse(source),
        }
    }

    /// The content of a file with this graph. Errors if there are no nodes, or if the format cannot hold a name (two
    /// nodes of one name in an edge list, control characters in XML) or a position (not finite).
    pub fn bytes(self, graph: &Graph) -> Result<Vec<u8>> {
        if graph.nodes() == 0 {
            return Err(Error::data("the graph has no nodes", "there is nothing to write"));
        }
        match self {
            GraphFormat::EdgeList => edge_list::bytes(graph),
            GraphFormat::GraphMl => graphml::bytes(graph),
            GraphFormat::Gexf => gexf::bytes(graph),
            GraphFormat::MatrixMarket => Ok(matrix_market::bytes(graph)),
            GraphFormat::Npz => sparse::bytes(graph),
            GraphFormat::Json => json::bytes(graph),
        }
    }
}

/// Reads a graph in the format that the extension tells.
pub fn read_graph(path: impl AsRef<Path>) -> Result<Graph> {
    let path = path.as_ref();
    let format = GraphFormat::of(path)?;
    let (file, bytes) = file::read(path)?;
    format.parse(&file, &bytes)
}

/// Writes a graph in the format that the extension tells: whole, or not at all.
pub fn write_graph(path: impl AsRef<Path>, graph: &Graph) -> Result<()> {
    let path = path.as_ref();
    file::write(path, &GraphFormat::of(path)?.bytes(graph)?)
}
