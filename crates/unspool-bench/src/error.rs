//! What can go wrong, and the exit code that says so.

use std::path::{Path, PathBuf};

/// Why a command did not finish.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// An input file is missing or wrong.
    #[error("{}: {reason}", path.display())]
    Input { path: PathBuf, reason: String },
    /// An argument makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A case went wrong.
    #[error("{case}: {source}")]
    Case { case: String, source: unspool_core::Error },
    /// A case could not be solved.
    #[error("{case}: {source}")]
    Graph {
        /// Its name.
        case: String,
        /// Why.
        source: unspool_graph::Error,
    },
    /// A network could not be trained.
    #[error(transparent)]
    Train(unspool_train::Error),
    /// An image could not be restored.
    #[error(transparent)]
    Image(unspool_image::Error),
    /// So many cases failed, each with a message of its own.
    #[error("{0} of the cases failed")]
    Failed(usize),
    /// A child process has said on standard error which input is wrong.
    #[error("a child process found wrong input")]
    Reported,
    /// The threads could not be started.
    #[error("starting the threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A result could not be written.
    #[error("writing the results: {0}")]
    Output(#[from] std::io::Error),
    /// A result is not JSON.
    #[error("the result of a case: {0}")]
    Json(#[from] serde_json::Error),
}

/// `Result` with this program's [`Error`].
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// The exit code for wrong input.
pub(crate) const WRONG_INPUT: u8 = 2;

impl Error {
    /// An input file that is missing or wrong.
    pub(crate) fn input(path: &Path, reason: impl ToString) -> Self {
        Error::Input { path: path.to_owned(), reason: reason.to_string() }
    }

    /// 2 for wrong input, 1 for anything else.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Error::Input { .. } | Error::Usage(_) | Error::Reported => WRONG_INPUT,
            _ => 1,
        }
    }
}
