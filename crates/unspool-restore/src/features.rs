//! The shallow network that makes features: four convolutions with skip connections.
//!
//! ```text
//! h_0 = relu(K_0 * x + b_0),   h_i = a_i h_{i-1} + c_i relu(K_i * h_{i-1} + b_i),   i = 1, 2, 3
//! ```

use std::ops::Range;

use unspool_core::{Real, dispatched};
use unspool_train::{Constraint, Init, Layout};

use crate::conv::{self, Layer, Then};
use crate::grid::Grid;

/// Convolutions.
pub const LAYERS: usize = 4;

/// Where the parameters lie in the flat vector.
#[derive(Clone, Debug)]
pub struct Features {
    inputs: usize,
    maps: usize,
    layers: [Layer; LAYERS],
    /// `(a_i, c_i)`.
    skips: Range<usize>,
}

impl Features {
    /// Adds the parameters to a layout, under names that begin with `name`. `init`: what kernels start from, by the number of
    /// inputs of an output.
    pub fn new(name: &str, inputs: usize, maps: usize, init: fn(usize) -> Init, layout: &mut Layout) -> Self {
        let wide = |i: usize| if i == 0 { inputs } else { maps };
        let kernels: [_; LAYERS] = std::array::from_fn(|i| {
            let shape = [maps, wide(i), 3, 3];
            layout.add(format!("{name}.conv.{i}.weight"), &shape, Constraint::Free, init(9 * wide(i)))
        });
        let biases: [_; LAYERS] = std::array::from_fn(|i| {
            layout.add(format!("{name}.conv.{i}.bias"), &[maps], Constraint::Free, Init::FanIn(9 * wide(i)))
        });
        let skips = layout.add(format!("{name}.skip"), &[LAYERS - 1, 2], Constraint::Free, Init::Constant(0.5));
        let layers = std::array::from_fn(|i| Layer::new(wide(i), maps, kernels[i].clone(), biases[i].clone()));
        Features { inputs, maps, layers, skips }
    }

    /// Number of input planes.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of planes that it makes.
    pub fn maps(&self) -> usize {
        self.maps
    }

    /// Length of the tape: `h_0`, then `relu(..)` and `h_i` of each layer.
    pub fn tape_len(&self, grid: Grid) -> usize {
        (2 * LAYERS - 1) * self.maps * grid.plane()
    }

    /// Length of the packed kernels of one layer.
    pub fn packed_len(&self) -> usize {
        self.layers.iter().map(Layer::packed_len).max().unwrap_or(0)
    }

    /// Fills the tape, whose last `maps` planes are the features.
    ///
    /// `packed`: [`Features::packed_len`] numbers.
    pub fn forward<F: Real>(&self, grid: Grid, theta: &[F], x: &[F], tape: &mut [F], packed: &mut [F]) {
        let n = self.maps * grid.plane();
        let all = 0..grid.height();
        self.layers[0].forward(grid, all.clone(), theta, x, Then::Relu, &mut tape[..n], packed);
        for i in 1..LAYERS {
            let (before, own) = tape[(2 * i - 2) * n..(2 * i + 1) * n].split_at_mut(n);
            let (r, h) = own.split_at_mut(n);
            self.layers[i].forward(grid, all.clone(), theta, before, Then::Relu, r, packed);
            let [a, c] = self.skip(i, theta);
            F::lincomb(a, before, c, r, h);
        }
    }

    /// The features of some rows without a tape: `maps` planes of `memory`, [`Features::infer_len`] numbers. Other rows may hold
    /// anything.
    pub fn infer<'a, F: Real>(
        &self,
        grid: Grid,
        rows: Range<usize>,
        theta: &[F],
        x: &[F],
        memory: &'a mut [F],
        packed: &mut [F],
    ) -> &'a [F] {
        let (mut h, mut next) = memory.split_at_mut(self.maps * grid.plane());
        let made = |i: usize| conv::needed(rows.clone(), LAYERS - 1 - i, grid.height());
        self.layers[0].forward(grid, made(0), theta, x, Then::Relu, h, packed);
        for i in 1..LAYERS {
            let [a, c] = self.skip(i, theta);
            self.layers[i].forward(grid, made(i), theta, h, Then::Skip { a, c }, next, packed);
            std::mem::swap(&mut h, &mut next);
        }
        h
    }

    /// Length of the memory of [`Features::infer`].
    pub fn infer_len(&self, grid: Grid) -> usize {
        2 * self.maps * grid.plane()
    }

    /// `(a_i, c_i)`, of layer `i > 0`.
    fn skip<F: Real>(&self, i: usize, theta: &[F]) -> [F; 2] {
        let skips = &theta[self.skips.clone()];
        [skips[2 * i - 2], skips[2 * i - 1]]
    }

    /// The features of a tape.
    pub fn output<'a, F: Real>(&self, grid: Grid, tape: &'a [F]) -> &'a [F] {
        &tape[(2 * LAYERS - 2) * self.maps * grid.plane()..]
    }

    /// The adjoint: from the cotangent `g` of the features (changed) to `gx += ...` and `gtheta += ...`.
    ///
    /// `g`: zero outside of the body; `memory`: [`Features::vjp_memory_len`] numbers, whatever they are.
    #[allow(clippy::too_many_arguments)]
    pub fn vjp<F: Real>(
        &self,
        grid: Grid,
        theta: &[F],
        x: &[F],
        inside: &[F],
        tape: &[F],
        g: &mut [F],
        gx: &mut [F],
        gtheta: &mut [F],
        memory: &mut [F],
    ) {
        let n = self.maps * grid.plane();
        let (gr, rest) = memory.split_at_mut(n);
        let (gh, packed) = rest.split_at_mut(n.max(self.inputs * grid.plane()));
        for i in (1..LAYERS).rev() {
            let (before, own) = tape[(2 * i - 2) * n..(2 * i + 1) * n].split_at(n);
            let r = &own[..n];
            let at = self.skips.start + 2 * (i - 1);
            gtheta[at] += F::dot(g, before);
            gtheta[at + 1] += F::dot(g, r);
            relu_back(theta[at + 1], r, g, gr);
            self.layers[i].vjp_theta(grid, before, inside, gr, gtheta);
            self.layers[i].vjp_x(grid, theta, gr, &mut gh[..n], packed);
            let a = theta[at];
            add_scaled(a, &gh[..n], g);
        }
        relu_back(F::one(), &tape[..n], g, gr);
        let gh = &mut gh[..gx.len()];
        self.layers[0].vjp_theta(grid, x, inside, gr, gtheta);
        self.layers[0].vjp_x(grid, theta, gr, gh, packed);
        F::axpy(F::one(), gh, gx);
    }

    /// Length of the memory of [`Features::vjp`].
    pub fn vjp_memory_len(&self, grid: Grid) -> usize {
        (self.maps + self.maps.max(self.inputs)) * grid.plane() + self.packed_len()
    }
}

dispatched! {
    fn relu_back<T: Real>(_simd: S, scale: T, r: &'a [T], g: &'a [T], out: &'a mut [T]) {
        for ((out, &r), &g) in out.iter_mut().zip(r).zip(g) {
            *out = if r > T::zero() { scale * g } else { T::zero() };
        }
    }

    fn add_scaled<T: Real>(_simd: S, a: T, x: &'a [T], y: &'a mut [T]) {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = a * *y + x);
    }
}
