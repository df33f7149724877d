//! Laplacian maximum likelihood: signals `x ~ N(0, pinv(L(w)))`, the graph that makes them likeliest.
//!
//! ```text
//! minimise  f(w) = z'w - log det(L(w) + 11'/m)   subject to w >= 0
//! ```
//!
//! `L(w)` is the combinatorial Laplacian and `z` the squared distances per observation. Convex; its solution exists and
//! is unique where `z > 0` (Egilmez, Pavez and Ortega 2017).
//!
//! | file | holds |
//! |---|---|
//! | [`Candidates`] | the objective on all pairs or some, effective resistances, the duality gap |
//! | [`minimise`] | projected Newton: the fast method |
//! | [`Mm`] | majorisation-minimisation, `w <- w sqrt(R(w) / z)`, as a differentiable map |
//! | [`refit`] | the same likelihood on the support of least BIC |

mod mm;
mod newton;
mod objective;
mod refit;
mod resistance;

pub use mm::Mm;
pub use newton::{Optimum, Settings, minimise};
pub use objective::{Candidates, Certificate};
pub use refit::{Criterion, Refitted, refit};
