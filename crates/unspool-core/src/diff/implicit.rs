//! Implicit differentiation: the linear system behind the answer.
//!
//! With `g(x, theta) = 0` at the answer, `H = dg/dx` symmetric: tangents solve
//! `H dx = -(dg/dtheta) dtheta`; the adjoint solves `H v = c` and gives `-(dg/dtheta)' v`.
//! A bare map has `g = x - T(x, theta)`, whose matrix `I - dT/dx` is not symmetric.

use super::{Cost, LinearSolver};
use crate::linsolve::{cg, dense};
use crate::{At, Condition, Error, Jvp, Real, Result, Status, Stream, Vjp};

/// Refuses what cannot work before any step is taken.
pub(super) fn check(solver: LinearSolver, has_condition: bool) -> Result<()> {
    match solver {
        LinearSolver::Cg { .. } if !has_condition => Err(Error::Unsupported {
            what: "conjugate gradient for a map without a symmetric optimality condition",
            hint: "use implicit:neumann or implicit:cholesky (which then factors I - dT/dx), or give the map a condition",
        }),
        _ => Ok(()),
    }
}

/// `out = -H^{-1} (dg/dtheta) dTheta` for `k` columns.
pub(super) fn tangents<F: Real>(
    condition: &dyn Condition<F>,
    solver: LinearSolver,
    at: At<'_, F>,
    k: usize,
    dtheta: &[F],
    out: &mut [F],
    cost: &mut Cost,
) -> Status {
    let mut scratch = vec![F::zero(); condition.scratch(k)];
    let mut rhs = vec![F::zero(); out.len()];
    cost.peak_bytes += (scratch.len() + rhs.len() + out.len()) * size_of::<F>();
    condition.mixed(at, k, dtheta, &mut rhs, &mut scratch);
    rhs.iter_mut().for_each(|v| *v = -*v);
    let system = System { condition, at, active: condition.active(at), stream: Stream::Tangent };
    system.solve(solver, &mut rhs, out, &mut scratch, cost)
}

/// `gtheta -= (dg/dtheta)' H^{-1} c`.
pub(super) fn adjoint<F: Real>(
    condition: &dyn Condition<F>,
    solver: LinearSolver,
    at: At<'_, F>,
    c: &[F],
    gtheta: &mut [F],
    cost: &mut Cost,
) -> Status {
    let mut scratch = vec![F::zero(); condition.scratch(1)];
    let (mut rhs, mut v) = (c.to_vec(), vec![F::zero(); c.len()]);
    cost.peak_bytes += (scratch.len() + 2 * c.len()) * size_of::<F>();
    let system = System { condition, at, active: condition.active(at), stream: Stream::Adjoint };
    let status = system.solve(solver, &mut rhs, &mut v, &mut scratch, cost);
    condition.mixed_t(at, -F::one(), &v, gtheta, &mut scratch);
    status
}

/// `H X = B` on the active coordinates, zero elsewhere.
struct System<'a, F> {
    condition: &'a dyn Condition<F>,
    at: At<'a, F>,
    active: Option<Vec<usize>>,
    stream: Stream,
}

impl<F: Real> System<'_, F> {
    fn solve(&self, solver: LinearSolver, b: &mut [F], x: &mut [F], scratch: &mut [F], cost: &mut Cost) -> Status {
        if b.is_empty() {
            return Status::Converged;
        }
        match solver {
            LinearSolver::Cg { tol, max_products } => self.by_cg(tol, max_products, b, x, scratch, cost),
            _ => self.by_cholesky(b, x, cost),
        }
    }

    fn by_cg(
        &self,
        tol: f64,
        max_products: usize,
        b: &mut [F],
        x: &mut [F],
        scratch: &mut [F],
        cost: &mut Cost,
    ) -> Status {
        let d = self.at.x.len();
        let mut work = vec![F::zero(); 3 * d];
        cost.peak_bytes += work.len() * size_of::<F>();
        let mut status = Status::Converged;
        for (b, x) in b.chunks_mut(d).zip(x.chunks_mut(d)) {
            if let Some(active) = &self.active {
                keep(active, b);
            }
            let apply = |v: &[F], out: &mut [F]| self.condition.apply(self.at, 1, v, out, scratch);
            let info = cg::solve(apply, b, x, tol, max_products, &mut work);
            cost.products += info.products;
            if info.indefinite {
                return Status::Singular { stream: self.stream, iteration: self.at.t, pivot: None };
            }
            if !info.converged {
                status = Status::NotConverged {
                    stream: self.stream,
                    iteration: info.products,
                    residual: info.relative_residual,
                    tolerance: tol,
                };
            }
        }
        status
    }

    fn by_cholesky(&self, b: &[F], x: &mut [F], cost: &mut Cost) -> Status {
        let d = self.at.x.len();
        let mut h = vec![F::zero(); d * d];
        let mut scratch = vec![F::zero(); self.condition.matrix_scratch()];
        self.condition.matrix(self.at, &mut h, &mut scratch);
        cost.products += d;
        let all: Vec<usize>;
        let active = match &self.active {
            Some(active) => active,
            None => {
                all = (0..d).collect();
                &all
            }
        };
        let s = active.len();
        // The active rows and columns, packed in place: sources never lie before targets.
        for (j, &from_j) in active.iter().enumerate() {
            for (i, &from_i) in active.iter().enumerate() {
                h[j * s + i] = h[from_j * d + from_i];
            }
        }
        let mut packed: Vec<F> = b.chunks(d.max(1)).flat_map(|b| active.iter().map(|&i| b[i])).collect();
        let mut work = vec![F::zero(); dense::cholesky_scratch(s)];
        cost.peak_bytes += (h.len() + scratch.len() + packed.len() + work.len()) * size_of::<F>();
        if let Err(pivot) = dense::cholesky(&mut h[..s * s], s, &mut work) {
            let pivot = active.get(pivot).copied().unwrap_or(pivot);
            return Status::Singular { stream: self.stream, iteration: self.at.t, pivot: Some(pivot) };
        }
        dense::cholesky_solve(&h[..s * s], s, b.len() / d, &mut packed);
        x.fill(F::zero());
        for (x, packed) in x.chunks_mut(d.max(1)).zip(packed.chunks(s.max(1))) {
            for (&i, &v) in active.iter().zip(packed) {
                x[i] = v;
            }
        }
        Status::Converged
    }
}

/// Zeroes all but the listed entries.
fn keep<F: Real>(active: &[usize], v: &mut [F]) {
    let mut kept = 0;
    for &i in active {
        v[kept..i].fill(F::zero());
        kept = i + 1;
    }
    v[kept..].fill(F::zero());
}

/// Bare map: `(I - dT/dx) dX = (dT/dtheta) dTheta`, by LU on the whole state.
pub(super) fn bare_tangents<F: Real, M: Jvp<F> + ?Sized>(
    map: &M,
    at: At<'_, F>,
    k: usize,
    dtheta: &[F],
    out: &mut [F],
    cost: &mut Cost,
) -> Status {
    let dims = map.dims();
    let n = dims.state;
    let mut scratch = vec![F::zero(); map.scratch(n.max(k))];
    let (identity, mut a) = (identity(n), vec![F::zero(); n * n]);
    map.jvps(at, n, &identity, &vec![F::zero(); n * dims.params], &mut a, &mut scratch);
    map.jvps(at, k, &vec![F::zero(); n * k], dtheta, out, &mut scratch);
    cost.jvps += n + k;
    cost.peak_bytes += (2 * n * n + n * (dims.params + k) + scratch.len()) * size_of::<F>();
    solve_bare(&mut a, n, out, at.t, Stream::Tangent)
}

/// Bare map: `v = (I - dT/dx')^{-1} c`, then `gtheta += (dT/dtheta)' v`.
pub(super) fn bare_adjoint<F: Real, M: Vjp<F> + ?Sized>(
    map: &M,
    at: At<'_, F>,
    c: &[F],
    gtheta: &mut [F],
    cost: &mut Cost,
) -> Status {
    let n = map.dims().state;
    let mut scratch = vec![F::zero(); map.scratch(1)];
    let (identity, mut a) = (identity(n), vec![F::zero(); n * n]);
    let mut ignored = vec![F::zero(); gtheta.len()];
    for (unit, row) in identity.chunks(n.max(1)).zip(a.chunks_mut(n.max(1))) {
        map.vjp(at, unit, row, &mut ignored, &mut scratch);
    }
    let mut v = c.to_vec();
    cost.vjps += n + 1;
    cost.peak_bytes += (2 * n * n + 2 * n + gtheta.len() + scratch.len()) * size_of::<F>();
    // The rows of dT/dx, stored one after the other, are its transpose column-major.
    let status = solve_bare(&mut a, n, &mut v, at.t, Stream::Adjoint);
    let mut gx = vec![F::zero(); n];
    map.vjp_params(at, &v, &mut gx, gtheta, &mut scratch);
    status
}

/// `(I - A) X = B` in place, `A` n x n.
fn solve_bare<F: Real>(a: &mut [F], n: usize, b: &mut [F], iteration: usize, stream: Stream) -> Status {
    a.iter_mut().for_each(|a| *a = -*a);
    a.iter_mut().step_by(n + 1).for_each(|a| *a += F::one());
    match dense::lu_solve(a, n, b.len() / n.max(1), b) {
        Ok(()) => Status::Converged,
        Err(pivot) => Status::Singular { stream, iteration, pivot: Some(pivot) },
    }
}

fn identity<F: Real>(n: usize) -> Vec<F> {
    let mut identity = vec![F::zero(); n * n];
    identity.iter_mut().step_by(n + 1).for_each(|v| *v = F::one());
    identity
}
