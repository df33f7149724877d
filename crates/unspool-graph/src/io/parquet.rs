//! Parquet.

use std::io::{self, Read};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::record::Field;

use super::caught::caught;
use super::file::{EXPANDED_LIMIT, Source};
use super::matrix::Matrix;
use crate::error::{Error, Result};

const HINT: &str = "check that the file is complete; pages must be uncompressed, Snappy or gzip";
/// The column where pandas keeps an index without a name.
const INDEX: &str = "__index_level_0__";

/// Reads the numeric columns; a text column that comes first, or the index of pandas, labels the rows.
pub(super) fn parse(source: Source) -> Result<Matrix> {
    // The decoder panics on some broken pages.
    caught(|| table(&source)).unwrap_or_else(|| Err(source.bad("", "cannot be decoded", HINT)))
}

fn table(source: &Source) -> Result<Matrix> {
    let reader = SerializedFileReader::new(Whole(Bytes::copy_from_slice(source.bytes))).map_err(broken(source))?;
    check(source, &reader)?;
    let (mut names, mut labels, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows = 0;
    for row in reader.get_row_iter(None).map_err(broken(source))? {
        let columns = row.map_err(broken(source))?.into_columns();
        for (column, (name, field)) in columns.into_iter().enumerate() {
            if name == INDEX || column == 0 && matches!(field, Field::Str(_)) {
                labels.push(if let Field::Str(label) = field { label } else { field.to_string() });
                continue;
            }
            let Some(value) = number(&field) else {
                let place = format!("row {}, column {} ({name})", rows + 1, column + 1);
                return Err(source.bad(place, format!("{field} is not a number"), "keep numeric columns only"));
            };
            values.push(value);
            if rows == 0 {
                names.push(name);
            }
        }
        rows += 1;
        if values.len() != rows * names.len() || !(labels.is_empty() || labels.len() == rows) {
            return Err(source.bad(format!("row {rows}"), "the first column mixes text and gaps", "label every row"));
        }
    }
    if values.is_empty() {
        return Err(source.bad("", "there are no rows of numbers", "give at least one row"));
    }
    Ok(Matrix { column_names: names.clone(), row_names: labels, ..Matrix::plain(rows, names.len(), values) })
}

/// What the decoder has to say, as an error about the file.
fn broken<'a>(source: &'a Source) -> impl Fn(ParquetError) -> Error + 'a {
    |error| source.bad("", format!("cannot be read as Parquet: {error}"), HINT)
}

/// Refuses tables that would fill the memory, and dictionaries of more values than there is room for in them, which the
/// decoder would make room for.
fn check(source: &Source, reader: &SerializedFileReader<Whole>) -> Result<()> {
    let metadata = reader.metadata();
    let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(u64::MAX);
    let columns = metadata.file_metadata().schema_descr().num_columns() as u64;
    if rows.saturating_mul(columns).saturating_mul(8) > EXPANDED_LIMIT {
        let problem = format!("has {rows} rows of {columns} columns: more than {EXPANDED_LIMIT} bytes");
        return Err(source.bad("", problem, "take fewer of them"));
    }
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(broken(source))?;
        for column in 0..group.num_columns() {
            for page in group.get_column_page_reader(column).map_err(broken(source))? {
                let page = page.map_err(broken(source))?;
                if page.is_dictionary_page() && page.num_values() as usize > page.buffer().len() {
                    return Err(source.bad("", "has a dictionary of more values than it holds", HINT));
                }
            }
        }
    }
    Ok(())
}

/// A file whose readers fail at its end: the decoder skips what a header claims, be it billions of numbers, without
/// asking whether they are there.
struct Whole(Bytes);

impl Length for Whole {
    fn len(&self) -> u64 {
        Length::len(&self.0)
    }
}

impl ChunkReader for Whole {
    type T = Rest;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Rest> {
        let length = Length::len(&self.0).saturating_sub(start);
        self.get_bytes(start, length as usize).map(Rest)
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// What is not yet read.
struct Rest(Bytes);

impl Read for Rest {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() && !out.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let n = out.len().min(self.0.len());
        out[..n].copy_from_slice(&self.0.split_to(n));
        Ok(n)
    }
}

/// NaN if it is missing.
fn number(field: &Field) -> Option<f64> {
    Some(match *field {
        Field::Null => f64::NAN,
        Field::Bool(value) => f64::from(u8::from(value)),
        Field::Byte(value) => value.into(),
        Field::Short(value) => value.into(),
        Field::Int(value) => value.into(),
        Field::Long(value) => value as f64,
        Field::UByte(value) => value.into(),
        Field::UShort(value) => value.into(),
        Field::UInt(value) => value.into(),
        Field::ULong(value) => value as f64,
        Field::Float16(value) => value.into(),
        Field::Float(value) => value.into(),
        Field::Double(value) => value,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_skipped_beyond_the_end() {
        let mut rest = Whole(Bytes::from_static(b"abcd")).get_read(1).unwrap();
        io::copy(&mut rest.by_ref().take(3), &mut io::sink()).unwrap();
        assert!(io::copy(&mut rest.by_ref().take(1), &mut io::sink()).is_err());
        assert!(Whole(Bytes::new()).get_read(1).is_err());
    }
}
