//! A residual convolutional network on planes of one size.
//!
//! ```text
//! h_0 = K * x,   r_b = relu(A_b * h_b),   h_{b+1} = h_b + B_b * r_b,   out = O * h_B
//! ```
//!
//! He et al. 2016 (pre-activation form without normalisation, as in Lim et al. 2017). `O` starts at zero, so that an
//! untrained network changes nothing.

use std::ops::Range;

use unspool_core::{Real, dispatched};
use unspool_train::{Constraint, Init, Layout};

use crate::conv::{self, Then};
use crate::grid::Grid;

/// Kernels and biases of a convolution.
#[derive(Clone, Debug)]
struct Conv {
    inputs: usize,
    outputs: usize,
    kernels: Range<usize>,
    bias: Range<usize>,
}

impl Conv {
    fn new(name: String, inputs: usize, outputs: usize, init: Init, layout: &mut Layout) -> Self {
        let kernels = layout.add(format!("{name}.weight"), &[outputs, inputs, 3, 3], Constraint::Free, init);
        let bias = layout.add(format!("{name}.bias"), &[outputs], Constraint::Free, Init::Constant(0.0));
        Conv { inputs, outputs, kernels, bias }
    }

    fn packed_len(&self) -> usize {
        conv::packed_len(self.inputs, self.outputs).max(conv::packed_len(self.outputs, self.inputs))
    }

    #[allow(clippy::too_many_arguments)]
    fn forward<F: Real>(
        &self,
        grid: Grid,
        made: Range<usize>,
        theta: &[F],
        x: &[F],
        then: Then<F>,
        out: &mut [F],
        packed: &mut [F],
    ) {
        let weights = (&theta[self.kernels.clone()], &theta[self.bias.clone()]);
        conv::layer(grid, made, x, weights, then, out, packed);
    }

    /// The adjoint in the parameters, and in the input, which is overwritten.
    #[allow(clippy::too_many_arguments)]
    fn vjp<F: Real>(
        &self,
        grid: Grid,
        theta: &[F],
        x: &[F],
        inside: &[F],
        g: &[F],
        gx: &mut [F],
        gtheta: &mut [F],
        packed: &mut [F],
    ) {
        let (gkernels, gbias) = gtheta[self.kernels.start..self.bias.end].split_at_mut(self.kernels.len());
        conv::kernels_vjp(grid, x, g, inside, gkernels, gbias);
        let packed = &mut packed[..conv::packed_len(self.outputs, self.inputs)];
        conv::pack_adjoint(&theta[self.kernels.clone()], self.inputs, self.outputs, packed);
        conv::forward(grid, g, packed, None, gx);
    }
}

/// Sizes of the network and where its parameters lie.
#[derive(Clone, Debug)]
pub struct Residual {
    first: Conv,
    blocks: Vec<[Conv; 2]>,
    last: Conv,
}

impl Residual {
    /// Adds the parameters to a layout.
    pub fn new(inputs: usize, maps: usize, blocks: usize, outputs: usize, layout: &mut Layout) -> Self {
        let first = Conv::new("first".into(), inputs, maps, Init::FanIn(9 * inputs), layout);
        let blocks = (0..blocks)
            .map(|b| {
                ["a", "b"]
                    .map(|name| Conv::new(format!("blocks.{b}.{name}"), maps, maps, Init::FanIn(9 * maps), layout))
            })
            .collect();
        let last = Conv::new("last".into(), maps, outputs, Init::Constant(0.0), layout);
        Residual { first, blocks, last }
    }

    fn maps(&self) -> usize {
        self.first.outputs
    }

    /// Convolutions one after the other: pixels by which the input reaches farther than the output.
    pub fn convolutions(&self) -> usize {
        2 * self.blocks.len() + 2
    }

    /// Length of the tape: every `h` and `r`.
    pub fn tape_len(&self, grid: Grid) -> usize {
        (2 * self.blocks.len() + 1) * self.maps() * grid.plane()
    }

    /// Length of the packed kernels of one convolution.
    pub fn packed_len(&self) -> usize {
        let all = self.blocks.iter().flatten().chain([&self.first, &self.last]);
        all.map(Conv::packed_len).max().unwrap_or(0)
    }

    /// Sets the planes `out`, and the tape for [`Residual::vjp`].
    #[allow(clippy::too_many_arguments)]
    pub fn forward<F: Real>(&self, grid: Grid, theta: &[F], x: &[F], tape: &mut [F], packed: &mut [F], out: &mut [F]) {
        let (n, all) = (self.maps() * grid.plane(), 0..grid.height());
        self.first.forward(grid, all.clone(), theta, x, Then::Store, &mut tape[..n], packed);
        for (b, [first, second]) in self.blocks.iter().enumerate() {
            let (h, rest) = tape[2 * b * n..(2 * b + 3) * n].split_at_mut(n);
            let (r, next) = rest.split_at_mut(n);
            first.forward(grid, all.clone(), theta, h, Then::Relu, r, packed);
            next.copy_from_slice(h);
            second.forward(grid, all.clone(), theta, r, Then::Add, next, packed);
        }
        self.last.forward(grid, all, theta, &tape[2 * self.blocks.len() * n..], Then::Store, out, packed);
    }

    /// [`Residual::forward`] of some rows without a tape; other rows may hold anything. `maps`: [`Residual::maps_len`] numbers.
    #[allow(clippy::too_many_arguments)]
    pub fn infer<F: Real>(
        &self,
        grid: Grid,
        rows: Range<usize>,
        theta: &[F],
        x: &[F],
        maps: &mut [F],
        packed: &mut [F],
        out: &mut [F],
    ) {
        let n = self.maps() * grid.plane();
        let (h, r) = maps.split_at_mut(n);
        // how many convolutions come after
        let mut after = self.convolutions();
        let mut made = || {
            after -= 1;
            conv::needed(rows.clone(), after, grid.height())
        };
        self.first.forward(grid, made(), theta, x, Then::Store, h, packed);
        for [first, second] in &self.blocks {
            first.forward(grid, made(), theta, h, Then::Relu, r, packed);
            second.forward(grid, made(), theta, r, Then::Add, h, packed);
        }
        self.last.forward(grid, made(), theta, h, Then::Store, out, packed);
    }

    /// Length of the memory of [`Residual::infer`].
    pub fn maps_len(&self, grid: Grid) -> usize {
        2 * self.maps() * grid.plane()
    }

    /// The adjoint in the parameters, from the cotangent `g` of the output. `memory`: two times the maps.
    #[allow(clippy::too_many_arguments)]
    pub fn vjp<F: Real>(
        &self,
        grid: Grid,
        theta: &[F],
        x: &[F],
        inside: &[F],
        tape: &[F],
        g: &[F],
        gtheta: &mut [F],
        packed: &mut [F],
        memory: &mut [F],
    ) {
        let n = self.maps() * grid.plane();
        let (gh, rest) = memory.split_at_mut(n);
        let (gr, gx) = rest.split_at_mut(n);
        let last = &tape[2 * self.blocks.len() * n..];
        self.last.vjp(grid, theta, last, inside, g, gh, gtheta, packed);
        for (b, [first, second]) in self.blocks.iter().enumerate().rev() {
            let (h, r) = tape[2 * b * n..(2 * b + 2) * n].split_at(n);
            second.vjp(grid, theta, r, inside, gh, gr, gtheta, packed);
            relu_back(r, gr);
            first.vjp(grid, theta, h, inside, gr, &mut gx[..n], gtheta, packed);
            F::axpy(F::one(), &gx[..n], gh);
        }
        let (gkernels, gbias) =
            gtheta[self.first.kernels.start..self.first.bias.end].split_at_mut(self.first.kernels.len());
        conv::kernels_vjp(grid, x, gh, inside, gkernels, gbias);
    }

    /// Length of the memory of [`Residual::vjp`].
    pub fn vjp_memory_len(&self, grid: Grid) -> usize {
        3 * self.maps() * grid.plane()
    }
}

dispatched! {
    fn relu_back<T: Real>(_simd: S, r: &'a [T], g: &'a mut [T]) {
        g.iter_mut().zip(r).for_each(|(g, &r)| *g = if r > T::zero() { *g } else { T::zero() });
    }
}
