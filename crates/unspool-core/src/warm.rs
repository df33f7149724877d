//! Warm starts across the steps of an outer loop: of the solution, and of its Jacobian.
//!
//! When theta moves a little, `x*` and `dx*/dtheta` move a little. A run that starts from the last
//! answer has little left of the distance that feeds the burn-in of its derivative, and a
//! derivative that starts from the last one, little left of its own error: after `T` steps
//!
//! ```text
//! J_T - J* = P_T(H) (J_0 - J*) + P_T'(H) dH (x_0 - x*)
//! ```
//!
//! with both `J_0 - J*` and `x_0 - x*` of the size of the outer step.

use crate::error::{check_finite, check_len};
use crate::{Jvp, Mode, Real, Result, Solve, Stop, Tangents};

/// The answer and the Jacobian of the last outer step, to start the next from.
///
/// ```
/// use unspool_core::{Stop, method::GradientDescent, warm::Warm, zoo};
/// let (_, problem) = zoo::curse::<f64>(50, 0.05)?;
/// let map = GradientDescent::new(&problem, 1.0);
/// let mut warm = Warm::new(vec![0.0; 50], 1);
/// let error = |j: &[f64]| j.iter().map(|j| (j - 1.0).abs()).fold(0.0, f64::max);
/// let first = error(&warm.jacobian(&map, &[0.0], Stop::steps(20))?.dx);
/// let second = error(&warm.jacobian(&map, &[0.0], Stop::steps(20))?.dx);
/// assert!(second < 0.8 * first); // the second 20 steps go on where the first ended
/// # Ok::<(), unspool_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Warm<F> {
    /// Where the next run starts: length output.
    pub x: Vec<F>,
    /// Where its Jacobian starts: output x params, column-major.
    pub j: Vec<F>,
}

impl<F: Real> Warm<F> {
    /// Starts from `x` with a Jacobian of zero, for `params` parameters.
    pub fn new(x: Vec<F>, params: usize) -> Self {
        let j = vec![F::zero(); x.len() * params];
        Warm { x, j }
    }

    /// Runs `map` at `theta` from where the last call ended, with the whole Jacobian; remembers
    /// both unless the run failed.
    ///
    /// # Errors
    /// As [`Solve::jacobian`].
    ///
    /// # Complexity
    /// That of a full forward Jacobian: one block of JVPs a step.
    pub fn jacobian<M: Jvp<F> + ?Sized>(&mut self, map: &M, theta: &[F], stop: Stop) -> Result<Tangents<F>> {
        let dims = map.dims();
        check_len("the warm start", self.x.len(), dims.output)?;
        check_len("the warm Jacobian", self.j.len(), dims.output * dims.params)?;
        check_finite("the warm Jacobian", &self.j)?;
        let p = dims.params;
        let mut identity = vec![F::zero(); p * p];
        identity.iter_mut().step_by(p + 1).for_each(|v| *v = F::one());
        let tangents = Solve::new(map, &self.x).stop(stop).jvps_from(theta, Mode::full(), p, &identity, &self.j)?;
        if crate::diff::usable(tangents.status) {
            self.x.copy_from_slice(&tangents.x);
            self.j.copy_from_slice(&tangents.dx);
        }
        Ok(tangents)
    }
}
