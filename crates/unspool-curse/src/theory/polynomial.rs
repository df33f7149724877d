//! Residual polynomials: `x_t - x* = P_t(H) (x_0 - x*)`, `P_t(0) = 1`.
//!
//! `P_t(lambda)` is what the method makes of `f(x) = lambda x^2 / 2` from `x_0 = 1`, so it is computed
//! by running the method on a number, with its derivative in `lambda` beside it: as stable as the
//! method, free of overflow, and right for every method with fixed coefficients.

use unspool_core::method::{
    Chebyshev, Coefficients, HeavyBall, Horizon, Nesterov, Recurrence, Recurrent, Schedule, Sobolev,
};

/// `P_t` and its derivative at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Residual {
    /// `P_t(lambda)`.
    pub value: f64,
    /// `P_t'(lambda)`.
    pub slope: f64,
}

impl Residual {
    /// `P_0 = 1`.
    pub const ONE: Residual = Residual { value: 1.0, slope: 0.0 };
    pub(crate) const ZERO: Residual = Residual { value: 0.0, slope: 0.0 };

    /// `Phi_t = P_t - lambda P_t'`: the factor of `J_0 - J*`. `Phi_t(0) = 1`, `Phi_t'(0) = 0`, and
    /// `Phi_1 = 1` for every method.
    pub fn phi(self, lambda: f64) -> f64 {
        self.value - lambda * self.slope
    }

    /// `self + a other`
    pub(crate) fn add(self, a: f64, other: Residual) -> Residual {
        Residual { value: self.value + a * other.value, slope: self.slope + a * other.slope }
    }

    /// `lambda P`, differentiated by the product rule.
    fn times(self, lambda: f64) -> Residual {
        Residual { value: lambda * self.value, slope: self.value + lambda * self.slope }
    }
}

/// A first-order method with its coefficients.
#[derive(Clone, Debug)]
pub enum Scheme {
    /// Gradient descent with this step size: `P_t = (1 - h lambda)^t`.
    GradientDescent(f64),
    /// Heavy ball.
    HeavyBall(HeavyBall<f64>),
    /// Nesterov's method.
    Nesterov(Nesterov<f64>),
    /// Chebyshev's method: `P_t = C_t(m(lambda)) / C_t(m(0))`.
    Chebyshev(Chebyshev),
    /// The Sobolev method.
    Sobolev(Sobolev),
    /// Weighted Chebyshev iterates.
    Horizon(Horizon),
}

impl Scheme {
    /// `P_t` and `P_t'` at `lambda`.
    ///
    /// # Complexity
    /// O(1) for gradient descent, O(t) otherwise.
    pub fn at(&self, t: usize, lambda: f64) -> Residual {
        match *self {
            Scheme::GradientDescent(h) => power(h, t, lambda),
            _ => self.sequence(t, lambda).pop().unwrap_or(Residual::ONE),
        }
    }

    /// `P_0, …, P_steps` and their derivatives at `lambda`, in O(steps).
    pub fn sequence(&self, steps: usize, lambda: f64) -> Vec<Residual> {
        match self {
            Scheme::GradientDescent(h) => (0..=steps).map(|t| power(*h, t, lambda)).collect(),
            Scheme::HeavyBall(c) => inertial(c, steps, lambda),
            Scheme::Nesterov(c) => inertial(c, steps, lambda),
            Scheme::Chebyshev(c) => inertial(c, steps, lambda),
            Scheme::Sobolev(c) => recurrent(c, steps, lambda),
            Scheme::Horizon(c) => recurrent(c, steps, lambda),
        }
    }

    /// `max |Phi_t(lambda)|` over the points given, for `t = 0..=steps`: the exact worst case of the
    /// Jacobian over Hessians with these eigenvalues, relative to `|J_0 - J*|`, when the gradient at
    /// the start does not depend on theta.
    pub fn worst_phi(&self, steps: usize, points: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut worst = vec![0.0; steps + 1];
        for lambda in points {
            for (worst, p) in worst.iter_mut().zip(self.sequence(steps, lambda)) {
                *worst = f64::max(*worst, p.phi(lambda).abs());
            }
        }
        worst
    }
}

/// `(1 - h lambda)^t` and its derivative.
fn power(h: f64, t: usize, lambda: f64) -> Residual {
    let (base, n) = (1.0 - h * lambda, t as f64);
    let raise = |n: usize| i32::try_from(n).map_or_else(|_| base.abs().powf(n as f64), |n| base.powi(n));
    match t {
        0 => Residual::ONE,
        _ => Residual { value: raise(t), slope: -h * n * raise(t - 1) },
    }
}

fn inertial(schedule: &impl Schedule<f64>, steps: usize, lambda: f64) -> Vec<Residual> {
    let mut all = vec![Residual::ONE];
    for t in 0..steps {
        let Coefficients { step_size: h, momentum: q, extrapolation: b } = schedule.at(t);
        let (x, past) = (all[t], all[t.saturating_sub(1)]);
        let y = x.add(b, x).add(-b, past);
        all.push(x.add(q, x).add(-q, past).add(-h, y.times(lambda)));
    }
    all
}

fn recurrent<const M: usize>(method: &impl Recurrent<f64, M>, steps: usize, lambda: f64) -> Vec<Residual> {
    let mut s = [Residual::ZERO; M];
    s[0] = Residual::ONE;
    let mut all = vec![s[0]];
    for t in 0..steps {
        let Recurrence { mix, step_size, point } = method.at(t);
        let g = s[point].times(lambda);
        let next = |i: usize| (0..M).fold(Residual::ZERO.add(-step_size[i], g), |sum, j| sum.add(mix[i][j], s[j]));
        s = std::array::from_fn(next);
        all.push(s[0]);
    }
    all
}
