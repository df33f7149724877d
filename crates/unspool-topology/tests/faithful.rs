//! Unrolling and L2G: golden values, derivatives.

use unspool_graph::generate::Family;
use unspool_topology::data::{Order, labelled};
use unspool_topology::{L2g, Labelled, Unrolling};
use unspool_train::params::stream;
use unspool_train::{Layout, Model};

const Z: [f64; 6] = [0.2, 1.0, 0.6, 0.5, 1.2, 0.4];

/// Section 3 of the paper's code: 20 layers at the first values.
#[test]
fn golden_forward_of_both() {
    let want = [0.07594495, 0.00032569, 0.00050279, 0.00808747, 0.00032569, 0.02487657];
    for recurrent in [false, true] {
        let net = Unrolling::new(20, recurrent);
        let theta: Vec<f64> = Model::<f64>::layout(&net).init(0);
        assert_eq!(theta.len(), if recurrent { 3 } else { 60 });
        let mut memory = Model::<f64>::memory(&net);
        net.forward(&theta, 4, &Z, &mut memory).unwrap();
        for (got, want) in memory.weights(20).iter().zip(want) {
            assert!((got - want).abs() < 3e-8, "{got} {want}");
        }
        let theta: Vec<f32> = Model::<f32>::layout(&net).init(0);
        let (mut memory, z) = (Model::<f32>::memory(&net), Z.map(|z| z as f32));
        net.forward(&theta, 4, &z, &mut memory).unwrap();
        for (got, want) in memory.weights(20).iter().zip(want) {
            assert!((f64::from(*got) - want).abs() < 1e-5 * want, "{got} {want}");
        }
    }
}

/// The gradient of a model's loss against differences, tensor by tensor.
fn check<M: Model<f64, Sample = Labelled<f64>>>(net: &M, theta: &[f64], sample: &Labelled<f64>) {
    let layout: &Layout = net.layout();
    let mut memory = net.memory();
    let mut gradient = vec![0.0; theta.len()];
    net.loss(theta, sample, &mut stream(0, 0, 0), &mut gradient, &mut memory).unwrap();
    for entry in layout.entries() {
        let direction = |i: usize| ((i * 37 % 19) as f64 - 9.0) / 9.0 + 0.05;
        let mut along = |h: f64| {
            let mut at = theta.to_vec();
            entry.range.clone().for_each(|i| at[i] += h * direction(i));
            let mut unused = vec![0.0; at.len()];
            net.loss(&at, sample, &mut stream(0, 0, 0), &mut unused, &mut memory).unwrap()
        };
        let h = 1e-6;
        let want = (8.0 * (along(h) - along(-h)) - (along(2.0 * h) - along(-2.0 * h))) / (12.0 * h);
        let got: f64 = entry.range.clone().map(|i| gradient[i] * direction(i)).sum();
        assert!((got - want).abs() <= 1e-7 * (1.0 + want.abs()), "{}: {got} {want}", entry.name);
    }
}

fn sample(nodes: usize) -> Labelled<f64> {
    labelled(&Family::BarabasiAlbert { attach: 2 }, nodes, 200, Order::Generator, 4).unwrap()
}

#[test]
fn gradients_of_unrolling_with_and_without_the_clamp() {
    for recurrent in [false, true] {
        let net = Unrolling::new(20, recurrent);
        let mut theta: Vec<f64> = Model::<f64>::layout(&net).init(0);
        let count = theta.len() / 3;
        theta.iter_mut().enumerate().for_each(|(i, t)| *t *= 1.0 + 0.3 * (i as f64).sin());
        check(&net, &theta, &sample(7));
        if !recurrent {
            // a negative alpha and a negative step: the root is clamped
            theta[2 * count + 3] = -2.0;
            theta[9] = -0.02;
            check(&net, &theta, &sample(7));
        }
    }
}

#[test]
fn gradient_of_l2g() {
    let net = L2g::new(7, 6);
    let mut theta: Vec<f64> = Model::<f64>::layout(&net).init(1);
    theta.iter_mut().enumerate().for_each(|(i, t)| *t += 0.02 * (i as f64).cos());
    check(&net, &theta, &sample(7));
}

#[test]
fn a_batch_of_graphs_is_predicted_as_each_of_them() {
    let net = L2g::new(7, 5);
    let theta: Vec<f64> = Model::<f64>::layout(&net).init(0);
    let plain = Unrolling::new(5, false);
    let graphs: Vec<_> = (0..19)
        .map(|seed| labelled(&Family::BarabasiAlbert { attach: 2 }, 7, 200, Order::Generator, seed).unwrap())
        .collect();
    let near = |got: &[f64], expected: &[f64]| {
        assert_eq!(got.len(), expected.len());
        assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + b.abs())));
    };
    let mut batch = unspool_topology::l2g::BatchMemory::default();
    // also after a larger one
    for graphs in [&graphs[..], &graphs[1..4], &graphs[..0]] {
        let z: Vec<&[f64]> = graphs.iter().map(|graph| graph.z.as_slice()).collect();
        net.predict_batch(&theta, 7, &z, &mut stream(0, 0, 0), &mut batch).unwrap();
        assert_eq!(batch.weights().count(), graphs.len());
        let mut noise = stream(0, 0, 0);
        let mut memory = Default::default();
        for (graph, got) in graphs.iter().zip(batch.weights()) {
            net.predict(&theta, 7, &graph.z, &mut noise, &mut memory).unwrap();
            near(got, memory.weights());
        }
        // the scalars come first in both layouts
        let mut out = vec![0.0; 21 * graphs.len()];
        plain.forward_batch(&theta[..15], 7, &z, &mut out).unwrap();
        for (graph, got) in graphs.iter().zip(out.chunks(21)) {
            let mut memory = Default::default();
            plain.forward(&theta[..15], 7, &graph.z, &mut memory).unwrap();
            near(got, memory.weights(5));
        }
        assert!(plain.forward_batch(&theta[..15], 7, &z, &mut [0.0; 20]).is_err());
    }
    let other = labelled(&Family::BarabasiAlbert { attach: 2 }, 8, 200, Order::Generator, 0).unwrap();
    assert!(net.predict_batch(&theta, 8, &[&other.z], &mut stream(0, 0, 0), &mut batch).is_err());
}

#[test]
fn l2g_has_the_size_of_the_authors() {
    assert_eq!(Model::<f32>::layout(&L2g::new(20, 20)).len(), 106_019);
}
