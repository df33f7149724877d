//! Squared distances of all pairs of nodes, at once or as observations arrive.
//!
//! `z_ij = (1/n) sum_k (x_ki - x_kj)^2`. Where values are missing, the mean is over the observations that have both
//! (*pairwise complete*).

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use rayon::prelude::*;

use crate::error::{Error, Result, check_len};
use crate::pairs;
use crate::signals::Signals;

/// Share of the squares below which a distance is computed again by differences, for its digits.
const CANCELLED: f64 = 1e-6;

/// The half-vector of squared distances.
///
/// # Complexity
/// `O(m^2 n)` as matrix products; memory `m^2`, four times that with missing values.
///
/// # Errors
/// A pair without a common observation, named; distances that overflow.
///
/// ```
/// use unspool_graph::{Signals, distances};
/// let signals = Signals::new(vec![0.0, 1.0, 3.0, 1.0, 1.0, f64::NAN], 3)?;
/// let z = distances::squared(&signals)?;
/// assert!(z.iter().zip([0.5, 9.0, 4.0]).all(|(z, exact)| (z - exact).abs() < 1e-12));
/// # Ok::<(), unspool_graph::Error>(())
/// ```
pub fn squared(signals: &Signals) -> Result<Vec<f64>> {
    let mut stream = Stream::new(signals.nodes(), 1.0)?;
    stream.push(signals)?;
    stream.squared()
}

/// Squared distances of signals that arrive in chunks. Older chunks can be forgotten: with `forgetting = f`, an
/// observation that is followed by `k` others counts `f^k`.
///
/// ```
/// use unspool_graph::{Signals, distances::{self, Stream}};
/// let (first, second) = (Signals::new(vec![0.0, 1.0], 2)?, Signals::new(vec![4.0, 1.0], 2)?);
/// let mut stream = Stream::new(2, 0.5)?;
/// stream.push(&first)?;
/// stream.push(&second)?;
/// assert!((stream.squared()?[0] - (0.5 * 1.0 + 9.0) / 1.5).abs() < 1e-12);
/// # Ok::<(), unspool_graph::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    nodes: usize,
    forgetting: f64,
    /// `sum_k f^(n-k) (x_ki - x_kj)^2`
    sums: Vec<f64>,
    /// The same sum of ones, where no value was ever missing.
    count: f64,
    /// The same for each pair, otherwise.
    counts: Option<Vec<f64>>,
}

impl Stream {
    /// No observation yet of `nodes` nodes; `forgetting` above 0, and 1 to forget nothing.
    pub fn new(nodes: usize, forgetting: f64) -> Result<Self> {
        if nodes < 2 {
            return Err(Error::range("the number of nodes", nodes, "at least 2"));
        }
        if !(forgetting > 0.0 && forgetting <= 1.0) {
            return Err(Error::range("the forgetting factor", forgetting, "above 0 and at most 1"));
        }
        Ok(Stream { nodes, forgetting, sums: vec![0.0; pairs::count(nodes)], count: 0.0, counts: None })
    }

    /// Takes in a chunk of observations.
    pub fn push(&mut self, chunk: &Signals) -> Result<()> {
        check_len("an observation", chunk.nodes(), self.nodes)?;
        let (m, n) = (self.nodes, chunk.observations());
        let age = |k: usize| self.forgetting.powf((n - 1 - k) as f64);
        let decay = self.forgetting.powf(n as f64);
        // observations without their means over the nodes, and weighed by the square roots of their ages
        let (mut x, mut present) = (chunk.values().to_vec(), Vec::new());
        let complete = chunk.missing() == 0;
        for (k, row) in x.chunks_exact_mut(m).enumerate() {
            let known = || row.iter().filter(|v| !v.is_nan());
            let mean = known().sum::<f64>() / (known().count().max(1)) as f64;
            let root = age(k).sqrt();
            if !complete {
                present.extend(row.iter().map(|v| if v.is_nan() { 0.0 } else { root }));
            }
            row.iter_mut().for_each(|v| *v = if v.is_nan() { 0.0 } else { root * (*v - mean) });
        }
        let x = MatRef::from_row_major_slice(&x, n, m);
        let gram = product(x, x);
        self.sums.iter_mut().for_each(|sum| *sum *= decay);
        let weight: f64 = (0..n).map(age).sum();
        if complete {
            let squares: Vec<f64> = (0..m).map(|i| gram[(i, i)]).collect();
            for ((i, j), sum) in pairs::iter(m).zip(&mut self.sums) {
                let size = squares[i] + squares[j];
                let z = size - 2.0 * gram[(i, j)];
                *sum += if z > CANCELLED * size { z } else { by_differences(x, None, i, j) };
            }
        } else {
            let present = MatRef::from_row_major_slice(&present, n, m);
            // x^2 / age, so that its product with the other node's weight is x^2
            let mut squares = Mat::from_fn(n, m, |k, i| x[(k, i)] * x[(k, i)]);
            for k in 0..n {
                let root = age(k).sqrt();
                (0..m).for_each(|i| squares[(k, i)] = if root > 0.0 { squares[(k, i)] / root } else { 0.0 });
            }
            let (ahead, behind) = (product(squares.as_ref(), present), product(present, squares.as_ref()));
            let both = product(present, present);
            let counts = self.counts.get_or_insert_with(|| vec![self.count; pairs::count(m)]);
            for (((i, j), sum), count) in pairs::iter(m).zip(&mut self.sums).zip(counts.iter_mut()) {
                let size = ahead[(i, j)] + behind[(i, j)];
                let z = size - 2.0 * gram[(i, j)];
                *sum += if z > CANCELLED * size { z } else { by_differences(x, Some(present), i, j) };
                *count = *count * decay + both[(i, j)];
            }
        }
        if let Some(counts) = self.counts.as_mut().filter(|_| complete) {
            counts.iter_mut().for_each(|count| *count = *count * decay + weight);
        }
        self.count = self.count * decay + weight;
        Ok(())
    }

    /// The squared distances so far. Errors before the first observation, where they overflow, or if
    /// two nodes were never observed together.
    pub fn squared(&self) -> Result<Vec<f64>> {
        if self.count == 0.0 {
            return Err(Error::data("there are no observations yet", "push a chunk first"));
        }
        if !self.sums.iter().all(|sum| sum.is_finite()) {
            return Err(Error::data("squared distances overflow", "give the signals in a larger unit"));
        }
        let Some(counts) = &self.counts else {
            return Ok(self.sums.iter().map(|sum| sum / self.count).collect());
        };
        if let Some(at) = counts.iter().position(|count| *count <= 0.0) {
            let (i, j) = pairs::iter(self.nodes).nth(at).unwrap_or_default();
            let problem = format!("nodes {i} and {j} are never observed together");
            return Err(Error::data(problem, "leave one of them out, or fill in missing values"));
        }
        Ok(self.sums.iter().zip(counts).map(|(sum, count)| sum / count).collect())
    }
}

/// Entries `i <= j` of `A'B`, in panels of columns whose widths do not depend on the number of threads.
fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    const PANEL: usize = 256;
    let mut out = Mat::zeros(a.ncols(), b.ncols());
    out.as_mut().par_col_chunks_mut(PANEL).enumerate().for_each(|(p, mut out)| {
        let (from, to) = (p * PANEL, p * PANEL + out.ncols());
        let panel = out.as_mut().subrows_mut(0, to.min(a.ncols()));
        matmul(panel, Accum::Replace, a.subcols(0, to).transpose(), b.subcols(from, to - from), 1.0, Par::Seq);
    });
    out
}

/// `sum_k (x_ki - x_kj)^2` over the observations that have both: exact zeros where two nodes agree.
fn by_differences(x: MatRef<'_, f64>, present: Option<MatRef<'_, f64>>, i: usize, j: usize) -> f64 {
    let both = |k: &usize| present.is_none_or(|present| present[(*k, i)] > 0.0 && present[(*k, j)] > 0.0);
    (0..x.nrows()).filter(both).map(|k| (x[(k, i)] - x[(k, j)]).powi(2)).sum()
}
