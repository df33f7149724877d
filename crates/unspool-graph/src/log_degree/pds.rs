//! Primal-dual splitting, forward-backward-forward (Komodakis and Pesquet 2015; Kalofolias 2016).

use unspool_core::{At, Condition, Dims, Jvp, Map, Real, Vjp};

use super::barrier::Barrier;
use super::condition::Stationarity;
use super::{check_half, parts, pds_kernel};
use crate::error::Result;
use crate::pairs;

/// Primal-dual splitting.
///
/// ```text
/// y1 = w - g (2 beta w + 2 theta z + D'v)          y2 = v + g D w
/// p1 = max(0, y1)                                  p2 = (y2 - sqrt(y2^2 + 4 g alpha)) / 2
/// q1 = p1 - g (2 beta p1 + 2 theta z + D'p2)       q2 = p2 + g D p1
/// w <- w - y1 + q1                                 v <- v - y2 + q2
/// ```
///
/// Parameters `[alpha, beta, theta, g]`, state `[w | v]`, output `w`, which may be slightly negative before
/// convergence. Converges for `0 < g < 1 / (2 beta + sqrt(2 (m - 1)))`; `-v` is the dual variable `lambda`.
/// At the kink of `max` the derivative is 0.
///
/// # Complexity
/// `O(m^2)` a step, JVP or VJP, in two sweeps over the pairs; scratch `O(m)`.
#[derive(Clone, Copy, Debug)]
pub struct Pds<'a, F> {
    nodes: usize,
    pub(super) z: &'a [F],
    pub(super) floor: F,
    pub(super) slope: F,
}

impl<'a, F: Real> Pds<'a, F> {
    /// On `m = nodes` nodes with the half-vector `z` of squared distances.
    ///
    /// # Errors
    /// Fewer than two nodes, a half-vector of the wrong length, an entry that is negative or not finite.
    pub fn new(nodes: usize, z: &'a [F]) -> Result<Self> {
        check_half("the half-vector of squared distances", nodes, z)?;
        Ok(Pds { nodes, z, floor: F::zero(), slope: F::zero() })
    }

    /// Replaces `y2^2 + 4 g alpha` by `floor` where it is smaller (0 by default): for learned parameters, whose
    /// sign nothing constrains.
    pub fn with_floor(self, floor: F) -> Self {
        Pds { floor, ..self }
    }

    /// Replaces `max(0, y1)` by `max(slope y1, y1)`, `0 <= slope < 1` (0 by default): the leaky layers of Pu et al. 2021.
    pub fn with_slope(self, slope: F) -> Self {
        Pds { slope, ..self }
    }
}

impl<F: Real> Map<F> for Pds<'_, F> {
    fn dims(&self) -> Dims {
        Dims { state: self.z.len() + self.nodes, output: self.z.len(), params: 4 }
    }

    fn scratch(&self, _: usize) -> usize {
        2 * self.nodes + pds_kernel::scratch(self.nodes)
    }

    /// `w' = p1 + g (2 beta (w - p1) + D'(v - p2))` and `v' = p2 + g D (p1 - w)`.
    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]) {
        let (w, v) = at.x.split_at(self.z.len());
        let (next_w, next_v) = next.split_at_mut(w.len());
        let (own, scratch) = scratch.split_at_mut(2 * self.nodes);
        let [d, q] = parts(self.nodes, own);
        let theta = doubled(at.theta);
        pairs::degrees(w, d);
        pds_kernel::nodes(*self, v, theta, d, next_v, q);
        pds_kernel::edges(*self, [w, v], theta, q, next_w, next_v, scratch);
    }

    fn condition(&self) -> Option<Box<dyn Condition<F> + '_>> {
        Some(Box::new(Stationarity { nodes: self.nodes, z: self.z }))
    }
}

/// `[alpha, 2 beta, 2 theta, g]` from the parameters.
pub(super) fn doubled<F: Real>(theta: &[F]) -> [F; 4] {
    let two = F::of(2.0);
    [theta[0], two * theta[1], two * theta[2], theta[3]]
}

impl<F: Real> Jvp<F> for Pds<'_, F> {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let (m, zero) = (self.nodes, F::zero());
        let ((w, v), (dw, dv)) = (at.x.split_at(self.z.len()), dx.split_at(self.z.len()));
        let (out_w, out_v) = out.split_at_mut(w.len());
        let [alpha, beta2, theta2, g] = doubled(at.theta);
        let [dalpha, dbeta2, dtheta2, dg] = doubled(dtheta);
        let [d, dd, q, dq, move_] = parts(m, scratch);

        pairs::degrees(w, d);
        pairs::degrees(dw, dd);
        for i in 0..m {
            let p2 = Barrier::new(v[i] + g * d[i], g * alpha, self.floor);
            out_v[i] = p2.dy * (dv[i] + dg * d[i] + g * dd[i]) + p2.dc * (dg * alpha + g * dalpha);
            q[i] = v[i] - p2.x;
            dq[i] = dv[i] - out_v[i];
        }
        for i in 0..m {
            let row = pairs::row(m, i);
            let n = row.len();
            let (w, dw, z, out_w) = (&w[row.clone()], &dw[row.clone()], &self.z[row.clone()], &mut out_w[row]);
            let (vs, dvs, qs, dqs) = (&v[i + 1..], &dv[i + 1..], &q[i + 1..], &dq[i + 1..]);
            let move_ = &mut move_[..n];
            for j in 0..n {
                let r = beta2 * w[j] + theta2 * z[j] + v[i] + vs[j];
                let dr = dbeta2 * w[j] + beta2 * dw[j] + dtheta2 * z[j] + dv[i] + dvs[j];
                let (y1, dy1) = (w[j] - g * r, dw[j] - dg * r - g * dr);
                let (p1, dp1) = if y1 > zero { (y1, dy1) } else { (self.slope * y1, self.slope * dy1) };
                let s = beta2 * (w[j] - p1) + q[i] + qs[j];
                let ds = dbeta2 * (w[j] - p1) + beta2 * (dw[j] - dp1) + dq[i] + dqs[j];
                out_w[j] = dp1 + dg * s + g * ds;
                move_[j] = dg * (p1 - w[j]) + g * (dp1 - dw[j]);
            }
            pairs::add_row(i, move_, out_v);
        }
    }
}

impl<F: Real> Vjp<F> for Pds<'_, F> {
    /// With `a1` and `a2` the cotangents of `y1` and `y2`, and `(c, e)` those of `(w', v')`:
    /// `gw = g (2 beta c - D'e + D'a2) + (1 - 2 g beta) a1` and `gv = a2 + g D (c - a1)`.
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let (m, zero, two) = (self.nodes, F::zero(), F::of(2.0));
        let ((w, v), (c, e)) = (at.x.split_at(self.z.len()), cotangent.split_at(self.z.len()));
        let (gw, gv) = gx.split_at_mut(w.len());
        let [alpha, beta2, theta2, g] = doubled(at.theta);
        let [d, dc, d_a1, d_move, a1, move_] = parts(m, scratch);
        let (mut galpha, mut gg) = (zero, zero);

        pairs::degrees(w, d);
        pairs::degrees(c, dc);
        for i in 0..m {
            let p2 = Barrier::new(v[i] + g * d[i], g * alpha, self.floor);
            let cp2 = e[i] - g * dc[i];
            let a2 = p2.dy * cp2;
            galpha += g * p2.dc * cp2;
            gg += alpha * p2.dc * cp2 + a2 * d[i] + dc[i] * (v[i] - p2.x);
            gv[i] = a2 + g * dc[i];
            d[i] = a2;
        }
        let a2 = d;
        d_a1.fill(zero);
        d_move.fill(zero);
        let (mut c_move, mut a1_w, mut a1_z) = (zero, zero, zero);
        for i in 0..m {
            let row = pairs::row(m, i);
            let n = row.len();
            let (w, z, c, gw) = (&w[row.clone()], &self.z[row.clone()], &c[row.clone()], &mut gw[row]);
            let (vs, es, a2s) = (&v[i + 1..], &e[i + 1..], &a2[i + 1..]);
            let (a1, move_) = (&mut a1[..n], &mut move_[..n]);
            for j in 0..n {
                let y1 = w[j] - g * (beta2 * w[j] + theta2 * z[j] + v[i] + vs[j]);
                let spread = e[i] + es[j];
                let cp1 = (F::one() - g * beta2) * c[j] + g * spread;
                let (p1, a) = if y1 > zero { (y1, cp1) } else { (self.slope * y1, self.slope * cp1) };
                gw[j] = g * (beta2 * c[j] - spread + a2[i] + a2s[j]) + (F::one() - g * beta2) * a;
                a1[j] = a;
                move_[j] = p1 - w[j];
            }
            pairs::add_row(i, a1, d_a1);
            pairs::add_row(i, move_, d_move);
            c_move += F::dot(c, move_);
            a1_w += F::dot(a1, w);
            a1_z += F::dot(a1, z);
        }
        for (gv, &d) in gv.iter_mut().zip(&*d_a1) {
            *gv -= g * d;
        }
        gtheta[0] += galpha;
        gtheta[1] -= two * g * (c_move + a1_w);
        gtheta[2] -= two * g * a1_z;
        gtheta[3] += gg + F::dot(e, d_move) - F::dot(d_a1, v) - beta2 * (c_move + a1_w) - theta2 * a1_z;
    }
}
