//! Bytes from files and to files, and places in them for messages.

use std::io::{Read, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// Most bytes that a compressed file, or an array in one, may expand to: 4 GiB.
pub const EXPANDED_LIMIT: u64 = 4 << 30;

/// The content of a file and its name for messages.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) bytes: &'a [u8],
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a str, bytes: &'a [u8]) -> Self {
        Source { file, bytes }
    }

    /// An error about a place, or about the whole file if that is empty.
    pub(super) fn bad(&self, place: impl Into<String>, problem: impl Into<String>, hint: &'static str) -> Error {
        Error::File { file: self.file.to_owned(), place: place.into(), problem: problem.into(), hint }
    }

    /// The line, from 1, of what begins at this byte or after line ends that follow it.
    pub(super) fn line(&self, at: usize) -> String {
        let at = at.min(self.bytes.len());
        let ends = self.bytes[at..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let before = &self.bytes[..at + ends];
        format!("line {}", before.iter().filter(|byte| **byte == b'\n').count() + 1)
    }

    /// The content as text, without a byte order mark.
    pub(super) fn text(&self) -> Result<&'a str> {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            self.bad(self.line(error.valid_up_to()), "is not UTF-8 text", "save the file with the encoding UTF-8")
        })?;
        if text.trim().is_empty() { Err(self.empty()) } else { Ok(text) }
    }

    pub(super) fn empty(&self) -> Error {
        self.bad("", "the file is empty", "check that the program that wrote it has finished")
    }
}

/// The content of a file and its name for messages.
pub(super) fn read(path: &Path) -> Result<(String, Vec<u8>)> {
    let file = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => Ok((file, bytes)),
        Err(error) => Err(Error::Io { file, what: "cannot be read", error }),
    }
}

/// What gzip made smaller.
pub(super) fn expand(source: Source, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(source.bytes).take(limit + 1);
    reader.read_to_end(&mut bytes).map_err(|error| {
        source.bad("", format!("cannot be decompressed: {error}"), "check that the file is complete")
    })?;
    if bytes.len() as u64 > limit {
        let problem = format!("expands to more than {limit} bytes");
        return Err(source.bad("", problem, "decompress it first, or use NPY"));
    }
    Ok(bytes)
}

/// Writes a file whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |error| Error::Io { file: path.display().to_string(), what: "cannot be written", error };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = temporary().tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A temporary file with the permissions that an ordinary new file has.
fn temporary() -> tempfile::Builder<'static, 'static> {
    #[allow(unused_mut, reason = "only changed where permissions are a mode")]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// The extension in lower case, without `.gz`; and whether there was one.
pub(super) fn extension(file: &str) -> (String, bool) {
    let file = file.to_ascii_lowercase();
    let plain = file.strip_suffix(".gz");
    let name = plain.unwrap_or(&file);
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    (name.rsplit_once('.').map_or("", |(_, extension)| extension).to_owned(), plain.is_some())
}

/// As much of a text as a message can show.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short:?}...") } else { format!("{short:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansion_is_limited() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&[b'0'; 100_000]).unwrap();
        let bytes = encoder.finish().unwrap();
        let source = Source::new("a.csv.gz", &bytes);
        assert_eq!(expand(source, 100_000).unwrap().len(), 100_000);
        assert!(expand(source, 99_999).is_err());
        for end in 0..bytes.len() {
            assert!(expand(Source::new("a.csv.gz", &bytes[..end]), 1 << 20).is_err());
        }
    }

    #[test]
    fn extensions() {
        assert_eq!(extension("a.b/X.CSV.gz"), ("csv".into(), true));
        assert_eq!(extension("a.b/x"), (String::new(), false));
    }
}
