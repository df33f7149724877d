//! Spectral edges of a Hessian by the Lanczos process: the `ell` and `L` that step sizes,
//! momentum and error bounds are made of.

use faer::{Mat, Side};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::error::{check_finite, check_len, check_range};
use crate::kernels::Kernels;
use crate::problem::Smooth;
use crate::{Error, Real, Result};

/// How far the estimation goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lanczos {
    /// Most Hessian products; never more than the dimension.
    pub max_products: usize,
    /// Both edges are to be known to this relative accuracy.
    pub tol: f64,
    /// Seed of the start vector.
    pub seed: u64,
}

impl Default for Lanczos {
    /// At most 200 products, to 2 %.
    fn default() -> Self {
        Lanczos { max_products: 200, tol: 0.02, seed: 0 }
    }
}

/// Where the eigenvalues of a Hessian lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edges {
    /// Smallest eigenvalue, lowered by its uncertainty.
    pub ell: f64,
    /// Largest eigenvalue, raised by its uncertainty.
    pub l: f64,
    /// Whether both were found to the tolerance asked for. Otherwise `ell` is a guess: the lowest
    /// Ritz value, lowered as far as its residual allows but not below a tenth of it.
    pub converged: bool,
    /// Hessian products that it took.
    pub products: usize,
}

impl Edges {
    /// Known edges `0 < ell <= L`.
    ///
    /// # Errors
    /// Values that are not finite, not positive, or in the wrong order.
    pub fn new(ell: f64, l: f64) -> Result<Self> {
        check_range("the lower spectral edge", ell, ell > 0.0 && ell.is_finite(), "positive and finite")?;
        check_range("the upper spectral edge", l, l >= ell && l.is_finite(), "finite and not below the lower one")?;
        Ok(Edges { ell, l, converged: true, products: 0 })
    }

    /// The inverse condition number `ell / L`.
    pub fn kappa(&self) -> f64 {
        self.ell / self.l
    }
}

/// Edges of `grad_xx f` at `x`, where it is taken to be positive definite.
///
/// A symmetric tridiagonal matrix with the same extreme eigenvalues is built from products with
/// one random vector, all directions kept orthogonal; each Ritz value `mu` has an eigenvalue
/// within its residual `r`, which is the safety margin: `L = mu_max + r_max`, `ell = mu_min - r_min`.
///
/// # Errors
/// Wrong lengths, values that are not finite, a Hessian that is not or not positive definite.
///
/// # Complexity
/// `k` products, `k` about `ln(1/tol) / sqrt(kappa)` at most, and `2 d k^2` operations for
/// orthogonality; `d k` numbers.
///
/// ```
/// use unspool_core::{problem::{Groups, Quadratic}, spectrum::{self, Lanczos}};
/// let problem = Quadratic::new(vec![3.0, 0.0, 0.0, 0.5], vec![0.0; 2], Groups::None)?;
/// let edges = spectrum::edges(&problem, &[0.0, 0.0], &[], Lanczos::default())?;
/// assert!((edges.l - 3.0).abs() < 1e-9 && (edges.ell - 0.5).abs() < 1e-9);
/// # Ok::<(), unspool_core::Error>(())
/// ```
pub fn edges<F: Real, P: Smooth<F> + ?Sized>(problem: &P, x: &[F], theta: &[F], how: Lanczos) -> Result<Edges> {
    let d = problem.dim();
    check_len("x", x.len(), d)?;
    check_len("theta", theta.len(), problem.params())?;
    check_finite("x", x)?;
    check_finite("theta", theta)?;
    check_range("the number of coordinates", d as f64, d > 0, "at least 1")?;
    check_range("the Lanczos tolerance", how.tol, how.tol >= 0.0, "zero or positive")?;
    let mut rng = ChaCha8Rng::seed_from_u64(how.seed);
    let start: Vec<f64> = (0..d).map(|_| StandardNormal.sample(&mut rng)).collect();
    let mut scratch = vec![F::zero(); problem.scratch(1)];
    let (mut v, mut product) = (vec![F::zero(); d], vec![F::zero(); d]);
    let mut basis = Basis::new(&start);
    let most = how.max_products.clamp(1, d);
    let mut next_look = 4;
    loop {
        v.iter_mut().zip(basis.last()).for_each(|(v, &q)| *v = F::of(q));
        problem.hess(x, theta, 1, &v, &mut product, &mut scratch);
        let exhausted = !basis.grow(&product.iter().map(|p| p.wide()).collect::<Vec<_>>());
        let k = basis.len();
        if !exhausted && k < most && k < next_look {
            continue;
        }
        next_look = k + (k / 4).max(2);
        let ritz = basis.ritz()?;
        let ((low, low_error), (high, high_error)) = (ritz[0], ritz[k - 1]);
        check_range("the largest eigenvalue of the Hessian", high, high > 0.0, "positive")?;
        let converged = exhausted || (low_error <= how.tol * low && high_error <= how.tol * high);
        if converged || k >= most {
            check_range("the smallest eigenvalue of the Hessian", low, low > 0.0, "positive")?;
            let ell = (low - low_error).max(0.1 * low);
            return Ok(Edges { ell, l: high + high_error, converged, products: k });
        }
    }
}

/// An orthonormal basis of a Krylov space, and the tridiagonal matrix in it.
struct Basis {
    q: Vec<Vec<f64>>,
    diagonal: Vec<f64>,
    off: Vec<f64>,
}

impl Basis {
    fn new(start: &[f64]) -> Self {
        let norm = norm(start);
        Basis { q: vec![start.iter().map(|v| v / norm).collect()], diagonal: vec![], off: vec![] }
    }

    fn last(&self) -> &[f64] {
        &self.q[self.q.len() - 1]
    }

    /// Steps taken.
    fn len(&self) -> usize {
        self.diagonal.len()
    }

    /// Takes in the product with the last direction; false when the space is exhausted.
    fn grow(&mut self, product: &[f64]) -> bool {
        let mut r = product.to_vec();
        self.diagonal.push(dot(&r, self.last()));
        let size = norm(&r);
        for _ in 0..2 {
            for q in &self.q {
                let overlap = dot(&r, q);
                r.iter_mut().zip(q).for_each(|(r, q)| *r -= overlap * q);
            }
        }
        let beta = norm(&r);
        self.off.push(beta);
        if beta <= 1e-13 * size || self.q.len() == r.len() {
            self.off[self.diagonal.len() - 1] = 0.0;
            return false;
        }
        r.iter_mut().for_each(|r| *r /= beta);
        self.q.push(r);
        true
    }

    /// Eigenvalues of the tridiagonal matrix in increasing order, each with its residual.
    fn ritz(&self) -> Result<Vec<(f64, f64)>> {
        let k = self.len();
        let t = Mat::from_fn(k, k, |i, j| match i.abs_diff(j) {
            0 => self.diagonal[i],
            1 => self.off[i.min(j)],
            _ => 0.0,
        });
        let failed = || Error::NotFinite { what: "the Hessian's product", index: 0 };
        if self.diagonal.iter().chain(&self.off).any(|v| !v.is_finite()) {
            return Err(failed());
        }
        let eigen = t.self_adjoint_eigen(Side::Lower).map_err(|_| failed())?;
        let (values, vectors) = (eigen.S(), eigen.U());
        Ok((0..k).map(|i| (values[i], (self.off[k - 1] * vectors[(k - 1, i)]).abs())).collect())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    <f64 as Kernels>::dot(a, b)
}

fn norm(v: &[f64]) -> f64 {
    <f64 as Kernels>::sum_squares(v).sqrt()
}
