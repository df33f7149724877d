//! Arguments of the commands that go with the others: runs, settings, completions, manual pages.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Arguments of `unspool runs`.
#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// List runs: network, state, epochs, loss, best validation
    List {
        /// Folder to search
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Compare runs: how they did, and the settings in which they differ
    Compare {
        /// Run folders
        #[arg(required = true, num_args = 2.., value_name = "RUN")]
        runs: Vec<PathBuf>,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// Arguments of `unspool config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print options with their values and where these come from; the text serves as unspool.toml
    Show {
        /// Command, such as learn-graph or eval graph [default: all]
        command: Vec<String>,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// Arguments of `unspool man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Folder for a page for each command
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Overwrite pages that are already there
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
}

pub(super) const RUNS_EXAMPLES: &str = "\
Examples:
  unspool runs list
  unspool runs compare run run2
  unspool runs list runs/ --json";

pub(super) const CONFIG_EXAMPLES: &str = "\
Examples:
  Begin a settings file, and change what you like in it:
    unspool config show learn-graph > unspool.toml
  What a command would do here, and which file says so:
    unspool config show eval graph

A key is an option's name in the table of its command; outside of tables it holds for all commands that have it:
  threads = 2
  [learn-graph]
  degree = 4
  [eval.graph]
  nodes = [20, 50]
The command line wins over unspool.toml (or --config FILE), which wins over the user's unspool/config.toml.";

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  unspool completions bash > ~/.local/share/bash-completion/completions/unspool
  unspool completions fish > ~/.config/fish/completions/unspool.fish";

pub(super) const MAN_EXAMPLES: &str = "\
Examples:
  unspool man | man -l -
  unspool man --out ~/.local/share/man/man1";
