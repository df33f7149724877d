//! A convolution whose kernels and biases are in the flat vector of parameters.

use std::ops::Range;

use unspool_core::Real;

use super::{Then, forward, forward_then, kernels_vjp, pack, pack_adjoint, packed_len};
use crate::grid::Grid;

/// Its sizes, and where its parameters lie: kernels `[outputs][inputs][3][3]`, somewhere after them the biases.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    inputs: usize,
    outputs: usize,
    kernels: Range<usize>,
    bias: Range<usize>,
}

impl Layer {
    pub(crate) fn new(inputs: usize, outputs: usize, kernels: Range<usize>, bias: Range<usize>) -> Self {
        debug_assert!(kernels.len() == 9 * inputs * outputs && bias.len() == outputs && kernels.end <= bias.start);
        Layer { inputs, outputs, kernels, bias }
    }

    /// Planes that it makes.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Length of the memory for packed kernels, of the convolution and of its adjoint.
    pub(crate) fn packed_len(&self) -> usize {
        packed_len(self.inputs, self.outputs).max(packed_len(self.outputs, self.inputs))
    }

    /// [`forward_then`]. `packed`: at least [`Layer::packed_len`] numbers.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn forward<F: Real>(
        &self,
        grid: Grid,
        made: Range<usize>,
        theta: &[F],
        x: &[F],
        then: Then<F>,
        out: &mut [F],
        packed: &mut [F],
    ) {
        let packed = &mut packed[..packed_len(self.inputs, self.outputs)];
        pack(&theta[self.kernels.clone()], self.inputs, self.outputs, packed);
        forward_then(grid, made, x, packed, Some(&theta[self.bias.clone()]), then, out);
    }

    /// The adjoint in the parameters: `gtheta += ...`, from the cotangent `g` of the output.
    pub(crate) fn vjp_theta<F: Real>(&self, grid: Grid, x: &[F], inside: &[F], g: &[F], gtheta: &mut [F]) {
        let (low, high) = gtheta.split_at_mut(self.bias.start);
        kernels_vjp(grid, x, g, inside, &mut low[self.kernels.clone()], &mut high[..self.outputs]);
    }

    /// The adjoint in the input: sets `gx`. `packed`: at least [`Layer::packed_len`] numbers.
    pub(crate) fn vjp_x<F: Real>(&self, grid: Grid, theta: &[F], g: &[F], gx: &mut [F], packed: &mut [F]) {
        let packed = &mut packed[..packed_len(self.outputs, self.inputs)];
        pack_adjoint(&theta[self.kernels.clone()], self.inputs, self.outputs, packed);
        forward(grid, g, packed, None, gx);
    }
}
