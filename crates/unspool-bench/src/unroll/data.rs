//! The problems as files: `{problem}.json` with the sizes, `{problem}.{array}.f64` with raw
//! little-endian values, row by row.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use unspool_core::Real;

use crate::error::{Error, Result};

/// Which problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ridge regression.
    Ridge,
    /// Logistic regression.
    Logistic,
}

impl Kind {
    /// Both.
    pub(crate) const ALL: [Kind; 2] = [Kind::Ridge, Kind::Logistic];

    /// As in the names of files and cases.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Ridge => "ridge",
            Kind::Logistic => "logistic",
        }
    }
}

/// Sizes of a problem, and its constants.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Sizes {
    /// Rows.
    pub(crate) n: usize,
    /// Features.
    pub(crate) d: usize,
    /// Rows for validation.
    pub(crate) nv: usize,
    /// Steps of gradient descent.
    #[serde(rename = "T")]
    pub(crate) steps: usize,
    /// Step size.
    pub(crate) step: f64,
}

impl Sizes {
    /// The arrays and the number of values in each.
    fn arrays(&self) -> [(&'static str, usize); 7] {
        let &Sizes { n, d, nv, .. } = self;
        // An absurd product matches no file's length.
        let (x, x_val) = (n.saturating_mul(d), nv.saturating_mul(d));
        [("X", x), ("y", n), ("Xv", x_val), ("yv", nv), ("t0", d), ("exact", d), ("exact_T", d)]
    }

    fn read(dir: &Path, kind: Kind) -> Result<Self> {
        let path = dir.join(format!("{}.json", kind.name()));
        let text = std::fs::read_to_string(&path).map_err(|e| Error::input(&path, e))?;
        let sizes: Sizes = serde_json::from_str(&text)
            .map_err(|e| Error::input(&path, format!("{e}; expected an object with n, d, nv, T and step")))?;
        let Sizes { n, d, nv, steps, step } = sizes;
        if n.min(d).min(nv).min(steps) == 0 || !(step.is_finite() && step > 0.0) {
            return Err(Error::input(&path, "n, d, nv, T and step must be positive"));
        }
        Ok(sizes)
    }
}

/// Looks at the lengths of all the files of a problem, without reading the arrays.
///
/// # Errors
/// The first file that is missing or of a wrong length.
pub(crate) fn check(dir: &Path, kind: Kind) -> Result<()> {
    let sizes = Sizes::read(dir, kind)?;
    sizes.arrays().into_iter().try_for_each(|(name, values)| open(dir, kind, name, values).map(|_| ()))
}

/// A problem in memory.
#[derive(Debug)]
pub(crate) struct Data<F> {
    pub(crate) sizes: Sizes,
    /// n x d, row by row.
    pub(crate) x: Vec<F>,
    pub(crate) y: Vec<F>,
    /// nv x d, row by row.
    pub(crate) x_val: Vec<F>,
    pub(crate) y_val: Vec<F>,
    /// The logarithms of the regularisers.
    pub(crate) theta: Vec<F>,
    /// Gradient of the validation loss at the exact solution.
    pub(crate) exact: Vec<f64>,
    /// Gradient of the validation loss of the last iterate.
    pub(crate) exact_last: Vec<f64>,
}

impl<F: Real> Data<F> {
    /// Reads a problem, rounded to `F`.
    ///
    /// # Errors
    /// The first file that is missing, of a wrong length, or holds a value it must not.
    pub(crate) fn load(dir: &Path, kind: Kind) -> Result<Self> {
        let sizes = Sizes::read(dir, kind)?;
        let [x, y, x_val, y_val, theta, exact, exact_last] = sizes.arrays();
        let label: fn(f64) -> bool = match kind {
            Kind::Ridge => |_| true,
            Kind::Logistic => |y| y.abs() == 1.0,
        };
        Ok(Data {
            sizes,
            x: read(dir, kind, x, |_| true)?,
            y: read(dir, kind, y, label)?,
            x_val: read(dir, kind, x_val, |_| true)?,
            y_val: read(dir, kind, y_val, label)?,
            theta: read(dir, kind, theta, |_| true)?,
            exact: read(dir, kind, exact, |_| true)?,
            exact_last: read(dir, kind, exact_last, |_| true)?,
        })
    }
}

/// Opens an array's file after a look at its length.
fn open(dir: &Path, kind: Kind, name: &str, values: usize) -> Result<File> {
    let path = dir.join(format!("{}.{name}.f64", kind.name()));
    let expected = values as u128 * 8;
    let wrong = |what: String| Error::input(&path, format!("{what}, expected {expected} bytes ({values} f64 values)"));
    let file = File::open(&path).map_err(|e| wrong(e.to_string()))?;
    let meta = file.metadata().map_err(|e| wrong(e.to_string()))?;
    if !meta.is_file() {
        return Err(wrong("not a file".to_owned()));
    }
    if u128::from(meta.len()) != expected {
        return Err(wrong(format!("{} bytes", meta.len())));
    }
    Ok(file)
}

/// Reads an array value by value, so that never more than the array itself is in memory.
fn read<F: Real>(dir: &Path, kind: Kind, array: (&str, usize), allowed: fn(f64) -> bool) -> Result<Vec<F>> {
    let (name, values) = array;
    let mut file = BufReader::new(open(dir, kind, name, values)?);
    let wrong = |what: String| Error::input(&dir.join(format!("{}.{name}.f64", kind.name())), what);
    let mut out = Vec::with_capacity(values);
    for i in 0..values {
        let mut bytes = [0; 8];
        file.read_exact(&mut bytes).map_err(|e| wrong(format!("{e} at value {i} of {values}")))?;
        let value = f64::from_le_bytes(bytes);
        if !F::of(value).is_finite() || !allowed(value) {
            return Err(wrong(format!("value {i} is {value}, expected {values} {}", meaning(value))));
        }
        out.push(F::of(value));
    }
    Ok(out)
}

fn meaning(value: f64) -> &'static str {
    if value.is_finite() { "labels -1 or +1" } else { "finite f64 values" }
}
