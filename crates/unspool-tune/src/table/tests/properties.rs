//! Whatever a file holds, there is a table or an error: never a panic, and never a wrong number.

use proptest::prelude::*;

use super::super::{EXAMPLES, Features, Format, ReadOptions, Schema, Table, TableError, read_from, read_new_rows_from};
use super::target;

/// Reads the bytes in every way there is.
fn read_all(bytes: &[u8]) {
    for format in [None, Some(Format::Csv), Some(Format::Svmlight)] {
        for name in [Some("y"), Some("benign"), None] {
            let options = ReadOptions { format, target: name.map(str::to_owned), ..ReadOptions::default() };
            sound(read_from(bytes, "t", &options));
            let names = ["a".to_owned(), "mean_radius".to_owned()];
            for schema in [Schema::Named(&names[..1]), Schema::Named(&names[1..]), Schema::Numbered(5)] {
                if let Err(error) = read_new_rows_from(bytes, "t", schema, &options) {
                    one_line(&error);
                }
            }
        }
    }
}

/// Tests that a table is in order or its error in form.
fn sound(result: Result<Table, TableError>) {
    match result {
        Ok(table) => {
            table.features.check().unwrap();
            assert_eq!(table.target.values.len(), table.rows());
            assert!(table.rows() >= 2 && table.features.cols() >= 1);
        }
        Err(error) => one_line(&error),
    }
}

/// Tests that an error is one short line, its hint too.
fn one_line(error: &TableError) {
    let (message, hint) = (error.to_string(), error.hint().unwrap());
    for text in [&message, &hint] {
        assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
        assert!(text.chars().count() < 700, "{text}");
    }
    assert!(message.starts_with('t'), "{message}");
}

#[test]
fn files_cut_at_any_byte() {
    let wdbc = EXAMPLES[0].csv();
    for end in 0..4000 {
        sound(read_from(&wdbc[..end], "t.csv", &target("benign")));
    }
    let diabetes = EXAMPLES[1].csv();
    for end in (0..diabetes.len()).step_by(7) {
        sound(read_from(&diabetes[..end], "t.csv", &target("progression")));
    }
    let svm = "\u{feff}# é\n+1 1:0.5 4:-2e3 # first\r\n\n-1\n  1\t2:1e3  4:0 11:.5\n# end\n".as_bytes();
    let csv = "\u{feff}\"a\r\nb\",\"é\"\"\",y\r\n1,2,\"x\"\n\n\"3\",4,y\r5,6,x".as_bytes();
    for text in [svm, csv] {
        for end in 0..=text.len() {
            read_all(&text[..end]);
        }
    }
}

/// Texts out of the pieces that tables are made of, so that the readers get beyond the first line.
fn table_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just(","), 4 => Just("\n"), 3 => Just("1"), 3 => Just("2.5"), 2 => Just("y"), 2 => Just("a"),
        2 => Just(" "), 2 => Just(":"), 1 => Just("1:2"), 1 => Just("3:-1e3"), 1 => Just("\""), 1 => Just("\r"),
        1 => Just("\r\n"), 1 => Just("#"), 1 => Just("qid:"), 1 => Just("nan"), 1 => Just("é"), 1 => Just("\t"),
        1 => Just(";"), 1 => Just("\0"), 1 => Just("\u{2028}"), 1 => Just("\u{feff}"), 1 => Just("1e999"),
    ];
    (
        prop_oneof![Just(""), Just("a,y\n"), Just("a,b,y\n1,2,3\n"), Just("1 1:1\n2 2:1\n")],
        prop::collection::vec(piece, 0..60),
    )
        .prop_map(|(start, pieces)| start.to_owned() + &pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn any_text_like_a_table(text in table_like()) {
        read_all(text.as_bytes());
    }

    #[test]
    fn bytes_changed_in_a_table(changes in prop::collection::vec((0..2000_usize, any::<u8>()), 1..4)) {
        let mut bytes = EXAMPLES[0].csv()[..2000].to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        read_all(&bytes);
    }
}

/// A finite number of any size.
fn number() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO
}

/// A name with whatever needs care in a header.
fn name() -> impl Strategy<Value = String> {
    "[a-zé,;\"\n #:.]{0,6}[a-z]"
}

proptest! {
    #[test]
    fn csv_tables_come_back_bit_for_bit(
        names in prop::collection::hash_set(name(), 1..5),
        cells in prop::collection::vec(number(), 20..60),
        target in prop::collection::vec(number(), 60),
    ) {
        let names: Vec<String> = names.into_iter().map(|name| format!("{}_", name.trim())).collect();
        prop_assume!(names.iter().collect::<std::collections::HashSet<_>>().len() == names.len());
        let rows: Vec<&[f64]> = cells.chunks_exact(names.len()).collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(std::iter::once("target").chain(names.iter().map(String::as_str))).unwrap();
        for (row, y) in rows.iter().zip(&target) {
            writer.write_record(std::iter::once(y).chain(*row).map(ToString::to_string)).unwrap();
        }
        let options = super::target("target");
        let table = read_from(writer.into_inner().unwrap().as_slice(), "t.csv", &options).unwrap();
        prop_assert_eq!(&table.columns, &names);
        let Features::Dense { data, .. } = &table.features else { panic!("dense") };
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(data), bits(&rows.concat()));
        prop_assert_eq!(bits(&table.target.values), bits(&target[..rows.len()]));
    }

    #[test]
    fn svmlight_tables_come_back_bit_for_bit(
        rows in prop::collection::vec((number(), prop::collection::btree_map(1..100_000_u32, number(), 1..9)), 3..20),
    ) {
        let line = |(y, entries): &(f64, std::collections::BTreeMap<u32, f64>)| {
            let entries: Vec<String> = entries.iter().map(|(index, value)| format!(" {index}:{value:e}")).collect();
            format!("{y} {} # {}\n", entries.concat(), entries.len())
        };
        let text: String = rows.iter().map(line).collect();
        prop_assume!(rows.iter().any(|row| row.0 != rows[0].0));
        let table = super::svm(text).unwrap();
        let Features::Sparse { indptr, indices, data, cols, .. } = &table.features else { panic!("sparse") };
        for (k, (y, entries)) in rows.iter().enumerate() {
            prop_assert_eq!(table.target.values[k].to_bits(), y.to_bits());
            let (start, end) = (indptr[k], indptr[k + 1]);
            prop_assert_eq!(end - start, entries.len());
            for (at, (index, value)) in (start..end).zip(entries) {
                prop_assert_eq!((indices[at] + 1, data[at].to_bits()), (*index, value.to_bits()));
            }
        }
        prop_assert_eq!(*cols, *rows.iter().filter_map(|row| row.1.keys().max()).max().unwrap() as usize);
    }
}
