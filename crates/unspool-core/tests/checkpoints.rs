//! Checkpointed reverse mode: the same bits as full, the optimal number of repeated steps, and
//! never more states than allowed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use unspool_core::diff::optimal_evaluations;
use unspool_core::{Adjoint, At, Dims, Map, Mode, Solve, Stop, Vjp};

/// A nonlinear map that counts its steps.
struct Counted(AtomicUsize);

impl Map<f64> for Counted {
    fn dims(&self) -> Dims {
        Dims { state: 3, output: 2, params: 2 }
    }

    fn step(&self, at: At<'_, f64>, next: &mut [f64], _: &mut [f64]) {
        self.0.fetch_add(1, Ordering::Relaxed);
        next[0] = (at.theta[0] * at.x[1]).sin() + 0.3 * at.x[2];
        next[1] = (at.theta[1] * at.x[0] + 0.8f64.powi(at.t as i32)).cos();
        next[2] = at.x[0] - 0.5 * at.x[1];
    }
}

impl Vjp<f64> for Counted {
    fn vjp(&self, at: At<'_, f64>, c: &[f64], gx: &mut [f64], gtheta: &mut [f64], _: &mut [f64]) {
        let a = c[0] * (at.theta[0] * at.x[1]).cos();
        let b = -c[1] * (at.theta[1] * at.x[0] + 0.8f64.powi(at.t as i32)).sin();
        gx[0] = b * at.theta[1] + c[2];
        gx[1] = a * at.theta[0] - 0.5 * c[2];
        gx[2] = 0.3 * c[0];
        gtheta[0] += a * at.x[1];
        gtheta[1] += b * at.x[0];
    }
}

const THETA: [f64; 2] = [0.8, 1.1];

fn derivative(stop: Stop, mode: Mode) -> (Adjoint<f64>, usize) {
    let map = Counted(AtomicUsize::new(0));
    let solve = Solve::new(&map, &[0.4, -0.2]).stop(stop);
    let d = solve.vjp(&THETA, mode, |x, c| c.copy_from_slice(&[x[0], 1.0 - x[1]])).unwrap();
    (d, map.0.into_inner())
}

#[test]
fn optimal_and_equal_bit_for_bit() {
    for t in 1..=200 {
        let (full, evaluations) = derivative(Stop::steps(t), Mode::full());
        assert_eq!((evaluations, full.cost.recomputed, full.cost.peak_states), (t, 0, t));
        for slots in 2..=12 {
            let (d, evaluations) = derivative(Stop::steps(t), Mode::slots(slots));
            assert_eq!((&d.x, &d.theta, &d.start), (&full.x, &full.theta, &full.start), "T = {t}, {slots} slots");
            // The last step, to x_T, is for the cotangent; reversing alone needs t(n, c).
            assert_eq!(evaluations, optimal_evaluations(t, slots) + 1, "T = {t}, {slots} slots");
            assert_eq!(d.cost.recomputed, evaluations - t);
            assert!(d.cost.peak_states <= slots && d.cost.vjps == t);
        }
    }
}

/// The counts are pinned: a slower schedule fails here.
#[test]
fn counts_at_sixty_four_steps() {
    let recomputed = |slots| derivative(Stop::steps(64), Mode::slots(slots)).0.cost.recomputed;
    assert_eq!([2, 4, 8, 16, 64].map(recomputed), [420 - 63, 200 - 63, 137 - 63, 110 - 63, 0]);
}

/// When the length is not known beforehand, the states that were kept are spread evenly; the
/// total stays within one sweep of the optimum.
#[test]
fn unknown_length() {
    let stop = Stop::tolerance(1e-9);
    let (full, length) = derivative(stop, Mode::full());
    assert!(full.status.is_ok() && length > 20);
    for slots in 1..=12 {
        let (d, evaluations) = derivative(stop, Mode::slots(slots));
        assert_eq!((&d.x, &d.theta, &d.start), (&full.x, &full.theta, &full.start), "{slots} slots");
        assert!(evaluations <= optimal_evaluations(length, slots) + length + 1, "{slots} slots: {evaluations}");
        assert!(d.cost.peak_states <= slots);
    }
    for last in [1, 7, 15] {
        let (full, _) = derivative(stop, Mode::last(last));
        let (d, _) = derivative(stop, format!("last:{last}+slots:3").parse().unwrap());
        assert_eq!(d.theta, full.theta);
        assert_eq!(d.cost.vjps, last);
    }
}

/// The order of the pulls is that of the steps, backwards, with the right states.
#[test]
fn every_state_is_the_right_one() {
    struct Log(Mutex<Vec<(usize, f64)>>);
    impl Map<f64> for Log {
        fn dims(&self) -> Dims {
            Dims { state: 1, output: 1, params: 0 }
        }
        fn step(&self, at: At<'_, f64>, next: &mut [f64], _: &mut [f64]) {
            next[0] = at.x[0] + 1.0 + at.t as f64;
        }
    }
    impl Vjp<f64> for Log {
        fn vjp(&self, at: At<'_, f64>, c: &[f64], gx: &mut [f64], _: &mut [f64], _: &mut [f64]) {
            self.0.lock().unwrap().push((at.t, at.x[0]));
            gx[0] = c[0];
        }
    }
    for mode in ["full", "slots:1", "slots:5", "late:9+slots:2"].map(|m| m.parse().unwrap()) {
        let map = Log(Mutex::new(vec![]));
        let _ = Solve::new(&map, &[0.0]).stop(Stop::steps(30)).vjp(&[], mode, |_, c| c[0] = 1.0).unwrap();
        let log = map.0.into_inner().unwrap();
        let first = 30 - log.len();
        let expected: Vec<_> = (first..30).rev().map(|t| (t, (t * (t + 1) / 2) as f64)).collect();
        assert_eq!(log, expected, "{mode}");
    }
}
