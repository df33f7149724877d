//! Forward mode: tangents carried along with the iterates.
//!
//! `J_{t+1} = (dT/dx) J_t + (dT/dtheta) dTheta` from the first differentiated step, where `J = 0`
//! (or the start's own tangent, when all steps are differentiated).

use super::frozen::{self, Frozen};
use super::late::{Next, Start};
use super::tape::Ring;
use super::{Cost, LinearSolver, Mode, Span, Tangents, implicit, usable, worse};
use crate::error::{check_block, check_finite};
use crate::real::{all_finite, distance, norm};
use crate::run::{Solve, Walk};
use crate::{At, Jvp, Real, Result, Status, Stream};

impl<F: Real, M: Jvp<F> + ?Sized> Solve<'_, F, M> {
    /// Forward derivative of the answer in one direction `dtheta`.
    ///
    /// # Errors
    /// As [`Solve::run`]; a bare map with an implicit mode that needs a condition.
    pub fn jvp(&self, theta: &[F], mode: Mode, dtheta: &[F]) -> Result<Tangents<F>> {
        self.jvps(theta, mode, 1, dtheta)
    }

    /// Forward derivatives in `k` directions, as matrix-matrix work where the map offers it.
    ///
    /// # Shapes
    /// `dtheta`: params x k, column-major. The result's `dx`: output x k, column-major.
    ///
    /// # Complexity
    /// `k` JVPs a step; memory `2 k` states, whatever the number of steps (`K` states more for
    /// [`Mode::last`] when the run stops on a tolerance).
    pub fn jvps(&self, theta: &[F], mode: Mode, k: usize, dtheta: &[F]) -> Result<Tangents<F>> {
        self.check(theta)?;
        check_block("dtheta", dtheta.len(), self.map.dims().params, k)?;
        check_finite("dtheta", dtheta)?;
        mode.check(self.stop)?;
        match mode {
            Mode::Unroll { span, polish, .. } => self.unrolled_tangents(theta, span, polish, k, dtheta, None),
            Mode::Implicit(solver) => self.implicit_tangents(theta, solver, k, dtheta),
        }
    }

    /// As [`Solve::jvps`] when the start depends on theta too: `dstart` is its derivative, output
    /// x k. It matters in the modes that differentiate all steps.
    ///
    /// # Errors
    /// As [`Solve::jvps`]; a `dstart` of another length, or not finite.
    pub fn jvps_from(&self, theta: &[F], mode: Mode, k: usize, dtheta: &[F], dstart: &[F]) -> Result<Tangents<F>> {
        let dims = self.map.dims();
        check_block("dstart", dstart.len(), dims.output, k)?;
        check_finite("dstart", dstart)?;
        match mode {
            Mode::Unroll { span: Span::Full, polish, .. } => {
                self.check(theta)?;
                check_block("dtheta", dtheta.len(), dims.params, k)?;
                check_finite("dtheta", dtheta)?;
                self.unrolled_tangents(theta, Span::Full, polish, k, dtheta, Some(dstart))
            }
            _ => self.jvps(theta, mode, k, dtheta),
        }
    }

    /// The whole Jacobian `dx_T/dtheta`, output x params, column-major: all directions in one
    /// block.
    pub fn jacobian(&self, theta: &[F], mode: Mode) -> Result<Tangents<F>> {
        let p = self.map.dims().params;
        let mut identity = vec![F::zero(); p * p];
        identity.iter_mut().step_by(p + 1).for_each(|v| *v = F::one());
        self.jvps(theta, mode, p, &identity)
    }

    /// The Jacobian of every iterate in one run: `observe(t, x_t, J_t)` for `t = 0, 1, …`, with the
    /// output part of the state and `J_t` output x params, column-major. `J_0` is zero.
    ///
    /// # Errors
    /// As [`Solve::run`].
    ///
    /// # Complexity
    /// As [`Solve::jacobian`] in [`Mode::full`].
    pub fn jacobians(&self, theta: &[F], mut observe: impl FnMut(usize, &[F], &[F])) -> Result<Status> {
        self.check(theta)?;
        let (dims, p) = (self.map.dims(), theta.len());
        let mut identity = vec![F::zero(); p * p];
        identity.iter_mut().step_by(p + 1).for_each(|v| *v = F::one());
        let mut tangent = Tangent::new(self.map, theta, p, &identity);
        let mut walk = Walk::new(self, theta);
        let mut packed = vec![F::zero(); p * dims.output];
        observe(0, &walk.x[..dims.output], &packed);
        while walk.status.is_none() && tangent.broken.is_none() {
            tangent.push(walk.at());
            if !walk.advance() {
                break;
            }
            for (packed, column) in
                packed.chunks_exact_mut(dims.output.max(1)).zip(tangent.j.chunks_exact(dims.state.max(1)))
            {
                packed.copy_from_slice(&column[..dims.output]);
            }
            observe(walk.t, &walk.x[..dims.output], &packed);
        }
        Ok(worse(walk.status.unwrap_or(Status::Done), tangent.status()))
    }

    fn unrolled_tangents(
        &self,
        theta: &[F],
        span: Span,
        polish: usize,
        k: usize,
        dtheta: &[F],
        dstart: Option<&[F]>,
    ) -> Result<Tangents<F>> {
        let dims = self.map.dims();
        let mut tangent = Tangent::new(self.map, theta, k, dtheta);
        if let Some(dstart) = dstart {
            for j in 0..k {
                let column = &dstart[j * dims.output..(j + 1) * dims.output];
                tangent.j[j * dims.state..][..dims.output].copy_from_slice(column);
            }
        }
        // The steps from `from` on are differentiated as they are taken; with a data-dependent
        // length the last K states are kept instead, and differentiated at the end.
        let keep = match (span, self.stop.tol) {
            (Span::Last(last), Some(_)) => last.min(self.stop.max_steps),
            _ => 0,
        };
        let mut start = Start::new(span, self.stop);
        let mut ring = Ring::new(dims.state, keep);
        let mut burn_in = BurnIn::default();
        let mut walk = Walk::new(self, theta);
        while walk.status.is_none() {
            match start.look(&walk) {
                Next::Pass => {}
                Next::Take => tangent.push(walk.at()),
                Next::Restart => {
                    tangent.j.fill(F::zero());
                    tangent.push(walk.at());
                }
            }
            if keep > 0 {
                ring.push(&walk.x);
            }
            if !walk.advance() {
                break;
            }
            if walk.t > start.first {
                burn_in.record(tangent.change(), walk.residual);
            }
        }
        let run = walk.status.unwrap_or(Status::Done);
        if usable(run) {
            for t in walk.t - ring.len()..walk.t {
                tangent.push(At { t, x: ring.get(t), theta });
            }
            for _ in 0..polish {
                tangent.push(walk.at());
            }
        }
        let cost = Cost {
            steps: walk.t,
            jvps: tangent.count * k,
            peak_states: ring.len(),
            peak_bytes: walk.bytes() + ring.bytes() + tangent.bytes(),
            ..Cost::default()
        };
        let status = worse(run, tangent.status());
        let tangents = self.tangents(walk.x, tangent.j, dims.state, k, cost, status);
        Ok(Tangents { burn_in: burn_in.is_on(), ..tangents })
    }

    fn implicit_tangents(&self, theta: &[F], solver: LinearSolver, k: usize, dtheta: &[F]) -> Result<Tangents<F>> {
        let dims = self.map.dims();
        let condition = self.map.condition();
        implicit::check(solver, condition.is_some())?;
        let mut walk = Walk::new(self, theta);
        while walk.advance() {}
        let run = walk.status.unwrap_or(Status::Done);
        let mut cost = Cost { steps: walk.t, peak_bytes: walk.bytes(), ..Cost::default() };
        let (dx, stride, status) = if !usable(run) {
            (vec![F::nan(); k * dims.output], dims.output, Status::Done)
        } else if let LinearSolver::Neumann { tol, max_terms } = solver {
            let mut tangent = Tangent::new(self.map, theta, k, dtheta);
            let status = frozen::neumann(&mut tangent, walk.at(), tol, max_terms);
            cost.jvps = tangent.count * k;
            cost.peak_bytes += tangent.bytes();
            (tangent.j, dims.state, status)
        } else if let Some(condition) = condition {
            let at = At { t: walk.t, x: &walk.x[..dims.output], theta };
            let mut out = vec![F::zero(); k * dims.output];
            let status = implicit::tangents(&*condition, solver, at, k, dtheta, &mut out, &mut cost);
            (out, dims.output, status)
        } else {
            let mut out = vec![F::zero(); k * dims.state];
            let status = implicit::bare_tangents(self.map, walk.at(), k, dtheta, &mut out, &mut cost);
            (out, dims.state, status)
        };
        let status = worse(run, status);
        Ok(self.tangents(walk.x, dx, stride, k, cost, status))
    }

    /// Keeps the output part of each column; NaN where the numbers mean nothing.
    fn tangents(
        &self,
        mut x: Vec<F>,
        mut dx: Vec<F>,
        stride: usize,
        k: usize,
        cost: Cost,
        mut status: Status,
    ) -> Tangents<F> {
        let output = self.map.dims().output;
        for j in 0..k {
            dx.copy_within(j * stride..j * stride + output, j * output);
        }
        dx.truncate(k * output);
        if usable(status) && !all_finite(&dx) {
            status = Status::NonFinite { stream: Stream::Tangent, iteration: cost.steps };
        }
        if !usable(status) {
            dx.fill(F::nan());
        }
        x.truncate(output);
        Tangents { x, dx, directions: k, burn_in: false, cost, status }
    }
}

/// The changes of derivative and iterate over a window of steps.
#[derive(Default)]
struct BurnIn {
    changes: [(f64, f64); BurnIn::WINDOW],
    count: usize,
}

impl BurnIn {
    const WINDOW: usize = 8;

    fn record(&mut self, derivative: f64, iterate: f64) {
        self.changes[self.count % Self::WINDOW] = (derivative, iterate);
        self.count += 1;
    }

    /// Whether the derivative's change grew over the window while the iterate's fell.
    fn is_on(&self) -> bool {
        let (old, new) =
            (self.changes[self.count % Self::WINDOW], self.changes[(self.count + Self::WINDOW - 1) % Self::WINDOW]);
        self.count > Self::WINDOW && new.0 > old.0 && new.1 < old.1
    }
}

/// `k` tangents in progress.
pub(super) struct Tangent<'a, F: Real, M: ?Sized> {
    map: &'a M,
    theta: &'a [F],
    k: usize,
    dtheta: &'a [F],
    pub(super) j: Vec<F>,
    next: Vec<F>,
    scratch: Vec<F>,
    pub(super) count: usize,
    broken: Option<usize>,
}

impl<'a, F: Real, M: Jvp<F> + ?Sized> Tangent<'a, F, M> {
    fn new(map: &'a M, theta: &'a [F], k: usize, dtheta: &'a [F]) -> Self {
        let state = map.dims().state;
        Tangent {
            map,
            theta,
            k,
            dtheta,
            j: vec![F::zero(); k * state],
            next: vec![F::zero(); k * state],
            scratch: vec![F::zero(); map.scratch(k)],
            count: 0,
            broken: None,
        }
    }

    fn push(&mut self, at: At<'_, F>) {
        if self.broken.is_some() {
            return;
        }
        let at = At { theta: self.theta, ..at };
        self.map.jvps(at, self.k, &self.j, self.dtheta, &mut self.next, &mut self.scratch);
        std::mem::swap(&mut self.j, &mut self.next);
        self.count += 1;
        if !all_finite(&self.j) {
            self.broken = Some(at.t);
        }
    }

    /// By how much the last step changed it.
    fn change(&self) -> f64 {
        distance(&self.j, &self.next)
    }

    fn status(&self) -> Status {
        match self.broken {
            Some(iteration) => Status::NonFinite { stream: Stream::Tangent, iteration },
            None => Status::Done,
        }
    }

    fn bytes(&self) -> usize {
        (self.j.len() + self.next.len() + self.scratch.len()) * size_of::<F>()
    }
}

impl<F: Real, M: Jvp<F> + ?Sized> Frozen<F> for Tangent<'_, F, M> {
    const STREAM: Stream = Stream::Tangent;

    /// One more term: the change of J against its size.
    fn term(&mut self, at: At<'_, F>) -> (f64, f64) {
        self.push(at);
        (self.change(), norm(&self.j))
    }
}
