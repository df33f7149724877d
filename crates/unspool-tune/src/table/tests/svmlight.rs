//! svmlight files: what is read, and what is said about each thing that is wrong.

use super::super::{Features, ReadOptions, read_from};
use super::{says, svm, target};

#[test]
fn reads_rows_with_comments_and_gaps() {
    let table = svm("# made by hand\n+1 1:0.5 4:-2 # first\r\n\n-1\n  1\t2:1e3  4:0\n# end").unwrap();
    assert_eq!(table.columns, Vec::<String>::new());
    assert_eq!(table.target.name, "target");
    assert_eq!(table.target.values, [1.0, -1.0, 1.0]);
    let expected = Features::Sparse {
        rows: 3,
        cols: 4,
        indptr: vec![0, 2, 2, 4],
        indices: vec![0, 3, 1, 3],
        data: vec![0.5, -2.0, 1000.0, 0.0],
    };
    assert_eq!(table.features, expected);
    expected.check().unwrap();
    assert_eq!(table.column_name(2), "3");
}

#[test]
fn constant_and_empty_columns_are_kept() {
    let table = svm("1 1:1 9:1\n2 1:1\n").unwrap();
    assert_eq!((table.rows(), table.features.cols(), table.features.stored()), (2, 9, 3));
}

#[test]
fn the_format_is_judged_by_name_or_content() {
    let text = "1 1:0.5\n2 2:1\n";
    for name in ["a.svm", "a.svmlight", "a.LIBSVM", "a.txt", "a", "a.data"] {
        let table = read_from(text.as_bytes(), name, &ReadOptions::default()).unwrap();
        assert!(table.features.is_sparse(), "{name}");
    }
    let commented = "\u{feff}# x,y\n\n1 qid:1 1:2\n".as_bytes();
    let error = read_from(commented, "a.txt", &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("ranking"), "{error}");
    for name in ["a.txt", "a"] {
        let table = read_from("x,y\n1,2\n3,4\n".as_bytes(), name, &target("y")).unwrap();
        assert!(!table.features.is_sparse(), "{name}");
    }
}

#[test]
fn entries_that_are_wrong() {
    let at = |entries: &str| svm(format!("1 1:1\n\n2 {entries}\n"));
    says(at("0:1"), r#"t.svm, line 3: "0:1" has index 0, and indices count from 1"#, "add 1");
    says(at("5:1 3:1"), "t.svm, line 3: index 3 comes after index 5, and indices must increase", "sort");
    says(at("5:1 5:1"), "t.svm, line 3: index 5 comes after index 5, and indices must increase", "keep one");
    let limit = "has an index above the limit of 16777216";
    for index in ["4000000000", "99999999999999999999999999", "16777217"] {
        says(at(&format!("{index}:1")), &format!(r#"t.svm, line 3: "{index}:1" {limit}"#), "limit");
    }
    for entry in ["x:1", "-1:1", "1.5:1", "3", ":1", "+3:1", "٣:1"] {
        says(at(entry), &format!("t.svm, line 3: {entry:?} is not of the form index:value"), "3:0.5");
    }
    says(at("qid:3 1:1"), r#"t.svm, line 3: "qid:3" is a query id of a ranking problem"#, "remove the qid");
    says(at("7:abc"), r#"t.svm, line 3, column 7: "abc" is not a number"#, "");
    says(at("7:1:2"), r#"t.svm, line 3, column 7: "1:2" is not a number"#, "");
    says(at("7:nan"), r#"t.svm, line 3, column 7: "nan" is not a finite number"#, "missing");
    says(at("7:"), "t.svm, line 3, column 7: the cell is empty", "missing");
}

#[test]
fn targets_that_are_wrong() {
    says(
        svm("1 1:1\n3:1\n"),
        r#"t.svm, line 2: the line begins with "3:1" where the target should stand"#,
        "begin each line",
    );
    says(svm("1 1:1\nx 3:1\n"), r#"t.svm, line 2: "x" is not a number"#, "");
    says(svm("1 1:1\n1,2 3:1\n"), r#"t.svm, line 2: "1,2" is not a number"#, "");
    says(svm("1 1:1\ninf 3:1\n"), r#"t.svm, line 2: "inf" is not a finite number"#, "");
    says(svm("2 1:1\n2 3:1\n"), r#"t.svm, column "target": the target is "2" in every row"#, "");
    let named = read_from("1 1:1\n".as_bytes(), "t.svm", &target("y"));
    says(named, r#"t.svm: is an svmlight file, which has no column names such as "y""#, "leave the name out");
}

#[test]
fn files_with_too_little_in_them() {
    says(svm(""), "t.svm: the file is empty", "");
    says(svm("# nothing\n\n"), "t.svm: there are no rows of data", "");
    says(svm("1 1:1\n"), "t.svm: has 1 row of data where at least 2 are needed", "add rows");
    says(svm("1\n2\n"), "t.svm: there are no feature columns", "add columns");
    says(svm(b"1 1:1\n2 1:2 # \xff\n"), "t.svm, line 2: not UTF-8 text (byte 14 of the file)", "UTF-8");
    says(svm(b"\x1f\x8b\x08\0\0"), "t.svm: is a gzip-compressed file, not text", "gunzip");
}

#[test]
#[ignore = "a timing; run with --release"]
fn a_million_values_in_well_under_a_second() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for row in 0..20_000_u64 {
        let _ = write!(text, "{}", row % 2);
        for k in 0..50_u64 {
            let index = k * 1000 + (row * 7919 + k * 104_729) % 1000 + 1;
            let _ = write!(text, " {index}:{}", f64::from(u32::try_from(index).unwrap()).sqrt());
        }
        text.push('\n');
    }
    let start = std::time::Instant::now();
    let table = svm(&text).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(table.features.stored(), 1_000_000);
    println!("{:.1} MB in {seconds:.3} s", text.len() as f64 / 1e6);
    assert!(seconds < 0.5, "{seconds} s");
}
