//! `unspool learn-graph`, `graph`, `simulate`.

use std::fs;
use std::path::Path;

use crate::common::{assert_refused, json, text, unspool};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn done(at: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = unspool(at, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    output.stdout
}

#[test]
fn weather_stations_become_a_graph_and_a_picture() {
    let at = folder();
    let arguments = ["learn-graph", "--example", "molene", "-o", "molene.graphml", "--json", "-q"];
    let document = json(&done(at.path(), &arguments));
    assert!(document["gap"].as_f64().unwrap() <= 1e-6);
    assert_eq!((document["nodes"].as_u64(), document["components"].as_u64()), (Some(37), Some(1)));
    let edges = document["edges"].as_array().unwrap();
    assert!((edges.len() as f64 - 111.0).abs() <= 2.0);
    assert!(edges.iter().all(|e| e[0].as_u64() < e[1].as_u64() && e[2].as_f64() > Some(0.0)));
    let picture = fs::read(at.path().join("molene.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 20_000);
    assert_refused(&unspool(at.path(), &arguments), &["molene.graphml", "is there already"]);

    let info = json(&done(at.path(), &["graph", "info", "molene.graphml", "--json"]));
    assert_eq!(info["edges"], edges.len());
    done(at.path(), &["graph", "plot", "molene.graphml", "-o", "map.svg"]);
    let map = fs::read_to_string(at.path().join("map.svg")).unwrap();
    assert!(map.contains("MERDRIGNAC") && map.contains("molene"));

    // through every format and back, to the same numbers
    for format in ["gexf", "json", "npz", "csv", "mtx"] {
        let file = format!("graph.{format}");
        done(at.path(), &["graph", "convert", "molene.graphml", &file]);
        done(at.path(), &["graph", "convert", &file, "back.mtx", "--force"]);
        let back = fs::read(at.path().join("back.mtx")).unwrap();
        done(at.path(), &["graph", "convert", "molene.graphml", "direct.mtx", "--force"]);
        assert!(back == fs::read(at.path().join("direct.mtx")).unwrap(), "{format}");
    }
}

/// All log-degree methods find one optimum; every method runs.
#[test]
fn methods() {
    let at = folder();
    let learn = |method: &str| {
        let out = format!("{method}.csv");
        let arguments =
            ["learn-graph", "--example", "molene", "--method", method, "-o", &out, "--json", "-q", "--no-picture"];
        json(&done(at.path(), &arguments))
    };
    let best = learn("log-degree")["objective"].as_f64().unwrap();
    for method in ["fdpg", "pds", "relaxed"] {
        let document = learn(method);
        let (objective, gap) = (document["objective"].as_f64().unwrap(), document["gap"].as_f64().unwrap());
        assert!(gap <= 1e-6 && (objective - best).abs() <= 1e-6 * best.abs(), "{method}");
    }
    let [plain, refitted] = ["laplacian", "refitted"].map(|method| learn(method)["edges"].as_array().unwrap().len());
    assert!(refitted < plain);
    for method in ["pseudo-inverse", "correlation"] {
        assert!(learn(method)["gap"].is_null());
    }
    let learned = ["learn-graph", "--example", "molene", "--method", "learned", "--degree", "5", "-o", "l.csv", "-q"];
    let told = text(&done(at.path(), &learned));
    assert!(told.contains("the method learned knows nothing of --degree"), "{told}");
    // the picture is there already
    let again = unspool(at.path(), &["learn-graph", "--example", "molene", "-o", "l.graphml"]);
    assert!(text(&again.stderr).contains("--no-picture"), "{}", text(&again.stderr));
}

/// The golden instance of the log-degree model, as ready distances.
#[test]
fn ready_distances() {
    let at = folder();
    fs::write(at.path().join("z.csv"), "0,0.2,1,0.6\n0.2,0,0.5,1.2\n1,0.5,0,0.4\n0.6,1.2,0.4,0\n").unwrap();
    let arguments = ["learn-graph", "--distances", "z.csv", "--alpha", "1", "--beta", "1", "--tolerance", "1e-15"];
    let output = done(at.path(), &[&arguments[..], &["--json", "-q", "--no-picture"]].concat());
    let document = json(&output);
    assert!((document["objective"].as_f64().unwrap() - 2.6167051933260064).abs() < 1e-10);
    let golden = [(0, 1, 0.70441107), (0, 3, 0.37569351), (1, 2, 0.42810989), (2, 3, 0.59939233)];
    let edges = document["edges"].as_array().unwrap();
    assert_eq!(edges.len(), golden.len());
    for (edge, (i, j, w)) in edges.iter().zip(golden) {
        assert_eq!((edge[0].as_u64(), edge[1].as_u64()), (Some(i), Some(j)));
        assert!((edge[2].as_f64().unwrap() - w).abs() < 1e-8);
    }
}

#[test]
fn simulated_signals_are_learned_and_scored() {
    let at = folder();
    let simulate = |seed: &str, signals: &str, truth: &str| {
        let arguments = ["simulate", "ba:3", "--nodes", "20", "--signals", "3000", "--seed", seed];
        done(at.path(), &[&arguments[..], &["-o", signals, "-g", truth]].concat());
    };
    simulate("1", "one.csv", "one.graphml");
    simulate("2", "two.npy", "two.npz");
    for (signals, out) in [("one.csv", "l1.graphml"), ("two.npy", "l2.gexf")] {
        done(at.path(), &["learn-graph", signals, "--method", "refitted", "-o", out, "-q", "--no-picture"]);
    }
    let one = json(&done(at.path(), &["graph", "score", "l1.graphml", "one.graphml", "--json"]));
    assert!(one["scores"]["gmse"]["value"].as_f64().unwrap() < 0.03);
    let auc = &one["scores"]["auc"];
    assert!(auc["low"].as_f64() <= auc["value"].as_f64() && auc["value"].as_f64() <= auc["high"].as_f64());
    let both = ["graph", "score", "l1.graphml", "one.graphml", "l2.gexf", "two.npz"];
    let table = text(&done(at.path(), &both));
    assert!(table.contains("Student's t") && table.contains("hamming"));
    assert_refused(&unspool(at.path(), &both[..5]), &["3 graphs"]);
    assert_refused(&unspool(at.path(), &["graph", "score", "l1.graphml", "missing.npz"]), &["missing.npz"]);
}

/// Held-out signals choose the sparsity; a stream updates its graph in few iterations; large graphs are searched.
#[test]
fn other_ways_to_learn() {
    let at = folder();
    let common = ["--json", "-q", "--no-picture", "--force"];
    let run = |more: &[&str]| json(&done(at.path(), &[&["learn-graph"], more, &common[..]].concat()));
    for (seed, name) in [("3", "a.csv"), ("3", "b.csv")] {
        let rows = if name == "a.csv" { "400" } else { "300" };
        let arguments =
            ["simulate", "rgg:8", "--nodes", "40", "--signals", rows, "--seed", seed, "-o", name, "--force"];
        done(at.path(), &arguments);
    }
    let chosen = run(&["a.csv", "--held-out", "b.csv"]);
    let path = chosen["held_out"]["path"].as_array().unwrap();
    let least = path.iter().map(|p| p[1].as_f64().unwrap()).fold(f64::INFINITY, f64::min);
    assert_eq!(chosen["held_out"]["loss"].as_f64().unwrap(), least);
    let stream = run(&["a.csv", "--chunk", "50", "--forgetting", "0.99"]);
    let updates = stream["updates"].as_array().unwrap();
    assert_eq!(updates.len(), 8);
    assert!(updates[1..].iter().all(|u| u["iterations"].as_u64().unwrap() <= 8), "{updates:?}");
    // all pairs in memory, or searched: the same optimum
    let dense = run(&["a.csv", "--tolerance", "1e-10", "--alpha", "1", "--beta", "1"]);
    let sparse = run(&["a.csv", "--tolerance", "1e-10", "--alpha", "1", "--beta", "1", "--dense-up-to", "10"]);
    assert!(sparse["search"]["rounds"].as_u64() >= Some(1));
    let [dense, sparse] = [dense, sparse].map(|d| d["objective"].as_f64().unwrap());
    assert!((dense - sparse).abs() <= 1e-9 * dense.abs());
}

#[test]
fn missing_values_and_pieces_are_told() {
    let at = folder();
    let mut rows = String::from("a,b,c,d\n");
    for k in 0..40 {
        let x = f64::from(k % 7);
        let hole = if k % 5 == 0 { String::new() } else { format!("{}", x + 0.1 * f64::from(k % 3)) };
        rows += &format!("{x},{hole},{},{}\n", 100.0 - x, 100.0 - x - 0.1 * f64::from(k % 2));
    }
    fs::write(at.path().join("s.csv"), rows).unwrap();
    let told = text(&done(at.path(), &["learn-graph", "s.csv", "--degree", "1", "-q"]));
    assert!(told.contains("8 values (5.0 %) are missing"), "{told}");
    assert!(told.contains("2 components") && told.contains("the graph is in 2 pieces"), "{told}");
}

#[test]
fn bad_input_is_refused() {
    let at = folder();
    let refused = |content: &[u8], name: &str, more: &[&str], parts: &[&str]| {
        fs::write(at.path().join(name), content).unwrap();
        let output = unspool(at.path(), &[&["learn-graph", name, "-q"], more].concat());
        assert_refused(&output, parts);
    };
    refused(b"a,b,c\n1,1,1\n2,2,2\n", "constant.csv", &[], &["all distances are zero"]);
    refused(b"a,b,c\n1,2,3\n1,5,6\n", "still.csv", &["--standardise"], &["node a never changes"]);
    refused(b"a\n1\n2\n", "one.csv", &[], &["one.csv", "1 node"]);
    refused(b"a,b,c\n1,2,3\n1,2\n", "ragged.csv", &[], &["ragged.csv", "line 3", "2 cells"]);
    refused(b"a,b,c\n1,2,3\n1,x,4\n", "word.csv", &[], &["word.csv", "line 3", "column 2 (b)", "x"]);
    refused(b"a,b,c\n1,2,inf\n", "inf.csv", &[], &["inf.csv", "line 2"]);
    refused(b"", "empty.csv", &[], &["empty.csv"]);
    refused(b"a,b,c\n", "header.csv", &[], &["header.csv"]);
    refused(b"\xff\xfe\n1,2\n", "bytes.csv", &[], &["bytes.csv"]);
    refused(b"a,b,c\n1,,3\n,2,\n", "apart.csv", &[], &["never observed together"]);
    refused(b"a,b,c\n1,2,4\n2,5,3\n", "few.csv", &["--degree", "2"], &["average degree", "2"]);
    refused(b"a,b,c\n1,2,4\n2,5,3\n", "few2.csv", &["--degree", "nan"], &["average degree"]);
    refused(b"a,b,c\n1,2,4\n2,5,3\n", "few3.csv", &["--ignore", "z"], &["no node is called"]);
    refused(b"a,b,c\n1,2,4\n2,5,3\n", "few4.csv", &["-o", "graph.xyz"], &["graph.xyz"]);
    refused(
        b"a,b,c\n1,1,4\n2,2,3\n",
        "twins.csv",
        &["--method", "laplacian"],
        &["nodes 0 and 1 have the same signals"],
    );
    let mut claim = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let mut header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10, 1000000000), }".to_vec();
    header.resize(117, b' ');
    header.push(b'\n');
    claim.extend(header);
    refused(&claim, "claim.npy", &[], &["claim.npy"]);
    assert_refused(&unspool(at.path(), &["learn-graph", "nowhere.csv"]), &["nowhere.csv"]);
    assert_refused(&unspool(at.path(), &["simulate", "ba:3"]), &["number of nodes"]);
    assert_refused(&unspool(at.path(), &["simulate", "tree:3", "--nodes", "9"]), &["tree:3"]);
}

/// What is small or odd, but has an answer.
#[test]
fn small_input_has_an_answer() {
    let at = folder();
    let learn = |content: &str, more: &[&str]| {
        fs::write(at.path().join("s.csv"), content).unwrap();
        let common = ["learn-graph", "s.csv", "-q", "--json", "--no-picture", "--force"];
        json(&done(at.path(), &[&common[..], more].concat()))
    };
    let two = learn("a,b\n1,2\n4,2\n", &[]);
    assert_eq!(two["edges"].as_array().unwrap().len(), 1);
    let single = learn("a,b,c,d\n1,2,4,9\n", &["--degree", "1.5"]);
    assert!(single["gap"].as_f64().unwrap() <= 1e-6 && single["warnings"][0].as_str().unwrap().contains("few"));
    let twins = learn("a,b,c,d\n1,1,4,9\n2,2,6,3\n", &["--degree", "1"]);
    assert!(twins["gap"].as_f64().unwrap() <= 1e-6);
    for scale in ["1e-150", "1e150"] {
        let content = format!("a,b,c,d\n1{0},3{0},4{0},9{0}\n2{0},1{0},6{0},3{0}\n", &scale[1..]);
        let extreme = unspool(at.path(), &["learn-graph", "s.csv", "-q", "--force", "--no-picture"]);
        fs::write(at.path().join("s.csv"), content).unwrap();
        assert!(!text(&extreme.stderr).contains("panicked"));
    }
}
