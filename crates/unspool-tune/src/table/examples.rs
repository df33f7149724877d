//! Two small tables that come with the library.

use super::csv;
use super::error::TableError;
use super::options::ReadOptions;
use super::text::nearest;
use super::types::Table;

/// A table that comes with the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Example {
    /// The name to ask for it by.
    pub name: &'static str,
    /// The column that is to be predicted.
    pub target: &'static str,
    /// What the table holds, in one line.
    pub about: &'static str,
    /// Who made it, where it was published, and on what terms.
    pub attribution: &'static str,
    /// The file's content.
    csv: &'static [u8],
}

/// The tables that come with the library.
pub const EXAMPLES: &[Example] = &[
    Example {
        name: "wdbc",
        target: "benign",
        about: "569 breast tumours, 30 measures of their cell nuclei, benign (1) or malignant (0)",
        attribution: "Wolberg, Mangasarian, Street and Street (1995), Breast Cancer Wisconsin (Diagnostic), UCI Machine Learning Repository, doi:10.24432/C5DW2B, CC BY 4.0",
        csv: include_bytes!("../../data/wdbc.csv"),
    },
    Example {
        name: "diabetes",
        target: "progression",
        about: "442 diabetes patients, 10 measures at the start, progression of the disease a year later",
        attribution: "Efron, Hastie, Johnstone and Tibshirani (2004), Least Angle Regression, Annals of Statistics 32(2), 407-499, doi:10.1214/009053604000000067, as distributed with scikit-learn",
        csv: include_bytes!("../../data/diabetes.csv"),
    },
];

impl Example {
    /// The file's content, as it would be read from disk.
    #[must_use]
    pub fn csv(&self) -> &'static [u8] {
        self.csv
    }
}

/// Reads the table of this name out of [`EXAMPLES`].
///
/// ```
/// let table = unspool_tune::table::example("wdbc")?;
/// assert_eq!((table.rows(), table.columns.len()), (569, 30));
/// # Ok::<(), unspool_tune::table::TableError>(())
/// ```
///
/// # Errors
///
/// [`TableError::NoExample`] when there is none of the name.
pub fn example(name: &str) -> Result<Table, TableError> {
    let Some(example) = EXAMPLES.iter().find(|example| example.name == name) else {
        let names: Vec<&str> = EXAMPLES.iter().map(|example| example.name).collect();
        return Err(TableError::NoExample { name: name.to_owned(), nearest: nearest(name, &names).map(str::to_owned) });
    };
    let options = ReadOptions { target: Some(example.target.to_owned()), ..ReadOptions::default() };
    csv::read_table(example.csv, &format!("example {}", example.name), &options)
}
