//! Networks as parameters and adjoints: what other frameworks train with.

use std::sync::Arc;

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use unspool_restore::{Demosaicker, Interpolator};
use unspool_topology::learned::Learned;
use unspool_topology::prior_net::{BLOCKS, PriorNet};
use unspool_topology::problem::Problem;
use unspool_train::{Layout, Model};

use crate::array::{Number, vector};
use crate::error::{Failure, Result};
use crate::work;

/// Named tensors: name, shape, entries.
type Tensors<'py> = Vec<(String, Vec<usize>, Bound<'py, PyArray1<f32>>)>;

fn tensors<'py>(py: Python<'py>, layout: &Layout, values: &[f32]) -> Tensors<'py> {
    let tensor = |e: &unspool_train::params::Entry| {
        (e.name.clone(), e.shape.clone(), PyArray1::from_slice(py, &values[e.range.clone()]))
    };
    layout.entries().iter().map(tensor).collect()
}

/// The weights of an image network that come with the package: of `demosaick` or `interpolate`.
#[pyfunction]
pub(crate) fn image_weights<'py>(py: Python<'py>, name: &str) -> PyResult<Tensors<'py>> {
    match name {
        "demosaick" => {
            let net = Demosaicker::shipped();
            Ok(tensors(py, net.layout(), &net.shipped_weights().map_err(Failure::from)?))
        }
        "interpolate" => {
            let net = Interpolator::shipped();
            Ok(tensors(py, net.layout(), &net.shipped_weights().map_err(Failure::from)?))
        }
        _ => {
            Err(Failure::input(format!("there are no weights {name:?}"), "there are demosaick and interpolate").into())
        }
    }
}

/// The network that refines graphs, on the signals of one graph.
#[pyclass(frozen, module = "unspool._unspool")]
pub(crate) struct PriorNetwork {
    net: PriorNet,
    single: Arc<Problem<f32>>,
    double: Arc<Problem<f64>>,
}

impl PriorNetwork {
    fn check(&self, len: usize) -> Result<()> {
        let expected = Model::<f32>::layout(&self.net).len();
        match len == expected {
            true => Ok(()),
            false => Err(unspool_core::Error::Shape { what: "theta", expected, got: len }.into()),
        }
    }
}

#[pymethods]
impl PriorNetwork {
    /// For squared distances `z`, means over `signals` observations.
    #[new]
    fn new(py: Python<'_>, nodes: usize, signals: usize, z: Vec<f64>) -> PyResult<Self> {
        let (single, double) =
            work::run(py, move |_| Ok((Problem::new(nodes, signals, &z)?, Problem::new(nodes, signals, &z)?)))?;
        Ok(PriorNetwork { net: PriorNet::new(BLOCKS), single: Arc::new(single), double: Arc::new(double) })
    }

    /// The weights that come with the package.
    #[staticmethod]
    fn shipped(py: Python<'_>) -> PyResult<Tensors<'_>> {
        let learned = Learned::shipped().map_err(Failure::from)?;
        Ok(tensors(py, Model::<f32>::layout(learned.net()), learned.theta()))
    }

    /// The half-vectors of weights and of probabilities.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)> {
        fn predict<F: Number>(net: &PriorNet, problem: &Problem<F>, theta: &[F]) -> (Vec<f64>, Vec<f64>) {
            let told = net.predict(theta, problem, &mut net.memory_to_predict());
            (told.w, told.p)
        }
        let (w, p) = if let Ok(theta) = theta.extract::<PyReadonlyArray1<'_, f32>>() {
            let theta = vector(&theta)?;
            self.check(theta.len())?;
            py.detach(|| predict(&self.net, &self.single, theta))
        } else {
            let theta: PyReadonlyArray1<'_, f64> = theta.extract()?;
            let theta = vector(&theta)?;
            self.check(theta.len())?;
            py.detach(|| predict(&self.net, &self.double, theta))
        };
        Ok((w.into_pyarray(py), p.into_pyarray(py)))
    }

    /// The gradient in theta for this cotangent of the weights.
    fn vjp<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        cotangent: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        fn pull<F: Number>(net: &PriorNet, problem: &Problem<F>, theta: &[F], cotangent: &[F]) -> Vec<F> {
            let mut gradient = vec![F::zero(); theta.len()];
            let outer = |_: &[F], c: &mut [F]| c.copy_from_slice(cotangent);
            net.vjp(theta, problem, outer, &mut gradient, &mut net.memory());
            gradient
        }
        fn run<'py, F: Number>(
            py: Python<'py>,
            network: &PriorNetwork,
            problem: &Problem<F>,
            (theta, cotangent): (PyReadonlyArray1<'py, F>, PyReadonlyArray1<'py, F>),
        ) -> PyResult<Bound<'py, PyAny>> {
            let (theta, cotangent) = (vector(&theta)?, vector(&cotangent)?);
            network.check(theta.len())?;
            if cotangent.len() != problem.z.len() {
                let (expected, got) = (problem.z.len(), cotangent.len());
                return Err(Failure::from(unspool_core::Error::Shape { what: "the cotangent", expected, got }).into());
            }
            let gradient = py.detach(|| pull(&network.net, problem, theta, cotangent));
            Ok(gradient.into_pyarray(py).into_any())
        }
        match theta.extract::<PyReadonlyArray1<'_, f32>>() {
            Ok(theta) => run(py, self, &self.single, (theta, cotangent.extract()?)),
            Err(_) => run(py, self, &self.double, (theta.extract()?, cotangent.extract()?)),
        }
    }
}
