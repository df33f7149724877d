//! How runs and derivatives end: typed, naming the iteration and the stream. And the zoo's answers.

use unspool_core::data::{Csr, Dense, Design};
use unspool_core::linsolve::cg;
use unspool_core::method::{ConjugateGradient, GradientDescent, Newton};
use unspool_core::problem::{Groups, LinearModel, Logistic, Multinomial, Quadratic};
use unspool_core::zoo::{Heron, Regression, Spiral};
use unspool_core::{At, Dims, Error, Jvp, LinearSolver, Map, Mode, Solve, Status, Stop, Stream, Vjp, check};

/// `x <- x + 1`, with a tangent and an adjoint that break down where they are told to.
struct Breaks {
    step: usize,
    tangent: usize,
    adjoint: usize,
}

impl Map<f64> for Breaks {
    fn dims(&self) -> Dims {
        Dims { state: 1, output: 1, params: 1 }
    }
    fn step(&self, at: At<'_, f64>, next: &mut [f64], _: &mut [f64]) {
        next[0] = if at.t == self.step { f64::INFINITY } else { at.x[0] + 1.0 };
    }
}

impl Jvp<f64> for Breaks {
    fn jvp(&self, at: At<'_, f64>, _: &[f64], _: &[f64], out: &mut [f64], _: &mut [f64]) {
        out[0] = if at.t == self.tangent { f64::NAN } else { 1.0 };
    }
}

impl Vjp<f64> for Breaks {
    fn vjp(&self, at: At<'_, f64>, c: &[f64], gx: &mut [f64], gtheta: &mut [f64], _: &mut [f64]) {
        gx[0] = if at.t == self.adjoint { f64::NAN } else { c[0] };
        gtheta[0] += if c[0] == HUGE { f64::NAN } else { 1.0 };
    }
}

const NEVER: usize = usize::MAX;
/// A cotangent at which the adjoint of `Breaks` loses the gradient in theta.
const HUGE: f64 = 1e300;

#[test]
fn the_iteration_and_the_stream_are_named() {
    let ones = |_: &[f64], c: &mut [f64]| c.fill(1.0);
    for mode in ["full", "slots:3", "budget:100000", "late:1"].map(|m| m.parse().unwrap()) {
        let expect = |stream, iteration| Status::NonFinite { stream, iteration };
        let map = Breaks { step: 7, tangent: 2, adjoint: 2 };
        let solve = Solve::new(&map, &[0.0]).stop(Stop::steps(10));
        assert_eq!(solve.run(&[0.0]).unwrap().status, expect(Stream::Iterate, 7));
        let d = solve.vjp(&[0.0], mode, ones).unwrap();
        assert_eq!(d.status, expect(Stream::Iterate, 7));
        assert!(f64::is_nan(d.theta[0]) && d.x == [7.0], "{d:?}");
        assert!(matches!(d.status.require(), Err(Error::Failed(_))));

        let map = Breaks { step: NEVER, tangent: 4, adjoint: 3 };
        let solve = Solve::new(&map, &[0.0]).stop(Stop::steps(10));
        let d = solve.vjp(&[0.0], mode, ones).unwrap();
        assert_eq!(d.status, expect(Stream::Adjoint, 3), "{mode}");
        assert!(f64::is_nan(d.theta[0]) && d.x == [10.0]);
        let d = solve.jvp(&[0.0], mode, &[1.0]).unwrap();
        assert_eq!(d.status, expect(Stream::Tangent, 4));
        assert!(d.dx[0].is_nan());
    }
    // A gradient in theta that breaks where the cotangent does not.
    let map = Breaks { step: NEVER, tangent: NEVER, adjoint: NEVER };
    let solve = Solve::new(&map, &[0.0]).stop(Stop::steps(10));
    let d = solve.vjp(&[0.0], Mode::full(), |_, c| c[0] = HUGE).unwrap();
    assert_eq!(d.status, Status::NonFinite { stream: Stream::Adjoint, iteration: 9 });
    let text = Status::NonFinite { stream: Stream::Tangent, iteration: 4 }.to_string();
    assert!(text.contains("tangent") && text.contains("iteration 4"), "{text}");
}

#[test]
fn not_converged_is_an_outcome_with_numbers() {
    let map = Breaks { step: NEVER, tangent: NEVER, adjoint: NEVER };
    let solve = Solve::new(&map, &[0.0]).stop(Stop::tolerance(1e-9).at_most(50));
    let d = solve.vjp(&[0.0], Mode::slots(3), |_, c| c.fill(1.0)).unwrap();
    let Status::NotConverged { stream: Stream::Iterate, iteration: 50, residual: 1.0, .. } = d.status else {
        panic!("{:?}", d.status)
    };
    assert_eq!(d.theta, [50.0]);
    // The Neumann series of a map that does not contract.
    let d = solve.vjp(&[0.0], "implicit:neumann".parse().unwrap(), |_, c| c.fill(1.0)).unwrap();
    assert!(matches!(d.status, Status::NotConverged { stream: Stream::Adjoint, .. }), "{:?}", d.status);
    // Too few products for a linear solve.
    let f = Quadratic::new(vec![2.0, 1.0, 1.0, 3.0], vec![1.0, 1.0], Groups::PerFeature).unwrap();
    let map = GradientDescent::new(&f, 0.2);
    let few = Mode::Implicit(LinearSolver::Cg { tol: 1e-12, max_products: 1 });
    let solve = Solve::new(&map, &[0.0; 2]);
    let d = solve.vjp(&[0.0; 2], few, |_, c| c.copy_from_slice(&[1.0, -0.3])).unwrap();
    assert!(matches!(d.status, Status::NotConverged { stream: Stream::Adjoint, iteration: 1, .. }));
    let d = solve.jvp(&[0.0; 2], few, &[1.0, -0.3]).unwrap();
    assert!(matches!(d.status, Status::NotConverged { stream: Stream::Tangent, iteration: 1, .. }));
}

#[test]
fn singular_hessians_are_named() {
    // Separable logistic data without a penalty on the only feature: the Hessian of a constant
    // column of zeros is zero.
    let x = Dense::new(vec![0.0, 1.0, 0.0, -1.0], 2, 2).unwrap();
    let model = LinearModel::new(x, vec![1.0, -1.0], Logistic, Groups::Of(vec![Groups::FREE, 0])).unwrap();
    let newton = Newton::new(&model);
    let run = Solve::new(&newton, &[0.1, 0.1]).run(&[0.0]).unwrap();
    assert_eq!(run.status, Status::Singular { stream: Stream::Iterate, iteration: 0, pivot: Some(0) });
    let map = GradientDescent::new(&model, 0.5);
    let solve = Solve::new(&map, &[0.1, 0.1]).stop(Stop::steps(20));
    for (mode, pivot) in [(Mode::cholesky(), Some(0)), (Mode::implicit(), None)] {
        let d = solve.vjp(&[0.0], mode, |_, c| c.copy_from_slice(&[1.0, 0.0])).unwrap();
        assert_eq!(d.status, Status::Singular { stream: Stream::Adjoint, iteration: 20, pivot });
        assert!(f64::is_nan(d.theta[0]));
    }
    assert!(run.status.to_string().contains("singular"));
}

#[test]
fn bad_arguments_are_errors_before_any_work() {
    let solve = Solve::new(&Heron, &[1.0]);
    let none = |_: &[f64], _: &mut [f64]| {};
    assert_eq!(solve.run(&[]).unwrap_err(), Error::Shape { what: "theta", expected: 1, got: 0 });
    assert_eq!(
        solve.jvp(&[2.0], Mode::full(), &[1.0, 2.0]).unwrap_err(),
        Error::Shape { what: "dtheta", expected: 1, got: 2 }
    );
    assert_eq!(solve.run(&[f64::NAN]).unwrap_err(), Error::NotFinite { what: "theta", index: 0 });
    assert_eq!(
        Solve::new(&Heron, &[1.0, 2.0]).run(&[2.0]).unwrap_err(),
        Error::Shape { what: "start", expected: 1, got: 2 }
    );
    assert!(matches!(solve.vjp(&[2.0], Mode::implicit(), none), Err(Error::Unsupported { .. })));
    assert!(matches!(solve.vjp(&[2.0], Mode::slots(0), none), Err(Error::Range { .. })));
    assert!(matches!(solve.stop(Stop::tolerance(-1.0)).run(&[2.0]), Err(Error::Range { .. })));
    for bad in ["last:x", "fast", "full:", "one-step:", "last", "last:", "full:3"] {
        assert!(matches!(bad.parse::<Mode>(), Err(Error::Parse { .. })), "{bad}");
    }
    assert!(matches!("last:0".parse::<Mode>(), Err(Error::Range { got: 0.0, .. })));
    // Modes that cover no step, and tolerances that no solver reaches.
    let ten = solve.stop(Stop::steps(10));
    let refused = |solve: &Solve<'_, f64, Heron>, mode: Mode| {
        matches!(solve.vjp(&[2.0], mode, none), Err(Error::Range { .. }))
            && matches!(solve.jvp(&[2.0], mode, &[1.0]), Err(Error::Range { .. }))
    };
    assert!(refused(&ten, Mode::last(0)) && refused(&solve, Mode::last(0)));
    assert!(refused(&ten, Mode::late(10)) && refused(&ten, Mode::late(99)));
    assert!(!refused(&ten, Mode::late(9)) && !refused(&solve, Mode::late(99)));
    // Frozen steps alone are something.
    assert!(!refused(&ten, Mode::late(10).polished(3)));
    for tol in [f64::NAN, -1e-9] {
        let (max_terms, max_products) = (10, 10);
        assert!(refused(&ten, Mode::Implicit(LinearSolver::Neumann { tol, max_terms })));
        assert!(refused(&ten, Mode::Implicit(LinearSolver::Cg { tol, max_products })));
    }
    for mode in [Mode::full(), Mode::last(1)] {
        let from = |dtheta: f64, dstart: f64| ten.jvps_from(&[2.0], mode, 1, &[dtheta], &[dstart]);
        assert_eq!(from(f64::NAN, 0.0).unwrap_err(), Error::NotFinite { what: "dtheta", index: 0 });
        assert_eq!(from(0.0, f64::INFINITY).unwrap_err(), Error::NotFinite { what: "dstart", index: 0 });
    }
    let huge = Dense::new(vec![1.0], usize::MAX / 2 + 1, 2);
    assert!(matches!(huge, Err(Error::Range { .. })), "{huge:?}");
    assert!(Dense::new(vec![1.0, f64::INFINITY], 1, 2).is_err() && Dense::new(vec![1.0], 1, 2).is_err());
    assert!(Csr::new(vec![0, 1], vec![3], vec![1.0], 3).is_err());
    assert!(Csr::new(vec![0, 2, 1], vec![0], vec![1.0], 3).is_err());
    let x = || Dense::new(vec![1.0, 2.0], 2, 1).unwrap();
    assert!(LinearModel::new(x(), vec![1.0, 0.5], Logistic, Groups::Shared).is_err());
    assert!(LinearModel::new(x(), vec![0.0, 2.0], Multinomial::new(2).unwrap(), Groups::Shared).is_err());
    assert!(LinearModel::new(x(), vec![1.0], Logistic, Groups::Shared).is_err());
    assert!(LinearModel::new(x(), vec![1.0, -1.0], Logistic, Groups::Of(vec![1])).is_err());
    assert!(Quadratic::new(vec![1.0, 2.0, 0.0, 1.0], vec![0.0; 2], Groups::Shared).is_err());
    let logistic = LinearModel::new(x(), vec![1.0, -1.0], Logistic, Groups::Shared).unwrap();
    assert!(ConjugateGradient::new::<f64>(&logistic).is_err());
}

/// Entries whose squares overflow are large, not infinite; and a huge step is not a small one.
#[test]
fn large_values_are_finite() {
    /// `x <- s x`
    struct Scale(f64);
    impl Map<f64> for Scale {
        fn dims(&self) -> Dims {
            Dims { state: 2, output: 2, params: 1 }
        }
        fn step(&self, at: At<'_, f64>, next: &mut [f64], _: &mut [f64]) {
            next.iter_mut().zip(at.x).for_each(|(next, x)| *next = self.0 * x);
        }
    }
    impl Jvp<f64> for Scale {
        fn jvp(&self, _: At<'_, f64>, dx: &[f64], dtheta: &[f64], out: &mut [f64], _: &mut [f64]) {
            out.iter_mut().zip(dx).for_each(|(out, dx)| *out = self.0 * dx + dtheta[0]);
        }
    }
    impl Vjp<f64> for Scale {
        fn vjp(&self, _: At<'_, f64>, c: &[f64], gx: &mut [f64], gtheta: &mut [f64], _: &mut [f64]) {
            gx.iter_mut().zip(c).for_each(|(gx, c)| *gx = self.0 * c);
            gtheta[0] += c[0] + c[1];
        }
    }
    let map = Scale(1e50);
    let start = [1.0, -2.0];
    let solve = Solve::new(&map, &start).stop(Stop::steps(6));
    let run = solve.run(&[0.0]).unwrap();
    assert!(run.status.is_ok() && (run.residual / 5f64.sqrt() / 1e300 - 1.0).abs() < 1e-12, "{run:?}");
    assert!(solve.jvp(&[0.0], Mode::full(), &[1.0]).unwrap().status.is_ok());
    assert!(solve.vjp(&[0.0], Mode::full(), |_, c| c.fill(1.0)).unwrap().status.is_ok());
    let run = solve.stop(Stop::steps(7)).run(&[0.0]).unwrap();
    assert_eq!(run.status, Status::NonFinite { stream: Stream::Iterate, iteration: 6 });
    let run = solve.stop(Stop::tolerance(1e-3).at_most(5)).run(&[0.0]).unwrap();
    assert!(matches!(run.status, Status::NotConverged { .. }), "{run:?}");
}

/// Right-hand sides whose squares under- or overflow are solved like any other.
#[test]
fn conjugate_gradient_on_any_scale() {
    let apply = |v: &[f64], out: &mut [f64]| {
        (out[0], out[1]) = (2.0 * v[0] + v[1], v[0] + 3.0 * v[1]);
    };
    for scale in [1e-300, 1e-170, 1.0, 1e170] {
        let (b, mut x, mut work) = ([3.0 * scale, -scale], [f64::NAN; 2], [0.0; 6]);
        let info = cg::solve(apply, &b, &mut x, 1e-12, 10, &mut work);
        assert!(info.converged && info.products == 2, "{scale:e}: {info:?}");
        assert!((x[0] / scale - 2.0).abs() < 1e-12 && (x[1] / scale + 1.0).abs() < 1e-12, "{scale:e}: {x:?}");
        let info = cg::solve(apply, &b, &mut x, 1e-12, 0, &mut work);
        assert_eq!((info.relative_residual, info.converged), (1.0, false));
    }
    let (mut x, mut work) = ([f64::NAN; 2], [0.0; 6]);
    let info = cg::solve(apply, &[0.0; 2], &mut x, 1e-12, 0, &mut work);
    assert_eq!((info.relative_residual, info.converged, x), (0.0, true, [0.0; 2]));
}

#[test]
fn cancelled_runs_say_where() {
    let flag = std::sync::atomic::AtomicBool::new(true);
    let solve = Solve::new(&Heron, &[1.0]).cancel(&flag);
    let d = solve.vjp(&[2.0], Mode::full(), |_, c| c.fill(1.0)).unwrap();
    assert_eq!(d.status, Status::Cancelled { iteration: 0 });
    assert!(f64::is_nan(d.theta[0]));
}

/// Known answers, in every mode that gives the derivative of the solution.
#[test]
fn the_zoo() {
    let modes = ["full", "slots:2", "budget:4000", "implicit:cholesky", "implicit:neumann", "last:60"];
    for mode in modes.map(|m| m.parse::<Mode>().unwrap()) {
        let solve = Solve::new(&Heron, &[1.0]).stop(Stop::steps(12));
        let d = solve.vjp(&[9.0], mode, |_, c| c[0] = 1.0).unwrap();
        assert!(f64::abs(d.x[0] - 3.0) < 1e-14 && f64::abs(d.theta[0] - 1.0 / 6.0) < 1e-14, "{mode}: {d:?}");
        let spiral = Spiral { rho: 0.5, angle: 1.0 };
        let theta = [0.7, -0.2];
        let solve = Solve::new(&spiral, &[0.0; 2]).stop(Stop::steps(120));
        let d = solve.jvp(&theta, mode, &theta).unwrap();
        for (got, expected) in d.dx.iter().chain(&d.x).zip(spiral.solution(&theta).iter().cycle()) {
            assert!((got - expected).abs() < 1e-9, "{mode}: {d:?}");
        }
    }
    // One step is exact where the map converges quadratically.
    let solve = Solve::new(&Heron, &[1.0]).stop(Stop::steps(12));
    let d = solve.vjp(&[9.0], Mode::one_step(), |_, c| c[0] = 1.0).unwrap();
    assert!(f64::abs(d.theta[0] - 1.0 / 6.0) < 1e-14);
    check::step(&Spiral { rho: 0.9, angle: 2.0 }, At { t: 0, x: &[1.0, 2.0], theta: &[0.1, 0.3] }, 1).assert();
}

/// Sweeps and Gram matrices against plain loops, dense and sparse, odd shapes included.
#[test]
fn data_matrices() {
    for (n, d, k) in [(1, 1, 1), (3, 5, 2), (17, 9, 1), (300, 33, 3), (257, 70, 12), (40, 0, 1)] {
        let data = Regression::new(n, d.max(1), 1.0, 0.1, 4);
        let x = &data.x[..n * d];
        let indptr: Vec<usize> = (0..=n).map(|i| i * d).collect();
        let indices: Vec<u32> = (0..n * d).map(|i| (i % d) as u32).collect();
        let dense = Dense::new(x, n, d).unwrap();
        let csr = Csr::new(indptr, indices, x, d).unwrap();
        let v: Vec<f64> = (0..d * k).map(|i| (i as f64).sin()).collect();
        let h: Vec<f64> = (0..n).map(|i| 1.0 + (i % 3) as f64).collect();
        let mut expected = vec![0.0; d * k];
        for (row, h) in x.chunks(d.max(1)).zip(&h) {
            for c in 0..k {
                let u: f64 = row.iter().zip(&v[c * d..]).map(|(x, v)| x * v).sum();
                expected[c * d..(c + 1) * d].iter_mut().zip(row).for_each(|(e, x)| *e += h * u * x);
            }
        }
        for matrix in [&dense as &dyn Design<f64>, &csr] {
            let mut scratch = vec![f64::NAN; matrix.scratch(k, k).max(matrix.gram_scratch())];
            let mut out = vec![f64::NAN; d * k];
            let weigh = |rows: std::ops::Range<usize>, u: &mut [f64]| {
                u.chunks_mut(rows.len()).for_each(|u| u.iter_mut().zip(&h[rows.clone()]).for_each(|(u, h)| *u *= h));
            };
            for _ in 0..3 {
                matrix.sweep(&[&v], k, &mut out, &weigh, &mut scratch);
                assert!(out.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9), "{n} x {d}, {k}");
            }
            let mut gram = vec![f64::NAN; d * d];
            matrix.gram(Some(&h), &mut gram, &mut scratch);
            for c in 0..k {
                for j in 0..d {
                    let product: f64 = (0..d).map(|i| gram[j * d + i] * v[c * d + i]).sum();
                    assert!((product - expected[c * d + j]).abs() < 1e-8, "{n} x {d}");
                }
            }
        }
    }
}

/// Blocks of columns whose last one is narrower, no directions at all, more slots than steps.
#[test]
fn odd_blocks() {
    let data = Regression::new(600, 600, 1.0, 0.1, 4);
    let x = Dense::new(&data.x[..], 600, 600).unwrap();
    let model = LinearModel::new(x, data.signs(), Logistic, Groups::Of((0..600).map(|j| j % 100).collect())).unwrap();
    let (map, start, theta) = (GradientDescent::new(&model, 0.1), [0.0; 600], [-1.0; 100]);
    let solve = Solve::new(&map, &start).stop(Stop::steps(2));
    assert!(solve.jacobian(&theta, Mode::full()).unwrap().status.is_ok());
    assert!(solve.vjp(&theta, Mode::slots(usize::MAX / 4096), |_, c| c.fill(1.0)).unwrap().status.is_ok());
    let f = Quadratic::new(vec![2.0], vec![1.0], Groups::None).unwrap();
    let map = GradientDescent::new(&f, 0.4);
    for mode in [Mode::full(), Mode::implicit(), Mode::cholesky()] {
        let d = Solve::new(&map, &[0.0]).jacobian(&[], mode).unwrap();
        assert!(d.status.is_ok() && d.dx.is_empty());
    }
}

/// Parts of a mode that contradict each other are no mode; which, the message says.
#[test]
fn modes_that_contradict_themselves() {
    for text in ["last:3+late:4", "full+one-step", "last:3+last:3", "slots:3+budget:9999", "polish:1+polish:2"] {
        let error = text.parse::<Mode>().unwrap_err().to_string();
        assert!(error.contains("twice"), "{text}: {error}");
    }
    for text in ["implicit+full", "full+implicit", "", "+", "full+", "slots", "last:", "last:-1", "last:0", "full:3"] {
        assert!(text.parse::<Mode>().is_err(), "{text}");
    }
    for (text, short) in [("full+slots:4", "slots:4"), ("polish:2+late:3+slots:4", "late:3+slots:4+polish:2")] {
        assert_eq!(text.parse::<Mode>().unwrap().to_string(), short);
    }
}

/// A number of directions that no block of memory holds is refused, not wrapped around.
#[test]
fn too_many_directions() {
    let map = Spiral { rho: 0.5, angle: 1.0 };
    let solve = Solve::new(&map, &[0.0; 2]).stop(Stop::steps(3));
    let k = usize::MAX / 2 + 1;
    assert!(matches!(solve.jvps(&[0.7, -0.2], Mode::full(), k, &[]), Err(Error::Shape { .. })));
    assert!(matches!(solve.jvps_from(&[0.7, -0.2], Mode::full(), k, &[], &[]), Err(Error::Shape { .. })));
}
