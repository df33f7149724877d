//! Squared distances from files.

use std::path::Path;

use super::file::{self, Source};
use super::matrix::{self, Matrix, ReadOptions};
use crate::error::Result;
use crate::pairs;

/// Largest asymmetry and diagonal, relative to the largest distance, that count as rounding.
const ROUNDING: f64 = 1e-10;

/// Squared distances between nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Distances {
    /// Number of nodes.
    pub nodes: usize,
    /// The half-vector (see [`pairs`]).
    pub half: Vec<f64>,
    /// Names of the nodes; empty if they have none.
    pub names: Vec<String>,
}

/// Reads squared distances: a symmetric matrix with zero diagonal, or its half-vector as one row or column (see
/// [`pairs`]; SciPy's `pdist` has the same order). The kinds of file are those of
/// [`read_signals`](super::read_signals); an archive must hold one matrix only, or one called `Z` or `distances`.
///
/// A diagonal, and a difference between the triangles, of up to 1e-10 of the largest entry is taken for rounding; the
/// upper triangle is used.
pub fn read_distances(path: impl AsRef<Path>) -> Result<Distances> {
    let (file, bytes) = file::read(path.as_ref())?;
    parse_distances(&file, &bytes)
}

/// [`read_distances`] from memory; the extension of `file` tells the format.
pub fn parse_distances(file: &str, bytes: &[u8]) -> Result<Distances> {
    let (matrix, expanded) =
        matrix::parse(Source::new(file, bytes), &["Z", "distances"], true, &ReadOptions::default())?;
    let source = Source::new(file, expanded.as_deref().unwrap_or(bytes));
    let bad = |value: &f64| !(value.is_finite() && *value >= 0.0);
    if let Some(at) = matrix.values.iter().position(bad) {
        let place = matrix.place(&source, at / matrix.columns, at % matrix.columns);
        let hint = "squared distances must be finite and not negative";
        return Err(source.bad(place, format!("the squared distance is {}", matrix.values[at]), hint));
    }
    if matrix.vector {
        let length = matrix.values.len();
        return match pairs::nodes(length).filter(|_| length > 0) {
            Some(nodes) => Ok(Distances { nodes, half: matrix.values, names: Vec::new() }),
            None => {
                let problem = format!("has {length} distances, which is not m (m - 1) / 2 for any number m of nodes");
                Err(source.bad("", problem, "list the upper triangle without its diagonal, row after row"))
            }
        };
    }
    square(&source, matrix)
}

fn square(source: &Source, matrix: Matrix) -> Result<Distances> {
    let nodes = matrix.columns;
    if matrix.rows != nodes || nodes < 2 {
        let problem = format!("the matrix has {} rows and {nodes} columns", matrix.rows);
        return Err(source.bad("", problem, "distances are a square matrix over two nodes or more, or a half-vector"));
    }
    let at = |i: usize, j: usize| matrix.values[i * nodes + j];
    let tolerance = ROUNDING * matrix.values.iter().fold(0.0, |most: f64, &value| most.max(value));
    if let Some(i) = (0..nodes).find(|&i| at(i, i) > tolerance) {
        let problem = format!("the distance of a node to itself is {}", at(i, i));
        return Err(source.bad(
            matrix.place(source, i, i),
            problem,
            "the diagonal must be zero; give distances, not similarities",
        ));
    }
    let gap = |&(i, j): &(usize, usize)| (at(i, j) - at(j, i)).abs();
    if let Some((i, j)) =
        pairs::iter(nodes).max_by(|a, b| gap(a).total_cmp(&gap(b))).filter(|pair| gap(pair) > tolerance)
    {
        let problem = format!("the matrix is not symmetric: this entry is {}, its mirror image {}", at(i, j), at(j, i));
        return Err(source.bad(
            matrix.place(source, i, j),
            problem,
            "average the matrix with its transpose if both are right",
        ));
    }
    let half = pairs::iter(nodes).map(|(i, j)| at(i, j)).collect();
    let Matrix { row_names, column_names, .. } = matrix;
    let names = if column_names.is_empty() { row_names } else { column_names };
    Ok(Distances { nodes, half, names })
}
