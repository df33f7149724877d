//! What to tune, and how.

use std::fmt;
use std::str::FromStr;

use unspool_core::Mode;

/// The kind of model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// Least squares with squared penalties.
    Ridge,
    /// Logistic regression with squared penalties; multinomial for more than two classes.
    Logistic,
    /// Least squares with absolute penalties.
    Lasso,
}

impl ModelKind {
    /// Every kind.
    pub const ALL: [ModelKind; 3] = [ModelKind::Ridge, ModelKind::Logistic, ModelKind::Lasso];

    /// Whether the target is a class.
    pub fn is_classifier(self) -> bool {
        self == ModelKind::Logistic
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ModelKind::Ridge => "ridge",
            ModelKind::Logistic => "logistic",
            ModelKind::Lasso => "lasso",
        })
    }
}

impl FromStr for ModelKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = ModelKind::ALL.into_iter().find(|kind| kind.to_string() == text);
        found.ok_or_else(|| format!("`{text}` is not a model; expected ridge, logistic or lasso"))
    }
}

/// Which regularisers are learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Regularisers {
    /// One for each feature where there are enough rows to learn so many (four a regulariser) and the
    /// folds agree on which features need more and which less; else one.
    Auto,
    /// One, shared by all features.
    One,
    /// One for each group of features; the group number of each feature, from 0 without gaps.
    Groups(Vec<u32>),
    /// One for each feature.
    PerFeature,
}

/// How the fits are computed and differentiated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inner {
    /// As the adviser of `unspool-curse` finds cheapest for the spectrum of the training problem: see
    /// [`Outcome::advice`](crate::Outcome::advice).
    Advised,
    /// Solved to a tight tolerance, differentiated implicitly.
    Solved,
    /// So many steps of Nesterov's method (of FISTA for the lasso) from zero, differentiated by
    /// unrolling in this mode: the derivative of early-stopped training.
    Unrolled {
        /// Number of steps.
        steps: usize,
        /// How they are differentiated.
        mode: Mode,
    },
}

/// Settings of [`tune`](crate::tune).
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The model.
    pub model: ModelKind,
    /// Which regularisers are learned.
    pub regularisers: Regularisers,
    /// Fraction of the rows held out for the final figures, in (0, 1).
    pub test_fraction: f64,
    /// Folds of the cross-validation, at least 3.
    pub folds: usize,
    /// Seed of the splits.
    pub seed: u64,
    /// How fits are computed and differentiated.
    pub inner: Inner,
    /// Most evaluations of the outer loss for several regularisers.
    pub max_evaluations: usize,
    /// Strength of the pull of several regularisers towards the shared one: the outer loss is
    /// raised by `strength / 2` of itself when they differ by a factor e on average.
    pub pull: f64,
    /// Points of the grid that the result is compared with.
    pub grid_points: usize,
}

impl Settings {
    /// The defaults for a model: regularisers [`Regularisers::Auto`], a fifth of the rows for testing, 5
    /// folds, 25 grid points.
    pub fn new(model: ModelKind) -> Self {
        Settings {
            model,
            regularisers: Regularisers::Auto,
            test_fraction: 0.2,
            folds: 5,
            seed: 0,
            inner: Inner::Advised,
            max_evaluations: 12,
            pull: 0.03,
            grid_points: 25,
        }
    }
}
