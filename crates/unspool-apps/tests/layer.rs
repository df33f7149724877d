//! A program in a box beats a prediction that is clipped.
use unspool_apps::data::Digits;
use unspool_apps::layer::{Energy, INPUTS, Images, PARAMS, run};
use unspool_core::method::ProximalGradient;
use unspool_core::{Mode, Solve, Stop, check};

fn theta() -> Vec<f64> {
    (0..PARAMS).map(|i| 0.2 * (1.7 * i as f64).sin()).collect()
}

#[test]
fn derivatives_of_the_energy() {
    let x: Vec<f64> = (0..INPUTS).map(|i| (i as f64).cos()).collect();
    let z: Vec<f64> = (0..64).map(|i| (2.0 + i as f64).sin()).collect();
    check::smooth(&Energy { x: &x }, &z, &theta(), 3).assert();
}

#[test]
fn implicit_and_unrolled_gradients_agree_with_pixels_at_their_bounds() {
    let images = Images::new(&Digits::rows(3..4));
    let problems = images.problems().unwrap();
    let map = ProximalGradient::new(&problems[0], 0.1);
    let solve = Solve::new(&map, &[0.0; 64]).stop(Stop::tolerance(1e-13));
    let outer = |z: &[f64], c: &mut [f64]| c.copy_from_slice(z);
    let implicit = solve.vjp(&theta(), Mode::implicit(), outer).unwrap();
    let unrolled = solve.vjp(&theta(), Mode::full(), outer).unwrap();
    let free = implicit.x.iter().filter(|&&z| 0.0 < z && z < 1.0).count();
    assert!(0 < free && free < 64, "{free}");
    for (a, b) in implicit.theta.iter().zip(&unrolled.theta) {
        assert!((a - b).abs() < 1e-8, "{a} {b}");
    }
}

#[test]
fn beats_predict_then_clip_on_test_images() {
    let comparison = run(15).unwrap();
    for (name, _, excess) in comparison.rows().skip(1) {
        assert!(excess.mean > 4.0 * excess.error, "{name}\n{comparison}");
    }
}
