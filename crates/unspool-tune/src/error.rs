//! What can be wrong with a tuning.

use std::fmt;
use std::io;
use std::path::Path;

use crate::table::TableError;

/// Bad input to tuning or prediction. The message is one line; [`TuneError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuneError {
    /// Something about the table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Something that the engine refused.
    #[error(transparent)]
    Engine(#[from] unspool_core::Error),
    /// A setting out of range.
    #[error("{what} is {got}, but must be {must}")]
    Setting {
        /// Which.
        what: &'static str,
        /// Its value.
        got: String,
        /// What it must be.
        must: String,
    },
    /// A file that cannot be read or written.
    #[error("{file}: {what}: {error}")]
    Io {
        /// The file.
        file: String,
        /// What failed.
        what: &'static str,
        /// Why.
        error: io::Error,
    },
    /// A file that is not a model.
    #[error("{file}: is not a model that can be used: {why}")]
    Model {
        /// The file.
        file: String,
        /// Why not.
        why: String,
    },
}

impl TuneError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            TuneError::Table(error) => error.hint(),
            TuneError::Model { .. } => Some("write a model with `unspool tune`".into()),
            TuneError::Io { .. } => Some("look at the name, the folder's permissions and the free space".into()),
            _ => None,
        }
    }

    pub(crate) fn io(path: &Path, what: &'static str, error: io::Error) -> Self {
        TuneError::Io { file: path.display().to_string(), what, error }
    }

    pub(crate) fn model(path: &Path, why: &dyn fmt::Display) -> Self {
        TuneError::Model { file: path.display().to_string(), why: why.to_string() }
    }
}
