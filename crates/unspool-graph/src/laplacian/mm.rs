//! Majorisation-minimisation: `w_{t+1} = w_t sqrt(R(w_t) / z)`.
//!
//! `-log det` is majorised at `w_t` by `sum_e R_e(w_t) w_{t,e}^2 / w_e`, whose sum with `z'w` has this minimum. Weights stay
//! positive, the objective never rises, and no step size is needed; the last digits come slowly.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use unspool_core::linsolve::dense::cholesky_scratch;
use unspool_core::{At, Dims, Jvp, Map, Vjp};

use super::resistance::{add_mean, distances, factor, invert, laplacian};
use crate::error::{Error, Result};
use crate::pairs;

/// The map `w <- w sqrt(R(w) / z)` on half-vectors, `R` the effective resistances. Parameters: `z`, all of it.
///
/// With `q = sqrt(R / z)`, `dw' = q dw + w q (dR / R - dz / z) / 2` and `dR_e = -b_e' M L(dw) M b_e`, `M = pinv(L(w))`.
///
/// # Complexity
/// `O(m^3)` a step and a product.
#[derive(Clone, Copy, Debug)]
pub struct Mm {
    nodes: usize,
}

impl Mm {
    /// The map on `nodes` nodes, at least 2.
    pub fn new(nodes: usize) -> Result<Self> {
        if nodes < 2 {
            return Err(Error::range("the number of nodes", nodes, "at least 2"));
        }
        Ok(Mm { nodes })
    }

    /// `1 / m` everywhere: a start that suits graphs of mean degree 1.
    pub fn start(&self) -> Vec<f64> {
        vec![1.0 / self.nodes as f64; pairs::count(self.nodes)]
    }

    /// Scratch cut into its parts, the first `M` and `R(w)` at these weights; NaN where the graph is not connected.
    fn prepare<'s>(&self, w: &[f64], scratch: &'s mut [f64]) -> Parts<'s> {
        let m = self.nodes;
        let (matrix, rest) = scratch.split_at_mut(m * m);
        let (a, rest) = rest.split_at_mut(m * m);
        let (b, rest) = rest.split_at_mut(m * m);
        let (r, rest) = rest.split_at_mut(w.len());
        let (v, rest) = rest.split_at_mut(w.len());
        laplacian(m, pairs::iter(m), w, a);
        let tau = add_mean(m, a);
        if factor(m, tau, a, &mut rest[..cholesky_scratch(m)]).is_none() {
            r.fill(f64::NAN);
        } else {
            invert(m, a, b, matrix);
            distances(m, matrix, pairs::iter(m), r);
        }
        Parts { matrix, a, b, r, v }
    }

    /// `out_e = b_e' M L(v) M b_e`: symmetric in `e` and the entries of `v`.
    fn curve(&self, matrix: &[f64], v: &[f64], a: &mut [f64], b: &mut [f64], out: &mut [f64]) {
        let m = self.nodes;
        laplacian(m, pairs::iter(m), v, a);
        product(m, matrix, a, b);
        product(m, b, matrix, a);
        distances(m, a, pairs::iter(m), out);
    }
}

/// Scratch of a step.
struct Parts<'s> {
    matrix: &'s mut [f64],
    a: &'s mut [f64],
    b: &'s mut [f64],
    r: &'s mut [f64],
    v: &'s mut [f64],
}

/// `out = A B` for column-major squares.
fn product(m: usize, a: &[f64], b: &[f64], out: &mut [f64]) {
    let (a, b) = (MatRef::from_column_major_slice(a, m, m), MatRef::from_column_major_slice(b, m, m));
    matmul(MatMut::from_column_major_slice_mut(out, m, m), Accum::Replace, a, b, 1.0, Par::Seq);
}

impl Map<f64> for Mm {
    fn dims(&self) -> Dims {
        let l = pairs::count(self.nodes);
        Dims { state: l, output: l, params: l }
    }

    fn scratch(&self, _: usize) -> usize {
        let m = self.nodes;
        3 * m * m + 2 * pairs::count(m) + cholesky_scratch(m)
    }

    fn step(&self, at: At<'_, f64>, next: &mut [f64], scratch: &mut [f64]) {
        let Parts { r, .. } = self.prepare(at.x, scratch);
        for (((next, w), r), z) in next.iter_mut().zip(at.x).zip(r).zip(at.theta) {
            *next = w * (*r / z).sqrt();
        }
    }
}

impl Jvp<f64> for Mm {
    fn jvp(&self, at: At<'_, f64>, dx: &[f64], dtheta: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        let Parts { matrix, a, b, r, .. } = self.prepare(at.x, scratch);
        self.curve(matrix, dx, a, b, out);
        for e in 0..out.len() {
            let (w, z) = (at.x[e], at.theta[e]);
            let q = (r[e] / z).sqrt();
            out[e] = q * (dx[e] - 0.5 * w * (out[e] / r[e] + dtheta[e] / z));
        }
    }
}

impl Vjp<f64> for Mm {
    fn vjp(&self, at: At<'_, f64>, cotangent: &[f64], gx: &mut [f64], gtheta: &mut [f64], scratch: &mut [f64]) {
        let Parts { matrix, a, b, r, v } = self.prepare(at.x, scratch);
        for e in 0..gx.len() {
            let (w, z) = (at.x[e], at.theta[e]);
            let pulled = cotangent[e] * (r[e] / z).sqrt();
            v[e] = 0.5 * pulled * w / r[e];
            gtheta[e] -= 0.5 * pulled * w / z;
        }
        self.curve(matrix, v, a, b, gx);
        for e in 0..gx.len() {
            gx[e] = cotangent[e] * (r[e] / at.theta[e]).sqrt() - gx[e];
        }
    }
}
