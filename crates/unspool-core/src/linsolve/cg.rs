//! Conjugate gradient for `A x = b`, `A` symmetric positive definite (Hestenes, Stiefel 1952).

use crate::Real;
use crate::real::norm;

/// How a solve ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CgInfo {
    /// Products with `A`.
    pub products: usize,
    /// `|b - A x| / |b|`, by the recurrence; 1 before the first product, 0 for `b = 0`.
    pub relative_residual: f64,
    /// Whether the tolerance was reached.
    pub converged: bool,
    /// A direction with `p' A p <= 0` was met: `A` is not positive definite.
    pub indefinite: bool,
}

/// Solves `A x = b` from `x = 0` to `|b - A x| <= tol |b|`; `apply(v, out)` writes `A v`.
/// It works on `b / |b|`, so that neither tiny nor huge right-hand sides lose digits.
///
/// # Shapes
/// `b`, `x`: d; `work`: 3 d.
///
/// # Complexity
/// About `sqrt(condition) ln(2/tol) / 2` products, O(d) besides; no allocation.
///
/// ```
/// use unspool_core::linsolve::cg;
/// let (b, mut x, mut work) = ([2.0, 9.0], [0.0; 2], [0.0; 6]);
/// let info = cg::solve(|v: &[f64], out: &mut [f64]| (out[0], out[1]) = (2.0 * v[0], 3.0 * v[1]),
///                      &b, &mut x, 1e-12, 10, &mut work);
/// assert!(info.converged && (x[1] - 3.0).abs() < 1e-12);
/// ```
pub fn solve<F: Real>(
    mut apply: impl FnMut(&[F], &mut [F]),
    b: &[F],
    x: &mut [F],
    tol: f64,
    max_products: usize,
    work: &mut [F],
) -> CgInfo {
    let d = b.len();
    let (r, rest) = work.split_at_mut(d);
    let (p, rest) = rest.split_at_mut(d);
    let q = &mut rest[..d];
    x.fill(F::zero());
    let size = norm(b);
    let mut info = CgInfo { products: 0, relative_residual: 0.0, converged: size == 0.0, indefinite: false };
    if info.converged {
        return info;
    }
    r.iter_mut().zip(b).for_each(|(r, b)| *r = F::of(b.wide() / size));
    p.copy_from_slice(r);
    let mut rho = F::dot(r, r);
    info.relative_residual = 1.0;
    while !info.converged && info.products < max_products {
        apply(p, q);
        info.products += 1;
        let curvature = F::dot(p, q);
        if curvature.wide().is_nan() || curvature <= F::zero() {
            info.indefinite = true;
            break;
        }
        let alpha = rho / curvature;
        F::axpy(alpha, p, x);
        F::axpy(-alpha, q, r);
        let rho_next = F::dot(r, r);
        info.relative_residual = rho_next.wide().sqrt();
        info.converged = info.relative_residual <= tol;
        let beta = rho_next / rho;
        for (p, &r) in p.iter_mut().zip(&*r) {
            *p = r + beta * *p;
        }
        rho = rho_next;
    }
    x.iter_mut().for_each(|x| *x = F::of(x.wide() * size));
    info
}
