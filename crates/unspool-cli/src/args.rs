//! The command line.

mod graph;
mod image;
mod reproduce;
mod running;
mod tools;

use std::path::PathBuf;

use clap::{ArgGroup, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use unspool_core::Mode;
use unspool_tune::ModelKind;
use unspool_tune::table::Format;

pub(crate) use self::graph::{
    EvalCommand, EvalGraphArgs, GraphCommand, LearnGraphArgs, MethodArg, SimulateArgs, TrainCommand, TrainGraphArgs,
};

pub(crate) use self::image::{
    BatchArgs, DemosaickArgs, EvalImageArgs, ExplainArgs, InterpolateArgs, MosaickArgs, TrainImageArgs,
};
pub(crate) use self::reproduce::{ReproduceArgs, SectionArg};
pub(crate) use self::running::Running;
pub(crate) use self::tools::{ConfigCommand, ManArgs, RunsCommand};

/// Learn regularisers by hypergradient; learn graphs from signals; demosaick and mend images; measure derivatives of solvers.
#[derive(Debug, Parser)]
#[command(name = "unspool", version, after_long_help = EXAMPLES, subcommand_required = true)]
pub(crate) struct Cli {
    /// Settings file, defaults for options [default: unspool.toml in this folder, and the user's own]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// The parser. The short help ends with the first examples of the long one.
    pub(crate) fn line() -> clap::Command {
        with_examples(Cli::command())
    }
}

/// Puts the first examples of the long help at the end of the short one, here and in all commands below.
fn with_examples(mut command: clap::Command) -> clap::Command {
    const EXAMPLES: usize = 3;
    let long = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let examples: Vec<&str> =
        long.lines().map(str::trim).filter(|line| line.starts_with("unspool ")).take(EXAMPLES).collect();
    if !examples.is_empty() {
        command = command.after_help(format!("Examples (more with --help):\n  {}", examples.join("\n  ")));
    }
    command.mut_subcommands(with_examples)
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the three systems on real data and write a report to open in a browser.
    ///
    /// Derivatives of solvers beside what theory says of them, tuned regularisers, graphs of weather stations,
    /// photos made of mosaics; in every table the simple methods, too, also where they win. It takes a few minutes and
    /// needs nothing but the program.
    #[command(after_long_help = reproduce::EXAMPLES)]
    Reproduce(Box<ReproduceArgs>),
    /// Learn a model and its regularisers from a table.
    ///
    /// A part of the rows is kept aside as a test. On the others the weights are fitted by
    /// penalised least squares or logistic regression, and the penalty's strengths - one a
    /// feature, one a group, or one - follow the gradient of the cross-validation loss. The result
    /// is compared, on the test rows, with one strength chosen from a grid.
    #[command(after_long_help = TUNE_EXAMPLES)]
    Tune(Box<TuneArgs>),
    /// Measure the curse of unrolling: how wrong the derivative of a solver is, step by step.
    ///
    /// Runs eight methods on one problem, differentiates each through its steps, and compares with
    /// the exact Jacobian: the experiment of Scieur, Bertrand, Gidel and Pedregosa, "The Curse of
    /// Unrolling" (NeurIPS 2022). Without a table the problem is a quadratic of 100 coordinates
    /// whose errors the theory tells exactly; with one it is ridge or logistic regression on its
    /// standardised columns, with one regulariser and no intercept.
    ///
    /// Prints a table, one row a method, and what it shows. All errors are relative: the
    /// Jacobian's and the iterate's to the solution's size, the function's to the start's.
    #[command(after_long_help = CURSE_EXAMPLES)]
    Curse(Box<CurseArgs>),
    /// Choose method, step size, number of steps and mode of differentiation for a problem.
    ///
    /// Measures the problem, rehearses every solver and mode that fit the budget on a small model of it,
    /// picks the one whose Jacobian comes out best (or the cheapest that reaches the tolerance), says why,
    /// follows it, and tells how far the forecast was off.
    #[command(after_long_help = ADVISE_EXAMPLES)]
    Advise(Box<AdviseArgs>),
    /// Learn a weighted graph from signals on its nodes.
    ///
    /// Nodes with similar signals become neighbours. The log-degree model (Kalofolias 2016) minimises
    /// 2 theta z'w - alpha 1'log(D w) + beta |w|^2 over weights w >= 0, with z the squared distances between nodes:
    /// exact, with a certified duality gap, also for tens of thousands of nodes. Laplacian maximum likelihood suits
    /// many observations of few nodes. Missing values are allowed up to --dense-up-to nodes.
    #[command(after_long_help = graph::LEARN_GRAPH_EXAMPLES)]
    LearnGraph(Box<LearnGraphArgs>),
    /// Make colour images of what a camera's sensor measured, one colour a pixel.
    ///
    /// Input: one channel with a Bayer pattern, 8 or 16 bits. The network that comes with the program starts from the
    /// method of Menon (2007) and adds what that gets wrong, for a stated or estimated noise level.
    #[command(after_long_help = image::DEMOSAICK_EXAMPLES)]
    Demosaick(DemosaickArgs),
    /// Fill in pixels that are missing, or enlarge an image.
    #[command(after_long_help = image::INTERPOLATE_EXAMPLES)]
    Interpolate(InterpolateArgs),
    /// Make mosaics of colour images, to test with.
    #[command(after_long_help = image::MOSAICK_EXAMPLES)]
    Mosaick(MosaickArgs),
    /// Train a network.
    #[command(subcommand)]
    Train(TrainCommand),
    /// Compare methods where the answer is known.
    #[command(subcommand)]
    Eval(EvalCommand),
    /// Look at a graph: facts, picture, other formats, scores.
    #[command(subcommand, after_long_help = graph::GRAPH_EXAMPLES)]
    Graph(GraphCommand),
    /// Draw a random graph and signals on it.
    ///
    /// Weights are exp(0.1 N(0,1)), scaled to a mean degree of 1; signals are Gaussian with the inverse of the
    /// Laplacian as covariance, as in Pu et al., "Learning to Learn Graph Topologies" (NeurIPS 2021).
    #[command(after_long_help = graph::SIMULATE_EXAMPLES)]
    Simulate(SimulateArgs),
    /// Predict the rows of a table with a learned model.
    ///
    /// Writes CSV with a column `prediction`, for classes followed by `probability_LABEL` for each
    /// label. Where the table holds the target too, a score goes to standard error.
    #[command(after_long_help = PREDICT_EXAMPLES)]
    Predict(PredictArgs),
    /// List and compare the runs that trainings left.
    #[command(subcommand, after_long_help = tools::RUNS_EXAMPLES)]
    Runs(RunsCommand),
    /// Show the settings that files and defaults give.
    #[command(subcommand, after_long_help = tools::CONFIG_EXAMPLES)]
    Config(ConfigCommand),
    /// Print completions for a shell.
    #[command(after_long_help = tools::COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write one for each command.
    #[command(after_long_help = tools::MAN_EXAMPLES)]
    Man(ManArgs),
}

/// Arguments of `unspool tune`.
#[derive(Debug, Args)]
pub(crate) struct TuneArgs {
    /// Table to learn from, CSV or svmlight; `-` for standard input
    #[arg(required_unless_present = "example")]
    pub(crate) data: Option<PathBuf>,
    /// Learn from a table that comes with the program: wdbc or diabetes
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    pub(crate) example: Option<String>,
    /// Kind of model: ridge, logistic or lasso
    ///
    /// Ridge is least squares with squared penalties, lasso with absolute ones; logistic predicts
    /// two or more classes. Examples have a default: logistic for wdbc, ridge for diabetes.
    #[arg(long, required_unless_present = "example")]
    pub(crate) model: Option<ModelKind>,
    /// How the table is to be read.
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// Column to predict (a CSV table needs it)
    #[arg(long, value_name = "COL")]
    pub(crate) target: Option<String>,
    /// Column to leave out; may be repeated
    #[arg(long, value_name = "COL")]
    pub(crate) ignore: Vec<String>,
    /// What has a regulariser: per-feature, one for all, or groups [default: by the data]
    ///
    /// By default each feature has one where there are rows enough to learn so many, else one is
    /// shared by all; with --groups each group has one.
    #[arg(long, value_enum, value_name = "WHICH", hide_possible_values = true)]
    pub(crate) regularisers: Option<Sharing>,
    /// CSV file with the columns `feature` and `group`: one regulariser a group
    ///
    /// Every feature must be listed once; a group is any text. For svmlight data the features are
    /// numbers from 1.
    #[arg(long, value_name = "FILE")]
    pub(crate) groups: Option<PathBuf>,
    /// Fraction of the rows kept aside as a test [default: 0.2]
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    pub(crate) test_fraction: Option<f64>,
    /// Folds of the cross-validation, 3 or more [default: 5]
    #[arg(long, value_name = "K")]
    pub(crate) folds: Option<usize>,
    /// Seed of the splits
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Points of the grid that the result is compared with [default: 25]
    #[arg(long, value_name = "N")]
    pub(crate) grid_points: Option<usize>,
    /// Most evaluations of the outer loss for several regularisers [default: 12]
    #[arg(long, value_name = "N")]
    pub(crate) max_evaluations: Option<usize>,
    /// Fit by so many steps of an accelerated method, differentiated by unrolling
    ///
    /// Without it an adviser looks at the problem's condition and says whether fits are solved and
    /// differentiated implicitly or unrolled.
    #[arg(long, value_name = "T")]
    pub(crate) steps: Option<usize>,
    /// How the steps are differentiated [default: full]
    ///
    /// full: through every step, every state stored
    /// slots:N: at most N stored states, the others computed again
    /// budget:BYTES: as many stored states as fit
    /// last:K, one-step: through the last K steps, or the last alone
    /// late:K0: through the steps from K0 on
    /// implicit, implicit:cholesky, implicit:neumann: through the solution's equation
    ///
    /// Forms are joined by +, as in last:20+slots:5; +polish:J adds J steps of the derivative alone.
    #[arg(long, requires = "steps", verbatim_doc_comment)]
    pub(crate) mode: Option<Mode>,
    /// Folder for the model, the pictures and the history
    #[arg(long, value_name = "DIR", default_value = "unspool-out")]
    pub(crate) out: PathBuf,
    /// Overwrite a model that is already there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print one JSON document instead of a summary
    #[arg(long)]
    pub(crate) json: bool,
    /// Threads and progress.
    #[command(flatten)]
    pub(crate) running: Running,
}

/// Arguments of `unspool curse`.
#[derive(Debug, Args)]
pub(crate) struct CurseArgs {
    /// What is solved.
    #[command(flatten)]
    pub(crate) problem: ProblemArgs,
    /// Steps of each method
    #[arg(long, value_name = "T", default_value_t = 200)]
    pub(crate) steps: usize,
    /// Draw the curves: STEM.svg and STEM.png, or curse.svg and curse.png in a folder
    #[arg(long, value_name = "DIR|STEM")]
    pub(crate) out: Option<PathBuf>,
    /// Write the curves as CSV, a row for each method and iteration
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Overwrite files that are already there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print one JSON document with all curves instead of the table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `unspool advise`.
#[derive(Debug, Args)]
pub(crate) struct AdviseArgs {
    /// What is solved.
    #[command(flatten)]
    pub(crate) problem: ProblemArgs,
    /// Budget: as much work as this many differentiated gradient steps
    ///
    /// A differentiated step is two products with the data: a gradient and a Hessian product. A factored
    /// Hessian counts as one product for each feature.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) steps: usize,
    /// Budget in seconds, by the measured time of a product
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub(crate) seconds: Option<f64>,
    /// Budget in bytes for the states that reverse mode stores
    #[arg(long, value_name = "BYTES")]
    pub(crate) memory: Option<usize>,
    /// Relative error of the Jacobian that is good enough: then the cheapest way is taken
    #[arg(long, value_name = "E", default_value_t = 1e-6, allow_negative_numbers = true)]
    pub(crate) tolerance: f64,
    /// Smallest eigenvalue of the Hessian, as you believe; it is checked
    #[arg(long, value_name = "X", requires = "big_l", allow_negative_numbers = true)]
    pub(crate) ell: Option<f64>,
    /// Largest eigenvalue of the Hessian, as you believe; it is checked
    #[arg(long, value_name = "X", requires = "ell", allow_negative_numbers = true)]
    pub(crate) big_l: Option<f64>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// A problem to measure solvers on: a table, or a quadratic.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("source").args(["data", "example"]))]
pub(crate) struct ProblemArgs {
    /// Table to regress on, CSV or svmlight; `-` for standard input [default: a quadratic]
    pub(crate) data: Option<PathBuf>,
    /// Regress on a table that comes with the program: wdbc or diabetes
    #[arg(long, value_name = "NAME")]
    pub(crate) example: Option<String>,
    /// Inverse condition number of the quadratic, between 0 and 1 [default: 0.01]
    #[arg(long, value_name = "K", conflicts_with = "source", allow_negative_numbers = true)]
    pub(crate) kappa: Option<f64>,
    /// Where the methods start: zero, or random (standard normal)
    ///
    /// From zero the gradient of a ridge-like penalty does not depend on the regulariser, which
    /// spares the Jacobian much of the curse.
    #[arg(long, value_enum, default_value = "zero", hide_possible_values = true)]
    pub(crate) start: StartArg,
    /// Seed of the random start
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Kind of model: ridge or logistic (two classes) [default: as the example suits]
    #[arg(long, value_enum, requires = "source", hide_possible_values = true)]
    pub(crate) model: Option<SmoothModel>,
    /// Strength of the penalty, over the largest squared singular value of the data [default: 0.01]
    #[arg(long, value_name = "C", requires = "source", allow_negative_numbers = true)]
    pub(crate) regulariser: Option<f64>,
    /// How the table is to be read.
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// Column to predict (a CSV table needs it)
    #[arg(long, value_name = "COL", requires = "source")]
    pub(crate) target: Option<String>,
    /// Column to leave out; may be repeated
    #[arg(long, value_name = "COL", requires = "source")]
    pub(crate) ignore: Vec<String>,
}

/// Where the methods start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StartArg {
    /// At zero.
    Zero,
    /// At a standard normal point.
    Random,
}

/// A model whose loss and penalty are smooth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SmoothModel {
    /// Least squares.
    Ridge,
    /// Logistic regression, two classes.
    Logistic,
}

/// Arguments of `unspool predict`.
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// Model file that `unspool tune` wrote
    pub(crate) model: PathBuf,
    /// Table to predict, with the model's columns; `-` for standard input
    pub(crate) data: PathBuf,
    /// How the table is to be read.
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// File for the predictions [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Overwrite a file that is already there
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    /// Write one JSON document instead of CSV
    #[arg(long)]
    pub(crate) json: bool,
    /// Show no score
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// How a table is to be read.
#[derive(Debug, Args)]
pub(crate) struct TableArgs {
    /// Format of the table, csv or svmlight [default: by its name, else by its content]
    #[arg(long, value_enum, hide_possible_values = true)]
    pub(crate) format: Option<FormatArg>,
    /// Separator of a CSV table: a character, or `tab` [default: a comma]
    #[arg(long, value_name = "C", value_parser = delimiter)]
    pub(crate) delimiter: Option<u8>,
}

/// Format of a table.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FormatArg {
    /// A header and rows of cells.
    Csv,
    /// Lines `target index:value …`.
    Svmlight,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Csv => Format::Csv,
            FormatArg::Svmlight => Format::Svmlight,
        }
    }
}

/// Which features share a regulariser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sharing {
    /// Each has its own.
    PerFeature,
    /// All share one.
    One,
    /// Those of a group share one.
    Groups,
}

/// One byte that separates cells.
fn delimiter(text: &str) -> Result<u8, String> {
    match (text, text.as_bytes()) {
        ("tab" | "\\t", _) => Ok(b'\t'),
        (_, &[byte]) if byte.is_ascii() => Ok(byte),
        _ => Err("must be one ASCII character, or `tab`".into()),
    }
}

const EXAMPLES: &str = "\
Examples:
  unspool tune --example wdbc
  unspool tune houses.csv --target price --model ridge --out houses
  unspool predict houses/model.json new-houses.csv > prices.csv
  unspool curse --out figures/

Exit codes: 0 done, 1 ran without converging or was stopped, 2 bad input or usage.";

const TUNE_EXAMPLES: &str = "\
Examples:
  A table that comes with the program:
    unspool tune --example wdbc
  Predict prices, one regulariser a feature, without two columns:
    unspool tune houses.csv --target price --model ridge --ignore id --ignore address
  One regulariser a group of features, the groups listed in a file:
    unspool tune spectra.tsv --target kind --model logistic --groups bands.csv
  Early-stopped training, differentiated through its last 50 of 300 steps:
    unspool tune words.svm --model logistic --steps 300 --mode last:50
  A document for other programs:
    unspool tune --example diabetes --json --quiet > result.json

Ctrl-C ends the search and writes the best model so far; a second Ctrl-C quits at once.
Exit codes: 0 done, 1 ran without converging or was stopped, 2 bad input or usage.";

const CURSE_EXAMPLES: &str = "\
Examples:
  The curse in full, with a figure:
    unspool curse --out figures/
  The same, ten times as ill-conditioned:
    unspool curse --kappa 1e-3 --steps 500
  Least squares on breast-cancer data from a random start:
    unspool curse --example wdbc --model ridge --start random
  Logistic regression on one's own table, with a weaker penalty:
    unspool curse spam.csv --target is_spam --model logistic --regulariser 1e-3 --out spam
  All curves for other programs:
    unspool curse --json > curse.json
    unspool curse --csv curse.csv

The methods: gradient descent with three step sizes (gd-1/L, gd-sqrt2/L, gd-2/(L+mu)), heavy-ball,
nesterov, chebyshev, sobolev (made for the Jacobian), horizon (the best worst case for a known number
of steps; its curve is at each iteration the answer for that many).

Exit codes: 0 done, 1 a method left the finite numbers, 2 bad input or usage.";

const PREDICT_EXAMPLES: &str = "\
Examples:
  unspool predict unspool-out/model.json new.csv > predictions.csv
  unspool predict unspool-out/model.json new.csv --out predictions.csv --force
  sort new.svm | unspool predict unspool-out/model.json - --format svmlight --json";

const ADVISE_EXAMPLES: &str = "\
Examples:
  An ill-conditioned quadratic, little work allowed:
    unspool advise --kappa 1e-4 --steps 30
  Logistic regression on breast-cancer data, far from converged:
    unspool advise --example wdbc --model logistic --steps 15
  One's own table, with the eigenvalues one believes in, and 100 kB for the tape:
    unspool advise data.csv --target y --model ridge --ell 0.01 --big-l 4 --memory 100000";
