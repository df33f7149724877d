//! Muon (Jordan et al. 2024): steps of matrices whose singular values are all about 1.
//!
//! ```text
//! m <- b m + g      u = polar(g + b m)      x <- x - rate size sqrt(max(rows, columns)) u
//! ```
//!
//! `polar(U S V') = U V'`, roughly: by five iterations `x <- a x + (b G + c G^2) x`, `G = x x'`, that bring singular values
//! from anywhere in `(0, 1]` to about 0.7 to 1.2. The root gives an entry of the step the same root mean square, `rate size`,
//! whatever the matrix's shape: 0.2 is about that of Adam's steps (Liu et al. 2025).
//!
//! Directions with small gradients move as far as those with large ones: kernels of a deep network learn in fewer steps.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use serde::{Deserialize, Serialize};
use unspool_core::Real;

use crate::params::Entry;

/// Settings of Muon.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Muon {
    /// Decay of the momentum, `b`.
    pub momentum: f64,
    /// Root mean square of the entries of a step, in units of the learning rate.
    pub size: f64,
}

impl Default for Muon {
    fn default() -> Self {
        Muon { momentum: 0.95, size: 0.2 }
    }
}

/// Fewest rows, and columns, of a matrix that takes these steps.
const LEAST: usize = 16;
/// `a`, `b`, `c`, and how often.
const QUINTIC: [f64; 3] = [3.4445, -4.7750, 2.0315];
const ITERATIONS: usize = 5;

/// Rows and columns of a tensor as a matrix, a row an output: `None` for what is too small or no matrix, which takes Adam's
/// steps.
pub fn matrix(entry: &Entry) -> Option<(usize, usize)> {
    let (&rows, rest) = entry.shape.split_first()?;
    let columns = rest.iter().product::<usize>();
    (!rest.is_empty() && rows.min(columns) >= LEAST).then_some((rows, columns))
}

impl Muon {
    /// One step of a matrix, row by row, with momentum `m` and gradient `g`; none where both are zero. `memory`: grows to what is needed.
    pub fn step<F: Real>(
        &self,
        rate: f64,
        (rows, columns): (usize, usize),
        x: &mut [F],
        m: &mut [F],
        g: &[F],
        memory: &mut Vec<F>,
    ) {
        let (n, wide) = (x.len(), rows.max(columns));
        let gram = (n / wide).pow(2);
        memory.resize(memory.len().max(2 * n + 2 * gram), F::zero());
        let (u, rest) = memory.split_at_mut(n);
        let b = F::of(self.momentum);
        for ((u, m), &g) in u.iter_mut().zip(m).zip(g) {
            *m = b * *m + g;
            *u = g + b * *m;
        }
        let size = F::sum_squares(u).sqrt();
        if size > 0.0 && size.is_finite() {
            u.iter_mut().for_each(|u| *u /= F::of(size));
            polar(u, (rows, columns), &mut rest[..n + 2 * gram]);
            F::axpy(F::of(-rate * self.size * (wide as f64).sqrt()), u, x);
        }
    }
}

/// Replaces a matrix of norm 1 by its polar factor, roughly. `memory`: as many numbers, and twice those of the smaller Gram matrix.
fn polar<F: Real>(x: &mut [F], (rows, columns): (usize, usize), memory: &mut [F]) {
    let n = rows.min(columns);
    let (next, rest) = memory.split_at_mut(x.len());
    let (gram, square) = rest.split_at_mut(n * n);
    let [a, b, c] = QUINTIC.map(F::of);
    for _ in 0..ITERATIONS {
        // a tall matrix lies on its side
        let lying = MatRef::from_row_major_slice(&*x, rows, columns);
        let lying = if rows > columns { lying.transpose() } else { lying };
        let target = MatMut::from_row_major_slice_mut(gram, n, n);
        matmul(target, Accum::Replace, lying, lying.transpose(), F::one(), Par::Seq);
        let g = MatRef::from_row_major_slice(gram, n, n);
        matmul(MatMut::from_row_major_slice_mut(square, n, n), Accum::Replace, g, g, c, Par::Seq);
        F::axpy(b, gram, square);
        let target = MatMut::from_row_major_slice_mut(next, rows, columns);
        let target = if rows > columns { target.transpose_mut() } else { target };
        let s = MatRef::from_row_major_slice(square, n, n);
        matmul(target, Accum::Replace, s, lying, F::one(), Par::Seq);
        x.iter_mut().zip(&*next).for_each(|(x, &next)| *x = a * *x + next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{Constraint, Init, Layout};
    use faer::Mat;

    /// Singular values by a library, of wide and tall matrices, whatever the scale of the gradient.
    #[test]
    fn steps_have_singular_values_of_about_one() {
        let muon = Muon { momentum: 0.0, size: 0.5 };
        for (rows, columns) in [(16, 40), (40, 16), (20, 20)] {
            let mut layout = Layout::new();
            layout.add("x", &[rows, columns], Constraint::Free, Init::Xavier(1.0));
            for scale in [1e-9, 1e6] {
                let g: Vec<f64> = layout.init::<f64>(3).iter().map(|v| scale * v).collect();
                let (mut x, mut m) = (vec![0.0; g.len()], vec![0.0; g.len()]);
                muon.step(0.1, (rows, columns), &mut x, &mut m, &g, &mut Vec::new());
                let unit = 0.1 * 0.5 * (rows.max(columns) as f64).sqrt();
                let step = Mat::from_fn(rows, columns, |i, j| -x[i * columns + j] / unit);
                let values = step.singular_values().unwrap();
                assert!(values.iter().all(|v| (0.2..1.3).contains(v)), "{rows} x {columns}: {values:?}");
                // the same singular vectors: the product with the gradient is symmetric and positive
                let gradient = Mat::from_fn(rows, columns, |i, j| g[i * columns + j] / scale);
                let product = gradient.transpose() * &step;
                let asymmetry = (&product - product.transpose()).norm_l2() / product.norm_l2();
                assert!(asymmetry < 1e-12, "{asymmetry}");
                assert!(step.norm_l2() > 0.8 * (rows.min(columns) as f64).sqrt());
            }
        }
    }

    /// Momentum by hand, and no step without a gradient.
    #[test]
    fn momentum_is_nesterovs() {
        let (muon, shape, n) = (Muon::default(), (16, 16), 256);
        let (mut x, mut m, mut memory) = (vec![1.0f64; n], vec![0.0; n], Vec::new());
        muon.step(0.1, shape, &mut x, &mut m, &vec![0.0; n], &mut memory);
        assert!(x.iter().all(|&x| x == 1.0));
        let g: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i % 17 == 0))).collect();
        muon.step(0.1, shape, &mut x, &mut m, &g, &mut memory);
        muon.step(0.1, shape, &mut x, &mut m, &g, &mut memory);
        assert!(m.iter().zip(&g).all(|(m, g)| (m - 1.95 * g).abs() < 1e-15));
        // a multiple of the identity: each step is the same multiple, which a polynomial in one number gives
        let one = (0..ITERATIONS).fold(0.25f64, |s, _| {
            let [a, b, c] = QUINTIC;
            s * (a + b * s * s + c * s.powi(4))
        });
        assert!((x[0] - (1.0 - 2.0 * 0.1 * 0.2 * 4.0 * one)).abs() < 1e-12 && x[1] == 1.0);
    }

    #[test]
    fn kernels_are_matrices_and_scalars_are_not() {
        let mut layout = Layout::new();
        for shape in [&[48, 3, 3, 3][..], &[48], &[4, 12, 12], &[16, 15], &[]] {
            layout.add("x", shape, Constraint::Free, Init::Constant(0.0));
        }
        let shapes: Vec<_> = layout.entries().iter().map(matrix).collect();
        assert_eq!(shapes, [Some((48, 27)), None, None, None, None]);
    }
}
