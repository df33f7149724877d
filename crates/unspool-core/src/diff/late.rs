//! Where a late start begins when nobody says.
//!
//! A derivative that starts at step `K0` from zero has the error `rho^(K-K0) |J*|` of its own start
//! and `M (K-K0) rho^(K-1) |x_0 - x*|` from the iterates; the sum is least where the distance of the
//! iterate, in the units of the derivative, has fallen to `|J*| ln(1/rho) / M`, whatever `K` (*The
//! Curse of Unrolling*, and Mehmood, Knoll, Ochs 2026). For a map whose derivative in theta is
//! proportional to `x`, and with `J* = (I - dT/dx)^{-1} dT/dtheta` along the slow directions, that is
//! where the iterate's distance from the solution is no more than the solution's own size. A start
//! that was no further away than that, such as zero, needs no late start at all.
//!
//! Whether it was is known only once the iterates have come near. So all steps are differentiated
//! until then; if the start turns out to have been far, what was done so far is dropped and the
//! derivative starts there. Of a known number of steps that is at half, when the iterate is within
//! twice its size of the solution by then, at the latest at 60 %: what is ever stored stays below
//! that.

use super::Span;
use crate::real::{distance, norm};
use crate::run::{Stop, Walk};
use crate::{Map, Real};

/// Steps over which the rate is measured.
const WINDOW: usize = 8;
/// A start further from the answer than this many times the answer's size was far.
const FAR: f64 = 1.5;

/// What to do with the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Take it without a derivative.
    Pass,
    /// Differentiate it.
    Take,
    /// Forget the derivative of all steps before it, and differentiate it.
    Restart,
}

/// The first differentiated step: known, or decided on the way.
pub(super) struct Start<F> {
    /// As far as is known; `usize::MAX` for the last steps of a run of unknown length.
    pub(super) first: usize,
    /// The number of steps, where it is known.
    steps: Option<usize>,
    /// The start of the run, while it is to be decided whether that was far.
    x0: Option<Vec<F>>,
    moves: [f64; WINDOW],
}

impl<F: Real> Start<F> {
    pub(super) fn new(span: Span, stop: Stop) -> Self {
        let steps = stop.tol.is_none().then_some(stop.max_steps);
        let first = match span {
            Span::Full | Span::Auto => 0,
            Span::Late(k0) => k0,
            Span::Last(last) => steps.map_or(usize::MAX, |steps| steps.saturating_sub(last)),
        };
        Start { first, steps, x0: (span == Span::Auto).then(Vec::new), moves: [0.0; WINDOW] }
    }

    /// Looks at the next step.
    pub(super) fn look<M: Map<F> + ?Sized>(&mut self, walk: &Walk<'_, F, M>) -> Next {
        if self.x0.is_some() && self.decide(walk) {
            self.first = walk.t;
            return Next::Restart;
        }
        if walk.t >= self.first { Next::Take } else { Next::Pass }
    }

    /// Whether this is the time to start anew; forgets the question once it is settled.
    fn decide<M: Map<F> + ?Sized>(&mut self, walk: &Walk<'_, F, M>) -> bool {
        let t = walk.t;
        let left = self.left(walk);
        let Some(x0) = &mut self.x0 else { return false };
        if t == 0 {
            x0.extend_from_slice(&walk.x);
            return false;
        }
        let passed = self.steps.map_or(0.0, |steps| t as f64 / steps as f64);
        if !(left <= 0.2 || (passed >= 0.5 && left <= 2.0) || passed >= 0.59) {
            return false;
        }
        let d = walk.output();
        let far = distance(&walk.x[..d], &x0[..d]) > FAR * norm(&walk.x[..d]);
        self.x0 = None;
        far
    }

    /// `|x_t - x*| / |x_t|`, the numerator taken as `|x_t - x_{t-1}| rho / (1 - rho)`; infinite while the
    /// rate is not known.
    fn left<M: Map<F> + ?Sized>(&mut self, walk: &Walk<'_, F, M>) -> f64 {
        let t = walk.t;
        let oldest = self.moves[t % WINDOW];
        self.moves[t % WINDOW] = walk.residual;
        let rho = (walk.residual / oldest).powf(1.0 / WINDOW as f64);
        if t > WINDOW && rho < 1.0 { walk.residual * rho / (1.0 - rho) / norm(&walk.x) } else { f64::INFINITY }
    }
}
