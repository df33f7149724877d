//! The second axis: how a map is run. A start, a stopping rule, an outcome.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{check_finite, check_len, check_range};
use crate::real::{all_finite, distance, norm};
use crate::{At, Error, Map, Real, Result};

/// When a run stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Never more steps than this.
    pub max_steps: usize,
    /// Stop after the step `t` with `|x_{t+1} - x_t| <= tol (1 + |x_{t+1}|)` (whole state,
    /// Euclidean norms); `None`: take all the steps.
    pub tol: Option<f64>,
}

impl Stop {
    /// Exactly `steps` steps.
    pub fn steps(steps: usize) -> Self {
        Stop { max_steps: steps, tol: None }
    }

    /// Until the step is small, at most 100,000 steps. The length then depends on the data; every
    /// mode of differentiation works all the same, and treats the length as a constant.
    pub fn tolerance(tol: f64) -> Self {
        Stop { max_steps: 100_000, tol: Some(tol) }
    }

    /// Replaces the largest number of steps.
    pub fn at_most(self, max_steps: usize) -> Self {
        Stop { max_steps, ..self }
    }
}

/// Which sequence a status speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The solver's own iterates `x_t`.
    Iterate,
    /// Forward derivatives `dx_t`.
    Tangent,
    /// Reverse derivatives (cotangents and the gradient in theta).
    Adjoint,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stream::Iterate => "iterate",
            Stream::Tangent => "tangent",
            Stream::Adjoint => "adjoint",
        })
    }
}

/// How a run, or a derivative, ended.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Status {
    /// All the steps that were asked for were taken; nothing was tested.
    Done,
    /// The stopping test held.
    Converged,
    /// The stopping test did not hold within the allowed iterations. The numbers returned are the
    /// last ones, finite but not converged.
    NotConverged {
        /// Of which sequence.
        stream: Stream,
        /// Iterations taken.
        iteration: usize,
        /// The last value of the tested quantity.
        residual: f64,
        /// What it should have reached.
        tolerance: f64,
    },
    /// A value became infinite or not a number. Derivatives returned are filled with NaN.
    NonFinite {
        /// In which sequence.
        stream: Stream,
        /// In the step with this counter.
        iteration: usize,
    },
    /// A matrix that must be positive definite is not. Derivatives returned are filled with NaN.
    Singular {
        /// For which sequence it was needed.
        stream: Stream,
        /// In the step with this counter.
        iteration: usize,
        /// Row of the first pivot that is not positive; `None` when conjugate gradient, which
        /// knows no rows, met a direction without positive curvature.
        pivot: Option<usize>,
    },
    /// The cancel flag was raised.
    Cancelled {
        /// Steps taken until then.
        iteration: usize,
    },
}

impl Status {
    /// `Done` or `Converged`.
    pub fn is_ok(&self) -> bool {
        matches!(self, Status::Done | Status::Converged)
    }

    /// An error unless [`Status::is_ok`].
    pub fn require(self) -> Result<()> {
        if self.is_ok() { Ok(()) } else { Err(Error::Failed(self)) }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Status::Done => f.write_str("all steps taken"),
            Status::Converged => f.write_str("converged"),
            Status::NotConverged { stream, iteration, residual, tolerance } => write!(
                f,
                "the {stream} did not converge: {residual:.3e} after {iteration} iterations, wanted {tolerance:.1e}; \
                 allow more iterations, loosen the tolerance, or use a faster method"
            ),
            Status::NonFinite { stream, iteration } => write!(
                f,
                "the {stream} is not finite in iteration {iteration}; the step size is probably too large, \
                 or the map leaves its domain"
            ),
            Status::Singular { stream, iteration, pivot } => {
                write!(f, "the Hessian is singular or indefinite at iteration {iteration}")?;
                if let Some(pivot) = pivot {
                    write!(f, " (pivot {pivot})")?;
                }
                write!(f, ", needed for the {stream}; regularise the problem, or differentiate by unrolling")
            }
            Status::Cancelled { iteration } => write!(f, "cancelled after {iteration} iterations"),
        }
    }
}

/// The result of a run without derivatives.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "look at the status before using the solution"]
pub struct Solution<F> {
    /// The answer (output part of the last state).
    pub x: Vec<F>,
    /// Steps taken.
    pub steps: usize,
    /// `|x_T - x_{T-1}|` of the last step, whole state.
    pub residual: f64,
    /// How it ended.
    pub status: Status,
}

/// A map with a start and a stopping rule: what can be run, and differentiated in any
/// [`Mode`](crate::Mode).
pub struct Solve<'a, F, M: ?Sized> {
    pub(crate) map: &'a M,
    pub(crate) start: &'a [F],
    pub(crate) stop: Stop,
    pub(crate) cancel: Option<&'a AtomicBool>,
}

impl<F, M: ?Sized> Clone for Solve<'_, F, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F, M: ?Sized> Copy for Solve<'_, F, M> {}

impl<'a, F: Real, M: Map<F> + ?Sized> Solve<'a, F, M> {
    /// Runs of `map` from `start` (length: the map's output); by default to a relative step of
    /// 1e-8, see [`Stop::tolerance`].
    pub fn new(map: &'a M, start: &'a [F]) -> Self {
        Solve { map, start, stop: Stop::tolerance(1e-8), cancel: None }
    }

    /// Replaces the stopping rule.
    pub fn stop(self, stop: Stop) -> Self {
        Solve { stop, ..self }
    }

    /// A flag that is looked at before each step; raised, it ends the run with
    /// [`Status::Cancelled`].
    pub fn cancel(self, flag: &'a AtomicBool) -> Self {
        Solve { cancel: Some(flag), ..self }
    }

    /// Runs without derivatives.
    ///
    /// # Errors
    /// Wrong lengths, values that are not finite, a negative tolerance.
    ///
    /// # Complexity
    /// Two states and the map's scratch; no allocation after the first step.
    pub fn run(&self, theta: &[F]) -> Result<Solution<F>> {
        self.check(theta)?;
        let mut walk = Walk::new(self, theta);
        while walk.advance() {}
        Ok(walk.finish())
    }

    pub(crate) fn check(&self, theta: &[F]) -> Result<()> {
        let dims = self.map.dims();
        check_len("start", self.start.len(), dims.output)?;
        check_len("theta", theta.len(), dims.params)?;
        check_finite("start", self.start)?;
        check_finite("theta", theta)?;
        if let Some(tol) = self.stop.tol {
            check_range("the stopping tolerance", tol, tol >= 0.0, "zero or positive")?;
        }
        Ok(())
    }
}

/// A run in progress: the current state, one step at a time, tested after each.
pub(crate) struct Walk<'a, F: Real, M: ?Sized> {
    map: &'a M,
    theta: &'a [F],
    stop: Stop,
    cancel: Option<&'a AtomicBool>,
    pub(crate) t: usize,
    pub(crate) x: Vec<F>,
    /// The state before `x`, once a step was taken.
    pub(crate) next: Vec<F>,
    pub(crate) scratch: Vec<F>,
    /// `|x_t - x_{t-1}|` of the last step.
    pub(crate) residual: f64,
    /// `None` while the run goes on.
    pub(crate) status: Option<Status>,
}

impl<'a, F: Real, M: Map<F> + ?Sized> Walk<'a, F, M> {
    pub(crate) fn new(solve: &Solve<'a, F, M>, theta: &'a [F]) -> Self {
        let dims = solve.map.dims();
        let mut x = vec![F::zero(); dims.state];
        x[..dims.output].copy_from_slice(solve.start);
        Walk {
            map: solve.map,
            theta,
            stop: solve.stop,
            cancel: solve.cancel,
            t: 0,
            next: vec![F::zero(); dims.state],
            scratch: vec![F::zero(); solve.map.scratch(0)],
            x,
            residual: 0.0,
            status: (solve.stop.max_steps == 0).then_some(Status::Done),
        }
    }

    /// Where the next step is taken.
    pub(crate) fn at(&self) -> At<'_, F> {
        At { t: self.t, x: &self.x, theta: self.theta }
    }

    /// Length of the answer.
    pub(crate) fn output(&self) -> usize {
        self.map.dims().output
    }

    /// Bytes held by the walk.
    pub(crate) fn bytes(&self) -> usize {
        (2 * self.x.len() + self.scratch.len()) * size_of::<F>()
    }

    /// Takes a step; false once the run is over (its status is then set).
    pub(crate) fn advance(&mut self) -> bool {
        if self.status.is_some() {
            return false;
        }
        if self.cancel.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            self.status = Some(Status::Cancelled { iteration: self.t });
            return false;
        }
        let at = At { t: self.t, x: &self.x, theta: self.theta };
        self.map.step(at, &mut self.next, &mut self.scratch);
        let change = distance(&self.next, &self.x);
        self.residual = change;
        if !change.is_finite() && !all_finite(&self.next) {
            self.status = Some(match self.map.singular_pivot(at) {
                pivot @ Some(_) => Status::Singular { stream: Stream::Iterate, iteration: self.t, pivot },
                None => Status::NonFinite { stream: Stream::Iterate, iteration: self.t },
            });
            return false;
        }
        std::mem::swap(&mut self.x, &mut self.next);
        self.t += 1;
        if let Some(tol) = self.stop.tol {
            let bound = tol * (1.0 + norm(&self.x));
            if change <= bound {
                self.status = Some(Status::Converged);
            } else if self.t >= self.stop.max_steps {
                self.status = Some(Status::NotConverged {
                    stream: Stream::Iterate,
                    iteration: self.t,
                    residual: change,
                    tolerance: bound,
                });
            }
        } else if self.t >= self.stop.max_steps {
            self.status = Some(Status::Done);
        }
        true
    }

    fn finish(mut self) -> Solution<F> {
        self.x.truncate(self.map.dims().output);
        Solution {
            x: self.x,
            steps: self.t,
            residual: self.residual,
            status: self.status.unwrap_or(Status::Cancelled { iteration: self.t }),
        }
    }
}
