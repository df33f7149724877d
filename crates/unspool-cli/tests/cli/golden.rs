//! What the program prints, compared with files in `tests/golden`: all help texts, all kinds of errors, the layout of each JSON
//! document. `TRYCMD=overwrite SNAPSHOTS=overwrite cargo test --test cli golden` writes them anew; look at the difference.

use std::path::Path;

use serde_json::Value;
use snapbox::assert_data_eq;
use snapbox::data::{Data, DataFormat};
use tempfile::TempDir;

use crate::common::{json, text, unspool};

#[test]
fn help_and_errors() {
    trycmd::TestCases::new().case("tests/golden/help/*.md").case("tests/golden/errors.md");
}

/// The layout of a document: keys and types; of a list the layout of its first value.
fn layout(value: &Value) -> Value {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "bool".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "text".into(),
        Value::Array(values) => values.first().map(layout).into_iter().collect(),
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), layout(field))).collect(),
    }
}

/// Each command with `--json` prints one document and nothing else, whose layout is the one in the file.
#[test]
fn json_layouts() {
    let folder = TempDir::new().unwrap();
    let run = |arguments: &str| {
        let done = unspool(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
        assert!(done.status.success(), "{arguments}: {}", text(&done.stderr));
        done.stdout
    };
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("photos")).unwrap();
    std::fs::copy("data/cat.png", at("cat.png")).unwrap();
    std::fs::copy("data/cat.png", at("photos/cat.png")).unwrap();
    std::fs::write(at("rows.csv"), "age,sex,bmi,bp,s1,s2,s3,s4,s5,s6\n1,1,20,80,1,1,1,1,1,1\n").unwrap();
    run("simulate ba:2 --nodes 12 --signals 200");
    let small = "--set model.data.training=32 --set model.data.validation=8 --set model.data.signals=50";
    run(&format!("train graph --preset unrolling --epochs 1 {small} -o r -q"));
    let documents = [
        ("reproduce", "reproduce curse --tiny --json -q"),
        ("tune", "tune --example diabetes --json -q"),
        ("predict", "predict unspool-out/model.json rows.csv --json -q"),
        ("curse", "curse --steps 5 --json"),
        ("advise", "advise --steps 20 --json"),
        ("learn-graph", "learn-graph signals.csv --json -q"),
        ("learn-graph-learned", "learn-graph signals.csv --method learned --json -q --force"),
        ("graph-info", "graph info truth.graphml --json"),
        ("graph-score", "graph score graph.graphml truth.graphml --json"),
        (
            "eval-graph",
            "eval graph --nodes 8 --families er --signals 30 --graphs 2 --methods learned,refitted --json -q",
        ),
        ("eval-graph-data", "eval graph --data signals.csv --methods learned,refitted --json -q"),
        ("mosaick", "mosaick cat.png -o raw.png --json"),
        ("demosaick", "demosaick raw.png -o photo.png --cfa rggb --noise auto --json"),
        ("interpolate", "interpolate raw.png -o large.png --scale 2 --json"),
        ("eval-image", "eval image --data photos --methods menon,bilinear --json -q"),
        ("runs-list", "runs list --json"),
        ("runs-compare", "runs compare r r --json"),
        ("config-show", "config show simulate --json"),
    ];
    for (name, arguments) in documents {
        let document = json(&run(arguments));
        assert_eq!(document["schema_version"], 1, "{name}");
        let path = Path::new("tests/golden/json").join(format!("{name}.json"));
        assert_data_eq!(format!("{:#}\n", layout(&document)), Data::read_from(&path, Some(DataFormat::Text)).raw());
    }
}
