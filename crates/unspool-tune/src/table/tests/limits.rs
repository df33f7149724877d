//! Files made to take memory are refused before they get it.

use std::io::Read;

use super::super::{Format, Limits, ReadOptions, Table, TableError, read_from};
use super::{csv_y, says, target};

/// A source that repeats a text without end and counts what is taken of it.
struct Endless<'a> {
    start: &'a [u8],
    text: &'a [u8],
    taken: usize,
}

impl Read for Endless<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        for byte in out.iter_mut() {
            let at = self.taken;
            *byte = *self.start.get(at).unwrap_or_else(|| &self.text[(at - self.start.len()) % self.text.len()]);
            self.taken += 1;
        }
        Ok(out.len())
    }
}

/// Reads an endless file and tells how much of it was taken.
fn endless(start: &str, text: &str, format: Format, limits: Limits) -> (Result<Table, TableError>, usize) {
    let mut source = Endless { start: start.as_bytes(), text: text.as_bytes(), taken: 0 };
    let options = match format {
        Format::Csv => ReadOptions { limits, ..target("y") },
        Format::Svmlight => ReadOptions { limits, format: Some(format), ..ReadOptions::default() },
    };
    let table = read_from(&mut source, "t", &ReadOptions { format: Some(format), ..options });
    (table, source.taken)
}

const MIB: usize = 1 << 20;

#[test]
fn a_line_that_never_ends() {
    for format in [Format::Csv, Format::Svmlight] {
        for text in ["x", "1", " ", "\0"] {
            let (table, taken) = endless("", text, format, Limits::default());
            says(table, "t, line 1: the row is longer than 16777216 bytes", "raise the limit");
            assert!(taken < 17 * MIB, "{taken}");
        }
    }
    let (table, _) = endless("a,y\n", "1,", Format::Csv, Limits::default());
    says(table, "t, line 2: the row is longer than 16777216 bytes", "");
}

#[test]
fn a_quotation_that_never_ends() {
    let (table, taken) = endless("a,y\n1,2\n\"", "3,4\n", Format::Csv, Limits::default());
    says(table, "t, line 3: the row has more than 1048576 columns", "");
    assert!(taken < 17 * MIB);
    let (table, taken) = endless("a,y\n1,2\n\"", "3\n", Format::Csv, Limits::default());
    says(table, "t, line 3: the row is longer than 16777216 bytes", "quotation");
    assert!(taken < 17 * MIB);
}

#[test]
fn more_columns_than_the_limit() {
    let limits = Limits { max_columns: 3, ..Limits::default() };
    let options = ReadOptions { limits, ..target("y") };
    let read = |text: &str| read_from(text.as_bytes(), "t.csv", &options);
    assert!(read("a,b,y\n1,2,3\n2,4,4\n").is_ok());
    says(read("a,b,c,y\n"), "t.csv, line 1: the row has more than 3 columns", "limit");
    says(csv_y(",".repeat(2 * MIB)), "t.csv, line 1: the row has more than 1048576 columns", "limit");
}

#[test]
fn more_cells_than_the_limit() {
    let limits = Limits { max_cells: 10, ..Limits::default() };
    let (table, taken) = endless("a,b,y\n", "1,2,3\n", Format::Csv, limits);
    says(table, "t, line 7: the table has more than 10 cells by this line", "memory");
    assert!(taken < MIB);
    for (text, line) in [("1 1:1 2:1\n", 4), ("1\n", 11)] {
        let (table, _) = endless("", text, Format::Svmlight, limits);
        says(table, &format!("t, line {line}: the table has more than 10 cells by this line"), "limit");
    }
}

#[test]
fn more_classes_than_the_limit() {
    let rows: String = (0..2000).map(|k| format!("{k},name{k}\n")).collect();
    let message =
        r#"t.csv, line 1002, column 2 ("y"): the text target has more than 1000 distinct values by this line"#;
    says(csv_y(format!("a,y\n{rows}")), message, "identifier");
}

#[test]
fn indices_above_the_limit_take_no_memory() {
    let limits = Limits { max_sparse_columns: usize::MAX, ..Limits::default() };
    let options = ReadOptions { limits, format: Some(Format::Svmlight), ..ReadOptions::default() };
    let table = read_from("1 4294967295:1\n2\n".as_bytes(), "t", &options).unwrap();
    assert_eq!(table.features.cols(), u32::MAX as usize);
    let beyond = read_from("1 4294967296:1\n2\n".as_bytes(), "t", &options);
    says(beyond, r#"t, line 1: "4294967296:1" has an index above the limit of 4294967295"#, "");
}

#[test]
fn rows_just_within_the_limit_are_read() {
    let limits = Limits { max_row_bytes: 5, ..Limits::default() };
    let options = ReadOptions { limits, ..target("y") };
    let read = |text: &str| read_from(text.as_bytes(), "t.csv", &options);
    assert!(read("a,y\n1.5,2\n1,3.5\n").is_ok());
    assert!(read("a,y\r\n1.5,2\r\n1,3.5\r\n").is_ok());
    says(read("a,y\n1.25,2\n"), "t.csv, line 2: the row is longer than 5 bytes", "");
    says(read("a,y\n1,\"2\n\"\n1,3.5\n"), "t.csv, line 2: the row is longer than 5 bytes", "");
}
