//! A full disk, two processes on one folder, Ctrl-C and kill at any moment: an output is whole or absent, and what was there stays.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::common::{assert_refused, repeats, text, unspool};

const TRAIN: &str = "train graph --preset unrolling --set model.data.training=96 --set model.data.validation=16 \
                     --set model.data.signals=100 --set training.checkpoint_every=1 -o run -q --resume";

/// Runs where no file may grow beyond so many kilobytes: writing fails as on a full disk.
fn on_a_full_disk(folder: &Path, kilobytes: usize, arguments: &str) -> Output {
    let program = assert_cmd::cargo::cargo_bin!("unspool").display();
    let line = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec {program} {arguments}");
    Command::new("bash").args(["-c", &line]).current_dir(folder).output().unwrap()
}

fn start(folder: &Path, arguments: &str) -> Child {
    let program = assert_cmd::cargo::cargo_bin!("unspool");
    let quiet = || Stdio::null();
    let arguments = arguments.split_whitespace();
    Command::new(program).args(arguments).current_dir(folder).stdout(quiet()).stderr(quiet()).spawn().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn well(folder: &Path, arguments: &str) {
    let done = unspool(folder, &arguments.split_whitespace().collect::<Vec<_>>());
    assert!(done.status.success(), "{arguments}: {}", text(&done.stderr));
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    fs::copy("data/cat.png", here.join("cat.png")).unwrap();
    well(here, "mosaick cat.png -o raw.png");
    for (arguments, file) in [
        ("learn-graph --example molene --no-picture --force -q -o g.json", "g.json"),
        ("learn-graph --example molene --no-picture --force -q -o g.npz", "g.npz"),
        ("demosaick raw.png --cfa rggb --method menon --force -q -o photo.png", "photo.png"),
        ("demosaick raw.png --cfa rggb --method menon --force -q -o photo.tif", "photo.tif"),
        ("tune --example diabetes --force -q --out tuned", "tuned/model.json"),
        ("simulate ba:2 --nodes 20 --force -o s.csv -g t.graphml", "s.csv"),
    ] {
        // where nothing was there is nothing after it
        let before = names(here);
        assert_refused(&on_a_full_disk(here, 1, arguments), &["cannot be written"]);
        assert!(!here.join(file).exists(), "{arguments}");
        let left: Vec<String> = names(here).into_iter().filter(|name| !before.contains(name)).collect();
        assert!(left.iter().all(|name| here.join(name).metadata().unwrap().len() > 0), "{arguments}: {left:?}");
        well(here, arguments);
        // what was there is there still
        let (old, before) = (fs::read(here.join(file)).unwrap(), names(here));
        assert_refused(&on_a_full_disk(here, 1, arguments), &["cannot be written"]);
        assert!(fs::read(here.join(file)).unwrap() == old, "{arguments}");
        assert_eq!(names(here), before, "{arguments}");
    }
}

#[test]
fn a_training_survives_a_full_disk() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let (whole, full) = (format!("{TRAIN} --epochs 2"), format!("{} --epochs 2", TRAIN.replace("-o run", "-o full")));
    well(here, &whole);
    assert_refused(&on_a_full_disk(here, 1, &full), &["full/", "cannot be written"]);
    well(here, &full);
    let weights = |run: &str| fs::read(here.join(run).join("weights.safetensors")).unwrap();
    assert!(weights("full") == weights("run"));
}

#[test]
fn two_processes_on_one_run_folder() {
    let folder = TempDir::new().unwrap();
    let mut first = start(folder.path(), TRAIN);
    let clock = Instant::now();
    while !folder.path().join("run/checkpoint.safetensors").exists() {
        assert!(clock.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = unspool(folder.path(), &TRAIN.split_whitespace().collect::<Vec<_>>());
    assert_refused(&second, &["run", "another process trains in this folder"]);
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn ctrl_c_ends_a_training_within_a_second() {
    let folder = TempDir::new().unwrap();
    let mut child = start(folder.path(), TRAIN);
    std::thread::sleep(Duration::from_millis(300));
    let clock = Instant::now();
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let code = child.wait().unwrap().code();
    assert!(clock.elapsed() < Duration::from_secs(1), "{:?}", clock.elapsed());
    assert_eq!(code, Some(1));
    assert!(folder.path().join("run/checkpoint.safetensors").exists());
}

/// Each kill falls near a save: a checkpoint is written after every step.
#[test]
fn killed_while_saving_a_checkpoint_is_whole() {
    let folder = TempDir::new().unwrap();
    let clock = Instant::now();
    for kill in 0..repeats(20) {
        let mut child = start(folder.path(), &format!("{TRAIN} --epochs 1000000"));
        while kill == 0 && !folder.path().join("run/checkpoint.safetensors").exists() {
            assert!(clock.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_micros(30_000 + (kill * 7919) % 60_000));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let run = folder.path().join("run");
    let left = names(&run);
    assert!(left.iter().any(|name| name == "checkpoint.safetensors"), "{left:?}");
    let done = unspool(
        folder.path(),
        &format!("{TRAIN} --epochs 1000000 --time-limit 0.2").split_whitespace().collect::<Vec<_>>(),
    );
    assert_eq!(done.status.code(), Some(1), "{left:?}: {}", text(&done.stderr));
    assert!(text(&done.stdout).contains("--resume"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let program = assert_cmd::cargo::cargo_bin!("unspool").display();
    let line = format!("set -o pipefail; {program} curse --json | head -c 1 > /dev/null");
    let done = Command::new("bash").args(["-c", &line]).output().unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{}", text(&done.stderr));
}
