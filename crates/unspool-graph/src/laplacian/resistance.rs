//! Effective resistances: the linear algebra of `L(w)`.
//!
//! `L(w) = D - W` is singular along `1`, so one works with `A = L(w) + tau 11'/m`, positive definite where the graph is
//! connected; `tau`, the mean degree, keeps it well conditioned whatever the unit of `w`. Its inverse is
//! `M = pinv(L) + 11'/(tau m)`, and the *effective resistance* of a pair, `R_ij = M_ii + M_jj - 2 M_ij`, does not see
//! `tau`. Matrices are `m x m` slices, full and symmetric.

use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::{Accum, MatMut, MatRef, Par};
use unspool_core::linsolve::dense::{cholesky, cholesky_scratch};

/// Sets `a = L(w)`, weights `w` on `pairs`.
pub(super) fn laplacian(m: usize, pairs: impl Iterator<Item = (usize, usize)>, w: &[f64], a: &mut [f64]) {
    a.fill(0.0);
    for ((i, j), &w) in pairs.zip(w) {
        a[i * m + j] = -w;
        a[j * m + i] = -w;
        a[i * m + i] += w;
        a[j * m + j] += w;
    }
}

/// Adds `tau 11'/m`, `tau` the mean of the diagonal, and returns `tau`.
pub(super) fn add_mean(m: usize, a: &mut [f64]) -> f64 {
    let tau = (0..m).map(|i| a[i * m + i]).sum::<f64>() / m as f64;
    let share = tau / m as f64;
    for a in a.iter_mut() {
        *a += share;
    }
    tau
}

/// Replaces `a`, positive definite with diagonal about `scale`, by its Cholesky factor and returns `log det a`; `None`
/// if a pivot is not positive or nothing but rounding. `scratch` as [`cholesky_scratch`].
pub(super) fn factor(m: usize, scale: f64, a: &mut [f64], scratch: &mut [f64]) -> Option<f64> {
    cholesky(a, m, scratch).ok()?;
    let mut log_det = 0.0;
    for i in 0..m {
        let pivot = a[i * m + i];
        if !(pivot * pivot > 1e-14 * scale && pivot.is_finite()) {
            return None;
        }
        log_det += 2.0 * pivot.ln();
    }
    Some(log_det)
}

/// Sets `inverse` from what [`factor`] left; `root` is scratch, `m x m`. About `m^3 / 2` multiply-adds.
pub(super) fn invert(m: usize, factor: &[f64], root: &mut [f64], inverse: &mut [f64]) {
    let factor = MatRef::from_column_major_slice(factor, m, m);
    invert_lower_triangular(MatMut::from_column_major_slice_mut(root, m, m), factor, Par::Seq);
    let root = MatRef::from_column_major_slice(root, m, m);
    let (lower, upper) = (BlockStructure::TriangularLower, BlockStructure::TriangularUpper);
    let out = MatMut::from_column_major_slice_mut(inverse, m, m);
    matmul(out, lower, Accum::Replace, root.transpose(), upper, root, lower, 1.0, Par::Seq);
    for j in 0..m {
        for i in j + 1..m {
            inverse[i * m + j] = inverse[j * m + i];
        }
    }
}

/// `r_ij = a_ii + a_jj - 2 a_ij` for `pairs`.
pub(super) fn distances(m: usize, a: &[f64], pairs: impl Iterator<Item = (usize, usize)>, r: &mut [f64]) {
    for ((i, j), r) in pairs.zip(r) {
        *r = a[i * m + i] + a[j * m + j] - 2.0 * a[i * m + j];
    }
}

/// `M = (L(w) + tau 11'/m)^-1` of a graph, and memory to find it.
#[derive(Clone, Debug)]
pub(super) struct Inverse {
    m: usize,
    factor: Vec<f64>,
    root: Vec<f64>,
    matrix: Vec<f64>,
    scratch: Vec<f64>,
}

impl Inverse {
    pub(super) fn new(m: usize) -> Self {
        let square = || vec![0.0; m * m];
        Inverse { m, factor: square(), root: square(), matrix: square(), scratch: vec![0.0; cholesky_scratch(m)] }
    }

    /// Factors `L(w) + tau 11'/m` and returns `log det(L(w) + 11'/m)`; `None` unless the graph is connected.
    pub(super) fn factor(&mut self, pairs: &[(usize, usize)], w: &[f64]) -> Option<f64> {
        laplacian(self.m, pairs.iter().copied(), w, &mut self.factor);
        let tau = add_mean(self.m, &mut self.factor);
        Some(factor(self.m, tau, &mut self.factor, &mut self.scratch)? - tau.ln())
    }

    /// The inverse of what was factored last.
    pub(super) fn invert(&mut self) -> &[f64] {
        invert(self.m, &self.factor, &mut self.root, &mut self.matrix);
        &self.matrix
    }

    /// The last inverse.
    pub(super) fn matrix(&self) -> &[f64] {
        &self.matrix
    }
}
