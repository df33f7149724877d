//! Reverse mode: one cotangent carried back through the iterates.
//!
//! `gtheta += (dT/dtheta)' c`, `c <- (dT/dx)' c` at `x_{T-1}, …, x_from`, the states being stored
//! or computed again.

use super::checkpoint::{optimal_evaluations, optimal_split};
use super::frozen::{self, Frozen};
use super::late::{Next, Start};
use super::tape::{Checkpoints, Ring, States};
use super::{Adjoint, Cost, LinearSolver, Mode, Span, Tape, implicit, usable, worse};
use crate::error::check_range;
use crate::real::{all_finite, norm};
use crate::run::{Solve, Walk};
use crate::{At, Error, Real, Result, Status, Stream, Vjp};

impl<F: Real, M: Vjp<F> + ?Sized> Solve<'_, F, M> {
    /// Reverse derivative: `cotangent(x_T, c)` writes the outer gradient at the answer into `c`
    /// (zeros before, length output); the result holds its pull-back to theta and to the start.
    ///
    /// ```
    /// use unspool_core::{Mode, Solve, Stop, zoo::Heron};
    /// // d sqrt(theta) / d theta at 4
    /// let solve = Solve::new(&Heron, &[1.0]).stop(Stop::steps(8));
    /// let gradient = solve.vjp(&[4.0], Mode::full(), |_, c| c[0] = 1.0)?;
    /// assert!(f64::abs(gradient.theta[0] - 0.25) < 1e-12);
    /// # Ok::<(), unspool_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Solve::run`]; a memory budget too small for two states; a bare map with an implicit
    /// mode that needs a condition; a mode that covers no step.
    ///
    /// # Complexity
    /// One VJP a differentiated step, and what [`Cost`] reports. No allocation in the backward
    /// loop, none in the forward loop when the length is fixed and the states take less than
    /// 16 MiB (beyond that, one every 16 MiB).
    pub fn vjp(&self, theta: &[F], mode: Mode, cotangent: impl FnOnce(&[F], &mut [F])) -> Result<Adjoint<F>> {
        self.check(theta)?;
        mode.check(self.stop)?;
        match mode {
            Mode::Unroll { span, tape: Tape::Full, polish } => self.taped(theta, span, polish, cotangent),
            Mode::Unroll { span, tape: Tape::Slots(slots), polish } => {
                self.checkpointed(theta, span, slots, polish, cotangent)
            }
            Mode::Unroll { span, tape: Tape::Bytes(bytes), polish } => {
                self.checkpointed(theta, span, self.slots_for(bytes)?, polish, cotangent)
            }
            Mode::Implicit(solver) => self.implicit_adjoint(theta, solver, cotangent),
        }
    }

    /// How many states fit in a budget beside the work vectors.
    fn slots_for(&self, bytes: usize) -> Result<usize> {
        let dims = self.map.dims();
        let walk = 3 * dims.state + self.map.scratch(0);
        let pass = 2 * dims.state + dims.params + self.map.scratch(1);
        let fixed = (walk + pass) * size_of::<F>();
        let slot = dims.state * size_of::<F>() + Checkpoints::<F>::OVERHEAD;
        let needed = fixed + 2 * slot;
        if bytes < needed {
            return Err(Error::Budget { bytes, needed });
        }
        Ok(((bytes - fixed) / slot).min(self.stop.max_steps.max(2)))
    }

    /// Every differentiated state stored.
    fn taped(
        &self,
        theta: &[F],
        span: Span,
        polish: usize,
        cotangent: impl FnOnce(&[F], &mut [F]),
    ) -> Result<Adjoint<F>> {
        let state = self.map.dims().state;
        let (steps, known) = (self.stop.max_steps, self.stop.tol.is_none());
        let keep = match span {
            Span::Last(last) if !known => last.min(steps),
            _ => 0,
        };
        let mut start = Start::new(span, self.stop);
        let expected = known && span != Span::Auto;
        let mut states = States::new(state, expected.then(|| steps.saturating_sub(start.first)));
        let mut ring = Ring::new(state, keep);
        let mut walk = Walk::new(self, theta);
        while walk.status.is_none() {
            match start.look(&walk) {
                Next::Pass => {}
                Next::Take => states.push(walk.t, &walk.x),
                Next::Restart => {
                    states.clear();
                    states.push(walk.t, &walk.x);
                }
            }
            if keep > 0 {
                ring.push(&walk.x);
            }
            if !walk.advance() {
                break;
            }
        }
        let run = walk.status.unwrap_or(Status::Done);
        // The way back needs scratch of its own: give that of the way there back first.
        walk.scratch = Vec::new();
        let mut pass = Pass::new(self.map, theta);
        if usable(run) {
            pass.begin(&walk, polish, cotangent);
            let from = if keep > 0 { walk.t - ring.len() } else { start.first.min(walk.t) };
            for t in (from..walk.t).rev() {
                let x = if keep > 0 { ring.get(t) } else { states.get(t) };
                pass.pull(At { t, x, theta }, t == from && span != Span::Full);
            }
        }
        let cost = Cost {
            steps: walk.t,
            peak_states: states.peak() + ring.len(),
            peak_bytes: walk.bytes() + pass.bytes() + states.bytes() + ring.bytes(),
            ..Cost::default()
        };
        Ok(pass.finish(walk.x, run, cost, span == Span::Full))
    }

    /// At most `slots` states stored, the others computed again: by the binomial schedule when the
    /// length is known, from evenly thinned checkpoints and then by that schedule otherwise: never
    /// more than one sweep above the optimum.
    fn checkpointed(
        &self,
        theta: &[F],
        span: Span,
        slots: usize,
        polish: usize,
        cotangent: impl FnOnce(&[F], &mut [F]),
    ) -> Result<Adjoint<F>> {
        check_range("the number of stored states", slots as f64, slots > 0, "at least 1")?;
        let (steps, known) = (self.stop.max_steps, self.stop.tol.is_none());
        let slots = slots.min(steps.max(2));
        // The last K of a run of unknown length can be any: checkpoints then spread over all of it.
        let mut start = match span {
            Span::Last(_) if !known => Start::new(Span::Full, self.stop),
            _ => Start::new(span, self.stop),
        };
        let mut stored = Checkpoints::new(self.map.dims().state, slots);
        let mut walk = Walk::new(self, theta);
        let (mut next_store, mut stride) = (start.first, 1);
        while walk.status.is_none() {
            if start.look(&walk) == Next::Restart {
                stored.clear();
                (next_store, stride) = (walk.t, 1);
            }
            if walk.t == next_store {
                if !known && stored.free() == 0 {
                    stride *= 2;
                    stored.thin(stride);
                }
                if known {
                    stored.push(walk.t, &walk.x);
                    let rest = steps - walk.t;
                    next_store = match stored.free() {
                        free if free > 0 && rest > 1 => walk.t + optimal_split(rest, free + 1),
                        _ => usize::MAX,
                    };
                } else {
                    if (walk.t - start.first).is_multiple_of(stride) {
                        stored.push(walk.t, &walk.x);
                    }
                    next_store = start.first + ((walk.t - start.first) / stride + 1) * stride;
                }
            }
            if !walk.advance() {
                break;
            }
        }
        let run = walk.status.unwrap_or(Status::Done);
        let mut cost = Cost { steps: walk.t, ..Cost::default() };
        let mut pass = Pass::new(self.map, theta);
        cost.peak_bytes = walk.bytes() + walk.x.len() * size_of::<F>() + pass.bytes() + stored.bytes();
        if usable(run) {
            pass.begin(&walk, polish, cotangent);
        }
        let Walk { t: mut end, x: answer, next: before_last, scratch, .. } = walk;
        let from = match span {
            Span::Last(last) => end.saturating_sub(last),
            _ => start.first.min(end),
        };
        if usable(run) && end > from {
            let truncated = span != Span::Full;
            end -= 1;
            pass.pull(At { t: end, x: &before_last, theta }, truncated && end == from);
            let mut replay = Replay { map: self.map, theta, next: answer.clone(), x: before_last, scratch, count: 0 };
            replay.rebase(&mut stored, from);
            if !known && stored.replay_cost(end) > optimal_evaluations(end + 1 - from, slots) {
                // Few slots, spread badly: sweeping once more by the schedule is cheaper.
                stored.keep_bottom();
            }
            while let Some((top, x)) = stored.top() {
                if end == from {
                    break;
                }
                match (end.saturating_sub(top), stored.free()) {
                    (0, _) => stored.pop(),
                    (1, _) => {
                        end = top;
                        pass.pull(At { t: end, x, theta }, truncated && end == from);
                        stored.pop();
                    }
                    (_, 0) => {
                        end -= 1;
                        let x = replay.advance(top, x, end);
                        pass.pull(At { t: end, x, theta }, truncated && end == from);
                    }
                    (chain, free) => {
                        let target = top + optimal_split(chain, free + 1);
                        stored.push(target, replay.advance(top, x, target));
                    }
                }
            }
            cost.recomputed = replay.count;
        }
        cost.peak_states = stored.peak;
        Ok(pass.finish(answer, run, cost, span == Span::Full))
    }

    fn implicit_adjoint(
        &self,
        theta: &[F],
        solver: LinearSolver,
        cotangent: impl FnOnce(&[F], &mut [F]),
    ) -> Result<Adjoint<F>> {
        let condition = self.map.condition();
        implicit::check(solver, condition.is_some())?;
        let mut walk = Walk::new(self, theta);
        while walk.advance() {}
        let run = walk.status.unwrap_or(Status::Done);
        let mut cost = Cost { steps: walk.t, ..Cost::default() };
        let mut pass = Pass::new(self.map, theta);
        if usable(run) {
            pass.begin(&walk, 0, cotangent);
            let status = if let LinearSolver::Neumann { tol, max_terms } = solver {
                frozen::neumann(&mut pass, walk.at(), tol, max_terms)
            } else if let Some(condition) = condition {
                let output = self.map.dims().output;
                let at = At { t: walk.t, x: &walk.x[..output], theta };
                implicit::adjoint(&*condition, solver, at, &pass.c[..output], &mut pass.gtheta, &mut cost)
            } else {
                implicit::bare_adjoint(self.map, walk.at(), &pass.c, &mut pass.gtheta, &mut cost)
            };
            pass.status = worse(pass.status, status);
        }
        cost.peak_bytes += walk.bytes() + pass.bytes();
        Ok(pass.finish(walk.x, run, cost, false))
    }
}

/// Steps taken again from a stored state.
struct Replay<'a, F, M: ?Sized> {
    map: &'a M,
    theta: &'a [F],
    x: Vec<F>,
    next: Vec<F>,
    scratch: Vec<F>,
    count: usize,
}

impl<F: Real, M: Vjp<F> + ?Sized> Replay<'_, F, M> {
    /// The state at time `to`, from `x` at `from <= to`.
    fn advance(&mut self, from: usize, x: &[F], to: usize) -> &[F] {
        self.x.copy_from_slice(x);
        for t in from..to {
            self.map.step(At { t, x: &self.x, theta: self.theta }, &mut self.next, &mut self.scratch);
            std::mem::swap(&mut self.x, &mut self.next);
        }
        self.count += to - from;
        &self.x
    }

    /// Moves the latest checkpoint not after `from` to `from` itself and drops those before it.
    fn rebase(&mut self, stored: &mut Checkpoints<F>, from: usize) {
        stored.drop_before(from);
        if let Some((t, x)) = stored.bottom()
            && t < from
        {
            stored.set_bottom(from, self.advance(t, x, from));
        }
    }
}

/// A cotangent on its way back.
struct Pass<'a, F, M: ?Sized> {
    map: &'a M,
    theta: &'a [F],
    c: Vec<F>,
    gx: Vec<F>,
    gtheta: Vec<F>,
    scratch: Vec<F>,
    vjps: usize,
    /// Size of the first cotangent.
    first: f64,
    status: Status,
}

impl<'a, F: Real, M: Vjp<F> + ?Sized> Pass<'a, F, M> {
    fn new(map: &'a M, theta: &'a [F]) -> Self {
        let dims = map.dims();
        Pass {
            map,
            theta,
            c: vec![F::zero(); dims.state],
            gx: vec![F::zero(); dims.state],
            gtheta: vec![F::zero(); dims.params],
            scratch: vec![F::zero(); map.scratch(1)],
            vjps: 0,
            first: 0.0,
            status: Status::Done,
        }
    }

    fn bytes(&self) -> usize {
        (self.c.len() + self.gx.len() + self.gtheta.len() + self.scratch.len()) * size_of::<F>()
    }

    /// Asks for the cotangent at the answer, then takes the frozen steps there.
    fn begin(&mut self, walk: &Walk<'_, F, M>, polish: usize, cotangent: impl FnOnce(&[F], &mut [F])) {
        let output = self.map.dims().output;
        cotangent(&walk.x[..output], &mut self.c[..output]);
        self.first = norm(&self.c);
        if !self.first.is_finite() {
            self.status = Status::NonFinite { stream: Stream::Adjoint, iteration: walk.t };
        }
        for _ in 0..polish {
            self.pull(walk.at(), false);
        }
    }

    /// One step back; `last`: only the gradient in theta is still wanted.
    fn pull(&mut self, at: At<'_, F>, last: bool) {
        if !self.status.is_ok() {
            return;
        }
        let at = At { theta: self.theta, ..at };
        if last {
            self.map.vjp_params(at, &self.c, &mut self.gx, &mut self.gtheta, &mut self.scratch);
        } else {
            self.map.vjp(at, &self.c, &mut self.gx, &mut self.gtheta, &mut self.scratch);
            std::mem::swap(&mut self.c, &mut self.gx);
        }
        self.vjps += 1;
        if !all_finite(&self.c) || !all_finite(&self.gtheta) {
            self.status = Status::NonFinite { stream: Stream::Adjoint, iteration: at.t };
        }
    }

    fn finish(mut self, mut x: Vec<F>, run: Status, cost: Cost, start: bool) -> Adjoint<F> {
        let output = self.map.dims().output;
        x.truncate(output);
        self.c.truncate(output);
        if !start {
            self.c.fill(F::zero());
        }
        let mut status = worse(run, self.status);
        if usable(status) && !all_finite(&self.gtheta) {
            // Not in a step, where `pull` sees it, but in an implicit solve: that is at the answer.
            status = Status::NonFinite { stream: Stream::Adjoint, iteration: cost.steps };
        }
        if !usable(status) {
            self.c.fill(F::nan());
            self.gtheta.fill(F::nan());
        }
        Adjoint { x, theta: self.gtheta, start: self.c, cost: Cost { vjps: self.vjps, ..cost }, status }
    }
}

impl<F: Real, M: Vjp<F> + ?Sized> Frozen<F> for Pass<'_, F, M> {
    const STREAM: Stream = Stream::Adjoint;

    /// One more term `(A')^i c`: its size against the first cotangent's is what shrinks.
    fn term(&mut self, at: At<'_, F>) -> (f64, f64) {
        self.pull(at, false);
        (norm(&self.c), self.first)
    }
}
