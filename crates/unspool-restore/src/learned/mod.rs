//! The networks that are shipped: what a classic method gets wrong, learned.
//!
//! | module | corrects | from |
//! |---|---|---|
//! | [`demosaick`] | Menon's estimate | mosaic, noise level |
//! | [`interpolate`] | the biharmonic surface | mask |
//!
//! All planes that a network sees are cut into 2 x 2 cells, so that a pixel of the network is a cell of the image and
//! each plane becomes four; a [residual network](crate::residual) there predicts `x - x_0`.

use rayon::prelude::*;
use unspool_core::Real;
use unspool_image::{Error, Image, Result};
use unspool_train::{Layout, weights};

use crate::grid::Grid;
use crate::residual::Residual;
use crate::transformer::Arena;

pub mod demosaick;
pub mod interpolate;
pub mod probe;

pub use demosaick::Demosaicker;
pub use interpolate::Interpolator;

/// The noise level that a network sees as 1.
const NOISE_UNIT: f32 = 0.1;
/// Cells of a side of a tile.
const TILE: usize = 128;
/// Where the loss goes from quadratic to linear, unless told otherwise.
pub(crate) const ROUNDING: f64 = 1e-3;
/// Maps and residual blocks of the networks that are shipped.
const SHIPPED_SIZE: (usize, usize) = (48, 7);

/// A residual network on the cells of an image.
#[derive(Clone, Debug)]
struct Cells {
    net: Residual,
    layout: Layout,
    /// Channels of the input, of which the first `corrected` are the start.
    channels: usize,
    corrected: usize,
    /// Whether the noise level is an input, too.
    level: bool,
    /// Where the loss goes from quadratic to linear.
    rounding: f64,
}

/// What a network sees.
#[derive(Clone, Copy)]
struct Seen<'a> {
    /// The start, then what else there is; even size.
    planes: &'a Image,
    /// Standard deviation of the noise, for networks that see it.
    sigma: f32,
}

/// The truth, and which of its samples are known, so that they need not be learned.
#[derive(Clone, Copy)]
struct Truth<'a> {
    target: &'a Image,
    known: Option<&'a [bool]>,
}

/// Memory for images of one size at a time.
#[derive(Clone, Debug, Default)]
pub struct Memory<F>(Vec<F>);

/// The pixel of `n` at place `at` of an axis that begins `before` pixels earlier: mirrored at the outermost pixels.
fn mirror(at: usize, before: usize, n: usize) -> usize {
    let at = at.abs_diff(before);
    if at < n { at } else { (2 * (n - 1)).saturating_sub(at) }
}

/// Weights that come with the crate.
pub(crate) fn shipped(bytes: &[u8], layout: &Layout) -> unspool_train::Result<Vec<f32>> {
    weights::File::from_bytes("the weights that come with the program", bytes)?.values(layout)
}

impl Cells {
    fn new(channels: usize, corrected: usize, level: bool, (maps, blocks): (usize, usize)) -> Self {
        let mut layout = Layout::new();
        let net = Residual::new(4 * channels + usize::from(level), maps, blocks, 4 * corrected, &mut layout);
        Cells { net, layout, channels, corrected, level, rounding: ROUNDING }
    }

    fn inputs(&self) -> usize {
        4 * self.channels + usize::from(self.level)
    }

    fn outputs(&self) -> usize {
        4 * self.corrected
    }

    /// The start with what the network adds, tile by tile.
    fn correct(&self, theta: &[f32], seen: Seen) -> Image {
        let planes = seen.planes;
        let (rows, columns) = (planes.height() / 2, planes.width() / 2);
        let halo = self.net.reach();
        let grid_of = |top: usize, left: usize| {
            let (y0, x0) = (top.saturating_sub(halo), left.saturating_sub(halo));
            ((y0, x0), Grid::new((top + TILE + halo).min(rows) - y0, (left + TILE + halo).min(columns) - x0))
        };
        let tiles: Vec<(usize, usize)> =
            (0..rows).step_by(TILE).flat_map(|top| (0..columns).step_by(TILE).map(move |left| (top, left))).collect();
        let start = &planes.data()[..4 * self.corrected * rows * columns];
        let mut image = Image::zeros(self.corrected, 2 * rows, 2 * columns);
        image.data_mut().copy_from_slice(start);
        for some in tiles.chunks(64) {
            let done: Vec<Vec<f32>> = some
                .par_iter()
                .with_max_len(1)
                .map_init(Memory::default, |memory, &(top, left)| {
                    let (corner, grid) = grid_of(top, left);
                    self.infer(theta, grid, seen, corner, memory)
                })
                .collect();
            for (&(top, left), out) in some.iter().zip(&done) {
                let ((y0, x0), grid) = grid_of(top, left);
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
    fn run<'a, F: Real>(
        &self,
        theta: &[F],
        grid: Grid,
        seen: Seen,
        corner: (usize, usize),
        memory: &'a mut Memory<F>,
    ) -> Run<'a, F> {
        let (net, plane, inputs, outputs) = (&self.net, grid.plane(), self.inputs(), self.outputs());
        let need = Arena::<F>::slack(7)
            + (inputs + 2 * outputs + 1) * plane
            + net.tape_len(grid)
            + net.packed_len()
            + net.vjp_memory_len(grid);
        memory.0.clear();
        memory.0.resize(need, F::zero());
        let mut arena = Arena::new(&mut memory.0);
        let (x, inside, out) = (arena.take(inputs * plane), arena.take(plane), arena.take(outputs * plane));
        let (g, tape) = (arena.take(outputs * plane), arena.take(net.tape_len(grid)));
        let (packed, rest) = (arena.take(net.packed_len()), arena.take(net.vjp_memory_len(grid)));
        self.load(grid, seen, corner, x, inside);
        net.forward(grid, theta, x, inside, tape, packed, out);
        Run { x, inside, out, g, tape, packed, rest }
    }

    /// The output alone.
    fn infer(
        &self,
        theta: &[f32],
        grid: Grid,
        seen: Seen,
        corner: (usize, usize),
        memory: &mut Memory<f32>,
    ) -> Vec<f32> {
        let (net, plane) = (&self.net, grid.plane());
        let need = Arena::<f32>::slack(4) + (self.inputs() + 1) * plane + net.maps_len(grid) + net.packed_len();
        memory.0.clear();
        memory.0.resize(need, 0.0);
        let mut arena = Arena::new(&mut memory.0);
        let (x, inside) = (arena.take(self.inputs() * plane), arena.take(plane));
        let (maps, packed) = (arena.take(net.maps_len(grid)), arena.take(net.packed_len()));
        let mut out = vec![0.0; self.outputs() * plane];
        self.load(grid, seen, corner, x, inside);
        net.infer(grid, theta, x, inside, maps, packed, &mut out);
        out
    }

    /// What is seen of the cells from `(y0, x0)` on, and where there are cells.
    fn load<F: Real>(&self, grid: Grid, seen: Seen, (y0, x0): (usize, usize), x: &mut [F], inside: &mut [F]) {
        grid.inside(inside);
        let width = seen.planes.width();
        for (k, x) in x.chunks_exact_mut(grid.plane()).enumerate() {
            for row in 0..grid.height() {
                let x = &mut x[grid.at(row, 0)..][..grid.width()];
                if k == 4 * self.channels {
                    x.fill(F::of(f64::from(seen.sigma / NOISE_UNIT)));
                    continue;
                }
                let line = &seen.planes.plane(k / 4)[(2 * (y0 + row) + k / 2 % 2) * width + 2 * x0 + k % 2..];
                x.iter_mut().zip(line.iter().step_by(2)).for_each(|(x, &v)| *x = F::of(f64::from(v)));
            }
        }
    }

    /// `f(index of the output, x_0 + out - truth)` for each sample that is not known.
    fn compare<F: Real>(&self, grid: Grid, seen: Seen, truth: Truth, out: &[F], mut f: impl FnMut(usize, f64)) {
        let (start, Truth { target, known }) = (seen.planes, truth);
        let (n, width) = (start.height() * start.width(), start.width());
        for k in 0..self.outputs() {
            for y in 0..grid.height() {
                for x in 0..grid.width() {
                    let at = k / 4 * n + (2 * y + k / 2 % 2) * width + 2 * x + k % 2;
                    if known.is_some_and(|known| known[at]) {
                        continue;
                    }
                    let index = k * grid.plane() + grid.at(y, x);
                    f(index, f64::from(start.data()[at] - target.data()[at]) + out[index].wide());
                }
            }
        }
    }

    /// The mean of `sqrt(e^2 + rounding^2) - rounding` over all samples; its gradient is added.
    fn loss<F: Real>(&self, theta: &[F], seen: Seen, truth: Truth, gradient: &mut [F], memory: &mut Memory<F>) -> f64 {
        let grid = Grid::new(seen.planes.height() / 2, seen.planes.width() / 2);
        let Run { x, inside, out, g, tape, packed, rest } = self.run(theta, grid, seen, (0, 0), memory);
        let (mut loss, n) = (0.0, truth.target.data().len() as f64);
        self.compare(grid, seen, truth, out, |index, e| {
            let size = e.hypot(self.rounding);
            loss += (size - self.rounding) / n;
            g[index] = F::of(e / size / n);
        });
        self.net.vjp(grid, theta, x, inside, tape, g, gradient, packed, rest);
        loss
    }

    /// [`METRICS`], lower is better.
    fn metrics<F: Real>(&self, theta: &[F], seen: Seen, truth: Truth, memory: &mut Memory<F>) -> [f64; 2] {
        let grid = Grid::new(seen.planes.height() / 2, seen.planes.width() / 2);
        let run = self.run(theta, grid, seen, (0, 0), memory);
        let n = truth.target.data().len() as f64;
        let (mut own, mut of_start) = (0.0, 0.0);
        self.compare(grid, seen, truth, run.out, |_, e| own += e * e / n);
        let zeros = vec![F::zero(); run.out.len()];
        self.compare(grid, seen, truth, &zeros, |_, e| of_start += e * e / n);
        [own, of_start].map(|mse| 10.0 * mse.log10())
    }
}

/// Names of metrics: minus PSNR in dB of the network and of its start.
const METRICS: [&str; 2] = ["minus_psnr", "of_start"];

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

fn refused(error: Error) -> unspool_train::Error {
    unspool_train::Error::Sample { index: 0, problem: error.to_string() }
}

/// The planes of images of one size, one after another.
fn stacked(images: &[&Image]) -> Result<Image> {
    let data = images.iter().flat_map(|image| image.data()).copied().collect();
    let channels = images.iter().map(|image| image.channels()).sum();
    Image::new(channels, images[0].height(), images[0].width(), data)
}
