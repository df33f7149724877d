//! Families without a place for their nodes, and the grid.

use std::collections::HashSet;

use rand::{Rng, RngExt};

use crate::error::Result;
use crate::{Edge, Graph};

fn edge(i: usize, j: usize) -> Edge {
    Edge { i, j, weight: 1.0 }
}

pub(super) fn barabasi_albert(nodes: usize, attach: usize, rng: &mut impl Rng) -> Result<Graph> {
    let mut edges: Vec<Edge> = (1..=attach).map(|leaf| edge(0, leaf)).collect();
    // each end of each edge once: a draw is in proportion to the degree
    let mut ends: Vec<usize> = edges.iter().flat_map(|e| [e.i, e.j]).collect();
    let mut chosen = Vec::with_capacity(attach);
    for new in attach + 1..nodes {
        chosen.clear();
        while chosen.len() < attach {
            let target = ends[rng.random_range(0..ends.len())];
            if !chosen.contains(&target) {
                chosen.push(target);
            }
        }
        edges.extend(chosen.iter().map(|&target| edge(target, new)));
        ends.extend(chosen.iter().flat_map(|&target| [target, new]));
    }
    Graph::new(nodes, edges)
}

pub(super) fn watts_strogatz(nodes: usize, half: usize, rewire: f64, rng: &mut impl Rng) -> Result<Graph> {
    let ordered = |i: usize, j: usize| (i.min(j), i.max(j));
    let ring = |step: usize| (0..nodes).map(move |i| (i, (i + step) % nodes));
    let mut edges: HashSet<(usize, usize)> = (1..=half).flat_map(ring).map(|(i, j)| ordered(i, j)).collect();
    let mut degree = vec![0; nodes];
    edges.iter().for_each(|&(i, j)| [i, j].into_iter().for_each(|node| degree[node] += 1));
    for (i, j) in (1..=half).flat_map(ring) {
        // an edge that met itself around a small ring, or was rewired to this place, stays
        if !rng.random_bool(rewire) || degree[i] >= nodes - 1 || !edges.contains(&ordered(i, j)) {
            continue;
        }
        let new = loop {
            let new = rng.random_range(0..nodes);
            if new != i && !edges.contains(&ordered(i, new)) {
                break new;
            }
        };
        edges.remove(&ordered(i, j));
        edges.insert(ordered(i, new));
        degree[j] -= 1;
        degree[new] += 1;
    }
    Graph::new(nodes, edges.into_iter().map(|(i, j)| edge(i, j)).collect())
}

/// Independent pairs: the gaps between edges are geometric, so absent pairs cost nothing.
pub(super) fn blocks(sizes: &[usize], inside: &[f64], outside: f64, rng: &mut impl Rng) -> Result<Graph> {
    let mut edges = Vec::new();
    let mut first = 0;
    for (a, (&size, &p)) in sizes.iter().zip(inside).enumerate() {
        // row i of the upper triangle is i places shorter: walk it as rows
        for i in 0..size {
            hits(size - i - 1, p, rng, |k| edges.push(edge(first + i, first + i + 1 + k)));
        }
        let mut other = first + size;
        for &width in &sizes[a + 1..] {
            hits(size * width, outside, rng, |k| edges.push(edge(first + k / width, other + k % width)));
            other += width;
        }
        first += size;
    }
    Graph::new(first, edges)
}

/// Calls `hit(k)` for each `k` below `n` with probability `p`.
fn hits(n: usize, p: f64, rng: &mut impl Rng, mut hit: impl FnMut(usize)) {
    if p <= 0.0 {
        return;
    }
    let scale = (-p).ln_1p();
    let mut k = 0;
    while k < n {
        if p < 1.0 {
            let u: f64 = rng.random();
            let skip = ((-u).ln_1p() / scale).floor();
            if skip >= (n - k) as f64 {
                return;
            }
            k += skip as usize;
        }
        hit(k);
        k += 1;
    }
}

pub(super) fn grid(rows: usize, columns: usize) -> Result<Graph> {
    let node = |r: usize, c: usize| r * columns + c;
    let cells = || (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c)));
    let across = cells().filter(|&(_, c)| c + 1 < columns).map(|(r, c)| edge(node(r, c), node(r, c + 1)));
    let down = cells().filter(|&(r, _)| r + 1 < rows).map(|(r, c)| edge(node(r, c), node(r + 1, c)));
    let positions = cells().map(|(r, c)| [c as f64, -(r as f64)]).collect();
    Graph::new(rows * columns, across.chain(down).collect())?.with_positions(positions)
}
