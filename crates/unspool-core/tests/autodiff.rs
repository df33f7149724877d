//! Problems and update rules written as one generic function.
#![cfg(feature = "autodiff")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use unspool_core::autodiff::{Auto, AutoMap, DualNum, Objective, Scalar, Update};
use unspool_core::data::Dense;
use unspool_core::method::{ConjugateGradient, GradientDescent, Newton};
use unspool_core::problem::{Groups, LinearModel, Logistic, Smooth, Squared, ThirdOrder};
use unspool_core::zoo::{self, Regression};
use unspool_core::{At, Dims, Jvp, Map, Mode, Real, Solve, Stop, Vjp, check};

/// Cauchy's loss to some targets, neighbours coupled, one log-regulariser for each residue of
/// the index; strongly convex for the parameters used here.
struct Chain {
    d: usize,
    p: usize,
}

impl<F: Scalar> Objective<F> for Chain {
    fn dim(&self) -> usize {
        self.d
    }

    fn params(&self) -> usize {
        self.p
    }

    fn value<D: DualNum<Primitive = F> + Copy>(&self, x: &[D], theta: &[D]) -> D {
        let mut sum = D::zero();
        for i in 0..self.d {
            let r = x[i] - F::of((i as f64).cos());
            sum += (r * r + F::of(1.0)).ln() * F::of(0.5) + x[i] * x[i];
            if i + 1 < self.d {
                sum += (x[i] * x[i + 1]).sin() * F::of(0.2);
            }
            if self.p > 0 {
                sum += theta[i % self.p].exp() * (x[i] * x[i] + F::of(1.0)).sqrt();
            }
        }
        sum
    }
}

fn points(d: usize, p: usize) -> (Vec<f64>, Vec<f64>) {
    let x = (0..d).map(|i| (1.3 * i as f64 + 0.4).sin());
    (x.collect(), (0..p).map(|j| -0.5 + 0.4 * (j as f64).cos()).collect())
}

#[test]
fn oracles_against_differences() {
    for (d, p) in [(1, 0), (1, 1), (2, 3), (7, 9), (8, 1), (9, 2), (17, 17), (25, 0), (40, 10)] {
        let (x, theta) = points(d, p);
        let problem = Auto(Chain { d, p });
        for report in [check::smooth(&problem, &x, &theta, 3), check::third_order(&problem, &x, &theta, 4)] {
            assert!(report.ok(), "d = {d}, p = {p}:\n{report}");
        }
    }
}

/// `(1/n) sum_i l(x_i'w, y_i) + 1/2 sum_j exp(theta_j) w_j^2`.
struct Linear<'a> {
    data: &'a Regression,
    y: &'a [f64],
    logistic: bool,
}

impl Objective<f64> for Linear<'_> {
    fn dim(&self) -> usize {
        self.data.d
    }

    fn params(&self) -> usize {
        self.data.d
    }

    fn value<D: DualNum<Primitive = f64> + Copy>(&self, w: &[D], theta: &[D]) -> D {
        let loss = self.data.x.chunks(self.data.d).zip(self.y).map(|(x, &y)| {
            let u = w.iter().zip(x).map(|(&w, &x)| w * x).sum::<D>();
            if self.logistic { (u * -y).exp().ln_1p() } else { (u - y).powi(2) * 0.5 }
        });
        let penalty = w.iter().zip(theta).map(|(&w, theta)| theta.exp() * w * w * 0.5).sum::<D>();
        loss.sum::<D>() / self.y.len() as f64 + penalty
    }

    fn is_quadratic(&self) -> bool {
        !self.logistic
    }
}

/// Every oracle, one after the other; what is accumulated starts from ones.
fn oracles(problem: &dyn ThirdOrder<f64>, w: &[f64], theta: &[f64], v: &[f64]) -> Vec<Vec<f64>> {
    let (d, p) = (problem.dim(), problem.params());
    let mut scratch = vec![f64::NAN; problem.scratch(3).max(problem.matrix_scratch())];
    let mut all = vec![vec![problem.value(w, theta, &mut scratch)]];
    let mut next = |length: usize, fill: f64, oracle: &dyn Fn(&mut [f64], &mut [f64])| {
        let mut out = vec![fill; length];
        oracle(&mut out, &mut scratch);
        all.push(out);
    };
    let (a, b) = (&v[..d], &v[d..2 * d]);
    next(d, f64::NAN, &|out, s| problem.gradient(w, theta, out, s));
    next(3 * d, f64::NAN, &|out, s| problem.hess(w, theta, 3, v, out, s));
    next(3 * d, 1.0, &|out, s| problem.mixed(w, theta, 3, v, out, s));
    next(p, 1.0, &|out, s| problem.mixed_t(w, theta, -0.7, a, out, s));
    next(d * d, f64::NAN, &|out, s| problem.hess_matrix(w, theta, out, s));
    next(d, f64::NAN, &|out, s| problem.third(w, theta, a, b, out, s));
    next(d, 1.0, &|out, s| problem.hess_theta(w, theta, a, b, out, s));
    next(p, 1.0, &|out, s| problem.hess_theta_t(w, theta, a, -0.7, b, out, s));
    all
}

#[test]
fn same_as_the_written_oracles() {
    let data = Regression::new(30, 11, 0.5, 0.3, 5);
    let dense = || Dense::new(&data.x[..], 30, 11).unwrap();
    let signs = data.signs();
    let ridge = LinearModel::new(dense(), &data.y[..], Squared, Groups::PerFeature).unwrap();
    let logistic = LinearModel::new(dense(), &signs[..], Logistic, Groups::PerFeature).unwrap();
    let auto = |y, logistic| Auto(Linear { data: &data, y, logistic });
    let pairs: [(Box<dyn ThirdOrder<f64>>, _); 2] =
        [(Box::new(ridge), auto(&data.y, false)), (Box::new(logistic), auto(&signs, true))];
    let (w, theta) = points(11, 11);
    let v: Vec<f64> = (0..33).map(|i| (0.7 * i as f64).cos()).collect();
    for (written, auto) in &pairs {
        assert_eq!(written.is_quadratic(), auto.is_quadratic());
        for (i, (a, b)) in oracles(&**written, &w, &theta, &v).iter().zip(oracles(auto, &w, &theta, &v)).enumerate() {
            let size = a.iter().fold(1.0, |max: f64, a| max.max(a.abs()));
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-12 * size), "oracle {i}:\n{a:?}\n{b:?}");
        }
    }
    // Said to be quadratic, it can be solved by conjugate gradient.
    let cg = ConjugateGradient::new(&pairs[0].1).unwrap();
    check::run(&Solve::new(&cg, &w).stop(Stop::steps(5)), &theta, Mode::full(), 2).unwrap().assert();
}

#[test]
fn whole_runs() {
    for (d, p) in [(1, 1), (5, 3), (9, 2)] {
        let (x, theta) = points(d, p);
        let problem = Auto(Chain { d, p });
        let descent = GradientDescent::new(&problem, 0.2);
        let newton = Newton::new(&problem).damped(0.8);
        for mode in ["full", "slots:3"].map(|m| m.parse().unwrap()) {
            check::run(&Solve::new(&descent, &x).stop(Stop::steps(20)), &theta, mode, 5).unwrap().assert();
            check::run(&Solve::new(&newton, &x).stop(Stop::steps(5)), &theta, mode, 5).unwrap().assert();
        }
        let solve = Solve::new(&descent, &x).stop(Stop::tolerance(1e-14));
        let full = solve.jacobian(&theta, Mode::full()).unwrap();
        for mode in [Mode::cholesky(), Mode::implicit()] {
            let implicit = solve.jacobian(&theta, mode).unwrap();
            assert!(full.dx.iter().zip(&implicit.dx).all(|(a, b)| (a - b).abs() < 1e-9), "{mode}, d = {d}");
        }
    }
}

#[test]
fn single_precision() {
    fn gradient<F: Scalar>(x: &[f64], theta: &[f64]) -> Vec<f64> {
        let cast = |x: &[f64]| x.iter().map(|&x| F::of(x)).collect::<Vec<F>>();
        let problem = Auto(Chain { d: x.len(), p: theta.len() });
        let (start, theta, ones) = (cast(x), cast(theta), |_: &[F], c: &mut [F]| c.fill(F::of(1.0)));
        let newton = Newton::<F, _>::new(&problem);
        let descent = GradientDescent::new(&problem, F::of(0.2));
        let a = Solve::new(&newton, &start).stop(Stop::steps(5)).vjp(&theta, Mode::full(), ones).unwrap();
        let b = Solve::new(&descent, &start).stop(Stop::steps(40)).vjp(&theta, Mode::full(), ones).unwrap();
        [a.x, a.theta, b.x, b.theta].concat().into_iter().map(Real::wide).collect()
    }
    let (x, theta) = points(10, 3);
    let (double, single) = (gradient::<f64>(&x, &theta), gradient::<f32>(&x, &theta));
    assert!(double.iter().zip(&single).all(|(a, b)| (a - b).abs() < 1e-3 * a.abs().max(1.0)));
}

struct Heron;

impl<F: Scalar> Update<F> for Heron {
    fn dims(&self) -> Dims {
        Dims { state: 1, output: 1, params: 1 }
    }

    fn step<D: DualNum<Primitive = F> + Copy>(&self, _: usize, x: &[D], theta: &[D], next: &mut [D]) {
        next[0] = (x[0] + theta[0] / x[0]) * F::of(0.5);
    }
}

#[test]
fn heron_as_written() {
    let written = Solve::new(&zoo::Heron, &[1f64]).stop(Stop::steps(6));
    let auto = Solve::new(&AutoMap(Heron), &[1.0]).stop(Stop::steps(6));
    for mode in ["full", "slots:2", "last:2", "one-step", "implicit:neumann", "implicit:cholesky"] {
        let mode: Mode = mode.parse().unwrap();
        let (a, b) = (written.jvp(&[2.0], mode, &[1.0]).unwrap(), auto.jvp(&[2.0], mode, &[1.0]).unwrap());
        assert_eq!(a.x, b.x);
        assert!((a.dx[0] - b.dx[0]).abs() < 1e-15, "{mode}");
        let one = |_: &[f64], c: &mut [f64]| c[0] = 1.0;
        let (a, b) = (written.vjp(&[2.0], mode, one).unwrap(), auto.vjp(&[2.0], mode, one).unwrap());
        assert!((a.theta[0] - b.theta[0]).abs() < 1e-15, "{mode}");
    }
}

/// A momentum method on a ring, with a state longer than the output and a step that depends on
/// the counter.
struct Ring {
    d: usize,
    p: usize,
}

impl Update<f64> for Ring {
    fn dims(&self) -> Dims {
        Dims { state: 2 * self.d, output: self.d, params: self.p }
    }

    fn step<D: DualNum<Primitive = f64> + Copy>(&self, t: usize, x: &[D], theta: &[D], next: &mut [D]) {
        let d = self.d;
        for i in 0..d {
            let momentum = if t == 0 { D::zero() } else { (x[i] - x[d + i]) * 0.3 };
            let pull = if self.p > 0 { theta[i % self.p].tanh() } else { D::from(0.4) };
            let pull = if pull < 0.0 { pull * pull } else { D::from(1.0) / (pull + 1.0) };
            next[i] = x[i] * 0.5 + (x[(i + 1) % d] * 0.3).sin() + pull / (t + 1) as f64 + momentum;
            next[d + i] = x[i];
        }
    }
}

#[test]
fn update_rules() {
    for (d, p) in [(1, 0), (1, 1), (2, 5), (4, 8), (5, 9), (9, 1)] {
        let map = AutoMap(Ring { d, p });
        let (x, theta) = points(2 * d, p);
        for t in [0, 3] {
            let report = check::step(&map, At { t, x: &x, theta: &theta }, 8);
            assert!(report.ok(), "d = {d}, p = {p}, t = {t}:\n{report}");
        }
        if p > 0 {
            let solve = Solve::new(&map, &x[..d]).stop(Stop::steps(12));
            check::run(&solve, &theta, Mode::slots(4), 6).unwrap().assert();
        }
        // Blocks of directions beside their columns.
        let (at, s) = (At { t: 1, x: &x, theta: &theta }, 2 * d);
        for k in [1, 8, 9, 19] {
            let (dx, _) = points(k * s, 0);
            let (dtheta, _) = points(k * p, 0);
            let (mut block, mut column) = (vec![f64::NAN; k * s], vec![f64::NAN; s]);
            map.jvps(at, k, &dx, &dtheta, &mut block, &mut []);
            for j in 0..k {
                map.jvp(at, &dx[j * s..(j + 1) * s], &dtheta[j * p..(j + 1) * p], &mut column, &mut []);
                assert_eq!(column, block[j * s..(j + 1) * s]);
            }
        }
    }
}

/// After the first call, no oracle and no step allocates.
#[test]
fn no_allocation() {
    let (x, theta) = points(19, 3);
    let problem = Auto(Chain { d: 19, p: 3 });
    let newton = Newton::<f64, _>::new(&problem);
    let ring = AutoMap(Ring { d: 19, p: 3 });
    let mut scratch = vec![0.0; newton.scratch(1)];
    let (start, mut next, mut gx, mut gtheta) = ([&x[..], &x].concat(), [0.0; 38], [0.0; 38], [0.0; 3]);
    let mut work = || {
        let at = At { t: 1, x: &x, theta: &theta };
        newton.step(at, &mut next[..19], &mut scratch);
        newton.jvp(at, &x, &theta, &mut next[..19], &mut scratch);
        newton.vjp(at, &x, &mut gx[..19], &mut gtheta, &mut scratch);
        let at = At { x: &start, ..at };
        ring.step(at, &mut next, &mut []);
        ring.jvp(at, &start, &theta, &mut next, &mut []);
        ring.vjp(at, &start, &mut gx, &mut gtheta, &mut []);
    };
    work();
    let before = ALLOCATIONS.get();
    work();
    assert_eq!(ALLOCATIONS.get(), before);
}

/// Counts the allocations of each thread.
struct Counting;

thread_local!(static ALLOCATIONS: Cell<usize> = const { Cell::new(0) });

// SAFETY: passes everything on to the system's allocator.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
