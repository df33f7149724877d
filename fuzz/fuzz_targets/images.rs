//! Image files, masks, colour profiles and camera raw files.
//!
//! The first byte chooses. What must hold: nothing panics or takes more memory than the limit; an image that is decoded is
//! encoded as PNG and TIFF and decoded again with the same pixels, depth, transparency and profile, or is refused; masks
//! fit the image; a raw file is developed to finite values from 0 to 1.
#![no_main]

use libfuzzer_sys::fuzz_target;
use unspool_image::demosaick::{self, Method};
use unspool_image::io::{Depth, Format, Photo, decode, encode, mask};
use unspool_image::{Error, Image, raw};

/// Pixels of an image that is encoded again.
const MOST_PIXELS: usize = 1 << 16;

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    match first % 4 {
        0 | 1 => match decode("x", bytes) {
            Ok(photo) => {
                if photo.image.height() * photo.image.width() <= MOST_PIXELS {
                    masks(&photo);
                    let profile = photo.profile.clone().filter(|profile| profile.len() >= 128);
                    again(&Photo { profile, ..photo });
                }
            }
            Err(error) => refused(&error),
        },
        // a profile has a header of 128 bytes
        2 if bytes.len() >= 128 => {
            let image = Image::from_fn(3, 2, 2, |c, y, x| (c + 2 * y + x) as f32 / 5.0);
            let image = Photo { image, alpha: None, depth: Depth::Eight, profile: None };
            let rounded = decode("x", &encode(&image, Format::Png).expect("a PNG file")).expect("the same image");
            again(&Photo { profile: Some(bytes.to_vec()), ..rounded });
        }
        2 => {}
        _ => match raw::decode("x", bytes) {
            Ok(raw) => {
                if raw.mosaic.height() * raw.mosaic.width() <= MOST_PIXELS {
                    let image = demosaick::run(Method::Bilinear, &raw.mosaic, raw.cfa).expect("a mosaic");
                    let image = raw.development.finish(image);
                    assert!(image.data().iter().all(|v| (0.0..=1.0).contains(v)));
                }
            }
            Err(error) => refused(&error),
        },
    }
});

fn refused(error: &Error) {
    assert!(!error.to_string().is_empty() && !error.hint().is_empty());
}

/// Asserts that the image survives being written and read.
fn again(photo: &Photo) {
    for format in [Format::Png, Format::Tiff] {
        match encode(photo, format) {
            Ok(bytes) => {
                let back = decode("x", &bytes).unwrap_or_else(|error| panic!("{format:?}: {error}\n{photo:?}"));
                assert_eq!(&back, photo, "{format:?}");
            }
            Err(error) => refused(&error),
        }
    }
}

/// Asserts that masks have the image's size.
fn masks(photo: &Photo) {
    for channels in [1, 3] {
        match mask(photo, channels) {
            Ok(mask) => {
                let image = &photo.image;
                let size = (mask.channels(), mask.height(), mask.width());
                assert_eq!(size, (channels, image.height(), image.width()));
            }
            Err(error) => refused(&error),
        }
    }
}
