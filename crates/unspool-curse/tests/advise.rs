//! The adviser against every plan it could have chosen.

use unspool_core::data::Dense;
use unspool_core::problem::{Gram, Groups, LinearModel, Logistic, Ridge, ThirdOrder};
use unspool_core::spectrum::Edges;
use unspool_core::zoo::Regression;
use unspool_core::{Solve, Stop};
use unspool_curse::advise::{Advice, Budget, Question, advise, plans};
use unspool_curse::experiment::Exact;

mod common;
use common::{scaled, signed, standardised};

struct Case {
    name: String,
    problem: Box<dyn ThirdOrder<f64>>,
    theta: Vec<f64>,
    start: Vec<f64>,
    edges: Option<Edges>,
}

fn relative(a: &[f64], b: &[f64]) -> f64 {
    let size = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    size(&mut a.iter().zip(b).map(|(a, b)| a - b)) / size(&mut b.iter().copied())
}

/// Ten problems: ridge and logistic, real and generated, `kappa` from 1e-1 to 1e-5.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add =
        |name: &str, logistic: bool, groups: Groups, (x, y, d): (Vec<f64>, Vec<f64>, usize), kappa: f64, wrong: f64| {
            let n = y.len();
            let design = Dense::new(x, n, d).unwrap();
            let problem: Box<dyn ThirdOrder<f64>> = if logistic {
                Box::new(LinearModel::new(design, y, Logistic, groups.clone()).unwrap())
            } else {
                Box::new(Ridge::new(design, y, groups.clone(), Gram::Auto).unwrap())
            };
            let p = groups.params(d);
            let (zero, none) = (vec![0.0; d], vec![-60.0; p]);
            let l = unspool_core::spectrum::edges(&*problem, &zero, &vec![0.0; p], Default::default()).unwrap().l - 1.0;
            let theta: Vec<f64> =
                none.iter().enumerate().map(|(j, _)| (kappa * l).ln() + 0.3 * (j as f64).sin()).collect();
            let told = Edges::new(kappa * l * wrong, l / wrong).unwrap();
            let edges = (wrong != 1.0).then_some(told);
            let start =
                (0..d).map(|j| if name.ends_with("far") { 2.0 * (3.0 * j as f64).cos() } else { 0.0 }).collect();
            cases.push(Case { name: format!("{name} kappa {kappa:.0e}"), problem, theta, start, edges });
        };
    let real = |data: common::Data| (data.x, data.y, data.d);
    let generated = |n, d, last, seed| {
        let data = Regression::new(n, d, last, 0.5, seed);
        let signs = data.signs();
        ((data.x.clone(), data.y, d), (data.x, signs, d))
    };
    add("ridge wdbc", false, Groups::Shared, real(signed(standardised("wdbc"))), 1e-2, 1.0);
    add("ridge wdbc features far", false, Groups::PerFeature, real(signed(standardised("wdbc"))), 1e-3, 1.0);
    add("ridge diabetes", false, Groups::PerFeature, real(standardised("diabetes")), 1e-1, 3.0);
    add("ridge breast far", false, Groups::Shared, real(scaled()), 1e-2, 1.0);
    add("ridge generated", false, Groups::Shared, generated(300, 60, 3e-3, 1).0, 1e-5, 2.0);
    add("ridge wide far", false, Groups::Shared, generated(400, 150, 1e-2, 2).0, 1e-4, 1.0);
    add("logistic wdbc", true, Groups::Shared, real(signed(standardised("wdbc"))), 1e-2, 4.0);
    add("logistic wdbc features", true, Groups::PerFeature, real(signed(standardised("wdbc"))), 1e-3, 1.0);
    add("logistic generated", true, Groups::Shared, generated(200, 100, 0.3, 3).1, 1e-1, 1.0);
    add("logistic hard", true, Groups::PerFeature, generated(300, 40, 1e-2, 4).1, 1e-4, 0.5);
    cases
}

/// On 30 problems (ten, three budgets each) the choice is within 1.5 of the best error that any method
/// and mode reaches under the same budget in at least 27, never worse than 3; the forecast is within a
/// factor of 3 in at least 25. Errors below the tolerance, 1e-8, count as equal.
#[test]
fn the_choice_is_near_the_best_of_all() {
    const TOLERANCE: f64 = 1e-8;
    let (mut near, mut forecast, mut worst, mut count) = (0, 0, 0.0, 0);
    for case in cases() {
        let exact = Exact::solve(&*case.problem, &case.theta, &vec![0.0; case.start.len()]).unwrap();
        for steps in [15, 60, 240] {
            let question = Question {
                problem: &*case.problem,
                theta: &case.theta,
                start: &case.start,
                budget: Budget::steps(steps),
                tolerance: TOLERANCE,
                edges: case.edges,
                seed: 0,
            };
            let advice: Advice = advise(&question).unwrap();
            assert!(advice.forecasts.iter().all(|f| f.plan.products <= 2 * steps));
            assert_eq!(advice.warnings.is_empty(), case.edges.is_none(), "{:?}", advice.warnings);
            let mut all: Vec<(f64, String)> = Vec::new();
            let mut ours = f64::INFINITY;
            let choice = advice.choice.plan;
            for plan in plans(&*case.problem, 2 * steps, None).into_iter().chain([choice]) {
                let map = plan.map(&*case.problem, advice.spectrum).unwrap();
                let solve = Solve::new(&map, &case.start).stop(Stop::steps(plan.steps));
                let error = relative(&solve.jacobian(&case.theta, plan.mode).unwrap().dx, &exact.jacobian);
                let error = if error.is_nan() { f64::INFINITY } else { error.max(TOLERANCE) };
                if plan == choice {
                    ours = error;
                }
                all.push((error, plan.to_string()));
            }
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            let expected = advice.choice.error.max(TOLERANCE);
            let (ratio, off) = (ours / all[0].0, ours / expected);
            println!(
                "{:34} {steps:4}: {ratio:8.2} of the best {:.1e} ({}); chose {} forecast off {off:.2}",
                case.name, all[0].0, all[0].1, advice.choice.plan
            );
            near += usize::from(ratio <= 1.5);
            forecast += usize::from((1.0 / 3.0..=3.0).contains(&off));
            worst = f64::max(worst, ratio);
            count += 1;
        }
    }
    println!("near {near}, forecast {forecast} of {count}, worst {worst}");
    assert_eq!(count, 30);
    assert!(near >= 27 && worst <= 3.0 && forecast >= 25);
}
