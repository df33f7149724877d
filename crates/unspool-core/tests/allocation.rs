//! No allocation inside the iteration, and memory as stated: a counting allocator.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use unspool_core::data::{Csr, Dense};
use unspool_core::method::*;
use unspool_core::problem::*;
use unspool_core::zoo::Regression;
use unspool_core::{Jvp, Mode, Solve, Stop, Vjp};

struct Counting;
static CALLS: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Relaxed);
        let live = LIVE.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(live, Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls of the allocator, and most bytes beyond those live before.
fn measure<T>(work: impl FnOnce() -> T) -> (usize, usize) {
    let (calls, live) = (CALLS.load(Relaxed), LIVE.load(Relaxed));
    PEAK.store(live, Relaxed);
    let result = work();
    let measured = (CALLS.load(Relaxed) - calls, PEAK.load(Relaxed) - live);
    drop(result);
    measured
}

trait Both: Jvp<f64> + Vjp<f64> {}
impl<M: Jvp<f64> + Vjp<f64>> Both for M {}

/// One test, so that nothing else runs beside it.
#[test]
fn allocations() {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| {
        nothing_in_the_loop();
        tape_of_the_stated_size();
        a_long_run_that_ends_early();
        within_the_budget();
        many_slots_for_few_steps();
    });
}

/// Twice the steps, the same number of allocations: none of them is in the loop.
fn nothing_in_the_loop() {
    let data = Regression::new(300, 20, 0.5, 0.3, 1);
    let dense = || Dense::new(&data.x[..], 300, 20).unwrap();
    let csr = || {
        let indptr: Vec<usize> = (0..=300).map(|i| i * 20).collect();
        let indices: Vec<u32> = (0..6000).map(|i| i % 20).collect();
        Csr::new(indptr, indices, &data.x[..], 20).unwrap()
    };
    let (y, s) = (&data.y[..], data.signs());
    let gram = Ridge::new(dense(), y, Groups::PerFeature, Gram::Auto).unwrap();
    let ridge = Ridge::new(dense(), y, Groups::PerFeature, Gram::Never).unwrap();
    let logistic = LinearModel::new(dense(), s.clone(), Logistic, Groups::PerFeature).unwrap();
    let sparse = LinearModel::new(csr(), s, Logistic, Groups::PerFeature).unwrap();
    let multinomial =
        LinearModel::new(dense(), data.classes(3), Multinomial::new(3).unwrap(), Groups::PerFeature).unwrap();
    let lasso = lasso(dense(), y, Groups::PerFeature).unwrap();
    let maps: Vec<(&str, Box<dyn Both + '_>)> = vec![
        ("gradient descent, Gram", Box::new(GradientDescent::new(&gram, 0.2))),
        ("gradient descent, ridge", Box::new(GradientDescent::new(&ridge, 0.2))),
        ("gradient descent, logistic", Box::new(GradientDescent::new(&logistic, 0.2))),
        ("gradient descent, sparse", Box::new(GradientDescent::new(&sparse, 0.2))),
        ("gradient descent, multinomial", Box::new(GradientDescent::new(&multinomial, 0.2))),
        ("heavy ball", Box::new(heavy_ball(&logistic, HeavyBall::tuned(0.1, 1.0)))),
        ("nesterov", Box::new(nesterov(&logistic, Nesterov::tuned(0.1, 1.0)))),
        ("chebyshev", Box::new(chebyshev(&ridge, Chebyshev::new(0.1, 3.0)))),
        ("sobolev", Box::new(sobolev(&ridge, Sobolev::new(0.1, 3.0).unwrap()))),
        ("horizon", Box::new(horizon(&ridge, Horizon::new(0.1, 3.0, vec![0.0, 0.2, 0.3, 0.5]).unwrap()))),
        ("newton", Box::new(Newton::new(&logistic))),
        ("conjugate gradient", Box::new(ConjugateGradient::new::<f64>(&ridge).unwrap())),
        ("proximal gradient", Box::new(ProximalGradient::new(&lasso, 0.2))),
        ("fista", Box::new(fista(&lasso, Fista::new(0.2)))),
    ];
    for (name, map) in &maps {
        let (start, theta) = (vec![0.0; map.dims().output], vec![-2.0; 20]);
        let direction = vec![1.0; 20];
        let calls = |steps: usize, mode: Mode| {
            let solve = Solve::new(&**map, &start).stop(Stop::steps(steps));
            let run = measure(|| solve.run(&theta).unwrap()).0;
            let reverse = measure(|| solve.vjp(&theta, mode, |_, c| c.fill(1.0)).unwrap()).0;
            let forward = measure(|| solve.jvp(&theta, mode, &direction).unwrap()).0;
            let jacobian = measure(|| solve.jacobian(&theta, mode).unwrap()).0;
            (run, reverse, forward, jacobian)
        };
        for mode in ["full", "slots:4", "last:3", "last:3+polish:2"].map(|m| m.parse().unwrap()) {
            let _ = calls(6, mode); // threads set their own buffers up once
            assert_eq!(calls(6, mode), calls(12, mode), "{name}, {mode}");
        }
    }
}

/// What reverse mode adds to the plain run: T d numbers and a tenth.
fn tape_of_the_stated_size() {
    let data = Regression::new(2000, 200, 0.1, 0.5, 2);
    let x = Dense::new(&data.x[..], 2000, 200).unwrap();
    let logistic = LinearModel::new(x, data.signs(), Logistic, Groups::PerFeature).unwrap();
    let (map, start, theta) = (GradientDescent::new(&logistic, 0.5), vec![0.0; 200], vec![-6.0; 200]);
    let solve = Solve::new(&map, &start).stop(Stop::steps(200));
    let run = measure(|| solve.run(&theta).unwrap()).1;
    let reverse = measure(|| solve.vjp(&theta, Mode::full(), |_, c| c.fill(1.0)).unwrap()).1;
    let added = (reverse - run) as f64 / 8.0;
    assert!(added <= 1.1 * 200.0 * 200.0, "{added} numbers");
}

/// Room is made as the states come, not for all the steps that are allowed.
fn a_long_run_that_ends_early() {
    let f = Quadratic::new(vec![1.0], vec![1.0], Groups::None).unwrap();
    let map = GradientDescent::new(&f, -1e30);
    for steps in [1 << 40, usize::MAX] {
        let solve = Solve::new(&map, &[0.0]).stop(Stop::steps(steps));
        let mut status = None;
        let (_, peak) = measure(|| status = Some(solve.vjp(&[], Mode::full(), |_, c| c.fill(1.0)).unwrap().status));
        assert!(matches!(status, Some(unspool_core::Status::NonFinite { .. })) && peak < 20 << 20, "{peak}");
    }
    // Many chunks: the last has room for what is left, not for a whole one.
    let data = Regression::new(100, 400, 0.1, 0.5, 2);
    let x = Dense::new(&data.x[..], 100, 400).unwrap();
    let ridge = Ridge::new(x, &data.y[..], Groups::Shared, Gram::Never).unwrap();
    let (map, start, steps) = (GradientDescent::new(&ridge, 0.1), vec![0.0; 400], 5500);
    let solve = Solve::new(&map, &start).stop(Stop::steps(steps));
    let run = measure(|| solve.run(&[-1.0]).unwrap()).1;
    let reverse = measure(|| solve.vjp(&[-1.0], Mode::full(), |_, c| c.fill(1.0)).unwrap()).1;
    assert!((reverse - run) as f64 <= 1.1 * (8 * 400 * steps) as f64, "{} bytes", reverse - run);
}

/// A budget in bytes holds for everything the reverse pass allocates.
fn within_the_budget() {
    let data = Regression::new(200, 50, 0.1, 0.5, 2);
    let x = Dense::new(&data.x[..], 200, 50).unwrap();
    let ridge = Ridge::new(x, &data.y[..], Groups::PerFeature, Gram::Auto).unwrap();
    let (map, start, theta) = (nesterov(&ridge, Nesterov::tuned(0.01, 2.0)), vec![0.0; 50], vec![-4.0; 50]);
    for stop in [Stop::steps(300), Stop::tolerance(1e-8)] {
        let solve = Solve::new(&map, &start).stop(stop);
        let full = solve.vjp(&theta, Mode::full(), |_, c| c.fill(1.0)).unwrap();
        for bytes in [20_000, 30_000, 100_000] {
            let mut cost = None;
            let peak = measure(|| {
                let d = solve.vjp(&theta, Mode::budget(bytes), |_, c| c.fill(1.0)).unwrap();
                assert_eq!(d.theta, full.theta);
                cost = Some(d.cost);
            });
            let cost = cost.unwrap();
            assert!(peak.1 <= bytes, "{} bytes of {bytes}", peak.1);
            assert!(cost.peak_bytes <= bytes && cost.peak_bytes + 2000 >= peak.1, "{cost:?}, {}", peak.1);
            assert!(cost.peak_states > 10);
        }
    }
}

/// Slots take room when they are filled, not when they are allowed.
fn many_slots_for_few_steps() {
    let f = Quadratic::new(vec![1.0], vec![1.0], Groups::Shared).unwrap();
    let map = GradientDescent::new(&f, 0.1);
    let (start, theta, steps) = ([0.0], [0.0], usize::MAX / 4);
    let solve = Solve::new(&map, &start).stop(Stop::tolerance(1e-6).at_most(steps));
    let full = solve.vjp(&theta, Mode::full(), |_, c| c.fill(1.0)).unwrap();
    for mode in [Mode::slots(steps), Mode::budget(usize::MAX)] {
        let mut gradient = None;
        let peak = measure(|| gradient = Some(solve.vjp(&theta, mode, |_, c| c.fill(1.0)).unwrap().theta)).1;
        assert_eq!(gradient.as_ref(), Some(&full.theta));
        assert!(peak < 68 << 20, "{mode}: {peak}");
    }
}
