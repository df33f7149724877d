//! The relaxed primal-dual method (Condat 2013, Vu 2013).

use unspool_core::{At, Condition, Dims, Jvp, Map, Real, Vjp};

use super::barrier::Barrier;
use super::condition::Stationarity;
use super::pds::doubled;
use super::{check_half, parts};
use crate::error::{Error, Result};
use crate::pairs;

/// The relaxed primal-dual method.
///
/// ```text
/// p1 = max(0, w - g (2 beta w + 2 theta z + D'v))
/// y2 = v + g D (2 p1 - w),    p2 = (y2 - sqrt(y2^2 + 4 g alpha)) / 2
/// w <- w + rho (p1 - w),      v <- v + rho (p2 - v)
/// ```
///
/// Parameters `[alpha, beta, theta, g]`, state `[w | v]`, output `w`, which may be slightly negative before
/// convergence. Sufficient for convergence: `g beta + g^2 2 (m - 1) <= 1` and
/// `rho < 2 - g beta / (1 - 2 g^2 (m - 1))`; in practice the step size of
/// [`Pds`](super::Pds) serves. `-v` is the dual variable `lambda`. At the kink of `max` the derivative is 0.
///
/// # Complexity
/// `O(m^2)` a step, JVP or VJP: one sweep over the pairs, two for the VJP; scratch `O(m)`.
#[derive(Clone, Copy, Debug)]
pub struct Relaxed<'a, F> {
    nodes: usize,
    z: &'a [F],
    relaxation: F,
}

impl<'a, F: Real> Relaxed<'a, F> {
    /// On `m = nodes` nodes with the half-vector `z` of squared distances, relaxation `rho = 1.8`.
    ///
    /// # Errors
    /// Fewer than two nodes, a half-vector of the wrong length, an entry that is negative or not finite.
    pub fn new(nodes: usize, z: &'a [F]) -> Result<Self> {
        check_half("the half-vector of squared distances", nodes, z)?;
        Ok(Relaxed { nodes, z, relaxation: F::of(1.8) })
    }

    /// Replaces `rho`.
    ///
    /// # Errors
    /// Unless it lies between 0 and 2.
    pub fn with_relaxation(self, relaxation: F) -> Result<Self> {
        if relaxation > F::zero() && relaxation < F::of(2.0) {
            Ok(Relaxed { relaxation, ..self })
        } else {
            Err(Error::range("the relaxation", relaxation, "between 0 and 2"))
        }
    }
}

impl<F: Real> Map<F> for Relaxed<'_, F> {
    fn dims(&self) -> Dims {
        Dims { state: self.z.len() + self.nodes, output: self.z.len(), params: 4 }
    }

    fn scratch(&self, _: usize) -> usize {
        4 * self.nodes
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]) {
        let (m, rho) = (self.nodes, self.relaxation);
        let (w, v) = at.x.split_at(self.z.len());
        let (next_w, next_v) = next.split_at_mut(w.len());
        let [alpha, beta2, theta2, g] = doubled(at.theta);
        let [d, x] = parts(m, scratch);

        d.fill(F::zero());
        for i in 0..m {
            let row = pairs::row(m, i);
            let n = row.len();
            let (w, z, next_w) = (&w[row.clone()], &self.z[row.clone()], &mut next_w[row]);
            let (vs, x) = (&v[i + 1..], &mut x[..n]);
            for j in 0..n {
                let y1 = w[j] - g * (beta2 * w[j] + theta2 * z[j] + v[i] + vs[j]);
                let p1 = y1.max(F::zero());
                next_w[j] = w[j] + rho * (p1 - w[j]);
                x[j] = p1 + p1 - w[j];
            }
            pairs::add_row(i, x, d);
        }
        for i in 0..m {
            let p2 = Barrier::new(v[i] + g * d[i], g * alpha, F::zero());
            next_v[i] = v[i] + rho * (p2.x - v[i]);
        }
    }

    fn condition(&self) -> Option<Box<dyn Condition<F> + '_>> {
        Some(Box::new(Stationarity { nodes: self.nodes, z: self.z }))
    }
}

impl<F: Real> Jvp<F> for Relaxed<'_, F> {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let (m, zero, rho) = (self.nodes, F::zero(), self.relaxation);
        let ((w, v), (dw, dv)) = (at.x.split_at(self.z.len()), dx.split_at(self.z.len()));
        let (out_w, out_v) = out.split_at_mut(w.len());
        let [alpha, beta2, theta2, g] = doubled(at.theta);
        let [dalpha, dbeta2, dtheta2, dg] = doubled(dtheta);
        let [d, dd, x, dx] = parts(m, scratch);

        d.fill(zero);
        dd.fill(zero);
        for i in 0..m {
            let row = pairs::row(m, i);
            let n = row.len();
            let (w, dw, z, out_w) = (&w[row.clone()], &dw[row.clone()], &self.z[row.clone()], &mut out_w[row]);
            let (vs, dvs, x, dx) = (&v[i + 1..], &dv[i + 1..], &mut x[..n], &mut dx[..n]);
            for j in 0..n {
                let r = beta2 * w[j] + theta2 * z[j] + v[i] + vs[j];
                let dr = dbeta2 * w[j] + beta2 * dw[j] + dtheta2 * z[j] + dv[i] + dvs[j];
                let (y1, dy1) = (w[j] - g * r, dw[j] - dg * r - g * dr);
                let (p1, dp1) = if y1 > zero { (y1, dy1) } else { (zero, zero) };
                out_w[j] = dw[j] + rho * (dp1 - dw[j]);
                x[j] = p1 + p1 - w[j];
                dx[j] = dp1 + dp1 - dw[j];
            }
            pairs::add_row(i, x, d);
            pairs::add_row(i, dx, dd);
        }
        for i in 0..m {
            let p2 = Barrier::new(v[i] + g * d[i], g * alpha, zero);
            let dp2 = p2.dy * (dv[i] + dg * d[i] + g * dd[i]) + p2.dc * (dg * alpha + g * dalpha);
            out_v[i] = dv[i] + rho * (dp2 - dv[i]);
        }
    }
}

impl<F: Real> Vjp<F> for Relaxed<'_, F> {
    /// With `a1` and `a2` the cotangents of `y1` and `y2`, and `(c, e)` those of `(w', v')`:
    /// `gw = (1 - rho) c - g D'a2 + (1 - 2 g beta) a1` and `gv = (1 - rho) e + a2 - g D a1`.
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let (m, zero, one, two, rho) = (self.nodes, F::zero(), F::one(), F::of(2.0), self.relaxation);
        let ((w, v), (c, e)) = (at.x.split_at(self.z.len()), cotangent.split_at(self.z.len()));
        let (gw, gv) = gx.split_at_mut(w.len());
        let [alpha, beta2, theta2, g] = doubled(at.theta);
        let [d, a2, a1] = parts(m, scratch);

        d.fill(zero);
        for i in 0..m {
            let row = pairs::row(m, i);
            let n = row.len();
            let (w, z, vs, x) = (&w[row.clone()], &self.z[row], &v[i + 1..], &mut a1[..n]);
            for j in 0..n {
                let y1 = w[j] - g * (beta2 * w[j] + theta2 * z[j] + v[i] + vs[j]);
                x[j] = two * y1.max(zero) - w[j];
            }
            pairs::add_row(i, x, d);
        }
        for i in 0..m {
            let p2 = Barrier::new(v[i] + g * d[i], g * alpha, zero);
            let cp2 = rho * e[i];
            a2[i] = p2.dy * cp2;
            gv[i] = (one - rho) * e[i] + a2[i];
            gtheta[0] += g * p2.dc * cp2;
            gtheta[3] += alpha * p2.dc * cp2 + a2[i] * d[i];
        }
        let d_a1 = d;
        d_a1.fill(zero);
        let (mut a1_w, mut a1_z) = (zero, zero);
        for i in 0..m {
            let row = pairs::row(m, i);
            let n = row.len();
            let (w, z, c, gw) = (&w[row.clone()], &self.z[row.clone()], &c[row.clone()], &mut gw[row]);
            let (vs, a2s, a1) = (&v[i + 1..], &a2[i + 1..], &mut a1[..n]);
            for j in 0..n {
                let y1 = w[j] - g * (beta2 * w[j] + theta2 * z[j] + v[i] + vs[j]);
                let spread = g * (a2[i] + a2s[j]);
                a1[j] = if y1 > zero { rho * c[j] + two * spread } else { zero };
                gw[j] = (one - rho) * c[j] - spread + (one - g * beta2) * a1[j];
            }
            pairs::add_row(i, a1, d_a1);
            a1_w += F::dot(a1, w);
            a1_z += F::dot(a1, z);
        }
        for (gv, &d) in gv.iter_mut().zip(&*d_a1) {
            *gv -= g * d;
        }
        gtheta[1] -= two * g * a1_w;
        gtheta[2] -= two * g * a1_z;
        gtheta[3] -= beta2 * a1_w + theta2 * a1_z + F::dot(d_a1, v);
    }
}
