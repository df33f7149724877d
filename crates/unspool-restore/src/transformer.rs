//! The graph-smoothness transformer: uGLR and uGTV.
//!
//! Do, Eftekhar, Hosseini, Cheung, Chou, *Interpretable Lightweight Transformer via Unrolling of Learned Graph Smoothness
//! Priors* (NeurIPS 2024). Blocks one after the other, five in the paper; each makes features of the current estimate, from them four
//! graphs (*heads*), solves the restoration problem on each by an unrolled solver, and mixes the solutions:
//!
//! ```text
//! f = cnn(x),   s_h = exp(-(f_i - f_j)' A_h A_h' (f_i - f_j)),   x <- sum_h comb_h bounded(solve_h(x; y, mask))
//! ```
//!
//! Nothing makes conjugate gradients with learned step sizes converge: where most neighbours of a pixel lean on it alone, GTV's
//! operator has eigenvalues far above those that the step sizes are made for. Samples lie in `[0, 1]`, so solutions are kept
//! within `[-1, 2]`; what lies beyond has diverged, and the next block starts from the bound.
//!
//! As a map of the engine, a block is a step: `x_{t+1} = T_t(x_t, theta)`.

use std::ops::Range;

use unspool_core::{At, Dims, Map, Real, Vjp, dispatched};
use unspool_train::{Constraint, Error, Init, Layout, Result, weights};

use crate::cg::{self, Steps};
use crate::features::Features;
use crate::grid::Grid;
use crate::memory::{Arena, skip, split, split_mut};
use crate::project::project;
use crate::stencil::Stencil;
use crate::window::{self, EDGES};
use crate::{glr, gtv};

/// Which smoothness a block minimises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prior {
    /// Graph Laplacian regulariser, by conjugate gradients.
    Glr,
    /// Graph total variation, by ADMM.
    Gtv,
}

/// Most blocks of a network that is trained or read from a file.
pub const MOST_BLOCKS: usize = 100;

/// Sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The prior.
    pub prior: Prior,
    /// Channels of the image.
    pub channels: usize,
    /// Blocks.
    pub blocks: usize,
    /// Maps of the feature network: `heads` times as many as features of a graph.
    pub maps: usize,
    /// Graphs of a block.
    pub heads: usize,
    /// Iterations of ADMM.
    pub admm: usize,
    /// Iterations of conjugate gradients in each; GLR has no ADMM, and does all of them in a row.
    pub cg: usize,
}

impl Shape {
    /// Those of the paper.
    pub fn paper(prior: Prior, channels: usize) -> Self {
        Shape { prior, channels, blocks: 5, maps: 48, heads: 4, admm: 5, cg: 10 }
    }

    /// Iterations of conjugate gradients of a head.
    pub fn iterations(&self) -> usize {
        self.admm * self.cg
    }

    /// Features of a graph.
    pub fn features(&self) -> usize {
        self.maps / self.heads
    }
}

/// Where the parameters of a block lie.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) features: Features,
    /// `A` of each head, `[heads][features][features]`.
    pub(crate) metric: Range<usize>,
    /// `[heads][admm cg]`.
    pub(crate) alpha: Range<usize>,
    pub(crate) beta: Range<usize>,
    /// Weights of the heads.
    pub(crate) comb: Range<usize>,
    /// Penalties, of GTV only.
    pub(crate) gamma: Range<usize>,
}

/// The network: sizes and the layout of its parameters.
#[derive(Clone, Debug)]
pub struct Transformer {
    shape: Shape,
    pub(crate) blocks: Vec<Block>,
    layout: Layout,
}

impl Transformer {
    /// A network of these sizes.
    ///
    /// ```
    /// use unspool_restore::{Prior, Shape, Transformer};
    /// let net = Transformer::new(Shape::paper(Prior::Gtv, 3));
    /// assert_eq!(net.layout().len(), 323_435);
    /// ```
    pub fn new(shape: Shape) -> Self {
        let mut layout = Layout::new();
        let Shape { channels, maps, heads, admm, cg, .. } = shape;
        let features = shape.features();
        // graphs that differ from the first step on are learned sooner; on those of GTV conjugate gradients would diverge
        let init = match shape.prior {
            Prior::Glr => Init::He,
            Prior::Gtv => Init::FanIn,
        };
        let blocks = (0..shape.blocks)
            .map(|b| {
                let name = format!("blocks.{b}");
                let free = Constraint::Free;
                Block {
                    features: Features::new(&name, channels, maps, init, &mut layout),
                    metric: layout.add(
                        format!("{name}.metric"),
                        &[heads, features, features],
                        free,
                        Init::Diagonal(1.5f64.sqrt()),
                    ),
                    alpha: layout.add(format!("{name}.alpha"), &[heads, admm, cg], free, Init::Constant(ALPHA)),
                    beta: layout.add(format!("{name}.beta"), &[heads, admm, cg], free, Init::Constant(BETA)),
                    comb: layout.add(format!("{name}.comb"), &[heads], free, Init::Constant(1.0 / heads as f64)),
                    gamma: match shape.prior {
                        Prior::Glr => layout.len()..layout.len(),
                        Prior::Gtv => layout.add(format!("{name}.gamma"), &[admm], free, Init::Constant(10.0)),
                    },
                }
            })
            .collect();
        Transformer { shape, blocks, layout }
    }

    /// The network of these sizes with as many blocks as a file has, and its values.
    ///
    /// # Errors
    /// As [`weights::File::values`]; a file without blocks, or with more than [`MOST_BLOCKS`].
    pub fn from_file<F: Real>(shape: Shape, file: &weights::File) -> Result<(Self, Vec<F>)> {
        let has = |b: &usize| file.shape(&format!("blocks.{b}.comb")).is_some();
        let blocks = (0..=MOST_BLOCKS).take_while(has).count();
        if blocks > MOST_BLOCKS {
            let got = format!("more than {MOST_BLOCKS}");
            return Err(Error::Range { what: "the number of blocks of the file", got, must: "at most 100" });
        }
        let net = Transformer::new(Shape { blocks: blocks.max(1), ..shape });
        let theta = file.values(&net.layout)?;
        Ok((net, theta))
    }

    /// This network with more blocks, and its values: those added are like the last, with a solver that has to be trained yet and
    /// is nearly idle. Two blocks that begin as one trained block and such a copy learn faster than two from scratch.
    ///
    /// ```
    /// use unspool_restore::{Prior, Shape, Transformer};
    /// let one = Transformer::new(Shape { blocks: 1, ..Shape::paper(Prior::Glr, 3) });
    /// let (two, theta) = one.grown(2, &one.layout().init::<f32>(7));
    /// assert_eq!(theta.len(), two.layout().len());
    /// ```
    ///
    /// # Panics
    /// If the values are not those of the network, or it has more blocks, or none.
    pub fn grown<F: Real>(&self, blocks: usize, theta: &[F]) -> (Self, Vec<F>) {
        assert!(theta.len() == self.layout.len() && (1..=blocks).contains(&self.shape.blocks));
        let net = Transformer::new(Shape { blocks, ..self.shape });
        let (untrained, each) = (net.layout.init::<F>(0), theta.len() / self.shape.blocks);
        let mut theta = theta.to_vec();
        for block in &net.blocks[self.shape.blocks..] {
            theta.extend_from_within(theta.len() - each..);
            for range in [&block.alpha, &block.beta, &block.comb, &block.gamma] {
                theta[range.clone()].copy_from_slice(&untrained[range.clone()]);
            }
        }
        (net, theta)
    }

    /// Its sizes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Its parameters.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// Step sizes to start from. With the paper's 0.5 solvers converge at once and forget the estimate that they start from: what
/// reaches the blocks before goes through the graph alone, and next to no gradient comes back (a hundred thousandth of that of
/// the last block). From small steps each block is nearly the identity, and all five learn from the first step on.
const ALPHA: f64 = 0.02;
/// Momentum to start from, the paper's.
const BETA: f64 = 0.3;

/// Bounds of a solution.
const LEAST: f64 = -1.0;
const MOST: f64 = 2.0;

/// Puts `x` between the bounds; what is not a number stays.
fn bound<F: Real>(x: &mut [F]) {
    bound_all(F::of(LEAST), F::of(MOST), x);
}

/// The adjoint of [`bound`], from its result.
fn bound_vjp<F: Real>(x: &[F], c: &mut [F]) {
    bound_back(F::of(LEAST), F::of(MOST), x, c);
}

dispatched! {
    fn bound_all<T: Real>(_simd: S, least: T, most: T, x: &'a mut [T]) {
        x.iter_mut().for_each(|x| *x = if *x < least { least } else if *x > most { most } else { *x });
    }

    fn bound_back<T: Real>(_simd: S, least: T, most: T, x: &'a [T], c: &'a mut [T]) {
        c.iter_mut().zip(x).for_each(|(c, &x)| *c = if x <= least || x >= most { T::zero() } else { *c });
    }

    fn scaled<T: Real>(_simd: S, a: T, x: &'a [T], out: &'a mut [T]) {
        out.iter_mut().zip(x).for_each(|(out, &x)| *out = a * x);
    }
}

/// The graph of one head, and what its solver needs of it.
pub(crate) struct Operator<'a, F> {
    /// GLR: `root`, `diagonal`; GTV: `1 / degree`, degree of `C'C`.
    first: &'a [F],
    second: &'a [F],
    /// Weights of the stencil, 12 planes.
    entries: &'a [F],
    /// Directed weights, 24 planes, of GTV only.
    w: &'a [F],
}

impl<'a, F: Real> Operator<'a, F> {
    fn lens(prior: Prior, grid: Grid) -> [usize; 4] {
        let directed = if prior == Prior::Gtv { gtv::DIRECTED } else { 0 };
        [1, 1, EDGES, directed].map(|planes| planes * grid.plane())
    }

    pub(crate) fn len(prior: Prior, grid: Grid) -> usize {
        Self::lens(prior, grid).iter().sum()
    }

    /// From the weights `s` of the graph.
    pub(crate) fn new(prior: Prior, grid: Grid, s: &[F], memory: &'a mut [F]) -> Self {
        let [first, second, entries, w] = split_mut(memory, Self::lens(prior, grid));
        match prior {
            Prior::Glr => glr::normalise(grid, s, first, second, entries),
            Prior::Gtv => {
                gtv::normalise(grid, s, first, w);
                gtv::operator(grid, w, entries, second);
            }
        }
        Operator { first, second, entries, w }
    }

    /// What [`Operator::new`] left in `memory`.
    fn kept(prior: Prior, grid: Grid, memory: &'a [F]) -> Self {
        let [first, second, entries, w] = split(memory, Self::lens(prior, grid));
        Operator { first, second, entries, w }
    }

    /// The diagonal for channels with these masks, in `memory` where they differ: GTV has `C'C + H'H`.
    pub(crate) fn diagonal<'b>(&'b self, prior: Prior, known: &[F], memory: &'b mut [F]) -> &'b [F] {
        if prior == Prior::Glr {
            return self.second;
        }
        let n = self.second.len();
        for (diagonal, known) in memory.chunks_exact_mut(n).zip(known.chunks_exact(n)) {
            diagonal.copy_from_slice(self.second);
            F::axpy(F::one(), known, diagonal);
        }
        memory
    }
}

/// What a solver is told: one plane a channel, but `inside`.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a, F> {
    pub(crate) y: &'a [F],
    pub(crate) known: &'a [F],
    pub(crate) unknown: &'a [F],
    pub(crate) inside: &'a [F],
}

/// Parameters of one head.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a, F> {
    pub(crate) steps: Steps<'a, F>,
    pub(crate) gamma: &'a [F],
}

impl Block {
    /// The parameters of head `h`.
    pub(crate) fn head<'t, F>(&self, shape: Shape, theta: &'t [F], h: usize) -> Head<'t, F> {
        let n = shape.iterations();
        let own = |range: &Range<usize>| &theta[range.start + h * n..range.start + (h + 1) * n];
        Head { steps: Steps { alpha: own(&self.alpha), beta: own(&self.beta) }, gamma: &theta[self.gamma.clone()] }
    }
}

/// Length of the memory of [`solve`].
pub(crate) fn solve_len(shape: Shape, grid: Grid) -> usize {
    let n = shape.channels * grid.plane();
    match shape.prior {
        Prior::Glr => glr::SOLVE_PLANES * n,
        Prior::Gtv => n + gtv::memory_len(grid, shape.channels, shape.admm),
    }
}

/// Solves on one graph, for all channels: `x` is the estimate, then the solution, within its bounds. `tape`: for the adjoint.
#[allow(clippy::too_many_arguments)]
pub(crate) fn solve<F: Real>(
    prior: Prior,
    grid: Grid,
    operator: &Operator<F>,
    head: Head<F>,
    given: Given<F>,
    x: &mut [F],
    tape: Option<&mut [F]>,
    memory: &mut [F],
) {
    let Given { y, known, unknown, inside } = given;
    let (own, memory) = memory.split_at_mut(if prior == Prior::Gtv { x.len() } else { 0 });
    let diagonal = operator.diagonal(prior, known, own);
    let a = Stencil { grid, diagonal, s: operator.entries };
    match prior {
        Prior::Glr => {
            let memory = &mut memory[..glr::SOLVE_PLANES * x.len()];
            match tape {
                Some(tape) => glr::solve_taped(&a, head.steps, unknown, y, x, tape, memory),
                None => glr::solve(&a, head.steps, unknown, y, x, memory),
            }
        }
        Prior::Gtv => {
            let problem = gtv::Problem { a, w: operator.w, known, y, inside, steps: head.steps, gamma: head.gamma };
            match tape {
                Some(tape) => problem.solve_taped(x, tape, memory),
                None => problem.solve(x, memory),
            }
        }
    }
    bound(x);
}

/// The network on one observed image: a map of the engine, one block a step.
///
/// The state holds a plane for each channel (see [`Grid`]), zero outside of the pixels. The derivative is that of the
/// blocks' states and parameters; samples and mask are constants.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a, F> {
    net: &'a Transformer,
    grid: Grid,
    /// Samples, 0 where unknown: a plane a channel.
    y: &'a [F],
    /// 1 where known: a plane a channel.
    known: &'a [F],
    /// 1 where unknown, and a plane that is 1 on pixels.
    unknown: &'a [F],
    inside: &'a [F],
}

impl<'a, F: Real> Bound<'a, F> {
    /// Binds samples and masks, each a plane a channel, zero outside of the pixels; `inside` is one plane.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn new(
        net: &'a Transformer,
        grid: Grid,
        y: &'a [F],
        known: &'a [F],
        unknown: &'a [F],
        inside: &'a [F],
    ) -> Self {
        let n = net.shape.channels * grid.plane();
        assert!(y.len() == n && known.len() == n && unknown.len() == n && inside.len() == grid.plane());
        Bound { net, grid, y, known, unknown, inside }
    }

    fn given(&self) -> Given<'_, F> {
        Given { y: self.y, known: self.known, unknown: self.unknown, inside: self.inside }
    }

    /// Length of the feature network's tape.
    fn features_len(&self) -> usize {
        self.net.blocks[0].features.tape_len(self.grid)
    }

    /// Lengths of what a head leaves on the tape: its projected features, the weights of its graph, the operator, the tape of
    /// the solver, and the solution.
    fn head_lens(&self) -> [usize; 5] {
        let (grid, shape) = (self.grid, self.net.shape);
        let (plane, n) = (grid.plane(), shape.channels * grid.plane());
        let solver = match shape.prior {
            Prior::Glr => glr::tape_planes(shape.iterations()),
            Prior::Gtv => gtv::tape_planes(shape.admm, shape.cg),
        };
        [shape.features() * plane, EDGES * plane, Operator::<F>::len(shape.prior, grid), solver * n, n]
    }

    /// Memory of [`Vjp::step_taped`]: packed kernels, the diagonal, and what the solver takes.
    fn step_len(&self) -> usize {
        let (grid, shape) = (self.grid, self.net.shape);
        Arena::<F>::slack(2) + self.net.blocks[0].features.packed_len() + solve_len(shape, grid)
    }

    /// Memory of the solver's adjoint.
    fn solver_vjp_len(&self) -> usize {
        let (grid, channels) = (self.grid, self.net.shape.channels);
        match self.net.shape.prior {
            Prior::Glr => glr::VJP_PLANES * channels * grid.plane(),
            Prior::Gtv => gtv::vjp_memory_len(grid, channels),
        }
    }

    /// Memory of [`Vjp::vjp_taped`].
    fn vjp_len(&self) -> usize {
        let (grid, shape) = (self.grid, self.net.shape);
        let planes = shape.features() + 2 * EDGES + gtv::DIRECTED + shape.maps + 2 + 2 * shape.channels;
        Arena::<F>::slack(10)
            + self.net.blocks[0].features.vjp_memory_len(grid)
            + planes * grid.plane()
            + self.solver_vjp_len()
    }
}

impl<F: Real> Map<F> for Bound<'_, F> {
    fn dims(&self) -> Dims {
        let n = self.net.shape.channels * self.grid.plane();
        Dims { state: n, output: n, params: self.net.layout.len() }
    }

    fn scratch(&self, directions: usize) -> usize {
        self.tape() + if directions == 0 { self.step_len() } else { self.step_len().max(self.vjp_len()) }
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]) {
        let (tape, scratch) = scratch.split_at_mut(self.tape());
        tape.fill(F::zero());
        self.step_taped(at, next, tape, scratch);
    }
}

impl<F: Real> Vjp<F> for Bound<'_, F> {
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let (tape, scratch) = scratch.split_at_mut(self.tape());
        tape.fill(F::zero());
        // the next state is not asked for: gx is memory for it
        self.step_taped(at, gx, tape, scratch);
        self.vjp_taped(at, tape, cotangent, gx, gtheta, scratch);
    }

    fn tape(&self) -> usize {
        Arena::<F>::slack(1) + self.features_len() + self.net.shape.heads * self.head_lens().iter().sum::<usize>()
    }

    fn step_taped(&self, at: At<'_, F>, next: &mut [F], tape: &mut [F], scratch: &mut [F]) {
        let (grid, shape, theta) = (self.grid, self.net.shape, at.theta);
        let (plane, prior, d) = (grid.plane(), shape.prior, shape.features());
        let block = &self.net.blocks[at.t];
        let mut arena = Arena::new(scratch);
        let packed = arena.take(block.features.packed_len());
        let memory = arena.take(solve_len(shape, grid));
        grid.clear_margins(memory);
        let lens = self.head_lens();
        let first = skip(tape);
        let (features, heads) = tape[first..].split_at_mut(self.features_len());
        block.features.forward(grid, theta, at.x, features, packed);
        let f = block.features.output(grid, features);
        next.fill(F::zero());
        for (h, head) in heads.chunks_exact_mut(lens.iter().sum()).take(shape.heads).enumerate() {
            let [g, s, operator, solver, x] = split_mut(head, lens);
            project(
                grid,
                0..grid.height(),
                &theta[block.metric.start + h * d * d..][..d * d],
                &f[h * d * plane..][..d * plane],
                g,
            );
            window::affinity(grid, 0..grid.height(), g, s);
            let operator = Operator::new(prior, grid, s, operator);
            x.copy_from_slice(at.x);
            solve(prior, grid, &operator, block.head(shape, theta, h), self.given(), x, Some(solver), memory);
            F::axpy(theta[block.comb.start + h], x, next);
        }
    }

    fn vjp_taped(&self, at: At<'_, F>, tape: &[F], cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let (grid, shape, theta) = (self.grid, self.net.shape, at.theta);
        let (plane, prior, d, n) = (grid.plane(), shape.prior, shape.features(), at.x.len());
        let block = &self.net.blocks[at.t];
        let mut arena = Arena::new(scratch);
        let features_memory = arena.take(block.features.vjp_memory_len(grid));
        let gf = arena.take(shape.maps * plane);
        let gg = arena.take(d * plane);
        let (gs, gentries) = (arena.take(EDGES * plane), arena.take(EDGES * plane));
        let gw = arena.take(gtv::DIRECTED * plane);
        let (gdiagonal, spare) = (arena.take(plane), arena.take(plane));
        let (c_own, diagonal) = (arena.take(n), arena.take(n));
        let memory = arena.take(self.solver_vjp_len());
        // what is not added to is made before it is read, but for margins
        gf.fill(F::zero());
        grid.clear_margins(memory);
        let lens = self.head_lens();
        let (features, heads) = tape[skip(tape)..].split_at(self.features_len());
        let f = block.features.output(grid, features);
        gx.fill(F::zero());
        for (h, head) in heads.chunks_exact(lens.iter().sum()).take(shape.heads).enumerate() {
            let [g, s, operator, solver, x] = split(head, lens);
            let operator = Operator::kept(prior, grid, operator);
            let Head { steps, gamma } = block.head(shape, theta, h);
            gentries.fill(F::zero());
            gdiagonal.fill(F::zero());
            let Given { y, known, unknown, inside } = self.given();
            let diagonal = operator.diagonal(prior, known, diagonal);
            let a = Stencil { grid, diagonal, s: operator.entries };
            // alpha lies before beta, beta before gamma
            let (before_beta, from_beta) = gtheta.split_at_mut(block.beta.start);
            let iterations = shape.iterations();
            let galpha = &mut before_beta[block.alpha.start + h * iterations..][..iterations];
            let (gbeta, rest) = from_beta.split_at_mut(block.comb.start - block.beta.start);
            let gbeta = &mut gbeta[h * iterations..(h + 1) * iterations];
            rest[h] += F::dot(x, cotangent);
            scaled(theta[block.comb.start + h], cotangent, c_own);
            bound_vjp(x, c_own);
            match prior {
                Prior::Glr => {
                    let mut gradients = cg::Gradients { alpha: galpha, beta: gbeta, diagonal: gdiagonal, s: gentries };
                    glr::vjp(&a, steps, unknown, solver, c_own, &mut gradients, memory);
                }
                Prior::Gtv => {
                    let problem = gtv::Problem { a, w: operator.w, known, y, inside, steps, gamma };
                    gw.fill(F::zero());
                    let mut gradients = gtv::Gradients {
                        alpha: galpha,
                        beta: gbeta,
                        gamma: &mut rest[block.gamma.start - block.comb.start..][..shape.admm],
                        diagonal: gdiagonal,
                        squares: gentries,
                        w: gw,
                    };
                    problem.vjp(solver, c_own, &mut gradients, memory);
                }
            }
            F::axpy(F::one(), c_own, gx);
            gs.fill(F::zero());
            match prior {
                Prior::Glr => glr::normalise_vjp(grid, s, operator.first, gentries, spare, gs),
                Prior::Gtv => {
                    gtv::operator_vjp(grid, operator.w, gdiagonal, gentries, gw);
                    gtv::normalise_vjp(grid, operator.w, operator.first, gw, spare, gs);
                }
            }
            gg.fill(F::zero());
            window::affinity_vjp(grid, g, s, gs, gg);
            // g_d = sum_c A_cd f_c
            let a = &theta[block.metric.start + h * d * d..][..d * d];
            let f = &f[h * d * plane..][..d * plane];
            let gf = &mut gf[h * d * plane..][..d * plane];
            let body = grid.body();
            for (c, (f, gf)) in f.chunks_exact(plane).zip(gf.chunks_exact_mut(plane)).enumerate() {
                for (j, gg) in gg.chunks_exact(plane).enumerate() {
                    F::axpy(a[c * d + j], &gg[body.clone()], &mut gf[body.clone()]);
                    gtheta[block.metric.start + h * d * d + c * d + j] += F::dot(&f[body.clone()], &gg[body.clone()]);
                }
            }
        }
        block.features.vjp(grid, theta, at.x, self.inside, features, gf, gx, gtheta, features_memory);
    }
}
