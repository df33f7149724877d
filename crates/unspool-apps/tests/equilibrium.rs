//! An equilibrium beats the layer that it is the equilibrium of.
use unspool_apps::data::Digits;
use unspool_apps::equilibrium::{Layer, MODE, Network, Rows, run};
use unspool_core::{At, Mode, check};

#[test]
fn derivatives_of_the_map() {
    let network = Network::new(8, 0.9, 1);
    let rows = Rows::new(&Digits::rows(0..1));
    let z: Vec<f64> = (0..8).map(|j| 0.5 * (j as f64).sin()).collect();
    let map = Layer { x: &rows.rows[0].0, units: 8 };
    check::step(&map, At { t: 0, x: &z, theta: &network.theta }, 7).assert();
}

/// One step is the cheap gradient: it points the same way, and is shorter by what the series adds.
#[test]
fn implicit_and_unrolled_gradients_agree() {
    let network = Network::new(8, 0.9, 1);
    let rows = Rows::new(&Digits::rows(0..50)).rows;
    let [implicit, unrolled, one_step] =
        [MODE, Mode::full(), Mode::one_step()].map(|mode| network.gradient(&rows, mode).unwrap().0);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let distance = |a: &[f64]| a.iter().zip(&unrolled).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    let size = dot(&unrolled, &unrolled).sqrt();
    assert!(distance(&implicit) < 1e-4 * size, "{} of {size}", distance(&implicit));
    assert!(distance(&one_step) > 1e-2 * size, "{} of {size}", distance(&one_step));
    assert!(dot(&one_step, &unrolled) > 0.7 * size * dot(&one_step, &one_step).sqrt());
}

#[test]
fn beats_one_layer_and_logistic_regression_on_test_images() {
    let comparison = run(8, 20, 8).unwrap();
    for (name, _, excess) in comparison.rows().skip(1) {
        assert!(excess.mean > 1.5 * excess.error, "{name}\n{comparison}");
    }
}
