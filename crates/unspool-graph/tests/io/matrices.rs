//! Signals and distances.

use unspool_graph::Signals;
use unspool_graph::io::{ReadOptions, parse_distances, parse_signals, read_signals};

use crate::common::{archive, doubles, gzip, npy, refused};

const PLAIN: ReadOptions = ReadOptions { transpose: false, header: None };

fn csv(text: &str) -> unspool_graph::Result<Signals> {
    parse_signals("x.csv", text.as_bytes(), &PLAIN)
}

/// Names, observations, and values with missing ones as -1.
fn seen(signals: &Signals) -> (Vec<&str>, usize, Vec<f64>) {
    let names = signals.names().iter().map(String::as_str).collect();
    (names, signals.observations(), signals.values().iter().map(|v| if v.is_nan() { -1.0 } else { *v }).collect())
}

#[test]
fn tables() {
    for (text, names, rows, values) in [
        ("a,b\n1,2\n3,4\n", vec!["a", "b"], 2, vec![1.0, 2.0, 3.0, 4.0]),
        ("\u{feff}a , b\r\n1, 2e0\r\n\r\n", vec!["a", "b"], 1, vec![1.0, 2.0]),
        ("1,2\n3,4\n", vec![], 2, vec![1.0, 2.0, 3.0, 4.0]),
        ("1,2,3\n,NA,nan\n", vec![], 2, vec![1.0, 2.0, 3.0, -1.0, -1.0, -1.0]),
        ("1.0,,NaN\n4,5,6", vec![], 2, vec![1.0, -1.0, -1.0, 4.0, 5.0, 6.0]),
        (",a,b\n0,1,2\n1,3,4\n", vec!["a", "b"], 2, vec![1.0, 2.0, 3.0, 4.0]),
        (",0,1,2\n0,1,2,3\n", vec!["0", "1", "2"], 1, vec![1.0, 2.0, 3.0]),
        ("animal,legs,wings\ncow,4,0\nduck,2,2\n", vec!["legs", "wings"], 2, vec![4.0, 0.0, 2.0, 2.0]),
        ("\"a,\"\"b\nc\",d\n1,2\n", vec!["a,\"b\nc", "d"], 1, vec![1.0, 2.0]),
        ("\na;b\n1;2\n", vec!["a", "b"], 1, vec![1.0, 2.0]),
        ("0,1\n1,0\n", vec![], 2, vec![0.0, 1.0, 1.0, 0.0]),
    ] {
        let signals = csv(text).unwrap();
        assert_eq!(seen(&signals), (names, rows, values), "{text:?}");
        let zipped = parse_signals("x.csv.gz", &gzip(text.as_bytes()), &PLAIN).unwrap();
        assert_eq!(seen(&zipped), seen(&signals));
    }
    let tabs = parse_signals("x.TSV", b"a\tb\n1\t2\n", &PLAIN).unwrap();
    assert_eq!(seen(&tabs), (vec!["a", "b"], 1, vec![1.0, 2.0]));
}

#[test]
fn transposed() {
    let turned = ReadOptions { transpose: true, ..PLAIN };
    let signals = parse_signals("x.csv", b"node,t1,t2,t3\np,1,2,3\nq,4,,6\n", &turned).unwrap();
    assert_eq!(seen(&signals), (vec!["p", "q"], 3, vec![1.0, 4.0, 2.0, -1.0, 3.0, 6.0]));
    let signals = parse_signals("x.npy", &doubles("(2, 3)", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), &turned).unwrap();
    assert_eq!(seen(&signals), (vec![], 3, vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
}

#[test]
fn a_header_can_be_told() {
    let with = |header| parse_signals("x.csv", b"0,1,2\n3,4,5\n", &ReadOptions { header, ..PLAIN });
    refused(with(None), &["line 1", "may be a header or data"]);
    assert_eq!(with(Some(true)).unwrap().names(), ["0", "1", "2"]);
    assert_eq!(with(Some(false)).unwrap().observations(), 2);
}

#[test]
fn bad_tables() {
    for (text, parts) in [
        ("a,b\n1,2\n\n3,x\n", ["x.csv, line 4, column 2 (b)", "\"x\" is not a number"]),
        ("a,b\r\n1,2\r\n3,x\r\n", ["line 3, column 2 (b)", "\"x\""]),
        ("a,b\nx,2\n1,3\n", ["line 2, column 1 (a)", "\"x\""]),
        ("id,a,b\nu,1,x\n", ["line 2, column 3 (b)", "\"x\""]),
        ("1,2\n3,\"4\n5\"\n", ["line 2, column 2", "\"4\\n5\""]),
        ("a,b\n1,2,3\n", ["line 2", "3 cells, the first row has 2"]),
        ("a,b\n1\n", ["line 2", "1 cells"]),
        ("a,b\n1,inf\n", ["line 2, column 2 (b)", "is inf"]),
        ("a,b\n1,1e999\n", ["line 2", "is inf"]),
        ("a,b\n1,1.5,\n", ["line 2", "3 cells"]),
        ("a,a\n1,2\n", ["line 1, column 2", "column 1"]),
        ("a,\n1,2\n", ["line 1, column 2", "no name"]),
        ("a,b\n", ["x.csv", "no row after it"]),
        ("a\n1\n", ["x.csv", "1 node"]),
        ("", ["x.csv", "empty"]),
        ("\n\r\n", ["x.csv", "empty"]),
    ] {
        refused(csv(text), &parts);
    }
    refused(parse_signals("x.csv", b"a,b\n1,2\n3,\xe9\n", &PLAIN), &["line 3", "UTF-8"]);
    refused(parse_signals("x.csv.gz", b"a,b\n1,2\n", &PLAIN), &["decompressed"]);
    refused(parse_signals("x.xlsx", b"PK", &PLAIN), &["unknown kind of file"]);
    refused(parse_signals("x.npy", b"", &PLAIN), &["empty"]);
    assert!(read_signals("/nonexistent/x.csv", &PLAIN).is_err());
}

#[test]
fn arrays() {
    let all = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let made = |descr: &str, fortran: &str, data: Vec<u8>| {
        let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': (2, 3), }}   \n");
        seen(&parse_signals("x.npy", &npy(&header, &data), &PLAIN).unwrap()).2
    };
    let numbers = [1, 2, 3, 4, 5, 6_i8];
    assert_eq!(made("<f8", "False", numbers.iter().flat_map(|&v| f64::from(v).to_le_bytes()).collect()), all);
    assert_eq!(made(">f8", "False", numbers.iter().flat_map(|&v| f64::from(v).to_be_bytes()).collect()), all);
    assert_eq!(made("<f4", "False", numbers.iter().flat_map(|&v| f32::from(v).to_le_bytes()).collect()), all);
    assert_eq!(made("<i8", "False", numbers.iter().flat_map(|&v| i64::from(v).to_le_bytes()).collect()), all);
    assert_eq!(made(">i2", "False", numbers.iter().flat_map(|&v| i16::from(v).to_be_bytes()).collect()), all);
    assert_eq!(made("|u1", "False", numbers.iter().map(|&v| v as u8).collect()), all);
    assert_eq!(made("|b1", "False", vec![1, 0, 1, 0, 0, 1]), [1.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    assert_eq!(made("|i1", "True", vec![1, 4, 2, 5, 3, 6]), all);
}

#[test]
fn archives() {
    let matrix = || doubles("(1, 2)", &[1.0, f64::NAN]);
    let names = || npy("{'descr': '<U1', 'fortran_order': False, 'shape': (2,), }", b"a\0\0\0b\0\0\0");
    let read = |files: &[(&str, Vec<u8>)]| parse_signals("x.npz", &archive(files), &PLAIN);
    assert_eq!(
        seen(&read(&[("data.npy", matrix()), ("names.npy", names())]).unwrap()),
        (vec!["a", "b"], 1, vec![1.0, -1.0])
    );
    assert!(read(&[("X.npy", matrix()), ("other.npy", matrix())]).is_ok());
    assert!(read(&[("signals.npy", matrix()), ("t.npy", doubles("(1,)", &[0.0]))]).is_ok());
    assert!(read(&[("m.npy", matrix()), ("t.npy", doubles("(1,)", &[0.0])), ("note.txt", vec![1])]).is_ok());
    refused(read(&[("a.npy", matrix()), ("b.npy", matrix())]), &["several matrices"]);
    refused(read(&[("a.txt", matrix())]), &["no matrix"]);
    refused(
        read(&[("X.npy", doubles("(1, 3)", &[1.0; 3])), ("names.npy", names())]),
        &["array names", "2 names for 3"],
    );
}

#[test]
fn distances() {
    let square = "0,1,2\n1,0,3\n2,3,0.0\n";
    let half = vec![1.0, 2.0, 3.0];
    let read = |text: &str| parse_distances("z.csv", text.as_bytes());
    assert_eq!(read(&square.replace("0.0", "0").replacen("0,1,2", "0,1.0,2", 1)).unwrap().half, half);
    let named = read(&format!(",a,b,c\na,{}", square.replace("\n1", "\nb,1").replace("\n2", "\nc,2"))).unwrap();
    assert_eq!((named.half, named.names), (half.clone(), vec!["a".to_string(), "b".into(), "c".into()]));
    assert_eq!(read("1,2,3.0\n").unwrap().half, half);
    assert_eq!(read("1\n2\n3\n").unwrap().half, half);
    assert_eq!(parse_distances("z.npy", &doubles("(3,)", &half)).unwrap().nodes, 3);
    assert_eq!(parse_distances("z.npz", &archive(&[("Z.npy", doubles("(3,)", &half))])).unwrap().nodes, 3);
    assert_eq!(parse_distances("z.npy", &doubles("(2, 2)", &[0.0, 4.0, 4.0, 0.0])).unwrap().half, [4.0]);
    // Rounding is no asymmetry.
    assert!(read("0,1.0000000000000002\n1,1e-17\n").is_ok());
    for (text, parts) in [
        ("0,1,2.5\n1,0,3\n2,3,0\n", ["line 1, column 3", "this entry is 2.5, its mirror image 2"]),
        ("0,1.5\n1.5,2\n", ["line 2, column 2", "itself is 2"]),
        ("0,-1.5\n-1.5,0\n", ["line 1, column 2", "is -1.5"]),
        ("0,1.5\nNA,0\n", ["line 2, column 1", "is NaN"]),
        ("0,1.5,2\n1.5,0,3\n", ["z.csv", "2 rows and 3 columns"]),
        ("1,2\n", ["z.csv", "2 distances"]),
    ] {
        refused(read(text), &parts);
    }
}

/// Sensors called by numbers, as METR-LA's.
#[test]
fn whole_numbers_above_measurements_are_names() {
    let read = |text: &str| parse_signals("s.csv", text.as_bytes(), &ReadOptions::default()).unwrap();
    let sensors = read("773869,767541,767542\n64.375,67.625,67\n62,66.5,64\n");
    assert_eq!((sensors.observations(), sensors.names()), (2, &["773869", "767541", "767542"].map(String::from)[..]));
    assert_eq!(read("3,1,2\n4,5,6\n").observations(), 2);
    assert_eq!(read("3,3,2\n4,5.5,6\n").observations(), 2);
}
