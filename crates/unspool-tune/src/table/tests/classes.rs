//! The target as classes.

use super::super::{Table, encode_classes, encode_known, example};
use super::{csv_y, says};

fn table(values: &[&str]) -> Table {
    let rows: String = values.iter().enumerate().map(|(k, value)| format!("{k},{value}\n")).collect();
    csv_y(format!("a,y\n{rows}")).unwrap()
}

#[test]
fn two_classes_become_signs() {
    let classes = encode_classes(&table(&["M", "B", "M"])).unwrap();
    assert_eq!(classes.labels, ["B", "M"]);
    assert_eq!(classes.index, [1, 0, 1]);
    assert_eq!(classes.signs().unwrap(), [1.0, -1.0, 1.0]);
    assert_eq!(classes.sizes(), [1, 2]);
    let classes = encode_classes(&example("wdbc").unwrap()).unwrap();
    assert_eq!((classes.labels.len(), classes.sizes()), (2, vec![212, 357]));
}

#[test]
fn numbers_are_sorted_as_numbers() {
    let classes = encode_classes(&table(&["10", "2", "-0", "0", "2.5"])).unwrap();
    assert_eq!(classes.labels, ["0", "2", "2.5", "10"]);
    assert_eq!(classes.index, [3, 1, 0, 0, 2]);
    says(
        classes.signs(),
        r#"t.csv, column "y": the target has 4 classes where 2 are needed: "0", "2", "2.5", "10""#,
        "multinomial",
    );
}

#[test]
fn one_class_and_too_many() {
    let mut one = table(&["a", "b"]);
    one.target.values = vec![1.0, 1.0];
    says(encode_classes(&one), r#"t.csv, column "y": every row has the class "b""#, "another class");
    one.target.values.clear();
    assert!(encode_classes(&one).is_err());
    let numbers: Vec<String> = (0..51).map(|k| k.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    assert_eq!(encode_classes(&table(&numbers[..50])).unwrap().labels.len(), 50);
    says(
        encode_classes(&table(&numbers)),
        r#"t.csv, column "y": the target has 51 distinct numbers, too many to be classes"#,
        "ridge or lasso",
    );
}

#[test]
fn new_rows_are_encoded_by_the_labels_of_the_model() {
    let labels = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let known = |values: &[&str], names: &[&str]| encode_known("n.csv", &table(values).target, &labels(names));
    assert_eq!(known(&["M", "B"], &["B", "M"]).unwrap(), [1, 0]);
    assert_eq!(known(&["1.0", "0"], &["0", "1"]).unwrap(), [1, 0]);
    assert_eq!(known(&["1", "2"], &["01", "02"]).unwrap(), [0, 1]);
    says(
        known(&["B", "X"], &["B", "M"]),
        r#"n.csv, column "y": data row 2 has the class "X", which the model does not know"#,
        r#"the model knows "B", "M""#,
    );
}
