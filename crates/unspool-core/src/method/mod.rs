//! Iterative methods as maps. Each file states its update; what several share stands in
//! [`Inertial`] and [`Multistep`].
//!
//! | method | map | state | for |
//! |---|---|---|---|
//! | gradient descent | [`GradientDescent`] | `x` | smooth problems |
//! | heavy ball | [`heavy_ball`] | `x, x_prev` | smooth, spectrum known |
//! | Nesterov | [`nesterov`] | `x, x_prev` | smooth, spectrum roughly known |
//! | Chebyshev | [`chebyshev`] | `x, x_prev` | quadratics, spectrum known |
//! | Sobolev | [`sobolev`] | `x`, 4 more | Jacobians of quadratics, spectrum known |
//! | fixed horizon | [`horizon`] | `x, y, y_prev` | the same, number of steps known |
//! | Newton | [`Newton`] | `x` | smooth, few variables |
//! | proximal gradient (ISTA) | [`ProximalGradient`] | `x` | smooth + kink |
//! | FISTA | [`fista`] | `x, x_prev` | smooth + kink |
//! | conjugate gradient | [`ConjugateGradient`] | `x, r, p` | quadratics |

mod chebyshev;
mod conjugate_gradient;
mod fista;
mod gradient_descent;
mod heavy_ball;
mod horizon;
mod inertial;
mod multistep;
mod nesterov;
mod newton;
mod proximal_gradient;
mod sobolev;

pub use chebyshev::{Chebyshev, chebyshev};
pub use conjugate_gradient::ConjugateGradient;
pub use fista::{Fista, fista};
pub use gradient_descent::GradientDescent;
pub use heavy_ball::{HeavyBall, heavy_ball};
pub use horizon::{Horizon, horizon};
pub use inertial::{Coefficients, Inertial, Schedule};
pub use multistep::{Multistep, Recurrence, Recurrent};
pub use nesterov::{Nesterov, nesterov};
pub use newton::Newton;
pub use proximal_gradient::ProximalGradient;
pub use sobolev::{Sobolev, sobolev};
