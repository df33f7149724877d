//! The golden instance: iterates and optimum, from an independent implementation.

use unspool_core::Real;
use unspool_graph::log_degree::{Fdpg, Method, Objective, Pds, Relaxed, Weights, solve};

use crate::{Z, close, iterate};

const W: [f64; 6] = [0.70441107, 0.0, 0.37569351, 0.42810989, 0.0, 0.59939233];
const F_STAR: f64 = 2.6167051933260064;

const PDS: [(usize, [f64; 6], Option<[f64; 4]>); 5] = [
    (1, [0.06324555; 6], Some([-0.31622777; 4])),
    (
        2,
        [0.10808532, 0.04901173, 0.04901173, 0.06008532, 0.04901173, 0.07608532],
        Some([-0.50963031, -0.50824611, -0.51224611, -0.51363031]),
    ),
    (5, [0.30041015, 0.02315969, 0.10674954, 0.15148237, 0.02316517, 0.20596618], None),
    (20, [0.72015634, -0.00092765, 0.3952188, 0.4513896, -0.00145676, 0.60802988], None),
    (
        100,
        [0.70441106, 0.0, 0.37569362, 0.42810985, 0.0, 0.59939239],
        Some([-0.92583566, -0.88298647, -0.97323326, -1.02555146]),
    ),
];

const RELAXED: [(usize, [f64; 6]); 4] = [
    (1, [0.0; 6]),
    (2, [0.13291559, 0.0, 0.0, 0.02491559, 0.0, 0.06091559]),
    (5, [0.57569743, 0.0050625, 0.26347761, 0.33309499, 0.0, 0.43408338]),
    (20, [0.70314077, -0.000386, 0.37472859, 0.42691443, 0.0, 0.59839481]),
];

fn iterates<F: Real>(tolerance: f64) {
    let z = Z.map(F::of);
    let theta = [1.0, 1.0, 1.0, 0.1].map(F::of);
    for (steps, w, v) in PDS {
        let x = iterate(&Pds::new(4, &z).unwrap(), &theta, steps);
        // What the table gives as 0 after 100 iterations is 1.6e-8 and -2.0e-8.
        let tolerance = if steps == 100 { 2.5 * tolerance } else { tolerance };
        close(&x[..6], &w, tolerance);
        if let Some(v) = v {
            close(&x[6..], &v, tolerance);
        }
    }
    for (steps, w) in RELAXED {
        close(&iterate(&Relaxed::new(4, &z).unwrap(), &theta, steps)[..6], &w, tolerance);
    }
    let x = iterate(&Fdpg::new(4, &z).unwrap(), &theta[..3], 300);
    close(&x[..6], &W, tolerance);
}

#[test]
fn iterates_f64() {
    iterates::<f64>(1e-8);
}

#[test]
fn iterates_f32() {
    iterates::<f32>(1e-5);
}

/// Twenty unrolled layers at their usual start: the iteration of PDS with step 0.01. The expected values were computed
/// in single precision.
#[test]
fn default_unrolling() {
    let x = iterate(&Pds::new(4, &Z).unwrap(), &[1.0, 1.0, 1.0, 0.01], 20);
    close(&x[..6], &[0.07594495, 0.00032569, 0.00050279, 0.00808747, 0.00032569, 0.02487657], 1e-7);
}

fn optimum<F: Real>(tolerance: f64) {
    let z = Z.map(F::of);
    let methods = [Method::Fdpg, Method::Pds { step_size: None }, Method::Relaxed { step_size: None }];
    for method in methods {
        let solved = solve(method, 4, &z, Weights::new(1.0, 1.0), tolerance, 10_000).unwrap().require().unwrap();
        assert!(solved.relative_gap() <= tolerance);
        assert!((solved.objective - F_STAR).abs() <= 3.0 * tolerance, "{method:?}: {}", solved.objective);
        close(&solved.w, &W, tolerance.sqrt().max(1e-7));
        let objective = Objective::new(4, &z, Weights::new(1.0, 1.0)).unwrap();
        assert!((objective.value(&solved.w).unwrap() - solved.objective).abs() < 1e-6 * tolerance.sqrt() + 1e-15);
    }
}

#[test]
fn optimum_f64() {
    optimum::<f64>(1e-14);
}

#[test]
fn optimum_f32() {
    optimum::<f32>(1e-6);
}
