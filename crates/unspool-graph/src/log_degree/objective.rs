//! The objective, its dual, and what certifies an answer.

use unspool_core::Real;
use unspool_core::kernels::Kernels;

use super::{Weights, check_half};
use crate::error::{Result, check_len, check_positive};
use crate::{gap, pairs};

/// The log-degree model of one half-vector `z` of squared distances:
///
/// ```text
/// F(w)      = 2 theta z'w - alpha 1'log(D w) + beta ||w||^2,   w >= 0
/// dual(lambda) = -||max(0, D'lambda - 2 theta z)||^2 / (4 beta) + sum_i alpha (1 + ln(lambda_i / alpha)),   lambda > 0
/// ```
///
/// `F(w) >= dual(lambda)` for any two, with equality at the optimum. Weights are read as `max(0, w)`, since the
/// iterates of primal-dual methods may be slightly negative. Sums are taken in `f64`; everything is `O(m^2)`.
///
/// ```
/// use unspool_graph::log_degree::{Objective, Weights};
/// let f = Objective::new(3, &[1.0, 1.0, 1.0], Weights::new(1.0, 1.0))?;
/// assert!(f.value(&[0.5, 0.5, 0.5])? >= f.dual(&[1.0, 1.0, 1.0])?);
/// # Ok::<(), unspool_graph::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Objective<'a, F> {
    nodes: usize,
    z: &'a [F],
    weights: Weights,
}

/// What [`Objective::certify`] finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// `F` at the better of the weights.
    pub objective: f64,
    /// That value less the dual value: the optimum is no lower than `objective - gap`. Never negative; infinite
    /// where some `lambda_i` is not positive, or some degree zero.
    pub gap: f64,
    /// Whether the better weights are those of `lambda`, rather than the given ones.
    pub from_dual: bool,
}

impl Certificate {
    /// `gap / max(1, |F|)`; infinite if the objective is.
    pub fn relative_gap(&self) -> f64 {
        let known = self.gap.is_finite() && self.objective.is_finite();
        if known { self.gap / self.objective.abs().max(1.0) } else { f64::INFINITY }
    }
}

impl<'a, F: Real> Objective<'a, F> {
    /// On `m = nodes` nodes.
    ///
    /// # Errors
    /// Fewer than two nodes, a half-vector of the wrong length, an entry that is negative or not finite, weights
    /// that are not positive.
    pub fn new(nodes: usize, z: &'a [F], weights: Weights) -> Result<Self> {
        check_half("the half-vector of squared distances", nodes, z)?;
        weights.check()?;
        Ok(Objective { nodes, z, weights })
    }

    /// `F(max(0, w))`; infinite where a degree is zero.
    ///
    /// # Errors
    /// A `w` of the wrong length.
    pub fn value(&self, w: &[F]) -> Result<f64> {
        let Weights { alpha, beta, theta } = self.weights;
        let d = self.degrees(w)?;
        let logs: f64 = d.iter().map(|d| d.ln()).sum();
        let (mut rest, mut row) = (0.0, vec![0.0; self.nodes]);
        for i in 0..self.nodes {
            let (w, z) = (&w[pairs::row(self.nodes, i)], &self.z[pairs::row(self.nodes, i)]);
            let row = &mut row[..w.len()];
            for ((row, w), z) in row.iter_mut().zip(w).zip(z) {
                let w = w.wide().max(0.0);
                *row = w * (2.0 * theta * z.wide() + beta * w);
            }
            rest += pairs::sum(row);
        }
        Ok(rest - alpha * logs)
    }

    /// `out = 2 theta z + 2 beta w - alpha D'(1 / (D w))` at `max(0, w)`; not finite where a degree is zero.
    ///
    /// # Errors
    /// A `w` or `out` of the wrong length.
    pub fn gradient(&self, w: &[F], out: &mut [F]) -> Result<()> {
        let Weights { alpha, beta, theta } = self.weights;
        check_len("the gradient", out.len(), self.z.len())?;
        let d = self.degrees(w)?;
        for (e, (i, j)) in pairs::iter(self.nodes).enumerate() {
            let (w, z) = (w[e].wide().max(0.0), self.z[e].wide());
            out[e] = F::of(2.0 * (theta * z + beta * w) - alpha * (d[i].recip() + d[j].recip()));
        }
        Ok(())
    }

    /// `max_ij |w - max(0, w - gradient / (2 beta))|` with `w = max(0, w)`: zero at the optimum alone, in the unit
    /// of the weights.
    ///
    /// # Errors
    /// A `w` of the wrong length.
    pub fn residual(&self, w: &[F]) -> Result<f64> {
        let mut g = vec![F::zero(); self.z.len()];
        self.gradient(w, &mut g)?;
        let scale = 0.5 / self.weights.beta;
        let step = |(w, g): (&F, &F)| (w.wide().max(0.0), (w.wide().max(0.0) - scale * g.wide()).max(0.0));
        let change = w.iter().zip(&g).map(step).map(|(w, next)| (next - w).abs());
        Ok(change.fold(0.0, |a, b| if b > a || b.is_nan() { b } else { a }))
    }

    /// `theta z'w + beta ||w||^2`, which is `alpha m / 2` at the optimum, whatever `z`.
    ///
    /// # Errors
    /// A `w` of the wrong length.
    pub fn trace(&self, w: &[F]) -> Result<f64> {
        check_len("the half-vector of weights", w.len(), self.z.len())?;
        let Weights { beta, theta, .. } = self.weights;
        let pairs = w.iter().zip(self.z).map(|(w, z)| (w.wide().max(0.0), z.wide()));
        Ok(pairs.map(|(w, z)| (theta * z + beta * w) * w).sum())
    }

    /// The dual value; minus infinity where some `lambda_i` is not positive.
    ///
    /// # Errors
    /// A `lambda` of the wrong length.
    pub fn dual(&self, lambda: &[F]) -> Result<f64> {
        let (dual, _) = self.dual_and_gap(lambda)?;
        Ok(dual)
    }

    /// The weights of `lambda`: `w = max(0, D'lambda - 2 theta z) / (2 beta)`.
    ///
    /// # Errors
    /// A `lambda` or `w` of the wrong length.
    pub fn primal(&self, lambda: &[F], w: &mut [F]) -> Result<()> {
        check_len("lambda", lambda.len(), self.nodes)?;
        check_len("the half-vector of weights", w.len(), self.z.len())?;
        for (e, (i, j)) in pairs::iter(self.nodes).enumerate() {
            w[e] = F::of(self.weight(lambda[i], lambda[j], self.z[e]));
        }
        Ok(())
    }

    /// The gap between `F` at the weights of `lambda` and the dual value,
    /// `alpha sum_i h(lambda_i d_i / alpha)` with `h(r) = r - 1 - ln r` and `d` their degrees: without cancellation,
    /// and without storing the weights. See [`Certificate::gap`].
    ///
    /// # Errors
    /// A `lambda` of the wrong length.
    pub fn gap(&self, lambda: &[F]) -> Result<f64> {
        let (_, gap) = self.dual_and_gap(lambda)?;
        Ok(gap)
    }

    /// The better of the weights of `lambda` and, if given, `max(0, w)`, with its gap.
    ///
    /// # Errors
    /// A `lambda` or `w` of the wrong length.
    pub fn certify(&self, lambda: &[F], w: Option<&[F]>) -> Result<Certificate> {
        let (dual, gap) = self.dual_and_gap(lambda)?;
        let from_dual = Certificate { objective: dual + gap, gap, from_dual: true };
        let Some(w) = w else { return Ok(from_dual) };
        let objective = self.value(w)?;
        let gap = if dual.is_finite() && objective.is_finite() { (objective - dual).max(0.0) } else { f64::INFINITY };
        Ok(if gap < from_dual.gap || (gap.is_infinite() && from_dual.gap.is_infinite()) {
            Certificate { objective, gap, from_dual: false }
        } else {
            from_dual
        })
    }

    fn weight(&self, a: F, b: F, z: F) -> f64 {
        let Weights { beta, theta, .. } = self.weights;
        (a.wide() + b.wide() - 2.0 * theta * z.wide()).max(0.0) * (0.5 / beta)
    }

    /// The degrees of `max(0, w)`.
    fn degrees(&self, w: &[F]) -> Result<Vec<f64>> {
        check_len("the half-vector of weights", w.len(), self.z.len())?;
        let (m, mut d) = (self.nodes, vec![0.0; self.nodes]);
        let mut row = vec![0.0; m];
        for i in 0..m {
            let w = &w[pairs::row(m, i)];
            let row = &mut row[..w.len()];
            for (row, w) in row.iter_mut().zip(w) {
                *row = w.wide().max(0.0);
            }
            pairs::add_row(i, row, &mut d);
        }
        Ok(d)
    }

    /// Dual value and gap at `lambda`, in one pass.
    fn dual_and_gap(&self, lambda: &[F]) -> Result<(f64, f64)> {
        check_len("lambda", lambda.len(), self.nodes)?;
        if !lambda.iter().all(|&lambda| lambda > F::zero() && lambda.is_finite()) {
            return Ok((f64::NEG_INFINITY, f64::INFINITY));
        }
        let Weights { alpha, beta, .. } = self.weights;
        let (m, mut d, mut ww) = (self.nodes, vec![0.0; self.nodes], 0.0);
        let mut row = vec![0.0; m];
        for i in 0..m {
            let z = &self.z[pairs::row(m, i)];
            let row = &mut row[..z.len()];
            for ((w, &z), &b) in row.iter_mut().zip(z).zip(&lambda[i + 1..]) {
                *w = self.weight(lambda[i], b, z);
            }
            pairs::add_row(i, row, &mut d);
            ww += f64::sum_squares(row);
        }
        let (mut logs, mut sum) = (0.0, 0.0);
        for (lambda, d) in lambda.iter().zip(d) {
            let lambda = lambda.wide() / alpha;
            let x = lambda * d - 1.0;
            logs += 1.0 + lambda.ln();
            sum += gap::rounded(x - x.ln_1p());
        }
        Ok((alpha * logs - beta * ww, alpha * sum))
    }
}

/// The optimal weight of every pair when all distances equal `z`:
/// `(-theta z + sqrt((theta z)^2 + 4 alpha beta / (m - 1))) / (2 beta)`.
///
/// # Errors
/// Fewer than two nodes, a distance that is negative or not finite, weights that are not positive.
///
/// ```
/// use unspool_graph::log_degree::{Weights, equal_distances};
/// assert_eq!(equal_distances(2, 0.0, Weights::new(1.0, 1.0))?, 1.0);
/// # Ok::<(), unspool_graph::Error>(())
/// ```
pub fn equal_distances(nodes: usize, z: f64, weights: Weights) -> Result<f64> {
    check_half("the distance", 2, &[z])?;
    check_positive("the number of nodes less one", nodes as f64 - 1.0)?;
    weights.check()?;
    let (c, share) = (weights.theta * z, weights.alpha / (nodes - 1) as f64);
    Ok(2.0 * share / (c + c.hypot(2.0 * share.sqrt() * weights.beta.sqrt())))
}
