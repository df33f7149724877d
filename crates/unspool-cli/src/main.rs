//! `unspool`: learn the regularisers of a linear model from a table, predict with it; learn graphs from
//! signals; demosaick and mend images; and see what unrolling makes of a derivative.
//!
//! Standard output carries results only; progress, notes and errors go to standard error. Exit
//! codes: 0 done, 1 ran without converging or was stopped, 2 bad input or usage, 130 interrupted
//! twice, `reproduce` once.
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

mod args;
mod cmd;
mod exit;
mod groups;
mod output;
mod picture;
mod progress;
mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::args::{Cli, Command};
use crate::exit::{Done, Failure};
use crate::settings::{Filled, Settings};

fn main() -> ExitCode {
    exit::code(run())
}

/// Parses the command line and runs the command.
fn run() -> Result<Done, Failure> {
    let (line, typed) = (Cli::line(), std::env::args_os().collect::<Vec<_>>());
    // help needs no settings
    match line.clone().try_get_matches_from(&typed) {
        Err(help) if !help.use_stderr() => {
            return output::print(help.render().to_string().as_bytes()).map(|()| Done::Well);
        }
        _ => {}
    }
    let first = line.clone().ignore_errors(true).try_get_matches_from(&typed);
    let first = first.unwrap_or_default();
    let named = first.get_one::<PathBuf>("config");
    let settings = match Settings::read(named.map(PathBuf::as_path), &line) {
        // what tells how to write a settings file works beside a wrong one
        Err(failure) if matches!(first.subcommand_name(), Some("config" | "completions" | "man")) => {
            output::tell(&format!("left out: {}\n", failure.message()));
            Settings::default()
        }
        read => read?,
    };
    let filled = Filled::new(&settings, &line, &typed, &first);
    let parsed = line.clone().try_get_matches_from(filled.arguments(&line));
    let cli = parsed
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| Failure::usage(&error).within(filled.blame(&error)))?;
    match cli.command {
        Command::Reproduce(args) => cmd::reproduce::run(&args),
        Command::Advise(args) => cmd::advise::run(&args),
        Command::Tune(args) => cmd::tune::run(&args),
        Command::Curse(args) => cmd::curse::run(&args),
        Command::Predict(args) => cmd::predict::run(&args),
        Command::LearnGraph(args) => cmd::learn_graph::run(&args),
        Command::Graph(command) => cmd::graph::run(&command),
        Command::Train(command) => cmd::train::run(&command),
        Command::Eval(command) => cmd::eval::run(&command),
        Command::Mosaick(args) => cmd::image::mosaick::run(&args),
        Command::Demosaick(args) => cmd::image::demosaick::run(&args),
        Command::Interpolate(args) => cmd::image::interpolate::run(&args),
        Command::Simulate(args) => cmd::simulate::run(&args),
        Command::Runs(command) => cmd::runs::run(&command),
        Command::Config(command) => cmd::config::run(&command, &line, &settings),
        Command::Completions { shell } => cmd::shell::completions(shell),
        Command::Man(args) => cmd::shell::man(args.out.as_deref(), args.force),
    }
}
