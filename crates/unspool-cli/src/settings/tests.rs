use std::ffi::OsString;

use clap::ArgMatches;

use super::*;
use crate::args::Cli;

/// The matches of a command line under settings files, the least important first.
fn parse_under(files: &[&str], arguments: &[&str]) -> Result<ArgMatches, String> {
    let command = Cli::line();
    let mut settings = Settings::default();
    for (i, text) in files.iter().enumerate() {
        let table: Table = toml::from_str(text).map_err(|e| e.to_string())?;
        let file = format!("{i}.toml");
        settings.take(&table, &command, &[], Path::new(&file)).map_err(|failure| failure.message().to_owned())?;
    }
    let typed: Vec<OsString> = ["unspool"].iter().chain(arguments).map(OsString::from).collect();
    let first = command.clone().ignore_errors(true).try_get_matches_from(&typed).unwrap_or_default();
    let filled = Filled::new(&settings, &command, &typed, &first);
    let told = |error: clap::Error| format!("{:?} {error}", filled.blame(&error));
    command.clone().try_get_matches_from(filled.arguments(&command)).map_err(told)
}

fn parse(text: &str, arguments: &[&str]) -> Result<ArgMatches, String> {
    parse_under(&[text], arguments)
}

fn of<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, option: &str) -> Option<T> {
    let mut matches = matches;
    while let Some((_, below)) = matches.subcommand() {
        matches = below;
    }
    matches.get_one(option).cloned()
}

#[test]
fn the_command_line_wins() {
    let text = "seed = 3\n[learn-graph]\ndegree = 4\n[eval.graph]\nnodes = [20, 50]\n";
    let matches = parse(text, &["learn-graph", "x.csv"]).unwrap();
    assert_eq!((of::<f64>(&matches, "degree"), of::<u64>(&matches, "seed")), (Some(4.0), Some(3)));
    assert_eq!(of(&parse(text, &["learn-graph", "x.csv", "--degree", "2"]).unwrap(), "degree"), Some(2.0));
    let matches = parse(text, &["eval", "graph"]).unwrap();
    let graph = matches.subcommand_matches("eval").unwrap().subcommand_matches("graph").unwrap();
    assert_eq!(graph.get_many::<usize>("nodes").unwrap().copied().collect::<Vec<_>>(), [20, 50]);
}

#[test]
fn a_commands_own_table_wins_and_the_later_file() {
    let text = "seed = 3\n[learn-graph]\nseed = 5\n";
    assert_eq!(of::<u64>(&parse(text, &["learn-graph", "x.csv"]).unwrap(), "seed"), Some(5));
    let files = ["[learn-graph]\ndegree = 3\nseed = 1", "seed = 2"];
    let matches = parse_under(&files, &["learn-graph", "x.csv"]).unwrap();
    assert_eq!((of::<u64>(&matches, "seed"), of::<f64>(&matches, "degree")), (Some(2), Some(3.0)));
    // what a later file excludes
    let files = ["[learn-graph]\ndegree = 3", "[learn-graph]\nalpha = 1\nbeta = 1"];
    let matches = parse_under(&files, &["learn-graph", "x.csv"]).unwrap();
    assert_eq!((of::<f64>(&matches, "degree"), of::<f64>(&matches, "alpha")), (None, Some(1.0)));
}

#[test]
fn what_the_command_line_excludes_is_dropped() {
    let line = ["learn-graph", "x.csv", "--alpha", "1", "--beta", "1"];
    assert_eq!(of::<f64>(&parse("[learn-graph]\ndegree = 4", &line).unwrap(), "degree"), None);
    // inputs are members of one group
    let matches = parse("[learn-graph]\nexample = 'molene'", &["learn-graph", "x.csv"]).unwrap();
    assert!(
        of::<PathBuf>(&matches, "signals").is_some()
            && !matches.subcommand_matches("learn-graph").unwrap().contains_id("example")
    );
    let matches =
        parse("[interpolate]\nmask = 'm.png'", &["interpolate", "x.png", "-o", "y.png", "--scale", "2"]).unwrap();
    assert_eq!((of::<u8>(&matches, "scale"), of::<String>(&matches, "mask")), (Some(2), None));
    let matches = parse("[learn-graph]\nno-picture = false", &["learn-graph", "x.csv", "--picture", "p.png"]).unwrap();
    assert!(of::<PathBuf>(&matches, "picture").is_some());
}

#[test]
fn files_give_what_is_required_and_wait_for_what_they_need() {
    let matches = parse("[tune]\nmodel = 'ridge'\ntarget = 'y'", &["tune", "x.csv"]).unwrap();
    assert_eq!(of::<String>(&matches, "target").as_deref(), Some("y"));
    for text in ["[eval.graph]\ngraphs = 4", "seed = 3", "[eval.graph]\nstandardise = true"] {
        parse(text, &["eval", "graph", "--data", "x.csv"]).unwrap();
        parse(text, &["eval", "graph"]).unwrap();
    }
    let error = parse("[learn-graph]\ndegree = 3\nalpha = 1\nbeta = 1", &["learn-graph", "x.csv"]).unwrap_err();
    assert!(error.contains("0.toml") && error.contains("cannot be used"), "{error}");
    let error = parse("[learn-graph]\ndegree = 'many'", &["learn-graph", "x.csv"]).unwrap_err();
    assert!(error.contains("0.toml"), "{error}");
}

#[test]
fn what_stands_behind_two_dashes_stays_there() {
    let matches = parse("[learn-graph]\ndegree = 4", &["learn-graph", "--", "-x.csv"]).unwrap();
    assert_eq!(of::<PathBuf>(&matches, "signals"), Some(PathBuf::from("-x.csv")));
    assert_eq!(of::<f64>(&matches, "degree"), Some(4.0));
}

#[test]
fn unknown_keys_are_refused() {
    for text in ["[learn-graph]\ndegre = 4", "nonsense = 1", "[learn-graph.x]\ny = 1", "[learn-graph]\nsignals = 'x'"] {
        assert!(parse(text, &["learn-graph", "x.csv"]).is_err(), "{text}");
    }
}

#[test]
fn mistakes_have_their_line() {
    let told = |text: &str| told(&toml::from_str::<Table>(text).unwrap_err(), text);
    assert!(told("threads = 2\nthreads = 3\n").starts_with("line 2: "), "{}", told("threads = 2\nthreads = 3\n"));
    assert!(told("a = 1\n\nb = [").starts_with("line 3: "));
}
