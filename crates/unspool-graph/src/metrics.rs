//! How near a learned graph is to the true one.
//!
//! | metric | formula |
//! |---|---|
//! | `gmse` | `||max(0, w_hat) - w||^2 / ||w||^2` |
//! | `auc` | probability that a true edge has a larger `|w_hat|` than a pair that is none; ties count half |
//! | `average_precision` | area under the steps of precision over recall |
//! | `f1` | `2 TP / (2 TP + FP + FN)` of the pairs with `w_hat != 0` |
//! | `best_f1` | the largest F1 over all thresholds on `|w_hat|` |
//! | `hamming` | structural Hamming distance: pairs that are an edge in one graph only |
//!
//! Pairs that are an edge in neither graph are counted, not listed: memory is proportional to edges.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, Poisson};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::error::{Error, Result, check_len};
use crate::unit::unit;
use crate::{Graph, pairs};

/// A number with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value, or mean.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// All metrics of one graph, or of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores<T = f64> {
    /// Relative squared error of the weights.
    pub gmse: T,
    /// Area under the ROC curve.
    pub auc: T,
    /// Average precision.
    pub average_precision: T,
    /// F1 of the edges as they are.
    pub f1: T,
    /// F1 at the best threshold.
    pub best_f1: T,
    /// Structural Hamming distance.
    pub hamming: T,
}

impl<T> Scores<T> {
    /// Names and values, in order.
    pub fn named(self) -> [(&'static str, T); 6] {
        let Scores { gmse, auc, average_precision, f1, best_f1, hamming } = self;
        [
            ("gmse", gmse),
            ("auc", auc),
            ("average_precision", average_precision),
            ("f1", f1),
            ("best_f1", best_f1),
            ("hamming", hamming),
        ]
    }

    fn map<U>(values: [T; 6], f: impl Fn(T) -> U) -> Scores<U> {
        let [gmse, auc, average_precision, f1, best_f1, hamming] = values.map(f);
        Scores { gmse, auc, average_precision, f1, best_f1, hamming }
    }
}

/// A pair that is an edge in one graph or both.
#[derive(Clone, Copy)]
struct Pair {
    learned: f64,
    truth: f64,
}

/// The pairs of two graphs by `|learned|`, largest first; and how many pairs are an edge in neither.
struct Pairs {
    listed: Vec<Pair>,
    absent: f64,
    /// A power of two near the largest true weight: squares of weights are taken in this unit.
    unit: f64,
}

impl Pairs {
    fn new(learned: &Graph, truth: &Graph) -> Result<Self> {
        check_len("the nodes of the learned graph", learned.nodes(), truth.nodes())?;
        // nodes with names are the same by name, others by order
        let ordered;
        let learned = if learned.names().is_empty() || truth.names().is_empty() || learned.names() == truth.names() {
            learned
        } else {
            ordered = learned.ordered(truth.names())?;
            &ordered
        };
        let mut listed = Vec::with_capacity(learned.edges().len() + truth.edges().len());
        let mut rest = truth.edges().iter().peekable();
        let place = |edge: &crate::Edge| (edge.i, edge.j);
        for edge in learned.edges() {
            while let Some(only) = rest.next_if(|other| place(other) < place(edge)) {
                listed.push(Pair { learned: 0.0, truth: only.weight });
            }
            let same = rest.next_if(|other| place(other) == place(edge));
            listed.push(Pair { learned: edge.weight, truth: same.map_or(0.0, |other| other.weight) });
        }
        listed.extend(rest.map(|only| Pair { learned: 0.0, truth: only.weight }));
        listed.retain(|pair| pair.learned != 0.0 || pair.truth != 0.0);
        let total = pairs::count(truth.nodes());
        let edges = listed.iter().filter(|pair| pair.truth != 0.0).count();
        if edges == 0 || edges == total {
            let problem = format!("{edges} of the {total} pairs of the true graph are edges");
            return Err(Error::data(problem, "scores need edges, and pairs that are none"));
        }
        listed.sort_by(|a, b| b.learned.abs().total_cmp(&a.learned.abs()));
        let unit = unit(listed.iter().map(|pair| &pair.truth));
        if listed.iter().any(|pair| pair.learned.abs() / unit > 1e150) {
            let problem = "learned weights are more than 1e150 times as large as the true ones";
            return Err(Error::data(problem, "bring the weights of both graphs to one unit"));
        }
        Ok(Pairs { absent: (total - listed.len()) as f64, listed, unit })
    }

    /// The metrics, when pair `e` counts `weight(e)` times and the pairs that are no edge `absent` times.
    fn scores(&self, weight: impl Fn(usize) -> f64, absent: f64) -> Scores {
        let (mut error, mut size, mut hamming, mut both) = (0.0, 0.0, 0.0, 0.0);
        let (mut positives, mut found) = (0.0, 0.0);
        for (e, pair) in self.listed.iter().enumerate() {
            let c = weight(e);
            let (learned, truth) = (pair.learned.max(0.0) / self.unit, pair.truth / self.unit);
            error += c * (learned - truth).powi(2);
            size += c * truth * truth;
            let (is, seems) = (pair.truth != 0.0, pair.learned != 0.0);
            positives += if is { c } else { 0.0 };
            found += if seems { c } else { 0.0 };
            both += if is && seems { c } else { 0.0 };
            hamming += if is != seems { c } else { 0.0 };
        }
        let negatives =
            self.listed.iter().enumerate().map(|(e, p)| if p.truth == 0.0 { weight(e) } else { 0.0 }).sum::<f64>()
                + absent;
        let (mut auc, mut precision, mut best) = (0.0, 0.0, 0.0_f64);
        let (mut tp, mut fp) = (0.0, 0.0);
        let mut e = 0;
        while e < self.listed.len() || fp + tp < positives + negatives {
            // a group of equal scores; the last, of score zero, has the absent pairs
            let score = self.listed.get(e).map_or(0.0, |pair| pair.learned.abs());
            let (mut yes, mut no) = (0.0, if score == 0.0 { absent } else { 0.0 });
            while let Some(pair) = self.listed.get(e).filter(|pair| pair.learned.abs() == score) {
                if pair.truth != 0.0 {
                    yes += weight(e)
                } else {
                    no += weight(e)
                }
                e += 1;
            }
            auc += no * (tp + yes / 2.0);
            (tp, fp) = (tp + yes, fp + no);
            if tp + fp > 0.0 {
                precision += yes * tp / (tp + fp);
                best = best.max(2.0 * tp / (tp + fp + positives));
            }
            if score == 0.0 {
                break;
            }
        }
        Scores {
            gmse: error / size,
            auc: auc / (positives * negatives),
            average_precision: precision / positives,
            f1: 2.0 * both / (found + positives),
            best_f1: best,
            hamming,
        }
    }
}

/// The metrics of one learned graph. Nodes that have names in both graphs are the same by name, others by order.
///
/// # Errors
/// Graphs of different sizes; a true graph without edges, or with all of them; weights that differ by a factor of 1e150.
///
/// # Complexity
/// `O(E log E)` for `E` edges in both graphs together.
pub fn score(learned: &Graph, truth: &Graph) -> Result<Scores> {
    let pairs = Pairs::new(learned, truth)?;
    Ok(pairs.scores(|_| 1.0, pairs.absent))
}

/// The metrics of one learned graph, with the central 95 % of `replicates` bootstrap replicates: every pair counts a
/// Poisson(1) number of times in each. The interval tells how far the score depends on which pairs there are; it
/// does not see the noise of the signals.
///
/// # Errors
/// As [`score`]; fewer than 20 replicates.
pub fn score_with_interval(learned: &Graph, truth: &Graph, replicates: usize, seed: u64) -> Result<Scores<Estimate>> {
    if replicates < 20 {
        return Err(Error::range("the number of replicates", replicates, "at least 20"));
    }
    let pairs = Pairs::new(learned, truth)?;
    let value = pairs.scores(|_| 1.0, pairs.absent);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let bad = |_| Error::data("the bootstrap cannot be drawn", "report this");
    let one = Poisson::new(1.0_f64).map_err(|e| bad(e.to_string()))?;
    // so many absent pairs that their number is normal
    let absent = Normal::new(pairs.absent, pairs.absent.sqrt()).map_err(|e| bad(e.to_string()))?;
    let mut replicate = || {
        let counts: Vec<f64> = pairs.listed.iter().map(|_| one.sample(&mut rng)).collect();
        let absent = absent.sample(&mut rng).round().max(0.0);
        pairs.scores(|e| counts[e], absent).named().map(|(_, value)| value)
    };
    let drawn: Vec<[f64; 6]> = (0..replicates).map(|_| replicate()).collect();
    let mut column = 0;
    let estimates = value.named().map(|(_, value)| {
        let mut sorted: Vec<f64> = drawn.iter().map(|row| row[column]).filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        column += 1;
        let quantile =
            |q: f64| sorted.get(((sorted.len() as f64 - 1.0) * q).round() as usize).copied().unwrap_or(f64::NAN);
        Estimate { value, low: quantile(0.025), high: quantile(0.975) }
    });
    Ok(Scores::map(estimates, |e| e))
}

/// The mean over graphs of each metric, with its 95 % t-interval.
///
/// # Errors
/// Fewer than two graphs.
///
/// ```
/// use unspool_graph::metrics;
/// let estimate = metrics::mean(&[1.0, 2.0, 3.0])?;
/// assert!((estimate.value, (estimate.high - 2.0 - 4.30265 / 3f64.sqrt()).abs() < 1e-5) == (2.0, true));
/// # Ok::<(), unspool_graph::Error>(())
/// ```
pub fn mean(values: &[f64]) -> Result<Estimate> {
    let n = values.len();
    if n < 2 {
        return Err(Error::range("the number of graphs", n, "at least 2 for an interval"));
    }
    let value = values.iter().sum::<f64>() / n as f64;
    let variance = values.iter().map(|v| (v - value).powi(2)).sum::<f64>() / (n - 1) as f64;
    let t = StudentsT::new(0.0, 1.0, (n - 1) as f64).map_err(|e| Error::data(e.to_string(), "report this"))?;
    let half = t.inverse_cdf(0.975) * (variance / n as f64).sqrt();
    Ok(Estimate { value, low: value - half, high: value + half })
}

/// [`mean`] of all metrics of several graphs.
pub fn summary(scores: &[Scores]) -> Result<Scores<Estimate>> {
    let rows: Vec<[f64; 6]> = scores.iter().map(|s| s.named().map(|(_, v)| v)).collect();
    let column = |c: usize| mean(&rows.iter().map(|row| row[c]).collect::<Vec<_>>());
    let estimates = [column(0)?, column(1)?, column(2)?, column(3)?, column(4)?, column(5)?];
    Ok(Scores::map(estimates, |e| e))
}
