//! `unspool simulate`.

use unspool_graph::generate::Family;
use unspool_graph::{io, simulate};

use super::graph::{self, Facts};
use super::stop::Stop;
use crate::args::SimulateArgs;
use crate::exit::{Done, Failure};
use crate::output;

/// Draws a graph and signals on it.
pub(crate) fn run(args: &SimulateArgs) -> Result<Done, Failure> {
    super::build_threads(args.running.threads)?;
    let family: Family = args.family.parse()?;
    let nodes = match (&family, args.nodes) {
        (_, Some(nodes)) => nodes,
        (Family::Grid { rows, columns }, None) => rows.saturating_mul(*columns),
        (Family::Blocks { sizes, .. }, None) => sizes.iter().fold(0, |a: usize, b| a.saturating_add(*b)),
        _ => return Err(Failure::new("the number of nodes is not given", "add --nodes 100")),
    };
    for path in [&args.out, &args.graph] {
        if !args.force && path.symlink_metadata().is_ok() {
            return Err(Failure::exists(path, "choose another name, or overwrite it with --force"));
        }
    }
    let stop = Stop::at_once(&args.running, "stopped; nothing is written")?;
    let bare = if args.in_order { family.in_order(nodes, args.seed)? } else { family.generate(nodes, args.seed)? };
    let truth = simulate::weigh(&bare, args.seed)?;
    let signals = simulate::signals(&truth, args.signals, args.epsilon, args.seed)?;
    let bytes = io::signals_bytes(&args.out.display().to_string(), &signals)?;
    stop.be_patient(Some("writing graph and signals"));
    graph::write(&truth, &args.graph, args.force)?;
    output::write(&args.out, &bytes, args.force)?;
    let facts = Facts::of(&truth);
    let text = format!(
        "{family}, seed {}: {} nodes, {} edges, {} component{}\ngraph    {}\nsignals  {} ({} observations)\n",
        args.seed,
        facts.nodes,
        facts.edges,
        facts.components,
        if facts.components == 1 { "" } else { "s" },
        args.graph.display(),
        args.out.display(),
        args.signals
    );
    output::print(text.as_bytes()).map(|()| Done::Well)
}
