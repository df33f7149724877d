//! A list of cases, each measured in a child process: this program again, with the same arguments
//! and the name of the case.

use std::io::{Write, stdout};
use std::process::{Command, Stdio};
use std::time::Duration;

use rayon::ThreadPoolBuilder;

use crate::error::{Error, Result, WRONG_INPUT};
use crate::measure::Effort;
use crate::record::Record;

/// Arguments of every command that measures.
#[derive(clap::Args, Debug)]
#[group(skip)] // the command's own arguments are a group of the same name
pub(crate) struct Args {
    /// Threads that the work may use.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = positive)]
    pub(crate) threads: usize,
    /// Print a list of JSON objects in place of a table.
    #[arg(long)]
    json: bool,
    /// Only these cases: names of cases (`ridge/unroll`), or either half of a name.
    #[arg(long, num_args = 1.., value_name = "CASE")]
    only: Vec<String>,
    /// Most timed repetitions of a case; at least 3 are made.
    #[arg(long, default_value_t = 25, value_name = "R", value_parser = positive)]
    reps: usize,
    /// Seconds after which no further repetition of a case starts.
    #[arg(long, default_value_t = 8.0, value_name = "SECONDS", value_parser = seconds)]
    budget: f64,
    /// Measure this case in this process.
    #[arg(long, hide = true, value_name = "CASE")]
    child: Option<String>,
}

fn positive(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err("must be a whole number, at least 1".to_owned()),
    }
}

fn seconds(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(s) if (0.0..1e9).contains(&s) => Ok(s),
        _ => Err("must be a number of seconds, zero or more".to_owned()),
    }
}

/// Runs the cases of a command. `check` looks at the input of the chosen cases before any is
/// started; `measure` does one of them, inside a pool of the wanted threads.
pub(crate) fn run(
    args: &Args,
    cases: &[String],
    check: impl FnOnce(&[&str]) -> Result<()>,
    measure: impl FnOnce(&str, Effort) -> Result<Record> + Send,
) -> Result<()> {
    if let Some(case) = &args.child {
        let effort = Effort { reps: args.reps, budget: Duration::from_secs_f64(args.budget) };
        let pool = ThreadPoolBuilder::new().num_threads(args.threads).build()?;
        let record = pool.install(|| measure(case, effort))?;
        writeln!(stdout(), "{}", serde_json::to_string(&record)?)?;
        return Ok(());
    }
    let chosen = choose(&args.only, cases)?;
    check(&chosen)?;
    let width = chosen.iter().map(|case| case.len()).max().unwrap_or(0);
    let mut records = Vec::new();
    for (i, case) in chosen.iter().enumerate() {
        if args.json {
            eprintln!("[{}/{}] {case}", i + 1, chosen.len());
        }
        let Some(record) = child(case)? else { continue };
        if !args.json {
            if records.is_empty() {
                writeln!(stdout(), "{}", Record::head(width))?;
            }
            writeln!(stdout(), "{}", record.row(width))?;
        }
        records.push(record);
    }
    if args.json {
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&records)?)?;
    }
    match chosen.len() - records.len() {
        0 => Ok(()),
        failed => Err(Error::Failed(failed)),
    }
}

/// The cases that `only` names, in their own order.
fn choose<'a>(only: &[String], cases: &'a [String]) -> Result<Vec<&'a str>> {
    let fits = |word: &str, case: &str| case == word || case.split('/').any(|half| half == word);
    if let Some(word) = only.iter().find(|word| !cases.iter().any(|case| fits(word, case))) {
        return Err(Error::Usage(format!("no case is called `{word}`; there are {}", cases.join(", "))));
    }
    let chosen = |case: &&str| only.is_empty() || only.iter().any(|word| fits(word, case));
    Ok(cases.iter().map(String::as_str).filter(chosen).collect())
}

/// One case in a process of its own, whose peak memory is then that case's. `None` if it failed,
/// of which it has told on standard error.
fn child(case: &str) -> Result<Option<Record>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1)).args(["--child", case]);
    let output = command.stderr(Stdio::inherit()).output()?;
    if output.status.success() {
        return Ok(Some(serde_json::from_slice(&output.stdout)?));
    }
    match output.status.code() {
        Some(code) if code == i32::from(WRONG_INPUT) => Err(Error::Reported),
        Some(1) => Ok(None),
        _ => {
            eprintln!("unspool-bench: {case}: the process died ({})", output.status);
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_chosen_by_name_or_half() {
        let cases = ["a/x", "a/y", "b/x"].map(str::to_owned);
        let choose = |only: &[&str]| {
            let only: Vec<_> = only.iter().map(|&word| word.to_owned()).collect();
            choose(&only, &cases).ok().map(|chosen| chosen.join(" "))
        };
        assert_eq!(choose(&[]).as_deref(), Some("a/x a/y b/x"));
        assert_eq!(choose(&["b/x", "a/y"]).as_deref(), Some("a/y b/x"));
        assert_eq!(choose(&["x"]).as_deref(), Some("a/x b/x"));
        assert_eq!(choose(&["x", "z"]), None);
    }
}
