//! Files: bit for bit there and back, and every kind of bad one.

use std::path::Path;

use unspool_image::io::{Depth, Format, Photo, decode, encode, mask, read};
use unspool_image::{Error, Image};

fn photo(channels: usize, alpha: bool, depth: Depth, (height, width): (usize, usize)) -> Photo {
    let value = |k: usize| (k * 2_654_435_761 % 65_536) as f32 / 65_535.0;
    let at = |c: usize, y: usize, x: usize| (value(c * 977 + y * 31 + x * 7 + 1) * depth.most()).round() / depth.most();
    Photo {
        image: Image::from_fn(channels, height, width, at),
        alpha: alpha.then(|| Image::from_fn(1, height, width, |_, y, x| at(9, y, x))),
        depth,
        profile: None,
    }
}

#[test]
fn there_and_back_bit_for_bit() {
    for format in [Format::Png, Format::Tiff] {
        for depth in [Depth::Eight, Depth::Sixteen] {
            for (channels, alpha) in [(1, false), (3, false), (3, true)] {
                for size in [(1, 1), (1, 2), (5, 3), (17, 23)] {
                    let photo = photo(channels, alpha, depth, size);
                    let bytes = encode(&photo, format).unwrap();
                    assert_eq!(decode("file", &bytes).unwrap(), photo, "{format:?} {depth:?} {channels} {alpha}");
                }
            }
        }
    }
}

#[test]
fn the_colour_profile_is_kept() {
    let profile: Vec<u8> = (0..400u32).map(|k| (k * 7 % 251) as u8).collect();
    for format in [Format::Png, Format::Tiff] {
        let photo = Photo { profile: Some(profile.clone()), ..photo(3, false, Depth::Eight, (4, 4)) };
        let back = decode("file", &encode(&photo, format).unwrap()).unwrap();
        assert_eq!(back.profile.as_ref(), Some(&profile), "{format:?}");
    }
}

#[test]
fn cut_at_every_byte() {
    for format in [Format::Png, Format::Tiff] {
        let whole = encode(&photo(3, false, Depth::Eight, (6, 5)), format).unwrap();
        let expected = decode("file", &whole).unwrap();
        for n in 0..whole.len() {
            match decode("cut", &whole[..n]) {
                Err(Error::File { file, .. }) => assert_eq!(file, "cut"),
                // the last bytes of a PNG hold no pixels
                Ok(photo) => assert!(format == Format::Png && photo == expected, "{format:?} cut at {n}"),
                Err(other) => panic!("{other}"),
            }
        }
    }
}

#[test]
fn a_header_that_claims_too_much() {
    let mut bytes = encode(&photo(1, false, Depth::Eight, (3, 3)), Format::Png).unwrap();
    bytes[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let crc = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    let error = decode("bomb.png", &bytes).unwrap_err().to_string();
    assert!(error.contains("bomb.png") && error.contains("too large"), "{error}");
}

#[test]
fn a_jpeg_file_too_short_for_its_pixels() {
    let mut bytes = Vec::new();
    let grey = image::ExtendedColorType::L8;
    image::codecs::jpeg::JpegEncoder::new(&mut bytes).encode(&[128; 64], 8, 8, grey).unwrap();
    assert!(decode("grey.jpg", &bytes).is_ok());
    let start_of_frame = bytes.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    bytes[start_of_frame + 5..][..4].copy_from_slice(&[0x27, 0x10, 0x27, 0x10]);
    let error = decode("bomb.jpg", &bytes).unwrap_err().to_string();
    assert!(error.contains("bomb.jpg") && error.contains("cannot hold 10000 x 10000 pixels"), "{error}");
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &b| {
        (0..8).fold(crc ^ u32::from(b), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
    })
}

#[test]
fn names_masks_and_other_files() {
    assert_eq!(Format::of(Path::new("a.TIF")).unwrap(), Format::Tiff);
    assert!(Format::of(Path::new("a.jpg")).is_err() && Format::of(Path::new("a")).is_err());
    assert!(read(Path::new("no such file.png")).is_err());
    assert!(decode("text.png", b"hello, this is no image").unwrap_err().to_string().contains("text.png"));
    let black = Photo { image: Image::zeros(1, 2, 2), ..photo(1, false, Depth::Eight, (2, 2)) };
    assert!(mask(&black, 3).is_err());
    let mut half = black.clone();
    half.image.data_mut()[1] = 1.0;
    assert_eq!(mask(&half, 3).unwrap().known().iter().filter(|k| **k).count(), 3);
}
