//! `unspool completions` and `unspool man`.

use std::path::Path;

use clap::Command;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::{Done, Failure};
use crate::output;

/// Prints the completions of a shell.
pub(crate) fn completions(shell: Shell) -> Result<Done, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::line(), "unspool", &mut text);
    output::print(&text)?;
    Ok(Done::Well)
}

/// Writes a manual page for each command, or prints the first.
pub(crate) fn man(out: Option<&Path>, force: bool) -> Result<Done, Failure> {
    let mut command = Cli::line();
    command.build();
    let Some(folder) = out else {
        output::print(&page(&command)?)?;
        return Ok(Done::Well);
    };
    std::fs::create_dir_all(folder).map_err(|e| Failure::write(&folder.display().to_string(), &e))?;
    let mut names = Vec::new();
    pages(&command, folder, force, &mut names)?;
    output::print(format!("{}\n", names.join("\n")).as_bytes())?;
    Ok(Done::Well)
}

/// The pages of a command and of those below it.
fn pages(command: &Command, folder: &Path, force: bool, names: &mut Vec<String>) -> Result<(), Failure> {
    let path = folder.join(format!("{}.1", command.get_display_name().unwrap_or_else(|| command.get_name())));
    output::write(&path, &page(command)?, force)?;
    names.push(path.display().to_string());
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        pages(below, folder, force, names)?;
    }
    Ok(())
}

/// One page.
fn page(command: &Command) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let man = clap_mangen::Man::new(command.clone());
    man.render(&mut text).map_err(|e| Failure::write("the manual page", &e))?;
    Ok(text)
}
