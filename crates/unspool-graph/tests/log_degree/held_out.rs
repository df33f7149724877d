//! Losses on held-out signals and their gradients in the regularisers.

use unspool_core::check::differences;
use unspool_core::{Mode, Stop};
use unspool_graph::Error;
use unspool_graph::log_degree::held_out::{Hypergradient, Loss, implicit, pull_back, unrolled};
use unspool_graph::log_degree::{Method, Weights, solve};

use crate::{Z, random_z};

const LOSSES: [Loss; 2] = [Loss::Smoothness, Loss::Likelihood];

fn from_array([alpha, beta, theta]: [f64; 3]) -> Weights {
    Weights { alpha, beta, theta }
}

fn to_array(w: Weights) -> [f64; 3] {
    [w.alpha, w.beta, w.theta]
}

fn by_implicit(m: usize, z: &[f64], theta: [f64; 3], loss: (Loss, &[f64])) -> Hypergradient {
    let solved = solve(Method::Fdpg, m, z, from_array(theta), 1e-26, 20_000).unwrap();
    assert!(solved.relative_gap() < 1e-14);
    implicit(m, z, from_array(theta), loss, &solved.lambda).unwrap()
}

#[track_caller]
fn agree(a: [f64; 3], b: [f64; 3], tolerance: f64, what: &str) {
    let size = a.iter().map(|a| a.abs()).fold(0.0, f64::max);
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() <= tolerance * size, "{what}: {a:?} {b:?}");
    }
}

#[test]
fn hypergradients_agree() {
    for (m, seed) in [(4, 1), (7, 2), (7, 3), (20, 4), (20, 5)] {
        let (z, held_out) = (random_z(m, seed), random_z(m, seed + 100));
        let at = [0.8, 1.1, 0.6];
        for loss in LOSSES {
            let judge = (loss, &held_out[..]);
            let exact = by_implicit(m, &z, at, judge);
            // Short differences: the derivative jumps where an edge comes or goes.
            let scale = 1e-2;
            let slopes = std::array::from_fn(|k| {
                let along = |s: f64, out: &mut [f64]| {
                    let mut theta = at;
                    theta[k] += scale * s;
                    out[0] = by_implicit(m, &z, theta, judge).loss;
                };
                differences(along, 1)[0] / scale
            });
            agree(to_array(exact.gradient), slopes, 1e-6, "implicit and differences");
            for (mode, tolerance) in [(Mode::full(), 1e-9), (Mode::slots(20), 1e-9), (Mode::implicit(), 1e-8)] {
                let through = unrolled(m, &z, from_array(at), judge, Stop::steps(3000), mode).unwrap();
                assert!((through.loss - exact.loss).abs() < 1e-12 * exact.loss.abs());
                agree(to_array(exact.gradient), to_array(through.gradient), tolerance, &mode.to_string());
            }
        }
    }
}

/// Through a fixed, short number of iterations: the derivative of what those iterations give.
#[test]
fn short_runs() {
    let (m, at) = (7, [0.8, 1.1, 0.6]);
    let (z, held_out) = (random_z(m, 4), random_z(m, 104));
    for loss in LOSSES {
        let run = |theta| unrolled(m, &z, from_array(theta), (loss, &held_out), Stop::steps(12), Mode::full()).unwrap();
        let scale = 1e-2;
        let slopes = std::array::from_fn(|k| {
            let along = |s: f64, out: &mut [f64]| {
                let mut theta = at;
                theta[k] += scale * s;
                out[0] = run(theta).loss;
            };
            differences(along, 1)[0] / scale
        });
        agree(to_array(run(at).gradient), slopes, 1e-7, "twelve iterations");
    }
}

#[test]
fn losses() {
    let w = [0.7, 0.1, 0.3, 0.4, 0.2, 0.6];
    for loss in LOSSES {
        let mut g = [0.0; 6];
        let value = loss.evaluate(4, &Z, &w, &mut g).unwrap();
        for k in 0..6 {
            let along = |s: f64, out: &mut [f64]| {
                let mut w = w;
                w[k] += s;
                out[0] = loss.evaluate(4, &Z, &w, &mut [0.0; 6]).unwrap();
            };
            assert!((differences(along, 1)[0] - g[k]).abs() < 1e-9);
        }
        // No scale.
        let slope: f64 = w.iter().zip(&g).map(|(w, g)| w * g).sum();
        let scaled = loss.evaluate(4, &Z, &w.map(|w| 1e6 * w), &mut g).unwrap();
        assert!(slope.abs() < 1e-14 && (scaled - value).abs() < 1e-10);
    }
    // Complete graph of unit weights: L = m I - 11', so logdet = (m - 1) ln m and each resistance is 2/m.
    let mut g = [0.0; 6];
    let value = Loss::Likelihood.evaluate(4, &[1.0; 6], &[1.0; 6], &mut g).unwrap();
    assert!((value - 3.0 * (1.0 + 2f64.ln() - 4f64.ln())).abs() < 1e-14, "{value}");
    assert!(g.iter().all(|g| g.abs() < 1e-15));
}

#[test]
fn gradients_in_distances() {
    for (m, seed) in [(4, 1), (7, 2), (20, 4)] {
        let (z, c, at) = (random_z(m, seed), random_z(m, seed + 200), [0.8, 1.1, 0.6]);
        let learn = |z: &[f64]| solve(Method::Fdpg, m, z, from_array(at), 1e-26, 20_000).unwrap();
        let adjoint = pull_back(m, &z, from_array(at), &learn(&z).lambda, &c).unwrap();
        let (direction, scale) = (random_z(m, seed + 300), 1e-3);
        let along = |s: f64, out: &mut [f64]| {
            let z: Vec<f64> = z.iter().zip(&direction).map(|(z, d)| z + scale * s * d).collect();
            out[0] = learn(&z).w.iter().zip(&c).map(|(w, c)| w * c).sum();
        };
        let slope = differences(along, 1)[0] / scale;
        let exact: f64 = adjoint.z.iter().zip(&direction).map(|(g, d)| g * d).sum();
        assert!((exact - slope).abs() < 1e-6 * slope.abs(), "{m} nodes: {exact} {slope}");
    }
}

#[test]
fn bad_input_is_refused() {
    let mut g = [0.0; 6];
    let one = Weights::new(1.0, 1.0);
    for loss in LOSSES {
        assert!(matches!(loss.evaluate(4, &Z[..5], &[1.0; 6], &mut g), Err(Error::Shape { .. })));
        assert!(matches!(loss.evaluate(4, &Z, &[1.0; 5], &mut g), Err(Error::Shape { .. })));
        assert!(matches!(loss.evaluate(4, &Z, &[1.0; 6], &mut g[..5]), Err(Error::Shape { .. })));
        assert!(matches!(loss.evaluate(4, &Z, &[0.0; 6], &mut g), Err(Error::Data { .. })));
        assert!(matches!(loss.evaluate(4, &Z, &[f64::NAN; 6], &mut g), Err(Error::Data { .. })));
        assert!(implicit(4, &Z, one, (loss, &Z), &[1.0; 3]).is_err());
        assert!(implicit(4, &Z, one, (loss, &Z), &[-1.0; 4]).is_err());
        assert!(pull_back(4, &Z, one, &[1.0; 4], &[1.0; 5]).is_err());
        assert!(unrolled(4, &Z, one, (loss, &Z[..5]), Stop::steps(5), Mode::full()).is_err());
        assert!(unrolled(4, &Z, Weights::new(-1.0, 1.0), (loss, &Z), Stop::steps(5), Mode::full()).is_err());
    }
    let apart = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    assert!(matches!(Loss::Likelihood.evaluate(4, &Z, &apart, &mut g), Err(Error::Data { .. })));
    assert!(matches!(Loss::Likelihood.evaluate(4, &[0.0; 6], &[1.0; 6], &mut g), Err(Error::Data { .. })));
}
