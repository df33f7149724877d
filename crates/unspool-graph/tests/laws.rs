//! Laws of graphs, on random ones.

use proptest::prelude::*;
use unspool_graph::laplacian::Candidates;
use unspool_graph::learn::{Learner, Sparsity};
use unspool_graph::log_degree::Weights;
use unspool_graph::{Graph, pairs};

const M: usize = 7;

fn half() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.1..2.0, pairs::count(M))
}

/// Some weights are zero.
fn sparse() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![Just(0.0), 0.1..2.0], pairs::count(M))
}

fn permuted(w: &[f64], order: &[usize]) -> Vec<f64> {
    pairs::iter(M).map(|(i, j)| w[pairs::index(M, order[i].min(order[j]), order[i].max(order[j]))]).collect()
}

proptest! {
    /// `<D w, v> = <w, D' v>`.
    #[test]
    fn degrees_and_spread_are_adjoint(w in sparse(), v in prop::collection::vec(-2.0..2.0, M)) {
        let (mut d, mut spread) = (vec![0.0; M], vec![0.0; w.len()]);
        pairs::degrees(&w, &mut d);
        pairs::spread(&v, &mut spread);
        let (a, b): (f64, f64) = (d.iter().zip(&v).map(|(a, b)| a * b).sum(), w.iter().zip(&spread).map(|(a, b)| a * b).sum());
        prop_assert!((a - b).abs() < 1e-12);
    }

    /// `L 1 = 0` and `x'Lx = sum w_ij (x_i - x_j)^2 >= 0`, with `L = diag(d) - W`.
    #[test]
    fn laplacian(w in sparse(), x in prop::collection::vec(-2.0..2.0, M)) {
        let graph = Graph::from_half(M, &w, 0.0).unwrap();
        let degrees = graph.degrees();
        let times = |x: &[f64]| -> Vec<f64> {
            let mut out: Vec<f64> = degrees.iter().zip(x).map(|(d, x)| d * x).collect();
            for e in graph.edges() {
                out[e.i] -= e.weight * x[e.j];
                out[e.j] -= e.weight * x[e.i];
            }
            out
        };
        prop_assert!(times(&[1.0; M]).iter().all(|v| v.abs() < 1e-12));
        let form: f64 = times(&x).iter().zip(&x).map(|(a, b)| a * b).sum();
        let smoothness: f64 = graph.edges().iter().map(|e| e.weight * (x[e.i] - x[e.j]).powi(2)).sum();
        prop_assert!((form - smoothness).abs() < 1e-10 && form > -1e-10);
    }

    /// Foster: `sum_e w_e R_e = m - 1` on a connected graph; resistances obey the triangle inequality.
    #[test]
    fn resistances(w in half()) {
        let all = Candidates::all(&w).unwrap();
        let r = all.resistances(&w).unwrap();
        let sum: f64 = r.iter().zip(&w).map(|(r, w)| r * w).sum();
        prop_assert!((sum - (M as f64 - 1.0)).abs() < 1e-9);
        let at = |i: usize, j: usize| if i == j { 0.0 } else { r[pairs::index(M, i.min(j), i.max(j))] };
        for (i, j) in pairs::iter(M) {
            prop_assert!((0..M).all(|k| at(i, j) <= at(i, k) + at(k, j) + 1e-12));
        }
    }

    /// Other numbers of the nodes, the same graph; other units, the same graph in other units.
    #[test]
    fn learning_commutes_with_permutations_and_units(
        z in half(),
        order in Just((0..M).collect::<Vec<_>>()).prop_shuffle(),
        unit in 1e-3..1e3,
    ) {
        let learner = |theta: f64| Learner {
            tolerance: 1e-10,
            ..Learner::new(Sparsity::Weights(Weights { theta, ..Weights::new(1.0, 1.0) }))
        };
        let plain = learner(1.0).from_distances(M, &z).unwrap().graph.half();
        let other = learner(1.0).from_distances(M, &permuted(&z, &order)).unwrap().graph.half();
        for (a, b) in permuted(&plain, &order).iter().zip(&other) {
            prop_assert!((a - b).abs() < 1e-6);
        }
        let scaled: Vec<f64> = z.iter().map(|z| unit * z).collect();
        let other = learner(1.0 / unit).from_distances(M, &scaled).unwrap().graph.half();
        for (a, b) in plain.iter().zip(&other) {
            prop_assert!((a - b).abs() < 1e-6);
        }
    }
}
