//! Box constraints.

use std::cmp::Ordering;

use super::Prox;
use crate::error::check_len;
use crate::{Error, Real, Result};

/// The indicator of `lower <= x <= upper`; bounds may be infinite. No parameters.
///
/// `prox(v) = min(max(v, lower), upper)`: with [`ProximalGradient`](crate::method::ProximalGradient)
/// that is projected gradient. The support is the set of free coordinates, those strictly between
/// their bounds; the others do not move with theta.
#[derive(Clone, Debug)]
pub struct Bounds<F> {
    lower: Vec<F>,
    upper: Vec<F>,
}

impl<F: Real> Bounds<F> {
    /// From the bounds of each coordinate.
    ///
    /// # Errors
    /// Lengths that differ; a lower bound that is not at most the upper one.
    ///
    /// ```
    /// use unspool_core::problem::{Bounds, Composite, Groups, Quadratic};
    /// use unspool_core::{Mode, Solve, method::ProximalGradient};
    /// // minimise x^2/2 - 3x + exp(theta) x^2/2 + the same in y, on x <= 1, y <= 2
    /// let f = Quadratic::diagonal(&[1.0, 1.0], vec![-3.0, -3.0], Groups::Shared)?;
    /// let f = Composite::new(f, Bounds::new(vec![0.0, 0.0], vec![1.0, 2.0])?)?;
    /// let map = ProximalGradient::new(&f, 0.5);
    /// let d = Solve::new(&map, &[0.0, 0.0]).vjp(&[0.0], Mode::implicit(), |_, c| c.fill(1.0))?;
    /// assert!((d.x[0] - 1.0f64).abs() < 1e-6 && (d.x[1] - 1.5).abs() < 1e-6);
    /// assert!((d.theta[0] + 0.75).abs() < 1e-6); // of y alone
    /// # Ok::<(), unspool_core::Error>(())
    /// ```
    pub fn new(lower: Vec<F>, upper: Vec<F>) -> Result<Self> {
        check_len("the upper bounds", upper.len(), lower.len())?;
        match lower.iter().zip(&upper).find(|(l, u)| l.partial_cmp(u).is_none_or(Ordering::is_gt)) {
            None => Ok(Bounds { lower, upper }),
            Some((l, _)) => Err(Error::Range { what: "a lower bound", got: l.wide(), must: "at most the upper bound" }),
        }
    }

    fn each<'s>(&'s self) -> impl Iterator<Item = (F, F)> + 's {
        self.lower.iter().copied().zip(self.upper.iter().copied())
    }
}

impl<F: Real> Prox<F> for Bounds<F> {
    fn dim(&self) -> Option<usize> {
        Some(self.lower.len())
    }

    fn params(&self) -> usize {
        0
    }

    fn scratch(&self) -> usize {
        0
    }

    fn value(&self, x: &[F], _: &[F], _: &mut [F]) -> F {
        let inside = self.each().zip(x).all(|((l, u), &x)| l <= x && x <= u);
        if inside { F::zero() } else { F::infinity() }
    }

    fn prox(&self, _: F, _: &[F], v: &mut [F], _: &mut [F]) {
        v.iter_mut().zip(self.each()).for_each(|(v, (l, u))| *v = num_traits::clamp(*v, l, u));
    }

    fn jvp(&self, _: F, _: &[F], x: &[F], dv: &mut [F], _: &[F], _: &mut [F]) {
        self.restrict(x, dv);
    }

    fn vjp(&self, _: F, _: &[F], x: &[F], c: &mut [F], _: &mut [F], _: &mut [F]) {
        self.restrict(x, c);
    }

    fn support(&self, x: &[F]) -> Option<Vec<usize>> {
        let free = self.each().zip(x).enumerate().filter(|(_, ((l, u), x))| l < *x && *x < u);
        Some(free.map(|(j, _)| j).collect())
    }

    fn restrict(&self, x: &[F], v: &mut [F]) {
        let bound = v.iter_mut().zip(self.each()).zip(x).filter(|((_, (l, u)), x)| !(l < *x && *x < u));
        bound.for_each(|((v, _), _)| *v = F::zero());
    }

    fn add_gradient(&self, _: &[F], _: &[F], _: &mut [F], _: &mut [F]) {}

    fn add_hess(&self, _: &[F], _: &[F], _: &[F], _: &mut [F], _: &mut [F]) {}

    fn add_mixed(&self, _: &[F], _: &[F], _: &[F], _: &mut [F], _: &mut [F]) {}

    fn mixed_t(&self, _: &[F], _: &[F], _: F, _: &[F], _: &mut [F], _: &mut [F]) {}
}
