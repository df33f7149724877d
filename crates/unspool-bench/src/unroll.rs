//! Hypergradients of ridge and logistic regression through gradient descent.
//!
//! `T` steps of gradient descent from zero with a fixed step size, one log-regulariser for each
//! feature; wanted is the gradient of the validation loss of `w_T` in these. A repetition starts
//! from the arrays in memory, builds the problem on them (the checks of its input, and the Gram
//! matrix where one is used, included) and ends with the gradient. The validation problem is
//! built beforehand, and evaluated inside.

mod data;
mod method;

use std::path::PathBuf;

use unspool_core::Real;
use unspool_core::data::Dense;
use unspool_core::problem::{Groups, LinearModel, Logistic, Smooth, Squared};

use crate::error::{Error, Result};
use crate::measure::{self, Effort};
use crate::record::Record;
use crate::suite;
use data::{Data, Kind};
use method::{METHODS, Method};

/// Arguments of `unroll`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Folder with the two problems.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    suite: suite::Args,
}

/// The command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let cases: Vec<(Kind, &Method, String)> = Kind::ALL
        .into_iter()
        .flat_map(|kind| METHODS.iter().filter(move |method| method.fits(kind)).map(move |method| (kind, method)))
        .map(|(kind, method)| (kind, method, format!("{}/{}", kind.name(), method.name)))
        .collect();
    let names: Vec<String> = cases.iter().map(|case| case.2.clone()).collect();
    let check = |chosen: &[&str]| {
        let needed = |kind: &Kind| cases.iter().any(|case| case.0 == *kind && chosen.contains(&case.2.as_str()));
        Kind::ALL.into_iter().filter(needed).try_for_each(|kind| data::check(&args.data, kind))
    };
    let measure = |name: &str, effort: Effort| {
        let Some((kind, method, _)) = cases.iter().find(|case| case.2 == name) else {
            return Err(Error::Usage(format!("no case is called `{name}`")));
        };
        let record = if method.single {
            measure::<f32>(name, effort, *kind, method, args)
        } else {
            measure::<f64>(name, effort, *kind, method, args)
        };
        record.and_then(|record| record.map_err(|source| Error::Case { case: name.to_owned(), source }))
    };
    suite::run(&args.suite, &names, check, measure)
}

/// Measures one case. The outer error: wrong files; the inner one: the computation failed.
fn measure<F: Real>(
    name: &str,
    effort: Effort,
    kind: Kind,
    method: &Method,
    args: &Args,
) -> Result<unspool_core::Result<Record>> {
    let data = Data::<F>::load(&args.data, kind)?;
    let timed = || {
        let outer = validation(&data, kind)?;
        let (result, timing) = measure::repeat(effort, || method.solve(kind, &data, &*outer))?;
        let mut record = Record::new(name.to_owned(), args.suite.threads, &timing);
        record.error = method.error(&result, &data.exact);
        record.error_last = method.error(&result, &data.exact_last);
        Ok(record)
    };
    Ok(timed())
}

/// The validation loss, without regularisers.
fn validation<'a, F: Real>(data: &'a Data<F>, kind: Kind) -> unspool_core::Result<Box<dyn Smooth<F> + 'a>> {
    let x = Dense::new(&data.x_val[..], data.sizes.nv, data.sizes.d)?;
    Ok(match kind {
        Kind::Ridge => Box::new(LinearModel::new(x, &data.y_val[..], Squared, Groups::None)?),
        Kind::Logistic => Box::new(LinearModel::new(x, &data.y_val[..], Logistic, Groups::None)?),
    })
}
