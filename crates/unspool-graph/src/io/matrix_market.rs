//! Matrix Market.

use std::fmt::Write;

use super::draft::{At, Edges, Entry, MOST_NODES, number, symmetric};
use super::file::{Source, shown};
use crate::error::Result;
use crate::graph::Graph;

const HINT: &str = "write the file with scipy.io.mmwrite, from a sparse symmetric matrix";

/// Reads a square matrix in coordinate format: real, integer or pattern (weights 1); symmetric, or general with both
/// triangles.
pub(super) fn parse(source: &Source) -> Result<Graph> {
    let text = source.text()?;
    let source = &Source::new(source.file, text.as_bytes());
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').map(|line| {
        let begin = at;
        at += line.len();
        (begin, line.trim())
    });
    let bad = |at: usize, problem: String| source.bad(source.line(at), problem, HINT);
    let header = lines.next().map_or("", |(_, line)| line).to_ascii_lowercase();
    let words: Vec<&str> = header.split_whitespace().collect();
    let (field, mirrored) = match words[..] {
        ["%%matrixmarket", "matrix", "coordinate", field @ ("real" | "integer" | "pattern"), shape] => match shape {
            "symmetric" => (field, true),
            "general" => (field, false),
            _ => return Err(bad(0, format!("the matrix is {}, not symmetric", shown(shape)))),
        },
        _ => {
            return Err(bad(
                0,
                "is not the header of a sparse real matrix: %%MatrixMarket matrix coordinate real symmetric".into(),
            ));
        }
    };
    let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('%'));
    let (at, line) = lines.next().ok_or_else(|| source.bad("", "has no size line", HINT))?;
    let sizes: Option<Vec<usize>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
    let (nodes, count) = match sizes.as_deref() {
        Some(&[rows, columns, count]) if rows == columns && rows > 0 => (rows, count),
        _ => {
            return Err(bad(at, format!("{} is not the size of a square matrix: rows, columns, entries", shown(line))));
        }
    };
    if nodes > MOST_NODES {
        return Err(bad(at, format!("claims {nodes} nodes, more than {MOST_NODES}")));
    }
    let width = if field == "pattern" { 2 } else { 3 };
    let mut entries = Vec::new();
    for (at, line) in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let index = |word: &str| word.parse().ok().filter(|index| (1..=nodes).contains(index)).map(|index| index - 1);
        let entry = || {
            let weight = words.get(2).map_or(Some(1.0), |word| number(word))?;
            Some(Entry { row: index(words.first()?)?, column: index(words.get(1)?)?, weight, at: At::Byte(at) })
        };
        match entry().filter(|_| words.len() == width) {
            Some(entry) => entries.push(entry),
            None => return Err(bad(at, format!("{} is not an entry of a matrix of {nodes} rows", shown(line)))),
        }
    }
    if entries.len() != count {
        return Err(source.bad(
            "",
            format!("has {} entries where its header says {count}", entries.len()),
            "check that the file is complete",
        ));
    }
    if !mirrored {
        return symmetric(source, nodes, entries);
    }
    let mut edges = Edges::default();
    for entry in entries.iter().filter(|entry| entry.row != entry.column || entry.weight != 0.0) {
        edges.push(source, entry.at, (entry.row, entry.column), entry.weight, |node| (node + 1).to_string())?;
    }
    edges.into_graph(nodes)
}

/// The lower triangle; nodes count from 1. Names and positions have no place; probabilities of edges are comments, one a line.
pub(super) fn bytes(graph: &Graph) -> Vec<u8> {
    let (nodes, edges) = (graph.nodes(), graph.edges());
    let mut text = String::from("%%MatrixMarket matrix coordinate real symmetric\n");
    for (edge, p) in edges.iter().zip(graph.probabilities()) {
        writeln!(text, "% probability {} {} {p:?}", edge.j + 1, edge.i + 1).expect("memory takes every line");
    }
    writeln!(text, "{nodes} {nodes} {}", edges.len()).expect("memory takes every line");
    for edge in edges {
        writeln!(text, "{} {} {:?}", edge.j + 1, edge.i + 1, edge.weight).expect("memory takes every line");
    }
    text.into_bytes()
}
