//! Tables of numbers in CSV files.

use super::file::{Source, shown};
use super::matrix::Matrix;
use crate::error::Result;

const NUMBER: &str = "write numbers with a point, and leave missing values empty";

/// The records of a CSV file with the byte where each begins; blank lines are skipped.
pub(super) fn records(source: &Source, delimiter: u8) -> Result<Vec<(usize, csv::StringRecord)>> {
    let mark = if source.bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(&source.bytes[mark..]);
    let mut records = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let at = mark + reader.position().byte() as usize;
        match reader.read_record(&mut record) {
            Ok(true) => records.push((at, record.clone())),
            Ok(false) if records.is_empty() => return Err(source.empty()),
            Ok(false) => return Ok(records),
            Err(_) => {
                return Err(source.bad(source.line(at), "is not UTF-8 text", "save the file with the encoding UTF-8"));
            }
        }
    }
}

/// The number in a cell; NaN if it is missing, nothing if it is text.
pub(super) fn number(cell: &str) -> Option<f64> {
    let cell = cell.trim();
    let missing = cell.is_empty() || ["na", "n/a", "null"].iter().any(|word| cell.eq_ignore_ascii_case(word));
    if missing { Some(f64::NAN) } else { cell.parse().ok() }
}

/// Reads a table of numbers; see [`read_signals`](super::read_signals).
pub(super) fn parse(source: Source, delimiter: u8, header: Option<bool>) -> Result<Matrix> {
    let records = records(&source, delimiter)?;
    let first = &records[0].1;
    let header = match header {
        Some(header) => header,
        None => is_header(&source, first)?,
    };
    let width = first.len();
    let rows = &records[usize::from(header)..];
    let Some((_, row)) = rows.first() else {
        return Err(source.bad("", "there is a header but no row after it", "give at least one row of numbers"));
    };
    // One text above numbers is a slip, not a label.
    let slip = rows.len() > 1 && rows[1..].iter().all(|(_, row)| number(&row[0]).is_some());
    let labelled = width > 1 && (header && first[0].trim().is_empty() || number(&row[0]).is_none() && !slip);
    let skip = usize::from(labelled);
    let names: Vec<String> =
        if header { first.iter().skip(skip).map(|name| name.trim().to_owned()).collect() } else { Vec::new() };
    check_names(&source, &names, skip)?;
    let mut values = Vec::with_capacity(rows.len() * (width - skip));
    let (mut labels, mut lines) = (Vec::new(), Vec::new());
    for (at, row) in rows {
        if row.len() != width {
            let problem = format!("has {} cells, the first row has {width}", row.len());
            let hint = "give every row as many cells, and quote cells with commas";
            return Err(source.bad(source.line(*at), problem, hint));
        }
        if labelled {
            labels.push(row[0].trim().to_owned());
        }
        for (column, cell) in row.iter().enumerate().skip(skip) {
            match number(cell) {
                Some(value) => values.push(value),
                None => {
                    let name = names.get(column - skip).map(|name| format!(" ({name})")).unwrap_or_default();
                    let place = format!("{}, column {}{name}", source.line(*at), column + 1);
                    return Err(source.bad(place, format!("{} is not a number", shown(cell)), NUMBER));
                }
            }
        }
        lines.push(*at);
    }
    let (count, columns) = (rows.len(), width - skip);
    Ok(Matrix { row_names: labels, column_names: names, lines, ..Matrix::plain(count, columns, values) })
}

/// Whether the first row names the columns: it does if a cell is text, or if it is the index that pandas writes.
fn is_header(source: &Source, first: &csv::StringRecord) -> Result<bool> {
    if first.iter().any(|cell| number(cell).is_none()) {
        return Ok(true);
    }
    let index = first.len() > 1 && first[0].trim().is_empty();
    let counts = first.iter().skip(usize::from(index)).enumerate().all(|(i, cell)| cell.trim() == i.to_string());
    if counts && !index && first.len() > 2 {
        let problem = "the first row is 0, 1, 2, ...: it may be a header or data";
        return Err(source.bad("line 1", problem, "say whether there is a header, or name the columns"));
    }
    Ok(counts && index)
}

/// Columns must have names, and different ones.
fn check_names(source: &Source, names: &[String], skip: usize) -> Result<()> {
    let mut seen = std::collections::HashMap::new();
    for (column, name) in names.iter().enumerate() {
        let place = || format!("line 1, column {}", column + skip + 1);
        if name.is_empty() {
            return Err(source.bad(place(), "the column has no name", "name it, or remove an extra comma"));
        }
        if let Some(before) = seen.insert(name, column + skip + 1) {
            let problem = format!("{} is also the name of column {before}", shown(name));
            return Err(source.bad(
                place(),
                problem,
                "rename one; if the first row is data, say that there is no header",
            ));
        }
    }
    Ok(())
}
