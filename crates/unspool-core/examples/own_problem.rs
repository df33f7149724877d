//! A problem of one's own as one generic function: the gradient of a validation error in the
//! hyper-parameters, by unrolling gradient descent and implicitly at the solution of Newton's
//! method.
use unspool_core::autodiff::{Auto, DualNum, Objective};
use unspool_core::method::{GradientDescent, Newton};
use unspool_core::zoo::Regression;
use unspool_core::{Mode, Solve, Stop};

/// Ridge regression that does not trust outliers: with residuals `r = X w - y`,
/// `(1/n) sum_i s^2 (sqrt(1 + (r_i/s)^2) - 1) + 1/2 lambda |w|^2`, theta = (log lambda, log s).
struct Robust {
    data: Regression,
}

impl Objective<f64> for Robust {
    fn dim(&self) -> usize {
        self.data.d
    }
    fn params(&self) -> usize {
        2
    }
    fn value<D: DualNum<Primitive = f64> + Copy>(&self, w: &[D], theta: &[D]) -> D {
        let (lambda, s) = (theta[0].exp(), theta[1].exp());
        let rows = self.data.x.chunks(self.data.d).zip(&self.data.y);
        let residuals = rows.map(|(x, &y)| w.iter().zip(x).map(|(&w, &x)| w * x).sum::<D>() - y);
        let loss = residuals.map(|r| ((r / s).powi(2) + 1.0).sqrt() - 1.0).sum::<D>() * s * s;
        loss / self.data.n as f64 + lambda * w.iter().map(|w| w.powi(2)).sum::<D>() * 0.5
    }
}

/// Half the mean squared error of `w`, and its gradient into `out`.
fn validation(data: &Regression, w: &[f64], out: &mut [f64]) -> f64 {
    out.fill(0.0);
    let mut error = 0.0;
    for (x, y) in data.x.chunks(data.d).zip(&data.y) {
        let r = x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>() - y;
        error += 0.5 * r * r / data.n as f64;
        out.iter_mut().zip(x).for_each(|(out, x)| *out += r * x / data.n as f64);
    }
    error
}

fn main() -> unspool_core::Result<()> {
    // The rows of one data set, for training and for validation; each tenth target is spoilt.
    let Regression { n, d, mut x, mut y } = Regression::new(160, 10, 0.3, 0.2, 1);
    let held_out = Regression { n: n / 2, d, x: x.split_off(n / 2 * d), y: y.split_off(n / 2) };
    y.iter_mut().step_by(10).for_each(|y| *y += 8.0);
    let problem = Auto(Robust { data: Regression { n: n / 2, d, x, y } });
    let (theta, start) = ([-3.0, 0.0], vec![0.0; d]);

    let mut error = 0.0;
    let mut loss = |w: &[f64], c: &mut [f64]| error = validation(&held_out, w, c);
    let descent = GradientDescent::new(&problem, 0.5);
    let solve = Solve::new(&descent, &start).stop(Stop::tolerance(1e-10));
    let unrolled = solve.vjp(&theta, Mode::full(), &mut loss)?;
    let newton = Newton::new(&problem);
    let implicit = Solve::new(&newton, &start).vjp(&theta, Mode::implicit(), &mut loss)?;

    println!("validation error {error:.6}; its gradient in log lambda, log s:");
    println!("gradient descent, unrolled: {:?}, {} steps", unrolled.theta, unrolled.cost.steps);
    println!("Newton, implicitly:         {:?}, {} steps", implicit.theta, implicit.cost.steps);
    Ok(())
}
