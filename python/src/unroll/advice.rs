//! The adviser, and the experiment that it rests on.

use std::sync::Arc;

use pyo3::prelude::*;
use serde_json::json;
use unspool_core::spectrum::Edges;
use unspool_curse::advise::{Advice, Budget, Question};
use unspool_curse::experiment::{Exact, Method, Setting};
use unspool_curse::theory::Spectrum;

use super::problem::{Data, Held, Problem};
use crate::error::{Failure, Result};
use crate::work;

fn double(problem: &Problem) -> Result<Arc<Data<f64>>> {
    match &problem.held {
        Held::Double(data) => Ok(data.clone()),
        Held::Single(_) => Err(Failure::input("the adviser works in float64", "give the data as float64")),
    }
}

/// Which plan fits a budget best: a JSON document.
#[pyfunction]
#[pyo3(signature = (problem, theta, start, *, steps, seconds, memory, tolerance, edges, seed, follow))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn advise(
    py: Python<'_>,
    problem: &Problem,
    theta: Vec<f64>,
    start: Vec<f64>,
    steps: usize,
    seconds: Option<f64>,
    memory: Option<usize>,
    tolerance: f64,
    edges: Option<(f64, f64)>,
    seed: u64,
    follow: bool,
) -> PyResult<String> {
    let data = double(problem)?;
    let text = work::run(py, move |_| {
        let question = Question {
            problem: data.smooth("the adviser")?,
            theta: &theta,
            start: &start,
            budget: Budget { steps, seconds, bytes: memory },
            tolerance,
            edges: edges.map(|(ell, l)| Edges::new(ell, l)).transpose()?,
            seed,
        };
        let advice = unspool_curse::advise::advise(&question)?;
        let followed = if follow { Some(advice.follow(&question)?) } else { None };
        let Advice { choice, spectrum, forecasts, why, warnings, products } = advice;
        let followed = followed.map(|followed| {
            let trust = &followed.trust;
            json!({
                "estimated_error": trust.relative(),
                "certified_error": trust.certified.map(|bound| bound / trust.size),
                "residual": trust.residual,
                "burn_in": trust.burn_in,
                "over_forecast": followed.off,
            })
        });
        Ok(json!({
            "choice": choice, "why": why, "warnings": warnings, "forecasts": forecasts, "measuring_products": products,
            "spectrum": { "ell": spectrum.ell(), "l": spectrum.big_l() },
            "followed": followed,
        })
        .to_string())
    })?;
    Ok(text)
}

/// Errors of the Jacobian, the iterate and the function, step by step, for each method: a JSON document.
#[pyfunction]
pub(crate) fn curse(
    py: Python<'_>,
    problem: &Problem,
    theta: Vec<f64>,
    start: Vec<f64>,
    steps: usize,
    methods: Vec<String>,
    edges: Option<(f64, f64)>,
) -> PyResult<String> {
    let data = double(problem)?;
    let find = |name: &String| {
        let found = Method::ALL.into_iter().find(|method| method.name() == name);
        let names = Method::ALL.map(Method::name).join(", ");
        found.ok_or_else(|| Failure::input(format!("there is no method {name:?}"), format!("there are {names}")))
    };
    let methods = methods.iter().map(find).collect::<Result<Vec<_>>>()?;
    let text = work::run(py, move |_| {
        let problem = data.smooth("the experiment")?;
        let exact = Exact::solve(problem, &theta, &start)?;
        let (ell, l) = match edges {
            Some(edges) => edges,
            None => {
                let found = data.edges(&exact.x, &theta)?;
                (found.ell, found.l)
            }
        };
        let spectrum = Spectrum::new(ell, l)?;
        let setting = Setting { problem, theta: &theta, start: &start, spectrum, steps };
        let curves = setting.run(&exact, &methods)?;
        let x = exact.x;
        Ok(json!({ "curves": curves, "spectrum": { "ell": ell, "l": l }, "x": x, "jacobian": exact.jacobian })
            .to_string())
    })?;
    Ok(text)
}
