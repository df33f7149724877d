//! `unspool learn-graph`.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};
use unspool_graph::distances::Stream;
use unspool_graph::io::{self, NodeTable, ReadOptions};
use unspool_graph::laplacian::{self, Candidates, Criterion};
use unspool_graph::learn::{Learned, Learner, Search, Sparsity};
use unspool_graph::log_degree::pricing::Stage;
use unspool_graph::log_degree::{Method, Selected, Weights, select, solve};
use unspool_graph::points::Watch;
use unspool_graph::{Graph, Signals, baseline, distances, example, pairs};
use unspool_topology::learned::{Adapted, Learned as Network};
use unspool_topology::prior_net::Prediction;
use unspool_topology::problem::Problem;

use super::SCHEMA_VERSION;
use super::graph::{self, Facts};
use super::stop::Stop;
use crate::args::{LearnGraphArgs, MethodArg};
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Share;

/// Neighbours a node, where nothing is said and there are nodes enough.
const DEGREE: f64 = 6.0;
/// Iterations of a first-order method at most.
const MOST_ITERATIONS: usize = 1_000_000;

/// Learns a graph and writes it with a picture.
pub(crate) fn run(args: &LearnGraphArgs) -> Result<Done, Failure> {
    super::build_threads(args.running.threads)?;
    let picture = match (&args.picture, args.no_picture) {
        (_, true) => None,
        (Some(picture), _) => Some(picture.clone()),
        (None, _) => Some(args.out.with_extension("png")),
    };
    io::GraphFormat::of(&args.out)?;
    let named = [
        (Some(&args.out), "choose another name, or overwrite it with --force"),
        (
            picture.as_ref(),
            "name a picture with --picture, do without by --no-picture, or overwrite files with --force",
        ),
    ];
    for (path, hint) in named {
        if let Some(path) = path.filter(|path| !args.force && path.symlink_metadata().is_ok()) {
            return Err(Failure::exists(path, hint));
        }
    }
    let input = Input::read(args)?;
    let stop = Stop::at_once(&args.running, "stopped; nothing is written")?;
    let clock = Instant::now();
    let mut answer = input.learn(args)?;
    let seconds = clock.elapsed().as_secs_f64();
    answer.graph = input.named(answer.graph)?;
    stop.be_patient(Some("writing the graph that was learned"));
    graph::write(&answer.graph, &args.out, args.force)?;
    if let Some(picture) = &picture {
        let title = format!("{}, {}", input.name, args.method.title());
        graph::draw(&answer.graph, &title, true, args.seed, picture, args.force)?;
    }
    let told = Told { args, input: &input, answer: &answer, picture, seconds, facts: Facts::of(&answer.graph) };
    if args.json {
        output::print(format!("{:#}\n", told.document()).as_bytes())?;
    } else {
        output::print(told.summary().as_bytes())?;
    }
    Ok(Done::Well)
}

/// What the graph is learned from.
struct Input {
    name: String,
    source: Source,
    held_out: Option<Signals>,
    table: NodeTable,
    /// What the user should know about the data.
    warnings: Vec<String>,
}

enum Source {
    Signals(Signals),
    Distances { nodes: usize, half: Vec<f64>, names: Vec<String> },
}

/// A learned graph, and how.
struct Answer {
    graph: Graph,
    weights: Option<Weights>,
    objective: Option<f64>,
    relative_gap: Option<f64>,
    iterations: Option<usize>,
    search: Option<Search>,
    selected: Option<Selected>,
    updates: Vec<Value>,
    adapted: Option<Adapted>,
}

impl Answer {
    /// Of a method without an objective.
    fn plain(graph: Graph) -> Self {
        let (weights, objective, relative_gap, iterations) = (None, None, None, None);
        Answer {
            graph,
            weights,
            objective,
            relative_gap,
            iterations,
            search: None,
            selected: None,
            updates: Vec::new(),
            adapted: None,
        }
    }

    fn of(learned: Learned) -> Self {
        Answer {
            weights: Some(learned.weights),
            objective: Some(learned.objective),
            relative_gap: Some(learned.relative_gap()),
            iterations: Some(learned.iterations),
            search: learned.search,
            ..Answer::plain(learned.graph)
        }
    }
}

/// Options that the method knows nothing of.
fn unused(args: &LearnGraphArgs) -> Vec<String> {
    let method = args.method;
    let (is_log_degree, is_learned) = (method.is_log_degree(), method == MethodArg::Learned);
    let options = [
        ("--degree", args.degree.is_some(), is_log_degree || method == MethodArg::Correlation),
        ("--alpha and --beta", args.alpha.is_some() || args.beta.is_some(), is_log_degree),
        ("--weights", args.weights.is_some(), is_learned),
        ("--adapt", args.adapt.is_some(), is_learned),
    ];
    let unused = options.iter().filter(|(_, given, used)| *given && !used);
    unused.map(|(option, ..)| format!("the method {} knows nothing of {option}: left out", method.name())).collect()
}

impl Input {
    fn read(args: &LearnGraphArgs) -> Result<Self, Failure> {
        let options = ReadOptions { transpose: args.transpose, header: args.header };
        let mut table = NodeTable::default();
        let (name, source) = if let Some(path) = &args.distances {
            let io::Distances { nodes, half, names } = io::read_distances(path)?;
            (graph::name_of(path), Source::Distances { nodes, half, names })
        } else if let Some(name) = &args.example {
            let (signals, places) = example::load(name)?;
            table = places;
            (name.clone(), Source::Signals(signals))
        } else {
            let path = args.signals.clone().unwrap_or_default();
            (graph::name_of(&path), Source::Signals(io::read_signals(&path, &options)?))
        };
        if let Some(path) = &args.nodes {
            table = io::read_nodes(path)?;
        }
        let prepare = |mut signals: Signals| -> Result<Signals, Failure> {
            for node in &args.ignore {
                signals = signals.without(node)?;
            }
            Ok(if args.standardise { signals.standardised()? } else { signals })
        };
        let source = match source {
            Source::Signals(signals) => Source::Signals(prepare(signals)?),
            distances => distances,
        };
        let held_out = args.held_out.as_ref().map(|path| io::read_signals(path, &options)).transpose()?;
        let held_out = held_out.map(prepare).transpose()?;
        let mut warnings = unused(args);
        if let Source::Signals(signals) = &source {
            let (missing, all) = (signals.missing(), signals.values().len());
            if missing > 0 {
                let share = 100.0 * missing as f64 / all as f64;
                warnings.push(format!(
                    "{missing} values ({share:.1} %) are missing: each distance is over the observations that both nodes have"
                ));
            }
            if signals.observations() < signals.nodes() {
                warnings.push(format!(
                    "{} observations of {} nodes are few: distances are noisy",
                    signals.observations(),
                    signals.nodes()
                ));
            }
        }
        Ok(Input { name, source, held_out, table, warnings })
    }

    fn nodes(&self) -> usize {
        match &self.source {
            Source::Signals(signals) => signals.nodes(),
            Source::Distances { nodes, .. } => *nodes,
        }
    }

    /// The average degree wanted; by default less where there are few nodes.
    fn degree(&self, args: &LearnGraphArgs) -> f64 {
        args.degree.unwrap_or_else(|| DEGREE.min(self.nodes().saturating_sub(2).max(1) as f64))
    }

    /// The graph with the names and positions that are known.
    fn named(&self, graph: Graph) -> Result<Graph, Failure> {
        let names = match &self.source {
            Source::Signals(signals) => signals.names(),
            Source::Distances { names, .. } => names,
        };
        let graph = if names.is_empty() { graph } else { graph.with_names(names.to_vec())? };
        Ok(self.table.place(graph)?)
    }

    fn signals(&self, method: &str) -> Result<&Signals, Failure> {
        match &self.source {
            Source::Signals(signals) => Ok(signals),
            Source::Distances { .. } => {
                Err(Failure::new(format!("{method} needs signals, not distances"), "name a file of signals"))
            }
        }
    }

    fn distances(&self) -> Result<Vec<f64>, Failure> {
        Ok(match &self.source {
            Source::Signals(signals) => distances::squared(signals)?,
            Source::Distances { half, .. } => half.clone(),
        })
    }

    fn learn(&self, args: &LearnGraphArgs) -> Result<Answer, Failure> {
        let share = Share::new(args.running.quiet);
        let progress = |done: f64| share.show(done);
        let stage = |stage: Stage| share.stage(&stage.to_string());
        let sparsity = match (args.alpha, args.beta) {
            (Some(alpha), Some(beta)) => Sparsity::Weights(Weights { alpha, beta, theta: args.theta.unwrap_or(1.0) }),
            _ => Sparsity::Degree(self.degree(args)),
        };
        let mut learner = Learner {
            tolerance: args.tolerance,
            dense_up_to: args.dense_up_to,
            seed: args.seed,
            watch: Watch { progress: Some(&progress), cancel: None },
            stage: Some(&stage),
            ..Learner::new(sparsity)
        };
        let mut selected = None;
        let method = args.method;
        if let (Some(held_out), true) = (&self.held_out, method.is_log_degree()) {
            let found = select(self.nodes(), &self.distances()?, &distances::squared(held_out)?)?;
            learner.sparsity = Sparsity::Weights(found.weights);
            selected = Some(found);
        }
        let answer = match method {
            MethodArg::LogDegree if args.chunk.is_some() => self.stream(args, learner)?,
            MethodArg::LogDegree => Answer::of(match &self.source {
                Source::Signals(signals) => learner.from_signals(signals)?,
                Source::Distances { nodes, half, .. } => learner.from_distances(*nodes, half)?,
            }),
            _ if args.chunk.is_some() => {
                return Err(Failure::new("--chunk works with the method log-degree alone", "leave out --method"));
            }
            MethodArg::Fdpg | MethodArg::Pds | MethodArg::Relaxed => {
                let z = self.distances()?;
                // the same sparsity as by Newton's method
                let weights = learner.from_distances(self.nodes(), &z)?.weights;
                let step_size = None;
                let first_order = match method {
                    MethodArg::Pds => Method::Pds { step_size },
                    MethodArg::Relaxed => Method::Relaxed { step_size },
                    _ => Method::Fdpg,
                };
                let solved =
                    solve(first_order, self.nodes(), &z, weights, args.tolerance, MOST_ITERATIONS)?.require()?;
                Answer {
                    weights: Some(weights),
                    objective: Some(solved.objective),
                    relative_gap: Some(solved.relative_gap()),
                    iterations: Some(solved.iterations),
                    ..Answer::plain(Graph::from_half(self.nodes(), &solved.w, 0.0)?)
                }
            }
            MethodArg::Laplacian | MethodArg::Refitted => self.likelihood(args)?,
            MethodArg::PseudoInverse => {
                let w = baseline::pseudo_inverse(self.nodes(), &self.distances()?)?;
                Answer::plain(Graph::from_half(self.nodes(), &w, 0.0)?)
            }
            MethodArg::Learned => self.learned(args)?,
            MethodArg::Correlation => {
                let edges = (self.degree(args) * self.nodes() as f64 / 2.0).round().max(1.0) as usize;
                Answer::plain(baseline::thresholded(self.signals("correlation")?, edges)?)
            }
        };
        share.finish();
        Ok(Answer { selected, ..answer })
    }

    /// Laplacian maximum likelihood, refitted if asked for.
    fn likelihood(&self, args: &LearnGraphArgs) -> Result<Answer, Failure> {
        let z = self.distances()?;
        let settings = laplacian::Settings { tolerance: args.tolerance, ..laplacian::Settings::default() };
        let (w, optimum) = if args.method == MethodArg::Laplacian {
            let all = Candidates::all(&z)?;
            let optimum = laplacian::minimise(&all, None, settings)?;
            (all.half(&optimum.w)?, optimum)
        } else {
            let held_out = self.held_out.as_ref().map(distances::squared).transpose()?;
            let criterion = match &held_out {
                Some(held_out) => Criterion::HeldOut(held_out),
                None => Criterion::Bic(self.signals("BIC")?.observations()),
            };
            let refitted = laplacian::refit(&z, criterion, settings)?;
            (refitted.w, refitted.optimum)
        };
        let laplacian::Optimum { objective, gap, iterations, converged, .. } = optimum;
        if !converged {
            let message = format!("the relative duality gap is {gap:.1e} after {iterations} iterations");
            return Err(Failure::new(message, "ask for a larger gap with --tolerance"));
        }
        Ok(Answer {
            objective: Some(objective),
            relative_gap: Some(gap),
            iterations: Some(iterations),
            ..Answer::plain(Graph::from_half(self.nodes(), &w, 0.0)?)
        })
    }

    /// A trained network.
    fn learned(&self, args: &LearnGraphArgs) -> Result<Answer, Failure> {
        let mut learned = match &args.weights {
            Some(path) => Network::read(path)?,
            None => Network::shipped()?,
        };
        let adapted = args.adapt.map(|steps| learned.adapt(self.signals("--adapt")?, steps).map_err(Failure::from));
        let adapted = adapted.transpose()?;
        let observations = match (&self.source, args.observations) {
            (Source::Signals(signals), _) => signals.observations(),
            (Source::Distances { .. }, Some(observations)) => observations,
            _ => {
                let hint = "tell it with --observations";
                return Err(Failure::new("the method learned must know the number of observations", hint));
            }
        };
        if !(0.0..1.0).contains(&args.probability) {
            let message = format!("the least probability of an edge is {}", args.probability);
            return Err(Failure::new(message, "take a number from 0 up to 1, such as 0.5"));
        }
        let problem = Problem::new(self.nodes(), observations, &self.distances()?)?;
        let Prediction { w, p } = learned.predict(&problem);
        let kept: Vec<(f64, f64)> =
            w.iter().zip(&p).map(|(&w, &p)| if p >= args.probability { (w, p) } else { (0.0, 0.0) }).collect();
        let (w, p): (Vec<f64>, Vec<f64>) = kept.into_iter().unzip();
        let graph = Graph::from_half(self.nodes(), &w, 0.0)?;
        let p = graph.edges().iter().map(|e| p[pairs::index(self.nodes(), e.i, e.j)]).collect();
        Ok(Answer { adapted, ..Answer::plain(graph.with_probabilities(p)?) })
    }

    /// Chunk by chunk, each graph from where the last one was.
    fn stream(&self, args: &LearnGraphArgs, mut learner: Learner<'_>) -> Result<Answer, Failure> {
        let signals = self.signals("--chunk")?;
        let rows = args.chunk.filter(|rows| *rows > 0);
        let rows = rows.ok_or_else(|| Failure::new("a chunk has no rows", "try --chunk 100"))?;
        let nodes = signals.nodes();
        let mut stream = Stream::new(nodes, args.forgetting)?;
        let (mut latest, mut updates) = (None, Vec::new());
        let mut start: Option<Vec<f64>> = None;
        for (number, chunk) in signals.values().chunks(rows * nodes).enumerate() {
            let clock = Instant::now();
            stream.push(&Signals::new(chunk.to_vec(), nodes)?)?;
            let z = stream.squared()?;
            let learned = Learner { start: start.as_deref(), ..learner }.from_distances(nodes, &z)?;
            // the wanted degree is met once; then the graph may grow and shrink
            learner.sparsity = Sparsity::Weights(learned.weights);
            updates.push(json!({
                "rows": ((number + 1) * rows).min(signals.observations()),
                "edges": learned.graph.edges().len(),
                "iterations": learned.iterations,
                "relative_gap": learned.relative_gap(),
                "seconds": clock.elapsed().as_secs_f64(),
            }));
            start = Some(learned.lambda.clone());
            latest = Some(learned);
        }
        let latest = latest.ok_or_else(|| Failure::new("there are no observations", "give at least one row"))?;
        Ok(Answer { updates, ..Answer::of(latest) })
    }
}

/// What the user is told.
struct Told<'a> {
    args: &'a LearnGraphArgs,
    input: &'a Input,
    answer: &'a Answer,
    picture: Option<PathBuf>,
    seconds: f64,
    facts: Facts,
}

impl Told<'_> {
    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.input.warnings.clone();
        if self.facts.components > 1 {
            let option =
                if self.args.method == MethodArg::Learned { "smaller --probability" } else { "larger --degree" };
            warnings.push(format!("the graph is in {} pieces: a {option} joins more", self.facts.components));
        }
        warnings
    }

    fn summary(&self) -> String {
        let Told { args, answer, facts, .. } = self;
        let mut text = format!(
            "{}, {}\n{} nodes, {} edges, {:.2} neighbours a node, {} component{}\n",
            self.input.name,
            args.method.title(),
            facts.nodes,
            facts.edges,
            facts.average,
            facts.components,
            if facts.components == 1 { "" } else { "s" }
        );
        if let Some(Weights { alpha, beta, theta }) = answer.weights {
            let _ = writeln!(text, "alpha {alpha}, beta {beta}, theta {theta:.6}");
        }
        if let (Some(objective), Some(gap)) = (answer.objective, answer.relative_gap) {
            let _ = writeln!(text, "objective {objective:.9}, certified to a relative gap of {gap:.1e}");
        }
        if let Some(selected) = &answer.selected {
            let _ = writeln!(
                text,
                "theta by hypergradient: held-out loss {:.6}, {} evaluations",
                selected.loss,
                selected.path.len()
            );
        }
        if let Some(search) = &answer.search {
            let excess = search.candidates_only / answer.objective.unwrap_or(f64::NAN) - 1.0;
            let _ = writeln!(
                text,
                "{} searches over all pairs; near neighbours alone would be {excess:.1e} above the optimum, with {} edges",
                search.rounds, search.candidates_edges
            );
        }
        for update in &answer.updates {
            let _ = writeln!(
                text,
                "row {:>8}: {:>6} edges, {:>3} iterations, {:.4} s",
                update["rows"],
                update["edges"],
                update["iterations"],
                update["seconds"].as_f64().unwrap_or(0.0)
            );
        }
        if let Some(Adapted { before, after, steps }) = answer.adapted {
            let _ = writeln!(text, "adapted in {steps} steps: held-out loss {before:.4} -> {after:.4}");
        }
        for warning in self.warnings() {
            let _ = writeln!(text, "warning: {warning}");
        }
        let _ = writeln!(text, "{:.3} s\ngraph    {}", self.seconds, args.out.display());
        if let Some(picture) = &self.picture {
            let _ = writeln!(text, "picture  {}", picture.display());
        }
        text
    }

    fn document(&self) -> Value {
        let Told { args, answer, facts, .. } = self;
        let edges: Vec<_> = answer.graph.edges().iter().map(|e| json!([e.i, e.j, e.weight])).collect();
        let probabilities = Some(answer.graph.probabilities()).filter(|p| !p.is_empty());
        let adapted = answer.adapted.as_ref();
        json!({
            "schema_version": SCHEMA_VERSION,
            "command": "learn-graph",
            "data": self.input.name,
            "method": args.method.name(),
            "nodes": facts.nodes,
            "names": answer.graph.names(),
            "edges": edges,
            "probabilities": probabilities,
            "adapted": adapted.map(|a| json!({ "before": a.before, "after": a.after, "steps": a.steps })),
            "objective": answer.objective,
            "gap": answer.relative_gap,
            "iterations": answer.iterations,
            "seconds": self.seconds,
            "weights": answer.weights.map(|w| json!({ "alpha": w.alpha, "beta": w.beta, "theta": w.theta })),
            "average_neighbours": facts.average,
            "components": facts.components,
            "isolated_nodes": facts.isolated,
            "seed": args.seed,
            "search": answer.search.map(|s| json!({
                "candidates": s.candidates,
                "candidates_only_objective": s.candidates_only,
                "candidates_only_edges": s.candidates_edges,
                "pairs": s.pairs,
                "rounds": s.rounds,
            })),
            "held_out": answer.selected.as_ref().map(|s| json!({ "loss": s.loss, "path": s.path })),
            "updates": answer.updates,
            "warnings": self.warnings(),
            "graph": args.out.display().to_string(),
            "picture": self.picture.as_ref().map(|p| p.display().to_string()),
        })
    }
}
