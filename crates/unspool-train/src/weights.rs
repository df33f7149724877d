//! Named tensors in safetensors files.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use unspool_core::Real;

use crate::error::{Error, Result};
use crate::params::Layout;

/// The key under which this crate keeps its text in a file.
const KEY: &str = "unspool";

/// The values of a layout as the bytes of a safetensors file, with a text for the reader.
pub fn to_bytes<F: Real>(layout: &Layout, values: &[F], text: &str) -> Vec<u8> {
    let tensors: Vec<_> =
        layout.entries().iter().map(|e| (e.name.clone(), e.shape.clone(), &values[e.range.clone()])).collect();
    bytes_of(&tensors, text)
}

/// Named tensors, each with its shape and values, as the bytes of a safetensors file.
pub(crate) fn bytes_of<F: Real>(tensors: &[(String, Vec<usize>, &[F])], text: &str) -> Vec<u8> {
    let dtype = if F::NAME == "f32" { Dtype::F32 } else { Dtype::F64 };
    let data: Vec<Vec<u8>> = tensors.iter().map(|(_, _, values)| little_endian(values)).collect();
    let views = tensors.iter().zip(&data).filter_map(|((name, shape, _), data)| {
        TensorView::new(dtype, shape.clone(), data).ok().map(|view| (name.clone(), view))
    });
    let note = HashMap::from([(KEY.to_owned(), text.to_owned())]);
    safetensors::serialize(views, Some(note)).unwrap_or_default()
}

fn little_endian<F: Real>(values: &[F]) -> Vec<u8> {
    if F::NAME == "f32" {
        values.iter().flat_map(|v| (v.wide() as f32).to_le_bytes()).collect()
    } else {
        values.iter().flat_map(|v| v.wide().to_le_bytes()).collect()
    }
}

/// A read file.
#[derive(Debug)]
pub struct File {
    name: String,
    text: String,
    tensors: HashMap<String, (Vec<usize>, Vec<f64>)>,
}

const HINT: &str = "take a file that this model wrote";

impl File {
    /// Reads a file; `name` is for messages.
    ///
    /// # Errors
    /// Not safetensors, or tensors that are neither f32 nor f64, or values that are not finite.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self> {
        let bad = |problem: String| Error::File { file: name.to_owned(), problem, hint: HINT };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| bad(format!("is no safetensors file: {e}")))?;
        let text = header.metadata().as_ref().and_then(|m| m.get(KEY)).cloned().unwrap_or_default();
        let file = SafeTensors::deserialize(bytes).map_err(|e| bad(format!("is no safetensors file: {e}")))?;
        let mut tensors = HashMap::new();
        for (tensor, view) in file.tensors() {
            let data = view.data();
            let values: Vec<f64> = match view.dtype() {
                Dtype::F32 => data.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
                Dtype::F64 => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
                other => return Err(bad(format!("tensor {tensor} has type {other:?}, not F32 or F64"))),
            };
            if let Some(at) = values.iter().position(|v| !v.is_finite()) {
                return Err(bad(format!("tensor {tensor}, entry {at}: {} is no number", values[at])));
            }
            tensors.insert(tensor, (view.shape().to_vec(), values));
        }
        Ok(File { name: name.to_owned(), text, tensors })
    }

    /// Reads a file from disk.
    ///
    /// # Errors
    /// As [`File::from_bytes`], and where it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, "cannot be read", e))?;
        Self::from_bytes(&path.display().to_string(), &bytes)
    }

    /// The text that was written with the tensors.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The values of a tensor of `len` entries.
    ///
    /// # Errors
    /// It is missing, has another length, or an entry that is too large for `F`.
    pub fn tensor<F: Real>(&self, name: &str, len: usize) -> Result<Vec<F>> {
        let bad = |problem: String| Error::File { file: self.name.clone(), problem, hint: HINT };
        let (shape, values) = self.tensors.get(name).ok_or_else(|| bad(format!("has no tensor {name}")))?;
        if values.len() != len {
            return Err(bad(format!("tensor {name} has shape {shape:?}, expected {len} entries")));
        }
        let narrow: Vec<F> = values.iter().map(|&v| F::of(v)).collect();
        match narrow.iter().position(|v| !v.is_finite()) {
            None => Ok(narrow),
            Some(at) => Err(bad(format!("tensor {name}, entry {at}: {} is too large for {}", values[at], F::NAME))),
        }
    }

    /// The shape of a tensor, if it is there.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|(shape, _)| shape.as_slice())
    }

    /// The values of a layout. Shapes may differ where the number of entries does not.
    ///
    /// # Errors
    /// Missing tensors, ones of another size, or entries that are too large for `F`.
    pub fn values<F: Real>(&self, layout: &Layout) -> Result<Vec<F>> {
        let mut out = Vec::with_capacity(layout.len());
        for entry in layout.entries() {
            out.extend(self.tensor::<F>(&entry.name, entry.range.len())?);
        }
        Ok(out)
    }
}

/// Writes a file whole or not at all.
///
/// # Errors
/// Names the file and what failed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |e| Error::io(path, "cannot be written", e);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    #[allow(unused_mut, reason = "only changed where permissions are a mode")]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}
