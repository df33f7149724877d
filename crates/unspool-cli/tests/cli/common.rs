//! What the tests share.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

/// The program, run in this folder.
pub(crate) fn unspool(folder: &Path, arguments: &[&str]) -> Output {
    Command::cargo_bin("unspool").unwrap().current_dir(folder).args(arguments).output().unwrap()
}

/// Text of a stream.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A JSON document.
pub(crate) fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

/// Asserts exit code 2 and exactly two lines on standard error: the error, with all of these
/// parts, and the hint.
pub(crate) fn assert_refused(output: &Output, parts: &[&str]) {
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    let lines: Vec<&str> = stderr.lines().collect();
    let [error, hint] = lines[..] else { panic!("not two lines: {stderr}") };
    assert!(error.starts_with("error: ") && hint.starts_with("hint: "), "{stderr}");
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(output.stdout.is_empty());
}

/// How often something is tried: this many times, or as `UNSPOOL_REPEATS` says.
pub(crate) fn repeats(few: u64) -> u64 {
    std::env::var("UNSPOOL_REPEATS").map_or(few, |text| text.parse().expect("a number"))
}
