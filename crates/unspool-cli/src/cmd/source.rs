//! Where a command's table comes from.

use std::path::Path;

use unspool_tune::ModelKind;
use unspool_tune::table::{self, EXAMPLES, Example, Format, ReadOptions, Table};

use super::{STANDARD_INPUT, is_standard_input};
use crate::args::TableArgs;
use crate::exit::Failure;

/// A table as the arguments name it.
pub(super) struct Source<'a> {
    /// A file, or `-`.
    pub(super) data: Option<&'a Path>,
    /// A table that comes with the program, in place of the file.
    pub(super) example: Option<&'static Example>,
    /// How it is to be read.
    pub(super) table: &'a TableArgs,
    /// Column to predict.
    pub(super) target: Option<&'a str>,
    /// Columns to leave out.
    pub(super) ignore: &'a [String],
}

impl Source<'_> {
    /// Reads it.
    pub(super) fn read(&self) -> Result<Table, Failure> {
        let mut options = ReadOptions {
            format: self.table.format.map(Format::from),
            delimiter: self.table.delimiter,
            target: self.target.map(str::to_owned),
            ignore: self.ignore.to_vec(),
            ..ReadOptions::default()
        };
        Ok(match (self.example, self.data) {
            (Some(example), _) => {
                options.format = Some(Format::Csv);
                options.delimiter = None;
                options.target.get_or_insert_with(|| example.target.to_owned());
                table::read_from(example.csv(), &format!("example {}", example.name), &options)?
            }
            (None, Some(path)) if is_standard_input(path) => {
                table::read_from(std::io::stdin().lock(), STANDARD_INPUT, &options)?
            }
            (None, Some(path)) => table::read(path, &options)?,
            (None, None) => return Err(Failure::new("no table was given", "name a file, or use --example wdbc")),
        })
    }
}

/// The example of this name.
pub(super) fn find_example(name: &str) -> Result<&'static Example, Failure> {
    let unknown = || match table::example(name) {
        Err(error) => Failure::from(error),
        Ok(_) => Failure::new(format!("the example {name} cannot be used"), "use another example"),
    };
    EXAMPLES.iter().find(|example| example.name == name).ok_or_else(unknown)
}

/// The model that suits an example.
pub(super) fn model_of(example: &Example) -> ModelKind {
    if example.name == "wdbc" { ModelKind::Logistic } else { ModelKind::Ridge }
}
