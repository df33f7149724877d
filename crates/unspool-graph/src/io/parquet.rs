//! Parquet.

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::caught::caught;
use super::file::Source;
use super::matrix::Matrix;
use crate::error::Result;

const HINT: &str = "check that the file is complete; pages must be uncompressed, Snappy or gzip";
/// The column where pandas keeps an index without a name.
const INDEX: &str = "__index_level_0__";

/// Reads the numeric columns; a text column that comes first, or the index of pandas, labels the rows.
pub(super) fn parse(source: Source) -> Result<Matrix> {
    // The decoder panics on some broken pages.
    caught(|| table(source)).unwrap_or_else(|| Err(source.bad("", "cannot be decoded", HINT)))
}

fn table(source: Source) -> Result<Matrix> {
    let broken = |error: ParquetError| source.bad("", format!("cannot be read as Parquet: {error}"), HINT);
    let reader = SerializedFileReader::new(bytes::Bytes::copy_from_slice(source.bytes)).map_err(broken)?;
    let (mut names, mut labels, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows = 0;
    for row in reader.get_row_iter(None).map_err(broken)? {
        let columns = row.map_err(broken)?.into_columns();
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
