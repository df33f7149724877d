//! Learn the regularisers of a linear model by hypergradient.
//!
//! The weights minimise a training loss with a penalty; the penalty's strength, one for all
//! features, one a group or one a feature, minimises the loss on rows held out:
//!
//! ```text
//! w(theta) = argmin_w  (1/n) sum_i l(x_i'w, y_i) + 1/2 sum_j exp(theta_j) w_j^2
//! theta    = argmin    mean over folds of the loss of w(theta) on the fold's held-out rows
//! ```
//!
//! [`tune`] does it, compares the result with a grid-searched single regulariser on test rows, and
//! says when the simple method is the better one.
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

pub mod table;

mod error;
mod model;
mod outcome;
mod settings;
mod tune;

pub use error::TuneError;
pub use model::{Predictions, SavedModel, write_atomically};
pub use outcome::{Comparison, Evaluation, Mean, Outcome, Phase, Score, Watch};
pub use settings::{Inner, ModelKind, Regularisers, Settings};
pub use tune::tune;
