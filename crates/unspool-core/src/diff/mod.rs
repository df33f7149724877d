//! The third axis: how a run is differentiated. One argument, [`Mode`], for any map.
//!
//! | mode | derivative of | extra work | stored states |
//! |---|---|---|---|
//! | [`Mode::full`] | all `T` steps | one VJP a step | `T` |
//! | [`Mode::slots`], [`Mode::budget`] | all `T` steps, same bits | binomial optimum of repeated steps | as given |
//! | [`Mode::last`], [`Mode::one_step`] | the last `K` steps | `K` VJPs | `K` |
//! | [`Mode::late`] | the steps from `K0` on | `T - K0` VJPs | `T - K0` |
//! | [`Mode::late_auto`] | the steps from where the iterate is near, if the start was far | as many VJPs | about `T / 2` |
//! | any of these, [`Mode::polished`] | then `j` steps frozen at `x_T` | `j` VJPs | none more |
//! | [`Mode::implicit`] | the equation that `x_T` solves | one linear solve | none |
//!
//! Forward ([`Solve::jvp`], [`Solve::jvps`], [`Solve::jacobian`]) or reverse ([`Solve::vjp`]) is
//! the method called; forward mode stores nothing and ignores the tape.
//!
//! [`Solve::jvp`]: crate::Solve::jvp
//! [`Solve::jvps`]: crate::Solve::jvps
//! [`Solve::jacobian`]: crate::Solve::jacobian
//! [`Solve::vjp`]: crate::Solve::vjp

mod checkpoint;
mod forward;
mod frozen;
mod implicit;
mod late;
mod mode;
mod reverse;
mod tape;

pub use checkpoint::{optimal_evaluations, optimal_split};
pub use mode::{LinearSolver, Mode, Span, Tape};

use crate::Status;

/// What a derivative cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Steps of the solver (the length `T` of the run).
    pub steps: usize,
    /// Steps taken again because their states were not stored.
    pub recomputed: usize,
    /// Forward derivatives of one step, counted once per direction.
    pub jvps: usize,
    /// Reverse derivatives of one step.
    pub vjps: usize,
    /// Products with the optimality condition's matrix (implicit modes), counted per column.
    pub products: usize,
    /// Most states stored at one time, besides the current one.
    pub peak_states: usize,
    /// Most bytes held at one time by states, work vectors and results.
    pub peak_bytes: usize,
}

/// Forward derivatives of a run.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "look at the status before using the derivative"]
pub struct Tangents<F> {
    /// The answer `x_T`.
    pub x: Vec<F>,
    /// `dx_T` for each direction, one after the other: output x k, column-major.
    pub dx: Vec<F>,
    /// Number of directions `k`.
    pub directions: usize,
    /// Over the last steps the derivative changed more and more while the iterates settled: it was
    /// still on its way up the burn-in phase. False for implicit modes.
    pub burn_in: bool,
    /// What it cost.
    pub cost: Cost,
    /// How it ended; unless [`Status::is_ok`] or `NotConverged`, `dx` is filled with NaN.
    pub status: Status,
}

/// Reverse derivatives of a run.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "look at the status before using the derivative"]
pub struct Adjoint<F> {
    /// The answer `x_T`.
    pub x: Vec<F>,
    /// Gradient in theta: `(dx_T/dtheta)' c`.
    pub theta: Vec<F>,
    /// Gradient in the start, `(dx_T/dx_0)' c`, when all steps are differentiated ([`Mode::full`],
    /// [`Mode::slots`], [`Mode::budget`]). Zero in the truncated modes, which take the state at
    /// their first step for a constant (`late:0`, and `last:K` with `K >= T`, too), and in the
    /// implicit modes, whose answer does not depend on the start.
    pub start: Vec<F>,
    /// What it cost.
    pub cost: Cost,
    /// How it ended; unless [`Status::is_ok`] or `NotConverged`, gradients are filled with NaN.
    pub status: Status,
}

/// The worse of the run's status and the derivative's.
fn worse(run: Status, derivative: Status) -> Status {
    match (run.is_ok(), derivative.is_ok()) {
        (true, false) => derivative,
        // A derivative that broke down says more than an iterate that merely did not settle.
        (false, false) if matches!(run, Status::NotConverged { .. }) => derivative,
        _ => run,
    }
}

/// Whether numbers that come with this status mean anything.
pub(crate) fn usable(status: Status) -> bool {
    status.is_ok() || matches!(status, Status::NotConverged { .. })
}
