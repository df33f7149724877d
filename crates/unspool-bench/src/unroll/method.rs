//! The rows of the table: what is computed, and on which form of the problem.

use unspool_core::data::Dense;
use unspool_core::method::GradientDescent;
use unspool_core::problem::{Gram, Groups, LinearModel, Logistic, Ridge, Smooth};
use unspool_core::{Mode, Real, Result, Solve, Stop};

use super::data::{Data, Kind};

/// One way to the hypergradient.
#[derive(Debug)]
pub(crate) struct Method {
    /// Its name in tables.
    pub(crate) name: &'static str,
    /// Through the Gram matrix; ridge regression only.
    gram: bool,
    /// In single precision.
    pub(crate) single: bool,
    how: How,
}

/// What is computed. A mode may depend on the number of steps.
#[derive(Debug)]
enum How {
    /// The last iterate, without derivatives.
    Forward,
    /// The hypergradient by reverse mode.
    Reverse(fn(usize) -> Mode),
    /// The Jacobian of the last iterate, then its product with the outer gradient.
    Jacobian(fn(usize) -> Mode),
    /// Forward mode in the direction of all ones (a regulariser that all features share), then
    /// the product with the outer gradient.
    Direction(fn(usize) -> Mode),
}

const fn plain(name: &'static str, how: How) -> Method {
    Method { name, gram: false, single: false, how }
}

const fn gram(name: &'static str, how: How) -> Method {
    Method { name, gram: true, single: false, how }
}

/// All of them, in the order of the table.
pub(crate) const METHODS: [Method; 15] = [
    plain("forward", How::Forward),
    plain("unroll", How::Reverse(full)),
    plain("unroll-ckpt", How::Reverse(|steps| Mode::slots(ceil_sqrt(steps)))),
    plain("unroll-last20", How::Reverse(|_| Mode::last(20))),
    plain("one-step", How::Reverse(|_| Mode::one_step())),
    plain("jacobian", How::Jacobian(full)),
    plain("implicit", How::Reverse(|_| Mode::implicit())),
    plain("implicit-jac", How::Jacobian(|_| Mode::cholesky())),
    plain("implicit-neumann", How::Reverse(|_| Mode::neumann())),
    plain("jvp", How::Direction(full)),
    Method { single: true, ..plain("unroll-f32", How::Reverse(full)) },
    gram("forward-gram", How::Forward),
    gram("unroll-gram", How::Reverse(full)),
    gram("jacobian-gram", How::Jacobian(full)),
    gram("implicit-gram", How::Reverse(|_| Mode::implicit())),
];

fn full(_: usize) -> Mode {
    Mode::full()
}

fn ceil_sqrt(steps: usize) -> usize {
    let root = steps.isqrt();
    root + usize::from(root * root < steps)
}

impl Method {
    /// Whether it is for this problem.
    pub(crate) fn fits(&self, kind: Kind) -> bool {
        !self.gram || kind == Kind::Ridge
    }

    /// From the arrays to the answer: the hypergradient, its component in the one direction, or
    /// the last iterate. This is what is timed.
    pub(crate) fn solve<F: Real>(&self, kind: Kind, data: &Data<F>, outer: &dyn Smooth<F>) -> Result<Vec<F>> {
        let x = Dense::new(&data.x[..], data.sizes.n, data.sizes.d)?;
        let y = &data.y[..];
        match kind {
            Kind::Ridge => {
                let gram = if self.gram { Gram::Auto } else { Gram::Never };
                self.differentiate(&Ridge::new(x, y, Groups::PerFeature, gram)?, data, outer)
            }
            Kind::Logistic => self.differentiate(&LinearModel::new(x, y, Logistic, Groups::PerFeature)?, data, outer),
        }
    }

    fn differentiate<F: Real, P: Smooth<F>>(
        &self,
        problem: &P,
        data: &Data<F>,
        outer: &dyn Smooth<F>,
    ) -> Result<Vec<F>> {
        let map = GradientDescent::new(problem, F::of(data.sizes.step));
        let (start, steps) = (vec![F::zero(); data.sizes.d], data.sizes.steps);
        let solve = Solve::new(&map, &start).stop(Stop::steps(steps));
        let outer = |w: &[F], out: &mut [F]| outer.gradient(w, &[], out, &mut vec![F::zero(); outer.scratch(1)]);
        // `J'c`, the Jacobian being stored column by column.
        let contract = |w: &[F], jacobian: &[F]| {
            let mut c = vec![F::zero(); w.len()];
            outer(w, &mut c);
            jacobian.chunks_exact(c.len()).map(|column| F::dot(column, &c)).collect()
        };
        match self.how {
            How::Forward => {
                let solution = solve.run(&data.theta)?;
                solution.status.require()?;
                Ok(solution.x)
            }
            How::Reverse(mode) => {
                let gradient = solve.vjp(&data.theta, mode(steps), outer)?;
                gradient.status.require()?;
                Ok(gradient.theta)
            }
            How::Jacobian(mode) => {
                let tangents = solve.jacobian(&data.theta, mode(steps))?;
                tangents.status.require()?;
                Ok(contract(&tangents.x, &tangents.dx))
            }
            How::Direction(mode) => {
                let ones = vec![F::one(); data.theta.len()];
                let tangent = solve.jvp(&data.theta, mode(steps), &ones)?;
                tangent.status.require()?;
                Ok(contract(&tangent.x, &tangent.dx))
            }
        }
    }

    /// Relative distance of an answer from the hypergradient `exact`, or from its component in
    /// the one direction; `None` for the last iterate.
    pub(crate) fn error<F: Real>(&self, answer: &[F], exact: &[f64]) -> Option<f64> {
        let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
        let distance = |exact: &[f64]| {
            norm(&mut answer.iter().zip(exact).map(|(a, b)| a.wide() - b)) / norm(&mut exact.iter().copied())
        };
        match self.how {
            How::Forward => None,
            How::Direction(_) => Some(distance(&[exact.iter().sum()])),
            How::Reverse(_) | How::Jacobian(_) => Some(distance(exact)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ceil_sqrt;

    #[test]
    fn roots_are_rounded_up() {
        assert_eq!([1, 2, 4, 5, 9, 200].map(ceil_sqrt), [1, 2, 2, 3, 3, 15]);
    }
}
