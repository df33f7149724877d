//! Tables of numbers in CSV files.

use super::file::{Source, shown};
use super::matrix::Matrix;
use crate::error::Result;

const NUMBER: &str = "write numbers with a point, and leave missing values empty";
pub(super) const SAME_WIDTH: &str = "give every row as many cells, and quote cells with commas";

/// What is between cells: a tab in `.tsv`; else what the first line has, of comma, semicolon and tab.
pub(super) fn delimiter(extension: &str, bytes: &[u8]) -> u8 {
    if extension == "tsv" {
        return b'\t';
    }
    let mut lines = bytes.split(|b| matches!(b, b'\n' | b'\r'));
    let first = lines.find(|line| !line.is_empty()).unwrap_or_default();
    *b",;\t".iter().find(|delimiter| first.contains(delimiter)).unwrap_or(&b',')
}

/// The records of a CSV file, one after the other; blank lines are skipped.
pub(super) struct Records<'a> {
    source: Source<'a>,
    /// Bytes before the text.
    mark: usize,
    reader: csv::Reader<&'a [u8]>,
    record: csv::StringRecord,
}

/// The first record of a CSV file.
pub(super) fn first(source: Source, delimiter: u8) -> Result<csv::StringRecord> {
    let mut records = Records::new(source, delimiter, false)?;
    let first = records.next()?.map(|(_, record)| record.clone());
    first.ok_or_else(|| source.empty())
}

impl<'a> Records<'a> {
    /// All records, or those after the header.
    pub(super) fn new(source: Source<'a>, delimiter: u8, header: bool) -> Result<Self> {
        let mark = if source.bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(delimiter);
        let reader = builder.from_reader(&source.bytes[mark..]);
        let mut records = Records { source, mark, reader, record: csv::StringRecord::new() };
        if header {
            records.next()?;
        }
        Ok(records)
    }

    /// The next record, and the byte where it begins.
    pub(super) fn next(&mut self) -> Result<Option<(usize, &csv::StringRecord)>> {
        let at = self.mark + self.reader.position().byte() as usize;
        match self.reader.read_record(&mut self.record) {
            Ok(true) => Ok(Some((at, &self.record))),
            Ok(false) => Ok(None),
            Err(_) => {
                let place = self.source.line(at);
                Err(self.source.bad(place, "is not UTF-8 text", "save the file with the encoding UTF-8"))
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
    let first = first(source, delimiter)?;
    let header = match header {
        Some(header) => header,
        None => is_header(&source, delimiter, &first)?,
    };
    let width = first.len();
    let mut records = Records::new(source, delimiter, header)?;
    let index = header && width > 1 && first[0].trim().is_empty();
    // Whether the first column labels the rows; known from the first of them.
    let mut labelled = index;
    let (mut values, mut labels, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    let not_a_number = |at: usize, column: usize, cell: &str| {
        let name = if header { format!(" ({})", first[column].trim()) } else { String::new() };
        let place = format!("{}, column {}{name}", source.line(at), column + 1);
        source.bad(place, format!("{} is not a number", shown(cell)), NUMBER)
    };
    while let Some((at, row)) = records.next()? {
        if row.len() != width {
            let problem = format!("has {} cells, the first row has {width}", row.len());
            return Err(source.bad(source.line(at), problem, SAME_WIDTH));
        }
        if lines.is_empty() {
            labelled |= width > 1 && number(&row[0]).is_none();
        }
        if labelled {
            labels.push(row[0].trim().to_owned());
        }
        for (column, cell) in row.iter().enumerate().skip(usize::from(labelled)) {
            values.push(number(cell).ok_or_else(|| not_a_number(at, column, cell))?);
        }
        lines.push(at);
    }
    if lines.is_empty() {
        return Err(source.bad("", "there is a header but no row after it", "give at least one row of numbers"));
    }
    // One text above numbers is a slip, not a label.
    if labelled && !index && labels.len() > 1 && labels[1..].iter().all(|label| number(label).is_some()) {
        return Err(not_a_number(lines[0], 0, &labels[0]));
    }
    let skip = usize::from(labelled);
    let names = first.iter().skip(skip).filter(|_| header).map(|name| name.trim().to_owned()).collect::<Vec<_>>();
    check_names(&source, &names, skip)?;
    let matrix = Matrix::plain(lines.len(), width - skip, values);
    Ok(Matrix { row_names: labels, column_names: names, lines, ..matrix })
}

/// Whether the first row names the columns: it does if a cell is text, if it is the index that pandas writes, or if it
/// has different whole numbers and the next row has others too: identifiers above measurements.
fn is_header(source: &Source, delimiter: u8, first: &csv::StringRecord) -> Result<bool> {
    if first.iter().any(|cell| number(cell).is_none()) {
        return Ok(true);
    }
    let index = first.len() > 1 && first[0].trim().is_empty();
    let counts = first.iter().skip(usize::from(index)).enumerate().all(|(i, cell)| cell.trim() == i.to_string());
    if counts && !index && first.len() > 2 {
        let problem = "the first row is 0, 1, 2, ...: it may be a header or data";
        return Err(source.bad("line 1", problem, "say whether there is a header, or name the columns"));
    }
    let whole = |cell: &str| !cell.trim().is_empty() && cell.trim().bytes().all(|byte| byte.is_ascii_digit());
    let different = first.iter().map(str::trim).collect::<std::collections::HashSet<_>>().len() == first.len();
    if first.len() > 2 && different && first.iter().all(whole) {
        let mut rest = Records::new(*source, delimiter, true)?;
        let measured = |cell: &str| number(cell).is_some_and(f64::is_finite) && !whole(cell);
        return Ok(rest.next()?.is_some_and(|(_, row)| row.iter().any(measured)));
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
