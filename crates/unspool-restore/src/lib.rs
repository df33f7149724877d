//! Graph-smoothness transformers: demosaicking and interpolation by unrolled graph filters.
//!
//! | module | holds |
//! |---|---|
//! | [`grid`] | where pixels lie in memory |
//! | [`conv`], [`features`] | the shallow network that makes features |
//! | [`window`] | graphs of 5 x 5 windows, their weights and operators |
//! | [`cg`], [`glr`], [`gtv`] | the unrolled solvers |
//! | [`start`] | the first estimate |
//! | [`transformer`] | uGLR and uGTV |
//! | [`residual`], [`learned`] | the networks that are shipped |
//! | [`restore`], [`explain`] | a network on whole images; what it saw |
//! | [`method`] | all of them and the classics, by name |
//! | [`train`] | a network as a model to be trained |
//! | [`patches`], [`recipe`] | what networks are trained on, and how |
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

#[cfg(doctest)]
#[doc = include_str!("../../../book/src/maths-images.md")]
struct Mathematics;

pub mod cg;
pub mod conv;
pub mod explain;
pub mod features;
pub mod glr;
pub mod grid;
pub mod gtv;
pub mod learned;
mod loss;
mod memory;
pub mod method;
mod mosaic;
pub mod patches;
mod project;
pub mod recipe;
pub mod residual;
pub mod restore;
pub mod start;
pub mod stencil;
pub mod train;
pub mod transformer;
pub mod window;

pub use explain::Explanation;
pub use grid::Grid;
pub use learned::{Demosaicker, Interpolator};
pub use recipe::Recipe;
pub use restore::Observed;
pub use train::{Sample, Supervised};
pub use transformer::{Bound, Prior, Shape, Transformer};
