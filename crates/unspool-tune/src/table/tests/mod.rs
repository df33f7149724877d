//! Tests of the tables, one file for each subject.

mod classes;
mod csv;
mod files;
mod limits;
mod new_rows;
mod properties;
mod split;
mod standardize;
mod svmlight;

use super::{Format, ReadOptions, Table, TableError, read_from};

/// Options with this target.
fn target(name: &str) -> ReadOptions {
    ReadOptions { target: Some(name.to_owned()), ..ReadOptions::default() }
}

/// Reads a CSV text whose target is `y`.
fn csv_y(text: impl AsRef<[u8]>) -> Result<Table, TableError> {
    read_from(text.as_ref(), "t.csv", &target("y"))
}

/// Reads an svmlight text.
fn svm(text: impl AsRef<[u8]>) -> Result<Table, TableError> {
    let options = ReadOptions { format: Some(Format::Svmlight), ..ReadOptions::default() };
    read_from(text.as_ref(), "t.svm", &options)
}

/// Tests an error's message, that it is one line, and that its hint holds the words.
#[track_caller]
fn says<T: std::fmt::Debug>(result: Result<T, TableError>, message: &str, hint: &str) {
    let error = result.expect_err("an error");
    assert_eq!(error.to_string(), message);
    let found = error.hint().unwrap_or_default();
    assert!(found.contains(hint), "hint {found:?} lacks {hint:?}");
    assert!(!found.is_empty() && !found.contains('\n') && !message.contains('\n'));
}
