//! Results have the same bits on any number of threads, time after time: a solve, a gradient, an epoch of training, an image.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{json, repeats, text, unspool};

/// What a command leaves in a file, on so many threads.
fn run(folder: &Path, arguments: &str, file: &str, threads: usize) -> Vec<u8> {
    let line = format!("{arguments} --threads {threads}");
    let done = unspool(folder, &line.split_whitespace().collect::<Vec<_>>());
    assert!(done.status.success(), "{line}: {}", text(&done.stderr));
    if file.is_empty() {
        let mut document = json(&done.stdout);
        forget_times(&mut document);
        return document.to_string().into_bytes();
    }
    let bytes = fs::read(folder.join(file)).unwrap();
    fs::remove_file(folder.join(file)).unwrap();
    bytes
}

/// Seconds are what differs.
fn forget_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.contains("seconds"));
            fields.values_mut().for_each(forget_times);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_times),
        _ => {}
    }
}

fn same(folder: &Path, arguments: &str, file: &str) {
    let first = run(folder, arguments, file, 1);
    for _ in 0..repeats(2) {
        for threads in [1, 2, 3, 8] {
            assert!(run(folder, arguments, file, threads) == first, "{arguments} on {threads} threads");
        }
    }
}

#[test]
fn a_solve() {
    let folder = TempDir::new().unwrap();
    same(folder.path(), "learn-graph --example molene --no-picture -q -o g.json", "g.json");
    same(folder.path(), "learn-graph --example molene --method learned --no-picture -q -o g.json", "g.json");
}

#[test]
fn a_gradient() {
    let folder = TempDir::new().unwrap();
    let line = "tune --example diabetes --regularisers per-feature --steps 100 --max-evaluations 3 --json -q --force";
    same(folder.path(), line, "");
}

#[test]
fn an_epoch_of_training() {
    let folder = TempDir::new().unwrap();
    let small = "--set model.data.training=96 --set model.data.validation=16 --set model.data.signals=100";
    let line = format!("train graph --preset unrolling {small} --epochs 1 -o run -q --resume");
    let folder = folder.path();
    let first = run(folder, &line, "run/weights.safetensors", 1);
    for _ in 0..repeats(2) {
        for threads in [1, 2, 3, 8] {
            fs::remove_dir_all(folder.join("run")).unwrap();
            assert!(run(folder, &line, "run/weights.safetensors", threads) == first, "{threads} threads");
        }
    }
}

#[test]
fn an_image() {
    let folder = TempDir::new().unwrap();
    fs::copy("data/cat.png", folder.path().join("cat.png")).unwrap();
    assert!(unspool(folder.path(), &["mosaick", "cat.png", "-o", "raw.png", "--noise", "5"]).status.success());
    same(folder.path(), "demosaick raw.png --cfa rggb --noise auto -q -o photo.png", "photo.png");
}
