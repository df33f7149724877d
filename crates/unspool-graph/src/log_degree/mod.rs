//! The log-degree model (Kalofolias 2016).
//!
//! ```text
//! minimise  F(w) = 2 theta z'w - alpha 1'log(D w) + beta ||w||^2   subject to w >= 0
//! ```

pub mod newton;
pub mod pricing;

use crate::error::{Result, check_positive};

/// The three regularisers of the log-degree model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Weight of the log-barrier on the degrees: keeps every node connected.
    pub alpha: f64,
    /// Weight of the squared norm of the edges: larger is denser.
    pub beta: f64,
    /// Factor on the squared distances: larger is sparser.
    pub theta: f64,
}

impl Weights {
    /// `alpha`, `beta` and `theta = 1`.
    pub fn new(alpha: f64, beta: f64) -> Self {
        Weights { alpha, beta, theta: 1.0 }
    }

    /// Errors unless all three are positive and finite.
    pub fn check(&self) -> Result<()> {
        check_positive("alpha", self.alpha)?;
        check_positive("beta", self.beta)?;
        check_positive("theta", self.theta)
    }
}
