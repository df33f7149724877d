//! The outer loss: the loss on held-out rows, over the folds of a cross-validation.

use rayon::prelude::*;

use super::fit::{Fit, Judge, Rows, Shape};
use super::outer::largest;
use crate::TuneError;

/// Training rows and held-out rows of each fold. The folds are fitted side by side; sums are taken
/// in order.
pub(super) struct Folds {
    folds: Vec<(Fit, Judge)>,
    rows: f64,
    small: bool,
}

/// Up to this many stored numbers, waking other threads costs more than they save.
const SMALL: usize = 1 << 14;

/// The outer loss at a point.
pub(super) struct Loss {
    /// Per row.
    pub(super) value: f64,
    pub(super) gradient: Vec<f64>,
    /// The gradient's largest entry.
    pub(super) steepest: f64,
    /// `|mean of the folds' gradients|^2` over the variance of that mean: about 1 when the folds
    /// have nothing in common to say about single regularisers.
    pub(super) agreement: f64,
}

impl Folds {
    /// `parts` are pairs of training and held-out positions in `rows`.
    pub(super) fn new(rows: &Rows, parts: &[(Vec<usize>, Vec<usize>)], shape: &Shape) -> Result<Self, TuneError> {
        let fold = |(train, held_out): &(Vec<usize>, Vec<usize>)| -> Result<(Fit, Judge), TuneError> {
            Ok((Fit::new(rows.select(train)?, shape)?, Judge::new(rows.select(held_out)?, shape)?))
        };
        let small = rows.features.stored() < SMALL;
        let folds: Vec<_> = if small {
            parts.iter().map(fold).collect::<Result<_, _>>()?
        } else {
            parts.par_iter().map(fold).collect::<Result<_, _>>()?
        };
        let rows = folds.iter().map(|(_, judge)| judge.rows() as f64).sum();
        Ok(Folds { folds, rows, small })
    }

    /// Does the same to each fold; results in order.
    fn each<T: Send>(
        &mut self,
        f: impl Fn(&mut (Fit, Judge)) -> Result<T, TuneError> + Sync + Send,
    ) -> Result<Vec<T>, TuneError> {
        if self.small { self.folds.iter_mut().map(f).collect() } else { self.folds.par_iter_mut().map(f).collect() }
    }

    /// The loss alone.
    pub(super) fn value(&mut self, theta: &[f64]) -> Result<f64, TuneError> {
        let one = |(fit, judge): &mut (Fit, Judge)| -> Result<f64, TuneError> {
            fit.solve(theta)?;
            Ok(judge.value(&fit.w) * judge.rows() as f64)
        };
        let losses: Vec<f64> = self.each(one)?;
        Ok(losses.iter().sum::<f64>() / self.rows)
    }

    /// The loss and its hypergradient.
    pub(super) fn loss(&mut self, theta: &[f64]) -> Result<Loss, TuneError> {
        let one = |(fit, judge): &mut (Fit, Judge)| -> Result<(f64, Vec<f64>), TuneError> {
            let gradient = fit.hypergradient(theta, &|w, c| judge.gradient(w, c))?;
            Ok((judge.value(&fit.w), gradient))
        };
        let parts = self.each(one)?;
        let mut loss = Loss { value: 0.0, gradient: vec![0.0; theta.len()], steepest: 0.0, agreement: 0.0 };
        for ((value, gradient), (_, judge)) in parts.iter().zip(&self.folds) {
            let weight = judge.rows() as f64 / self.rows;
            loss.value += weight * value;
            loss.gradient.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += weight * g);
        }
        loss.steepest = largest(&loss.gradient);
        loss.agreement = agreement(parts.iter().map(|(_, gradient)| gradient));
        if !loss.gradient.iter().all(|g| g.is_finite()) {
            // No way on from here: the outer minimiser turns back.
            loss.value = f64::INFINITY;
        }
        Ok(loss)
    }

    /// Forgets the fits, so that the next start from zero.
    pub(super) fn forget(&mut self) {
        self.folds.iter_mut().for_each(|(fit, _)| fit.w.fill(0.0));
    }

    /// Fits made so far.
    pub(super) fn fits(&self) -> usize {
        self.folds.iter().map(|(fit, _)| fit.count).sum()
    }

    /// Whether each fit reached its tolerance.
    pub(super) fn converged(&self) -> bool {
        self.folds.iter().all(|(fit, _)| fit.converged)
    }
}

/// See [`Loss::agreement`].
fn agreement<'g>(gradients: impl Iterator<Item = &'g Vec<f64>> + Clone) -> f64 {
    let k = gradients.clone().count() as f64;
    let n = gradients.clone().next().map_or(0, Vec::len);
    let (mut size, mut variance) = (0.0, 0.0);
    for j in 0..n {
        let mean = gradients.clone().map(|g| g[j]).sum::<f64>() / k;
        size += mean * mean;
        variance += gradients.clone().map(|g| (g[j] - mean).powi(2)).sum::<f64>() / (k * (k - 1.0));
    }
    if variance > 0.0 { size / variance } else { f64::INFINITY }
}
