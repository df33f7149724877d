//! Tangents and adjoints of the maps, and of whole runs.

use unspool_core::check::{self, differences};
use unspool_core::{At, Jvp, Mode, Real, Solve, Stop, Vjp};
use unspool_graph::log_degree::{Fdpg, Pds, Relaxed, default_step_size};

use crate::{iterate, random_z};

/// Differences with steps of 1e-6: short enough not to cross a kink.
fn step_differences<M: Jvp<f64> + Vjp<f64>>(map: &M, at: At<'_, f64>, seed: u64) {
    let scale = 1e-3;
    let random = |n: usize, seed| -> Vec<f64> { random_z(n + 2, seed)[..n].iter().map(|u| u - 1.5).collect() };
    let dx: Vec<f64> =
        random(at.x.len(), seed).iter().zip(at.x).map(|(u, x)| u * if *x == 0.0 { 1.0 } else { x.abs() }).collect();
    let dtheta = random(at.theta.len(), seed + 2);
    let shift = |a: &[f64], s: f64, d: &[f64]| -> Vec<f64> { a.iter().zip(d).map(|(a, d)| a + s * d).collect() };
    let along = |s: f64, out: &mut [f64]| {
        let (x, theta) = (shift(at.x, scale * s, &dx), shift(at.theta, scale * s, &dtheta));
        map.step(At { t: at.t, x: &x, theta: &theta }, out, &mut vec![f64::NAN; map.scratch(0)]);
    };
    let mut tangent = vec![f64::NAN; at.x.len()];
    map.jvp(at, &dx, &dtheta, &mut tangent, &mut vec![f64::NAN; map.scratch(1)]);
    let expected = differences(along, at.x.len());
    let size = tangent.iter().map(|t| t * t).sum::<f64>().sqrt();
    let error = tangent.iter().zip(&expected).map(|(t, e)| (t - e / scale).powi(2)).sum::<f64>().sqrt();
    assert!(error <= 1e-7 * size, "t = {}: {error:e} of {size:e}", at.t);
}

fn steps<M: Jvp<f64> + Vjp<f64>>(map: &M, theta: &[f64], at: &[usize]) {
    for &t in at {
        let x = iterate(map, theta, t);
        let at = At { t, x: &x, theta };
        step_differences(map, at, 41 + 2 * t as u64);
        // All but the differences of the report, whose steps are long.
        let report = check::step(map, at, 7 + t as u64);
        for check in report.checks.iter().filter(|check| !check.name.contains("differences")) {
            assert!(check.error <= check.bound, "t = {t}\n{report}");
        }
    }
}

#[test]
fn of_each_step() {
    for m in [2, 4, 7, 20] {
        let z = random_z(m, m as u64);
        let (fdpg, pds) = ([0.9, 1.2, 0.7], [0.9, 1.2, 0.7, default_step_size(m, 1.2)]);
        let all = [0, 1, 3, 10, 40, 300];
        steps(&Pds::new(m, &z).unwrap(), &pds, &all);
        steps(&Relaxed::new(m, &z).unwrap(), &pds, &all);
        steps(&Relaxed::new(m, &z).unwrap().with_relaxation(0.7).unwrap(), &pds, &all);
        steps(&Fdpg::new(m, &z).unwrap().with_restart(false), &fdpg, &all);
        // Where nothing moves any more, the smallest change decides about a restart.
        steps(&Fdpg::new(m, &z).unwrap(), &fdpg, if m == 2 { &[0, 1] } else { &[0, 1, 3, 10, 20] });
    }
}

/// Learned parameters may be negative: the floor acts, and has a derivative.
#[test]
fn with_a_floor() {
    let z = random_z(7, 4);
    let map = Pds::new(7, &z).unwrap().with_floor(1e-8);
    for theta in [[-0.5, 0.7, 1.0, 0.05], [-0.5, 0.7, 1.0, -0.02], [0.5, -0.2, 1.0, 0.05]] {
        for t in [0, 2, 10] {
            let x = iterate(&map, &theta, t);
            assert!(x.iter().all(|x| x.is_finite()));
            step_differences(&map, At { t, x: &x, theta: &theta }, 9);
            let report = check::step(&map, At { t, x: &x, theta: &theta }, 3);
            assert!(report.checks[1].error < 1e-12, "{report}");
        }
    }
}

fn whole_run<M: Jvp<f64> + Vjp<f64>>(map: &M, theta: &[f64], long: usize) {
    let start = vec![0.0; map.dims().output];
    let short = Solve::new(map, &start).stop(Stop::steps(25));
    let c = |_: &[f64], c: &mut [f64]| c.iter_mut().enumerate().for_each(|(e, c)| *c = (e as f64).sin());
    let full = short.vjp(theta, Mode::full(), c).unwrap();
    for mode in [Mode::slots(4), Mode::budget(1 << 20)] {
        assert_eq!(short.vjp(theta, mode, c).unwrap().theta, full.theta);
    }
    let gradient: f64 = full.theta.iter().sum();
    let ones = vec![1.0; theta.len()];
    let tangents = short.jvp(theta, Mode::full(), &ones).unwrap();
    let mut cotangent = start.clone();
    c(&start, &mut cotangent);
    let forward: f64 = tangents.dx.iter().zip(&cotangent).map(|(a, b)| a * b).sum();
    assert!((forward - gradient).abs() < 1e-11 * gradient.abs(), "{forward} {gradient}");

    // Converged, all modes agree.
    let solve = Solve::new(map, &start).stop(Stop::steps(long));
    let full = solve.vjp(theta, Mode::full(), c).unwrap().theta;
    for mode in [Mode::implicit(), Mode::cholesky(), Mode::last(long / 2), Mode::late_auto()] {
        let other = solve.vjp(theta, mode, c).unwrap();
        other.status.require().unwrap();
        for (a, b) in full.iter().zip(&other.theta) {
            assert!((a - b).abs() < 1e-7 * (1.0 + a.abs()), "{mode}: {full:?} {:?}", other.theta);
        }
    }
    // Step size alone does not move the limit.
    if let Some(g) = full.get(3) {
        assert!(g.abs() < 1e-7, "{g}");
    }
}

#[test]
fn of_whole_runs() {
    for m in [4, 7] {
        let z = random_z(m, 20 + m as u64);
        let (fdpg, pds) = ([0.9, 1.2, 0.7], [0.9, 1.2, 0.7, default_step_size(m, 1.2)]);
        whole_run(&Pds::new(m, &z).unwrap(), &pds, 1000);
        whole_run(&Relaxed::new(m, &z).unwrap(), &pds, 1000);
        whole_run(&Fdpg::new(m, &z).unwrap(), &fdpg, 1000);
        for mode in [Mode::full(), Mode::implicit(), Mode::polished(Mode::last(50), 200)] {
            let (map, start) = (Pds::new(m, &z).unwrap(), vec![0.0; z.len()]);
            check::run(&Solve::new(&map, &start).stop(Stop::steps(1500)), &pds, mode, 5).unwrap().assert();
        }
    }
}

/// The engine's own stopping rule works: the counter in the state of FDPG does not disturb it.
#[test]
fn stops_on_small_steps() {
    fn run<F: Real>(tolerance: f64) {
        let z: Vec<F> = random_z(20, 3).into_iter().map(F::of).collect();
        let (map, start) = (Fdpg::new(20, &z).unwrap(), vec![F::zero(); z.len()]);
        let solution = Solve::new(&map, &start).stop(Stop::tolerance(tolerance)).run(&[F::one(); 3]).unwrap();
        solution.status.require().unwrap();
        assert!(solution.steps < 5000);
    }
    run::<f64>(1e-12);
    run::<f32>(1e-6);
}

/// Single precision follows double precision.
#[test]
fn precision() {
    fn adjoint<F: Real>() -> Vec<f64> {
        let z: Vec<F> = random_z(20, 3).into_iter().map(F::of).collect();
        let theta = [0.9, 1.2, 0.7, 0.1].map(F::of);
        let (pds, relaxed, fdpg) =
            (Pds::new(20, &z).unwrap(), Relaxed::new(20, &z).unwrap(), Fdpg::new(20, &z).unwrap());
        let start = vec![F::zero(); z.len()];
        let stop = Stop::steps(60);
        let c = |w: &[F], c: &mut [F]| c.copy_from_slice(w);
        let all = [
            Solve::new(&pds, &start).stop(stop).vjp(&theta, Mode::full(), c).unwrap(),
            Solve::new(&relaxed, &start).stop(stop).vjp(&theta, Mode::full(), c).unwrap(),
            Solve::new(&fdpg, &start).stop(stop).vjp(&theta[..3], Mode::full(), c).unwrap(),
        ];
        all.iter().flat_map(|a| a.theta.iter().chain(&a.x)).map(|x| x.wide()).collect()
    }
    for (single, double) in adjoint::<f32>().iter().zip(adjoint::<f64>()) {
        assert!((single - double).abs() < 1e-4 * (1.0 + double.abs()), "{single} {double}");
    }
}
