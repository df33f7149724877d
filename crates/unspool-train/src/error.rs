//! What can go wrong.

use std::path::Path;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is outside of its range.
    #[error("{what} is {got}, but must be {must}")]
    Range {
        /// Which setting.
        what: &'static str,
        /// Its value.
        got: String,
        /// What it must be.
        must: &'static str,
    },
    /// The loss or its gradient is no number.
    #[error("epoch {epoch}, batch {batch}: {what} is not finite")]
    NotFinite {
        /// Epoch, from 1.
        epoch: usize,
        /// Batch of the epoch, from 1.
        batch: usize,
        /// The loss, or the tensor whose gradient it is.
        what: String,
    },
    /// The content of a file is not what it should be.
    #[error("{file}: {problem}")]
    File {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// A file cannot be read or written.
    #[error("{file}: {what}: {error}")]
    Io {
        /// The file.
        file: String,
        /// What failed.
        what: &'static str,
        /// Why.
        error: std::io::Error,
    },
    /// A sample cannot be made, or a network not be run on it.
    #[error("sample {index}: {problem}")]
    Sample {
        /// Its index in the data set.
        index: usize,
        /// What is wrong.
        problem: String,
    },
}

impl Error {
    /// What to do about it, where there is something to say.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::File { hint, .. } => Some(hint),
            Error::Io { .. } => Some("look at the name, the folder's permissions and the free space"),
            Error::NotFinite { .. } => Some("take a smaller learning rate, or clip the gradient"),
            _ => None,
        }
    }

    pub(crate) fn io(path: &Path, what: &'static str, error: std::io::Error) -> Self {
        Error::Io { file: path.display().to_string(), what, error }
    }

    pub(crate) fn file(path: &Path, problem: impl Into<String>, hint: &'static str) -> Self {
        Error::File { file: path.display().to_string(), problem: problem.into(), hint }
    }

    pub(crate) fn range(what: &'static str, got: impl std::fmt::Display, must: &'static str) -> Self {
        Error::Range { what, got: got.to_string(), must }
    }
}

/// `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
