//! What can go wrong.

/// Why a report cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A picture that a block names is not there.
    #[error("the picture {name} is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A table whose rows do not fit its columns.
    #[error("table {id}: a row has {got} cells, but there are {expected} columns")]
    Cells {
        /// The table.
        id: String,
        /// Cells of the row.
        got: usize,
        /// Columns.
        expected: usize,
    },
    /// A template that does not fit the report.
    #[error("the page cannot be rendered: {0}")]
    Template(#[from] minijinja::Error),
    /// A report that is no JSON.
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A table that is no CSV.
    #[error("the table cannot be written as CSV: {0}")]
    Csv(#[from] csv::Error),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Error::Missing { .. } => "run the command again: what is missing is made again",
            _ => "report this",
        }
    }
}

/// The result of rendering.
pub type Result<T> = std::result::Result<T, Error>;
