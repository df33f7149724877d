//! Parameters: names, shapes, constraints, first values. All values lie in one flat vector.
//!
//! The optimizer moves *raw* values, which are free; a model sees *values*, which satisfy the constraints. A weight file holds
//! values.

use std::ops::Range;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unspool_core::Real;

/// What a parameter must satisfy, as a function of a free raw value `r`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constraint {
    /// Nothing: `r`.
    Free,
    /// Positive: `exp(r)`.
    Positive,
    /// Between two bounds: `low + (high - low) / (1 + exp(-r))`.
    Between(f64, f64),
}

impl Constraint {
    fn value(self, r: f64) -> f64 {
        match self {
            Constraint::Free => r,
            Constraint::Positive => r.exp(),
            Constraint::Between(low, high) => low + (high - low) / (1.0 + (-r).exp()),
        }
    }

    /// Derivative of the value in the raw value, from the value.
    fn slope(self, value: f64) -> f64 {
        match self {
            Constraint::Free => 1.0,
            Constraint::Positive => value,
            Constraint::Between(low, high) => (value - low) * (high - value) / (high - low),
        }
    }

    fn raw(self, value: f64) -> f64 {
        match self {
            Constraint::Free => value,
            Constraint::Positive => value.ln(),
            Constraint::Between(low, high) => ((value - low) / (high - value)).ln(),
        }
    }
}

/// Values before training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All the same.
    Constant(f64),
    /// Uniform on `+-gain sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio 2010), for a matrix.
    Xavier(f64),
    /// Uniform on `+-1 / sqrt(fan_in)`.
    FanIn(usize),
    /// Uniform on `+-sqrt(6 / fan_in)`, which keeps the size of signals through rectifiers (He et al. 2015).
    He(usize),
    /// Square matrices with this value on the diagonal, 0 elsewhere.
    Diagonal(f64),
}

/// One named tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Name, as in files.
    pub name: String,
    /// Shape, row-major.
    pub shape: Vec<usize>,
    /// What its values satisfy.
    pub constraint: Constraint,
    /// Values before training.
    pub init: Init,
    /// Where it lies in the flat vector.
    pub range: Range<usize>,
}

/// All tensors of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    entries: Vec<Entry>,
    len: usize,
}

impl Layout {
    /// Without parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tensor; returns where it lies.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        shape: &[usize],
        constraint: Constraint,
        init: Init,
    ) -> Range<usize> {
        let range = self.len..self.len + shape.iter().product::<usize>();
        self.len = range.end;
        self.entries.push(Entry { name: name.into(), shape: shape.to_vec(), constraint, init, range: range.clone() });
        range
    }

    /// Number of scalars.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The tensors, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Raw values before training.
    pub fn init<F: Real>(&self, seed: u64) -> Vec<F> {
        let mut raw = vec![F::zero(); self.len];
        for (stream, entry) in self.entries.iter().enumerate() {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(stream as u64);
            let fans = || match *entry.shape.as_slice() {
                [rows, columns] => (rows + columns) as f64,
                _ => 2.0 * entry.range.len() as f64,
            };
            let uniform = |bound: f64, rng: &mut ChaCha8Rng| bound * (2.0 * rng.random::<f64>() - 1.0);
            let columns = entry.shape.last().copied().unwrap_or(1);
            for (index, raw) in raw[entry.range.clone()].iter_mut().enumerate() {
                *raw = F::of(match entry.init {
                    Init::Constant(value) => entry.constraint.raw(value),
                    Init::Xavier(gain) => uniform(gain * (6.0 / fans()).sqrt(), &mut rng),
                    Init::Diagonal(value) if index / columns % columns == index % columns => value,
                    Init::Diagonal(_) => 0.0,
                    Init::FanIn(fan) => uniform(1.0 / (fan as f64).sqrt(), &mut rng),
                    Init::He(fan) => uniform((6.0 / fan as f64).sqrt(), &mut rng),
                });
            }
        }
        raw
    }

    /// Values from raw values.
    pub fn values<F: Real>(&self, raw: &[F], values: &mut [F]) {
        values.copy_from_slice(raw);
        for entry in self.entries.iter().filter(|entry| entry.constraint != Constraint::Free) {
            for v in &mut values[entry.range.clone()] {
                *v = F::of(entry.constraint.value(v.wide()));
            }
        }
    }

    /// Turns a gradient in the values into one in the raw values.
    pub fn pull<F: Real>(&self, values: &[F], gradient: &mut [F]) {
        for entry in self.entries.iter().filter(|entry| entry.constraint != Constraint::Free) {
            for (g, v) in gradient[entry.range.clone()].iter_mut().zip(&values[entry.range.clone()]) {
                *g *= F::of(entry.constraint.slope(v.wide()));
            }
        }
    }

    /// Raw values of values.
    pub fn raw<F: Real>(&self, values: &[F]) -> Vec<F> {
        let mut raw = values.to_vec();
        for entry in &self.entries {
            for v in &mut raw[entry.range.clone()] {
                *v = F::of(entry.constraint.raw(v.wide()));
            }
        }
        raw
    }

    /// The name of the tensor at an index of the flat vector.
    pub fn name_at(&self, index: usize) -> &str {
        self.entries.iter().find(|entry| entry.range.contains(&index)).map_or("", |entry| &entry.name)
    }
}

/// A generator of its own for a purpose: `seed`, and two numbers that name the stream.
pub fn stream(seed: u64, a: u64, b: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(a);
    let key = rng.next_u64();
    let mut rng = ChaCha8Rng::seed_from_u64(key);
    rng.set_stream(b);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_and_their_slopes() {
        for (c, v) in [(Constraint::Free, -2.0), (Constraint::Positive, 0.3), (Constraint::Between(-1.0, 2.0), 0.7)] {
            let r = c.raw(v);
            assert!((c.value(r) - v).abs() < 1e-14);
            let slope = (c.value(r + 1e-6) - c.value(r - 1e-6)) / 2e-6;
            assert!((c.slope(v) - slope).abs() < 1e-9, "{c:?}");
        }
    }

    #[test]
    fn first_values_are_those_of_the_seed() {
        let mut layout = Layout::new();
        let bias = layout.add("bias", &[3], Constraint::Positive, Init::Constant(2.0));
        let weight = layout.add("weight", &[4, 3], Constraint::Free, Init::Xavier(1.0));
        let (a, b): (Vec<f64>, Vec<f64>) = (layout.init(1), layout.init(2));
        let mut values = a.clone();
        layout.values(&a, &mut values);
        assert!(values[bias].iter().all(|v| (v - 2.0).abs() < 1e-15));
        assert!(a[weight.clone()].iter().all(|v| v.abs() <= (6.0f64 / 7.0).sqrt()));
        assert_ne!(a[weight.clone()], b[weight]);
        assert_eq!((layout.len(), layout.name_at(5)), (15, "weight"));
    }
}
