//! A small model of a problem: its quadratic at the solution, in the directions that matter.
//!
//! With `x = Q z`, `Q` an orthonormal basis of `m` directions, `x*` and the start among them,
//!
//! ```text
//! grad = Q'H Q (z - z*)        grad_x,theta f . u_j = Q'M(x*) u_j + (Q' dM_j Q) (z - z*)
//! ```
//!
//! Each parameter of the model is one random combination `u_j` of the problem's. For `m = d` the model
//! of a quadratic is the quadratic itself. Otherwise `Q` spans the Krylov spaces of both and
//! of what theta does to the gradient: all that a first-order method sees in its first steps.

use faer::{Mat, Side};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unspool_core::linsolve::{cg, dense};
use unspool_core::problem::{Smooth, ThirdOrder};
use unspool_core::{Error, Result, Status, Stream};

/// Most directions of a model.
const MOST: usize = 96;
/// Most parameters of a model.
const PARAMS: usize = 2;

/// The model, a problem of its own.
#[derive(Debug)]
pub(super) struct Model {
    m: usize,
    h: Vec<f64>,
    /// For each parameter: `Q'M u_j`, and `Q' dM_j Q` column by column.
    source: Vec<Vec<f64>>,
    slope: Vec<Vec<f64>>,
    /// The start.
    pub(super) z0: Vec<f64>,
    /// The solution.
    z: Vec<f64>,
    /// The combinations of the problem's parameters, one after the other.
    pub(super) directions: Vec<Vec<f64>>,
    /// Products with the problem's Hessian that it took.
    pub(super) products: usize,
    /// Whether the model has all directions.
    pub(super) complete: bool,
}

impl Model {
    /// The model at the solution `x` for a run from `start`.
    pub(super) fn new<P: Smooth<f64> + ?Sized>(
        problem: &P,
        theta: &[f64],
        x: &[f64],
        start: &[f64],
        seed: u64,
    ) -> Self {
        let (d, p) = (problem.dim(), problem.params());
        let mut oracle = Oracle { problem, theta, scratch: vec![0.0; problem.scratch(1)], products: 0 };
        let q = p.min(PARAMS);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut sign = |_| if rng.random::<bool>() { 1.0 } else { -1.0 };
        let directions: Vec<Vec<f64>> =
            (0..q).map(|_| if p == 1 { vec![1.0] } else { (0..p).map(&mut sign).collect() }).collect();
        let complete = d <= MOST;
        let basis: Vec<Vec<f64>> = if complete {
            (0..d).map(|i| (0..d).map(|j| f64::from(u8::from(i == j))).collect()).collect()
        } else {
            let mut seeds = vec![x.to_vec(), start.to_vec()];
            for u in &directions {
                seeds.push(oracle.mixed(x, u));
                let here = oracle.mixed(start, u);
                seeds.push(here.iter().zip(&seeds[seeds.len() - 1]).map(|(a, b)| a - b).collect());
            }
            krylov(&mut oracle, x, seeds)
        };
        let m = basis.len();
        let project = |v: &[f64]| -> Vec<f64> { basis.iter().map(|q| dot(q, v)).collect() };
        let mut h: Vec<f64> = basis.iter().flat_map(|q| project(&oracle.hess(x, q))).collect();
        for i in 0..m {
            for j in 0..i {
                let mean = 0.5 * (h[i * m + j] + h[j * m + i]);
                (h[i * m + j], h[j * m + i]) = (mean, mean);
            }
        }
        let (mut source, mut slope) = (vec![], vec![]);
        for u in &directions {
            let here = oracle.mixed(x, u);
            let change = |q: &Vec<f64>| -> Vec<f64> {
                let moved: Vec<f64> = x.iter().zip(q).map(|(x, q)| x + q).collect();
                let there = Oracle { scratch: vec![0.0; problem.scratch(1)], ..oracle }.mixed(&moved, u);
                project(&there.iter().zip(&here).map(|(a, b)| a - b).collect::<Vec<_>>())
            };
            slope.push(basis.iter().flat_map(change).collect());
            source.push(project(&here));
        }
        Model {
            m,
            h,
            source,
            slope,
            z0: project(start),
            z: project(x),
            directions,
            products: oracle.products,
            complete,
        }
    }

    /// Smallest and largest eigenvalue.
    pub(super) fn edges(&self) -> Option<(f64, f64)> {
        let h = Mat::from_fn(self.m, self.m, |i, j| self.h[j * self.m + i]);
        let values = h.self_adjoint_eigenvalues(Side::Lower).ok()?;
        Some((*values.first()?, *values.last()?))
    }

    /// `J* = -H^{-1} M` of the model, and its size.
    pub(super) fn limit(&self) -> Result<Vec<f64>> {
        let mut h = self.h.clone();
        let mut scratch = vec![0.0; dense::cholesky_scratch(self.m)];
        dense::cholesky(&mut h, self.m, &mut scratch).map_err(|pivot| {
            Error::Failed(Status::Singular { stream: Stream::Tangent, iteration: 0, pivot: Some(pivot) })
        })?;
        let mut j: Vec<f64> = self.source.iter().flatten().map(|v| -v).collect();
        dense::cholesky_solve(&h, self.m, self.source.len(), &mut j);
        Ok(j)
    }

    /// `out = A (z - z*)`.
    fn past_solution(&self, a: &[f64], z: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for ((a, &z), &best) in a.chunks_exact(self.m.max(1)).zip(z).zip(&self.z) {
            out.iter_mut().zip(a).for_each(|(out, &a)| *out += a * (z - best));
        }
    }

    fn times(a: &[f64], m: usize, v: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (a, &v) in a.chunks_exact(m.max(1)).zip(v) {
            out.iter_mut().zip(a).for_each(|(out, &a)| *out += a * v);
        }
    }
}

impl Smooth<f64> for Model {
    fn dim(&self) -> usize {
        self.m
    }

    fn params(&self) -> usize {
        self.source.len()
    }

    fn scratch(&self, _: usize) -> usize {
        self.m
    }

    fn value(&self, z: &[f64], _: &[f64], scratch: &mut [f64]) -> f64 {
        self.past_solution(&self.h, z, &mut scratch[..self.m]);
        0.5 * scratch.iter().zip(z).zip(&self.z).map(|((g, z), best)| g * (z - best)).sum::<f64>()
    }

    fn gradient(&self, z: &[f64], _: &[f64], out: &mut [f64], _: &mut [f64]) {
        self.past_solution(&self.h, z, out);
    }

    fn hess(&self, _: &[f64], _: &[f64], _: usize, v: &[f64], out: &mut [f64], _: &mut [f64]) {
        for (v, out) in v.chunks_exact(self.m).zip(out.chunks_exact_mut(self.m)) {
            Self::times(&self.h, self.m, v, out);
        }
    }

    fn mixed(&self, z: &[f64], _: &[f64], k: usize, dtheta: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        let (m, p) = (self.m, self.source.len());
        for (j, (source, slope)) in self.source.iter().zip(&self.slope).enumerate() {
            self.past_solution(slope, z, &mut scratch[..m]);
            for c in 0..k {
                let weight = dtheta[c * p + j];
                let out = &mut out[c * m..(c + 1) * m];
                out.iter_mut().zip(source).zip(&*scratch).for_each(|((out, s), n)| *out += weight * (s + n));
            }
        }
    }

    fn mixed_t(&self, z: &[f64], _: &[f64], scale: f64, v: &[f64], gtheta: &mut [f64], scratch: &mut [f64]) {
        for ((g, source), slope) in gtheta.iter_mut().zip(&self.source).zip(&self.slope) {
            self.past_solution(slope, z, &mut scratch[..self.m]);
            *g += scale * (dot(source, v) + dot(&scratch[..self.m], v));
        }
    }

    fn is_quadratic(&self) -> bool {
        true
    }
}

impl ThirdOrder<f64> for Model {
    fn third(&self, _: &[f64], _: &[f64], _: &[f64], _: &[f64], out: &mut [f64], _: &mut [f64]) {
        out.fill(0.0);
    }

    fn hess_theta(&self, _: &[f64], _: &[f64], u: &[f64], dtheta: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        for (slope, &weight) in self.slope.iter().zip(dtheta) {
            Self::times(slope, self.m, u, &mut scratch[..self.m]);
            out.iter_mut().zip(&*scratch).for_each(|(out, n)| *out += weight * n);
        }
    }

    fn hess_theta_t(&self, _: &[f64], _: &[f64], u: &[f64], scale: f64, v: &[f64], g: &mut [f64], scratch: &mut [f64]) {
        for (g, slope) in g.iter_mut().zip(&self.slope) {
            Self::times(slope, self.m, u, &mut scratch[..self.m]);
            *g += scale * dot(&scratch[..self.m], v);
        }
    }
}

/// The problem at fixed theta, its products counted.
struct Oracle<'a, P: ?Sized> {
    problem: &'a P,
    theta: &'a [f64],
    scratch: Vec<f64>,
    products: usize,
}

impl<P: Smooth<f64> + ?Sized> Oracle<'_, P> {
    fn hess(&mut self, x: &[f64], v: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; v.len()];
        self.problem.hess(x, self.theta, 1, v, &mut out, &mut self.scratch);
        self.products += 1;
        out
    }

    fn mixed(&mut self, x: &[f64], u: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; x.len()];
        self.problem.mixed(x, self.theta, 1, u, &mut out, &mut self.scratch);
        out
    }
}

/// An orthonormal basis of the block Krylov space of `seeds`, at most [`MOST`] directions.
fn krylov<P: Smooth<f64> + ?Sized>(oracle: &mut Oracle<'_, P>, x: &[f64], seeds: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = vec![];
    let mut next = 0;
    let mut waiting: std::collections::VecDeque<Vec<f64>> = seeds.into();
    while basis.len() < MOST {
        let Some(mut v) = waiting.pop_front().or_else(|| {
            (next < basis.len()).then(|| {
                next += 1;
                oracle.hess(x, &basis[next - 1])
            })
        }) else {
            break;
        };
        let before = norm(&v);
        for _ in 0..2 {
            for q in &basis {
                let overlap = dot(q, &v);
                v.iter_mut().zip(q).for_each(|(v, q)| *v -= overlap * q);
            }
        }
        let size = norm(&v);
        if size > 1e-10 * before {
            v.iter_mut().for_each(|v| *v /= size);
            basis.push(v);
        }
    }
    basis
}

/// A minimiser by Newton's method with directions by conjugate gradient, and the products it took.
pub(super) fn solution<P: Smooth<f64> + ?Sized>(
    problem: &P,
    theta: &[f64],
    start: &[f64],
) -> Result<(Vec<f64>, usize)> {
    let d = problem.dim();
    let mut scratch = vec![0.0; problem.scratch(1)];
    let (mut x, mut g) = (start.to_vec(), vec![0.0; d]);
    let (mut step, mut work) = (vec![0.0; d], vec![0.0; 3 * d]);
    problem.gradient(&x, theta, &mut g, &mut scratch);
    let (first, mut products) = (norm(&g), 1);
    for iteration in 0..50 {
        let size = norm(&g);
        if size <= 1e-12 * first {
            return Ok((x, products));
        }
        let tol = if problem.is_quadratic() { 1e-12 } else { (size / first).min(0.1) };
        let apply = |v: &[f64], out: &mut [f64]| problem.hess(&x, theta, 1, v, out, &mut scratch);
        let info = cg::solve(apply, &g, &mut step, tol, 10 * d + 100, &mut work);
        products += info.products;
        if info.indefinite {
            let status = Status::Singular { stream: Stream::Iterate, iteration, pivot: None };
            return Err(Error::Failed(status));
        }
        let mut h = 1.0;
        loop {
            let trial: Vec<f64> = x.iter().zip(&step).map(|(x, s)| x - h * s).collect();
            let mut there = vec![0.0; d];
            problem.gradient(&trial, theta, &mut there, &mut scratch);
            products += 1;
            if norm(&there) < size {
                (x, g) = (trial, there);
                break;
            }
            h *= 0.5;
            if h < 1e-6 {
                return Ok((x, products));
            }
        }
    }
    Ok((x, products))
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
}
