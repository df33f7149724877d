//! The outer minimiser: limited-memory BFGS (Nocedal 1980) with backtracking, sparing of
//! evaluations, for log-regularisers.

use std::collections::VecDeque;

use crate::TuneError;

/// Pairs of steps and gradient changes remembered.
const MEMORY: usize = 8;
/// No regulariser moves by more than a factor `e^3` in one step.
const LONGEST: f64 = 3.0;
/// Log-regularisers stay in this range.
pub(super) const RANGE: (f64, f64) = (-18.0, 12.0);
/// A function to minimise: the value at the point, its gradient into the second argument.
pub(super) type Outer<'f> = &'f mut dyn FnMut(&[f64], &mut [f64]) -> Result<Value, TuneError>;

/// What one evaluation says: the value, and whether to stop here.
pub(super) struct Value {
    pub(super) value: f64,
    pub(super) stop: bool,
}

/// Minimises `f` from `x`, in place, with at most `most` evaluations; `f(x, g)` writes the
/// gradient into `g`. A relative decrease below `enough` ends the search. Returns whether it was stopped by `f`.
pub(super) fn minimise(x: &mut Vec<f64>, most: usize, enough: f64, f: Outer<'_>) -> Result<bool, TuneError> {
    let n = x.len();
    let (mut g, mut g_next) = (vec![0.0; n], vec![0.0; n]);
    let Value { mut value, stop } = f(x, &mut g)?;
    let mut pairs: VecDeque<(Vec<f64>, Vec<f64>)> = VecDeque::with_capacity(MEMORY);
    let (mut left, mut stopped) = (most.saturating_sub(1), stop);
    while left > 0 && !stopped && value.is_finite() {
        let mut direction = two_loop(x, &g, &pairs);
        if dot(&direction, &g) >= 0.0 {
            pairs.clear();
            direction = two_loop(x, &g, &pairs);
        }
        let (mut step, mut decrease) = (1.0, None);
        while left > 0 && !stopped {
            let next: Vec<f64> =
                x.iter().zip(&direction).map(|(x, d)| (x + step * d).clamp(RANGE.0, RANGE.1)).collect();
            if next == *x {
                break;
            }
            let s: Vec<f64> = next.iter().zip(&*x).map(|(a, b)| a - b).collect();
            let expected = dot(&g, &s);
            let trial = f(&next, &mut g_next)?;
            left -= 1;
            stopped = trial.stop;
            if trial.value <= value + 1e-4 * expected {
                let y: Vec<f64> = g_next.iter().zip(&g).map(|(a, b)| a - b).collect();
                if dot(&s, &y) > 1e-10 * dot(&y, &y).sqrt() * dot(&s, &s).sqrt() {
                    if pairs.len() == MEMORY {
                        pairs.pop_front();
                    }
                    pairs.push_back((s, y));
                }
                decrease = Some(value - trial.value);
                (*x, value) = (next, trial.value);
                std::mem::swap(&mut g, &mut g_next);
                break;
            }
            // The minimum of the parabola through both values and the slope, within bounds.
            let parabola = -0.5 * expected * step / (trial.value - value - expected);
            step = if parabola.is_finite() { parabola.clamp(0.1 * step, 0.5 * step) } else { 0.1 * step };
        }
        if decrease.is_none_or(|d| d < enough * value.abs()) {
            break;
        }
    }
    Ok(stopped)
}

/// The quasi-Newton direction at `x`; without memory a step of 1 in the steepest coordinate. It
/// does not lead out of the range: coordinates on a bound that would leave it stay.
fn two_loop(x: &[f64], g: &[f64], pairs: &VecDeque<(Vec<f64>, Vec<f64>)>) -> Vec<f64> {
    let mut q: Vec<f64> = g.iter().map(|g| -g).collect();
    keep_inside(x, &mut q);
    let mut alphas = Vec::with_capacity(pairs.len());
    for (s, y) in pairs.iter().rev() {
        let alpha = dot(s, &q) / dot(s, y);
        q.iter_mut().zip(y).for_each(|(q, y)| *q -= alpha * y);
        alphas.push(alpha);
    }
    let scale = match pairs.back() {
        Some((s, y)) => dot(s, y) / dot(y, y),
        None => 1.0 / largest(&q).max(f64::MIN_POSITIVE),
    };
    q.iter_mut().for_each(|q| *q *= scale);
    for ((s, y), alpha) in pairs.iter().zip(alphas.iter().rev()) {
        let beta = dot(y, &q) / dot(s, y);
        q.iter_mut().zip(s).for_each(|(q, s)| *q += (alpha - beta) * s);
    }
    keep_inside(x, &mut q);
    let longest = largest(&q);
    if longest > LONGEST {
        q.iter_mut().for_each(|q| *q *= LONGEST / longest);
    }
    q
}

/// Drops from a direction what leads out of the range.
fn keep_inside(x: &[f64], direction: &mut [f64]) {
    for (d, &x) in direction.iter_mut().zip(x) {
        if (x <= RANGE.0 && *d < 0.0) || (x >= RANGE.1 && *d > 0.0) {
            *d = 0.0;
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn largest(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |m, v| f64::max(m, v.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_minimum_of_a_quartic_valley() {
        let mut evaluations = 0;
        let mut x = vec![2.0, -1.5, 0.5];
        let stopped = minimise(&mut x, 200, 1e-4, &mut |x, g| {
            evaluations += 1;
            let value = 1.0 + (0..3).map(|i| (i + 1) as f64 * x[i].powi(2) + 0.1 * x[i].powi(4)).sum::<f64>();
            (0..3).for_each(|i| g[i] = 2.0 * (i + 1) as f64 * x[i] + 0.4 * x[i].powi(3));
            Ok(Value { value, stop: false })
        });
        assert!(!stopped.unwrap() && evaluations < 25, "{evaluations}");
        assert!(x.iter().all(|x| x.abs() < 0.05), "{x:?}");
    }

    /// A steep slope out of the range does not hold up the other coordinates.
    #[test]
    fn goes_along_the_bounds() {
        for (bound, sign) in [(RANGE.0, 1.0), (RANGE.1, -1.0)] {
            let mut evaluations = 0;
            let mut x = vec![bound, 2.0, bound];
            minimise(&mut x, 100, 2e-3, &mut |x, g| {
                evaluations += 1;
                (g[0], g[1], g[2]) = (1e4 * sign, 2.0 * x[1], 2.0 * x[2]);
                let value = 1.0 + 1e4 * (x[0] - bound).abs() + x[1] * x[1] + x[2] * x[2];
                Ok(Value { value, stop: false })
            })
            .unwrap();
            assert!(evaluations < 20, "{evaluations}");
            assert!(x[0] == bound && x[1].abs() < 0.05 && x[2].abs() < 0.05, "{x:?}");
        }
        // Nowhere to go: one evaluation says so.
        let mut evaluations = 0;
        let mut count = |_: &[f64], g: &mut [f64]| {
            (evaluations, g[0]) = (evaluations + 1, 1.0);
            Ok(Value { value: 0.0, stop: false })
        };
        minimise(&mut vec![RANGE.0], 50, 1e-4, &mut count).unwrap();
        assert_eq!(evaluations, 1);
    }

    #[test]
    fn stays_in_range_and_stops_when_told() {
        let mut x = vec![0.0];
        let stopped = minimise(&mut x, 50, 1e-4, &mut |x, g| {
            g[0] = 1.0;
            Ok(Value { value: x[0], stop: x[0] <= RANGE.0 })
        });
        assert!(stopped.unwrap());
        assert_eq!(x, [RANGE.0]);
    }
}
