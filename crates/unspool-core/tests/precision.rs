//! f32 against f64, and bits against the number of threads.

mod common;

use common::{Case, each_case};
use unspool_core::data::Dense;
use unspool_core::method::{GradientDescent, Newton};
use unspool_core::problem::{Gram, Groups, LinearModel, Logistic, Multinomial, Ridge};
use unspool_core::zoo::Regression;
use unspool_core::{Jvp, Mode, Real, Solve, Stop, Vjp, batch};

/// Analytic derivatives in f32 against f64 over 64 steps, forward and reverse.
#[test]
fn single_precision() {
    fn derivatives<F: Real>() -> Vec<(String, Vec<f64>)> {
        let mut all = vec![];
        each_case::<F>(&mut |Case { name, map, start, theta }| {
            let steps = if name.starts_with("conjugate") { 4 } else { 64 };
            let solve = Solve::new(map, start).stop(Stop::steps(steps));
            let forward = solve.jvp(theta, Mode::full(), &vec![F::one(); theta.len()]).unwrap();
            let reverse = solve.vjp(theta, Mode::slots(5), uneven).unwrap();
            assert!(forward.status.is_ok() && reverse.status.is_ok());
            all.push((format!("{name}, forward"), forward.dx.iter().map(|x| x.wide()).collect()));
            all.push((format!("{name}, reverse"), reverse.theta.iter().map(|x| x.wide()).collect()));
        });
        all
    }
    for ((name, single), (_, double)) in derivatives::<f32>().iter().zip(&derivatives::<f64>()) {
        let error: f64 = single.iter().zip(double).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let size = double.iter().map(|b| b * b).sum::<f64>().sqrt();
        assert!(error <= 1e-3 * size, "{name}: {:e}", error / size);
    }
}

fn uneven<F: Real>(_: &[F], c: &mut [F]) {
    c.iter_mut().enumerate().for_each(|(i, c)| *c = F::of((1.0 + i as f64).cos()));
}

fn on_threads<T: Send>(threads: usize, work: impl Fn() -> T + Send + Sync) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

/// Large enough for every kernel to cut its work: the bits are those of one thread.
#[test]
fn any_number_of_threads() {
    let data = Regression::new(3000, 150, 0.3, 0.5, 1);
    let small = Regression::new(600, 40, 0.3, 0.5, 2);
    let theta: Vec<f64> = (0..150).map(|j| -4.0 + 0.01 * j as f64).collect();
    let work = || {
        let dense = || Dense::new(&data.x[..], 3000, 150).unwrap();
        let ridge = Ridge::new(dense(), &data.y[..], Groups::PerFeature, Gram::Never).unwrap();
        let gram = Ridge::new(dense(), &data.y[..], Groups::PerFeature, Gram::Auto).unwrap();
        let logistic = LinearModel::new(dense(), data.signs(), Logistic, Groups::PerFeature).unwrap();
        let sparse = LinearModel::new(common::sparse(&data), data.signs(), Logistic, Groups::PerFeature).unwrap();
        let mut bits = vec![];
        let mut add = |map: &dyn common::Both<f64>| {
            let start = vec![0.0; 150];
            let solve = Solve::new(map, &start).stop(Stop::steps(7));
            bits.push(solve.vjp(&theta, Mode::full(), |x, c| c.copy_from_slice(x)).unwrap().theta);
            bits.push(solve.vjp(&theta, Mode::implicit(), |x, c| c.copy_from_slice(x)).unwrap().theta);
            bits.push(solve.vjp(&theta, Mode::cholesky(), |x, c| c.copy_from_slice(x)).unwrap().theta);
            bits.push(solve.jacobian(&theta, Mode::full()).unwrap().dx);
        };
        add(&GradientDescent::new(&ridge, 0.3));
        add(&GradientDescent::new(&gram, 0.3));
        add(&GradientDescent::new(&logistic, 1.0));
        add(&GradientDescent::new(&sparse, 1.0));
        add(&Newton::new(&logistic));
        let classes = Multinomial::new(4).unwrap();
        let x = Dense::new(&small.x[..], 600, 40).unwrap();
        let multinomial = LinearModel::new(x, small.classes(4), classes, Groups::Shared).unwrap();
        let (map, start) = (GradientDescent::new(&multinomial, 0.5), vec![0.0; 160]);
        let solve = Solve::new(&map, &start).stop(Stop::steps(5));
        bits.push(solve.jacobian(&[-3.0], Mode::full()).unwrap().dx);
        bits
    };
    let one = on_threads(1, work);
    for threads in [2, 3, 8] {
        for _ in 0..3 {
            assert!(on_threads(threads, work) == one, "{threads} threads");
        }
    }
}

/// Batches: each problem stops, and fails, on its own, with the bits it has alone.
#[test]
fn batches() {
    let data = Regression::new(60, 5, 0.5, 0.3, 3);
    let x = || Dense::new(&data.x[..], 60, 5).unwrap();
    let ridge = Ridge::new(x(), &data.y[..], Groups::PerFeature, Gram::Auto).unwrap();
    // The last two diverge: a step size far too large.
    let maps: Vec<_> = [0.1, 0.2, 0.3, 50.0, 90.0].map(|h| GradientDescent::new(&ridge, h)).into();
    let start = vec![0.0; 5];
    let solves: Vec<_> =
        maps.iter().map(|map| Solve::new(map, &start).stop(Stop::tolerance(1e-9).at_most(3000))).collect();
    let thetas: Vec<Vec<f64>> = (0..5).map(|i| vec![-3.0 + 0.1 * i as f64; 5]).collect();
    let modes = [Mode::full(), Mode::slots(4), Mode::last(9), Mode::implicit()];
    let ones = |_: usize, _: &[f64], c: &mut [f64]| c.fill(1.0);
    for mode in modes {
        let results = batch::vjp(&solves, |i| &thetas[i][..], mode, ones);
        let lengths: Vec<_> = results.iter().map(|r| r.as_ref().unwrap().cost.steps).collect();
        assert!(lengths[0] > lengths[1] && lengths[1] > lengths[2], "{lengths:?}");
        for (i, result) in results.iter().enumerate() {
            let result = result.as_ref().unwrap();
            assert_eq!(result.status.is_ok(), i < 3, "{i}: {:?}", result.status);
            assert_eq!(result.theta.iter().all(|g| g.is_nan()), i >= 3);
            let alone = solves[i].vjp(&thetas[i], mode, |_, c| c.fill(1.0)).unwrap();
            assert_eq!(format!("{alone:?}"), format!("{result:?}"));
        }
    }
    let forward = batch::jvps(&solves, |i| &thetas[i][..], Mode::full(), 1, |_| &[1.0; 5]);
    assert_eq!(forward.iter().filter(|r| r.as_ref().unwrap().status.is_ok()).count(), 3);
    let runs = batch::run(&solves, |i| &thetas[i][..]);
    assert_eq!(runs.iter().filter(|r| r.as_ref().unwrap().status.is_ok()).count(), 3);
}

const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<unspool_core::Error>();
    shared_between_threads::<unspool_core::Adjoint<f64>>();
    shared_between_threads::<LinearModel<'_, f64, Dense<'_, f64>, Logistic>>();
};

#[allow(dead_code)]
fn object_safe(_: &dyn Jvp<f64>, _: &dyn Vjp<f32>) {}
