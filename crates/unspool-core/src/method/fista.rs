//! FISTA (Beck, Teboulle 2009) with the sequence of Chambolle and Dossal (2015):
//! `y_t = x_t + (t - 1)/(t + a) (x_t - x_{t-1})`, `x_{t+1} = prox(y_t - h grad f(y_t))`.

use super::inertial::{Coefficients, Inertial, Schedule};
use crate::Real;
use crate::problem::{Composite, Prox, Smooth};

/// The coefficients of [`fista`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fista<F> {
    /// Step size `h`, at most `1/L`.
    pub step_size: F,
    /// `a >= 2`. For `a > 2` the iterates themselves converge, which their derivatives need;
    /// `a = 2` is the sequence of 2009 up to rounding of `t_k` to `(k + 1)/2`.
    pub a: f64,
}

impl<F: Real> Fista<F> {
    /// Step size `h` and `a = 3`.
    pub fn new(step_size: F) -> Self {
        Fista { step_size, a: 3.0 }
    }
}

impl<F: Real> Schedule<F> for Fista<F> {
    fn at(&self, t: usize) -> Coefficients<F> {
        let n = t as f64;
        let momentum = F::of(((n - 1.0) / (n + self.a)).max(0.0));
        Coefficients { step_size: self.step_size, momentum, extrapolation: momentum }
    }
}

/// FISTA on a smooth part plus a penalty with a proximal operator.
pub fn fista<F: Real, S: Smooth<F>, G: Prox<F>>(
    problem: &Composite<S, G>,
    coefficients: Fista<F>,
) -> Inertial<'_, F, S, G, Fista<F>> {
    Inertial::composite(&problem.smooth, &problem.penalty, coefficients)
}
