//! The one argument that says how to differentiate.

use std::fmt;
use std::str::FromStr;

use crate::error::check_range;
use crate::{Error, Stop};

/// How a run is differentiated. See the table in [`crate::diff`].
///
/// A mode can be written as text, for command lines and configuration files:
///
/// ```
/// use unspool_core::Mode;
/// for text in ["full", "slots:12", "budget:65536", "last:20", "one-step", "late:100", "late:auto",
///              "full+polish:5", "implicit", "implicit:cholesky", "implicit:neumann"] {
///     let mode: Mode = text.parse()?;
///     assert_eq!(mode.to_string(), text);
/// }
/// # Ok::<(), unspool_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// Through the iterations.
    Unroll {
        /// Which steps.
        span: Span,
        /// What reverse mode stores on the way.
        tape: Tape,
        /// Then this many steps with the map frozen at `x_T`.
        polish: usize,
    },
    /// Through the equation that the solution satisfies.
    Implicit(LinearSolver),
}

/// The steps that are differentiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// All.
    Full,
    /// The last `K`.
    Last(usize),
    /// From step `K0` on.
    Late(usize),
    /// From where the iterate has come near, if the start was far; else all.
    Auto,
}

/// What reverse mode stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tape {
    /// Every state.
    Full,
    /// At most this many states (the start among them); the others are computed again.
    Slots(usize),
    /// As many states as fit when everything the reverse pass allocates stays below this many
    /// bytes (the caller's cotangent closure aside).
    Bytes(usize),
}

/// How the linear system of implicit differentiation is solved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LinearSolver {
    /// Conjugate gradient to a relative residual; needs [`Map::condition`](crate::Map::condition).
    Cg {
        /// Relative residual.
        tol: f64,
        /// Most products.
        max_products: usize,
    },
    /// The matrix formed and factored: Cholesky for a condition, LU for a bare map.
    Cholesky,
    /// The series `sum_i A^i`, by the map's own derivatives at `x_T`: works for any map that
    /// contracts.
    Neumann {
        /// Relative size of the last term.
        tol: f64,
        /// Most terms.
        max_terms: usize,
    },
}

impl Mode {
    /// Through all steps, every state stored.
    pub fn full() -> Self {
        Self::span(Span::Full)
    }

    /// Through all steps with at most `slots` stored states.
    pub fn slots(slots: usize) -> Self {
        Mode::Unroll { span: Span::Full, tape: Tape::Slots(slots), polish: 0 }
    }

    /// Through all steps within a memory budget in bytes.
    pub fn budget(bytes: usize) -> Self {
        Mode::Unroll { span: Span::Full, tape: Tape::Bytes(bytes), polish: 0 }
    }

    /// Through the last `k >= 1` steps (truncated back-propagation; "K-step differentiation").
    pub fn last(k: usize) -> Self {
        Self::span(Span::Last(k))
    }

    /// Through the last step alone (Bolte, Pauwels, Vaiter 2023; "Jacobian-free"). The error does
    /// not go below the contraction factor of the map: for fast methods such as Newton's.
    pub fn one_step() -> Self {
        Self::last(1)
    }

    /// Through the steps from `k0` on. Where the run stops on a tolerance before step `k0` the
    /// derivative is zero; for a run of fixed length such a `k0` is an error.
    pub fn late(k0: usize) -> Self {
        Self::span(Span::Late(k0))
    }

    /// Through all steps if the start is no further from the answer than the answer from zero; else
    /// from the step on at which the iterate has come near, or 60 % of a known number of steps have
    /// passed: past the burn-in of the iterates, with about half of the tape.
    pub fn late_auto() -> Self {
        Self::span(Span::Auto)
    }

    /// Implicit, by conjugate gradient to 1e-10.
    pub fn implicit() -> Self {
        Mode::Implicit(LinearSolver::Cg { tol: 1e-10, max_products: 10_000 })
    }

    /// Implicit, by a factorisation.
    pub fn cholesky() -> Self {
        Mode::Implicit(LinearSolver::Cholesky)
    }

    /// Implicit, by the Neumann series to 1e-10.
    pub fn neumann() -> Self {
        Mode::Implicit(LinearSolver::Neumann { tol: 1e-10, max_terms: 100_000 })
    }

    /// The same, then `steps` more derivative steps frozen at `x_T`. Implicit modes stay as they are.
    pub fn polished(self, steps: usize) -> Self {
        match self {
            Mode::Unroll { span, tape, .. } => Mode::Unroll { span, tape, polish: steps },
            implicit => implicit,
        }
    }

    fn span(span: Span) -> Self {
        Mode::Unroll { span, tape: Tape::Full, polish: 0 }
    }

    /// Refuses modes whose derivative is zero because they cover no step of such a run, and
    /// tolerances that cannot be reached.
    pub(super) fn check(self, stop: Stop) -> Result<(), Error> {
        match self {
            Mode::Unroll { span: Span::Last(k), .. } => check_last(k),
            Mode::Unroll { span: Span::Late(k0), polish: 0, .. } if stop.tol.is_none() => {
                let ok = k0 < stop.max_steps;
                check_range("the first step to differentiate", k0 as f64, ok, "below the number of steps")
            }
            Mode::Implicit(LinearSolver::Cg { tol, .. } | LinearSolver::Neumann { tol, .. }) => {
                check_range("the linear solver's tolerance", tol, tol >= 0.0, "zero or positive")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Mode::Unroll { span, tape, polish } => {
                let mut plus = "";
                let full = span == Span::Full && tape != Tape::Full;
                match span {
                    Span::Full if full => {}
                    Span::Full => f.write_str("full")?,
                    Span::Last(1) => f.write_str("one-step")?,
                    Span::Last(k) => write!(f, "last:{k}")?,
                    Span::Late(k) => write!(f, "late:{k}")?,
                    Span::Auto => f.write_str("late:auto")?,
                }
                if !full {
                    plus = "+";
                }
                match tape {
                    Tape::Full => {}
                    Tape::Slots(n) => write!(f, "{plus}slots:{n}")?,
                    Tape::Bytes(n) => write!(f, "{plus}budget:{n}")?,
                }
                if polish > 0 { write!(f, "+polish:{polish}") } else { Ok(()) }
            }
            Mode::Implicit(LinearSolver::Cg { .. }) => f.write_str("implicit"),
            Mode::Implicit(LinearSolver::Cholesky) => f.write_str("implicit:cholesky"),
            Mode::Implicit(LinearSolver::Neumann { .. }) => f.write_str("implicit:neumann"),
        }
    }
}

fn check_last(k: usize) -> Result<(), Error> {
    check_range("the number of last steps to differentiate", k as f64, k > 0, "at least 1")
}

const FORMS: &str = "full, slots:N, budget:BYTES, last:K, one-step, late:K0, late:auto (joined by +, also +polish:J), \
                     implicit, implicit:cholesky or implicit:neumann";

impl FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "implicit" | "implicit:cg" => return Ok(Mode::implicit()),
            "implicit:cholesky" => return Ok(Mode::cholesky()),
            "implicit:neumann" => return Ok(Mode::neumann()),
            _ => {}
        }
        let unknown = || Error::Parse { text: text.to_owned(), expected: FORMS };
        let (mut span, mut tape, mut polish) = (None, None, None);
        for part in text.split('+') {
            let (name, number) = part.split_once(':').map_or((part, None), |(name, number)| (name, Some(number)));
            let count = || number.and_then(|n| n.parse().ok()).ok_or_else(unknown);
            let twice = match (name, number) {
                ("full", None) => span.replace(Span::Full).is_some(),
                ("one-step", None) => span.replace(Span::Last(1)).is_some(),
                ("last", _) => span.replace(Span::Last(count()?)).is_some(),
                ("late", Some("auto")) => span.replace(Span::Auto).is_some(),
                ("late", _) => span.replace(Span::Late(count()?)).is_some(),
                ("slots", _) => tape.replace(Tape::Slots(count()?)).is_some(),
                ("budget", _) => tape.replace(Tape::Bytes(count()?)).is_some(),
                ("polish", _) => polish.replace(count()?).is_some(),
                _ => return Err(unknown()),
            };
            if twice {
                return Err(Error::Unsupported {
                    what: "a mode that says the same thing twice",
                    hint: "give one of full, last, one-step and late; one of slots and budget; polish once",
                });
            }
        }
        if let Some(Span::Last(k)) = span {
            check_last(k)?;
        }
        Ok(Mode::Unroll {
            span: span.unwrap_or(Span::Full),
            tape: tape.unwrap_or(Tape::Full),
            polish: polish.unwrap_or(0),
        })
    }
}
