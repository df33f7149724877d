//! What can go wrong.

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// An error, with what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Images or masks whose sizes do not fit.
    #[error("{what} is {got}, {want} is needed")]
    Shape {
        /// What has the wrong size.
        what: &'static str,
        /// Its size.
        got: String,
        /// The size that fits.
        want: String,
    },
    /// A value or an option that cannot be used.
    #[error("{problem}")]
    Data {
        /// What is wrong, and where.
        problem: String,
        /// What to do next.
        hint: &'static str,
    },
    /// A file that cannot be used.
    #[error("{file}: {problem}")]
    File {
        /// The file.
        file: String,
        /// What is wrong with it.
        problem: String,
        /// What to do next.
        hint: &'static str,
    },
}

impl Error {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Error::Shape { .. } => "give sizes that fit",
            Error::Data { hint, .. } | Error::File { hint, .. } => hint,
        }
    }
}
