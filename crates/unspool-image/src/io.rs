//! Image files: PNG, TIFF, and JPEG to read.
//!
//! Values keep their 8 or 16 bits, the colour profile is handed on, an alpha channel too. What is decoded is limited before
//! it is decoded.

use std::io::Cursor;
use std::path::Path;

use image::codecs::{png::PngEncoder, tiff::TiffEncoder};
use image::{ColorType, DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits};

use crate::caught::caught;
use crate::error::{Error, Result};
use crate::{Image, Mask};

/// Bytes that a decoder may ask for: about 100 million pixels of three 16-bit channels.
const MOST_BYTES: u64 = 1 << 30;

/// Pixels that a byte of a JPEG file can stand for: a block of 8 x 8 takes a bit at least.
const PIXELS_OF_A_JPEG_BYTE: u64 = 512;

/// Bits of a sample in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// 0 to 255.
    #[default]
    Eight,
    /// 0 to 65,535.
    Sixteen,
}

impl Depth {
    /// The sample that stands for white.
    pub fn most(self) -> f32 {
        match self {
            Depth::Eight => 255.0,
            Depth::Sixteen => 65535.0,
        }
    }
}

/// An image with what its file says about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Photo {
    /// One channel (grey) or three (red, green, blue).
    pub image: Image,
    /// Transparency: one channel.
    pub alpha: Option<Image>,
    /// Bits of a sample.
    pub depth: Depth,
    /// ICC colour profile.
    pub profile: Option<Vec<u8>>,
}

/// What a file is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Portable network graphics.
    Png,
    /// Tagged image file format.
    Tiff,
}

impl Format {
    /// By the extension of a file's name: `png`, `tif` or `tiff`.
    ///
    /// # Errors
    /// Another extension, or none.
    pub fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        match extension.as_str() {
            "png" => Ok(Format::Png),
            "tif" | "tiff" => Ok(Format::Tiff),
            _ => Err(Error::File {
                file: path.display().to_string(),
                problem: format!("images cannot be written as {extension:?}"),
                hint: "end the name in .png, .tif or .tiff",
            }),
        }
    }
}

/// Reads an image file, whatever its name.
///
/// # Errors
/// The file cannot be read, is no PNG, TIFF or JPEG, is damaged, larger than a gigabyte when decoded, or its samples are not
/// 8 or 16 bits of grey or RGB.
pub fn read(path: &Path) -> Result<Photo> {
    let bytes = std::fs::read(path).map_err(|error| Error::File {
        file: path.display().to_string(),
        problem: format!("cannot be read: {error}"),
        hint: "look at the name",
    })?;
    decode(&path.display().to_string(), &bytes)
}

/// Reads an image from bytes; `name` is for messages.
///
/// # Errors
/// As [`read`].
pub fn decode(name: &str, bytes: &[u8]) -> Result<Photo> {
    // decoders panic on some broken files
    caught(|| decoded(name, bytes)).unwrap_or_else(|| {
        let (file, problem) = (name.to_owned(), "cannot be decoded".to_owned());
        Err(Error::File { file, problem, hint: "check that the file is complete" })
    })
}

fn decoded(name: &str, bytes: &[u8]) -> Result<Photo> {
    let bad = |problem: String, hint| Error::File { file: name.to_owned(), problem, hint };
    let damaged = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => {
            bad(format!("is too large: more than {} MiB when decoded", MOST_BYTES >> 20), "cut it into parts")
        }
        image::ImageError::Unsupported(what) => bad(what.to_string(), "convert it to PNG or TIFF, grey or RGB"),
        other => bad(format!("is damaged: {other}"), "check that the file is complete"),
    };
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| damaged(e.into()))?;
    if reader.format().is_none() {
        let hint = "give a PNG, TIFF or JPEG file; other raw formats convert to DNG or TIFF";
        return Err(bad("is no image that can be read here".into(), hint));
    }
    let is_jpeg = reader.format() == Some(ImageFormat::Jpeg);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let original = decoder.original_color_type();
    if matches!(original, ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16) {
        return Err(bad("is in CMYK".into(), "convert it to RGB with its colour profile"));
    }
    let most = MOST_BYTES.saturating_sub(bytes.len() as u64);
    if decoder.total_bytes() > most {
        return Err(damaged(image::ImageError::Limits(image::error::LimitError::from_kind(
            image::error::LimitErrorKind::InsufficientMemory,
        ))));
    }
    let (width, height) = decoder.dimensions();
    if is_jpeg && u64::from(width) * u64::from(height) > PIXELS_OF_A_JPEG_BYTE * bytes.len() as u64 {
        let problem = format!("is damaged: {} bytes cannot hold {width} x {height} pixels", bytes.len());
        return Err(bad(problem, "check that the file is complete"));
    }
    let profile = decoder.icc_profile().ok().flatten().or_else(|| tiff_profile(bytes));
    let decoded = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    let (width, height) = (decoded.width() as usize, decoded.height() as usize);
    let (depth, samples): (Depth, Vec<f32>) = match decoded.color() {
        ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => {
            (Depth::Eight, decoded.as_bytes().iter().map(|&v| f32::from(v) / 255.0).collect())
        }
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => {
            let words = decoded.as_bytes().as_chunks().0.iter().map(|&b| u16::from_ne_bytes(b));
            (Depth::Sixteen, words.map(|v| f32::from(v) / 65535.0).collect())
        }
        other => return Err(bad(format!("has samples of type {other:?}"), "convert it to 8 or 16 bits a sample")),
    };
    let all = decoded.color().channel_count() as usize;
    let colors = if decoded.color().has_alpha() { all - 1 } else { all };
    let plane = |c: usize| samples.iter().skip(c).step_by(all).copied();
    let image = Image::new(colors, height, width, (0..colors).flat_map(plane).collect())?;
    let alpha = (all > colors).then(|| Image::new(1, height, width, plane(colors).collect())).transpose()?;
    Ok(Photo { image, alpha, depth, profile })
}

/// The colour profile of a TIFF file, which the decoder of pixels passes over.
fn tiff_profile(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = tiff::decoder::Decoder::new(Cursor::new(bytes)).ok()?;
    decoder.get_tag_u8_vec(tiff::tags::Tag::IccProfile).ok()
}

/// The bytes of a file. Values are clipped to 0 to 1 and rounded to the depth.
///
/// # Errors
/// Other than one or three channels; more pixels than the format can hold.
pub fn encode(photo: &Photo, format: Format) -> Result<Vec<u8>> {
    Rounded::of(photo)?.encode(photo.profile.as_deref(), format)
}

/// As [`encode`], of a photo that is not needed any more: its values are gone before the file is made.
///
/// # Errors
/// As [`encode`].
pub fn encode_last(photo: Photo, format: Format) -> Result<Vec<u8>> {
    let rounded = Rounded::of(&photo)?;
    let Photo { image, alpha, profile, .. } = photo;
    drop((image, alpha));
    rounded.encode(profile.as_deref(), format)
}

/// The samples of a file, pixel by pixel.
struct Rounded {
    bytes: Vec<u8>,
    color: ExtendedColorType,
    wide: u32,
    tall: u32,
}

impl Rounded {
    fn of(photo: &Photo) -> Result<Self> {
        let Photo { image, alpha, depth, .. } = photo;
        let (colors, height, width) = (image.channels(), image.height(), image.width());
        let size = |image: &Image| (image.channels(), image.height(), image.width());
        if let Some((c, h, w)) = alpha.as_ref().map(size).filter(|&size| size != (1, height, width)) {
            let (got, want) = (format!("{c} x {h} x {w}"), format!("1 x {height} x {width}"));
            return Err(Error::Shape { what: "the alpha channel", got, want });
        }
        let color = match (colors, alpha.is_some(), depth) {
            (1, false, Depth::Eight) => ExtendedColorType::L8,
            (1, true, Depth::Eight) => ExtendedColorType::La8,
            (3, false, Depth::Eight) => ExtendedColorType::Rgb8,
            (3, true, Depth::Eight) => ExtendedColorType::Rgba8,
            (1, false, Depth::Sixteen) => ExtendedColorType::L16,
            (1, true, Depth::Sixteen) => ExtendedColorType::La16,
            (3, false, Depth::Sixteen) => ExtendedColorType::Rgb16,
            (3, true, Depth::Sixteen) => ExtendedColorType::Rgba16,
            _ => {
                let (what, want) = ("the number of channels of an image file", "1 or 3".into());
                return Err(Error::Shape { what, got: colors.to_string(), want });
            }
        };
        let size = |n: usize| {
            u32::try_from(n).map_err(|_| Error::Data {
                problem: format!("{n} pixels in a row or column are too many for an image file"),
                hint: "cut the image into parts",
            })
        };
        let (wide, tall) = (size(width)?, size(height)?);
        let planes: Vec<&[f32]> =
            (0..colors).map(|c| image.plane(c)).chain(alpha.as_ref().map(|alpha| alpha.plane(0))).collect();
        let of_sample = if *depth == Depth::Eight { 1 } else { 2 };
        let mut bytes = Vec::with_capacity(planes.len() * height * width * of_sample);
        for i in 0..height * width {
            for plane in &planes {
                let value = (plane[i].clamp(0.0, 1.0) * depth.most()).round();
                match depth {
                    Depth::Eight => bytes.push(value as u8),
                    Depth::Sixteen => bytes.extend((value as u16).to_ne_bytes()),
                }
            }
        }
        Ok(Rounded { bytes, color, wide, tall })
    }

    fn encode(self, profile: Option<&[u8]>, format: Format) -> Result<Vec<u8>> {
        let mut file = Cursor::new(Vec::new());
        match format {
            Format::Png => self.write(PngEncoder::new(&mut file), profile)?,
            Format::Tiff => self.write(TiffEncoder::new(&mut file), profile)?,
        }
        Ok(file.into_inner())
    }

    fn write(&self, mut encoder: impl ImageEncoder, profile: Option<&[u8]>) -> Result<()> {
        let failed = |error: image::ImageError| Error::Data {
            problem: format!("the image cannot be written: {error}"),
            hint: "choose the other of PNG and TIFF",
        };
        if let Some(profile) = profile {
            encoder.set_icc_profile(profile.to_vec()).map_err(|e| failed(image::ImageError::Unsupported(e)))?;
        }
        encoder.write_image(&self.bytes, self.wide, self.tall, self.color).map_err(failed)
    }
}

/// Which samples of an image of `channels` channels are known, from an image of the mask: white is known, from half of it on.
///
/// # Errors
/// No pixel is known, or the mask has more than two shades and a tenth of it is neither dark nor bright: it is a picture.
pub fn mask(photo: &Photo, channels: usize) -> Result<Mask> {
    let image = &photo.image;
    let (height, width) = (image.height(), image.width());
    let shades = image.data().iter().filter(|v| (0.1..0.9).contains(*v)).count();
    let mut levels: Vec<u8> = image.data().iter().map(|v| (255.0 * v).round() as u8).collect();
    levels.sort_unstable();
    levels.dedup();
    if levels.len() > 2 && 10 * shades > image.data().len() {
        let problem = format!("is no mask: {} % of it is neither dark nor bright", 100 * shades / image.data().len());
        return Err(Error::Data { problem, hint: "give a black and white image, white where pixels are known" });
    }
    let mask = Mask::from_fn(channels, height, width, |c, y, x| {
        image.plane(if image.channels() == channels { c } else { 0 })[y * width + x] >= 0.5
    });
    mask.check(&Image::zeros(channels, height, width))?;
    Ok(mask)
}
