//! How many directory entries a raw file makes its decoder read.
//!
//! Raw files are trees of TIFF directories, but nothing keeps a damaged one from pointing back at itself: ten levels deep, with a
//! hundred branches each, 300 bytes take all memory. So the tree is counted before it is decoded, by the same rules, but for
//! what Sony encrypts.

/// Most entries: files of cameras have a few hundred.
pub(super) const MOST: usize = 100_000;
/// Deepest directory that is read.
const DEPTH: u32 = 10;

const SUB_DIRECTORIES: [u16; 5] = [0x014A, 0x8290, 0x8769, 0xF000, 0xFE00];
const MAKERNOTE: u16 = 0x927C;
const OLYMPUS_IMAGE: u16 = 0x2040;
const PRIVATE: u16 = 0xC634;

/// Whether a file has more entries than a camera would write.
pub(super) fn are_endless(bytes: &[u8]) -> bool {
    // the decoder reads zeros behind the end
    let bytes = &[bytes, &[0; 16]].concat();
    let mut walk = Walk { left: MOST, images: Vec::new(), private: Vec::new() };
    let whole = View { bytes, is_little: false };
    match bytes.as_slice() {
        [b'F', b'U', b'J', b'I', b'F', b'I', b'L', b'M', ..] => {
            for root in [whole.u32(84).map(|at| at.wrapping_add(12)), whole.u32(100)].into_iter().flatten() {
                walk.root(bytes, root as usize);
            }
        }
        [0, b'M', b'R', b'M', ..] => {
            walk.directory(whole, 8, 0, 0);
            // blocks with a name of four bytes and a length; one holds the directories
            let mut at = 8;
            while let (Some(name), Some(length)) = (whole.u32(at), whole.u32(at + 4)) {
                if name == u32::from_be_bytes(*b"\0TTW") {
                    whole.from(at + 8).and_then(|view| walk.directory(view, 8, 0, 0));
                }
                match length.wrapping_add(8) {
                    0 => return true,
                    step => at += step as usize,
                }
            }
        }
        _ => {
            walk.root(bytes, 0);
        }
    }
    for at in std::mem::take(&mut walk.private) {
        walk.directory(View { bytes, is_little: true }, at, 0, 0);
    }
    walk.left == 0
}

/// Bytes that offsets count from, and their order.
#[derive(Clone, Copy)]
struct View<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

impl<'a> View<'a> {
    fn u16(self, at: usize) -> Option<u16> {
        let b = self.bytes.get(at..)?.first_chunk()?;
        Some(if self.is_little { u16::from_le_bytes(*b) } else { u16::from_be_bytes(*b) })
    }

    fn u32(self, at: usize) -> Option<u32> {
        let b = self.bytes.get(at..)?.first_chunk()?;
        Some(if self.is_little { u32::from_le_bytes(*b) } else { u32::from_be_bytes(*b) })
    }

    fn from(self, at: usize) -> Option<Self> {
        Some(View { bytes: self.bytes.get(at..)?, ..self })
    }

    /// The order that two bytes tell, if they do.
    fn order(self, at: usize) -> Option<bool> {
        match self.bytes.get(at..)?.first_chunk()? {
            b"II" => Some(true),
            b"MM" => Some(false),
            _ => None,
        }
    }
}

/// What was seen on the way.
struct Walk {
    /// Entries that may still be read.
    left: usize,
    /// Offsets of Olympus' second directories.
    images: Vec<usize>,
    /// Offsets of what makers keep to themselves.
    private: Vec<usize>,
}

impl Walk {
    /// The chain of directories of a TIFF file.
    fn root(&mut self, bytes: &[u8], at: usize) -> Option<()> {
        let view = View { bytes, is_little: true }.from(at)?;
        let view = View { is_little: view.order(0)?, ..view };
        let mut next = view.u32(4)? as usize;
        for _ in 0..100 {
            self.directory(view, next, 0, 0)?;
            let entries = usize::from(view.u16(next)?);
            next = view.u32(next + 2 + entries * 12)? as usize;
            if next == 0 {
                break;
            }
        }
        Some(())
    }

    /// One directory and those below it; none where they end, or where nothing is left.
    fn directory(&mut self, view: View, at: usize, base: usize, depth: u32) -> Option<()> {
        let entries = usize::from(view.u16(at)?);
        if entries > 4000 {
            return None;
        }
        self.left = self.left.saturating_sub(1 + entries);
        for entry in (0..entries).map(|entry| at + 2 + entry * 12) {
            if self.left == 0 {
                return None;
            }
            let (tag, kind, count) = (view.u16(entry)?, view.u16(entry + 2)?, view.u32(entry + 4)? as usize);
            if !(SUB_DIRECTORIES.contains(&tag) || [MAKERNOTE, OLYMPUS_IMAGE, PRIVATE].contains(&tag)) {
                continue;
            }
            let width = [1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4].get(usize::from(kind)).copied().unwrap_or(1);
            let size = count.saturating_mul(width);
            let start = if size <= 4 { entry + 8 } else { (view.u32(entry + 8)? as usize).checked_sub(base)? };
            let value = |k: usize| match kind {
                3 | 8 => view.u16(start + 2 * k).map(usize::from),
                4 | 7 | 9 | 13 => view.u32(start + 4 * k).map(|v| v as usize),
                _ => view.bytes.get(start + k).map(|v| usize::from(*v)),
            };
            if tag == OLYMPUS_IMAGE {
                self.images.extend(value(0));
            } else if tag == PRIVATE {
                self.private.extend(value(0));
            } else if depth == DEPTH {
                continue;
            } else if tag == MAKERNOTE {
                self.makernote(view, start, base, depth + 1);
            } else {
                for k in 0..count {
                    if self.left == 0 {
                        return None;
                    }
                    self.left -= 1;
                    self.directory(view, value(k)?, base, depth + 1);
                }
            }
        }
        Some(())
    }

    /// A maker's own directory, behind its name.
    fn makernote(&mut self, view: View, at: usize, base: usize, depth: u32) -> Option<()> {
        let note = view.from(at)?;
        if note.bytes.starts_with(b"OLYMP") {
            let skip = if note.bytes.starts_with(b"OLYMPUS") { 12 } else { 8 };
            let before = self.images.len();
            self.directory(view, at + skip, base, depth)?;
            for k in if skip == 12 { before..self.images.len() } else { 0..0 } {
                let image = self.images[k];
                note.from(image).and_then(|view| self.directory(view, 0, image, depth));
            }
            return Some(());
        }
        for (name, skip, first) in [(&b"PENTAX"[..], 0, 10), (b"Nikon\0\x02", 10, 8)] {
            if note.bytes.starts_with(name) {
                let is_little = note.order(if skip == 0 { 8 } else { skip }).unwrap_or(false);
                self.directory(View { is_little, ..note.from(skip)? }, first, base, depth);
                return Some(());
            }
        }
        let skip = match note.bytes {
            [b'E', b'P', b'S', b'O', b'N', ..] => 8,
            [b'A', b'O', b'C', 0, ..] => 4,
            _ => 0,
        };
        // either order, or one after the other
        let (mut skip, mut is_little) = (skip, view.is_little);
        for little in [true, false] {
            if note.order(skip) == Some(little) {
                (skip, is_little) = (skip + 2, little);
            }
        }
        self.directory(View { is_little, ..view }, at + skip, base, depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory at 8 with entries of a tag, each of them an offset of 8.
    fn file(tag: u16, entries: u16) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend(entries.to_le_bytes());
        for _ in 0..entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend([4, 0, 1, 0, 0, 0, 8, 0, 0, 0]);
        }
        bytes.extend([0; 4]);
        bytes
    }

    #[test]
    fn directories_that_hold_themselves_are_endless() {
        for tag in SUB_DIRECTORIES {
            assert!(are_endless(&file(tag, 20)));
            // one way down ends after ten levels
            assert!(!are_endless(&file(tag, 1)));
            // the same behind the names of other makers
            let fuji = [&b"FUJIFILM"[..], &[0; 76], &88u32.to_be_bytes(), &[0; 12], &file(tag, 20)].concat();
            assert!(are_endless(&fuji));
            let minolta = [&b"\0MRM\0\0\0\0\0TTW\0\0\0\0"[..], &file(tag, 20)].concat();
            assert!(!are_endless(&minolta), "little-endian, which that maker is not");
        }
        assert!(!are_endless(&file(0x0100, 20)));
    }

    #[test]
    fn damaged_files_end() {
        let whole = file(SUB_DIRECTORIES[0], 3);
        for end in 0..whole.len() {
            are_endless(&whole[..end]);
        }
        for name in [&b"FUJIFILM"[..], b"\0MRM", b"\0MRM\0\0\0\0\0TTW\xff\xff\xff\xff", b"MM"] {
            assert!(!are_endless(name));
        }
        // blocks that lead back to themselves
        assert!(are_endless(b"\0MRM\0\0\0\xff\0PRD\xff\xff\xff\xf8"));
    }
}
