//! Files that are cut, broken or made to harm: errors, never a panic, and no memory for what a header claims.

use proptest::prelude::*;
use unspool_graph::io::{GraphFormat, ReadOptions, parse_distances, parse_nodes, parse_signals};

use crate::common::{archive, awkward, doubles, gzip, npy, refused};

const PLAIN: ReadOptions = ReadOptions { transpose: false, header: None };

/// Reads the bytes in all ways that their extension allows.
fn read_all(extension: &str, bytes: &[u8]) {
    let file = format!("x.{extension}");
    for transpose in [false, true] {
        for header in [None, Some(false), Some(true)] {
            let _ = parse_signals(&file, bytes, &ReadOptions { transpose, header });
        }
    }
    let _ = parse_distances(&file, bytes);
    let _ = parse_nodes(&file, bytes);
    if let Ok(format) = GraphFormat::of(&file) {
        let _ = format.parse(&file, bytes);
    }
}

/// A valid file of each kind.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let mut samples: Vec<(&str, Vec<u8>)> =
        GraphFormat::ALL.iter().map(|format| (format.extension(), format.bytes(&awkward()).unwrap())).collect();
    let table = b"name,x,y\n\"a,\n\",1.5,NA\n\xc5\xbc,-3e4,0\n".to_vec();
    let matrix = doubles("(2, 2)", &[0.0, 4.0, 4.0, 0.0]);
    samples.push(("csv.gz", gzip(&table)));
    samples.push(("csv", table));
    samples.push(("npz", archive(&[("X.npy", matrix.clone())])));
    samples.push(("npy", matrix));
    samples
}

#[test]
fn cut_at_every_byte() {
    for (extension, bytes) in samples() {
        for end in 0..bytes.len() {
            read_all(extension, &bytes[..end]);
        }
    }
}

#[test]
fn what_is_cut_is_refused_where_it_shows() {
    for format in [GraphFormat::GraphMl, GraphFormat::Gexf, GraphFormat::Json, GraphFormat::Npz] {
        let bytes = format.bytes(&awkward()).unwrap();
        // The last byte of a text is a line end.
        let whole = if format == GraphFormat::Npz { bytes.len() } else { bytes.len() - 1 };
        for end in 0..whole {
            refused(format.parse("g", &bytes[..end]), &["g"]);
        }
    }
    let bytes = doubles("(2, 2)", &[1.0, 2.0, 3.0, 4.0]);
    for end in 0..bytes.len() {
        refused(parse_signals("x.npy", &bytes[..end], &PLAIN), &["x.npy"]);
    }
    for (extension, bytes) in [("csv.gz", gzip(b"a,b\n1,2\n")), ("npz", archive(&[("X.npy", bytes)]))] {
        for end in 0..bytes.len() {
            refused(parse_signals(&format!("x.{extension}"), &bytes[..end], &PLAIN), &["x."]);
        }
    }
    let bytes = GraphFormat::MatrixMarket.bytes(&awkward()).unwrap();
    let last = bytes.len() - 1 - bytes.iter().rev().skip(1).position(|byte| *byte == b'\n').unwrap();
    for end in 0..last - 1 {
        refused(GraphFormat::MatrixMarket.parse("g", &bytes[..end]), &["g"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn bytes_are_changed(sample in 0..10_usize, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let samples = samples();
        let (extension, mut bytes) = samples[sample % samples.len()].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read_all(extension, &bytes);
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for extension in ["csv", "tsv", "csv.gz", "npy", "npz", "graphml", "gexf", "mtx", "json"] {
            read_all(extension, &bytes);
        }
        read_all("npy", &[b"\x93NUMPY\x01\x00\x20\x00", bytes.as_slice()].concat());
    }

    #[test]
    fn any_text(text in "(%%MatrixMarket matrix coordinate real general\n)?[0-9 ,.\"\n<>/&;a{}\\[\\]:-]{0,60}") {
        for extension in ["csv", "graphml", "gexf", "mtx", "json"] {
            read_all(extension, text.as_bytes());
        }
    }
}

fn header(descr: &str, shape: &str) -> String {
    format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")
}

#[test]
fn arrays_that_lie() {
    for (descr, shape, part) in [
        ("'<f8'", "(1000000000, 1000000000)", "does not fit the shape"),
        ("'<f8'", "(1000000000, 2)", "does not fit the shape"),
        ("'<f8'", "(18446744073709551615, 2)", "too large for any memory"),
        ("'<f8'", "(4294967296, 4294967296)", "too large for any memory"),
        ("'<f8'", "(2305843009213693952, 1)", "does not fit the shape"),
        ("'<f8'", "(99999999999999999999999, 2)", "without a shape"),
        ("'<f8'", "(-1, 2)", "without a shape"),
        ("'<f8'", "(1, 1)", "does not fit the shape"),
        ("'<f8'", "(0, 2)", "does not fit the shape"),
        ("'<f8'", "(2, 1, 1)", "has the shape [2, 1, 1]"),
        ("'<f8'", "(2,)", "has the shape [2]"),
        ("'<f8'", "()", "does not fit the shape"),
        ("'|O'", "(1, 2)", "pickled"),
        ("'|S8'", "(1, 2)", "text, not numbers"),
        ("'<U2'", "(1, 2)", "text, not numbers"),
        ("'<c16'", "(1, 1)", "type"),
        ("'<f2'", "(4, 2)", "type"),
        ("'<M8[ns]'", "(1, 2)", "type"),
        ("'<U9999999999999999999'", "(1, 2)", "type"),
        ("'é'", "(1, 2)", "type"),
        ("'<é8'", "(1, 2)", "type"),
        ("'<\u{feff}'", "(1, 2)", "type"),
        ("''", "(1, 2)", "type"),
        ("[('a', '<f8'), ('b', '<f8')]", "(1,)", "records"),
    ] {
        let bytes = npy(&header(descr, shape), &[0; 16]);
        refused(parse_signals("x.npy", &bytes, &PLAIN), &[part]);
        refused(parse_signals("x.npz", &archive(&[("X.npy", bytes)]), &PLAIN), &["X"]);
    }
    refused(parse_signals("x.npy", &npy(&header("'<f8'", "(0, 2)"), &[]), &PLAIN), &["is empty"]);
    for broken in ["", "{}", "{'descr': '<f8'}", "{'descr': '<f8', 'fortran_order': Maybe, 'shape': (1,2)}", "'descr"] {
        refused(parse_signals("x.npy", &npy(broken, &[0; 16]), &PLAIN), &["header"]);
    }
    let long = [b"\x93NUMPY\x02\x00\xff\xff\xff\xff".as_slice(), &[b' '; 100]].concat();
    refused(parse_signals("x.npy", &long, &PLAIN), &["too long"]);
    let deep = npy(&header("'<f8'", &"(".repeat(60_000)), &[]);
    refused(parse_signals("x.npy", &deep, &PLAIN), &["without a shape"]);
}

#[test]
fn archives_that_explode() {
    // A little file that would become much: its header does not fit, so that the rest is never expanded.
    let zeros = vec![0; 200 << 20];
    let bomb = archive(&[("X.npy", zeros.clone())]);
    assert!(bomb.len() < 1 << 20);
    refused(parse_signals("x.npz", &bomb, &PLAIN), &["array X", "not an NPY array"]);
    let bomb = archive(&[("X.npy", npy(&header("'<f8'", "(1, 2)"), &zeros))]);
    refused(parse_signals("x.npz", &bomb, &PLAIN), &["array X", "does not fit its size"]);
    let bomb = archive(&[("X.npy", npy(&header("'<f8'", "(1000000000, 2)"), &zeros[..1000]))]);
    refused(parse_signals("x.npz", &bomb, &PLAIN), &["array X", "does not fit its size"]);
}

#[test]
fn sizes_that_lie_in_an_archive() {
    // The declared size of the entry is changed, in the local header and in the directory.
    let bytes = archive(&[("X.npy", doubles("(2, 2)", &[1.0, 2.0, 3.0, 4.0]))]);
    let length = doubles("(2, 2)", &[1.0; 4]).len() as u32;
    for claim in [0, 1, length - 1, length + 1, u32::MAX - 1, u32::MAX] {
        let mut lie = bytes.clone();
        let found: Vec<usize> = (0..lie.len() - 3).filter(|&at| lie[at..at + 4] == length.to_le_bytes()).collect();
        assert!(!found.is_empty());
        for at in found {
            lie[at..at + 4].copy_from_slice(&claim.to_le_bytes());
        }
        refused(parse_signals("x.npz", &lie, &PLAIN), &["x.npz"]);
    }
}

#[test]
fn entities_do_not_expand() {
    let laughs: String =
        (1..10).map(|i| format!("<!ENTITY l{i} \"{}\">", format!("&l{};", i - 1).repeat(10))).collect();
    let text = format!(
        "<!DOCTYPE graphml [<!ENTITY l0 \"ha\">{laughs}]><graphml><graph><node id=\"&l9;\"/></graph></graphml>"
    );
    refused(GraphFormat::GraphMl.parse("g", text.as_bytes()), &["document type"]);
    let outside = "<!DOCTYPE graphml SYSTEM \"file:///etc/passwd\"><graphml/>";
    refused(GraphFormat::GraphMl.parse("g", outside.as_bytes()), &["document type"]);
    let deep = format!("<graphml>{}", "<a>".repeat(100_000));
    refused(GraphFormat::GraphMl.parse("g", deep.as_bytes()), &["before all elements are closed"]);
}
