//! What all applications share: the outer minimiser and the uncertainty of a mean.

use std::fmt;

use faer::MatRef;

/// Adam (Kingma, Ba 2015, algorithm 1) with their default decay rates.
#[derive(Clone, Debug)]
pub struct Adam {
    rate: f64,
    t: i32,
    moments: Vec<[f64; 2]>,
}

impl Adam {
    /// For `params` parameters.
    pub fn new(params: usize, rate: f64) -> Self {
        Adam { rate, t: 0, moments: vec![[0.0; 2]; params] }
    }

    /// One step along the gradient `g`, its length that of the rate times `scale`.
    pub fn step(&mut self, theta: &mut [f64], g: &[f64], scale: f64) {
        let [b1, b2] = [0.9, 0.999];
        self.t += 1;
        let (c1, c2) = (1.0 - f64::powi(b1, self.t), 1.0 - f64::powi(b2, self.t));
        for ((theta, &g), [m, v]) in theta.iter_mut().zip(g).zip(&mut self.moments) {
            *m = b1 * *m + (1.0 - b1) * g;
            *v = b2 * *v + (1.0 - b2) * g * g;
            *theta -= scale * self.rate * (*m / c1) / ((*v / c2).sqrt() + 1e-8);
        }
    }
}

/// A mean with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Standard deviation of the sample over `sqrt(n)`.
    pub error: f64,
}

impl Mean {
    /// Of independent values, at least two.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Mean { mean, error: (variance / n).sqrt() }
    }

    /// Of the differences `a_i - b_i`: the uncertainty of a comparison on the same cases.
    pub fn difference(a: &[f64], b: &[f64]) -> Self {
        Self::of(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(4);
        write!(f, "{:.digits$} ± {:.digits$}", self.mean, self.error)
    }
}

/// The largest singular value of a matrix with rows of length `n`.
pub fn spectral_norm(a: &[f64], n: usize) -> f64 {
    let values = MatRef::from_row_major_slice(a, a.len() / n, n).singular_values();
    values.map_or(f64::INFINITY, |values| values.first().copied().unwrap_or(0.0))
}
