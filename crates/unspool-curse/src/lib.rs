//! Theory of differentiating through optimization, after Scieur, Bertrand, Gidel and Pedregosa, *The
//! Curse of Unrolling* (NeurIPS 2022).
//!
//! A solver that runs `t` steps has an answer `x_t` and a Jacobian `J_t = dx_t/dtheta`. On a quadratic
//! whose Hessian `H` has its spectrum in `[ell, L]`, both are told by one polynomial `P_t`, the
//! method's residual polynomial:
//!
//! ```text
//! x_t - x* = P_t(H) (x_0 - x*)
//! J_t - J* = (P_t(H) - H P_t'(H)) (J_0 - J*) + P_t'(H) d_theta grad f(x_0)
//! ```
//!
//! The second line is the curse: the derivative `P_t'` is large where `P_t` falls fast, so the faster
//! the solver, the longer its Jacobian may get worse before it gets better.
//!
//! | room | holds |
//! |---|---|
//! | [`theory`] | residual polynomials, the identity above, worst cases, burn-in, best possible value |
//! | [`horizon`] | weights of Chebyshev's iterates for a known number of steps |
//! | [`advise`] | which method, step size, number of steps and mode, for a problem and a budget |
//! | [`experiment`] | measured errors of each method, step by step, on any smooth problem |
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

#[cfg(doctest)]
#[doc = include_str!("../../../book/src/maths-unrolling.md")]
struct Mathematics;

pub mod advise;
pub mod experiment;
pub mod horizon;
pub mod prediction;
pub mod theory;
