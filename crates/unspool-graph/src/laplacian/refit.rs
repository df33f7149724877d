//! Maximum likelihood on the edges that matter.
//!
//! The likelihood alone keeps many light edges that only fit noise. Along the nested supports that the weights of the
//! full optimum give, heaviest first, each is fitted again, and the one of least criterion is kept:
//!
//! ```text
//! BIC(S)      = n f(w_S) + |S| ln n + 2 gamma ln C(l, |S|)        n observations of l pairs, gamma = 1/2
//! held-out(S) = f(w_S) with held-out z
//! ```
//!
//! The last term of the extended BIC (Chen and Chen 2008) counts how many supports of that size there are; with
//! `gamma = 0` it is Schwarz's.

use statrs::function::factorial::ln_binomial;

use super::newton::{self, Optimum, Settings};
use super::objective::Candidates;
use crate::error::{Error, Result, check_len};
use crate::{Edge, Graph, pairs};

/// Weight of the number of supports in the criterion.
const GAMMA: f64 = 0.5;

/// What decides between supports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Criterion<'a> {
    /// The extended Bayesian information criterion, with the number of observations.
    Bic(usize),
    /// The likelihood of held-out signals, as a half-vector of their squared distances.
    HeldOut(&'a [f64]),
}

/// A fit on a chosen support.
#[derive(Clone, Debug)]
pub struct Refitted {
    /// The half-vector of weights.
    pub w: Vec<f64>,
    /// The fit on the support, with its duality gap there.
    pub optimum: Optimum,
    /// Number of edges and criterion of each support that was fitted.
    pub path: Vec<(usize, f64)>,
}

/// Fits all pairs, then nested supports of the fit, and keeps the best.
///
/// The number of edges is searched on a grid of a dozen sizes, then by halving steps around the best.
///
/// # Errors
/// As [`Candidates::all`]; a fit that does not converge; no observation; a criterion of the wrong length.
///
/// # Complexity
/// About twenty fits, each cheaper than the first.
pub fn refit(z: &[f64], criterion: Criterion<'_>, settings: Settings) -> Result<Refitted> {
    match criterion {
        Criterion::Bic(0) => return Err(Error::range("the number of observations", 0, "at least 1")),
        Criterion::HeldOut(held_out) => check_len("the held-out squared distances", held_out.len(), z.len())?,
        Criterion::Bic(_) => (),
    }
    let all = Candidates::all(z)?;
    let m = all.nodes();
    let full = converged(newton::minimise(&all, None, settings)?, settings)?;
    let mut heaviest: Vec<usize> = (0..full.w.len()).filter(|&e| full.w[e] > 0.0).collect();
    heaviest.sort_by(|&a, &b| full.w[b].total_cmp(&full.w[a]).then(a.cmp(&b)));
    let support = |size: usize| -> Vec<(usize, usize)> { heaviest[..size].iter().map(|&e| all.pairs()[e]).collect() };
    let connected = |size: usize| {
        let edges = support(size).into_iter().map(|(i, j)| Edge { i, j, weight: 1.0 });
        Graph::new(m, edges.collect()).is_ok_and(|graph| graph.components() == 1)
    };
    // the fewest of the heaviest edges that connect the nodes
    let (mut least, mut enough) = (m - 1, heaviest.len());
    while least < enough {
        let middle = usize::midpoint(least, enough);
        if connected(middle) { enough = middle } else { least = middle + 1 }
    }
    let mut path: Vec<(usize, f64)> = Vec::new();
    let mut best: Option<(f64, usize, Optimum)> = None;
    let fit = |size: usize, path: &mut Vec<(usize, f64)>, best: &mut Option<(f64, usize, Optimum)>| -> Result<()> {
        if path.iter().any(|&(tried, _)| tried == size) {
            return Ok(());
        }
        let pairs = support(size);
        let candidates = Candidates::on(z, &pairs)?;
        let start: Vec<f64> = candidates.pairs().iter().map(|&(i, j)| full.w[pairs::index(m, i, j)]).collect();
        let optimum = converged(newton::minimise(&candidates, Some(&start), settings)?, settings)?;
        let value = match criterion {
            Criterion::Bic(n) => {
                let supports = ln_binomial(z.len() as u64, size as u64);
                n as f64 * optimum.objective + size as f64 * (n as f64).ln() + 2.0 * GAMMA * supports
            }
            Criterion::HeldOut(held_out) => {
                let held_out = Candidates::on(held_out, &pairs)?;
                held_out.certify(&optimum.w)?.objective
            }
        };
        if !value.is_finite() {
            return Err(Error::data("the held-out loss overflows", "standardise the signals first"));
        }
        path.push((size, value));
        if best.as_ref().is_none_or(|(least, ..)| value < *least) {
            *best = Some((value, size, optimum));
        }
        Ok(())
    };
    let (least, most) = (enough, heaviest.len());
    let mut step = (most - least).div_ceil(12).max(1);
    for size in (least..=most).step_by(step) {
        fit(size, &mut path, &mut best)?;
    }
    while step > 1 {
        step = step.div_ceil(2);
        let Some(&(_, centre, _)) = best.as_ref() else { break };
        for size in [centre.saturating_sub(step).max(least), (centre + step).min(most)] {
            fit(size, &mut path, &mut best)?;
        }
    }
    let Some((_, size, optimum)) = best else {
        return Err(Error::data("no support connects the nodes", "give signals that tell the nodes apart"));
    };
    let w = Candidates::on(z, &support(size))?.half(&optimum.w)?;
    path.sort_unstable_by_key(|&(size, _)| size);
    Ok(Refitted { w, optimum, path })
}

fn converged(optimum: Optimum, settings: Settings) -> Result<Optimum> {
    if optimum.converged {
        return Ok(optimum);
    }
    let Optimum { iterations, gap, .. } = optimum;
    Err(Error::NotConverged { iterations, gap, tolerance: settings.tolerance })
}
