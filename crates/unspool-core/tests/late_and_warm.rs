//! Late starts that choose themselves, and warm starts of the Jacobian.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use unspool_core::data::Dense;
use unspool_core::method::GradientDescent;
use unspool_core::problem::{Gram, Groups, Ridge, Smooth};
use unspool_core::warm::Warm;
use unspool_core::zoo::{Regression, curse};
use unspool_core::{Mode, Solve, Stop};

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

fn problem(d: usize, kappa: f64, seed: u64) -> (Ridge<'static, f64, Dense<'static, f64>>, f64) {
    let data = Regression::new(20 * d, d, 0.02, 0.5, seed);
    let x = Dense::new(data.x, 20 * d, d).unwrap();
    let problem = Ridge::new(x, data.y, Groups::Shared, Gram::Auto).unwrap();
    // theta such that the condition number is 1 / kappa, nearly.
    let edges = unspool_core::spectrum::edges(&problem, &vec![0.0; d], &[-700.0], Default::default());
    let edges = edges.unwrap();
    let theta = ((kappa * edges.l - edges.ell) / (1.0 - kappa)).ln();
    (problem, theta)
}

/// The automatic start is no worse than none by more than 1.3, and the same in forward, reverse and
/// checkpointed mode.
#[test]
fn automatic_late_start_is_the_same_in_all_modes() {
    for (kappa, seed) in [(0.0174, 1), (0.0086, 2), (0.03, 3)] {
        let d = 10;
        let (problem, theta) = problem(d, kappa, seed);
        let theta = [theta];
        let edges = unspool_core::spectrum::edges(&problem, &vec![0.0; d], &theta, Default::default()).unwrap();
        let map = GradientDescent::new(&problem, 2.0 / (edges.l + edges.ell));
        let limit =
            Solve::new(&map, &vec![0.0; d]).stop(Stop::steps(20_000)).jacobian(&theta, Mode::cholesky()).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for factor in [2.0, 4.0] {
            let normal = |_| -> f64 { StandardNormal.sample(&mut rng) };
            let start: Vec<f64> = (0..d).map(normal).map(|v| 5.0 * v).collect();
            let steps = (factor / kappa) as usize;
            let solve = Solve::new(&map, &start).stop(Stop::steps(steps));
            let error = |mode: Mode| distance(&solve.jacobian(&theta, mode).unwrap().dx, &limit.dx);
            assert!(error(Mode::late_auto()) <= 1.3 * error(Mode::full()));
            let c = vec![1.0; d];
            let reverse = |mode: Mode| solve.vjp(&theta, mode, |_, out| out.copy_from_slice(&c)).unwrap();
            let (late, all) = (reverse(Mode::late_auto()), reverse(Mode::full()));
            assert!(late.cost.peak_states <= all.cost.peak_states);
            let forward: f64 = solve.jacobian(&theta, Mode::late_auto()).unwrap().dx.iter().sum();
            assert!((forward - late.theta[0]).abs() <= 1e-10 * forward.abs());
            let slots = reverse("late:auto+slots:6".parse().unwrap());
            assert_eq!(slots.theta, late.theta);
        }
    }
}

#[test]
fn a_start_at_zero_is_differentiated_from_the_beginning() {
    let (_, problem) = curse::<f64>(30, 0.05).unwrap();
    let map = GradientDescent::new(&problem, 1.0);
    let solve = Solve::new(&map, &[0.0; 30]).stop(Stop::steps(40));
    let (auto, full) = (solve.jacobian(&[0.0], Mode::late_auto()), solve.jacobian(&[0.0], Mode::full()));
    assert_eq!(auto.unwrap().dx, full.unwrap().dx);
}

/// Hyper-parameter descent with 30 steps of gradient descent each: from the fourth outer step on,
/// carrying the Jacobian too at least halves the error of carrying the solution alone.
#[test]
fn a_warm_jacobian_halves_the_error() {
    let d = 10;
    let (problem, theta) = problem(d, 0.0174, 5);
    let zero = vec![0.0; d];
    let mut both = Warm::new(zero.clone(), 1);
    let mut x_alone = zero.clone();
    for outer in 0..12 {
        let theta = [theta + 0.03 * (outer as f64)];
        let edges = unspool_core::spectrum::edges(&problem, &zero, &theta, Default::default()).unwrap();
        let map = GradientDescent::new(&problem, 2.0 / (edges.l + edges.ell));
        let limit = Solve::new(&map, &zero).stop(Stop::steps(20_000)).jacobian(&theta, Mode::cholesky()).unwrap();
        let alone = Solve::new(&map, &x_alone).stop(Stop::steps(30)).jacobian(&theta, Mode::full()).unwrap();
        let warm = both.jacobian(&map, &theta, Stop::steps(30)).unwrap();
        let (a, b) = (distance(&alone.dx, &limit.dx), distance(&warm.dx, &limit.dx));
        x_alone = alone.x;
        if outer >= 3 {
            assert!(b <= 0.5 * a, "outer {outer}: {b} against {a}");
        }
    }
    assert_eq!(problem.dim(), d);
}
