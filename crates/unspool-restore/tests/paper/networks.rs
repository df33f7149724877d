//! Whole networks: what they keep, and whole images against the map.

use rand::RngExt;
use unspool_core::{At, Map, Real};
use unspool_image::Cfa;
use unspool_restore::{Bound, Grid, Observed, Prior, Shape, Transformer};

use crate::{distance, marks, mirrored, random, rng, to_image};

/// Parameters of a network, all random; weights of heads add up to 1.
fn parameters(net: &Transformer, seed: u64) -> Vec<f64> {
    let mut rng = rng(seed);
    let mut theta: Vec<f64> = net.layout().init(seed);
    for entry in net.layout().entries() {
        let own = &mut theta[entry.range.clone()];
        let spread = if entry.name.ends_with("gamma") { 4.0 } else { 0.2 };
        own.iter_mut().for_each(|t| *t += spread * (rng.random::<f64>() - 0.5));
        if entry.name.ends_with("comb") {
            let sum: f64 = own.iter().sum();
            own.iter_mut().for_each(|t| *t /= sum);
        }
    }
    theta
}

fn observed<F: Real>(grid: Grid, samples: &[f64], known: &[bool]) -> Observed<F> {
    // what is not known may be anything
    let seen: Vec<F> = samples.iter().zip(known).map(|(&s, &k)| if k { F::of(s) } else { F::nan() }).collect();
    Observed::new(grid.height(), grid.width(), &seen, known)
}

#[test]
fn samples_stay_as_they_are_with_laplacian_smoothness() {
    let net = Transformer::new(Shape { blocks: 3, maps: 6, heads: 3, admm: 2, cg: 4, ..Shape::paper(Prior::Glr, 3) });
    let (mut rng, grid) = (rng(5), Grid::new(9, 12));
    let samples: Vec<f64> = (0..3 * 108).map(|_| rng.random()).collect();
    let known: Vec<bool> = (0..3 * 108).map(|_| rng.random::<f64>() < 0.4).collect();
    let observed = observed(grid, &samples, &known);
    let image = observed.image(&net.restore(&parameters(&net, 5), &observed));
    for ((a, b), _) in image.iter().zip(&samples).zip(&known).filter(|(_, known)| **known) {
        assert!((a - b).abs() < 1e-15);
    }
    assert!(image.iter().all(|v| v.is_finite()));
}

#[test]
fn networks_keep_constants() {
    let constant = |grid: Grid, known: &[bool]| observed(grid, &vec![0.7; known.len()], known);
    // graphs of zero-padded features see the border, and normalised Laplacians its degrees: 4 + 2 + 2 pixels, and 2 more
    // an iteration
    let shape = Shape { blocks: 1, maps: 6, heads: 3, admm: 1, cg: 3, ..Shape::paper(Prior::Glr, 3) };
    let (net, grid) = (Transformer::new(shape), Grid::new(28, 31));
    let known: Vec<bool> = (0..3 * 28 * 31).map(|i| i % 3 == 0).collect();
    let observed = constant(grid, &known);
    let x = net.restore(&parameters(&net, 7), &observed);
    for c in 0..3 {
        for row in 12..28 - 12 {
            for column in 12..31 - 12 {
                assert!((x[c * grid.plane() + grid.at(row, column)] - 0.7).abs() < 1e-14);
            }
        }
    }
    // total variation, solved well
    let shape = Shape { blocks: 2, maps: 6, heads: 3, admm: 2, cg: 10_000, ..Shape::paper(Prior::Gtv, 3) };
    let (net, grid) = (Transformer::new(shape), Grid::new(8, 9));
    let observed = constant(grid, Cfa::Gbrg.mask(8, 9).known());
    let mut theta = parameters(&net, 8);
    for entry in net.layout().entries().iter().filter(|e| e.name.ends_with("alpha") || e.name.ends_with("beta")) {
        theta[entry.range.clone()].fill(if entry.name.ends_with("alpha") { 0.5 } else { 0.3 });
    }
    let image = observed.image(&net.restore(&theta, &observed));
    let error = distance(&image, &vec![0.7; image.len()]);
    assert!(error < 1e-11, "{error}");
}

#[test]
fn networks_of_symmetric_kernels_keep_mirror_images() {
    let (mut rng, grid) = (rng(10), Grid::new(9, 10));
    for prior in [Prior::Glr, Prior::Gtv] {
        let net = Transformer::new(Shape { blocks: 2, maps: 6, heads: 2, admm: 3, cg: 4, ..Shape::paper(prior, 3) });
        let mut theta = parameters(&net, 10);
        for entry in net.layout().entries().iter().filter(|entry| entry.shape.len() == 4) {
            for kernel in theta[entry.range.clone()].as_chunks_mut::<3>().0 {
                kernel[2] = kernel[0];
            }
        }
        let (image, known) = (random(grid, 3, &mut rng), marks(grid, 3, 0.4, &mut rng));
        let restore = |image: &[f64], known: &[f64]| {
            let flat = |all: &[f64]| -> Vec<f64> {
                all.chunks_exact(grid.plane()).flat_map(|plane| to_image(grid, plane)).collect()
            };
            let known: Vec<bool> = flat(known).iter().map(|&k| k > 0.0).collect();
            net.restore(&theta, &observed(grid, &flat(image), &known))
        };
        let turn = |planes: &[f64]| mirrored(grid, planes, false);
        let (own, other) = (restore(&image, &known), restore(&turn(&image), &turn(&known)));
        assert!(distance(&turn(&own), &other) < 1e-12);
    }
}

/// A network on a whole image, by so many threads, and block by block as a map.
fn both_ways<F: Real>(shape: Shape, size: (usize, usize), seed: u64, threads: usize) -> [Vec<F>; 2] {
    let (mut rng, grid) = (rng(seed), Grid::new(size.0, size.1));
    let net = Transformer::new(shape);
    let theta: Vec<F> = parameters(&net, seed).into_iter().map(F::of).collect();
    let n = size.0 * size.1;
    let mask = Cfa::Grbg.mask(size.0, size.1);
    let of_grid = |i: usize| (i / size.1).is_multiple_of(2) && (i % size.1).is_multiple_of(2);
    let known: Vec<bool> = if shape.channels == 3 { mask.known().to_vec() } else { (0..n).map(of_grid).collect() };
    let samples: Vec<f64> = (0..shape.channels * n).map(|_| rng.random()).collect();
    let observed = observed::<F>(grid, &samples, &known);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let whole = pool.install(|| net.restore(&theta, &observed));
    let planes = |value: &dyn Fn(usize) -> f64| -> Vec<F> {
        let image: Vec<F> = (0..shape.channels * n).map(|i| F::of(value(i))).collect();
        let mut planes = vec![F::zero(); shape.channels * grid.plane()];
        for (plane, image) in planes.chunks_exact_mut(grid.plane()).zip(image.chunks_exact(n)) {
            grid.put(image, plane);
        }
        planes
    };
    let mark = |wanted: bool| planes(&|i| f64::from(u8::from(known[i] == wanted)));
    let (y, known, unknown) = (planes(&|i| if known[i] { samples[i] } else { 0.0 }), mark(true), mark(false));
    let mut inside = vec![F::zero(); grid.plane()];
    grid.inside(&mut inside);
    let map = Bound::new(&net, grid, &y, &known, &unknown, &inside);
    let mut scratch = vec![F::nan(); map.scratch(0)];
    let (mut x, mut next) = (observed.start(), vec![F::nan(); y.len()]);
    for t in 0..shape.blocks {
        map.step(At { t, x: &x, theta: &theta }, &mut next, &mut scratch);
        std::mem::swap(&mut x, &mut next);
    }
    [whole, x]
}

fn small(prior: Prior, channels: usize) -> Shape {
    Shape { blocks: 2, maps: 6, heads: 3, admm: 3, cg: 3, ..Shape::paper(prior, channels) }
}

/// The bits of all numbers.
fn bits<F: Real>(x: &[F]) -> Vec<u64> {
    x.iter().map(|x| x.wide().to_bits()).collect()
}

#[test]
fn whole_images_equal_the_map_bit_for_bit() {
    for prior in [Prior::Glr, Prior::Gtv] {
        for (size, channels) in
            [((70, 130), 3), ((64, 65), 1), ((1, 150), 1), ((131, 2), 3), ((290, 3), 1), ((1, 1), 3)]
        {
            for threads in [1, 3] {
                let [whole, steps] = both_ways::<f64>(small(prior, channels), size, 11, threads);
                assert!(bits(&whole) == bits(&steps), "{prior:?} {size:?} {threads} f64");
                let [whole, steps] = both_ways::<f32>(small(prior, channels), size, 11, threads);
                assert!(bits(&whole) == bits(&steps), "{prior:?} {size:?} {threads} f32");
            }
        }
    }
}

#[test]
fn single_precision_is_near_to_double() {
    for prior in [Prior::Glr, Prior::Gtv] {
        let [double, _] = both_ways::<f64>(small(prior, 3), (70, 130), 12, 3);
        let [single, _] = both_ways::<f32>(small(prior, 3), (70, 130), 12, 3);
        let single: Vec<f64> = single.iter().map(|x| x.wide()).collect();
        let largest = double.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        assert!((0.1..10.0).contains(&largest) && distance(&single, &double) < 1e-3 * largest);
    }
}
