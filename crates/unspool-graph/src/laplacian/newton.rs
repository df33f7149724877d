//! The maximum of the likelihood, by projected Newton steps.
//!
//! In each iteration pairs divide in two. A pair is *bound* if a step along its own coordinate, whose curvature is
//! `R_e^2`, would end at zero; the others are *free*. On the bound pairs the direction is that coordinate step, on the
//! free ones Newton's, and the sum is followed along its projection on `w >= 0` until the objective has fallen enough:
//!
//! ```text
//! g = z - R(w),   H_ef = (b_e' M b_f)^2,   M = pinv(L(w)),   b_ij = e_i - e_j
//! free = { e : w_e > g_e / R_e^2 }
//! H_free d_free = -g_free,   d_e = -g_e / R_e^2 on the others
//! w <- max(0, w + t d)
//! ```
//!
//! (Bertsekas 1982, "Projected Newton methods for optimization problems with simple constraints".) Newton's system is
//! solved by conjugate gradients: `(H d)_e = b_e' M L(d) M b_e` costs `O(m)` for each free pair, and `H` is never formed.

use unspool_core::kernels::Kernels;

use super::objective::Candidates;
use super::resistance::{Inverse, distances};
use crate::error::{Error, Result, check_len};

/// How often weights are lifted off zero at most, each time ten times as far.
const LIFTS: i32 = 4;

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Duality gap to reach, relative to `m - 1`.
    pub tolerance: f64,
    /// At most this many iterations.
    pub max_iterations: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { tolerance: 1e-6, max_iterations: 100 }
    }
}

/// What a run found.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// The weight of each candidate, exactly zero where there is no edge.
    pub w: Vec<f64>,
    /// The objective `z'w - log det(L(w) + 11'/m)`.
    pub objective: f64,
    /// The objective is above its minimum by at most `gap (m - 1)`.
    pub gap: f64,
    /// Newton iterations taken.
    pub iterations: usize,
    /// Whether the gap asked for was reached.
    pub converged: bool,
}

/// Minimises the objective over weights of the candidates.
///
/// `start`, one weight for each candidate, not negative, saves iterations where it is near; it is ignored if its graph
/// is not connected. A result that has not converged says so; it is an outcome, not an error.
///
/// # Errors
/// If `start` has the wrong length, or squared distances differ so much that the likelihood of no start is a number.
///
/// # Complexity
/// An iteration is `O(m^3)`, and `O(m)` for each edge and step of conjugate gradients; `O(m^2)` memory.
pub fn minimise(candidates: &Candidates, start: Option<&[f64]>, settings: Settings) -> Result<Optimum> {
    if let Some(start) = start {
        check_len("the start", start.len(), candidates.len())?;
    }
    let (m, l) = (candidates.nodes(), candidates.len());
    if l == 0 {
        return Ok(Optimum { w: Vec::new(), objective: 0.0, gap: 0.0, iterations: 0, converged: true });
    }
    let rank = (m - 1) as f64;
    let (z, pairs) = (candidates.distances(), candidates.pairs());
    let mut inverse = Inverse::new(m);
    let (mut w, mut f) = first(candidates, start, &mut inverse);
    if !f.is_finite() {
        let (least, most) = z.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), &z| (a.min(z), b.max(z)));
        let problem = format!("squared distances from {least:.0e} to {most:.0e} are too far apart for one graph");
        return Err(Error::data(problem, "merge nodes with all but the same signals, or leave their pairs out"));
    }
    let (mut next, mut r, mut g, mut d) = (vec![0.0; l], vec![0.0; l], vec![0.0; l], vec![0.0; l]);
    let mut newton = Newton::new(m);
    let (mut iterations, mut lifts) = (0, 0);
    loop {
        distances(m, inverse.invert(), pairs.iter().copied(), &mut r);
        let gap = candidates.gap(&w, &r) / rank;
        let converged = gap <= settings.tolerance;
        let result = |w, f| Ok(Optimum { w, objective: f, gap, iterations, converged });
        if converged || iterations == settings.max_iterations {
            return result(w, f);
        }
        for ((g, z), r) in g.iter_mut().zip(z).zip(&r) {
            *g = z - r;
        }
        newton.direction(inverse.matrix(), pairs, &w, &r, &g, &mut d, gap);
        let mut lower = search(candidates, &mut inverse, f, &w, &g, &d, &mut next);
        if lower.is_none() {
            // next to a graph in two parts Newton's system is too ill-conditioned: along each coordinate instead
            for ((d, g), r) in d.iter_mut().zip(&g).zip(&r) {
                *d = -g / (r * r);
            }
            lower = search(candidates, &mut inverse, f, &w, &g, &d, &mut next);
        }
        if lower.is_none() && lifts < LIFTS {
            // where the graph all but falls apart the resistances are lost in rounding: farther from there, and on
            lifts += 1;
            let lift = 1e-4 * 10f64.powi(lifts) * rank / z.iter().sum::<f64>();
            next.iter_mut().zip(&w).for_each(|(next, w)| *next = w + lift);
            lower = inverse.factor(pairs, &next).map(|log_det| candidates.linear(&next) - log_det);
        }
        let Some(lower) = lower else { return result(w, f) };
        f = lower;
        std::mem::swap(&mut w, &mut next);
        iterations += 1;
    }
}

/// Where to start, its factor left in `inverse`, and the objective there: `start` if it is connected; or the better of
/// the pseudo-inverse of the Gram matrix, clipped, and `w_e ~ 1/z_e`; each scaled to `z'w = m - 1`, the best scale.
fn first(candidates: &Candidates, start: Option<&[f64]>, inverse: &mut Inverse) -> (Vec<f64>, f64) {
    let rank = (candidates.nodes() - 1) as f64;
    let mut value = |w: &mut [f64]| {
        let scale = rank / candidates.linear(w);
        for w in w.iter_mut() {
            *w *= scale;
        }
        let value = rank - inverse.factor(candidates.pairs(), w).unwrap_or(f64::NEG_INFINITY);
        if value.is_nan() { f64::INFINITY } else { value }
    };
    if let Some(start) = start {
        let mut w: Vec<f64> = start.iter().map(|w| w.max(0.0)).collect();
        let f = value(&mut w);
        if f.is_finite() {
            return (w, f);
        }
    }
    let mut w: Vec<f64> = candidates.distances().iter().map(|z| 1.0 / z).collect();
    let f = value(&mut w);
    (w, f)
}

/// Sets `next = max(0, w + t d)` for the first `t` in 1, 1/2, 1/4, ... at which the objective falls enough, and returns
/// it; `None` if none does.
fn search(
    candidates: &Candidates,
    inverse: &mut Inverse,
    f: f64,
    w: &[f64],
    g: &[f64],
    d: &[f64],
    next: &mut [f64],
) -> Option<f64> {
    let rounding = 1e-15 * candidates.len() as f64;
    let mut t = 1.0;
    for _ in 0..40 {
        let mut slope = 0.0;
        for (((next, w), g), d) in next.iter_mut().zip(w).zip(g).zip(d) {
            *next = (w + t * d).max(0.0);
            slope += g * (*next - w);
        }
        if slope < 0.0
            && let Some(log_det) = inverse.factor(candidates.pairs(), next)
        {
            let lower = candidates.linear(next) - log_det;
            if lower <= f + 1e-4 * slope + rounding {
                return Some(lower);
            }
        }
        t *= 0.5;
    }
    None
}

/// Memory for a direction.
struct Newton {
    m: usize,
    /// Free pairs: their indices, and their nodes.
    free: Vec<usize>,
    nodes: Vec<(usize, usize)>,
    /// `L(d) M`, and its transpose.
    product: Vec<f64>,
    transposed: Vec<f64>,
    x: Vec<f64>,
    residual: Vec<f64>,
    p: Vec<f64>,
    hp: Vec<f64>,
    inverse_diagonal: Vec<f64>,
}

impl Newton {
    fn new(m: usize) -> Self {
        let (square, none) = (|| vec![0.0; m * m], Vec::new);
        Newton {
            m,
            free: Vec::new(),
            nodes: Vec::new(),
            product: square(),
            transposed: square(),
            x: none(),
            residual: none(),
            p: none(),
            hp: none(),
            inverse_diagonal: none(),
        }
    }

    /// Sets `d`; `gap` is the relative duality gap, and decides how exactly Newton's system is solved.
    #[allow(clippy::too_many_arguments)]
    fn direction(
        &mut self,
        matrix: &[f64],
        pairs: &[(usize, usize)],
        w: &[f64],
        r: &[f64],
        g: &[f64],
        d: &mut [f64],
        gap: f64,
    ) {
        self.free.clear();
        for e in 0..w.len() {
            d[e] = -g[e] / (r[e] * r[e]);
            if w[e] + d[e] > 0.0 {
                self.free.push(e);
            }
        }
        self.nodes.clear();
        self.nodes.extend(self.free.iter().map(|&e| pairs[e]));
        let k = self.free.len();
        for vector in [&mut self.x, &mut self.residual, &mut self.p, &mut self.hp, &mut self.inverse_diagonal] {
            vector.clear();
            vector.resize(k, 0.0);
        }
        for (i, &e) in self.free.iter().enumerate() {
            self.residual[i] = -g[e];
            self.inverse_diagonal[i] = 1.0 / (r[e] * r[e]);
            self.p[i] = self.inverse_diagonal[i] * self.residual[i];
        }
        let mut rho: f64 = self.residual.iter().zip(&self.p).map(|(r, p)| r * p).sum();
        let target = rho * gap.min(0.01);
        let mut steps = 0;
        while rho > target && steps < 2 * k + 10 {
            steps += 1;
            self.hessian(matrix);
            let step = rho / f64::dot(&self.p, &self.hp);
            f64::axpy(step, &self.p, &mut self.x);
            f64::axpy(-step, &self.hp, &mut self.residual);
            let mut next = 0.0;
            for (r, s) in self.residual.iter().zip(&self.inverse_diagonal) {
                next += r * r * s;
            }
            for ((p, r), s) in self.p.iter_mut().zip(&self.residual).zip(&self.inverse_diagonal) {
                *p = r * s + next / rho * *p;
            }
            rho = next;
        }
        for (&e, &x) in self.free.iter().zip(&self.x) {
            d[e] = x;
        }
    }

    /// `hp = H p` on the free pairs.
    fn hessian(&mut self, matrix: &[f64]) {
        let Newton { m, nodes, product, transposed, p, hp, .. } = self;
        let m = *m;
        product.fill(0.0);
        for (&(i, j), &p) in nodes.iter().zip(p.iter()) {
            let (head, tail) = product.split_at_mut(j * m);
            let (row_i, row_j) = (&mut head[i * m..][..m], &mut tail[..m]);
            let (a, b) = (&matrix[i * m..][..m], &matrix[j * m..][..m]);
            for c in 0..m {
                let flow = p * (a[c] - b[c]);
                row_i[c] += flow;
                row_j[c] -= flow;
            }
        }
        for i in 0..m {
            for j in 0..m {
                transposed[j * m + i] = product[i * m + j];
            }
        }
        for (&(i, j), hp) in nodes.iter().zip(hp) {
            let (a, b) = (&matrix[i * m..][..m], &matrix[j * m..][..m]);
            let (u, v) = (&transposed[i * m..][..m], &transposed[j * m..][..m]);
            let mut lanes = [0.0; 8];
            let mut c = 0;
            while c + 8 <= m {
                for k in 0..8 {
                    lanes[k] += (a[c + k] - b[c + k]) * (u[c + k] - v[c + k]);
                }
                c += 8;
            }
            let mut sum: f64 = lanes.iter().sum();
            while c < m {
                sum += (a[c] - b[c]) * (u[c] - v[c]);
                c += 1;
            }
            *hp = sum;
        }
    }
}
