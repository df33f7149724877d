//! Sparse matrices in NPZ archives, as SciPy keeps them.

use super::archive::{self, Archive};
use super::draft::{At, Entry, MOST_NODES, symmetric};
use super::file::Source;
use super::npy;
use crate::error::Result;
use crate::graph::Graph;

const HINT: &str = "write the file with scipy.sparse.save_npz, as CSR, CSC or COO";

/// Reads a symmetric sparse matrix, with `names` and `positions` if the archive has them.
pub(super) fn parse(source: &Source) -> Result<Graph> {
    let mut archive = Archive::open(*source)?;
    let bad = |place: &str, problem: String| source.bad(place, problem, HINT);
    let format = match archive.array("format")? {
        Some(array) => array.texts(source, "array format")?.concat(),
        None => return Err(bad("", "is not a sparse matrix of SciPy".into())),
    };
    let mut indices = |name: &str| match archive.array(name)? {
        Some(array) => array.indices(source, &format!("array {name}")),
        None => Err(bad("", format!("has no array {name}"))),
    };
    let shape = indices("shape")?;
    let nodes = match shape[..] {
        [rows, columns] if rows == columns && rows > 0 && rows <= MOST_NODES => rows,
        _ => return Err(bad("array shape", format!("{shape:?} is not square, or too large"))),
    };
    let (rows, columns) = match format.as_str() {
        "csr" | "csc" => {
            let (starts, columns) = (indices("indptr")?, indices("indices")?);
            let rising = starts.first() == Some(&0) && starts.is_sorted() && starts.last() == Some(&columns.len());
            if starts.len() != nodes + 1 || !rising {
                return Err(bad("array indptr", "does not fit the shape and the indices".into()));
            }
            let rows =
                starts.windows(2).enumerate().flat_map(|(row, ends)| std::iter::repeat_n(row, ends[1] - ends[0]));
            (rows.collect(), columns)
        }
        "coo" => (indices("row")?, indices("col")?),
        other => return Err(bad("", format!("the matrix is stored as {other:?}"))),
    };
    let weights = match archive.array("data")? {
        Some(array) => array.numbers(source, "array data")?,
        None => return Err(bad("", "has no array data".into())),
    };
    if rows.len() != columns.len() || rows.len() != weights.len() {
        return Err(bad("", format!("has {} rows, {} columns, {} weights", rows.len(), columns.len(), weights.len())));
    }
    if let Some(index) = rows.iter().chain(&columns).find(|index| **index >= nodes) {
        return Err(bad("", format!("has the index {index}, but only {nodes} rows")));
    }
    let entry = |(item, ((row, column), weight))| Entry { row, column, weight, at: At::Item(item) };
    let entries = rows.into_iter().zip(columns).zip(weights).enumerate().map(entry).collect();
    let mut graph = symmetric(source, nodes, entries)?;
    if let Some(array) = archive.array("names")? {
        let names = array.texts(source, "array names")?;
        let wrong =
            || bad("array names", format!("has {} names for {nodes} nodes", array.shape().iter().product::<usize>()));
        graph = graph.with_names(names).map_err(|_| wrong())?;
    }
    if let Some(array) = archive.array("positions")? {
        if array.shape() != [nodes, 2] {
            return Err(bad("array positions", format!("has the shape {:?}, not [{nodes}, 2]", array.shape())));
        }
        let positions = array.matrix(source, "array positions", false)?.values;
        if positions.iter().any(|x| !x.is_finite()) {
            return Err(bad("array positions", "has a position that is not finite".into()));
        }
        graph = graph.with_positions(positions.chunks_exact(2).map(|xy| [xy[0], xy[1]]).collect())?;
    }
    Ok(graph)
}

/// CSR with both triangles, in the arrays that SciPy reads, and `names`, `positions` and `probabilities` (of the
/// upper triangle's edges, row after row) beside them.
pub(super) fn bytes(graph: &Graph) -> Result<Vec<u8>> {
    super::nodes::check_positions(graph.positions())?;
    let (nodes, edges) = (graph.nodes(), graph.edges());
    let both = graph.edges().iter().flat_map(|edge| [(edge.i, edge.j, edge.weight), (edge.j, edge.i, edge.weight)]);
    let mut entries: Vec<(usize, usize, f64)> = both.collect();
    entries.sort_unstable_by_key(|&(row, column, _)| (row, column));
    let mut starts = vec![0; nodes + 1];
    for &(row, ..) in &entries {
        starts[row + 1] += 1;
    }
    for row in 0..nodes {
        starts[row + 1] += starts[row];
    }
    let columns: Vec<usize> = entries.iter().map(|entry| entry.1).collect();
    let mut arrays = vec![
        ("indices", archive::indices(&columns)),
        ("indptr", archive::indices(&starts)),
        ("format", npy::bytes("|S3", &[], *b"csr")),
        ("shape", npy::bytes("<i8", &[2], [nodes, nodes].into_iter().flat_map(|side| (side as u64).to_le_bytes()))),
        ("data", archive::floats(&[entries.len()], entries.iter().map(|entry| entry.2))),
    ];
    if !graph.names().is_empty() {
        arrays.push(("names", npy::text_bytes(graph.names())?));
    }
    if !graph.positions().is_empty() {
        arrays.push(("positions", archive::floats(&[nodes, 2], graph.positions().iter().flatten().copied())));
    }
    if !graph.probabilities().is_empty() {
        arrays.push(("probabilities", archive::floats(&[edges.len()], graph.probabilities().iter().copied())));
    }
    Ok(archive::bytes(arrays))
}
