//! The crates' errors as Python exceptions, with the same text and hint as on the command line.

use pyo3::prelude::*;
use unspool_tune::TuneError;

/// Which exception of `unspool._errors`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A `ValueError`.
    Input,
    /// An `OSError`.
    File,
    /// An `ArithmeticError`.
    Convergence,
}

/// What is wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// Input that cannot be used.
    pub(crate) fn input(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Failure { kind: Kind::Input, message: message.into(), hint: Some(hint.into()) }
    }

    fn new(kind: Kind, message: impl ToString, hint: Option<String>) -> Self {
        Failure { kind, message: message.to_string(), hint }
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> PyErr {
        let class = match failure.kind {
            Kind::Input => "InputError",
            Kind::File => "FileError",
            Kind::Convergence => "ConvergenceError",
        };
        let raise = |py: Python<'_>| -> PyResult<PyErr> {
            let class = py.import("unspool._errors")?.getattr(class)?;
            Ok(PyErr::from_value(class.call1((failure.message, failure.hint))?))
        };
        Python::attach(|py| raise(py).unwrap_or_else(|error| error))
    }
}

impl From<unspool_core::Error> for Failure {
    fn from(error: unspool_core::Error) -> Self {
        let kind = if matches!(error, unspool_core::Error::Failed(_)) { Kind::Convergence } else { Kind::Input };
        Failure::new(kind, error, None)
    }
}

impl From<TuneError> for Failure {
    fn from(error: TuneError) -> Self {
        let kind = if matches!(error, TuneError::Io { .. }) { Kind::File } else { Kind::Input };
        let hint = error.hint();
        Failure::new(kind, error, hint)
    }
}

impl From<unspool_tune::table::TableError> for Failure {
    fn from(error: unspool_tune::table::TableError) -> Self {
        TuneError::from(error).into()
    }
}

impl From<unspool_graph::Error> for Failure {
    fn from(error: unspool_graph::Error) -> Self {
        use unspool_graph::Error;
        let kind = match error {
            Error::NotConverged { .. } => Kind::Convergence,
            Error::Io { .. } => Kind::File,
            _ => Kind::Input,
        };
        let hint = error.hint().map(Into::into);
        Failure::new(kind, error, hint)
    }
}

impl From<unspool_image::Error> for Failure {
    fn from(error: unspool_image::Error) -> Self {
        let hint = Some(error.hint().into());
        Failure::new(Kind::Input, error, hint)
    }
}

impl From<unspool_train::Error> for Failure {
    fn from(error: unspool_train::Error) -> Self {
        let kind = if matches!(error, unspool_train::Error::Io { .. }) { Kind::File } else { Kind::Input };
        let hint = error.hint().map(Into::into);
        Failure::new(kind, error, hint)
    }
}
