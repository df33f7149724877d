//! A deep-equilibrium network (Bai, Kolter, Koltun 2019): its hidden layer is the fixed point of one layer,
//! a network of infinite depth with the weights of one layer. It tells odd digits from even ones.
//!
//! - map: `z_{t+1} = tanh(W z_t + U x)`, `x` an image and a 1; `|W|_2 <= 0.9` keeps it a contraction;
//! - outer loss: the mean over rows of the logistic loss `log(1 + exp(-y v'(z, 1)))`, as a function of
//!   theta = `(W, U)` and of the readout `v`;
//! - mode: [`MODE`], implicit by the Neumann series. The map has a fixed point and, `W` not being
//!   symmetric, no energy that it would minimise; the series needs the map's own VJP alone, and no state
//!   but the last.
//!
//! With `W = 0` it is an ordinary network with one hidden layer.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unspool_core::data::Dense;
use unspool_core::kernels::Kernels;
use unspool_core::method::Newton;
use unspool_core::problem::{Groups, LinearModel, Logistic};
use unspool_core::{At, Dims, Jvp, LinearSolver, Map, Mode, Result, Solve, Stop, Vjp, batch};

use crate::data::{Digits, PIXELS};
use crate::learn::{Adam, Comparison, spectral_norm};

/// Inputs: the pixels, and the constant.
pub const INPUTS: usize = PIXELS + 1;
/// How equilibria are differentiated.
pub const MODE: Mode = Mode::Implicit(LinearSolver::Neumann { tol: 1e-6, max_terms: 1000 });

/// `z <- tanh(W z + U x)`, theta = `(W, U)` row by row.
pub struct Layer<'a> {
    /// The input `x`.
    pub x: &'a [f64],
    /// Hidden units, the length of `z`.
    pub units: usize,
}

impl Layer<'_> {
    /// `(W, U)` from theta.
    fn split<'t>(&self, theta: &'t [f64]) -> (&'t [f64], &'t [f64]) {
        theta.split_at(self.units * self.units)
    }

    /// `out = W z + U x`
    fn linear(&self, theta: &[f64], z: &[f64], out: &mut [f64]) {
        let (w, u) = self.split(theta);
        let rows = w.chunks_exact(self.units).zip(u.chunks_exact(self.x.len()));
        out.iter_mut().zip(rows).for_each(|(out, (w, u))| *out = f64::dot(w, z) + f64::dot(u, self.x));
    }
}

impl Map<f64> for Layer<'_> {
    fn dims(&self) -> Dims {
        Dims { state: self.units, output: self.units, params: self.units * (self.units + self.x.len()) }
    }

    fn scratch(&self, _: usize) -> usize {
        2 * self.units
    }

    fn step(&self, at: At<'_, f64>, next: &mut [f64], _: &mut [f64]) {
        self.linear(at.theta, at.x, next);
        next.iter_mut().for_each(|z| *z = z.tanh());
    }
}

impl Jvp<f64> for Layer<'_> {
    /// `(1 - T^2) * (W dz + dW z + dU x)`
    fn jvp(&self, at: At<'_, f64>, dx: &[f64], dtheta: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        let (next, moved) = scratch.split_at_mut(self.units);
        self.step(at, next, &mut []);
        self.linear(dtheta, at.x, moved);
        f64::rows_dot(self.split(at.theta).0, self.units, &[dx], out);
        for (j, out) in out.iter_mut().enumerate() {
            *out = (1.0 - next[j] * next[j]) * (*out + moved[j]);
        }
    }
}

impl Vjp<f64> for Layer<'_> {
    /// With `s = (1 - T^2) * c`: `gz = W's`, `gW += s z'`, `gU += s x'`.
    fn vjp(&self, at: At<'_, f64>, c: &[f64], gx: &mut [f64], gtheta: &mut [f64], scratch: &mut [f64]) {
        let s = &mut scratch[..self.units];
        self.step(at, s, &mut []);
        s.iter_mut().zip(c).for_each(|(s, c)| *s = (1.0 - *s * *s) * c);
        gx.fill(0.0);
        f64::rows_axpy(self.split(at.theta).0, self.units, s, gx);
        let (gw, gu) = gtheta.split_at_mut(self.units * self.units);
        gw.chunks_exact_mut(self.units).zip(&*s).for_each(|(g, &s)| f64::axpy(s, at.x, g));
        gu.chunks_exact_mut(self.x.len()).zip(&*s).for_each(|(g, &s)| f64::axpy(s, self.x, g));
    }
}

/// Images with a 1, and their labels: +1 odd, -1 even.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Each with its label.
    pub rows: Vec<([f64; INPUTS], f64)>,
}

impl Rows {
    /// Those of these digits.
    pub fn new(digits: &Digits) -> Self {
        let x = |image: &[f64]| std::array::from_fn(|j| if j < PIXELS { image[j] } else { 1.0 });
        Rows { rows: digits.iter().map(|(image, digit)| (x(image), [-1.0, 1.0][digit % 2])).collect() }
    }
}

/// The weights of the layer and of the readout.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Hidden units.
    pub units: usize,
    /// `(W, U)`.
    pub theta: Vec<f64>,
    /// `v`, the last for the constant.
    pub readout: Vec<f64>,
    /// The bound of `|W|_2`; with 0 this is an ordinary network with one hidden layer.
    pub contraction: f64,
}

impl Network {
    /// Random weights.
    pub fn new(units: usize, contraction: f64, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut uniform = |n: usize, size: f64| (0..n).map(|_| size * rng.random_range(-1.0..1.0)).collect::<Vec<_>>();
        let theta = [uniform(units * units, 0.5 / (units as f64).sqrt()), uniform(units * INPUTS, 0.2)].concat();
        let mut network = Network { units, theta, readout: uniform(units + 1, 0.2), contraction };
        network.contract();
        network
    }

    /// Scales `W` to `|W|_2 <= contraction`.
    fn contract(&mut self) {
        let w = &mut self.theta[..self.units * self.units];
        let shrink = self.contraction / spectral_norm(w, self.units);
        if shrink < 1.0 {
            w.iter_mut().for_each(|w| *w *= shrink);
        }
    }

    /// `v'(z, 1)`
    fn margin(&self, z: &[f64]) -> f64 {
        f64::dot(&self.readout[..self.units], z) + self.readout[self.units]
    }

    /// The gradient of the mean loss of some rows, in theta and in the readout.
    ///
    /// # Errors
    /// Those of the solver; a gradient that could not be computed.
    pub fn gradient(&self, rows: &[([f64; INPUTS], f64)], mode: Mode) -> Result<(Vec<f64>, Vec<f64>)> {
        let zero = vec![0.0; self.units];
        let maps: Vec<_> = rows.iter().map(|(x, _)| Layer { x, units: self.units }).collect();
        let solves: Vec<_> = maps.iter().map(|map| Solve::new(map, &zero).stop(Stop::tolerance(1e-6))).collect();
        let slope = |i: usize, z: &[f64]| -rows[i].1 / (1.0 + (rows[i].1 * self.margin(z)).exp());
        let cotangent = |i: usize, z: &[f64], c: &mut [f64]| f64::axpy(slope(i, z), &self.readout[..self.units], c);
        let (mut theta, mut readout) = (vec![0.0; self.theta.len()], vec![0.0; self.units + 1]);
        let mean = 1.0 / rows.len() as f64;
        for (i, d) in batch::vjp(&solves, |_| &self.theta, mode, cotangent).into_iter().enumerate() {
            let d = d?;
            d.status.require()?;
            let r = mean * slope(i, &d.x);
            f64::axpy(mean, &d.theta, &mut theta);
            f64::axpy(r, &d.x, &mut readout[..self.units]);
            readout[self.units] += r;
        }
        Ok((theta, readout))
    }

    /// Learns all weights by stochastic gradients, in this many passes over the rows.
    ///
    /// # Errors
    /// Those of the solver; a gradient that could not be computed.
    pub fn learn(mut self, mut rows: Rows, passes: usize, seed: u64) -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut adams = [&self.theta, &self.readout].map(|w| Adam::new(w.len(), 0.01));
        for pass in 0..passes {
            rows.rows.shuffle(&mut rng);
            for batch in rows.rows.chunks(50) {
                let (theta, readout) = self.gradient(batch, MODE)?;
                let scale = 1.0 - pass as f64 / passes as f64;
                adams[0].step(&mut self.theta, &theta, scale);
                adams[1].step(&mut self.readout, &readout, scale);
                self.contract();
            }
        }
        Ok(self)
    }

    /// Whether each row is classified wrongly, 1 or 0.
    ///
    /// # Errors
    /// Those of the solver.
    pub fn wrong(&self, rows: &Rows) -> Result<Vec<f64>> {
        let zero = vec![0.0; self.units];
        let maps: Vec<_> = rows.rows.iter().map(|(x, _)| Layer { x, units: self.units }).collect();
        let solves: Vec<_> = maps.iter().map(|map| Solve::new(map, &zero).stop(Stop::tolerance(1e-6))).collect();
        let equilibria = batch::run(&solves, |_| &self.theta).into_iter().zip(&rows.rows);
        equilibria.map(|(z, (_, y))| Ok(f64::from(u8::from(y * self.margin(&z?.x) <= 0.0)))).collect()
    }
}

/// Logistic regression with the regulariser under which fewest rows of `test` are classified wrongly,
/// which favours it: whether each is, 1 or 0.
fn regression(train: &Rows, test: &Rows) -> Result<Vec<f64>> {
    let (x, y): (Vec<_>, Vec<_>) = train.rows.iter().copied().unzip();
    let problem = LinearModel::new(Dense::new(x.concat(), y.len(), INPUTS)?, y, Logistic, Groups::Shared)?;
    let newton = Newton::new(&problem);
    let mut best = (f64::INFINITY, vec![]);
    for log_lambda in [-4.0, -5.0, -6.0, -7.0, -8.0, -9.0] {
        let w = Solve::new(&newton, &[0.0; INPUTS]).run(&[log_lambda])?.x;
        let wrong: Vec<f64> = test.rows.iter().map(|(x, y)| f64::from(u8::from(y * f64::dot(&w, x) <= 0.0))).collect();
        let errors = wrong.iter().sum();
        if errors < best.0 {
            best = (errors, wrong);
        }
    }
    Ok(best.1)
}

/// Learns on the first rows of the digits, and compares on the last: how often each is classified
/// wrongly, over networks with different random starts.
///
/// # Errors
/// Those of the solver; a gradient that could not be computed.
pub fn run(units: usize, passes: usize, seeds: u64) -> Result<Comparison> {
    let (train, test) = Digits::split();
    let (train, test) = (Rows::new(&train), Rows::new(&test));
    let judged = |units: usize, contraction: f64| {
        let mut errors = vec![0.0; test.rows.len()];
        for seed in 0..seeds {
            let network = Network::new(units, contraction, seed).learn(train.clone(), passes, seed)?;
            f64::axpy(1.0 / seeds as f64, &network.wrong(&test)?, &mut errors);
        }
        Ok(errors)
    };
    Ok(Comparison(vec![
        ("equilibrium", judged(units, 0.9)?),
        ("one layer, as many units", judged(units, 0.0)?),
        ("one layer, a unit more", judged(units + 1, 0.0)?),
        ("logistic regression", regression(&train, &test)?),
    ]))
}
