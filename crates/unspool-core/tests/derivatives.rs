//! Every method x every mode: forward, reverse and finite differences agree.

mod common;

use common::{Case, each_case};
use unspool_core::data::Dense;
use unspool_core::method::{Chebyshev, ConjugateGradient, Fista, ProximalGradient, chebyshev, fista};
use unspool_core::problem::{self, Gram, Groups, Quadratic, Ridge};
use unspool_core::zoo::Regression;
use unspool_core::{At, Error, Mode, Solve, Stop, check};

/// Steps of a run; conjugate gradient has solved these problems of 6 variables after 6.
fn steps(name: &str) -> usize {
    if name.starts_with("conjugate") { 4 } else { 24 }
}

#[test]
fn one_step_of_every_method() {
    let mut cases = 0;
    each_case::<f64>(&mut |Case { name, map, start, theta }| {
        let dims = map.dims();
        let mut x = vec![0.0; dims.state];
        x[..dims.output].copy_from_slice(start);
        for t in 0..4 {
            let report = check::step(map, At { t, x: &x, theta }, 3 + t as u64);
            assert!(report.ok(), "{name}, t = {t}:\n{report}");
            let (mut next, mut scratch) = (vec![0.0; dims.state], vec![0.0; map.scratch(0)]);
            map.step(At { t, x: &x, theta }, &mut next, &mut scratch);
            x = next;
        }
        cases += 1;
    });
    assert_eq!(cases, 3 * (6 * 7 + 3 + 4 + 1));
}

#[test]
fn full_modes_of_every_method() {
    each_case::<f64>(&mut |Case { name, map, start, theta }| {
        let solve = Solve::new(map, start).stop(Stop::steps(steps(&name)));
        let Err(Error::Budget { needed, .. }) = solve.vjp(theta, Mode::budget(1), |_, _| {}) else {
            panic!("a budget of one byte was accepted")
        };
        for mode in [Mode::full(), Mode::slots(4), Mode::budget(needed)] {
            let report = check::run(&solve, theta, mode, 5).unwrap();
            assert!(report.ok(), "{name}, {mode}:\n{report}");
        }
    });
}

/// Truncated modes differentiate the run from a state that does not move.
#[test]
fn truncated_modes_of_every_method() {
    each_case::<f64>(&mut |Case { name, map, start, theta }| {
        let (t, k) = (steps(&name), 2);
        let whole = Solve::new(map, start).stop(Stop::steps(steps(&name)));
        let c: Vec<f64> = (0..start.len()).map(|i| (1.0 + i as f64).cos()).collect();
        let dtheta: Vec<f64> = (0..theta.len()).map(|i| (2.0 + i as f64).sin()).collect();
        let late = Mode::late(t - k);
        let forward = whole.jvp(theta, late, &dtheta).unwrap();
        let reverse = whole.vjp(theta, late, |_, out| out.copy_from_slice(&c)).unwrap();
        assert_eq!((forward.cost.jvps, reverse.cost.vjps), (k, k), "{name}");
        let (a, b) = (dot(&forward.dx, &c), dot(&dtheta, &reverse.theta));
        let size = norm(&forward.dx) * norm(&c) + norm(&dtheta) * norm(&reverse.theta);
        assert!((a - b).abs() <= 1e-12 * size, "{name}: {a} {b}");
        for same in ["last:2".into(), "last:2+slots:1".into(), format!("late:{}+slots:2", t - k)] {
            let same: Mode = same.parse().unwrap();
            assert_eq!(whole.jvp(theta, same, &dtheta).unwrap().dx, forward.dx, "{name}");
            let again = whole.vjp(theta, same, |_, out| out.copy_from_slice(&c)).unwrap();
            assert_eq!(again.theta, reverse.theta, "{name}");
        }
        // Against differences of the last k steps alone, from the state at t - k.
        let mut state = vec![0.0; map.dims().state];
        state[..start.len()].copy_from_slice(start);
        let walk = |state: &mut Vec<f64>, theta: &[f64], range: std::ops::Range<usize>| {
            let (mut next, mut scratch) = (state.clone(), vec![0.0; map.scratch(0)]);
            for t in range {
                map.step(At { t, x: state, theta }, &mut next, &mut scratch);
                std::mem::swap(state, &mut next);
            }
        };
        walk(&mut state, theta, 0..t - k);
        let at = |s: f64, out: &mut [f64]| {
            let theta: Vec<f64> = theta.iter().zip(&dtheta).map(|(t, d)| t + s * d).collect();
            let mut x = state.clone();
            walk(&mut x, &theta, t - k..t);
            out.copy_from_slice(&x[..out.len()]);
        };
        let difference = check::differences(at, start.len());
        let error = relative(&forward.dx, &difference);
        assert!(error <= 1e-7, "{name}: {error:e}");
    });
}

/// At a point that has converged, every implicit mode is the derivative of the solution; so is a
/// long run with frozen steps behind it.
#[test]
fn implicit_modes_of_every_method() {
    each_case::<f64>(&mut |Case { name, map, start, theta }| {
        let steps = if name.starts_with("conjugate") { 12 } else { 3000 };
        let solve = Solve::new(map, start).stop(Stop::steps(steps));
        let mut modes = vec!["implicit", "implicit:cholesky"];
        if !name.starts_with("conjugate") {
            modes.extend(["implicit:neumann", "one-step+polish:4000", "last:3+slots:2+polish:4000"]);
        }
        for mode in modes {
            let mut mode: Mode = mode.parse().unwrap();
            if let Mode::Implicit(unspool_core::LinearSolver::Cg { tol, .. }) = &mut mode {
                *tol = 1e-14;
            }
            if let Mode::Implicit(unspool_core::LinearSolver::Neumann { tol, .. }) = &mut mode {
                *tol = 1e-15;
            }
            let report = check::run(&solve, theta, mode, 5).unwrap();
            let errors: Vec<f64> = report.checks.iter().map(|c| c.error).collect();
            // The two directions stop their linear solves on their own: 1e-10 between them.
            assert!(errors[0] <= 1e-7 && errors[1] <= 1e-10, "{name}, {mode}:\n{report}");
        }
    });
}

/// All modes when the run stops on a tolerance: the same as with that length fixed.
#[test]
fn data_dependent_length() {
    each_case::<f64>(&mut |Case { name, map, start, theta }| {
        let solve = Solve::new(map, start).stop(Stop::tolerance(1e-5).at_most(20_000));
        let found = solve.run(theta).unwrap();
        assert!(found.status.is_ok() && found.steps > 3, "{name}: {:?}", found.status);
        let fixed = solve.stop(Stop::steps(found.steps));
        let ones = |_: &[f64], c: &mut [f64]| c.fill(1.0);
        let modes = [
            "full",
            "slots:3",
            "slots:7",
            "budget:60000",
            "last:4",
            "last:4+slots:3",
            "late:2",
            "late:2+slots:2",
            "one-step",
            "last:4+polish:3",
            "implicit",
            "implicit:cholesky",
            "implicit:neumann",
        ];
        for mode in modes.map(|m| m.parse::<Mode>().unwrap()) {
            if name.starts_with("conjugate") && mode == Mode::neumann() {
                continue;
            }
            let (a, b) = (solve.vjp(theta, mode, ones).unwrap(), fixed.vjp(theta, mode, ones).unwrap());
            assert_eq!((&a.x, &a.theta, &a.start), (&b.x, &b.theta, &b.start), "{name}, {mode}");
            assert_eq!(a.cost.steps, found.steps);
            let (a, b) = (solve.jacobian(theta, mode).unwrap(), fixed.jacobian(theta, mode).unwrap());
            assert_eq!(a.dx, b.dx, "{name}, {mode}");
        }
        let late = solve.vjp(theta, Mode::late(100_000), ones).unwrap();
        assert!(late.status.is_ok() && late.theta.iter().all(|&g| g == 0.0), "{name}");
    });
}

/// A block of directions and the whole Jacobian are their columns; reverse mode gives its rows.
#[test]
fn blocks_and_rows() {
    each_case::<f64>(&mut |Case { name, map, start, theta }| {
        let solve = Solve::new(map, start).stop(Stop::steps(steps(&name)));
        let (d, p) = (start.len(), theta.len());
        let jacobian = solve.jacobian(theta, Mode::full()).unwrap();
        for j in 0..p {
            let unit: Vec<f64> = (0..p).map(|i| f64::from(i == j)).collect();
            let column = solve.jvp(theta, Mode::full(), &unit).unwrap();
            assert!(relative(&column.dx, &jacobian.dx[j * d..(j + 1) * d]) < 1e-12, "{name}");
        }
        for i in 0..d {
            let row = solve.vjp(theta, Mode::full(), |_, c| c[i] = 1.0).unwrap();
            let expected: Vec<f64> = (0..p).map(|j| jacobian.dx[j * d + i]).collect();
            let size = norm(&jacobian.dx);
            assert!(row.theta.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12 * size), "{name}");
        }
    });
}

/// The start's gradient, and a start that depends on theta.
#[test]
fn derivative_in_the_start() {
    each_case::<f64>(&mut |Case { name, map, start, theta }| {
        let d = start.len();
        let dstart: Vec<f64> = (0..d).map(|i| (0.5 + i as f64).sin()).collect();
        let c: Vec<f64> = (0..d).map(|i| (0.2 + i as f64).cos()).collect();
        let dtheta = vec![0.0; theta.len()];
        let solve = Solve::new(map, start).stop(Stop::steps(2));
        let forward = solve.jvps_from(theta, Mode::full(), 1, &dtheta, &dstart).unwrap();
        for mode in [Mode::full(), Mode::slots(2)] {
            let reverse = solve.vjp(theta, mode, |_, out| out.copy_from_slice(&c)).unwrap();
            let (a, b) = (dot(&forward.dx, &c), dot(&dstart, &reverse.start));
            let size = norm(&forward.dx) * norm(&c) + norm(&dstart) * norm(&reverse.start);
            assert!((a - b).abs() <= 1e-12 * size, "{name}: {a} {b}");
        }
        let at = |s: f64, out: &mut [f64]| {
            let start: Vec<f64> = start.iter().zip(&dstart).map(|(x, d)| x + s * d).collect();
            out.copy_from_slice(&Solve::new(map, &start).stop(Stop::steps(2)).run(theta).unwrap().x);
        };
        let difference = check::differences(at, d);
        let error = relative(&forward.dx, &difference);
        assert!(error < 1e-7, "{name}: {error:e}");
    });
}

/// A coordinate without a penalty moves with the parameters also where it is exactly zero.
#[test]
fn a_free_coordinate_at_zero() {
    // w = (3/2 - 2 lambda, 2 lambda - 1/2), which is (1, 0) at lambda = 1/4.
    let x = Dense::new(vec![1.0, 1.0, 1.0, 0.0], 2, 2).unwrap();
    let groups = Groups::Of(vec![0, Groups::FREE]);
    let lasso = problem::lasso(x, vec![1.0, 1.5], groups.clone()).unwrap();
    let (theta, map) = ([0.25f64.ln()], ProximalGradient::new(&lasso, 0.5));
    let solve = Solve::new(&map, &[1.0, 0.0]).stop(Stop::steps(0));
    for mode in [Mode::implicit(), Mode::cholesky()] {
        let forward = solve.jvp(&theta, mode, &[1.0]).unwrap();
        assert!(relative(&forward.dx, &[-0.5, 0.5]) < 1e-12, "{mode}: {forward:?}");
        let reverse = solve.vjp(&theta, mode, |_, c| c[1] = 1.0).unwrap();
        assert!(f64::abs(reverse.theta[0] - 0.5) < 1e-12, "{mode}: {reverse:?}");
    }
    // Steps whose result is exactly zero in both coordinates, of which one is free.
    let x = || Dense::new(vec![1.0, 1.0, 1.0, 0.0], 2, 2).unwrap();
    let lasso = problem::lasso(x(), vec![0.0; 2], groups.clone()).unwrap();
    let net = problem::elastic_net(x(), vec![0.0; 2], groups).unwrap();
    for (problem, theta) in [(&lasso, &[0.0][..]), (&net, &[0.0, -1.0])] {
        let at = At { t: 1, x: &[0.0; 2], theta };
        check::step(&ProximalGradient::new(problem, 0.5), at, 3).assert();
        check::step(&fista(problem, Fista::new(0.5)), At { x: &[0.0; 4], ..at }, 3).assert();
    }
}

/// A run that goes on until the residual's square underflows stands still, with its derivative.
#[test]
fn conjugate_gradient_long_after_convergence() {
    for (seed, d) in [(14, 17), (65, 8)] {
        let data = Regression::new(3 * d, d, 1.0, 0.3, seed);
        let x = Dense::new(&data.x[..], 3 * d, d).unwrap();
        let ridge = Ridge::new(x, &data.y[..], Groups::PerFeature, Gram::Auto).unwrap();
        let map = ConjugateGradient::new::<f64>(&ridge).unwrap();
        let (start, theta) = (vec![0.2; d], vec![-4.5; d]);
        let solve = Solve::new(&map, &start).stop(Stop::steps(400));
        let exact = solve.jacobian(&theta, Mode::cholesky()).unwrap();
        let unrolled = solve.jacobian(&theta, Mode::full()).unwrap();
        assert!(unrolled.status.is_ok() && relative(&unrolled.dx, &exact.dx) < 1e-9, "{:?}", unrolled.status);
        let row = |mode| solve.vjp(&theta, mode, |_, c| c.fill(1.0)).unwrap().theta;
        assert!(relative(&row(Mode::full()), &row(Mode::cholesky())) < 1e-9);
    }
}

/// A spectrum of one point: gradient descent with step size 1/L, which is exact at once.
#[test]
fn chebyshev_on_a_single_eigenvalue() {
    let f = Quadratic::new(vec![2.0, 0.0, 0.0, 2.0], vec![1.0, -3.0], Groups::None).unwrap();
    let map = chebyshev(&f, Chebyshev::new(2.0, 2.0));
    for steps in [1, 2, 9] {
        let run = Solve::new(&map, &[0.3, 0.4]).stop(Stop::steps(steps)).run(&[]).unwrap();
        assert!(relative(&run.x, &[-0.5, 1.5]) < 1e-14, "{run:?}");
    }
    // Nearly so: the steps must not lose themselves in the difference.
    let map = chebyshev(&f, Chebyshev::new(2.0, 2.0 + f64::EPSILON));
    let run = Solve::new(&map, &[0.3, 0.4]).stop(Stop::steps(9)).run(&[]).unwrap();
    assert!(relative(&run.x, &[-0.5, 1.5]) < 1e-14, "{run:?}");
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn relative(a: &[f64], b: &[f64]) -> f64 {
    let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    norm(&difference) / norm(a).max(norm(b)).max(f64::MIN_POSITIVE)
}
