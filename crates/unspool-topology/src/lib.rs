//! Unrolled, trained networks that learn a graph from signals.
//!
//! | module | holds |
//! |---|---|
//! | [`problem`] | what all of them are given: squared distances, and how many signals they come from |
//! | [`prior_net`] | ours: an unrolled likelihood with a learned prior, for any number of nodes and signals |
//! | [`data`] | graphs and signals to train on, as a stream |

pub mod data;
pub mod prior_net;
pub mod problem;

pub use prior_net::PriorNet;
pub use problem::{Example, Problem};
