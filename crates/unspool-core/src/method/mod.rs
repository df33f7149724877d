//! Iterative methods as maps. Each file states its update; what several share stands in
//! [`Inertial`].
//!
//! | method | map | state | for |
//! |---|---|---|---|
//! | gradient descent | [`GradientDescent`] | `x` | smooth problems |
//! | heavy ball | [`heavy_ball`] | `x, x_prev` | smooth, spectrum known |
//! | Nesterov | [`nesterov`] | `x, x_prev` | smooth, spectrum roughly known |
//! | Chebyshev | [`chebyshev`] | `x, x_prev` | quadratics, spectrum known |
//! | Newton | [`Newton`] | `x` | smooth, few variables |
//! | proximal gradient (ISTA) | [`ProximalGradient`] | `x` | smooth + kink |
//! | FISTA | [`fista`] | `x, x_prev` | smooth + kink |
//! | conjugate gradient | [`ConjugateGradient`] | `x, r, p` | quadratics |

mod chebyshev;
mod conjugate_gradient;
mod fista;
mod gradient_descent;
mod heavy_ball;
mod inertial;
mod nesterov;
mod newton;
mod proximal_gradient;

pub use chebyshev::{Chebyshev, chebyshev};
pub use conjugate_gradient::ConjugateGradient;
pub use fista::{Fista, fista};
pub use gradient_descent::GradientDescent;
pub use heavy_ball::{HeavyBall, heavy_ball};
pub use inertial::{Coefficients, Inertial, Schedule};
pub use nesterov::{Nesterov, nesterov};
pub use newton::Newton;
pub use proximal_gradient::ProximalGradient;
