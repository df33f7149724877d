//! Dense tables from CSV files.

use std::io::Read;

use csv::StringRecord;

use super::error::TableError;
use super::features::Features;
use super::header::{Header, Role};
use super::lines::Lines;
use super::number;
use super::options::ReadOptions;
use super::place::Place;
use super::records::Records;
use super::target::TargetBuilder;
use super::types::{NewRows, Table};

/// Fewest rows to learn from.
pub(crate) const MIN_ROWS: usize = 2;

/// Reads a table to learn from.
pub(crate) fn read_table<R: Read>(reader: R, file: &str, options: &ReadOptions) -> Result<Table, TableError> {
    let (mut records, header) = open(reader, file, options)?;
    let roles = header.roles(options.target.as_deref(), &options.ignore)?;
    let body = Body::read(&mut records, &header, &roles, options, false)?;
    if body.rows < MIN_ROWS {
        return Err(TableError::TooFewRows { file: file.to_owned(), rows: body.rows, needed: MIN_ROWS });
    }
    let target = body.target.finish(&name_of(&header, &roles));
    target.check_varies(file)?;
    check_columns(&body.data, &header, &roles)?;
    let names = header.names.into_iter().zip(&roles);
    let columns: Vec<String> =
        names.filter(|(_, role)| matches!(role, Role::Feature(_))).map(|(name, _)| name).collect();
    Ok(Table {
        source: file.to_owned(),
        features: Features::Dense { rows: body.rows, cols: columns.len(), data: body.data },
        columns,
        target,
    })
}

/// Reads rows for a model with features of these names.
pub(crate) fn read_new_rows<R: Read>(
    reader: R,
    file: &str,
    names: &[String],
    options: &ReadOptions,
) -> Result<NewRows, TableError> {
    let (mut records, header) = open(reader, file, options)?;
    let roles = header.roles_for(names, options.target.as_deref())?;
    let body = Body::read(&mut records, &header, &roles, options, true)?;
    let target = match body.blank {
        Some(_) if body.target.rows() == 0 => None,
        Some(at) => return Err(TableError::EmptyCell { at }),
        None if roles.contains(&Role::Target) => Some(body.target.finish(&name_of(&header, &roles))),
        None => None,
    };
    Ok(NewRows {
        source: file.to_owned(),
        features: Features::Dense { rows: body.rows, cols: names.len(), data: body.data },
        target,
    })
}

/// The records of the file and its header.
fn open<R: Read>(reader: R, file: &str, options: &ReadOptions) -> Result<(Records<R>, Header), TableError> {
    let delimiter = options.delimiter.unwrap_or_else(|| usual_delimiter(file));
    if !delimiter.is_ascii() || matches!(delimiter, b'"' | b'\n' | b'\r') {
        return Err(TableError::BadDelimiter { delimiter });
    }
    let limits = &options.limits;
    let lines = Lines::new(reader, file, limits.max_row_bytes);
    let mut records = Records::new(lines, delimiter, limits.max_row_bytes, limits.max_columns);
    let mut record = StringRecord::new();
    if !records.read(&mut record)? {
        return Err(TableError::EmptyFile { file: file.to_owned() });
    }
    let header =
        Header { names: record.iter().map(|name| name.trim().to_owned()).collect(), place: records.place(), delimiter };
    Ok((records, header))
}

/// The separator by the file's extension.
fn usual_delimiter(file: &str) -> u8 {
    let tabs = file.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("tsv"));
    if tabs { b'\t' } else { b',' }
}

/// The rows after the header.
struct Body {
    rows: usize,
    data: Vec<f64>,
    target: TargetBuilder,
    /// The first row without a target, where that is allowed.
    blank: Option<Box<Place>>,
}

impl Body {
    /// Reads the rows, at least one.
    fn read<R: Read>(
        records: &mut Records<R>,
        header: &Header,
        roles: &[Role],
        options: &ReadOptions,
        blank_targets: bool,
    ) -> Result<Self, TableError> {
        let limits = &options.limits;
        let features = roles.iter().filter(|role| matches!(role, Role::Feature(_))).count();
        let mut body = Self {
            rows: 0,
            data: Vec::new(),
            target: TargetBuilder::new(options.target_kind, limits.max_labels),
            blank: None,
        };
        let mut row = vec![0.0; features];
        let mut record = StringRecord::new();
        while records.read(&mut record)? {
            check_row(records, &record, roles.len())?;
            for (position, (cell, role)) in record.iter().zip(roles).enumerate() {
                let at = || records.place().column(position, header.names.get(position).map(String::as_str));
                match *role {
                    Role::Ignored => {}
                    Role::Feature(number) => {
                        if let Some(value) = row.get_mut(number) {
                            *value = number::parse(cell, at)?;
                        }
                    }
                    Role::Target if blank_targets && cell.trim().is_empty() => {
                        body.blank.get_or_insert_with(at);
                    }
                    Role::Target => body.target.push(cell, at)?,
                }
            }
            if body.data.len() + features > limits.max_cells {
                return Err(TableError::TooManyCells { at: records.place(), limit: limits.max_cells });
            }
            body.data.extend_from_slice(&row);
            body.rows += 1;
        }
        if body.rows == 0 {
            return Err(TableError::NoRows { file: header.place.file.clone() });
        }
        body.data.shrink_to_fit();
        Ok(body)
    }
}

/// Tests that a row has as many cells as the header.
fn check_row<R: Read>(records: &Records<R>, record: &StringRecord, columns: usize) -> Result<(), TableError> {
    if record.len() != columns {
        let (at, found) = (records.place(), record.len());
        return Err(TableError::Ragged { at, found, expected: columns });
    }
    // In a table of one column a blank line cannot be told from a missing value.
    let blank = records.blank_lines();
    if columns == 1 && blank > 0 {
        let mut at = records.place();
        at.line = at.line.map(|line| line.saturating_sub(blank));
        return Err(TableError::EmptyCell { at });
    }
    Ok(())
}

/// The name of the target column.
fn name_of(header: &Header, roles: &[Role]) -> String {
    let position = roles.iter().position(|role| *role == Role::Target);
    position.and_then(|position| header.names.get(position)).cloned().unwrap_or_default()
}

/// Refuses features that are the same in every row.
fn check_columns(data: &[f64], header: &Header, roles: &[Role]) -> Result<(), TableError> {
    let cols = roles.iter().filter(|role| matches!(role, Role::Feature(_))).count();
    let Some((first, rest)) = data.split_at_checked(cols) else {
        return Ok(());
    };
    let mut constant = vec![true; cols];
    for row in rest.chunks_exact(cols.max(1)) {
        for ((constant, value), first) in constant.iter_mut().zip(row).zip(first) {
            *constant &= value == first;
        }
    }
    let is_constant = |role: &Role| matches!(role, Role::Feature(number) if constant.get(*number) == Some(&true));
    let Some(position) = roles.iter().position(is_constant) else {
        return Ok(());
    };
    let column = roles.iter().take(position).filter(|role| matches!(role, Role::Feature(_))).count();
    let mut at = header.at(position);
    at.line = None;
    Err(TableError::ConstantColumn {
        at,
        value: first.get(column).copied().unwrap_or_default(),
        others: constant.iter().filter(|constant| **constant).count() - 1,
    })
}
