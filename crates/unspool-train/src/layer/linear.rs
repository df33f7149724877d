//! `Y = W X + b 1'`.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use unspool_core::Real;

use crate::params::{Constraint, Init, Layout};

/// A linear map of the channels of each point; weight `[outputs, inputs]`, bias `[outputs]`.
#[derive(Clone, Debug)]
pub struct Linear {
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    weight: Range<usize>,
    bias: Range<usize>,
}

impl Linear {
    /// Adds `NAME.weight` and `NAME.bias` to the layout.
    pub fn new(layout: &mut Layout, name: &str, inputs: usize, outputs: usize, weight: Init, bias: Init) -> Self {
        let weight = layout.add(format!("{name}.weight"), &[outputs, inputs], Constraint::Free, weight);
        let bias = layout.add(format!("{name}.bias"), &[outputs], Constraint::Free, bias);
        Linear { inputs, outputs, weight, bias }
    }

    /// Where the bias lies.
    pub fn bias(&self) -> Range<usize> {
        self.bias.clone()
    }

    /// Where the weight lies.
    pub fn weight(&self) -> Range<usize> {
        self.weight.clone()
    }

    /// `y` from `x`, for `y.len() / outputs` points.
    pub fn forward<F: Real>(&self, theta: &[F], x: &[F], y: &mut [F]) {
        let points = y.len() / self.outputs;
        if points == 1 {
            let rows = theta[self.weight.clone()].chunks_exact(self.inputs);
            for ((y, row), &b) in y.iter_mut().zip(rows).zip(&theta[self.bias.clone()]) {
                *y = b + F::dot(row, &x[..self.inputs]);
            }
            return;
        }
        for (y, &b) in y.chunks_exact_mut(points).zip(&theta[self.bias.clone()]) {
            y.fill(b);
        }
        let w = MatRef::from_column_major_slice(&theta[self.weight.clone()], self.inputs, self.outputs);
        let x = MatRef::from_column_major_slice(&x[..points * self.inputs], points, self.inputs);
        let y = MatMut::from_column_major_slice_mut(y, points, self.outputs);
        matmul(y, Accum::Add, x, w, F::one(), Par::Seq);
    }

    /// `gtheta += (dY/dtheta)' gY`, and `gX = W' gY` where asked for.
    pub fn backward<F: Real>(&self, theta: &[F], x: &[F], gy: &[F], gtheta: &mut [F], gx: Option<&mut [F]>) {
        let points = gy.len() / self.outputs;
        for (g, gy) in gtheta[self.bias.clone()].iter_mut().zip(gy.chunks_exact(points)) {
            *g += sum(gy);
        }
        if points == 1 {
            let x = &x[..self.inputs];
            for (row, &gy) in gtheta[self.weight.clone()].chunks_exact_mut(self.inputs).zip(gy) {
                F::axpy(gy, x, row);
            }
            if let Some(gx) = gx {
                let gx = &mut gx[..self.inputs];
                gx.fill(F::zero());
                for (row, &gy) in theta[self.weight.clone()].chunks_exact(self.inputs).zip(gy) {
                    F::axpy(gy, row, gx);
                }
            }
            return;
        }
        let x = MatRef::from_column_major_slice(&x[..points * self.inputs], points, self.inputs);
        let gy = MatRef::from_column_major_slice(gy, points, self.outputs);
        let gw = MatMut::from_column_major_slice_mut(&mut gtheta[self.weight.clone()], self.inputs, self.outputs);
        matmul(gw, Accum::Add, x.transpose(), gy, F::one(), Par::Seq);
        if let Some(gx) = gx {
            let w = MatRef::from_column_major_slice(&theta[self.weight.clone()], self.inputs, self.outputs);
            let gx = MatMut::from_column_major_slice_mut(&mut gx[..points * self.inputs], points, self.inputs);
            matmul(gx, Accum::Replace, gy, w.transpose(), F::one(), Par::Seq);
        }
    }
}

/// The sum of all entries, in eight partial sums.
pub(crate) fn sum<F: Real>(x: &[F]) -> F {
    let mut partial = [F::zero(); 8];
    let blocks = x.chunks_exact(8);
    let rest = blocks.remainder().iter().fold(F::zero(), |sum, &x| sum + x);
    for block in blocks {
        for (sum, &x) in partial.iter_mut().zip(block) {
            *sum += x;
        }
    }
    partial.iter().fold(rest, |sum, &part| sum + part)
}
