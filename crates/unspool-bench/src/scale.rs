//! The log-degree optimum of large graphs: time, memory, certificate, and what near neighbours alone would give.

use std::io::{Write, stdout};
use std::time::Instant;

use serde_json::json;
use unspool_graph::generate::Family;
use unspool_graph::learn::{Learner, Sparsity};
use unspool_graph::log_degree::pricing::Stage;
use unspool_graph::points::Points;
use unspool_graph::{metrics, simulate};

use crate::error::{Error, Result};
use crate::measure;

/// Arguments of `scale`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Family of the true graph: ba:5, rgg:10, ...
    #[arg(long, default_value = "rgg:10", value_name = "FAMILY")]
    family: String,
    /// Number of nodes.
    #[arg(long, default_value_t = 10_000, value_name = "M")]
    nodes: usize,
    /// Number of signals.
    #[arg(long, default_value_t = 3000, value_name = "N")]
    signals: usize,
    /// Average degree to learn.
    #[arg(long, default_value_t = 10.0, value_name = "K")]
    degree: f64,
    /// Relative duality gap.
    #[arg(long, default_value_t = 1e-3, value_name = "GAP")]
    tolerance: f64,
    /// Seed of the graph and its signals.
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    seed: u64,
    /// Threads.
    #[arg(long, default_value_t = 2, value_name = "N")]
    threads: usize,
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
}

/// The command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let failed = |source| Error::Graph { case: format!("{} {}", args.family, args.nodes), source };
    let report = pool.install(|| measure(args)).map_err(failed)?;
    let text = if args.json {
        serde_json::to_string_pretty(&report)?
    } else {
        let line = |(key, value): (&String, &serde_json::Value)| format!("{key:26} {value}\n");
        report.as_object().into_iter().flatten().map(line).collect()
    };
    writeln!(stdout(), "{text}")?;
    Ok(())
}

fn measure(args: &Args) -> unspool_graph::Result<serde_json::Value> {
    let begin = Instant::now();
    let tell = |what: &str| eprintln!("{:8.1} s  {what}", begin.elapsed().as_secs_f64());
    let family: Family = args.family.parse()?;
    let truth = simulate::weigh(&family.generate(args.nodes, args.seed)?, args.seed)?;
    let signals = simulate::signals(&truth, args.signals, 1e-4, args.seed)?;
    let simulated = begin.elapsed().as_secs_f64();
    tell("signals simulated");
    let stage = |stage: Stage| tell(&format!("{stage:?}"));
    let learner =
        Learner { tolerance: args.tolerance, stage: Some(&stage), ..Learner::new(Sparsity::Degree(args.degree)) };
    let clock = Instant::now();
    let points = Points::new(&signals)?;
    drop(signals);
    let learned = learner.from_points(&points)?;
    let seconds = clock.elapsed().as_secs_f64();
    let scores = metrics::score(&learned.graph, &truth)?;
    let search = learned.search.as_ref();
    let only = search.map_or(f64::NAN, |s| s.candidates_only);
    Ok(json!({
        "family": args.family, "nodes": args.nodes, "signals": args.signals, "seed": args.seed, "threads": args.threads,
        "simulation_s": simulated,
        "seconds": seconds,
        "peak_mb": measure::peak_mb(),
        "edges": learned.graph.edges().len(),
        "degree": 2.0 * learned.graph.edges().len() as f64 / args.nodes as f64,
        "components": learned.graph.components(),
        "objective": learned.objective,
        "relative_gap": learned.relative_gap(),
        "rounds": search.map(|s| s.rounds),
        "pairs": search.map(|s| s.pairs),
        "candidates": search.map(|s| s.candidates),
        "candidates_only_edges": search.map(|s| s.candidates_edges),
        "candidates_only_objective": only,
        "candidates_only_excess": (only - learned.objective) / learned.objective.abs().max(1.0),
        "auc": scores.auc,
        "average_precision": scores.average_precision,
    }))
}
