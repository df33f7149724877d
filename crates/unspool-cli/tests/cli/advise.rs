//! `unspool advise`.

use std::process::Output;

use serde_json::Value;

use crate::common::{assert_refused, text, unspool};

fn advise(args: &[&str]) -> Output {
    unspool(&std::env::temp_dir(), &[&["advise"], args].concat())
}

fn json(args: &[&str]) -> Value {
    let output = advise(&[args, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_forecast_that_holds() {
    for args in [
        &["--kappa", "1e-3", "--steps", "40"][..],
        &["--example", "wdbc", "--model", "logistic", "--steps", "20"],
        &["--example", "diabetes", "--steps", "5"],
    ] {
        let told = json(args);
        let expected = told["choice"]["error"].as_f64().unwrap();
        let error = told["followed"]["error"].as_f64().unwrap();
        assert!(error <= 3.0 * expected.max(1e-9), "{args:?}: {error} for {expected}");
        assert!(told["why"].as_array().unwrap().len() == 2 && told["warnings"].as_array().unwrap().is_empty());
    }
}

#[test]
fn wrong_edges_are_noticed() {
    let told = json(&["--kappa", "1e-2", "--ell", "0.1", "--big-l", "0.5"]);
    assert_eq!(told["warnings"].as_array().unwrap().len(), 2);
}

#[test]
fn little_memory_means_little_tape() {
    let told = json(&["--kappa", "1e-3", "--steps", "50", "--memory", "9000"]);
    for forecast in told["forecasts"].as_array().unwrap() {
        let plan = &forecast["plan"];
        let (mode, steps) = (plan["mode"].as_str().unwrap(), plan["steps"].as_u64().unwrap());
        assert!(mode != "full" || steps <= 11, "{plan}");
    }
}

#[test]
fn people_read_the_reasons() {
    let output = advise(&["--example", "wdbc", "--model", "ridge"]);
    let text = text(&output.stdout);
    assert!(output.status.success() && text.contains("kappa") && text.contains("followed: relative error"), "{text}");
}

#[test]
fn bad_input_is_refused() {
    for (args, part) in [
        (&["--steps", "0"][..], "1 to"),
        (&["--kappa", "2"], "kappa"),
        (&["--tolerance", "-1"], "tolerance"),
        (&["--seconds", "nan"], "seconds"),
        (&["--seconds", "1e-12"], "budget"),
        (&["--ell", "2", "--big-l", "1"], "edge"),
        (&["--ell", "2"], "big-l"),
    ] {
        assert_refused(&advise(args), &[part]);
    }
}
