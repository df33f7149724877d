//! Many problems at once: each with its own map, start, stopping and outcome.
//!
//! The problems run on as many threads as there are; one that fails says so in its own place and
//! leaves the others alone. Results come in order, with the same bits for any number of threads.

use rayon::prelude::*;

use crate::run::{Solution, Solve};
use crate::{Adjoint, Jvp, Map, Mode, Real, Result, Tangents, Vjp};

/// Runs each without derivatives; `theta(i)` is that of problem `i`.
pub fn run<'t, F, M>(solves: &[Solve<'_, F, M>], theta: impl Fn(usize) -> &'t [F] + Sync) -> Vec<Result<Solution<F>>>
where
    F: Real,
    M: Map<F> + ?Sized,
{
    solves.par_iter().enumerate().map(|(i, solve)| solve.run(theta(i))).collect()
}

/// Reverse derivatives of each: `cotangent(i, x_T, c)` writes the outer gradient of problem `i`.
///
/// ```
/// use unspool_core::{Mode, Solve, Stop, batch, zoo::Heron};
/// let starts = [[1.0], [f64::NAN], [3.0]];
/// let solves = starts.each_ref().map(|x| Solve::new(&Heron, x).stop(Stop::steps(9)));
/// let derivatives = batch::vjp(&solves, |_| &[4.0], Mode::full(), |_, _, c| c[0] = 1.0);
/// assert!((derivatives[0].as_ref().unwrap().theta[0] - 0.25).abs() < 1e-9);
/// assert!(derivatives[1].is_err()); // its start is not finite; the others are not harmed
/// assert!((derivatives[2].as_ref().unwrap().theta[0] - 0.25).abs() < 1e-9);
/// ```
pub fn vjp<'t, F, M>(
    solves: &[Solve<'_, F, M>],
    theta: impl Fn(usize) -> &'t [F] + Sync,
    mode: Mode,
    cotangent: impl Fn(usize, &[F], &mut [F]) + Sync,
) -> Vec<Result<Adjoint<F>>>
where
    F: Real,
    M: Vjp<F> + ?Sized,
{
    let one = |(i, solve): (usize, &Solve<'_, F, M>)| solve.vjp(theta(i), mode, |x, c| cotangent(i, x, c));
    solves.par_iter().enumerate().map(one).collect()
}

/// Forward derivatives of each in its own `k` directions `dtheta(i)`, params x k.
pub fn jvps<'t, F, M>(
    solves: &[Solve<'_, F, M>],
    theta: impl Fn(usize) -> &'t [F] + Sync,
    mode: Mode,
    k: usize,
    dtheta: impl Fn(usize) -> &'t [F] + Sync,
) -> Vec<Result<Tangents<F>>>
where
    F: Real,
    M: Jvp<F> + ?Sized,
{
    let one = |(i, solve): (usize, &Solve<'_, F, M>)| solve.jvps(theta(i), mode, k, dtheta(i));
    solves.par_iter().enumerate().map(one).collect()
}
