//! Signals from files.

use std::path::Path;

use super::file::{self, Source};
use super::matrix::{self, ReadOptions};
use crate::error::{Error, Result};
use crate::signals::Signals;

/// Reads signals: rows are observations, columns are nodes.
///
/// - **CSV, TSV**, also compressed (`.csv.gz`): a first row that is not all numbers names the nodes. A first column
///   that is not numeric (or whose header is empty, as pandas writes an index) labels the rows. Empty cells and `NA`,
///   `N/A`, `NaN`, `null` are missing values.
/// - **NPY, NPZ**: two dimensions, either order; floats of 32 and 64 bits, integers, booleans. An archive must hold one
///   matrix only, or one called `X` or `signals`; a vector of strings called `names` names the nodes.
/// - **Parquet** (feature `parquet`): numeric columns are nodes, one column of text first labels the rows.
///
/// With [`ReadOptions::transpose`], rows are nodes, and their labels name them.
pub fn read_signals(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Signals> {
    let (file, bytes) = file::read(path.as_ref())?;
    parse_signals(&file, &bytes, options)
}

/// [`read_signals`] from memory; the extension of `file` tells the format.
pub fn parse_signals(file: &str, bytes: &[u8], options: &ReadOptions) -> Result<Signals> {
    let source = Source::new(file, bytes);
    let (matrix, expanded) = matrix::parse(source, &["X", "signals"], false, options)?;
    let inner = Source::new(file, expanded.as_deref().unwrap_or(bytes));
    if let Some(at) = matrix.values.iter().position(|value| value.is_infinite()) {
        let place = matrix.place(&inner, at / matrix.columns, at % matrix.columns);
        return Err(source.bad(place, format!("is {}", matrix.values[at]), "leave the cell empty or correct it"));
    }
    let matrix = if options.transpose { matrix.transposed() } else { matrix };
    let data = |error| match error {
        Error::Data { problem, hint } => source.bad("", problem, hint),
        other => other,
    };
    let signals = Signals::new(matrix.values, matrix.columns).map_err(data)?;
    if matrix.column_names.is_empty() { Ok(signals) } else { signals.with_names(matrix.column_names) }
}
