//! The arguments of `unspool reproduce`.

use std::path::PathBuf;

use super::running::Running;
use clap::{Args, ValueEnum};

/// Arguments of `unspool reproduce`.
#[derive(Debug, Args)]
pub(crate) struct ReproduceArgs {
    /// Which part: curse, graphs, images, or all
    #[arg(value_enum, default_value = "all", hide_possible_values = true)]
    pub(crate) section: SectionArg,
    /// Minutes, on data and weights that come with the program: the default
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,
    /// Hours to days: train the networks again, and measure on more graphs
    ///
    /// Goes on where it was stopped when the same command is given again.
    #[arg(long)]
    pub(crate) full: bool,
    /// Folder for the report
    #[arg(long, value_name = "DIR", default_value = "unspool-report")]
    pub(crate) out: PathBuf,
    /// Folder of colour photos to train image networks on [without: the weights that are shipped are kept]
    #[arg(long, value_name = "DIR", requires = "full")]
    pub(crate) data: Option<PathBuf>,
    /// Folder of colour photos to measure on, beside those that come with the program
    #[arg(long, value_name = "DIR")]
    pub(crate) test: Option<PathBuf>,
    /// Networks to train again, separated by commas [default: all that the section has]
    ///
    /// unrolling, l2g and learned for graphs; demosaick, interpolate, uglr and ugtv for images.
    #[arg(long, value_name = "NAMES", requires = "full", value_delimiter = ',')]
    pub(crate) train: Vec<String>,
    /// Epochs of each training, for a trial [default: those of the recipe]
    #[arg(long, value_name = "N", requires = "full", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) epochs: Option<u32>,
    /// Seed of all that is random
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Write into a folder that holds other things
    #[arg(long)]
    pub(crate) force: bool,
    /// Print one JSON document instead of a summary
    #[arg(long)]
    pub(crate) json: bool,
    /// Seconds: as little of everything as shows that it works
    #[arg(long, hide = true)]
    pub(crate) tiny: bool,
    /// Threads and progress.
    #[command(flatten)]
    pub(crate) running: Running,
}

/// A part of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SectionArg {
    /// Differentiating solvers.
    Curse,
    /// Learning graphs.
    Graphs,
    /// Demosaicking and interpolation.
    Images,
    /// All of them.
    All,
}

impl SectionArg {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SectionArg::Curse => "curse",
            SectionArg::Graphs => "graphs",
            SectionArg::Images => "images",
            SectionArg::All => "all",
        }
    }
}

pub(super) const EXAMPLES: &str = "\
Examples:
  Everything in a few minutes; then open unspool-report/report.html:
    unspool reproduce
  One section, in a folder of its own:
    unspool reproduce curse --out curse-report
  All methods on one's own photos:
    unspool reproduce images --test kodak/
  Networks trained again, on one's own photos; Ctrl-C at any time, the same command goes on:
    unspool reproduce --full --data photos/ --test kodak/ --out full
  One network for two epochs, to see that it works:
    unspool reproduce graphs --full --train unrolling --epochs 2 --out trial
  For other programs:
    unspool reproduce curse --json --quiet | jq .report

The folder: report.html, one file that needs no network; report.json, all that it shows; tables/ as CSV; figures/ as
SVG and PNG; parts/, what is finished and is not done again with the same settings; runs/, trainings.

Exit codes: 0 done, 2 bad input or usage, 130 interrupted by Ctrl-C; what was finished is kept.";
