//! Optimality of the weights, for implicit differentiation.

use unspool_core::{At, Condition, Real};

use super::parts;
use crate::pairs;

/// The gradient of the objective on the edges that are present, zero elsewhere:
///
/// ```text
/// g_ij = 2 theta z_ij + 2 beta w_ij - alpha (1/d_i + 1/d_j),   d = D w
/// ```
///
/// An edge counts as present where `alpha (1/d_i + 1/d_j) > 2 theta z_ij`: at the optimum these are the positive
/// weights, and near it the rule does not depend on weights that have not quite arrived at zero. The matrix is
/// `2 beta I + alpha D' diag(1/d^2) D` on them. Parameters `[alpha, beta, theta, ...]`; others have no effect.
///
/// # Complexity
/// `O(m^2)` a product, by conjugate gradient without forming anything; the matrix has `O(m^4)` entries, so
/// factorisations are for small graphs ([`held_out`](super::held_out) factors an `m x m` matrix instead).
#[derive(Clone, Copy, Debug)]
pub struct Stationarity<'a, F> {
    pub(super) nodes: usize,
    pub(super) z: &'a [F],
}

impl<F: Real> Stationarity<'_, F> {
    /// `q = alpha / d`.
    fn pull(&self, at: At<'_, F>, q: &mut [F]) {
        pairs::degrees(at.x, q);
        q.iter_mut().for_each(|q| *q = at.theta[0] / *q);
    }

    /// Calls `f(e, i, j)` for each edge that is present.
    fn edges(&self, at: At<'_, F>, q: &[F], mut f: impl FnMut(usize, usize, usize)) {
        let theta2 = at.theta[2] + at.theta[2];
        for (e, (i, j)) in pairs::iter(self.nodes).enumerate() {
            if q[i] + q[j] > theta2 * self.z[e] {
                f(e, i, j);
            }
        }
    }
}

impl<F: Real> Condition<F> for Stationarity<'_, F> {
    fn scratch(&self, _: usize) -> usize {
        2 * self.nodes
    }

    fn value(&self, at: At<'_, F>, out: &mut [F], scratch: &mut [F]) {
        let [q] = parts(self.nodes, scratch);
        let two = F::of(2.0);
        self.pull(at, q);
        out.fill(F::zero());
        self.edges(at, q, |e, i, j| {
            out[e] = two * (at.theta[2] * self.z[e] + at.theta[1] * at.x[e]) - q[i] - q[j];
        });
    }

    fn active(&self, at: At<'_, F>) -> Option<Vec<usize>> {
        let (mut q, mut active) = (vec![F::zero(); self.nodes], Vec::new());
        self.pull(at, &mut q);
        self.edges(at, &q, |e, _, _| active.push(e));
        Some(active)
    }

    fn apply(&self, at: At<'_, F>, _: usize, v: &[F], out: &mut [F], scratch: &mut [F]) {
        let [q, dv] = parts(self.nodes, scratch);
        let (alpha, beta2) = (at.theta[0], at.theta[1] + at.theta[1]);
        self.pull(at, q);
        out.fill(F::zero());
        for (v, out) in v.chunks_exact(self.z.len()).zip(out.chunks_exact_mut(self.z.len())) {
            pairs::degrees(v, dv);
            for (dv, &q) in dv.iter_mut().zip(&*q) {
                *dv *= q * q / alpha;
            }
            self.edges(at, q, |e, i, j| out[e] = beta2 * v[e] + dv[i] + dv[j]);
        }
    }

    fn matrix_scratch(&self) -> usize {
        self.nodes
    }

    fn matrix(&self, at: At<'_, F>, out: &mut [F], scratch: &mut [F]) {
        let [q] = parts(self.nodes, scratch);
        let (m, alpha, beta2) = (self.nodes, at.theta[0], at.theta[1] + at.theta[1]);
        self.pull(at, q);
        out.fill(F::zero());
        self.edges(at, q, |e, i, j| {
            let column = &mut out[e * self.z.len()..][..self.z.len()];
            column[e] = beta2;
            for node in [i, j] {
                for other in (0..m).filter(|&other| other != node) {
                    let pair = pairs::index(m, node.min(other), node.max(other));
                    column[pair] += q[node] * q[node] / alpha;
                }
            }
        });
    }

    fn mixed(&self, at: At<'_, F>, k: usize, dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let [q] = parts(self.nodes, scratch);
        let (l, p, two) = (self.z.len(), at.theta.len(), F::of(2.0));
        self.pull(at, q);
        out.fill(F::zero());
        for c in 0..k {
            let (dtheta, out) = (&dtheta[p * c..], &mut out[l * c..]);
            self.edges(at, q, |e, i, j| {
                let barrier = dtheta[0] / at.theta[0] * (q[i] + q[j]);
                out[e] = two * (dtheta[2] * self.z[e] + dtheta[1] * at.x[e]) - barrier;
            });
        }
    }

    fn mixed_t(&self, at: At<'_, F>, scale: F, v: &[F], gtheta: &mut [F], scratch: &mut [F]) {
        let [q] = parts(self.nodes, scratch);
        self.pull(at, q);
        let (alpha, two) = (at.theta[0], F::of(2.0));
        self.edges(at, q, |e, i, j| {
            gtheta[0] -= scale * v[e] * (q[i] + q[j]) / alpha;
            gtheta[1] += two * scale * v[e] * at.x[e];
            gtheta[2] += two * scale * v[e] * self.z[e];
        });
    }
}
