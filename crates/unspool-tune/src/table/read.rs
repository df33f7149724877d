//! Reading tables from files and from anything else that can be read.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;

use super::error::TableError;
use super::options::{Format, ReadOptions};
use super::types::{NewRows, Schema, Table};
use super::{csv, svmlight};

/// Bytes looked at to judge a file's format.
const SNIFFED: u64 = 1 << 12;

/// Reads a table to learn from.
///
/// # Errors
///
/// A [`TableError`] that names the file and the line for the first thing that is wrong.
pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Table, TableError> {
    let (file, name) = open(path.as_ref())?;
    read_from(file, &name, options)
}

/// Reads a table to learn from any source; `name` stands for the file in messages, and its
/// extension counts when the format or the separator is to be judged.
///
/// ```
/// use unspool_tune::table::{ReadOptions, read_from};
///
/// let options = ReadOptions { target: Some("y".to_owned()), ..ReadOptions::default() };
/// let table = read_from("x,y\n1,10\n2,20\n".as_bytes(), "small.csv", &options)?;
/// assert_eq!(table.target.values, [10.0, 20.0]);
///
/// let error = read_from("x,y\n1,10\n2,?\n".as_bytes(), "small.csv", &options).unwrap_err();
/// assert_eq!(error.to_string(), r#"small.csv, line 3, column 2 ("y"): "?" in a target that mixes numbers and text"#);
/// # Ok::<(), unspool_tune::table::TableError>(())
/// ```
///
/// # Errors
///
/// A [`TableError`] that names the file and the line for the first thing that is wrong.
pub fn read_from(reader: impl Read, name: &str, options: &ReadOptions) -> Result<Table, TableError> {
    let (reader, format) = judge(reader, name, options)?;
    match format {
        Format::Csv => csv::read_table(reader, name, options),
        Format::Svmlight => svmlight::read_table(reader, name, options),
    }
}

/// Reads rows for a model that was learned from columns of this schema.
///
/// The columns of a CSV table are matched by name in any order, and further ones are set aside.
/// The target may be absent, or blank in all rows.
///
/// # Errors
///
/// A [`TableError`] that names the file and the line for the first thing that is wrong.
pub fn read_new_rows(path: impl AsRef<Path>, schema: Schema<'_>, options: &ReadOptions) -> Result<NewRows, TableError> {
    let (file, name) = open(path.as_ref())?;
    read_new_rows_from(file, &name, schema, options)
}

/// Reads rows for a model from any source; see [`read_new_rows`] and [`read_from`].
///
/// # Errors
///
/// A [`TableError`] that names the file and the line for the first thing that is wrong.
pub fn read_new_rows_from(
    reader: impl Read,
    name: &str,
    schema: Schema<'_>,
    options: &ReadOptions,
) -> Result<NewRows, TableError> {
    let (reader, format) = judge(reader, name, options)?;
    let file = name.to_owned();
    match (format, schema) {
        (Format::Csv, Schema::Named(names)) => csv::read_new_rows(reader, name, names, options),
        (Format::Svmlight, Schema::Numbered(columns)) => svmlight::read_new_rows(reader, name, columns, options),
        (Format::Csv, Schema::Numbered(_)) => Err(TableError::CsvForNumbered { file }),
        (Format::Svmlight, Schema::Named(_)) => Err(TableError::SvmlightForNamed { file }),
    }
}

/// Opens a file, and the name to call it by.
fn open(path: &Path) -> Result<(File, String), TableError> {
    let name = path.display().to_string();
    if path.is_dir() {
        return Err(TableError::Directory { file: name });
    }
    match File::open(path) {
        Ok(file) => Ok((file, name)),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(TableError::NoFile { file: name }),
        Err(error) => Err(TableError::Unreadable { file: name, error }),
    }
}

/// The format asked for, or else judged by the name's extension, or else by the first line; with a
/// reader that still holds what was looked at.
fn judge<R: Read>(
    mut reader: R,
    name: &str,
    options: &ReadOptions,
) -> Result<(impl Read + use<R>, Format), TableError> {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let known = match extension.as_deref() {
        _ if options.format.is_some() => options.format,
        Some("csv" | "tsv") => Some(Format::Csv),
        Some("svm" | "svmlight" | "libsvm") => Some(Format::Svmlight),
        _ => None,
    };
    let mut start = Vec::new();
    if known.is_none() {
        let read = reader.by_ref().take(SNIFFED).read_to_end(&mut start);
        read.map_err(|error| TableError::Unreadable { file: name.to_owned(), error })?;
    }
    let format = known.unwrap_or_else(|| by_content(&String::from_utf8_lossy(&start)));
    Ok((Cursor::new(start).chain(reader), format))
}

/// The format by the first line that has content: svmlight when it is a number and then an entry
/// `index:value`, or a number alone.
fn by_content(start: &str) -> Format {
    let content = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    let start = start.trim_start_matches('\u{feff}');
    let line = start.split(['\n', '\r']).map(content).find(|line| !line.is_empty()).unwrap_or_default();
    let mut tokens = line.split_ascii_whitespace();
    let first = tokens.next().unwrap_or_default();
    let is_entry = |token: &str| {
        let index = token.split_once(':').map(|(index, _)| index);
        index.is_some_and(|index| index == "qid" || index.parse::<u64>().is_ok())
    };
    let is_label = first.parse::<f64>().is_ok();
    let svmlight = is_entry(first) || (is_label && tokens.next().is_none_or(is_entry));
    if svmlight { Format::Svmlight } else { Format::Csv }
}
