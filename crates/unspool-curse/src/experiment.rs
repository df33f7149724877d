//! The paper's experiment: the error of iterates and Jacobians, step by step, method by method.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use unspool_core::linsolve::dense;
use unspool_core::method::{
    Chebyshev, GradientDescent, HeavyBall, Nesterov, Sobolev, chebyshev, heavy_ball, nesterov, sobolev,
};
use unspool_core::problem::Smooth;
use unspool_core::{Error, Jvp, Result, Solve, Status, Stop, Stream};

use crate::horizon::{self, ByLag};
use crate::theory::Spectrum;

/// A method with its usual coefficients for a spectrum in `[ell, L]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    /// Gradient descent, `h = 1/L`.
    #[serde(rename = "gd-1/L")]
    Small,
    /// Gradient descent, `h = sqrt(2)/L`: the largest step size without a burn-in.
    #[serde(rename = "gd-sqrt2/L")]
    Threshold,
    /// Gradient descent, `h = 2/(L + ell)`: the best rate.
    #[serde(rename = "gd-2/(L+mu)")]
    Large,
    /// Heavy ball.
    #[serde(rename = "heavy-ball")]
    HeavyBall,
    /// Nesterov's method.
    #[serde(rename = "nesterov")]
    Nesterov,
    /// Chebyshev's method.
    #[serde(rename = "chebyshev")]
    Chebyshev,
    /// The Sobolev method, `alpha = 1/2`, `eta_l = ell L`.
    #[serde(rename = "sobolev")]
    Sobolev,
    /// Weighted Chebyshev iterates: at each `t`, the answer of the method with horizon `t`.
    #[serde(rename = "horizon")]
    Horizon,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 8] = [
        Method::Small,
        Method::Threshold,
        Method::Large,
        Method::HeavyBall,
        Method::Nesterov,
        Method::Chebyshev,
        Method::Sobolev,
        Method::Horizon,
    ];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Method::Small => "gd-1/L",
            Method::Threshold => "gd-sqrt2/L",
            Method::Large => "gd-2/(L+mu)",
            Method::HeavyBall => "heavy-ball",
            Method::Nesterov => "nesterov",
            Method::Chebyshev => "chebyshev",
            Method::Sobolev => "sobolev",
            Method::Horizon => "horizon",
        }
    }
}

/// What is measured: a problem at `theta`, a start that does not depend on theta, the spectrum that the
/// methods are told, and how many steps they take.
#[derive(Debug)]
pub struct Setting<'a, P: ?Sized> {
    /// The problem.
    pub problem: &'a P,
    /// Its parameters.
    pub theta: &'a [f64],
    /// The start `x_0`.
    pub start: &'a [f64],
    /// The spectrum `[ell, L]` of the Hessian.
    pub spectrum: Spectrum,
    /// Steps `T`.
    pub steps: usize,
}

/// The solution and its Jacobian.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact {
    /// `x*`.
    pub x: Vec<f64>,
    /// `J* = dx*/dtheta`, output x params, column-major.
    pub jacobian: Vec<f64>,
}

impl Exact {
    /// By Newton's method, halving steps that do not decrease the gradient, until rounding stops it;
    /// then `H J* = -grad_x,theta f` with one step of iterative refinement.
    ///
    /// # Errors
    /// A start or theta of the wrong length; a gradient that is not finite; a Hessian that is not positive
    /// definite; no solution within 200 steps.
    ///
    /// # Complexity
    /// `d^3/3` multiply-adds a step, two matrices.
    pub fn solve<P: Smooth<f64> + ?Sized>(problem: &P, theta: &[f64], start: &[f64]) -> Result<Self> {
        let (d, p) = (problem.dim(), problem.params());
        shape("start", start.len(), d)?;
        shape("theta", theta.len(), p)?;
        let mut scratch = vec![0.0; problem.scratch(p.max(1)).max(problem.matrix_scratch())];
        let mut gradient = |x: &[f64]| {
            let mut g = vec![0.0; d];
            problem.gradient(x, theta, &mut g, &mut scratch);
            g
        };
        let mut x = start.to_vec();
        let mut g = gradient(&x);
        let mut iteration = 0;
        'newton: while norm(&g) > 0.0 {
            let factor = factor(problem, &x, theta, iteration)?;
            let mut step = g.clone();
            dense::cholesky_solve(&factor, d, 1, &mut step);
            let mut h = 1.0;
            loop {
                let trial: Vec<f64> = x.iter().zip(&step).map(|(x, s)| x - h * s).collect();
                let g_trial = gradient(&trial);
                if norm(&g_trial) < norm(&g) {
                    (x, g) = (trial, g_trial);
                    break;
                }
                // A step lost in rounding, or one that halving does not help: as good as it gets.
                if norm(&step) * h <= 1e-13 * norm(&x) || h < 1e-12 {
                    break 'newton;
                }
                h *= 0.5;
            }
            iteration += 1;
            if iteration == 200 {
                let residual = norm(&g);
                let stream = Stream::Iterate;
                return Err(Error::Failed(Status::NotConverged { stream, iteration, residual, tolerance: 0.0 }));
            }
        }
        if !norm(&g).is_finite() {
            return Err(Error::Failed(Status::NonFinite { stream: Stream::Iterate, iteration }));
        }
        let factor = factor(problem, &x, theta, iteration)?;
        let mut scratch = vec![0.0; problem.scratch(p.max(1))];
        let (mut mixed, mut identity) = (vec![0.0; d * p], vec![0.0; p * p]);
        identity.iter_mut().step_by(p + 1).for_each(|v| *v = 1.0);
        problem.mixed(&x, theta, p, &identity, &mut mixed, &mut scratch);
        let mut jacobian: Vec<f64> = mixed.iter().map(|m| -m).collect();
        dense::cholesky_solve(&factor, d, p, &mut jacobian);
        let mut residual = vec![0.0; d * p];
        problem.hess(&x, theta, p, &jacobian, &mut residual, &mut scratch);
        residual.iter_mut().zip(&mixed).for_each(|(r, m)| *r += m);
        dense::cholesky_solve(&factor, d, p, &mut residual);
        jacobian.iter_mut().zip(&residual).for_each(|(j, r)| *j -= r);
        Ok(Exact { x, jacobian })
    }
}

/// Cholesky's factor of the Hessian.
fn factor<P: Smooth<f64> + ?Sized>(problem: &P, x: &[f64], theta: &[f64], iteration: usize) -> Result<Vec<f64>> {
    let d = problem.dim();
    let mut scratch = vec![0.0; problem.matrix_scratch().max(dense::cholesky_scratch(d))];
    let mut hessian = vec![0.0; d * d];
    problem.hess_matrix(x, theta, &mut hessian, &mut scratch);
    match dense::cholesky(&mut hessian, d, &mut scratch) {
        Ok(()) => Ok(hessian),
        Err(pivot) => Err(Error::Failed(Status::Singular { stream: Stream::Iterate, iteration, pivot: Some(pivot) })),
    }
}

/// The largest entry of a curve and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// How large.
    pub value: f64,
    /// The first iteration with it.
    pub iteration: usize,
}

/// What one method did. Entry `t` of a curve belongs to `x_t`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The method.
    pub method: Method,
    /// `|J_t - J*|_F / |J*|_F` (1 at `t = 0`).
    pub jacobian_error: Vec<f64>,
    /// `|x_t - x*| / |x*|`.
    pub iterate_error: Vec<f64>,
    /// `(f(x_t) - f*) / (f(x_0) - f*)`.
    pub function_error: Vec<f64>,
    /// The largest Jacobian error.
    pub peak: Peak,
    /// The first iteration from which the Jacobian error stays below 1.
    pub below_one: Option<usize>,
    /// The same for 1e-2.
    pub below_hundredth: Option<usize>,
    /// The same for 1e-6.
    pub below_millionth: Option<usize>,
}

/// The first index from which `curve` stays below `level`; `None` if its end is not.
pub fn stays_below(curve: &[f64], level: f64) -> Option<usize> {
    let first = curve.iter().rposition(|e| e.is_nan() || *e >= level).map_or(0, |last| last + 1);
    (first < curve.len()).then_some(first)
}

impl<P: Smooth<f64> + ?Sized> Setting<'_, P> {
    /// From here on the weights of `horizon` are those of this many steps, by lag.
    pub const LONGEST_HORIZON: usize = horizon::LONGEST;

    /// Runs each method and measures. A run that leaves the finite numbers ends its curve early.
    ///
    /// # Errors
    /// Lengths that do not fit, values that are not finite.
    ///
    /// # Complexity
    /// One forward run with all columns of the Jacobian a method; methods run in parallel. `horizon`
    /// runs Chebyshev's method once, stores the iterates and Jacobians that its weights reach back to
    /// (`d (p + 1)` numbers for each of about `10/sqrt kappa`, at most 600 steps) and combines them.
    pub fn run(&self, exact: &Exact, methods: &[Method]) -> Result<Vec<Curve>> {
        let (d, p) = (self.problem.dim(), self.problem.params());
        shape("theta", self.theta.len(), p)?;
        shape("the solution", exact.x.len(), d)?;
        shape("the Jacobian", exact.jacobian.len(), d * p)?;
        methods.par_iter().map(|&method| self.curve(exact, method)).collect()
    }

    fn curve(&self, exact: &Exact, method: Method) -> Result<Curve> {
        let (problem, s) = (self.problem, self.spectrum);
        let (ell, big_l) = (s.ell(), s.big_l());
        let gd = |h| GradientDescent::new(problem, h);
        match method {
            Method::Small => self.observed(exact, method, &gd(1.0 / big_l)),
            Method::Threshold => self.observed(exact, method, &gd(std::f64::consts::SQRT_2 / big_l)),
            Method::Large => self.observed(exact, method, &gd(2.0 / (big_l + ell))),
            Method::HeavyBall => self.observed(exact, method, &heavy_ball(problem, HeavyBall::tuned(ell, big_l))),
            Method::Nesterov => self.observed(exact, method, &nesterov(problem, Nesterov::tuned(ell, big_l))),
            Method::Chebyshev => self.observed(exact, method, &chebyshev(problem, Chebyshev::new(ell, big_l))),
            Method::Sobolev => self.observed(exact, method, &sobolev(problem, Sobolev::new(ell, big_l)?)),
            Method::Horizon => self.weighted(exact),
        }
    }

    fn observed<M: Jvp<f64> + ?Sized>(&self, exact: &Exact, method: Method, map: &M) -> Result<Curve> {
        let mut record = Record::new(self, exact);
        let solve = Solve::new(map, self.start).stop(Stop::steps(self.steps));
        solve.jacobians(self.theta, |_, x, j| record.push(x, j))?;
        Ok(record.finish(method))
    }

    /// `sum_k w_k [x_k, J_k]` for every `t` at once, with the weights of that `t`.
    fn weighted(&self, exact: &Exact) -> Result<Curve> {
        let s = self.spectrum;
        let map = chebyshev(self.problem, Chebyshev::new(s.ell(), s.big_l()));
        let (mut record, mut weights) = (Record::new(self, exact), ByLag::new(s));
        let mut past = std::collections::VecDeque::new();
        let mut sum = vec![0.0; exact.x.len() + exact.jacobian.len()];
        let solve = Solve::new(&map, self.start).stop(Stop::steps(self.steps));
        solve.jacobians(self.theta, |t, x, j| {
            past.push_front([x, j].concat());
            sum.fill(0.0);
            for (w, past) in weights.of(t).iter().zip(&past) {
                sum.iter_mut().zip(past).for_each(|(sum, past)| *sum += w * past);
            }
            let (x, j) = sum.split_at(x.len());
            record.push(x, j);
            past.truncate(Self::LONGEST_HORIZON);
        })?;
        Ok(record.finish(Method::Horizon))
    }
}

/// Errors in progress.
struct Record<'a, P: ?Sized> {
    setting: &'a Setting<'a, P>,
    exact: &'a Exact,
    scratch: Vec<f64>,
    least: f64,
    curve: [Vec<f64>; 3],
}

impl<'a, P: Smooth<f64> + ?Sized> Record<'a, P> {
    fn new(setting: &'a Setting<'a, P>, exact: &'a Exact) -> Self {
        let mut scratch = vec![0.0; setting.problem.scratch(1)];
        let least = setting.problem.value(&exact.x, setting.theta, &mut scratch);
        Record { setting, exact, scratch, least, curve: Default::default() }
    }

    fn push(&mut self, x: &[f64], jacobian: &[f64]) {
        let value = self.setting.problem.value(x, self.setting.theta, &mut self.scratch);
        self.curve[0].push(distance(jacobian, &self.exact.jacobian) / norm(&self.exact.jacobian));
        self.curve[1].push(distance(x, &self.exact.x) / norm(&self.exact.x));
        self.curve[2].push(value - self.least);
    }

    fn finish(self, method: Method) -> Curve {
        let [jacobian_error, iterate_error, mut function_error] = self.curve;
        let first = function_error[0];
        function_error.iter_mut().for_each(|f| *f /= first);
        let largest = |best: Peak, (iteration, &value): (usize, &f64)| {
            // Equal up to rounding is not a later peak.
            if value > best.value * (1.0 + 1e-12) { Peak { value, iteration } } else { best }
        };
        let peak = jacobian_error.iter().enumerate().fold(Peak { value: 0.0, iteration: 0 }, largest);
        Curve {
            method,
            peak,
            below_one: stays_below(&jacobian_error, 1.0),
            below_hundredth: stays_below(&jacobian_error, 1e-2),
            below_millionth: stays_below(&jacobian_error, 1e-6),
            jacobian_error,
            iterate_error,
            function_error,
        }
    }
}

pub(crate) fn shape(what: &'static str, got: usize, expected: usize) -> Result<()> {
    if got == expected { Ok(()) } else { Err(Error::Shape { what, expected, got }) }
}

pub(crate) fn norm(a: &[f64]) -> f64 {
    a.iter().map(|a| a * a).sum::<f64>().sqrt()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}
