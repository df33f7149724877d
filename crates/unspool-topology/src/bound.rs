//! What no method can beat: a genie-aided bound.
//!
//! Where edges are independent, each with probability `p` ([Erdős-Rényi](crate::data::Kind::Er)), a genie estimates the weight of a
//! pair who knows `p`, how weights are drawn, and *all other weights*. Nobody who has the signals alone can have a smaller GMSE in
//! the mean. With `u` the weight of the pair before [`weigh`](unspool_graph::simulate::weigh) scales all to a mean degree of 1, `S`
//! the sum of the others, `r` the effective resistance of the pair in their graph and `z` its squared distance, from `n` signals
//! on `m` nodes,
//!
//! ```text
//! L(u) = c(u) (L_others + u b b'),   c(u) = m / (2 (S + u)),   w = c(u) u
//! log p(signals | u) = n/2 ((m - 1) log c + log(1 + u r) - c (<L_others, Z> + u z)) + constant
//! estimate = E[w / |w|^2 | signals] / E[1 / |w|^2 | signals]
//! ```
//!
//! The estimate has the least expected GMSE. What is small is neglected: what is added to the Laplacian (`1e-4`) when all is
//! scaled, and that the mean of the weights drawn, known to 7 % / sqrt(edges), is not quite its expectation.

use unspool_core::linsolve::dense;
use unspool_graph::{Result, pairs};

use crate::data::factored;

/// Nodes and weights of Gauss-Hermite quadrature for the standard normal distribution.
const NORMAL: [(f64, f64); 5] = [
    (-2.856_970_013_872_806, 0.011_257_411_327_720_7),
    (-1.355_626_179_974_266, 0.222_075_922_005_612_7),
    (0.0, 0.533_333_333_333_333_3),
    (1.355_626_179_974_266, 0.222_075_922_005_612_7),
    (2.856_970_013_872_806, 0.011_257_411_327_720_7),
];

/// The half-vector that the genie estimates from the squared distances `z` of `n` signals on `m` nodes; `truth` are the
/// weights, none of which serves for its own pair.
///
/// # Errors
/// Weights that make no Laplacian.
///
/// # Complexity
/// `O(m^3)`.
pub fn genie(m: usize, p: f64, truth: &[f64], z: &[f64], n: usize) -> Result<Vec<f64>> {
    let mut covariance = vec![0.0; m * m];
    covariance.iter_mut().step_by(m + 1).for_each(|c| *c = 1.0);
    dense::cholesky_solve(&factored(m, truth)?, m, m, &mut covariance);
    let prior = prior(p);
    let edges = truth.iter().filter(|w| **w > 0.0).count();
    let scale = truth.iter().sum::<f64>() / (edges as f64 * mean_weight());
    let weights = || truth.iter().map(|w| w / scale);
    let sum: f64 = weights().sum();
    let squares: f64 = weights().map(|u| u * u).sum();
    let energy: f64 = weights().zip(z).map(|(u, z)| u * z).sum();
    let estimate = |((i, j), (u, &z)): ((usize, usize), (f64, &f64))| {
        let resistance = scale * (covariance[i * m + i] + covariance[j * m + j] - 2.0 * covariance[i * m + j]);
        let rest = Rest {
            nodes: m as f64,
            signals: n as f64,
            sum: sum - u,
            energy: energy - u * z,
            resistance: resistance / (1.0 - u * resistance),
        };
        let most = prior.iter().map(|&(u, _)| rest.log_likelihood(u, z)).fold(f64::NEG_INFINITY, f64::max);
        let (mut a, mut b) = (0.0, 0.0);
        for &(x, probability) in &prior {
            let c = rest.scale(x);
            let share = probability * (rest.log_likelihood(x, z) - most).exp() / (c * c * (squares - u * u + x * x));
            a += share * c * x;
            b += share;
        }
        a / b
    };
    Ok(pairs::iter(m).zip(weights().zip(z)).map(estimate).collect())
}

/// What the genie knows of a pair.
struct Rest {
    nodes: f64,
    signals: f64,
    sum: f64,
    energy: f64,
    resistance: f64,
}

impl Rest {
    fn scale(&self, u: f64) -> f64 {
        self.nodes / (2.0 * (self.sum + u))
    }

    fn log_likelihood(&self, u: f64, z: f64) -> f64 {
        let c = self.scale(u);
        let determinant = (self.nodes - 1.0) * c.ln() + (u * self.resistance).ln_1p();
        0.5 * self.signals * (determinant - c * (self.energy + u * z))
    }
}

/// Values of `u` and their probabilities: 0, or `(exp(0.1 a) + exp(0.1 b)) / 2`.
fn prior(p: f64) -> Vec<(f64, f64)> {
    let of = |(a, pa): (f64, f64), (b, pb): (f64, f64)| (((0.1 * a).exp() + (0.1 * b).exp()) / 2.0, p * pa * pb);
    let present = NORMAL.iter().flat_map(|&a| NORMAL.iter().map(move |&b| of(a, b)));
    std::iter::once((0.0, 1.0 - p)).chain(present).collect()
}

/// `E[exp(0.1 a)]`.
fn mean_weight() -> f64 {
    0.005f64.exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Kind, Labelled, Order, labelled};
    use crate::unrolling::gmse;

    #[test]
    fn likelihood_is_that_of_the_signals() {
        let (m, n) = (6, 10);
        let Labelled { truth, z, .. } =
            labelled::<f64>(&unspool_graph::generate::Family::ErdosRenyi { p: 0.9 }, m, n, Order::Shuffled, 3).unwrap();
        let pair = truth.iter().position(|w| *w > 0.0).unwrap();
        let direct = |u: f64| {
            let mut w = truth.clone();
            w[pair] = u;
            let scale = m as f64 / (2.0 * w.iter().sum::<f64>());
            w.iter_mut().for_each(|w| *w *= scale);
            let factor = factored(m, &w).unwrap();
            let determinant: f64 = factor.iter().step_by(m + 1).map(|c| 2.0 * c.ln()).sum();
            n as f64 / 2.0 * (determinant - w.iter().zip(&z).map(|(w, z)| w * z).sum::<f64>())
        };
        let mut covariance = vec![0.0; m * m];
        covariance.iter_mut().step_by(m + 1).for_each(|c| *c = 1.0);
        let mut others = truth.clone();
        others[pair] = 0.0;
        dense::cholesky_solve(&factored(m, &others).unwrap(), m, m, &mut covariance);
        let (i, j) = pairs::iter(m).nth(pair).unwrap();
        let rest = Rest {
            nodes: m as f64,
            signals: n as f64,
            sum: others.iter().sum(),
            energy: others.iter().zip(&z).map(|(w, z)| w * z).sum(),
            resistance: covariance[i * m + i] + covariance[j * m + j] - 2.0 * covariance[i * m + j],
        };
        for u in [0.05, 0.3, 2.0] {
            let expected = direct(u) - direct(0.0);
            let got = rest.log_likelihood(u, z[pair]) - rest.log_likelihood(0.0, z[pair]);
            assert!((got - expected).abs() < 1e-2 * expected.abs().max(0.1), "{u}: {got} {expected}");
        }
    }

    #[test]
    fn prior_has_the_moments_of_the_weights() {
        let prior = prior(0.3);
        let moment = |f: fn(f64) -> f64| prior.iter().map(|&(u, p)| f(u) * p).sum::<f64>();
        assert!((moment(|_| 1.0) - 1.0).abs() < 1e-12);
        assert!((moment(|u| u) - 0.3 * mean_weight()).abs() < 1e-9);
        // (E e^0.2a + (E e^0.1a)^2) / 2
        assert!((moment(|u| u * u) - 0.15 * (0.02f64.exp() + 0.01f64.exp())).abs() < 1e-9);
    }

    #[test]
    fn many_signals_leave_no_error() {
        let m = 20;
        let family = Kind::Er.family(m);
        let errors = [30, 300, 100_000].map(|n| {
            let Labelled { truth, z, .. } = labelled::<f64>(&family, m, n, Order::Shuffled, 5).unwrap();
            gmse(&genie(m, 6.0 / 19.0, &truth, &z, n).unwrap(), &truth)
        });
        assert!(errors[0] > 0.2 && errors[0] < 0.8 && errors[1] < errors[0] && errors[2] < 1e-3, "{errors:?}");
    }
}
