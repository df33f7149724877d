//! Rows for a model that has been learned.

use super::super::{Features, NewRows, Schema, TableError, read_new_rows_from};
use super::{says, target};

fn named(text: &str) -> Result<NewRows, TableError> {
    let names = ["mean_radius".to_owned(), "b".to_owned()];
    read_new_rows_from(text.as_bytes(), "n.csv", Schema::Named(&names), &target("y"))
}

fn numbered(text: &str) -> Result<NewRows, TableError> {
    read_new_rows_from(text.as_bytes(), "n.svm", Schema::Numbered(3), &target("y"))
}

fn cells(rows: &NewRows) -> &[f64] {
    match &rows.features {
        Features::Dense { data, .. } | Features::Sparse { data, .. } => data,
    }
}

#[test]
fn columns_are_matched_by_name_in_any_order() {
    let rows = named("b,id,mean_radius\n1,x,2\n3,,4\n").unwrap();
    assert_eq!(cells(&rows), [2.0, 1.0, 4.0, 3.0]);
    assert_eq!((rows.features.rows(), rows.features.cols()), (2, 2));
    assert_eq!(rows.target, None);
}

#[test]
fn one_row_and_constant_columns_are_fine() {
    assert_eq!(cells(&named("b,mean_radius\n1,2\n").unwrap()), [2.0, 1.0]);
    assert_eq!(cells(&named("b,mean_radius\n1,2\n1,2\n").unwrap()).len(), 4);
}

#[test]
fn the_target_is_read_where_every_row_has_it() {
    let rows = named("y,b,mean_radius\nM,1,2\nM,1,2\n").unwrap();
    assert_eq!(rows.target.unwrap().labels.unwrap(), ["M"]);
    assert_eq!(named("y,b,mean_radius\n,1,2\n,1,2\n").unwrap().target, None);
    says(named("y,b,mean_radius\n1,1,2\n,1,2\n"), r#"n.csv, line 3, column 1 ("y"): the cell is empty"#, "");
}

#[test]
fn missing_columns_are_named_with_the_nearest() {
    says(
        named("Mean radius,b\n1,2\n"),
        r#"n.csv: there is no column "mean_radius", which the model needs; the nearest is "Mean radius""#,
        "rename",
    );
    says(named("mean_radius,c1\n1,2\n"), r#"n.csv: there is no column "b", which the model needs"#, "add the column");
    says(
        named("mean_radius;b\n1;2\n"),
        r#"n.csv, line 1: the header is a single column "mean_radius;b", read with the separator ','"#,
        "';'",
    );
    says(named("1,2\n3,4\n"), r#"n.csv, line 1: the header line holds only numbers (it begins "1")"#, "");
}

#[test]
fn only_doubled_names_that_are_needed_matter() {
    assert_eq!(cells(&named("z,,b,z,,mean_radius\n1,2,3,4,5,6\n").unwrap()), [6.0, 3.0]);
    says(
        named("b,mean_radius,b\n1,2,3\n"),
        r#"n.csv, line 1, column 3 ("b"): the name is already that of column 1"#,
        "rename",
    );
}

#[test]
fn cells_are_checked_as_in_learning() {
    says(named("b,mean_radius\n1,2\n1,x\n"), r#"n.csv, line 3, column 2 ("mean_radius"): "x" is not a number"#, "");
    says(named("b,mean_radius\n"), "n.csv: there are no rows of data", "");
    says(named(""), "n.csv: the file is empty", "");
}

#[test]
fn a_blank_line_in_a_single_column_is_a_missing_value() {
    let names = ["b".to_owned()];
    let read = |text: &str| read_new_rows_from(text.as_bytes(), "n.csv", Schema::Named(&names), &target("y"));
    assert_eq!(cells(&read("b\n1\n2\n\n\n").unwrap()), [1.0, 2.0]);
    says(read("b\n1\n\n\n2\n"), "n.csv, line 3: the cell is empty", "missing");
}

#[test]
fn sparse_rows_keep_the_width_of_the_model() {
    let rows = numbered("1 1:5\n-1 # none\n").unwrap();
    assert_eq!((rows.features.rows(), rows.features.cols()), (2, 3));
    assert_eq!(rows.target.unwrap().values, [1.0, -1.0]);
    let rows = numbered("1:5\n3:1\n").unwrap();
    assert_eq!((rows.features.rows(), rows.target), (2, None));
    says(numbered("1 4:5\n"), "n.svm, line 1: index 4 is beyond the model's 3 columns", "numbering");
    let mixed = r#"n.svm, line 2: the line begins with "1:2" where the target should stand"#;
    says(numbered("1 1:1\n1:2\n"), mixed, "");
}

#[test]
fn a_model_that_names_a_column_twice() {
    let names = ["b".to_owned(), "b".to_owned()];
    let rows = read_new_rows_from("b\n1\n".as_bytes(), "n.csv", Schema::Named(&names), &target("y"));
    says(rows, r#"n.csv: the model asks for the column "b" twice"#, "restore");
}

#[test]
fn formats_do_not_mix() {
    let names = ["b".to_owned()];
    let sparse = read_new_rows_from("1 1:2\n".as_bytes(), "n.svm", Schema::Named(&names), &target("y"));
    says(sparse, "n.svm: is an svmlight file, and the model was learned from named columns", "CSV");
    let dense = read_new_rows_from("b\n1\n".as_bytes(), "n.csv", Schema::Numbered(3), &target("y"));
    says(dense, "n.csv: is a CSV table, and the model was learned from numbered svmlight columns", "svmlight");
}
