//! NumPy arrays as slices, and back.

use numpy::{Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use unspool_core::Real;

use crate::error::{Failure, Result};

/// A number of the engine that NumPy knows, too.
pub(crate) trait Number: Real + Element {}
impl Number for f32 {}
impl Number for f64 {}

fn contiguous() -> Failure {
    Failure::input("an array is not contiguous", "pass it through numpy.ascontiguousarray")
}

/// The entries of a contiguous vector.
pub(crate) fn vector<'a, F: Element>(array: &'a PyReadonlyArray1<'_, F>) -> Result<&'a [F]> {
    array.as_slice().map_err(|_| contiguous())
}

/// The entries of a contiguous matrix, row by row, with its numbers of rows and columns.
pub(crate) fn matrix<'a, F: Element>(array: &'a PyReadonlyArray2<'_, F>) -> Result<(&'a [F], usize, usize)> {
    let [rows, columns] = array.as_array().shape().try_into().unwrap_or([0, 0]);
    Ok((array.as_slice().map_err(|_| contiguous())?, rows, columns))
}

/// A matrix of these entries, row by row.
pub(crate) fn to_matrix<F: Element>(
    py: Python<'_>,
    entries: Vec<F>,
    rows: usize,
    columns: usize,
) -> PyResult<Bound<'_, PyArray2<F>>> {
    PyArray1::from_vec(py, entries).reshape([rows, columns])
}

/// The parts of compressed rows, `(indptr, indices, data, columns)`.
pub(crate) type Rows<'py, F> =
    (PyReadonlyArray1<'py, usize>, PyReadonlyArray1<'py, u32>, PyReadonlyArray1<'py, F>, usize);
