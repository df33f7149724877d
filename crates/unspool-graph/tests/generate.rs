//! Generators and the signal model.

use unspool_graph::generate::Family;
use unspool_graph::{Graph, distances, pairs, simulate};

fn family(text: &str) -> Family {
    let family: Family = text.parse().unwrap();
    assert_eq!(family.to_string(), text);
    family
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    sum / n
}

/// The check values of the published data: 51 edges, mean weight 0.196, mean squared distance 2.80.
#[test]
fn barabasi_albert_as_published() {
    let (mut weights, mut distance) = (Vec::new(), Vec::new());
    for seed in 0..200 {
        let graph = simulate::weigh(&family("ba:3").generate(20, seed).unwrap(), seed).unwrap();
        assert_eq!((graph.edges().len(), graph.components()), (51, 1));
        let total: f64 = graph.degrees().iter().sum();
        assert!((total - 20.0).abs() < 1e-12);
        weights.extend(graph.edges().iter().map(|e| e.weight));
        let signals = simulate::signals(&graph, 300, 1e-4, seed).unwrap();
        distance.push(mean(distances::squared(&signals).unwrap().into_iter()));
    }
    assert!((mean(weights.into_iter()) - 0.196).abs() < 5e-4);
    let distance = mean(distance.into_iter());
    assert!((distance - 2.80).abs() < 0.05, "{distance}");
}

#[test]
fn counts_of_each_family() {
    let make = |text: &str, nodes| family(text).generate(nodes, 7).unwrap();
    assert_eq!(make("ws:5:0.3", 50).edges().len(), 100);
    assert_eq!(make("grid:4x6", 24).edges().len(), 3 * 6 + 4 * 5);
    assert_eq!(make("er:1", 9).edges().len(), 36);
    assert_eq!(make("er:0", 9).edges().len(), 0);
    let within = |graph: Graph, expected: f64, slack: f64| {
        let edges = graph.edges().len() as f64;
        assert!((edges - expected).abs() < slack, "{edges} edges, not {expected}");
    };
    within(make("er:0.01", 2000), 0.01 * 1999.0 * 1000.0, 5.0 * 141.0);
    within(make("sbm:0.5,0.1:0.01:100,200", 300), 0.5 * 4950.0 + 0.1 * 19900.0 + 200.0, 300.0);
    within(make("rgg:10", 20_000), 100_000.0, 4000.0);
    let nearest = make("knn:6", 500);
    assert!(nearest.neighbours().iter().all(|&n| n >= 6));
}

/// The cells find exactly what all pairs would.
#[test]
fn points_in_the_plane_by_brute_force() {
    for (text, k) in [("knn:5", 5), ("rgg:8", 0)] {
        let graph = family(text).generate(300, 3).unwrap();
        let at = graph.positions();
        let squared = |i: usize, j: usize| (at[i][0] - at[j][0]).powi(2) + (at[i][1] - at[j][1]).powi(2);
        let joined: Vec<(usize, usize)> = if k == 0 {
            let radius = 8.0 / (std::f64::consts::PI * 300.0);
            pairs::iter(300).filter(|&(i, j)| squared(i, j) <= radius).collect()
        } else {
            let nearest = |i: usize| {
                let mut others: Vec<usize> = (0..300).filter(|&j| j != i).collect();
                others.sort_by(|&a, &b| squared(i, a).total_cmp(&squared(i, b)));
                others.truncate(k);
                others
            };
            let near: Vec<Vec<usize>> = (0..300).map(nearest).collect();
            pairs::iter(300).filter(|&(i, j)| near[i].contains(&j) || near[j].contains(&i)).collect()
        };
        assert_eq!(graph.edges().iter().map(|e| (e.i, e.j)).collect::<Vec<_>>(), joined);
    }
}

#[test]
fn seeds_decide_and_order_is_shuffled() {
    for text in ["ba:3", "ws:4:0.3", "er:0.2", "sbm:0.6,0.6:0.05:20,20", "knn:3", "rgg:6"] {
        let make = |seed| family(text).generate(40, seed).unwrap();
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
        let (mut shuffled, mut ordered) = (make(1).neighbours(), family(text).in_order(40, 1).unwrap().neighbours());
        assert_ne!(shuffled, ordered);
        shuffled.sort_unstable();
        ordered.sort_unstable();
        assert_eq!(shuffled, ordered);
    }
}

/// The covariance of the signals is `(L + epsilon I)^-1`, on any number of threads.
#[test]
fn covariance_of_signals() {
    let graph = simulate::weigh(&family("ba:2").generate(8, 1).unwrap(), 1).unwrap();
    let (n, epsilon) = (200_000, 0.1);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let signals = pool(1).install(|| simulate::signals(&graph, n, epsilon, 5).unwrap());
    assert_eq!(signals, pool(2).install(|| simulate::signals(&graph, n, epsilon, 5).unwrap()));
    let covariance = |i: usize, j: usize| signals.values().chunks(8).map(|x| x[i] * x[j]).sum::<f64>() / n as f64;
    // (L + epsilon I) C = I
    let mut worst = 0.0_f64;
    for i in 0..8 {
        for j in 0..8 {
            let mut entry = epsilon * covariance(i, j);
            for e in graph.edges() {
                let differ = covariance(e.i, j) - covariance(e.j, j);
                entry += if e.i == i {
                    e.weight * differ
                } else if e.j == i {
                    -e.weight * differ
                } else {
                    0.0
                };
            }
            worst = worst.max((entry - f64::from(i == j)).abs());
        }
    }
    assert!(worst < 0.03, "{worst}");
}

#[test]
fn impossible_graphs_are_refused() {
    for (text, nodes) in [("ba:0", 9), ("ba:9", 9), ("ws:1:0.1", 9), ("ws:4:1.5", 9), ("er:-1", 9), ("er:NaN", 9)] {
        assert!(text.parse::<Family>().unwrap().generate(nodes, 0).is_err(), "{text}");
    }
    for (text, nodes) in
        [("sbm:0.5:0.1:4,4", 9), ("grid:2x4", 9), ("knn:0", 9), ("knn:9", 9), ("rgg:-1", 9), ("er:0.5", 1)]
    {
        assert!(text.parse::<Family>().unwrap().generate(nodes, 0).is_err(), "{text}");
    }
    for text in ["", "ba", "ba:x", "tree:3", "grid:4", "sbm:0.5:0.1", "ws:4"] {
        assert!(text.parse::<Family>().unwrap_err().hint().unwrap().contains("ba:ATTACH"));
    }
    let graph = family("ba:1").generate(5, 0).unwrap();
    assert!(simulate::signals(&graph, 10, 0.0, 0).is_err());
    assert!(simulate::signals(&graph, 0, 1e-4, 0).is_err());
}
