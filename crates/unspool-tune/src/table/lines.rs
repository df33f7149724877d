//! Lines of a text file, read with a limit into one reused buffer.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use super::error::TableError;
use super::place::Place;

/// Bytes asked of the file at a time.
const CHUNK: usize = 1 << 16;

/// The byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// No signature below is longer.
const MAGIC: usize = 8;

/// The first bytes of files that are mistaken for tables, and what to call them.
const NOT_TEXT: [(&[u8], &str); 9] = [
    (b"\x1f\x8b", "gzip-compressed"),
    (b"PK\x03\x04", "zip or Excel"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
    (b"\xfd7zXZ\0", "xz-compressed"),
    (b"BZh91AY", "bzip2-compressed"),
    (b"PAR1\x15", "Parquet"),
    (b"\xd0\xcf\x11\xe0", "zip or Excel"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
];

/// A reader of lines that checks their length and that they are UTF-8.
///
/// A line ends with `\n`, `\r\n` or a lone `\r`, and is handed out with a single `\n` at its end,
/// the last one too. A byte order mark at the start is skipped.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    file: String,
    limit: usize,
    buffer: Vec<u8>,
    /// Number of the current line, from 1; 0 before the first.
    number: u64,
    /// Bytes of the file before the current line.
    start: u64,
    /// Bytes of the file up to the end of the current line.
    end: u64,
}

impl<R: Read> Lines<R> {
    /// A reader of lines of at most `limit` bytes, which calls the file by the name `file`.
    pub(crate) fn new(reader: R, file: &str, limit: usize) -> Self {
        Self {
            reader: BufReader::with_capacity(CHUNK, reader),
            file: file.to_owned(),
            limit,
            buffer: Vec::new(),
            number: 0,
            start: 0,
            end: 0,
        }
    }

    /// The number of the current line, as an editor shows it.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The name of the file.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The current line's place.
    pub(crate) fn place(&self) -> Box<Place> {
        Place::line(&self.file, self.number)
    }

    /// The bytes of the current line.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// The current line, which is checked anew: to be asked for once.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.buffer).unwrap_or_default()
    }

    /// Goes to the next line; `false` at the end of the file.
    pub(crate) fn advance(&mut self) -> Result<bool, TableError> {
        self.buffer.clear();
        self.start = self.end;
        self.number += 1;
        let mut ended = false;
        let mut checked = self.number > 1;
        while !ended {
            let chunk = fill(&mut self.reader, &self.file)?;
            if chunk.is_empty() {
                break;
            }
            let stop = chunk.iter().position(|&b| b == b'\n' || b == b'\r');
            let line = stop.and_then(|n| chunk.get(..n)).unwrap_or(chunk);
            if line.len() > self.limit - self.buffer.len() {
                return Err(TableError::RowTooLong { at: self.place(), limit: self.limit });
            }
            self.buffer.extend_from_slice(line);
            let carriage = stop.and_then(|n| chunk.get(n)) == Some(&b'\r');
            let taken = line.len() + usize::from(stop.is_some());
            ended = stop.is_some();
            self.consume(taken);
            if carriage && fill(&mut self.reader, &self.file)?.first() == Some(&b'\n') {
                self.consume(1);
            }
            if !checked && (ended || self.buffer.len() >= MAGIC) {
                checked = true;
                self.check_start()?;
            }
        }
        if !ended && self.buffer.is_empty() {
            self.number -= 1;
            return Ok(false);
        }
        if !checked {
            self.check_start()?;
        }
        self.check_text()?;
        self.buffer.push(b'\n');
        Ok(true)
    }

    /// Steps over bytes of the file.
    fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.end += bytes as u64;
    }

    /// Refuses files of other kinds.
    fn check_start(&self) -> Result<(), TableError> {
        let known = NOT_TEXT.iter().find(|(magic, _)| self.buffer.starts_with(magic));
        known.map_or(Ok(()), |&(_, kind)| Err(TableError::NotText { file: self.file.clone(), kind }))
    }

    /// Checks the encoding and takes the byte order mark off the first line.
    fn check_text(&mut self) -> Result<(), TableError> {
        std::str::from_utf8(&self.buffer).map_err(|error| TableError::NotUtf8 {
            at: Place::line(&self.file, self.number),
            byte: self.start + error.valid_up_to() as u64,
        })?;
        if self.number == 1 && self.buffer.starts_with(MARK) {
            self.buffer.drain(..MARK.len());
        }
        Ok(())
    }
}

/// The bytes that follow, none at the end of the file.
fn fill<'a, R: Read>(reader: &'a mut BufReader<R>, file: &str) -> Result<&'a [u8], TableError> {
    while let Err(error) = reader.fill_buf() {
        if error.kind() != ErrorKind::Interrupted {
            return Err(unreadable(file, error));
        }
    }
    // What was read just now is handed out without reading again, except at the end of the file.
    reader.fill_buf().map_err(|error| unreadable(file, error))
}

/// The error of a failed read.
fn unreadable(file: &str, error: io::Error) -> TableError {
    TableError::Unreadable { file: file.to_owned(), error }
}
