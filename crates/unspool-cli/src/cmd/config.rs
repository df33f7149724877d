//! `unspool config`.

use clap::{Arg, ArgAction, Command};
use serde_json::{Map, Value, json};

use super::SCHEMA_VERSION;
use crate::args::ConfigCommand;
use crate::exit::{Done, Failure};
use crate::output;
use crate::settings::{Settings, options};

/// Prints what options are, and where that comes from.
pub(crate) fn run(command: &ConfigCommand, line: &Command, settings: &Settings) -> Result<Done, Failure> {
    let ConfigCommand::Show { command: path, json } = command;
    let mut asked = line;
    for name in path {
        let unknown =
            || Failure::new(format!("there is no command {:?}", path.join(" ")), "`unspool --help` lists them");
        asked = asked.find_subcommand(name).ok_or_else(unknown)?;
    }
    let mut shown = Vec::new();
    collect(asked, path.clone(), settings, &mut shown);
    if shown.is_empty() {
        let problem = format!("`{}` has no option that a file can set", path.join(" "));
        return Err(Failure::new(problem, "`unspool config show` prints those of all commands"));
    }
    let text = if *json { format!("{:#}\n", document(&shown, settings)) } else { toml(&shown, settings) };
    output::print(text.as_bytes())?;
    Ok(Done::Well)
}

/// The options of one command.
struct Shown {
    command: Vec<String>,
    options: Vec<Setting>,
}

/// An option, its value if it has one, and where that is from.
struct Setting {
    name: String,
    value: Option<Value>,
    source: String,
    help: String,
}

/// The options of a command and of those below it.
fn collect(command: &Command, path: Vec<String>, settings: &Settings, shown: &mut Vec<Shown>) {
    let setting = |arg: &Arg| {
        let name = arg.get_long().unwrap_or_default().to_owned();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let (value, source) = match settings.of(&path, &name) {
            Some((values, file)) => (value(arg, values), file.display().to_string()),
            None => {
                let values = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned());
                (value(arg, &values.collect::<Vec<_>>()), "default".to_owned())
            }
        };
        Setting { value, name, source, help }
    };
    let options: Vec<Setting> = options(command).map(setting).collect();
    if !options.is_empty() && !path.is_empty() {
        shown.push(Shown { command: path.clone(), options });
    }
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        collect(below, [path.as_slice(), &[below.get_name().to_owned()]].concat(), settings, shown);
    }
}

/// The value of an option as a number, a truth value, a text or several of them.
fn value(arg: &Arg, texts: &[String]) -> Option<Value> {
    let typed = |text: &String| match text.parse::<Value>() {
        Ok(value) if value.is_number() || value.is_boolean() => value,
        _ => Value::String(text.clone()),
    };
    match (arg.get_action(), texts) {
        (ArgAction::SetTrue, []) => Some(Value::Bool(false)),
        (_, []) => None,
        (ArgAction::Append, _) => Some(texts.iter().map(typed).collect()),
        (_, [text]) => Some(typed(text)),
        (_, _) => Some(texts.iter().map(typed).collect()),
    }
}

/// As a file that serves as `unspool.toml`.
fn toml(shown: &[Shown], settings: &Settings) -> String {
    let mut text = String::new();
    for file in &settings.files {
        text += &format!("# read {}\n", file.display());
    }
    for Shown { command, options } in shown {
        text += &format!("\n[{}]\n", command.join("."));
        for Setting { name, value, source, help } in options {
            text += &match value {
                Some(value) => format!("{:40} # {source}\n", format!("{name} = {value}")),
                None => format!("# {:38} # not set: {help}\n", format!("{name} =")),
            };
        }
    }
    text.trim_start().to_owned()
}

/// As JSON.
fn document(shown: &[Shown], settings: &Settings) -> Value {
    let mut commands = Map::new();
    for Shown { command, options } in shown {
        let options: Map<_, _> = options
            .iter()
            .map(|setting| (setting.name.clone(), json!({ "value": setting.value, "source": setting.source })))
            .collect();
        commands.insert(command.join(" "), Value::Object(options));
    }
    let files: Vec<String> = settings.files.iter().map(|file| file.display().to_string()).collect();
    json!({ "schema_version": SCHEMA_VERSION, "command": "config show", "files": files, "commands": commands })
}
