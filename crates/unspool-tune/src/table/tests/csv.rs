//! CSV tables: what is read, and what is said about each thing that is wrong.

use super::super::{Features, ReadOptions, TargetKind, read_from};
use super::{csv_y, says, target};

fn cells(text: impl AsRef<[u8]>) -> Vec<f64> {
    match csv_y(text).unwrap().features {
        Features::Dense { data, .. } => data,
        Features::Sparse { .. } => panic!("a CSV table is dense"),
    }
}

#[test]
fn reads_numbers_in_file_order() {
    let table = csv_y("a,y,b\n1,10,2\n3,20,4\n").unwrap();
    assert_eq!(table.source, "t.csv");
    assert_eq!(table.columns, ["a", "b"]);
    assert_eq!(table.target.name, "y");
    assert_eq!(table.target.values, [10.0, 20.0]);
    assert_eq!(table.target.labels, None);
    let expected = Features::Dense { rows: 2, cols: 2, data: vec![1.0, 2.0, 3.0, 4.0] };
    assert_eq!(table.features, expected);
    assert_eq!(table.numbers().unwrap(), [10.0, 20.0]);
}

#[test]
fn accepts_the_usual_variations() {
    let expected = [1.0, -2.5e-3];
    for text in [
        "a,y\n1,1\n-2.5e-3,2\n",
        "a,y\n1,1\n-2.5e-3,2",
        "a,y\r\n1,1\r\n-2.5e-3,2\r\n",
        "a,y\r1,1\r-2.5e-3,2\r",
        "\u{feff}a,y\n1,1\n-2.5e-3,2\n",
        "\u{feff}\"a\",y\n1,1\n-2.5e-3,2\n",
        "\n\r\na,y\n\n+1,1\n\n\n -.0025 ,2\n\n",
        "\"a\",\"y\"\n\"1\",\"1\"\n\" -0.0025\",2\n",
        " a , y \n1 , 1\n-2.5E-3, 2 \n",
    ] {
        assert_eq!(cells(text), expected, "{text:?}");
    }
}

#[test]
fn reads_other_separators() {
    let tabs = read_from("a\ty\n1\t1\n2\t2\n".as_bytes(), "t.TSV", &target("y")).unwrap();
    assert_eq!(tabs.columns, ["a"]);
    let options = ReadOptions { delimiter: Some(b';'), ..target("y") };
    let semicolons = read_from("a;y\n1;1\n2;2\n".as_bytes(), "t.csv", &options).unwrap();
    assert_eq!(semicolons.features, tabs.features);
    for delimiter in [b'"', b'\n', b'\r', 0xe9] {
        let options = ReadOptions { delimiter: Some(delimiter), ..target("y") };
        let error = read_from("a,y\n1,2\n".as_bytes(), "t.csv", &options).unwrap_err();
        assert!(error.to_string().contains("cannot separate"), "{error}");
    }
}

#[test]
fn text_targets_become_sorted_labels() {
    let table = csv_y("a,y\n1,M\n2,B\n3, M\n").unwrap();
    assert_eq!(table.target.labels.as_deref(), Some(&["B".to_owned(), "M".to_owned()][..]));
    assert_eq!(table.target.values, [1.0, 0.0, 1.0]);
    says(table.numbers().map(<[f64]>::len), r#"t.csv, column "y": the target holds text such as "B""#, "logistic");
}

#[test]
fn numbers_can_be_read_as_labels_when_asked() {
    let options = ReadOptions { target_kind: TargetKind::Labels, ..target("y") };
    let table = read_from("a,y\n1,02\n2,1\n3,x\n".as_bytes(), "t.csv", &options).unwrap();
    assert_eq!(table.target.labels.unwrap(), ["02", "1", "x"]);
    let options = ReadOptions { target_kind: TargetKind::Numbers, ..target("y") };
    let text = read_from("a,y\n1,x\n2,1\n".as_bytes(), "t.csv", &options);
    says(text, r#"t.csv, line 2, column 2 ("y"): "x" is not a number"#, "correct");
}

#[test]
fn ignored_columns_are_not_looked_at() {
    let options = ReadOptions { ignore: vec!["id".to_owned()], ..target("y") };
    let table = read_from("id,a,y\nx7,1,1\n,2,2\n".as_bytes(), "t.csv", &options).unwrap();
    assert_eq!(table.columns, ["a"]);
    let options = ReadOptions { ignore: vec!["idd".to_owned()], ..target("y") };
    let missing = read_from("id,a,y\nx7,1,1\n".as_bytes(), "t.csv", &options);
    says(missing, r#"t.csv: there is no column "idd"; the nearest is "id""#, r#"did you mean "id"?"#);
}

#[test]
fn cells_that_are_no_numbers() {
    let at = |cell: &str| csv_y(format!("a,b,y\n1,2,3\n4,{cell},6\n"));
    let message = |text: &str, what: &str| format!(r#"t.csv, line 3, column 2 ("b"): {text} {what}"#);
    for text in ["NaN", "nan", "inf", "-inf", "Infinity", "1e999"] {
        says(at(text), &message(&format!("{text:?}"), "is not a finite number"), "row");
    }
    for text in ["NA", "n/a", "?", "null", "-", "#N/A"] {
        says(at(text), &message(&format!("{text:?}"), "is not a number"), "missing value");
    }
    for text in ["", "  ", "\"\""] {
        says(at(text), &message("the cell", "is empty"), "missing values");
    }
    says(at("red"), &message("\"red\"", "is not a number"), "encoded as numbers");
    says(at("\"1,234.5\""), &message("\"1,234.5\"", "is not a number"), "thousands");
    says(at("1 234"), &message("\"1 234\"", "is not a number"), "thousands");
    says(at("\"1,5\""), &message("\"1,5\"", "is not a number"), "point");
    says(at("a\u{1b}[2J"), &message(r#""a\u{1b}[2J""#, "is not a number"), "");
    says(at("\"a\nb\""), &message(r#""a\nb""#, "is not a number"), "");
    let long = "x".repeat(100_000);
    says(at(&long), &message(&format!("{:?}…", "x".repeat(40)), "is not a number"), "");
}

#[test]
fn targets_that_cannot_be_learned() {
    says(csv_y("a,y\n1,1\n2,\n"), r#"t.csv, line 3, column 2 ("y"): the cell is empty"#, "missing");
    says(csv_y("a,y\n1,1\n2,nan\n"), r#"t.csv, line 3, column 2 ("y"): "nan" is not a finite number"#, "missing");
    says(
        csv_y("a,y\n1,1\n2,x\n"),
        r#"t.csv, line 3, column 2 ("y"): "x" in a target that mixes numbers and text"#,
        "class names",
    );
    says(
        csv_y("a,y\n1,NA\n2,5\n"),
        r#"t.csv, line 3, column 2 ("y"): "5" in a target that mixes numbers and text"#,
        "class names",
    );
    says(csv_y("a,y\n1,7.50\n2,7.5\n"), r#"t.csv, column "y": the target is "7.5" in every row"#, "choose another");
    says(csv_y("a,y\n1,no\n2,no\n"), r#"t.csv, column "y": the target is "no" in every row"#, "choose another");
}

#[test]
fn constant_columns() {
    says(
        csv_y("a,b,y,c,d\n1,0,1,5,-0\n2,0,2,5,0\n"),
        r#"t.csv, column 2 ("b"): the column holds 0 in every row (and so do 2 more columns)"#,
        "carries no information",
    );
    says(csv_y("y,c\n1,5\n2,5\n"), r#"t.csv, column 2 ("c"): the column holds 5 in every row"#, "remove the column");
}

#[test]
fn headers_that_do_not_do() {
    let text = "radius,texture,benign\n1,2,0\n2,3,1\n";
    let with = |options: &ReadOptions| read_from(text.as_bytes(), "t.csv", options);
    says(
        with(&ReadOptions::default()),
        "t.csv: no target column was given",
        r#"there are "radius", "texture", "benign""#,
    );
    says(
        with(&target("Bening")),
        r#"t.csv: there is no column "Bening"; the nearest is "benign""#,
        r#"did you mean "benign"?"#,
    );
    says(with(&target("price")), r#"t.csv: there is no column "price""#, r#"the columns are "radius""#);
    says(csv_y("a,y,a\n1,2,3\n"), r#"t.csv, line 1, column 3 ("a"): the name is already that of column 1"#, "rename");
    says(csv_y(",a,y\n0,1,2\n"), "t.csv, line 1, column 1: the header cell is empty", "index=False");
    says(csv_y("\na,y, \n0,1,2\n"), "t.csv, line 2, column 3: the header cell is empty", "separator");
    says(csv_y("y\n1\n2\n"), "t.csv: there are no feature columns", "separator");
    says(
        csv_y("a;y\n1;2\n"),
        r#"t.csv, line 1: the header is a single column "a;y", read with the separator ','"#,
        "';'",
    );
    for text in ["1.5,2\n3,4\n", "1,1\n3,4\n"] {
        let error = csv_y(text).unwrap_err();
        assert!(error.to_string().starts_with("t.csv, line 1: the header line holds only numbers"), "{error}");
        assert!(error.hint().unwrap().contains("column names at the top"));
    }
}

#[test]
fn files_with_too_little_in_them() {
    for text in ["", "\n\n", "\u{feff}", "\r\n"] {
        says(csv_y(text), "t.csv: the file is empty", "finished");
    }
    says(csv_y("a,y\n"), "t.csv: there are no rows of data", "finished");
    says(csv_y("a,y"), "t.csv: there are no rows of data", "finished");
    says(csv_y("a,y\n1,2\n"), "t.csv: has 1 row of data where at least 2 are needed", "add rows");
}

#[test]
fn ragged_rows_name_the_line_an_editor_shows() {
    let short = r"t.csv, line 6: the row has 1 cell where the header has 2";
    says(csv_y("\na,y\r\n\r\n1,2\n\n3\n4,5\n"), short, "cut short");
    let long = r"t.csv, line 3: the row has 3 cells where the header has 2";
    says(csv_y("a,y\n1,2\n1,5,2\n"), long, "quotation marks");
    let after_breaks = r"t.csv, line 6: the row has 1 cell where the header has 2";
    says(csv_y("\"a\nb\",y\n1,\"x\ny\"\n\n3\n"), after_breaks, "");
    says(csv_y("a,y\n1,2\n \n"), "t.csv, line 3: the row has 1 cell where the header has 2", "line of spaces");
}

#[test]
fn rows_over_several_lines_are_named_by_their_first() {
    says(csv_y("a,b,y\n1,2,3\n\n4,\"x\n\n\",5\n"), r#"t.csv, line 4, column 2 ("b"): "x" is not a number"#, "");
}

#[test]
fn quotations_that_never_end() {
    let message = "t.csv, line 3: a quotation mark opened in this row is never closed";
    says(csv_y("a,y\n1,2\n\"3,4\n5,6\n7,8\n"), message, "close");
    says(csv_y("a,y\n1,2\n\"3,4\n5,6\n7,8"), message, "close");
    assert!(csv_y("a,y\n1,2\n3,\"4\"").is_ok());
    assert!(csv_y("a,\"y\n\"\n1,2\n3,\"4\n\"").is_ok());
}

#[test]
fn encodings_other_than_utf8() {
    says(csv_y(b"a,y\n1,2\n\xe9,4\n"), "t.csv, line 3: not UTF-8 text (byte 8 of the file)", "iconv");
    says(csv_y(b"a,y\r\n1,2\r\n3,ab\xff\r\n"), "t.csv, line 3: not UTF-8 text (byte 14 of the file)", "UTF-8");
    says(csv_y(b"\xff\xfea\0,\0y\0\n\0"), "t.csv: is a UTF-16 text file, not text", "UTF-8");
}
