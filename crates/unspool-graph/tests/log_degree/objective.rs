//! Optimality, duality, scaling; bad input.

use proptest::prelude::*;
use unspool_core::check::differences;
use unspool_core::{At, Map};
use unspool_graph::log_degree::{
    Fdpg, Method, Objective, Pds, Relaxed, Weights, default_step_size, equal_distances, solve, theta_for_neighbours,
};
use unspool_graph::{Error, Graph, pairs};

use crate::{Z, close, random_z};

const METHODS: [Method; 3] = [Method::Fdpg, Method::Pds { step_size: None }, Method::Relaxed { step_size: None }];

#[test]
fn optimal_at_the_optimum() {
    for m in [2, 3, 20, 100] {
        for seed in 0..4 {
            let z = random_z(m, seed);
            let weights = Weights { alpha: 0.7, beta: 1.3, theta: 1.1 };
            let objective = Objective::new(m, &z, weights).unwrap();
            let solved = solve(Method::Fdpg, m, &z, weights, 1e-13, 50_000).unwrap().require().unwrap();
            let mut g = vec![0.0; z.len()];
            objective.gradient(&solved.w, &mut g).unwrap();
            for (w, g) in solved.w.iter().zip(&g) {
                assert!(*w >= 0.0 && *g > -1e-5 && (g * w).abs() < 1e-5, "{w} {g}");
            }
            assert!(objective.residual(&solved.w).unwrap() < 1e-5);
            let trace = objective.trace(&solved.w).unwrap() / (0.5 * weights.alpha * m as f64);
            assert!((trace - 1.0).abs() < 1e-6, "{trace}");
            let mut w = vec![0.0; z.len()];
            objective.primal(&solved.lambda, &mut w).unwrap();
            assert_eq!(w, solved.w);
        }
    }
}

#[test]
fn methods_agree() {
    let z = random_z(20, 8);
    let weights = Weights { alpha: 2.0, beta: 0.5, theta: 0.8 };
    let answers = METHODS.map(|method| solve(method, 20, &z, weights, 1e-12, 50_000).unwrap().require().unwrap());
    for other in &answers[1..] {
        close(&other.w, &answers[0].w, 1e-5);
        assert!((other.objective - answers[0].objective).abs() < 1e-10);
    }
}

/// `w(alpha, beta, theta) = sqrt(alpha/beta) w(1, 1, theta / sqrt(alpha beta))`.
#[test]
fn scaling_law() {
    for m in [3, 20, 100] {
        let z = random_z(m, 5);
        let (alpha, beta): (f64, f64) = (3.0, 0.4);
        let one = Weights { theta: 1.0 / (alpha * beta).sqrt(), ..Weights::new(1.0, 1.0) };
        let u = solve(Method::Fdpg, m, &z, one, 1e-14, 50_000).unwrap();
        let w = solve(Method::Fdpg, m, &z, Weights::new(alpha, beta), 1e-14, 50_000).unwrap();
        let scaled: Vec<f64> = u.w.iter().map(|u| (alpha / beta).sqrt() * u).collect();
        close(&w.w, &scaled, 1e-6);
    }
}

#[test]
fn equal_distances_have_a_closed_form() {
    let weights = Weights { alpha: 0.6, beta: 1.7, theta: 2.0 };
    for m in [2, 3, 20, 100] {
        for c in [0.0, 0.3, 5.0] {
            let w = equal_distances(m, c, weights).unwrap();
            for method in METHODS {
                let z = vec![c; pairs::count(m)];
                let solved = solve(method, m, &z, weights, 1e-13, 50_000).unwrap().require().unwrap();
                close(&solved.w, &vec![w; z.len()], 1e-6);
            }
        }
    }
}

/// The gap is never negative, and vanishes along each run.
#[test]
fn gap_along_the_run() {
    fn along(map: &impl Map<f64>, theta: &[f64], sign: f64, objective: Objective<'_, f64>, m: usize) {
        let l = map.dims().output;
        let mut x = vec![0.0; map.dims().state];
        let (mut next, mut scratch) = (x.clone(), vec![0.0; map.scratch(0)]);
        let mut last = f64::INFINITY;
        for t in 0..3000 {
            map.step(At { t, x: &x, theta }, &mut next, &mut scratch);
            std::mem::swap(&mut x, &mut next);
            let lambda: Vec<f64> = x[l..l + m].iter().map(|v| sign * v).collect();
            let gap = objective.gap(&lambda).unwrap();
            let certificate = objective.certify(&lambda, Some(&x[..l])).unwrap();
            assert!(gap >= 0.0 && certificate.gap >= 0.0 && certificate.gap <= gap);
            let difference = objective.value(&x[..l]).unwrap() - objective.dual(&lambda).unwrap();
            assert!(difference >= -1e-11 || difference.is_nan(), "{difference}");
            last = certificate.relative_gap();
        }
        assert!(last < 1e-6, "{last}");
    }
    for m in [3, 20, 100] {
        for seed in 10..14 {
            let (z, weights) = (random_z(m, seed), Weights::new(1.0, 1.0));
            let (objective, g) = (Objective::new(m, &z, weights).unwrap(), default_step_size(m, 1.0));
            along(&Fdpg::new(m, &z).unwrap(), &[1.0, 1.0, 1.0], 1.0, objective, m);
            along(&Fdpg::new(m, &z).unwrap().with_restart(false), &[1.0, 1.0, 1.0], 1.0, objective, m);
            along(&Pds::new(m, &z).unwrap(), &[1.0, 1.0, 1.0, g], -1.0, objective, m);
            along(&Relaxed::new(m, &z).unwrap(), &[1.0, 1.0, 1.0, g], -1.0, objective, m);
        }
    }
}

#[test]
fn gap_is_value_less_dual() {
    let weights = Weights { alpha: 0.5, beta: 2.0, theta: 0.3 };
    let objective = Objective::new(4, &Z, weights).unwrap();
    let (lambda, mut w) = ([0.9, 0.7, 1.1, 0.6], [0.0; 6]);
    objective.primal(&lambda, &mut w).unwrap();
    let difference = objective.value(&w).unwrap() - objective.dual(&lambda).unwrap();
    assert!((difference - objective.gap(&lambda).unwrap()).abs() < 1e-14);
    assert_eq!(objective.gap(&[0.9, 0.7, -1.1, 0.6]).unwrap(), f64::INFINITY);
    assert_eq!(objective.gap(&[1e-9; 4]).unwrap(), f64::INFINITY);
    assert_eq!(objective.value(&[1.0, 1.0, 0.0, 1.0, 0.0, -1.0]).unwrap(), f64::INFINITY);
}

#[test]
fn gradient_of_the_objective() {
    let z = random_z(7, 3);
    let objective = Objective::new(7, &z, Weights { alpha: 0.5, beta: 2.0, theta: 0.3 }).unwrap();
    let w: Vec<f64> = random_z(7, 5).iter().map(|w| 0.1 + w).collect();
    let direction = random_z(7, 7);
    let along = |s: f64, out: &mut [f64]| {
        let w: Vec<f64> = w.iter().zip(&direction).map(|(w, d)| w + s * d).collect();
        out[0] = objective.value(&w).unwrap();
    };
    let mut g = vec![0.0; z.len()];
    objective.gradient(&w, &mut g).unwrap();
    let slope: f64 = g.iter().zip(&direction).map(|(g, d)| g * d).sum();
    assert!((slope - differences(along, 1)[0]).abs() < 1e-9 * slope.abs());
}

#[test]
fn not_converging_is_an_outcome() {
    let z = random_z(20, 2);
    for method in METHODS {
        let solved = solve(method, 20, &z, Weights::new(1.0, 1.0), 1e-12, 15).unwrap();
        assert!(!solved.converged && solved.iterations == 15 && solved.w.iter().all(|w| *w >= 0.0));
        assert!(matches!(solved.require(), Err(Error::NotConverged { iterations: 15, .. })));
    }
    // Far too long a step: the run is lost, and says so.
    let lost = solve(Method::Pds { step_size: Some(50.0) }, 20, &z, Weights::new(1.0, 1.0), 1e-9, 2000).unwrap();
    assert!(!lost.converged && lost.relative_gap() > 1.0);
}

#[test]
fn bad_input_is_refused() {
    let one = Weights::new(1.0, 1.0);
    let run = |m, z: &[f64], weights, tolerance| solve(Method::Fdpg, m, z, weights, tolerance, 10).map(|_| ());
    assert!(run(4, &Z, one, 1e-3).is_ok());
    assert!(matches!(run(4, &Z[..5], one, 1e-3), Err(Error::Shape { expected: 6, got: 5, .. })));
    assert!(matches!(run(1, &[], one, 1e-3), Err(Error::Range { .. })));
    assert!(matches!(run(0, &[], one, 1e-3), Err(Error::Range { .. })));
    for bad in [f64::NAN, f64::INFINITY, -0.1] {
        assert!(matches!(run(2, &[bad], one, 1e-3), Err(Error::Data { .. })));
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(run(4, &Z, Weights::new(bad, 1.0), 1e-3), Err(Error::Range { .. })));
        assert!(matches!(run(4, &Z, Weights::new(1.0, bad), 1e-3), Err(Error::Range { .. })));
        assert!(matches!(run(4, &Z, Weights { theta: bad, ..one }, 1e-3), Err(Error::Range { .. })));
        assert!(matches!(run(4, &Z, one, bad), Err(Error::Range { .. })));
        let method = Method::Pds { step_size: Some(bad) };
        assert!(matches!(solve(method, 4, &Z, one, 1e-3, 10), Err(Error::Range { .. })));
        assert!(Relaxed::new(4, &Z).unwrap().with_relaxation(bad).is_err());
    }
    let objective = Objective::new(4, &Z, one).unwrap();
    assert!(objective.value(&[0.0; 5]).is_err() && objective.dual(&[1.0; 3]).is_err());
    assert!(objective.gradient(&[0.0; 6], &mut [0.0; 5]).is_err() && objective.trace(&[0.0; 7]).is_err());
    assert!(objective.primal(&[1.0; 4], &mut [0.0; 5]).is_err() && objective.residual(&[]).is_err());
    assert!(equal_distances(1, 1.0, one).is_err() && equal_distances(3, f64::NAN, one).is_err());
    for k in [0, 3, usize::MAX] {
        assert!(matches!(theta_for_neighbours(4, &Z, k), Err(Error::Range { .. })));
    }
    assert!(matches!(theta_for_neighbours(2, &[1.0], 1), Err(Error::Range { .. })));
    assert!(matches!(theta_for_neighbours(5, &[0.0; 10], 2), Err(Error::Data { .. })));
    assert!(matches!(theta_for_neighbours(5, &[3.0; 10], 2), Err(Error::Data { .. })));
}

/// The rule against its formula with all distances sorted, and the neighbours that it brings.
#[test]
fn neighbours() {
    for (m, k) in [(20, 1), (20, 4), (100, 10), (100, 30)] {
        let z = random_z(m, 6);
        let theta = theta_for_neighbours(m, &z, k).unwrap();
        let sorted: Vec<Vec<f64>> = (0..m)
            .map(|i| {
                let others = (0..m).filter(|j| *j != i);
                let mut row: Vec<f64> = others.map(|j| z[pairs::index(m, i.min(j), i.max(j))]).collect();
                row.sort_by(f64::total_cmp);
                row
            })
            .collect();
        let mean = |at: usize| {
            let bound = |s: &Vec<f64>| {
                let b: f64 = s[..k].iter().sum();
                1.0 / (k as f64 * s[at] * s[at] - b * s[at]).sqrt()
            };
            sorted.iter().map(bound).sum::<f64>() / m as f64
        };
        let expected = if k == 1 { mean(1) } else { (mean(k) * mean(k - 1)).sqrt() };
        assert!((theta / expected - 1.0).abs() < 1e-9, "{theta} {expected}");
        let weights = Weights { theta, ..Weights::new(1.0, 1.0) };
        let solved = solve(Method::Fdpg, m, &z, weights, 1e-9, 100_000).unwrap().require().unwrap();
        let graph = Graph::from_half(m, &solved.w, 1e-5).unwrap();
        let count = graph.neighbours().iter().sum::<usize>() as f64 / m as f64;
        assert!(count > 0.6 * k as f64 && count < 1.6 * k as f64 + 1.0, "k = {k}: {count}");
    }
}

proptest! {
    /// Weak duality, for any weights and any dual variable.
    #[test]
    fn weak_duality(
        w in prop::collection::vec(-0.5..3.0, 10),
        z in prop::collection::vec(0.0..4.0, 10),
        lambda in prop::collection::vec(1e-3..9.0, 5),
        alpha in 0.01..10.0, beta in 0.01..10.0, theta in 0.01..10.0,
    ) {
        let objective = Objective::new(5, &z, Weights { alpha, beta, theta }).unwrap();
        let (value, dual) = (objective.value(&w).unwrap(), objective.dual(&lambda).unwrap());
        prop_assert!(value >= dual - 1e-9 * (value.abs() + dual.abs()));
        prop_assert!(objective.gap(&lambda).unwrap() >= 0.0);
    }
}
