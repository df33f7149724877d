//! Maps and problems with known answers: for tests, examples and benchmarks.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::problem::{Groups, Quadratic};
use crate::{At, Dims, Error, Jvp, Map, Real, Result, Vjp};

/// Heron's iteration for the square root of theta: `x_{t+1} = (x_t + theta / x_t) / 2`. It
/// converges quadratically; the answer is `sqrt(theta)`, its derivative `1 / (2 sqrt(theta))`.
#[derive(Clone, Copy, Debug)]
pub struct Heron;

impl<F: Real> Map<F> for Heron {
    fn dims(&self) -> Dims {
        Dims { state: 1, output: 1, params: 1 }
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], _: &mut [F]) {
        next[0] = F::of(0.5) * (at.x[0] + at.theta[0] / at.x[0]);
    }
}

impl<F: Real> Jvp<F> for Heron {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], _: &mut [F]) {
        let (a, b) = heron(at);
        out[0] = a * dx[0] + b * dtheta[0];
    }
}

impl<F: Real> Vjp<F> for Heron {
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], _: &mut [F]) {
        let (a, b) = heron(at);
        gx[0] = a * cotangent[0];
        gtheta[0] += b * cotangent[0];
    }
}

/// Heron's `(dT/dx, dT/dtheta)`.
fn heron<F: Real>(at: At<'_, F>) -> (F, F) {
    let (x, half) = (at.x[0], F::of(0.5));
    (half * (F::one() - at.theta[0] / (x * x)), half / x)
}

/// A contraction that is not symmetric: rotation by an angle and shrinking, towards theta,
/// `x_{t+1} = rho R x_t + theta`. The answer is `(I - rho R)^{-1} theta`.
#[derive(Clone, Copy, Debug)]
pub struct Spiral {
    /// Contraction factor in [0, 1).
    pub rho: f64,
    /// Angle in radians.
    pub angle: f64,
}

impl Spiral {
    fn turn<F: Real>(&self, sign: f64, x: &[F], out: &mut [F]) {
        let (s, c) = (sign * self.angle).sin_cos();
        let (s, c) = (F::of(self.rho * s), F::of(self.rho * c));
        (out[0], out[1]) = (c * x[0] - s * x[1], s * x[0] + c * x[1]);
    }

    /// The answer for `theta`, which is also its derivative in the direction `theta`.
    pub fn solution(&self, theta: &[f64; 2]) -> [f64; 2] {
        let (s, c) = self.angle.sin_cos();
        let (a, b) = (1.0 - self.rho * c, self.rho * s);
        let det = a * a + b * b;
        [(a * theta[0] - b * theta[1]) / det, (b * theta[0] + a * theta[1]) / det]
    }
}

impl<F: Real> Map<F> for Spiral {
    fn dims(&self) -> Dims {
        Dims { state: 2, output: 2, params: 2 }
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], _: &mut [F]) {
        self.turn(1.0, at.x, next);
        F::axpy(F::one(), at.theta, next);
    }
}

impl<F: Real> Jvp<F> for Spiral {
    fn jvp(&self, _: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], _: &mut [F]) {
        self.turn(1.0, dx, out);
        F::axpy(F::one(), dtheta, out);
    }
}

impl<F: Real> Vjp<F> for Spiral {
    fn vjp(&self, _: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], _: &mut [F]) {
        self.turn(-1.0, cotangent, gx);
        F::axpy(F::one(), cotangent, gtheta);
    }
}

/// The deterministic problem on which the curse of unrolling shows in full: `H(theta) = diag(s_i)
/// - I + exp(theta) I` with `s_i` evenly spaced in `[kappa, 1]`, `b_i = s_i^2`. At `theta = 0` from
/// `x_0 = 0`: `x* = -s`, `dx*/dtheta = 1` in every coordinate, and a method with residual polynomial
/// `P_t` has the Jacobian error `P_t(s_i) - s_i P_t'(s_i)`.
///
/// # Errors
/// Fewer than two coordinates; `kappa` not in (0, 1).
pub fn curse<F: Real>(d: usize, kappa: f64) -> Result<(Vec<f64>, Quadratic<F>)> {
    if d < 2 || !(kappa > 0.0 && kappa < 1.0) {
        return Err(Error::Range { what: "kappa (with at least 2 coordinates)", got: kappa, must: "between 0 and 1" });
    }
    let spectrum: Vec<f64> = (0..d).map(|i| kappa + (1.0 - kappa) * i as f64 / (d - 1) as f64).collect();
    let diagonal: Vec<F> = spectrum.iter().map(|s| F::of(s - 1.0)).collect();
    let b = spectrum.iter().map(|s| F::of(s * s)).collect();
    Ok((spectrum, Quadratic::diagonal(&diagonal, b, Groups::Shared)?))
}

/// Regression data: `y = X w + noise`, standard normal `X` with columns scaled from 1 down to
/// `last_scale`.
#[derive(Clone, Debug)]
pub struct Regression {
    /// Rows.
    pub n: usize,
    /// Columns.
    pub d: usize,
    /// `n x d`, row by row.
    pub x: Vec<f64>,
    /// Targets.
    pub y: Vec<f64>,
}

impl Regression {
    /// Seeded data.
    pub fn new(n: usize, d: usize, last_scale: f64, noise: f64, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = move || -> f64 { StandardNormal.sample(&mut rng) };
        let scale = |j: usize| last_scale.powf(j as f64 / (d.max(2) - 1) as f64);
        let x: Vec<f64> = (0..n * d).map(|i| normal() * scale(i % d)).collect();
        let w: Vec<f64> = (0..d).map(|_| normal()).collect();
        let y = x.chunks(d).map(|x| x.iter().zip(&w).map(|(x, w)| x * w).sum::<f64>() + noise * normal()).collect();
        Regression { n, d, x, y }
    }

    /// `+1` and `-1` by the sign of the targets.
    pub fn signs(&self) -> Vec<f64> {
        self.y.iter().map(|&y| if y >= 0.0 { 1.0 } else { -1.0 }).collect()
    }

    /// Classes `0..classes` by the rank of the targets.
    pub fn classes(&self, classes: usize) -> Vec<f64> {
        let mut order: Vec<usize> = (0..self.n).collect();
        order.sort_by(|&a, &b| self.y[a].total_cmp(&self.y[b]));
        let mut class = vec![0.0; self.n];
        order.iter().enumerate().for_each(|(rank, &i)| class[i] = (rank * classes / self.n) as f64);
        class
    }
}
