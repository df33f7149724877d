//! The log-degree graph of given squared distances.
//!
//! `minimise 2 z'w - alpha 1'log(D w) + beta ||w||^2, w >= 0` for the half-vector `z` of all pairs of `m` nodes, from
//! files `m100.npz`, `m500.npz`, `m1000.npz` with arrays `z`, `alpha`, `beta` and the optimum `f_star`. A repetition
//! starts from `z` in memory and ends when the relative duality gap is at most the one in the name of the case.

use std::path::{Path, PathBuf};

use unspool_graph::log_degree::newton::{self, AllPairs, Settings};
use unspool_graph::log_degree::{Method, Weights, solve};

use crate::error::{Error, Result};
use crate::measure::{self, Effort};
use crate::record::Record;
use crate::suite;

/// Arguments of `graph`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Folder with the problems.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    suite: suite::Args,
}

/// Numbers of nodes.
const SIZES: [usize; 3] = [100, 500, 1000];
/// Relative duality gaps.
const GAPS: [(&str, f64); 3] = [("1e-2", 1e-2), ("1e-4", 1e-4), ("1e-6", 1e-6)];
/// Solvers.
const SOLVERS: [&str; 4] = ["newton", "fdpg", "pds", "relaxed"];

/// The command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut cases = Vec::new();
    for m in SIZES.into_iter().filter(|&m| file(&args.data, m).exists()) {
        for solver in SOLVERS {
            cases.extend(
                GAPS.into_iter().map(|(gap, tolerance)| (format!("m{m}/{solver}-{gap}"), m, solver, tolerance)),
            );
        }
    }
    if cases.is_empty() {
        let expected = SIZES.map(|m| format!("m{m}.npz")).join(", ");
        return Err(Error::Usage(format!("{} holds none of {expected}", args.data.display())));
    }
    let names: Vec<String> = cases.iter().map(|case| case.0.clone()).collect();
    let measure = |name: &str, effort: Effort| {
        let Some((_, m, solver, tolerance)) = cases.iter().find(|case| case.0 == name) else {
            return Err(Error::Usage(format!("no case is called `{name}`")));
        };
        let problem = Problem::read(&file(&args.data, *m))?;
        let failed = |source| Error::Graph { case: name.to_owned(), source };
        let (objective, timing) = measure::repeat(effort, || problem.solve(solver, *tolerance)).map_err(failed)?;
        let mut record = Record::new(name.to_owned(), args.suite.threads, &timing);
        record.error = Some((objective - problem.optimum) / problem.optimum.abs().max(1.0));
        Ok(record)
    };
    suite::run(&args.suite, &names, |_| Ok(()), measure)
}

fn file(folder: &Path, m: usize) -> PathBuf {
    folder.join(format!("m{m}.npz"))
}

/// A problem and the objective at its optimum.
struct Problem {
    nodes: usize,
    z: Vec<f64>,
    weights: Weights,
    optimum: f64,
}

impl Problem {
    fn read(path: &Path) -> Result<Self> {
        let bad = |why: String| Error::input(path, why);
        let arrays = unspool_graph::io::read_arrays(path, ["z", "alpha", "beta", "f_star"]);
        let [z, alpha, beta, optimum] = arrays.map_err(|error| Error::Usage(error.to_string()))?;
        let ([alpha], [beta], [optimum]) = (&alpha[..], &beta[..], &optimum[..]) else {
            return Err(bad("`alpha`, `beta` and `f_star` must be single numbers".into()));
        };
        let (alpha, beta, optimum) = (*alpha, *beta, *optimum);
        let nodes = unspool_graph::pairs::nodes(z.len()).ok_or_else(|| bad(format!("`z` has {} entries", z.len())))?;
        Ok(Problem { nodes, z, weights: Weights::new(alpha, beta), optimum })
    }

    fn solve(&self, solver: &str, tolerance: f64) -> unspool_graph::Result<f64> {
        let step_size = None;
        let method = match solver {
            "fdpg" => Method::Fdpg,
            "pds" => Method::Pds { step_size },
            "relaxed" => Method::Relaxed { step_size },
            _ => {
                let pairs = AllPairs::new(self.nodes, &self.z)?;
                let settings = Settings { tolerance, ..Settings::default() };
                return Ok(newton::minimise(&pairs, self.weights, None, settings)?.objective);
            }
        };
        Ok(solve(method, self.nodes, &self.z, self.weights, tolerance, 100_000)?.require()?.objective)
    }
}
