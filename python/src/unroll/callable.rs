//! A map from Python callables.

use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use unspool_core::{At, Dims, Jvp, Map, Vjp};

use super::polled::Watch;
use crate::array::Number;
use crate::error::Failure;

/// The callables of a map and its sizes.
pub(crate) struct Callable {
    /// `step(t, x, theta)`
    pub(super) step: Py<PyAny>,
    /// `jvp(t, x, theta, dx, dtheta)`
    pub(super) jvp: Option<Py<PyAny>>,
    /// `vjp(t, x, theta, cotangent)`, which returns gradients in `x` and theta
    pub(super) vjp: Option<Py<PyAny>>,
    pub(super) state: usize,
    pub(super) output: usize,
    pub(super) params: usize,
}

/// A map during a run: what goes wrong ends it.
pub(super) struct Called<'a> {
    pub(super) map: &'a Callable,
    pub(super) watch: &'a Watch,
}

/// Copies what a callable returned.
fn copy<F: Number>(what: &str, result: &Bound<'_, PyAny>, out: &mut [F]) -> PyResult<()> {
    let numpy = result.py().import("numpy")?;
    let result = numpy.call_method1("ascontiguousarray", (result, F::get_dtype(result.py())))?;
    let array = result
        .cast::<PyArray1<F>>()
        .map_err(|_| Failure::input(format!("{what} returned no vector"), "return an array with one axis"))?;
    let array = array.readonly();
    let values = crate::array::vector(&array)?;
    if values.len() != out.len() {
        let message = format!("{what} returned {} numbers, {} are needed", values.len(), out.len());
        return Err(Failure::input(message, "return as many as its argument has").into());
    }
    out.copy_from_slice(values);
    Ok(())
}

impl Called<'_> {
    /// Calls with Python's lock; on an exception `out` is no number and the run ends.
    fn call<F: Number>(&self, out: &mut [F], f: impl FnOnce(Python<'_>, &mut [F]) -> PyResult<()>) {
        if let Err(error) = Python::attach(|py| f(py, out)) {
            out.fill(F::nan());
            self.watch.fail(error);
        }
    }
}

fn array<'py, F: Number>(py: Python<'py>, values: &[F]) -> Bound<'py, PyArray1<F>> {
    PyArray1::from_slice(py, values)
}

fn missing(what: &str, other: &str) -> PyErr {
    Failure::input(format!("this map has no {what}"), format!("give it one, or differentiate by {other}")).into()
}

impl<F: Number> Map<F> for Called<'_> {
    fn dims(&self) -> Dims {
        let Callable { state, output, params, .. } = *self.map;
        Dims { state, output, params }
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], _: &mut [F]) {
        self.call(next, |py, next| {
            let result = self.map.step.bind(py).call1((at.t, array(py, at.x), array(py, at.theta)))?;
            copy("the step", &result, next)
        });
    }
}

impl<F: Number> Jvp<F> for Called<'_> {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], _: &mut [F]) {
        self.call(out, |py, out| {
            let jvp = self.map.jvp.as_ref().ok_or_else(|| missing("jvp", "vjp"))?;
            let arguments = (at.t, array(py, at.x), array(py, at.theta), array(py, dx), array(py, dtheta));
            copy("the jvp", &jvp.bind(py).call1(arguments)?, out)
        });
    }
}

impl<F: Number> Vjp<F> for Called<'_> {
    fn vjp(&self, at: At<'_, F>, c: &[F], gx: &mut [F], gtheta: &mut [F], _: &mut [F]) {
        self.call(gx, |py, gx| {
            let vjp = self.map.vjp.as_ref().ok_or_else(|| missing("vjp", "jvp"))?;
            let result = vjp.bind(py).call1((at.t, array(py, at.x), array(py, at.theta), array(py, c)))?;
            let (for_x, for_theta): (Bound<'_, PyAny>, Bound<'_, PyAny>) = result
                .extract()
                .map_err(|_| Failure::input("the vjp returned no pair", "return gradients in x and in theta"))?;
            copy("the vjp", &for_x, gx)?;
            let mut more = vec![F::zero(); gtheta.len()];
            copy("the vjp", &for_theta, &mut more)?;
            F::axpy(F::one(), &more, gtheta);
            Ok(())
        });
    }
}
