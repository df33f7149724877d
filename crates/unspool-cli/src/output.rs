//! Writing results.

use std::fs::OpenOptions;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

use unspool_tune::write_atomically;

use crate::exit::Failure;

/// Writes to standard output. A reader that has gone away is no error.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::write("standard output", &error)),
        _ => Ok(()),
    }
}

/// Writes lines to standard error, where nobody may be listening.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Whether a person may be watching.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Writes a file whole or not at all; what is there and is no regular file (a pipe, a device) is
/// written to as it stands.
pub(crate) fn write(path: &Path, bytes: &[u8], force: bool) -> Result<(), Failure> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            Err(Failure::new(format!("{}: is a folder", path.display()), "name a file inside it"))
        }
        Ok(meta) if !meta.is_file() => {
            let written = OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(bytes));
            match written {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                    Err(Failure::write(&path.display().to_string(), &error))
                }
                _ => Ok(()),
            }
        }
        Ok(_) if !force => Err(Failure::exists(path, "choose another name, or overwrite it with --force")),
        _ => Ok(write_atomically(path, bytes)?),
    }
}
