//! A dense matrix from any kind of file.

use std::borrow::Cow;

use super::file::{Source, expand, extension};
use super::{EXPANDED_LIMIT, archive, npy, table};
use crate::error::Result;

/// How to read a table of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Rows of the file are nodes, columns observations.
    pub transpose: bool,
    /// Whether the first row of a text file names the columns. `None` finds out: it does unless all its cells are
    /// numbers or missing.
    pub header: Option<bool>,
}

/// A matrix, row after row, with the names its file gave to rows and columns (or none).
pub(super) struct Matrix {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) values: Vec<f64>,
    pub(super) row_names: Vec<String>,
    pub(super) column_names: Vec<String>,
    /// Whether the file holds a vector, as one row or one column.
    pub(super) vector: bool,
    /// The line of each row, if the file is text.
    pub(super) lines: Vec<usize>,
}

impl Matrix {
    /// The matrix without names.
    pub(super) fn plain(rows: usize, columns: usize, values: Vec<f64>) -> Self {
        let vector = rows == 1 || columns == 1;
        let (row_names, column_names, lines) = (Vec::new(), Vec::new(), Vec::new());
        Matrix { rows, columns, values, row_names, column_names, vector, lines }
    }

    /// Where an entry is, from 0, for messages.
    pub(super) fn place(&self, source: &Source, row: usize, column: usize) -> String {
        let row = match self.lines.get(row) {
            Some(&at) => source.line(at),
            None => format!("row {}", row + 1),
        };
        match self.column_names.get(column) {
            Some(name) => format!("{row}, column {} ({name})", column + 1),
            None => format!("{row}, column {}", column + 1),
        }
    }

    pub(super) fn transposed(self) -> Self {
        let (rows, columns) = (self.columns, self.rows);
        let at = |i: usize| self.values[(i % columns) * rows + i / columns];
        let values = (0..self.values.len()).map(at).collect();
        let (row_names, column_names) = (self.column_names, self.row_names);
        Matrix { rows, columns, values, row_names, column_names, vector: self.vector, lines: Vec::new() }
    }
}

/// Reads a matrix; an archive must hold one of these names, or one matrix only. Missing entries are NaN. Arrays of one
/// dimension are read only as `vectors`.
pub(super) fn parse(
    source: Source,
    names: &[&str],
    vectors: bool,
    options: &ReadOptions,
) -> Result<(Matrix, Option<Vec<u8>>)> {
    let (extension, zipped) = extension(source.file);
    let expanded = if zipped { Some(expand(source, EXPANDED_LIMIT)?) } else { None };
    let inner = Source::new(source.file, expanded.as_deref().unwrap_or(source.bytes));
    if inner.bytes.is_empty() {
        return Err(inner.empty());
    }
    let matrix = match extension.as_str() {
        "csv" | "txt" | "tsv" => table::parse(inner, table::delimiter(&extension, inner.bytes), options.header)?,
        "npy" => npy::Array::parse(&inner, "", Cow::Borrowed(inner.bytes))?.matrix(&inner, "", vectors)?,
        "npz" => archive::matrix(inner, names, vectors)?,
        #[cfg(feature = "parquet")]
        "parquet" => super::parquet::parse(inner)?,
        #[cfg(not(feature = "parquet"))]
        "parquet" => {
            return Err(inner.bad("", "Parquet is not built in", "build with the feature `parquet`, or use CSV"));
        }
        _ => {
            let hint = "use .csv, .tsv, .csv.gz, .npy, .npz or .parquet";
            return Err(inner.bad("", format!("unknown kind of file {extension:?}"), hint));
        }
    };
    Ok((matrix, expanded))
}
