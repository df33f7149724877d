//! Every method on every problem it is for, as a visitor sees them.
#![allow(dead_code, unreachable_pub)]

use unspool_core::data::{Csr, Dense};
use unspool_core::method::*;
use unspool_core::problem::*;
use unspool_core::zoo::Regression;
use unspool_core::{Jvp, Real, Vjp};

/// A map with a start and parameters at which it is well behaved.
pub struct Case<'a, F> {
    pub name: String,
    pub map: &'a dyn Both<F>,
    pub start: &'a [F],
    pub theta: &'a [F],
}

/// A map with both derivatives, as one object.
pub trait Both<F: Real>: Jvp<F> + Vjp<F> {}
impl<F: Real, M: Jvp<F> + Vjp<F>> Both<F> for M {}

pub fn cast<F: Real>(x: &[f64]) -> Vec<F> {
    x.iter().map(|&x| F::of(x)).collect()
}

/// Calls `visit` with each method on each problem, in the precision `F`.
pub fn each_case<F: Real>(visit: &mut dyn FnMut(Case<'_, F>)) {
    let data = Regression::new(40, 6, 0.5, 0.3, 11);
    let groups = [
        ("shared", Groups::Shared),
        ("grouped", Groups::Of(vec![0, 1, 1, Groups::FREE, 0, 2])),
        ("per-feature", Groups::PerFeature),
    ];
    for (kind, groups) in groups {
        let p = groups.params(6);
        let theta: Vec<F> = (0..p).map(|j| F::of(-1.2 + 0.3 * j as f64)).collect();
        let theta2: Vec<F> = theta.iter().chain(&theta).map(|&t| t - F::of(1.5)).collect();
        let start: Vec<F> = (0..6).map(|j| F::of(0.2 - 0.1 * j as f64)).collect();
        let start3: Vec<F> = (0..18).map(|j| F::of(0.1 * (j as f64).sin())).collect();
        let dense = || Dense::new(cast::<F>(&data.x), 40, 6).unwrap();
        let y: Vec<F> = cast(&data.y);

        let a: Vec<F> = (0..36usize)
            .map(|i| F::of(if i % 7 == 0 { 2.0 } else { 0.3 / (1.0 + (i / 6).abs_diff(i % 6) as f64) }))
            .collect();
        let quadratic = Quadratic::new(a, start.clone(), groups.clone()).unwrap();
        let ridge = Ridge::new(dense(), y.clone(), groups.clone(), Gram::Never).unwrap();
        let gram = Ridge::new(dense(), y.clone(), groups.clone(), Gram::Auto).unwrap();
        let logistic = LinearModel::new(dense(), cast::<F>(&data.signs()), Logistic, groups.clone()).unwrap();
        let sparse = LinearModel::new(sparse(&data), cast::<F>(&data.signs()), Logistic, groups.clone()).unwrap();
        let classes = Multinomial::new(3).unwrap();
        // Without a penalty the weights of a feature are determined only up to a constant.
        let bound = match &groups {
            Groups::Of(of) => Groups::Of(of.iter().map(|&g| if g == Groups::FREE { 1 } else { g }).collect()),
            other => other.clone(),
        };
        let multinomial = LinearModel::new(dense(), cast::<F>(&data.classes(3)), classes, bound).unwrap();

        let mut smooth = |name: &str, problem: &dyn ThirdOrder<F>, ell: f64, big_l: f64, start: &[F]| {
            let (ell, big_l) = (F::of(ell), F::of(big_l));
            let mut case = |method: &str, map: &dyn Both<F>| {
                let name = format!("{method} on {name}, {kind}");
                visit(Case { name, map, start, theta: &theta });
            };
            case("gradient descent", &GradientDescent::new(problem, F::one() / big_l));
            case("heavy ball", &heavy_ball(problem, HeavyBall::tuned(ell, big_l)));
            case("nesterov", &nesterov(problem, Nesterov::tuned(ell, big_l)));
            case("chebyshev", &chebyshev(problem, Chebyshev::new(ell, big_l)));
            case("sobolev", &sobolev(problem, Sobolev::new(ell, big_l).unwrap()));
            let weights: Vec<f64> = (0..=12).map(|k| if k < 6 { -0.02 } else { 0.16 }).collect();
            case("horizon", &horizon(problem, Horizon::new(ell, big_l, weights).unwrap()));
            case("newton", &Newton::new(problem).damped(F::of(0.7)));
            if problem.is_quadratic() {
                case("conjugate gradient", &ConjugateGradient::new::<F>(problem).unwrap());
            }
        };
        smooth("quadratic", &quadratic, 1.5, 4.0, &start);
        smooth("ridge", &ridge, 0.2, 4.0, &start);
        smooth("ridge through the Gram matrix", &gram, 0.2, 4.0, &start);
        smooth("logistic", &logistic, 0.1, 2.0, &start);
        smooth("sparse logistic", &sparse, 0.1, 2.0, &start);
        smooth("multinomial", &multinomial, 0.1, 2.0, &start3);

        let lasso = lasso(dense(), y.clone(), groups.clone()).unwrap();
        let net = elastic_net(dense(), y.clone(), groups.clone()).unwrap();
        let theta1: Vec<F> = theta.iter().map(|&t| t - F::one()).collect();
        let h = F::of(0.25);
        for (name, problem, theta) in [("lasso", &lasso, &theta1), ("elastic net", &net, &theta2)] {
            let mut case = |method: &str, map: &dyn Both<F>| {
                let name = format!("{method} on {name}, {kind}");
                visit(Case { name, map, start: &start, theta });
            };
            case("proximal gradient", &ProximalGradient::new(problem, h));
            case("fista", &fista(problem, Fista::new(h)));
        }

        let bounds = Bounds::new(vec![F::of(-0.05); 6], vec![F::of(0.05); 6]).unwrap();
        let boxed = Composite::new(quadratic, bounds).unwrap();
        let name = format!("proximal gradient on quadratic in a box, {kind}");
        visit(Case { name, map: &ProximalGradient::new(&boxed, h), start: &start, theta: &theta });
    }
}

/// The same data with a third of the entries dropped.
pub fn sparse<F: Real>(data: &Regression) -> Csr<'static, F> {
    let (mut indptr, mut indices, mut values) = (vec![0], vec![], vec![]);
    for (i, row) in data.x.chunks(data.d).enumerate() {
        for (j, &v) in row.iter().enumerate().filter(|(j, _)| (i + j) % 3 != 0) {
            indices.push(j as u32);
            values.push(F::of(v));
        }
        indptr.push(indices.len());
    }
    Csr::new(indptr, indices, values, data.d).unwrap()
}
