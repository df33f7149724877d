//! A solver's iterations as layers, each with parameters of its own.
//!
//! `x_{t+1} = T(x_t, theta_t)`: the map comes from the engine, [`unspool_core::Map`]. The loss may look at every `x_t`.

use unspool_core::{At, Vjp};
use unspool_core::{Map, Real};

/// Numbers of all tapes of a run, at most: 128 megabytes of `f32`. Layers beyond, the first ones, are computed again on the
/// way back.
const TAPES: usize = 32 << 20;

/// The states of an unrolled run and memory to go back through them.
#[derive(Clone, Debug)]
pub struct Unrolled<F> {
    state: usize,
    layers: usize,
    states: Vec<F>,
    /// Tapes of the last layers, the last one first.
    tapes: Vec<Vec<F>>,
    /// Of each state, whether its layer's tape was made from it.
    fresh: Vec<bool>,
    scratch: Vec<F>,
    g: Vec<F>,
    next: Vec<F>,
}

impl<F: Real> Unrolled<F> {
    /// Memory for `layers` steps of a map with states of length `state`: `(layers + 1) state` numbers.
    pub fn new(state: usize, layers: usize) -> Self {
        let zeros = |n| vec![F::zero(); n];
        let (states, scratch) = (zeros((layers + 1) * state), Vec::new());
        let fresh = vec![false; layers + 1];
        Unrolled { state, layers, states, tapes: Vec::new(), fresh, scratch, g: zeros(state), next: zeros(state) }
    }

    /// `x_t`: 0 is the start.
    pub fn state(&self, t: usize) -> &[F] {
        &self.states[t * self.state..][..self.state]
    }

    /// `x_t`, to be set by hand: the start, or a layer that is no step of the map.
    pub fn state_mut(&mut self, t: usize) -> &mut [F] {
        self.fresh[t] = false;
        &mut self.states[t * self.state..][..self.state]
    }

    /// `x_{t+1} = T(x_t, theta)`.
    pub fn step<M: Map<F> + ?Sized>(&mut self, map: &M, t: usize, theta: &[F]) {
        self.scratch.resize(map.scratch(1), F::zero());
        self.fresh[t..t + 2].fill(false);
        let (x, next) = self.states[t * self.state..][..2 * self.state].split_at_mut(self.state);
        map.step(At { t, x, theta }, next, &mut self.scratch);
    }

    /// [`Unrolled::step`] that will be gone [back](Unrolled::back) through, with the same `theta`: keeps the map's
    /// [tape](Vjp::tape), if it has one and memory allows.
    pub fn step_taped<M: Vjp<F> + ?Sized>(&mut self, map: &M, t: usize, theta: &[F]) {
        let (n, place) = (map.tape(), self.layers - 1 - t);
        if n == 0 || (place + 1).saturating_mul(n) > TAPES {
            return self.step(map, t, theta);
        }
        self.scratch.resize(map.scratch(1), F::zero());
        self.tapes.resize_with(self.tapes.len().max(place + 1), Vec::new);
        let tape = &mut self.tapes[place];
        if tape.len() != n {
            *tape = vec![F::zero(); n];
        }
        let (x, next) = self.states[t * self.state..][..2 * self.state].split_at_mut(self.state);
        map.step_taped(At { t, x, theta }, next, tape, &mut self.scratch);
        self.fresh[t..t + 2].copy_from_slice(&[true, false]);
    }

    /// The cotangent of the state that was last gone back to; zero it before the way back.
    pub fn cotangent(&mut self) -> &mut [F] {
        &mut self.g
    }

    /// Calls `f(x_t, g)` with a state and the cotangent that is being carried.
    pub fn with_state<T>(&mut self, t: usize, f: impl FnOnce(&[F], &mut [F]) -> T) -> T {
        f(&self.states[t * self.state..][..self.state], &mut self.g)
    }

    /// From the cotangent of `x_{t+1}` to that of `x_t`; `gtheta += (dT/dtheta)' c`.
    pub fn back<M: Vjp<F> + ?Sized>(&mut self, map: &M, t: usize, theta: &[F], gtheta: &mut [F]) {
        let x = &self.states[t * self.state..][..self.state];
        let (at, g, next) = (At { t, x, theta }, &self.g, &mut self.next);
        if self.fresh[t] {
            map.vjp_taped(at, &self.tapes[self.layers - 1 - t], g, next, gtheta, &mut self.scratch);
        } else {
            map.vjp(at, g, next, gtheta, &mut self.scratch);
        }
        std::mem::swap(&mut self.g, &mut self.next);
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.layers
    }
}

#[cfg(test)]
mod tests {
    use unspool_core::Dims;

    use super::*;

    /// `x <- theta x^2`, whose tape holds `x^2`, and nothing else is used of `x` in the gradient of theta.
    struct Square;

    impl Map<f64> for Square {
        fn dims(&self) -> Dims {
            Dims { state: 1, output: 1, params: 1 }
        }

        fn step(&self, at: At<'_, f64>, next: &mut [f64], _: &mut [f64]) {
            next[0] = at.theta[0] * at.x[0] * at.x[0];
        }
    }

    impl Vjp<f64> for Square {
        fn vjp(&self, at: At<'_, f64>, c: &[f64], gx: &mut [f64], gtheta: &mut [f64], scratch: &mut [f64]) {
            self.vjp_taped(at, &[at.x[0] * at.x[0]], c, gx, gtheta, scratch);
        }

        fn tape(&self) -> usize {
            1
        }

        fn step_taped(&self, at: At<'_, f64>, next: &mut [f64], tape: &mut [f64], _: &mut [f64]) {
            tape[0] = at.x[0] * at.x[0];
            next[0] = at.theta[0] * tape[0];
        }

        fn vjp_taped(
            &self,
            at: At<'_, f64>,
            tape: &[f64],
            c: &[f64],
            gx: &mut [f64],
            gtheta: &mut [f64],
            _: &mut [f64],
        ) {
            gx[0] = 2.0 * at.theta[0] * at.x[0] * c[0];
            gtheta[0] += tape[0] * c[0];
        }
    }

    fn gradient(run: &mut Unrolled<f64>) -> f64 {
        let mut gradient = [0.0];
        run.cotangent().fill(1.0);
        (0..run.layers()).rev().for_each(|t| run.back(&Square, t, &[0.7], &mut gradient));
        gradient[0]
    }

    /// The tape of a state that was replaced is not used.
    #[test]
    fn tapes_are_those_of_the_states() {
        let mut run = Unrolled::new(1, 3);
        let (first, other) = (1.3f64, 0.4f64);
        run.state_mut(0)[0] = first;
        (0..3).for_each(|t| run.step_taped(&Square, t, &[0.7]));
        // x_3 = theta^7 x_0^8
        let expected = |x: f64| 7.0 * 0.7f64.powi(6) * x.powi(8);
        assert!((gradient(&mut run) - expected(first)).abs() < 1e-12);
        run.state_mut(0)[0] = other;
        (0..3).for_each(|t| run.step(&Square, t, &[0.7]));
        assert!((gradient(&mut run) - expected(other)).abs() < 1e-12);
        run.step_taped(&Square, 0, &[0.7]);
        assert!((gradient(&mut run) - expected(other)).abs() < 1e-12);
        run.state_mut(2)[0] = 2.0;
        run.step_taped(&Square, 2, &[0.7]);
        run.state_mut(1)[0] = 0.1;
        run.step_taped(&Square, 1, &[0.7]);
        run.step(&Square, 2, &[0.7]);
        let x: [f64; 3] = [run.state(0)[0], 0.1, 0.7 * 0.1 * 0.1];
        let own = x[2].powi(2) + 2.0 * 0.7 * x[2] * (x[1].powi(2) + 2.0 * 0.7 * x[1] * x[0].powi(2));
        assert!((gradient(&mut run) - own).abs() < 1e-12);
    }
}
