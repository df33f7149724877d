//! The exact optimum: Newton on the dual, and pricing from few candidates.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unspool_graph::distances::{self, Stream};
use unspool_graph::log_degree::newton::{self, AllPairs, Optimum, Settings, SomePairs};
use unspool_graph::log_degree::{Weights, pricing};
use unspool_graph::points::{Points, Watch};
use unspool_graph::{Error, Signals, pairs};

fn signals(nodes: usize, observations: usize, seed: u64) -> Signals {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // nodes on a line: near ones have near signals
    let mut values = Vec::new();
    for _ in 0..observations {
        let mut level = 0.0;
        values.extend((0..nodes).map(|_| {
            level = 0.9 * level + rng.random_range(-1.0..1.0);
            level
        }));
    }
    Signals::new(values, nodes).unwrap()
}

fn dense(nodes: usize, z: &[f64], weights: Weights, tolerance: f64) -> Optimum {
    let settings = Settings { tolerance, ..Settings::default() };
    newton::minimise(&AllPairs::new(nodes, z).unwrap(), weights, None, settings).unwrap()
}

fn half(nodes: usize, optimum: &Optimum) -> Vec<f64> {
    let mut w = vec![0.0; pairs::count(nodes)];
    optimum.edges.iter().for_each(|&(i, j, v)| w[pairs::index(nodes, i, j)] = v);
    w
}

#[test]
fn golden_instance() {
    let z = [0.2, 1.0, 0.6, 0.5, 1.2, 0.4];
    let optimum = dense(4, &z, Weights::new(1.0, 1.0), 1e-15);
    assert!((optimum.objective - 2.6167051933260064).abs() < 1e-12);
    let golden = [0.70441107, 0.0, 0.37569351, 0.42810989, 0.0, 0.59939233];
    assert!(half(4, &optimum).iter().zip(golden).all(|(w, g)| (w - g).abs() < 1e-8));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Optimality conditions and the trace identity, from any start.
    #[test]
    fn optimality(m in 2usize..24, seed in 0u64..1000, alpha in 0.01..100.0f64, beta in 0.01..100.0f64, start in 1e-3..1e3f64) {
        let z = distances::squared(&signals(m, 5, seed)).unwrap();
        let weights = Weights { alpha, beta, theta: 0.7 };
        let settings = Settings { tolerance: 1e-13, ..Settings::default() };
        let all = AllPairs::new(m, &z).unwrap();
        let optimum = newton::minimise(&all, weights, Some(&vec![start; m]), settings).unwrap();
        prop_assert!(optimum.converged);
        let w = half(m, &optimum);
        let mut d = vec![0.0; m];
        pairs::degrees(&w, &mut d);
        let scale = 0.7 * z.iter().fold(0.0_f64, |a, b| a.max(*b)) + alpha / d.iter().fold(f64::INFINITY, |a, b| a.min(*b));
        for (((i, j), w), z) in pairs::iter(m).zip(&w).zip(&z) {
            let g = 2.0 * 0.7 * z + 2.0 * beta * w - alpha * (1.0 / d[i] + 1.0 / d[j]);
            prop_assert!(g > -1e-5 * scale && (g * w).abs() < 1e-5 * scale * w.max(1.0), "{} {}", g, w);
        }
        let trace: f64 = w.iter().zip(&z).map(|(w, z)| 0.7 * w * z + beta * w * w).sum();
        prop_assert!((trace - alpha * m as f64 / 2.0).abs() < 1e-5 * alpha * m as f64);
    }

    /// Distances of incomplete signals are means over what both nodes have, in one piece or in chunks.
    #[test]
    fn distances_by_definition(m in 2usize..7, n in 4usize..12, seed in 0u64..1000, hole in 0.0..0.3f64, forgetting in 0.5..1.0f64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let values: Vec<f64> =
            (0..m * n).map(|_| if rng.random_bool(hole) { f64::NAN } else { rng.random_range(-9.0..9.0) }).collect();
        let mut stream = Stream::new(m, forgetting).unwrap();
        for chunk in values.chunks(3 * m) {
            stream.push(&Signals::new(chunk.to_vec(), m).unwrap()).unwrap();
        }
        let expected = |i: usize, j: usize| {
            let terms = (0..n).map(|k| (values[k * m + i] - values[k * m + j], forgetting.powi((n - 1 - k) as i32)));
            let (sum, count) = terms.filter(|t| !t.0.is_nan()).fold((0.0, 0.0), |(s, c), (x, f)| (s + f * x * x, c + f));
            sum / count
        };
        match stream.squared() {
            Ok(z) => for ((i, j), z) in pairs::iter(m).zip(z) {
                prop_assert!((z - expected(i, j)).abs() <= 1e-12 * (1.0 + expected(i, j)));
            },
            Err(error) => {
                prop_assert!(pairs::iter(m).any(|(i, j)| expected(i, j).is_nan()), "{}", error);
            }
        }
    }
}

/// From poor candidates, with lists that overflow, and on one thread or two: the optimum of all pairs, bit for bit.
#[test]
fn pricing_finds_the_optimum_of_all_pairs() {
    let m = 700; // more than one tile
    let signals = signals(m, 40, 3);
    let z = distances::squared(&signals).unwrap();
    let weights = Weights { alpha: 1.0, beta: 1.0, theta: 0.5 };
    let full = dense(m, &z, weights, 1e-12);
    let points = Points::new(&signals).unwrap();
    let ring: Vec<_> = (0..m as u32).map(|i| (i, (i + 350) % m as u32)).collect();
    let poor = points.distances(&ring);
    let near = points.candidates(8, 1);
    let mut found = Vec::new();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for (candidates, keep) in [(&near, 64), (&near, 4), (&poor, 64)] {
            let settings = Settings { tolerance: 1e-12, ..Settings::default() };
            let run = || {
                pricing::minimise(&points, weights, candidates.clone(), None, keep, settings, |_| (), Watch::default())
                    .unwrap()
            };
            let priced = pool.install(run);
            assert!(priced.optimum.relative_gap() <= 1e-12);
            let off = (priced.optimum.objective - full.objective).abs();
            assert!(off <= 3e-12 * full.objective.abs(), "{off:e}");
            assert_eq!(priced.optimum.edges.len(), full.edges.len());
            assert!(priced.candidates_only >= full.objective - 1e-9);
            found.push(priced.optimum.edges);
        }
    }
    let (one, two) = found.split_at(3);
    assert_eq!(one, two);
}

#[test]
fn equal_nodes_are_at_distance_zero() {
    let values: Vec<f64> = (0..50).flat_map(|k| [1e6 + k as f64, 1e6 + k as f64, 1e6 - (k * k) as f64]).collect();
    let signals = Signals::new(values, 3).unwrap();
    assert_eq!(distances::squared(&signals).unwrap()[0], 0.0);
    assert_eq!(Points::new(&signals).unwrap().distance(0, 1), 0.0);
}

#[test]
fn bad_input_is_refused() {
    assert!(matches!(Signals::new(vec![1.0], 1), Err(Error::Data { .. })));
    assert!(matches!(Signals::new(vec![], 3), Err(Error::Data { .. })));
    assert!(matches!(Signals::new(vec![1.0, f64::INFINITY], 2), Err(Error::Data { .. })));
    assert!(matches!(Signals::new(vec![1.0; 5], 2), Err(Error::Shape { .. })));
    let constant = Signals::new(vec![1.0, 1.0, 2.0, 2.0], 2).unwrap();
    assert!(matches!(Points::new(&constant), Err(Error::Data { .. })));
    let z = distances::squared(&constant).unwrap();
    assert!(matches!(AllPairs::new(2, &z), Err(Error::Data { .. })));
    assert!(matches!(AllPairs::new(2, &[f64::NAN]), Err(Error::Data { .. })));
    assert!(matches!(AllPairs::new(1, &[]), Err(Error::Range { .. })));
    assert!(matches!(SomePairs::new(3, vec![(0, 3, 1.0)]), Err(Error::Data { .. })));
    let lonely = SomePairs::new(3, vec![(0, 1, 1.0)]).unwrap();
    let alone = newton::minimise(&lonely, Weights::new(1.0, 1.0), None, Settings::default());
    assert!(matches!(alone, Err(Error::Data { .. })));
    let pair = AllPairs::new(2, &[1.0]).unwrap();
    let refused = newton::minimise(&pair, Weights::new(1.0, -1.0), None, Settings::default());
    assert!(matches!(refused, Err(Error::Range { .. })));
}
