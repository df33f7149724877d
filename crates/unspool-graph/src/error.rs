//! What can go wrong: always bad input, or a run that did not reach what was asked of it.

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument has the wrong length.
    #[error("{what} has length {got}, expected {expected}")]
    Shape {
        /// Which argument.
        what: &'static str,
        /// The length it must have.
        expected: usize,
        /// The length it has.
        got: usize,
    },
    /// An argument is outside of its range.
    #[error("{what} is {got}, but must be {must}")]
    Range {
        /// Which argument.
        what: &'static str,
        /// Its value.
        got: String,
        /// What it must be.
        must: &'static str,
    },
    /// The data allow no answer.
    #[error("{problem}")]
    Data {
        /// What is wrong, with the node, row or pair where it is.
        problem: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// A solver stopped before its duality gap was small enough.
    #[error("the relative duality gap is {gap:.1e} after {iterations} iterations, {tolerance:.1e} was asked for")]
    NotConverged {
        /// Iterations taken.
        iterations: usize,
        /// Relative duality gap reached.
        gap: f64,
        /// Relative duality gap asked for.
        tolerance: f64,
    },
    /// The content of a file is not what it should be.
    #[error("{file}{}{place}: {problem}", if place.is_empty() { "" } else { ", " })]
    File {
        /// The file.
        file: String,
        /// Where in it: line, column, array or element; empty for the whole file.
        place: String,
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
    /// An error of the engine.
    #[error(transparent)]
    Engine(#[from] unspool_core::Error),
}

impl Error {
    /// What to do about it, where there is something to say.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Data { hint, .. } | Error::File { hint, .. } => Some(hint),
            Error::Io { .. } => Some("look at the name, the folder's permissions and the free space"),
            Error::NotConverged { .. } => Some("allow more iterations, or a larger gap"),
            _ => None,
        }
    }

    pub(crate) fn range(what: &'static str, got: impl std::fmt::Display, must: &'static str) -> Self {
        Error::Range { what, got: got.to_string(), must }
    }

    pub(crate) fn data(problem: impl Into<String>, hint: &'static str) -> Self {
        Error::Data { problem: problem.into(), hint }
    }
}

/// `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

pub(crate) fn check_len(what: &'static str, got: usize, expected: usize) -> Result<()> {
    if got == expected { Ok(()) } else { Err(Error::Shape { what, expected, got }) }
}

pub(crate) fn check_positive(what: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value.is_finite() { Ok(()) } else { Err(Error::range(what, value, "positive and finite")) }
}
