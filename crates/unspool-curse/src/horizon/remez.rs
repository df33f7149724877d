//! The least `max |Phi|` over `[ell, L]` among polynomials of degree `t` with `Phi(0) = 1`,
//! `Phi'(0) = 0`: approximation of 1 by `lambda^2, …, lambda^t`, a Haar space, by Remez's exchange.
//!
//! In `u = 4 lambda/(L - ell)` (the interval then has capacity one: no product over- or underflows)
//! and for a reference `u_1 < … < u_t`, the polynomial with `Phi(u_i) = (-1)^i h` is, exactly,
//!
//! ```text
//! Phi(u)/h = w(u) [ u^2 sum_i v_i (-1)^i / (u_i^2 (u - u_i)) + (-1)^t (1 + u S)/q ]
//! w(u) = prod_i (u - u_i),  v_i = 1/w'(u_i),  S = sum 1/u_i,  q = S / sum |v_i|/u_i^2 = h prod u_i
//! ```
//!
//! by the divided differences of `1/u^2`. Nothing in it is as small as `h`: the shape is as accurate
//! at `h = 1e-80` as at `h = 1`.

use std::f64::consts::PI;

use crate::theory::Spectrum;

/// The exchange; it starts from the last reference where there is one for one step less.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// Angles of the last reference, `u = 2 (m + |m0|)`, `m = -cos(angle)`.
    angles: Vec<f64>,
}

/// A best polynomial.
#[derive(Clone, Debug)]
pub struct Best {
    /// `ln h`: the logarithm of the least worst case.
    pub ln_level: f64,
    reference: Reference,
}

impl Exchange {
    /// Most exchanges; 4 to 8 are usual.
    const ROUNDS: usize = 60;
    /// Points of the search for extrema, for each degree.
    const DENSITY: usize = 6;

    /// The best polynomial of degree `t >= 1`, to 1e-7 of its level.
    pub fn best(&mut self, s: Spectrum, t: usize) -> Best {
        let even = |i: usize| PI * i as f64 / (t.max(2) - 1) as f64;
        if self.angles.len() + 1 == t && t > 2 {
            // Stretches the last reference by one point.
            let old = std::mem::take(&mut self.angles);
            let at = |x: f64| {
                let (i, f) = ((x as usize).min(t - 3), x - (x as usize).min(t - 3) as f64);
                old[i] * (1.0 - f) + old[i + 1] * f
            };
            self.angles = (0..t).map(|i| at(i as f64 * (t - 2) as f64 / (t - 1) as f64)).collect();
        } else {
            self.angles = (0..t).map(even).collect();
        }
        let mut reference = Reference::new(s, &self.angles);
        if t == 1 {
            return Best { ln_level: 0.0, reference };
        }
        let steps = Self::DENSITY * t;
        for _ in 0..Self::ROUNDS {
            let mut points: Vec<f64> = (0..=steps).map(|i| PI * i as f64 / steps as f64).collect();
            points.extend(&self.angles);
            points.sort_by(f64::total_cmp);
            let values: Vec<f64> = points.iter().map(|&a| reference.value(a)).collect();
            let mut extrema = extrema(&points, &values, PI / steps as f64, |a| reference.value(a));
            let largest = extrema.iter().fold(0.0, |m: f64, e| m.max(e.1.abs()));
            // Alternation needs t points; surplus ones leave at the ends, the smaller first.
            while extrema.len() > t {
                let last = extrema.len() - 1;
                extrema.remove(if extrema[0].1.abs() < extrema[last].1.abs() { 0 } else { last });
            }
            if extrema.len() < t || largest <= 1.0 + 1e-7 {
                break;
            }
            self.angles = extrema.iter().map(|e| e.0).collect();
            reference = Reference::new(s, &self.angles);
        }
        Best { ln_level: reference.ln_level, reference }
    }
}

/// The extremum of each run of equal signs, refined by parabolas. `f` is even about both edges, so an
/// angle beyond one is no exception.
fn extrema(points: &[f64], values: &[f64], spacing: f64, f: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let mut runs: Vec<(f64, f64)> = vec![];
    for (&point, &value) in points.iter().zip(values) {
        match runs.last_mut() {
            Some(last) if (last.1 < 0.0) == (value < 0.0) => {
                if value.abs() > last.1.abs() {
                    *last = (point, value);
                }
            }
            _ => runs.push((point, value)),
        }
    }
    for run in &mut runs {
        for h in [spacing / 2.0, spacing / 16.0] {
            let (a, b) = (f(run.0 - h), f(run.0 + h));
            let shift = 0.5 * h * (a - b) / (a - 2.0 * run.1 + b);
            let point = (run.0 + shift.clamp(-h, h)).clamp(0.0, PI);
            let value = f(point);
            if value.abs() > run.1.abs() && (value < 0.0) == (run.1 < 0.0) {
                *run = (point, value);
            }
        }
    }
    runs
}

/// The polynomial that alternates on a reference, over its level.
#[derive(Clone, Debug)]
struct Reference {
    u: Vec<f64>,
    /// `v_i (-1)^i / u_i^2`
    terms: Vec<f64>,
    /// `2 (|m0| - 1)`, so that `u = offset + 4 sin^2(angle/2)`.
    offset: f64,
    sum: f64,
    q: f64,
    ln_level: f64,
}

impl Reference {
    fn new(s: Spectrum, angles: &[f64]) -> Self {
        let offset = 4.0 * s.ell() / (s.big_l() - s.ell());
        let u: Vec<f64> = angles.iter().map(|a| offset + 4.0 * (0.5 * a).sin().powi(2)).collect();
        // Every difference as a product of sines: exact to rounding however close to an edge.
        let difference = |a: f64, b: f64| 4.0 * (0.5 * (a + b)).sin() * (0.5 * (a - b)).sin();
        let (mut terms, mut absolute) = (vec![], 0.0);
        for (i, (&a, u)) in angles.iter().zip(&u).enumerate() {
            let others = angles.iter().enumerate().filter(|(j, _)| *j != i);
            let slope: f64 = others.map(|(_, &b)| difference(a, b)).product();
            let term = 1.0 / (slope * u * u);
            absolute += term.abs();
            terms.push(if i % 2 == 0 { term } else { -term });
        }
        let sum: f64 = u.iter().map(|u| 1.0 / u).sum();
        let q = sum / absolute;
        let ln_level = q.ln() - u.iter().map(|u| u.ln()).sum::<f64>();
        Reference { u, terms, offset, sum, q, ln_level }
    }

    /// `Phi/h` at an angle.
    fn value(&self, angle: f64) -> f64 {
        let x = self.offset + 4.0 * (0.5 * angle).sin().powi(2);
        let (mut product, mut poles) = (1.0, 0.0);
        for (i, (u, term)) in self.u.iter().zip(&self.terms).enumerate() {
            let difference = x - u;
            if difference.abs() <= 1e-14 * x {
                return if i % 2 == 0 { 1.0 } else { -1.0 };
            }
            product *= difference;
            poles += term / difference;
        }
        let sign = if self.u.len().is_multiple_of(2) { 1.0 } else { -1.0 };
        product * (x * x * poles + sign * (1.0 + x * self.sum) / self.q)
    }
}

impl Best {
    /// Its degree.
    pub fn degree(&self) -> usize {
        self.reference.u.len()
    }

    /// The coefficients of `Phi/h` in Chebyshev's polynomials of `m`, by its values at `-cos(pi j/t)`.
    pub fn coefficients(&self) -> Vec<f64> {
        let t = self.degree();
        let cosines: Vec<f64> = (0..2 * t).map(|j| (PI * j as f64 / t as f64).cos()).collect();
        let end = |j: usize| if j == 0 || j == t { 0.5 } else { 1.0 };
        let values: Vec<f64> = (0..=t).map(|j| end(j) * self.reference.value(PI * (t - j) as f64 / t as f64)).collect();
        let coefficient = |k: usize| {
            let sum: f64 = values.iter().enumerate().map(|(j, v)| v * cosines[j * k % (2 * t)]).sum();
            end(k) * 2.0 * sum / t as f64
        };
        (0..=t).map(coefficient).collect()
    }
}
