//! Log-regularisers: `lambda_j = exp(theta_g(j))`, one shared, one a group, or one a feature.

use crate::error::check_len;
use crate::trust::Moduli;
use crate::{Error, Real, Result};

/// Which regulariser belongs to which feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// The same for all features.
    Shared,
    /// One for each feature.
    PerFeature,
    /// `of[j]` is the number of feature `j`'s regulariser; [`Groups::FREE`] leaves it without one
    /// (an intercept).
    Of(Vec<u32>),
    /// None at all.
    None,
}

impl Groups {
    /// In [`Groups::Of`]: this feature is not regularised.
    pub const FREE: u32 = u32::MAX;

    /// The same grouping of `features` features, with one more, unregularised, behind them.
    pub fn with_intercept(&self, features: usize) -> Groups {
        let of = match self {
            Groups::Shared => vec![0; features],
            Groups::PerFeature => (0..features as u32).collect(),
            Groups::Of(of) => of.clone(),
            Groups::None => vec![Groups::FREE; features],
        };
        Groups::Of(of.into_iter().chain([Groups::FREE]).collect())
    }

    /// Number of regularisers for `features` features: the length of theta.
    pub fn params(&self, features: usize) -> usize {
        match self {
            Groups::Shared => 1,
            Groups::PerFeature => features,
            Groups::Of(of) => of.iter().filter(|&&g| g != Groups::FREE).max().map_or(0, |&g| g as usize + 1),
            Groups::None => 0,
        }
    }

    /// Whether coordinate `j` has no regulariser.
    pub(crate) fn is_free(&self, j: usize) -> bool {
        match self {
            Groups::Of(of) => of[j] == Groups::FREE,
            other => *other == Groups::None,
        }
    }

    pub(crate) fn check(&self, features: usize) -> Result<()> {
        let Groups::Of(of) = self else { return Ok(()) };
        check_len("the feature groups", of.len(), features)?;
        let mut seen = vec![false; self.params(features).min(features)];
        for &g in of.iter().filter(|&&g| g != Groups::FREE) {
            match seen.get_mut(g as usize) {
                Some(seen) => *seen = true,
                None => {
                    return Err(Error::Range {
                        what: "a group number",
                        got: g.into(),
                        must: "below the number of features",
                    });
                }
            }
        }
        match seen.iter().position(|&seen| !seen) {
            None => Ok(()),
            Some(g) => Err(Error::Range {
                what: "an unused group number",
                got: g as f64,
                must: "used by a feature; number groups from 0 without gaps",
            }),
        }
    }

    /// `out[j] = theta_g(j)`, minus infinity where free, for each of the `out.len() / features`
    /// outputs in turn.
    pub(crate) fn spread<F: Real>(&self, features: usize, theta: &[F], out: &mut [F]) {
        for out in out.chunks_exact_mut(features.max(1)) {
            match self {
                Groups::Shared => out.fill(theta[0]),
                Groups::PerFeature => out.copy_from_slice(theta),
                Groups::Of(of) => {
                    for (out, &g) in out.iter_mut().zip(of) {
                        *out = theta.get(g as usize).copied().unwrap_or_else(F::neg_infinity);
                    }
                }
                Groups::None => out.fill(F::neg_infinity()),
            }
        }
    }

    /// `lambda_j` for each coordinate.
    pub(crate) fn lambdas<F: Real>(&self, features: usize, theta: &[F], out: &mut [F]) {
        match self {
            Groups::Shared => out.fill(num_traits::Float::exp(theta[0])),
            Groups::None => out.fill(F::zero()),
            _ => {
                self.spread(features, theta, out);
                F::exp_all(out);
            }
        }
    }

    /// `out[j] += w[j] dtheta_g(j)`.
    pub(crate) fn add_spread<F: Real>(&self, features: usize, dtheta: &[F], w: &[F], out: &mut [F]) {
        for (out, w) in out.chunks_exact_mut(features.max(1)).zip(w.chunks_exact(features.max(1))) {
            match self {
                Groups::Shared => F::axpy(dtheta[0], w, out),
                Groups::PerFeature => {
                    out.iter_mut().zip(w).zip(dtheta).for_each(|((out, &w), &t)| *out += w * t);
                }
                Groups::Of(of) => {
                    for ((out, &w), &g) in out.iter_mut().zip(w).zip(of) {
                        *out += w * dtheta.get(g as usize).copied().unwrap_or_else(F::zero);
                    }
                }
                Groups::None => {}
            }
        }
    }

    /// `gtheta_g(j) += w[j]`: the transpose of [`Groups::add_spread`].
    pub(crate) fn collect<F: Real>(&self, features: usize, w: impl Iterator<Item = F>, gtheta: &mut [F]) {
        match self {
            Groups::Shared => gtheta[0] += w.fold(F::zero(), |sum, w| sum + w),
            Groups::None => {}
            Groups::PerFeature => {
                let mut j = 0;
                for w in w {
                    gtheta[j] += w;
                    j += 1;
                    if j == features {
                        j = 0;
                    }
                }
            }
            Groups::Of(of) => {
                for (w, &g) in w.zip(of.iter().cycle()) {
                    if let Some(slot) = gtheta.get_mut(g as usize) {
                        *slot += w;
                    }
                }
            }
        }
    }
}

/// The penalty `1/2 sum_j exp(theta_g(j)) x_j^2` on `outputs` blocks of `features` coordinates.
#[derive(Clone, Debug)]
pub struct LogRidge {
    groups: Groups,
    features: usize,
    outputs: usize,
}

impl LogRidge {
    /// The penalty for these groups.
    ///
    /// # Errors
    /// Groups that do not fit the number of features, or leave a number unused.
    pub fn new(groups: Groups, features: usize, outputs: usize) -> Result<Self> {
        groups.check(features)?;
        Ok(LogRidge { groups, features, outputs })
    }

    /// Number of coordinates.
    pub fn dim(&self) -> usize {
        self.features * self.outputs
    }

    /// Length of theta.
    pub fn params(&self) -> usize {
        self.groups.params(self.features)
    }

    /// `lambda_j` for each coordinate.
    pub fn lambdas<F: Real>(&self, theta: &[F], out: &mut [F]) {
        self.groups.lambdas(self.features, theta, out);
    }

    /// Those of the penalty, whose curvature is the smallest `lambda`, 0 with a free coordinate.
    pub fn moduli<F: Real>(&self, theta: &[F]) -> Moduli {
        let mut lambda = vec![F::zero(); self.dim()];
        self.lambdas(theta, &mut lambda);
        let (low, high) = lambda
            .iter()
            .fold((f64::INFINITY, 0.0), |(low, high), l| (f64::min(low, l.wide()), f64::max(high, l.wide())));
        Moduli { ell: low, mixed: high, hess: 0.0 }
    }

    /// `1/2 sum lambda x^2`.
    pub fn value<F: Real>(&self, x: &[F], theta: &[F], lambda: &mut [F]) -> F {
        self.lambdas(theta, lambda);
        let sum: f64 = lambda.iter().zip(x).map(|(l, x)| l.wide() * x.wide() * x.wide()).sum();
        F::of(0.5 * sum)
    }

    /// `out = scale out + lambda u`, column by column: completes gradient and Hessian products.
    pub fn complete<F: Real>(&self, scale: F, u: &[F], theta: &[F], out: &mut [F], lambda: &mut [F]) {
        self.lambdas(theta, lambda);
        for (out, u) in out.chunks_exact_mut(self.dim().max(1)).zip(u.chunks_exact(self.dim().max(1))) {
            for ((out, &u), &l) in out.iter_mut().zip(u).zip(&*lambda) {
                *out = scale * *out + l * u;
            }
        }
    }

    /// `out += lambda u dtheta` for `k` columns of `dtheta`: the derivative of `lambda u` in theta.
    pub fn mixed<F: Real>(&self, u: &[F], theta: &[F], k: usize, dtheta: &[F], out: &mut [F], lambda: &mut [F]) {
        let (d, p) = (self.dim(), self.params());
        self.lambdas(theta, lambda);
        lambda.iter_mut().zip(u).for_each(|(l, &u)| *l *= u);
        for j in 0..k {
            let (dtheta, out) = (&dtheta[j * p..(j + 1) * p], &mut out[j * d..(j + 1) * d]);
            self.groups.add_spread(self.features, dtheta, lambda, out);
        }
    }

    /// `gtheta += scale (lambda u v)`, summed over each group: the transpose of
    /// [`LogRidge::mixed`].
    pub fn mixed_t<F: Real>(&self, u: &[F], theta: &[F], scale: F, v: &[F], gtheta: &mut [F], lambda: &mut [F]) {
        self.lambdas(theta, lambda);
        let products = lambda.iter().zip(u).zip(v).map(|((&l, &u), &v)| scale * l * u * v);
        self.groups.collect(self.features, products, gtheta);
    }
}
