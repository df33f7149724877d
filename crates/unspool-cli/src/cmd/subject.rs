//! What the methods run on.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use unspool_core::data::{Csr, Dense, Design};
use unspool_core::problem::{Gram, Groups, LinearModel, Logistic, Ridge, Squared, ThirdOrder};
use unspool_core::spectrum::{Lanczos, edges};
use unspool_core::{Error, zoo};
use unspool_curse::experiment::{Exact, Setting};
use unspool_curse::theory::Spectrum;
use unspool_tune::table::{Features, Standardizer, Table, encode_classes};
use unspool_tune::{ModelKind, TuneError};

use super::source::{Source, find_example, model_of};
use crate::args::{ProblemArgs, SmoothModel, StartArg};
use crate::exit::Failure;

/// Coordinates of the quadratic.
const COORDINATES: usize = 100;
/// Its inverse condition number, unless another is asked for.
const KAPPA: f64 = 1e-2;
/// What rounding leaves of the open interval from 0 to 1.
const KAPPAS: std::ops::RangeInclusive<f64> = 1e-8..=0.999999;
/// The penalty over the data's largest squared singular value, unless another is asked for.
const REGULARISER: f64 = 1e-2;
/// Most features: the Hessian is factored.
const MOST_FEATURES: usize = 2000;

type Matrix = Box<dyn Design<f64> + Send>;
type Problem = Box<dyn ThirdOrder<f64> + Send>;

/// A problem with its solution, its spectrum and a start.
pub(super) struct Subject {
    /// What it is, in a few words.
    pub(super) name: String,
    /// `quadratic`, `ridge` or `logistic`.
    pub(super) kind: &'static str,
    /// Whether the theory is exact.
    pub(super) is_quadratic: bool,
    /// Strength of the penalty, `1/2 lambda |w|^2` beside the mean loss; none for the quadratic.
    pub(super) penalty: Option<f64>,
    /// Remarks about the data.
    pub(super) note: Option<String>,
    pub(super) exact: Exact,
    pub(super) spectrum: Spectrum,
    pub(super) start: Vec<f64>,
    theta: [f64; 1],
    problem: Problem,
}

impl Subject {
    /// The one that the arguments ask for.
    pub(super) fn new(args: &ProblemArgs) -> Result<Self, Failure> {
        if args.data.is_some() || args.example.is_some() {
            return Self::regression(args);
        }
        if args.table.format.is_some() || args.table.delimiter.is_some() {
            return Err(Failure::new("--format and --delimiter go with a table", "name a file, or leave them out"));
        }
        let kappa = args.kappa.unwrap_or(KAPPA);
        if !KAPPAS.contains(&kappa) {
            let (least, most) = (KAPPAS.start(), KAPPAS.end());
            let message = format!("kappa is {kappa}, but must be between 0 and 1, from {least:e} to {most}");
            return Err(Failure::new(message, "try --kappa 1e-2"));
        }
        let (_, problem) = zoo::curse::<f64>(COORDINATES, kappa)?;
        let spectrum = Spectrum::new(kappa, 1.0)?;
        let name = format!("quadratic of {COORDINATES} coordinates, kappa {kappa}");
        Self::solve(args, name, "quadratic", Box::new(problem), 0.0, Some(spectrum))
    }

    /// Ridge or logistic regression on a table.
    fn regression(args: &ProblemArgs) -> Result<Self, Failure> {
        let example = args.example.as_deref().map(find_example).transpose()?;
        let model = args.model.or_else(|| {
            let suits = |kind| if kind == ModelKind::Logistic { SmoothModel::Logistic } else { SmoothModel::Ridge };
            example.map(|example| suits(model_of(example)))
        });
        let Some(model) = model else {
            return Err(Failure::new("no model was named", "choose one with --model: ridge or logistic"));
        };
        let factor = args.regulariser.unwrap_or(REGULARISER);
        if !(factor > 0.0 && factor.is_finite()) {
            let message = format!("the regulariser is {factor}, but must be positive and finite");
            return Err(Failure::new(message, "try --regulariser 0.01"));
        }
        let (data, target) = (args.data.as_deref(), args.target.as_deref());
        let table = Source { data, example, table: &args.table, target, ignore: &args.ignore }.read()?;
        let (rows, features) = (table.rows(), table.features.cols());
        if features > MOST_FEATURES {
            let message = format!("{}: {features} features, but at most {MOST_FEATURES} can be taken", table.source);
            return Err(Failure::new(message, "leave columns out with --ignore, or take a smaller table"));
        }
        let targets = targets(&table, model)?;
        let every_row: Vec<usize> = (0..rows).collect();
        let standardizer = Standardizer::fit(&table.features, &every_row)?;
        let note = standardizer.note(|j| table.column_name(j));
        let (kind, source, target) = (name_of(model), table.source, table.target.name);
        let x = standardizer.apply(table.features)?;
        let theta = (factor * largest(&x, &targets)?).ln();
        let problem: Problem = match model {
            SmoothModel::Ridge => Box::new(Ridge::new(matrix(x)?, targets, Groups::Shared, Gram::Auto)?),
            SmoothModel::Logistic => Box::new(LinearModel::new(matrix(x)?, targets, Logistic, Groups::Shared)?),
        };
        let name = format!("{source}: {kind} of `{target}`, {features} features, {rows} rows");
        Ok(Subject { penalty: Some(theta.exp()), note, ..Self::solve(args, name, kind, problem, theta, None)? })
    }

    /// Solves the problem, and finds the spectrum at the solution unless it is known.
    fn solve(
        args: &ProblemArgs,
        name: String,
        kind: &'static str,
        problem: Problem,
        theta: f64,
        spectrum: Option<Spectrum>,
    ) -> Result<Self, Failure> {
        let (d, theta) = (problem.dim(), [theta]);
        let exact = Exact::solve(&*problem, &theta, &vec![0.0; d])?;
        if exact.x.iter().all(|x| *x == 0.0) {
            return Err(Failure::new(
                format!("{name}: the solution is zero"),
                "the features say nothing of the target",
            ));
        }
        let spectrum = match spectrum {
            Some(spectrum) => spectrum,
            None => {
                let found = edges(&*problem, &exact.x, &theta, Lanczos { max_products: d, tol: 1e-8, seed: 0 })?;
                let same = |_: Error| {
                    let message = format!("{name}: the Hessian's eigenvalues are all the same");
                    Failure::new(message, "take a table with two features or more that differ")
                };
                Spectrum::new(found.ell, found.l).map_err(same)?
            }
        };
        let start = match args.start {
            StartArg::Zero => vec![0.0; d],
            StartArg::Random => {
                let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
                (0..d).map(|_| StandardNormal.sample(&mut rng)).collect()
            }
        };
        let is_quadratic = kind != "logistic";
        Ok(Subject { name, kind, is_quadratic, penalty: None, note: None, exact, spectrum, start, theta, problem })
    }

    /// As the experiment takes it.
    pub(super) fn setting(&self, steps: usize) -> Setting<'_, dyn ThirdOrder<f64> + Send> {
        let (problem, theta, start) = (&*self.problem, &self.theta, &self.start);
        Setting { problem, theta, start, spectrum: self.spectrum, steps }
    }
}

/// The model's name.
fn name_of(model: SmoothModel) -> &'static str {
    match model {
        SmoothModel::Ridge => "ridge",
        SmoothModel::Logistic => "logistic",
    }
}

/// Signs for classes; else numbers with mean 0 and variance 1.
fn targets(table: &Table, model: SmoothModel) -> Result<Vec<f64>, TuneError> {
    if model == SmoothModel::Logistic {
        return Ok(encode_classes(table)?.signs()?);
    }
    let y = table.numbers()?;
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / y.len() as f64;
    let centre = mean(&mut y.iter().copied());
    let variance = mean(&mut y.iter().map(|y| (y - centre).powi(2)));
    let scale = if variance > 0.0 { variance.sqrt() } else { 1.0 };
    Ok(y.iter().map(|y| (y - centre) / scale).collect())
}

/// The data as the engine takes them.
fn matrix(features: Features) -> Result<Matrix, Error> {
    Ok(match features {
        Features::Dense { rows, cols, data } => Box::new(Dense::new(data, rows, cols)?),
        Features::Sparse { cols, indptr, indices, data, .. } => Box::new(Csr::new(indptr, indices, data, cols)?),
    })
}

/// The largest eigenvalue of `X'X / n`.
fn largest(features: &Features, targets: &[f64]) -> Result<f64, Error> {
    let x = matrix(features.clone())?;
    let d = x.cols();
    // A penalty of one makes the Hessian definite.
    let model = LinearModel::new(x, targets, Squared, Groups::Shared)?;
    Ok(edges(&model, &vec![0.0; d], &[0.0], Lanczos { max_products: d, tol: 1e-8, seed: 0 })?.l - 1.0)
}
