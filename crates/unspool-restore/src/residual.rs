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

use crate::conv::{self, Layer, Then};
use crate::grid::Grid;

fn layer(name: String, inputs: usize, outputs: usize, init: Init, layout: &mut Layout) -> Layer {
    let kernels = layout.add(format!("{name}.weight"), &[outputs, inputs, 3, 3], Constraint::Free, init);
    let bias = layout.add(format!("{name}.bias"), &[outputs], Constraint::Free, Init::Constant(0.0));
    Layer::new(inputs, outputs, kernels, bias)
}

/// Sizes of the network and where its parameters lie.
#[derive(Clone, Debug)]
pub struct Residual {
    first: Layer,
    blocks: Vec<[Layer; 2]>,
    last: Layer,
}

impl Residual {
    /// Adds the parameters to a layout.
    pub fn new(inputs: usize, maps: usize, blocks: usize, outputs: usize, layout: &mut Layout) -> Self {
        let first = layer("first".into(), inputs, maps, Init::FanIn(9 * inputs), layout);
        let blocks = (0..blocks)
            .map(|b| {
                ["a", "b"].map(|name| layer(format!("blocks.{b}.{name}"), maps, maps, Init::FanIn(9 * maps), layout))
            })
            .collect();
        let last = layer("last".into(), maps, outputs, Init::Constant(0.0), layout);
        Residual { first, blocks, last }
    }

    fn maps(&self) -> usize {
        self.first.outputs()
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
        all.map(Layer::packed_len).max().unwrap_or(0)
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

    /// The adjoint in the parameters, from the cotangent `g` of the output. `memory`: [`Residual::vjp_memory_len`] numbers.
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
        self.last.vjp_theta(grid, last, inside, g, gtheta);
        self.last.vjp_x(grid, theta, g, gh, packed);
        for (b, [first, second]) in self.blocks.iter().enumerate().rev() {
            let (h, r) = tape[2 * b * n..(2 * b + 2) * n].split_at(n);
            second.vjp_theta(grid, r, inside, gh, gtheta);
            second.vjp_x(grid, theta, gh, gr, packed);
            relu_back(r, gr);
            first.vjp_theta(grid, h, inside, gr, gtheta);
            first.vjp_x(grid, theta, gr, &mut gx[..n], packed);
            F::axpy(F::one(), &gx[..n], gh);
        }
        self.first.vjp_theta(grid, x, inside, gh, gtheta);
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
