//! A network on whole images: features tile by tile, solvers head by head.
//!
//! The same numbers as [`Bound`](crate::Bound), bit for bit, whatever the tiles and the number of threads.

use std::ops::Range;

use rayon::prelude::*;
use unspool_core::Real;
use unspool_image::Cfa;

use crate::conv;
use crate::features;
use crate::grid::{Grid, REACH};
use crate::memory::Arena;
use crate::project::project;
use crate::start;
use crate::transformer::{Given, Operator, Prior, Transformer, solve, solve_len};
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
        let is_of = |cfa: &Cfa| {
            known.iter().enumerate().all(|(i, &known)| known == (cfa.color(i % n / width, i % width) == i / n))
        };
        let cfa = if channels == 3 { Cfa::ALL.into_iter().find(is_of) } else { None };
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

/// Memory that is kept from block to block of an image.
#[derive(Debug, Default)]
pub(crate) struct Memory<F> {
    /// The weights of the graphs of a block, 12 planes a head.
    pub(crate) graphs: Vec<F>,
    operators: Vec<Vec<F>>,
    /// Of each tile, and then of each solver, that is worked on at a time.
    slots: Vec<Vec<F>>,
}

/// How many solvers, or tiles, are worked on at a time.
fn at_a_time() -> usize {
    rayon::current_num_threads().clamp(1, 8)
}

impl Transformer {
    /// Restores an image: the estimate after the last block, planes as in [`Observed`].
    ///
    /// # Complexity
    /// Time in proportion to pixels; about 110 planes of memory for GLR, 200 for GTV.
    ///
    /// # Panics
    /// If the channels or parameters are not those of the network.
    pub fn restore<F: Real>(&self, theta: &[F], observed: &Observed<F>) -> Vec<F> {
        let (mut x, mut memory) = (observed.start(), Memory::default());
        for block in 0..self.shape().blocks {
            let mut next = vec![F::zero(); x.len()];
            self.graphs(block, theta, observed.grid, &x, &mut memory);
            self.solutions(block, theta, observed, &x, &mut memory, |weight, solution| {
                F::axpy(weight, solution, &mut next);
            });
            x = next;
        }
        x
    }

    /// Calls `each` with the weight and the solution of each head, in order, on the [graphs](Transformer::graphs) in `memory`.
    pub(crate) fn solutions<F: Real>(
        &self,
        block: usize,
        theta: &[F],
        observed: &Observed<F>,
        x: &[F],
        memory: &mut Memory<F>,
        mut each: impl FnMut(F, &[F]),
    ) {
        let Observed { grid, y, known, unknown, inside, .. } = observed;
        let (grid, shape) = (*grid, self.shape());
        assert!(theta.len() == self.layout().len() && observed.channels() == shape.channels);
        let (plane, prior) = (grid.plane(), shape.prior);
        let block = &self.blocks[block];
        let Memory { graphs, operators, slots } = memory;
        operators.resize_with(TOGETHER, Vec::new);
        slots.resize_with(at_a_time(), Vec::new);
        slots.par_iter_mut().take(TOGETHER).for_each(|memory| {
            memory.clear();
            memory.resize(solve_len(shape, grid), F::zero());
        });
        for heads in (0..shape.heads).collect::<Vec<_>>().chunks(TOGETHER) {
            let operators: Vec<Operator<F>> = operators
                .par_iter_mut()
                .zip(heads)
                .map(|(memory, &h)| {
                    memory.resize(Operator::<F>::len(prior, grid), F::zero());
                    Operator::new(prior, grid, &graphs[h * EDGES * plane..(h + 1) * EDGES * plane], memory)
                })
                .collect();
            // each slot does every so many-th head, in memory that it keeps
            let count = slots.len();
            let solved: Vec<Vec<(usize, Vec<F>)>> = slots
                .par_iter_mut()
                .with_max_len(1)
                .enumerate()
                .map(|(slot, memory)| {
                    let solve_one = |(h, operator): (usize, &Operator<F>)| {
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

    /// The weights of the graphs of a block, 12 planes a head, as the estimate `x` makes them: in `memory`, which is of this
    /// image.
    pub(crate) fn graphs<F: Real>(&self, block: usize, theta: &[F], grid: Grid, x: &[F], memory: &mut Memory<F>) {
        let Memory { graphs, slots, .. } = memory;
        let (shape, plane) = (self.shape(), grid.plane());
        graphs.resize(shape.heads * EDGES * plane, F::zero());
        slots.resize_with(at_a_time(), Vec::new);
        let columns: Vec<usize> = (0..grid.width()).step_by(TILE[1]).collect();
        for top in (0..grid.height()).step_by(TILE[0]) {
            for columns in columns.chunks(slots.len()) {
                let tiles: Vec<(Tile, &[F])> = slots
                    .par_iter_mut()
                    .with_max_len(1)
                    .zip(columns)
                    .map(|(memory, &left)| {
                        let tile = Tile::new(grid, top, left);
                        let s = self.tile(block, theta, grid, x, &tile, memory);
                        (tile, s)
                    })
                    .collect();
                graphs.par_chunks_mut(plane).enumerate().for_each(|(k, s)| {
                    for (tile, own) in &tiles {
                        tile.place(&own[k * tile.grid.plane()..], grid, s);
                    }
                });
            }
        }
    }

    /// The weights on a tile, in its memory.
    fn tile<'m, F: Real>(
        &self,
        block: usize,
        theta: &[F],
        whole: Grid,
        x: &[F],
        tile: &Tile,
        memory: &'m mut Vec<F>,
    ) -> &'m [F] {
        let (shape, block, grid) = (self.shape(), &self.blocks[block], tile.grid);
        let (plane, d) = (grid.plane(), shape.features());
        let features = &block.features;
        let lens = [features.infer_len(grid), features.packed_len(), shape.channels * plane, d * plane];
        let edges = shape.heads * EDGES * plane;
        let len = Arena::<F>::slack(5) + edges + lens.iter().sum::<usize>();
        if memory.len() < len {
            memory.resize(len, F::zero());
        }
        let mut arena = Arena::new(memory);
        let s = arena.take(edges);
        let [maps, packed, own, g] = lens.map(|n| arena.take(n));
        own.fill(F::zero());
        for (own, x) in own.chunks_exact_mut(plane).zip(x.chunks_exact(whole.plane())) {
            for row in 0..grid.height() {
                let from = whole.at(tile.first.0 + row, tile.first.1);
                own[grid.at(row, 0)..][..grid.width()].copy_from_slice(&x[from..][..grid.width()]);
            }
        }
        let wanted = tile.rows();
        // edges point downwards
        let seen = wanted.start..(wanted.end + REACH).min(grid.height());
        let f = features.infer(grid, seen.clone(), theta, own, maps, packed);
        for (h, s) in s.chunks_exact_mut(EDGES * plane).enumerate() {
            let a = &theta[block.metric.start + h * d * d..][..d * d];
            project(grid, seen.clone(), a, &f[h * d * plane..][..d * plane], g);
            window::affinity(grid, wanted.clone(), g, s);
        }
        s
    }

    /// The prior.
    pub fn prior(&self) -> Prior {
        self.shape().prior
    }
}

/// A part of an image: what is wanted of it, and what that depends on.
struct Tile {
    /// All of it, with the border.
    grid: Grid,
    /// Its first pixel in the image, border included.
    first: (usize, usize),
    /// The first pixel that is wanted, and how many rows and columns.
    wanted: (usize, usize),
    size: (usize, usize),
}

impl Tile {
    /// That whose first wanted pixel is `(top, left)`.
    fn new(whole: Grid, top: usize, left: usize) -> Self {
        let size = (TILE[0].min(whole.height() - top), TILE[1].min(whole.width() - left));
        let first = (top.saturating_sub(HALO[0]), left.saturating_sub(HALO[1]));
        let end = ((top + size.0 + HALO[0]).min(whole.height()), (left + size.1 + HALO[1]).min(whole.width()));
        Tile { grid: Grid::new(end.0 - first.0, end.1 - first.1), first, wanted: (top, left), size }
    }

    /// The wanted rows.
    fn rows(&self) -> Range<usize> {
        let top = self.wanted.0 - self.first.0;
        top..top + self.size.0
    }

    /// Copies what is wanted from a plane of the tile to one of the image.
    fn place<F: Real>(&self, own: &[F], whole: Grid, plane: &mut [F]) {
        let ((top, left), width) = (self.wanted, self.size.1);
        for (y, row) in self.rows().enumerate() {
            let from = self.grid.at(row, left - self.first.1);
            plane[whole.at(top + y, left)..][..width].copy_from_slice(&own[from..][..width]);
        }
    }
}
