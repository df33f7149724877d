//! How the program ends.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use unspool_tune::TuneError;
use unspool_tune::table::TableError;

/// The command ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// To its end: exit code 0.
    Well,
    /// Without converging, or until it was stopped: exit code 1.
    Unfinished,
    /// Until Ctrl-C; the same command goes on: exit code 130.
    Interrupted,
}

/// The command could not run: exit code 2.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What is wrong, in one line.
    message: String,
    /// What to do about it, in one line.
    hint: Option<String>,
}

impl Failure {
    /// With this message and hint.
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Failure { message: message.into(), hint: Some(hint.into()) }
    }

    /// What is wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The same, of something in this file.
    pub(crate) fn within(self, file: Option<&Path>) -> Self {
        match file {
            Some(file) => Failure { message: format!("{}: {}", file.display(), self.message), ..self },
            None => self,
        }
    }

    /// Writing failed.
    pub(crate) fn write(what: &str, error: &std::io::Error) -> Self {
        Self::new(
            format!("{what}: cannot be written: {error}"),
            "look at the name, the folder's permissions and the free space",
        )
    }

    /// Something is there already, and may not be overwritten.
    pub(crate) fn exists(path: &Path, hint: &str) -> Self {
        Self::new(format!("{}: is there already", path.display()), hint)
    }

    /// A command line that cannot be understood: the parser's message in one line, its advice as
    /// the hint.
    pub(crate) fn usage(error: &clap::Error) -> Self {
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return Self::new("no command was given", "`unspool --help` lists the commands");
        }
        let text = error.render().to_string();
        let (message, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
        let is_values = |line: &&str| line.trim_start().starts_with("[possible values");
        let joined = |lines: Vec<&str>| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        let message = joined(message.lines().filter(|line| !is_values(line)).collect());
        let values = text.lines().find(is_values).map(|line| line.trim().trim_matches(['[', ']']).to_owned());
        let tip = rest.lines().find_map(|line| line.trim().strip_prefix("tip: ")).map(str::to_owned);
        let hint =
            tip.or(values).unwrap_or_else(|| "`unspool --help` and `unspool COMMAND --help` show the usage".into());
        Self::new(message.trim_start_matches("error: "), hint)
    }
}

impl From<TuneError> for Failure {
    fn from(error: TuneError) -> Self {
        let hint = error.hint().or_else(|| match &error {
            TuneError::Setting { .. } | TuneError::Engine(_) => {
                Some("`unspool COMMAND --help` describes the options".into())
            }
            _ => None,
        });
        Failure { message: error.to_string(), hint }
    }
}

impl From<unspool_core::Error> for Failure {
    fn from(error: unspool_core::Error) -> Self {
        TuneError::from(error).into()
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        TuneError::from(error).into()
    }
}

impl From<unspool_graph::Error> for Failure {
    fn from(error: unspool_graph::Error) -> Self {
        let usage = "`unspool COMMAND --help` describes the options";
        Failure { message: error.to_string(), hint: Some(error.hint().unwrap_or(usage).into()) }
    }
}

impl From<unspool_image::Error> for Failure {
    fn from(error: unspool_image::Error) -> Self {
        Failure { message: error.to_string(), hint: Some(error.hint().into()) }
    }
}

impl From<unspool_train::Error> for Failure {
    fn from(error: unspool_train::Error) -> Self {
        let usage = "`unspool train --help` describes the options";
        Failure { message: error.to_string(), hint: Some(error.hint().unwrap_or(usage).into()) }
    }
}

impl From<unspool_report::Error> for Failure {
    fn from(error: unspool_report::Error) -> Self {
        Failure { message: error.to_string(), hint: Some(error.hint().into()) }
    }
}

/// Reports a failure on standard error and gives the exit code.
pub(crate) fn code(result: Result<Done, Failure>) -> ExitCode {
    match result {
        Ok(Done::Well) => ExitCode::SUCCESS,
        Ok(Done::Unfinished) => ExitCode::from(1),
        Ok(Done::Interrupted) => ExitCode::from(130),
        Err(failure) => {
            let mut text = format!("error: {}\n", one_line(&failure.message));
            if let Some(hint) = &failure.hint {
                text += &format!("hint: {}\n", one_line(hint));
            }
            // Where standard error is closed there is nobody to tell.
            let _ = std::io::stderr().write_all(text.as_bytes());
            ExitCode::from(2)
        }
    }
}

/// The text with its control characters escaped: a file's name may hold a line break.
fn one_line(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}
