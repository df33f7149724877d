//! A network on whole images: features tile by tile, solvers head by head and channel by channel.
//!
//! The same numbers as [`Bound`](crate::Bound), bit for bit, whatever the tiles and the number of threads.

use rayon::prelude::*;
use unspool_core::Real;
use unspool_image::Cfa;

use crate::conv;
use crate::features;
use crate::grid::{Grid, REACH};
use crate::start;
use crate::transformer::{Arena, Given, Operator, Prior, Transformer, project, solve, solve_len};
use crate::window::{self, EDGES};

/// Rows and columns of a tile: a small share of it is border.
const TILE: [usize; 2] = [128, 128];
/// Rows and columns that a tile needs beyond its border: those of each convolution, and the reach of a window.
const HALO: [usize; 2] =
    [(features::LAYERS * conv::ROWS + REACH).next_multiple_of(conv::ROWS), features::LAYERS + REACH];
/// Heads whose graphs are held at a time.
const TOGETHER: usize = 2;

/// Planes of samples and masks.
#[derive(Clone, Debug)]
pub struct Observed<F> {
    pub(crate) grid: Grid,
    pub(crate) y: Vec<F>,
    pub(crate) known: Vec<F>,
    pub(crate) unknown: Vec<F>,
    pub(crate) inside: Vec<F>,
    /// The pattern, if it is a mosaic.
    cfa: Option<Cfa>,
}

impl<F: Real> Observed<F> {
    /// From samples, row by row and channel by channel, and which of them are known; the others may be anything.
    ///
    /// # Panics
    /// If there is not one mark for each sample.
    pub fn new(height: usize, width: usize, samples: &[F], known: &[bool]) -> Self {
        let n = height * width;
        assert!(n > 0 && samples.len() == known.len() && samples.len().is_multiple_of(n));
        let grid = Grid::new(height, width);
        let (plane, channels) = (grid.plane(), samples.len() / n);
        let mut inside = vec![F::zero(); plane];
        grid.inside(&mut inside);
        let planes = || vec![F::zero(); channels * plane];
        let (mut y, mut marks) = (planes(), planes());
        for c in 0..channels {
            let own = c * n..(c + 1) * n;
            let mark: Vec<F> = known[own.clone()].iter().map(|&k| if k { F::one() } else { F::zero() }).collect();
            let value: Vec<F> =
                samples[own].iter().zip(&mark).map(|(&y, &k)| if k > F::zero() { y } else { k }).collect();
            grid.put(&value, &mut y[c * plane..(c + 1) * plane]);
            grid.put(&mark, &mut marks[c * plane..(c + 1) * plane]);
        }
        let unknown = marks.iter().zip(inside.iter().cycle()).map(|(&k, &i)| i - k).collect();
        let is_of = |cfa: &Cfa| channels == 3 && cfa.mask(height, width).known() == known;
        let cfa = Cfa::ALL.into_iter().find(is_of);
        Observed { grid, y, known: marks, unknown, inside, cfa }
    }

    /// The layout of its planes.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.y.len() / self.grid.plane()
    }

    /// The first estimate: that of [`start::malvar`] if the known samples are a Bayer mosaic, else of [`start::tent`].
    pub fn start(&self) -> Vec<F> {
        if let Some(x) = self.cfa.and_then(|cfa| start::malvar(self.grid, &self.y, cfa)) {
            return x;
        }
        let mut x = vec![F::zero(); self.y.len()];
        let plane = self.grid.plane();
        x.par_chunks_mut(plane).enumerate().for_each(|(c, x)| {
            let own = c * plane..(c + 1) * plane;
            start::tent(self.grid, &self.y[own.clone()], &self.known[own], x);
        });
        x
    }

    /// Planes as an image, row by row and channel by channel.
    pub fn image(&self, planes: &[F]) -> Vec<F> {
        let n = self.grid.height() * self.grid.width();
        let mut image = vec![F::zero(); self.channels() * n];
        for (image, plane) in image.chunks_exact_mut(n).zip(planes.chunks_exact(self.grid.plane())) {
            self.grid.get(plane, image);
        }
        image
    }
}

/// Memory for as many solvers at a time as there are threads; nothing yet.
pub fn slots<F>() -> Vec<Vec<F>> {
    (0..rayon::current_num_threads().clamp(1, 8)).map(|_| Vec::new()).collect()
}

impl Transformer {
    /// Restores an image: the estimate after the last block, planes as in [`Observed`].
    ///
    /// # Complexity
    /// Time in proportion to pixels; about 60 planes of memory for GLR, 250 for GTV.
    ///
    /// # Panics
    /// If the channels or parameters are not those of the network.
    pub fn restore<F: Real>(&self, theta: &[F], observed: &Observed<F>) -> Vec<F> {
        let (mut x, mut slots) = (observed.start(), slots());
        for block in 0..self.shape().blocks {
            x = self.restore_block(block, theta, observed, &x, &mut slots);
        }
        x
    }

    /// One block: the next estimate. `slots`: memory that is kept from block to block of one image, see [`slots`].
    pub fn restore_block<F: Real>(
        &self,
        block: usize,
        theta: &[F],
        observed: &Observed<F>,
        x: &[F],
        slots: &mut [Vec<F>],
    ) -> Vec<F> {
        let s = self.graphs(block, theta, observed.grid, x);
        let mut next = vec![F::zero(); x.len()];
        self.solutions(block, theta, observed, x, &s, slots, |weight, solution| F::axpy(weight, solution, &mut next));
        next
    }

    /// Calls `each` with the weight and the solution of each head, in order. `s`: the [graphs](Transformer::graphs).
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn solutions<F: Real>(
        &self,
        block: usize,
        theta: &[F],
        observed: &Observed<F>,
        x: &[F],
        s: &[F],
        slots: &mut [Vec<F>],
        mut each: impl FnMut(F, &[F]),
    ) {
        let Observed { grid, y, known, unknown, inside, .. } = observed;
        let (grid, shape) = (*grid, self.shape());
        assert!(theta.len() == self.layout().len() && observed.channels() == shape.channels);
        let (plane, prior) = (grid.plane(), shape.prior);
        let block = &self.blocks[block];
        let mut memories: Vec<Vec<F>> = Vec::new();
        for heads in (0..shape.heads).collect::<Vec<_>>().chunks(TOGETHER) {
            memories.resize_with(heads.len(), Vec::new);
            memories.iter_mut().for_each(|memory| memory.resize(Operator::<F>::len(prior, grid), F::zero()));
            let operators: Vec<Operator<F>> = memories
                .par_iter_mut()
                .zip(heads)
                .map(|(memory, &h)| Operator::new(prior, grid, &s[h * EDGES * plane..(h + 1) * EDGES * plane], memory))
                .collect();
            // each slot does every so many-th head, in memory that it keeps
            let count = slots.len();
            let solved: Vec<Vec<(usize, Vec<F>)>> = slots
                .par_iter_mut()
                .with_max_len(1)
                .enumerate()
                .map(|(slot, memory)| {
                    let solve_one = |(h, operator): (usize, &Operator<F>)| {
                        memory.resize(solve_len(shape, grid), F::zero());
                        let given = Given { y, known, unknown, inside };
                        let (mut x, head) = (x.to_vec(), block.head(shape, theta, heads[h]));
                        solve(prior, grid, operator, head, given, &mut x, None, memory);
                        (h, x)
                    };
                    operators.iter().enumerate().skip(slot).step_by(count).map(solve_one).collect()
                })
                .collect();
            let mut solved: Vec<(usize, Vec<F>)> = solved.into_iter().flatten().collect();
            solved.sort_by_key(|(h, _)| *h);
            solved.iter().for_each(|(h, solution)| each(theta[block.comb.start + heads[*h]], solution));
        }
    }

    /// The weights of the graphs of a block, 12 planes a head, as the estimate `x` makes them.
    pub fn graphs<F: Real>(&self, block: usize, theta: &[F], grid: Grid, x: &[F]) -> Vec<F> {
        let (shape, plane) = (self.shape(), grid.plane());
        let rows: Vec<usize> = (0..grid.height()).step_by(TILE[0]).collect();
        let columns: Vec<usize> = (0..grid.width()).step_by(TILE[1]).collect();
        let planes = shape.heads * EDGES;
        let mut s = vec![F::zero(); planes * plane];
        for &top in &rows {
            let tiles: Vec<(Grid, Grid, usize, Vec<F>)> = columns
                .par_iter()
                .with_max_len(1)
                .map_init(Vec::new, |memory, &left| {
                    let inner = Grid::new(TILE[0].min(grid.height() - top), TILE[1].min(grid.width() - left));
                    let (y0, x0) = (top.saturating_sub(HALO[0]), left.saturating_sub(HALO[1]));
                    let (y1, x1) = (
                        (top + inner.height() + HALO[0]).min(grid.height()),
                        (left + inner.width() + HALO[1]).min(grid.width()),
                    );
                    let tile = Grid::new(y1 - y0, x1 - x0);
                    let s = self.tile(block, theta, grid, x, (y0, x0), tile, memory);
                    (inner, tile, left, s)
                })
                .collect();
            s.par_chunks_mut(plane).enumerate().for_each(|(k, s)| {
                for (inner, tile, left, own) in &tiles {
                    let own = &own[k * tile.plane()..(k + 1) * tile.plane()];
                    for row in 0..inner.height() {
                        let from = tile.at(row + top.min(HALO[0]), (*left).min(HALO[1]));
                        s[grid.at(top + row, *left)..][..inner.width()].copy_from_slice(&own[from..][..inner.width()]);
                    }
                }
            });
        }
        s
    }

    /// The weights on a tile whose first pixel is `(y0, x0)`.
    #[allow(clippy::too_many_arguments)]
    fn tile<F: Real>(
        &self,
        block: usize,
        theta: &[F],
        grid: Grid,
        x: &[F],
        (y0, x0): (usize, usize),
        tile: Grid,
        memory: &mut Vec<F>,
    ) -> Vec<F> {
        let (shape, block) = (self.shape(), &self.blocks[block]);
        let (plane, d) = (tile.plane(), shape.features());
        let features = &block.features;
        memory.clear();
        memory.resize(
            Arena::<F>::slack(4) + features.infer_len(tile) + features.packed_len() + (shape.channels + d) * plane,
            F::zero(),
        );
        let mut arena = Arena::new(memory);
        let maps = arena.take(features.infer_len(tile));
        let packed = arena.take(features.packed_len());
        let (own, g) = (arena.take(shape.channels * plane), arena.take(d * plane));
        for (own, x) in own.chunks_exact_mut(plane).zip(x.chunks_exact(grid.plane())) {
            for row in 0..tile.height() {
                own[tile.at(row, 0)..][..tile.width()].copy_from_slice(&x[grid.at(y0 + row, x0)..][..tile.width()]);
            }
        }
        let f = features.infer(tile, theta, own, maps, packed);
        let mut s = vec![F::zero(); shape.heads * EDGES * plane];
        for (h, s) in s.chunks_exact_mut(EDGES * plane).enumerate() {
            let a = &theta[block.metric.start + h * d * d..][..d * d];
            project(tile, a, &f[h * d * plane..][..d * plane], g);
            window::affinity(tile, g, s);
        }
        s
    }

    /// The prior.
    pub fn prior(&self) -> Prior {
        self.shape().prior
    }
}
