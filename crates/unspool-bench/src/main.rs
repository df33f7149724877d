//! Timings of `unspool` on fixed problems, each case in a process of its own.
//!
//! Data goes to standard output, everything else to standard error. The exit code is 0 when every
//! case was measured, 1 when one failed, 2 when the arguments or the data files are wrong.
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

mod compare;
mod error;
mod graph;
mod image;
mod measure;
mod networks;
mod record;
mod scale;
mod suite;
mod text;
mod unroll;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Times unspool on fixed problems and compares with other programs.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Hypergradients of ridge and logistic regression through gradient descent, in every mode.
    Unroll(unroll::Args),
    /// The log-degree graph of given squared distances, by every solver.
    Graph(graph::Args),
    /// The log-degree optimum of large graphs.
    Scale(scale::Args),
    /// Training and forward passes of Unrolling and L2G.
    Networks(networks::Args),
    /// Image networks: forward pass, training step, convolution.
    Image(image::Args),
    /// Ratios of CPU time, ours to a peer's.
    Compare(compare::Args),
    /// Writes a generated text-like data set as svmlight.
    Text(text::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Unroll(args) => unroll::run(&args),
        Command::Graph(args) => graph::run(&args),
        Command::Scale(args) => scale::run(&args),
        Command::Networks(args) => networks::run(&args),
        Command::Image(args) => image::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Text(args) => text::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What a child process reported has been said already.
            if !matches!(error, error::Error::Reported) {
                eprintln!("unspool-bench: {error}");
            }
            ExitCode::from(error.code())
        }
    }
}
