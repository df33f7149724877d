//! Weights for a fixed number of steps.

use std::time::Instant;

use unspool_core::method::Horizon;
use unspool_curse::horizon::weights;
use unspool_curse::theory::{Scheme, Spectrum, bounds};

fn worst(ell: f64, t: usize, points: usize) -> (f64, Vec<f64>) {
    let s = Spectrum::new(ell, 1.0).unwrap();
    let w = weights(ell, 1.0, t).unwrap();
    let scheme = Scheme::Horizon(Horizon::new(ell, 1.0, w.clone()).unwrap());
    let worst = s.grid(points).map(|l| scheme.at(t, l).phi(l).abs()).fold(0.0, f64::max);
    (worst, w)
}

#[test]
fn look() {
    for (kappa, t) in [
        (0.01, 2),
        (0.01, 20),
        (0.01, 30),
        (0.01, 50),
        (1e-3, 100),
        (1e-3, 200),
        (1e-3, 300),
        (1e-5, 300),
        (0.1, 30),
        (0.1, 60),
    ] {
        let start = Instant::now();
        let _ = weights(kappa, 1.0, t).unwrap();
        let ms = start.elapsed().as_secs_f64() * 1e3;
        let (v, w) = worst(kappa, t, 40 * t);
        let l1: f64 = w.iter().map(|w| w.abs()).sum();
        println!(
            "{kappa} {t}: {v:.6e} best_asym {:.4e} l1 {l1:.3} {ms:.2} ms",
            bounds::best_phi(Spectrum::new(kappa, 1.0).unwrap(), t)
        );
    }
}
