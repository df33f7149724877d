//! Theory against measurement: the identity, exact worst cases, burn-in, optimality.

use faer::{Mat, MatRef, Side};
use unspool_core::method::*;
use unspool_core::problem::{Groups, Quadratic, Smooth};
use unspool_core::{Jvp, Mode, Solve, Stop, Vjp, zoo};
use unspool_curse::experiment::{Exact, Method, Setting};
use unspool_curse::theory::identity::Eigen;
use unspool_curse::theory::{
    Residual, Scheme, Spectrum, chebyshev as ch, gradient_descent as gd, sobolev as gegenbauer,
};

const D: usize = 10;

trait Both: Jvp<f64> + Vjp<f64> {}
impl<M: Jvp<f64> + Vjp<f64>> Both for M {}

fn spectrum(kappa: f64) -> Spectrum {
    Spectrum::new(kappa, 1.0).unwrap()
}

/// Every method on `f` as a map, and as a residual polynomial.
fn each(f: &Quadratic<f64>, s: Spectrum, visit: &mut dyn FnMut(&dyn Both, &Scheme)) {
    let (a, b) = (s.ell(), s.big_l());
    let h = 2.0 / (a + b);
    visit(&GradientDescent::new(f, h), &Scheme::GradientDescent(h));
    let c = HeavyBall::tuned(a, b);
    visit(&heavy_ball(f, c), &Scheme::HeavyBall(c));
    let c = Nesterov::tuned(a, b);
    visit(&nesterov(f, c), &Scheme::Nesterov(c));
    let c = Chebyshev::new(a, b);
    visit(&chebyshev(f, c), &Scheme::Chebyshev(c));
    let c = Sobolev::new(a, b).unwrap();
    visit(&sobolev(f, c.clone()), &Scheme::Sobolev(c));
    let c = Horizon::new(a, b, unspool_curse::horizon::weights(a, b, 9, 0.0).unwrap()).unwrap();
    visit(&horizon(f, c.clone()), &Scheme::Horizon(c));
}

/// `A` with eigenvalues in [0.5, 3.5], as a row-major slice.
fn matrix(seed: u64) -> Vec<f64> {
    let data = zoo::Regression::new(D, D, 1.0, 0.0, seed);
    let q = MatRef::from_row_major_slice(&data.x, D, D).qr().compute_Q();
    let a = &q * Mat::from_fn(D, D, |i, j| if i == j { 0.5 + i as f64 / 3.0 } else { 0.0 }) * q.transpose();
    (0..D * D).map(|i| 0.5 * (a[(i / D, i % D)] + a[(i % D, i / D)])).collect()
}

fn eigen(h: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let eigen = MatRef::from_column_major_slice(h, D, D).self_adjoint_eigen(Side::Lower).unwrap();
    let vectors = (0..D * D).map(|i| eigen.U()[(i % D, i / D)]).collect();
    (vectors, (0..D).map(|i| eigen.S()[i]).collect())
}

fn norm(a: &[f64]) -> f64 {
    a.iter().map(|a| a * a).sum::<f64>().sqrt()
}

fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// Forward, reverse, the commuting and the general identity, and the bounds, for a shared and for one
/// regulariser a coordinate.
#[test]
fn identities_and_bounds() {
    for (seed, groups) in [(1, Groups::Shared), (2, Groups::PerFeature)] {
        let shared = groups == Groups::Shared;
        let (a, p) = (matrix(seed), groups.params(D));
        let b: Vec<f64> = (0..D).map(|i| (1.3 * (1.0 + i as f64)).sin()).collect();
        let start: Vec<f64> = (0..D).map(|i| (2.1 + i as f64).cos()).collect();
        let theta: Vec<f64> = (0..p).map(|j| -0.4 + 0.07 * j as f64).collect();
        let f = Quadratic::new(a, b, groups).unwrap();
        let exact = Exact::solve(&f, &theta, &start).unwrap();
        let mut h = vec![0.0; D * D];
        f.hess_matrix(&start, &theta, &mut h, &mut vec![0.0; f.matrix_scratch()]);
        let (vectors, values) = eigen(&h);
        let e = Eigen { vectors: &vectors, values: &values };
        let s = Spectrum::new(values[0], values[D - 1]).unwrap();
        let distance = minus(&start, &exact.x);
        for t in [1, 2, 5, 9, 20] {
            each(&f, s, &mut |map, scheme| {
                let solve = Solve::new(map, &start).stop(Stop::steps(t));
                let forward = solve.jacobian(&theta, Mode::full()).unwrap().dx;
                for i in 0..D {
                    let reverse = solve.vjp(&theta, Mode::slots(4), |_, c| c[i] = 1.0).unwrap().theta;
                    let row: Vec<f64> = (0..p).map(|j| forward[j * D + i]).collect();
                    assert!(norm(&minus(&row, &reverse)) < 1e-12 * norm(&forward));
                }
                for j in 0..p {
                    let at = |l: f64| scheme.at(t, l);
                    let exact = &exact.jacobian[j * D..(j + 1) * D];
                    let initial: Vec<f64> = exact.iter().map(|j| -j).collect();
                    let mut dh = vec![0.0; D * D];
                    (0..D).filter(|i| shared || *i == j).for_each(|i| dh[i * D + i] = theta[j].exp());
                    let error = minus(&forward[j * D..(j + 1) * D], exact);
                    let general = e.general(at, &initial, &dh, &distance).unwrap();
                    let size = norm(&error).max(1e-3 * norm(exact));
                    assert!(norm(&minus(&general, &error)) < 1e-9 * size, "{scheme:?}, {t}");
                    let bound = Eigen::bound(at, s.grid(500), norm(&initial), norm(&dh), norm(&distance));
                    assert!(norm(&error) <= bound * (1.0 + 1e-9), "{scheme:?}, {t}");
                    if !shared {
                        continue;
                    }
                    let source: Vec<f64> = start.iter().map(|x| theta[j].exp() * x).collect();
                    let commuting = e.commuting(at, &initial, &source).unwrap();
                    assert!(norm(&minus(&commuting, &error)) < 1e-9 * size, "{scheme:?}, {t}");
                    let (d0, g) = (norm(&initial), norm(&source));
                    match scheme {
                        Scheme::GradientDescent(h) => {
                            assert!(norm(&error) <= gd::bound(s, *h, t, d0, g) * (1.0 + 1e-9))
                        }
                        Scheme::Chebyshev(_) => assert!(norm(&error) <= ch::bound(s, t, d0, g) * (1.0 + 1e-9)),
                        _ => {}
                    }
                }
            });
        }
        assert!(e.commuting(|_| Residual::ONE, &[0.0], &distance).is_err());
    }
}

/// Closed forms of the polynomials, for many steps.
#[test]
fn closed_forms() {
    for (kappa, steps) in [(0.1, 60), (1e-2, 400), (1e-5, 3000)] {
        let s = spectrum(kappa);
        let c = HeavyBall::tuned(kappa, 1.0);
        let (q, h) = (c.momentum, c.step_size);
        for l in s.grid(9) {
            let all = Scheme::Chebyshev(Chebyshev::new(kappa, 1.0)).sequence(steps, l);
            let heavy = Scheme::HeavyBall(c).sequence(steps, l);
            for t in [1, 2, 7, steps / 2, steps] {
                let (n, angle) = (t as f64, s.reduced(l).clamp(-1.0, 1.0).acos());
                let scale = (-s.ln_chebyshev(t)).exp() * if t % 2 == 0 { 1.0 } else { -1.0 };
                assert!((all[t].value - scale * (n * angle).cos()).abs() < 1e-9 * scale.abs().max(1e-6), "{kappa} {t}");
                let phi = all[t].phi(l);
                assert!(phi.abs() <= ch::worst_phi(s, t) * (1.0 + 1e-6) + 1e-12, "{kappa} {t} {l}");
                let x = ((1.0 + q - h * l) / (2.0 * q.sqrt())).clamp(-1.0, 1.0).acos();
                let second = if x.sin() > 1e-6 { ((n + 1.0) * x).sin() / x.sin() } else { continue };
                let value = q.powf(0.5 * n) * (2.0 * q * (n * x).cos() + (1.0 - q) * second) / (1.0 + q);
                assert!((heavy[t].value - value).abs() < 1e-9, "{kappa} {t}");
            }
        }
    }
    // A hundred thousand steps of gradient descent.
    let p = Scheme::GradientDescent(1.0).at(100_000, 1e-5);
    assert!((p.value / (1e5 * (-1e-5f64).ln_1p()).exp() - 1.0).abs() < 1e-9);
    assert!((p.slope / (-1e5 * (99_999.0 * (-1e-5f64).ln_1p()).exp()) - 1.0).abs() < 1e-9);
}

/// The worst cases are exact: equal to the maximum over a grid with the edges in it.
#[test]
fn exact_worst_cases() {
    for kappa in [0.6, 0.2, 1e-2, 1e-3] {
        let s = spectrum(kappa);
        for h in [0.3, 1.0, 1.2, 1.414, 1.5, 1.9, 2.0 / (1.0 + kappa)] {
            for (t, worst) in Scheme::GradientDescent(h).worst_phi(60, s.grid(400)).into_iter().enumerate() {
                assert!((worst / gd::worst_phi(s, h, t) - 1.0).abs() < 1e-9, "{kappa}, {h}, {t}");
            }
        }
        let scheme = Scheme::Chebyshev(Chebyshev::new(kappa, 1.0));
        for (t, worst) in scheme.worst_phi(60, s.grid(400)).into_iter().enumerate() {
            let expected = ch::worst_phi(s, t);
            assert!((worst - expected).abs() < 1e-7 * expected.max(1e-6), "{kappa}, {t}");
        }
        let nesterov = Scheme::Nesterov(Nesterov::tuned(kappa, 1.0)).worst_phi(300, s.grid(2000));
        assert!(nesterov.iter().all(|w| *w <= 1.0 + 1e-12));
    }
    let first = |scheme: Scheme, level: f64| {
        let worst = scheme.worst_phi(800, spectrum(0.01).grid(4000));
        worst.iter().rposition(|w| *w >= level).unwrap() + 1
    };
    assert_eq!(first(Scheme::Nesterov(Nesterov::tuned(0.01, 1.0)), 1e-2), 94);
    assert_eq!(first(Scheme::Chebyshev(Chebyshev::new(0.01, 1.0)), 1e-2), 73);
    assert_eq!(first(Scheme::GradientDescent(2.0 / 1.01), 1e-2), 584);
    assert_eq!(first(Scheme::GradientDescent(1.0), 1e-2), 662);
}

/// `sqrt(2)/L` is the threshold, and `kappa = sqrt(2) - 1` the one of `h = 2/(L + ell)`.
#[test]
fn thresholds() {
    for kappa in [0.3, 1e-2, 1e-4] {
        let s = spectrum(kappa);
        assert!((0..500).all(|t| gd::worst_phi(s, 1.414, t) <= 1.0));
        assert!(gd::worst_phi(s, 1.416, 2) > 1.0);
        assert!(gd::burn_in(s, 1.414).is_none() && gd::burn_in(s, 1.416).is_some());
    }
    for (kappa, never) in [(0.4142, false), (0.41422, true)] {
        let s = spectrum(kappa);
        assert_eq!(gd::never_burns_in(s), never);
        assert_eq!((0..500).all(|t| gd::worst_phi(s, 2.0 / (1.0 + kappa), t) <= 1.0), never);
    }
}

/// Peak, height and end of the burn-in.
#[test]
fn burn_in() {
    let heights = [(1e-1, 3.722, 5.4), (1e-2, 36.79, 50.5), (1e-3, 367.9, 500.5), (1e-4, 3679.0, 5000.5)];
    for (kappa, height, peak) in heights {
        let s = spectrum(kappa);
        for h in [2.0 / (1.0 + kappa), 1.6, 1.45] {
            let burn = gd::burn_in(s, h).unwrap();
            let curve: Vec<f64> = (0..100_000).map(|t| gd::worst_phi(s, h, t)).collect();
            let end = curve.iter().rposition(|w| *w > 1.0).unwrap() + 1;
            assert!((burn.end - end as f64).abs() <= 1.0, "{kappa}, {h}: {} {end}", burn.end);
            let top = (0..curve.len()).max_by(|&a, &b| curve[a].total_cmp(&curve[b])).unwrap();
            assert!((burn.peak - top as f64).abs() <= 1.0, "{kappa}, {h}: {} {top}", burn.peak);
            assert!(curve[top] <= burn.height * (1.0 + 1e-9));
        }
        let burn = gd::burn_in(s, 2.0 / (1.0 + kappa)).unwrap();
        assert!((burn.height / height - 1.0).abs() < 5e-4 && (burn.peak - peak).abs() < 0.05);
    }
    for (kappa, value, at, below) in
        [(1e-1, 5.225, 3, 9), (1e-2, 53.09, 10, 45), (1e-3, 532.1, 33, 188), (1e-4, 5322.0, 103, 729)]
    {
        let curve: Vec<f64> = (0..2000).map(|t| ch::worst_phi(spectrum(kappa), t)).collect();
        let top = (0..curve.len()).max_by(|&a, &b| curve[a].total_cmp(&curve[b])).unwrap();
        assert!((curve[top] / value - 1.0).abs() < 2e-4 && top == at, "{kappa}: {} at {top}", curve[top]);
        assert_eq!(curve.iter().rposition(|w| *w >= 1.0).unwrap() + 1, below, "{kappa}");
        let (t, height) = ch::peak(spectrum(kappa));
        assert!((t / at as f64 - 1.0).abs() < 0.1 && (height / value - 1.0).abs() < 0.04);
    }
    // The term of the source peaks at the same height for the small and the large step.
    let s = spectrum(1e-2);
    for h in [1.0, 2.0 / 1.01] {
        let (t, height) = gd::source_peak(s, h);
        assert!((t * h * 1e-2 - 1.0).abs() < 0.02 && (height * 1e-2 * 1f64.exp() - 1.0).abs() < 0.02);
    }
}

/// The Sobolev method in the worst case.
#[test]
fn sobolev_in_the_worst_case() {
    let rows = [
        (1e-2, 0.5, 1e-2, 2.33, 18, [29, 57, 108]),
        (1e-2, 0.5, 1.0, 1.20, 23, [28, 57, 108]),
        (1e-2, 1.0, 1e-2, 3.69, 17, [33, 63, 115]),
        (1e-3, 0.5, 1e-3, 4.87, 68, [115, 202, 362]),
        (1e-3, 0.5, 1.0, 1.35, 97, [112, 202, 362]),
    ];
    for (kappa, alpha, eta, peak, at, below) in rows {
        let scheme = Scheme::Sobolev(Sobolev::with(kappa, 1.0, alpha, eta).unwrap());
        let worst = scheme.worst_phi(450, spectrum(kappa).grid(3000));
        let top = (0..worst.len()).max_by(|&a, &b| worst[a].total_cmp(&worst[b])).unwrap();
        assert!((worst[top] - peak).abs() < 6e-3 && top == at, "{kappa} {alpha} {eta}: {} at {top}", worst[top]);
        let got = [1.0, 1e-2, 1e-6].map(|level| worst.iter().rposition(|w| *w >= level * (1.0 + 1e-12)).unwrap() + 1);
        assert_eq!(got, below, "{kappa} {alpha} {eta}");
    }
}

#[test]
fn sobolev_polynomials() {
    use std::f64::consts::FRAC_PI_2;
    let check = |alpha: f64, eta: f64, k0: f64, s: [f64; 7], d: [f64; 5]| {
        let norms = gegenbauer::norms(alpha, eta, 7);
        norms.iter().zip(s).for_each(|(n, s)| assert!((k0 * n.0 - s).abs() < 1e-9, "{} {s}", k0 * n.0));
        norms[2..].iter().zip(d).for_each(|(n, d)| assert!((n.1 - d).abs() < 1e-9, "{} {d}", n.1));
    };
    let s = [FRAC_PI_2, 4.7123889804, 14.1371669412, 30.8923277603, 53.2325421858, 81.6015379937, 116.1925768158];
    check(1.0, 0.5, FRAC_PI_2, s, [1.0, 1.0 / 3.0, 1.0 / 9.0, 0.0508474576, 0.0295081967]);
    let s = [2.0, 2.6666666667, 6.4, 10.7857142857, 14.5972222222, 18.4599638772, 22.3726853546];
    check(0.5, 1.0, 2.0, s, [1.0, 0.25, 0.0625, 0.0264900662, 0.0152235966]);
}

/// The Sobolev iterates are the minimisers: against a dense solve with the Gram matrix by quadrature.
#[test]
fn sobolev_is_optimal() {
    for (kappa, alpha, eta_l) in [(0.05, 0.5, 0.05), (0.2, 0.5, 1.0), (0.05, 1.0, 0.3)] {
        let s = spectrum(kappa);
        let scheme = Scheme::Sobolev(Sobolev::with(kappa, 1.0, alpha, eta_l).unwrap());
        let m0 = s.reduced(0.0);
        // Gauss quadrature for alpha = 1 in closed form, for alpha = 1/2 by Newton's method.
        let nodes: Vec<(f64, f64)> =
            (1..=40).map(|i| if alpha == 1.0 { second_kind(i, 40) } else { legendre(i, 40) }).collect();
        let basis = |m: f64, k: usize| {
            let (mut a, mut b) = (Residual { value: 1.0, slope: 0.0 }, Residual { value: m, slope: 1.0 });
            for _ in 0..k {
                let next =
                    Residual { value: 2.0 * m * b.value - a.value, slope: 2.0 * b.value + 2.0 * m * b.slope - a.slope };
                (a, b) = (b, next);
            }
            a
        };
        for t in 1..=15 {
            let stretch = 2.0 / (1.0 - kappa);
            let gram = Mat::from_fn(t + 1, t + 1, |i, j| {
                let term = |&(m, w): &(f64, f64)| {
                    let (a, b) = (basis(m, i), basis(m, j));
                    w * (a.value * b.value + eta_l * stretch * stretch * a.slope * b.slope)
                };
                nodes.iter().map(term).sum::<f64>()
            });
            let at_zero = Mat::from_fn(t + 1, 1, |k, _| basis(m0, k).value);
            use faer::linalg::solvers::Solve as _;
            let c = gram.partial_piv_lu().solve(&at_zero);
            let scale = (at_zero.transpose() * &c)[(0, 0)];
            for l in s.grid(7) {
                let best: f64 = (0..=t).map(|k| c[(k, 0)] * basis(s.reduced(l), k).value).sum::<f64>() / scale;
                let got = scheme.at(t, l).value;
                assert!((got - best).abs() < 1e-9, "{kappa} {alpha} {t}: {got} {best}");
            }
        }
    }
}

fn second_kind(i: usize, n: usize) -> (f64, f64) {
    let step = std::f64::consts::PI / (n + 1) as f64;
    let (s, c) = (i as f64 * step).sin_cos();
    (c, step * s * s)
}

fn legendre(i: usize, n: usize) -> (f64, f64) {
    let mut x = (std::f64::consts::PI * (i as f64 - 0.25) / (n as f64 + 0.5)).cos();
    let mut slope = 0.0;
    for _ in 0..50 {
        let (mut a, mut b) = (1.0, x);
        for k in 2..=n {
            let k = k as f64;
            (a, b) = (b, ((2.0 * k - 1.0) * x * b - (k - 1.0) * a) / k);
        }
        slope = n as f64 * (x * b - a) / (x * x - 1.0);
        x -= b / slope;
    }
    (x, 2.0 / ((1.0 - x * x) * slope * slope))
}

/// `f(x, theta) = 1/2 x'Hx + theta b'x`: only the linear term depends on theta.
struct OnlyLinear(Vec<f64>);

impl Smooth<f64> for OnlyLinear {
    fn dim(&self) -> usize {
        self.0.len()
    }
    fn params(&self) -> usize {
        1
    }
    fn value(&self, x: &[f64], theta: &[f64], _: &mut [f64]) -> f64 {
        x.iter().zip(&self.0).map(|(x, l)| 0.5 * l * x * x + theta[0] * x).sum()
    }
    fn gradient(&self, x: &[f64], theta: &[f64], out: &mut [f64], _: &mut [f64]) {
        out.iter_mut().zip(x.iter().zip(&self.0)).for_each(|(out, (x, l))| *out = l * x + theta[0]);
    }
    fn hess(&self, _: &[f64], _: &[f64], _: usize, v: &[f64], out: &mut [f64], _: &mut [f64]) {
        out.iter_mut().zip(v.iter().zip(self.0.iter().cycle())).for_each(|(out, (v, l))| *out = l * v);
    }
    fn mixed(&self, _: &[f64], _: &[f64], _: usize, dtheta: &[f64], out: &mut [f64], _: &mut [f64]) {
        out.chunks_exact_mut(self.0.len()).zip(dtheta).for_each(|(out, t)| out.iter_mut().for_each(|out| *out += t));
    }
    fn mixed_t(&self, _: &[f64], _: &[f64], scale: f64, v: &[f64], gtheta: &mut [f64], _: &mut [f64]) {
        gtheta[0] += scale * v.iter().sum::<f64>();
    }
}

/// There the derivative converges as the iterates do, in every method.
#[test]
fn no_curse_without_a_hessian_that_moves() {
    let problem = OnlyLinear((0..20).map(|i| 0.02 + 0.98 * f64::from(i) / 19.0).collect());
    let (theta, start) = ([1.7], [0.0; 20]);
    let exact = Exact::solve(&problem, &theta, &start).unwrap();
    let setting = Setting { problem: &problem, theta: &theta, start: &start, spectrum: spectrum(0.02), steps: 150 };
    for curve in setting.run(&exact, &Method::ALL).unwrap() {
        for (j, x) in curve.jacobian_error.iter().zip(&curve.iterate_error) {
            assert!((j - x).abs() < 1e-11, "{}: {j} {x}", curve.method.name());
        }
    }
}

/// Behind the burn-in the error falls by the iterates' rate, after dividing by `t` and `t^2`.
#[test]
fn tail() {
    let s = spectrum(0.01);
    let slope = |worst: &[f64], (a, b): (usize, usize), power: i32| {
        let at = |t: usize| worst[t] / (t as f64).powi(power);
        (at(b) / at(a)).powf(1.0 / (b - a) as f64)
    };
    let gd = Scheme::GradientDescent(2.0 / 1.01).worst_phi(900, s.grid(300));
    assert!((slope(&gd, (400, 900), 1) / s.rho() - 1.0).abs() < 1e-4);
    let chebyshev = Scheme::Chebyshev(Chebyshev::new(0.01, 1.0)).worst_phi(140, s.grid(300));
    assert!((slope(&chebyshev, (60, 140), 2) / s.xi() - 1.0).abs() < 1e-4);
    // Mean errors on the golden problem.
    let (_, problem) = zoo::curse::<f64>(100, 0.01).unwrap();
    let exact = Exact::solve(&problem, &[0.0], &[0.0; 100]).unwrap();
    let setting = Setting { problem: &problem, theta: &[0.0], start: &[0.0; 100], spectrum: s, steps: 900 };
    let curves = setting.run(&exact, &[Method::Large, Method::Chebyshev]).unwrap();
    assert!((slope(&curves[0].jacobian_error, (700, 900), 1) / s.rho() - 1.0).abs() < 1e-2);
    assert!((slope(&curves[1].jacobian_error, (60, 120), 2) / s.xi() - 1.0).abs() < 1e-2);
}

/// Numbers of steps whose squares are no machine integers, and edges that nearly touch.
#[test]
fn far_ends_of_the_theory() {
    let s = Spectrum::new(1e-24, 1.0).unwrap();
    let worst = ch::worst_phi(s, 1 << 33);
    assert!(worst > 1e18 && worst.is_finite(), "{worst}");
    assert!(ch::bound(s, 1 << 33, 1.0, 0.0) >= worst);
    let narrow = Spectrum::new(1.0 - f64::EPSILON / 2.0, 1.0).unwrap();
    assert!(narrow.xi() > 0.0 && narrow.rho() > 0.0, "{} {}", narrow.xi(), narrow.rho());
    assert_eq!(narrow.ln_chebyshev(0), 0.0);
}

/// A start that is not finite has no solution; a theta of another length no experiment.
#[test]
fn experiments_refuse_what_does_not_fit() {
    let f = Quadratic::diagonal(&[1.0, 2.0], vec![1.0; 2], Groups::Shared).unwrap();
    assert!(Exact::solve(&f, &[0.0], &[f64::NAN, 0.0]).is_err());
    assert!(Exact::solve(&f, &[0.0], &[f64::INFINITY, 0.0]).is_err());
    let exact = Exact::solve(&f, &[0.0], &[0.0; 2]).unwrap();
    let setting = |theta| Setting { problem: &f, theta, start: &[0.0; 2], spectrum: spectrum(0.1), steps: 3 };
    assert!(setting(&[]).run(&exact, &[Method::Small]).is_err());
    assert!(setting(&[0.0]).run(&exact, &[Method::Small]).is_ok());
}
