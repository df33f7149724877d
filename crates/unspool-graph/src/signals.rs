//! Signals on the nodes of a graph, and the squared distances between nodes.

use crate::error::{Error, Result, check_len};
use crate::pairs;

/// `n` observations of `m` nodes: an `n x m` matrix, row-major, rows are observations. NaN marks a missing value.
#[derive(Clone, Debug, PartialEq)]
pub struct Signals {
    values: Vec<f64>,
    nodes: usize,
    names: Vec<String>,
}

impl Signals {
    /// Signals from `values`, row after row. Errors if they are no whole number of rows, if there are fewer than two
    /// nodes or no row, or if a value is infinite.
    pub fn new(values: Vec<f64>, nodes: usize) -> Result<Self> {
        if nodes < 2 {
            let hint = "give signals on two nodes or more; rows are observations, columns nodes";
            return Err(Error::data(format!("there is {nodes} node: a graph needs at least 2"), hint));
        }
        check_len("the matrix of signals", values.len(), values.len().div_ceil(nodes) * nodes)?;
        if values.is_empty() {
            return Err(Error::data("there are no observations", "give at least one row"));
        }
        if let Some(at) = values.iter().position(|v| v.is_infinite()) {
            let problem = format!("the value of node {} in row {} is infinite", at % nodes, at / nodes);
            return Err(Error::data(problem, "leave it out or correct it"));
        }
        Ok(Signals { values, nodes, names: Vec::new() })
    }

    /// Names the nodes.
    pub fn with_names(mut self, names: Vec<String>) -> Result<Self> {
        check_len("the names of the nodes", names.len(), self.nodes)?;
        self.names = names;
        Ok(self)
    }

    /// Number of nodes, `m`.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// Number of observations, `n`.
    pub fn observations(&self) -> usize {
        self.values.len() / self.nodes
    }

    /// The values, row after row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Names of the nodes; empty if they have none.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of missing values.
    pub fn missing(&self) -> usize {
        self.values.iter().filter(|v| v.is_nan()).count()
    }
}

/// The mean of a half-vector of squared distances; errors if they are no distances of `m` nodes, are negative or not
/// finite, or are all zero.
pub fn check_distances(m: usize, z: &[f64]) -> Result<f64> {
    check_len("the half-vector of squared distances", z.len(), pairs::count(m))?;
    if let Some(at) = z.iter().position(|z| !(*z >= 0.0 && z.is_finite())) {
        let (i, j) = pairs::iter(m).nth(at).unwrap_or_default();
        let problem = format!("the squared distance of nodes {i} and {j} is {}", z[at]);
        return Err(Error::data(problem, "squared distances must be finite and not negative"));
    }
    let mean = z.iter().sum::<f64>() / z.len() as f64;
    if mean > 0.0 {
        Ok(mean)
    } else {
        Err(Error::data("all distances are zero", "the signals are constant over the nodes"))
    }
}
