//! Dataset distillation (Wang, Zhu, Torralba, Efros 2018): ten learned images, one a digit, that take the
//! place of 1200 real ones.
//!
//! - inner problem: multinomial logistic regression on the learned images `s_i`,
//!   `f(W, theta) = (1/m) sum_i l(W s_i, i mod 10) + 1/2 e^rho |W|^2`, theta = `(rho, s_1, …, s_m)`;
//! - map: Nesterov's method, to a tolerance;
//! - outer loss: the same `l`, averaged over the real images, of the `W` that the learned ones lead to;
//! - mode: [`Mode::implicit`]. The inner problem is strongly convex and its Hessian is cheap on ten
//!   images, whatever the number of steps to its solution.

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unspool_core::data::Dense;
use unspool_core::kernels::Kernels;
use unspool_core::method::{Inertial, Nesterov, nesterov};
use unspool_core::problem::{Groups, LinearModel, Multinomial, NoPenalty, Smooth};
use unspool_core::{Mode, Result, Solve, Stop};

use crate::data::{Digits, PIXELS};
use crate::learn::{Adam, CLASSES, Comparison, Mean, judge, slope, softmax};

/// Length of `W`, a block of weights for each digit.
const WEIGHTS: usize = CLASSES * PIXELS;

/// Multinomial logistic regression on `m` images that are parameters; image `i` shows the digit
/// `i mod 10`.
pub struct Distilled {
    /// Number of images `m`.
    pub images: usize,
}

fn margins(w: &[f64], s: &[f64]) -> [f64; CLASSES] {
    std::array::from_fn(|c| f64::dot(&w[c * PIXELS..][..PIXELS], s))
}

/// `(d2l/du2) v = p * (v - p'v)`
fn curve(p: &[f64; CLASSES], v: &[f64; CLASSES]) -> [f64; CLASSES] {
    let mean = f64::dot(p, v);
    std::array::from_fn(|c| p[c] * (v[c] - mean))
}

/// `out += scale r s'`
fn add_outer(scale: f64, r: &[f64; CLASSES], s: &[f64], out: &mut [f64]) {
    out.chunks_exact_mut(PIXELS).zip(r).for_each(|(out, r)| f64::axpy(scale * r, s, out));
}

/// `out += scale W' r`
fn add_transposed(scale: f64, w: &[f64], r: &[f64; CLASSES], out: &mut [f64]) {
    w.chunks_exact(PIXELS).zip(r).for_each(|(w, r)| f64::axpy(scale * r, w, out));
}

impl Distilled {
    fn mean(&self) -> f64 {
        1.0 / self.images as f64
    }

    /// Each image with its digit.
    fn each<'t>(&self, theta: &'t [f64]) -> impl Iterator<Item = (&'t [f64], usize)> {
        theta[1..].chunks_exact(PIXELS).zip((0..CLASSES).cycle())
    }

    /// Bounds of the Hessian's spectrum.
    fn spectrum(&self, theta: &[f64]) -> (f64, f64) {
        let lambda = theta[0].exp();
        (lambda, lambda + 0.5 * self.mean() * f64::sum_squares(&theta[1..]))
    }
}

impl Smooth<f64> for Distilled {
    fn dim(&self) -> usize {
        WEIGHTS
    }

    fn params(&self) -> usize {
        1 + self.images * PIXELS
    }

    fn value(&self, w: &[f64], theta: &[f64], _: &mut [f64]) -> f64 {
        let loss = |(s, digit): (&[f64], usize)| judge(margins(w, s), digit).0;
        self.mean() * self.each(theta).map(loss).sum::<f64>() + 0.5 * theta[0].exp() * f64::sum_squares(w)
    }

    /// `(1/m) sum_i r_i s_i' + lambda W`, `r = dl/du`
    fn gradient(&self, w: &[f64], theta: &[f64], out: &mut [f64], _: &mut [f64]) {
        f64::lincomb(theta[0].exp(), w, 0.0, w, out);
        for (s, digit) in self.each(theta) {
            add_outer(self.mean(), &slope(margins(w, s), digit), s, out);
        }
    }

    /// `(1/m) sum_i (d2l/du2) V s_i s_i' + lambda V`
    fn hess(&self, w: &[f64], theta: &[f64], _: usize, v: &[f64], out: &mut [f64], _: &mut [f64]) {
        f64::lincomb(theta[0].exp(), v, 0.0, v, out);
        for (s, _) in self.each(theta) {
            let p = softmax(margins(w, s));
            for (v, out) in v.chunks_exact(WEIGHTS).zip(out.chunks_exact_mut(WEIGHTS)) {
                add_outer(self.mean(), &curve(&p, &margins(v, s)), s, out);
            }
        }
    }

    /// `(1/m) sum_i [(d2l/du2) W ds_i s_i' + r_i ds_i'] + lambda W drho`
    fn mixed(&self, w: &[f64], theta: &[f64], _: usize, dtheta: &[f64], out: &mut [f64], _: &mut [f64]) {
        for (dtheta, out) in dtheta.chunks_exact(theta.len()).zip(out.chunks_exact_mut(WEIGHTS)) {
            f64::axpy(theta[0].exp() * dtheta[0], w, out);
            for ((s, digit), (ds, _)) in self.each(theta).zip(self.each(dtheta)) {
                let (p, r) = (softmax(margins(w, s)), slope(margins(w, s), digit));
                add_outer(self.mean(), &curve(&p, &margins(w, ds)), s, out);
                add_outer(self.mean(), &r, ds, out);
            }
        }
    }

    /// `(1/m) [W' (d2l/du2) V s_i + V' r_i]`, `lambda <W, V>`
    fn mixed_t(&self, w: &[f64], theta: &[f64], scale: f64, v: &[f64], gtheta: &mut [f64], _: &mut [f64]) {
        gtheta[0] += scale * theta[0].exp() * f64::dot(w, v);
        for ((s, digit), g) in self.each(theta).zip(gtheta[1..].chunks_exact_mut(PIXELS)) {
            let (p, r) = (softmax(margins(w, s)), slope(margins(w, s), digit));
            add_transposed(scale * self.mean(), w, &curve(&p, &margins(v, s)), g);
            add_transposed(scale * self.mean(), v, &r, g);
        }
    }
}

impl Distilled {
    /// The inner problem's method at theta.
    fn method(&self, theta: &[f64]) -> Inertial<'_, f64, Self, NoPenalty, Nesterov<f64>> {
        let (ell, big_l) = self.spectrum(theta);
        nesterov(self, Nesterov::tuned(ell, big_l))
    }
}

/// The weights that images lead to.
fn fit(problem: &Distilled, theta: &[f64]) -> Result<Vec<f64>> {
    let solution = Solve::new(&problem.method(theta), &[0.0; WEIGHTS]).run(theta)?;
    solution.status.require()?;
    Ok(solution.x)
}

/// Whether each row is classified wrongly, 1 or 0.
fn wrong(w: &[f64], digits: &Digits) -> Vec<f64> {
    digits.iter().map(|(x, digit)| 1.0 - judge(margins(w, x), digit).1).collect()
}

/// The loss of the real images.
fn real(digits: &Digits, groups: Groups) -> Result<LinearModel<'_, f64, Dense<'_, f64>, Multinomial>> {
    let y: Vec<f64> = digits.labels.iter().map(|&digit| digit as f64).collect();
    LinearModel::new(Dense::new(&digits.images[..], y.len(), PIXELS)?, y, Multinomial::new(CLASSES)?, groups)
}

/// Learns the images and the regulariser by hypergradients.
///
/// # Errors
/// Those of the solver; a hypergradient that could not be computed.
pub fn learn(digits: &Digits, mut theta: Vec<f64>, iterations: usize) -> Result<Vec<f64>> {
    let problem = Distilled { images: theta.len() / PIXELS };
    let outer = real(digits, Groups::None)?;
    let mut scratch = vec![0.0; outer.scratch(1)];
    let mut adam = Adam::new(theta.len(), 0.05);
    for i in 0..iterations {
        let loss = |w: &[f64], c: &mut [f64]| outer.gradient(w, &[], c, &mut scratch);
        let d = Solve::new(&problem.method(&theta), &[0.0; WEIGHTS]).vjp(&theta, Mode::implicit(), loss)?;
        d.status.require()?;
        adam.step(&mut theta, &d.theta, 1.0 - i as f64 / iterations as f64);
    }
    Ok(theta)
}

/// `m` random real images, as many of each digit.
fn draw(digits: &Digits, m: usize, rng: &mut impl Rng) -> Vec<f64> {
    let of = |digit: usize| digits.iter().filter(move |row| row.1 == digit).map(|row| row.0).collect::<Vec<_>>();
    let classes: Vec<_> = (0..CLASSES).map(of).collect();
    (0..m).flat_map(|i| classes[i % CLASSES].choose(rng).copied().unwrap_or_default()).copied().collect()
}

/// The mean image of each digit.
fn means(digits: &Digits) -> Vec<f64> {
    let mut means = vec![0.0; WEIGHTS];
    for (image, digit) in digits.iter() {
        let count = digits.labels.iter().filter(|&&label| label == digit).count();
        f64::axpy(1.0 / count as f64, image, &mut means[digit * PIXELS..][..PIXELS]);
    }
    means
}

/// theta for given images: with the regulariser under which fewest of `digits` are classified wrongly.
fn regularised(images: &[f64], digits: &Digits) -> Result<Vec<f64>> {
    let problem = Distilled { images: images.len() / PIXELS };
    let mut best = (f64::INFINITY, vec![]);
    for rho in [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0] {
        let theta = [&[rho], images].concat();
        let errors = wrong(&fit(&problem, &theta)?, digits).iter().sum();
        if errors < best.0 {
            best = (errors, theta);
        }
    }
    Ok(best.1)
}

/// The weights of all real images, with the regulariser under which fewest of `test` are classified
/// wrongly: not a fair choice, and in favour of these.
fn unlimited(train: &Digits, test: &Digits) -> Result<Vec<f64>> {
    let problem = real(train, Groups::Shared)?;
    let mut best = (f64::INFINITY, vec![]);
    for rho in [-4.0, -5.0, -6.0, -7.0, -8.0] {
        let map = nesterov(&problem, Nesterov::tuned(f64::exp(rho), 15.0));
        let solution = Solve::new(&map, &[0.0; WEIGHTS]).stop(Stop::tolerance(1e-5)).run(&[rho])?;
        solution.status.require()?;
        let errors = wrong(&solution.x, test).iter().sum();
        if errors < best.0 {
            best = (errors, solution.x);
        }
    }
    Ok(best.1)
}

/// What [`run`] finds.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whether each test row is classified wrongly, 1 or 0; a fraction of the draws.
    pub comparison: Comparison,
    /// Error rates of the random draws of real images.
    pub draws: Vec<f64>,
    /// The learned images.
    pub images: Vec<f64>,
}

/// Learns `m` images on the first rows of the digits, and compares on the last with real ones, whose
/// regularisers are the best for the training rows.
///
/// # Errors
/// Those of the solver.
pub fn run(m: usize, iterations: usize, draws: usize) -> Result<Outcome> {
    let (train, test) = Digits::split();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let judged = |theta: &[f64]| Ok(wrong(&fit(&Distilled { images: theta.len() / PIXELS }, theta)?, &test));

    let start = [&[-3.0], &draw(&train, m, &mut rng)[..]].concat();
    let theta = learn(&train, start, iterations)?;

    let mut random = vec![0.0; test.len()];
    let mut rates = vec![];
    for _ in 0..draws {
        let errors = judged(&regularised(&draw(&train, m, &mut rng), &train)?)?;
        f64::axpy(1.0 / draws as f64, &errors, &mut random);
        rates.push(Mean::of(&errors).mean);
    }
    let comparison = Comparison(vec![
        ("learned images", judged(&theta)?),
        ("as many random real images", random),
        ("the mean image of each digit", judged(&regularised(&means(&train), &train)?)?),
        ("all 1200 real images", wrong(&unlimited(&train, &test)?, &test)),
    ]);
    Ok(Outcome { comparison, draws: rates, images: theta[1..].to_vec() })
}
