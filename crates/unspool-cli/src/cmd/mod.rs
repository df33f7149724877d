//! The commands.

pub(crate) mod advise;
pub(crate) mod curse;
pub(crate) mod predict;
mod source;
mod subject;
pub(crate) mod tune;

use std::path::Path;

/// Version of the layout of JSON documents on standard output.
const SCHEMA_VERSION: u32 = 1;

/// What standard input is called in messages.
const STANDARD_INPUT: &str = "standard input";

/// Whether the name stands for standard input.
fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}
