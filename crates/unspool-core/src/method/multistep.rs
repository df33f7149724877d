//! Every first-order method with fixed coefficients is a linear recurrence on `M` sequences.
//!
//! ```text
//! s_{t+1}[i] = sum_j A_t[i][j] s_t[j] - h_t[i] grad f(s_t[p_t], theta),   i = 0..M
//! ```
//!
//! The state is `[s[0], …, s[M-1]]`, and `s[0]` is the answer. Rows of `A` sum to one, so a stationary
//! point of `f` in all the sequences stays there. A run starts with `s[0]` alone, so `A_0` reads
//! nothing else. The coefficients are constants in theta: tangents obey the same recurrence with
//! `H ds[p] + grad_x,theta f dtheta` in place of the gradient, adjoints its transpose.

use crate::problem::{Smooth, Stationarity};
use crate::{At, Condition, Dims, Jvp, Map, Real, Vjp};

/// The coefficients of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recurrence<F, const M: usize> {
    /// `A`, row by row; each row sums to one.
    pub mix: [[F; M]; M],
    /// `h`: how much of the gradient goes into each sequence.
    pub step_size: [F; M],
    /// `p`: the sequence at which the gradient is taken.
    pub point: usize,
}

/// The coefficients of a method, step by step.
pub trait Recurrent<F: Real, const M: usize>: Sync {
    /// Those of step `t`. At `t = 0` only the first column of `mix` may differ from zero.
    fn at(&self, t: usize) -> Recurrence<F, M>;
}

/// A first-order method on a smooth problem, as a recurrence on `M` sequences.
///
/// # Complexity
/// One gradient and at most `M^2` vector updates a step; one Hessian and one mixed product a JVP or
/// VJP. The state holds `M d` numbers.
pub struct Multistep<'a, F, P: ?Sized, C, const M: usize> {
    problem: &'a P,
    coefficients: C,
    marker: std::marker::PhantomData<F>,
}

impl<'a, F: Real, P: Smooth<F> + ?Sized, C: Recurrent<F, M>, const M: usize> Multistep<'a, F, P, C, M> {
    /// The method with these coefficients on `problem`.
    pub fn new(problem: &'a P, coefficients: C) -> Self {
        Multistep { problem, coefficients, marker: std::marker::PhantomData }
    }

    /// `out[i] = sum_j A[i][j] s[j] - h[i] g`
    fn combine(&self, c: &Recurrence<F, M>, s: &[F], g: &[F], out: &mut [F]) {
        let d = g.len();
        for ((out, row), h) in out.chunks_exact_mut(d.max(1)).zip(&c.mix).zip(c.step_size) {
            out.fill(F::zero());
            for (s, &a) in s.chunks_exact(d.max(1)).zip(row).filter(|(_, a)| **a != F::zero()) {
                F::axpy(a, s, out);
            }
            F::axpy(-h, g, out);
        }
    }
}

impl<F: Real, P: Smooth<F> + ?Sized, C: Recurrent<F, M>, const M: usize> Map<F> for Multistep<'_, F, P, C, M> {
    fn dims(&self) -> Dims {
        let d = self.problem.dim();
        Dims { state: M * d, output: d, params: self.problem.params() }
    }

    fn scratch(&self, directions: usize) -> usize {
        let k = directions.max(1);
        2 * k * self.problem.dim() + self.problem.scratch(k)
    }

    fn step(&self, at: At<'_, F>, next: &mut [F], scratch: &mut [F]) {
        let (d, c) = (self.problem.dim(), self.coefficients.at(at.t));
        let (g, scratch) = scratch.split_at_mut(d);
        self.problem.gradient(&at.x[c.point * d..][..d], at.theta, g, scratch);
        self.combine(&c, at.x, g, next);
    }

    fn condition(&self) -> Option<Box<dyn Condition<F> + '_>> {
        Some(Box::new(Stationarity(self.problem)))
    }
}

impl<F: Real, P: Smooth<F> + ?Sized, C: Recurrent<F, M>, const M: usize> Jvp<F> for Multistep<'_, F, P, C, M> {
    fn jvp(&self, at: At<'_, F>, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        self.jvps(at, 1, dx, dtheta, out, scratch);
    }

    fn jvps(&self, at: At<'_, F>, k: usize, dx: &[F], dtheta: &[F], out: &mut [F], scratch: &mut [F]) {
        let (d, c) = (self.problem.dim(), self.coefficients.at(at.t));
        let (ds, rest) = scratch.split_at_mut(k * d);
        let (dg, scratch) = rest.split_at_mut(k * d);
        let point = c.point * d..(c.point + 1) * d;
        for (ds, dx) in ds.chunks_exact_mut(d.max(1)).zip(dx.chunks_exact((M * d).max(1))) {
            ds.copy_from_slice(&dx[point.clone()]);
        }
        self.problem.hess(&at.x[point.clone()], at.theta, k, ds, dg, scratch);
        self.problem.mixed(&at.x[point], at.theta, k, dtheta, dg, scratch);
        for j in 0..k {
            let column = j * M * d..(j + 1) * M * d;
            self.combine(&c, &dx[column.clone()], &dg[j * d..(j + 1) * d], &mut out[column]);
        }
    }
}

impl<F: Real, P: Smooth<F> + ?Sized, C: Recurrent<F, M>, const M: usize> Vjp<F> for Multistep<'_, F, P, C, M> {
    /// With `r = sum_i h[i] c[i]`: `g[j] = sum_i A[i][j] c[i]`, `g[p] -= H r`, and
    /// `gtheta -= (grad_x,theta f)' r`.
    fn vjp(&self, at: At<'_, F>, cotangent: &[F], gx: &mut [F], gtheta: &mut [F], scratch: &mut [F]) {
        let (d, c) = (self.problem.dim(), self.coefficients.at(at.t));
        let (r, rest) = scratch.split_at_mut(d);
        let (hr, scratch) = rest.split_at_mut(d);
        let x = &at.x[c.point * d..][..d];
        r.fill(F::zero());
        gx.fill(F::zero());
        for ((cotangent, row), h) in cotangent.chunks_exact(d.max(1)).zip(&c.mix).zip(c.step_size) {
            F::axpy(h, cotangent, r);
            for (gx, &a) in gx.chunks_exact_mut(d.max(1)).zip(row).filter(|(_, a)| **a != F::zero()) {
                F::axpy(a, cotangent, gx);
            }
        }
        self.problem.mixed_t(x, at.theta, -F::one(), r, gtheta, scratch);
        self.problem.hess(x, at.theta, 1, r, hr, scratch);
        F::axpy(-F::one(), hr, &mut gx[c.point * d..][..d]);
    }
}
