//! What the likelihood says at given weights: their best scale, and effective resistances.
//!
//! ```text
//! s = (m - 1) / z'w_in,   w = s w_in                    the scale at which the likelihood is largest
//! A = L(w) + eps d I + d 11'/m,   d = 2 1'w / m          d the mean degree
//! R_ij = M_ii + M_jj - 2 M_ij,   M = A^-1                effective resistances, leaking a little to the ground
//! ```
//!
//! Adjoint: `gA = -M L(gR) M`, and `gw_ij = gA_ii + gA_jj - 2 gA_ij + (2/m) eps tr gA`; `gA 1 = 0`.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use unspool_core::Real;
use unspool_core::linsolve::dense::{cholesky, cholesky_scratch, cholesky_solve};
use unspool_graph::pairs;

/// `eps`: the leak to the ground, relative to the mean degree.
const LEAK: f64 = 1e-4;

/// Weights at their best scale, with effective resistances. Computed in `f64`.
#[derive(Clone, Debug, Default)]
pub(super) struct Likelihood<F> {
    m: usize,
    /// `w`.
    pub(super) w: Vec<F>,
    /// `R`.
    pub(super) r: Vec<F>,
    scale: f64,
    inverse: Vec<f64>,
    factor: Vec<f64>,
    scratch: Vec<f64>,
}

impl<F: Real> Likelihood<F> {
    pub(super) fn forward(&mut self, m: usize, z: &[F], input: &[F]) {
        self.m = m;
        self.w.resize(z.len(), F::zero());
        self.r.resize(z.len(), F::zero());
        self.factor.resize(m * m, 0.0);
        self.inverse.resize(m * m, 0.0);
        self.scratch.resize(cholesky_scratch(m), 0.0);
        self.scale = (m - 1) as f64 / z.iter().zip(input).map(|(z, w)| z.wide() * w.wide()).sum::<f64>();
        let a = &mut self.factor;
        a.fill(0.0);
        let mut total = 0.0;
        for (((i, j), w), out) in pairs::iter(m).zip(input).zip(&mut self.w) {
            let w = self.scale * w.wide();
            *out = F::of(w);
            total += w;
            a[i * m + j] = -w;
            a[j * m + i] = -w;
            a[i * m + i] += w;
            a[j * m + j] += w;
        }
        let degree = 2.0 * total / m as f64;
        a.iter_mut().for_each(|a| *a += degree / m as f64);
        a.iter_mut().step_by(m + 1).for_each(|a| *a += LEAK * degree);
        self.inverse.fill(0.0);
        self.inverse.iter_mut().step_by(m + 1).for_each(|a| *a = 1.0);
        if cholesky(a, m, &mut self.scratch).is_ok() {
            cholesky_solve(a, m, m, &mut self.inverse);
        } else {
            self.inverse.fill(f64::NAN);
        }
        let inverse = &self.inverse;
        for ((i, j), r) in pairs::iter(m).zip(&mut self.r) {
            *r = F::of(inverse[i * m + i] + inverse[j * m + j] - 2.0 * inverse[i * m + j]);
        }
    }

    /// From the cotangents of `w` and `R` to that of the input, in `out`.
    pub(super) fn backward(&mut self, z: &[F], gw: &[F], gr: &[F], out: &mut [F]) {
        let m = self.m;
        // L(gR), then M L(gR), then M L(gR) M
        let a = &mut self.factor;
        a.fill(0.0);
        for ((i, j), g) in pairs::iter(m).zip(gr) {
            let g = g.wide();
            a[i * m + j] = -g;
            a[j * m + i] = -g;
            a[i * m + i] += g;
            a[j * m + j] += g;
        }
        let mut half = vec![0.0; m * m];
        let inverse = MatRef::from_column_major_slice(&self.inverse, m, m);
        product(&mut half, inverse, MatRef::from_column_major_slice(a, m, m));
        product(a, MatRef::from_column_major_slice(&half, m, m), inverse);
        let leak = 2.0 / m as f64 * LEAK * (0..m).map(|i| a[i * m + i]).sum::<f64>();
        let mut along = 0.0;
        for ((((i, j), gw), w), out) in pairs::iter(m).zip(gw).zip(&self.w).zip(&mut *out) {
            let g = gw.wide() - (a[i * m + i] + a[j * m + j] - 2.0 * a[i * m + j]) - leak;
            along += g * w.wide();
            *out = F::of(g);
        }
        let (scale, along) = (F::of(self.scale), F::of(self.scale * along / (m - 1) as f64));
        for (out, &z) in out.iter_mut().zip(z) {
            *out = scale * *out - along * z;
        }
    }
}

/// `out = x y`.
fn product(out: &mut [f64], x: MatRef<'_, f64>, y: MatRef<'_, f64>) {
    let m = x.nrows();
    matmul(MatMut::from_column_major_slice_mut(out, m, m), Accum::Replace, x, y, 1.0, Par::Seq);
}
