//! What can go wrong: bad input is an [`Error`], a run that did not end well is a [`Status`].

use crate::run::Status;

/// Bad input, found before any work is done; or a [`Status`] turned into an error by
/// [`Status::require`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
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
    /// An argument holds a value that is not finite.
    #[error("{what} holds a value that is not finite at index {index}")]
    NotFinite {
        /// Which argument.
        what: &'static str,
        /// Index of the first such value.
        index: usize,
    },
    /// An argument is outside of its range.
    #[error("{what} is {got}, but must be {must}")]
    Range {
        /// Which argument.
        what: &'static str,
        /// Its value.
        got: f64,
        /// What it must be.
        must: &'static str,
    },
    /// A memory budget is too small for the mode.
    #[error("a budget of {bytes} bytes is too small: this map needs at least {needed}")]
    Budget {
        /// The budget.
        bytes: usize,
        /// The smallest budget that works.
        needed: usize,
    },
    /// The combination asked for does not exist.
    #[error("{what}: {hint}")]
    Unsupported {
        /// What was asked for.
        what: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// A text that should name a mode does not.
    #[error("`{text}` is not a mode; expected {expected}")]
    Parse {
        /// The text.
        text: String,
        /// The forms that are understood.
        expected: &'static str,
    },
    /// A run or a derivative did not end well.
    #[error("{0}")]
    Failed(Status),
}

/// `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

pub(crate) fn check_len(what: &'static str, got: usize, expected: usize) -> Result<()> {
    if got == expected { Ok(()) } else { Err(Error::Shape { what, expected, got }) }
}

/// As [`check_len`] for a block of `k` columns, whatever `k`.
pub(crate) fn check_block(what: &'static str, got: usize, rows: usize, k: usize) -> Result<()> {
    match rows.checked_mul(k) {
        Some(expected) => check_len(what, got, expected),
        None => Err(Error::Shape { what, expected: usize::MAX, got }),
    }
}

pub(crate) fn check_finite<F: crate::Real>(what: &'static str, x: &[F]) -> Result<()> {
    match x.iter().position(|v| !v.wide().is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::NotFinite { what, index }),
    }
}

pub(crate) fn check_range(what: &'static str, got: f64, ok: bool, must: &'static str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::Range { what, got, must }) }
}
