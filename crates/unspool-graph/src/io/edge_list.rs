//! Edge lists in CSV files: read with commas, semicolons or tabs, written with commas.

use super::draft::{At, Draft, number};
use super::file::{Source, shown};
use super::table::{self, Records, SAME_WIDTH};
use crate::error::{Error, Result};
use crate::graph::Graph;

const HINT: &str = "the columns are source, target, weight";

/// Where the columns are.
struct Columns {
    source: usize,
    target: usize,
    weight: Option<usize>,
    kind: Option<usize>,
    width: usize,
}

impl Columns {
    /// From the header, if the first row is one.
    fn from_header(first: &csv::StringRecord) -> Option<Self> {
        let find = |name: &str| first.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
        let (weight, kind) = (find("weight"), find("type"));
        Some(Columns { source: find("source")?, target: find("target")?, weight, kind, width: first.len() })
    }
}

/// Reads an edge list.
pub(super) fn parse(source: &Source) -> Result<Graph> {
    let delimiter = table::delimiter("csv", source.bytes);
    let first = &table::first(*source, delimiter)?;
    let header = Columns::from_header(first);
    let mut records = Records::new(*source, delimiter, header.is_some())?;
    let columns = match header {
        Some(columns) => columns,
        None if first.len() == 2 || first.len() == 3 => {
            let weight = (first.len() == 3).then_some(2);
            Columns { source: 0, target: 1, weight, kind: None, width: first.len() }
        }
        None => return Err(source.bad(source.line(0), format!("has {} cells and no header", first.len()), HINT)),
    };
    let mut draft = Draft::default();
    while let Some((at, row)) = records.next()? {
        if row.len() != columns.width {
            let problem = format!("has {} cells, the first row has {}", row.len(), columns.width);
            return Err(source.bad(source.line(at), problem, SAME_WIDTH));
        }
        if columns.kind.is_some_and(|kind| row[kind].trim().eq_ignore_ascii_case("directed")) {
            return Err(source.bad(source.line(at), "the edge is directed", super::draft::UNDIRECTED));
        }
        let (a, b) = (&row[columns.source], &row[columns.target]);
        if let Some((column, _)) = [(columns.source, a), (columns.target, b)].iter().find(|(_, id)| id.is_empty()) {
            let place = format!("{}, column {}", source.line(at), column + 1);
            return Err(source.bad(
                place,
                "the node has no name",
                "a node without edges is a row to itself with weight 0",
            ));
        }
        let weight = match columns.weight {
            None => 1.0,
            Some(column) => number(&row[column]).ok_or_else(|| {
                let place = format!("{}, column {}", source.line(at), column + 1);
                source.bad(place, format!("{} is not a number", shown(&row[column])), HINT)
            })?,
        };
        draft.node(a);
        draft.node(b);
        if a != b || weight != 0.0 {
            draft.link((a.to_owned(), b.to_owned()), weight, At::Byte(at));
        }
    }
    draft.finish(source)
}

/// The rows are sorted by their later node, so that nodes appear in order for the first time; one that would not, for
/// lack of an earlier neighbour, is listed as a row to itself with weight 0.
pub(super) fn bytes(graph: &Graph) -> Result<Vec<u8>> {
    let names: Vec<String> = (0..graph.nodes()).map(|node| graph.name(node)).collect();
    check_names(&names)?;
    let has_probabilities = !graph.probabilities().is_empty();
    let mut edges: Vec<_> = graph.edges().iter().enumerate().collect();
    edges.sort_by_key(|(_, edge)| (edge.j, edge.i));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |source: &str, target: &str, weight: &str, probability: &str| {
        let width = if has_probabilities { 4 } else { 3 };
        writer.write_record(&[source, target, weight, probability][..width]).expect("memory takes every record");
    };
    write("source", "target", "weight", "probability");
    let mut rest = edges.as_slice();
    for (node, name) in names.iter().enumerate() {
        let (own, after) = rest.split_at(rest.iter().take_while(|(_, edge)| edge.j == node).count());
        let joined = node == 0 && after.first().is_some_and(|(_, edge)| edge.j == 1);
        if own.is_empty() && !joined {
            write(name, name, "0.0", "0.0");
        }
        for (number, edge) in own {
            let p = graph.probabilities().get(*number).map_or(String::new(), |p| format!("{p:?}"));
            write(&names[edge.i], name, &format!("{:?}", edge.weight), &p);
        }
        rest = after;
    }
    Ok(writer.into_inner().expect("memory takes every record"))
}

/// Names are the identifiers of an edge list.
fn check_names(names: &[String]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    match names.iter().find(|name| name.is_empty() || !seen.insert(*name)) {
        None => Ok(()),
        Some(name) => {
            let problem = format!("the name {name:?} cannot stand in an edge list: it is empty, or two nodes have it");
            Err(Error::data(problem, "rename the nodes, or use another format"))
        }
    }
}
