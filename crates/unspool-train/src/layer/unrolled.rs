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
    /// Tapes of the last layers, the last one first, and whether each is that of the layer's state.
    tapes: Vec<Vec<F>>,
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
        let fresh = vec![false; layers];
        Unrolled { state, layers, states, tapes: Vec::new(), fresh, scratch, g: zeros(state), next: zeros(state) }
    }

    /// `x_t`: 0 is the start.
    pub fn state(&self, t: usize) -> &[F] {
        &self.states[t * self.state..][..self.state]
    }

    /// `x_t`, to be set by hand: the start, or a layer that is no step of the map.
    pub fn state_mut(&mut self, t: usize) -> &mut [F] {
        self.forget(t);
        &mut self.states[t * self.state..][..self.state]
    }

    /// The tape of layer `t`, if there is such a layer, is no longer that of its state.
    fn forget(&mut self, t: usize) {
        if let Some(fresh) = self.fresh.get_mut(t) {
            *fresh = false;
        }
    }

    /// `x_{t+1} = T(x_t, theta)`.
    pub fn step<M: Map<F> + ?Sized>(&mut self, map: &M, t: usize, theta: &[F]) {
        self.scratch.resize(map.scratch(1).max(map.scratch(0)), F::zero());
        self.forget(t);
        self.forget(t + 1);
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
        self.forget(t + 1);
        self.fresh[t] = true;
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
