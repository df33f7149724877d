//! The log-degree model: known answers, certificates, derivatives, hypergradients.

mod derivatives;
mod golden;
mod held_out;
mod objective;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unspool_core::{At, Map, Real};
use unspool_graph::pairs;

/// Squared distances of the golden instance, `m = 4`.
const Z: [f64; 6] = [0.2, 1.0, 0.6, 0.5, 1.2, 0.4];

/// Squared distances of `m` nodes at random places of the plane, and random ones without geometry for odd seeds.
fn random_z(m: usize, seed: u64) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    if seed % 2 == 1 {
        return (0..pairs::count(m)).map(|_| random.random_range(0.0..3.0)).collect();
    }
    let places: Vec<[f64; 2]> =
        (0..m).map(|_| [random.random_range(0.0..2.0), random.random_range(0.0..2.0)]).collect();
    let distance = |(i, j): (usize, usize)| (0..2).map(|k| (places[i][k] - places[j][k]).powi(2)).sum();
    pairs::iter(m).map(distance).collect()
}

/// The state after `steps` steps from zero.
fn iterate<F: Real>(map: &impl Map<F>, theta: &[F], steps: usize) -> Vec<F> {
    let mut x = vec![F::zero(); map.dims().state];
    let (mut next, mut scratch) = (x.clone(), vec![F::nan(); map.scratch(0)]);
    for t in 0..steps {
        next.fill(F::nan());
        map.step(At { t, x: &x, theta }, &mut next, &mut scratch);
        std::mem::swap(&mut x, &mut next);
    }
    x
}

#[track_caller]
fn close<F: Real>(got: &[F], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got.wide() - expected).abs() <= tolerance, "{got} is not {expected} to {tolerance:e}");
    }
}
