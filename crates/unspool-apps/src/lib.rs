//! What differentiating through a solver is good for: four applications, each on real data, each
//! against a baseline that does without.
//!
//! | module | inner problem | learned through it | mode |
//! |---|---|---|---|
//! | [`meta`] | a few gradient steps on a day's first hours | where to start, how far to step | all steps |
//! | [`layer`] | a quadratic program in a box | its matrix and its linear term | implicit, on the free set |
//! | [`distill`] | logistic regression on ten images | the images | implicit |
//! | [`equilibrium`] | a network's fixed point | its weights | implicit, by the Neumann series |
//!
//! Each is the map, the outer loss, and a loop of [`learn::Adam`] around `Solve::vjp`.
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

pub mod data;
pub mod distill;
pub mod equilibrium;
pub mod layer;
pub mod learn;
pub mod meta;
