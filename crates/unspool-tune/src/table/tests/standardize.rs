//! Standardisation.

use proptest::prelude::*;

use super::super::{Features, Standardizer, example};

fn dense(cols: usize, data: &[f64]) -> Features {
    Features::Dense { rows: data.len() / cols, cols, data: data.to_vec() }
}

fn sparse() -> Features {
    Features::Sparse {
        rows: 3,
        cols: 3,
        indptr: vec![0, 2, 3, 4],
        indices: vec![0, 1, 0, 2],
        data: vec![2.0, -4.0, -8.0, 5.0],
    }
}

fn values(features: &Features) -> &[f64] {
    match features {
        Features::Dense { data, .. } | Features::Sparse { data, .. } => data,
    }
}

#[test]
fn training_rows_get_mean_zero_and_variance_one() {
    let table = example("wdbc").unwrap();
    let rows: Vec<usize> = (0..569).filter(|row| row % 3 != 0).collect();
    let standardizer = Standardizer::fit(&table.features, &rows).unwrap();
    let scaled = standardizer.apply(table.features.select_rows(&rows).unwrap()).unwrap();
    let count = rows.len() as f64;
    for column in 0..30 {
        let column: Vec<f64> = values(&scaled).iter().skip(column).step_by(30).copied().collect();
        let mean = column.iter().sum::<f64>() / count;
        let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        assert!(mean.abs() < 1e-13 && (variance - 1.0).abs() < 1e-13, "{mean} {variance}");
    }
    assert_eq!(standardizer.note(|column| table.column_name(column)), None);
}

#[test]
fn only_the_training_rows_count() {
    let features = dense(2, &[1.0, 5.0, 3.0, 5.0, 1e9, 7.0]);
    let standardizer = Standardizer::fit(&features, &[0, 1]).unwrap();
    assert_eq!(standardizer.mean, [2.0, 5.0]);
    assert_eq!(standardizer.scale, [1.0, 1.0]);
    assert_eq!(standardizer.constant, [1]);
    let note = standardizer.note(|column| format!("c{column}")).unwrap();
    assert_eq!(note, r#"1 column is the same in all training rows and not scaled: "c1""#);
    let scaled = standardizer.apply(features).unwrap();
    assert_eq!(values(&scaled)[5], 2.0);
}

#[test]
fn sparse_columns_are_scaled_and_stay_sparse() {
    let standardizer = Standardizer::fit(&sparse(), &[0, 1]).unwrap();
    assert_eq!(standardizer.mean, Vec::<f64>::new());
    assert_eq!(standardizer.scale, [8.0, 4.0, 1.0]);
    assert_eq!(standardizer.constant, [2]);
    let scaled = standardizer.apply(sparse()).unwrap();
    assert_eq!(values(&scaled), [0.25, -1.0, -1.0, 5.0]);
    assert!(scaled.is_sparse());
    let scaled = standardizer.apply(dense(3, &[8.0, 8.0, 8.0])).unwrap();
    assert_eq!(values(&scaled), [1.0, 2.0, 8.0]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let features = dense(2, &[1.0, 5.0, 3.0, 6.0]);
    let standardizer = Standardizer::fit(&features, &[0, 1]).unwrap();
    let says = |features: Features, message: &str| {
        assert_eq!(standardizer.apply(features).unwrap_err().to_string(), message);
    };
    says(dense(3, &[1.0; 3]), "columns to standardise: 3 where 2 was expected");
    let two = Features::Sparse { rows: 1, cols: 2, indptr: vec![0, 0], indices: vec![], data: vec![] };
    says(two, "a sparse table cannot be centred, and this standardiser was fitted on a dense one");
    for features in [&features, &sparse()] {
        assert!(Standardizer::fit(features, &[]).is_err());
        let error = Standardizer::fit(features, &[0, 9]).unwrap_err().to_string();
        assert!(error.starts_with("row 9 (counted from 0) was asked for"), "{error}");
    }
}

#[test]
fn values_that_leave_the_range_are_reported() {
    let tiny = dense(1, &[1e-300, 3e-300]);
    let standardizer = Standardizer::fit(&tiny, &[0, 1]).unwrap();
    let error = standardizer.apply(dense(1, &[0.0, 1e20])).unwrap_err();
    assert_eq!(error.to_string(), "row 2, column 1: 1e20 is not finite once standardised");
    let wide = dense(1, &[f64::MAX, -f64::MAX, f64::MAX]);
    let standardizer = Standardizer::fit(&wide, &[0, 1, 2]).unwrap();
    standardizer.apply(wide).unwrap().check().unwrap();
    let mut small = sparse();
    if let Features::Sparse { data, .. } = &mut small {
        data.fill(1e-300);
    }
    let standardizer = Standardizer::fit(&small, &[0, 1, 2]).unwrap();
    let mut large = sparse();
    if let Features::Sparse { data, .. } = &mut large {
        data[3] = 1e300;
    }
    let error = standardizer.apply(large).unwrap_err();
    assert_eq!(error.to_string(), "row 3, column 3: 1e300 is not finite once standardised");
}

#[test]
fn weights_go_back_to_the_columns_of_the_file() {
    let features = dense(2, &[1.0, 50.0, 3.0, 10.0, 8.0, 30.0]);
    let standardizer = Standardizer::fit(&features, &[0, 1, 2]).unwrap();
    let (weights, intercept) = ([0.5, -2.0], 0.25);
    let (raw, shift) = standardizer.raw_weights(&weights, intercept).unwrap();
    let scaled = standardizer.apply(features.clone()).unwrap();
    for (before, after) in values(&features).chunks(2).zip(values(&scaled).chunks(2)) {
        let expected = after[0] * weights[0] + after[1] * weights[1] + intercept;
        let found = before[0] * raw[0] + before[1] * raw[1] + shift;
        assert!((expected - found).abs() < 1e-14);
    }
    assert!(standardizer.raw_weights(&[1.0], 0.0).is_err());
}

#[test]
fn damaged_standardisers_are_refused() {
    for (text, message) in [
        (r#"{"mean":[1.0],"scale":[1.0,2.0]}"#, "as many means"),
        (r#"{"mean":[],"scale":[0.0]}"#, "positive"),
        (r#"{"mean":[],"scale":[-1.0]}"#, "positive"),
        (r#"{"mean":[],"scale":[1.0],"constant":[1]}"#, "does not have"),
        (r#"{"mean":[],"scale":[null]}"#, "null"),
        (r#"{"mean":[],"scale":[1e999]}"#, "out of range"),
        (r#"{"scale":[1.0]}"#, "missing field"),
    ] {
        let error = serde_json::from_str::<Standardizer>(text).unwrap_err().to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn stored_and_read_back_bit_for_bit(data in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO, 6..60)) {
        let cols = 3;
        let features = dense(cols, &data[..data.len() / cols * cols]);
        let rows: Vec<usize> = (0..features.rows()).collect();
        let standardizer = Standardizer::fit(&features, &rows).unwrap();
        prop_assert!(standardizer.scale.iter().all(|scale| *scale > 0.0 && scale.is_finite()));
        prop_assert!(standardizer.mean.iter().all(|mean| mean.is_finite()));
        let text = serde_json::to_string(&standardizer).unwrap();
        let back: Standardizer = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&back, &standardizer);
        // Whatever is fitted can be applied to what it was fitted on.
        let scaled = standardizer.apply(features).unwrap();
        let rows = scaled.rows() as f64;
        for value in values(&scaled) {
            prop_assert!(value.abs() <= rows.sqrt() * (1.0 + 1e-9), "{value}");
        }
    }
}
