//! `unspool eval`.

use std::fmt::Write;

use serde_json::{Value, json};
use unspool_graph::Signals;
use unspool_graph::io::{self, ReadOptions};
use unspool_graph::metrics::Estimate;
use unspool_topology::Learned;
use unspool_topology::data::Kind;
use unspool_topology::evaluate::{self, Calibration, Cell, Method, Networks, Row};
use unspool_topology::held_out::{self, Score};

use super::SCHEMA_VERSION;
use super::stop::Stop;
use crate::args::{EvalCommand, EvalGraphArgs};
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Share;

/// The kind of graphs and the numbers of nodes that the shipped weights were not trained on.
const HELD_OUT: Kind = Kind::Sbm;
const LARGEST_TRAINED: usize = 100;

/// Compares methods.
pub(crate) fn run(command: &EvalCommand) -> Result<Done, Failure> {
    let args = match command {
        EvalCommand::Graph(args) => args,
        EvalCommand::Image(args) => return super::image::eval::run(args),
    };
    super::build_threads(args.running.threads)?;
    let learned = match &args.weights {
        Some(path) => Learned::read(path)?,
        None => Learned::shipped()?,
    };
    let networks = Networks::with(learned)?;
    if let Some(path) = &args.data {
        let options = ReadOptions { transpose: args.transpose, header: args.header };
        return on_signals(args, io::read_signals(path, &options)?, &networks);
    }
    let kinds: Vec<Kind> =
        args.families.iter().map(|name| named(name, &Kind::ALL, Kind::name, "families")).collect::<Result<_, _>>()?;
    let methods: Vec<Method> = if args.methods.is_empty() {
        Method::ALL.to_vec()
    } else {
        args.methods.iter().map(|name| named(name, &Method::ALL, Method::name, "methods")).collect::<Result<_, _>>()?
    };
    if let Some(few) = args.nodes.iter().find(|m| **m < 8) {
        return Err(Failure::new(format!("{few} nodes are too few for these families"), "take at least 8"));
    }
    if args.signals.contains(&0) {
        return Err(Failure::new("there are no signals", "take at least 1"));
    }
    let stop = Stop::watch(&args.running, "stopping after this cell; what is done is printed")?;
    let share = Share::new(args.running.quiet);
    let count = (kinds.len() * args.nodes.len() * args.signals.len()) as f64;
    let mut rows: Vec<Row> = Vec::new();
    'cells: for &nodes in &args.nodes {
        for &kind in &kinds {
            for &signals in &args.signals {
                if stop.is_asked() {
                    break 'cells;
                }
                share.stage(&format!("{} of {nodes} nodes, {signals} signals", kind.name()));
                rows.push(evaluate::cell(Cell { kind, nodes, signals }, &methods, args.graphs, args.seed, &networks)?);
                share.show(rows.len() as f64 / count);
            }
        }
    }
    share.finish();
    let calibration: Vec<(Kind, Calibration)> = kinds.iter().map(|&kind| (kind, calibration(kind, &rows))).collect();
    if args.json {
        output::print(format!("{:#}\n", document(args, &methods, &rows, &calibration)).as_bytes())?;
    } else {
        output::print(table(args, &methods, &rows, &calibration).as_bytes())?;
    }
    Ok(if (rows.len() as f64) < count { Done::Unfinished } else { Done::Well })
}

/// Compares methods by signals that were kept aside.
fn on_signals(args: &EvalGraphArgs, mut signals: Signals, networks: &Networks) -> Result<Done, Failure> {
    let methods: Vec<Method> = if args.methods.is_empty() {
        held_out::METHODS.to_vec()
    } else {
        let chosen =
            args.methods.iter().map(|name| named(name, &held_out::METHODS, Method::name, "methods for signals"));
        chosen.collect::<Result<_, _>>()?
    };
    for node in &args.ignore {
        signals = signals.without(node)?;
    }
    if args.standardise {
        signals = signals.standardised()?;
    }
    Stop::at_once(&args.running, "stopped; nothing is printed")?;
    let scores = held_out::compare(&signals, args.splits, &methods, args.adapt, networks)?;
    let names: Vec<&str> =
        methods.iter().map(|method| method.name()).chain((args.adapt > 0).then_some("learned, adapted")).collect();
    let text = if args.json {
        let estimate = |e: &Option<Estimate>| e.map(|e| json!({ "mean": e.value, "low": e.low, "high": e.high }));
        let methods: serde_json::Map<String, Value> = names
            .iter()
            .zip(&scores)
            .map(|(name, Score { loss, above_learned })| {
                let score = json!({ "loss": estimate(loss), "above_learned": estimate(above_learned) });
                ((*name).to_owned(), score)
            })
            .collect();
        let document = json!({
            "schema_version": SCHEMA_VERSION,
            "command": "eval graph",
            "nodes": signals.nodes(),
            "observations": signals.observations(),
            "splits": args.splits,
            "methods": methods,
        });
        format!("{document:#}\n")
    } else {
        let mut text = format!(
            "Twice the negative log-likelihood of signals kept aside, for each degree of freedom (less is better): mean of\n\
             {} runs of rows +- half of its 95 % interval; the same of the difference to the method learned, run by run, which\n\
             is what tells two methods apart\n\n",
            args.splits
        );
        let least = scores.iter().filter_map(|s| s.loss).map(|l| l.value).fold(f64::INFINITY, f64::min);
        for (name, score) in names.iter().zip(&scores) {
            let with_interval = |e: Option<Estimate>| {
                e.map_or("not connected".into(), |e| format!("{:.4} +-{:.4}", e.value, (e.high - e.low) / 2.0))
            };
            let mark = if score.loss.is_some_and(|l| l.value == least) { ">" } else { "" };
            let loss = format!("{mark}{}", with_interval(score.loss));
            let _ = writeln!(text, "{name:18} {loss:>20} {:>20}", with_interval(score.above_learned));
        }
        if scores.iter().any(|score| score.loss.is_none()) {
            text += "\nnot connected: that method's graph falls apart, so that some signals are impossible\n";
        }
        text
    };
    output::print(text.as_bytes())?;
    Ok(Done::Well)
}

fn named<T: Copy>(name: &str, all: &[T], name_of: impl Fn(T) -> &'static str, what: &str) -> Result<T, Failure> {
    all.iter().copied().find(|&one| name_of(one) == name).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|&one| name_of(one)).collect();
        Failure::new(format!("there is no {name:?} among the {what}"), format!("there are {}", names.join(", ")))
    })
}

fn calibration(kind: Kind, rows: &[Row]) -> Calibration {
    let mut all = Calibration::default();
    rows.iter().filter(|row| row.cell.kind == kind).for_each(|row| all.merge(&row.calibration));
    all
}

fn is_held_out(cell: &Cell) -> bool {
    cell.kind == HELD_OUT || cell.nodes > LARGEST_TRAINED
}

fn table(args: &EvalGraphArgs, methods: &[Method], rows: &[Row], calibration: &[(Kind, Calibration)]) -> String {
    let mut text = format!(
        "GMSE, mean of {} graphs with nodes in random order, +- half of its 95 % interval; the least is marked >,\n\
         families and sizes that the network learned was not trained on *\n",
        args.graphs
    );
    // rows of one family and size stand one after the other
    for rows in rows.chunk_by(|a, b| (a.cell.kind, a.cell.nodes) == (b.cell.kind, b.cell.nodes)) {
        let Cell { kind, nodes, .. } = rows[0].cell;
        let mark = if is_held_out(&rows[0].cell) { "*" } else { "" };
        let _ = write!(text, "\n{:18}", format!("{} {nodes} nodes{mark}", kind.name()));
        for row in rows {
            let _ = write!(text, " {:>18}", format!("{} signals", row.cell.signals));
        }
        text.push('\n');
        for (k, method) in methods.iter().enumerate() {
            let cells: String = rows.iter().map(|row| format!(" {:>18}", gmse(row, k))).collect();
            let _ = writeln!(text, "{:18}{cells}", method.name());
        }
        if rows.iter().any(|row| row.bound.is_some()) {
            let cells: String =
                rows.iter().map(|row| format!(" {:>18}", row.bound.map_or("-".into(), plain))).collect();
            let _ = writeln!(text, "{:18}{cells}", "(bound)");
        }
    }
    if rows.iter().any(|row| row.gmse.iter().any(Option::is_none)) {
        text += "\n-: refitted did not converge, or there are no weights of that network for so many nodes\n";
    }
    if rows.iter().any(|row| row.bound.is_some()) {
        text += "\n(bound): by one who knows all other weights and guesses one; no method can be better in the mean\n";
    }
    if methods.contains(&Method::Learned) {
        text += "\nprobabilities of the network learned: mean in each bin -> share of edges (number of pairs)\n";
        for (kind, c) in calibration {
            let _ = writeln!(text, "{} expected calibration error {:.4}", kind.name(), c.error());
            for [n, p, edges] in c.bins.iter().filter(|bin| bin[0] > 0.0) {
                let _ = writeln!(text, "  {:.2} -> {:.2} ({n})", p / n, edges / n);
            }
        }
    }
    text
}

/// The score of one method, marked if it is the least.
fn gmse(row: &Row, method: usize) -> String {
    let least = row.gmse.iter().flatten().map(|g| g.value).fold(f64::INFINITY, f64::min);
    row.gmse[method].map_or("-".to_owned(), |g| {
        let mark = if g.value == least { ">" } else { "" };
        format!("{mark}{}", plain(g))
    })
}

fn plain(g: Estimate) -> String {
    format!("{} +-{}", short(g.value), short((g.high - g.low) / 2.0))
}

/// Three digits, or a power of ten.
fn short(x: f64) -> String {
    if x >= 1e4 {
        format!("{x:.0e}")
    } else if x >= 100.0 {
        format!("{x:.0}")
    } else if x >= 1.0 {
        format!("{x:.2}")
    } else {
        format!("{x:.4}")
    }
}

fn document(args: &EvalGraphArgs, methods: &[Method], rows: &[Row], calibration: &[(Kind, Calibration)]) -> Value {
    let estimate = |e: &Estimate| json!({ "mean": e.value, "low": e.low, "high": e.high });
    let cells: Vec<Value> = rows
        .iter()
        .map(|row| {
            let gmse: serde_json::Map<String, Value> = methods
                .iter()
                .zip(&row.gmse)
                .map(|(method, g)| (method.name().to_owned(), g.as_ref().map_or(Value::Null, estimate)))
                .collect();
            json!({
                "family": row.cell.kind.name(),
                "nodes": row.cell.nodes,
                "signals": row.cell.signals,
                "held_out": is_held_out(&row.cell),
                "gmse": gmse,
                "bound": row.bound.as_ref().map(estimate),
                "calibration_error": row.calibration.error(),
            })
        })
        .collect();
    let calibration: serde_json::Map<String, Value> = calibration
        .iter()
        .map(|(kind, c)| {
            let bins: Vec<Value> =
                c.bins.iter().map(|[n, p, e]| json!({ "pairs": n, "sum_of_probabilities": p, "edges": e })).collect();
            (kind.name().to_owned(), json!({ "error": c.error(), "bins": bins }))
        })
        .collect();
    json!({
        "schema_version": SCHEMA_VERSION,
        "command": "eval graph",
        "graphs": args.graphs,
        "seed": args.seed,
        "cells": cells,
        "calibration": calibration,
    })
}
