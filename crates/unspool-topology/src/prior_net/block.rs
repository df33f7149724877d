//! One block: the likelihood at the current weights, and a learned step from there.
//!
//! ```text
//! w, R   <- likelihood at the weights that come in                         (likelihood)
//! u      <- 1'w^2 / 1'w                                                    typical weight of an edge
//! nodes  <- tanh(N [ln degree | means of h over the node's edges, over its pairs, over all pairs])
//! T_c    <- paths of two edges, P_c P_c, with P_1 = w / (u + w), P_2 = P_1 h_8
//! x      <- [correlations | ln n, ln m | deviance, ... (features) | T | nodes_i + nodes_j | nodes_i nodes_j | h]
//! h, a, b, c <- three linear maps with leaky ReLU between
//! p      <- sigmoid(a)                                                      probability of an edge
//! w      <- p ((1 - g) u softplus(b) + g v),  g = sigmoid(c)               its mean weight
//! v      <- 1/z - (1/R - w), between 0 and 30 u                             the pair's own maximum likelihood
//! ```
//!
//! The same weights for every pair: nodes may be numbered in any order, and there may be any number of them.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use unspool_core::Real;
use unspool_graph::pairs;
use unspool_train::layer::{Linear, activation};
use unspool_train::{Init, Layout};

use super::features;
use super::likelihood::Likelihood;
use crate::problem::{FEATURES, Problem};

/// Hidden channels of a pair.
pub(super) const HIDDEN: usize = 16;
/// Channels of a node, in and out.
const NODE_IN: usize = 1 + EDGE_MEANS + 2 * PAIR_MEANS;
const NODE_OUT: usize = 8;
/// Hidden channels of which nodes see the mean over their edges.
const EDGE_MEANS: usize = 4;
/// The next ones, of which they see the mean over their pairs, and over all pairs of the graph.
const PAIR_MEANS: usize = 4;
const TRIANGLES: usize = 2;
/// The hidden channel in the second kind of path.
const PATH: usize = 8;
const WIDTH: usize = 32;
const SLOPE: f64 = 0.1;
/// Largest pairwise estimate, in typical weights.
const MOST: f64 = 30.0;

/// Where each group of channels begins.
const CONSTANTS: usize = FEATURES;
const LOCAL: usize = CONSTANTS + 2;
const PATHS: usize = LOCAL + features::CHANNELS;
const SUMS: usize = PATHS + TRIANGLES;
const PRODUCTS: usize = SUMS + NODE_OUT;
const STATE: usize = PRODUCTS + NODE_OUT;
const INPUTS: usize = STATE + HIDDEN;

/// The parameters of a block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    node: Linear,
    first: Linear,
    second: Linear,
    head: Linear,
    /// Hidden channels that it hands on: none from the last block.
    hidden: usize,
}

impl Block {
    pub(super) fn new(layout: &mut Layout, name: &str, is_last: bool) -> Self {
        let hidden = if is_last { 0 } else { HIDDEN };
        let mut linear = |part: &str, inputs, outputs, gain| {
            Linear::new(layout, &format!("{name}.{part}"), inputs, outputs, Init::Xavier(gain), Init::Constant(0.0))
        };
        Block {
            node: linear("node", NODE_IN, NODE_OUT, 1.0),
            first: linear("first", INPUTS, WIDTH, 1.0),
            second: linear("second", WIDTH, WIDTH, 1.3),
            head: linear("head", WIDTH, hidden + 3, 0.5),
            hidden,
        }
    }
}

/// What a block leaves for the way back.
#[derive(Clone, Debug, Default)]
pub(super) struct Tape<F> {
    likelihood: Likelihood<F>,
    typical: F,
    total: F,
    degrees: Vec<F>,
    mean_degree: F,
    node_in: Vec<F>,
    node_out: Vec<F>,
    path: [Vec<F>; TRIANGLES],
    triangles: [Vec<F>; TRIANGLES],
    x: Vec<F>,
    first: Vec<F>,
    second: Vec<F>,
    /// `[h | p | softplus(b) | g]` after the head's functions.
    head: Vec<F>,
    slope: Vec<F>,
    estimate: Vec<F>,
    /// Weights that go out.
    pub(super) w: Vec<F>,
}

impl<F: Real> Tape<F> {
    /// Hidden channels that go out.
    pub(super) fn hidden(&self, l: usize) -> &[F] {
        &self.head[..self.head.len() - 3 * l]
    }

    /// Probabilities that go out.
    pub(super) fn p(&self, l: usize) -> &[F] {
        let start = self.head.len() - 3 * l;
        &self.head[start..start + l]
    }
}

/// Memory for products of `m x m` matrices and for the way back.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch<F> {
    a: Vec<F>,
    b: Vec<F>,
    c: Vec<F>,
    gx: Vec<F>,
    g1: Vec<F>,
    g2: Vec<F>,
    gw: Vec<F>,
    gr: Vec<F>,
    ghead: Vec<F>,
}

fn fit<F: Real>(v: &mut Vec<F>, len: usize) {
    v.clear();
    v.resize(len, F::zero());
}

/// The symmetric matrix of a half-vector, zero on the diagonal.
fn square<F: Real>(m: usize, half: &[F], a: &mut Vec<F>) {
    fit(a, m * m);
    for ((i, j), &w) in pairs::iter(m).zip(half) {
        a[i * m + j] = w;
        a[j * m + i] = w;
    }
}

fn product<F: Real>(m: usize, a: &[F], b: &[F], out: &mut Vec<F>) {
    fit(out, m * m);
    let (a, b) = (MatRef::from_column_major_slice(a, m, m), MatRef::from_column_major_slice(b, m, m));
    matmul(MatMut::from_column_major_slice_mut(out, m, m), Accum::Replace, a, b, F::one(), Par::Seq);
}

/// `out_i = sum_j a_ij b_ij` of two half-vectors.
fn degrees_of_product<F: Real>(m: usize, a: &[F], b: &[F], out: &mut [F]) {
    out.fill(F::zero());
    for i in 0..m {
        let row = pairs::row(m, i);
        let (head, tail) = out.split_at_mut(i + 1);
        let mut sum = F::zero();
        for ((out, &a), &b) in tail.iter_mut().zip(&a[row.clone()]).zip(&b[row]) {
            *out += a * b;
            sum += a * b;
        }
        head[i] += sum;
    }
}

impl Block {
    /// From weights `w_in` and hidden channels `h`.
    pub(super) fn forward<F: Real>(
        &self,
        theta: &[F],
        problem: &Problem<F>,
        w_in: &[F],
        h: &[F],
        tape: &mut Tape<F>,
        scratch: &mut Scratch<F>,
    ) {
        let (m, z) = (problem.nodes, &problem.z);
        let l = z.len();
        let (one, tenth) = (F::one(), F::of(0.1));
        tape.likelihood.forward(m, z, w_in);
        let (w, r) = (&tape.likelihood.w, &tape.likelihood.r);
        let channel = |c: usize| &h[c * l..(c + 1) * l];

        fit(&mut tape.degrees, m);
        pairs::degrees(w, &mut tape.degrees);
        tape.total = tape.degrees.iter().fold(F::zero(), |sum, &d| sum + d) * F::of(0.5);
        tape.typical = F::dot(w, w) / tape.total;
        tape.mean_degree = F::of(2.0 / m as f64) * tape.total;
        let (u, mean) = (tape.typical, tape.mean_degree);

        fit(&mut tape.node_in, NODE_IN * m);
        let (first, rest) = tape.node_in.split_at_mut(m);
        for (out, &d) in first.iter_mut().zip(&tape.degrees) {
            *out = (d / mean + F::of(0.05)).ln();
        }
        for (c, out) in rest.chunks_exact_mut(m).enumerate() {
            if c < EDGE_MEANS {
                degrees_of_product(m, w, channel(c), out);
                out.iter_mut().zip(&tape.degrees).for_each(|(out, &d)| *out /= d + tenth * mean);
            } else if c < EDGE_MEANS + PAIR_MEANS {
                pairs::degrees(channel(c), out);
                out.iter_mut().for_each(|out| *out /= F::of(m as f64));
            }
        }
        let (own, global) = rest.split_at_mut((EDGE_MEANS + PAIR_MEANS) * m);
        for (own, global) in own[EDGE_MEANS * m..].chunks_exact(m).zip(global.chunks_exact_mut(m)) {
            global.fill(pairs::sum(own) / F::of(m as f64));
        }
        fit(&mut tape.node_out, NODE_OUT * m);
        self.node.forward(theta, &tape.node_in, &mut tape.node_out);
        activation::tanh(&mut tape.node_out);

        let [path, with_h] = &mut tape.path;
        path.clear();
        path.extend(w.iter().map(|&w| w / (u + w)));
        with_h.clear();
        with_h.extend(path.iter().zip(channel(PATH)).map(|(&p, &h)| p * h));
        for (path, triangles) in tape.path.iter().zip(&mut tape.triangles) {
            square(m, path, &mut scratch.a);
            product(m, &scratch.a, &scratch.a, &mut scratch.b);
            triangles.clear();
            triangles.extend(pairs::iter(m).map(|(i, j)| scratch.b[i * m + j]));
        }

        let n = F::of(problem.signals as f64);
        fit(&mut tape.x, INPUTS * l);
        let x = &mut tape.x;
        x[..FEATURES * l].copy_from_slice(&problem.features);
        x[CONSTANTS * l..][..l].fill((n.ln() - F::of(5.5)) * F::of(0.5));
        x[(CONSTANTS + 1) * l..][..l].fill(F::of((m as f64).ln() - 3.7));
        for e in 0..l {
            for (k, value) in features::forward(n, z[e], w[e], r[e], u).into_iter().enumerate() {
                x[(LOCAL + k) * l + e] = value;
            }
        }
        for (k, triangles) in tape.triangles.iter().enumerate() {
            for (x, &t) in x[(PATHS + k) * l..][..l].iter_mut().zip(triangles) {
                *x = t / (one + t.abs());
            }
        }
        for (k, node) in tape.node_out.chunks_exact(m).enumerate() {
            pairs::spread(node, &mut x[(SUMS + k) * l..][..l]);
            let out = &mut x[(PRODUCTS + k) * l..][..l];
            for i in 0..m {
                for (out, &b) in out[pairs::row(m, i)].iter_mut().zip(&node[i + 1..]) {
                    *out = node[i] * b;
                }
            }
        }
        x[STATE * l..].copy_from_slice(h);

        fit(&mut tape.first, WIDTH * l);
        self.first.forward(theta, x, &mut tape.first);
        activation::leaky(F::of(SLOPE), &mut tape.first);
        fit(&mut tape.second, WIDTH * l);
        self.second.forward(theta, &tape.first, &mut tape.second);
        activation::leaky(F::of(SLOPE), &mut tape.second);
        fit(&mut tape.head, (self.hidden + 3) * l);
        self.head.forward(theta, &tape.second, &mut tape.head);
        let (hidden, rest) = tape.head.split_at_mut(self.hidden * l);
        activation::tanh(hidden);
        let (p, rest) = rest.split_at_mut(l);
        let (b, g) = rest.split_at_mut(l);
        F::sigmoid_all(p);
        F::sigmoid_all(g);
        tape.slope.clear();
        tape.slope.extend_from_slice(b);
        F::sigmoid_all(&mut tape.slope);
        F::softplus(b);
        tape.estimate.clear();
        tape.estimate.extend((0..l).map(|e| estimate(z[e], w[e], r[e], u)));
        tape.w.clear();
        tape.w.extend((0..l).map(|e| p[e] * ((one - g[e]) * u * b[e] + g[e] * tape.estimate[e])));
    }

    /// From the cotangents of the weights, logits and hidden channels that go out to those that came in: `gw_in` is not
    /// wanted where the weights are given.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn backward<F: Real>(
        &self,
        theta: &[F],
        problem: &Problem<F>,
        h: &[F],
        tape: &mut Tape<F>,
        (gw_out, glogit, gh_out): (&[F], &[F], &[F]),
        gtheta: &mut [F],
        gw_in: Option<&mut [F]>,
        gh: &mut [F],
        scratch: &mut Scratch<F>,
    ) {
        let (m, z) = (problem.nodes, &problem.z);
        let l = z.len();
        let (zero, one, tenth) = (F::zero(), F::one(), F::of(0.1));
        let (w, r) = (&tape.likelihood.w, &tape.likelihood.r);
        let (u, mean) = (tape.typical, tape.mean_degree);
        let Scratch { a, b: square_b, c: square_c, gx, g1, g2, gw, gr, ghead } = scratch;
        fit(gw, l);
        fit(gr, l);
        fit(ghead, tape.head.len());
        let mut gu = zero;
        {
            let (hidden, rest) = tape.head.split_at(self.hidden * l);
            let (p, rest) = rest.split_at(l);
            let (size, g) = rest.split_at(l);
            let (ghidden, rest) = ghead.split_at_mut(self.hidden * l);
            let (ga, rest) = rest.split_at_mut(l);
            let (gb, gc) = rest.split_at_mut(l);
            ghidden.copy_from_slice(gh_out);
            activation::tanh_backward(hidden, ghidden);
            for e in 0..l {
                let (p, g, size, v, out) = (p[e], g[e], size[e], tape.estimate[e], gw_out[e]);
                ga[e] = out * ((one - g) * u * size + g * v) * p * (one - p) + glogit[e];
                gb[e] = out * p * (one - g) * u * tape.slope[e];
                gc[e] = out * p * (v - u * size) * g * (one - g);
                gu += out * p * (one - g) * size;
                let gv = out * p * g;
                if v >= F::of(MOST) * u {
                    gu += F::of(MOST) * gv;
                } else if v > zero {
                    gw[e] += gv;
                    gr[e] += gv / (r[e] * r[e]);
                }
            }
        }
        fit(g2, WIDTH * l);
        self.head.backward(theta, &tape.second, ghead, gtheta, Some(g2));
        activation::leaky_backward(F::of(SLOPE), &tape.second, g2);
        fit(g1, WIDTH * l);
        self.second.backward(theta, &tape.first, g2, gtheta, Some(g1));
        activation::leaky_backward(F::of(SLOPE), &tape.first, g1);
        fit(gx, INPUTS * l);
        self.first.backward(theta, &tape.x, g1, gtheta, Some(gx));
        gh.copy_from_slice(&gx[STATE * l..]);

        // nodes
        fit(a, NODE_OUT * m);
        let gnode = a;
        for (k, gnode) in gnode.chunks_exact_mut(m).enumerate() {
            let node = &tape.node_out[k * m..][..m];
            let (sums, products) = (&gx[(SUMS + k) * l..][..l], &gx[(PRODUCTS + k) * l..][..l]);
            pairs::degrees(sums, gnode);
            for i in 0..m {
                let mut sum = zero;
                for (j, &g) in (i + 1..m).zip(&products[pairs::row(m, i)]) {
                    gnode[j] += g * node[i];
                    sum += g * node[j];
                }
                gnode[i] += sum;
            }
        }
        activation::tanh_backward(&tape.node_out, gnode);
        fit(square_b, NODE_IN * m);
        self.node.backward(theta, &tape.node_in, gnode, gtheta, Some(square_b));
        let gnode_in = square_b;
        let mut gmean = zero;
        fit(square_c, m);
        let gdegrees = square_c;
        for i in 0..m {
            let ratio = tape.degrees[i] / mean;
            let g = gnode_in[i] / (ratio + F::of(0.05)) / mean;
            gdegrees[i] = g;
            gmean -= g * ratio;
        }
        for c in 0..PAIR_MEANS {
            let (own, global) = gnode_in.split_at_mut((1 + EDGE_MEANS + PAIR_MEANS) * m);
            let g = pairs::sum(&global[c * m..][..m]) / F::of(m as f64);
            own[(1 + EDGE_MEANS + c) * m..][..m].iter_mut().for_each(|own| *own += g);
        }
        for c in 0..EDGE_MEANS + PAIR_MEANS {
            let g = &mut gnode_in[(c + 1) * m..][..m];
            let (hc, ghc) = (&h[c * l..][..l], &mut gh[c * l..][..l]);
            if c < EDGE_MEANS {
                for i in 0..m {
                    let size = tape.degrees[i] + tenth * mean;
                    let gsize = -g[i] * tape.node_in[(c + 1) * m + i] / size;
                    gdegrees[i] += gsize;
                    gmean += tenth * gsize;
                    g[i] /= size;
                }
                for i in 0..m {
                    for (e, j) in pairs::row(m, i).zip(i + 1..m) {
                        let both = g[i] + g[j];
                        gw[e] += both * hc[e];
                        ghc[e] += both * w[e];
                    }
                }
            } else {
                let share = F::of(1.0 / m as f64);
                for i in 0..m {
                    for (g_pair, &gj) in ghc[pairs::row(m, i)].iter_mut().zip(&g[i + 1..]) {
                        *g_pair += share * (g[i] + gj);
                    }
                }
            }
        }
        let all = gmean * F::of(2.0 / m as f64);
        for i in 0..m {
            for (gw, &gj) in gw[pairs::row(m, i)].iter_mut().zip(&gdegrees[i + 1..]) {
                *gw += gdegrees[i] + gj + all;
            }
        }

        // paths of two edges
        let (a, b, c) = (gnode, gnode_in, gdegrees);
        for k in 0..TRIANGLES {
            let triangles = &tape.triangles[k];
            let g = &mut gx[(PATHS + k) * l..][..l];
            for (g, &t) in g.iter_mut().zip(triangles) {
                let size = one + t.abs();
                *g /= size * size;
            }
            square(m, g, a);
            square(m, &tape.path[k], b);
            product(m, a, b, c);
            let (hc, ghc) = (&h[PATH * l..][..l], &mut gh[PATH * l..][..l]);
            for (e, (i, j)) in pairs::iter(m).enumerate() {
                let mut gpath = c[i * m + j] + c[j * m + i];
                if k == 1 {
                    ghc[e] += gpath * tape.path[0][e];
                    gpath *= hc[e];
                }
                let size = u + w[e];
                let slope = gpath / (size * size);
                gw[e] += slope * u;
                gu -= slope * w[e];
            }
        }

        let Some(gw_in) = gw_in else { return };
        let n = F::of(problem.signals as f64);
        for e in 0..l {
            let g = std::array::from_fn(|k| gx[(LOCAL + k) * l + e]);
            let g = features::backward(n, z[e], w[e], r[e], u, g);
            gw[e] += g.w;
            gr[e] += g.r;
            gu += g.u;
        }
        for (gw, &w) in gw.iter_mut().zip(w) {
            *gw += gu * (F::of(2.0) * w - u) / tape.total;
        }
        tape.likelihood.backward(z, gw, gr, gw_in);
    }
}

/// The pair's own maximum likelihood.
fn estimate<F: Real>(z: F, w: F, r: F, u: F) -> F {
    (z.recip() - r.recip() + w).max(F::zero()).min(F::of(MOST) * u)
}
