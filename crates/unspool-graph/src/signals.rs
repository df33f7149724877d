//! Signals on the nodes of a graph, and the squared distances between nodes.

use crate::error::{Error, Result, check_len};
use crate::pairs;
use crate::unit::unit;

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

    /// Without the node of this name, or number if nodes have no names. Errors if there is none, or one node would be left.
    pub fn without(self, node: &str) -> Result<Self> {
        let m = self.nodes;
        let named = self.names.iter().position(|name| name == node);
        let numbered = || node.parse().ok().filter(|&i| self.names.is_empty() && i < m);
        let Some(gone) = named.or_else(numbered) else {
            return Err(Error::data(format!("no node is called {node:?}"), "look at the header for the names"));
        };
        let keep = |at: &usize| at % m != gone;
        let values = (0..self.values.len()).filter(keep).map(|at| self.values[at]).collect();
        let names = (0..self.names.len()).filter(keep).map(|i| self.names[i].clone()).collect();
        Ok(Signals { names, ..Signals::new(values, m - 1)? })
    }

    /// With mean 0 and variance 1 of each node, over the observations it has. Errors if a node never changes.
    pub fn standardised(mut self) -> Result<Self> {
        let m = self.nodes;
        for i in 0..m {
            let unit = unit(self.values[i..].iter().step_by(m));
            self.values[i..].iter_mut().step_by(m).for_each(|v| *v /= unit);
            let known = || self.values[i..].iter().step_by(m).filter(|v| !v.is_nan());
            let count = known().count() as f64;
            let mean = known().sum::<f64>() / count;
            let deviation = (known().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
            if deviation.is_nan() || deviation <= 1e-14 * mean.abs() {
                let name = self.names.get(i).cloned().unwrap_or_else(|| i.to_string());
                let problem = format!("the signal of node {name} never changes");
                return Err(Error::data(problem, "leave it out with --ignore, or do not standardise"));
            }
            self.values[i..].iter_mut().step_by(m).for_each(|v| *v = (*v - mean) / deviation);
        }
        Ok(self)
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
