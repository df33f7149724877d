//! Losses of a linear model, on blocks of margins `u = X w`.

use num_traits::Float;

use crate::Real;
use crate::data::MAX_BLOCK;
use crate::error::check_range;
use crate::kernels::Kernels;
use crate::{Error, Result};

/// A loss `l(u, y)` summed over rows, with its first three derivatives in `u`.
///
/// # Shapes
/// For a block of `rows` rows and `C` outputs: `u` rows x C, column-major (one output after the
/// other); `y` rows; blocks of directions rows x (C k).
pub trait Loss<F: Real>: Sync {
    /// Number of margins for each row, `C`.
    fn outputs(&self) -> usize {
        1
    }
    /// Whether all these targets are in the loss's domain.
    ///
    /// # Errors
    /// Names the first that is not.
    fn check(&self, y: &[F]) -> Result<()>;
    /// `sum l(u, y)`.
    fn value(&self, u: &[F], y: &[F]) -> f64;
    /// `u <- dl/du`.
    fn slope(&self, u: &mut [F], y: &[F]);
    /// `v <- (d2l/du2) v` for each direction; `u` may be overwritten.
    fn curve(&self, v: &mut [F], u: &mut [F], y: &[F]);
    /// `a <- (d3l/du3)[a, b]`, one direction each; `u` may be overwritten.
    fn third(&self, a: &mut [F], b: &[F], u: &mut [F], y: &[F]);
    /// Whether the second derivative is 1 everywhere.
    fn is_squared(&self) -> bool {
        false
    }
}

/// A boxed loss is a loss.
impl<F: Real, L: Loss<F> + ?Sized> Loss<F> for Box<L> {
    fn outputs(&self) -> usize {
        (**self).outputs()
    }

    fn check(&self, y: &[F]) -> Result<()> {
        (**self).check(y)
    }

    fn value(&self, u: &[F], y: &[F]) -> f64 {
        (**self).value(u, y)
    }

    fn slope(&self, u: &mut [F], y: &[F]) {
        (**self).slope(u, y);
    }

    fn curve(&self, v: &mut [F], u: &mut [F], y: &[F]) {
        (**self).curve(v, u, y);
    }

    fn third(&self, a: &mut [F], b: &[F], u: &mut [F], y: &[F]) {
        (**self).third(a, b, u, y);
    }

    fn is_squared(&self) -> bool {
        (**self).is_squared()
    }
}

/// `(u - y)^2 / 2`.
#[derive(Clone, Copy, Debug)]
pub struct Squared;

impl<F: Real> Loss<F> for Squared {
    fn check(&self, _: &[F]) -> Result<()> {
        Ok(())
    }

    fn value(&self, u: &[F], y: &[F]) -> f64 {
        0.5 * F::sum_squares_diff(u, y)
    }

    fn slope(&self, u: &mut [F], y: &[F]) {
        u.iter_mut().zip(y).for_each(|(u, &y)| *u -= y);
    }

    fn curve(&self, _: &mut [F], _: &mut [F], _: &[F]) {}

    fn third(&self, a: &mut [F], _: &[F], _: &mut [F], _: &[F]) {
        a.fill(F::zero());
    }

    fn is_squared(&self) -> bool {
        true
    }
}

/// `log(1 + exp(-y u))`, targets `-1` and `+1`.
#[derive(Clone, Copy, Debug)]
pub struct Logistic;

impl<F: Real> Loss<F> for Logistic {
    fn check(&self, y: &[F]) -> Result<()> {
        match y.iter().position(|&y| Float::abs(y) != F::one()) {
            None => Ok(()),
            Some(i) => Err(Error::Range { what: "a logistic target", got: y[i].wide(), must: "-1 or +1" }),
        }
    }

    fn value(&self, u: &[F], y: &[F]) -> f64 {
        let mut store = [0.0; MAX_BLOCK];
        let mut sum = 0.0;
        for (u, y) in u.chunks(MAX_BLOCK).zip(y.chunks(MAX_BLOCK)) {
            let losses = &mut store[..u.len()];
            losses.iter_mut().zip(u).zip(y).for_each(|((l, u), y)| *l = -(y.wide() * u.wide()));
            f64::softplus(losses);
            sum += losses.iter().sum::<f64>();
        }
        sum
    }

    fn slope(&self, u: &mut [F], y: &[F]) {
        u.iter_mut().zip(y).for_each(|(u, &y)| *u = -y * *u);
        F::sigmoid_all(u);
        u.iter_mut().zip(y).for_each(|(u, &y)| *u = -y * *u);
    }

    fn curve(&self, v: &mut [F], u: &mut [F], _: &[F]) {
        F::sigmoid_all(u);
        u.iter_mut().for_each(|s| *s *= F::one() - *s);
        for v in v.chunks_exact_mut(u.len().max(1)) {
            v.iter_mut().zip(&*u).for_each(|(v, &h)| *v *= h);
        }
    }

    fn third(&self, a: &mut [F], b: &[F], u: &mut [F], _: &[F]) {
        F::sigmoid_all(u);
        for ((a, &b), &s) in a.iter_mut().zip(b).zip(&*u) {
            *a *= b * s * (F::one() - s) * (F::one() - s - s);
        }
    }
}

/// `log sum_c exp(u_c) - u_y`: multinomial logistic, targets `0, 1, …, classes - 1`.
#[derive(Clone, Copy, Debug)]
pub struct Multinomial {
    classes: usize,
}

impl Multinomial {
    /// For `classes >= 2` classes.
    ///
    /// # Errors
    /// Fewer than two.
    pub fn new(classes: usize) -> Result<Self> {
        check_range("the number of classes", classes as f64, classes >= 2, "at least 2")?;
        Ok(Multinomial { classes })
    }

    /// `u <- softmax(u)` row by row; returns nothing, stable for any finite `u`.
    fn softmax<F: Real>(&self, u: &mut [F]) {
        let rows = u.len() / self.classes;
        let mut store = [F::neg_infinity(); MAX_BLOCK];
        let row = &mut store[..rows];
        for u in u.chunks_exact(rows) {
            row.iter_mut().zip(u).for_each(|(m, &u)| *m = if u > *m { u } else { *m });
        }
        for u in u.chunks_exact_mut(rows) {
            u.iter_mut().zip(&*row).for_each(|(u, &m)| *u -= m);
        }
        F::exp_all(u);
        row.fill(F::zero());
        for u in u.chunks_exact(rows) {
            row.iter_mut().zip(u).for_each(|(sum, &u)| *sum += u);
        }
        for u in u.chunks_exact_mut(rows) {
            u.iter_mut().zip(&*row).for_each(|(u, &sum)| *u /= sum);
        }
    }

    /// `v <- p v - p (p'v)`, row by row, for one direction.
    fn centre<F: Real>(p: &[F], v: &mut [F], rows: usize) {
        let mut store = [F::zero(); MAX_BLOCK];
        let mean = &mut store[..rows];
        for (p, v) in p.chunks_exact(rows).zip(v.chunks_exact(rows)) {
            mean.iter_mut().zip(p).zip(v).for_each(|((m, &p), &v)| *m += p * v);
        }
        for (p, v) in p.chunks_exact(rows).zip(v.chunks_exact_mut(rows)) {
            v.iter_mut().zip(p).zip(&*mean).for_each(|((v, &p), &m)| *v = p * (*v - m));
        }
    }
}

impl<F: Real> Loss<F> for Multinomial {
    fn outputs(&self) -> usize {
        self.classes
    }

    fn check(&self, y: &[F]) -> Result<()> {
        let ok = |y: f64| y >= 0.0 && y < self.classes as f64 && y.fract() == 0.0;
        match y.iter().map(|y| y.wide()).find(|&y| !ok(y)) {
            None => Ok(()),
            Some(got) => Err(Error::Range { what: "a class", got, must: "0, 1, … below the number of classes" }),
        }
    }

    fn value(&self, u: &[F], y: &[F]) -> f64 {
        let rows = y.len();
        let margin = |i: usize, c: usize| u[c * rows + i].wide();
        let loss = |i: usize| {
            let own = margin(i, y[i].wide() as usize);
            let top = (0..self.classes).map(|c| margin(i, c)).fold(f64::NEG_INFINITY, f64::max);
            (0..self.classes).map(|c| (margin(i, c) - top).exp()).sum::<f64>().ln() + top - own
        };
        (0..rows).map(loss).sum()
    }

    fn slope(&self, u: &mut [F], y: &[F]) {
        if y.is_empty() {
            return;
        }
        let rows = y.len();
        self.softmax(u);
        for (i, y) in y.iter().enumerate() {
            u[y.wide() as usize * rows + i] -= F::one();
        }
    }

    fn curve(&self, v: &mut [F], u: &mut [F], y: &[F]) {
        if y.is_empty() {
            return;
        }
        self.softmax(u);
        for v in v.chunks_exact_mut(u.len()) {
            Self::centre(u, v, y.len());
        }
    }

    /// With `p` the probabilities and `q = p a - p (p'a)` their derivative in direction `a`:
    /// `q b - q (p'b) - p (q'b)`.
    fn third(&self, a: &mut [F], b: &[F], u: &mut [F], y: &[F]) {
        let rows = y.len();
        if rows == 0 {
            return;
        }
        self.softmax(u);
        Self::centre(u, a, rows);
        let (mut store_p, mut store_q) = ([F::zero(); MAX_BLOCK], [F::zero(); MAX_BLOCK]);
        let (pb, qb) = (&mut store_p[..rows], &mut store_q[..rows]);
        for ((p, q), b) in u.chunks_exact(rows).zip(a.chunks_exact(rows)).zip(b.chunks_exact(rows)) {
            for i in 0..rows {
                pb[i] += p[i] * b[i];
                qb[i] += q[i] * b[i];
            }
        }
        for ((p, q), b) in u.chunks_exact(rows).zip(a.chunks_exact_mut(rows)).zip(b.chunks_exact(rows)) {
            for i in 0..rows {
                q[i] = q[i] * (b[i] - pb[i]) - p[i] * qb[i];
            }
        }
    }
}
