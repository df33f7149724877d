//! Files on disk and the tables that come with the library.

use std::fs;
use std::io::{self, Read};

use super::super::{EXAMPLES, Features, ReadOptions, Schema, example, read, read_from, read_new_rows};
use super::{csv_y, says, target};

#[test]
fn reads_files_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.csv");
    fs::write(&path, "a,y\n1,2\n3,4\n").unwrap();
    let table = read(&path, &target("y")).unwrap();
    assert_eq!(table.source, path.display().to_string());
    assert_eq!(table.rows(), 2);
    let rows = read_new_rows(&path, Schema::Named(&table.columns), &ReadOptions::default()).unwrap();
    assert_eq!(rows.features, table.features);
}

#[test]
fn files_that_are_not_there_or_not_files() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().display();
    says(read(folder.path(), &target("y")), &format!("{name}: is a folder, not a file"), "inside");
    let missing = folder.path().join("no\nsuch.csv");
    let error = read(missing, &target("y")).unwrap_err();
    assert!(error.to_string().ends_with(r#"no\nsuch.csv": no such file"#), "{error}");
    assert!(error.hint().unwrap().contains("path"));
}

#[test]
fn compressed_and_binary_files() {
    for (start, kind, hint) in [
        (&b"\x1f\x8b\x08\x00"[..], "gzip-compressed", "gunzip"),
        (b"PK\x03\x04\x14\0", "zip or Excel", "CSV"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd-compressed", "unzstd"),
        (b"\xfd7zXZ\0\0\x04", "xz-compressed", "unxz"),
        (b"BZh91AY&SY", "bzip2-compressed", "bunzip2"),
        (b"PAR1\x15\x04", "Parquet", "CSV"),
    ] {
        says(csv_y(start), &format!("t.csv: is a {kind} file, not text"), hint);
    }
    assert!(csv_y("PAR1,y\n1,2\n3,4\n").is_ok());
}

#[test]
fn a_source_that_fails_midway() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    for (name, options) in [("t.csv", target("y")), ("t.svm", ReadOptions::default())] {
        let source = "a,y\n".as_bytes().take(if name == "t.csv" { 4 } else { 0 }).chain(Failing);
        let error = read_from(source, name, &options).unwrap_err();
        assert_eq!(error.to_string(), format!("{name}: cannot be read: the disk is gone"));
    }
}

#[test]
fn a_source_of_single_bytes_reads_the_same() {
    struct Drip<'a>(&'a [u8]);
    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = out.len().min(1).min(self.0.len());
            let (head, tail) = self.0.split_at(count);
            out[..count].copy_from_slice(head);
            self.0 = tail;
            Ok(count)
        }
    }
    let text = "\u{feff}\"a\nb\",y\r\n1,2\r\n\r\n3,\"4\"";
    let whole = read_from(text.as_bytes(), "t", &target("y")).unwrap();
    assert_eq!(read_from(Drip(text.as_bytes()), "t", &target("y")).unwrap(), whole);
}

#[test]
fn examples_are_whole() {
    let wdbc = example("wdbc").unwrap();
    assert_eq!(wdbc.source, "example wdbc");
    assert_eq!((wdbc.rows(), wdbc.features.cols(), wdbc.columns.len()), (569, 30, 30));
    assert_eq!(wdbc.target.values.iter().sum::<f64>(), 357.0);
    let diabetes = example("diabetes").unwrap();
    assert_eq!((diabetes.rows(), diabetes.features.cols()), (442, 10));
    assert_eq!(diabetes.target.values.iter().sum::<f64>(), 67243.0);
    for known in EXAMPLES {
        let table = example(known.name).unwrap();
        assert_eq!(table.target.name, known.target);
        table.features.check().unwrap();
        assert!(!known.about.is_empty() && !known.attribution.is_empty());
    }
    says(example("wdcb"), r#"there is no example "wdcb""#, r#"the examples are "wdbc", "diabetes""#);
    says(example("diabetis"), r#"there is no example "diabetis"; the nearest is "diabetes""#, "the examples");
}

#[test]
fn rows_are_selected_in_order() {
    let dense = Features::Dense { rows: 3, cols: 2, data: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] };
    let picked = dense.select_rows(&[2, 0, 2]).unwrap();
    assert_eq!(picked, Features::Dense { rows: 3, cols: 2, data: vec![5.0, 6.0, 1.0, 2.0, 5.0, 6.0] });
    let sparse = Features::Sparse {
        rows: 3,
        cols: 4,
        indptr: vec![0, 2, 2, 3],
        indices: vec![0, 3, 1],
        data: vec![1.0, 2.0, 3.0],
    };
    let expected = Features::Sparse {
        rows: 3,
        cols: 4,
        indptr: vec![0, 1, 1, 3],
        indices: vec![1, 0, 3],
        data: vec![3.0, 1.0, 2.0],
    };
    assert_eq!(sparse.select_rows(&[2, 1, 0]).unwrap(), expected);
    assert_eq!(sparse.select_rows(&[]).unwrap().rows(), 0);
    let beyond = "row 3 (counted from 0) was asked for, and there are 3 rows";
    for features in [dense, sparse] {
        assert_eq!(features.select_rows(&[0, 3]).unwrap_err().to_string(), beyond);
    }
}

#[test]
fn matrices_put_together_wrongly_are_found() {
    let dense = |rows, cols, data: &[f64]| Features::Dense { rows, cols, data: data.to_vec() };
    let sparse = |indptr: &[usize], indices: &[u32]| Features::Sparse {
        rows: 2,
        cols: 3,
        indptr: indptr.to_vec(),
        indices: indices.to_vec(),
        data: vec![1.0; 3],
    };
    sparse(&[0, 1, 3], &[2, 0, 1]).check().unwrap();
    for wrong in [
        dense(2, 2, &[1.0; 3]),
        dense(usize::MAX, usize::MAX, &[]),
        dense(1, 1, &[f64::NAN]),
        sparse(&[0, 3], &[0, 1, 2]),
        sparse(&[0, 2, 3], &[0, 1]),
        sparse(&[0, 2, 3], &[1, 1, 2]),
        sparse(&[0, 2, 3], &[1, 0, 2]),
        sparse(&[0, 2, 3], &[0, 3, 1]),
        sparse(&[0, 4, 3], &[0, 1, 2]),
        sparse(&[1, 2, 3], &[0, 1, 2]),
        sparse(&[0, 1, 2], &[0, 1, 2]),
    ] {
        assert!(wrong.check().is_err(), "{wrong:?}");
        let _ = wrong.select_rows(&[0, 1]);
        let _ = wrong.select_rows(&[usize::MAX]);
    }
}
