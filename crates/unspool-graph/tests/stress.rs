//! Hard signals: huge and tiny units, equal nodes, fewer observations than nodes, one node that dwarfs the others. A graph is the
//! optimum to the tolerance asked for, or there is a typed error.

use unspool_graph::laplacian::{self, Candidates};
use unspool_graph::learn::{Learner, Sparsity};
use unspool_graph::log_degree::{Weights, select};
use unspool_graph::points::Points;
use unspool_graph::{Error, Signals, baseline, distances};

/// So many observations of `nodes` nodes on a path: each is the one before it and something new.
fn path(observations: usize, nodes: usize, unit: f64) -> Vec<f64> {
    let mut values = Vec::new();
    for k in 0..observations {
        let mut x = 0.0;
        for i in 0..nodes {
            x += f64::sin((1 + 37 * k + 11 * i * i) as f64);
            values.push(unit * x);
        }
    }
    values
}

fn signals(values: Vec<f64>, nodes: usize) -> Signals {
    Signals::new(values, nodes).unwrap()
}

#[test]
fn the_unit_does_not_matter() {
    let learner = Learner::new(Sparsity::Degree(3.0));
    let plain = learner.from_signals(&signals(path(40, 9, 1.0), 9)).unwrap();
    for unit in [1e-150, 1e-100, 1e-30, 1e-9, 1e9, 1e30, 1e100, 1e150] {
        match learner.from_signals(&signals(path(40, 9, unit), 9)) {
            Ok(learned) => {
                assert_eq!(learned.graph.edges().len(), plain.graph.edges().len(), "{unit:e}");
                for (a, b) in learned.graph.edges().iter().zip(plain.graph.edges()) {
                    assert!(
                        (a.i, a.j) == (b.i, b.j) && (a.weight / b.weight - 1.0).abs() < 1e-4,
                        "{unit:e}: {a:?} {b:?}"
                    );
                }
            }
            Err(error) => assert!(!(1e-100..=1e100).contains(&unit), "{unit:e}: {error}"),
        }
        // the likelihood's weights have the unit of 1 / z
        let z = |unit| distances::squared(&signals(path(400, 6, unit), 6)).unwrap();
        let fit = |z: &[f64]| laplacian::minimise(&Candidates::all(z)?, None, laplacian::Settings::default());
        let one = fit(&z(1.0)).unwrap();
        match fit(&z(unit)) {
            Ok(other) if !other.converged => assert!(!(1e-30..=1e30).contains(&unit), "{unit:e}"),
            Ok(other) => {
                for (a, b) in other.w.iter().zip(&one.w) {
                    assert!((a * unit * unit - b).abs() < 1e-4 * one.w[0].abs().max(1e-3), "{unit:e}: {a:e} {b:e}");
                }
            }
            Err(error) => assert!(!(1e-30..=1e30).contains(&unit), "{unit:e}: {error}"),
        }
    }
}

#[test]
fn correlations_have_no_unit() {
    let plain = baseline::correlations(&signals(path(40, 5, 1.0), 5)).unwrap();
    let standardised = signals(path(40, 5, 1.0), 5).standardised().unwrap();
    for unit in [f64::exp2(-1010.0), f64::exp2(-500.0), f64::exp2(500.0), f64::exp2(1000.0)] {
        assert_eq!(baseline::correlations(&signals(path(40, 5, unit), 5)).unwrap(), plain, "{unit:e}");
        let other = signals(path(40, 5, unit), 5).standardised().unwrap();
        assert_eq!(other.values(), standardised.values(), "{unit:e}");
    }
    // a node that is stuck where the other has values; the mean of 0.1, 0.1, 0.1 is not 0.1
    let stuck = vec![1.0, 0.1, 2.0, 0.1, 5.0, 0.1, f64::NAN, 7.0];
    let error = baseline::correlations(&signals(stuck, 2)).unwrap_err();
    assert!(error.to_string().contains("node 1 does not change"), "{error}");
}

#[test]
fn equal_nodes_become_neighbours() {
    let mut values = path(30, 8, 1.0);
    values.chunks_exact_mut(8).for_each(|row| row[7] = row[0]);
    let learned = Learner::new(Sparsity::Degree(2.0)).from_signals(&signals(values.clone(), 8)).unwrap();
    assert!(learned.relative_gap() <= 1e-6);
    let heaviest = learned.graph.edges().iter().max_by(|a, b| a.weight.total_cmp(&b.weight)).unwrap();
    assert_eq!((heaviest.i, heaviest.j), (0, 7));
    // the likelihood of equal nodes has no maximum
    let z = distances::squared(&signals(values, 8)).unwrap();
    let fitted = Candidates::all(&z).and_then(|all| laplacian::minimise(&all, None, laplacian::Settings::default()));
    assert!(fitted.is_err_and(|error| error.hint().is_some()), "a graph of infinite weight");
}

#[test]
fn fewer_observations_than_nodes() {
    for observations in [1, 2, 5] {
        let signals = signals(path(observations, 12, 1.0), 12);
        let learned = Learner::new(Sparsity::Degree(3.0)).from_signals(&signals).unwrap();
        assert!(learned.relative_gap() <= 1e-6 && learned.graph.edges().iter().all(|edge| edge.weight.is_finite()));
        let z = distances::squared(&signals).unwrap();
        let fitted = laplacian::minimise(&Candidates::all(&z).unwrap(), None, laplacian::Settings::default());
        assert!(fitted.is_ok_and(|fitted| fitted.w.iter().all(|w| w.is_finite() && *w >= 0.0)));
    }
}

#[test]
fn one_node_that_dwarfs_the_others_is_named_as_the_cause() {
    for unit in [1e6, 1e9, 1e15] {
        let mut values = path(40, 6, 1.0);
        values.chunks_exact_mut(6).enumerate().for_each(|(k, row)| row[2] = unit * f64::cos(k as f64));
        match Learner::new(Sparsity::Degree(2.0)).from_signals(&signals(values, 6)) {
            Ok(learned) => assert!(learned.relative_gap() <= 1e-6),
            Err(Error::Data { problem, .. }) => assert!(problem.contains("differ in scale"), "{problem}"),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn distances_too_far_apart_for_a_likelihood_are_named() {
    let candidates = Candidates::all(&[1.2, 1.2, 1.2, 8.6e-217, 1.2, 1.2]).unwrap();
    let error = laplacian::minimise(&candidates, None, laplacian::Settings::default()).unwrap_err();
    assert!(error.to_string().contains("squared distances from 9e-217 to 1e0"), "{error}");
}

#[test]
fn the_pseudo_inverse_has_no_unit() {
    let z = [1.0, 2.0, 1.5];
    let weights = baseline::pseudo_inverse(3, &z).unwrap();
    for unit in [2f64.powi(1021), 2f64.powi(-1000)] {
        let scaled = baseline::pseudo_inverse(3, &z.map(|z| z * unit)).unwrap();
        assert!(scaled.iter().zip(&weights).all(|(s, w)| (s * unit - w).abs() <= 1e-12 * w), "{scaled:?}");
    }
    assert!(baseline::pseudo_inverse(3, &[5e-324; 3]).unwrap_err().to_string().contains("overflow"));
}

#[test]
fn a_held_out_loss_that_overflows_for_every_graph_is_named() {
    let tiny = [1.2, 1.2, 1e-150, 1.2, 1.2, 1.2];
    let error = select(4, &tiny, &[f64::MAX; 6]).unwrap_err();
    assert!(error.to_string().contains("no connected graph with a finite held-out loss"), "{error}");
}

#[test]
fn a_graph_whose_objective_overflows_is_no_answer() {
    let weights = Weights { alpha: 1e-30, beta: 1e-306, theta: 5.0 };
    let error = Learner::new(Sparsity::Weights(weights)).from_distances(2, &[4.5]).unwrap_err();
    assert!(matches!(error, Error::NotConverged { gap, .. } if gap == f64::INFINITY), "{error}");
}

#[test]
fn two_nodes_have_one_edge_whatever_the_degree() {
    let signals = Signals::new(vec![0.0, 1.0, 1.0, 0.5], 2).unwrap();
    for degree in [0.5, 1.0, 1e9, 1e300] {
        let learner = Learner::new(Sparsity::Degree(degree));
        for learned in [learner.from_signals(&signals), learner.from_points(&Points::new(&signals).unwrap())] {
            assert_eq!(learned.unwrap().graph.edges().len(), 1);
        }
    }
}
