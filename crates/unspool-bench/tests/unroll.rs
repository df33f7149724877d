//! The commands on a small generated problem, checked against plain loops.

mod common;

use assert_cmd::Command;
use common::Problem;
use serde_json::Value;

fn bench(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unspool-bench"));
    command.args(args);
    command
}

/// The two problems in a fresh folder.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for problem in [Problem::new("ridge", 1), Problem::new("logistic", 2)] {
        problem.write(dir.path());
    }
    dir
}

fn unroll<'a>(dir: &'a tempfile::TempDir, more: &[&'a str]) -> Command {
    let mut command = bench(&["unroll", "--reps", "3", "--data", dir.path().to_str().unwrap()]);
    command.args(more);
    command
}

/// Runs, and returns what stands on standard output.
fn output(mut command: Command) -> String {
    let output = command.assert().success().get_output().clone();
    String::from_utf8(output.stdout).unwrap()
}

/// Runs wrong input: exit code 2, nothing on standard output, one line on standard error.
fn complaint(mut command: Command) -> String {
    let output = command.assert().code(2).get_output().clone();
    assert!(output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    text
}

#[test]
fn every_case_is_reported_and_right() {
    let dir = folder();
    let rows: Vec<Value> = serde_json::from_str(&output(unroll(&dir, &["--json", "--threads", "2"]))).unwrap();
    let name = |row: &Value| row["case"].as_str().unwrap().to_owned();
    let both = "forward unroll unroll-ckpt unroll-last20 one-step jacobian implicit implicit-jac implicit-neumann jvp \
                unroll-f32";
    let gram = "forward-gram unroll-gram jacobian-gram implicit-gram";
    let ridge = both.split(' ').chain(gram.split(' ')).map(|method| format!("ridge/{method}"));
    let expected: Vec<_> = ridge.chain(both.split(' ').map(|method| format!("logistic/{method}"))).collect();
    assert_eq!(rows.iter().map(name).collect::<Vec<_>>(), expected);

    let row = |case: &str| rows.iter().find(|row| name(row) == case).unwrap();
    for row in &rows {
        assert!(row["wall_s"].as_f64().unwrap() > 0.0);
        assert_eq!((row["reps"].as_u64(), row["threads"].as_u64()), (Some(3), Some(2)));
        if cfg!(unix) {
            assert!(row["cpu_s"].as_f64().unwrap() >= 0.0 && row["peak_mb"].as_f64().unwrap() > 0.5);
        }
        let forward = name(row).contains("forward");
        assert_eq!((row["error"].is_null(), row["error_T"].is_null()), (forward, forward));
    }
    let exact_last = |case: &str, bound: f64| {
        let error = row(case)["error_T"].as_f64().unwrap();
        assert!(error < bound, "{case}: {error:e}");
    };
    for problem in ["ridge", "logistic"] {
        for method in ["unroll", "unroll-ckpt", "jacobian", "jvp"] {
            exact_last(&format!("{problem}/{method}"), 1e-10);
        }
        exact_last(&format!("{problem}/unroll-f32"), 1e-4);
        // The three implicit rows solve one system, at the last iterate.
        let error = |method: &str| row(&format!("{problem}/{method}"))["error"].as_f64().unwrap();
        let exact = error("implicit-jac");
        for method in ["implicit", "implicit-neumann"] {
            assert!((error(method) - exact).abs() < 1e-6, "{problem}/{method}");
        }
        assert!(error("one-step") > error("unroll"), "{problem}");
    }
    for case in ["ridge/unroll-gram", "ridge/jacobian-gram"] {
        exact_last(case, 1e-10);
    }
}

#[test]
fn the_table_has_the_chosen_rows() {
    let dir = folder();
    let table = output(unroll(&dir, &["--only", "jvp", "ridge/one-step"]));
    let names: Vec<_> = table.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["case", "ridge/one-step", "ridge/jvp", "logistic/jvp"]);
    let widths: Vec<_> = table.lines().map(str::len).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
    assert!(complaint(unroll(&dir, &["--only", "sideways"])).contains("sideways"));
}

#[test]
fn wrong_files_are_named() {
    let dir = folder();
    let put = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    let complaint = || complaint(unroll(&dir, &["--only", "one-step"]));

    let y = std::fs::read(dir.path().join("ridge.y.f64")).unwrap();
    put("ridge.y.f64", &y[..y.len() - 1]);
    let text = complaint();
    assert!(text.contains("ridge.y.f64: 239 bytes, expected 240 bytes"), "{text}");
    let mut nan = y.clone();
    nan[8..16].copy_from_slice(&f64::NAN.to_le_bytes());
    put("ridge.y.f64", &nan);
    let text = complaint();
    assert!(text.contains("ridge.y.f64") && text.contains("value 1 is NaN"), "{text}");
    put("ridge.y.f64", &y);

    std::fs::remove_file(dir.path().join("logistic.Xv.f64")).unwrap();
    let text = complaint();
    assert!(text.contains("logistic.Xv.f64") && text.contains("expected 400 bytes"), "{text}");
    put("logistic.yv.f64", &0.5f64.to_le_bytes().repeat(10));
    put("logistic.Xv.f64", &[0; 400]);
    let text = complaint_about_labels(&dir);
    assert!(text.contains("logistic.yv.f64") && text.contains("labels"), "{text}");

    put("ridge.json", b"{\"n\": 30}");
    assert!(complaint().contains("ridge.json"));
    std::fs::remove_file(dir.path().join("ridge.json")).unwrap();
    assert!(complaint().contains("ridge.json"));
}

/// Found only by the child of a case on these data, which stops the whole command.
fn complaint_about_labels(dir: &tempfile::TempDir) -> String {
    let mut command = unroll(dir, &["--only", "logistic/one-step", "--json"]);
    let output = command.assert().code(2).get_output().clone();
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn ratios_match_cases_and_variants() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let peer = put(
        "peer.json",
        r#"[{"peer": "p", "problem": "ridge", "method": "unroll", "cpu_median": 0.4, "err": 0},
            {"peer": "quite-long", "problem": "ridge", "method": "unroll-ckpt", "cpu_median": 2.0}]"#,
    );
    let ours = put(
        "ours.json",
        r#"[{"case": "ridge/unroll", "cpu_s": 0.1}, {"case": "ridge/unroll-ckpt", "cpu_s": 0.5},
            {"case": "ridge/unroll-gram", "cpu_s": 0.02}, {"case": "logistic/unroll", "cpu_s": null}]"#,
    );
    let table = output(bench(&["compare", "--peer", &peer, "--ours", &ours]));
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["case", "cpu", "ms", "p", "quite-long"]);
    assert_eq!(rows[1], ["ridge/unroll", "100.000", "0.2500", "-"]);
    assert_eq!(rows[2], ["ridge/unroll-ckpt", "500.000", "-", "0.2500"]);
    assert_eq!(rows[3], ["ridge/unroll-gram", "20.000", "0.0500", "-"]);
    assert_eq!(rows[4], ["logistic/unroll", "-", "-", "-"]);
    assert!(complaint(bench(&["compare", "--peer", &put("bad", "{"), "--ours", &ours])).contains("bad"));
}
