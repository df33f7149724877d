//! Methods by name.

use unspool_core::method::{
    Chebyshev, ConjugateGradient, Fista, GradientDescent, HeavyBall, Horizon, Nesterov, Newton, ProximalGradient,
    Sobolev, chebyshev, fista, heavy_ball, horizon, nesterov, sobolev,
};
use unspool_core::problem::{Composite, Prox, Smooth, ThirdOrder};
use unspool_curse::horizon::weights;

use super::callable::Called;
use super::polled::{Both, Watch};
use super::problem::{Data, Kind};
use crate::array::Number;
use crate::error::{Failure, Result};

/// Longest horizon; the weights of longer ones are the same, by lag.
const LONGEST: usize = 600;

/// A method with what is known of its coefficients.
#[derive(Clone, Debug, Default)]
pub(super) struct Method {
    pub(super) name: String,
    pub(super) step_size: Option<f64>,
    pub(super) momentum: Option<f64>,
    pub(super) damping: Option<f64>,
    /// Smallest and largest eigenvalue of the Hessian.
    pub(super) edges: Option<(f64, f64)>,
    /// Steps of the run, which the horizon must know.
    pub(super) steps: usize,
}

const SMOOTH: &str = "there are gradient-descent, gd-1/L, gd-sqrt2/L, gd-2/(L+mu), heavy-ball, nesterov, chebyshev, \
                      sobolev, horizon, newton and conjugate-gradient";
const KINKED: &str = "there are fista and proximal-gradient for problems with a kink or bounds";

fn refused(name: &str, hint: &str) -> Failure {
    Failure::input(format!("the method {name:?} does not run on this problem"), hint)
}

impl Method {
    /// The map of a run from `start`; edges that are not given are measured there.
    pub(super) fn map<'a, F: Number>(
        &'a self,
        data: &'a Data<F>,
        start: &[F],
        theta: &[F],
        watch: &'a Watch,
    ) -> Result<Box<dyn Both<F> + 'a>> {
        let edges = || -> Result<(f64, f64)> {
            match self.edges {
                Some(edges) => Ok(edges),
                None => {
                    let found = data.edges(start, theta)?;
                    Ok((found.ell, found.l))
                }
            }
        };
        match &data.kind {
            Kind::Smooth(smooth) => self.smooth(&*smooth.0, edges),
            Kind::Sparse(composite) => self.composite(composite, edges),
            Kind::Bounded(composite) => self.composite(composite, edges),
            Kind::Map(map) => Ok(Box::new(Called { map, watch })),
        }
    }

    fn smooth<'a, F: Number>(
        &'a self,
        problem: &'a (dyn ThirdOrder<F> + Send),
        edges: impl Fn() -> Result<(f64, f64)>,
    ) -> Result<Box<dyn Both<F> + 'a>> {
        let both = || edges().map(|(ell, l)| (F::of(ell), F::of(l)));
        let descent = |of: &dyn Fn(f64, f64) -> f64| -> Result<Box<dyn Both<F> + 'a>> {
            let step_size = match self.step_size {
                Some(step_size) => step_size,
                None => edges().map(|(ell, l)| of(ell, l))?,
            };
            Ok(Box::new(GradientDescent::new(problem, F::of(step_size))))
        };
        let given = self.step_size.zip(self.momentum).map(|(h, q)| (F::of(h), F::of(q)));
        Ok(match self.name.as_str() {
            "gradient-descent" | "gd-2/(L+mu)" => descent(&|ell, l| 2.0 / (l + ell))?,
            "gd-1/L" => descent(&|_, l| 1.0 / l)?,
            "gd-sqrt2/L" => descent(&|_, l| std::f64::consts::SQRT_2 / l)?,
            "heavy-ball" => Box::new(heavy_ball(
                problem,
                match given {
                    Some((step_size, momentum)) => HeavyBall { step_size, momentum },
                    None => both().map(|(ell, l)| HeavyBall::tuned(ell, l))?,
                },
            )),
            "nesterov" => Box::new(nesterov(
                problem,
                match given {
                    Some((step_size, momentum)) => Nesterov { step_size, momentum },
                    None => both().map(|(ell, l)| Nesterov::tuned(ell, l))?,
                },
            )),
            "chebyshev" => {
                let (ell, l) = both()?;
                Box::new(chebyshev(problem, Chebyshev::new(ell, l)))
            }
            "sobolev" => {
                let (ell, l) = both()?;
                Box::new(sobolev(problem, Sobolev::new(ell, l)?))
            }
            "horizon" => {
                let (ell, l) = edges()?;
                let latest = weights(ell, l, self.steps.clamp(1, LONGEST), 0.0)?;
                let mut all = vec![0.0; self.steps.saturating_sub(LONGEST)];
                all.extend(latest);
                Box::new(horizon(problem, Horizon::new(F::of(ell), F::of(l), all)?))
            }
            "newton" => Box::new(Newton::new(problem).damped(F::of(self.damping.unwrap_or(1.0)))),
            "conjugate-gradient" => Box::new(ConjugateGradient::new(problem)?),
            "fista" | "proximal-gradient" => return Err(refused(&self.name, SMOOTH)),
            name => return Err(Failure::input(format!("there is no method {name:?}"), SMOOTH)),
        })
    }

    fn composite<'a, F: Number, S: Smooth<F>, G: Prox<F>>(
        &'a self,
        problem: &'a Composite<S, G>,
        edges: impl Fn() -> Result<(f64, f64)>,
    ) -> Result<Box<dyn Both<F> + 'a>> {
        let step_size = || match self.step_size {
            Some(step_size) => Ok(F::of(step_size)),
            None => edges().map(|(_, l)| F::of(1.0 / l)),
        };
        Ok(match self.name.as_str() {
            "fista" => Box::new(fista(problem, Fista::new(step_size()?))),
            "proximal-gradient" => Box::new(ProximalGradient::new(problem, step_size()?)),
            name => return Err(refused(name, KINKED)),
        })
    }
}
