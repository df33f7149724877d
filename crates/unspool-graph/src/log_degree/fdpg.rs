//! The fast dual proximal gradient method (Saboksayr and Mateos 2021), with adaptive restart (O'Donoghue and
//! Candes 2015).

use unspool_core::{At, Condition, Dims, Jvp, Map, Real, Vjp};

use super::barrier::Barrier;
use super::condition::Stationarity;
use super::{check_half, parts};
use crate::error::Result;
use crate::pairs;

/// Unit of the counter in the state: so small that the counter does not show in norms of the state.
const UNIT: f64 = 1.0 / (1u64 << 60) as f64;

/// The fast dual proximal gradient method. It has no step size: `L = (m - 1) / beta` is known.
///
/// ```text
/// w       = max(0, D'omega - 2 theta z) / (2 beta)
/// s       = D w - L omega
/// lambda' = (sqrt(s^2 + 4 alpha L) - s) / (2 L)
/// omega'  = lambda' + (k - 1) / (k + 2) (lambda' - lambda)
/// ```
///
/// from `lambda = omega = 0`, `k = 1, 2, ...`; the momentum is the usual closed form of Nesterov's sequence.
/// Where `(lambda' - lambda)'(omega - lambda') > 0` the momentum starts anew: `omega' = lambda'`, `k = 1`.
///
/// Parameters `[alpha, beta, theta]`, state `[w | lambda | omega | k]`, output `w`. The method remembers no `w`:
/// where a run starts makes no difference. The derivative holds the branches of `max` and of the restart.
///
/// # Complexity
/// `O(m^2)` a step or JVP in one sweep over the pairs, two for a VJP; scratch `O(m)`.
#[derive(Clone, Copy, Debug)]
pub struct Fdpg<'a, F> {
    nodes: usize,
    z: &'a [F],
    restart: bool,
}

impl<'a, F: Real> Fdpg<'a, F> {
    /// On `m = nodes` nodes with the half-vector `z` of squared distances, with restarts.
    ///
    /// # Errors
    /// Fewer than two nodes, a half-vector of the wrong length, an entry that is negative or not finite.
    pub fn new(nodes: usize, z: &'a [F]) -> Result<Self> {
        check_half("the half-vector of squared distances", nodes, z)?;
        Ok(Fdpg { nodes, z, restart: true })
    }

    /// With or without restarts. Without, a run is a smoother function of its parameters, but longer.
    pub fn with_restart(self, restart: bool) -> Self {
        Fdpg { restart, ..self }
    }

    /// `lambda`, `omega` and `k` of a state; `k = 1` at first.
    fn memory<'x>(&self, at: At<'x, F>) -> Memory<'x, F> {
        let (lambda, rest) = at.x[self.z.len()..].split_at(self.nodes);
        let (omega, k) = rest.split_at(self.nodes);
        let k = if at.t == 0 { F::one() } else { (k[0] / F::of(UNIT)).round() };
        Memory { lambda, omega, k }
    }

    fn params(&self, theta: &[F]) -> Params<F> {
        let (alpha, beta, theta) = (theta[0], theta[1], theta[2]);
        Params { alpha, beta, theta, l: F::of((self.nodes - 1) as f64) / beta }
    }

    /// `w = max(0, D'omega - 2 theta z) / (2 beta)` and `d = D w`.
    fn primal(&self, p: Params<F>, omega: &[F], w: &mut [F], d: &mut [F]) {
        let m = self.nodes;
        let (theta2, scale) = (p.theta + p.theta, (p.beta + p.beta).recip());
        d.fill(F::zero());
        for i in 0..m {
            let row = pairs::row(m, i);
            let w = &mut w[row.clone()];
            for ((w, &z), &o) in w.iter_mut().zip(&self.z[row]).zip(&omega[i + 1..]) {
                *w = scale * (omega[i] + o - theta2 * z).max(F::zero());
            }
            pairs::add_row(i, w, d);
        }
    }

    /// `lambda'`, from `d = D w`, with the derivatives of `-L lambda'` in `s` and `alpha L`.
    fn dual(p: Params<F>, d: F, omega: F) -> Barrier<F> {
        Barrier::new(d - p.l * omega, p.alpha * p.l, F::zero())
    }

    /// The next momentum, `None` for a restart.
    fn momentum(&self, memory: &Memory<'_, F>, lambda: &[F]) -> Option<F> {
        let pairs = lambda.iter().zip(memory.lambda).zip(memory.omega);
        let product = pairs.fold(F::zero(), |sum, ((&next, &old), &omega)| sum + (next - old) * (omega - next));
        if self.restart && product > F::zero() {
            return None;
        }
        Some((memory.k - F::one()) / (memory.k + F::of(2.0)))
    }
}

#[derive(Clone, Copy)]
struct Memory<'x, F> {
    lambda: &'x [F],
    omega: &'x [F],
    k: F,
}

#[derive(Clone, Copy)]
struct Params<F> {
    alpha: F,
    beta: F,
    theta: F,
    /// Lipschitz constant of the dual's smooth part.
    l: F,
}

/// The blocks `w | lambda | omega | k` of a state.
fn blocks<F>(x: &mut [F], m: usize) -> (&mut [F], &mut [F], &mut [F], &mut F) {
    let (x, k) = x.split_at_mut(x.len() - 1);
    let (x, omega) = x.split_at_mut(x.len() - m);
    let (w, lambda) = x.split_at_mut(x.len() - m);
    (w, lambda, omega, &mut k[0])
}

impl<F: Real> Map<F> for Fdpg<'_, F> {
    fn dims(&self) -> Dims {
        Dims { state: self.z.len() + 2 * self.nodes + 1, output: self.z.len(), params: 3 }
    }

    fn scratch(&self, _: usize) -> usize {
        5 * self.nodes
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]) {
        let (memory, p) = (self.memory(at), self.params(at.theta));
        let (w, lambda, omega, k) = blocks(next, self.nodes);
        let [d] = parts(self.nodes, scratch);
        self.primal(p, memory.omega, w, d);
        for ((lambda, &d), &omega) in lambda.iter_mut().zip(&*d).zip(memory.omega) {
            *lambda = -Self::dual(p, d, omega).x / p.l;
        }
        let momentum = self.momentum(&memory, lambda);
        let b = momentum.unwrap_or_default();
        for ((omega, &next), &old) in omega.iter_mut().zip(&*lambda).zip(memory.lambda) {
            *omega = next + b * (next - old);
        }
        *k = F::of(UNIT) * momentum.map_or(F::one(), |_| memory.k + F::one());
    }

    fn condition(&self) -> Option<Box<dyn Condition<F> + '_>> {
        Some(Box::new(Stationarity { nodes: self.nodes, z: self.z }))
    }
}

impl<F: Real> Jvp<F> for Fdpg<'_, F> {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let (m, zero, two) = (self.nodes, F::zero(), F::of(2.0));
        let (memory, p) = (self.memory(at), self.params(at.theta));
        let (dlambda, domega) = dx[self.z.len()..][..2 * m].split_at(m);
        let [dalpha, dbeta, dtheta] = [dtheta[0], dtheta[1], dtheta[2]];
        let dl = -p.l * dbeta / p.beta;
        let (out_w, out_lambda, out_omega, out_k) = blocks(out, m);
        let [d, dd, lambda, row_w] = parts(m, scratch);

        d.fill(zero);
        dd.fill(zero);
        let scale = (p.beta + p.beta).recip();
        for i in 0..m {
            let row = pairs::row(m, i);
            let n = row.len();
            let (z, out_w, w) = (&self.z[row.clone()], &mut out_w[row], &mut row_w[..n]);
            let (o, os, dos) = (memory.omega, &memory.omega[i + 1..], &domega[i + 1..]);
            for j in 0..n {
                let y = o[i] + os[j] - two * p.theta * z[j];
                let dy = domega[i] + dos[j] - two * dtheta * z[j];
                let (y, dy) = if y > zero { (y, dy) } else { (zero, zero) };
                w[j] = scale * y;
                out_w[j] = scale * (dy - two * dbeta * w[j]);
            }
            pairs::add_row(i, w, d);
            pairs::add_row(i, out_w, dd);
        }
        for i in 0..m {
            let root = Self::dual(p, d[i], memory.omega[i]);
            let ds = dd[i] - dl * memory.omega[i] - p.l * domega[i];
            lambda[i] = -root.x / p.l;
            out_lambda[i] = -(root.dy * ds + root.dc * (dalpha * p.l + p.alpha * dl) + lambda[i] * dl) / p.l;
        }
        let b = self.momentum(&memory, lambda).unwrap_or_default();
        for i in 0..m {
            out_omega[i] = out_lambda[i] + b * (out_lambda[i] - dlambda[i]);
        }
        *out_k = zero;
    }
}

impl<F: Real> Vjp<F> for Fdpg<'_, F> {
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let (m, l, zero, two) = (self.nodes, self.z.len(), F::zero(), F::of(2.0));
        let (memory, p) = (self.memory(at), self.params(at.theta));
        let (c_w, rest) = cotangent.split_at(l);
        let (c_lambda, c_omega) = rest[..2 * m].split_at(m);
        let [d, lambda, a_s, a_y, d_y] = parts(m, scratch);

        let (w, g_lambda, g_omega, g_k) = blocks(gx, m);
        self.primal(p, memory.omega, w, d);
        for i in 0..m {
            lambda[i] = -Self::dual(p, d[i], memory.omega[i]).x / p.l;
        }
        let b = self.momentum(&memory, lambda).unwrap_or_default();
        let mut gl = zero;
        for i in 0..m {
            let root = Self::dual(p, d[i], memory.omega[i]);
            // Cotangent of -L lambda'.
            let c = -(c_lambda[i] + (F::one() + b) * c_omega[i]) / p.l;
            a_s[i] = root.dy * c;
            gtheta[0] += p.l * root.dc * c;
            gl += p.alpha * root.dc * c + lambda[i] * c - a_s[i] * memory.omega[i];
            g_lambda[i] = -b * c_omega[i];
            g_omega[i] = -p.l * a_s[i];
        }
        let scale = (p.beta + p.beta).recip();
        let (mut c_dot_w, mut y_dot_z) = (zero, zero);
        d_y.fill(zero);
        for i in 0..m {
            let row = pairs::row(m, i);
            let n = row.len();
            let (w, z, c_w) = (&mut w[row.clone()], &self.z[row.clone()], &c_w[row]);
            let (a_s, tail, a_y) = (a_s[i], &a_s[i + 1..], &mut a_y[..n]);
            for j in 0..n {
                a_y[j] = if w[j] > zero { scale * (c_w[j] + a_s + tail[j]) } else { zero };
            }
            pairs::add_row(i, a_y, d_y);
            c_dot_w += F::dot(a_y, w);
            y_dot_z += F::dot(a_y, z);
            w.fill(zero);
        }
        for (g, &d) in g_omega.iter_mut().zip(&*d_y) {
            *g += d;
        }
        *g_k = zero;
        gtheta[1] -= two * c_dot_w + gl * p.l / p.beta;
        gtheta[2] -= two * y_dot_z;
    }
}
