//! NPZ archives: ZIP files of NPY arrays.

use std::borrow::Cow;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::EXPANDED_LIMIT;
use super::file::Source;
use super::matrix::Matrix;
use super::npy::{self, Array, Header};
use crate::error::Result;

const BROKEN: &str = "check that the file is complete, and was written with numpy.savez or scipy.sparse.save_npz";

/// An archive opened for reading.
pub(super) struct Archive<'a> {
    source: Source<'a>,
    zip: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Archive<'a> {
    pub(super) fn open(source: Source<'a>) -> Result<Self> {
        let zip = ZipArchive::new(Cursor::new(source.bytes))
            .map_err(|error| source.bad("", format!("is not an archive of arrays: {error}"), BROKEN))?;
        Ok(Archive { source, zip })
    }

    /// Names of the arrays.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.zip.file_names().filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned()));
        names.collect()
    }

    /// The array of this name, if there is one. Its header must agree with the size that the archive declares before
    /// more of it is expanded.
    pub(super) fn array(&mut self, name: &str) -> Result<Option<Array<'static>>> {
        let place = self.place(name);
        match self.expand(name, true)? {
            Some(bytes) => Array::parse(&self.source, &place, Cow::Owned(bytes)).map(Some),
            None => Ok(None),
        }
    }

    /// The shape of the array of this name.
    fn shape(&mut self, name: &str) -> Result<Vec<usize>> {
        let bytes = self.expand(name, false)?.unwrap_or_default();
        Ok(Header::parse(&self.source, &self.place(name), &bytes)?.shape)
    }

    pub(super) fn place(&self, name: &str) -> String {
        format!("array {name}")
    }

    /// The bytes of an array, or enough of them for its header.
    fn expand(&mut self, name: &str, all: bool) -> Result<Option<Vec<u8>>> {
        let (source, place) = (self.source, self.place(name));
        let bad =
            |error: &dyn std::fmt::Display| source.bad(place.as_str(), format!("cannot be read: {error}"), BROKEN);
        let Some(index) = self.zip.index_for_name(&format!("{name}.npy")) else { return Ok(None) };
        let mut entry = self.zip.by_index(index).map_err(|error| bad(&error))?;
        let declared = entry.size();
        if declared > EXPANDED_LIMIT {
            return Err(bad(&format!("it would expand to {declared} bytes")));
        }
        let mut bytes = Vec::new();
        entry.by_ref().take(1 << 17).read_to_end(&mut bytes).map_err(|error| bad(&error))?;
        if all {
            let claimed = Header::parse(&source, &place, &bytes)?.bytes();
            if claimed.map(|bytes| bytes as u64) != Some(declared) {
                return Err(bad(&"its shape does not fit its size"));
            }
            entry.take(declared).read_to_end(&mut bytes).map_err(|error| bad(&error))?;
        }
        Ok(Some(bytes))
    }
}

/// The matrix of one of these names, or the only one.
pub(super) fn matrix(source: Source, names: &[&str], vectors: bool) -> Result<Matrix> {
    let mut archive = Archive::open(source)?;
    let all = archive.names();
    let name = match names.iter().find(|name| all.iter().any(|other| other == *name)) {
        Some(name) => (*name).to_owned(),
        None => {
            let mut found = Vec::new();
            for name in all {
                let sides = archive.shape(&name).map_or(0, |shape| shape.len());
                if sides == 2 || vectors && sides == 1 && name != "names" {
                    found.push((sides, name));
                }
            }
            let matrices = found.iter().filter(|(sides, _)| *sides == 2).count();
            let mut found = found.into_iter().filter(|(sides, _)| matrices == 0 || *sides == 2);
            match (found.next(), found.next()) {
                (Some((_, name)), None) => name,
                (first, _) => {
                    let problem = if first.is_none() { "holds no matrix" } else { "holds several matrices" };
                    return Err(source.bad(
                        "",
                        problem,
                        "keep one matrix in the archive, or call one X (distances: Z)",
                    ));
                }
            }
        }
    };
    let place = archive.place(&name);
    let array = archive.array(&name)?.ok_or_else(|| source.bad(place.as_str(), "cannot be found", BROKEN))?;
    let mut matrix = array.matrix(&source, &place, vectors)?;
    if let Some(array) = archive.array("names")? {
        let names = array.texts(&source, "array names")?;
        if names.len() != matrix.columns {
            let problem = format!("has {} names for {} columns", names.len(), matrix.columns);
            return Err(source.bad("array names", problem, "name each column once"));
        }
        matrix.column_names = names;
    }
    Ok(matrix)
}

/// An archive of arrays in memory.
pub(super) fn bytes(arrays: Vec<(&str, Vec<u8>)>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let write = || -> zip::result::ZipResult<()> {
        for (name, bytes) in arrays {
            let large = bytes.len() >= u32::MAX as usize;
            zip.start_file(format!("{name}.npy"), SimpleFileOptions::default().large_file(large))?;
            zip.write_all(&bytes)?;
        }
        Ok(())
    };
    write().expect("memory takes every byte");
    zip.finish().expect("memory takes every byte").into_inner()
}

/// The numbers of an array, little-endian.
pub(super) fn floats(shape: &[usize], values: impl IntoIterator<Item = f64>) -> Vec<u8> {
    npy::bytes("<f8", shape, values.into_iter().flat_map(f64::to_le_bytes))
}

/// The indices of an array, little-endian, with 32 bits where these are enough.
pub(super) fn indices(values: &[usize]) -> Vec<u8> {
    if values.iter().all(|&value| i32::try_from(value).is_ok()) {
        npy::bytes("<i4", &[values.len()], values.iter().flat_map(|&value| (value as u32).to_le_bytes()))
    } else {
        npy::bytes("<i8", &[values.len()], values.iter().flat_map(|&value| (value as u64).to_le_bytes()))
    }
}

/// The numbers of the named arrays of an NPZ archive, each in its stored order.
///
/// # Errors
/// A file that cannot be read or is no archive; an array that is missing or does not hold numbers.
pub fn read_arrays<const N: usize>(path: impl AsRef<Path>, names: [&str; N]) -> Result<[Vec<f64>; N]> {
    let (file, bytes) = super::file::read(path.as_ref())?;
    let source = Source::new(&file, &bytes);
    let mut archive = Archive::open(source)?;
    let mut found = [(); N].map(|()| Vec::new());
    for (name, found) in names.into_iter().zip(&mut found) {
        let place = archive.place(name);
        let array = archive.array(name)?.ok_or_else(|| source.bad(place.as_str(), "is missing", BROKEN))?;
        *found = array.numbers(&source, &place)?;
    }
    Ok(found)
}
