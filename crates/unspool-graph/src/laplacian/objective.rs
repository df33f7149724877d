//! The likelihood: `f(w) = z'w - log det(L(w) + 11'/m)`, and how far it is from its minimum.
//!
//! With `R_e(w)` the effective resistance of a pair, `grad f = z - R(w)`, and `w >= 0` is optimal exactly where
//! `R_e <= z_e`, with equality where `w_e > 0`.
//!
//! The dual is to maximise `(m - 1) + log det(P + 11'/m)` over `P` positive semidefinite, `P 1 = 0`, with distances
//! `P_ii + P_jj - 2 P_ij <= z_ij`. The `pinv(L(w))` of any connected graph becomes feasible when multiplied by
//! `s = min_e z_e / R_e`, so that
//!
//! ```text
//! f(w) - min f  <=  gap(w) = z'w - (m - 1) - (m - 1) ln s
//! ```
//!
//! At the optimum `z'w = m - 1`, in whatever unit the signals are: gaps are taken relative to `m - 1`.

use super::resistance::{Inverse, distances};
use crate::error::{Error, Result, check_len};
use crate::signals::check_distances;
use crate::{Edge, Graph, gap, pairs};

/// The pairs of nodes that may become edges, and their squared distances: the data of a likelihood.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidates {
    nodes: usize,
    pairs: Vec<(usize, usize)>,
    z: Vec<f64>,
}

/// How good weights are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// `f(w) = z'w - log det(L(w) + 11'/m)`.
    pub objective: f64,
    /// `f(w)` is above its minimum by at most this.
    pub gap: f64,
}

impl Candidates {
    /// All pairs, `z` the half-vector of squared distances (see [`pairs`]).
    ///
    /// # Errors
    /// If `z` is no half-vector, has entries that are negative or not finite, or is zero for a pair: the likelihood of
    /// two nodes with the same signals has no maximum.
    pub fn all(z: &[f64]) -> Result<Self> {
        let nodes = nodes(z)?;
        Self::new(nodes, z, pairs::iter(nodes).collect())
    }

    /// The pairs `support`, in any order, of the half-vector `z`.
    ///
    /// # Errors
    /// As [`Candidates::all`], of the pairs in the support; if the support is no simple graph, or not connected.
    pub fn on(z: &[f64], support: &[(usize, usize)]) -> Result<Self> {
        let nodes = nodes(z)?;
        let edges = support.iter().map(|&(i, j)| Edge { i, j, weight: 1.0 });
        let graph = Graph::new(nodes, edges.collect())?;
        if let Some(node) = graph.component_of().iter().position(|&c| c > 0) {
            let problem = format!("the support does not connect node {node} to node 0");
            return Err(Error::data(problem, "the likelihood needs a connected graph: add pairs to the support"));
        }
        Self::new(nodes, z, graph.edges().iter().map(|edge| (edge.i, edge.j)).collect())
    }

    fn new(nodes: usize, half: &[f64], list: Vec<(usize, usize)>) -> Result<Self> {
        if !half.is_empty() {
            check_distances(nodes, half)?;
        }
        let z: Vec<f64> = list.iter().map(|&(i, j)| half[pairs::index(nodes, i, j)]).collect();
        if let Some(at) = z.iter().position(|&z| z == 0.0) {
            let (i, j) = list[at];
            let problem = format!("nodes {i} and {j} have the same signals: their edge would be infinitely strong");
            return Err(Error::data(problem, "merge the two nodes, or leave this pair out of the support"));
        }
        Ok(Candidates { nodes, pairs: list, z })
    }

    /// Number of nodes, `m`.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// The pairs `i < j`, by `i`, then `j`.
    pub fn pairs(&self) -> &[(usize, usize)] {
        &self.pairs
    }

    /// The squared distance of each pair.
    pub fn distances(&self) -> &[f64] {
        &self.z
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.z.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.z.is_empty()
    }

    /// The half-vector of weights whose entries on these pairs are `w`, zero elsewhere.
    pub fn half(&self, w: &[f64]) -> Result<Vec<f64>> {
        check_len("the weights", w.len(), self.len())?;
        let mut half = vec![0.0; pairs::count(self.nodes)];
        for (&(i, j), &w) in self.pairs.iter().zip(w) {
            half[pairs::index(self.nodes, i, j)] = w;
        }
        Ok(half)
    }

    /// The graph with the positive ones of these weights.
    pub fn graph(&self, w: &[f64]) -> Result<Graph> {
        check_len("the weights", w.len(), self.len())?;
        let edges = self.pairs.iter().zip(w).filter(|(_, w)| **w > 0.0);
        Graph::new(self.nodes, edges.map(|(&(i, j), &weight)| Edge { i, j, weight }).collect())
    }

    /// The effective resistance of each pair in the graph with weights `w >= 0`. `O(m^3)`.
    ///
    /// # Errors
    /// If `w` has the wrong length or the graph is not connected.
    pub fn resistances(&self, w: &[f64]) -> Result<Vec<f64>> {
        let mut r = vec![0.0; self.len()];
        self.evaluate(w, &mut r)?;
        Ok(r)
    }

    /// The objective at weights `w >= 0` and its duality gap. `O(m^3)`.
    ///
    /// # Errors
    /// As [`Candidates::resistances`].
    pub fn certify(&self, w: &[f64]) -> Result<Certificate> {
        let mut r = vec![0.0; self.len()];
        let log_det = self.evaluate(w, &mut r)?;
        Ok(Certificate { objective: self.linear(w) - log_det, gap: self.gap(w, &r) })
    }

    fn evaluate(&self, w: &[f64], r: &mut [f64]) -> Result<f64> {
        check_len("the weights", w.len(), self.len())?;
        if self.nodes < 2 {
            return Ok(0.0);
        }
        let mut inverse = Inverse::new(self.nodes);
        let Some(log_det) = inverse.factor(&self.pairs, w) else {
            return Err(Error::data("the graph of these weights is not connected", "its likelihood is zero"));
        };
        distances(self.nodes, inverse.invert(), self.pairs.iter().copied(), r);
        Ok(log_det)
    }

    /// `z'w`.
    pub(super) fn linear(&self, w: &[f64]) -> f64 {
        self.z.iter().zip(w).map(|(z, w)| z * w).sum()
    }

    /// The duality gap at weights with resistances `r`.
    pub(super) fn gap(&self, w: &[f64], r: &[f64]) -> f64 {
        let rank = self.nodes.saturating_sub(1) as f64;
        // not `min`, which would pass over resistances that are no numbers
        let s = self.z.iter().zip(r).map(|(z, r)| z / r).min_by(f64::total_cmp);
        let is_known = r.iter().all(|r| r.is_finite());
        s.map_or(0.0, |s| if is_known { gap::rounded(self.linear(w) - rank - rank * s.ln()) } else { f64::INFINITY })
    }
}

fn nodes(z: &[f64]) -> Result<usize> {
    pairs::nodes(z.len()).ok_or_else(|| {
        Error::range("the length of the half-vector of squared distances", z.len(), "m (m - 1) / 2 of some m")
    })
}
