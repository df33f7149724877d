//! NPY arrays.

use std::borrow::Cow;

use super::file::{Source, shown};
use super::matrix::Matrix;
use crate::error::{Error, Result};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Longest header that is read.
const LONGEST_HEADER: usize = 1 << 16;
const BROKEN: &str = "write the file again with numpy.save or numpy.savez";
const TYPES: &str = "convert the array, for example with .astype(float)";

/// What the header of an array says.
pub(super) struct Header {
    kind: u8,
    size: usize,
    little: bool,
    fortran: bool,
    pub(super) shape: Vec<usize>,
    /// Number of elements.
    len: usize,
    /// Where the elements begin.
    start: usize,
}

impl Header {
    /// Bytes that header and elements need, if that is a number.
    pub(super) fn bytes(&self) -> Option<usize> {
        self.len.checked_mul(self.size)?.checked_add(self.start)
    }

    /// Reads the header from the first bytes of an array.
    pub(super) fn parse(source: &Source, place: &str, bytes: &[u8]) -> Result<Self> {
        let bad = |problem: &str| source.bad(place, problem, BROKEN);
        let Some((version, rest)) = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk::<2>()) else {
            return Err(bad("is not an NPY array"));
        };
        let (length, rest) = match (version[0], rest) {
            (1, [a, b, rest @ ..]) => (usize::from(u16::from_le_bytes([*a, *b])), rest),
            (2 | 3, [a, b, c, d, rest @ ..]) => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
            _ => return Err(bad("has a version of NPY that is not known, or ends early")),
        };
        if length > LONGEST_HEADER {
            return Err(bad("has a header that is too long"));
        }
        let header = rest.get(..length).ok_or_else(|| bad("ends within its header"))?;
        let header = std::str::from_utf8(header).map_err(|_| bad("has a header that is not text"))?;
        let descr = after(header, "descr").ok_or_else(|| bad("has a header without a type"))?;
        let Some(descr) = quoted(descr) else {
            return Err(source.bad(place, "holds records, not numbers", TYPES));
        };
        let fortran = match after(header, "fortran_order") {
            Some(text) if text.starts_with("True") => true,
            Some(text) if text.starts_with("False") => false,
            _ => return Err(bad("has a header without an order")),
        };
        let shape = after(header, "shape").and_then(tuple).ok_or_else(|| bad("has a header without a shape"))?;
        let len = shape.iter().try_fold(1_usize, |len, &side| len.checked_mul(side));
        let len = len.ok_or_else(|| bad("has a shape too large for any memory"))?;
        let unknown = || source.bad(place, format!("holds elements of type {}", shown(descr)), TYPES);
        let (order, kind, size) = match descr.as_bytes() {
            [order @ (b'<' | b'>' | b'|' | b'='), kind, ..] if kind.is_ascii() => (*order, *kind, &descr[2..]),
            _ => return Err(unknown()),
        };
        if kind == b'O' {
            let hint = "objects are never unpickled; save a plain numeric array";
            return Err(source.bad(place, "holds pickled Python objects", hint));
        }
        let size: usize = size.parse().map_err(|_| unknown())?;
        let size = match (kind, size) {
            (b'f', 4 | 8) | (b'i' | b'u', 1 | 2 | 4 | 8) | (b'b', 1) => size,
            (b'S', _) => size,
            (b'U', _) => size.checked_mul(4).ok_or_else(unknown)?,
            _ => return Err(unknown()),
        };
        let little = order == b'<' || order == b'|' || order == b'=' && cfg!(target_endian = "little");
        let start = bytes.len() - rest.len() + length;
        Ok(Header { kind, size, little, fortran, shape, len, start })
    }
}

/// The text after a key of a Python dictionary and its colon.
fn after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let find = |quote: char| header.find(&format!("{quote}{key}{quote}"));
    let at = find('\'').or_else(|| find('"'))?;
    Some(header[at + key.len() + 2..].trim_start().strip_prefix(':')?.trim_start())
}

/// The content of a Python string at the start of the text.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote).map(|(inside, _)| inside)
}

/// A tuple of sizes at the start of the text.
fn tuple(text: &str) -> Option<Vec<usize>> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    let inside = inside.trim().trim_end_matches(',');
    let side = |side: &str| side.trim().trim_end_matches('L').parse().ok();
    if inside.is_empty() { Some(Vec::new()) } else { inside.split(',').map(side).collect() }
}

/// An array whose elements are still bytes.
pub(super) struct Array<'a> {
    header: Header,
    bytes: Cow<'a, [u8]>,
}

impl<'a> Array<'a> {
    /// An array from all of its bytes.
    pub(super) fn parse(source: &Source, place: &str, bytes: Cow<'a, [u8]>) -> Result<Self> {
        let header = Header::parse(source, place, &bytes)?;
        if header.bytes() != Some(bytes.len()) {
            let (shape, length) = (&header.shape, bytes.len());
            let problem = format!("has {length} bytes, which does not fit the shape {shape:?} in its header");
            return Err(source.bad(place, problem, "check that the file is complete"));
        }
        Ok(Array { header, bytes })
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    fn elements(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes[self.header.start..].chunks_exact(self.header.size.max(1))
    }

    /// The elements as numbers, in the order of the file.
    pub(super) fn numbers(&self, source: &Source, place: &str) -> Result<Vec<f64>> {
        macro_rules! read {
            ($number:ty) => {{
                let number = |bytes: &[u8]| {
                    let mut own = [0; size_of::<$number>()];
                    own.copy_from_slice(bytes);
                    if self.header.little { <$number>::from_le_bytes(own) } else { <$number>::from_be_bytes(own) }
                };
                self.elements().map(|bytes| number(bytes) as f64).collect()
            }};
        }
        Ok(match (self.header.kind, self.header.size) {
            (b'f', 8) => read!(f64),
            (b'f', 4) => read!(f32),
            (b'i', 8) => read!(i64),
            (b'i', 4) => read!(i32),
            (b'i', 2) => read!(i16),
            (b'i', 1) => read!(i8),
            (b'u', 8) => read!(u64),
            (b'u', 4) => read!(u32),
            (b'u', 2) => read!(u16),
            (b'u' | b'b', 1) => read!(u8),
            _ => return Err(source.bad(place, "holds text, not numbers", TYPES)),
        })
    }

    /// The elements as indices, none beyond 2^53.
    pub(super) fn indices(&self, source: &Source, place: &str) -> Result<Vec<usize>> {
        let index = |value: f64| -> Result<usize> {
            if value >= 0.0 && value <= (1_u64 << 53) as f64 && value.fract() == 0.0 {
                Ok(value as usize)
            } else {
                Err(source.bad(place, format!("{value} is no index"), BROKEN))
            }
        };
        self.numbers(source, place)?.into_iter().map(index).collect()
    }

    /// The elements as texts.
    pub(super) fn texts(&self, source: &Source, place: &str) -> Result<Vec<String>> {
        let not_text = || source.bad(place, "does not hold text", "use an array of strings");
        if self.header.size == 0 {
            // No byte stands behind the elements of an array of empty texts.
            return if self.header.len == 0 { Ok(Vec::new()) } else { Err(not_text()) };
        }
        let letter = |bytes: &[u8]| {
            let own: [u8; 4] = bytes.try_into().ok()?;
            char::from_u32(if self.header.little { u32::from_le_bytes(own) } else { u32::from_be_bytes(own) })
        };
        let text = |bytes: &[u8]| match self.header.kind {
            b'S' => std::str::from_utf8(bytes).ok().map(str::to_owned),
            b'U' => bytes.chunks_exact(4).map(letter).collect::<Option<String>>(),
            _ => None,
        };
        let padded = self.elements().map(|bytes| text(bytes).ok_or_else(not_text));
        padded.map(|text| Ok(text?.trim_end_matches('\0').to_owned())).collect()
    }

    /// The matrix in the array, or if `vectors` a vector as one row, row after row.
    pub(super) fn matrix(&self, source: &Source, place: &str, vectors: bool) -> Result<Matrix> {
        let (rows, columns) = match *self.shape() {
            [rows, columns] => (rows, columns),
            [length] if vectors => (1, length),
            _ => {
                let problem = format!("has the shape {:?}", self.shape());
                return Err(source.bad(place, problem, "give a matrix: two dimensions"));
            }
        };
        let values = self.numbers(source, place)?;
        if values.is_empty() {
            return Err(source.bad(
                place,
                format!("is empty: its shape is {:?}", self.shape()),
                "give at least one number",
            ));
        }
        let vector = self.shape().len() == 1;
        let swapped = self.header.fortran && !vector;
        let matrix = if swapped {
            Matrix::plain(columns, rows, values).transposed()
        } else {
            Matrix::plain(rows, columns, values)
        };
        Ok(matrix)
    }
}

/// The bytes of a little-endian array in C order.
pub(super) fn bytes(descr: &str, shape: &[usize], elements: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let sides: String = shape.iter().map(|side| format!("{side},")).collect();
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sides}), }}");
    let length = (MAGIC.len() + 4 + header.len() + 1).next_multiple_of(64) - MAGIC.len() - 4;
    header.push_str(&" ".repeat(length - 1 - header.len()));
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(header.into_bytes());
    bytes.extend(elements);
    bytes
}

/// The bytes of a vector of texts; an error names a text that NumPy cannot hold.
pub(super) fn text_bytes(texts: &[String]) -> Result<Vec<u8>> {
    if let Some(text) = texts.iter().find(|text| text.ends_with('\0')) {
        return Err(Error::data(format!("the name {text:?} ends with a null character"), "rename the node"));
    }
    let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let wide = |text: &String| {
        let letters: Vec<u32> = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(width).collect();
        letters.into_iter().flat_map(u32::to_le_bytes)
    };
    Ok(bytes(&format!("<U{width}"), &[texts.len()], texts.iter().flat_map(wide)))
}
