//! What the fuzz targets share: files for functions that read paths, and numbers of every size.

use std::path::PathBuf;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a folder for files"));

/// A path of this name in a folder that goes away with the process.
pub fn path(name: &str) -> PathBuf {
    FOLDER.path().join(name)
}

/// A file of this name with these bytes.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = path(name);
    std::fs::write(&path, bytes).expect("a file");
    path
}

/// A number: an everyday one, or any bits.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Number {
    /// A multiple of 1/16.
    Plain(i8),
    /// Any: infinite, too small to be normal, not a number.
    Bits(u64),
}

impl Number {
    /// Its value.
    pub fn value(self) -> f64 {
        match self {
            Number::Plain(sixteenths) => f64::from(sixteenths) / 16.0,
            Number::Bits(bits) => f64::from_bits(bits),
        }
    }
}

/// So many values, the numbers over and over.
pub fn values(numbers: &[Number], count: usize) -> Vec<f64> {
    numbers.iter().map(|number| number.value()).chain([0.0]).cycle().take(count).collect()
}

/// Whether all are finite.
pub fn finite<'a>(values: impl IntoIterator<Item = &'a f64>) -> bool {
    values.into_iter().all(|value| value.is_finite())
}
