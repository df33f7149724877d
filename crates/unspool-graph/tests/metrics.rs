//! Metrics against their definitions.

use proptest::prelude::*;
use unspool_graph::metrics::{mean, score, score_with_interval, summary};
use unspool_graph::{Edge, Graph, pairs};

fn graph(nodes: usize, w: &[f64]) -> Graph {
    Graph::from_half(nodes, w, 0.0).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// By all pairs of pairs, and by all thresholds.
    #[test]
    fn by_definition(raw in prop::collection::vec((0u8..4, any::<bool>()), 10..=10)) {
        let learned: Vec<f64> = raw.iter().map(|r| f64::from(r.0)).collect();
        let truth: Vec<f64> = raw.iter().map(|r| f64::from(u8::from(r.1))).collect();
        let positives = truth.iter().sum::<f64>();
        prop_assume!(positives > 0.0 && positives < 10.0);
        let scores = score(&graph(5, &learned), &graph(5, &truth)).unwrap();
        let (mut wins, mut contests) = (0.0, 0.0);
        for a in 0..10 {
            for b in 0..10 {
                if truth[a] > truth[b] {
                    contests += 1.0;
                    wins += if learned[a] > learned[b] { 1.0 } else if learned[a] == learned[b] { 0.5 } else { 0.0 };
                }
            }
        }
        prop_assert!((scores.auc - wins / contests).abs() < 1e-12);
        let at = |threshold: f64| {
            let seems = |e: &usize| learned[*e] >= threshold;
            let found = (0..10).filter(seems).count() as f64;
            let both: f64 = (0..10).filter(seems).map(|e| truth[e]).sum();
            (both / positives, both / found, 2.0 * both / (found + positives))
        };
        let mut thresholds = learned.clone();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        let (mut precision, mut recall, mut best) = (0.0, 0.0, 0.0_f64);
        for threshold in thresholds {
            let (r, p, f) = at(threshold);
            precision += (r - recall) * p;
            recall = r;
            best = best.max(f);
        }
        prop_assert!((scores.average_precision - precision).abs() < 1e-12);
        prop_assert!((scores.best_f1 - best).abs() < 1e-12, "{} {}", scores.best_f1, best);
        let differ = learned.iter().zip(&truth).filter(|(l, t)| (**l != 0.0) != (**t != 0.0)).count();
        prop_assert_eq!(scores.hamming, differ as f64);
        let error: f64 = learned.iter().zip(&truth).map(|(l, t)| (l - t).powi(2)).sum();
        prop_assert!((scores.gmse - error / positives).abs() < 1e-12);
        if learned.iter().any(|w| *w > 0.0) {
            prop_assert!((scores.f1 - at(0.5).2).abs() < 1e-12);
        }
    }
}

#[test]
fn perfect_and_worst() {
    let truth = graph(4, &[1.0, 0.0, 2.0, 0.0, 0.0, 0.5]);
    let perfect = score(&truth, &truth).unwrap();
    assert_eq!(perfect.named().map(|s| s.1), [0.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    let worst = score(&graph(4, &[0.0, 1.0, 0.0, 1.0, 1.0, 0.0]), &truth).unwrap();
    assert_eq!((worst.auc, worst.f1, worst.hamming), (0.0, 0.0, 6.0));
    let none = score(&Graph::new(4, vec![]).unwrap(), &truth).unwrap();
    assert_eq!((none.gmse, none.auc, none.f1), (1.0, 0.5, 0.0));
}

/// A thousand million pairs, of which a few are listed.
#[test]
fn large_graphs_need_only_their_edges() {
    let line = |shift: usize| {
        let edges = (0..99_999 - shift).map(|i| unspool_graph::Edge { i, j: i + 1 + shift, weight: 1.0 });
        Graph::new(100_000, edges.collect()).unwrap()
    };
    let scores = score_with_interval(&line(1), &line(0), 20, 0).unwrap();
    assert!((scores.auc.value - 0.5).abs() < 1e-4);
    assert_eq!(scores.hamming.value, 199_997.0);
    assert!(scores.auc.low <= scores.auc.value && scores.auc.value <= scores.auc.high);
}

#[test]
fn intervals() {
    let w: Vec<f64> = (0..pairs::count(30)).map(|e| if e % 7 == 0 { 1.0 } else { 0.0 }).collect();
    let noisy: Vec<f64> =
        w.iter().enumerate().map(|(e, w)| (w + ((e * 37) % 11) as f64 / 9.0 - 0.5).max(0.0)).collect();
    let (truth, learned) = (graph(30, &w), graph(30, &noisy));
    let estimates = score_with_interval(&learned, &truth, 500, 1).unwrap();
    assert_eq!(estimates, score_with_interval(&learned, &truth, 500, 1).unwrap());
    for (name, estimate) in estimates.named() {
        assert!(estimate.low < estimate.value && estimate.value < estimate.high, "{name} {estimate:?}");
    }
    let scores = score(&learned, &truth).unwrap();
    let same = summary(&[scores, scores]).unwrap();
    assert_eq!((same.auc.low, same.auc.high), (scores.auc, scores.auc));
    assert!(mean(&[1.0]).is_err());
}

#[test]
fn scores_that_do_not_exist() {
    let (full, none) = (graph(3, &[1.0; 3]), Graph::new(3, vec![]).unwrap());
    assert!(score(&full, &full).is_err());
    assert!(score(&full, &none).is_err());
    assert!(score(&full, &graph(4, &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0])).is_err());
}

#[test]
fn nodes_are_the_same_by_name() {
    let names = |order: [usize; 4]| order.map(|k| ["a", "b", "c", "d"][k].to_owned()).to_vec();
    let edge = |i, j, weight| Edge { i, j, weight };
    let truth = Graph::new(4, vec![edge(0, 1, 1.0), edge(1, 2, 2.0), edge(0, 3, 3.0)]).unwrap();
    let truth = truth.with_names(names([0, 1, 2, 3])).unwrap();
    // d, c, b, a
    let same = Graph::new(4, vec![edge(0, 3, 3.0), edge(1, 2, 2.0), edge(2, 3, 1.0)]).unwrap();
    let same = same.with_names(names([3, 2, 1, 0])).unwrap().with_probabilities(vec![0.3, 0.2, 0.1]).unwrap();
    assert_eq!(score(&same, &truth).unwrap().gmse, 0.0);
    let ordered = same.ordered(truth.names()).unwrap();
    assert_eq!(ordered.edges(), truth.edges());
    assert_eq!(ordered.probabilities(), [0.1, 0.3, 0.2]);
    let bare = Graph::new(4, same.edges().to_vec()).unwrap();
    assert!(score(&bare, &truth).unwrap().gmse > 0.0);
    for wrong in [["a", "b", "c", "e"], ["a", "b", "c", "c"]] {
        let other = same.clone().with_names(wrong.map(str::to_owned).to_vec()).unwrap();
        assert!(score(&other, &truth).is_err() && score(&truth, &other).is_err(), "{wrong:?}");
    }
}

#[test]
fn in_any_unit() {
    let (truth, learned) = ([3.0, 0.0, 1.0], [2.0, 1.0, 0.0]);
    let scaled = |w: &[f64; 3], unit: f64| graph(3, &w.map(|w| w * unit));
    let want = score(&graph(3, &learned), &graph(3, &truth)).unwrap();
    assert_eq!(want.gmse, 3.0 / 10.0);
    for unit in [5e-324, 1e-310, 2f64.powi(-700), 2f64.powi(700), 4e307] {
        let scores = score(&scaled(&learned, unit), &scaled(&truth, unit)).unwrap();
        assert!((scores.gmse - want.gmse).abs() < 1e-12, "{unit} {scores:?}");
    }
    assert!(score(&scaled(&learned, 1.0), &scaled(&truth, 1e-200)).unwrap_err().to_string().contains("1e150"));
    assert_eq!(score(&scaled(&learned, 1e-200), &graph(3, &truth)).unwrap().gmse, 1.0);
}
