//! Records of a CSV file with exact line numbers, on top of the `csv` crate.

use std::io::{self, Read};

use csv::StringRecord;

use super::error::TableError;
use super::lines::Lines;
use super::place::Place;

/// Reads the records of a CSV file one after the other.
pub(crate) struct Records<R> {
    reader: csv::Reader<Feed<R>>,
}

impl<R: Read> Records<R> {
    /// Records of the file behind `lines`, at most `max_bytes` long and `max_cells` wide.
    pub(crate) fn new(lines: Lines<R>, delimiter: u8, max_bytes: usize, max_cells: usize) -> Self {
        let feed = Feed {
            lines,
            delimiter,
            max_bytes,
            max_cells,
            given: 0,
            bytes: 0,
            cells: 0,
            blank: 0,
            first: 0,
            left: 0,
            over: false,
        };
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(feed);
        Self { reader }
    }

    /// Reads the next record that is not a blank line; `false` at the end of the file.
    pub(crate) fn read(&mut self, record: &mut StringRecord) -> Result<bool, TableError> {
        self.reader.get_mut().start();
        let found = self.reader.read_record(record);
        let feed = self.reader.get_ref();
        match found {
            // The feed ends every line, so only an open quotation runs into the end of the file.
            Ok(true) if feed.over => Err(TableError::UnclosedQuote { at: self.place() }),
            Ok(found) => Ok(found),
            Err(error) => Err(table_error(error, feed.lines.file())),
        }
    }

    /// Where the record read last begins.
    pub(crate) fn place(&self) -> Box<Place> {
        let feed = self.reader.get_ref();
        Place::line(feed.lines.file(), feed.first)
    }

    /// Number of blank lines skipped right before the record read last.
    pub(crate) fn blank_lines(&self) -> u64 {
        self.reader.get_ref().blank
    }
}

/// Hands the CSV parser one line at a time, so that it never reads beyond the record it is at.
struct Feed<R> {
    lines: Lines<R>,
    delimiter: u8,
    max_bytes: usize,
    max_cells: usize,
    /// Bytes of the current line handed out already.
    given: usize,
    /// Bytes of the current line not handed out yet.
    left: usize,
    /// Bytes of the current record.
    bytes: usize,
    /// Separators of the current record, also those in quotes.
    cells: usize,
    /// Blank lines before the current record.
    blank: u64,
    /// The line on which the current record begins; 0 before its first line.
    first: u64,
    /// Whether the parser has been told that the file is over.
    over: bool,
}

impl<R: Read> Feed<R> {
    /// Begins a record.
    fn start(&mut self) {
        (self.bytes, self.cells, self.blank, self.first) = (0, 0, 0, 0);
    }

    /// Goes to the next line; `false` at the end of the file.
    fn next_line(&mut self) -> Result<bool, TableError> {
        loop {
            if !self.lines.advance()? {
                return Ok(false);
            }
            if self.first != 0 || self.lines.bytes() != b"\n" {
                break;
            }
            self.blank += 1;
        }
        if self.first == 0 {
            self.first = self.lines.number();
        }
        let line = self.lines.bytes();
        (self.given, self.left) = (0, line.len());
        self.bytes = self.bytes.saturating_add(line.len());
        self.cells += line.iter().filter(|&&byte| byte == self.delimiter).count();
        let at = || Place::line(self.lines.file(), self.first);
        // The line's own end is not counted.
        if self.bytes - 1 > self.max_bytes {
            return Err(TableError::RowTooLong { at: at(), limit: self.max_bytes });
        }
        if self.cells >= self.max_cells {
            return Err(TableError::TooManyColumns { at: at(), limit: self.max_cells });
        }
        Ok(true)
    }
}

impl<R: Read> Read for Feed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.over {
            self.over = !self.next_line().map_err(io::Error::other)?;
        }
        if self.over {
            return Ok(0);
        }
        let line = self.lines.bytes();
        let rest = line.get(self.given..).unwrap_or_default();
        let count = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        self.left -= count;
        Ok(count)
    }
}

/// Our own error out of the parser's, which carries it through.
fn table_error(error: csv::Error, file: &str) -> TableError {
    let file = file.to_owned();
    let error = match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    };
    match error.downcast::<TableError>() {
        Ok(error) => error,
        Err(error) => TableError::Unreadable { file, error },
    }
}
