//! Every method x every mode: forward, reverse and finite differences agree.

mod common;

use common::{Case, each_case};
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
    assert_eq!(cases, 3 * (6 * 5 + 3 + 4 + 1));
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
        let at = |s: f64| {
            let theta: Vec<f64> = theta.iter().zip(&dtheta).map(|(t, d)| t + s * d).collect();
            let mut x = state.clone();
            walk(&mut x, &theta, t - k..t);
            x
        };
        let h = 1e-3;
        let (a, b, c, d) = (at(h), at(-h), at(h / 2.0), at(-h / 2.0));
        let difference: Vec<f64> =
            (0..start.len()).map(|i| (4.0 * (c[i] - d[i]) / h - (a[i] - b[i]) / (2.0 * h)) / 3.0).collect();
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
            "late:100000",
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
        let at = |s: f64| {
            let start: Vec<f64> = start.iter().zip(&dstart).map(|(x, d)| x + s * d).collect();
            Solve::new(map, &start).stop(Stop::steps(2)).run(theta).unwrap().x
        };
        let h = 1e-3;
        let (a, b, c, e) = (at(h), at(-h), at(h / 2.0), at(-h / 2.0));
        let difference: Vec<f64> =
            (0..d).map(|i| (4.0 * (c[i] - e[i]) / h - (a[i] - b[i]) / (2.0 * h)) / 3.0).collect();
        let error = relative(&forward.dx, &difference);
        assert!(error < 1e-7, "{name}: {error:e}");
    });
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
