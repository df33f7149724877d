//! What theory says of an experiment: the identity of [`theory::identity`](crate::theory::identity) with
//! the Hessian at the solution, and the worst case over its spectrum.
//!
//! On a quadratic the predicted errors are the measured ones. On any other problem they are those of
//! the quadratic that agrees with it at the solution, to which the iterates come down sooner or later.

use std::f64::consts::SQRT_2;

use faer::{MatRef, Side};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use unspool_core::method::{Chebyshev, HeavyBall, Nesterov, Sobolev};
use unspool_core::problem::Smooth;
use unspool_core::{Error, Result};

use crate::experiment::{Exact, Method, Setting, norm, shape};
use crate::horizon::{ByLag, LONGEST};
use crate::theory::{Residual, Scheme, Spectrum, chebyshev, divided, gradient_descent};

/// What theory says of one method. Entry `t` of a curve belongs to `x_t`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The method.
    pub method: Method,
    /// `|J_t - J*|_F / |J*|_F`.
    pub jacobian_error: Vec<f64>,
    /// `(f(x_t) - f*) / (f(x_0) - f*)`.
    pub function_error: Vec<f64>,
    /// `sup |Phi_t|` over `[ell, L]`: the Jacobian error of the worst problem with this spectrum, when
    /// the gradient at the start does not depend on theta. In closed form for gradient descent and
    /// Chebyshev's method, else on a grid.
    pub worst_case: Vec<f64>,
}

/// The residual polynomials `P_0, P_1, …` of a method.
#[derive(Clone, Debug)]
pub struct Polynomials {
    method: Method,
    spectrum: Spectrum,
    scheme: Scheme,
    /// For [`Method::Horizon`]: weights of Chebyshev's iterates for each `t`, by lag.
    weights: Vec<Vec<f64>>,
}

impl Polynomials {
    /// Those of the method that an experiment runs for this spectrum, ready for `steps` steps.
    ///
    /// # Errors
    /// Edges that the method refuses.
    pub fn new(method: Method, s: Spectrum, steps: usize) -> Result<Self> {
        let (ell, big_l) = (s.ell(), s.big_l());
        let scheme = match method {
            Method::Small => Scheme::GradientDescent(1.0 / big_l),
            Method::Threshold => Scheme::GradientDescent(SQRT_2 / big_l),
            Method::Large => Scheme::GradientDescent(2.0 / (big_l + ell)),
            Method::HeavyBall => Scheme::HeavyBall(HeavyBall::tuned(ell, big_l)),
            Method::Nesterov => Scheme::Nesterov(Nesterov::tuned(ell, big_l)),
            Method::Chebyshev | Method::Horizon => Scheme::Chebyshev(Chebyshev::new(ell, big_l)),
            Method::Sobolev => Scheme::Sobolev(Sobolev::new(ell, big_l)?),
        };
        let mut by_lag = ByLag::new(s);
        let weights = match method {
            Method::Horizon => (0..=steps.min(LONGEST)).map(|t| by_lag.of(t).to_vec()).collect(),
            _ => vec![],
        };
        Ok(Polynomials { method, spectrum: s, scheme, weights })
    }

    /// `P_0, …, P_steps` and their derivatives at `lambda`.
    pub fn sequence(&self, steps: usize, lambda: f64) -> Vec<Residual> {
        let all = self.scheme.sequence(steps, lambda);
        let Some(last) = self.weights.last() else { return all };
        let weighted = |t: usize| {
            let weights = self.weights.get(t).unwrap_or(last);
            weights.iter().zip(all[..=t].iter().rev()).fold(Residual::ZERO, |sum, (w, p)| sum.add(*w, *p))
        };
        (0..=steps).map(weighted).collect()
    }

    /// `sup |Phi_t|` over the spectrum for `t = 0..=steps`.
    pub fn worst_case(&self, steps: usize) -> Vec<f64> {
        const GRID: usize = 256;
        match (&self.scheme, self.method) {
            (Scheme::GradientDescent(h), _) => {
                (0..=steps).map(|t| gradient_descent::worst_phi(self.spectrum, *h, t)).collect()
            }
            (_, Method::Chebyshev) => (0..=steps).map(|t| chebyshev::worst_phi(self.spectrum, t)).collect(),
            _ => {
                let points: Vec<f64> = self.spectrum.grid(GRID).collect();
                let phi = |&lambda: &f64| -> Vec<f64> {
                    self.sequence(steps, lambda).into_iter().map(|p| p.phi(lambda).abs()).collect()
                };
                let larger = |mut a: Vec<f64>, b: Vec<f64>| {
                    a.iter_mut().zip(b).for_each(|(a, b)| *a = a.max(b));
                    a
                };
                points.par_iter().map(phi).reduce(|| vec![0.0; steps + 1], larger)
            }
        }
    }
}

impl<P: Smooth<f64> + ?Sized> Setting<'_, P> {
    /// What theory says of each method.
    ///
    /// # Errors
    /// Lengths that do not fit; a Hessian that is not finite.
    ///
    /// # Complexity
    /// An eigendecomposition and, for each parameter, four Hessians; then for each method
    /// `d (steps + 1)` polynomial values, and `d^2` operations a step where the Hessian does not
    /// commute with its derivative.
    pub fn predict(&self, exact: &Exact, methods: &[Method]) -> Result<Vec<Prediction>> {
        let local = Local::new(self, exact)?;
        methods.iter().map(|&method| local.predict(method, self.spectrum, self.steps)).collect()
    }
}

/// The quadratic that agrees with the problem at the solution, in the Hessian's eigenbasis.
struct Local {
    values: Vec<f64>,
    /// `V' (x_0 - x*)`
    distance: Vec<f64>,
    parameters: Vec<Parameter>,
}

/// What one parameter adds to the error of the Jacobian.
struct Parameter {
    /// `V' (J_0 - J*)`
    initial: Vec<f64>,
    /// Entries `(a, b)` of `V' dH V`, each times `distance[b]`.
    source: Vec<(usize, usize, f64)>,
}

impl Local {
    fn new<P: Smooth<f64> + ?Sized>(setting: &Setting<'_, P>, exact: &Exact) -> Result<Self> {
        let (problem, theta) = (setting.problem, setting.theta);
        let (d, p) = (problem.dim(), problem.params());
        shape("the start", setting.start.len(), d)?;
        shape("theta", theta.len(), p)?;
        shape("the solution", exact.x.len(), d)?;
        shape("the Jacobian", exact.jacobian.len(), d * p)?;
        let mut scratch = vec![0.0; problem.matrix_scratch()];
        let mut hessian = |x: &[f64], theta: &[f64]| {
            let mut h = vec![0.0; d * d];
            problem.hess_matrix(x, theta, &mut h, &mut scratch);
            h
        };
        let h = hessian(&exact.x, theta);
        let failed = |index| Error::NotFinite { what: "the Hessian", index };
        if let Some(index) = h.iter().position(|h| !h.is_finite()) {
            return Err(failed(index));
        }
        let eigen = MatRef::from_column_major_slice(&h, d, d).self_adjoint_eigen(Side::Lower).map_err(|_| failed(0))?;
        let v = eigen.U();
        let turned = |x: &[f64]| -> Vec<f64> {
            let product = v.transpose() * faer::ColRef::from_slice(x);
            product.iter().copied().collect()
        };
        let offset: Vec<f64> = setting.start.iter().zip(&exact.x).map(|(start, x)| start - x).collect();
        let distance = turned(&offset);
        let parameters = (0..p).map(|i| {
            let column = &exact.jacobian[i * d..(i + 1) * d];
            // dH/dtheta_i along the solution: central differences, extrapolated once.
            let mut difference = |step: f64| {
                let mut at = |h: f64| {
                    let x: Vec<f64> = exact.x.iter().zip(column).map(|(x, j)| x + h * j).collect();
                    let mut theta = theta.to_vec();
                    theta[i] += h;
                    hessian(&x, &theta)
                };
                let (ahead, behind) = (at(step), at(-step));
                ahead.iter().zip(&behind).map(|(a, b)| (a - b) / (2.0 * step)).collect::<Vec<f64>>()
            };
            let (wide, narrow) = (difference(4e-3), difference(2e-3));
            let dh: Vec<f64> = wide.iter().zip(&narrow).map(|(wide, narrow)| (4.0 * narrow - wide) / 3.0).collect();
            let dh = v.transpose() * MatRef::from_column_major_slice(&dh, d, d) * v;
            // Off the diagonal, what is no more than rounding of the differences is none.
            let rounding = 1e-12 * setting.spectrum.big_l();
            let entries = (0..d).flat_map(|b| (0..d).map(move |a| (a, b)));
            let source = entries.filter(|&(a, b)| a == b || dh[(a, b)].abs() > rounding);
            let source = source.map(|(a, b)| (a, b, dh[(a, b)] * distance[b])).collect();
            Parameter { initial: turned(column).iter().map(|j| -j).collect(), source }
        });
        Ok(Local {
            parameters: parameters.collect(),
            values: eigen.S().column_vector().iter().copied().collect(),
            distance,
        })
    }

    fn predict(&self, method: Method, s: Spectrum, steps: usize) -> Result<Prediction> {
        let polynomials = Polynomials::new(method, s, steps)?;
        let all: Vec<Vec<Residual>> =
            self.values.par_iter().map(|&lambda| polynomials.sequence(steps, lambda)).collect();
        let at = |t: usize| {
            let p: Vec<Residual> = all.iter().map(|sequence| sequence[t]).collect();
            (self.jacobian_error(&p), self.suboptimality(&p))
        };
        let (mut jacobian_error, mut function_error): (Vec<f64>, Vec<f64>) =
            (0..=steps).into_par_iter().map(at).unzip();
        for curve in [&mut jacobian_error, &mut function_error] {
            let first = curve[0];
            curve.iter_mut().for_each(|e| *e /= first);
        }
        Ok(Prediction { method, jacobian_error, function_error, worst_case: polynomials.worst_case(steps) })
    }

    /// `|J_t - J*|_F`; `|J*|_F` at `t = 0`, as the start does not depend on theta.
    fn jacobian_error(&self, p: &[Residual]) -> f64 {
        let of = |parameter: &Parameter| {
            let mut error: Vec<f64> = parameter.initial.iter().zip(p).map(|(j, p)| p.value * j).collect();
            for &(a, b, source) in &parameter.source {
                error[a] += source * divided(self.values[a], self.values[b], p[a], p[b]);
            }
            norm(&error).powi(2)
        };
        self.parameters.iter().map(of).sum::<f64>().sqrt()
    }

    /// `2 (f(x_t) - f*)`
    fn suboptimality(&self, p: &[Residual]) -> f64 {
        self.values.iter().zip(&self.distance).zip(p).map(|((l, c), p)| l * (p.value * c).powi(2)).sum()
    }
}
