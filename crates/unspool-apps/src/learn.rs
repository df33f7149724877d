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
        let (digits, sign) = (f.precision().unwrap_or(4), if f.sign_plus() && self.mean >= 0.0 { "+" } else { "" });
        write!(f, "{sign}{:.digits$} ± {:.digits$}", self.mean, self.error)
    }
}

/// Errors of several ways on the same cases, a value a case, smaller is better. The first is the
/// one that was learned through a solver, the others are baselines.
#[derive(Clone, Debug)]
pub struct Comparison(pub Vec<(&'static str, Vec<f64>)>);

impl Comparison {
    /// Each way's name, its error, and by how much that exceeds the first one's, case by case.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, Mean, Mean)> {
        self.0.iter().map(|(name, errors)| (*name, Mean::of(errors), Mean::difference(errors, &self.0[0].1)))
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, error, excess)) in self.rows().enumerate() {
            let excess = if i == 0 { "excess over it:".to_owned() } else { format!("{excess:+.4}") };
            writeln!(f, "{name:34} {error:.4}   {excess}")?;
        }
        Ok(())
    }
}

/// Digits.
pub const CLASSES: usize = 10;

/// The largest margin.
fn largest(u: &[f64; CLASSES]) -> f64 {
    u.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// The logistic loss `l(u) = log sum_c e^(u_c) - u_digit`, and 1 if the margin of `digit` is the largest, else 0.
pub fn judge(u: [f64; CLASSES], digit: usize) -> (f64, f64) {
    let top = largest(&u);
    let loss = u.iter().map(|u| (u - top).exp()).sum::<f64>().ln() + top - u[digit];
    (loss, f64::from(u8::from(u[digit] == top)))
}

/// The probabilities `e^(u_c) / sum_c e^(u_c)`.
pub fn softmax(u: [f64; CLASSES]) -> [f64; CLASSES] {
    let top = largest(&u);
    let e = u.map(|u| (u - top).exp());
    let sum: f64 = e.iter().sum();
    e.map(|e| e / sum)
}

/// `dl/du`: the probabilities, less 1 for `digit`.
pub fn slope(u: [f64; CLASSES], digit: usize) -> [f64; CLASSES] {
    let mut p = softmax(u);
    p[digit] -= 1.0;
    p
}

/// The largest singular value of a matrix with rows of length `n`.
pub fn spectral_norm(a: &[f64], n: usize) -> f64 {
    let values = MatRef::from_row_major_slice(a, a.len() / n, n).singular_values();
    values.map_or(f64::INFINITY, |values| values.first().copied().unwrap_or(0.0))
}
