//! A learned start beats one that was not learned through the steps.
use unspool_apps::meta::{FEATURES, Steps, run};
use unspool_core::data::Dense;
use unspool_core::problem::{Gram, Groups, Ridge};
use unspool_core::zoo::Regression;
use unspool_core::{At, check};

#[test]
fn derivatives_of_the_map() {
    let data = Regression::new(9, FEATURES, 0.5, 0.3, 1);
    let x = Dense::new(&data.x[..], 9, FEATURES).unwrap();
    let map = Steps(Ridge::new(x, &data.y[..], Groups::None, Gram::Auto).unwrap());
    let w: Vec<f64> = (0..FEATURES).map(|j| (j as f64).sin()).collect();
    let theta: Vec<f64> = (0..FEATURES).map(|j| (j as f64).cos() - 1.0).collect();
    check::step(&map, At { t: 0, x: &w, theta: &theta }, 7).assert();
}

#[test]
fn beats_the_joint_fit_and_ridge_on_held_out_days() {
    let (_, comparison) = run(150).unwrap();
    for (name, _, excess) in comparison.rows().skip(1) {
        assert!(excess.mean > 2.5 * excess.error, "{name}\n{comparison}");
    }
}
