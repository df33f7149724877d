//! Ratios of CPU time between two sets of measurements.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Endings of names of rows that have no counterpart of the same name elsewhere: they compare with
/// the row that is called the same without the ending.
const VARIANTS: [&str; 3] = ["-gram", "-f32", "-neumann"];

/// Arguments of `compare`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The peer's results: a list of objects with peer, problem, method and cpu_median (seconds).
    #[arg(long, value_name = "PEER.json")]
    peer: PathBuf,
    /// Ours, as `--json` prints them.
    #[arg(long, value_name = "OURS.json")]
    ours: PathBuf,
}

#[derive(Deserialize)]
struct Theirs {
    peer: String,
    problem: String,
    method: String,
    cpu_median: f64,
}

#[derive(Deserialize)]
struct Ours {
    case: String,
    cpu_s: Option<f64>,
}

/// The command: a row for each of our cases, a column for each peer.
pub(crate) fn run(args: &Args) -> Result<()> {
    let theirs: Vec<Theirs> = read(&args.peer)?;
    let ours: Vec<Ours> = read(&args.ours)?;
    let mut peers: Vec<&str> = Vec::new();
    for record in &theirs {
        if !peers.contains(&record.peer.as_str()) {
            peers.push(&record.peer);
        }
    }
    let name = ours.iter().map(|row| row.case.len()).chain([4]).max().unwrap_or(0);
    let column = |peer: &str| peer.len().max(7);
    let mut out = stdout().lock();
    write!(out, "{:name$} {:>10}", "case", "cpu ms")?;
    for peer in &peers {
        write!(out, " {peer:>width$}", width = column(peer))?;
    }
    writeln!(out)?;
    for row in &ours {
        let cpu = row.cpu_s.map_or("-".to_owned(), |s| format!("{:.3}", 1e3 * s));
        write!(out, "{:name$} {cpu:>10}", row.case)?;
        for peer in &peers {
            let ratio = row.cpu_s.zip(counterpart(&theirs, peer, &row.case)).map(|(ours, theirs)| ours / theirs);
            let ratio = ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.4}"));
            write!(out, " {ratio:>width$}", width = column(peer))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The peer's CPU seconds for our case.
fn counterpart(theirs: &[Theirs], peer: &str, case: &str) -> Option<f64> {
    let (problem, method) = case.split_once('/')?;
    let find = |method: &str| {
        let same = |r: &&Theirs| r.peer == peer && r.problem == problem && r.method == method;
        theirs.iter().find(same).map(|record| record.cpu_median)
    };
    find(method).or_else(|| VARIANTS.iter().find_map(|ending| method.strip_suffix(ending)).and_then(find))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::input(path, e))?;
    serde_json::from_str(&text).map_err(|e| Error::input(path, format!("{e}; expected a list of results")))
}
