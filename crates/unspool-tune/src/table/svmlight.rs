//! Sparse tables from svmlight (libsvm) files.
//!
//! Each line is `target index:value index:value …` with indices from 1 that increase. What follows
//! a `#` is a comment; blank lines are skipped.

use std::io::Read;

use super::csv::MIN_ROWS;
use super::error::TableError;
use super::features::Features;
use super::lines::Lines;
use super::number::{self, shown};
use super::options::{ReadOptions, TargetKind};
use super::place::Place;
use super::target::TargetBuilder;
use super::types::{NewRows, Table, Target};

/// Reads a table to learn from.
pub(crate) fn read_table<R: Read>(reader: R, file: &str, options: &ReadOptions) -> Result<Table, TableError> {
    let file = file.to_owned();
    if let Some(name) = options.target.as_ref().or(options.ignore.first()) {
        let name = shown(name);
        return Err(TableError::NamesInSvmlight { file, name });
    }
    let (features, target) = Body::new(&file, options, None).read(reader, options)?;
    let rows = features.rows();
    if rows < MIN_ROWS {
        let needed = MIN_ROWS;
        return Err(TableError::TooFewRows { file, rows, needed });
    }
    let target = target.ok_or_else(|| TableError::NoRows { file: file.clone() })?;
    if features.cols() == 0 {
        return Err(TableError::NoFeatures { file });
    }
    target.check_varies(&file)?;
    Ok(Table { source: file, columns: Vec::new(), features, target })
}

/// Reads rows for a model with this many columns.
pub(crate) fn read_new_rows<R: Read>(
    reader: R,
    file: &str,
    columns: usize,
    options: &ReadOptions,
) -> Result<NewRows, TableError> {
    let (features, target) = Body::new(file, options, Some(columns)).read(reader, options)?;
    Ok(NewRows { source: file.to_owned(), features, target })
}

/// The rows read so far.
struct Body<'a> {
    file: &'a str,
    /// The columns of the model, when the rows are for one; then targets may be absent.
    model: Option<usize>,
    max_index: u64,
    max_cells: usize,
    cols: usize,
    indptr: Vec<usize>,
    indices: Vec<u32>,
    data: Vec<f64>,
    target: TargetBuilder,
    /// The first row without a target, and its first entry.
    unlabelled: Option<(Box<Place>, String)>,
}

impl<'a> Body<'a> {
    /// No rows yet.
    fn new(file: &'a str, options: &ReadOptions, model: Option<usize>) -> Self {
        let limits = &options.limits;
        let kind = match options.target_kind {
            TargetKind::Labels => TargetKind::Labels,
            TargetKind::Auto | TargetKind::Numbers => TargetKind::Numbers,
        };
        Self {
            file,
            model,
            max_index: u64::from(u32::try_from(limits.max_sparse_columns).unwrap_or(u32::MAX)),
            max_cells: limits.max_cells,
            cols: model.unwrap_or(0),
            indptr: vec![0],
            indices: Vec::new(),
            data: Vec::new(),
            target: TargetBuilder::new(kind, limits.max_labels),
            unlabelled: None,
        }
    }

    /// Reads the whole file, at least one row of it.
    fn read<R: Read>(mut self, reader: R, options: &ReadOptions) -> Result<(Features, Option<Target>), TableError> {
        let mut lines = Lines::new(reader, self.file, options.limits.max_row_bytes);
        while lines.advance()? {
            self.row(lines.text(), lines.number())?;
        }
        let rows = self.indptr.len() - 1;
        let file = || self.file.to_owned();
        if lines.number() == 0 {
            return Err(TableError::EmptyFile { file: file() });
        }
        if rows == 0 {
            return Err(TableError::NoRows { file: file() });
        }
        let target = match self.unlabelled {
            Some(_) if self.target.rows() == 0 => None,
            Some((at, text)) => return Err(TableError::NoLabel { at, text }),
            None => Some(self.target.finish("target")),
        };
        let features =
            Features::Sparse { rows, cols: self.cols, indptr: self.indptr, indices: self.indices, data: self.data };
        Ok((features, target))
    }

    /// Adds a line, unless it is blank.
    fn row(&mut self, line: &str, number: u64) -> Result<(), TableError> {
        let content = line.split_once('#').map_or(line, |(content, _)| content);
        let mut tokens = content.split_ascii_whitespace().peekable();
        let Some(first) = tokens.peek() else {
            return Ok(());
        };
        let at = || Place::line(self.file, number);
        if !first.contains(':') {
            self.target.push(first, at)?;
            tokens.next();
        } else if self.model.is_some() {
            self.unlabelled.get_or_insert_with(|| (at(), shown(first)));
        } else {
            return Err(TableError::NoLabel { at: at(), text: shown(first) });
        }
        let mut previous = 0;
        for token in tokens {
            previous = self.entry(token, previous, number)?;
        }
        if self.data.len() + self.indptr.len() > self.max_cells {
            return Err(TableError::TooManyCells { at: at(), limit: self.max_cells });
        }
        self.indptr.push(self.data.len());
        Ok(())
    }

    /// Adds an entry to the row under way and says its index; `previous` is the index before it.
    fn entry(&mut self, token: &str, previous: u64, line: u64) -> Result<u64, TableError> {
        let at = || Place::line(self.file, line);
        let bad = || TableError::BadEntry { at: at(), text: shown(token) };
        let (index, value) = token.split_once(':').ok_or_else(bad)?;
        if index == "qid" {
            return Err(TableError::QueryId { at: at(), text: shown(token) });
        }
        let index = digits(index).ok_or_else(bad)?;
        if index == 0 {
            return Err(TableError::ZeroIndex { at: at(), text: shown(token) });
        }
        if let Some(columns) = self.model.filter(|&columns| index > columns as u64) {
            return Err(TableError::IndexBeyondModel { at: at(), index, columns });
        }
        if index > self.max_index {
            let limit = usize::try_from(self.max_index).unwrap_or(usize::MAX);
            return Err(TableError::IndexTooLarge { at: at(), text: shown(token), limit });
        }
        if index <= previous {
            return Err(TableError::IndexOrder { at: at(), index, previous });
        }
        // The index is at most `u32::MAX`, so neither conversion is cut.
        let column = (index - 1) as u32;
        let value = number::parse(value, || at().column(column as usize, None))?;
        self.cols = self.cols.max(column as usize + 1);
        self.indices.push(column);
        self.data.push(value);
        Ok(index)
    }
}

/// A number written in digits alone, however many; the largest `u64` stands for any beyond it.
fn digits(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}
