//! Laplacian maximum likelihood: derivatives, optimality, certificates, accuracy.

use unspool_core::{At, Solve, Stop, check};
use unspool_graph::generate::Family;
use unspool_graph::laplacian::{Candidates, Criterion, Mm, Settings, minimise, refit};
use unspool_graph::{Error, baseline, distances, metrics, pairs, simulate};

/// True weights and squared distances of signals.
fn data(family: &str, nodes: usize, observations: usize, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let graph = family.parse::<Family>().unwrap().generate(nodes, seed).unwrap();
    let truth = simulate::weigh(&graph, seed).unwrap();
    let z = distances::squared(&simulate::signals(&truth, observations, 1e-4, seed).unwrap()).unwrap();
    (truth.half(), z)
}

fn gmse(w: &[f64], truth: &[f64]) -> f64 {
    let error: f64 = w.iter().zip(truth).map(|(a, b)| (a - b).powi(2)).sum();
    error / truth.iter().map(|b| b * b).sum::<f64>()
}

#[test]
fn derivatives_of_mm() {
    for (m, seed) in [(2, 0), (4, 1), (7, 2), (20, 3)] {
        let family = if m == 2 { "er:1" } else { "ba:1" };
        let (_, z) = data(family, m, 30, seed);
        let map = Mm::new(m).unwrap();
        for steps in [0, 1, 5, 30] {
            let start = map.start();
            let x = Solve::new(&map, &start).stop(Stop::steps(steps)).run(&z).unwrap().x;
            check::step(&map, At { t: steps, x: &x, theta: &z }, seed).assert();
        }
    }
}

/// Newton and thousands of MM steps meet, where `R <= z` with equality on the edges; the gap tells the truth before.
#[test]
fn newton_and_mm_agree() {
    for (family, m, n) in [("ba:3", 20, 3000), ("ws:4:0.3", 30, 60), ("ba:2", 12, 8)] {
        let (_, z) = data(family, m, n, 5);
        let all = Candidates::all(&z).unwrap();
        let best = minimise(&all, None, Settings { tolerance: 1e-13, max_iterations: 200 }).unwrap();
        assert!(best.converged, "{family} {}", best.gap);
        let r = all.resistances(&best.w).unwrap();
        for ((r, z), w) in r.iter().zip(&z).zip(&best.w) {
            assert!(*w >= 0.0 && *r <= z * (1.0 + 1e-6));
            assert!(*w < 1e-6 || (r / z - 1.0).abs() < 1e-5, "{w} {r} {z}");
        }
        let map = Mm::new(m).unwrap();
        let mut w = map.start();
        for _ in 0..8 {
            let there = all.certify(&w).unwrap();
            let above = there.objective - best.objective;
            assert!(above <= there.gap + 1e-9 && above >= -1e-9);
            w = Solve::new(&map, &w).stop(Stop::steps(1000)).run(&z).unwrap().x;
        }
        let there = all.certify(&w).unwrap();
        assert!(there.objective - best.objective < 1e-4, "{family}: {}", there.objective - best.objective);
        assert!(gmse(&w, &best.w) < 1e-4);
    }
}

/// The published error of the plain fit, and what refitting makes of it; graphs that nothing was tuned on.
#[test]
fn accuracy() {
    let table = [("ba:3", 20, 96, 0.0156, 0.002, 0.009), ("ws:5:0.3", 50, 96, 0.0072, 0.001, 0.0035)];
    for (family, m, graphs, expected, slack, most) in table {
        let (mut plain, mut refitted, mut inverse) = (Vec::new(), Vec::new(), Vec::new());
        for seed in 0..graphs {
            let (truth, z) = data(family, m, 3000, 100 + seed);
            let all = Candidates::all(&z).unwrap();
            plain.push(gmse(&minimise(&all, None, Settings::default()).unwrap().w, &truth));
            refitted.push(gmse(&refit(&z, Criterion::Bic(3000), Settings::default()).unwrap().w, &truth));
            inverse.push(gmse(&baseline::pseudo_inverse(m, &z).unwrap(), &truth));
        }
        let [plain, refitted, inverse] = [plain, refitted, inverse].map(|v| metrics::mean(&v).unwrap());
        println!("{family}-{m}: plain {plain:?}\n  refitted {refitted:?}\n  pseudo-inverse {inverse:?}");
        assert!((plain.value - expected).abs() < slack);
        assert!(refitted.value <= most);
        assert!(inverse.value > plain.value);
    }
}

#[test]
fn held_out_likelihood_chooses_too() {
    let (truth, z) = data("ba:3", 20, 1500, 1);
    let (_, other) = data("ba:3", 20, 3000, 1);
    let plain = gmse(&minimise(&Candidates::all(&z).unwrap(), None, Settings::default()).unwrap().w, &truth);
    let chosen = refit(&z, Criterion::HeldOut(&other), Settings::default()).unwrap();
    assert!(gmse(&chosen.w, &truth) < plain);
    assert!(chosen.path.len() > 5);
}

#[test]
fn small_and_bad_input() {
    let two = minimise(&Candidates::all(&[0.25]).unwrap(), None, Settings::default()).unwrap();
    assert!((two.w[0] - 4.0).abs() < 1e-6 && two.converged);
    assert!(matches!(Candidates::all(&[1.0, 2.0]), Err(Error::Range { .. })));
    assert!(matches!(Candidates::all(&[1.0, f64::NAN, 2.0]), Err(Error::Data { .. })));
    let Err(Error::Data { problem, .. }) = Candidates::all(&[1.0, 0.0, 2.0]) else { panic!() };
    assert!(problem.contains('0') && problem.contains('2'), "{problem}");
    let apart = Candidates::on(&[1.0; 6], &[(0, 1), (2, 3)]);
    assert!(matches!(apart, Err(Error::Data { .. })));
    assert!(refit(&[1.0; 6], Criterion::Bic(0), Settings::default()).is_err());
    assert!(refit(&[1.0; 6], Criterion::HeldOut(&[1.0]), Settings::default()).is_err());
    assert!(Mm::new(1).is_err());
    // fewer observations than nodes
    let (_, z) = data("ba:2", 15, 5, 3);
    let few = minimise(&Candidates::all(&z).unwrap(), None, Settings::default()).unwrap();
    assert!(few.converged && few.w.iter().all(|w| w.is_finite()));
    assert_eq!(few.w.len(), pairs::count(15));
}
