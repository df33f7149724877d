//! Settings files: defaults for the options of every command.
//!
//! A key is an option's long name in the table of its command, `[learn-graph] degree = 4` or `[eval.graph] graphs = 8`; a key
//! outside of all tables holds for each command that has such an option. What the command line says wins over the file that is
//! named by `--config` (without it: `unspool.toml` in the working folder), which wins over the user's own,
//! `unspool/config.toml` in `$XDG_CONFIG_HOME` or `~/.config`.

use std::path::{Path, PathBuf};

use clap::builder::ArgPredicate;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command, Id};
use toml::{Table, Value};

use crate::exit::Failure;

/// A name that is close enough to be what was meant.
const CLOSE: f64 = 0.75;

/// Options that files set.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    set: Vec<Set>,
    /// The files that were read.
    pub(crate) files: Vec<PathBuf>,
}

/// One option of one command.
#[derive(Debug)]
struct Set {
    /// Names of the command's and its parents.
    command: Vec<String>,
    option: String,
    values: Vec<String>,
    file: PathBuf,
}

impl Settings {
    /// Reads the user's file and the folder's, or the one that is named.
    pub(crate) fn read(named: Option<&Path>, command: &Command) -> Result<Self, Failure> {
        let mut settings = Settings::default();
        let project = named.unwrap_or(Path::new("unspool.toml"));
        for (path, must_exist) in [(user_file().as_deref(), false), (Some(project), named.is_some())] {
            let Some(path) = path.filter(|path| must_exist || path.is_file()) else { continue };
            let failed = |what: String| {
                Failure::new(format!("{}: {what}", path.display()), "`unspool config show` prints one that is right")
            };
            let text = std::fs::read_to_string(path).map_err(|e| failed(format!("cannot be read: {e}")))?;
            let table: Table = toml::from_str(&text).map_err(|e: toml::de::Error| failed(told(&e, &text)))?;
            settings.take(&table, command, &[], path)?;
            settings.files.push(path.to_owned());
        }
        Ok(settings)
    }

    /// Takes the keys of a command's table.
    fn take(&mut self, table: &Table, command: &Command, parents: &[String], file: &Path) -> Result<(), Failure> {
        for (key, value) in table {
            if let (Value::Table(inner), Some(below)) = (value, command.find_subcommand(key)) {
                let parents = [parents, std::slice::from_ref(key)].concat();
                self.take(inner, below, &parents, file)?;
            } else if let Some(values) = texts(value) {
                let before = self.set.len();
                self.give(key, &values, command, parents, file);
                if self.set.len() == before {
                    return Err(unknown(key, command, parents, file));
                }
            } else {
                return Err(unknown(key, command, parents, file));
            }
        }
        Ok(())
    }

    /// Gives an option to a command, and outside of all tables to each command that has it.
    fn give(&mut self, key: &str, values: &[String], command: &Command, parents: &[String], file: &Path) {
        if options(command).any(|arg| arg.get_long() == Some(key)) {
            self.set.retain(|set| set.command != parents || set.option != key);
            let (command, option, values) = (parents.to_vec(), key.to_owned(), values.to_vec());
            self.set.push(Set { command, option, values, file: file.to_owned() });
        } else {
            for below in command.get_subcommands() {
                self.give(key, values, below, &[parents, &[below.get_name().to_owned()]].concat(), file);
            }
        }
    }

    /// The command line with these defaults.
    pub(crate) fn apply(&self, mut command: Command) -> Command {
        for set in &self.set {
            command = within(command, &set.command, &|command| {
                let Some(arg) = options(&command).find(|arg| arg.get_long() == Some(&set.option)) else {
                    return command;
                };
                let id = arg.get_id().clone();
                let excluded: Vec<_> = command
                    .get_arguments()
                    .filter(|other| other.get_id() != &id && excludes(&command, arg, other))
                    .map(|other| other.get_id().clone())
                    .collect();
                // in place: `mut_arg` would put the option last in the help
                command.mut_args(|arg| {
                    if arg.get_id() != &id {
                        return arg;
                    }
                    let arg = arg.default_values(set.values.clone());
                    let without = |arg: Arg, other: &Id| arg.default_value_if(other, ArgPredicate::IsPresent, None);
                    excluded.iter().fold(arg, without)
                })
            });
        }
        command
    }

    /// The file that set an option.
    pub(crate) fn source(&self, command: &[String], option: &str) -> Option<&Path> {
        self.set.iter().find(|set| set.command == command && set.option == option).map(|set| set.file.as_path())
    }

    /// The file that a wrong value comes from.
    pub(crate) fn blame(&self, error: &clap::Error) -> Option<&Path> {
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let (option, value) = (text(ContextKind::InvalidArg)?, text(ContextKind::InvalidValue)?);
        let option = option.trim_start_matches("--").split([' ', '=']).next()?;
        let set = self.set.iter().find(|set| set.option == option && set.values.iter().any(|v| v == value));
        set.map(|set| set.file.as_path())
    }
}

/// What a file may set: named, optional, and shown in the help.
pub(crate) fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    let is_built_in = |arg: &Arg| {
        matches!(arg.get_action(), ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version)
    };
    command.get_arguments().filter(move |arg| {
        arg.get_long().is_some_and(|long| long != "config")
            && !arg.is_required_set()
            && !is_built_in(arg)
            && !arg.is_hide_set()
    })
}

/// Whether two options cannot stand together.
fn excludes(command: &Command, a: &Arg, b: &Arg) -> bool {
    let one_way = |a, b: &Arg| command.get_arg_conflicts_with(a).iter().any(|other| other.get_id() == b.get_id());
    one_way(a, b) || one_way(b, a)
}

/// Changes a command below this one.
fn within(command: Command, path: &[String], change: &dyn Fn(Command) -> Command) -> Command {
    match path {
        [] => change(command),
        [name, rest @ ..] => command.mut_subcommand(name, |below| within(below, rest, change)),
    }
}

/// `$XDG_CONFIG_HOME/unspool/config.toml`.
fn user_file() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let home = || std::env::home_dir().map(|home| home.join(".config"));
    folder.or_else(home).map(|folder| folder.join("unspool/config.toml"))
}

/// A value as it would stand on the command line.
fn texts(value: &Value) -> Option<Vec<String>> {
    Some(match value {
        Value::String(text) => vec![text.clone()],
        Value::Integer(number) => vec![number.to_string()],
        Value::Float(number) => vec![number.to_string()],
        Value::Boolean(is) => vec![is.to_string()],
        Value::Array(values) => values.iter().map(texts).collect::<Option<Vec<_>>>()?.concat(),
        Value::Datetime(_) | Value::Table(_) => return None,
    })
}

/// What is wrong with a file, in one line.
fn told(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
    let line = line.map_or_else(String::new, |line| format!("line {line}: "));
    format!("{line}{}", error.message().replace('\n', ", "))
}

/// A key that no command knows.
fn unknown(key: &str, command: &Command, parents: &[String], file: &Path) -> Failure {
    let owner = if parents.is_empty() { "no command".to_owned() } else { format!("`{}`", parents.join(" ")) };
    let problem = format!("{}: {owner} has an option or command {key:?} that a file can set", file.display());
    let problem = if parents.is_empty() { problem } else { problem.replace(" has an ", " has no ") };
    let mut names: Vec<&str> = options(command).filter_map(Arg::get_long).collect();
    names.extend(command.get_subcommands().map(Command::get_name));
    if parents.is_empty() {
        names.extend(command.get_subcommands().flat_map(options).filter_map(Arg::get_long));
    }
    let near = names.iter().map(|name| (strsim::jaro_winkler(name, key), name)).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match near {
        Some((score, name)) if score > CLOSE => format!("a similar name exists: {name:?}"),
        _ => "`unspool config show` lists all keys".to_owned(),
    };
    Failure::new(problem, hint)
}

#[cfg(test)]
mod tests {
    use clap::ArgMatches;

    use super::*;
    use crate::args::Cli;

    fn parse(text: &str, arguments: &[&str]) -> Result<ArgMatches, String> {
        let table: Table = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut settings = Settings::default();
        let command = Cli::line();
        settings.take(&table, &command, &[], Path::new("f.toml")).map_err(|failure| failure.message().to_owned())?;
        settings.apply(command).try_get_matches_from(arguments).map_err(|e| e.to_string())
    }

    fn degree(matches: &ArgMatches) -> Option<f64> {
        matches.subcommand_matches("learn-graph").and_then(|graph| graph.get_one("degree").copied())
    }

    #[test]
    fn the_command_line_wins() {
        let text = "seed = 3\n[learn-graph]\ndegree = 4\n[eval.graph]\nnodes = [20, 50]\n";
        let matches = parse(text, &["unspool", "learn-graph", "x.csv"]).unwrap();
        assert_eq!(degree(&matches), Some(4.0));
        let graph = matches.subcommand_matches("learn-graph").unwrap();
        assert_eq!(graph.get_one::<u64>("seed"), Some(&3));
        assert_eq!(degree(&parse(text, &["unspool", "learn-graph", "x.csv", "--degree", "2"]).unwrap()), Some(2.0));
        let matches = parse(text, &["unspool", "eval", "graph"]).unwrap();
        let graph = matches.subcommand_matches("eval").unwrap().subcommand_matches("graph").unwrap();
        assert_eq!(graph.get_many::<usize>("nodes").unwrap().copied().collect::<Vec<_>>(), [20, 50]);
    }

    #[test]
    fn what_the_command_line_excludes_is_dropped() {
        let line = ["unspool", "learn-graph", "x.csv", "--alpha", "1", "--beta", "1"];
        assert_eq!(degree(&parse("[learn-graph]\ndegree = 4", &line).unwrap()), None);
    }

    #[test]
    fn unknown_keys_are_refused() {
        for text in
            ["[learn-graph]\ndegre = 4", "nonsense = 1", "[learn-graph.x]\ny = 1", "[learn-graph]\nsignals = 'x'"]
        {
            assert!(parse(text, &["unspool", "learn-graph", "x.csv"]).is_err(), "{text}");
        }
    }
}
