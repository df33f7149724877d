//! What is minimised: objectives by their oracles, and the problems that come with the crate.
//!
//! | problem | type |
//! |---|---|
//! | quadratic | [`Quadratic`] |
//! | ridge regression | [`Ridge`] (through the Gram matrix where that pays) |
//! | logistic, multinomial logistic regression | [`LinearModel`] with [`Logistic`], [`Multinomial`] |
//! | lasso, elastic net | [`Composite`] of a [`LinearModel`] and [`L1`], see [`lasso`] and [`elastic_net`] |
//! | any of these in a box | [`Composite`] of it and [`Bounds`] |
//! | your own | implement [`Smooth`], or `autodiff::Objective` and write no derivative |
//!
//! Regularisers enter by their logarithm, one shared, one for each group, or one for each feature:
//! [`Groups`].

mod bounds;
mod composite;
mod condition;
mod groups;
mod l1;
mod linear;
mod loss;
mod prox;
mod quadratic;
mod ridge;
mod smooth;

pub use bounds::Bounds;
pub use composite::{Composite, OnSupport, elastic_net, lasso};
pub use condition::Stationarity;
pub use groups::{Groups, LogRidge};
pub use l1::L1;
pub use linear::LinearModel;
pub use loss::{Logistic, Loss, Multinomial, Squared};
pub use prox::{NoPenalty, Prox};
pub use quadratic::Quadratic;
pub use ridge::{Gram, Ridge};
pub use smooth::{Smooth, ThirdOrder};
