//! A small problem, its derivative by plain loops, and its files.

use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const N: usize = 30;
const D: usize = 5;
const NV: usize = 10;
const STEPS: usize = 40;
const STEP_SIZE: f64 = 0.5;

pub(crate) struct Problem {
    name: &'static str,
    x: Vec<f64>,
    y: Vec<f64>,
    x_val: Vec<f64>,
    y_val: Vec<f64>,
    theta: Vec<f64>,
}

impl Problem {
    /// `name`: ridge or logistic.
    pub(crate) fn new(name: &'static str, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = |count: usize| (0..count).map(|_| rng.random_range(-1.0..1.0)).collect::<Vec<f64>>();
        let (x, x_val, w, theta) = (draw(N * D), draw(NV * D), draw(D), draw(D));
        let mut targets = |x: &[f64]| {
            let noise = draw(x.len() / D);
            let y = x.chunks(D).zip(noise).map(|(row, noise)| dot(row, &w) + 0.3 * noise);
            if name == "ridge" { y.collect() } else { y.map(f64::signum).collect::<Vec<_>>() }
        };
        let (y, y_val) = (targets(&x), targets(&x_val));
        let theta = theta.iter().map(|t| 0.3 * t - 2.5).collect();
        Problem { name, x, y, x_val, y_val, theta }
    }

    /// First and second derivative of the loss in the margin `u`.
    fn loss(&self, u: f64, y: f64) -> (f64, f64) {
        if self.name == "ridge" {
            return (u - y, 1.0);
        }
        let s = 1.0 / (1.0 + (y * u).exp());
        (-y * s, s * (1.0 - s))
    }

    /// Gradient of the validation loss of the last iterate: the iterates stored, then the adjoint
    /// recursion.
    fn exact_last(&self) -> Vec<f64> {
        let mut path = vec![vec![0.0; D]];
        for t in 0..STEPS {
            let w = &path[t];
            let slope = mean_rows(&self.x, |i, row| self.loss(dot(row, w), self.y[i]).0);
            let next = (0..D).map(|j| w[j] - STEP_SIZE * (slope[j] + self.theta[j].exp() * w[j])).collect();
            path.push(next);
        }
        let last = path.pop().unwrap();
        let mut v = mean_rows(&self.x_val, |i, row| self.loss(dot(row, &last), self.y_val[i]).0);
        let mut gradient = vec![0.0; D];
        for w in path.iter().rev() {
            let curved = mean_rows(&self.x, |i, row| self.loss(dot(row, w), self.y[i]).1 * dot(row, &v));
            for j in 0..D {
                let lambda = self.theta[j].exp();
                gradient[j] -= STEP_SIZE * lambda * w[j] * v[j];
                v[j] -= STEP_SIZE * (curved[j] + lambda * v[j]);
            }
        }
        gradient
    }

    /// Writes the files; `exact` is the derivative of the last iterate too.
    pub(crate) fn write(&self, dir: &Path) {
        let sizes = format!(r#"{{"n": {N}, "d": {D}, "nv": {NV}, "T": {STEPS}, "step": {STEP_SIZE}, "kappa": 0.1}}"#);
        std::fs::write(dir.join(format!("{}.json", self.name)), sizes).unwrap();
        let exact = self.exact_last();
        let arrays = [
            ("X", &self.x),
            ("y", &self.y),
            ("Xv", &self.x_val),
            ("yv", &self.y_val),
            ("t0", &self.theta),
            ("exact", &exact),
            ("exact_T", &exact),
        ];
        for (array, values) in arrays {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            std::fs::write(dir.join(format!("{}.{array}.f64", self.name)), bytes).unwrap();
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `(1/rows) sum_i weight(i, x_i) x_i`
fn mean_rows(x: &[f64], weight: impl Fn(usize, &[f64]) -> f64) -> Vec<f64> {
    let mut sum = vec![0.0; D];
    for (i, row) in x.chunks(D).enumerate() {
        let weight = weight(i, row) / (x.len() / D) as f64;
        sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += weight * x);
    }
    sum
}
