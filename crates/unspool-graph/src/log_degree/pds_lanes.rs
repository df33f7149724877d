//! The steps of [`Pds`](super::Pds) for several small graphs at once: a graph a lane.

use unspool_core::{Real, dispatched};

use super::barrier::Barrier;
use super::check_half;
use super::pds::doubled;
use crate::error::{Error, Result};
use crate::pairs;

/// Most graphs that [`PdsLanes`] holds.
pub const LANES: usize = 16;

/// What a pair or a node holds, in each graph.
type Lanes<F> = [F; LANES];

/// Up to [`LANES`] graphs of one size under the iteration of [`Pds`](super::Pds), with the same parameters for all. Rows of pairs are
/// shorter than registers where nodes are few; graphs side by side fill them. The iterates are those of `Pds` up to rounding.
///
/// # Complexity
/// A step is one sweep over the pairs, in place; memory for `m (m - 1) + 4 m` times [`LANES`] numbers.
///
/// ```
/// use unspool_graph::log_degree::PdsLanes;
/// let mut lanes = PdsLanes::new(3, &[&[1.0, 2.0, 0.5], &[0.1, 0.2, 0.3]])?;
/// (0..2000).for_each(|_| lanes.step(&[1.0, 1.0, 1.0, 0.1]));
/// let mut state = [0.0; 6];
/// lanes.state(1, &mut state);
/// assert!(state[0] > state[1] && state[1] > state[2]); // the nearer, the heavier
/// # Ok::<(), unspool_graph::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PdsLanes<F> {
    nodes: usize,
    floor: F,
    slope: F,
    z: Vec<Lanes<F>>,
    w: Vec<Lanes<F>>,
    v: Vec<Lanes<F>>,
    /// Degrees of `w`.
    degrees: Vec<Lanes<F>>,
    q: Vec<Lanes<F>>,
    next_v: Vec<Lanes<F>>,
}

impl<F: Real> PdsLanes<F> {
    /// On `nodes` nodes, from zero, with a half-vector of squared distances for each graph.
    ///
    /// # Errors
    /// More than [`LANES`] graphs, and those of [`Pds::new`](super::Pds::new).
    pub fn new(nodes: usize, z: &[&[F]]) -> Result<Self> {
        if z.len() > LANES {
            return Err(Error::range("the number of graphs side by side", z.len(), "at most 16"));
        }
        z.iter().try_for_each(|z| check_half("the half-vector of squared distances", nodes, z))?;
        let zeros = |len| vec![[F::zero(); LANES]; len];
        let (pairs, node) = (zeros(pairs::count(nodes)), zeros(nodes));
        let mut lanes = PdsLanes {
            nodes,
            floor: F::zero(),
            slope: F::zero(),
            z: pairs.clone(),
            w: pairs,
            v: node.clone(),
            degrees: node.clone(),
            q: node.clone(),
            next_v: node,
        };
        for (lane, z) in z.iter().enumerate() {
            lanes.z.iter_mut().zip(*z).for_each(|(all, &z)| all[lane] = z);
        }
        Ok(lanes)
    }

    /// As [`Pds::with_floor`](super::Pds::with_floor).
    pub fn with_floor(self, floor: F) -> Self {
        PdsLanes { floor, ..self }
    }

    /// As [`Pds::with_slope`](super::Pds::with_slope).
    pub fn with_slope(self, slope: F) -> Self {
        PdsLanes { slope, ..self }
    }

    /// A step with `[alpha, beta, theta, g]`.
    pub fn step(&mut self, theta: &[F; 4]) {
        step(self, doubled(theta));
        std::mem::swap(&mut self.v, &mut self.next_v);
    }

    /// The state `[w | v]` of a graph.
    ///
    /// # Panics
    /// If `lane` is not below [`LANES`].
    pub fn state(&self, lane: usize, out: &mut [F]) {
        out.iter_mut().zip(self.w.iter().chain(&self.v)).for_each(|(out, all)| *out = all[lane]);
    }
}

dispatched! {
    fn step<T: Real>(_simd: S, lanes: &'a mut PdsLanes<T>, theta: [T; 4]) {
        let PdsLanes { nodes, floor, slope, z, w, v, degrees, q, next_v } = lanes;
        let ([alpha, beta2, theta2, g], zero) = (theta, T::zero());
        for (((v, d), q), next) in v.iter().zip(&mut *degrees).zip(&mut *q).zip(&mut *next_v) {
            for k in 0..LANES {
                next[k] = Barrier::new(v[k] + g * d[k], g * alpha, *floor).x;
                q[k] = v[k] - next[k];
                d[k] = zero;
            }
        }
        let mut start = 0;
        for i in 0..*nodes {
            let row = start..start + *nodes - i - 1;
            start = row.end;
            let (vi, qi) = (v[i], q[i]);
            let (mut moved, mut degree) = ([zero; LANES], [zero; LANES]);
            let others = v[i + 1..].iter().zip(&q[i + 1..]).zip(&mut next_v[i + 1..]).zip(&mut degrees[i + 1..]);
            for ((w, z), (((v, q), next), d)) in w[row.clone()].iter_mut().zip(&z[row]).zip(others) {
                for k in 0..LANES {
                    let r = theta2 * z[k] + vi[k] + (beta2 * w[k] + v[k]);
                    let y1 = w[k] - g * r;
                    let p1 = if y1 > zero { y1 } else { *slope * y1 };
                    let move_ = g * (p1 - w[k]);
                    let to = p1 + g * (beta2 * (w[k] - p1) + (qi[k] + q[k]));
                    next[k] += move_;
                    moved[k] += move_;
                    d[k] += to;
                    degree[k] += to;
                    w[k] = to;
                }
            }
            for k in 0..LANES {
                next_v[i][k] += moved[k];
                degrees[i][k] += degree[k];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_degree::Pds;
    use unspool_core::{At, Map};

    #[test]
    fn iterates_are_those_of_one_graph() {
        for nodes in [2, 3, 20, 33] {
            let graphs: Vec<Vec<f64>> = (0..LANES - 1)
                .map(|g| (0..pairs::count(nodes)).map(|e| ((7 * e + 3 * g) % 11) as f64 / 4.0).collect())
                .collect();
            let z: Vec<&[f64]> = graphs.iter().map(Vec::as_slice).collect();
            let mut lanes = PdsLanes::new(nodes, &z).unwrap().with_floor(1e-8).with_slope(0.01);
            let thetas: Vec<[f64; 4]> = (0..9).map(|t| [1.0 - 0.3 * t as f64, 0.8, 0.9, 0.05]).collect();
            thetas.iter().for_each(|theta| lanes.step(theta));
            for (lane, z) in z.iter().enumerate() {
                let map = Pds::new(nodes, z).unwrap().with_floor(1e-8).with_slope(0.01);
                let (mut x, mut next) = (vec![0.0; z.len() + nodes], vec![0.0; z.len() + nodes]);
                let mut scratch = vec![0.0; map.scratch(1).max(map.scratch(0))];
                for (t, theta) in thetas.iter().enumerate() {
                    map.step(At { t, x: &x, theta }, &mut next, &mut scratch);
                    std::mem::swap(&mut x, &mut next);
                }
                lanes.state(lane, &mut next);
                assert!(x.iter().zip(&next).all(|(a, b)| (a - b).abs() < 1e-12 * a.abs().max(1.0)), "{nodes} {lane}");
            }
        }
    }

    #[test]
    fn too_many_graphs_and_bad_distances_are_refused() {
        assert!(PdsLanes::new(2, &[&[1.0f32][..]; LANES + 1]).is_err());
        assert!(PdsLanes::new(2, &[&[1.0f32], &[-1.0]]).is_err());
        assert!(PdsLanes::new(3, &[&[1.0f32]]).is_err());
        assert!(PdsLanes::new(1, &[&[0.0f32; 0]]).is_err());
    }
}
