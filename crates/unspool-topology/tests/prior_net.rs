//! The likelihood network: derivatives, symmetry, size.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use unspool_graph::generate::Family;
use unspool_graph::pairs;
use unspool_topology::{Example, PriorNet, Problem, data};
use unspool_train::Model;

fn example(signals: usize) -> Example<f64> {
    data::example(&Family::BarabasiAlbert { attach: 2 }, 9, signals, 3).unwrap()
}

fn values(net: &PriorNet, seed: u64) -> Vec<f64> {
    let layout = Model::<f64>::layout(net);
    let raw = layout.init::<f64>(seed);
    // biases too
    raw.iter().enumerate().map(|(i, v)| v + 0.1 * ((i * 7919 % 101) as f64 / 101.0 - 0.5)).collect()
}

#[test]
fn gradient_of_the_loss_against_differences() {
    for signals in [15, 400] {
        let (net, example) = (PriorNet::new(3), example(signals));
        let theta = values(&net, 5);
        let mut memory = net.memory();
        let mut noise = ChaCha8Rng::seed_from_u64(0);
        let mut gradient = vec![0.0; theta.len()];
        net.loss(&theta, &example, &mut noise, &mut gradient, &mut memory).unwrap();
        let (mut worst, mut along) = (0.0f64, 0.0);
        let direction: Vec<f64> = (0..theta.len()).map(|i| ((i * 31 % 17) as f64 - 8.0) / 8.0).collect();
        for entry in Model::<f64>::layout(&net).entries() {
            // each tensor by itself
            let value = |h: f64, memory: &mut _, noise: &mut _| {
                let mut at = theta.clone();
                entry.range.clone().for_each(|i| at[i] += h * direction[i]);
                net.loss(&at, &example, noise, &mut vec![0.0; at.len()], memory).unwrap()
            };
            let h = 1e-6;
            let mut f = |h: f64| value(h, &mut memory, &mut noise);
            let want = (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h);
            let got: f64 = entry.range.clone().map(|i| gradient[i] * direction[i]).sum();
            worst = worst.max((got - want).abs() / (1.0 + want.abs()));
            along += got;
            assert!((got - want).abs() <= 1e-7 * (1.0 + want.abs()), "{signals} {}: {got} {want}", entry.name);
        }
        assert!(along != 0.0, "{worst}");
    }
}

#[test]
fn single_precision_agrees_with_double() {
    let net = PriorNet::new(3);
    let wide = example(100);
    let narrow = data::example::<f32>(&Family::BarabasiAlbert { attach: 2 }, 9, 100, 3).unwrap();
    let theta = values(&net, 5);
    let theta32: Vec<f32> = theta.iter().map(|&v| v as f32).collect();
    let a = net.predict(&theta, &wide.problem, &mut net.memory());
    let b = net.predict(&theta32, &narrow.problem, &mut net.memory());
    for (a, b) in a.w.iter().chain(&a.p).zip(b.w.iter().chain(&b.p)) {
        assert!((a - b).abs() <= 1e-4 * (1e-2 + a.abs()), "{a} {b}");
    }
}

#[test]
fn permuting_the_nodes_permutes_the_answer() {
    let net = PriorNet::new(5);
    let theta = values(&net, 1);
    let m = 9;
    let Example { problem, .. } = example(50);
    let place: Vec<usize> = (0..m).map(|i| (i * 4 + 2) % m).collect();
    let moved = |v: &[f64]| {
        let mut out = vec![0.0; v.len()];
        for ((i, j), &v) in pairs::iter(m).zip(v) {
            let (a, b) = (place[i].min(place[j]), place[i].max(place[j]));
            out[pairs::index(m, a, b)] = v;
        }
        out
    };
    let permuted = Problem::<f64>::new(m, 50, &moved(&problem.z)).unwrap();
    let (a, b) = (net.predict(&theta, &problem, &mut net.memory()), net.predict(&theta, &permuted, &mut net.memory()));
    for (a, b) in moved(&a.w).iter().zip(&b.w).chain(moved(&a.p).iter().zip(&b.p)) {
        assert!((a - b).abs() <= 1e-9 * (1.0 + a.abs()), "{a} {b}");
    }
}

#[test]
fn the_unit_of_the_signals_is_free() {
    let net = PriorNet::new(5);
    let theta = values(&net, 1);
    let Example { problem, .. } = example(50);
    let scaled: Vec<f64> = problem.z.iter().map(|z| 1e6 * z).collect();
    let scaled = Problem::<f64>::new(9, 50, &scaled).unwrap();
    let (a, b) = (net.predict(&theta, &problem, &mut net.memory()), net.predict(&theta, &scaled, &mut net.memory()));
    for (a, b) in a.w.iter().zip(&b.w) {
        assert!((a - 1e6 * b).abs() <= 1e-8 * (1.0 + a.abs()), "{a} {b}");
    }
}
