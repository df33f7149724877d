//! `unspool reproduce`: the report, its numbers, and how it goes on.

use std::path::Path;

use serde_json::Value;
use unspool_image::Image;
use unspool_image::io::{self, Depth, Format, Photo};
use unspool_report::{Block, Cell, Report};

use crate::common::{assert_refused, json, text, unspool};

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn report(folder: &Path) -> Report {
    serde_json::from_str(&read(&folder.join("report.json"))).unwrap()
}

/// Without times.
fn timeless(value: &mut Value) {
    match value {
        Value::Object(all) => {
            all.remove("seconds");
            all.values_mut().for_each(timeless);
        }
        Value::Array(all) => all.iter_mut().for_each(timeless),
        _ => {}
    }
}

/// What stands between two texts, each time.
fn between<'a>(page: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    page.split(start).skip(1).map(move |rest| rest.split(end).next().unwrap())
}

#[test]
fn the_page_shows_the_numbers_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let output = unspool(folder, &["reproduce", "--tiny", "--json", "--quiet", "--out", "r"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    let document = json(&output.stdout);
    assert_eq!((&document["command"], &document["mode"]), (&"reproduce".into(), &"quick".into()));
    let own = folder.join("r");
    let (page, report) = (read(&own.join("report.html")), report(&own));

    // the page holds the report, and asks nobody for anything
    let data = between(&page, r#"<script type="application/json" id="data">"#, "</script>").next().unwrap();
    assert_eq!(serde_json::from_str::<Report>(data).unwrap(), report);
    assert!(page.len() < 2_000_000, "{}", page.len());
    for address in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!page.contains(address), "{address}");
    }

    // each cell shows its number of the report
    let mut shown = between(&page, "data-value=\"", "</t").map(|cell| {
        let (value, rest) = cell.split_once("\">").unwrap();
        (value.parse::<f64>().unwrap(), rest.split(" <small>").next().unwrap())
    });
    let mut tables = 0;
    for block in report.parts().flat_map(|part| &part.blocks) {
        let Block::Table(table) = block else { continue };
        for cell in table.rows.iter().flat_map(|row| row.0.iter().enumerate()) {
            let (column, value) = match cell {
                (column, Cell::Number(number)) => (column, number.value),
                (column, Cell::Time { seconds }) => (column, *seconds),
                _ => continue,
            };
            let format = table.columns[column].format;
            assert_eq!(shown.next().unwrap(), (value, format.show(value).as_str()), "{}", table.id);
        }
        let csv = read(&own.join("tables").join(&table.id).with_extension("csv"));
        assert_eq!(csv.lines().count(), 1 + table.rows.len(), "{}", table.id);
        tables += 1;
    }
    assert!(shown.next().is_none() && tables >= 10, "{tables}");
    for (id, finding) in report.parts().flat_map(|part| part.findings.iter().map(move |f| (&part.id, f))) {
        assert!(finding.len() > 20, "{id}");
    }
    // each figure is there, and each picture is told of in words
    for name in report.parts().flat_map(|part| &part.blocks).flat_map(Block::files) {
        assert!(own.join(name).metadata().unwrap().len() > 500, "{name}");
    }
    assert!(page.matches("role=\"img\"").count() >= 20);
    assert!(!page.contains("aria-label=\"\""));

    // another run, with another number of threads: the same but for times
    let output = unspool(folder, &["reproduce", "--tiny", "--threads", "1", "--out", "s"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("1/11 "), "{}", text(&output.stderr));
    let [one, other] = ["r", "s"].map(|name| {
        let mut value: Value = serde_json::from_str(&read(&folder.join(name).join("report.json"))).unwrap();
        timeless(&mut value);
        value.to_string()
    });
    assert!(one == other);
}

#[test]
fn what_is_finished_is_not_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let run = |more: &[&str]| {
        let output = unspool(folder, &[&["reproduce", "curse", "--tiny", "-q", "--json", "--out", "r"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        json(&output.stdout)["parts_from_before"].as_u64().unwrap()
    };
    assert_eq!(run(&[]), 0);
    let first = read(&folder.join("r/report.html"));
    assert_eq!(run(&[]), 6);
    assert_eq!(read(&folder.join("r/report.html")), first);
    std::fs::write(folder.join("r/parts/advice.json"), "{").unwrap();
    std::fs::remove_file(folder.join("r/figures/curse-wdbc.svg")).unwrap();
    assert_eq!(run(&[]), 4);
    assert!(folder.join("r/figures/curse-wdbc.svg").exists());
    assert_eq!(run(&["--seed", "1"]), 0);
    assert_eq!(report(&folder.join("r")).invocation, "unspool reproduce curse --seed 1");
}

#[test]
fn networks_are_trained_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, count, side) in [("photos", 10, 40), ("others", 2, 16)] {
        std::fs::create_dir(folder.join(name)).unwrap();
        for k in 0..count {
            let image = Image::from_fn(3, side, side, |c, y, x| ((x * (k + 1) + y * 3 + c) % 11) as f32 / 11.0);
            let photo = Photo { image, alpha: None, depth: Depth::Eight, profile: None };
            let file = folder.join(name).join(format!("{k}.png"));
            std::fs::write(file, io::encode(&photo, Format::Png).unwrap()).unwrap();
        }
    }
    let common = ["reproduce", "--full", "--tiny", "--epochs", "1", "-q", "--out", "r"];
    let own = ["--data", "photos", "--test", "others", "--train", "unrolling,learned,demosaick"];
    for section in ["graphs", "images"] {
        let output = unspool(folder, &[&common[..], &own, &[section]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    for name in ["unrolling", "learned", "demosaick"] {
        assert!(folder.join("r/runs").join(name).join("weights.safetensors").exists(), "{name}");
    }
    let report = report(&folder.join("r"));
    let ids: Vec<&str> = report.parts().map(|part| part.id.as_str()).collect();
    assert_eq!(ids, ["train-demosaick", "demosaick", "demosaick-test", "neighbourhoods", "interpolate"]);
    assert!(report.parts().nth(1).unwrap().config["trained"]["demosaick"].is_object());
}

#[test]
fn refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("mine")).unwrap();
    std::fs::write(folder.join("mine/thesis.tex"), "").unwrap();
    let refused = |args: &[&str], parts: &[&str]| {
        assert_refused(&unspool(folder, &[&["reproduce", "curse", "--tiny"], args].concat()), parts);
    };
    refused(&["--out", "mine"], &["mine", "holds other things"]);
    refused(&["--out", "mine/thesis.tex"], &["thesis.tex"]);
    refused(&["--full", "--train", "gpt"], &["gpt"]);
    refused(&["--full", "--train", "ugtv"], &["ugtv", "photos"]);
    refused(&["--data", "mine"], &["--full"]);
    refused(&["--quick", "--full"], &["--quick"]);
    refused(&["--epochs", "0", "--full"], &["0"]);
    assert_refused(&unspool(folder, &["reproduce", "moon"]), &["moon"]);
    let args = ["reproduce", "images", "--tiny", "--test", "mine", "--out", "new"];
    assert_refused(&unspool(folder, &args), &["mine", "no image"]);
    let output = unspool(folder, &["reproduce", "curse", "--tiny", "-q", "--out", "mine", "--force"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_finished() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let program = assert_cmd::cargo::cargo_bin("unspool");
    let child = Command::new(program)
        .args(["reproduce", "--out", "r"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let first = folder.join("r/parts/curse-quadratic.json");
    let clock = Instant::now();
    while !first.exists() && clock.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let clock = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(clock.elapsed() < Duration::from_secs(2));
    assert!(text(&output.stderr).contains("the same command goes on"));
    assert!(first.exists() && !folder.join("r/report.html").exists());
}
