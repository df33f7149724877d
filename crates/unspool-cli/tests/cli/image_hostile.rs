//! Images as they should not be: a clear error or a right result, and nothing half-written.

use std::path::{Path, PathBuf};

use unspool_image::Image;
use unspool_image::io::{self, Depth, Format, Photo};

use crate::common::{assert_refused, text, unspool};

fn photo(channels: usize, (height, width): (usize, usize), depth: Depth) -> Photo {
    let value = |c: usize, y: usize, x: usize| (5 + 7 * c + 3 * y + 2 * x) as f32 % 97.0 / 97.0;
    Photo { image: Image::from_fn(channels, height, width, value), alpha: None, depth, profile: None }
}

fn bytes(photo: &Photo, format: Format) -> Vec<u8> {
    io::encode(photo, format).unwrap()
}

/// What a command is asked, with the files it reads and the one it should write.
struct Case {
    folder: tempfile::TempDir,
    out: PathBuf,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out.png");
        Case { folder, out }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
        name.to_owned()
    }

    /// Runs; on success there is an image of this size, else an error of two lines and no file.
    fn run(&self, args: &[&str], expected: Result<(usize, usize), &[&str]>) {
        let before = self.names();
        let output = unspool(self.folder.path(), &[args, &["-o", "out.png"]].concat());
        match expected {
            Ok(size) => {
                assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
                let image = io::read(&self.out).unwrap().image;
                assert_eq!((image.height(), image.width()), size, "{args:?}");
                assert!(image.data().iter().all(|v| v.is_finite()));
                std::fs::remove_file(&self.out).unwrap();
            }
            Err(parts) => {
                assert_refused(&output, parts);
                assert_eq!(self.names(), before, "{args:?}");
            }
        }
    }

    fn names(&self) -> Vec<PathBuf> {
        let mut names: Vec<_> =
            std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names
    }
}

const METHODS: [&str; 5] = ["learned", "menon", "lmmse", "malvar", "bilinear"];

#[test]
fn mosaics_of_any_size() {
    for size in [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (1, 9), (7, 2), (5, 11)] {
        for depth in [Depth::Eight, Depth::Sixteen] {
            let case = Case::new();
            let raw = case.file("raw.tif", &bytes(&photo(1, size, depth), Format::Tiff));
            for method in METHODS {
                // a mosaic that has not all colours has no colour image
                let whole = size.0 > 1 && size.1 > 1;
                let args = ["demosaick", &raw, "--cfa", "grbg", "--method", method];
                case.run(&args, if whole { Ok(size) } else { Err(&["2 x 2"]) });
            }
        }
    }
}

#[test]
fn gaps_in_images_of_any_size() {
    for size in [(1, 1), (1, 2), (2, 2), (1, 9), (5, 3)] {
        for channels in [1, 3] {
            let case = Case::new();
            let source = case.file("photo.png", &bytes(&photo(channels, size, Depth::Eight), Format::Png));
            let mut one = photo(1, size, Depth::Eight);
            one.image.data_mut().fill(0.0);
            let empty = case.file("empty.png", &bytes(&one, Format::Png));
            one.image.data_mut()[0] = 1.0;
            let first = case.file("first.png", &bytes(&one, Format::Png));
            one.image.data_mut().fill(1.0);
            let full = case.file("full.png", &bytes(&one, Format::Png));
            for method in ["learned", "quick", "biharmonic", "linear"] {
                let args = |mask: &'static str| ["interpolate", "photo.png", "--mask", mask, "--method", method];
                case.run(&args("first.png"), Ok(size));
                case.run(&args("full.png"), Ok(size));
                case.run(&args("empty.png"), Err(&["empty.png", "no pixel"]));
            }
            assert_eq!((source, empty, first, full).0, "photo.png");
        }
    }
}

#[test]
fn channels_that_no_sensor_has() {
    let case = Case::new();
    let with_alpha = Photo { alpha: Some(Image::zeros(1, 4, 4)), ..photo(1, (4, 4), Depth::Eight) };
    let file = case.file("alpha.png", &bytes(&with_alpha, Format::Png));
    case.run(&["demosaick", &file, "--cfa", "rggb"], Err(&["alpha.png", "alpha channel"]));
    let file = case.file("color.png", &bytes(&photo(3, (4, 4), Depth::Eight), Format::Png));
    case.run(&["demosaick", &file, "--cfa", "rggb"], Err(&["color.png", "colour image"]));
    let mut white = photo(1, (4, 5), Depth::Eight);
    white.image.data_mut().fill(1.0);
    let mask = case.file("mask.png", &bytes(&white, Format::Png));
    case.run(&["interpolate", &file, "--mask", &mask], Err(&["mask", "5 x 4", "4 x 4"]));
    // transparency stays as it is
    let mut mended = Photo { alpha: Some(Image::zeros(1, 4, 4)), ..photo(3, (4, 4), Depth::Sixteen) };
    mended.alpha.as_mut().unwrap().data_mut()[5] = 1.0;
    let file = case.file("both.png", &bytes(&mended, Format::Png));
    white.image = Image::from_fn(1, 4, 4, |_, y, x| f32::from(u8::from((x + y) % 3 > 0)));
    let mask = case.file("fits.png", &bytes(&white, Format::Png));
    let args = ["interpolate", &file, "--mask", &mask, "-o", "kept.png"];
    assert_eq!(unspool(case.folder.path(), &args).status.code(), Some(0));
    let kept = io::read(&case.folder.path().join("kept.png")).unwrap();
    assert_eq!((kept.alpha, kept.depth), (mended.alpha, Depth::Sixteen));
}

#[test]
fn names_that_do_not_exist() {
    let case = Case::new();
    let raw = case.file("raw.png", &bytes(&photo(1, (4, 4), Depth::Eight), Format::Png));
    for cfa in ["rgbg", "", "rggbb", "xtrans"] {
        case.run(&["demosaick", &raw, "--cfa", cfa], Err(&[cfa]));
    }
    case.run(&["demosaick", &raw, "--cfa", "rggb", "--noise", "nan"], Err(&["nan"]));
    case.run(&["demosaick", &raw, "--cfa", "rggb", "--noise=-1"], Err(&["-1"]));
    case.run(&["demosaick", &raw, "--cfa", "rggb", "--weights", "none.safetensors"], Err(&["none.safetensors"]));
    case.run(&["demosaick", &raw, "--cfa", "rggb", "--weights", "raw.png"], Err(&["raw.png"]));
    case.run(&["demosaick", "*.tif", "--cfa", "rggb"], Err(&["*.tif"]));
}

#[test]
fn files_cut_short_and_files_that_lie() {
    for format in [Format::Png, Format::Tiff] {
        let name = if format == Format::Png { "raw.png" } else { "raw.tif" };
        let whole = bytes(&photo(1, (4, 4), Depth::Sixteen), format);
        // every byte is cut in the tests of the reader
        for n in [0, 1, 8, 20, whole.len() / 2] {
            let case = Case::new();
            case.file(name, &whole[..n]);
            case.run(&["demosaick", name, "--cfa", "rggb"], Err(&[name]));
        }
    }
    // 60,000 x 60,000 pixels in a file of a hundred bytes
    let mut bomb = bytes(&photo(1, (4, 4), Depth::Eight), Format::Png);
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let crc = !bomb[12..29].iter().fold(!0u32, |crc, &b| {
        (0..8).fold(crc ^ u32::from(b), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
    });
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    let case = Case::new();
    let file = case.file("bomb.png", &bomb);
    case.run(&["demosaick", &file, "--cfa", "rggb"], Err(&["bomb.png", "too large"]));
    case.run(&["mosaick", &file, "--cfa", "rggb"], Err(&["bomb.png", "too large"]));
}

#[test]
fn folders_that_cannot_be_written() {
    let case = Case::new();
    let raw = case.file("raw.png", &bytes(&photo(1, (4, 4), Depth::Eight), Format::Png));
    let output = unspool(case.folder.path(), &["demosaick", &raw, "--cfa", "rggb", "-o", "raw.png/x.png"]);
    assert_refused(&output, &["raw.png"]);
    std::fs::write(Path::new(&case.out), b"precious").unwrap();
    assert_refused(&unspool(case.folder.path(), &["demosaick", &raw, "--cfa", "rggb", "-o", "out.png"]), &["out.png"]);
    assert_eq!(std::fs::read(&case.out).unwrap(), b"precious");
}
