//! L2G with TopoDiffVAE (Pu et al., "Learning to Learn Graph Topologies", NeurIPS 2021), as in the authors' code.
//!
//! Layers `1 .. K-1` are those of [`Unrolling`](crate::Unrolling) with leaky projections. In layer `K` a variational autoencoder
//! takes the projection's place: `p1 = decoder([y1 | latent])`, with
//!
//! ```text
//! training  delta = enc(1[w >= 1e-4]) - enc(1[y1 >= 1e-4]);  mu = f_mean(delta);  logvar = -|f_var(delta)|
//!           latent = mu + exp(logvar / 2) N(0, I)
//! test      latent = N(0, I)
//! ```
//!
//! and two terms are added to the loss: `||p1_K - w||^2` and `KL = -1/2 mean(1 + logvar - mu^2 - exp(logvar))`.
//!
//! The decoder is a network on the *ordered* list of pairs: it learns one number of nodes, and the order in which a generator numbers
//! them. On shuffled nodes it fails; that is the model, not an error here.

use rand_distr::{Distribution, StandardNormal};
use unspool_core::Real;
use unspool_graph::log_degree::{Barrier, LANES, Pds, PdsLanes};
use unspool_graph::pairs;
use unspool_train::layer::{GraphConv, Linear, activation};
use unspool_train::{Init, Layout, Model, Noise};

use crate::data::Labelled;
use crate::unrolling::{self, FLOOR, Scalars, gmse, layer_loss, refused};

/// Slope of the leaky projections.
const SLOPE: f64 = 0.01;
/// From here on a weight is an edge to the encoder.
const THRESHOLD: f64 = 1e-4;
const HIDDEN: usize = 32;
const GRAPH: usize = 16;
const LATENT: usize = 16;

/// The network, for one number of nodes.
#[derive(Clone, Debug)]
pub struct L2g {
    nodes: usize,
    layers: usize,
    layout: Layout,
    scalars: Scalars,
    encoder: Encoder,
    mean: Linear,
    variance: Linear,
    decoder: [Linear; 2],
}

/// Graph to vector: two graph convolutions of the degrees, summed over the nodes, two linear maps.
#[derive(Clone, Debug)]
struct Encoder {
    conv: [GraphConv; 2],
    linear: [Linear; 2],
}

/// What an encoder leaves for the way back.
#[derive(Clone, Debug, Default)]
struct Encoded<F> {
    adjacency: Vec<F>,
    degrees: Vec<F>,
    first: Vec<F>,
    second: Vec<F>,
    readout: Vec<F>,
    hidden: Vec<F>,
    out: Vec<F>,
    mixed: Vec<F>,
    g: [Vec<F>; 3],
}

fn fit<F: Real>(v: &mut Vec<F>, len: usize) -> &mut [F] {
    v.clear();
    v.resize(len, F::zero());
    v
}

impl Encoder {
    fn new(layout: &mut Layout) -> Self {
        let root2 = 2f64.sqrt();
        let mut conv = |name: &str, inputs, outputs| {
            GraphConv::new(layout, name, inputs, outputs, Init::Xavier(root2), Init::Constant(1.0))
        };
        let conv = [conv("vae.enc.conv1", 1, HIDDEN), conv("vae.enc.conv2", HIDDEN, 2 * HIDDEN)];
        let mut linear = |name: &str, i, o| Linear::new(layout, name, i, o, Init::FanIn(i), Init::FanIn(i));
        let linear = [linear("vae.enc.fc1", 2 * HIDDEN, HIDDEN), linear("vae.enc.fc2", HIDDEN, GRAPH)];
        Encoder { conv, linear }
    }

    fn forward<F: Real>(&self, theta: &[F], m: usize, w: &[F], e: &mut Encoded<F>) {
        fit(&mut e.adjacency, m * m);
        for ((i, j), &w) in pairs::iter(m).zip(w) {
            if w >= F::of(THRESHOLD) {
                e.adjacency[i * m + j] = F::one();
                e.adjacency[j * m + i] = F::one();
            }
        }
        e.degrees.clear();
        e.degrees.extend(e.adjacency.chunks_exact(m).map(|row| row.iter().fold(F::zero(), |sum, &a| sum + a)));
        let zero = F::zero();
        self.conv[0].forward(
            theta,
            m,
            &e.adjacency,
            &e.degrees,
            fit(&mut e.mixed, HIDDEN * m),
            fit(&mut e.first, HIDDEN * m),
        );
        activation::leaky(zero, &mut e.first);
        let (mixed, second) = (fit(&mut e.mixed, 2 * HIDDEN * m), fit(&mut e.second, 2 * HIDDEN * m));
        self.conv[1].forward(theta, m, &e.adjacency, &e.first, mixed, second);
        activation::leaky(zero, &mut e.second);
        e.readout.clear();
        e.readout.extend(e.second.chunks_exact(m).map(|c| c.iter().fold(zero, |sum, &h| sum + h)));
        self.linear[0].forward(theta, &e.readout, fit(&mut e.hidden, HIDDEN));
        activation::leaky(zero, &mut e.hidden);
        self.linear[1].forward(theta, &e.hidden, fit(&mut e.out, GRAPH));
    }

    fn backward<F: Real>(&self, theta: &[F], m: usize, e: &mut Encoded<F>, gout: &[F], gtheta: &mut [F]) {
        let zero = F::zero();
        let [a, b, c] = &mut e.g;
        self.linear[1].backward(theta, &e.hidden, gout, gtheta, Some(fit(a, HIDDEN)));
        activation::leaky_backward(zero, &e.hidden, a);
        self.linear[0].backward(theta, &e.readout, a, gtheta, Some(fit(b, 2 * HIDDEN)));
        fit(a, 2 * HIDDEN * m);
        for (a, &b) in a.chunks_exact_mut(m).zip(&*b) {
            a.fill(b);
        }
        activation::leaky_backward(zero, &e.second, a);
        fit(c, HIDDEN * m);
        let gmixed = fit(b, 2 * HIDDEN * m);
        self.conv[1].backward(theta, m, &e.adjacency, &e.first, a, gmixed, gtheta, Some(c));
        activation::leaky_backward(zero, &e.first, c);
        let gmixed = fit(b, HIDDEN * m);
        self.conv[0].backward(theta, m, &e.adjacency, &e.degrees, c, gmixed, gtheta, None);
    }
}

/// Memory for one graph at a time.
#[derive(Clone, Debug, Default)]
pub struct Memory<F> {
    run: unrolling::Memory<F>,
    learned: Encoded<F>,
    truth: Encoded<F>,
    /// `[y1 | latent]`.
    input: Vec<F>,
    hidden: Vec<F>,
    p1: Vec<F>,
    barrier: Vec<Barrier<F>>,
    degrees: Vec<F>,
    w: Vec<F>,
    g: [Vec<F>; 4],
}

impl<F: Real> Memory<F> {
    /// The weights after the last layer.
    pub fn weights(&self) -> &[F] {
        &self.w
    }
}

/// Memory for several graphs at a time.
#[derive(Clone, Debug, Default)]
pub struct BatchMemory<F> {
    graphs: Vec<Memory<F>>,
    /// Inputs, hidden channels and outputs of the decoder, those of all graphs side by side.
    input: Vec<F>,
    hidden: Vec<F>,
    p1: Vec<F>,
}

impl<F: Real> BatchMemory<F> {
    /// The weights of each graph after the last layer.
    pub fn weights(&self) -> impl Iterator<Item = &[F]> {
        self.graphs.iter().map(Memory::weights)
    }
}

/// What was drawn for the latent, in training.
struct Latent<F> {
    delta: Vec<F>,
    mean: Vec<F>,
    raw: Vec<F>,
    noise: Vec<F>,
}

impl L2g {
    /// For graphs of `nodes` nodes, with `layers` layers.
    pub fn new(nodes: usize, layers: usize) -> Self {
        let mut layout = Layout::new();
        let (layers, l) = (layers.max(1), pairs::count(nodes));
        let scalars = Scalars::new(&mut layout, layers);
        let encoder = Encoder::new(&mut layout);
        let mut linear =
            |name: &str, i, o| Linear::new(&mut layout, name, i, o, Init::Xavier(5.0 / 3.0), Init::Constant(0.0));
        let mean = linear("vae.f_mean.0", GRAPH, LATENT);
        let variance = linear("vae.f_var.0", GRAPH, LATENT);
        let hidden = nodes * (nodes - 1) * 2 / 3;
        let decoder = [linear("vae.dec.0", l + LATENT, hidden), linear("vae.dec.2", hidden, l)];
        L2g { nodes, layers, layout, scalars, encoder, mean, variance, decoder }
    }

    fn check(&self, nodes: usize) -> unspool_graph::Result<()> {
        if nodes != self.nodes {
            return Err(unspool_graph::Error::Shape { what: "the graph", expected: self.nodes, got: nodes });
        }
        Ok(())
    }

    /// Layers `1 .. K-1`, and `y1` and `p2` of layer `K`.
    fn begin<F: Real>(&self, theta: &[F], nodes: usize, z: &[F], memory: &mut Memory<F>) -> unspool_graph::Result<()> {
        self.check(nodes)?;
        let map = Pds::new(nodes, z)?.with_floor(F::of(FLOOR)).with_slope(F::of(SLOPE));
        let run = memory.run.fit(nodes, z.len(), self.layers);
        for t in 0..self.layers - 1 {
            run.step(&map, t, &self.scalars.at(theta, t));
        }
        self.begin_last(theta, z, memory);
        Ok(())
    }

    /// `y1` and `p2` of layer `K`.
    fn begin_last<F: Real>(&self, theta: &[F], z: &[F], memory: &mut Memory<F>) {
        let (m, l) = (self.nodes, z.len());
        let [alpha, beta, _, g] = self.scalars.at(theta, self.layers - 1);
        let (w, v) = memory.run.fit(m, l, self.layers).state(self.layers - 1).split_at(l);
        let two = F::of(2.0);
        pairs::degrees(w, fit(&mut memory.degrees, m));
        memory.barrier.clear();
        memory
            .barrier
            .extend(v.iter().zip(&memory.degrees).map(|(&v, &d)| Barrier::new(v + g * d, g * alpha, F::of(FLOOR))));
        let input = fit(&mut memory.input, l + LATENT);
        for (e, (i, j)) in pairs::iter(m).enumerate() {
            input[e] = w[e] - g * (two * (beta * w[e] + z[e]) + v[i] + v[j]);
        }
    }

    /// The decoder, for as many graphs as there are inputs.
    fn decode<F: Real>(&self, theta: &[F], input: &[F], hidden: &mut Vec<F>, p1: &mut Vec<F>) {
        let [first, second] = &self.decoder;
        let graphs = input.len() / first.inputs;
        first.forward(theta, input, fit(hidden, first.outputs * graphs));
        activation::tanh(hidden);
        second.forward(theta, hidden, fit(p1, second.outputs * graphs));
    }

    /// The rest of layer `K`.
    fn finish<F: Real>(&self, theta: &[F], memory: &mut Memory<F>) {
        let (m, l) = (self.nodes, memory.p1.len());
        let [_, beta, _, g] = self.scalars.at(theta, self.layers - 1);
        let run = memory.run.fit(m, l, self.layers);
        let (w, v) = run.state(self.layers - 1).split_at(l);
        let (p1, p2) = (&memory.p1, &memory.barrier);
        let out = fit(&mut memory.w, l);
        for (e, (i, j)) in pairs::iter(m).enumerate() {
            let q = v[i] - p2[i].x + v[j] - p2[j].x;
            out[e] = p1[e] + g * (F::of(2.0) * beta * (w[e] - p1[e]) + q);
        }
    }

    /// The weights of the last layer, in `memory`; the latent is noise.
    ///
    /// # Errors
    /// Another number of nodes; distances that are negative or not finite.
    pub fn predict<F: Real>(
        &self,
        theta: &[F],
        nodes: usize,
        z: &[F],
        noise: &mut Noise,
        memory: &mut Memory<F>,
    ) -> unspool_graph::Result<()> {
        self.begin(theta, nodes, z, memory)?;
        draw(noise, &mut memory.input[z.len()..]);
        self.decode(theta, &memory.input, &mut memory.hidden, &mut memory.p1);
        self.finish(theta, memory);
        Ok(())
    }

    /// The same for several graphs, whose noise follows one after the other: they are the lanes of [`PdsLanes`], and the
    /// decoder's matrices, most of the network, are read once for all of them. The weights are those of [`L2g::predict`] up to rounding; after an error
    /// they are of no use.
    ///
    /// # Errors
    /// As [`L2g::predict`].
    pub fn predict_batch<F: Real>(
        &self,
        theta: &[F],
        nodes: usize,
        graphs: &[&[F]],
        noise: &mut Noise,
        batch: &mut BatchMemory<F>,
    ) -> unspool_graph::Result<()> {
        batch.graphs.resize_with(graphs.len(), Memory::default);
        self.check(nodes)?;
        for (z, memories) in graphs.chunks(LANES).zip(batch.graphs.chunks_mut(LANES)) {
            let mut lanes = PdsLanes::new(nodes, z)?.with_floor(F::of(FLOOR)).with_slope(F::of(SLOPE));
            (0..self.layers - 1).for_each(|t| lanes.step(&self.scalars.at(theta, t)));
            for (lane, (z, memory)) in z.iter().zip(memories).enumerate() {
                lanes.state(lane, memory.run.fit(nodes, z.len(), self.layers).state_mut(self.layers - 1));
                self.begin_last(theta, z, memory);
                draw(noise, &mut memory.input[z.len()..]);
            }
        }
        let n = graphs.len();
        if n == 0 {
            return Ok(());
        }
        let input = fit(&mut batch.input, self.decoder[0].inputs * n);
        for (g, memory) in batch.graphs.iter().enumerate() {
            input.iter_mut().skip(g).step_by(n).zip(&memory.input).for_each(|(all, &own)| *all = own);
        }
        self.decode(theta, &batch.input, &mut batch.hidden, &mut batch.p1);
        for (g, memory) in batch.graphs.iter_mut().enumerate() {
            memory.p1.clear();
            memory.p1.extend(batch.p1.iter().skip(g).step_by(n));
            self.finish(theta, memory);
        }
        Ok(())
    }
}

/// The latent of a prediction.
fn draw<F: Real>(noise: &mut Noise, latent: &mut [F]) {
    for latent in latent {
        let normal: f64 = StandardNormal.sample(noise);
        *latent = F::of(normal);
    }
}

impl<F: Real> Model<F> for L2g {
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
        noise: &mut Noise,
        gradient: &mut [F],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<f64> {
        let Labelled { nodes, z, truth } = sample;
        let (m, l) = (self.nodes, z.len());
        let (zero, one, two, half) = (F::zero(), F::one(), F::of(2.0), F::of(0.5));
        self.begin(theta, *nodes, z, memory).map_err(refused)?;
        // latent
        self.encoder.forward(theta, m, &memory.input[..l], &mut memory.learned);
        self.encoder.forward(theta, m, truth, &mut memory.truth);
        let mut latent = Latent {
            delta: memory.truth.out.iter().zip(&memory.learned.out).map(|(&a, &b)| a - b).collect(),
            mean: vec![zero; LATENT],
            raw: vec![zero; LATENT],
            noise: StandardNormal.sample_iter(noise).take(LATENT).map(|x: f64| F::of(x)).collect(),
        };
        self.mean.forward(theta, &latent.delta, &mut latent.mean);
        self.variance.forward(theta, &latent.delta, &mut latent.raw);
        let mut kl = 0.0;
        for k in 0..LATENT {
            let (mean, log_variance) = (latent.mean[k], -latent.raw[k].abs());
            memory.input[l + k] = mean + (half * log_variance).exp() * latent.noise[k];
            kl -= 0.5 / LATENT as f64 * (one + log_variance - mean * mean - log_variance.exp()).wide();
        }
        self.decode(theta, &memory.input, &mut memory.hidden, &mut memory.p1);
        self.finish(theta, memory);

        let size = F::sum_squares(truth);
        let Memory { run, learned, truth: encoded, input, hidden, p1, barrier, degrees, w: out, g: scratch } = memory;
        let run = run.fit(m, l, self.layers);
        let [gp1, ghidden, ginput, c] = scratch;
        // layer K
        fit(c, l);
        let mut loss = kl + F::sum_squares_diff(p1, truth) + layer_loss(out, truth, size, self.layers, self.layers, c);
        let scalars = self.scalars.at(theta, self.layers - 1);
        let [alpha, beta, _, g] = scalars;
        let (w, v) = run.state(self.layers - 1).split_at(l);
        let (mut gw, mut gv) = (vec![zero; l], vec![zero; m]);
        let mut g_scalars = [zero; 4];
        let mut dc = vec![zero; m];
        pairs::degrees(c, &mut dc);
        fit(gp1, l);
        for (e, (i, j)) in pairs::iter(m).enumerate() {
            let q = v[i] - barrier[i].x + v[j] - barrier[j].x;
            gp1[e] = (one - two * beta * g) * c[e] + two * (p1[e] - truth[e]);
            gw[e] = two * beta * g * c[e];
            g_scalars[1] += two * g * c[e] * (w[e] - p1[e]);
            g_scalars[3] += c[e] * (two * beta * (w[e] - p1[e]) + q);
        }
        self.decoder[1].backward(theta, hidden, gp1, gradient, Some(fit(ghidden, hidden.len())));
        activation::tanh_backward(hidden, ghidden);
        self.decoder[0].backward(theta, input, ghidden, gradient, Some(fit(ginput, l + LATENT)));
        let mut spread = vec![zero; m];
        for i in 0..m {
            let cp2 = -g * dc[i];
            let gy2 = barrier[i].dy * cp2;
            gv[i] = g * dc[i] + gy2;
            spread[i] = g * gy2;
            g_scalars[3] += gy2 * degrees[i] + barrier[i].dc * alpha * cp2;
            g_scalars[0] += barrier[i].dc * g * cp2;
        }
        let mut gy1_degrees = vec![zero; m];
        pairs::degrees(&ginput[..l], &mut gy1_degrees);
        for (e, (i, j)) in pairs::iter(m).enumerate() {
            let gy1 = ginput[e];
            gw[e] += (one - two * beta * g) * gy1 + spread[i] + spread[j];
            g_scalars[1] -= two * g * gy1 * w[e];
            g_scalars[3] -= gy1 * (two * (beta * w[e] + z[e]) + v[i] + v[j]);
        }
        for (gv, &d) in gv.iter_mut().zip(&gy1_degrees) {
            *gv -= g * d;
        }
        self.scalars.add(gradient, self.layers - 1, g_scalars);
        // latent
        let (mut gmean, mut graw) = (vec![zero; LATENT], vec![zero; LATENT]);
        for k in 0..LATENT {
            let (mean, log_variance) = (latent.mean[k], -latent.raw[k].abs());
            let (g, root) = (ginput[l + k], (half * log_variance).exp());
            gmean[k] = g + mean / F::of(LATENT as f64);
            let glog = g * half * root * latent.noise[k] - half / F::of(LATENT as f64) * (one - log_variance.exp());
            graw[k] = if latent.raw[k] > zero { -glog } else { glog };
        }
        let (mut a, mut b) = (vec![zero; GRAPH], vec![zero; GRAPH]);
        self.mean.backward(theta, &latent.delta, &gmean, gradient, Some(&mut a));
        self.variance.backward(theta, &latent.delta, &graw, gradient, Some(&mut b));
        for (a, &b) in a.iter_mut().zip(&b) {
            *a += b;
        }
        self.encoder.backward(theta, m, encoded, &a, gradient);
        a.iter_mut().for_each(|a| *a = -*a);
        self.encoder.backward(theta, m, learned, &a, gradient);
        // layers K-1 .. 1
        let cotangent = run.cotangent();
        cotangent[..l].copy_from_slice(&gw);
        cotangent[l..].copy_from_slice(&gv);
        let map = Pds::new(m, z).map_err(refused)?.with_floor(F::of(FLOOR)).with_slope(F::of(SLOPE));
        for t in (1..self.layers).rev() {
            loss += run.with_state(t, |x, g| layer_loss(&x[..l], truth, size, self.layers, t, g));
            let mut g = [zero; 4];
            run.back(&map, t - 1, &self.scalars.at(theta, t - 1), &mut g);
            self.scalars.add(gradient, t - 1, g);
        }
        Ok(loss)
    }

    fn metric_names(&self) -> Vec<String> {
        vec!["gmse".into(), "gmse_before_vae".into()]
    }

    fn metrics(
        &self,
        theta: &[F],
        sample: &Labelled<F>,
        noise: &mut Noise,
        out: &mut [f64],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<()> {
        self.predict(theta, sample.nodes, &sample.z, noise, memory).map_err(refused)?;
        out[0] = gmse(memory.weights(), &sample.truth);
        out[1] = gmse(memory.run.weights(self.layers - 1), &sample.truth);
        Ok(())
    }
}
