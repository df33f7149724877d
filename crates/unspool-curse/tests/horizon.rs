//! Weights for a fixed number of steps: the best possible worst case, certified by alternation.

use unspool_core::method::{Chebyshev, Horizon};
use unspool_curse::horizon::{weights, worst};
use unspool_curse::theory::{Scheme, Spectrum, bounds};

/// `Phi_t` of the weights on `points` points of `[kappa, 1]`.
fn phi(kappa: f64, t: usize, points: usize) -> Vec<f64> {
    let weights = weights(kappa, 1.0, t, 0.0).unwrap();
    assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(weights.iter().map(|w| w.abs()).sum::<f64>() < 1.6);
    let scheme = Scheme::Horizon(Horizon::new(kappa, 1.0, weights).unwrap());
    Spectrum::new(kappa, 1.0).unwrap().grid(points).map(|l| scheme.at(t, l).phi(l)).collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m, v| f64::max(m, v.abs()))
}

/// `lambda^2, …, lambda^t` is a Haar space of dimension `t - 1`: when `Phi` alternates `t` times, the best
/// worst case is at least the least of these extrema (de la Vallée Poussin), whoever found them.
fn lower_bound(values: &[f64], t: usize) -> f64 {
    let mut extrema: Vec<f64> = vec![];
    for &v in values {
        match extrema.last_mut() {
            Some(last) if (*last < 0.0) == (v < 0.0) => *last = if v.abs() > last.abs() { v } else { *last },
            _ => extrema.push(v),
        }
    }
    assert!(extrema.len() >= t, "{} alternations of {t}", extrema.len());
    let windows = extrema.windows(t).map(|w| w.iter().fold(f64::MAX, |m, v| m.min(v.abs())));
    windows.fold(0.0, f64::max)
}

#[test]
fn the_best_possible() {
    for (kappa, t, best) in [(0.01, 20, 0.289), (0.01, 30, 0.0592), (0.01, 50, 0.00178)] {
        let values = phi(kappa, t, 60 * t);
        assert!((largest(&values) / best - 1.0).abs() < 5e-3, "{kappa}, {t}: {}", largest(&values));
    }
    for (kappa, steps) in [(0.1, 2..20), (0.01, 2..60), (1e-3, 90..110), (1e-3, 199..202), (1e-5, 60..64), (0.5, 2..8)]
    {
        for t in steps {
            let values = phi(kappa, t, 60 * t);
            let (least, most) = (lower_bound(&values, t), largest(&values));
            assert!(most <= 1.003 * least, "{kappa}, {t}: between {least} and {most}");
        }
    }
}

#[test]
fn never_above_one() {
    for kappa in [0.3, 1e-2, 1e-3, 1e-5] {
        for t in 1..=300 {
            if kappa != 1e-2 && t > 60 && t % 10 != 0 {
                continue;
            }
            let most = largest(&phi(kappa, t, 10 * t + 50));
            assert!(most <= 1.0 + 1e-9, "{kappa}, {t}: {most}");
            assert!(most >= 1e-12 || t > 20);
        }
    }
}

/// The asymptotic law of the best value, and what Chebyshev's method loses against it.
#[test]
fn law_of_the_best_value() {
    for (kappa, t) in [(1e-2, 30), (1e-3, 150), (3e-3, 60)] {
        let s = Spectrum::new(kappa, 1.0).unwrap();
        let best = largest(&phi(kappa, t, 60 * t));
        assert!((bounds::best_phi(s, t) / best - 1.0).abs() < 0.03, "{kappa}, {t}");
        let last = Scheme::Chebyshev(Chebyshev::new(kappa, 1.0)).at(t, 1.0).phi(1.0).abs();
        let lost = t as f64 / (2.0 * kappa.sqrt());
        assert!((last / best / lost - 1.0).abs() < 0.05, "{kappa}, {t}: {} {lost}", last / best);
    }
}

/// Before the law sets in, the best is not much better than nothing; it never gets worse.
#[test]
fn the_best_value_of_few_steps() {
    for kappa in [1e-8, 1e-4, 1e-2, 0.3] {
        let s = Spectrum::new(kappa, 1.0).unwrap();
        let curve: Vec<f64> = (0..200).map(|t| bounds::best_phi(s, t)).collect();
        assert!(curve[0] == 1.0 && curve[1] == 1.0 && curve.windows(2).all(|w| w[1] <= w[0]), "{kappa}");
        // The law itself is one for small kappa.
        for t in [2, 5, 10, 20].into_iter().filter(|_| kappa <= 1e-2) {
            let best = largest(&phi(kappa, t, 60 * t));
            assert!(bounds::best_phi(s, t) >= 0.97 * best, "{kappa}, {t}: {} {best}", bounds::best_phi(s, t));
        }
    }
}

#[test]
fn refused() {
    assert!(
        weights(0.0, 1.0, 5, 0.0).is_err() && weights(1.0, 1.0, 5, 0.0).is_err() && weights(0.1, 1.0, 0, 0.0).is_err()
    );
    assert!(weights(0.1, f64::INFINITY, 5, 0.0).is_err() && weights(f64::NAN, 1.0, 5, 0.0).is_err());
    assert_eq!(weights(0.1, 1.0, 1, 0.0).unwrap(), [0.0, 1.0]);
    for bad in [vec![], vec![0.5], vec![f64::NAN, 1.0]] {
        assert!(Horizon::new(0.1, 1.0, bad).is_err());
    }
}

/// With a source: no worse than without regard to it, and near the least value possible to leading order
/// in `t`, `2 t xi^t (1 - sigma xi)^2 / (sigma (1 - xi^2))`, `sigma` the `xi` of the spectrum shifted by the
/// ratio.
#[test]
fn with_a_source() {
    for (kappa, t, ratio) in [(1e-2, 60, 0.02), (1e-2, 60, 0.3), (1e-3, 200, 0.01), (1e-2, 5, 0.1)] {
        let s = Spectrum::new(kappa, 1.0).unwrap();
        let got = worst(s, &weights(kappa, 1.0, t, ratio).unwrap(), ratio).unwrap();
        let without = worst(s, &weights(kappa, 1.0, t, 0.0).unwrap(), ratio).unwrap();
        let (xi, sigma) = (s.xi(), Spectrum::new(kappa + ratio, 1.0 + ratio).unwrap().xi());
        let law = 2.0 * t as f64 * (t as f64 * xi.ln()).exp() * (1.0 - sigma * xi).powi(2) / (sigma * (1.0 - xi * xi));
        assert!(got <= without);
        assert!(t < 20 || (got / law - 1.0).abs() < 0.1, "{kappa} {t} {ratio}: {got} {law}");
    }
}
