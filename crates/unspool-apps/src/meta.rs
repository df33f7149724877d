//! Meta-learning: a start from which a few gradient steps are enough (Finn, Abbeel, Levine 2017,
//! *MAML*; with a step size for each weight, Li et al. 2017, *Meta-SGD*).
//!
//! A task is a day at a weather station: from its temperatures at the hours [`SUPPORT`], all others
//! are to be predicted, by a linear model in [`FEATURES`] functions of the hour.
//!
//! - map: `w_{t+1} = w_t - exp(theta) * grad f(w_t)`, coordinate by coordinate, [`STEPS`] times;
//! - inner problem: `f`, half the mean squared error on the known hours;
//! - outer loss: the same on the other hours, averaged over tasks, as a function of the start `w_0`
//!   and of theta;
//! - mode: [`Mode::full`]. Where a converged solver started from is forgotten; the derivative in the
//!   start exists by unrolling alone.

use std::f64::consts::PI;

use unspool_core::data::Dense;
use unspool_core::method::Newton;
use unspool_core::problem::{Gram, Groups, Ridge, Smooth};
use unspool_core::{At, Dims, Error, Jvp, Map, Mode, Result, Solve, Stop, Vjp, batch};

use crate::data::{DAYS, STATIONS, temperatures};
use crate::learn::{Adam, Comparison};

/// Hours that are known of a day.
pub const SUPPORT: [usize; 4] = [2, 8, 14, 20];
/// Functions of the hour: constant, linear, three harmonics.
pub const FEATURES: usize = 8;
/// Gradient steps on a task.
pub const STEPS: usize = 5;
/// Days to learn from; those after them are the held-out tasks.
const TRAINING: usize = 20;

type Weights = [f64; FEATURES];
type Fit = Ridge<'static, f64, Dense<'static, f64>>;

/// The functions of an hour that predictions are linear in.
fn features(hour: usize) -> Weights {
    let day = (hour as f64 - 11.5) / 12.0;
    let [(s1, c1), (s2, c2), (s3, c3)] = [1.0, 2.0, 3.0].map(|k| (k * PI * day).sin_cos());
    [1.0, day, s1, c1, s2, c2, s3, c3]
}

fn predict(w: &[f64], hour: usize) -> f64 {
    w.iter().zip(features(hour)).map(|(w, x)| w * x).sum()
}

/// Least squares on hours and their temperatures.
fn fit(readings: impl Iterator<Item = (usize, f64)>, groups: Groups) -> Result<Fit> {
    let (x, y): (Vec<_>, Vec<_>) = readings.map(|(hour, y)| (features(hour), y)).unzip();
    Ridge::new(Dense::new(x.concat(), y.len(), FEATURES)?, y, groups, Gram::Auto)
}

/// `w_{t+1} = w_t - exp(theta) * grad f(w_t)`.
pub struct Steps<P>(pub P);

impl<P: Smooth<f64>> Map<f64> for Steps<P> {
    fn dims(&self) -> Dims {
        let d = self.0.dim();
        Dims { state: d, output: d, params: d }
    }

    fn scratch(&self, directions: usize) -> usize {
        self.0.dim() + self.0.scratch(directions.max(1))
    }

    fn step(&self, at: At<'_, f64>, next: &mut [f64], scratch: &mut [f64]) {
        self.0.gradient(at.x, &[], next, scratch);
        for ((next, x), theta) in next.iter_mut().zip(at.x).zip(at.theta) {
            *next = x - theta.exp() * *next;
        }
    }
}

impl<P: Smooth<f64>> Jvp<f64> for Steps<P> {
    /// `dw - exp(theta) * (grad_ww f dw + grad f * dtheta)`
    fn jvp(&self, at: At<'_, f64>, dx: &[f64], dtheta: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        let (g, scratch) = scratch.split_at_mut(at.x.len());
        self.0.gradient(at.x, &[], g, scratch);
        self.0.hess(at.x, &[], 1, dx, out, scratch);
        for (j, out) in out.iter_mut().enumerate() {
            *out = dx[j] - at.theta[j].exp() * (*out + g[j] * dtheta[j]);
        }
    }
}

impl<P: Smooth<f64>> Vjp<f64> for Steps<P> {
    /// `gw = c - grad_ww f (exp(theta) * c)`, `gtheta -= exp(theta) * c * grad f`
    fn vjp(&self, at: At<'_, f64>, c: &[f64], gx: &mut [f64], gtheta: &mut [f64], scratch: &mut [f64]) {
        let (v, scratch) = scratch.split_at_mut(at.x.len());
        self.0.gradient(at.x, &[], v, scratch);
        for (j, v) in v.iter_mut().enumerate() {
            let scaled = at.theta[j].exp() * c[j];
            gtheta[j] -= scaled * *v;
            *v = scaled;
        }
        self.0.hess(at.x, &[], 1, v, gx, scratch);
        gx.iter_mut().zip(c).for_each(|(gx, c)| *gx = c - *gx);
    }
}

/// What the tasks share: where each starts, and the logarithm of each weight's step size.
#[derive(Clone, Debug, PartialEq)]
pub struct Learner {
    /// `w_0`.
    pub start: Weights,
    /// `theta`.
    pub log_steps: Weights,
}

/// A day at a station.
struct Task {
    temperature: [f64; 24],
    map: Steps<Fit>,
}

impl Task {
    fn new(station: usize, day: usize) -> Result<Self> {
        let temperature = temperatures(station, day);
        let map = Steps(fit(SUPPORT.into_iter().map(|hour| (hour, temperature[hour])), Groups::None)?);
        Ok(Task { temperature, map })
    }

    /// The mean squared error of `w` on the hours to be predicted; half its gradient into `c`.
    fn loss(&self, w: &[f64], c: &mut [f64]) -> f64 {
        let n = (24 - SUPPORT.len()) as f64;
        let error = |hour: usize| {
            let r = predict(w, hour) - self.temperature[hour];
            c.iter_mut().zip(features(hour)).for_each(|(c, x)| *c += r * x / n);
            r * r / n
        };
        (0..24).filter(|hour| !SUPPORT.contains(hour)).map(error).sum()
    }
}

/// The tasks of these days, day by day.
fn tasks(days: std::ops::Range<usize>) -> Result<Vec<Task>> {
    days.flat_map(|day| (0..STATIONS).map(move |station| Task::new(station, day))).collect()
}

impl Learner {
    /// The weights that the steps lead to on each task.
    fn adapt(&self, tasks: &[Task]) -> Result<Vec<Vec<f64>>> {
        let solves: Vec<_> = tasks.iter().map(|t| Solve::new(&t.map, &self.start).stop(Stop::steps(STEPS))).collect();
        batch::run(&solves, |_| &self.log_steps).into_iter().map(|s| s.map(|s| s.x)).collect()
    }

    /// Learns from the tasks by hypergradients in the start and in the step sizes.
    fn learn(mut self, tasks: &[Task], iterations: usize) -> Result<Self> {
        let mut adam = Adam::new(2 * FEATURES, 0.05);
        for i in 0..iterations {
            let solves: Vec<_> =
                tasks.iter().map(|t| Solve::new(&t.map, &self.start).stop(Stop::steps(STEPS))).collect();
            let cotangent = |i: usize, w: &[f64], c: &mut [f64]| {
                tasks[i].loss(w, c);
            };
            let mut g = [0.0; 2 * FEATURES];
            for d in batch::vjp(&solves, |_| &self.log_steps, Mode::full(), cotangent) {
                let d = d?;
                g.iter_mut().zip(d.start.iter().chain(&d.theta)).for_each(|(g, d)| *g += d / tasks.len() as f64);
            }
            let mut both = [self.start, self.log_steps].concat();
            adam.step(&mut both, &g, 1.0 - i as f64 / iterations as f64);
            self.start.copy_from_slice(&both[..FEATURES]);
            self.log_steps.copy_from_slice(&both[FEATURES..]);
        }
        Ok(self)
    }
}

/// The root mean squared error of each day, over stations and hours.
fn by_day(tasks: &[Task], weights: &[Vec<f64>]) -> Vec<f64> {
    let losses: Vec<f64> = tasks.iter().zip(weights).map(|(t, w)| t.loss(w, &mut [])).collect();
    losses.chunks(STATIONS).map(|day| (day.iter().sum::<f64>() / day.len() as f64).sqrt()).collect()
}

/// The candidate that does best on the training tasks.
fn best<T>(tasks: &[Task], of: impl Iterator<Item = T>, run: impl Fn(&T) -> Result<Vec<Vec<f64>>>) -> Result<T> {
    let mut best: Option<(f64, T)> = None;
    for candidate in of {
        let loss: f64 = tasks.iter().zip(run(&candidate)?).map(|(t, w)| t.loss(&w, &mut [])).sum();
        if best.as_ref().is_none_or(|(least, _)| loss < *least) {
            best = Some((loss, candidate));
        }
    }
    best.map(|(_, candidate)| candidate).ok_or(Error::Unsupported { what: "no candidates", hint: "give one" })
}

/// Ridge regression on each task towards `centre`.
fn ridge(tasks: &[Task], centre: &Weights, log_lambda: f64) -> Result<Vec<Vec<f64>>> {
    let one = |task: &Task| {
        let rest = |hour: usize| (hour, task.temperature[hour] - predict(centre, hour));
        let problem = fit(SUPPORT.into_iter().map(rest), Groups::Shared)?;
        let w = Solve::new(&Newton::new(&problem), &[0.0; FEATURES]).run(&[log_lambda])?.x;
        Ok(w.iter().zip(centre).map(|(w, c)| w + c).collect())
    };
    tasks.iter().map(one).collect()
}

/// Learns, and compares on the held-out days: root mean squared errors in degrees, a value a day. The
/// regularisers and step sizes of the baselines are the best for the training tasks.
///
/// # Errors
/// Those of the solver.
pub fn run(iterations: usize) -> Result<(Learner, Comparison)> {
    let (train, test) = (tasks(0..TRAINING)?, tasks(TRAINING..DAYS)?);
    let everything = train.iter().flat_map(|task| task.temperature.into_iter().enumerate());
    let pooled = fit(everything, Groups::None)?;
    let zero = [0.0; FEATURES];
    let mut joint = zero;
    joint.copy_from_slice(&Solve::new(&Newton::new(&pooled), &zero).run(&[])?.x);

    let from = |start: Weights| {
        let steps = (0..25).map(|i| Learner { start, log_steps: [0.1 * f64::from(i) - 2.5; FEATURES] });
        best(&train, steps, |learner| learner.adapt(&train))
    };
    let towards = |centre: Weights| {
        let lambda = best(&train, (-20..8).map(|i| 0.5 * f64::from(i)), |&l| ridge(&train, &centre, l))?;
        Ok(by_day(&test, &ridge(&test, &centre, lambda)?))
    };
    let from_joint = from(joint)?;
    let learner = from_joint.clone().learn(&train, iterations)?;
    let comparison = Comparison(vec![
        ("learned start and step sizes", by_day(&test, &learner.adapt(&test)?)),
        ("as many steps from the joint fit", by_day(&test, &from_joint.adapt(&test)?)),
        ("as many steps from zero", by_day(&test, &from(zero)?.adapt(&test)?)),
        ("ridge towards the joint fit", towards(joint)?),
        ("ridge", towards(zero)?),
    ]);
    Ok((learner, comparison))
}
