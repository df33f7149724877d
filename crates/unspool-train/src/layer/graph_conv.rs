//! Graph convolution `Y = X Theta A + b 1'` with a raw adjacency matrix `A`, symmetric (Kipf and Welling 2017, without
//! their normalisation).

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use unspool_core::Real;

use super::linear::sum;
use crate::params::{Constraint, Init, Layout};

/// Mixes channels, then sums over neighbours; weight `[inputs, outputs]`, bias `[1, outputs]`.
#[derive(Clone, Debug)]
pub struct GraphConv {
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    weight: Range<usize>,
    bias: Range<usize>,
}

impl GraphConv {
    /// Adds `NAME.weight` and `NAME.bias` to the layout.
    pub fn new(layout: &mut Layout, name: &str, inputs: usize, outputs: usize, weight: Init, bias: Init) -> Self {
        let weight = layout.add(format!("{name}.weight"), &[inputs, outputs], Constraint::Free, weight);
        let bias = layout.add(format!("{name}.bias"), &[1, outputs], Constraint::Free, bias);
        GraphConv { inputs, outputs, weight, bias }
    }

    fn weight<'a, F: Real>(&self, theta: &'a [F]) -> MatRef<'a, F> {
        MatRef::from_column_major_slice(&theta[self.weight.clone()], self.outputs, self.inputs).transpose()
    }

    /// `y` from `x` on `m` nodes with adjacency `a`, symmetric; `mixed` is left for [`GraphConv::backward`].
    pub fn forward<F: Real>(&self, theta: &[F], m: usize, a: &[F], x: &[F], mixed: &mut [F], y: &mut [F]) {
        let x = MatRef::from_column_major_slice(x, m, self.inputs);
        let a = MatRef::from_column_major_slice(a, m, m);
        matmul(
            MatMut::from_column_major_slice_mut(mixed, m, self.outputs),
            Accum::Replace,
            x,
            self.weight(theta),
            F::one(),
            Par::Seq,
        );
        for (y, &b) in y.chunks_exact_mut(m).zip(&theta[self.bias.clone()]) {
            y.fill(b);
        }
        let mixed = MatRef::from_column_major_slice(mixed, m, self.outputs);
        matmul(MatMut::from_column_major_slice_mut(y, m, self.outputs), Accum::Add, a, mixed, F::one(), Par::Seq);
    }

    /// `gtheta += (dY/dtheta)' gY`, and `gX` where asked for; `gmixed` is scratch. `A` gets no gradient.
    #[allow(clippy::too_many_arguments)]
    pub fn backward<F: Real>(
        &self,
        theta: &[F],
        m: usize,
        a: &[F],
        x: &[F],
        gy: &[F],
        gmixed: &mut [F],
        gtheta: &mut [F],
        gx: Option<&mut [F]>,
    ) {
        for (g, gy) in gtheta[self.bias.clone()].iter_mut().zip(gy.chunks_exact(m)) {
            *g += sum(gy);
        }
        let gy = MatRef::from_column_major_slice(gy, m, self.outputs);
        let a = MatRef::from_column_major_slice(a, m, m);
        matmul(MatMut::from_column_major_slice_mut(gmixed, m, self.outputs), Accum::Replace, a, gy, F::one(), Par::Seq);
        let gmixed = MatRef::from_column_major_slice(gmixed, m, self.outputs);
        let x = MatRef::from_column_major_slice(x, m, self.inputs);
        let gw = MatMut::from_column_major_slice_mut(&mut gtheta[self.weight.clone()], self.outputs, self.inputs);
        matmul(gw, Accum::Add, gmixed.transpose(), x, F::one(), Par::Seq);
        if let Some(gx) = gx {
            let gx = MatMut::from_column_major_slice_mut(gx, m, self.inputs);
            matmul(gx, Accum::Replace, gmixed, self.weight(theta).transpose(), F::one(), Par::Seq);
        }
    }
}
