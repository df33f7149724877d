//! A map that looks out for Ctrl-C.
//!
//! Runs happen on the caller's thread, without Python's lock. Now and then a step takes the lock and asks for signals; one
//! that raises ends the run, and is raised afterwards.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use pyo3::prelude::*;
use unspool_core::trust::Moduli;
use unspool_core::{At, Condition, Dims, Jvp, Map, Real, Vjp};

/// Nanoseconds between two looks.
const BETWEEN: u64 = 50_000_000;

/// Looks out for exceptions of one run.
pub(super) struct Watch {
    /// Raised to end the run.
    pub(super) stop: AtomicBool,
    begin: Instant,
    last: AtomicU64,
    error: Mutex<Option<PyErr>>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Watch { stop: AtomicBool::new(false), begin: Instant::now(), last: AtomicU64::new(0), error: Mutex::new(None) }
    }

    /// Asks for signals if that was long ago; false once the run is to end.
    fn goes_on(&self) -> bool {
        let now = self.begin.elapsed().as_nanos() as u64;
        if now - self.last.load(Ordering::Relaxed).min(now) > BETWEEN {
            self.last.store(now, Ordering::Relaxed);
            if let Err(error) = Python::attach(|py| py.check_signals()) {
                self.fail(error);
            }
        }
        !self.stop.load(Ordering::Relaxed)
    }

    /// Ends the run with an exception; the first one counts.
    pub(super) fn fail(&self, error: PyErr) {
        self.stop.store(true, Ordering::Relaxed);
        if let Ok(mut slot) = self.error.lock() {
            slot.get_or_insert(error);
        }
    }

    /// The exception, if there was one.
    pub(super) fn finish(self) -> PyResult<()> {
        self.error.into_inner().ok().flatten().map_or(Ok(()), Err)
    }
}

/// A map that can be differentiated both ways.
pub(super) trait Both<F: Real>: Jvp<F> + Vjp<F> {}
impl<F: Real, M: Jvp<F> + Vjp<F>> Both<F> for M {}

/// A map that is watched.
pub(super) struct Polled<'a, F> {
    pub(super) map: Box<dyn Both<F> + 'a>,
    pub(super) watch: &'a Watch,
}

impl<F: Real> Map<F> for Polled<'_, F> {
    fn dims(&self) -> Dims {
        self.map.dims()
    }

    fn scratch(&self, directions: usize) -> usize {
        self.map.scratch(directions)
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]) {
        if self.watch.goes_on() {
            self.map.step(at, next, scratch);
        } else {
            next.copy_from_slice(at.x);
        }
    }

    fn condition(&self) -> Option<Box<dyn Condition<F> + '_>> {
        let inner = self.map.condition()?;
        Some(Box::new(PolledCondition { inner, watch: self.watch }))
    }

    fn singular_pivot(&self, at: At<'_, F>) -> Option<usize> {
        self.map.singular_pivot(at)
    }
}

impl<F: Real> Jvp<F> for Polled<'_, F> {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        if self.watch.goes_on() {
            self.map.jvp(at, dx, dtheta, out, scratch);
        } else {
            out.fill(F::nan());
        }
    }

    fn jvps(&self, at: At<'_, F>, k: usize, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        if self.watch.goes_on() {
            self.map.jvps(at, k, dx, dtheta, out, scratch);
        } else {
            out.fill(F::nan());
        }
    }
}

impl<F: Real> Vjp<F> for Polled<'_, F> {
    fn vjp(&self, at: At<'_, F>, c: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        if self.watch.goes_on() {
            self.map.vjp(at, c, gx, gtheta, scratch);
        } else {
            gx.fill(F::nan());
        }
    }

    fn vjp_params(&self, at: At<'_, F>, c: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        if self.watch.goes_on() {
            self.map.vjp_params(at, c, gx, gtheta, scratch);
        } else {
            gx.fill(F::nan());
        }
    }
}

/// A condition that is watched: products end its linear solves by being no numbers.
struct PolledCondition<'a, F> {
    inner: Box<dyn Condition<F> + 'a>,
    watch: &'a Watch,
}

impl<F: Real> Condition<F> for PolledCondition<'_, F> {
    fn scratch(&self, k: usize) -> usize {
        self.inner.scratch(k)
    }

    fn value(&self, at: At<'_, F>, out: &mut [F], scratch: &mut [F]) {
        self.inner.value(at, out, scratch);
    }

    fn moduli(&self, theta: &[F]) -> Option<Moduli> {
        self.inner.moduli(theta)
    }

    fn active(&self, at: At<'_, F>) -> Option<Vec<usize>> {
        self.inner.active(at)
    }

    fn apply(&self, at: At<'_, F>, k: usize, v: &[F], out: &mut [F], scratch: &mut [F]) {
        if self.watch.goes_on() {
            self.inner.apply(at, k, v, out, scratch);
        } else {
            out.fill(F::nan());
        }
    }

    fn matrix_scratch(&self) -> usize {
        self.inner.matrix_scratch()
    }

    fn matrix(&self, at: At<'_, F>, out: &mut [F], scratch: &mut [F]) {
        self.inner.matrix(at, out, scratch);
    }

    fn mixed(&self, at: At<'_, F>, k: usize, dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.inner.mixed(at, k, dtheta, out, scratch);
    }

    fn mixed_t(&self, at: At<'_, F>, scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        self.inner.mixed_t(at, scale, v, gtheta, scratch);
    }
}
