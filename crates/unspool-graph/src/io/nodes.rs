//! Names and positions of nodes in CSV files.

use std::collections::HashMap;
use std::path::Path;

use super::file::{self, Source, shown};
use super::table::{self, Records, SAME_WIDTH};
use crate::error::{Error, Result};
use crate::graph::Graph;

/// Names and positions of nodes. Either list may be empty; else they have one entry a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeTable {
    /// The names.
    pub names: Vec<String>,
    /// The positions.
    pub positions: Vec<[f64; 2]>,
}

impl NodeTable {
    /// The positions of these nodes: by name if both sides have names, else by order.
    pub fn positions_of(&self, nodes: usize, names: &[String]) -> Result<Vec<[f64; 2]>> {
        const HINT: &str = "give one row a node, with its name if nodes have names";
        if self.positions.is_empty() {
            return Err(Error::data("the table of nodes has no columns x and y", HINT));
        }
        if self.names.is_empty() || names.is_empty() {
            if self.positions.len() == nodes {
                return Ok(self.positions.clone());
            }
            return Err(Error::data(format!("there are {} positions for {nodes} nodes", self.positions.len()), HINT));
        }
        let mut at = HashMap::new();
        for (name, position) in self.names.iter().zip(&self.positions) {
            if at.insert(name, *position).is_some() {
                return Err(Error::data(format!("the table of nodes has {} twice", shown(name)), HINT));
            }
        }
        let find = |name: &String| {
            let problem = || format!("the table of nodes does not have {}", shown(name));
            at.get(name).copied().ok_or_else(|| Error::data(problem(), HINT))
        };
        names.iter().map(find).collect()
    }

    /// Gives a graph these positions, and these names if it has none.
    pub fn place(&self, graph: Graph) -> Result<Graph> {
        let mut graph = graph;
        if !self.positions.is_empty() {
            let positions = self.positions_of(graph.nodes(), graph.names())?;
            graph = graph.with_positions(positions)?;
        }
        if graph.names().is_empty() && !self.names.is_empty() {
            graph.with_names(self.names.clone())
        } else if self.positions.is_empty() && !self.names.is_empty() {
            let hint = "give columns x and y (or longitude and latitude), and name";
            Err(Error::data("the table of nodes has no positions, and the nodes have names already", hint))
        } else {
            Ok(graph)
        }
    }
}

/// Reads names and positions of nodes from a CSV file with a header. Positions are in columns `x`, `y` or `longitude`
/// (`lon`, `lng`), `latitude` (`lat`); names in a column `name`, `node`, `label` or `id`, or else in the first column if
/// that begins with text.
pub fn read_nodes(path: impl AsRef<Path>) -> Result<NodeTable> {
    let (file, bytes) = file::read(path.as_ref())?;
    parse_nodes(&file, &bytes)
}

/// [`read_nodes`] from memory.
pub fn parse_nodes(file: &str, bytes: &[u8]) -> Result<NodeTable> {
    const HINT: &str = "the columns are x, y (or longitude, latitude), and name if nodes have names";
    let source = Source::new(file, bytes);
    let delimiter = table::delimiter(&file::extension(file).0, bytes);
    let header = &table::first(source, delimiter)?;
    let mut records = Records::new(source, delimiter, true)?;
    let Some((_, first)) = records.next()? else {
        return Err(source.bad("", "there is a header but no row after it", HINT));
    };
    let find = |names: &[&str]| {
        let is = |cell: &str| names.iter().any(|name| cell.trim().eq_ignore_ascii_case(name));
        header.iter().position(is)
    };
    let (x, y) = (find(&["x", "longitude", "lon", "lng"]), find(&["y", "latitude", "lat"]));
    let text_first = || Some(0).filter(|_| first.get(0).is_some_and(|cell| table::number(cell).is_none()));
    let name = find(&["name"]).or_else(|| find(&["node", "label", "id"])).or_else(text_first);
    if x.is_some() != y.is_some() || x.is_none() && name.is_none() {
        return Err(source.bad("line 1", "the header has no columns x and y", HINT));
    }
    let mut nodes = NodeTable::default();
    let mut records = Records::new(source, delimiter, true)?;
    while let Some((at, row)) = records.next()? {
        if row.len() != header.len() {
            let problem = format!("has {} cells, the header has {}", row.len(), header.len());
            return Err(source.bad(source.line(at), problem, SAME_WIDTH));
        }
        let coordinate = |column: usize| {
            let place = || format!("{}, column {} ({})", source.line(at), column + 1, &header[column]);
            let finite = table::number(&row[column]).filter(|value| value.is_finite());
            finite.ok_or_else(|| source.bad(place(), format!("{} is not a finite number", shown(&row[column])), HINT))
        };
        if let (Some(x), Some(y)) = (x, y) {
            nodes.positions.push([coordinate(x)?, coordinate(y)?]);
        }
        if let Some(name) = name {
            nodes.names.push(row[name].to_owned());
        }
    }
    Ok(nodes)
}

/// Writes names and positions of a graph's nodes, as [`read_nodes`] reads them: what an edge list or a Matrix Market
/// file cannot hold. A node without a name is called by its number.
pub fn write_nodes(path: impl AsRef<Path>, graph: &Graph) -> Result<()> {
    check_positions(graph.positions())?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let placed = !graph.positions().is_empty();
    let mut write = |cells: [&str; 3]| {
        writer.write_record(&cells[..if placed { 3 } else { 1 }]).expect("memory takes every record");
    };
    write(["name", "x", "y"]);
    for node in 0..graph.nodes() {
        let [x, y] = graph.positions().get(node).copied().unwrap_or_default();
        write([&graph.name(node), &format!("{x:?}"), &format!("{y:?}")]);
    }
    file::write(path.as_ref(), &writer.into_inner().expect("memory takes every record"))
}

/// Errors if a position is not finite.
pub(super) fn check_positions(positions: &[[f64; 2]]) -> Result<()> {
    match positions.iter().position(|[x, y]| !x.is_finite() || !y.is_finite()) {
        None => Ok(()),
        Some(node) => {
            Err(Error::data(format!("the position of node {node} is not finite"), "correct it, or leave positions out"))
        }
    }
}
