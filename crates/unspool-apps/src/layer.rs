//! An optimisation problem as a layer (Amos, Kolter 2017, *OptNet*): the image of a digit from its
//! averages over blocks of 2 x 2 pixels.
//!
//! - inner problem: `min_z 1/2 |z|^2 + 1/2 |A z|^2 - (B x)'z` on `0 <= z <= 1`: pixels know their range,
//!   and through `A` each other, so that what one of them cannot be its neighbours make up for; `x` are
//!   the averages and a 1, `z` the image;
//! - map: projected gradient, `z_{t+1} = clip(z_t - h grad f(z_t))`;
//! - outer loss: the mean of `1/2 |z - y|^2` over rows, as a function of theta = `(A, B)`;
//! - mode: [`Mode::implicit`]. The program is strongly convex and is solved to a tolerance; its
//!   solution moves on the free pixels alone, so the linear systems are those of the free set.
//!
//! With `A = 0` the solution is `clip(B x)`, a regression that is clipped.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use unspool_core::data::Dense;
use unspool_core::kernels::Kernels;
use unspool_core::method::{Newton, ProximalGradient};
use unspool_core::problem::{Bounds, Composite, Gram, Groups, Ridge, Smooth};
use unspool_core::{Mode, Result, Solve, Stop, batch};

use crate::data::{Digits, PIXELS};
use crate::learn::{Adam, Comparison, spectral_norm};

/// Blocks of 2 x 2 pixels.
pub const BLOCKS: usize = PIXELS / 4;
/// Inputs: the blocks' averages, and the constant.
pub const INPUTS: usize = BLOCKS + 1;
/// Entries of `A`, `BLOCKS x PIXELS`.
const A: usize = BLOCKS * PIXELS;
/// Length of theta.
pub const PARAMS: usize = A + PIXELS * INPUTS;

/// `1/2 |z|^2 + 1/2 |A z|^2 - (B x)'z`, theta = `(A, B)` row by row.
pub struct Energy<'a> {
    /// The input `x`.
    pub x: &'a [f64],
}

fn rows_dot(a: &[f64], x: &[f64], out: &mut [f64]) {
    f64::rows_dot(a, x.len(), &[x], out);
}

/// `a += scale u v'`.
fn add_outer(a: &mut [f64], scale: f64, u: &[f64], v: &[f64]) {
    a.chunks_exact_mut(v.len()).zip(u).for_each(|(row, u)| f64::axpy(scale * u, v, row));
}

impl Smooth<f64> for Energy<'_> {
    fn dim(&self) -> usize {
        PIXELS
    }

    fn params(&self) -> usize {
        PARAMS
    }

    fn scratch(&self, _: usize) -> usize {
        BLOCKS + PIXELS
    }

    fn value(&self, z: &[f64], theta: &[f64], scratch: &mut [f64]) -> f64 {
        let ((a, b), (az, bx)) = (theta.split_at(A), scratch.split_at_mut(BLOCKS));
        rows_dot(a, z, az);
        rows_dot(b, self.x, &mut bx[..PIXELS]);
        0.5 * (f64::dot(z, z) + f64::dot(az, az)) - f64::dot(&bx[..PIXELS], z)
    }

    /// `z + A'A z - B x`
    fn gradient(&self, z: &[f64], theta: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        self.hess(z, theta, 1, z, out, scratch);
        let bx = &mut scratch[..PIXELS];
        rows_dot(&theta[A..], self.x, bx);
        f64::axpy(-1.0, bx, out);
    }

    /// `v + A'A v`
    fn hess(&self, _: &[f64], theta: &[f64], _: usize, v: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        let (a, av) = (&theta[..A], &mut scratch[..BLOCKS]);
        out.copy_from_slice(v);
        for (v, out) in v.chunks_exact(PIXELS).zip(out.chunks_exact_mut(PIXELS)) {
            rows_dot(a, v, av);
            f64::rows_axpy(a, PIXELS, av, out);
        }
    }

    /// `dA'A z + A'dA z - dB x`
    fn mixed(&self, z: &[f64], theta: &[f64], _: usize, dtheta: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        let (a, (az, bx)) = (&theta[..A], scratch.split_at_mut(BLOCKS));
        for (dtheta, out) in dtheta.chunks_exact(PARAMS).zip(out.chunks_exact_mut(PIXELS)) {
            let (da, db) = dtheta.split_at(A);
            rows_dot(a, z, az);
            f64::rows_axpy(da, PIXELS, az, out);
            rows_dot(da, z, az);
            f64::rows_axpy(a, PIXELS, az, out);
            rows_dot(db, self.x, &mut bx[..PIXELS]);
            f64::axpy(-1.0, &bx[..PIXELS], out);
        }
    }

    /// `A v z' + A z v'`, `-v x'`
    fn mixed_t(&self, z: &[f64], theta: &[f64], scale: f64, v: &[f64], gtheta: &mut [f64], scratch: &mut [f64]) {
        let ((a, _), (ga, gb)) = (theta.split_at(A), gtheta.split_at_mut(A));
        let av = &mut scratch[..BLOCKS];
        rows_dot(a, v, av);
        add_outer(ga, scale, av, z);
        rows_dot(a, z, av);
        add_outer(ga, scale, av, v);
        add_outer(gb, -scale, v, self.x);
    }

    fn is_quadratic(&self) -> bool {
        true
    }
}

/// The blocks that pixels belong to: 1 where row `i` is of the block of column `j`, `BLOCKS x PIXELS`.
fn sums() -> Vec<f64> {
    let inside = |i: usize, j: usize| (i / 4, i % 4) == (j / 16, j % 8 / 2);
    (0..A).map(|k| f64::from(u8::from(inside(k / PIXELS, k % PIXELS)))).collect()
}

/// Images `y` and what is seen of them, the averages `x` over blocks, with a 1.
pub struct Images {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Images {
    /// Those of these digits.
    pub fn new(digits: &Digits) -> Self {
        let mut x = vec![1.0; digits.len() * INPUTS];
        for (x, (image, _)) in x.chunks_mut(INPUTS).zip(digits.iter()) {
            rows_dot(&sums(), image, &mut x[..BLOCKS]);
            x[..BLOCKS].iter_mut().for_each(|x| *x *= 0.25);
        }
        Images { x, y: digits.images.clone() }
    }

    /// The inner problem of each row.
    pub fn problems(&self) -> Result<Vec<Composite<Energy<'_>, Bounds<f64>>>> {
        let bounds = Bounds::new(vec![0.0; PIXELS], vec![1.0; PIXELS])?;
        self.x.chunks(INPUTS).map(|x| Composite::new(Energy { x }, bounds.clone())).collect()
    }
}

/// `1/L` of every row's energy.
fn step_size(theta: &[f64]) -> f64 {
    1.0 / (1.0 + spectral_norm(&theta[..A], PIXELS).powi(2))
}

/// The mean squared error of each row.
fn errors(images: &Images, predictions: &[Vec<f64>]) -> Vec<f64> {
    let error = |(z, y): (&Vec<f64>, &[f64])| f64::sum_squares_diff(z, y) / PIXELS as f64;
    predictions.iter().zip(images.y.chunks(PIXELS)).map(error).collect()
}

/// The solution of each row's program.
///
/// # Errors
/// Those of the solver.
pub fn solutions(images: &Images, theta: &[f64]) -> Result<Vec<Vec<f64>>> {
    let problems = images.problems()?;
    let maps: Vec<_> = problems.iter().map(|p| ProximalGradient::new(p, step_size(theta))).collect();
    let solves: Vec<_> = maps.iter().map(|map| Solve::new(map, &[0.0; PIXELS]).stop(Stop::tolerance(1e-6))).collect();
    batch::run(&solves, |_| theta).into_iter().map(|s| s.map(|s| s.x)).collect()
}

/// Learns theta by stochastic hypergradients, in this many passes over the rows.
///
/// # Errors
/// Those of the solver; a hypergradient that could not be computed.
pub fn learn(images: &Images, mut theta: Vec<f64>, passes: usize, seed: u64) -> Result<Vec<f64>> {
    const BATCH: usize = 50;
    let problems = images.problems()?;
    let mut order: Vec<usize> = (0..problems.len()).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut adam = Adam::new(PARAMS, 3e-3);
    for pass in 0..passes {
        order.shuffle(&mut rng);
        for rows in order.chunks(BATCH) {
            let h = step_size(&theta);
            let maps: Vec<_> = rows.iter().map(|&i| ProximalGradient::new(&problems[i], h)).collect();
            let solves: Vec<_> =
                maps.iter().map(|map| Solve::new(map, &[0.0; PIXELS]).stop(Stop::tolerance(1e-6))).collect();
            let outer = |i: usize, z: &[f64], c: &mut [f64]| {
                f64::lincomb(1.0, z, -1.0, &images.y[rows[i] * PIXELS..][..PIXELS], c)
            };
            let mut g = vec![0.0; PARAMS];
            for d in batch::vjp(&solves, |_| &theta, Mode::implicit(), outer) {
                let d = d?;
                d.status.require()?;
                f64::axpy(1.0 / rows.len() as f64, &d.theta, &mut g);
            }
            adam.step(&mut theta, &g, 1.0 - pass as f64 / passes as f64);
        }
    }
    Ok(theta)
}

/// Ridge regression of each pixel, `B` row by row.
fn regression(images: &Images, log_lambda: f64) -> Result<Vec<f64>> {
    let rows = images.y.len() / PIXELS;
    let pixel = |j: usize| {
        let y: Vec<f64> = images.y.iter().skip(j).step_by(PIXELS).copied().collect();
        let problem = Ridge::new(Dense::new(&images.x[..], rows, INPUTS)?, y, Groups::Shared, Gram::Auto)?;
        Ok(Solve::new(&Newton::new(&problem), &[0.0; INPUTS]).run(&[log_lambda])?.x)
    };
    Ok((0..PIXELS).map(pixel).collect::<Result<Vec<_>>>()?.concat())
}

/// theta of a layer whose solution is the regression `B x` as long as no pixel is at a bound:
/// `(I + A'A) z = (I + A'A) B x`.
fn coupled(a: Vec<f64>, b: &[f64]) -> Vec<f64> {
    let mut theta = [&a, b].concat();
    for j in 0..INPUTS {
        let column: Vec<f64> = b.iter().skip(j).step_by(INPUTS).copied().collect();
        let (mut of_blocks, mut added) = ([0.0; BLOCKS], [0.0; PIXELS]);
        rows_dot(&a, &column, &mut of_blocks);
        f64::rows_axpy(&a, PIXELS, &of_blocks, &mut added);
        theta[A + j..].iter_mut().step_by(INPUTS).zip(added).for_each(|(b, added)| *b += added);
    }
    theta
}

/// Learns on the first rows of the digits, and compares on the last: the mean squared error of each
/// image. Where the layer starts, it knows that pixels add up to their blocks' averages.
///
/// # Errors
/// Those of the solver; a hypergradient that could not be computed.
pub fn run(passes: usize) -> Result<Comparison> {
    let (train, test) = Digits::split();
    let (train, test) = (Images::new(&train), Images::new(&test));
    let b = regression(&train, -9.0)?;
    let clip = [&[0.0; A], &b[..]].concat();
    let judged = |theta: &[f64]| Ok(errors(&test, &solutions(&test, theta)?));
    Ok(Comparison(vec![
        ("quadratic program in a box", judged(&learn(&train, coupled(sums(), &b), passes, 2)?)?),
        ("predict, then clip", judged(&clip)?),
        ("clipping alone, learned through", judged(&learn(&train, clip, passes, 2)?)?),
    ]))
}
