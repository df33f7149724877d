//! Derivatives of whole runs against closed forms: the master identity of Scieur et al., *The
//! Curse of Unrolling* (NeurIPS 2022), Theorem 1, its extension to Hessians that do not commute
//! with their derivative, and the golden problem.

use unspool_core::method::*;
use unspool_core::problem::{Groups, Quadratic};
use unspool_core::{Jvp, Mode, Solve, Stop, Vjp, check, zoo};

use faer::{Mat, MatRef, Side};

const D: usize = 12;

/// `P_t` and its derivative.
type Residual = Box<dyn Fn(f64) -> (f64, f64)>;

/// `(1 - h lambda)^t`
fn gradient_descent_residual(t: i32, h: f64) -> Residual {
    Box::new(move |l| ((1.0 - h * l).powi(t), -h * f64::from(t) * (1.0 - h * l).powi(t - 1)))
}

/// `C_t(m(lambda)) / C_t(m(0))`, `C` and `C' = t U_{t-1}` by their recurrences.
fn chebyshev_residual(t: usize, ell: f64, big_l: f64) -> Residual {
    let first = move |m: f64| (0..t).fold((1.0, m), |(a, b), _| (b, 2.0 * m * b - a)).0;
    let second = move |m: f64| (0..t).fold((0.0, 1.0), |(a, b), _| (b, 2.0 * m * b - a)).0;
    Box::new(move |l| {
        let (m, scale) = ((2.0 * l - big_l - ell) / (big_l - ell), first(-(big_l + ell) / (big_l - ell)));
        (first(m) / scale, t as f64 * second(m) * 2.0 / (big_l - ell) / scale)
    })
}

/// `q^(t/2) [2q/(1+q) T_t(s) + (1-q)/(1+q) U_t(s)]`, differentiated by central differences of fourth
/// order (it is a polynomial).
fn heavy_ball_residual(t: usize, h: f64, q: f64) -> Residual {
    let value = move |l: f64| {
        let s = (1.0 + q - h * l) / (2.0 * q.sqrt());
        let first = (0..t).fold((1.0, s), |(a, b), _| (b, 2.0 * s * b - a)).0;
        let second = (0..t).fold((1.0, 2.0 * s), |(a, b), _| (b, 2.0 * s * b - a)).0;
        q.powf(t as f64 / 2.0) * (2.0 * q / (1.0 + q) * first + (1.0 - q) / (1.0 + q) * second)
    };
    Box::new(move |l| (value(l), check::differences(|s, out| out[0] = value(l + s), 1)[0]))
}

struct Setting {
    a: Mat<f64>,
    b: Mat<f64>,
    start: Mat<f64>,
    dstart: Mat<f64>,
}

impl Setting {
    /// A matrix with spectrum in [0.5, 3.5] and vectors without structure.
    fn new(seed: u64) -> Self {
        let data = zoo::Regression::new(D, D, 1.0, 0.0, seed);
        let q = MatRef::from_row_major_slice(&data.x, D, D).qr().compute_Q();
        let spectrum = Mat::from_fn(D, D, |i, j| if i == j { 0.5 + 3.0 * i as f64 / (D - 1) as f64 } else { 0.0 });
        let a = &q * spectrum * q.transpose();
        let vector = |s: f64| Mat::from_fn(D, 1, |i, _| (s * (1.0 + i as f64)).sin());
        Setting { a: (&a + a.transpose()) * 0.5, b: vector(1.3), start: vector(2.1), dstart: vector(0.7) }
    }

    fn problem(&self, groups: Groups) -> Quadratic<f64> {
        let a = (0..D * D).map(|i| self.a[(i / D, i % D)]).collect();
        Quadratic::new(a, list(&self.b), groups).unwrap()
    }
}

fn list(v: &Mat<f64>) -> Vec<f64> {
    (0..v.nrows()).map(|i| v[(i, 0)]).collect()
}

fn column(v: &[f64]) -> Mat<f64> {
    Mat::from_fn(v.len(), 1, |i, _| v[i])
}

/// `V f(Lambda) V'`
fn function(v: &Mat<f64>, lambda: &[f64], f: impl Fn(f64) -> f64) -> Mat<f64> {
    v * Mat::from_fn(D, D, |i, j| if i == j { f(lambda[i]) } else { 0.0 }) * v.transpose()
}

/// Each method as a map, with its residual polynomial after `t` steps.
fn each_method(f: &Quadratic<f64>, t: usize, visit: &mut dyn FnMut(&str, &dyn Both, Residual)) {
    let (ell, big_l) = (1.0, 4.9);
    let h = 2.0 / (ell + big_l);
    visit("gradient descent", &GradientDescent::new(f, h), gradient_descent_residual(t as i32, h));
    let c = Chebyshev::new(ell, big_l);
    visit("chebyshev", &chebyshev(f, c), chebyshev_residual(t, ell, big_l));
    let c = HeavyBall::tuned(ell, big_l);
    visit("heavy ball", &heavy_ball(f, c), heavy_ball_residual(t, c.step_size, c.momentum));
}

trait Both: Jvp<f64> + Vjp<f64> {}
impl<M: Jvp<f64> + Vjp<f64>> Both for M {}

/// `J_t - J* = (P_t(H) - P_t'(H) H)(J_0 - J*) + P_t'(H) d_theta[grad f(x_0(theta), theta)]`, with
/// `H = A + exp(theta) I`, which commutes with its derivative; the start depends on theta.
#[test]
fn master_identity() {
    for (seed, t) in [(1, 1), (2, 5), (3, 12), (4, 20)] {
        let setting = Setting::new(seed);
        let f = setting.problem(Groups::Shared);
        let theta: f64 = -0.3;
        let h = &setting.a + Mat::<f64>::identity(D, D) * theta.exp();
        let eigen = h.self_adjoint_eigen(Side::Lower).unwrap();
        let (v, lambda) = (eigen.U().to_owned(), (0..D).map(|i| eigen.S()[i]).collect::<Vec<_>>());
        let inverse = function(&v, &lambda, |l| 1.0 / l);
        let solution = &inverse * &setting.b * -1.0;
        let exact = &inverse * &solution * -theta.exp();
        let source = &h * &setting.dstart + &setting.start * theta.exp();
        each_method(&f, t, &mut |name, map, p| {
            let start = list(&setting.start);
            let solve = Solve::new(map, &start).stop(Stop::steps(t));
            let d = solve.jvps_from(&[theta], Mode::full(), 1, &[1.0], &list(&setting.dstart)).unwrap();
            let phi = function(&v, &lambda, |l| p(l).0 - l * p(l).1);
            let slope = function(&v, &lambda, |l| p(l).1);
            let predicted = &exact + phi * (&setting.dstart - &exact) + slope * &source;
            let error = (column(&d.dx) - &predicted).norm_l2() / predicted.norm_l2();
            assert!(error < 1e-9, "{name}, t = {t}: {error:e}");
        });
    }
}

/// `d_i x_t - d_i x* = P_t(H)(d_i x_0 - d_i x*) + V (P_t[lambda_a, lambda_b] o V' d_iH V) V' (x_0 - x*)`
/// for one regulariser a feature, where `d_iH` does not commute with `H`.
#[test]
fn master_identity_without_commutation() {
    for (seed, t) in [(5, 1), (6, 5), (7, 12), (8, 20)] {
        let setting = Setting::new(seed);
        let f = setting.problem(Groups::PerFeature);
        let theta: Vec<f64> = (0..D).map(|i| -0.5 + 0.05 * i as f64).collect();
        let h = &setting.a + Mat::from_fn(D, D, |i, j| if i == j { theta[i].exp() } else { 0.0 });
        let eigen = h.self_adjoint_eigen(Side::Lower).unwrap();
        let (v, lambda) = (eigen.U().to_owned(), (0..D).map(|i| eigen.S()[i]).collect::<Vec<_>>());
        let inverse = function(&v, &lambda, |l| 1.0 / l);
        let solution = &inverse * &setting.b * -1.0;
        each_method(&f, t, &mut |name, map, p| {
            let start = list(&setting.start);
            let solve = Solve::new(map, &start).stop(Stop::steps(t));
            let jacobian = solve.jacobian(&theta, Mode::full()).unwrap();
            let divided = Mat::from_fn(D, D, |a, b| {
                let (x, y) = (lambda[a], lambda[b]);
                if (x - y).abs() < 1e-6 { p(0.5 * (x + y)).1 } else { (p(x).0 - p(y).0) / (x - y) }
            });
            let value = function(&v, &lambda, |l| p(l).0);
            for (i, theta) in theta.iter().enumerate() {
                let dh = Mat::from_fn(D, D, |a, b| if a == i && b == i { theta.exp() } else { 0.0 });
                let exact = &inverse * (&dh * &solution) * -1.0;
                let turned = v.transpose() * &dh * &v;
                let product = Mat::from_fn(D, D, |a, b| divided[(a, b)] * turned[(a, b)]);
                let curse = &v * product * v.transpose() * (&setting.start - &solution);
                let predicted = &exact - value.clone() * &exact + curse;
                let got = column(&jacobian.dx[i * D..(i + 1) * D]);
                let error = (got - &predicted).norm_l2() / predicted.norm_l2();
                assert!(error < 1e-9, "{name}, t = {t}, parameter {i}: {error:e}");
            }
        });
    }
}

/// The golden problem: the error of the Jacobian after 2, 10, 50 and 100 steps.
#[test]
fn curse_on_the_golden_problem() {
    let (spectrum, f) = zoo::curse::<f64>(100, 1e-2).unwrap();
    assert_eq!((spectrum[0], spectrum[99]), (0.01, 1.0));
    let (ell, big_l) = (0.01, 1.0);
    let check = |name: &str, map: &dyn Both, expected: [f64; 4]| {
        for (t, expected) in [2, 10, 50, 100].into_iter().zip(expected) {
            let d = Solve::new(map, &[0.0; 100]).stop(Stop::steps(t)).jacobian(&[0.0], Mode::full()).unwrap();
            let error = (d.dx.iter().map(|j| (j - 1.0).powi(2)).sum::<f64>() / 100.0).sqrt();
            assert!((error / expected - 1.0).abs() < 5e-6, "{name}, t = {t}: {error}, expected {expected}");
        }
    };
    let gd = |h| GradientDescent::new(&f, h);
    check("gd 1/L", &gd(1.0), [0.726865, 0.339560, 0.140746, 0.0866658]);
    check("gd sqrt2/L", &gd(2f64.sqrt()), [0.683179, 0.282960, 0.112062, 0.063093]);
    check("gd 2/(L+ell)", &gd(2.0 / 1.01), [1.224362, 2.741195, 3.94949, 2.74436]);
    check("heavy ball", &heavy_ball(&f, HeavyBall::tuned(ell, big_l)), [2.314356, 5.434278, 0.0954266, 2.95997e-5]);
    check("nesterov", &nesterov(&f, Nesterov::tuned(ell, big_l)), [0.668904, 0.239194, 0.0216353, 6.25589e-4]);
    check("chebyshev", &chebyshev(&f, Chebyshev::new(ell, big_l)), [2.751320, 6.617627, 0.0448646, 7.81033e-6]);
    let c = Sobolev::new(ell, big_l).unwrap();
    check("sobolev", &sobolev(&f, c), [0.835827, 0.346546, 4.02165e-3, 4.73393e-7]);
    let c = Sobolev::with(ell, big_l, 1.0, ell * big_l).unwrap();
    check("sobolev, alpha = 1", &sobolev(&f, c), [0.884185, 0.366638, 7.50087e-3, 1.36824e-6]);
}

/// A run that is watched shows the Jacobian of every length.
#[test]
fn every_jacobian_of_a_run() {
    let (_, f) = zoo::curse::<f64>(10, 1e-2).unwrap();
    let map = sobolev(&f, Sobolev::new(0.01, 1.0).unwrap());
    let solve = Solve::new(&map, &[0.3; 10]).stop(Stop::steps(8));
    let mut seen = 0;
    let status = solve.jacobians(&[0.2], |t, x, jacobian| {
        let alone = solve.stop(Stop::steps(t)).jacobian(&[0.2], Mode::full()).unwrap();
        assert_eq!((t, x, jacobian), (seen, &alone.x[..], &alone.dx[..]));
        seen += 1;
    });
    assert!(status.unwrap().is_ok() && seen == 9);
}
