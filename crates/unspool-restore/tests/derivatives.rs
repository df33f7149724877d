//! Every adjoint against finite differences, in f64.

use rand::RngExt;
use unspool_core::{At, Map, Real, Vjp};
use unspool_image::{Cfa, Image};
use unspool_restore::train::Memory;
use unspool_restore::{Bound, Grid, Prior, Sample, Shape, Supervised, Transformer, conv, start, stencil, window};
use unspool_train::{Model, params};

mod common;
use common::{random, rng};

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Derivative of `f` at 0, of fourth order.
fn derivative(f: impl Fn(f64) -> f64, h: f64) -> f64 {
    (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
}

/// The same at several steps: rounding spoils the short ones, a kink in reach the long ones.
///
/// Relative to the gradient in these parameters, or a thousandth of that in all: some have next to none.
fn derivatives(f: impl Fn(f64) -> f64, gradient: &[f64], all: f64, direction: &[f64], what: &str) {
    let expected = dot(gradient, direction);
    let size = dot(gradient, gradient).sqrt().max(1e-3 * all) * dot(direction, direction).sqrt();
    let errors = [1e-4, 1e-5, 1e-6, 1e-7].map(|h| (derivative(&f, h) - expected).abs() / size);
    let least = errors.into_iter().fold(f64::INFINITY, f64::min);
    assert!(least <= 1e-7, "{what}: relative errors {errors:?}");
}

fn close(a: f64, b: f64, what: &str) {
    assert!((a - b).abs() <= 1e-7 * a.abs().max(b.abs()).max(1e-9), "{what}: {a} against {b}");
}

#[test]
fn convolution_equals_its_definition_and_its_adjoints() {
    let mut rng = rng(1);
    let sizes = [(5, 7), (9, 4), (1, 1), (4, 16), (6, 29), (7, 30), (8, 49)];
    for ((height, width), (inputs, outputs)) in sizes.into_iter().zip([(3, 8), (5, 11), (1, 3)].into_iter().cycle()) {
        let grid = Grid::new(height, width);
        let (plane, mut inside) = (grid.plane(), vec![0.0; grid.plane()]);
        grid.inside(&mut inside);
        let x = random(grid, inputs, &mut rng);
        let kernels: Vec<f64> = (0..inputs * outputs * 9).map(|_| rng.random::<f64>() - 0.5).collect();
        let bias: Vec<f64> = (0..outputs).map(|_| rng.random()).collect();
        let mut packed = vec![0.0; conv::packed_len(inputs, outputs)];
        conv::pack(&kernels, inputs, outputs, &mut packed);
        let mut out = vec![0.0; outputs * plane];
        out.chunks_exact_mut(plane).for_each(|out| out[grid.body()].fill(f64::NAN)); // every number is written
        conv::forward(grid, &x, &packed, Some(&bias), &mut out);
        for o in 0..outputs {
            for y in 0..grid.height() {
                for column in 0..grid.width() {
                    let mut sum = bias[o];
                    for c in 0..inputs {
                        for k in 0..9 {
                            let at = grid.at(y, column) + (k / 3) * grid.stride() + k % 3 - grid.stride() - 1;
                            sum += kernels[(o * inputs + c) * 9 + k] * x[c * plane + at];
                        }
                    }
                    assert!((sum - out[o * plane + grid.at(y, column)]).abs() < 1e-13);
                }
            }
        }
        assert!(out.iter().zip(inside.iter().cycle()).all(|(out, inside)| *inside > 0.0 || *out == 0.0));
        // <g, K x> = <K'g, x> = <dK, K>
        let g = random(grid, outputs, &mut rng);
        conv::forward(grid, &x, &packed, None, &mut out);
        let forward = dot(&g, &out);
        let mut adjoint = vec![0.0; conv::packed_len(outputs, inputs)];
        conv::pack_adjoint(&kernels, inputs, outputs, &mut adjoint);
        let mut gx = vec![0.0; inputs * plane];
        conv::forward(grid, &g, &adjoint, None, &mut gx);
        close(forward, dot(&gx, &x), "adjoint in the input");
        let (mut gk, mut gb) = (vec![0.0; kernels.len()], vec![0.0; outputs]);
        conv::kernels_vjp(grid, &x, &g, &inside, &mut gk, &mut gb);
        close(forward, dot(&gk, &kernels), "adjoint in the kernels");
        close(gb.iter().sum(), g.iter().sum(), "adjoint in the bias");
    }
}

/// What comes after it, on some rows alone; other pixels stay as they are.
#[test]
fn convolution_of_some_rows() {
    use conv::Then;
    let (mut rng, grid, maps) = (rng(9), Grid::new(18, 21), 5);
    let plane = grid.plane();
    let x = random(grid, maps, &mut rng);
    let [kernels, bias] =
        [maps * maps * 9, maps].map(|n| (0..n).map(|_| rng.random::<f64>() - 0.5).collect::<Vec<_>>());
    let mut packed = vec![0.0; conv::packed_len(maps, maps)];
    conv::pack(&kernels, maps, maps, &mut packed);
    let mut y = vec![f64::NAN; maps * plane];
    conv::forward(grid, &x, &packed, Some(&bias), &mut y);
    let held = random(grid, maps, &mut rng);
    for then in [Then::Store, Then::Add, Then::Relu, Then::Skip { a: 0.3, c: -0.7 }] {
        for made in [0..18, 4..12, 8..18, 8..8] {
            let mut out = held.clone();
            conv::forward_then(grid, made.clone(), &x, &packed, Some(&bias), then, &mut out);
            for (row, column, o) in (0..18).flat_map(|y| (0..21).flat_map(move |x| (0..maps).map(move |o| (y, x, o)))) {
                let at = o * plane + grid.at(row, column);
                let want = match then {
                    _ if !made.contains(&row) => held[at],
                    Then::Store => y[at],
                    Then::Add => held[at] + y[at],
                    Then::Relu => y[at].max(0.0),
                    Then::Skip { a, c } => a * x[at] + c * y[at].max(0.0),
                };
                assert!((out[at] - want).abs() < 1e-13, "{then:?} {made:?} {row} {column}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "other == n")]
fn an_operator_refuses_planes_of_other_lengths() {
    let grid = Grid::new(4, 4);
    let plane = |planes: usize| vec![0.0f64; planes * grid.plane()];
    let a = stencil::Stencil { grid, diagonal: &plane(1), s: &plane(12) };
    a.apply(&plane(3), &mut plane(1));
}

#[test]
fn convolution_in_single_precision() {
    let (grid, maps) = (Grid::new(40, 50), 48);
    let mut rng = rng(4);
    let x = random(grid, maps, &mut rng);
    let kernels: Vec<f64> = (0..maps * maps * 9).map(|_| rng.random::<f64>() - 0.5).collect();
    fn run<F: Real>(grid: Grid, maps: usize, kernels: &[f64], x: &[f64]) -> Vec<f64> {
        let [kernels, x] = [kernels, x].map(|v| v.iter().map(|&v| F::of(v)).collect::<Vec<F>>());
        let (mut packed, mut out) = (vec![F::zero(); conv::packed_len(maps, maps)], vec![F::zero(); x.len()]);
        conv::pack(&kernels, maps, maps, &mut packed);
        conv::forward(grid, &x, &packed, None, &mut out);
        out.into_iter().map(Real::wide).collect()
    }
    let (double, single) = (run::<f64>(grid, maps, &kernels, &x), run::<f32>(grid, maps, &kernels, &x));
    let error: f64 = double.iter().zip(&single).map(|(a, b)| (a - b).powi(2)).sum();
    let relative = (error / dot(&double, &double)).sqrt();
    assert!(relative < 5e-7, "{relative}");
}

#[test]
fn weights_of_windows() {
    let mut rng = rng(2);
    let grid = Grid::new(6, 5);
    let plane = grid.plane();
    let g = random(grid, 3, &mut rng);
    let v = random(grid, 3, &mut rng);
    let weights = |g: &[f64]| {
        let mut s = vec![0.0; 12 * plane];
        window::affinity(grid, 0..grid.height(), g, &mut s);
        s
    };
    let s = weights(&g);
    let c: Vec<f64> = s.iter().map(|s| if *s > 0.0 { rng.random() } else { 0.0 }).collect();
    let mut gs = c.clone();
    let mut gg = vec![0.0; g.len()];
    window::affinity_vjp(grid, &g, &s, &mut gs, &mut gg);
    let moved = |t: f64| dot(&c, &weights(&g.iter().zip(&v).map(|(g, v)| g + t * v).collect::<Vec<_>>()));
    close(derivative(moved, 1e-3), dot(&gg, &v), "weights");
    // L = D - W: symmetric, rows sum to 0, positive semidefinite
    let mut degrees = vec![0.0; plane];
    window::degrees(grid, &s, &mut degrees);
    let laplacian = stencil::Stencil { grid, diagonal: &degrees, s: &s };
    let apply = |x: &[f64]| {
        let mut out = vec![0.0; plane];
        laplacian.apply(x, &mut out);
        out
    };
    let (a, b) = (random(grid, 1, &mut rng), random(grid, 1, &mut rng));
    close(dot(&a, &apply(&b)), dot(&b, &apply(&a)), "symmetry");
    assert!(dot(&a, &apply(&a)) > 0.0);
    let mut ones = vec![0.0; plane];
    grid.inside(&mut ones);
    assert!(apply(&ones).iter().all(|l| l.abs() < 1e-13));
}

/// A network of two blocks on a small mosaic of values up to `most`; returns the largest in what it makes of it.
fn network(prior: Prior, seed: u64, most: f64) -> f64 {
    let mut rng = rng(seed);
    let net = Transformer::new(Shape { blocks: 2, maps: 4, heads: 2, admm: 4, cg: 3, ..Shape::paper(prior, 3) });
    let grid = Grid::new(6, 7);
    let plane = grid.plane();
    let mask = Cfa::Rggb.mask(6, 7);
    let mut known = vec![0.0; 3 * plane];
    let mut inside = vec![0.0; plane];
    grid.inside(&mut inside);
    for c in 0..3 {
        let own: Vec<f64> = mask.plane(c).iter().map(|&k| f64::from(u8::from(k))).collect();
        grid.put(&own, &mut known[c * plane..(c + 1) * plane]);
    }
    let unknown: Vec<f64> = known.iter().zip(inside.iter().cycle()).map(|(k, i)| i - k).collect();
    let image = random(grid, 3, &mut rng);
    let y: Vec<f64> = image.iter().zip(&known).map(|(i, k)| most * i * k).collect();
    let mut x0 = vec![0.0; 3 * plane];
    for c in 0..3 {
        let own = c * plane..(c + 1) * plane;
        start::tent(grid, &y[own.clone()], &known[own.clone()], &mut x0[own]);
    }
    let map = Bound::new(&net, grid, &y, &known, &unknown, &inside);
    let mut theta: Vec<f64> = net.layout().init(seed);
    for entry in net.layout().entries() {
        if entry.name.ends_with("metric") {
            theta[entry.range.clone()].iter_mut().for_each(|t| *t *= 4.0);
        }
        let spread = if entry.name.ends_with("gamma") { 1.0 } else { 0.1 };
        theta[entry.range.clone()].iter_mut().for_each(|t| *t += spread * (rng.random::<f64>() - 0.5));
    }
    let mut scratch = vec![0.0; map.scratch(1)];
    let run = |x0: &[f64], theta: &[f64]| {
        let mut scratch = vec![f64::NAN; map.scratch(0)];
        let (mut x, mut next) = (x0.to_vec(), vec![0.0; x0.len()]);
        let mut states = vec![x.clone()];
        for t in 0..2 {
            map.step(At { t, x: &x, theta }, &mut next, &mut scratch);
            std::mem::swap(&mut x, &mut next);
            states.push(x.clone());
        }
        states
    };
    let mut c = random(grid, 3, &mut rng);
    c.iter_mut().zip(inside.iter().cycle()).for_each(|(c, i)| *c -= 0.5 * i);
    let states = run(&x0, &theta);
    let (mut g, mut gx, mut gtheta) = (c.clone(), vec![0.0; x0.len()], vec![0.0; theta.len()]);
    for t in (0..2).rev() {
        map.vjp(At { t, x: &states[t], theta: &theta }, &g, &mut gx, &mut gtheta, &mut scratch);
        g.copy_from_slice(&gx);
    }
    let dx = random(grid, 3, &mut rng);
    let along_x = |t: f64| {
        let x: Vec<f64> = x0.iter().zip(&dx).map(|(x, d)| x + t * d).collect();
        dot(&c, &run(&x, &theta)[2])
    };
    derivatives(along_x, &gx, 0.0, &dx, "start");
    let all = dot(&gtheta, &gtheta).sqrt();
    for entry in net.layout().entries() {
        let direction: Vec<f64> = entry.range.clone().map(|_| rng.random::<f64>() - 0.5).collect();
        let along = |t: f64| {
            let mut moved = theta.clone();
            moved[entry.range.clone()].iter_mut().zip(&direction).for_each(|(m, d)| *m += t * d);
            dot(&c, &run(&x0, &moved)[2])
        };
        derivatives(along, &gtheta[entry.range.clone()], all, &direction, &entry.name);
    }
    states[2].iter().copied().fold(0.0, f64::max)
}

#[test]
fn a_network_with_laplacian_smoothness() {
    network(Prior::Glr, 3, 1.0);
}

#[test]
fn a_network_with_total_variation() {
    network(Prior::Gtv, 4, 1.0);
}

#[test]
fn networks_whose_solutions_leave_their_bounds() {
    for prior in [Prior::Glr, Prior::Gtv] {
        let largest = network(prior, 5, 9.0);
        // bounds of 2 for each head, whose weights add up to one but for what the test adds
        assert!((1.9..2.3).contains(&largest), "{largest}");
    }
}

/// What training takes from it: the loss with errors after every block, more of them away from the border.
#[test]
fn the_loss_of_training() {
    let mut rng = rng(6);
    let shape = Shape { blocks: 2, maps: 4, heads: 2, admm: 4, cg: 3, ..Shape::paper(Prior::Gtv, 3) };
    let model = Supervised { inner: 0.3, rounding: 0.05, border: 2, border_weight: 0.4, net: Transformer::new(shape) };
    let target = Image::from_fn(3, 7, 8, |_, _, _| rng.random());
    let mosaic = Cfa::Rggb.mosaic(&target).unwrap();
    let sample =
        Sample { target: target.clone(), observed: Cfa::Rggb.spread(&mosaic).unwrap(), mask: Cfa::Rggb.mask(7, 8) };
    let mut memory = Model::<f64>::memory(&model);
    let theta: Vec<f64> = model.net.layout().init(6);
    let mut loss = |theta: &[f64], sample: &Sample, gradient: &mut [f64]| {
        model.loss(theta, sample, &mut params::stream(0, 0, 0), gradient, &mut memory).unwrap()
    };
    let mut gradient = vec![0.0; theta.len()];
    let first = loss(&theta, &sample, &mut gradient);
    let direction: Vec<f64> = theta.iter().map(|_| rng.random::<f64>() - 0.5).collect();
    let spare = std::cell::RefCell::new((vec![0.0; theta.len()], loss));
    let at = |theta: &[f64], sample: &Sample| {
        let (gradient, loss) = &mut *spare.borrow_mut();
        loss(theta, sample, gradient)
    };
    let along = |t: f64| {
        let moved: Vec<f64> = theta.iter().zip(&direction).map(|(theta, d)| theta + t * d).collect();
        at(&moved, &sample)
    };
    derivatives(along, &gradient, 0.0, &direction, "all parameters");
    // what is next to the border counts as much as it is said to: nothing, as all else, or something between
    let weighted = |border_weight: f64, sample: &Sample| {
        let model = Supervised { border_weight, ..model.clone() };
        let (mut stream, mut gradient) = (params::stream(0, 0, 0), vec![0.0; theta.len()]);
        model.loss(&theta, sample, &mut stream, &mut gradient, &mut Memory::default()).unwrap()
    };
    let [inside, all] = [0.0, 1.0].map(|weight| weighted(weight, &sample));
    let (n_inside, n_all) = (3.0 * 3.0 * 4.0, 3.0 * 7.0 * 8.0);
    let sum = 0.6 * n_inside * inside + 0.4 * n_all * all;
    assert!((first * (0.6 * n_inside + 0.4 * n_all) / sum - 1.0).abs() < 1e-12);
    let changed = |y: usize, x: usize| {
        let mut other = sample.clone();
        other.target.plane_mut(1)[y * 8 + x] += 0.1;
        weighted(0.0, &other) != inside
    };
    for (y, x) in [(1, 3), (5, 3), (3, 1), (3, 6)] {
        assert!(!changed(y, x), "({y}, {x})");
    }
    for (y, x) in [(2, 2), (4, 5)] {
        assert!(changed(y, x), "({y}, {x})");
    }
    // memory that was used leaves no trace
    let mut again = vec![0.0; theta.len()];
    (spare.borrow_mut().1)(&theta, &sample, &mut again);
    assert!(again.iter().zip(&gradient).all(|(a, b)| a.to_bits() == b.to_bits()));
    let small = Supervised { border: 4, ..model.clone() };
    let refused = small.metrics(&theta, &sample, &mut params::stream(0, 0, 0), &mut [0.0], &mut Memory::default());
    assert!(refused.unwrap_err().to_string().contains("7 x 8 pixels are within 4 of the border"));
}

#[test]
fn parameter_counts() {
    for (prior, channels, count) in
        [(Prior::Glr, 3, 323_410), (Prior::Gtv, 3, 323_435), (Prior::Glr, 1, 319_090), (Prior::Gtv, 1, 319_115)]
    {
        assert_eq!(Transformer::new(Shape::paper(prior, channels)).layout().len(), count);
    }
}
