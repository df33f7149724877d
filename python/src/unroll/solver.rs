//! A solver: a problem, a method, a stopping rule. Runs and derivatives.

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use unspool_core::trust::{Assess, Trust};
use unspool_core::{Adjoint, Cost, Mode, Solution, Solve, Status, Stop, Stream, Tangents};

use super::method::Method;
use super::polled::{Polled, Watch};
use super::problem::{Data, Held, Problem, with_data};
use crate::array::{Number, matrix, to_matrix, vector};
use crate::error::{Failure, Result};

/// A problem with how it is solved.
#[pyclass(frozen, module = "unspool._unspool")]
pub(crate) struct Solver {
    problem: Py<Problem>,
    method: Method,
    stop: Stop,
}

/// A status as Python sees it: name, text, stream, iteration, residual, tolerance, pivot.
type Told = (&'static str, String, Option<&'static str>, Option<usize>, Option<f64>, Option<f64>, Option<usize>);

fn told(status: Status) -> Told {
    let stream = |stream: Stream| match stream {
        Stream::Iterate => "iterate",
        Stream::Tangent => "tangent",
        Stream::Adjoint => "adjoint",
    };
    let text = status.to_string();
    match status {
        Status::Done => ("done", text, None, None, None, None, None),
        Status::Converged => ("converged", text, None, None, None, None, None),
        Status::NotConverged { stream: s, iteration, residual, tolerance } => {
            ("not-converged", text, Some(stream(s)), Some(iteration), Some(residual), Some(tolerance), None)
        }
        Status::NonFinite { stream: s, iteration } => {
            ("non-finite", text, Some(stream(s)), Some(iteration), None, None, None)
        }
        Status::Singular { stream: s, iteration, pivot } => {
            ("singular", text, Some(stream(s)), Some(iteration), None, None, pivot)
        }
        Status::Cancelled { iteration } => ("cancelled", text, None, Some(iteration), None, None, None),
        _ => ("unknown", text, None, None, None, None, None),
    }
}

fn spent(py: Python<'_>, cost: Cost) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in [
        ("steps", cost.steps),
        ("recomputed", cost.recomputed),
        ("jvps", cost.jvps),
        ("vjps", cost.vjps),
        ("products", cost.products),
        ("peak_states", cost.peak_states),
        ("peak_bytes", cost.peak_bytes),
    ] {
        dict.set_item(name, value)?;
    }
    Ok(dict)
}

/// The map of a run, watched, without Python's lock.
fn detached<F: Number, R: Send>(
    py: Python<'_>,
    (data, method, stop): (&Data<F>, &Method, Stop),
    (theta, start): (&[F], &[F]),
    f: impl FnOnce(&Solve<'_, F, Polled<'_, F>>) -> unspool_core::Result<R> + Send,
) -> PyResult<R> {
    if start.len() != data.dim() {
        let (expected, got) = (data.dim(), start.len());
        return Err(Failure::from(unspool_core::Error::Shape { what: "start", expected, got }).into());
    }
    let watch = Watch::new();
    let result = py.detach(|| -> Result<R> {
        let map = Polled { map: method.map(data, start, theta, &watch)?, watch: &watch };
        Ok(f(&Solve::new(&map, start).stop(stop).cancel(&watch.stop))?)
    });
    watch.finish()?;
    Ok(result?)
}

fn solve<'py, F: Number>(
    py: Python<'py>,
    how: (&Data<F>, &Method, Stop),
    theta: &Bound<'py, PyAny>,
    start: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, usize, f64, Told)> {
    let (theta, start): (PyReadonlyArray1<'_, F>, PyReadonlyArray1<'_, F>) = (theta.extract()?, start.extract()?);
    let (theta, start) = (vector(&theta)?, vector(&start)?);
    let Solution { x, steps, residual, status } = detached(py, how, (theta, start), |solve| solve.run(theta))?;
    Ok((PyArray1::from_vec(py, x).into_any(), steps, residual, told(status)))
}

/// Answer, gradient in theta, gradient in the start, cost, status.
type Pulled<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyDict>, Told);

fn vjp<'py, F: Number>(
    py: Python<'py>,
    how: (&Data<F>, &Method, Stop),
    theta: &Bound<'py, PyAny>,
    start: &Bound<'py, PyAny>,
    mode: Mode,
    cotangent: &Bound<'py, PyAny>,
) -> PyResult<Pulled<'py>> {
    let (theta, start): (PyReadonlyArray1<'_, F>, PyReadonlyArray1<'_, F>) = (theta.extract()?, start.extract()?);
    let (theta, start) = (vector(&theta)?, vector(&start)?);
    let mut failed = None;
    let pulled = if cotangent.is_callable() {
        let callable = cotangent.clone().unbind();
        let outer = |x: &[F], c: &mut [F]| {
            let result = Python::attach(|py| -> PyResult<()> {
                let result = callable.bind(py).call1((PyArray1::from_slice(py, x),))?;
                let result: PyReadonlyArray1<'_, F> = result.extract()?;
                fill(vector(&result)?, c)
            });
            if let Err(error) = result {
                c.fill(F::nan());
                failed = Some(error);
            }
        };
        detached(py, how, (theta, start), |solve| solve.vjp(theta, mode, outer))
    } else {
        let given: PyReadonlyArray1<'_, F> = cotangent.extract()?;
        let given = vector(&given)?;
        fill(given, &mut vec![F::zero(); how.0.dim()])?;
        detached(py, how, (theta, start), |solve| solve.vjp(theta, mode, |_, c| c.copy_from_slice(given)))
    };
    if let Some(error) = failed {
        return Err(error);
    }
    let Adjoint { x, theta, start, cost, status } = pulled?;
    let array = |values| PyArray1::from_vec(py, values).into_any();
    Ok((array(x), array(theta), array(start), spent(py, cost)?, told(status)))
}

fn fill<F: Number>(from: &[F], to: &mut [F]) -> PyResult<()> {
    if from.len() != to.len() {
        let error = unspool_core::Error::Shape { what: "the cotangent", expected: to.len(), got: from.len() };
        return Err(Failure::from(error).into());
    }
    to.copy_from_slice(from);
    Ok(())
}

/// Answer, tangents as rows, whether they were still burning in, cost, status.
type Pushed<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, bool, Bound<'py, PyDict>, Told);

fn pushed<'py, F: Number>(py: Python<'py>, tangents: Tangents<F>) -> PyResult<Pushed<'py>> {
    let Tangents { x, dx, directions, burn_in, cost, status } = tangents;
    let dx = to_matrix(py, dx, directions, x.len())?.into_any();
    Ok((PyArray1::from_vec(py, x).into_any(), dx, burn_in, spent(py, cost)?, told(status)))
}

fn jvps<'py, F: Number>(
    py: Python<'py>,
    how: (&Data<F>, &Method, Stop),
    theta: &Bound<'py, PyAny>,
    start: &Bound<'py, PyAny>,
    mode: Mode,
    directions: &Bound<'py, PyAny>,
) -> PyResult<Pushed<'py>> {
    let (theta, start): (PyReadonlyArray1<'_, F>, PyReadonlyArray1<'_, F>) = (theta.extract()?, start.extract()?);
    let (theta, start) = (vector(&theta)?, vector(&start)?);
    let directions: PyReadonlyArray2<'_, F> = directions.extract()?;
    let (directions, k, _) = matrix(&directions)?;
    pushed(py, detached(py, how, (theta, start), |solve| solve.jvps(theta, mode, k, directions))?)
}

/// Forward derivatives with what is known of their error.
type Trusted<'py> = (Pushed<'py>, Bound<'py, PyDict>);

fn trusted<'py, F: Number>(
    py: Python<'py>,
    how: (&Data<F>, &Method, Stop),
    theta: &Bound<'py, PyAny>,
    start: &Bound<'py, PyAny>,
    mode: Mode,
    directions: &Bound<'py, PyAny>,
    assess: Assess,
) -> PyResult<Trusted<'py>> {
    let (theta, start): (PyReadonlyArray1<'_, F>, PyReadonlyArray1<'_, F>) = (theta.extract()?, start.extract()?);
    let (theta, start) = (vector(&theta)?, vector(&start)?);
    let directions: PyReadonlyArray2<'_, F> = directions.extract()?;
    let (directions, k, _) = matrix(&directions)?;
    let (tangents, trust) = detached(py, how, (theta, start), |solve| {
        let tangents = solve.jvps(theta, mode, k, directions)?;
        let trust = solve.trust(theta, directions, &tangents, assess)?;
        Ok((tangents, trust))
    })?;
    let Trust { residual, derivative_residual, size, sharp, certified, burn_in, products, solved } = trust;
    let dict = PyDict::new(py);
    dict.set_item("residual", residual)?;
    dict.set_item("derivative_residual", derivative_residual)?;
    dict.set_item("size", size)?;
    dict.set_item("sharp", sharp)?;
    dict.set_item("relative", trust.relative())?;
    dict.set_item("certified", certified)?;
    dict.set_item("burn_in", burn_in)?;
    dict.set_item("products", products)?;
    dict.set_item("solved", solved)?;
    Ok((pushed(py, tangents)?, dict))
}

fn mode_of(mode: &str) -> Result<Mode> {
    Ok(mode.parse()?)
}

#[pymethods]
impl Solver {
    #[new]
    #[allow(clippy::too_many_arguments)]
    fn new(
        problem: Py<Problem>,
        method: String,
        step_size: Option<f64>,
        momentum: Option<f64>,
        damping: Option<f64>,
        edges: Option<(f64, f64)>,
        steps: Option<usize>,
        tol: f64,
        max_steps: usize,
    ) -> Self {
        let stop = steps.map_or_else(|| Stop::tolerance(tol).at_most(max_steps), Stop::steps);
        let method = Method { name: method, step_size, momentum, damping, edges, steps: stop.max_steps };
        Solver { problem, method, stop }
    }

    fn solve<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        start: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyAny>, usize, f64, Told)> {
        with_data!(&self.problem.get().held, data => solve(py, (data, &self.method, self.stop), theta, start))
    }

    fn vjp<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        start: &Bound<'py, PyAny>,
        mode: &str,
        cotangent: &Bound<'py, PyAny>,
    ) -> PyResult<Pulled<'py>> {
        let mode = mode_of(mode)?;
        with_data!(&self.problem.get().held, data => vjp(py, (data, &self.method, self.stop), theta, start, mode, cotangent))
    }

    /// Directions are rows.
    fn jvps<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        start: &Bound<'py, PyAny>,
        mode: &str,
        directions: &Bound<'py, PyAny>,
    ) -> PyResult<Pushed<'py>> {
        let mode = mode_of(mode)?;
        with_data!(&self.problem.get().held, data => jvps(py, (data, &self.method, self.stop), theta, start, mode, directions))
    }

    /// As `jvps`, with what is known of the derivative's error.
    #[pyo3(signature = (theta, start, mode, directions, *, ell, tol, max_products, seed))]
    #[allow(clippy::too_many_arguments)]
    fn trust<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        start: &Bound<'py, PyAny>,
        mode: &str,
        directions: &Bound<'py, PyAny>,
        ell: Option<f64>,
        tol: f64,
        max_products: usize,
        seed: u64,
    ) -> PyResult<Trusted<'py>> {
        let (mode, assess) = (mode_of(mode)?, Assess { ell, tol, max_products, seed });
        with_data!(&self.problem.get().held, data => {
            trusted(py, (data, &self.method, self.stop), theta, start, mode, directions, assess)
        })
    }
}
