//! The network that is shipped for demosaicking: what a classic method gets wrong, learned, for a stated noise level.
//!
//! Menon's estimate `x_0`, the mosaic and the noise level `sigma` are cut into 2 x 2 cells, so that a pixel of the network
//! is a cell of the sensor, with 12 + 4 + 1 planes; a [residual network](crate::residual) there predicts `x - x_0`.
//! Other Bayer patterns are brought to RGGB by a mirrored row or column.

use rayon::prelude::*;
use unspool_core::Real;
use unspool_image::demosaick::{self, Method};
use unspool_image::{Cfa, Error, Image, Result};
use unspool_train::{Layout, Model, Noise, weights};

use crate::grid::Grid;
use crate::residual::Residual;
use crate::transformer::Arena;

/// Colours.
const COLORS: usize = 3;
/// Planes of the input: estimate and mosaic by pixel of a cell, noise level.
const INPUTS: usize = 4 * COLORS + 4 + 1;
/// Planes of the output.
const OUTPUTS: usize = 4 * COLORS;
/// The noise level that the network sees as 1.
const NOISE_UNIT: f32 = 0.1;
/// Cells of a side of a tile.
const TILE: usize = 48;
/// Where the loss goes from quadratic to linear.
const ROUNDING: f64 = 1e-3;

/// Maps and residual blocks of the network that is shipped.
const SHIPPED_SIZE: (usize, usize) = (48, 7);
/// Its weights.
static SHIPPED: &[u8] = include_bytes!("../weights/demosaick.safetensors");

/// The network.
#[derive(Clone, Debug)]
pub struct Learned {
    net: Residual,
    layout: Layout,
}

/// What a sensor measured, and the truth.
#[derive(Clone, Debug)]
pub struct Mosaic {
    /// The truth, three channels, even size.
    pub target: Image,
    /// The mosaic, RGGB.
    pub mosaic: Image,
    /// Standard deviation of its noise.
    pub sigma: f32,
}

/// Memory for images of one size at a time.
#[derive(Clone, Debug, Default)]
pub struct Memory<F>(Vec<F>);

impl Learned {
    /// A network with so many maps and residual blocks.
    pub fn new(maps: usize, blocks: usize) -> Self {
        let mut layout = Layout::new();
        let net = Residual::new(INPUTS, maps, blocks, OUTPUTS, &mut layout);
        Learned { net, layout }
    }

    /// The network whose weights come with the crate.
    pub fn shipped() -> Self {
        let (maps, blocks) = SHIPPED_SIZE;
        Learned::new(maps, blocks)
    }

    /// The weights that come with the crate.
    ///
    /// # Errors
    /// None, unless the crate was damaged or the network is another one.
    pub fn shipped_weights(&self) -> unspool_train::Result<Vec<f32>> {
        weights::File::from_bytes("the weights that come with the program", SHIPPED)?.values(&self.layout)
    }

    /// Its parameters.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Demosaicks: three channels, neither clipped nor rounded. `sigma`: standard deviation of the noise.
    ///
    /// # Errors
    /// Not a mosaic.
    pub fn demosaick(&self, theta: &[f32], mosaic: &Image, cfa: Cfa, sigma: f32) -> Result<Image> {
        let (y0, x0) = cfa.red();
        let (height, width) = (mosaic.height(), mosaic.width());
        // even sizes, red first: mirrored without repeating the border
        let (tall, wide) = ((height + y0).next_multiple_of(2), (width + x0).next_multiple_of(2));
        let mirror = |at: usize, before: usize, n: usize| {
            let at = at.abs_diff(before);
            if at < n { at } else { (2 * (n - 1)).saturating_sub(at) }
        };
        let even = Image::from_fn(1, tall, wide, |_, y, x| {
            mosaic.plane(0)[mirror(y, y0, height) * width + mirror(x, x0, width)]
        });
        let start = demosaick::run(Method::Menon, &even, Cfa::Rggb)?;
        let corrected = self.correct(theta, &even, &start, sigma);
        corrected.crop(y0, x0, height, width)
    }

    /// The estimate `start` with what the network adds, tile by tile.
    fn correct(&self, theta: &[f32], mosaic: &Image, start: &Image, sigma: f32) -> Image {
        let (rows, columns) = (mosaic.height() / 2, mosaic.width() / 2);
        let halo = self.net.reach();
        let tiles: Vec<(usize, usize)> =
            (0..rows).step_by(TILE).flat_map(|top| (0..columns).step_by(TILE).map(move |left| (top, left))).collect();
        let mut image = start.clone();
        for some in tiles.chunks(64) {
            let done: Vec<Vec<f32>> = some
                .par_iter()
                .with_max_len(1)
                .map_init(Memory::default, |memory, &(top, left)| {
                    let (y0, x0) = (top.saturating_sub(halo), left.saturating_sub(halo));
                    let grid = Grid::new((top + TILE + halo).min(rows) - y0, (left + TILE + halo).min(columns) - x0);
                    let run = self.run(theta, grid, mosaic, start, (y0, x0), sigma, memory);
                    run.out.to_vec()
                })
                .collect();
            for (&(top, left), out) in some.iter().zip(&done) {
                let (y0, x0) = (top.saturating_sub(halo), left.saturating_sub(halo));
                let grid = Grid::new((top + TILE + halo).min(rows) - y0, (left + TILE + halo).min(columns) - x0);
                for (k, plane) in out.chunks_exact(grid.plane()).enumerate() {
                    let (c, dy, dx) = (k / 4, k / 2 % 2, k % 2);
                    for y in top..(top + TILE).min(rows) {
                        for x in left..(left + TILE).min(columns) {
                            image.plane_mut(c)[(2 * y + dy) * 2 * columns + 2 * x + dx] +=
                                plane[grid.at(y - y0, x - x0)];
                        }
                    }
                }
            }
        }
        image
    }

    /// Runs on the cells from `(y0, x0)` on.
    #[allow(clippy::too_many_arguments)]
    fn run<'a, F: Real>(
        &self,
        theta: &[F],
        grid: Grid,
        mosaic: &Image,
        start: &Image,
        (y0, x0): (usize, usize),
        sigma: f32,
        memory: &'a mut Memory<F>,
    ) -> Run<'a, F> {
        let (net, plane) = (&self.net, grid.plane());
        let need = Arena::<F>::slack(7)
            + (INPUTS + 2 * OUTPUTS + 1) * plane
            + net.tape_len(grid)
            + net.packed_len()
            + net.vjp_memory_len(grid);
        memory.0.clear();
        memory.0.resize(need, F::zero());
        let mut arena = Arena::new(&mut memory.0);
        let (x, inside, out) = (arena.take(INPUTS * plane), arena.take(plane), arena.take(OUTPUTS * plane));
        let (g, tape) = (arena.take(OUTPUTS * plane), arena.take(net.tape_len(grid)));
        let (packed, rest) = (arena.take(net.packed_len()), arena.take(net.vjp_memory_len(grid)));
        grid.inside(inside);
        let width = mosaic.width();
        for (k, x) in x.chunks_exact_mut(plane).enumerate() {
            let source = match k {
                0..OUTPUTS => start.plane(k / 4),
                _ => mosaic.plane(0),
            };
            for row in 0..grid.height() {
                let x = &mut x[grid.at(row, 0)..][..grid.width()];
                if k == INPUTS - 1 {
                    x.fill(F::of(f64::from(sigma / NOISE_UNIT)));
                    continue;
                }
                let line = &source[(2 * (y0 + row) + k / 2 % 2) * width + 2 * x0 + k % 2..];
                x.iter_mut().zip(line.iter().step_by(2)).for_each(|(x, &v)| *x = F::of(f64::from(v)));
            }
        }
        net.forward(grid, theta, x, inside, tape, packed, out);
        Run { x, inside, out, g, tape, packed, rest }
    }
}

/// What a run leaves.
struct Run<'a, F> {
    x: &'a mut [F],
    inside: &'a mut [F],
    out: &'a mut [F],
    g: &'a mut [F],
    tape: &'a mut [F],
    packed: &'a mut [F],
    rest: &'a mut [F],
}

/// `sqrt(e^2 + rounding^2) - rounding` and its derivative, summed over all samples: the loss of an estimate `start + out`.
fn compare<F: Real>(grid: Grid, start: &Image, target: &Image, out: &[F], mut each: impl FnMut(usize, f64)) {
    let width = start.width();
    for k in 0..OUTPUTS {
        for y in 0..grid.height() {
            for x in 0..grid.width() {
                let at = (2 * y + k / 2 % 2) * width + 2 * x + k % 2;
                let index = k * grid.plane() + grid.at(y, x);
                let error = start.plane(k / 4)[at] - target.plane(k / 4)[at];
                each(index, f64::from(error) + out[index].wide());
            }
        }
    }
}

fn refused(error: Error) -> unspool_train::Error {
    unspool_train::Error::Sample { index: 0, problem: error.to_string() }
}

impl<F: Real> Model<F> for Learned {
    type Sample = Mosaic;
    type Memory = Memory<F>;

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn memory(&self) -> Memory<F> {
        Memory(Vec::new())
    }

    fn loss(
        &self,
        theta: &[F],
        sample: &Mosaic,
        _: &mut Noise,
        gradient: &mut [F],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<f64> {
        let Mosaic { target, mosaic, sigma } = sample;
        let start = demosaick::run(Method::Menon, mosaic, Cfa::Rggb).map_err(refused)?;
        let grid = Grid::new(target.height() / 2, target.width() / 2);
        let Run { x, inside, out, g, tape, packed, rest } =
            self.run(theta, grid, mosaic, &start, (0, 0), *sigma, memory);
        let (mut loss, n) = (0.0, target.data().len() as f64);
        compare(grid, &start, target, out, |index, e| {
            let size = e.hypot(ROUNDING);
            loss += (size - ROUNDING) / n;
            g[index] = F::of(e / size / n);
        });
        self.net.vjp(grid, theta, x, inside, tape, g, gradient, packed, rest);
        Ok(loss)
    }

    fn metric_names(&self) -> Vec<String> {
        vec!["minus_psnr".into(), "of_start".into()]
    }

    fn metrics(
        &self,
        theta: &[F],
        sample: &Mosaic,
        _: &mut Noise,
        out: &mut [f64],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<()> {
        let Mosaic { target, mosaic, sigma } = sample;
        let start = demosaick::run(Method::Menon, mosaic, Cfa::Rggb).map_err(refused)?;
        let grid = Grid::new(target.height() / 2, target.width() / 2);
        let run = self.run(theta, grid, mosaic, &start, (0, 0), *sigma, memory);
        let n = target.data().len() as f64;
        let (mut own, mut of_start) = (0.0, 0.0);
        compare(grid, &start, target, run.out, |_, e| own += e * e / n);
        let zeros = vec![F::zero(); run.out.len()];
        compare(grid, &start, target, &zeros, |_, e| of_start += e * e / n);
        (out[0], out[1]) = (10.0 * own.log10(), 10.0 * of_start.log10());
        Ok(())
    }
}
