//! Are these derivatives right? For maps and problems of one's own, on request and in tests.
//!
//! Everything is compared with finite differences of fourth order along random directions, in
//! `f64`, and the adjoints with the tangents by `<J u, v> = <u, J' v>`. A correct implementation
//! gives about 1e-10 for the former and 1e-15 for the latter.

use std::fmt;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::problem::{Smooth, ThirdOrder};
use crate::{At, Jvp, Mode, Result, Solve, Vjp};

/// One comparison: `|a - b| / max(|a|, |b|)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What was compared.
    pub name: &'static str,
    /// Relative error; NaN if something was.
    pub error: f64,
    /// What the error of a correct implementation stays below.
    pub bound: f64,
}

/// Comparisons, worst to best when printed.
#[derive(Clone, Debug, PartialEq, Default)]
#[must_use = "look at the errors, or call `assert`"]
pub struct Report {
    /// Each comparison made.
    pub checks: Vec<Check>,
}

/// Tolerated against finite differences.
const DIFFERENCES: f64 = 1e-7;
/// Tolerated between a tangent and an adjoint.
const ADJOINT: f64 = 1e-12;

impl Report {
    /// Whether each comparison stays within its bound.
    pub fn ok(&self) -> bool {
        self.checks.iter().all(|c| c.error <= c.bound)
    }

    /// Panics, with the table, unless [`Report::ok`]: for tests.
    ///
    /// # Panics
    /// See above.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.ok(), "derivatives do not agree:\n{self}");
    }

    fn add(&mut self, name: &'static str, bound: f64, a: &[f64], b: &[f64]) {
        self.checks.push(Check { name, error: relative(a, b), bound });
    }

    /// `<a, b>` against `<c, d>`, relative to the sizes of the vectors.
    fn inner(&mut self, name: &'static str, (a, b): (&[f64], &[f64]), (c, d): (&[f64], &[f64])) {
        let size = (norm(a) * norm(b)).max(norm(c) * norm(d)).max(f64::MIN_POSITIVE);
        self.checks.push(Check { name, error: (dot(a, b) - dot(c, d)).abs() / size, bound: ADJOINT });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Check { name, error, bound } in &self.checks {
            let mark = if error <= bound { "ok " } else { "BAD" };
            writeln!(f, "{mark} {error:9.2e} (bound {bound:.0e})  {name}")?;
        }
        Ok(())
    }
}

/// A step of a map: its JVP against differences, its VJP against its JVP, its block against its
/// columns, its tape, if it has one, against none.
///
/// ```
/// use unspool_core::{At, check, zoo::Heron};
/// check::step(&Heron, At { t: 3, x: &[1.3], theta: &[2.0] }, 7).assert();
/// ```
pub fn step<M: Jvp<f64> + Vjp<f64> + ?Sized>(map: &M, at: At<'_, f64>, seed: u64) -> Report {
    let dims = map.dims();
    let mut random = Random::new(seed);
    let (dx, dtheta, c) = (random.like(at.x), random.vec(dims.params), random.vec(dims.state));
    let mut scratch = vec![0.0; map.scratch(2)];
    let mut report = Report::default();

    let mut tangent = vec![0.0; dims.state];
    map.jvp(at, &dx, &dtheta, &mut tangent, &mut scratch);
    let along = |s: f64, out: &mut [f64]| {
        let (x, theta) = (shifted(at.x, s, &dx), shifted(at.theta, s, &dtheta));
        let mut scratch = vec![f64::NAN; map.scratch(0)];
        map.step(At { t: at.t, x: &x, theta: &theta }, out, &mut scratch);
    };
    report.add("JVP of the step against differences", DIFFERENCES, &tangent, &differences(along, dims.state));

    let (mut gx, mut gtheta) = (vec![f64::NAN; dims.state], vec![0.0; dims.params]);
    map.vjp(at, &c, &mut gx, &mut gtheta, &mut scratch);
    let adjoint = [gx, gtheta.clone()].concat();
    let direction = [dx.clone(), dtheta.clone()].concat();
    report.inner("VJP of the step against its JVP", (&tangent, &c), (&direction, &adjoint));

    if map.tape() > 0 {
        let (mut tape, mut next) = (vec![0.0; map.tape()], vec![f64::NAN; dims.state]);
        map.step_taped(at, &mut next, &mut tape, &mut scratch);
        let mut untaped = vec![f64::NAN; dims.state];
        map.step(at, &mut untaped, &mut scratch);
        report.add("the step that leaves a tape", ADJOINT, &next, &untaped);
        // once more: a tape that was used, and a gradient that is not zero
        map.step_taped(at, &mut next, &mut tape, &mut scratch);
        let before = random.vec(dims.params);
        let (mut gx, mut accumulated) = (vec![f64::NAN; dims.state], before.clone());
        map.vjp_taped(at, &tape, &c, &mut gx, &mut accumulated, &mut scratch);
        let added: Vec<f64> = accumulated.iter().zip(&before).map(|(a, b)| a - b).collect();
        report.add("VJP from the tape", ADJOINT, &[gx, added].concat(), &adjoint);
    }

    let (mut gx, before) = (vec![0.0; dims.state], random.vec(dims.params));
    let mut accumulated = before.clone();
    map.vjp_params(at, &c, &mut gx, &mut accumulated, &mut scratch);
    let expected: Vec<f64> = before.iter().zip(&gtheta).map(|(a, b)| a + b).collect();
    report.add("VJP in theta alone, accumulated", ADJOINT, &accumulated, &expected);

    let (dx2, dtheta2) = (random.vec(2 * dims.state), random.vec(2 * dims.params));
    let (mut block, mut columns) = (vec![f64::NAN; 2 * dims.state], vec![f64::NAN; 2 * dims.state]);
    map.jvps(at, 2, &dx2, &dtheta2, &mut block, &mut scratch);
    for j in 0..2 {
        let (x, p) = (j * dims.state..(j + 1) * dims.state, j * dims.params..(j + 1) * dims.params);
        map.jvp(at, &dx2[x.clone()], &dtheta2[p], &mut columns[x], &mut scratch);
    }
    report.add("JVP of a block against its columns", ADJOINT, &block, &columns);
    report
}

/// A whole run: forward mode against differences of the run, reverse mode against forward. For
/// modes that differentiate all steps ([`Mode::full`] and its checkpointed forms), or at a point
/// that has converged.
///
/// # Errors
/// As the run itself.
pub fn run<M: Jvp<f64> + Vjp<f64> + ?Sized>(
    solve: &Solve<'_, f64, M>,
    theta: &[f64],
    mode: Mode,
    seed: u64,
) -> Result<Report> {
    let mut random = Random::new(seed);
    let (dtheta, c) = (random.vec(theta.len()), random.vec(solve.map.dims().output));
    let mut report = Report::default();
    let forward = solve.jvp(theta, mode, &dtheta)?;
    forward.status.require()?;
    let reverse = solve.vjp(theta, mode, |_, out| out.copy_from_slice(&c))?;
    reverse.status.require()?;
    // The length of the run is held: differences across a change of length mean nothing.
    let fixed = solve.stop(crate::Stop::steps(forward.cost.steps));
    let along = |s: f64, out: &mut [f64]| {
        if let Ok(solution) = fixed.run(&shifted(theta, s, &dtheta)) {
            out.copy_from_slice(&solution.x);
        }
    };
    report.add("forward mode against differences of the run", DIFFERENCES, &forward.dx, &differences(along, c.len()));
    report.inner("reverse mode against forward mode", (&forward.dx, &c), (&dtheta, &reverse.theta));
    Ok(report)
}

/// The oracles of a smooth problem: gradient against values, Hessian and mixed products against
/// gradients, transposes against products, the formed Hessian against products.
///
/// ```
/// use unspool_core::{check, problem::{Groups, Quadratic}};
/// let f = Quadratic::new(vec![2.0, 1.0, 1.0, 3.0], vec![1.0, -1.0], Groups::PerFeature)?;
/// check::smooth(&f, &[0.3, -0.7], &[0.1, -0.4], 7).assert();
/// # Ok::<(), unspool_core::Error>(())
/// ```
pub fn smooth<P: Smooth<f64> + ?Sized>(problem: &P, x: &[f64], theta: &[f64], seed: u64) -> Report {
    let (d, p) = (problem.dim(), problem.params());
    let mut random = Random::new(seed);
    let (dx, dtheta, v) = (random.vec(d), random.vec(p), random.vec(d));
    let mut scratch = vec![f64::NAN; problem.scratch(1).max(problem.matrix_scratch())];
    let mut report = Report::default();
    let mut out = vec![f64::NAN; d];

    problem.gradient(x, theta, &mut out, &mut scratch);
    let slope = [dot(&out, &dx)];
    let value = |s: f64, out: &mut [f64]| {
        out[0] = problem.value(&shifted(x, s, &dx), theta, &mut vec![f64::NAN; problem.scratch(1)]);
    };
    report.add("gradient against differences of values", DIFFERENCES, &slope, &differences(value, 1));

    let gradient = |x: &[f64], theta: &[f64], out: &mut [f64]| {
        problem.gradient(x, theta, out, &mut vec![f64::NAN; problem.scratch(1)]);
    };
    problem.hess(x, theta, 1, &dx, &mut out, &mut scratch);
    let along = |s: f64, out: &mut [f64]| gradient(&shifted(x, s, &dx), theta, out);
    report.add("Hessian product against differences of gradients", DIFFERENCES, &out, &differences(along, d));
    let hdx = out.clone();
    problem.hess(x, theta, 1, &v, &mut out, &mut scratch);
    report.inner("symmetry of the Hessian", (&hdx, &v), (&out, &dx));

    let mut matrix = vec![f64::NAN; d * d];
    problem.hess_matrix(x, theta, &mut matrix, &mut scratch);
    let product: Vec<f64> = matrix.chunks(d.max(1)).map(|column| dot(column, &dx)).collect();
    report.add("formed Hessian against products", ADJOINT, &product, &hdx);

    out.fill(0.0);
    problem.mixed(x, theta, 1, &dtheta, &mut out, &mut scratch);
    let along = |s: f64, out: &mut [f64]| gradient(x, &shifted(theta, s, &dtheta), out);
    report.add("mixed product against differences of gradients", DIFFERENCES, &out, &differences(along, d));
    let mut gtheta = vec![0.0; p];
    problem.mixed_t(x, theta, 1.0, &v, &mut gtheta, &mut scratch);
    report.inner("transposed mixed product", (&out, &v), (&gtheta, &dtheta));
    report
}

/// The third-order oracles: against differences of Hessian products, and transposes.
pub fn third_order<P: ThirdOrder<f64> + ?Sized>(problem: &P, x: &[f64], theta: &[f64], seed: u64) -> Report {
    let (d, p) = (problem.dim(), problem.params());
    let mut random = Random::new(seed);
    let (dx, dtheta, u, v) = (random.vec(d), random.vec(p), random.vec(d), random.vec(d));
    let mut scratch = vec![f64::NAN; problem.scratch(1)];
    let mut report = Report::default();
    let hess = |x: &[f64], theta: &[f64], out: &mut [f64]| {
        problem.hess(x, theta, 1, &u, out, &mut vec![f64::NAN; problem.scratch(1)]);
    };

    let (mut out, mut other) = (vec![f64::NAN; d], vec![f64::NAN; d]);
    problem.third(x, theta, &u, &dx, &mut out, &mut scratch);
    let along = |s: f64, out: &mut [f64]| hess(&shifted(x, s, &dx), theta, out);
    let difference = differences(along, d);
    // On a quadratic both are rounding.
    if norm(&difference) > 1e-9 * norm(&u) || norm(&out) > 0.0 {
        report.add("third derivative against differences of Hessian products", DIFFERENCES, &out, &difference);
    }
    problem.third(x, theta, &u, &v, &mut other, &mut scratch);
    report.inner("symmetry of the third derivative", (&out, &v), (&other, &dx));

    out.fill(0.0);
    problem.hess_theta(x, theta, &u, &dtheta, &mut out, &mut scratch);
    let along = |s: f64, out: &mut [f64]| hess(x, &shifted(theta, s, &dtheta), out);
    report.add("Hessian's derivative in theta against differences", DIFFERENCES, &out, &differences(along, d));
    let mut gtheta = vec![0.0; p];
    problem.hess_theta_t(x, theta, &u, 1.0, &v, &mut gtheta, &mut scratch);
    report.inner("its transpose", (&out, &v), (&gtheta, &dtheta));
    report
}

/// `d/ds f(s)` at 0 by central differences of fourth order (one Richardson extrapolation), where
/// `f(s, out)` writes `n` values; it is called at four points up to `1e-3` away.
///
/// ```
/// let slope = unspool_core::check::differences(|s, out| out[0] = s.sin(), 1);
/// assert!((slope[0] - 1.0).abs() < 1e-11);
/// ```
pub fn differences(f: impl Fn(f64, &mut [f64]), n: usize) -> Vec<f64> {
    let at = |s: f64| {
        let mut out = vec![f64::NAN; n];
        f(s, &mut out);
        out
    };
    let h = 1e-3;
    let (a, b, c, d) = (at(h), at(-h), at(h / 2.0), at(-h / 2.0));
    (0..n).map(|i| (4.0 * (c[i] - d[i]) / h - (a[i] - b[i]) / (2.0 * h)) / 3.0).collect()
}

fn shifted(x: &[f64], s: f64, dx: &[f64]) -> Vec<f64> {
    x.iter().zip(dx).map(|(x, dx)| x + s * dx).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn relative(a: &[f64], b: &[f64]) -> f64 {
    let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let size = norm(a).max(norm(b));
    if size == 0.0 { 0.0 } else { norm(&difference) / size }
}

struct Random(ChaCha8Rng);

impl Random {
    fn new(seed: u64) -> Self {
        Random(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform in (-1, 1).
    fn vec(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.0.random_range(-1.0..1.0)).collect()
    }

    /// The same, each entry in the size of the entry of `x`: a state may hold blocks of very
    /// different size.
    fn like(&mut self, x: &[f64]) -> Vec<f64> {
        let scale = |x: f64| if x == 0.0 { 1.0 } else { x.abs() };
        x.iter().map(|&x| scale(x) * self.0.random_range(-1.0..1.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoo::Heron;
    use crate::{Dims, Map};

    /// Heron's iteration, whose tape is the slope, times a factor.
    struct Taped(f64);

    impl Map<f64> for Taped {
        fn dims(&self) -> Dims {
            Map::<f64>::dims(&Heron)
        }

        fn scratch(&self, k: usize) -> usize {
            Map::<f64>::scratch(&Heron, k)
        }

        fn step(&self, at: At<'_, f64>, next: &mut [f64], scratch: &mut [f64]) {
            Heron.step(at, next, scratch);
        }
    }

    impl Jvp<f64> for Taped {
        fn jvp(&self, at: At<'_, f64>, dx: &[f64], dtheta: &[f64], out: &mut [f64], scratch: &mut [f64]) {
            Heron.jvp(at, dx, dtheta, out, scratch);
        }
    }

    impl Vjp<f64> for Taped {
        fn vjp(&self, at: At<'_, f64>, c: &[f64], gx: &mut [f64], gtheta: &mut [f64], scratch: &mut [f64]) {
            Heron.vjp(at, c, gx, gtheta, scratch);
        }

        fn tape(&self) -> usize {
            1
        }

        fn step_taped(&self, at: At<'_, f64>, next: &mut [f64], tape: &mut [f64], scratch: &mut [f64]) {
            self.step(at, next, scratch);
            tape[0] = self.0 * (1.0 - at.theta[0] / at.x[0].powi(2)) / 2.0;
        }

        fn vjp_taped(
            &self,
            at: At<'_, f64>,
            tape: &[f64],
            c: &[f64],
            gx: &mut [f64],
            gtheta: &mut [f64],
            _: &mut [f64],
        ) {
            gx[0] = tape[0] * c[0];
            gtheta[0] += c[0] / (2.0 * at.x[0]);
        }
    }

    #[test]
    fn a_wrong_tape_is_found() {
        let at = At { t: 3, x: &[1.3], theta: &[2.0] };
        step(&Taped(1.0), at, 7).assert();
        let report = step(&Taped(1.001), at, 7);
        let wrong: Vec<&str> = report.checks.iter().filter(|c| c.error > c.bound).map(|c| c.name).collect();
        assert_eq!(wrong, ["VJP from the tape"]);
    }
}
