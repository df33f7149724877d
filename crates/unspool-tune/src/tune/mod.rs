//! The tuning itself.
//!
//! 1. One regulariser for all, by hypergradient on the cross-validation loss.
//! 2. Several, if the folds' gradients agree on where to go: from there, pulled towards it, on the folds without one that is kept as judge; they
//!    are kept only if they beat the one on the judge's rows by more than two standard errors. Many
//!    regularisers can fit held-out rows by chance: without the judge they often lose on new rows.
//! 3. The weights, from all training rows.
//! 4. The grid search that the result is compared with, and the figures on the test rows.

mod fit;
mod folds;
mod grid;
mod newton;
mod outer;
mod prepare;

use std::ops::ControlFlow;
use std::time::Instant;

use unspool_core::Mode;
use unspool_curse::advise::Outline;

use self::fit::{Fit, Judge, Rows, Shape};
use self::folds::Folds;
use self::outer::Value;
use self::prepare::Prepared;
use crate::outcome::{Comparison, Evaluation, Mean, Outcome, Phase, Score, Watch};
use crate::settings::ModelKind;
use crate::table::{Table, k_folds};
use crate::{Inner, Regularisers, SavedModel, Settings, TuneError};

/// Most evaluations of the outer loss for the shared regulariser.
const SHARED_EVALUATIONS: usize = 12;

/// Rows needed for each regulariser of its own: with fewer, regularisers fit the held-out rows by
/// chance.
const ROWS_EACH: usize = 4;

/// The log-regulariser at which the adviser looks.
const MIDDLING: f64 = -3.5;

/// Up to this many dimensions a quadratic is factored without asking.
const LITTLE: usize = 64;

/// The relative error of a hypergradient that an outer loop cannot tell from none.
const GOOD_ENOUGH: f64 = 1e-6;

/// Learns the regularisers of a model of this table, and compares it with a grid-searched one.
///
/// ```
/// use std::ops::ControlFlow;
/// use unspool_tune::{ModelKind, Settings, table, tune};
/// let table = table::example("diabetes")?;
/// let outcome = tune(&table, &Settings::new(ModelKind::Ridge), &mut |_| ControlFlow::Continue(()))?;
/// assert!(outcome.converged);
/// assert!(outcome.comparison.learned.loss.mean < outcome.comparison.constant.mean);
/// # Ok::<(), unspool_tune::TuneError>(())
/// ```
///
/// # Errors
/// A table or settings that cannot be used: see [`TuneError`].
///
/// # Complexity
/// Some 20 to 30 times `folds` fits; memory a small multiple of the data.
pub fn tune(table: &Table, settings: &Settings, watch: Watch<'_>) -> Result<Outcome, TuneError> {
    check(table, settings)?;
    let data = Prepared::new(table, settings)?;
    let features = table.features.cols();
    let mut notes = data.notes.clone();
    let regularisers = match &settings.regularisers {
        Regularisers::Auto if features * ROWS_EACH <= data.train.y.len() => Regularisers::PerFeature,
        Regularisers::Auto => {
            notes.push(format!(
                "{features} regularisers are too many to learn from {} rows: one is shared by all (ask for \
                 per-feature ones to try all the same)",
                data.train.y.len()
            ));
            Regularisers::One
        }
        given => given.clone(),
    };
    let mut shape = Shape::new(settings.model, data.outputs(), features, &regularisers, settings.inner);
    let parts = k_folds(data.train.y.len(), settings.folds, settings.seed, data.strata.as_deref())?;
    let parts: Vec<_> = (0..settings.folds).map(|k| (parts.train(k), parts.validation(k))).collect();
    let mut report = Report { watch, history: vec![], stopped: false };

    let clock = Instant::now();
    let advice = advise(&data.train, &mut shape)?;
    let advising = clock.elapsed().as_secs_f64();
    // Both ways start from the same problems: neither is charged for building them.
    let mut folds = Folds::new(&data.train, &parts, &shape)?;
    let clock = Instant::now();
    let starts = match settings.model {
        ModelKind::Lasso => [0.3, 0.03, 0.003].map(|part| (part * grid::all_zero(&data.train)).ln()),
        _ => [1.0, 0.03, 0.001].map(f64::ln),
    };
    let Shared { log_regulariser: shared, loss: shared_loss, agreement } =
        shared(&mut folds, &starts, &shape, &mut report)?;
    let mut theta = vec![shared; shape.params()];
    let mut fits = folds.fits();
    let (mut judged, mut kept_several, mut converged) = (None, false, folds.converged());
    let unasked = settings.regularisers == Regularisers::Auto;
    if shape.params() > 1 && unasked && agreement <= 1.0 {
        notes.push(
            "the folds do not agree on which features need more and which less: one regulariser is shared by all"
                .into(),
        );
    } else if shape.params() > 1 && !report.stopped {
        let trial = several(&data.train, &parts, &shape, (shared, shared_loss), settings, &mut report)?;
        kept_several = trial.verdict.is_below(2.0);
        (judged, fits) = (Some(trial.verdict), fits + trial.fits);
        converged &= trial.converged;
        if kept_several {
            theta = trial.theta;
        } else {
            notes.push(format!(
                "{} regularisers did not beat one shared by all on rows kept aside (difference {}); the shared one is used",
                shape.params(),
                trial.verdict
            ));
        }
    }
    let mut fit = Fit::new(data.train.clone(), &shape)?;
    fit.solve(&theta)?;
    converged &= fit.converged && !report.stopped;
    let seconds = advising + clock.elapsed().as_secs_f64();
    let cross_validation = if kept_several { folds.value(&theta)? } else { shared_loss };

    folds.forget();
    let before = folds.fits();
    let clock = Instant::now();
    let points = grid::points(&data.train, &shape, settings.grid_points);
    let best = grid::search(&mut folds, &points, shape.params(), &mut report)?;
    let mut baseline = Fit::new(data.train.clone(), &shape)?;
    baseline.solve(&vec![best.log_regulariser; shape.params()])?;
    let grid_seconds = clock.elapsed().as_secs_f64();

    let judge = Judge::new(data.test.clone(), &shape)?;
    let (ours, theirs) = (judge.losses(&fit.w), judge.losses(&baseline.w));
    let difference: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a - b).collect();
    let comparison = Comparison {
        rows: (data.train.y.len(), data.test.y.len()),
        learned: Score {
            loss: Mean::of(&ours),
            quality: quality(&judge, &fit.w, settings.model),
            cross_validation,
            fits: fits + 1,
            seconds,
        },
        grid: Score {
            loss: Mean::of(&theirs),
            quality: quality(&judge, &baseline.w, settings.model),
            cross_validation: best.loss,
            fits: folds.fits() - before + 1,
            seconds: grid_seconds,
        },
        grid_regulariser: best.log_regulariser.exp(),
        grid_points: best.points,
        constant: Mean::of(&judge.losses(&constant(&data, &shape))),
        difference: Mean::of(&difference),
        judged,
        kept_several,
    };
    remark(&comparison, &mut notes);
    if report.stopped {
        notes.push("stopped by hand: this is the best so far".into());
    } else if !converged {
        notes.push("some fits did not reach their tolerance; stronger regularisers or fewer features may help".into());
    }
    let model = save(table, settings, &data, &shape, &fit.w, (&regularisers, &theta), comparison.clone());
    Ok(Outcome { model, comparison, history: report.history, notes, advice, converged })
}

/// Settles an [`Inner::Advised`]: from the spectral edges of the training problem at zero, at a middling
/// regulariser, whether fits had better be solved or unrolled. A lasso is solved; so is a problem whose
/// edges cannot be told, such as that of several classes.
fn advise(rows: &Rows, shape: &mut Shape) -> Result<Option<[String; 2]>, TuneError> {
    if shape.inner != Inner::Advised {
        return Ok(None);
    }
    shape.inner = Inner::Solved;
    if shape.kind == ModelKind::Ridge && shape.dim() <= LITTLE {
        let exact = "fits are solved by a factorisation and differentiated by it: exact, in one step".to_owned();
        return Ok(Some([
            exact,
            format!("a quadratic of {} dimensions: looking at its spectrum would cost more", shape.dim()),
        ]));
    }
    let fit = Fit::new(rows.clone(), shape)?;
    let theta = vec![MIDDLING; shape.params()];
    let Some(Outline { choice, spectrum, others, .. }) = fit.outline(&theta, GOOD_ENOUGH) else { return Ok(None) };
    // an edge lost in rounding, as where the intercepts of all classes move together
    if spectrum.kappa() <= f64::EPSILON {
        return Ok(None);
    }
    let way = |unrolls: bool| {
        let all = std::iter::once(&choice).chain(&others);
        all.into_iter().find(|plan| matches!(plan.mode, Mode::Unroll { .. }) == unrolls).map_or(0, |plan| plan.products)
    };
    let unrolls = matches!(choice.mode, Mode::Unroll { .. });
    let how = if unrolls {
        shape.inner = Inner::Unrolled { steps: choice.steps, mode: choice.mode };
        "unrolled"
    } else {
        "solved by Newton's method and differentiated implicitly"
    };
    Ok(Some([
        format!(
            "fits are {how}: at worst {} products to a relative error of {GOOD_ENOUGH:.0e}, against {} otherwise",
            way(unrolls),
            way(!unrolls)
        ),
        format!(
            "kappa = {:.1e} (ell {:.2e}, L {:.2e}), {} dimensions",
            spectrum.kappa(),
            spectrum.ell(),
            spectrum.big_l(),
            shape.dim()
        ),
    ]))
}

fn check(table: &Table, settings: &Settings) -> Result<(), TuneError> {
    let setting = |what, got: String, must: &str, ok: bool| {
        if ok { Ok(()) } else { Err(TuneError::Setting { what, got, must: must.into() }) }
    };
    let (f, features) = (settings.test_fraction, table.features.cols());
    setting("the test fraction", f.to_string(), "between 0 and 1", f > 0.0 && f < 1.0)?;
    setting("the number of folds", settings.folds.to_string(), "at least 3", settings.folds >= 3)?;
    setting("the number of grid points", settings.grid_points.to_string(), "at least 2", settings.grid_points >= 2)?;
    let most = settings.max_evaluations;
    setting("the number of evaluations", most.to_string(), "at least 1", most >= 1)?;
    setting("the pull", settings.pull.to_string(), "zero or positive", settings.pull >= 0.0)?;
    if let Inner::Unrolled { steps, .. } = settings.inner {
        setting("the number of steps", steps.to_string(), "at least 1", steps > 0)?;
    }
    match &settings.regularisers {
        Regularisers::Groups(of) => {
            let must = format!("one for each of {features} features");
            setting("the number of group numbers", of.len().to_string(), &must, of.len() == features)?;
            let largest = of.iter().max().copied().unwrap_or(0);
            setting(
                "a group number",
                largest.to_string(),
                "below the number of features",
                (largest as usize) < features,
            )
        }
        _ => Ok(()),
    }
}

/// Passes evaluations on and keeps them.
struct Report<'w, 'f> {
    watch: &'w mut (dyn FnMut(&Evaluation) -> ControlFlow<()> + 'f),
    history: Vec<Evaluation>,
    stopped: bool,
}

impl Report<'_, '_> {
    /// Whether to stop.
    fn tell(&mut self, evaluation: Evaluation) -> bool {
        self.history.push(evaluation);
        self.stopped |= (self.watch)(&evaluation).is_break();
        self.stopped
    }
}

/// One log-regulariser for all.
struct Shared {
    log_regulariser: f64,
    /// The cross-validation loss there.
    loss: f64,
    /// Whether the folds agree on moving away from it, feature by feature: more than 1.
    agreement: f64,
}

/// Learns one log-regulariser for all: from the best of a few starts,
/// for the loss may have more than one valley.
fn shared(folds: &mut Folds, starts: &[f64], shape: &Shape, report: &mut Report<'_, '_>) -> Result<Shared, TuneError> {
    let mut best = Shared { log_regulariser: 0.0, loss: f64::INFINITY, agreement: 0.0 };
    let mut number = 0;
    let mut evaluate = |t: f64| {
        let loss = folds.loss(&vec![t; shape.params()])?;
        let slope: f64 = loss.gradient.iter().sum();
        if loss.value < best.loss {
            best = Shared { log_regulariser: t, loss: loss.value, agreement: loss.agreement };
        }
        number += 1;
        let (phase, most) = (Phase::Shared, SHARED_EVALUATIONS);
        let (gradient, log_regularisers) = (slope.abs(), (t, t));
        let stop = report.tell(Evaluation { phase, number, most, loss: loss.value, gradient, log_regularisers });
        Ok::<_, TuneError>((Value { value: loss.value, stop }, slope, best.log_regulariser))
    };
    let (mut first, mut stopped) = (starts.first().copied().unwrap_or(0.0), false);
    for &start in starts {
        let (Value { stop, .. }, _, best) = evaluate(start)?;
        (first, stopped) = (best, stop);
        if stop {
            break;
        }
    }
    if stopped {
        return Ok(best);
    }
    outer::minimise(&mut vec![first], SHARED_EVALUATIONS - starts.len(), 3e-4, &mut |t, g| {
        let (value, slope, _) = evaluate(t[0])?;
        g[0] = slope;
        Ok(value)
    })?;
    Ok(best)
}

/// Several log-regularisers, and what the judge says of them.
struct Trial {
    theta: Vec<f64>,
    /// Several minus shared on the judging rows.
    verdict: Mean,
    fits: usize,
    converged: bool,
}

/// Learned on all folds but the last, whose held-out rows judge.
fn several(
    rows: &Rows,
    parts: &[(Vec<usize>, Vec<usize>)],
    shape: &Shape,
    (shared, shared_loss): (f64, f64),
    settings: &Settings,
    report: &mut Report<'_, '_>,
) -> Result<Trial, TuneError> {
    let (learning_rows, judging_rows) = &parts[parts.len() - 1];
    let aside: std::collections::HashSet<usize> = judging_rows.iter().copied().collect();
    let without = |train: &[usize]| train.iter().copied().filter(|i| !aside.contains(i)).collect();
    let learning: Vec<_> = parts[..parts.len() - 1].iter().map(|(t, h)| (without(t), h.clone())).collect();
    let mut folds = Folds::new(rows, &learning, shape)?;
    let mut theta = vec![shared; shape.params()];
    let pull = settings.pull * shared_loss / theta.len() as f64;
    let mut number = 0;
    outer::minimise(&mut theta, settings.max_evaluations, 2e-3, &mut |t, g| {
        let loss = folds.loss(t)?;
        let mut value = loss.value;
        for ((g, t), slope) in g.iter_mut().zip(t).zip(&loss.gradient) {
            value += 0.5 * pull * (t - shared).powi(2);
            *g = slope + pull * (t - shared);
        }
        number += 1;
        let range = t.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &t| (a.min(t), b.max(t)));
        let (phase, most, gradient) = (Phase::Several, settings.max_evaluations, loss.steepest);
        let evaluation = Evaluation { phase, number, most, loss: loss.value, gradient, log_regularisers: range };
        Ok(Value { value, stop: report.tell(evaluation) })
    })?;
    let mut fit = Fit::new(rows.select(learning_rows)?, shape)?;
    let judge = Judge::new(rows.select(judging_rows)?, shape)?;
    fit.solve(&vec![shared; theta.len()])?;
    let one = judge.losses(&fit.w);
    fit.solve(&theta)?;
    let difference: Vec<f64> = judge.losses(&fit.w).iter().zip(&one).map(|(a, b)| a - b).collect();
    let converged = folds.converged() && fit.converged;
    Ok(Trial { theta, verdict: Mean::of(&difference), fits: folds.fits() + 2, converged })
}

/// Weights that use no feature: intercepts that give the training mean or frequencies.
fn constant(data: &Prepared, shape: &Shape) -> Vec<f64> {
    let mut w = vec![0.0; shape.dim()];
    let n = data.train.y.len() as f64;
    let intercept = |c: usize| c * (shape.features + 1) + shape.features;
    if let Some(strata) = &data.strata {
        let count = |class: usize| strata.iter().filter(|&&s| s == class).count().max(1) as f64;
        match shape.outputs {
            1 => w[intercept(0)] = (count(1) / count(0)).ln(),
            classes => (0..classes).for_each(|c| w[intercept(c)] = (count(c) / n).ln()),
        }
    }
    w
}

/// Fraction classified correctly, or R².
fn quality(judge: &Judge, w: &[f64], kind: ModelKind) -> f64 {
    let y = judge.targets();
    let n = y.len() as f64;
    if kind.is_classifier() {
        let mut right = 0;
        judge.margins(w, &mut |i, u| {
            let best = (0..u.len()).fold(0, |best, c| if u[c] > u[best] { c } else { best });
            right += usize::from(if u.len() == 1 { u[0] * y[i] > 0.0 } else { best as f64 == y[i] });
        });
        return right as f64 / n;
    }
    let mean = y.iter().sum::<f64>() / n;
    let total: f64 = y.iter().map(|y| (y - mean).powi(2)).sum();
    if total > 0.0 { 1.0 - 2.0 * judge.losses(w).iter().sum::<f64>() / total } else { 0.0 }
}

/// What an honest friend would add.
fn remark(comparison: &Comparison, notes: &mut Vec<String>) {
    let Comparison { learned, grid, constant, difference, .. } = comparison;
    // two standard errors: an interval of about 95 %
    if difference.is_above(2.0) {
        notes.push(format!("the grid-searched regulariser does better here, by {difference} per row"));
    } else if !difference.is_below(2.0) {
        notes.push("the test rows cannot tell the learned regularisers from the grid's".into());
    }
    if learned.loss.mean >= constant.mean && grid.loss.mean >= constant.mean {
        notes.push("neither beats predicting a constant: these features say little about this target".into());
    }
}

fn save(
    table: &Table,
    settings: &Settings,
    data: &Prepared,
    shape: &Shape,
    w: &[f64],
    (regularisers, theta): (&Regularisers, &[f64]),
    comparison: Comparison,
) -> SavedModel {
    let d = shape.features;
    let rows: Vec<&[f64]> = w.chunks_exact(d + 1).collect();
    let of = |j: usize| match regularisers {
        Regularisers::Auto | Regularisers::One => theta[0],
        Regularisers::PerFeature => theta[j],
        Regularisers::Groups(of) => theta[of[j] as usize],
    };
    SavedModel {
        schema_version: SavedModel::SCHEMA_VERSION,
        unspool_version: env!("CARGO_PKG_VERSION").into(),
        model: settings.model,
        target: table.target.name.clone(),
        columns: table.columns.clone(),
        features: d,
        labels: data.labels.clone(),
        standardizer: data.standardizer.clone(),
        target_mean: data.target_mean,
        target_scale: data.target_scale,
        weights: rows.iter().map(|w| w[..d].to_vec()).collect(),
        intercepts: rows.iter().map(|w| w[d]).collect(),
        log_regularisers: (0..d).map(of).collect(),
        comparison,
        seed: settings.seed,
    }
}
