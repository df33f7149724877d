//! Photos to measure on, and pictures of images.

use std::path::Path;

use unspool_image::io::{self, Depth, Format, Photo};
use unspool_image::{Cfa, Image};
use unspool_report::Photo as Shown;

use super::Desk;
use crate::exit::Failure;

/// Photos that come with the program; `data/README.md` has their sources and licences.
static PHOTOS: [(&str, &[u8]); 3] = [
    ("suit", include_bytes!("../../../data/suit.png")),
    ("cat", include_bytes!("../../../data/cat.png")),
    ("cup", include_bytes!("../../../data/cup.png")),
];

/// A photo with its name.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) image: Image,
}

/// The photos that come with the program, as much of them as is asked for.
pub(super) fn own(desk: &Desk) -> Result<Vec<Named>, Failure> {
    let (height, width) = desk.size.photo;
    let read = |(name, bytes): &(&str, &[u8])| {
        let image = io::decode(name, bytes)?.image;
        let (top, left) = ((image.height() - height) / 4 * 2, (image.width() - width) / 4 * 2);
        Ok(Named { name: (*name).into(), image: image.crop(top, left, height, width)? })
    };
    PHOTOS.iter().take(desk.size.photos).map(read).collect()
}

/// The colour photos of a folder.
pub(super) fn folder(path: &Path) -> Result<Vec<Named>, Failure> {
    let mut all = Vec::new();
    for file in crate::cmd::image::files(&[path.to_owned()])? {
        let image = io::read(&file)?.image;
        if image.channels() == 3 {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            all.push(Named { name, image });
        }
    }
    if all.is_empty() {
        return Err(Failure::new(format!("{}: holds no photo in colour", path.display()), "name another folder"));
    }
    Ok(all)
}

/// A mosaic as the sensor sees it: each pixel in the colour of its filter.
pub(super) fn in_filter_colors(mosaic: &Image, cfa: Cfa) -> Image {
    let width = mosaic.width();
    Image::from_fn(
        3,
        mosaic.height(),
        width,
        |c, y, x| {
            if cfa.color(y, x) == c { mosaic.plane(0)[y * width + x] } else { 0.0 }
        },
    )
}

/// The brightness that counts in tests of interpolation: studio-range luma of BT.601.
pub(super) fn luma(image: &Image) -> Image {
    let width = image.width();
    Image::from_fn(1, image.height(), width, |_, y, x| {
        let at = y * width + x;
        let [r, g, b] = [0, 1, 2].map(|c| image.plane(c)[at]);
        (16.0 + 65.481 * r + 128.553 * g + 24.966 * b) / 255.0
    })
}

/// Writes an image as a figure.
pub(super) fn write(desk: &Desk, stem: &str, name: &str, alt: &str, image: &Image) -> Result<Shown, Failure> {
    let photo = Photo { image: image.clone(), alpha: None, depth: Depth::Eight, profile: None };
    let file = desk.folder.figure(&format!("{stem}.png"), &io::encode(&photo, Format::Png)?)?;
    Ok(Shown { name: name.into(), file, alt: alt.into(), width: image.width(), height: image.height() })
}
