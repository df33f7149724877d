//! Where a late start begins when nobody says.
//!
//! A derivative that starts at step `K0` from zero has the error `rho^(K-K0) |J*|` of its own start
//! and `M (K-K0) rho^(K-1) |x_0 - x*|` from the iterates; the sum is least where the distance of the
//! iterate, in the units of the derivative, has fallen to `|J*| ln(1/rho) / M`, whatever `K` (*The
//! Curse of Unrolling*, and Mehmood, Knoll, Ochs 2026). For a map whose derivative in theta is
//! proportional to `x`, and with `J* = (I - dT/dx)^{-1} dT/dtheta` along the slow directions, that is
//! where the iterate's distance from the solution is no more than the solution's own size. A start
//! at zero is that near from the beginning.

use super::Span;
use crate::real::norm;
use crate::run::{Stop, Walk};
use crate::{Map, Real};

/// Steps over which the rate is measured.
const WINDOW: usize = 8;

/// The first differentiated step: known, or found on the way.
pub(super) struct Start {
    /// `usize::MAX` until it is found.
    pub(super) first: usize,
    automatic: bool,
    /// Nine twentieths of the steps, when their number is known: with `2/kappa` steps and more of
    /// gradient descent that is within a factor 1.3 of the best wherever the run starts.
    latest: usize,
    moves: [f64; WINDOW],
}

impl Start {
    /// For these spans; of [`Span::Last`] without a known length nothing is known here.
    pub(super) fn new(span: Span, stop: Stop) -> Self {
        let steps = stop.tol.is_none().then_some(stop.max_steps);
        let first = match span {
            Span::Full => 0,
            Span::Late(k0) => k0,
            Span::Last(last) => steps.map_or(usize::MAX, |steps| steps.saturating_sub(last)),
            Span::Auto => usize::MAX,
        };
        let latest = steps.map_or(usize::MAX, |steps| steps - (steps / 20 * 11 + steps % 20 * 11 / 20));
        Start { first, automatic: span == Span::Auto, latest, moves: [0.0; WINDOW] }
    }

    /// Looks at the next step; whether it is differentiated.
    pub(super) fn reached<F: Real, M: Map<F> + ?Sized>(&mut self, walk: &Walk<'_, F, M>) -> bool {
        if self.automatic && self.first == usize::MAX && (walk.t >= self.latest || self.near(walk)) {
            self.first = walk.t;
        }
        walk.t >= self.first
    }

    /// Whether `|x_t - x*|`, taken as `|x_t - x_{t-1}| rho / (1 - rho)`, is at most `|x_t| / 2`, and so at
    /// most `|x*|`.
    fn near<F: Real, M: Map<F> + ?Sized>(&mut self, walk: &Walk<'_, F, M>) -> bool {
        let t = walk.t;
        if t == 0 {
            return walk.x.iter().all(|x| *x == F::zero());
        }
        let oldest = self.moves[t % WINDOW];
        self.moves[t % WINDOW] = walk.residual;
        if t <= WINDOW {
            return false;
        }
        let rho = (walk.residual / oldest).powf(1.0 / WINDOW as f64);
        rho < 1.0 && walk.residual * rho / (1.0 - rho) <= 0.5 * norm(&walk.x)
    }

    /// Steps that an automatic start which never came owes, to be taken frozen at the answer.
    pub(super) fn owed(&self, steps: usize) -> usize {
        if self.automatic && self.first == usize::MAX { steps.div_ceil(2) } else { 0 }
    }
}
