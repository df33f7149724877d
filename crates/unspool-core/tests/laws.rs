//! Laws of proximal operators, on random points.

use proptest::prelude::*;
use unspool_core::problem::{Bounds, Groups, L1, Prox};

const D: usize = 5;

fn apply(g: &dyn Prox<f64>, h: f64, theta: &[f64], v: &[f64]) -> Vec<f64> {
    let (mut x, mut scratch) = (v.to_vec(), vec![0.0; g.scratch()]);
    g.prox(h, theta, &mut x, &mut scratch);
    x
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn point() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-4.0..4.0, D)
}

/// The penalties, each with its parameters.
fn penalties(theta: f64) -> Vec<(Box<dyn Prox<f64>>, Vec<f64>)> {
    let per_feature: Vec<f64> = (0..D).map(|j| theta + 0.3 * j as f64).collect();
    let elastic = L1::elastic(Groups::Shared, D).unwrap();
    let count = Prox::<f64>::params(&elastic);
    vec![
        (Box::new(L1::new(Groups::Shared, D).unwrap()), vec![theta]),
        (Box::new(L1::new(Groups::PerFeature, D).unwrap()), per_feature),
        (Box::new(elastic), vec![theta; count]),
        (Box::new(Bounds::new(vec![-1.0; D], vec![0.5; D]).unwrap()), vec![]),
        (Box::new(Bounds::new(vec![0.0; D], vec![f64::INFINITY; D]).unwrap()), vec![]),
    ]
}

proptest! {
    /// `|p(u) - p(v)|^2 <= <p(u) - p(v), u - v>`.
    #[test]
    fn firmly_non_expansive(u in point(), v in point(), theta in -3.0..2.0, h in 0.05..3.0) {
        for (g, theta) in penalties(theta) {
            let moved = minus(&apply(&*g, h, &theta, &u), &apply(&*g, h, &theta, &v));
            prop_assert!(dot(&moved, &moved) <= dot(&moved, &minus(&u, &v)) + 1e-12);
        }
    }

    /// `p(v)` is where `g(x) + |x - v|^2 / 2h` is least.
    #[test]
    fn least(v in point(), other in point(), theta in -3.0..2.0, h in 0.05..3.0) {
        for (g, theta) in penalties(theta) {
            let mut scratch = vec![0.0; g.scratch()];
            let mut value = |x: &[f64]| {
                let apart = minus(x, &v);
                g.value(x, &theta, &mut scratch) + dot(&apart, &apart) / (2.0 * h)
            };
            let x = apply(&*g, h, &theta, &v);
            // inside of the bounds, and near the answer as well as far
            let inside = apply(&*g, h, &theta, &other);
            let near: Vec<f64> = x.iter().zip(&inside).map(|(x, z)| x + 1e-3 * (z - x)).collect();
            let best = value(&x);
            prop_assert!(best <= value(&inside) + 1e-12 && best <= value(&near) + 1e-12);
        }
    }

    /// Moreau: `v - p(v)` is the projection on the ball of the dual norm, `|.|_inf <= h exp(theta)`.
    #[test]
    fn moreau(v in point(), theta in -3.0..2.0, h in 0.05..3.0) {
        let g = L1::new(Groups::Shared, D).unwrap();
        let most = h * f64::exp(theta);
        for (rest, v) in minus(&v, &apply(&g, h, &[theta], &v)).iter().zip(&v) {
            prop_assert!((rest - v.clamp(-most, most)).abs() < 1e-12);
        }
    }

    /// A projection does nothing the second time.
    #[test]
    fn idempotent(v in point(), h in 0.05..3.0) {
        let g = Bounds::new(vec![-1.0; D], vec![0.5; D]).unwrap();
        let once = apply(&g, h, &[], &v);
        prop_assert_eq!(&apply(&g, h, &[], &once), &once);
    }
}
