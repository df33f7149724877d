//! The command line, filled in with what settings files say.
//!
//! An option of a file is added as if it had been typed, unless it was typed, is what it would be anyway, cannot stand beside
//! what was typed or what a more important file says, or needs another option that is not there.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, Error};

use super::{Set, Settings, options};

/// A command line and the options from files that are in it.
pub(crate) struct Filled<'a> {
    typed: &'a [OsString],
    sets: Vec<&'a Set>,
}

impl<'a> Filled<'a> {
    /// Fills in what was typed, the program's name first; `matches`: what can be made of it, errors aside.
    pub(crate) fn new(settings: &'a Settings, line: &Command, typed: &'a [OsString], matches: &ArgMatches) -> Self {
        let mut filled = Filled { typed, sets: Vec::new() };
        if settings.set.is_empty() {
            return filled;
        }
        let (mut path, mut command, mut matches) = (Vec::new(), line, matches);
        while let Some((name, below)) = matches.subcommand() {
            let Some(found) = command.find_subcommand(name) else { break };
            path.push(found.get_name().to_owned());
            (command, matches) = (found, below);
        }
        for set in settings.set.iter().rev().filter(|set| set.command == path) {
            let Some(arg) = options(command).find(|arg| arg.get_long() == Some(&set.option)) else { continue };
            if is_typed(matches, arg) || is_default(arg, &set.values) {
                continue;
            }
            // what is excluded within its own file is an error
            let others = Filled { typed, sets: filled.sets.iter().copied().filter(|s| s.file != set.file).collect() };
            if !others.with(set).problem(line, ErrorKind::ArgumentConflict) {
                filled.sets.push(set);
            }
        }
        // an option that needs another waits for it
        let missing = |filled: &Filled<'_>| filled.error(line).map_or(0, |error| missing(&error));
        let mut count = missing(&filled);
        let mut at = filled.sets.len();
        while count > 0 && at > 0 {
            at -= 1;
            let mut without = Filled { typed, sets: filled.sets.clone() };
            without.sets.remove(at);
            let left = missing(&without);
            if left < count {
                (filled, count) = (without, left);
            }
        }
        filled
    }

    fn with(&self, set: &'a Set) -> Self {
        Filled { typed: self.typed, sets: [self.sets.as_slice(), &[set]].concat() }
    }

    fn error(&self, line: &Command) -> Option<Error> {
        line.clone().try_get_matches_from(self.arguments(line)).err()
    }

    fn problem(&self, line: &Command, kind: ErrorKind) -> bool {
        self.error(line).is_some_and(|error| error.kind() == kind)
    }

    /// The arguments: what was typed, and before a `--` the options of files.
    pub(crate) fn arguments(&self, line: &Command) -> Vec<OsString> {
        let end = self.typed.iter().position(|argument| argument == "--").unwrap_or(self.typed.len());
        let (before, after) = self.typed.split_at(end);
        let added = self.sets.iter().flat_map(|set| arguments(line, set));
        before.iter().cloned().chain(added.map(OsString::from)).chain(after.iter().cloned()).collect()
    }

    /// The file that what is wrong comes from.
    pub(crate) fn blame(&self, error: &Error) -> Option<&Path> {
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let option = text(ContextKind::InvalidArg)?.trim_start_matches("--").split([' ', '=']).next()?;
        let value = text(ContextKind::InvalidValue);
        let is_it =
            |set: &&&Set| set.option == option && value.is_none_or(|value| set.values.iter().any(|v| v == value));
        self.sets.iter().find(is_it).map(|set| set.file.as_path())
    }
}

/// How many arguments are said to be missing.
fn missing(error: &Error) -> usize {
    match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(names))) => names.len(),
        (ErrorKind::MissingRequiredArgument, _) => 1,
        _ => 0,
    }
}

fn is_typed(matches: &ArgMatches, arg: &Arg) -> bool {
    matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
}

fn is_default(arg: &Arg, values: &[String]) -> bool {
    let flag = matches!(arg.get_action(), ArgAction::SetTrue) && values == ["false"];
    let defaults = arg.get_default_values();
    flag || (!defaults.is_empty()
        && defaults.iter().map(|value| value.to_string_lossy()).eq(values.iter().map(String::as_str)))
}

/// An option as it would be typed.
fn arguments(line: &Command, set: &Set) -> Vec<String> {
    let command = set.command.iter().try_fold(line, |command, name| command.find_subcommand(name));
    let arg = command.and_then(|command| options(command).find(|arg| arg.get_long() == Some(&set.option)));
    let one = |value: &str| format!("--{}={value}", set.option);
    match arg.map(Arg::get_action) {
        Some(ArgAction::SetTrue) if set.values == ["true"] => vec![format!("--{}", set.option)],
        Some(ArgAction::Append) => set.values.iter().map(|value| one(value)).collect(),
        _ => vec![one(&set.values.join(","))],
    }
}
