//! One fit: the problem of some rows, solved and differentiated.

use unspool_core::data::{Csr, Dense, Design};
use unspool_core::method::{Fista, GradientDescent, Nesterov, ProximalGradient, fista, nesterov};
use unspool_core::problem::{
    Composite, Gram, Groups, L1, LinearModel, Logistic, Loss, Multinomial, Ridge, Smooth, Squared, lasso,
};
use unspool_core::{LinearSolver, Mode, Solve, Stop, Vjp};

use unspool_curse::advise::{self, Outline};

use super::newton::{self, Work};
use crate::settings::{Inner, ModelKind};
use crate::table::Features;
use crate::{Regularisers, TuneError};

type Matrix = Box<dyn Design<f64> + Send>;
/// Writes the outer gradient at the weights.
type Outer<'f> = &'f dyn Fn(&[f64], &mut [f64]);

/// Rows to fit to or to judge by: features with a last column of ones, and the target as the loss
/// wants it.
#[derive(Clone)]
pub(super) struct Rows {
    pub(super) features: Features,
    pub(super) y: Vec<f64>,
}

impl Rows {
    pub(super) fn select(&self, rows: &[usize]) -> Result<Self, TuneError> {
        Ok(Rows { features: self.features.select_rows(rows)?, y: rows.iter().map(|&i| self.y[i]).collect() })
    }

    /// The data matrix and the targets.
    fn into_parts(self) -> Result<(Matrix, Vec<f64>), TuneError> {
        let x: Matrix = match self.features {
            Features::Dense { rows, cols, data } => Box::new(Dense::new(data, rows, cols)?),
            Features::Sparse { cols, indptr, indices, data, .. } => Box::new(Csr::new(indptr, indices, data, cols)?),
        };
        Ok((x, self.y))
    }
}

/// Model kind, number of outputs, groups (with the free intercept): what all fits share.
#[derive(Clone)]
pub(super) struct Shape {
    pub(super) kind: ModelKind,
    pub(super) outputs: usize,
    pub(super) features: usize,
    pub(super) groups: Groups,
    pub(super) inner: Inner,
}

impl Shape {
    pub(super) fn new(
        kind: ModelKind,
        outputs: usize,
        features: usize,
        regularisers: &Regularisers,
        inner: Inner,
    ) -> Self {
        let groups = match regularisers {
            Regularisers::Auto | Regularisers::One => Groups::Shared,
            Regularisers::PerFeature => Groups::PerFeature,
            Regularisers::Groups(of) => Groups::Of(of.clone()),
        };
        Shape { kind, outputs, features, groups: groups.with_intercept(features), inner }
    }

    /// Number of regularisers.
    pub(super) fn params(&self) -> usize {
        self.groups.params(self.features + 1)
    }

    /// Number of weights, intercepts among them.
    pub(super) fn dim(&self) -> usize {
        self.outputs * (self.features + 1)
    }

    fn loss(&self) -> Result<Box<dyn Loss<f64> + Send>, TuneError> {
        Ok(match self.kind {
            ModelKind::Ridge | ModelKind::Lasso => Box::new(Squared),
            ModelKind::Logistic if self.outputs == 1 => Box::new(Logistic),
            ModelKind::Logistic => Box::new(Multinomial::new(self.outputs)?),
        })
    }
}

enum Problem {
    Smooth(Box<dyn Smooth<f64> + Send>),
    Lasso(Box<Composite<Ridge<'static, f64, Matrix>, L1>>),
}

/// A training problem with its latest solution.
pub(super) struct Fit {
    shape: Shape,
    problem: Problem,
    work: Work,
    /// Largest eigenvalue of the loss's Hessian at zero, a little above.
    edge: f64,
    /// The weights.
    pub(super) w: Vec<f64>,
    /// Fits made.
    pub(super) count: usize,
    /// Whether each reached its tolerance.
    pub(super) converged: bool,
}

impl Fit {
    pub(super) fn new(rows: Rows, shape: &Shape) -> Result<Self, TuneError> {
        let ((x, y), groups) = (rows.into_parts()?, shape.groups.clone());
        let problem = match shape.kind {
            ModelKind::Ridge => Problem::Smooth(Box::new(Ridge::new(x, y, groups, Gram::Auto)?)),
            ModelKind::Logistic => Problem::Smooth(Box::new(LinearModel::new(x, y, shape.loss()?, groups)?)),
            ModelKind::Lasso => Problem::Lasso(Box::new(lasso(x, y, groups)?)),
        };
        let work = match &problem {
            Problem::Smooth(problem) => Work::new(&**problem, shape.outputs == 1),
            Problem::Lasso(_) => Work::default(),
        };
        let mut fit = Fit {
            work,
            w: vec![0.0; shape.dim()],
            problem,
            edge: 0.0,
            shape: shape.clone(),
            count: 0,
            converged: true,
        };
        if shape.kind == ModelKind::Lasso || matches!(shape.inner, Inner::Unrolled { .. }) {
            fit.edge = 1.1 * fit.largest_eigenvalue();
            if shape.outputs > 1 {
                // At zero the curvature of several classes is 1/C; elsewhere it may reach 1/2.
                fit.edge *= 0.5 * shape.outputs as f64;
            }
        }
        Ok(fit)
    }

    /// What theory advises for fits like this one, at zero; `None` for a lasso, and where the Hessian is
    /// not positive definite.
    pub(super) fn outline(&self, theta: &[f64], tolerance: f64) -> Option<Outline> {
        match &self.problem {
            Problem::Smooth(problem) => advise::outline(&**problem, theta, &self.w, tolerance).ok(),
            Problem::Lasso(_) => None,
        }
    }

    /// By power iteration, without the penalty.
    fn largest_eigenvalue(&self) -> f64 {
        let (problem, theta): (&dyn Smooth<f64>, Vec<f64>) = match &self.problem {
            Problem::Smooth(problem) => (&**problem, vec![f64::NEG_INFINITY; self.shape.params()]),
            Problem::Lasso(problem) => (&problem.smooth, vec![]),
        };
        let d = problem.dim();
        let mut scratch = vec![0.0; problem.scratch(1)];
        let zero = vec![0.0; d];
        let mut v: Vec<f64> = (0..d).map(|j| 1.0 + 0.5 * (j as f64).sin()).collect();
        let (mut product, mut size) = (vec![0.0; d], 0.0);
        for _ in 0..60 {
            let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
            v.iter_mut().for_each(|v| *v /= norm);
            problem.hess(&zero, &theta, 1, &v, &mut product, &mut scratch);
            size = product.iter().map(|p| p * p).sum::<f64>().sqrt();
            std::mem::swap(&mut v, &mut product);
            if size == 0.0 {
                break;
            }
        }
        size
    }

    /// Fits the weights, from where they are; unrolled fits start from zero.
    pub(super) fn solve(&mut self, theta: &[f64]) -> Result<(), TuneError> {
        self.count += 1;
        if let Inner::Unrolled { steps, .. } = self.shape.inner {
            self.unrolled(theta, steps, None)?;
            return Ok(());
        }
        let good = match &self.problem {
            Problem::Smooth(problem) => newton::minimise(&**problem, theta, &mut self.w, &mut self.work),
            Problem::Lasso(problem) => {
                let map = fista(problem, Fista::new(1.0 / self.edge.max(f64::MIN_POSITIVE)));
                let stop = Stop::tolerance(1e-9).at_most(50_000);
                let solution = Solve::new(&map, &self.w).stop(stop).run(theta)?;
                self.w.copy_from_slice(&solution.x);
                solution.status.is_ok()
            }
        };
        self.converged &= good;
        Ok(())
    }

    /// Fits the weights and pulls an outer gradient at them back to theta: `outer(w, c)`.
    pub(super) fn hypergradient(&mut self, theta: &[f64], outer: Outer<'_>) -> Result<Vec<f64>, TuneError> {
        if let Inner::Unrolled { steps, mode } = self.shape.inner {
            self.count += 1;
            return self.unrolled(theta, steps, Some((mode, outer)));
        }
        self.solve(theta)?;
        if let Problem::Smooth(problem) = &self.problem
            && let Some(gradient) = self.work.adjoint(&**problem, theta, &self.w, outer)
        {
            return Ok(gradient);
        }
        // At the solution, whatever found it: no steps, then the implicit equation.
        let mode = if self.work.factors() {
            Mode::cholesky()
        } else {
            Mode::Implicit(LinearSolver::Cg { tol: 1e-6, max_products: 10_000 })
        };
        let here = Stop::steps(0);
        let derivative = match &self.problem {
            Problem::Smooth(problem) => {
                let map = GradientDescent::new(&**problem, 1.0);
                Solve::new(&map, &self.w).stop(here).vjp(theta, mode, outer)?
            }
            Problem::Lasso(problem) => {
                let map = ProximalGradient::new(problem, 1.0);
                Solve::new(&map, &self.w).stop(here).vjp(theta, mode, outer)?
            }
        };
        self.converged &= derivative.status.is_ok();
        Ok(derivative.theta)
    }

    /// So many steps from zero, and, if asked for, the outer gradient's pull-back to theta.
    fn unrolled(
        &mut self,
        theta: &[f64],
        steps: usize,
        outer: Option<(Mode, Outer<'_>)>,
    ) -> Result<Vec<f64>, TuneError> {
        let (w, gradient, good) = match &self.problem {
            Problem::Smooth(problem) => {
                let lambda = |pick: fn(f64, f64) -> f64| theta.iter().copied().reduce(pick).unwrap_or(0.0).exp();
                let (ell, big_l) = (lambda(f64::min), self.edge + lambda(f64::max));
                let map = nesterov(&**problem, Nesterov::tuned(ell.max(1e-6 * big_l), big_l));
                steps_from_zero(&map, theta, steps, outer)?
            }
            Problem::Lasso(problem) => {
                let map = fista(problem, Fista::new(1.0 / self.edge.max(f64::MIN_POSITIVE)));
                steps_from_zero(&map, theta, steps, outer)?
            }
        };
        self.converged &= good;
        self.w = w;
        Ok(gradient)
    }
}

/// The weights, the gradient in theta (empty unless asked for), and whether all went well.
fn steps_from_zero<M: Vjp<f64>>(
    map: &M,
    theta: &[f64],
    steps: usize,
    outer: Option<(Mode, Outer<'_>)>,
) -> Result<(Vec<f64>, Vec<f64>, bool), TuneError> {
    let start = vec![0.0; map.dims().output];
    let solve = Solve::new(map, &start).stop(Stop::steps(steps));
    if let Some((mode, outer)) = outer {
        let derivative = solve.vjp(theta, mode, outer)?;
        return Ok((derivative.x, derivative.theta, derivative.status.is_ok()));
    }
    let solution = solve.run(theta)?;
    Ok((solution.x, vec![], solution.status.is_ok()))
}

/// Rows held out: the loss on them, without penalty.
pub(super) struct Judge {
    model: LinearModel<'static, f64, Matrix, Box<dyn Loss<f64> + Send>>,
    loss: Box<dyn Loss<f64> + Send>,
}

impl Judge {
    pub(super) fn new(rows: Rows, shape: &Shape) -> Result<Self, TuneError> {
        let (x, y) = rows.into_parts()?;
        let model = LinearModel::new(x, y, shape.loss()?, Groups::None)?;
        Ok(Judge { model, loss: shape.loss()? })
    }

    pub(super) fn rows(&self) -> usize {
        self.model.targets().len()
    }

    /// Mean loss.
    pub(super) fn value(&self, w: &[f64]) -> f64 {
        self.model.value(w, &[], &mut vec![0.0; self.model.scratch(1)])
    }

    /// Gradient of the mean loss.
    pub(super) fn gradient(&self, w: &[f64], out: &mut [f64]) {
        self.model.gradient(w, &[], out, &mut vec![0.0; self.model.scratch(1)]);
    }

    /// Loss of each row.
    pub(super) fn losses(&self, w: &[f64]) -> Vec<f64> {
        let (mut losses, y) = (Vec::with_capacity(self.rows()), self.model.targets());
        self.margins(w, &mut |i, u| losses.push(self.loss.value(u, &y[i..=i])));
        losses
    }

    /// Margins of each row in turn.
    pub(super) fn margins(&self, w: &[f64], visit: &mut dyn FnMut(usize, &[f64])) {
        let x = self.model.design();
        let mut scratch = vec![0.0; x.scratch(w.len() / x.cols().max(1), 1)];
        let mut row = Vec::new();
        let each = &mut |rows: std::ops::Range<usize>, u: &mut [f64]| {
            for (r, i) in rows.clone().enumerate() {
                row.clear();
                row.extend(u.iter().skip(r).step_by(rows.len()));
                visit(i, &row);
            }
        };
        x.products(&[w], each, &mut scratch);
    }

    /// The targets.
    pub(super) fn targets(&self) -> &[f64] {
        self.model.targets()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values take the plain run: the same weights, and no derivative, not even one that cannot be.
    #[test]
    fn values_need_no_derivative() {
        let x: Vec<f64> = (0..60).map(|i| f64::sin(1.7 * f64::from(i))).collect();
        let y: Vec<f64> = x.chunks(3).map(|x| 2.0 * x[0] - x[1]).collect();
        for kind in [ModelKind::Ridge, ModelKind::Lasso] {
            let fit = |mode| {
                let features = Features::Dense { rows: 20, cols: 3, data: x.clone() };
                let inner = Inner::Unrolled { steps: 7, mode };
                let shape = Shape::new(kind, 1, 2, &Regularisers::One, inner);
                Fit::new(Rows { features, y: y.clone() }, &shape).unwrap()
            };
            let mut derived = fit(Mode::full());
            let gradient = derived.hypergradient(&[-2.0], &|w, c| c.copy_from_slice(w)).unwrap();
            let mut value = fit(Mode::budget(1));
            assert!(value.hypergradient(&[-2.0], &|_, _| {}).is_err());
            value.solve(&[-2.0]).unwrap();
            assert!(value.w == derived.w && gradient[0] != 0.0 && value.converged);
        }
    }
}
