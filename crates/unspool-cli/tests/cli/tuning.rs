//! Tuning and prediction from end to end.

use std::fs;
use std::path::Path;

use crate::common::{json, text, unspool};
use serde_json::Value;
use tempfile::TempDir;
use unspool_tune::table::EXAMPLES;

/// The document without what differs from run to run.
fn without_seconds(mut document: Value) -> Value {
    match &mut document {
        Value::Object(map) => {
            map.remove("seconds");
            map.values_mut().for_each(|value| *value = without_seconds(value.take()));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| *value = without_seconds(value.take())),
        _ => {}
    }
    document
}

/// Tunes on an example and gives the document.
fn tune_example(folder: &Path, name: &str, more: &[&str]) -> Value {
    let output = unspool(folder, &[&["tune", "--example", name, "--json"], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    json(&output.stdout)
}

fn example_csv(name: &str) -> &'static [u8] {
    EXAMPLES.iter().find(|example| example.name == name).unwrap().csv()
}

#[test]
fn wdbc_is_learned_and_predicted() {
    let folder = TempDir::new().unwrap();
    let document = tune_example(folder.path(), "wdbc", &["--out", "w"]);
    assert_eq!(document["schema_version"], 1);
    assert_eq!((&document["command"], &document["status"]), (&"tune".into(), &"converged".into()));
    assert_eq!((&document["settings"]["model"], &document["settings"]["count"]), (&"logistic".into(), &30.into()));
    assert!(document["comparison"]["learned"]["quality"].as_f64().unwrap() > 0.9);
    for key in ["model", "picture", "picture_png", "history"] {
        assert!(folder.path().join(document[key].as_str().unwrap()).is_file(), "{key}");
    }
    assert!(fs::read(folder.path().join("w/tuning.png")).unwrap().starts_with(b"\x89PNG"));
    let svg = fs::read_to_string(folder.path().join("w/tuning.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("mean_radius"));
    let history = fs::read_to_string(folder.path().join("w/history.jsonl")).unwrap();
    assert!(history.lines().count() > 25 && history.lines().all(|line| json(line.as_bytes())["loss"].is_number()));

    fs::write(folder.path().join("wdbc.csv"), example_csv("wdbc")).unwrap();
    let output = unspool(folder.path(), &["predict", "w/model.json", "wdbc.csv"]);
    assert!(output.status.success());
    let stdout = text(&output.stdout);
    let mut lines = stdout.lines();
    assert_eq!(lines.next(), Some("prediction,probability_0,probability_1"));
    assert_eq!(lines.clone().count(), 569);
    for line in lines {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        assert!((cells[1] + cells[2] - 1.0).abs() < 1e-12 && (cells[0] == 1.0) == (cells[2] > cells[1]));
    }
    let score = text(&output.stderr);
    assert_eq!(score.lines().count(), 1);
    let accuracy: f64 = score.split([' ', ',']).nth(1).unwrap().parse().unwrap();
    assert!(accuracy > 0.95, "{score}");
}

#[test]
fn diabetes_is_learned_and_predicted() {
    let folder = TempDir::new().unwrap();
    let document = tune_example(folder.path(), "diabetes", &["--out", "d", "--quiet"]);
    assert_eq!(document["settings"]["model"], "ridge");
    assert!(document["comparison"]["learned"]["quality"].as_f64().unwrap() > 0.3);
    fs::write(folder.path().join("d.csv"), example_csv("diabetes")).unwrap();
    let output = unspool(folder.path(), &["predict", "d/model.json", "d.csv", "--json"]);
    let predicted = json(&output.stdout);
    assert_eq!(predicted["predictions"].as_array().unwrap().len(), 442);
    assert!(predicted["score"]["r_squared"].as_f64().unwrap() > 0.4);
    let plain = text(&unspool(folder.path(), &["predict", "d/model.json", "d.csv", "-q"]).stdout);
    let values: Vec<Value> = plain.lines().skip(1).map(|line| json(line.as_bytes())).collect();
    let same = |(a, b): (&Value, &Value)| a.as_f64() == b.as_f64();
    assert!(values.iter().zip(predicted["predictions"].as_array().unwrap()).all(same));
}

#[test]
fn threads_do_not_matter() {
    let folder = TempDir::new().unwrap();
    let model = |threads: &str| {
        tune_example(folder.path(), "wdbc", &["--out", threads, "--threads", threads, "--quiet"]);
        json(&fs::read(folder.path().join(threads).join("model.json")).unwrap())
    };
    let (one, two) = (without_seconds(model("1")), without_seconds(model("2")));
    assert_eq!(one.to_string(), two.to_string());
}

#[test]
fn svmlight_from_end_to_end() {
    let folder = TempDir::new().unwrap();
    let line = |i: usize| {
        let (a, b) = ((i * 37 % 101) as f64 / 50.0 - 1.0, (i * 53 % 97) as f64 / 48.0 - 1.0);
        let target = if a + 0.3 * b + 0.4 * ((i * 29 % 83) as f64 / 41.0 - 1.0) > 0.0 { "+1" } else { "-1" };
        if i.is_multiple_of(3) { format!("{target} 1:{a} 4:{b}\n") } else { format!("{target} 1:{a} 2:{b} # note\n") }
    };
    let data: String = (0..150).map(line).collect();
    fs::write(folder.path().join("words.svm"), &data).unwrap();
    fs::write(folder.path().join("words.txt"), &data).unwrap();
    fs::write(folder.path().join("g.csv"), "group,feature\nodd,1\neven,2\nodd,3\neven,4\n").unwrap();
    for (file, out) in [("words.svm", "a"), ("words.txt", "b")] {
        let arguments = ["tune", file, "--model", "logistic", "--groups", "g.csv", "--out", out, "--json", "-q"];
        let output = unspool(folder.path(), &arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(json(&output.stdout)["settings"]["count"], 2);
    }
    let output = unspool(folder.path(), &["predict", "a/model.json", "words.txt", "--format", "svmlight"]);
    let score = text(&output.stderr);
    assert!(score.starts_with("accuracy 0.8") || score.starts_with("accuracy 0.9"), "{score}");
    assert_eq!(text(&output.stdout).lines().next(), Some("prediction,probability_-1,probability_1"));
}

#[test]
fn text_classes_and_unrolled_steps() {
    let folder = TempDir::new().unwrap();
    let row = |i: usize| {
        let kind = ["ash, \"white\"", "oak", "elm"][i % 3];
        let (a, b) = ((i * 37 % 101) as f64 / 50.0, (i * 53 % 97) as f64 / 48.0);
        format!("{};{};\"{}\"\n", a + (i % 3) as f64, b - (i % 3) as f64, kind.replace('"', "\"\""))
    };
    let data: String = (0..120).map(row).collect();
    fs::write(folder.path().join("trees.csv"), format!("$a$;<b&c>;kind\n{data}")).unwrap();
    let table = ["--target", "kind", "--model", "logistic", "--delimiter", ";", "-q"];
    let steps = ["--steps", "60", "--mode", "last:20", "--regularisers", "one"];
    let output = unspool(folder.path(), &[&["tune", "trees.csv"], &table[..], &steps].concat());
    assert!(output.status.code() < Some(2), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty());
    assert!(text(&output.stdout).contains("learned (1)"));
    let output = unspool(folder.path(), &["predict", "unspool-out/model.json", "trees.csv", "--delimiter", ";"]);
    let stdout = text(&output.stdout);
    assert_eq!(
        stdout.lines().next(),
        Some("prediction,\"probability_ash, \"\"white\"\"\",probability_elm,probability_oak")
    );
    assert!(text(&output.stderr).starts_with("accuracy "));
}

#[test]
fn help_is_short_and_long() {
    let here = Path::new(".");
    for command in [&[][..], &["tune"], &["curse"], &["predict"]] {
        let help = |flag| unspool(here, &[command, &[flag]].concat());
        let (short, long) = (help("-h"), help("--help"));
        assert!(short.status.success() && long.status.success());
        assert!(text(&short.stdout).lines().count() <= 40);
        let long = text(&long.stdout);
        let examples = long.split_once("Examples:").unwrap().1;
        assert!(examples.matches("unspool ").count() >= 3, "{long}");
    }
    assert!(text(&unspool(here, &["tune", "--help"]).stdout).contains("budget:BYTES"));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let folder = TempDir::new().unwrap();
    tune_example(folder.path(), "diabetes", &["--quiet"]);
    let csv = text(example_csv("diabetes"));
    let (header, rows) = csv.split_once('\n').unwrap();
    fs::write(folder.path().join("long.csv"), format!("{header}\n{}", rows.repeat(50))).unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("unspool"))
        .args(["predict", "unspool-out/model.json", "long.csv", "-q"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((&start, output.status.code()), (b"prediction", Some(0)));
    assert!(output.stderr.is_empty());
}

#[cfg(unix)]
#[test]
fn ctrl_c_writes_the_best_so_far() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let folder = TempDir::new().unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("unspool"))
        .args(["tune", "--example", "wdbc", "--json", "--grid-points", "2000"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.next().unwrap().unwrap().starts_with("one regulariser: evaluation 1"));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let told: Vec<String> = stderr.map(Result::unwrap).collect();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.iter().any(|line| line.starts_with("stopping")), "{told:?}");
    assert_eq!(json(&output.stdout)["status"], "stopped");
    assert!(folder.path().join("unspool-out/model.json").is_file());
}
