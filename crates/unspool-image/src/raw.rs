//! Camera raw files, read by `rawloader` (feature `raw`; that library is under the LGPL 2.1).
//!
//! Demosaicking methods, and networks above all, are made for values that are encoded for display, with grey being grey. So a
//! mosaic is *developed* in two steps around them:
//!
//! ```text
//! before:  v <- encode(clip(balance_c (v - black_c) / (white_c - black_c)))     c: the pixel's colour
//! after:   rgb <- encode(clip(M decode(rgb)))                                   M: from the camera's colours to sRGB
//! ```
//!
//! with the curve of sRGB as `encode`, the white balance of the shot, its smallest factor 1, and `M` such that white stays
//! white.

mod directories;

use std::path::Path;

use rawloader::{RawImage, RawImageData};

use crate::caught::caught;
use crate::error::{Error, Result};
use crate::{Cfa, Image};

/// Endings of names of raw files, in lower case.
pub const ENDINGS: [&str; 19] = [
    "dng", "arw", "cr2", "dcr", "dcs", "erf", "iiq", "kdc", "mef", "mos", "mrw", "nef", "nrw", "orf", "pef", "raf",
    "rw2", "srf", "srw",
];

/// Linear sRGB to XYZ, white D65 (IEC 61966-2-1).
const TO_XYZ: [[f64; 3]; 3] =
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]];

/// What a camera measured, ready to be demosaicked.
#[derive(Clone, Debug)]
pub struct Raw {
    /// One channel, balanced and encoded for display.
    pub mosaic: Image,
    /// Its pattern.
    pub cfa: Cfa,
    /// What is left to do afterwards.
    pub development: Development,
}

/// From the camera's colours to sRGB, and upright.
#[derive(Clone, Debug, PartialEq)]
pub struct Development {
    matrix: [[f64; 3]; 3],
    /// Mirrored left to right, upside down, then rows and columns swapped.
    flips: [bool; 3],
}

/// Whether a name is that of a raw file.
pub fn is_raw(path: &Path) -> bool {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    ENDINGS.contains(&ending.as_str())
}

/// Reads a raw file.
///
/// # Errors
/// The file cannot be read, is damaged, of an unknown kind, or its sensor has no Bayer pattern.
pub fn read(path: &Path) -> Result<Raw> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| Error::File {
        file: name.clone(),
        problem: format!("cannot be read: {error}"),
        hint: "look at the name",
    };
    decode(&name, &std::fs::read(path).map_err(unreadable)?)
}

/// Reads a raw file from bytes; `name` is for messages.
///
/// # Errors
/// As [`read`].
pub fn decode(name: &str, bytes: &[u8]) -> Result<Raw> {
    let bad = |problem: String, hint| Error::File { file: name.to_owned(), problem, hint };
    let damaged = |what: &str| bad(format!("is damaged: {what}"), "check that the file is complete");
    // kinds without a Bayer pattern, or too old, whose decoders trust every claim
    if bytes.starts_with(b"FOVb") || bytes.get(6..14) == Some(b"HEAPCCDR") {
        return Err(bad("is a raw file of a kind that is not read".into(), "convert it to DNG, or to TIFF"));
    }
    if directories::are_endless(bytes) {
        return Err(damaged(&format!("it claims more than {} directory entries", directories::MOST)));
    }
    let raw = caught(|| rawloader::decode(&mut std::io::Cursor::new(bytes)))
        .ok_or_else(|| damaged("it cannot be decoded"))?
        .map_err(|error| bad(format!("is no raw file that can be read: {error}"), "convert it to DNG, or to TIFF"))?;
    let [top, right, bottom, left] = raw.crops;
    let size = (raw.height.checked_sub(top.saturating_add(bottom)), raw.width.checked_sub(left.saturating_add(right)));
    let (Some(height @ 1..), Some(width @ 1..)) = size else {
        return Err(damaged("its margins are larger than the image"));
    };
    let samples: Box<dyn Fn(usize) -> f32> = match &raw.data {
        RawImageData::Integer(data) if data.len() == raw.width * raw.height => Box::new(|i| f32::from(data[i])),
        RawImageData::Float(data) if data.len() == raw.width * raw.height => Box::new(|i| data[i]),
        _ => return Err(bad("holds colours, not a mosaic".into(), "it is a photo already: convert it to TIFF")),
    };
    let cfa = bayer(&raw).ok_or_else(|| {
        bad(format!("has the colour filters {:?}, not a Bayer pattern", raw.cfa.name), "use the camera's own converter")
    })?;
    let balance = balance(&raw).ok_or_else(|| damaged("its white balance"))?;
    let matrix = from_camera(&raw).ok_or_else(|| damaged("its colour matrix"))?;
    let levels: [(f32, f32); 3] = std::array::from_fn(|c| {
        let (black, white) = (f32::from(raw.blacklevels[c]), f32::from(raw.whitelevels[c]));
        (black, balance[c] / (white - black))
    });
    if levels.iter().any(|(_, scale)| !scale.is_finite() || *scale <= 0.0) {
        return Err(damaged("its white level is not above its black level"));
    }
    let mosaic = Image::from_fn(1, height, width, |_, y, x| {
        let (black, scale) = levels[cfa.color(y, x)];
        encode(((samples((top + y) * raw.width + left + x) - black) * scale).clamp(0.0, 1.0))
    });
    if mosaic.data().iter().any(|v| !v.is_finite()) {
        return Err(damaged("samples that are not numbers"));
    }
    let (transposed, horizontal, vertical) = raw.orientation.to_flips();
    Ok(Raw { mosaic, cfa, development: Development { matrix, flips: [horizontal, vertical, transposed] } })
}

impl Development {
    /// The photo, from the demosaicked image.
    ///
    /// # Panics
    /// If the image has not three channels.
    pub fn finish(&self, mut image: Image) -> Image {
        let n = image.height() * image.width();
        let data = image.data_mut();
        for i in 0..n {
            let camera = [0, 1, 2].map(|c| f64::from(decode_curve(data[c * n + i].clamp(0.0, 1.0))));
            for (c, row) in self.matrix.iter().enumerate() {
                let linear: f64 = row.iter().zip(camera).map(|(m, v)| m * v).sum();
                data[c * n + i] = encode(linear.clamp(0.0, 1.0) as f32);
            }
        }
        let [horizontal, vertical, transposed] = self.flips;
        let image = image.mirrored(vertical, horizontal);
        if !transposed {
            return image;
        }
        let width = image.width();
        Image::from_fn(image.channels(), width, image.height(), |c, y, x| image.plane(c)[x * width + y])
    }
}

/// The pattern of the image without margins.
fn bayer(raw: &RawImage) -> Option<Cfa> {
    if !raw.cfa.is_valid() || (raw.cfa.width, raw.cfa.height) != (2, 2) {
        return None;
    }
    let cfa = raw.cropped_cfa();
    Cfa::ALL.into_iter().find(|own| (0..4).all(|i| own.color(i / 2, i % 2) == cfa.color_at(i / 2, i % 2)))
}

/// Factors that make grey grey, the smallest 1; of daylight if the file tells none.
fn balance(raw: &RawImage) -> Option<[f32; 3]> {
    let usable = |b: [f32; 4]| b[..3].iter().all(|v| v.is_finite() && *v > 0.0).then_some([b[0], b[1], b[2]]);
    let balance = usable(raw.wb_coeffs).or_else(|| usable(raw.neutralwb()))?;
    let least = balance.iter().copied().fold(f32::INFINITY, f32::min);
    Some(balance.map(|b| b / least))
}

/// The matrix from the balanced camera's colours to linear sRGB; white stays white.
fn from_camera(raw: &RawImage) -> Option<[[f64; 3]; 3]> {
    let to_camera: [[f64; 3]; 3] = std::array::from_fn(|i| {
        let row: [f64; 3] =
            std::array::from_fn(|j| (0..3).map(|k| f64::from(raw.xyz_to_cam[i][k]) * TO_XYZ[k][j]).sum());
        row.map(|v| v / row.iter().sum::<f64>())
    });
    let minor = |i: usize, j: usize| {
        let at = |di: usize, dj: usize| to_camera[(i + di) % 3][(j + dj) % 3];
        at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)
    };
    let determinant: f64 = (0..3).map(|j| to_camera[0][j] * minor(0, j)).sum();
    let inverse: [[f64; 3]; 3] = std::array::from_fn(|i| std::array::from_fn(|j| minor(j, i) / determinant));
    (determinant.abs() > 1e-6 && inverse.iter().flatten().all(|v| v.is_finite())).then_some(inverse)
}

/// The curve of sRGB (IEC 61966-2-1), from light to code.
fn encode(v: f32) -> f32 {
    if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}

/// The curve of sRGB, from code to light.
fn decode_curve(v: f32) -> f32 {
    if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
}
