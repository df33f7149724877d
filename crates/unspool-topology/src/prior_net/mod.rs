//! An unrolled likelihood with a learned prior.
//!
//! Starting from the Laplacian maximum likelihood, a few [blocks](self) alternate between what the likelihood says about each
//! pair at the current weights, and a small network that weighs it against what graphs are like: how certain `n` signals
//! make it, what the degrees of both nodes and the paths between them suggest. Each block gives each pair the
//! probability that it is an edge and a mean weight.
//!
//! - Permuting the nodes permutes the answer; the number of nodes is free. The unit of the signals is too.
//! - It knows the number of signals: with many it follows the likelihood, with few the prior.
//!
//! Trained on
//!
//! ```text
//! sum_t 0.6^(T-t) ( k(n) ||w_t - w||^2 / ||w||^2 + 0.1 CE(p_t, w > 0) ),   k(n) = 1 / (0.003 + min(0.6, 25 / n))
//! ```
//!
//! with `CE` the cross-entropy for each true edge; `k` makes few and many signals count alike.

mod block;
mod features;
mod likelihood;

use unspool_core::Real;
use unspool_train::layer::{Linear, activation};
use unspool_train::{Init, Layout, Model, Noise};

use crate::problem::{Example, FEATURES, Problem};
use block::{Block, HIDDEN, Scratch, Tape};

/// Weight of the cross-entropy.
const CROSS_ENTROPY: f64 = 0.1;
/// Weight of a block's loss relative to the next one's.
const DISCOUNT: f64 = 0.6;
/// Blocks, where nothing is said.
pub const BLOCKS: usize = 5;

/// The network.
#[derive(Clone, Debug)]
pub struct PriorNet {
    layout: Layout,
    embedding: Linear,
    blocks: Vec<Block>,
}

/// What it says about a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Half-vector of mean weights.
    pub w: Vec<f64>,
    /// Half-vector of probabilities that the pair is an edge.
    pub p: Vec<f64>,
}

/// Memory for one graph at a time.
#[derive(Clone, Debug)]
pub struct Memory<F> {
    start: Vec<F>,
    tapes: Vec<Tape<F>>,
    scratch: Scratch<F>,
    gw: [Vec<F>; 2],
    glogit: Vec<F>,
    gh: [Vec<F>; 2],
}

impl PriorNet {
    /// With `blocks` blocks, at least one.
    pub fn new(blocks: usize) -> Self {
        let mut layout = Layout::new();
        let embedding = Linear::new(&mut layout, "embedding", FEATURES, HIDDEN, Init::Xavier(1.0), Init::Constant(0.0));
        let count = blocks.max(1);
        let blocks = (0..count).map(|t| Block::new(&mut layout, &format!("block{t}"), t + 1 == count)).collect();
        PriorNet { layout, embedding, blocks }
    }

    /// Memory for graphs of any size.
    pub fn memory<F: Real>(&self) -> Memory<F> {
        Memory {
            start: Vec::new(),
            tapes: vec![Tape::default(); self.blocks.len()],
            scratch: Scratch::default(),
            gw: Default::default(),
            glogit: Vec::new(),
            gh: Default::default(),
        }
    }

    /// Memory for predictions alone: less of it.
    pub fn memory_to_predict<F: Real>(&self) -> Memory<F> {
        Memory { tapes: vec![Tape::default(); 2], ..self.memory() }
    }

    fn forward<F: Real>(&self, theta: &[F], problem: &Problem<F>, memory: &mut Memory<F>) {
        let l = problem.z.len();
        memory.start.clear();
        memory.start.resize(HIDDEN * l, F::zero());
        self.embedding.forward(theta, &problem.features, &mut memory.start);
        activation::tanh(&mut memory.start);
        // in training each block has a tape of its own; otherwise two take turns
        let count = memory.tapes.len();
        for (t, block) in self.blocks.iter().enumerate() {
            let mut tape = std::mem::take(&mut memory.tapes[t % count]);
            let (w, h) = match t.checked_sub(1) {
                Some(before) => {
                    let before = &memory.tapes[before % count];
                    (before.w.as_slice(), before.hidden(l))
                }
                None => (problem.start.as_slice(), memory.start.as_slice()),
            };
            block.forward(theta, problem, w, h, &mut tape, &mut memory.scratch);
            memory.tapes[t % count] = tape;
        }
    }

    /// Weights and probabilities.
    ///
    /// # Complexity
    /// `O(m^3)`, and some 3,000 multiply-adds for each pair and block.
    pub fn predict<F: Real>(&self, theta: &[F], problem: &Problem<F>, memory: &mut Memory<F>) -> Prediction {
        self.forward(theta, problem, memory);
        let last = &memory.tapes[(self.blocks.len() - 1) % memory.tapes.len()];
        let wide = |v: &[F]| v.iter().map(|v| v.wide()).collect();
        Prediction { w: wide(&last.w), p: wide(last.p(problem.z.len())) }
    }

    /// The way back through all blocks: `cotangent(t, w_t, p_t, gw, glogit)` sets the cotangents of a block's weights and
    /// logits.
    fn backward<F: Real>(
        &self,
        theta: &[F],
        problem: &Problem<F>,
        memory: &mut Memory<F>,
        gtheta: &mut [F],
        mut cotangent: impl FnMut(usize, &[F], &[F], &mut [F], &mut [F]),
    ) {
        let l = problem.z.len();
        let Memory { start, tapes, scratch, gw, glogit, gh } = memory;
        let [gw, gw_in] = gw;
        let [gh, gh_in] = gh;
        for (v, len) in [(&mut *gw, l), (gw_in, l), (gh, 0), (gh_in, HIDDEN * l), (glogit, l)] {
            v.clear();
            v.resize(len, F::zero());
        }
        let mut carried = vec![F::zero(); l];
        for (t, block) in self.blocks.iter().enumerate().rev() {
            let (before, after) = tapes.split_at_mut(t);
            let tape = &mut after[0];
            cotangent(t, &tape.w, tape.p(l), gw, glogit);
            F::axpy(F::one(), &carried, gw);
            let h = before.last().map_or(start.as_slice(), |tape| tape.hidden(l));
            let into = if t > 0 { Some(&mut carried[..]) } else { None };
            block.backward(theta, problem, h, tape, (gw, glogit, gh), gtheta, into, gh_in, scratch);
            gh.clear();
            gh.extend_from_slice(gh_in);
        }
        activation::tanh_backward(start, gh);
        self.embedding.backward(theta, &problem.features, gh, gtheta, None);
    }

    /// A prediction, and `gtheta += (dw/dtheta)' c` for the cotangent that `outer` sets from the weights.
    pub fn vjp<F: Real>(
        &self,
        theta: &[F],
        problem: &Problem<F>,
        outer: impl FnOnce(&[F], &mut [F]),
        gtheta: &mut [F],
        memory: &mut Memory<F>,
    ) -> Prediction {
        let prediction = self.predict(theta, problem, memory);
        let mut outer = Some(outer);
        self.backward(theta, problem, memory, gtheta, |_, w, _, gw, glogit| {
            gw.fill(F::zero());
            glogit.fill(F::zero());
            if let Some(outer) = outer.take() {
                outer(w, gw);
            }
        });
        prediction
    }
}

/// `k(n)`: how much an error counts.
fn importance(signals: usize) -> f64 {
    1.0 / (0.003 + (25.0 / signals as f64).min(0.6))
}

impl<F: Real> Model<F> for PriorNet {
    type Sample = Example<F>;
    type Memory = Memory<F>;

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn memory(&self) -> Memory<F> {
        PriorNet::memory(self)
    }

    fn loss(
        &self,
        theta: &[F],
        sample: &Example<F>,
        _: &mut Noise,
        gradient: &mut [F],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<f64> {
        let Example { problem, truth } = sample;
        self.forward(theta, problem, memory);
        let size = F::dot(truth, truth).wide();
        let edges = truth.iter().filter(|w| **w > F::zero()).count() as f64;
        let count = self.blocks.len();
        let mut loss = 0.0;
        self.backward(theta, problem, memory, gradient, |t, w, p, gw, glogit| {
            let discount = DISCOUNT.powi((count - 1 - t) as i32);
            let (k, ce) = (discount * importance(problem.signals) / size, discount * CROSS_ENTROPY / edges);
            for e in 0..truth.len() {
                let (error, is) = (w[e] - truth[e], truth[e] > F::zero());
                gw[e] = F::of(2.0 * k) * error;
                glogit[e] = F::of(ce) * (p[e] - if is { F::one() } else { F::zero() });
                loss += k * (error * error).wide() + ce * cross_entropy(p[e].wide(), is);
            }
        });
        Ok(loss)
    }

    fn metric_names(&self) -> Vec<String> {
        ["score", "gmse", "cross_entropy"].map(str::to_owned).to_vec()
    }

    fn metrics(
        &self,
        theta: &[F],
        sample: &Example<F>,
        _: &mut Noise,
        out: &mut [f64],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<()> {
        let Example { problem, truth } = sample;
        let Prediction { w, p } = self.predict(theta, problem, memory);
        let (mut error, mut size, mut ce) = (0.0, 0.0, 0.0);
        for ((w, p), t) in w.iter().zip(&p).zip(truth) {
            let t = t.wide();
            error += (w - t) * (w - t);
            size += t * t;
            ce += cross_entropy(*p, t > 0.0);
        }
        let edges = truth.iter().filter(|w| **w > F::zero()).count() as f64;
        out.copy_from_slice(&[importance(problem.signals) * error / size, error / size, ce / edges]);
        Ok(())
    }
}

/// `-ln p` of an edge, `-ln(1 - p)` of a pair that is none; never infinite.
fn cross_entropy(p: f64, is_edge: bool) -> f64 {
    -(if is_edge { p } else { 1.0 - p }).max(1e-12).ln()
}
