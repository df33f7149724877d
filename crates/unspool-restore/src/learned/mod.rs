//! The networks that are shipped: what a classic method gets wrong, learned.
//!
//! | module | corrects | from |
//! |---|---|---|
//! | [`demosaick`] | Menon's estimate | mosaic, noise level |
//! | [`interpolate`] | the biharmonic surface | mask |
//!
//! All planes that a network sees are cut into 2 x 2 cells, so that a pixel of the network is a cell of the image and
//! each plane becomes four; a [residual network](crate::residual) there predicts `x - x_0`.

use std::ops::Range;

use rayon::prelude::*;
use unspool_core::Real;
use unspool_image::{Error, Image, Result};
use unspool_train::{Layout, weights};

use crate::conv;
use crate::grid::Grid;
use crate::loss::charbonnier;
use crate::memory::Arena;
use crate::residual::Residual;

pub mod demosaick;
pub mod interpolate;
pub mod probe;
mod turn;

pub use demosaick::Demosaicker;
pub use interpolate::Interpolator;

/// The noise level that a network sees as 1.
const NOISE_UNIT: f32 = 0.1;
/// Rows and columns of a tile, in cells.
const TILE: [usize; 2] = [256, 128];
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

/// What a network sees of some cells.
#[derive(Clone, Copy)]
struct Seen<'a> {
    /// The start, then what else there is.
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

    /// The start with what the network adds, tile by tile: `height x width` pixels of an image whose cells begin `before` rows and
    /// columns earlier. `see` makes what the network sees of the `(height, width)` pixels from a corner on, cells complete.
    /// Where a tile, by corner and size, is not needed the result is 0.
    fn correct(
        &self,
        theta: &[f32],
        [height, width]: [usize; 2],
        before: (usize, usize),
        sigma: f32,
        is_needed: impl Fn((usize, usize), (usize, usize)) -> bool + Sync,
        see: impl Fn((usize, usize), (usize, usize)) -> Result<Image> + Sync,
    ) -> Result<Image> {
        let (rows, columns) = ((height + before.0).div_ceil(2), (width + before.1).div_ceil(2));
        let halo = [conv::ROWS * self.net.convolutions(), self.net.convolutions()];
        let tile = |memory: &mut Memory<f32>, &(top, left): &(usize, usize)| {
            let (y0, x0) = (top.saturating_sub(halo[0]), left.saturating_sub(halo[1]));
            let (y1, x1) = ((top + TILE[0] + halo[0]).min(rows), (left + TILE[1] + halo[1]).min(columns));
            let grid = Grid::new(y1 - y0, x1 - x0);
            let (height, width) = (TILE[0].min(rows - top), TILE[1].min(columns - left));
            if !is_needed((2 * top, 2 * left), (2 * height, 2 * width)) {
                return Ok(Image::zeros(self.corrected, 2 * height, 2 * width));
            }
            let planes = &see((2 * y0, 2 * x0), (2 * grid.height(), 2 * grid.width()))?;
            let out = self.infer(theta, grid, top - y0..top - y0 + height, Seen { planes, sigma }, memory);
            Ok(Image::from_fn(self.corrected, 2 * height, 2 * width, |c, y, x| {
                let (k, y, x) = (4 * c + y % 2 * 2 + x % 2, y + 2 * (top - y0), x + 2 * (left - x0));
                planes.plane(c)[y * planes.width() + x] + out[k * grid.plane() + grid.at(y / 2, x / 2)]
            }))
        };
        let tiles: Vec<(usize, usize)> = (0..rows)
            .step_by(TILE[0])
            .flat_map(|top| (0..columns).step_by(TILE[1]).map(move |left| (top, left)))
            .collect();
        let mut image = Image::zeros(self.corrected, height, width);
        // a thread that waits inside of a tile would begin another one, with memory of its own
        for some in tiles.chunks(rayon::current_num_threads()) {
            let done: Vec<Image> =
                some.par_iter().with_max_len(1).map_init(Memory::default, tile).collect::<Result<_>>()?;
            for (&(top, left), part) in some.iter().zip(&done) {
                let (top, left) = (2 * top as isize - before.0 as isize, 2 * left as isize - before.1 as isize);
                let (skip, first) = ((-left).max(0) as usize, left.max(0) as usize);
                for c in 0..self.corrected {
                    for (y, row) in part.plane(c).chunks_exact(part.width()).enumerate() {
                        let y = top + y as isize;
                        if (0..height as isize).contains(&y) {
                            let out = &mut image.plane_mut(c)[y as usize * width..][first..width];
                            out.iter_mut().zip(&row[skip..]).for_each(|(out, &v)| *out = v);
                        }
                    }
                }
            }
        }
        Ok(image)
    }

    /// Runs on all cells.
    fn run<'a, F: Real>(&self, theta: &[F], grid: Grid, seen: Seen, memory: &'a mut Memory<F>) -> Run<'a, F> {
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
        grid.inside(inside);
        self.load(grid, seen, x);
        net.forward(grid, theta, x, tape, packed, out);
        Run { x, inside, out, g, tape, packed, rest }
    }

    /// The output of some rows alone.
    fn infer(&self, theta: &[f32], grid: Grid, rows: Range<usize>, seen: Seen, memory: &mut Memory<f32>) -> Vec<f32> {
        let (net, plane) = (&self.net, grid.plane());
        let need = Arena::<f32>::slack(3) + self.inputs() * plane + net.maps_len(grid) + net.packed_len();
        memory.0.clear();
        memory.0.resize(need, 0.0);
        let mut arena = Arena::new(&mut memory.0);
        let (x, maps) = (arena.take(self.inputs() * plane), arena.take(net.maps_len(grid)));
        let packed = arena.take(net.packed_len());
        let mut out = vec![0.0; self.outputs() * plane];
        self.load(grid, seen, x);
        net.infer(grid, rows, theta, x, maps, packed, &mut out);
        out
    }

    /// What is seen.
    fn load<F: Real>(&self, grid: Grid, seen: Seen, x: &mut [F]) {
        let width = seen.planes.width();
        for (k, x) in x.chunks_exact_mut(grid.plane()).enumerate() {
            for row in 0..grid.height() {
                let x = &mut x[grid.at(row, 0)..][..grid.width()];
                if k == 4 * self.channels {
                    x.fill(F::of(f64::from(seen.sigma / NOISE_UNIT)));
                    continue;
                }
                let line = &seen.planes.plane(k / 4)[(2 * row + k / 2 % 2) * width + k % 2..];
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
        let Run { x, inside, out, g, tape, packed, rest } = self.run(theta, grid, seen, memory);
        let (mut loss, n) = (0.0, truth.target.data().len() as f64);
        self.compare(grid, seen, truth, out, |index, e| {
            let (value, slope) = charbonnier(e, self.rounding);
            loss += value / n;
            g[index] = F::of(slope / n);
        });
        self.net.vjp(grid, theta, x, inside, tape, g, gradient, packed, rest);
        loss
    }

    /// [`METRICS`], lower is better.
    fn metrics<F: Real>(&self, theta: &[F], seen: Seen, truth: Truth, memory: &mut Memory<F>) -> [f64; 2] {
        let grid = Grid::new(seen.planes.height() / 2, seen.planes.width() / 2);
        let run = self.run(theta, grid, seen, memory);
        let n = truth.target.data().len() as f64;
        let (mut own, mut of_start) = (0.0, 0.0);
        self.compare(grid, seen, truth, run.out, |_, e| own += e * e / n);
        let zeros = vec![F::zero(); run.out.len()];
        self.compare(grid, seen, truth, &zeros, |_, e| of_start += e * e / n);
        // an estimate without error has 200 dB
        [own, of_start].map(|mse| 10.0 * mse.max(1e-20).log10())
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
