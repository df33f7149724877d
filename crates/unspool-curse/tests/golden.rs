//! The deterministic problem of `zoo::curse`, on which the error of the Jacobian is `Phi_t(lambda_i)`
//! itself: root mean square over 100 eigenvalues. Figures from an independent computation.

use unspool_core::method::*;
use unspool_core::zoo;
use unspool_curse::experiment::{Curve, Exact, Method, Setting, stays_below};
use unspool_curse::theory::{Scheme, Spectrum};

/// Peak, its iteration, from where below 1, 1e-2 and 1e-6, from where the iterate is below 1e-6,
/// and the error at 2, 10, 50, 100.
struct Row(f64, usize, usize, usize, usize, usize, [f64; 4]);

fn experiment(kappa: f64, steps: usize, methods: &[Method]) -> Vec<Curve> {
    let (_, problem) = zoo::curse::<f64>(100, kappa).unwrap();
    let (theta, start) = ([0.0], [0.0; 100]);
    let exact = Exact::solve(&problem, &theta, &start).unwrap();
    assert!(exact.jacobian.iter().all(|j| (j - 1.0).abs() < 1e-10));
    let spectrum = Spectrum::new(kappa, 1.0).unwrap();
    Setting { problem: &problem, theta: &theta, start: &start, spectrum, steps }.run(&exact, methods).unwrap()
}

#[track_caller]
fn close(got: f64, expected: f64, what: &str) {
    assert!((got / expected - 1.0).abs() < 5e-6, "{what}: {got}, expected {expected}");
}

fn compare(name: &str, errors: &[f64], iterate: &[f64], row: &Row) {
    let Row(peak, at, one, hundredth, millionth, iterates, e) = row;
    let largest = errors.iter().copied().fold(0.0, f64::max);
    close(largest, *peak, name);
    let place = errors.iter().position(|e| *e >= largest * (1.0 - 1e-12)).unwrap();
    let got = [1.0, 1e-2, 1e-6].map(|level| stays_below(errors, level * (1.0 - 1e-12)).unwrap());
    assert_eq!((place, got), (*at, [*one, *hundredth, *millionth]), "{name}");
    assert_eq!(stays_below(iterate, 1e-6).unwrap(), *iterates, "{name}, iterates");
    for (t, e) in [2, 10, 50, 100].into_iter().zip(e) {
        close(errors[t], *e, &format!("{name}, t = {t}"));
    }
}

#[test]
fn one_hundredth() {
    let rows = [
        Row(1.0, 0, 2, 388, 1418, 742, [0.726865, 0.339560, 0.140746, 0.0866658]),
        Row(1.0, 0, 2, 274, 1001, 524, [0.683179, 0.282960, 0.112062, 0.063093]),
        Row(4.00574, 41, 180, 457, 954, 603, [1.224362, 2.741195, 3.94949, 2.74436]),
        Row(5.45877, 9, 33, 65, 120, 74, [2.314356, 5.434278, 0.0954266, 2.95997e-5]),
        Row(1.0, 0, 2, 63, 176, 94, [0.668904, 0.239194, 0.0216353, 6.25589e-4]),
        Row(6.94489, 8, 30, 60, 112, 71, [2.751320, 6.617627, 0.0448646, 7.81033e-6]),
        Row(1.0, 0, 2, 45, 96, 67, [0.835827, 0.346546, 4.02165e-3, 4.73393e-7]),
    ];
    let curves = experiment(0.01, 1500, &Method::ALL);
    for (curve, row) in curves.iter().zip(&rows) {
        compare(curve.method.name(), &curve.jacobian_error, &curve.iterate_error, row);
    }
    let (a, b) = (0.01, 1.0);
    let schemes = [
        Scheme::GradientDescent(1.0),
        Scheme::GradientDescent(2f64.sqrt()),
        Scheme::GradientDescent(2.0 / 1.01),
        Scheme::HeavyBall(HeavyBall::tuned(a, b)),
        Scheme::Nesterov(Nesterov::tuned(a, b)),
        Scheme::Chebyshev(Chebyshev::new(a, b)),
        Scheme::Sobolev(Sobolev::new(a, b).unwrap()),
    ];
    for ((scheme, row), curve) in schemes.iter().zip(&rows).zip(&curves) {
        let (errors, iterates) = by_polynomial(scheme, 0.01, 1500);
        compare(&format!("{scheme:?}"), &errors, &iterates, row);
        for (a, b) in errors.iter().zip(&curve.jacobian_error).take(200) {
            assert!((a - b).abs() < 1e-9, "{}: {a} {b}", curve.method.name());
        }
    }
    let one = Row(1.0, 0, 2, 49, 102, 63, [0.884185, 0.366638, 7.50087e-3, 1.36824e-6]);
    let (errors, iterates) = by_polynomial(&Scheme::Sobolev(Sobolev::with(a, b, 1.0, 0.01).unwrap()), 0.01, 300);
    compare("sobolev, alpha = 1", &errors, &iterates, &one);

    // The horizon's worst case is the best possible: its mean is no larger.
    let horizon = &curves[7];
    assert_eq!((horizon.peak.value, horizon.peak.iteration), (1.0, 0));
    for (t, best) in [(20, 0.2895), (30, 0.05924), (50, 0.001779)] {
        assert!(horizon.jacobian_error[t] <= best, "{t}: {}", horizon.jacobian_error[t]);
    }
    assert_eq!((horizon.below_hundredth, horizon.below_millionth), (Some(39), Some(89)));
}

/// Root mean squares of `Phi_t` and of `lambda P_t` (relative) over the eigenvalues.
fn by_polynomial(scheme: &Scheme, kappa: f64, steps: usize) -> (Vec<f64>, Vec<f64>) {
    let spectrum: Vec<f64> = (0..100).map(|i| kappa + (1.0 - kappa) * f64::from(i) / 99.0).collect();
    let (mut phi, mut x) = (vec![0.0; steps + 1], vec![0.0; steps + 1]);
    for &l in &spectrum {
        for (t, p) in scheme.sequence(steps, l).into_iter().enumerate() {
            phi[t] += p.phi(l).powi(2) / 100.0;
            x[t] += (l * p.value).powi(2);
        }
    }
    let size: f64 = spectrum.iter().map(|l| l * l).sum();
    (phi.iter().map(|e| e.sqrt()).collect(), x.iter().map(|e| (e / size).sqrt()).collect())
}

#[test]
fn one_thousandth() {
    let curves = experiment(0.001, 500, &[Method::HeavyBall, Method::Chebyshev, Method::Sobolev]);
    assert_eq!(curves[0].peak.iteration, 39);
    assert!((curves[0].peak.value - 47.37).abs() < 5e-3);
    close(curves[1].peak.value, 54.1566, "chebyshev");
    assert_eq!((curves[1].peak.iteration, curves[1].below_one, curves[1].below_millionth), (32, Some(143), Some(393)));
    assert_eq!(stays_below(&curves[1].iterate_error, 1e-6), Some(225));
    assert_eq!((curves[2].peak.iteration, curves[2].below_millionth), (0, Some(323)));
    let long = |scheme: Scheme, steps| by_polynomial(&scheme, 0.001, steps);
    let (large, x) = long(Scheme::GradientDescent(2.0 / 1.001), 15_000);
    close(large.iter().copied().fold(0.0, f64::max), 36.788, "gd");
    close(large[500], 36.788, "gd");
    assert_eq!((stays_below(&large, 1.0), stays_below(&large, 1e-6)), (Some(3237), Some(10_745)));
    assert_eq!(stays_below(&x, 1e-6), Some(6030));
    let (small, _) = long(Scheme::GradientDescent(1.0), 15_000);
    assert_eq!(stays_below(&small, 1e-6), Some(14_231));
    let (nesterov, _) = long(Scheme::Nesterov(Nesterov::tuned(0.001, 1.0)), 1000);
    assert!(nesterov.iter().all(|e| *e <= 1.0 + 1e-12));
    assert_eq!(stays_below(&nesterov, 1e-6), Some(580));
}

#[test]
fn one_tenth() {
    let curves = experiment(0.1, 30, &[Method::Large, Method::Chebyshev, Method::HeavyBall]);
    for (curve, (value, iteration)) in curves.iter().zip([(1.01063, 3), (1.69277, 2), (1.35929, 2)]) {
        close(curve.peak.value, value, curve.method.name());
        assert_eq!(curve.peak.iteration, iteration);
    }
}

/// Curves survive JSON, under the names that the methods go by.
#[test]
fn as_json() {
    for curve in experiment(0.1, 20, &Method::ALL) {
        let text = serde_json::to_string(&curve).unwrap();
        assert!(text.contains(&format!("\"method\":\"{}\"", curve.method.name())));
        assert_eq!(serde_json::from_str::<Curve>(&text).unwrap(), curve);
    }
}
