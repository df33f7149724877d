//! Derivative steps with the map frozen at `x_T`: the Neumann series of implicit differentiation.

use crate::{At, Real, Status, Stream};

/// A derivative sequence that can take frozen steps.
pub(super) trait Frozen<F> {
    const STREAM: Stream;
    /// Takes one; returns the size of the newest term and of the whole.
    fn term(&mut self, at: At<'_, F>) -> (f64, f64);
}

/// Terms until the newest is below `tol` of the whole.
pub(super) fn neumann<F: Real, S: Frozen<F>>(sequence: &mut S, at: At<'_, F>, tol: f64, max_terms: usize) -> Status {
    let (mut residual, mut bound) = (f64::INFINITY, 0.0);
    for _ in 0..max_terms {
        let (term, whole) = sequence.term(at);
        if !term.is_finite() || !whole.is_finite() {
            return Status::NonFinite { stream: S::STREAM, iteration: at.t };
        }
        (residual, bound) = (term, tol * whole);
        if residual <= bound {
            return Status::Converged;
        }
    }
    Status::NotConverged { stream: S::STREAM, iteration: max_terms, residual, tolerance: bound }
}
