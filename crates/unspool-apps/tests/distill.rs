//! Learned images beat as many real ones.
use unspool_apps::distill::{Distilled, run};
use unspool_core::check;
use unspool_core::problem::Smooth;

#[test]
fn derivatives_of_the_inner_problem() {
    let problem = Distilled { images: 12 };
    let w: Vec<f64> = (0..problem.dim()).map(|i| 0.3 * (1.3 * i as f64).sin()).collect();
    let theta: Vec<f64> = (0..problem.params()).map(|i| 0.8 * (0.7 * i as f64).cos() - 0.4).collect();
    check::smooth(&problem, &w, &theta, 3).assert();
}

#[test]
fn beats_random_images_and_class_means_on_test_images() {
    let outcome = run(10, 150, 5).unwrap();
    for (name, _, excess) in outcome.comparison.rows().skip(1).take(2) {
        assert!(excess.mean > 2.5 * excess.error, "{name}\n{}", outcome.comparison);
    }
    let rate = outcome.comparison.rows().next().unwrap().1.mean;
    assert!(outcome.draws.iter().all(|&draw| rate < draw), "{rate} {:?}", outcome.draws);
}
