//! `unspool train graph`, `unspool eval graph`, `unspool learn-graph --method learned`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{repeats, text, unspool};

fn run(args: &[&str]) -> (i32, String, String) {
    let output = unspool(Path::new("."), args);
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn well(args: &[&str]) -> String {
    let (code, out, error) = run(args);
    assert_eq!(code, 0, "{args:?}: {error}");
    out
}

/// A small run, with a checkpoint after each two steps.
fn config(home: &Path) -> String {
    let config = json!({
        "model": { "kind": "unrolling", "recurrent": false, "data": {
            "family": "ba:2", "nodes": 10, "signals": 300, "order": "shuffled",
            "training": 96, "validation": 16, "seed": 1,
        }},
        "training": { "epochs": 40, "batch": 8, "rate": 1e-2, "checkpoint_every": 2, "seed": 5 },
    });
    let path = home.join("config.json");
    std::fs::write(&path, config.to_string()).unwrap();
    path.display().to_string()
}

fn results(folder: &Path) -> [Vec<u8>; 3] {
    ["weights.safetensors", "metrics.jsonl", "checkpoint.safetensors"]
        .map(|name| std::fs::read(folder.join(name)).unwrap())
}

#[test]
fn killed_at_any_moment_training_resumes_and_ends_with_the_same_bits() {
    let home = tempfile::tempdir().unwrap();
    let config = config(home.path());
    let (whole, cut) = (home.path().join("whole"), home.path().join("cut"));
    well(&["train", "graph", "--config", &config, "-o", whole.to_str().unwrap(), "-q"]);
    assert!(whole.join("curves.png").exists() && whole.join("environment.json").exists());
    let args = ["train", "graph", "--config", &config, "-o", cut.to_str().unwrap(), "--resume", "-q"];
    for kill in 0..repeats(24) {
        let program = assert_cmd::cargo::cargo_bin!("unspool");
        let mut child = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(5 + (kill * 7919) % 90));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    well(&args);
    assert!(results(&cut) == results(&whole));
}

#[test]
fn bad_configurations_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("c.json");
    let name = path.to_str().unwrap();
    for (text, part) in [
        ("{", "EOF"),
        ("{}", "missing field"),
        (r#"{"model": {"kind": "perceptron"}, "training": {}}"#, "unknown variant"),
        (r#"{"model": {"kind": "l2g"}, "training": {"epoch": 3}}"#, "missing field"),
    ] {
        std::fs::write(&path, text).unwrap();
        let (code, _, error) =
            run(&["train", "graph", "--config", name, "-o", home.path().join("run").to_str().unwrap()]);
        assert!(code == 2 && error.contains(part) && error.lines().count() == 2, "{text}: {error}");
    }
    let (code, _, error) = run(&["train", "graph", "--preset", "best"]);
    assert!(code == 2 && error.contains("no preset"), "{error}");
    let shown: Value = serde_json::from_str(&well(&["train", "graph", "--show"])).unwrap();
    assert_eq!(shown["model"]["kind"], "learned");
}

#[test]
fn the_table_has_every_method_and_the_calibration() {
    let args = ["eval", "graph", "--families", "ba,sbm", "--nodes", "20", "--signals", "100", "--graphs", "4", "-q"];
    let text = well(&args);
    for part in
        ["correlation", "refitted", "log-degree-tuned", "l2g", "learned", "expected calibration error", "sbm 20 nodes*"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let document: Value = serde_json::from_str(&well(&[&args[..], &["--json"]].concat())).unwrap();
    let cell = &document["cells"][0];
    assert!(cell["gmse"]["learned"]["mean"].as_f64().unwrap() < cell["gmse"]["laplacian"]["mean"].as_f64().unwrap());
    assert!(cell["gmse"]["learned"]["low"].as_f64() < cell["gmse"]["learned"]["high"].as_f64());
    let one = well(&[&args[..], &["--json", "--threads", "1"]].concat());
    assert_eq!(serde_json::from_str::<Value>(&one).unwrap(), document);
    let (code, _, error) = run(&["eval", "graph", "--families", "star"]);
    assert!(code == 2 && error.contains("star"), "{error}");
}

#[test]
fn learned_graphs_tell_probabilities_in_every_format() {
    let home = tempfile::tempdir().unwrap();
    for (name, part) in [
        ("g.graphml", "attr.name=\"probability\""),
        ("g.gexf", "for=\"probability\""),
        ("g.csv", "source,target,weight,probability"),
        ("g.json", "\"probability\":"),
        ("g.mtx", "% probability 2"),
        ("g.npz", "probabilities.npy"),
    ] {
        let path = home.path().join(name);
        let out = path.to_str().unwrap();
        well(&["learn-graph", "--example", "molene", "--method", "learned", "--no-picture", "-o", out, "-q"]);
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        assert!(text.contains(part), "{name}");
        well(&["graph", "info", out]);
    }
    let out = home.path().join("a.graphml");
    let args = ["learn-graph", "--example", "molene", "--method", "learned", "--adapt", "5", "--json", "-q", "-o"];
    let document: Value = serde_json::from_str(&well(&[&args[..], &[out.to_str().unwrap()]].concat())).unwrap();
    assert_eq!(document["probabilities"].as_array().unwrap().len(), document["edges"].as_array().unwrap().len());
    assert!(document["adapted"]["after"].as_f64() <= document["adapted"]["before"].as_f64());
    let bad = home.path().join("bad.safetensors");
    std::fs::write(&bad, b"no weights").unwrap();
    let weights =
        ["learn-graph", "--example", "molene", "--method", "learned", "--weights", bad.to_str().unwrap(), "-o"];
    let (code, _, error) = run(&[&weights[..], &[home.path().join("b.csv").to_str().unwrap()]].concat());
    assert!(code == 2 && error.contains("safetensors") && error.lines().count() == 2, "{error}");
}
