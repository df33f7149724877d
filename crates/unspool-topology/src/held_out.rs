//! The methods on signals whose graph nobody knows: how likely they make signals that were kept aside.

use rayon::prelude::*;
use unspool_graph::log_degree::held_out::Loss;
use unspool_graph::metrics::{self, Estimate};
use unspool_graph::{Error, Result, Signals, distances};

use crate::evaluate::{MULTIPLES, Method, Networks, Tuned, estimate};
use crate::learned::Learned;

/// The methods that can take part: [`Method::Unrolling`] and [`Method::L2g`] are for one number of nodes and one unit, and
/// [`Method::LogDegreeOracle`] differs by its scale alone, which does not count here.
/// `theta` of [`Method::LogDegreeTuned`] is the one that makes the last fifth of the signals it learns from likeliest.
pub const METHODS: [Method; 7] = [
    Method::Correlation,
    Method::PseudoInverse,
    Method::Laplacian,
    Method::Refitted,
    Method::LogDegree,
    Method::LogDegreeTuned,
    Method::Learned,
];

/// How a method did.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Twice the negative log-likelihood of a signal for each degree of freedom, [`Loss::Likelihood`] over `m - 1`, at the
    /// best scale; up to a constant that is the same for all methods. None if a graph was not connected.
    pub loss: Option<Estimate>,
    /// How much larger it is than that of [`Method::Learned`] on the same split, on average.
    pub above_learned: Option<Estimate>,
}

/// Learns from all but one of `splits` runs of rows, and judges by that one; each in turn.
///
/// Runs of rows, not rows drawn at random: neighbours in time are alike. The last score, if `adapt` is not 0, is that of
/// [`Method::Learned`] after [`Learned::adapt`] with that many steps on the signals it learns from.
///
/// # Errors
/// Fewer than two splits, fewer than ten observations for each; signals without differences; a method that fails.
pub fn compare(
    signals: &Signals,
    splits: usize,
    methods: &[Method],
    adapt: usize,
    networks: &Networks,
) -> Result<Vec<Score>> {
    let n = signals.observations();
    if splits < 2 || n < 10 * splits {
        return Err(Error::Data {
            problem: format!("{n} observations cannot be cut into {splits} runs of at least 10"),
            hint: "take from 2 to a tenth of their number",
        });
    }
    let losses: Vec<Vec<Option<f64>>> = (0..splits)
        .into_par_iter()
        .map(|k| {
            let (rest, held) = cut(signals, k, splits)?;
            let z = distances::squared(&rest)?;
            let held = distances::squared(&held)?;
            let size = (signals.nodes(), rest.observations());
            let tuned =
                if methods.contains(&Method::LogDegreeTuned) { tune(&rest, networks)? } else { Tuned::default() };
            let learned = |networks: &Networks, method| -> Result<Option<f64>> {
                let estimated = estimate(method, size, &z, tuned, networks, 0)?;
                Ok(estimated.and_then(|estimated| loss(size.0, &held, &estimated.w)))
            };
            // the network's first: what the others are compared with
            let mut row = vec![learned(networks, Method::Learned)?];
            for &method in methods {
                row.push(learned(networks, method)?);
            }
            if adapt > 0 {
                let mut own: Learned = networks.learned.clone();
                own.adapt(&rest, adapt)?;
                row.push(learned(&Networks { learned: own, unrolling: Vec::new(), l2g: Vec::new() }, Method::Learned)?);
            }
            Ok(row)
        })
        .collect::<Result<_>>()?;
    let mean = |values: Option<Vec<f64>>| values.map(|values| metrics::mean(&values)).transpose();
    (1..losses[0].len())
        .map(|c| {
            let difference = |row: &Vec<Option<f64>>| Some(row[c]? - row[0]?);
            Ok(Score {
                loss: mean(losses.iter().map(|row| row[c]).collect())?,
                above_learned: mean(losses.iter().map(difference).collect())?,
            })
        })
        .collect()
}

/// All rows but the `k`-th of `splits` runs, and that run.
fn cut(signals: &Signals, k: usize, splits: usize) -> Result<(Signals, Signals)> {
    let (n, m) = (signals.observations(), signals.nodes());
    let (first, last) = (n * k / splits * m, n * (k + 1) / splits * m);
    let values = signals.values();
    let rest = [&values[..first], &values[last..]].concat();
    Ok((Signals::new(rest, m)?, Signals::new(values[first..last].to_vec(), m)?))
}

/// None if the graph is not connected.
fn loss(m: usize, held_out: &[f64], w: &[f64]) -> Option<f64> {
    let loss = Loss::Likelihood.evaluate(m, held_out, w, &mut vec![0.0; w.len()]);
    loss.ok().map(|loss| loss / (m - 1) as f64)
}

/// The multiple of `theta` that makes the last fifth of the signals likeliest.
fn tune(signals: &Signals, networks: &Networks) -> Result<Tuned> {
    let (rest, held) = cut(signals, 4, 5)?;
    let (z, held) = (distances::squared(&rest)?, distances::squared(&held)?);
    let size = (signals.nodes(), rest.observations());
    let mut best = (f64::INFINITY, Tuned::default());
    for multiple in MULTIPLES {
        let tuned = Tuned { multiple, ..Tuned::default() };
        let estimated = estimate(Method::LogDegreeTuned, size, &z, tuned, networks, 0)?;
        let loss = estimated.and_then(|estimated| loss(size.0, &held, &estimated.w)).unwrap_or(f64::INFINITY);
        if loss < best.0 {
            best = (loss, tuned);
        }
    }
    Ok(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unspool_graph::example;

    #[test]
    fn runs_of_rows_and_their_rest() {
        let signals = Signals::new((0..24).map(f64::from).collect(), 2).unwrap();
        let (rest, held) = cut(&signals, 1, 3).unwrap();
        assert_eq!(held.values(), (8..16).map(f64::from).collect::<Vec<_>>());
        assert_eq!(rest.observations(), 8);
        assert_eq!(rest.values()[7..9], [7.0, 16.0]);
    }

    #[test]
    fn methods_on_real_signals() {
        let (signals, _) = example::load("molene").unwrap();
        let networks = Networks::with(Learned::shipped().unwrap()).unwrap();
        let scores = compare(&signals, 5, &METHODS, 0, &networks).unwrap();
        let own = scores.last().unwrap();
        assert_eq!(own.above_learned.unwrap().value, 0.0);
        let value = |k: usize| scores[k].loss.unwrap().value;
        assert!(value(2) < value(1), "the likelihood is worse than the pseudo-inverse");
        assert!(compare(&signals, 1, &METHODS, 0, &networks).is_err());
        assert!(compare(&signals, signals.observations(), &METHODS, 0, &networks).is_err());
    }
}
