//! An update rule of one's own, differentiated forward, in reverse and implicitly.
use unspool_core::autodiff::{AutoMap, DualNum, Update};
use unspool_core::{Dims, Mode, Solve, Stop};

/// Kepler's equation by iteration, `E <- M + e sin E`; theta = (M, e).
struct Kepler;

impl Update<f64> for Kepler {
    fn dims(&self) -> Dims {
        Dims { state: 1, output: 1, params: 2 }
    }
    fn step<D: DualNum<Primitive = f64> + Copy>(&self, _: usize, x: &[D], theta: &[D], next: &mut [D]) {
        next[0] = theta[0] + theta[1] * x[0].sin();
    }
}

fn main() -> unspool_core::Result<()> {
    let (map, theta) = (AutoMap(Kepler), [1.0, 0.3]);
    let solve = Solve::new(&map, &[1.0]).stop(Stop::tolerance(1e-14));
    let forward = solve.jacobian(&theta, Mode::full())?;
    let reverse = solve.vjp(&theta, Mode::full(), |_, c| c[0] = 1.0)?;
    let implicit = solve.vjp(&theta, Mode::cholesky(), |_, c| c[0] = 1.0)?;
    println!("E = {} after {} steps; dE/dM, dE/de:", forward.x[0], forward.cost.steps);
    println!("forward  {:?}\nreverse  {:?}\nimplicit {:?}", forward.dx, reverse.theta, implicit.theta);
    let (sin, cos) = forward.x[0].sin_cos();
    println!("exact    {:?}", [1.0 / (1.0 - theta[1] * cos), sin / (1.0 - theta[1] * cos)]);
    Ok(())
}
