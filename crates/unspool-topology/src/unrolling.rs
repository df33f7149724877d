//! Unrolling and Recurrent Unrolling (Pu et al., "Learning to Learn Graph Topologies", NeurIPS 2021).
//!
//! `K` steps of primal-dual splitting, [`Pds`], from zero, each layer with its own `g`, `beta`, `alpha`; or all with the same
//! (*recurrent*). No sign is imposed on them; the root in the proximal step is kept above `1e-8`.
//!
//! ```text
//! loss = sum_{t=1..K} 0.9^(K-t+1) ||w_t - w||^2 / ||w||^2
//! ```
//!
//! The authors' recurrent model writes `2 z` inside of the proximal step and leaves it out of `q1`. In `w - y1 + q1` it cancels: the
//! iterates are the same.

use std::ops::Range;

use unspool_core::Real;
use unspool_graph::log_degree::{LANES, Pds, PdsLanes};
use unspool_graph::pairs;
use unspool_train::layer::Unrolled;
use unspool_train::{Constraint, Init, Layout, Model, Noise};

use crate::data::Labelled;

/// Layers, where nothing is said.
pub const LAYERS: usize = 20;
/// Weight of a layer's error relative to the next one's.
pub(crate) const DISCOUNT: f64 = 0.9;
/// Below the root of the proximal step.
pub(crate) const FLOOR: f64 = 1e-8;

/// The scalars of all layers: `g`, `beta` and `alpha`.
#[derive(Clone, Debug)]
pub(crate) struct Scalars {
    gn: Range<usize>,
    beta: Range<usize>,
    alpha: Range<usize>,
}

impl Scalars {
    /// Tensors `gn`, `beta`, `alpha` of the shape `[count, 1]`.
    pub(crate) fn new(layout: &mut Layout, count: usize) -> Self {
        let mut add = |name: &str, value| layout.add(name, &[count, 1], Constraint::Free, Init::Constant(value));
        Scalars { gn: add("gn", 0.01), beta: add("beta", 1.0), alpha: add("alpha", 1.0) }
    }

    /// `[alpha, beta, theta, g]` of a layer, as [`Pds`] has them.
    pub(crate) fn at<F: Real>(&self, theta: &[F], layer: usize) -> [F; 4] {
        let k = layer % self.gn.len();
        [theta[self.alpha.start + k], theta[self.beta.start + k], F::one(), theta[self.gn.start + k]]
    }

    /// Adds the gradient in what [`Scalars::at`] gave.
    pub(crate) fn add<F: Real>(&self, gradient: &mut [F], layer: usize, g: [F; 4]) {
        let k = layer % self.gn.len();
        gradient[self.alpha.start + k] += g[0];
        gradient[self.beta.start + k] += g[1];
        gradient[self.gn.start + k] += g[3];
    }
}

/// The network.
#[derive(Clone, Debug)]
pub struct Unrolling {
    layout: Layout,
    layers: usize,
    scalars: Scalars,
}

impl Unrolling {
    /// With `layers` layers; `recurrent`: they share their scalars.
    pub fn new(layers: usize, recurrent: bool) -> Self {
        let mut layout = Layout::new();
        let layers = layers.max(1);
        let scalars = Scalars::new(&mut layout, if recurrent { 1 } else { layers });
        Unrolling { layout, layers, scalars }
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.layers
    }

    /// The weights after each layer, from the half-vector `z` on `nodes` nodes; they may be slightly negative.
    ///
    /// # Errors
    /// Distances that are negative or not finite.
    pub fn forward<F: Real>(
        &self,
        theta: &[F],
        nodes: usize,
        z: &[F],
        memory: &mut Memory<F>,
    ) -> unspool_graph::Result<()> {
        let map = Pds::new(nodes, z)?.with_floor(F::of(FLOOR));
        let run = memory.fit(nodes, z.len(), self.layers);
        for t in 0..self.layers {
            run.step(&map, t, &self.scalars.at(theta, t));
        }
        Ok(())
    }

    /// The weights after the last layer, of several graphs at once: those of [`Unrolling::forward`] up to rounding.
    /// `out` has the graphs' half-vectors one after the other.
    ///
    /// # Errors
    /// As [`Unrolling::forward`]; an `out` of another length.
    pub fn forward_batch<F: Real>(
        &self,
        theta: &[F],
        nodes: usize,
        graphs: &[&[F]],
        out: &mut [F],
    ) -> unspool_graph::Result<()> {
        let l = pairs::count(nodes);
        if out.len() != l * graphs.len() {
            let (what, expected) = ("the weights of all graphs", l * graphs.len());
            return Err(unspool_graph::Error::Shape { what, expected, got: out.len() });
        }
        let mut out = out.chunks_exact_mut(l.max(1));
        for z in graphs.chunks(LANES) {
            let mut lanes = PdsLanes::new(nodes, z)?.with_floor(F::of(FLOOR));
            (0..self.layers).for_each(|t| lanes.step(&self.scalars.at(theta, t)));
            out.by_ref().take(z.len()).enumerate().for_each(|(lane, out)| lanes.state(lane, out));
        }
        Ok(())
    }
}

/// Memory for one graph at a time.
#[derive(Clone, Debug, Default)]
pub struct Memory<F> {
    shape: (usize, usize),
    run: Option<Unrolled<F>>,
}

impl<F: Real> Memory<F> {
    pub(crate) fn fit(&mut self, nodes: usize, l: usize, layers: usize) -> &mut Unrolled<F> {
        if self.shape != (nodes, layers) {
            (self.shape, self.run) = ((nodes, layers), None);
        }
        self.run.get_or_insert_with(|| Unrolled::new(l + nodes, layers))
    }

    /// The weights after layer `t`, from 1.
    pub fn weights(&self, t: usize) -> &[F] {
        self.run.as_ref().map_or(&[], |run| &run.state(t)[..pairs::count(self.shape.0)])
    }
}

/// Adds `0.9^(K-t+1) ||w_t - w||^2 / ||w||^2` of layer `t` (from 1) and its cotangent.
pub(crate) fn layer_loss<F: Real>(w: &[F], truth: &[F], size: f64, layers: usize, t: usize, g: &mut [F]) -> f64 {
    let k = DISCOUNT.powi((layers - t + 1) as i32) / size;
    let scale = F::of(2.0 * k);
    for ((g, &w), &truth) in g.iter_mut().zip(w).zip(truth) {
        *g += scale * (w - truth);
    }
    k * F::sum_squares_diff(w, truth)
}

/// `||max(0, w) - truth||^2 / ||truth||^2`.
pub(crate) fn gmse<F: Real>(w: &[F], truth: &[F]) -> f64 {
    let error: f64 = w.iter().zip(truth).map(|(w, t)| (w.max(F::zero()) - *t).wide().powi(2)).sum();
    error / F::sum_squares(truth)
}

pub(crate) fn refused(error: unspool_graph::Error) -> unspool_train::Error {
    unspool_train::Error::Sample { index: 0, problem: error.to_string() }
}

impl<F: Real> Model<F> for Unrolling {
    type Sample = Labelled<F>;
    type Memory = Memory<F>;

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn memory(&self) -> Memory<F> {
        Memory::default()
    }

    fn loss(
        &self,
        theta: &[F],
        sample: &Labelled<F>,
        _: &mut Noise,
        gradient: &mut [F],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<f64> {
        let Labelled { nodes, z, truth } = sample;
        self.forward(theta, *nodes, z, memory).map_err(refused)?;
        let map = Pds::new(*nodes, z).map_err(refused)?.with_floor(F::of(FLOOR));
        let run = memory.fit(*nodes, z.len(), self.layers);
        let size = F::sum_squares(truth);
        let mut loss = 0.0;
        run.cotangent().fill(F::zero());
        for t in (1..=self.layers).rev() {
            loss += run.with_state(t, |x, g| layer_loss(&x[..z.len()], truth, size, self.layers, t, g));
            let mut g = [F::zero(); 4];
            run.back(&map, t - 1, &self.scalars.at(theta, t - 1), &mut g);
            self.scalars.add(gradient, t - 1, g);
        }
        Ok(loss)
    }

    fn metric_names(&self) -> Vec<String> {
        vec!["gmse".into()]
    }

    fn metrics(
        &self,
        theta: &[F],
        sample: &Labelled<F>,
        _: &mut Noise,
        out: &mut [f64],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<()> {
        self.forward(theta, sample.nodes, &sample.z, memory).map_err(refused)?;
        out[0] = gmse(memory.weights(self.layers), &sample.truth);
        Ok(())
    }
}
