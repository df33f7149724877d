//! `unspool graph score`.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::json;
use unspool_graph::io::read_graph;
use unspool_graph::metrics::{self, Scores};

use crate::cmd::SCHEMA_VERSION;
use crate::exit::{Done, Failure};
use crate::output;

/// Compares learned graphs with true ones.
pub(super) fn run(graphs: &[PathBuf], replicates: usize, seed: u64, as_json: bool) -> Result<Done, Failure> {
    if !graphs.len().is_multiple_of(2) {
        return Err(Failure::new(
            format!("{} graphs are no pairs", graphs.len()),
            "give learned and true graph, in turn",
        ));
    }
    let estimates = if let [learned, truth] = graphs {
        metrics::score_with_interval(&read_graph(learned)?, &read_graph(truth)?, replicates, seed)?
    } else {
        let score = |pair: &[PathBuf]| metrics::score(&read_graph(&pair[0])?, &read_graph(&pair[1])?);
        let scores: Vec<Scores> = graphs.chunks_exact(2).map(score).collect::<Result<_, _>>()?;
        metrics::summary(&scores)?
    };
    let pairs = graphs.len() / 2;
    let interval = if pairs == 1 { "bootstrap over pairs of nodes" } else { "Student's t over graphs" };
    if as_json {
        let scores: serde_json::Map<_, _> = estimates
            .named()
            .map(|(name, e)| (name.to_owned(), json!({ "value": e.value, "low": e.low, "high": e.high })))
            .into_iter()
            .collect();
        let document = json!({
            "schema_version": SCHEMA_VERSION,
            "command": "graph score",
            "graphs": pairs,
            "interval": interval,
            "seed": seed,
            "scores": scores,
        });
        return output::print(format!("{document:#}\n").as_bytes()).map(|()| Done::Well);
    }
    let mut text = format!("{:<18} {:>10}   95 % interval ({interval})\n", "score", "value");
    for (name, e) in estimates.named() {
        let _ = writeln!(text, "{name:<18} {:>10.5}   {:.5} to {:.5}", e.value, e.low, e.high);
    }
    output::print(text.as_bytes()).map(|()| Done::Well)
}
