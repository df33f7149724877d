//! Unrolled, trained networks that learn a graph from signals.
//!
//! | module | holds |
//! |---|---|
//! | [`problem`] | what all of them are given: squared distances, and how many signals they come from |
//! | [`prior_net`] | ours: an unrolled likelihood with a learned prior, for any number of nodes and signals |
//! | [`unrolling`] | Unrolling and Recurrent Unrolling (Pu et al. 2021): the primal-dual iteration with learned scalars |
//! | [`l2g`] | L2G with TopoDiffVAE (Pu et al. 2021) |
//! | [`learned`] | ours with its weights: predictions, adaptation to one's own signals |
//! | [`recipe`] | which network is trained on what, and how |
//! | [`evaluate`] | the benchmark: every method on fresh graphs |
//! | [`bound`] | what no method can beat |
//! | [`data`] | graphs and signals to train on, as a stream |
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

pub mod bound;
pub mod data;
pub mod evaluate;
pub mod held_out;
pub mod l2g;
pub mod learned;
pub mod prior_net;
pub mod problem;
pub mod recipe;
pub mod unrolling;

pub use data::Labelled;
pub use l2g::L2g;
pub use learned::Learned;
pub use prior_net::PriorNet;
pub use problem::{Example, Problem};
pub use unrolling::Unrolling;
