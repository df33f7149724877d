//! Nodes as points in the space of observations: distances one by one, nearest neighbours, and all pairs below a bound.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use instant_distance::{Builder, Point, Search};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::signals::Signals;

/// Dimensions of the projection in which neighbours are looked for.
const PROJECTED: usize = 64;
/// Nodes in a block of pairs.
const BLOCK: usize = 512;
/// Pairs tested at once.
const LANES: usize = 16;
/// At most this many nodes are paired with each other.
const FULL: usize = 1024;

/// The signal of each node, without the mean over the nodes of each observation (distances do not see it).
pub struct Points {
    nodes: usize,
    observations: usize,
    values: Vec<f64>,
    single: Vec<f32>,
    norms: Vec<f64>,
}

/// Progress of a long search: the share done, from 0 to 1; and a flag that stops it.
#[derive(Clone, Copy, Default)]
pub struct Watch<'a> {
    /// Called now and then, from any thread.
    pub progress: Option<&'a (dyn Fn(f64) + Sync)>,
    /// Stops the search when set.
    pub cancel: Option<&'a AtomicBool>,
}

impl Watch<'_> {
    fn cancelled(&self) -> bool {
        self.cancel.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }
}

impl Points {
    /// Errors if a value is missing, or all nodes have the same signal. Memory: 12 bytes a value.
    pub fn new(signals: &Signals) -> Result<Self> {
        let (m, n) = (signals.nodes(), signals.observations());
        if signals.missing() > 0 {
            let problem = format!("{} values are missing", signals.missing());
            return Err(Error::data(
                problem,
                "fill them in, or use fewer nodes: with all pairs, missing values are allowed",
            ));
        }
        let means: Vec<f64> =
            signals.values().par_chunks_exact(m).map(|row| row.iter().sum::<f64>() / m as f64).collect();
        let mut values = vec![0.0; m * n];
        values.par_chunks_mut(BLOCK * n).enumerate().for_each(|(block, out)| {
            for (k, (row, mean)) in signals.values().chunks_exact(m).zip(&means).enumerate() {
                for (i, v) in row[block * BLOCK..].iter().take(out.len() / n).enumerate() {
                    out[i * n + k] = v - mean;
                }
            }
        });
        let norms: Vec<f64> = values.par_chunks_exact(n).map(|row| dot(row, row)).collect();
        if norms.iter().all(|norm| *norm == 0.0) {
            return Err(Error::data("all nodes have the same signal", "no graph can be told from constant signals"));
        }
        // a common scale keeps single precision away from its limits
        let scale = 1.0 / norms.iter().fold(0.0_f64, |a, b| a.max(*b)).sqrt();
        let single = values.par_iter().map(|v| (v * scale) as f32).collect();
        Ok(Points { nodes: m, observations: n, values, single, norms })
    }

    /// Number of nodes.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    fn point(&self, i: usize) -> &[f64] {
        &self.values[i * self.observations..][..self.observations]
    }

    /// `z_ij`, by differences.
    pub fn distance(&self, i: usize, j: usize) -> f64 {
        let mut sums = [0.0; 8];
        let (a, b) = (self.point(i).chunks(8), self.point(j).chunks(8));
        for (a, b) in a.zip(b) {
            for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum += (a - b) * (a - b);
            }
        }
        sums.iter().sum::<f64>() / self.observations as f64
    }

    /// `z_ij` of many pairs.
    pub fn distances(&self, pairs: &[(u32, u32)]) -> Vec<(u32, u32, f64)> {
        pairs.par_iter().map(|&(i, j)| (i, j, self.distance(i as usize, j as usize))).collect()
    }

    /// About `k` near neighbours of each node, as pairs `i < j` with their distances: found by a navigable
    /// small-world graph (HNSW) on a seeded random projection to 64 dimensions, so some are missed.
    pub fn candidates(&self, k: usize, seed: u64) -> Vec<(u32, u32, f64)> {
        let projected = self.project(seed);
        let k = k.min(self.nodes - 1);
        // one thread inserts, so that the result does not depend on how many there are
        let build =
            || Builder::default().seed(seed).ef_construction(64).ef_search(2 * k + 16).build_hnsw(projected.clone());
        let single = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let (hnsw, ids) = single.map_or_else(|_| build(), |pool| pool.install(build));
        let mut node_of = vec![0; self.nodes];
        for (node, id) in ids.iter().enumerate() {
            node_of[id.into_inner() as usize] = node as u32;
        }
        let near = |i: usize, search: &mut Search| -> Vec<(u32, u32)> {
            let found = hnsw.search(&projected[i], search).map(|item| node_of[item.pid.into_inner() as usize]);
            let others = found.filter(|&j| j as usize != i).take(k);
            others.map(|j| ((i as u32).min(j), (i as u32).max(j))).collect()
        };
        let mut pairs: Vec<(u32, u32)> = (0..self.nodes)
            .into_par_iter()
            .map_init(Search::default, |search, i| near(i, search))
            .flatten_iter()
            .collect();
        pairs.par_sort_unstable();
        pairs.dedup();
        self.distances(&pairs)
    }

    fn project(&self, seed: u64) -> Vec<Projected> {
        let (m, n) = (self.nodes, self.observations);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let directions: Vec<f32> = StandardNormal.sample_iter(&mut rng).take(n * PROJECTED).collect();
        let mut out = vec![0.0_f32; m * PROJECTED];
        let x = MatRef::from_row_major_slice(&self.single, m, n);
        let directions = MatRef::from_row_major_slice(&directions, n, PROJECTED);
        matmul(MatMut::from_row_major_slice_mut(&mut out, m, PROJECTED), Accum::Replace, x, directions, 1.0, Par::Seq);
        out.chunks_exact(PROJECTED).map(|row| Projected(row.try_into().unwrap_or([0.0; PROJECTED]))).collect()
    }

    /// The pairs with `2 theta z_ij < bound_i + bound_j`, of each node at least the `keep` most extreme. Every pair is
    /// looked at: in tiles, by products in single precision whose rounding is bounded, then exactly. `None` if cancelled.
    ///
    /// `O(m^2 n)` work; memory `O(m keep)`.
    pub fn below(&self, theta: f64, bound: &[f64], keep: usize, watch: Watch<'_>) -> Option<Below> {
        let (m, n) = (self.nodes, self.observations);
        let largest = self.norms.iter().fold(0.0_f64, |a, b| a.max(*b));
        let unit = 2.0 * theta * largest / n as f64;
        // 2 theta z_ij < b_i + b_j  <=>  h_i + h_j < 2 g_ij,  g the inner product of the scaled points, known to e_i e_j
        let half: Vec<f32> =
            (0..m).map(|i| (self.norms[i] / largest - bound[i] * (1.0 + 1e-5) / unit) as f32).collect();
        let rounding = (n as f64 + 8.0) * f64::from(f32::EPSILON);
        let error: Vec<f32> = (0..m).map(|i| (2.0 * rounding * self.norms[i] / largest).sqrt() as f32 * 1.01).collect();
        let blocks = m.div_ceil(BLOCK);
        let tiles: Vec<(usize, usize)> = (0..blocks).flat_map(|i| (i..blocks).map(move |j| (i, j))).collect();
        let best: Vec<Mutex<Vec<Best>>> =
            (0..blocks).map(|b| Mutex::new(vec![Best::default(); self.rows(b).len()])).collect();
        let done = AtomicUsize::new(0);
        let tile = |(g, found): &mut (Vec<f32>, Vec<(u32, u32, f32)>), &(bi, bj): &(usize, usize)| {
            if watch.cancelled() {
                return;
            }
            let (ri, rj) = (self.rows(bi), self.rows(bj));
            self.products(&ri, &rj, g);
            found.clear();
            for (i, row) in ri.clone().zip(g.chunks_exact(rj.len())) {
                let excess = |j: usize, g: f32| 2.0 * g + error[i] * error[j] - half[i] - half[j];
                for (c, chunk) in row.chunks(LANES).enumerate() {
                    let j = rj.start + LANES * c;
                    if chunk.iter().enumerate().fold(false, |any, (k, &g)| any | (excess(j + k, g) > 0.0)) {
                        let pairs =
                            chunk.iter().enumerate().map(|(k, &g)| (i as u32, (j + k) as u32, excess(j + k, g)));
                        found.extend(pairs.filter(|&(i, j, excess)| j > i && excess > 0.0));
                    }
                }
            }
            for (block, start, own) in [(bi, ri.start, true), (bj, rj.start, false)] {
                let mut best = best[block].lock().unwrap_or_else(PoisonError::into_inner);
                for &(i, j, excess) in found.iter() {
                    let (node, other) = if own { (i, j) } else { (j, i) };
                    best[node as usize - start].push(keep, excess, other);
                }
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(progress) = watch.progress {
                progress(done as f64 / tiles.len() as f64);
            }
        };
        tiles.par_iter().for_each_init(|| (vec![0.0; BLOCK * BLOCK], Vec::new()), tile);
        if watch.cancelled() {
            return None;
        }
        let best: Vec<Best> =
            best.into_iter().flat_map(|block| block.into_inner().unwrap_or_else(PoisonError::into_inner)).collect();
        // a pair can be lost only between two nodes that both had too many: these are paired with each other
        let full: Vec<u32> = (0..m as u32).filter(|&i| best[i as usize].lost).collect();
        let complete = full.len() <= FULL;
        let among = if complete { &full[..] } else { &[] };
        let mut pairs: Vec<(u32, u32)> = among.iter().flat_map(|&i| among.iter().map(move |&j| (i, j))).collect();
        let ordered = |i: u32, j: u32| (i.min(j), i.max(j));
        pairs.extend(
            best.iter().enumerate().flat_map(|(i, best)| best.heap.iter().map(move |item| ordered(i as u32, item.0.1))),
        );
        pairs.retain(|(i, j)| i < j);
        pairs.par_sort_unstable();
        pairs.dedup();
        let mut pairs = self.distances(&pairs);
        pairs.retain(|&(i, j, z)| 2.0 * theta * z < bound[i as usize] + bound[j as usize]);
        Some(Below { pairs, complete })
    }

    /// Inner products of the scaled points of two blocks.
    fn products(&self, ri: &Range<usize>, rj: &Range<usize>, g: &mut Vec<f32>) {
        let n = self.observations;
        g.resize(ri.len() * rj.len(), 0.0);
        let points = |r: &Range<usize>| MatRef::from_row_major_slice(&self.single[r.start * n..r.end * n], r.len(), n);
        let out = MatMut::from_row_major_slice_mut(g, ri.len(), rj.len());
        matmul(out, Accum::Replace, points(ri), points(rj).transpose(), 1.0, Par::Seq);
    }

    fn rows(&self, block: usize) -> Range<usize> {
        block * BLOCK..((block + 1) * BLOCK).min(self.nodes)
    }
}

/// Pairs below a bound.
pub struct Below {
    /// The pairs `(i, j, z_ij)`, by `i`, then `j`.
    pub pairs: Vec<(u32, u32, f64)>,
    /// Whether these are all of them.
    pub complete: bool,
}

/// The most extreme pairs of one node. Which they are does not depend on the order in which they come.
#[derive(Clone, Default)]
struct Best {
    heap: BinaryHeap<Reverse<(Excess, u32)>>,
    lost: bool,
}

impl Best {
    fn push(&mut self, keep: usize, excess: f32, other: u32) {
        self.heap.push(Reverse((Excess(excess), other)));
        if self.heap.len() > keep {
            self.heap.pop();
            self.lost = true;
        }
    }
}

/// A number with a total order.
#[derive(Clone, Copy)]
struct Excess(f32);

impl Ord for Excess {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Excess {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Excess {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Excess {}

#[derive(Clone)]
struct Projected([f32; PROJECTED]);

impl Point for Projected {
    fn distance(&self, other: &Self) -> f32 {
        let mut sums = [0.0_f32; 16];
        for (a, b) in self.0.chunks_exact(16).zip(other.0.chunks_exact(16)) {
            for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum += (a - b) * (a - b);
            }
        }
        sums.iter().sum()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}
