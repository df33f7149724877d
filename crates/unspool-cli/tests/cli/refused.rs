//! Bad input ends with exit code 2, one line that says what is wrong and where, and a hint.

use std::fs;
use std::path::Path;

use crate::common::{assert_refused, unspool};
use tempfile::TempDir;

/// Rows of a good table, with this one after the third.
fn table_with(row: &str) -> String {
    let good = |i: usize| format!("{},{},{}\n", i, (i * 7) % 5, i % 2);
    let rows: String = (0..3).map(good).collect();
    let more: String = (3..30).map(good).collect();
    format!("a,b,y\n{rows}{row}\n{more}")
}

/// Asserts that a table is refused.
fn check(content: &[u8], arguments: &[&str], parts: &[&str]) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("t.csv"), content).unwrap();
    let mut all = vec!["tune", "t.csv"];
    all.extend(arguments);
    assert_refused(&unspool(folder.path(), &all), parts);
    assert!(!folder.path().join("unspool-out/model.json").exists());
}

const RIDGE: [&str; 4] = ["--target", "y", "--model", "ridge"];
const LOGISTIC: [&str; 4] = ["--target", "y", "--model", "logistic"];

#[test]
fn cells() {
    check(table_with("1,NaN,0").as_bytes(), &RIDGE, &["t.csv, line 5, column 2 (\"b\")", "\"NaN\""]);
    check(table_with("1,inf,0").as_bytes(), &RIDGE, &["line 5, column 2", "\"inf\""]);
    check(table_with("blue,1,0").as_bytes(), &RIDGE, &["t.csv, line 5, column 1 (\"a\")", "\"blue\""]);
    check(table_with("1,,0").as_bytes(), &RIDGE, &["line 5, column 2", "empty"]);
    check(table_with("1,2,what").as_bytes(), &RIDGE, &["line 5, column 3 (\"y\")", "\"what\""]);
    check(table_with("1,2").as_bytes(), &RIDGE, &["line 5", "2 cells"]);
}

#[test]
fn columns() {
    let constant: String = (0..30).map(|i| format!("{i},7,{}\n", i % 2)).collect();
    check(format!("a,b,y\n{constant}").as_bytes(), &RIDGE, &["t.csv", "column 2 (\"b\")", "7 in every row"]);
    let one_class: String = (0..30).map(|i| format!("{i},{},yes\n", i * i)).collect();
    check(format!("a,b,y\n{one_class}").as_bytes(), &LOGISTIC, &["t.csv", "\"y\"", "\"yes\""]);
    let good = table_with("1,2,1");
    check(good.as_bytes(), &["--target", "z", "--model", "ridge"], &["t.csv", "no column \"z\""]);
    check(good.as_bytes(), &["--model", "ridge"], &["t.csv", "no target column"]);
    check(good.as_bytes(), &["--target", "y", "--model", "ridge", "--ignore", "q"], &["no column \"q\""]);
}

#[test]
fn files() {
    check(b"", &RIDGE, &["t.csv", "empty"]);
    check(b"a,b,y\n", &RIDGE, &["t.csv", "no rows"]);
    check(b"a,b,y\n1,2,3\n", &RIDGE, &["t.csv", "1 row"]);
    check(b"a,b,y\n1,\xff\xfe,3\n2,3,4\n", &RIDGE, &["t.csv, line 2", "UTF-8"]);
    check(&vec![b'a'; 17 << 20], &RIDGE, &["t.csv, line 1", "longer than"]);
    let folder = TempDir::new().unwrap();
    let run = |data: &str| unspool(folder.path(), &[&["tune", data], &RIDGE[..]].concat());
    assert_refused(&run("none.csv"), &["none.csv", "no such file"]);
    assert_refused(&run("."), &["is a folder"]);
}

#[test]
fn usage() {
    let here = Path::new(".");
    assert_refused(&unspool(here, &["tune", "--example", "wdb"]), &["no example \"wdb\"", "\"wdbc\""]);
    assert_refused(&unspool(here, &["tune", "x.csv", "--target", "y", "--model", "forest"]), &["`forest`", "ridge"]);
    assert_refused(&unspool(here, &["tune", "x.csv", "--target", "y"]), &["--model"]);
    assert_refused(&unspool(here, &["tune", "--example", "wdbc", "--mode", "full"]), &["--steps"]);
    assert_refused(&unspool(here, &["tune", "--example", "wdbc", "--steps", "9", "--mode", "some"]), &["`some`"]);
    assert_refused(&unspool(here, &["tune", "--example", "wdbc", "--delimiter", "ab"]), &["delimiter"]);
    assert_refused(&unspool(here, &["tune", "--example", "wdbc", "--threads", "0"]), &["threads"]);
    assert_refused(&unspool(here, &["tune", "--example", "wdbc", "--regularisers", "groups"]), &["groups"]);
    assert_refused(&unspool(here, &["melt"]), &["melt"]);
    assert_refused(&unspool(here, &[]), &["no command"]);
}

#[test]
fn settings() {
    let folder = TempDir::new().unwrap();
    let run = |option: &str, value: &str| unspool(folder.path(), &["tune", "--example", "diabetes", option, value]);
    for value in ["0", "1", "-0.1", "NaN"] {
        assert_refused(&run("--test-fraction", value), &[]);
    }
    for value in ["0", "2", "1000000000"] {
        assert_refused(&run("--folds", value), &["fold"]);
    }
    assert_refused(&run("--grid-points", "0"), &["grid points"]);
    assert_refused(&run("--steps", "0"), &["steps"]);
    assert_refused(&run("--max-evaluations", "0"), &["evaluations is 0", "at least 1"]);
    for mode in ["last:0", "full:", "late:9"] {
        let arguments = ["tune", "--example", "diabetes", "--steps", "9", "--mode", mode];
        assert_refused(&unspool(folder.path(), &arguments), &[]);
    }
}

#[test]
fn groups() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("t.csv"), table_with("1,2,1")).unwrap();
    let run = |content: &str| {
        fs::write(folder.path().join("g.csv"), content).unwrap();
        unspool(folder.path(), &[&["tune", "t.csv", "--groups", "g.csv"], &RIDGE[..]].concat())
    };
    assert_refused(&run("feature,group\na,1\n"), &["g.csv", "\"b\" is in no group"]);
    assert_refused(&run("feature,group\na,1\nc,1\n"), &["g.csv, line 3, column 1", "no feature \"c\""]);
    assert_refused(&run("feature,group\r\na,1\r\n\r\nc,1\r\n"), &["g.csv, line 4, column 1", "no feature \"c\""]);
    assert_refused(&run("feature,group\na,1\na,2\n"), &["g.csv, line 3", "twice"]);
    assert_refused(&run("feature,group\na,\nb,2\n"), &["g.csv, line 2, column 2", "empty"]);
    assert_refused(&run("name,group\na,1\n"), &["g.csv", "no column \"feature\""]);
    assert_refused(&run(""), &["g.csv", "no column"]);
}

#[test]
fn models_and_rows_to_predict() {
    let folder = TempDir::new().unwrap();
    let run = |arguments: &[&str]| unspool(folder.path(), arguments);
    assert_refused(&run(&["predict", "model.json", "t.csv"]), &["model.json", "cannot be read"]);
    fs::write(folder.path().join("model.json"), "{}").unwrap();
    assert_refused(&run(&["predict", "model.json", "t.csv"]), &["model.json", "not a model"]);
    assert!(run(&["tune", "--example", "diabetes", "--quiet"]).status.success());
    fs::write(folder.path().join("t.csv"), "age,sex\n1,2\n").unwrap();
    assert_refused(&run(&["predict", "unspool-out/model.json", "t.csv"]), &["t.csv", "which the model needs"]);
    fs::write(folder.path().join("t.svm"), "1 1:2\n").unwrap();
    assert_refused(&run(&["predict", "unspool-out/model.json", "t.svm"]), &["t.svm", "named columns"]);
}

#[test]
fn places_that_cannot_be_written() {
    let folder = TempDir::new().unwrap();
    let run = |arguments: &[&str]| unspool(folder.path(), arguments);
    fs::write(folder.path().join("file"), "").unwrap();
    assert_refused(&run(&["tune", "--example", "diabetes", "--out", "file"]), &["file", "cannot be written"]);
    assert_refused(&run(&["tune", "--example", "diabetes", "--out", "file/in"]), &["file/in", "cannot be written"]);
    assert!(run(&["tune", "--example", "diabetes", "--quiet"]).status.success());
    let again = run(&["tune", "--example", "diabetes", "--quiet"]);
    assert_refused(&again, &["unspool-out/model.json", "already"]);
    assert!(run(&["tune", "--example", "diabetes", "--quiet", "--force"]).status.success());
    fs::write(folder.path().join("t.csv"), "age,sex,bmi,bp,s1,s2,s3,s4,s5,s6\n1,1,20,80,1,1,1,1,1,1\n").unwrap();
    let predict = ["predict", "unspool-out/model.json", "t.csv", "--out"];
    assert_refused(&run(&[&predict[..], &["file"]].concat()), &["file", "already"]);
    assert_refused(&run(&[&predict[..], &["."]].concat()), &["folder"]);
    assert!(run(&[&predict[..], &["file", "--force"]].concat()).status.success());
    if cfg!(target_os = "linux") {
        assert_refused(&run(&[&predict[..], &["/dev/full"]].concat()), &["/dev/full", "cannot be written"]);
        assert!(!Path::new("/dev/full").is_file());
    }
}
