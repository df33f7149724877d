//! `unspool mosaick`, `demosaick`, `interpolate`, `eval image`, `train image`.

use std::path::{Path, PathBuf};

use unspool_image::Image;
use unspool_image::io::{self, Depth, Format, Photo};

use crate::common::{json, unspool};
use std::process::Output;

/// A colour image with edges and slopes.
fn photo(height: usize, width: usize, depth: Depth) -> Photo {
    let image = Image::from_fn(3, height, width, |c, y, x| {
        let edge = if (3 * x + 2 * y) % 23 < 9 { 0.3 } else { 0.0 };
        (0.2 + edge + 0.1 * c as f32 + 0.2 * (y as f32 / height as f32)).min(1.0)
    });
    Photo { image, alpha: None, depth, profile: None }
}

fn save(folder: &Path, name: &str, photo: &Photo) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, io::encode(photo, Format::of(&path).unwrap()).unwrap()).unwrap();
    path
}

/// Runs and expects this exit code.
fn run(args: &[&str], code: i32) -> Output {
    let output = unspool(Path::new("."), args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Whether a pattern was doubted.
fn warns(output: &Output) -> bool {
    String::from_utf8_lossy(&output.stderr).contains("warning: ")
}

#[test]
fn a_mosaic_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let truth = photo(25, 31, Depth::Sixteen);
    let source = save(folder.path(), "photo.tif", &truth);
    for cfa in ["rggb", "bggr", "grbg", "gbrg"] {
        let raw = folder.path().join(format!("{cfa}.tif"));
        run(&["mosaick", text(&source), "-o", text(&raw), "--cfa", cfa], 0);
        for method in ["learned", "menon", "bilinear"] {
            let out = folder.path().join(format!("{cfa}-{method}.png"));
            let args = ["demosaick", text(&raw), "-o", text(&out), "--cfa", cfa, "--method", method];
            assert!(!warns(&run(&args, 0)));
            let back = io::read(&out).unwrap();
            assert_eq!(back.depth, Depth::Sixteen);
            let error: f32 = back.image.data().iter().zip(truth.image.data()).map(|(a, b)| (a - b).abs()).sum::<f32>()
                / truth.image.data().len() as f32;
            assert!(error < 0.05, "{cfa} {method}: {error}");
        }
        let (out, other) = (folder.path().join("other.png"), if cfa.starts_with('g') { "rggb" } else { "grbg" });
        let args = ["demosaick", text(&raw), "-o", text(&out), "--cfa", other, "--method", "bilinear", "--force"];
        assert!(warns(&run(&args, 0)));
    }
}

#[test]
fn many_images_of_which_one_is_bad() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("raw");
    std::fs::create_dir(&raw).unwrap();
    for name in ["a.png", "c.png"] {
        let mut grey = photo(8, 8, Depth::Eight);
        grey.image = Image::from_fn(1, 8, 8, |_, y, x| grey.image.plane(0)[y * 8 + x]);
        save(&raw, name, &grey);
    }
    std::fs::write(raw.join("b.png"), b"no image").unwrap();
    let out = folder.path().join("out");
    let args = ["demosaick", text(&raw), "-o", text(&out), "--cfa", "rggb", "--noise", "auto", "--json"];
    let output = run(&args, 2);
    let document = json(&output.stdout);
    assert_eq!(document["images"].as_array().unwrap().len(), 2);
    assert_eq!(document["failed"].as_array().unwrap().len(), 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("b.png"));
    let mut names: Vec<_> = std::fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a.png", "c.png"]);
}

#[test]
fn what_cannot_be_demosaicked() {
    let folder = tempfile::tempdir().unwrap();
    let color = save(folder.path(), "color.png", &photo(4, 4, Depth::Eight));
    let out = folder.path().join("out.png");
    let refused = |args: &[&str], say: &str| {
        let error = String::from_utf8_lossy(&run(args, 2).stderr).into_owned();
        assert!(error.contains(say), "{error}");
        assert!(!out.exists());
    };
    refused(&["demosaick", text(&color), "-o", text(&out), "--cfa", "rggb"], "colour image");
    refused(&["demosaick", text(&color), "-o", text(&out), "--cfa", "rgbg"], "rgbg");
    refused(&["demosaick", text(&color), "-o", text(&out), "--cfa", "rggb", "--method", "x"], "no method");
    refused(&["demosaick", "nothing.png", "-o", text(&out), "--cfa", "rggb"], "nothing.png");
    refused(&["demosaick", text(&color), "-o", text(&color), "--cfa", "rggb", "--force"], "overwritten");
    refused(&["interpolate", text(&color), "-o", text(&out), "--mask", text(&color)], "no mask");
    let apart = Image::from_fn(1, 4, 4, |_, y, x| if y == x { 1.0 } else { 0.0 });
    let mask = save(folder.path(), "mask.png", &Photo { image: apart, ..photo(4, 4, Depth::Eight) });
    refused(&["interpolate", text(&color), "-o", text(&out), "--mask", text(&mask), "--method", "bicubic"], "grid");
}

#[test]
fn scratches_are_mended() {
    let folder = tempfile::tempdir().unwrap();
    let truth = photo(20, 24, Depth::Eight);
    let source = save(folder.path(), "photo.png", &truth);
    let scratch = Image::from_fn(1, 20, 24, |_, y, x| if y == x || y + 1 == x { 1.0 } else { 0.0 });
    let mask = save(folder.path(), "mask.png", &Photo { image: scratch.clone(), ..truth.clone() });
    let out = folder.path().join("out.png");
    let args = ["interpolate", text(&source), "-o", text(&out), "--mask", text(&mask), "--missing-white"];
    run(&args, 0);
    let (mended, given) = (io::read(&out).unwrap().image, io::read(&source).unwrap().image);
    for (k, (a, b)) in mended.data().iter().zip(given.data()).enumerate() {
        assert!(scratch.data()[k % 480] > 0.0 || (a - b).abs() < 1e-6);
    }
    let small = save(folder.path(), "small.png", &photo(5, 5, Depth::Eight));
    run(&["interpolate", text(&small), "-o", text(&out), "--mask", text(&mask), "--force"], 2);
    let args = ["interpolate", text(&small), "-o", text(&out), "--scale", "2", "--method", "bicubic", "--force"];
    run(&args, 0);
    assert_eq!((io::read(&out).unwrap().image.height(), io::read(&out).unwrap().image.width()), (10, 10));
}

#[test]
fn scores_of_all_methods() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.png", "b.png"] {
        save(folder.path(), name, &photo(32, 36, Depth::Eight));
    }
    let document = json(&run(&["eval", "image", "--data", text(folder.path()), "--json"], 0).stdout);
    let methods = document["methods"].as_object().unwrap();
    assert_eq!(methods.len(), 7);
    assert!(methods.values().filter(|m| m["default"] == true).count() == 1);
    assert!(methods["learned"]["cpsnr"].as_f64().unwrap() > methods["bilinear"]["cpsnr"].as_f64().unwrap());
    let args = ["eval", "image", "--data", text(folder.path()), "--task", "interpolate", "--mask", "random50"];
    run(&args, 0);
    // weights of a network that is not measured
    let args = ["eval", "image", "--data", text(folder.path()), "--methods", "menon", "--uglr", "a"];
    let refused = run(&args, 2).stderr;
    assert!(String::from_utf8_lossy(&refused).contains("--uglr is of the method uglr"));
    // those of the network are those of quick
    let args = ["eval", "image", "--data", text(folder.path()), "--task", "interpolate", "--methods", "quick"];
    let refused = run(&[&args[..], &["--weights", "none.safetensors"]].concat(), 2).stderr;
    assert!(String::from_utf8_lossy(&refused).contains("none.safetensors"));
}

#[test]
fn networks_grow_from_those_of_fewer_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    for k in 0..10 {
        save(&photos, &format!("{k}.png"), &photo(20, 24, Depth::Eight));
    }
    let train = |name: &str, more: &[&str], code: i32| {
        let out = folder.path().join(name);
        let small = ["patches.count=2", "patches.size=12", "validation.count=1", "validation.size=12"];
        let args =
            ["train", "image", "--data", text(&photos), "-o", text(&out), "-q", "--preset", "uglr", "--epochs", "1"];
        run(&[&args[..], &small.map(|change| ["--set", change]).concat(), more].concat(), code);
        out.join("weights.safetensors")
    };
    let one = train("one", &["--set", "blocks=1"], 0);
    let two = train("two", &["--set", "blocks=2", "--start", text(&one)], 0);
    train("none", &["--set", "blocks=0"], 2);
    train("negative", &["--set", "border_weight=-1"], 2);
    // they restore with the blocks that they have
    let mosaic = folder.path().join("mosaic.png");
    run(&["mosaick", text(&photos.join("0.png")), "-o", text(&mosaic)], 0);
    let restore = |weights: &Path| {
        let out = folder.path().join("out.png");
        let args = ["demosaick", text(&mosaic), "-o", text(&out), "--cfa", "rggb", "--method", "uglr", "--force"];
        run(&[&args[..], &["--weights", text(weights)]].concat(), 0);
        std::fs::read(&out).unwrap()
    };
    assert_ne!(restore(&one), restore(&two));
}

#[test]
fn training_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    for k in 0..2 {
        save(&photos, &format!("{k}.png"), &photo(24 + k, 28, Depth::Eight));
    }
    for model in ["learned", "uglr"] {
        let config = folder.path().join(format!("{model}.json"));
        let drawing = r#"{"count": 4, "size": 8, "fixed": false, "clean": 0.5, "noise": 10.0, "seed": 3}"#;
        let training = r#"{"epochs": 2, "batch": 2, "rate": 0.001, "checkpoint_every": 1}"#;
        let text_of =
            format!(r#"{{"model": "{model}", "patches": {drawing}, "validation": {drawing}, "training": {training}}}"#);
        std::fs::write(&config, text_of).unwrap();
        let train = |out: &Path, more: &[&str], code: i32| {
            let args =
                ["train", "image", "--data", text(&photos), "--validation", text(&photos), "-o", text(out), "-q"];
            run(&[&args[..], &["--config", text(&config)], more].concat(), code);
        };
        let out = folder.path().join(model);
        train(&out, &[], 0);
        train(&out, &[], 2);
        train(&out, &["--resume"], 0);
        assert!(out.join("weights.safetensors").exists() && out.join("metrics.jsonl").exists());
        let weights = out.join("weights.safetensors");
        train(&folder.path().join(format!("{model}-on")), &["--start", text(&weights)], 0);
        train(&folder.path().join(format!("{model}-bad")), &["--start", text(&config)], 2);
    }
    run(&["train", "image", "--show", "--preset", "ugtv"], 0);
}
