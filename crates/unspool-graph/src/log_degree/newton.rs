//! Newton's method on the dual of the log-degree model: ten-odd passes over the pairs where first-order methods
//! need hundreds.
//!
//! The dual has one variable a node. With `s_ij = lambda_i + lambda_j - 2 theta z_ij`,
//!
//! ```text
//! minimise  phi(lambda) = sum_ij max(0, s_ij)^2 / (4 beta) - alpha sum_i log lambda_i      over lambda > 0
//! w_ij = max(0, s_ij) / (2 beta)        gradient  d - alpha / lambda,   d = D w
//! Hessian  D_A D_A' / (2 beta) + alpha diag(1 / lambda^2),              A the pairs with s_ij > 0
//! gap = alpha sum_i h(lambda_i d_i / alpha),                            h(r) = r - 1 - log r
//! ```
//!
//! `D_A D_A'` is the signless Laplacian of the graph of active pairs, so the Newton equation is a sparse, diagonally
//! dominant system: conjugate gradients with its diagonal need a few dozen products at most. A pair that is not
//! active costs one comparison a pass.

use std::sync::atomic::{AtomicBool, Ordering};

use super::Weights;
use crate::error::{Error, Result, check_len};
use crate::{gap, pairs};

/// The pairs of nodes that may become edges, with their squared distances.
pub trait Pairs: Sync {
    /// Number of nodes.
    fn nodes(&self) -> usize;

    /// Puts the pairs with `lambda_i + lambda_j > 2 theta z_ij` into `active`, by `i`, then `j`.
    fn activate(&self, theta: f64, lambda: &[f64], active: &mut Active);

    /// The smallest squared distance of each node; infinite where a node has no pair.
    fn nearest(&self) -> Vec<f64>;
}

/// Active pairs: `s_ij > 0`, by rows.
#[derive(Clone, Debug, Default)]
pub struct Active {
    /// Where the pairs of each node begin in `other`; one entry more than nodes.
    first: Vec<usize>,
    /// The larger node of each pair.
    other: Vec<u32>,
    /// `s_ij` of each pair.
    slack: Vec<f64>,
}

impl Active {
    fn clear(&mut self) {
        self.first.clear();
        self.first.push(0);
        self.other.clear();
        self.slack.clear();
    }

    fn push(&mut self, j: usize, slack: f64) {
        self.other.push(j as u32);
        self.slack.push(slack);
    }

    fn end_row(&mut self) {
        self.first.push(self.other.len());
    }

    /// Number of active pairs.
    pub fn len(&self) -> usize {
        self.other.len()
    }

    /// Whether no pair is active.
    pub fn is_empty(&self) -> bool {
        self.other.is_empty()
    }

    /// The active pairs `(i, j, s_ij)`.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize, f64)> {
        let row =
            move |i: usize| (self.first[i]..self.first[i + 1]).map(move |e| (i, self.other[e] as usize, self.slack[e]));
        (0..self.first.len().saturating_sub(1)).flat_map(row)
    }

    /// `sum s^2` and `d_i = sum_j s_ij`.
    fn sums(&self, d: &mut [f64]) -> f64 {
        d.fill(0.0);
        let mut squares = 0.0;
        for i in 0..d.len() {
            let mut sum = 0.0;
            for e in self.first[i]..self.first[i + 1] {
                let s = self.slack[e];
                squares += s * s;
                sum += s;
                d[self.other[e] as usize] += s;
            }
            d[i] += sum;
        }
        squares
    }

    /// Adds the number of active pairs of each node to `count`.
    fn count(&self, count: &mut [f64]) {
        for i in 0..count.len() {
            for e in self.first[i]..self.first[i + 1] {
                count[i] += 1.0;
                count[self.other[e] as usize] += 1.0;
            }
        }
    }

    /// `y += scale * adjacency p`.
    fn multiply(&self, scale: f64, p: &[f64], y: &mut [f64]) {
        for i in 0..p.len() {
            let (own, mut sum) = (scale * p[i], 0.0);
            for &j in &self.other[self.first[i]..self.first[i + 1]] {
                sum += p[j as usize];
                y[j as usize] += own;
            }
            y[i] += scale * sum;
        }
    }
}

/// All pairs: a half-vector of squared distances.
#[derive(Clone, Copy, Debug)]
pub struct AllPairs<'a> {
    nodes: usize,
    z: &'a [f64],
}

impl<'a> AllPairs<'a> {
    /// All pairs of `nodes` nodes; errors as [`crate::signals::check_distances`].
    pub fn new(nodes: usize, z: &'a [f64]) -> Result<Self> {
        if nodes < 2 {
            return Err(Error::range("the number of nodes", nodes, "at least 2"));
        }
        crate::signals::check_distances(nodes, z)?;
        Ok(AllPairs { nodes, z })
    }
}

impl Pairs for AllPairs<'_> {
    fn nodes(&self) -> usize {
        self.nodes
    }

    fn activate(&self, theta: f64, lambda: &[f64], active: &mut Active) {
        const LANES: usize = 16;
        active.clear();
        pairs::rows(self.nodes, self.z, |i, row| {
            let (own, others) = (lambda[i], &lambda[i + 1..]);
            let slack = |z: f64, other: f64| own + other - 2.0 * theta * z;
            let mut j = i + 1;
            // most pairs are far from active: sixteen at a time are passed over
            for (z, other) in row.chunks(LANES).zip(others.chunks(LANES)) {
                let mut any = false;
                for (&z, &other) in z.iter().zip(other) {
                    any |= slack(z, other) > 0.0;
                }
                if any {
                    for (k, (&z, &other)) in z.iter().zip(other).enumerate() {
                        let s = slack(z, other);
                        if s > 0.0 {
                            active.push(j + k, s);
                        }
                    }
                }
                j += LANES;
            }
            active.end_row();
        });
    }

    fn nearest(&self) -> Vec<f64> {
        let mut least = vec![f64::INFINITY; self.nodes];
        pairs::rows(self.nodes, self.z, |i, row| {
            let (head, tail) = least.split_at_mut(i + 1);
            let own = &mut head[i];
            for (least, &z) in tail.iter_mut().zip(row) {
                *least = least.min(z);
                *own = own.min(z);
            }
        });
        least
    }
}

/// Some pairs: rows of larger neighbours.
#[derive(Clone, Debug, Default)]
pub struct SomePairs {
    first: Vec<usize>,
    other: Vec<u32>,
    z: Vec<f64>,
}

impl SomePairs {
    /// Pairs `(i, j, z_ij)` of `nodes` nodes, in any order and possibly repeated.
    /// Errors if a pair leaves the nodes or is none, or a distance is negative or not finite.
    pub fn new(nodes: usize, mut list: Vec<(u32, u32, f64)>) -> Result<Self> {
        if nodes < 2 {
            return Err(Error::range("the number of nodes", nodes, "at least 2"));
        }
        for (i, j, z) in &mut list {
            if i > j {
                std::mem::swap(i, j);
            }
            if i == j || *j as usize >= nodes {
                let problem = format!("({i}, {j}) is no pair of {nodes} nodes");
                return Err(Error::data(problem, "count nodes from 0, without self-loops"));
            }
            if !(*z >= 0.0 && z.is_finite()) {
                let problem = format!("the squared distance of nodes {i} and {j} is {z}");
                return Err(Error::data(problem, "squared distances must be finite and not negative"));
            }
        }
        list.sort_unstable_by_key(|&(i, j, _)| (i, j));
        list.dedup_by_key(|&mut (i, j, _)| (i, j));
        let mut first = vec![0; nodes + 1];
        for &(i, ..) in &list {
            first[i as usize + 1] += 1;
        }
        for i in 0..nodes {
            first[i + 1] += first[i];
        }
        Ok(SomePairs { first, other: list.iter().map(|p| p.1).collect(), z: list.iter().map(|p| p.2).collect() })
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.z.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.z.is_empty()
    }

    /// The pairs `(i, j, z_ij)`, by `i`, then `j`.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32, f64)> {
        let row = move |i: usize| (self.first[i]..self.first[i + 1]).map(move |e| (i as u32, self.other[e], self.z[e]));
        (0..self.first.len().saturating_sub(1)).flat_map(row)
    }
}

impl Pairs for SomePairs {
    fn nodes(&self) -> usize {
        self.first.len() - 1
    }

    fn activate(&self, theta: f64, lambda: &[f64], active: &mut Active) {
        active.clear();
        for (i, &own) in lambda.iter().enumerate() {
            for e in self.first[i]..self.first[i + 1] {
                let j = self.other[e] as usize;
                let s = own + lambda[j] - 2.0 * theta * self.z[e];
                if s > 0.0 {
                    active.push(j, s);
                }
            }
            active.end_row();
        }
    }

    fn nearest(&self) -> Vec<f64> {
        let mut least = vec![f64::INFINITY; self.nodes()];
        for (i, j, z) in self.iter() {
            for node in [i as usize, j as usize] {
                least[node] = least[node].min(z);
            }
        }
        least
    }
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Relative duality gap, `gap / max(1, |F|)`, to reach.
    pub tolerance: f64,
    /// At most this many iterations.
    pub max_iterations: usize,
    /// Stops the run when set.
    pub cancel: Option<&'a AtomicBool>,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Settings { tolerance: 1e-6, max_iterations: 200, cancel: None }
    }
}

/// What a run found: the best graph is `w_ij = s_ij / (2 beta)` on the active pairs.
#[derive(Clone, Debug)]
pub struct Optimum {
    /// The dual variables; `alpha / lambda_i` is the degree of node `i` at the optimum.
    pub lambda: Vec<f64>,
    /// The edges `(i, j, w_ij)`, by `i`, then `j`.
    pub edges: Vec<(usize, usize, f64)>,
    /// The objective `F(w)`.
    pub objective: f64,
    /// Duality gap: `F(w)` is above its minimum by at most this.
    pub gap: f64,
    /// Newton iterations taken.
    pub iterations: usize,
    /// Whether the gap asked for was reached.
    pub converged: bool,
}

impl Optimum {
    /// `gap / max(1, |F|)`; infinite if the objective is.
    pub fn relative_gap(&self) -> f64 {
        let known = self.gap.is_finite() && self.objective.is_finite();
        if known { self.gap / self.objective.abs().max(1.0) } else { f64::INFINITY }
    }
}

/// `phi`, the degrees and the active pairs at one `lambda`.
#[derive(Clone, Default)]
struct Point {
    lambda: Vec<f64>,
    d: Vec<f64>,
    active: Active,
    phi: f64,
    gap: f64,
}

impl Point {
    fn new(m: usize) -> Self {
        Point { lambda: vec![0.0; m], d: vec![0.0; m], ..Point::default() }
    }

    /// Fills in everything from `lambda`.
    fn evaluate(&mut self, pairs: &dyn Pairs, Weights { alpha, beta, theta }: Weights) {
        pairs.activate(theta, &self.lambda, &mut self.active);
        let squares = self.active.sums(&mut self.d);
        let (mut logs, mut gap) = (0.0, 0.0);
        for (d, lambda) in self.d.iter_mut().zip(&self.lambda) {
            *d /= 2.0 * beta;
            let r = lambda * *d / alpha;
            logs += lambda.ln();
            gap += (r - 1.0) - r.ln();
        }
        self.phi = squares / (4.0 * beta) - alpha * logs;
        self.gap = gap::rounded(alpha * gap);
    }

    /// `F(w)`: the dual value `alpha m (1 - log alpha) - phi`, and the gap.
    fn objective(&self, alpha: f64) -> f64 {
        alpha * (1.0 - alpha.ln()) * self.d.len() as f64 - self.phi + self.gap
    }
}

/// Minimises the log-degree objective over `pairs`, from `start` (dual variables of a similar problem) if there is one.
///
/// # Complexity
/// Each iteration: one pass over the pairs for each step length tried (nearly always one), and up to a few dozen
/// passes over the active ones. Memory: the active pairs, twice.
///
/// # Errors
/// Weights that are not positive, a start that is not positive or too short, a node without a pair.
///
/// ```
/// use unspool_graph::log_degree::{Weights, newton::{self, AllPairs, Settings}};
/// let z = [0.2, 1.0, 0.6, 0.5, 1.2, 0.4];
/// let optimum = newton::minimise(&AllPairs::new(4, &z)?, Weights::new(1.0, 1.0), None, Settings::default())?;
/// assert!((optimum.objective - 2.6167051933260064).abs() < 1e-6);
/// # Ok::<(), unspool_graph::Error>(())
/// ```
pub fn minimise(pairs: &dyn Pairs, weights: Weights, start: Option<&[f64]>, settings: Settings<'_>) -> Result<Optimum> {
    weights.check()?;
    let m = pairs.nodes();
    let Weights { alpha, beta, .. } = weights;
    let mut now = Point::new(m);
    match start {
        Some(start) => {
            check_len("the start", start.len(), m)?;
            if let Some(bad) = start.iter().position(|v| !(*v > 0.0 && v.is_finite())) {
                return Err(Error::range("the start", format!("{} at node {bad}", start[bad]), "positive and finite"));
            }
            now.lambda.copy_from_slice(start);
        }
        None => first_guess(pairs, weights, &mut now.lambda)?,
    }
    now.evaluate(pairs, weights);
    let mut next = Point::new(m);
    let mut newton = Newton::new(m);
    let mut iterations = 0;
    let reached = |point: &Point| {
        let objective = point.objective(alpha);
        objective.is_finite() && point.gap <= settings.tolerance * objective.abs().max(1.0)
    };
    while !reached(&now) && iterations < settings.max_iterations {
        if settings.cancel.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            break;
        }
        newton.direction(&now, alpha, beta);
        if !newton.search(&now, &mut next, pairs, weights) {
            break;
        }
        std::mem::swap(&mut now, &mut next);
        iterations += 1;
    }
    Ok(Optimum {
        edges: now.active.iter().map(|(i, j, s)| (i, j, s / (2.0 * beta))).collect(),
        objective: now.objective(alpha),
        gap: now.gap,
        iterations,
        converged: reached(&now),
        lambda: now.lambda,
    })
}

/// Dual variables at which each node has its nearest pair: `2 theta min_j z_ij`, and what a constant `z = 0` would give.
fn first_guess(pairs: &dyn Pairs, Weights { alpha, beta, theta }: Weights, lambda: &mut [f64]) -> Result<()> {
    let nearest = pairs.nearest();
    if let Some(node) = nearest.iter().position(|z| z.is_infinite()) {
        return Err(Error::data(format!("node {node} has no pair"), "give each node one candidate at least"));
    }
    let floor = (alpha * beta / lambda.len() as f64).sqrt();
    for (lambda, z) in lambda.iter_mut().zip(nearest) {
        *lambda = 2.0 * theta * z + floor;
    }
    Ok(())
}

/// The direction of a step, and memory to find it.
struct Newton {
    gradient: Vec<f64>,
    diagonal: Vec<f64>,
    step: Vec<f64>,
    r: Vec<f64>,
    p: Vec<f64>,
    hp: Vec<f64>,
}

impl Newton {
    fn new(m: usize) -> Self {
        let zeros = || vec![0.0; m];
        Newton { gradient: zeros(), diagonal: zeros(), step: zeros(), r: zeros(), p: zeros(), hp: zeros() }
    }

    /// `H step = -gradient`, by conjugate gradients to a residual that shrinks with the gradient.
    fn direction(&mut self, at: &Point, alpha: f64, beta: f64) {
        let Newton { gradient, diagonal, step, r, p, hp } = self;
        let scale = 0.5 / beta;
        diagonal.fill(0.0);
        at.active.count(diagonal);
        let mut size = 0.0_f64;
        for i in 0..gradient.len() {
            let degree = alpha / at.lambda[i];
            gradient[i] = at.d[i] - degree;
            diagonal[i] = scale * diagonal[i] + degree / at.lambda[i];
            size = size.max((gradient[i] / degree).abs());
        }
        step.fill(0.0);
        let mut rho = 0.0;
        for i in 0..r.len() {
            r[i] = -gradient[i];
            p[i] = r[i] / diagonal[i];
            rho += r[i] * p[i];
        }
        let target = rho * (0.1 * size).clamp(1e-4, 0.1).powi(2);
        for _ in 0..200 {
            if rho <= target || rho == 0.0 {
                break;
            }
            for i in 0..p.len() {
                hp[i] = diagonal[i] * p[i];
            }
            at.active.multiply(scale, p, hp);
            let a = rho / dot(p, hp);
            let mut new = 0.0;
            for i in 0..p.len() {
                step[i] += a * p[i];
                r[i] -= a * hp[i];
                new += r[i] * r[i] / diagonal[i];
            }
            let b = new / rho;
            for i in 0..p.len() {
                p[i] = r[i] / diagonal[i] + b * p[i];
            }
            rho = new;
        }
    }

    /// Goes along the step as far as `phi` falls enough and `lambda` stays positive; `false` if rounding is all that is left.
    fn search(&self, now: &Point, next: &mut Point, pairs: &dyn Pairs, weights: Weights) -> bool {
        let slope = dot(&self.gradient, &self.step);
        let room = now.lambda.iter().zip(&self.step).map(|(l, s)| -s / l).fold(0.0, f64::max);
        let mut t = if room < 0.95 { 1.0 } else { 0.95 / room };
        for _ in 0..40 {
            for (next, (l, s)) in next.lambda.iter_mut().zip(now.lambda.iter().zip(&self.step)) {
                *next = l + t * s;
            }
            next.evaluate(pairs, weights);
            let noise = 1e-14 * now.phi.abs();
            if next.phi <= now.phi + 1e-4 * t * slope + noise {
                return next.phi < now.phi || next.gap < now.gap;
            }
            t *= 0.5;
        }
        false
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
