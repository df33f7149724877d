//! Camera raw files: a DNG made here, byte by byte.
#![cfg(feature = "raw")]

use std::path::Path;

use unspool_image::raw::{decode, is_raw};
use unspool_image::{Cfa, Error, demosaick};

/// A tag of a TIFF directory.
enum Value {
    Shorts(Vec<u16>),
    Longs(Vec<u32>),
    Bytes(Vec<u8>),
    Text(&'static str),
    Rationals(Vec<(u32, u32)>),
    Signed(Vec<(i32, i32)>),
}

impl Value {
    /// Type, count and bytes.
    fn written(&self) -> (u16, u32, Vec<u8>) {
        match self {
            Value::Shorts(v) => (3, v.len() as u32, v.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Value::Longs(v) => (4, v.len() as u32, v.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Value::Bytes(v) => (1, v.len() as u32, v.clone()),
            Value::Text(v) => (2, v.len() as u32 + 1, [v.as_bytes(), &[0]].concat()),
            Value::Rationals(v) => {
                let pairs = v.iter().flat_map(|(a, b)| [a.to_le_bytes(), b.to_le_bytes()].concat());
                (5, v.len() as u32, pairs.collect())
            }
            Value::Signed(v) => {
                let pairs = v.iter().flat_map(|(a, b)| [a.to_le_bytes(), b.to_le_bytes()].concat());
                (10, v.len() as u32, pairs.collect())
            }
        }
    }
}

/// What a test changes of the file.
struct Dng {
    size: (u32, u32),
    orientation: u16,
    white: u16,
    pattern: [u8; 4],
}

const BLACK: u16 = 64;

impl Dng {
    fn new() -> Self {
        Dng { size: (24, 32), orientation: 1, white: 1023, pattern: [1, 0, 2, 1] }
    }

    /// The light of each of the camera's colours at a pixel: a grey wall with a dark door, seen with a blue-blind camera.
    fn light(y: u32, x: u32) -> f64 {
        if (8..16).contains(&x) && y > 6 { 0.1 } else { 0.5 }
    }

    /// The file: a directory, its long values, 16-bit samples.
    fn bytes(&self) -> Vec<u8> {
        let (height, width) = self.size;
        let neutral = [0.5, 1.0, 0.8];
        let samples: Vec<u16> = (0..height * width)
            .map(|i| {
                let (y, x) = (i / width, i % width);
                let color = usize::from(self.pattern[(y % 2 * 2 + x % 2) as usize]).min(2);
                let range = f64::from(self.white.saturating_sub(BLACK));
                BLACK + (Self::light(y, x) * neutral[color] * range).round() as u16
            })
            .collect();
        let mut tags = vec![
            (254, Value::Longs(vec![0])),
            (256, Value::Longs(vec![width])),
            (257, Value::Longs(vec![height])),
            (258, Value::Shorts(vec![16])),
            (259, Value::Shorts(vec![1])),
            (262, Value::Shorts(vec![32803])),
            (271, Value::Text("Maker")),
            (272, Value::Text("Model One")),
            (273, Value::Longs(vec![0])),
            (274, Value::Shorts(vec![self.orientation])),
            (277, Value::Shorts(vec![1])),
            (278, Value::Longs(vec![height])),
            (279, Value::Longs(vec![2 * height * width])),
            (33421, Value::Shorts(vec![2, 2])),
            (33422, Value::Bytes(self.pattern.to_vec())),
            (50706, Value::Bytes(vec![1, 4, 0, 0])),
            (50714, Value::Shorts(vec![BLACK])),
            (50717, Value::Shorts(vec![self.white])),
            (
                50721,
                Value::Signed(
                    [3.24, -1.54, -0.5, -0.97, 1.88, 0.04, 0.06, -0.2, 1.06]
                        .map(|v: f64| ((v * 1e4) as i32, 10_000))
                        .to_vec(),
                ),
            ),
            (50728, Value::Rationals(neutral.map(|v| ((v * 1000.0) as u32, 1000)).to_vec())),
        ];
        let begin = 8 + 2 + 12 * tags.len() + 4;
        let long: usize = tags.iter().map(|(_, v)| v.written().2.len()).filter(|n| *n > 4).map(|n| n + n % 2).sum();
        tags.iter_mut()
            .filter(|(tag, _)| *tag == 273)
            .for_each(|(_, v)| *v = Value::Longs(vec![(begin + long) as u32]));
        let mut file = [&b"II*\0"[..], &8u32.to_le_bytes(), &(tags.len() as u16).to_le_bytes()].concat();
        let mut rest = Vec::new();
        for (tag, value) in &tags {
            let (kind, count, mut bytes) = value.written();
            file.extend([&(*tag as u16).to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes()].concat());
            if bytes.len() > 4 {
                file.extend(((begin + rest.len()) as u32).to_le_bytes());
                bytes.resize(bytes.len().next_multiple_of(2), 0);
                rest.extend(bytes);
            } else {
                bytes.resize(4, 0);
                file.extend(bytes);
            }
        }
        file.extend([0; 4]);
        file.extend(rest);
        file.extend(samples.iter().flat_map(|v| v.to_le_bytes()));
        file
    }
}

/// The curve of sRGB.
fn encoded(light: f64) -> f32 {
    (1.055 * light.powf(1.0 / 2.4) - 0.055) as f32
}

#[test]
fn grey_is_grey_and_the_image_upright() {
    for orientation in [1, 3, 6, 8] {
        let raw = decode("wall.dng", &Dng { orientation, ..Dng::new() }.bytes()).unwrap();
        assert_eq!((raw.cfa, raw.mosaic.height(), raw.mosaic.width()), (Cfa::Grbg, 24, 32));
        // balanced: all colours of a grey wall are alike, and the least factor is 1
        let wall = raw.mosaic.plane(0)[..32].to_vec();
        assert!(wall.iter().all(|v| (v - encoded(0.5)).abs() < 2e-3), "{wall:?}");
        let image = demosaick::run(demosaick::Method::Bilinear, &raw.mosaic, raw.cfa).unwrap();
        let photo = raw.development.finish(image);
        let (height, width) = (photo.height(), photo.width());
        assert_eq!((height, width), if orientation < 5 { (24, 32) } else { (32, 24) });
        // a pixel inside the door, where the camera saw it at row 20, column 12
        let (y, x) = match orientation {
            1 => (20, 12),
            3 => (23 - 20, 31 - 12),
            6 => (12, 23 - 20),
            _ => (31 - 12, 20),
        };
        for c in 0..3 {
            let door = photo.plane(c)[y * width + x];
            assert!((door - encoded(0.1)).abs() < 4e-3, "orientation {orientation}, channel {c}: {door}");
        }
    }
}

#[test]
fn names() {
    assert!(is_raw(Path::new("a/IMG_1.DNG")) && is_raw(Path::new("x.nef")) && !is_raw(Path::new("dng")));
}

#[test]
fn cut_at_every_byte_or_no_camera_has_it() {
    let whole = Dng::new().bytes();
    for n in (0..whole.len().min(900)).chain([whole.len() - 1]) {
        // what is cut among the samples may be read as dark; the library does not tell
        match decode("cut.dng", &whole[..n]) {
            Err(error) => assert!(matches!(&error, Error::File { file, .. } if file == "cut.dng"), "{error}"),
            Ok(raw) => assert_eq!((raw.mosaic.height(), raw.mosaic.width()), (24, 32)),
        }
    }
    let refused = |dng: Dng, part: &str| {
        let error = decode("bad.dng", &dng.bytes()).unwrap_err().to_string();
        assert!(error.contains("bad.dng") && error.contains(part), "{error}");
    };
    refused(Dng { white: BLACK, ..Dng::new() }, "white level");
    refused(Dng { pattern: [0, 1, 1, 1], ..Dng::new() }, "Bayer");
    assert!(decode("text.dng", b"hello").unwrap_err().to_string().contains("text.dng"));
}
