//! Methods and problems of `unspool-core` in all modes, on up to 6 rows and 4 columns.
//!
//! What must hold for any data, parameters, step sizes and texts of modes: nothing panics; the answer is an error, or a
//! status with derivatives that are finite where it says so.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use unspool_core::data::{Csr, Dense};
use unspool_core::method::*;
use unspool_core::problem::*;
use unspool_core::spectrum::{self, Lanczos};
use unspool_core::{Jvp, LinearSolver, Mode, Result, Solve, Status, Stop, Tape, Vjp};
use unspool_fuzz::{Number, finite, values};

#[derive(Arbitrary, Debug)]
struct Input {
    rows: u8,
    columns: u8,
    problem: u8,
    method: u8,
    groups: u8,
    of: [u8; 4],
    mode: Text,
    steps: u8,
    tolerance: Option<Number>,
    edges: [Number; 2],
    theta: Vec<Number>,
    start: Vec<Number>,
    targets: Vec<Number>,
    data: Vec<Number>,
}

#[derive(Arbitrary, Debug)]
enum Text {
    Known { name: u8, count: u8, polish: u8 },
    Any(String),
}

const MODES: [&str; 10] = [
    "full",
    "slots:",
    "budget:",
    "last:",
    "one-step",
    "late:",
    "late:auto",
    "implicit",
    "implicit:cholesky",
    "implicit:neumann",
];

fuzz_target!(|input: Input| {
    // an error is an answer, too
    let _ = run(&input);
});

fn run(input: &Input) -> Result<()> {
    let (n, d) = (1 + usize::from(input.rows % 6), 1 + usize::from(input.columns % 4));
    let x = || Dense::new(values(&input.data, n * d), n, d);
    let y = values(&input.targets, n);
    let groups = match input.groups % 4 {
        0 => Groups::Shared,
        1 => Groups::PerFeature,
        2 => Groups::Of(input.of[..d].iter().map(|&g| if g < 200 { u32::from(g % 4) } else { Groups::FREE }).collect()),
        _ => Groups::None,
    };
    let signs = || y.iter().map(|y| if *y > 0.0 { 1.0 } else { -1.0 }).collect::<Vec<f64>>();
    match input.problem % 8 {
        0 => {
            let upper = values(&input.data, d * d);
            let a = (0..d * d).map(|k| upper[(k / d).min(k % d) * d + (k / d).max(k % d)]).collect();
            smooth(&Quadratic::new(a, values(&input.targets, d), groups)?, input)
        }
        1 => smooth(&Ridge::new(x()?, y, groups, Gram::Auto)?, input),
        2 => smooth(&Ridge::new(x()?, y, groups, Gram::Never)?, input),
        3 => smooth(&LinearModel::new(x()?, signs(), Logistic, groups)?, input),
        4 => {
            let ends: Vec<usize> = (0..=n).map(|i| i * d).collect();
            let columns: Vec<u32> = (0..n * d).map(|k| (k % d) as u32).collect();
            let x = Csr::new(ends, columns, values(&input.data, n * d), d)?;
            smooth(&LinearModel::new(x, signs(), Logistic, groups)?, input)
        }
        5 => {
            let classes: Vec<f64> = y.iter().map(|y| if *y > 1.0 { 2.0 } else { f64::from(*y > 0.0) }).collect();
            smooth(&LinearModel::new(x()?, classes, Multinomial::new(3)?, groups)?, input)
        }
        6 => composite(&lasso(x()?, y, groups)?, input),
        _ => composite(&elastic_net(x()?, y, groups)?, input),
    }
}

fn smooth<P: ThirdOrder<f64>>(problem: &P, input: &Input) -> Result<()> {
    let [ell, big_l] = input.edges.map(Number::value);
    let step = 1.0 / big_l;
    match input.method % 9 {
        0 => solve(&GradientDescent::new(problem, step), input),
        1 => solve(&heavy_ball(problem, HeavyBall::tuned(ell, big_l)), input),
        2 => solve(&nesterov(problem, Nesterov::tuned(ell, big_l)), input),
        3 => solve(&chebyshev(problem, Chebyshev::new(ell, big_l)), input),
        4 => solve(&sobolev(problem, Sobolev::new(ell, big_l)?), input),
        5 => solve(&horizon(problem, Horizon::new(ell, big_l, values(&input.start, 6))?), input),
        6 => solve(&Newton::new(problem).damped(ell), input),
        7 => solve(&ConjugateGradient::new::<f64>(problem)?, input),
        _ => {
            let (x, theta) = (values(&input.start, problem.dim()), values(&input.theta, problem.params()));
            let edges = spectrum::edges(problem, &x, &theta, Lanczos::default())?;
            assert!(finite(&[edges.ell, edges.l]), "{edges:?}");
            Ok(())
        }
    }
}

fn composite<S: Smooth<f64>, G: Prox<f64>>(problem: &Composite<S, G>, input: &Input) -> Result<()> {
    let step = input.edges[0].value();
    match input.method % 2 {
        0 => solve(&ProximalGradient::new(problem, step), input),
        _ => solve(&fista(problem, Fista::new(step)), input),
    }
}

fn solve<M: Jvp<f64> + Vjp<f64>>(map: &M, input: &Input) -> Result<()> {
    let dims = map.dims();
    let (start, theta) = (values(&input.start, dims.output), values(&input.theta, dims.params));
    let steps = usize::from(input.steps % 32);
    let stop = input.tolerance.map_or(Stop::steps(steps), |tol| Stop::tolerance(tol.value()).at_most(steps));
    let solve = Solve::new(map, &start).stop(stop);
    let solution = solve.run(&theta)?;
    assert!(finite(&solution.x) || !has_numbers(solution.status), "{solution:?}");
    let mode = mode(&input.mode)?;
    let adjoint = solve.vjp(&theta, mode, |x, c| c.copy_from_slice(x))?;
    let gradients = adjoint.theta.iter().chain(&adjoint.start).chain(&adjoint.x);
    assert!(finite(gradients) || !has_numbers(adjoint.status), "{mode} {adjoint:?}");
    let tangents = solve.jacobian(&theta, mode)?;
    assert!(finite(tangents.dx.iter().chain(&tangents.x)) || !has_numbers(tangents.status), "{mode} {tangents:?}");
    if let Mode::Unroll { tape: Tape::Slots(_) | Tape::Bytes(_), .. } = mode {
        return Ok(());
    }
    solve.jacobians(&theta, |_, _, _| ())?;
    Ok(())
}

/// Whether results of this status are promised to be finite.
fn has_numbers(status: Status) -> bool {
    status.is_ok() || matches!(status, Status::NotConverged { .. })
}

fn mode(text: &Text) -> Result<Mode> {
    let mode: Mode = match text {
        Text::Known { name, count, polish } => {
            let name = MODES[usize::from(*name) % MODES.len()];
            let count = if name.ends_with(':') { (usize::from(*count) * 16).to_string() } else { String::new() };
            let polish = if *polish > 250 { String::new() } else { format!("+polish:{polish}") };
            let polish = if name.starts_with("implicit") { String::new() } else { polish };
            format!("{name}{count}{polish}").parse()?
        }
        Text::Any(text) => text.parse()?,
    };
    assert_eq!(mode.to_string().parse::<Mode>()?.to_string(), mode.to_string());
    Ok(match mode {
        // as many steps as are asked for would take as long as that
        Mode::Unroll { polish: 1000.., .. } => mode.polished(1000),
        Mode::Implicit(LinearSolver::Neumann { tol, .. }) => {
            Mode::Implicit(LinearSolver::Neumann { tol, max_terms: 1000 })
        }
        mode => mode,
    })
}
