//! Can this derivative be trusted? Its distance from `dx*/dtheta`, the derivative of the exact
//! solution, estimated from the equations that both satisfy.
//!
//! With `g(x, theta) = 0` the optimality condition, `H = dg/dx` and `M = dg/dtheta`, a run leaves
//! `r = g(x_T)` and `R = H(x_T) J + M(x_T)`, the residual of the derivative equation. Then
//!
//! ```text
//! sharp      |H(x')^{-1} (H(x') J + M(x'))|     x' = x_T - H^{-1} r, one Newton step on
//! certified  (|R| + (m + h |J|) |r| / ell) / (ell - h |r| / ell)
//! ```
//!
//! where `m` and `h` are Lipschitz moduli of `M` and `H` in `x` and `ell` bounds the eigenvalues of
//! `H` from below. The sharp estimate is exact for quadratics, up to the tolerance of its linear
//! solves; the certified bound is never below the error, and about `1/kappa` times too large.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::error::{check_block, check_finite, check_len, check_range};
use crate::linsolve::cg;
use crate::real::{distance, norm};
use crate::{Adjoint, At, Condition, Error, Map, Real, Result, Solve, Status, Stream, Tangents};

/// Up to this many directions are followed one by one; of more, this many random combinations.
const FEW: usize = 8;

/// How an error is estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assess {
    /// A lower bound of the eigenvalues of `dg/dx`, for the certified bound; `None`: the one that
    /// the problem knows.
    pub ell: Option<f64>,
    /// Relative residual of the linear solves.
    pub tol: f64,
    /// Most products of each linear solve.
    pub max_products: usize,
    /// Seed of the random combinations of directions.
    pub seed: u64,
}

impl Default for Assess {
    /// The problem's own `ell`; solves to 1e-6 in at most 10,000 products.
    fn default() -> Self {
        Assess { ell: None, tol: 1e-6, max_products: 10_000, seed: 0 }
    }
}

/// What is known about the error of a derivative. Norms of blocks are Frobenius norms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trust {
    /// `|g(x_T)|`: how far the answer is from solving its equation.
    pub residual: f64,
    /// `|H J + M|`, the residual of the derivative equation; forward derivatives only.
    pub derivative_residual: Option<f64>,
    /// Size of the derivative itself.
    pub size: f64,
    /// Estimated distance from the derivative of the exact solution.
    pub sharp: f64,
    /// A bound of that distance; `None` where the problem's moduli are not known, or the run is too
    /// far from its solution for them to say anything.
    pub certified: Option<f64>,
    /// The derivative was still getting worse while the iterates got better, or is further from
    /// the limit than zero is: do not use it.
    pub burn_in: bool,
    /// Products with `H` that this took.
    pub products: usize,
    /// Whether the linear solves reached their tolerance; if not, `sharp` is a rough figure.
    pub solved: bool,
}

impl Trust {
    /// `sharp` relative to the size of the derivative; 0 where nothing is wrong with it.
    pub fn relative(&self) -> f64 {
        if self.sharp == 0.0 { 0.0 } else { self.sharp / self.size }
    }
}

/// Bounds that hold for all `x`, for fixed theta.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moduli {
    /// A lower bound of the eigenvalues of `dg/dx`; 0 when unknown.
    pub ell: f64,
    /// Lipschitz constant of `x -> dg/dtheta` in the Frobenius norm.
    pub mixed: f64,
    /// Lipschitz constant of `x -> dg/dx` in the spectral norm; 0 for a quadratic.
    pub hess: f64,
}

impl<F: Real, M: Map<F> + ?Sized> Solve<'_, F, M> {
    /// The error of forward derivatives in the `k` directions `dtheta` that they were taken in.
    ///
    /// # Errors
    /// Wrong lengths, derivatives that are not finite; a map without a
    /// [`condition`](Map::condition); a matrix `H` that is not positive definite.
    ///
    /// # Complexity
    /// `2 k` products and `1 + min(k, 8)` linear solves by conjugate gradient.
    ///
    /// ```
    /// use unspool_core::{Mode, Solve, Stop, method::GradientDescent, trust::Assess, zoo};
    /// let (_, problem) = zoo::curse::<f64>(100, 1e-2)?;
    /// let map = GradientDescent::new(&problem, 2.0 / 1.01);
    /// let solve = Solve::new(&map, &[0.0; 100]).stop(Stop::steps(50));
    /// let tangent = solve.jvp(&[0.0], Mode::full(), &[1.0])?;
    /// let trust = solve.trust(&[0.0], &[1.0], &tangent, Assess { ell: Some(1e-2), ..Assess::default() })?;
    /// let error = tangent.dx.iter().map(|j| (j - 1.0f64).powi(2)).sum::<f64>().sqrt(); // 4 times |J*|
    /// assert!((trust.sharp / error - 1.0).abs() < 1e-3);
    /// assert!(trust.certified.unwrap() >= error && trust.burn_in);
    /// # Ok::<(), unspool_core::Error>(())
    /// ```
    pub fn trust(&self, theta: &[F], dtheta: &[F], tangents: &Tangents<F>, how: Assess) -> Result<Trust> {
        let (k, d) = (tangents.directions, self.map.dims().output);
        check_block("dtheta", dtheta.len(), theta.len(), k)?;
        check_block("the tangents", tangents.dx.len(), d, k)?;
        check_finite("the tangents", &tangents.dx)?;
        let condition = self.trusted(theta, &tangents.x, how)?;
        let at = At { t: tangents.cost.steps, x: &tangents.x, theta };
        let mut newton = Newton::new(&*condition, at, k.max(1), how)?;
        let mut residual = newton.equation(at, k, dtheta, &tangents.dx);
        let derivative_residual = norm(&residual);
        let size = norm(&tangents.dx);
        let moduli = condition.moduli(theta);
        let certified = moduli.and_then(|Moduli { ell, mixed, hess }| {
            let ell = how.ell.unwrap_or(ell);
            let far = newton.residual / ell;
            let room = ell - hess * far;
            let bound = (derivative_residual + (mixed * spread(dtheta, k) + hess * size) * far) / room;
            (ell > 0.0 && room > 0.0).then_some(bound)
        });
        let corrected = newton.corrected.clone();
        residual = newton.equation(At { x: &corrected, ..at }, k, dtheta, &tangents.dx);
        let (sharp, limit) = newton.distance(residual, &tangents.dx, k)?;
        let burn_in = tangents.burn_in || sharp > limit;
        Ok(Trust {
            residual: newton.residual,
            derivative_residual: Some(derivative_residual),
            size,
            sharp,
            certified,
            burn_in,
            products: newton.products,
            solved: newton.solved,
        })
    }

    /// The error of a reverse derivative: its distance from `-M' H^{-1} c` one Newton step on, for
    /// the `cotangent` `c` at the answer that was pulled back.
    ///
    /// # Errors
    /// As [`Solve::trust`].
    ///
    /// # Complexity
    /// Two linear solves by conjugate gradient.
    pub fn trust_adjoint(&self, theta: &[F], cotangent: &[F], adjoint: &Adjoint<F>, how: Assess) -> Result<Trust> {
        check_len("the cotangent", cotangent.len(), self.map.dims().output)?;
        check_finite("the cotangent", cotangent)?;
        check_len("the gradient", adjoint.theta.len(), theta.len())?;
        check_finite("the gradient", &adjoint.theta)?;
        let condition = self.trusted(theta, &adjoint.x, how)?;
        let at = At { t: adjoint.cost.steps, x: &adjoint.x, theta };
        let mut newton = Newton::new(&*condition, at, 1, how)?;
        let v = newton.solve(cotangent)?;
        let mut exact = vec![F::zero(); theta.len()];
        let corrected = At { x: &newton.corrected, ..at };
        condition.mixed_t(corrected, -F::one(), &v, &mut exact, &mut newton.scratch);
        let sharp = distance(&exact, &adjoint.theta);
        Ok(Trust {
            residual: newton.residual,
            derivative_residual: None,
            size: norm(&adjoint.theta),
            sharp,
            certified: None,
            burn_in: sharp > norm(&exact),
            products: newton.products,
            solved: newton.solved,
        })
    }

    fn trusted(&self, theta: &[F], x: &[F], how: Assess) -> Result<Box<dyn Condition<F> + '_>> {
        let dims = self.map.dims();
        check_len("theta", theta.len(), dims.params)?;
        check_len("the answer", x.len(), dims.output)?;
        check_finite("the answer", x)?;
        check_range("the tolerance of the estimate", how.tol, how.tol > 0.0, "positive")?;
        if let Some(ell) = how.ell {
            check_range("ell", ell, ell > 0.0 && ell.is_finite(), "positive and finite")?;
        }
        self.map.condition().ok_or(Error::Unsupported {
            what: "an error estimate for a map without an optimality condition",
            hint: "give the map a `condition`, or compare with the derivative after twice as many steps",
        })
    }
}

/// The answer, the point one Newton step on, and the linear solves at that point.
struct Newton<'a, F> {
    condition: &'a dyn Condition<F>,
    at: At<'a, F>,
    how: Assess,
    active: Option<Vec<usize>>,
    corrected: Vec<F>,
    residual: f64,
    scratch: Vec<F>,
    work: Vec<F>,
    products: usize,
    solved: bool,
}

impl<'a, F: Real> Newton<'a, F> {
    fn new(condition: &'a dyn Condition<F>, at: At<'a, F>, k: usize, how: Assess) -> Result<Self> {
        let d = at.x.len();
        let mut newton = Newton {
            condition,
            at,
            how,
            active: condition.active(at),
            corrected: at.x.to_vec(),
            residual: 0.0,
            scratch: vec![F::zero(); condition.scratch(k)],
            work: vec![F::zero(); 3 * d],
            products: 0,
            solved: true,
        };
        let mut r = vec![F::zero(); d];
        condition.value(at, &mut r, &mut newton.scratch);
        newton.residual = norm(&r);
        let s = newton.solve(&r)?;
        F::axpy(-F::one(), &s, &mut newton.corrected);
        Ok(newton)
    }

    /// `H J + M dTheta` at a point.
    fn equation(&mut self, at: At<'_, F>, k: usize, dtheta: &[F], j: &[F]) -> Vec<F> {
        let (mut product, mut out) = (vec![F::zero(); j.len()], vec![F::zero(); j.len()]);
        self.condition.mixed(at, k, dtheta, &mut out, &mut self.scratch);
        self.condition.apply(at, k, j, &mut product, &mut self.scratch);
        self.products += k;
        F::axpy(F::one(), &product, &mut out);
        out
    }

    /// `|E|` and `|J - E|` for `E = H^{-1} B` at the corrected point: of the columns themselves where
    /// they are few, else of random combinations.
    fn distance(&mut self, b: Vec<F>, j: &[F], k: usize) -> Result<(f64, f64)> {
        let d = self.corrected.len().max(1);
        let (b, j, scale) = if k <= FEW {
            (b, j.to_vec(), 1.0)
        } else {
            (combinations(&b, d, self.how.seed), combinations(j, d, self.how.seed), 1.0 / FEW as f64)
        };
        let (mut error, mut limit) = (0.0, 0.0);
        for (b, j) in b.chunks_exact(d).zip(j.chunks_exact(d)) {
            let e = self.solve(b)?;
            error += F::sum_squares(&e);
            limit += F::sum_squares_diff(j, &e);
        }
        Ok(((scale * error).sqrt(), (scale * limit).sqrt()))
    }

    /// `H^{-1} b` at the corrected point (at the answer, before there is one).
    fn solve(&mut self, b: &[F]) -> Result<Vec<F>> {
        let (mut b, mut x) = (b.to_vec(), vec![F::zero(); b.len()]);
        if let Some(active) = &self.active {
            let mut kept = vec![F::zero(); b.len()];
            active.iter().for_each(|&j| kept[j] = b[j]);
            b = kept;
        }
        let at = At { x: &self.corrected, ..self.at };
        let apply = |v: &[F], out: &mut [F]| self.condition.apply(at, 1, v, out, &mut self.scratch);
        let info = cg::solve(apply, &b, &mut x, self.how.tol, self.how.max_products, &mut self.work);
        self.products += info.products;
        self.solved &= info.converged;
        if info.indefinite {
            let status = Status::Singular { stream: Stream::Tangent, iteration: self.at.t, pivot: None };
            return Err(Error::Failed(status));
        }
        Ok(x)
    }
}

/// Sums of the columns with random signs.
fn combinations<F: Real>(b: &[F], d: usize, seed: u64) -> Vec<F> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut out = vec![F::zero(); FEW * d];
    for out in out.chunks_exact_mut(d.max(1)) {
        for b in b.chunks_exact(d.max(1)) {
            F::axpy(if rng.random::<bool>() { F::one() } else { -F::one() }, b, out);
        }
    }
    out
}

/// An upper bound of the spectral norm of a block of `k` columns: the root of the largest column
/// sum times the largest row sum; 1 for the identity.
fn spread<F: Real>(block: &[F], k: usize) -> f64 {
    let p = block.len() / k.max(1);
    let column = |j: usize| block[j * p..(j + 1) * p].iter().map(|v| v.wide().abs()).sum::<f64>();
    let row = |i: usize| (0..k).map(|j| block[j * p + i].wide().abs()).sum::<f64>();
    let most = |n: usize, f: &dyn Fn(usize) -> f64| (0..n).map(f).fold(0.0, f64::max);
    (most(k, &column) * most(p, &row)).sqrt()
}
