//! Error estimates against true errors, and spectral edges against exact ones.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unspool_core::data::Dense;
use unspool_core::method::{Chebyshev, GradientDescent, Nesterov, chebyshev, nesterov};
use unspool_core::problem::{Gram, Groups, LinearModel, Logistic, Quadratic, Ridge, Smooth, lasso};
use unspool_core::spectrum::{self, Lanczos};
use unspool_core::trust::Assess;
use unspool_core::zoo::Regression;
use unspool_core::{Jvp, Mode, Solve, Stop, Tangents, Vjp};

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// The derivative of the exact solution.
fn exact(problem: &dyn Smooth<f64>, theta: &[f64], edges: (f64, f64)) -> Tangents<f64> {
    let map = chebyshev(problem, Chebyshev::new(edges.0, edges.1));
    let zero = vec![0.0; problem.dim()];
    let mut x = zero.clone();
    for _ in 0..4 {
        x = Solve::new(&map, &x).stop(Stop::tolerance(1e-14).at_most(20_000)).run(theta).unwrap().x;
    }
    Solve::new(&map, &x).stop(Stop::steps(0)).jacobian(theta, Mode::cholesky()).unwrap()
}

/// Ridge problems of all kinds at every stage of their runs: the sharp estimate is within a factor
/// of 2 of the true error in at least 95 % of 500 cases, the certified bound never below it.
#[test]
fn sharp_is_sharp_and_certified_is_never_below() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut sharp, mut reverse, mut cases, mut slack) = (0, 0, 0, Vec::new());
    for seed in 0..100 {
        let (n, d) = (rng.random_range(20..60), rng.random_range(3..20));
        let data = Regression::new(n, d, 10f64.powf(rng.random_range(-1.5..0.0)), 0.3, seed);
        let groups = if seed % 2 == 0 { Groups::Shared } else { Groups::PerFeature };
        let x = Dense::new(&data.x[..], n, d).unwrap();
        let problem = Ridge::new(x, &data.y[..], groups.clone(), Gram::Auto).unwrap();
        let theta: Vec<f64> = (0..groups.params(d)).map(|_| rng.random_range(-5.0..0.0)).collect();
        let edges = spectrum::edges(&problem, &vec![0.0; d], &theta, Lanczos::default()).unwrap();
        let best = exact(&problem, &theta, (edges.ell, edges.l));
        let start: Vec<f64> = (0..d).map(|_| rng.random_range(-2.0..2.0)).collect();
        let p = theta.len();
        let identity: Vec<f64> = (0..p * p).map(|i| if i % (p + 1) == 0 { 1.0 } else { 0.0 }).collect();
        let c: Vec<f64> = (0..d).map(|_| rng.random_range(-1.0..1.0)).collect();
        for case in 0..5 {
            let steps = [2, 5, 12, 30, 80][case];
            let gd = GradientDescent::new(&problem, [1.0, 1.41, 1.9][case % 3] / edges.l);
            let fast = chebyshev(&problem, Chebyshev::new(edges.ell, edges.l));
            let maps: [(&dyn Jvp<f64>, &dyn Vjp<f64>); 2] = [(&gd, &gd), (&fast, &fast)];
            let (forward, back) = maps[(seed as usize + case) % 2];
            let solve = Solve::new(forward, &start).stop(Stop::steps(steps));
            let tangents = solve.jacobian(&theta, Mode::full()).unwrap();
            let trust = solve.trust(&theta, &identity, &tangents, Assess::default()).unwrap();
            let error = distance(&tangents.dx, &best.dx);
            cases += 1;
            if error > 1e-9 * trust.size {
                sharp += usize::from((0.5..2.0).contains(&(trust.sharp / error)));
                let certified = trust.certified.unwrap();
                assert!(certified >= error, "{certified} below {error}");
                slack.push(certified / error);
            } else {
                sharp += 1;
            }
            let solve = Solve::new(back, &start).stop(Stop::steps(steps));
            let adjoint = solve.vjp(&theta, Mode::full(), |_, out| out.copy_from_slice(&c)).unwrap();
            let trust = solve.trust_adjoint(&theta, &c, &adjoint, Assess::default()).unwrap();
            let limit: Vec<f64> =
                best.dx.chunks(d).map(|column| column.iter().zip(&c).map(|(a, b)| a * b).sum()).collect();
            let error = distance(&adjoint.theta, &limit);
            reverse += usize::from(error < 1e-9 * trust.size || (0.5..2.0).contains(&(trust.sharp / error)));
        }
    }
    slack.sort_by(f64::total_cmp);
    println!("sharp {sharp} and reverse {reverse} of {cases}; certified / error: median {:.1}", slack[slack.len() / 2]);
    assert_eq!(cases, 500);
    assert!(sharp >= 475 && reverse >= 475, "{sharp}, {reverse} of {cases}");
}

/// Beyond quadratics the estimate takes the Hessian one Newton step on.
#[test]
fn logistic_estimates_are_sharp_near_the_solution() {
    let data = Regression::new(80, 6, 0.2, 0.5, 3);
    let x = Dense::new(&data.x[..], 80, 6).unwrap();
    let problem = LinearModel::new(x, data.signs(), Logistic, Groups::PerFeature).unwrap();
    let theta = vec![-3.0; 6];
    let best = exact(&problem, &theta, (0.05, 0.5));
    let map = nesterov(&problem, Nesterov::tuned(0.05, 0.5));
    let identity: Vec<f64> = (0..36).map(|i| if i % 7 == 0 { 1.0 } else { 0.0 }).collect();
    for steps in [10, 20, 40] {
        let solve = Solve::new(&map, &[0.0; 6]).stop(Stop::steps(steps));
        let tangents = solve.jacobian(&theta, Mode::full()).unwrap();
        let trust = solve.trust(&theta, &identity, &tangents, Assess::default()).unwrap();
        let error = distance(&tangents.dx, &best.dx);
        assert!((0.5..2.0).contains(&(trust.sharp / error)), "{steps}: {} for {error}", trust.sharp);
        assert!(trust.certified.is_none());
    }
}

/// On the support of a lasso solution the equation is the restricted one.
#[test]
fn lasso_estimates_are_sharp() {
    let data = Regression::new(60, 8, 0.5, 0.2, 4);
    let problem = lasso(Dense::new(&data.x[..], 60, 8).unwrap(), &data.y[..], Groups::Shared).unwrap();
    let map = unspool_core::method::ProximalGradient::new(&problem, 0.4);
    let long = Solve::new(&map, &[0.0; 8]).stop(Stop::steps(5000)).jacobian(&[-1.5], Mode::cholesky()).unwrap();
    assert!(long.x.contains(&0.0) && long.x.iter().any(|&x| x != 0.0));
    let solve = Solve::new(&map, &[0.0; 8]).stop(Stop::steps(30));
    let tangent = solve.jvp(&[-1.5], Mode::full(), &[1.0]).unwrap();
    let trust = solve.trust(&[-1.5], &[1.0], &tangent, Assess::default()).unwrap();
    let error = distance(&tangent.dx, &long.dx);
    assert!((trust.sharp / error - 1.0).abs() < 0.01, "{} for {error}", trust.sharp);
}

/// The flag is up on the way to the peak and down when the error falls.
#[test]
fn the_burn_in_is_flagged() {
    let (_, problem) = unspool_core::zoo::curse::<f64>(100, 1e-2).unwrap();
    let flags = |map: &dyn Jvp<f64>, steps: usize| {
        let solve = Solve::new(map, &[0.0; 100]).stop(Stop::steps(steps));
        solve.jvp(&[0.0], Mode::full(), &[1.0]).unwrap().burn_in
    };
    let large = GradientDescent::new(&problem, 2.0 / 1.01);
    assert!(flags(&large, 20) && !flags(&large, 400));
    let small = GradientDescent::new(&problem, 1.0);
    assert!((5..200).step_by(5).all(|steps| !flags(&small, steps)));
}

#[test]
fn edges_enclose_the_spectrum_tightly() {
    for (d, kappa) in [(50, 1e-1), (100, 1e-2), (400, 1e-3)] {
        let (_, problem) = unspool_core::zoo::curse::<f64>(d, kappa).unwrap();
        let edges = spectrum::edges(&problem, &vec![0.0; d], &[0.0], Lanczos::default()).unwrap();
        assert!(edges.converged && edges.products <= d, "{edges:?}");
        assert!(edges.l >= 1.0 - 1e-9 && edges.l < 1.05, "{edges:?}");
        assert!(edges.ell <= kappa * (1.0 + 1e-9) && edges.ell > 0.9 * kappa, "{d}: {edges:?}");
    }
}

#[test]
fn edges_refuse_what_has_none() {
    let indefinite = Quadratic::new(vec![1.0, 0.0, 0.0, -1.0], vec![0.0; 2], Groups::None).unwrap();
    let none = |x: &[f64]| spectrum::edges(&indefinite, x, &[], Lanczos::default()).unwrap_err().to_string();
    assert!(none(&[0.0; 2]).contains("smallest eigenvalue"));
    assert!(none(&[0.0; 3]).contains("length 3"));
    assert!(none(&[f64::NAN; 2]).contains("not finite"));
}

/// Gradients of another length, edges that bound nothing: refused.
#[test]
fn estimates_refuse_what_does_not_fit() {
    let (_, problem) = unspool_core::zoo::curse::<f64>(10, 0.1).unwrap();
    let map = GradientDescent::new(&problem, 1.0);
    let solve = Solve::new(&map, &[0.0; 10]).stop(Stop::steps(5));
    let mut adjoint = solve.vjp(&[0.0], Mode::full(), |_, c| c.fill(1.0)).unwrap();
    adjoint.theta.push(0.0);
    assert!(solve.trust_adjoint(&[0.0], &[1.0; 10], &adjoint, Assess::default()).is_err());
    let mut tangents = solve.jvp(&[0.0], Mode::full(), &[1.0]).unwrap();
    let endless = Assess { ell: Some(f64::INFINITY), ..Assess::default() };
    assert!(solve.trust(&[0.0], &[1.0], &tangents, endless).is_err());
    tangents.directions = usize::MAX / 2 + 2; // times two parameters it wraps
    assert!(solve.trust(&[0.0], &[1.0], &tangents, Assess::default()).is_err());
}

/// Without parameters there is nothing to be wrong.
#[test]
fn no_parameters_no_error() {
    let problem = Quadratic::new(vec![2.0], vec![1.0], Groups::None).unwrap();
    let map = GradientDescent::new(&problem, 0.1);
    let solve = Solve::new(&map, &[0.0]).stop(Stop::steps(5));
    let tangents = solve.jacobian(&[], Mode::full()).unwrap();
    let trust = solve.trust(&[], &[], &tangents, Assess::default()).unwrap();
    assert_eq!((trust.sharp, trust.relative(), trust.burn_in), (0.0, 0.0, false));
    let adjoint = solve.vjp(&[], Mode::full(), |_, c| c.fill(1.0)).unwrap();
    let trust = solve.trust_adjoint(&[], &[1.0], &adjoint, Assess::default()).unwrap();
    assert_eq!((trust.sharp, trust.relative(), trust.burn_in), (0.0, 0.0, false));
}

/// One coordinate, and an eigenspace of many.
#[test]
fn edges_of_one_eigenvalue() {
    for d in [1, 2, 50] {
        let problem = Quadratic::diagonal(&vec![3.0; d], vec![1.0; d], Groups::None).unwrap();
        let edges = spectrum::edges(&problem, &vec![0.0; d], &[], Lanczos::default()).unwrap();
        assert!(edges.converged && edges.products == 1 && (edges.kappa() - 1.0).abs() < 1e-9, "{edges:?}");
    }
    let singular = Quadratic::diagonal(&[0.0], vec![1.0], Groups::None).unwrap();
    assert!(spectrum::edges(&singular, &[0.0], &[], Lanczos::default()).is_err());
}
