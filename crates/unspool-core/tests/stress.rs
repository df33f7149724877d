//! Hard numbers: bad conditions, huge and tiny scales, denormals, data without full rank. An answer is accurate to the tolerance
//! stated here, or its status or error says that it is not.

use unspool_core::data::Dense;
use unspool_core::method::{GradientDescent, Nesterov, Newton, nesterov};
use unspool_core::problem::{Gram, Groups, Quadratic, Ridge};
use unspool_core::zoo::Regression;
use unspool_core::{Mode, Real, Result, Solve, Stop};

const D: usize = 8;

/// A diagonal matrix and ones, both seen from axes of which the first `turned` are reflected by `I - 2 v v' / |v|^2`.
fn seen<F: Real>(diagonal: &[f64; D], turned: usize) -> (Vec<F>, Vec<F>) {
    let v: [f64; D] = std::array::from_fn(|i| if i < turned { 1.0 + (i as f64).sin() } else { 0.0 });
    let size: f64 = v.iter().map(|v| v * v).sum::<f64>().max(1.0);
    let q = |i: usize, j: usize| f64::from(u8::from(i == j)) - 2.0 * v[i] * v[j] / size;
    let entry = |i, j| (0..D).map(|k| q(i, k) * diagonal[k] * q(j, k)).sum::<f64>();
    let a = (0..D * D).map(|e| F::of(entry(e / D, e % D))).collect();
    (a, (0..D).map(|i| F::of((0..D).map(|k| q(i, k)).sum())).collect())
}

/// The gradient of `|x|^2 / 2` in one shared regulariser, through the solution; none where the answer says that it is none.
fn gradient<F: Real>((a, b): (Vec<F>, Vec<F>), theta: f64, mode: &str) -> Option<f64> {
    let problem = Quadratic::new(a, b, Groups::Shared).ok()?;
    let newton = Newton::new(&problem);
    let start = [F::zero(); D];
    let solve = Solve::new(&newton, &start).stop(Stop::steps(4));
    let mode: Mode = mode.parse().ok()?;
    let answer = solve.vjp(&[F::of(theta)], mode, |x, c| c.copy_from_slice(x)).ok()?;
    answer.status.is_ok().then(|| answer.theta[0].wide())
}

#[test]
fn conditions_down_to_1e_14() {
    let mut answered = 0;
    for kappa in [1e-2, 1e-6, 1e-10, 1e-12, 1e-14] {
        let diagonal: [f64; D] = std::array::from_fn(|i| f64::powf(kappa, i as f64 / (D - 1) as f64));
        let theta: f64 = f64::ln(1e-3 * kappa);
        // x = -b / (a + e^theta), dx/dtheta = e^theta b / (a + e^theta)^2
        let exact: f64 = diagonal.iter().map(|a| -theta.exp() / (a + theta.exp()).powi(3)).sum();
        for mode in ["implicit", "implicit:cholesky", "one-step", "full"] {
            // each coordinate by itself: nothing is lost
            if let Some(value) = gradient::<f64>(seen(&diagonal, 0), theta, mode) {
                answered += 1;
                assert!((value / exact - 1.0).abs() < 1e-6, "{mode}, {kappa:e}: {value:e}, {exact:e}");
            }
            // rotated the matrix itself is rounded: 1e-16 of its largest entry stands against kappa
            if let Some(value) = gradient::<f64>(seen(&diagonal, D), theta, mode) {
                answered += 1;
                let most = 1e-6 + 50.0 * f64::EPSILON / kappa;
                assert!((value / exact - 1.0).abs() < most, "{mode}, {kappa:e}, rotated: {value:e}, {exact:e}");
            }
            if let Some(value) = gradient::<f32>(seen(&diagonal, D), theta, mode) {
                answered += 1;
                let most = 1e-3 + 50.0 * f64::from(f32::EPSILON) / kappa;
                assert!((value / exact - 1.0).abs() < most, "{mode}, {kappa:e}, f32: {value:e}, {exact:e}");
            }
        }
    }
    assert!(answered >= 40, "{answered}");
}

/// Data in other units: `X -> s X`, `y -> t y`, `theta -> theta + 2 log s` scales the solution by `t / s` and nothing else.
#[test]
fn the_unit_does_not_matter() {
    fn run<F: Real>(s: f64, t: f64, mode: &str) -> Result<Option<Vec<f64>>> {
        let data = Regression::new(30, 5, 0.5, 0.3, 4);
        let x: Vec<F> = data.x.iter().map(|x| F::of(s * x)).collect();
        let y: Vec<F> = data.y.iter().map(|y| F::of(t * y)).collect();
        let problem = Ridge::new(Dense::new(&x[..], 30, 5)?, &y[..], Groups::PerFeature, Gram::Auto)?;
        let (newton, start) = (Newton::new(&problem), [F::zero(); 5]);
        let solve = Solve::new(&newton, &start).stop(Stop::steps(3));
        let answer = solve.jvp(&[F::of(-2.0 + 2.0 * s.ln()); 5], mode.parse()?, &[F::one(); 5])?;
        let unit = |v: &F| v.wide() * (s / t);
        Ok(answer.status.is_ok().then(|| answer.dx.iter().map(unit).collect()))
    }
    for mode in ["implicit", "implicit:cholesky", "full"] {
        let right = run::<f64>(1.0, 1.0, mode).unwrap().unwrap();
        let near = |got: Option<Vec<f64>>, most: f64| {
            got.is_none_or(|got| got.iter().zip(&right).all(|(a, b)| (a - b).abs() <= most * right[0].abs()))
        };
        for s in [1e-120, 1e-60, 1e-20, 1.0, 1e20, 1e60, 1e120] {
            for t in [1e-150, 1e-30, 1.0, 1e30, 1e150] {
                let got = run::<f64>(s, t, mode).unwrap_or(None);
                assert!(near(got.clone(), 1e-9), "{mode}, {s:e}, {t:e}: {got:?} {right:?}");
                let moderate = (1e-60..=1e60).contains(&s) && (1e-30..=1e30).contains(&t);
                assert!(!moderate || got.is_some(), "{mode}, {s:e}, {t:e}");
            }
        }
        for (s, t) in [(1e-15, 1.0), (1e-6, 1e6), (1e6, 1e-6), (1e15, 1e15), (1.0, 1e-38), (1.0, 1e-44)] {
            let got = run::<f32>(s, t, mode).unwrap_or(None);
            // 1e-44 is denormal: hardly a digit is left of y
            let most = if t < 1e-37 { 5.0 } else { 1e-4 };
            assert!(near(got.clone(), most), "f32 {mode}, {s:e}, {t:e}: {got:?} {right:?}");
        }
    }
}

/// Twice the same column, and a column of zeros: without a penalty the Hessian is singular.
#[test]
fn data_without_full_rank() {
    let (n, d) = (12, 4);
    let column = |i: usize| f64::sin(1.0 + i as f64);
    let x: Vec<f64> = (0..n).flat_map(|i| [column(i), column(i), column(3 * i), 0.0]).collect();
    let y: Vec<f64> = (0..n).map(|i| column(7 * i)).collect();
    let problem = Ridge::new(Dense::new(&x[..], n, d).unwrap(), &y[..], Groups::PerFeature, Gram::Auto).unwrap();
    let start = vec![0.0; d];
    for (theta, regular) in [(-3.0, true), (-20.0, true), (-700.0, false), (-800.0, false)] {
        let theta = vec![theta; d];
        let newton = Newton::new(&problem);
        for mode in ["implicit", "implicit:cholesky", "full"] {
            let solve = Solve::new(&newton, &start).stop(Stop::steps(2));
            let answer = solve.vjp(&theta, mode.parse().unwrap(), |w, c| c.copy_from_slice(w));
            let good = answer.as_ref().is_ok_and(|a| a.status.is_ok());
            assert!(!regular || good, "{mode} at {theta:?}: {:?}", answer.map(|a| a.status));
            assert!(!good || answer.unwrap().theta.iter().all(|g| g.is_finite()), "{mode} at {theta:?}");
        }
        // first-order methods leave alone what they cannot see
        let edges = (0.01, 2.0);
        let fast = nesterov(&problem, Nesterov::tuned(edges.0, edges.1));
        let slow = GradientDescent::new(&problem, 0.5);
        for answer in [
            Solve::new(&fast, &start).stop(Stop::steps(200)).vjp(&theta, Mode::full(), |w, c| c.copy_from_slice(w)),
            Solve::new(&slow, &start).stop(Stop::steps(200)).vjp(&theta, Mode::full(), |w, c| c.copy_from_slice(w)),
        ] {
            let answer = answer.unwrap();
            assert!(answer.status.is_ok() && answer.theta.iter().all(|g| g.is_finite()));
            assert_eq!(answer.x[0], answer.x[1]);
        }
    }
}
