//! `unspool runs`: the folders that `unspool train` writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use unspool_train::Epoch;

use super::SCHEMA_VERSION;
use crate::args::RunsCommand;
use crate::exit::{Done, Failure};
use crate::output;

/// Folders are looked into so deep.
const DEPTH: usize = 4;

/// Lists or compares runs.
pub(crate) fn run(command: &RunsCommand) -> Result<Done, Failure> {
    let text = match command {
        RunsCommand::List { folder, json } => {
            let runs = list(folder)?;
            if *json { document("runs list", &runs) } else { table(&runs) }
        }
        RunsCommand::Compare { runs, json } => {
            let runs: Vec<Run> = runs.iter().map(|path| Run::read(path)).collect::<Result<_, _>>()?;
            if *json { document("runs compare", &runs) } else { comparison(&runs) }
        }
    };
    output::print(text.as_bytes())?;
    Ok(Done::Well)
}

/// What a run folder holds.
struct Run {
    path: PathBuf,
    config: Value,
    epochs: Vec<Epoch>,
    state: &'static str,
}

impl Run {
    fn read(path: &Path) -> Result<Run, Failure> {
        let failed = |file: &str, why: String| {
            let problem = format!("{}: {why}", path.join(file).display());
            Failure::new(problem, "name a folder that `unspool train` wrote")
        };
        let text = |file: &str| std::fs::read_to_string(path.join(file));
        let config = text("config.json").map_err(|e| failed("config.json", format!("cannot be read: {e}")))?;
        let config: Value = serde_json::from_str(&config).map_err(|e| failed("config.json", e.to_string()))?;
        let mut epochs = Vec::new();
        for (k, line) in text("metrics.jsonl").unwrap_or_default().lines().enumerate() {
            let epoch = serde_json::from_str(line);
            epochs.push(epoch.map_err(|e| failed("metrics.jsonl", format!("line {}: {e}", k + 1)))?);
        }
        let mut run = Run { path: path.to_owned(), config, epochs, state: "stopped" };
        if is_locked(path) {
            run.state = "running";
        } else if run.is_finished() {
            run.state = "finished";
        }
        Ok(run)
    }

    /// The recipe: the configuration, or a part of it.
    fn recipe(&self) -> &Value {
        self.config.get("recipe").unwrap_or(&self.config)
    }

    /// Which network.
    fn model(&self) -> String {
        let model = &self.recipe()["model"];
        model.as_str().or_else(|| model["kind"].as_str()).unwrap_or("?").to_owned()
    }

    /// Epochs that the configuration asks for.
    fn wanted(&self) -> Option<u64> {
        self.recipe().pointer("/training/epochs")?.as_u64()
    }

    /// Whether all epochs are there, or as many without an improvement as the configuration allows.
    fn is_finished(&self) -> bool {
        let patience = self.recipe().pointer("/training/patience").and_then(Value::as_u64);
        let done = self.epochs.len() as u64;
        // the first metric decides, as in training
        let best = self.best().first().map(|(_, _, epoch)| *epoch as u64);
        self.wanted().is_some_and(|wanted| done >= wanted)
            || patience.zip(best).is_some_and(|(patience, best)| done.saturating_sub(best) >= patience)
    }

    /// The least of each metric, with the epoch.
    fn best(&self) -> Vec<(String, f64, usize)> {
        let mut best: Vec<(String, f64, usize)> = Vec::new();
        for epoch in &self.epochs {
            for (name, value) in &epoch.validation {
                match best.iter_mut().find(|(known, ..)| known == name) {
                    Some(known) if *value < known.1 => (known.1, known.2) = (*value, epoch.epoch),
                    Some(_) => {}
                    None => best.push((name.clone(), *value, epoch.epoch)),
                }
            }
        }
        best
    }
}

/// Whether a process trains there.
fn is_locked(path: &Path) -> bool {
    File::open(path.join(".lock")).is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// The runs in a folder and below it, by name, without those that cannot be read.
fn list(folder: &Path) -> Result<Vec<Run>, Failure> {
    let mut found = Vec::new();
    search(folder, DEPTH, &mut found)
        .map_err(|e| Failure::new(format!("{}: cannot be read: {e}", folder.display()), "look at the name"))?;
    found.sort();
    let mut runs = Vec::new();
    for path in &found {
        match Run::read(path) {
            Ok(run) => runs.push(run),
            Err(damage) => output::tell(&format!("left out: {}", damage.message())),
        }
    }
    Ok(runs)
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let is_run = |path: &Path| path.join("config.json").is_file() && path.join(".lock").is_file();
    if is_run(folder) {
        found.push(folder.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if depth > 0 && entry.file_type()?.is_dir() {
            // a folder that may not be read holds no run of ours
            let _ = search(&entry.path(), depth - 1, found);
        }
    }
    Ok(())
}

/// A row for each run.
fn table(runs: &[Run]) -> String {
    if runs.is_empty() {
        return "no runs: `unspool train` makes them\n".into();
    }
    let mut rows = vec![["run", "network", "state", "epochs", "loss", "best"].map(str::to_owned)];
    rows.extend(runs.iter().map(|run| {
        let best: Vec<String> =
            run.best().iter().map(|(name, value, epoch)| format!("{name} {value:.5} (epoch {epoch})")).collect();
        let of = run.wanted().map_or_else(String::new, |wanted| format!("/{wanted}"));
        let loss = run.epochs.last().map_or_else(String::new, |epoch| format!("{:.5}", epoch.loss));
        let name = run.path.display().to_string();
        [name, run.model(), run.state.into(), format!("{}{of}", run.epochs.len()), loss, best.join(", ")]
    }));
    aligned(&rows)
}

/// Rows with columns of one width.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |c: usize| rows.iter().map(|row| row[c].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, w)| format!("{cell:w$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// The runs, and the settings in which they differ.
fn comparison(runs: &[Run]) -> String {
    let settings: Vec<BTreeMap<String, String>> = runs.iter().map(|run| flat(&run.config)).collect();
    let keys: BTreeSet<&String> = settings.iter().flat_map(BTreeMap::keys).collect();
    let mut text = table(runs);
    let mut same = true;
    for key in keys {
        let values: Vec<&str> = settings.iter().map(|s| s.get(key).map_or("-", String::as_str)).collect();
        if values.iter().any(|value| *value != values[0]) {
            text += &format!("{}{key}: {}\n", if same { "\n" } else { "" }, values.join(" | "));
            same = false;
        }
    }
    if same {
        text += "\nthe configurations are the same\n";
    }
    text
}

/// Dotted keys and their values.
fn flat(value: &Value) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut stack = vec![(String::new(), value)];
    while let Some((key, value)) = stack.pop() {
        match value {
            Value::Object(parts) => {
                let dot = if key.is_empty() { "" } else { "." };
                stack.extend(parts.iter().map(|(name, part)| (format!("{key}{dot}{name}"), part)));
            }
            value => drop(out.insert(key, value.to_string())),
        }
    }
    out
}

/// As JSON.
fn document(command: &str, runs: &[Run]) -> String {
    let one = |run: &Run| {
        let best = |(name, value, epoch)| json!({ "metric": name, "value": value, "epoch": epoch });
        json!({
            "run": run.path.display().to_string(),
            "network": run.model(),
            "state": run.state,
            "config": run.config,
            "epochs": run.epochs,
            "best": run.best().into_iter().map(best).collect::<Vec<_>>(),
        })
    };
    let runs: Vec<Value> = runs.iter().map(one).collect();
    format!("{:#}\n", json!({ "schema_version": SCHEMA_VERSION, "command": command, "runs": runs }))
}
