//! What is minimised, on the caller's arrays.

use std::sync::Arc;

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use unspool_core::data::{Csr, Dense, Design};
use unspool_core::problem::{
    Bounds, Composite, Gram, Groups, L1, LinearModel, Logistic, Multinomial, Quadratic, Ridge, Smooth, ThirdOrder,
    elastic_net, lasso,
};
use unspool_core::spectrum::{Edges, Lanczos, edges};

use super::callable::Callable;
use super::smooth::{Any, Shifted};
use crate::array::{Number, Rows, matrix, to_matrix, vector};
use crate::error::{Failure, Result};

/// A data matrix.
type Matrix<F> = Box<dyn Design<F> + Send>;

/// Squares with absolute penalties.
type Sparse<F> = Composite<Ridge<'static, F, Matrix<F>>, L1>;

/// A problem by what its solvers need.
pub(super) enum Kind<F: Number> {
    Smooth(Any<F>),
    Sparse(Sparse<F>),
    Bounded(Composite<Any<F>, Bounds<F>>),
    Map(Callable),
}

/// A problem with the arrays it borrows from.
pub(super) struct Data<F: Number> {
    pub(super) kind: Kind<F>,
    /// Dropped after what borrows from them.
    #[allow(dead_code, reason = "kept alive")]
    owners: Vec<Py<PyAny>>,
}

/// Of either type of number.
pub(super) enum Held {
    Single(Arc<Data<f32>>),
    Double(Arc<Data<f64>>),
}

/// Calls with the data of either type.
macro_rules! with_data {
    ($held:expr, $data:ident => $body:expr) => {
        match $held {
            Held::Single($data) => $body,
            Held::Double($data) => $body,
        }
    };
}
pub(super) use with_data;

/// A problem, or a map of the caller's own.
#[pyclass(frozen, module = "unspool._unspool")]
pub(crate) struct Problem {
    pub(super) held: Held,
}

impl<F: Number> Data<F> {
    pub(super) fn dim(&self) -> usize {
        match &self.kind {
            Kind::Smooth(smooth) => smooth.dim(),
            Kind::Sparse(sparse) => sparse.smooth.dim(),
            Kind::Bounded(bounded) => bounded.smooth.dim(),
            Kind::Map(map) => map.output,
        }
    }

    fn params(&self) -> usize {
        match &self.kind {
            Kind::Smooth(smooth) => smooth.params(),
            Kind::Sparse(sparse) => sparse.params::<F>(),
            Kind::Bounded(bounded) => bounded.params::<F>(),
            Kind::Map(map) => map.params,
        }
    }

    /// The problem where it is smooth.
    pub(super) fn smooth(&self, what: &str) -> Result<&(dyn ThirdOrder<F> + Send)> {
        match &self.kind {
            Kind::Smooth(smooth) => Ok(&*smooth.0),
            _ => Err(Failure::input(
                format!("{what} needs a smooth problem"),
                "take ridge, logistic, multinomial or quadratic, without bounds",
            )),
        }
    }

    /// Edges of the spectrum of the smooth part; of one that may be singular, the upper one alone is right.
    pub(super) fn edges(&self, x: &[F], theta: &[F]) -> Result<Edges> {
        match &self.kind {
            Kind::Smooth(smooth) => Ok(edges(&*smooth.0, x, theta, Lanczos::default())?),
            Kind::Sparse(sparse) => shifted(&sparse.smooth, x, &[]),
            Kind::Bounded(bounded) => shifted(&bounded.smooth, x, theta),
            Kind::Map(_) => Err(Failure::input("a map has no spectrum", "leave out the method and its edges")),
        }
    }

    fn value(&self, x: &[F], theta: &[F]) -> Result<F> {
        self.check(x, theta)?;
        match &self.kind {
            Kind::Smooth(smooth) => Ok(smooth.value(x, theta, &mut vec![F::zero(); smooth.scratch(1)])),
            Kind::Sparse(sparse) => Ok(sparse.value(x, theta)),
            Kind::Bounded(bounded) => Ok(bounded.value(x, theta)),
            Kind::Map(_) => Err(Failure::input("a map has no value", "take a problem")),
        }
    }

    fn gradient(&self, x: &[F], theta: &[F]) -> Result<Vec<F>> {
        self.check(x, theta)?;
        let smooth = self.smooth("a gradient")?;
        let mut out = vec![F::zero(); smooth.dim()];
        smooth.gradient(x, theta, &mut out, &mut vec![F::zero(); smooth.scratch(1)]);
        Ok(out)
    }

    fn hessian(&self, x: &[F], theta: &[F]) -> Result<Vec<F>> {
        self.check(x, theta)?;
        let smooth = self.smooth("a Hessian")?;
        let mut out = vec![F::zero(); smooth.dim() * smooth.dim()];
        smooth.hess_matrix(x, theta, &mut out, &mut vec![F::zero(); smooth.matrix_scratch()]);
        Ok(out)
    }

    fn check(&self, x: &[F], theta: &[F]) -> Result<()> {
        for (what, got, expected) in [("x", x.len(), self.dim()), ("theta", theta.len(), self.params())] {
            if got != expected {
                return Err(unspool_core::Error::Shape { what, expected, got }.into());
            }
        }
        Ok(())
    }
}

fn shifted<F: Number, S: Smooth<F>>(smooth: &S, x: &[F], theta: &[F]) -> Result<Edges> {
    let d = smooth.dim();
    let (ones, mut out) = (vec![F::one(); d], vec![F::zero(); d]);
    smooth.hess(x, theta, 1, &ones, &mut out, &mut vec![F::zero(); smooth.scratch(1)]);
    let size = (F::sum_squares(&out) / d.max(1) as f64).sqrt();
    let by = if size > 0.0 && size.is_finite() { size } else { 1.0 };
    let found = edges(&Shifted { inner: smooth, by }, x, theta, Lanczos::default())?;
    Ok(Edges { ell: (found.ell - by).max(0.0), l: (found.l - by).max(f64::MIN_POSITIVE), ..found })
}

/// The entries of an array for as long as it lives.
///
/// # Safety
/// The slice must be dropped before the array is; the array's owner must be kept.
unsafe fn lasting<F: 'static>(slice: &[F]) -> &'static [F] {
    // SAFETY: as the caller promises
    unsafe { std::slice::from_raw_parts(slice.as_ptr(), slice.len()) }
}

/// Which coordinates share a regulariser: `shared`, `per-feature`, `none`, or a number each, -1 for none.
fn groups_of(groups: &Bound<'_, PyAny>) -> PyResult<Groups> {
    if let Ok(name) = groups.extract::<String>() {
        return match name.as_str() {
            "shared" => Ok(Groups::Shared),
            "per-feature" => Ok(Groups::PerFeature),
            "none" => Ok(Groups::None),
            _ => {
                let hint = "there are shared, per-feature and none; or give a number for each feature";
                Err(Failure::input(format!("there are no groups {name:?}"), hint).into())
            }
        };
    }
    let number = |g: i64| u32::try_from(g).unwrap_or(Groups::FREE);
    Ok(Groups::Of(groups.extract::<Vec<i64>>()?.into_iter().map(number).collect()))
}

/// The data matrix, dense or the parts of a sparse one, and what must live as long.
fn matrix_of<F: Number>(x: &Bound<'_, PyAny>) -> PyResult<(Matrix<F>, Vec<Py<PyAny>>)> {
    if let Ok(dense) = x.extract::<PyReadonlyArray2<'_, F>>() {
        let (entries, rows, columns) = matrix(&dense)?;
        // SAFETY: the array is kept beside the matrix, in `Data::owners`
        let dense = Dense::new(unsafe { lasting(entries) }, rows, columns).map_err(Failure::from)?;
        return Ok((Box::new(dense), vec![x.clone().unbind()]));
    }
    let (indptr, indices, data, columns): Rows<'_, F> = x.extract()?;
    let (indptr, indices) = (vector(&indptr)?.to_vec(), vector(&indices)?.to_vec());
    // SAFETY: the array is kept beside the matrix, in `Data::owners`
    let entries = unsafe { lasting(vector(&data)?) };
    let sparse = Csr::new(indptr, indices, entries, columns).map_err(Failure::from)?;
    Ok((Box::new(sparse), vec![data.as_any().clone().unbind()]))
}

fn regression<F: Number>(
    model: &str,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    groups: Groups,
    gram: bool,
    classes: usize,
) -> PyResult<Data<F>> {
    let (x, mut owners) = matrix_of::<F>(x)?;
    let targets = y.extract::<PyReadonlyArray1<'_, F>>()?;
    // SAFETY: the array is kept beside the problem, in `Data::owners`
    let targets = unsafe { lasting(vector(&targets)?) };
    owners.push(y.clone().unbind());
    let gram = if gram { Gram::Auto } else { Gram::Never };
    let smooth = |problem: Box<dyn ThirdOrder<F> + Send>| Kind::Smooth(Any(problem));
    let kind = match model {
        "ridge" => smooth(Box::new(Ridge::new(x, targets, groups, gram).map_err(Failure::from)?)),
        "logistic" => smooth(Box::new(LinearModel::new(x, targets, Logistic, groups).map_err(Failure::from)?)),
        "multinomial" => {
            let loss = Multinomial::new(classes).map_err(Failure::from)?;
            smooth(Box::new(LinearModel::new(x, targets, loss, groups).map_err(Failure::from)?))
        }
        "lasso" => Kind::Sparse(lasso(x, targets, groups).map_err(Failure::from)?),
        "elastic-net" => Kind::Sparse(elastic_net(x, targets, groups).map_err(Failure::from)?),
        _ => {
            let hint = "there are ridge, logistic, multinomial, lasso and elastic-net";
            return Err(Failure::input(format!("there is no model {model:?}"), hint).into());
        }
    };
    Ok(Data { kind, owners })
}

fn quadratic<F: Number>(a: &PyReadonlyArray2<'_, F>, b: &PyReadonlyArray1<'_, F>, groups: Groups) -> Result<Data<F>> {
    let (a, b) = (matrix(a)?.0.to_vec(), vector(b)?.to_vec());
    Ok(Data { kind: Kind::Smooth(Any(Box::new(Quadratic::new(a, b, groups)?))), owners: Vec::new() })
}

/// Adds bounds, each a vector, to a smooth problem.
fn bounded<F: Number>(data: Data<F>, bounds: Option<&Bound<'_, PyAny>>) -> PyResult<Data<F>> {
    let Some(bounds) = bounds else { return Ok(data) };
    let (lower, upper): (PyReadonlyArray1<'_, F>, PyReadonlyArray1<'_, F>) = bounds.extract()?;
    let bounds = Bounds::new(vector(&lower)?.to_vec(), vector(&upper)?.to_vec()).map_err(Failure::from)?;
    let Kind::Smooth(smooth) = data.kind else {
        return Err(Failure::input("bounds go with a smooth problem", "leave them out").into());
    };
    let composite = Composite::new(smooth, bounds).map_err(Failure::from)?;
    Ok(Data { kind: Kind::Bounded(composite), ..data })
}

fn entries_type(array: &Bound<'_, PyAny>) -> PyResult<bool> {
    let single = array.cast::<PyArray1<f32>>().is_ok();
    match single || array.cast::<PyArray1<f64>>().is_ok() {
        true => Ok(single),
        false => Err(PyTypeError::new_err("arrays must be of float32 or float64")),
    }
}

#[pymethods]
impl Problem {
    /// Regression of `y` on `x`, which is dense or the parts `(indptr, indices, data, columns)` of compressed rows.
    #[staticmethod]
    fn regression(
        model: &str,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        groups: &Bound<'_, PyAny>,
        gram: bool,
        classes: usize,
        bounds: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let groups = groups_of(groups)?;
        let held = if entries_type(y)? {
            Held::Single(Arc::new(bounded(regression(model, x, y, groups, gram, classes)?, bounds)?))
        } else {
            Held::Double(Arc::new(bounded(regression(model, x, y, groups, gram, classes)?, bounds)?))
        };
        Ok(Problem { held })
    }

    /// `1/2 x'A x + b'x` with log-regularisers.
    #[staticmethod]
    fn quadratic(
        a: &Bound<'_, PyAny>,
        b: &Bound<'_, PyAny>,
        groups: &Bound<'_, PyAny>,
        bounds: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let groups = groups_of(groups)?;
        let held = if entries_type(b)? {
            Held::Single(Arc::new(bounded(quadratic::<f32>(&a.extract()?, &b.extract()?, groups)?, bounds)?))
        } else {
            Held::Double(Arc::new(bounded(quadratic::<f64>(&a.extract()?, &b.extract()?, groups)?, bounds)?))
        };
        Ok(Problem { held })
    }

    /// A map from callables.
    #[staticmethod]
    #[allow(clippy::too_many_arguments)]
    fn map(
        step: Py<PyAny>,
        jvp: Option<Py<PyAny>>,
        vjp: Option<Py<PyAny>>,
        state: usize,
        output: usize,
        params: usize,
        single: bool,
    ) -> PyResult<Self> {
        if output > state {
            let message = format!("the output has length {output}, the state {state}");
            return Err(Failure::input(message, "the output is the front of the state").into());
        }
        let kind = Callable { step, jvp, vjp, state, output, params };
        let held = if single {
            Held::Single(Arc::new(Data { kind: Kind::Map(kind), owners: Vec::new() }))
        } else {
            Held::Double(Arc::new(Data { kind: Kind::Map(kind), owners: Vec::new() }))
        };
        Ok(Problem { held })
    }

    /// Length of the solution.
    #[getter]
    fn dim(&self) -> usize {
        with_data!(&self.held, data => data.dim())
    }

    /// Length of theta.
    #[getter]
    fn params(&self) -> usize {
        with_data!(&self.held, data => data.params())
    }

    /// `float32` or `float64`.
    #[getter]
    fn dtype(&self) -> &'static str {
        match &self.held {
            Held::Single(_) => "float32",
            Held::Double(_) => "float64",
        }
    }

    fn value(&self, py: Python<'_>, x: &Bound<'_, PyAny>, theta: &Bound<'_, PyAny>) -> PyResult<f64> {
        fn value<F: Number>(
            py: Python<'_>,
            data: &Data<F>,
            x: &Bound<'_, PyAny>,
            t: &Bound<'_, PyAny>,
        ) -> PyResult<f64> {
            let (x, t) = (x.extract::<PyReadonlyArray1<'_, F>>()?, t.extract::<PyReadonlyArray1<'_, F>>()?);
            let (x, t) = (vector(&x)?, vector(&t)?);
            Ok(py.detach(|| data.value(x, t))?.wide())
        }
        with_data!(&self.held, data => value(py, data, x, theta))
    }

    fn gradient<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        theta: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        fn gradient<'py, F: Number>(
            py: Python<'py>,
            data: &Data<F>,
            x: &Bound<'py, PyAny>,
            t: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyAny>> {
            let (x, t) = (x.extract::<PyReadonlyArray1<'_, F>>()?, t.extract::<PyReadonlyArray1<'_, F>>()?);
            let (x, t) = (vector(&x)?, vector(&t)?);
            Ok(PyArray1::from_vec(py, py.detach(|| data.gradient(x, t))?).into_any())
        }
        with_data!(&self.held, data => gradient(py, data, x, theta))
    }

    fn hessian<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        theta: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        fn hessian<'py, F: Number>(
            py: Python<'py>,
            data: &Data<F>,
            x: &Bound<'py, PyAny>,
            t: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyAny>> {
            let (x, t) = (x.extract::<PyReadonlyArray1<'_, F>>()?, t.extract::<PyReadonlyArray1<'_, F>>()?);
            let (x, t) = (vector(&x)?, vector(&t)?);
            let (d, h) = (x.len(), py.detach(|| data.hessian(x, t))?);
            Ok(to_matrix(py, h, d, d)?.into_any())
        }
        with_data!(&self.held, data => hessian(py, data, x, theta))
    }

    /// Edges of the spectrum of the smooth part's Hessian.
    fn edges(&self, py: Python<'_>, x: &Bound<'_, PyAny>, theta: &Bound<'_, PyAny>) -> PyResult<(f64, f64)> {
        fn found<F: Number>(
            py: Python<'_>,
            data: &Data<F>,
            x: &Bound<'_, PyAny>,
            t: &Bound<'_, PyAny>,
        ) -> PyResult<Edges> {
            let (x, t) = (x.extract::<PyReadonlyArray1<'_, F>>()?, t.extract::<PyReadonlyArray1<'_, F>>()?);
            let (x, t) = (vector(&x)?, vector(&t)?);
            Ok(py.detach(|| data.edges(x, t))?)
        }
        let Edges { ell, l, .. } = with_data!(&self.held, data => found(py, data, x, theta))?;
        Ok((ell, l))
    }
}
