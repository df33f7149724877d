//! Solvers: problems, runs and their derivatives, advice, tuning.

mod advice;
mod callable;
mod method;
mod polled;
mod problem;
mod smooth;
mod solver;
mod tuning;

pub(crate) use advice::{advise, curse};
pub(crate) use problem::Problem;
pub(crate) use solver::Solver;
pub(crate) use tuning::{Tuned, tune};
