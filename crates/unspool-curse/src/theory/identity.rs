//! The master identity: the error of the Jacobian, exactly, from the residual polynomial.
//!
//! On `f(x, theta) = 1/2 x'H(theta) x + b(theta)'x` with `H = V diag(lambda) V'`.
//! Vectors have length `d`, matrices are `d x d` and column-major.

use unspool_core::{Error, Result};

use super::Residual;

/// An eigendecomposition `H = V diag(lambda) V'`.
#[derive(Clone, Copy, Debug)]
pub struct Eigen<'a> {
    /// Eigenvectors, one a column.
    pub vectors: &'a [f64],
    /// Eigenvalues, as many as columns.
    pub values: &'a [f64],
}

impl Eigen<'_> {
    /// The commuting case, `dH H = H dH` (a regulariser shared by all coordinates; Theorem 1 of the
    /// paper):
    ///
    /// ```text
    /// J_t - J* = (P_t(H) - H P_t'(H)) (J_0 - J*) + P_t'(H) d_theta[ grad f(x_0(theta), theta) ]
    /// ```
    ///
    /// `initial` is `J_0 - J*` for one parameter and `source` the total derivative of the gradient at
    /// the start.
    ///
    /// # Errors
    /// Lengths that do not fit.
    ///
    /// # Complexity
    /// `3 d^2` multiply-adds and `d` values of `p`.
    pub fn commuting(&self, p: impl Fn(f64) -> Residual, initial: &[f64], source: &[f64]) -> Result<Vec<f64>> {
        self.check(&[initial, source], &[])?;
        let (a, b) = (self.turned(initial), self.turned(source));
        let turned = self.values.iter().zip(a.iter().zip(&b)).map(|(&lambda, (a, b))| {
            let p = p(lambda);
            p.phi(lambda) * a + p.slope * b
        });
        Ok(self.back(&turned.collect::<Vec<_>>()))
    }

    /// The general case, with the divided differences `P[a, b] = (P(a) - P(b))/(a - b)`,
    /// `P[a, a] = P'(a)`:
    ///
    /// ```text
    /// J_t - J* = P_t(H) (J_0 - J*) + V ( [P_t[lambda_a, lambda_b]]_ab o (V' dH V) ) V' (x_0 - x*)
    /// ```
    ///
    /// `initial` is `J_0 - J*` for one parameter, `dh` the derivative of `H`, `distance` `x_0 - x*`.
    ///
    /// # Errors
    /// Lengths that do not fit.
    ///
    /// # Complexity
    /// `d^3` multiply-adds and `d` values of `p`.
    pub fn general(
        &self,
        p: impl Fn(f64) -> Residual,
        initial: &[f64],
        dh: &[f64],
        distance: &[f64],
    ) -> Result<Vec<f64>> {
        self.check(&[initial, distance], &[dh])?;
        let d = self.values.len();
        let residuals: Vec<Residual> = self.values.iter().map(|&lambda| p(lambda)).collect();
        let (mut sum, distance) = (self.turned(initial), self.turned(distance));
        sum.iter_mut().zip(&residuals).for_each(|(s, p)| *s *= p.value);
        for b in 0..d {
            let column = &self.vectors[b * d..(b + 1) * d];
            let product: Vec<f64> = (0..d).map(|i| dot(&dh[i * d..(i + 1) * d], column)).collect();
            for (a, entry) in self.turned(&product).into_iter().enumerate() {
                sum[a] += divided(self.values[a], self.values[b], residuals[a], residuals[b]) * entry * distance[b];
            }
        }
        Ok(self.back(&sum))
    }

    /// A bound on the norm of [`Eigen::general`]: `max|P_t| |J_0 - J*| + max|P_t'| |dH|_F |x_0 - x*|`,
    /// the maxima over `points` (a fine grid of `[ell, L]`).
    pub fn bound(
        p: impl Fn(f64) -> Residual,
        points: impl Iterator<Item = f64>,
        initial: f64,
        dh: f64,
        distance: f64,
    ) -> f64 {
        let (value, slope) =
            points.map(p).fold((0.0, 0.0), |(v, s), p| (f64::max(v, p.value.abs()), f64::max(s, p.slope.abs())));
        value * initial + slope * dh * distance
    }

    /// `V' v`
    fn turned(&self, v: &[f64]) -> Vec<f64> {
        self.vectors.chunks_exact(v.len().max(1)).map(|column| dot(column, v)).collect()
    }

    /// `V v`
    fn back(&self, v: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; v.len()];
        for (column, v) in self.vectors.chunks_exact(v.len().max(1)).zip(v) {
            out.iter_mut().zip(column).for_each(|(out, c)| *out += c * v);
        }
        out
    }

    fn check(&self, vectors: &[&[f64]], matrices: &[&[f64]]) -> Result<()> {
        let d = self.values.len();
        let check = |what, got, expected| {
            if got == expected { Ok(()) } else { Err(Error::Shape { what, expected, got }) }
        };
        check("the matrix of eigenvectors", self.vectors.len(), d * d)?;
        vectors.iter().try_for_each(|v| check("a vector", v.len(), d))?;
        matrices.iter().try_for_each(|m| check("the derivative of the Hessian", m.len(), d * d))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `P[a, b]`; for neighbours, the mean of the slopes, which is off by `O((a - b)^2)`.
pub(crate) fn divided(a: f64, b: f64, p: Residual, q: Residual) -> f64 {
    if (a - b).abs() <= 1e-6 * (a.abs() + b.abs()) { 0.5 * (p.slope + q.slope) } else { (p.value - q.value) / (a - b) }
}
