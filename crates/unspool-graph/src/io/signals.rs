//! Signals from files.

use std::path::Path;

use super::file::{self, Source};
use super::matrix::{self, ReadOptions};
use crate::error::{Error, Result};
use crate::signals::Signals;

/// Reads signals: rows are observations, columns are nodes.
///
/// - **CSV, TSV**, also compressed (`.csv.gz`): a first row that is not all numbers names the nodes; so does one
///   of different whole numbers above a row that is not of whole numbers. A first column
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

/// Writes signals as CSV (a header if they have names; missing values are empty cells) or NPY, by the extension, to a
/// temporary name first.
pub fn write_signals(path: impl AsRef<Path>, signals: &Signals) -> Result<()> {
    let path = path.as_ref();
    file::write(path, &signals_bytes(&path.display().to_string(), signals)?)
}

/// [`write_signals`] to memory; the extension of `file` tells the format.
pub fn signals_bytes(file: &str, signals: &Signals) -> Result<Vec<u8>> {
    match file::extension(file).0.as_str() {
        "csv" => {
            let failed = |error: String| Error::data(format!("{file} cannot be written: {error}"), "report this");
            let mut csv = csv::Writer::from_writer(Vec::new());
            let names: Vec<String> = match signals.names() {
                [] => (0..signals.nodes()).map(|node| format!("node{node}")).collect(),
                names => names.to_vec(),
            };
            csv.write_record(names).map_err(|error| failed(error.to_string()))?;
            for row in signals.values().chunks(signals.nodes()) {
                let cell = |v: &f64| if v.is_nan() { String::new() } else { format!("{v:?}") };
                csv.write_record(row.iter().map(cell)).map_err(|error| failed(error.to_string()))?;
            }
            csv.into_inner().map_err(|error| failed(error.to_string()))
        }
        "npy" => {
            let shape = [signals.observations(), signals.nodes()];
            Ok(super::archive::floats(&shape, signals.values().iter().copied()))
        }
        _ => Err(Error::data(format!("{file}: the extension names no format of signals"), "use .csv or .npy")),
    }
}
