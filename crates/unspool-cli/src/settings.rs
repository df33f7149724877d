//! Settings files: defaults for the options of every command.
//!
//! A key is an option's long name in the table of its command, `[learn-graph] degree = 4` or `[eval.graph] graphs = 8`; a key
//! outside of all tables holds for each command that has such an option. What the command line says wins over the file that is
//! named by `--config` (without it: `unspool.toml` in the working folder), which wins over the user's own,
//! `unspool/config.toml` in `$XDG_CONFIG_HOME` or `~/.config`.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

use crate::exit::Failure;

pub(crate) use filled::Filled;

mod filled;

/// A name that is close enough to be what was meant.
const CLOSE: f64 = 0.75;

/// Options that files set, the most important last.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    set: Vec<Set>,
    /// The files that were read.
    pub(crate) files: Vec<PathBuf>,
}

/// One option of one command.
#[derive(Clone, Debug, PartialEq)]
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
                Failure::new(
                    format!("{}: {what}", path.display()),
                    "`unspool config show` prints every key and its value",
                )
            };
            let text = std::fs::read_to_string(path).map_err(|e| failed(format!("cannot be read: {e}")))?;
            let table: Table = toml::from_str(&text).map_err(|e: toml::de::Error| failed(told(&e, &text)))?;
            settings.take(&table, command, &[], path)?;
            settings.files.push(path.to_owned());
        }
        Ok(settings)
    }

    /// Takes the keys of a command's table: those that hold for all commands below it first, so that a command's own win.
    fn take(&mut self, table: &Table, command: &Command, parents: &[String], file: &Path) -> Result<(), Failure> {
        let (tables, values): (Vec<_>, Vec<_>) = table.iter().partition(|(_, value)| value.is_table());
        for (key, value) in values.into_iter().chain(tables) {
            if let (Value::Table(inner), Some(below)) = (value, command.find_subcommand(key)) {
                let parents = [parents, std::slice::from_ref(key)].concat();
                self.take(inner, below, &parents, file)?;
            } else if let Some(values) = texts(value) {
                if !self.give(key, &values, command, parents, file) {
                    return Err(unknown(key, command, parents, file));
                }
            } else {
                return Err(unknown(key, command, parents, file));
            }
        }
        Ok(())
    }

    /// Gives an option to a command, and outside of all tables to each command that has it; whether there is one.
    fn give(&mut self, key: &str, values: &[String], command: &Command, parents: &[String], file: &Path) -> bool {
        if options(command).any(|arg| arg.get_long() == Some(key)) {
            self.set.retain(|set| set.command != parents || set.option != key);
            let (command, option, values) = (parents.to_vec(), key.to_owned(), values.to_vec());
            self.set.push(Set { command, option, values, file: file.to_owned() });
            return true;
        }
        command.get_subcommands().fold(false, |given, below| {
            let parents = [parents, &[below.get_name().to_owned()]].concat();
            self.give(key, values, below, &parents, file) || given
        })
    }

    /// What files say of an option, and the file that says it.
    pub(crate) fn of(&self, command: &[String], option: &str) -> Option<(&[String], &Path)> {
        let set = self.set.iter().find(|set| set.command == command && set.option == option);
        set.map(|set| (set.values.as_slice(), set.file.as_path()))
    }
}

/// What a file may set: named, and shown in the help.
pub(crate) fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    let is_built_in = |arg: &Arg| {
        matches!(arg.get_action(), ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version)
    };
    command.get_arguments().filter(move |arg| {
        arg.get_long().is_some_and(|long| long != "config") && !is_built_in(arg) && !arg.is_hide_set()
    })
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

/// What is wrong with a TOML file, in one line.
pub(crate) fn told(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
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
mod tests;
