//! Settings files, time limits, runs, completions and manual pages.

use std::fs;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::common::{json, text, unspool};

#[test]
fn a_file_gives_defaults() {
    let folder = TempDir::new().unwrap();
    let degree = |arguments: &[&str]| {
        let all =
            [&["learn-graph", "--example", "molene", "--json", "-q", "--force", "--no-picture"], arguments].concat();
        let done = unspool(folder.path(), &all);
        assert!(done.status.success(), "{}", text(&done.stderr));
        2.0 * json(&done.stdout)["edges"].as_array().unwrap().len() as f64 / 37.0
    };
    fs::write(folder.path().join("unspool.toml"), "threads = 1\n[learn-graph]\ndegree = 3\n").unwrap();
    assert!((degree(&[]) - 3.0).abs() < 0.5);
    assert!((degree(&["--degree", "8"]) - 8.0).abs() < 0.5);
    let shown = text(&unspool(folder.path(), &["config", "show", "learn-graph"]).stdout);
    assert!(shown.contains("degree = 3") && shown.contains("# unspool.toml"), "{shown}");
    // what is shown serves as a file
    fs::write(folder.path().join("unspool.toml"), &shown).unwrap();
    let again = text(&unspool(folder.path(), &["config", "show", "learn-graph"]).stdout);
    let keys =
        |text: &str| text.lines().map(|line| line.split('#').next().unwrap().trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(keys(&again), keys(&shown));
}

#[test]
fn a_training_ends_in_time_and_is_listed() {
    let folder = TempDir::new().unwrap();
    let clock = Instant::now();
    let train = ["train", "graph", "--preset", "unrolling", "-o", "runs/a", "--set", "training.rate=0.02"];
    let done = unspool(folder.path(), &[&train[..], &["--time-limit", "1s"]].concat());
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stderr));
    assert!(clock.elapsed() < Duration::from_secs(60));
    let runs = json(&unspool(folder.path(), &["runs", "list", "--json"]).stdout);
    let run = &runs["runs"][0];
    assert_eq!((&run["state"], &run["network"]), (&"stopped".into(), &"unrolling".into()));
    assert_eq!(run["config"]["training"]["rate"], 0.02);

    let other = |name: &str, config: &str, metrics: &str| {
        let path = folder.path().join("runs").join(name);
        fs::create_dir(&path).unwrap();
        for (file, content) in [(".lock", ""), ("config.json", config), ("metrics.jsonl", metrics)] {
            fs::write(path.join(file), content).unwrap();
        }
    };
    let epoch = |k: usize, value: f64| {
        format!("{{\"epoch\":{k},\"rate\":1e-3,\"loss\":1.0,\"validation\":[[\"gmse\",{value}]]}}\n")
    };
    let epochs = epoch(1, 0.5) + &epoch(2, 0.6);
    other("ended", r#"{"model": "unrolling", "training": {"epochs": 9, "patience": 1}}"#, &epochs);
    other("damaged", "{", "");
    let listed = unspool(folder.path(), &["runs", "list", "--json"]);
    let states: Vec<_> = json(&listed.stdout)["runs"].as_array().unwrap().iter().map(|r| r["state"].clone()).collect();
    assert_eq!(states, ["stopped", "finished"]);
    assert!(text(&listed.stderr).contains("damaged"), "{}", text(&listed.stderr));
    assert_eq!(unspool(folder.path(), &["runs", "compare", "runs/a", "runs/damaged"]).status.code(), Some(2));
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = text(&unspool(folder.path(), &["completions", shell]).stdout);
        assert!(script.contains("learn-graph") && script.contains("time-limit"), "{shell}");
    }
    let pages = text(&unspool(folder.path(), &["man", "--out", "man"]).stdout);
    assert!(pages.lines().count() > 25, "{pages}");
    let page = fs::read_to_string(folder.path().join("man/unspool-eval-graph.1")).unwrap();
    assert!(page.contains("unspool eval graph"), "{page}");
}
