//! The file that puts features into groups.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::{StringRecord, Trim};
use unspool_tune::table::Table;

use crate::exit::Failure;

/// Bytes read of the file at most.
const MOST: u64 = 256 << 20;
/// What the file should look like.
const FORM: &str = "the file needs a header with the columns `feature` and `group`, and a row for each feature";

/// The group number of each feature of the table, from 0 without gaps.
pub(crate) fn read(path: &Path, table: &Table) -> Result<Vec<u32>, Failure> {
    let file = path.display();
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("{file}: cannot be read: {error}"), FORM);
    let mut bytes = Vec::new();
    let source = File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut bytes));
    source.map_err(|error| failed(&error))?;
    let mut reader = csv::ReaderBuilder::new().trim(Trim::All).from_reader(bytes.as_slice());
    let header = reader.headers().map_err(|error| failed(&error))?.clone();
    let column = |name: &str| {
        let found = header.iter().position(|cell| cell.trim_start_matches('\u{feff}') == name);
        found.ok_or_else(|| Failure::new(format!("{file}: there is no column \"{name}\""), FORM))
    };
    let (feature_at, group_at) = (column("feature")?, column("group")?);

    let features = table.features.cols();
    let names: HashMap<String, usize> = (0..features).map(|j| (table.column_name(j), j)).collect();
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut groups: Vec<Option<u32>> = vec![None; features];
    for record in reader.records() {
        let record = record.map_err(|error| failed(&error))?;
        let cell = |column: usize| record.get(column).unwrap_or_default();
        let (feature, group) = (cell(feature_at), cell(group_at));
        let at = || format!("{file}, line {}", line(&bytes, &record));
        let slot = names.get(feature).and_then(|&j| groups.get_mut(j));
        let Some(slot) = slot else {
            return Err(Failure::new(
                format!("{}, column {} (\"feature\"): the table has no feature {feature:?}", at(), feature_at + 1),
                format!("the features of {} are its columns without the target and ignored ones", table.source),
            ));
        };
        if group.is_empty() {
            let message = format!("{}, column {} (\"group\"): the cell is empty", at(), group_at + 1);
            return Err(Failure::new(message, "give each feature a group; any text will do"));
        }
        if slot.is_some() {
            let message = format!("{}, column {} (\"feature\"): {feature:?} is listed twice", at(), feature_at + 1);
            return Err(Failure::new(message, "keep one of the two rows"));
        }
        let next = u32::try_from(numbers.len()).map_err(|error| failed(&error))?;
        *slot = Some(*numbers.entry(group.to_owned()).or_insert(next));
    }
    let missing = |j: usize| {
        let message = format!("{file}: the feature {:?} is in no group", table.column_name(j));
        Failure::new(message, "add a row for it, or leave the column out of the table with --ignore")
    };
    groups.into_iter().enumerate().map(|(j, group)| group.ok_or_else(|| missing(j))).collect()
}

/// The line at which a record begins; its position is where the one before ended, in the middle of a `\r\n`.
fn line(bytes: &[u8], record: &StringRecord) -> usize {
    let start = record.position().map_or(0, |at| at.byte() as usize).min(bytes.len());
    let (before, after) = bytes.split_at(start);
    let ends = after.iter().take_while(|b| matches!(b, b'\r' | b'\n'));
    before.iter().chain(ends).filter(|&&b| b == b'\n').count() + 1
}
