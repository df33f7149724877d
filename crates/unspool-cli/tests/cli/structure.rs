//! The shape of the sources: short files, and crates that depend in one direction.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each crate may depend on those before it.
const ORDER: [&str; 12] = [
    "unspool-core",
    "unspool-curse",
    "unspool-tune",
    "unspool-graph",
    "unspool-train",
    "unspool-topology",
    "unspool-image",
    "unspool-restore",
    "unspool-report",
    "unspool-apps",
    "unspool-bench",
    "unspool-cli",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn files_are_short() {
    let mut files = Vec::new();
    for name in ORDER {
        sources(&root().join("crates").join(name), &mut files);
    }
    let mut lengths: Vec<(usize, &PathBuf)> =
        files.iter().map(|path| (std::fs::read_to_string(path).unwrap().lines().count(), path)).collect();
    lengths.sort();
    let at = |share: usize| lengths[(lengths.len() - 1) * share / 100].0;
    let (longest, path) = lengths[lengths.len() - 1];
    println!("{} files: median {}, 90 % {}, longest {longest}", lengths.len(), at(50), at(90));
    assert!(at(50) <= 180 && at(90) <= 450 && longest <= 600, "{} {} {longest} {}", at(50), at(90), path.display());
}

#[test]
fn crates_depend_in_one_direction() {
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let told = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let packages = told["packages"].as_array().unwrap();
    assert_eq!(packages.len(), ORDER.len());
    let place = |name: &Value| ORDER.iter().position(|known| name == known);
    for package in packages {
        for dependency in package["dependencies"].as_array().unwrap() {
            let is_ours = place(&dependency["name"]).is_some() && dependency["kind"].is_null();
            let (from, to) = (&package["name"], &dependency["name"]);
            assert!(!is_ours || place(to) < place(from), "{from} depends on {to}");
        }
    }
}
