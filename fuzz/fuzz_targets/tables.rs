//! Tables, group files and model files of `unspool-tune`.
//!
//! The first byte chooses the kind, the second the settings. What must hold: nothing panics; a table that is read is in
//! order, and is tuned or refused; a model that is read predicts finite numbers for ordinary rows or refuses; the same
//! after it was written and read again.
#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use unspool_core::Mode;
use unspool_fuzz::{file, finite, path};
use unspool_tune::table::{Features, Format, NewRows, ReadOptions, Table, TargetKind, read_from};
use unspool_tune::{Inner, ModelKind, Regularisers, SavedModel, Settings, tune};

/// The reader of group files is a part of the program, not of a library.
#[allow(dead_code, reason = "the program uses more of it")]
#[path = "../../crates/unspool-cli/src/groups.rs"]
mod groups;

/// What that reader needs of the program.
mod exit {
    pub(crate) struct Failure;

    impl Failure {
        pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
            assert!(!message.into().is_empty() && !hint.into().is_empty());
            Failure
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let [kind, choice, bytes @ ..] = data else { return };
    match kind % 4 {
        0 => table(Some(Format::Csv), *choice, bytes),
        1 => table([Some(Format::Svmlight), None][usize::from(choice & 1)], *choice, bytes),
        2 => {
            if let Ok(model) = SavedModel::read(&file("model.json", bytes)) {
                predict(&model);
            }
        }
        _ => {
            let options = ReadOptions { target: Some("y".into()), ..ReadOptions::default() };
            let table = read_from("a,b,c,y\n1,2,3,4\n5,6,7,8\n".as_bytes(), "x.csv", &options).expect("a table");
            if let Ok(groups) = groups::read(&file("groups.csv", bytes), &table) {
                assert!(groups.len() == 3 && groups.iter().all(|&group| group < 3));
            }
        }
    }
});

fn table(format: Option<Format>, choice: u8, bytes: &[u8]) {
    let kinds = [TargetKind::Auto, TargetKind::Numbers, TargetKind::Labels];
    let target_kind = kinds[usize::from(choice >> 4) % 3];
    let target = (format == Some(Format::Csv)).then(|| "y".to_owned());
    let Ok(table) = read_from(bytes, "x", &ReadOptions { format, target, target_kind, ..ReadOptions::default() })
    else {
        return;
    };
    table.features.check().expect("features in order");
    assert!(table.target.values.len() == table.rows() && finite(&table.target.values));
    if table.rows() <= 40 && table.features.cols() <= 8 {
        learn(&table, choice);
    }
}

fn learn(table: &Table, choice: u8) {
    let inner = [Inner::Unrolled { steps: 3, mode: Mode::full() }, Inner::Advised, Inner::Solved];
    let settings = Settings {
        regularisers: [Regularisers::One, Regularisers::PerFeature][usize::from(choice >> 7)].clone(),
        folds: 3,
        inner: inner[usize::from(choice >> 2) % 3],
        max_evaluations: 2,
        grid_points: 2,
        ..Settings::new(ModelKind::ALL[usize::from(choice) % 3])
    };
    let mut evaluations = 0;
    let watch = &mut |_: &_| {
        evaluations += 1;
        if evaluations < 6 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let Ok(outcome) = tune(table, &settings, watch) else { return };
    let path = path("learned.json");
    outcome.model.write(&path).expect("a written model");
    predict(&SavedModel::read(&path).expect("a model that can be read again"));
}

fn predict(model: &SavedModel) {
    let cols = model.features;
    let data: Vec<f64> = (0..2 * cols).map(|k| k as f64 - 1.0).collect();
    let dense = Features::Dense { rows: 2, cols, data };
    let last = cols.saturating_sub(1) as u32;
    let ends = vec![0, cols.min(1), cols.min(1)];
    let sparse = Features::Sparse {
        rows: 2,
        cols,
        indptr: ends,
        indices: vec![last; cols.min(1)],
        data: vec![1.0; cols.min(1)],
    };
    for features in [dense, sparse] {
        let Ok(predictions) = model.predict(&NewRows { source: "x".into(), features, target: None }) else { continue };
        assert!(predictions.values.len() == 2 && finite(&predictions.values), "{predictions:?}");
        assert!(predictions.probabilities.iter().flatten().all(finite), "{predictions:?}");
    }
}
