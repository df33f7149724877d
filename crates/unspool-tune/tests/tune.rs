//! Tuning on the data sets that come with the library, and on data where one regulariser a feature
//! is what is needed.

use std::ops::ControlFlow;

use unspool_core::zoo::Regression;
use unspool_tune::table::{Features, Table, Target, example};
use unspool_tune::{
    Comparison, Inner, Mean, ModelKind, Outcome, Phase, Regularisers, SavedModel, Settings, TuneError, tune,
};

fn run(table: &Table, settings: &Settings) -> Outcome {
    tune(table, settings, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Test loss against the grid's over ten splits: no worse beyond two standard errors of the mean
/// difference, with fewer fits; and better than a constant.
#[test]
fn no_worse_than_the_grid() {
    let cases = [("wdbc", ModelKind::Logistic), ("diabetes", ModelKind::Ridge), ("diabetes", ModelKind::Lasso)];
    for (name, model) in cases {
        let table = example(name).unwrap();
        let difference = |seed| {
            let outcome = run(&table, &Settings { seed, ..Settings::new(model) });
            let c = outcome.comparison;
            assert!(outcome.converged && c.learned.fits < c.grid.fits, "{name}, {model}, {seed}");
            assert!(c.learned.loss.mean < 0.7 * c.constant.mean);
            // The cross-validation loss is what was minimised: at least as low as on the grid.
            assert!(c.learned.cross_validation < 1.005 * c.grid.cross_validation);
            c.difference.mean
        };
        let mean = Mean::of(&(0..10).map(difference).collect::<Vec<_>>());
        assert!(!mean.is_above(2.0), "{name}, {model}: {mean}");
    }
}

/// Five features matter, sixty are noise: several regularisers are kept, and beat the grid.
#[test]
fn several_regularisers_where_they_matter() {
    let data = Regression::new(400, 65, 1.0, 0.0, 3);
    let noise = Regression::new(400, 1, 1.0, 0.0, 9);
    let signal = |x: &[f64]| 2.0 * x[0] - 1.5 * x[1] + x[2] + 0.8 * x[3] - 0.7 * x[4];
    let y: Vec<f64> = data.x.chunks(65).zip(&noise.x).map(|(x, e)| signal(x) + 2.0 * e).collect();
    let table = Table {
        source: "generated".into(),
        columns: (0..65).map(|j| format!("x{j}")).collect(),
        features: Features::Dense { rows: 400, cols: 65, data: data.x },
        target: Target { name: "y".into(), values: y, labels: None },
    };
    let outcome = run(&table, &Settings::new(ModelKind::Ridge));
    let c = &outcome.comparison;
    assert!(c.kept_several && c.difference.mean < 0.0, "{c:?}");
    let log = &outcome.model.log_regularisers;
    let strongest = log[..5].iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weaker = log[5..].iter().filter(|&&l| l > strongest).count();
    assert!(weaker > 40, "{log:?}");
    // One regulariser, or two groups, on the same data.
    let one = run(&table, &Settings { regularisers: Regularisers::One, ..Settings::new(ModelKind::Ridge) });
    assert!(one.comparison.judged.is_none() && one.model.log_regularisers.windows(2).all(|w| w[0] == w[1]));
    let groups = (0..65).map(|j| u32::from(j >= 5)).collect();
    let groups = Settings { regularisers: Regularisers::Groups(groups), ..Settings::new(ModelKind::Ridge) };
    let groups = run(&table, &groups);
    assert!(groups.comparison.kept_several && groups.comparison.difference.mean < 0.0);
    assert!(groups.model.log_regularisers[0] < groups.model.log_regularisers[64]);
}

/// Early-stopped fits, differentiated by unrolling, give nearly the solved result when they are long.
#[test]
fn unrolled_fits() {
    let table = example("wdbc").unwrap();
    let settings = Settings { regularisers: Regularisers::One, ..Settings::new(ModelKind::Logistic) };
    let solved = run(&table, &settings).comparison.learned;
    for mode in ["full", "slots:8", "last:200"] {
        let inner = Inner::Unrolled { steps: 400, mode: mode.parse().unwrap() };
        let unrolled = run(&table, &Settings { inner, ..settings.clone() }).comparison.learned;
        assert!((unrolled.loss.mean - solved.loss.mean).abs() < 0.02, "{mode}: {unrolled:?} {solved:?}");
    }
}

/// More than two classes; the model survives its file, and predicts what it was scored on.
#[test]
fn three_classes_and_the_file() {
    let data = Regression::new(300, 4, 1.0, 0.2, 5);
    let table = Table {
        source: "generated".into(),
        columns: (0..4).map(|j| format!("x{j}")).collect(),
        features: Features::Dense { rows: 300, cols: 4, data: data.x.clone() },
        target: Target {
            name: "class".into(),
            values: data.classes(3),
            labels: Some(["low", "middle", "top"].map(str::to_owned).to_vec()),
        },
    };
    let outcome = run(&table, &Settings::new(ModelKind::Logistic));
    assert!(outcome.comparison.learned.quality > 0.8, "{:?}", outcome.comparison.learned);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    outcome.model.write(&path).unwrap();
    let model = SavedModel::read(&path).unwrap();
    assert_eq!(model, outcome.model);
    let rows = unspool_tune::table::NewRows { source: String::new(), features: table.features.clone(), target: None };
    let predictions = model.predict(&rows).unwrap();
    let right = predictions.values.iter().zip(&table.target.values).filter(|(a, b)| a == b).count();
    assert!(right > 250, "{right}");
    for p in predictions.probabilities.unwrap() {
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
    // Every truncation of the file is an error, none a panic.
    let text = std::fs::read(&path).unwrap();
    for end in (0..text.len() - 1).step_by(97) {
        std::fs::write(&path, &text[..end]).unwrap();
        assert!(matches!(SavedModel::read(&path), Err(TuneError::Model { .. })));
    }
    assert!(matches!(SavedModel::read(folder.path()), Err(TuneError::Io { .. })));
}

/// JSON has no NaN: figures that are none come back as such, with a model that predicts.
#[test]
fn a_model_with_a_loss_that_is_no_number_is_read() {
    let settings = Settings { max_evaluations: 1, grid_points: 2, ..Settings::new(ModelKind::Ridge) };
    let mut model = run(&example("diabetes").unwrap(), &settings).model;
    let weights = model.weights.clone();
    let Comparison { learned, grid, grid_regulariser, .. } = &mut model.comparison;
    learned.loss = Mean { mean: f64::NAN, se: Some(f64::NAN) };
    (learned.quality, grid.cross_validation, grid.seconds) = (f64::NEG_INFINITY, f64::INFINITY, f64::NAN);
    *grid_regulariser = f64::INFINITY;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    model.write(&path).unwrap();
    let read = SavedModel::read(&path).unwrap();
    assert_eq!(read.weights, weights);
    assert!(read.comparison.learned.loss.mean.is_nan() && read.comparison.learned.quality.is_nan());
}

/// The watch is told of each evaluation, and can stop the tuning with the best so far.
#[test]
fn stopping_by_hand() {
    let table = example("diabetes").unwrap();
    let mut seen = vec![];
    let outcome = tune(&table, &Settings::new(ModelKind::Ridge), &mut |e| {
        seen.push((e.phase, e.number));
        if seen.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!(seen[..2], [(Phase::Shared, 1), (Phase::Shared, 2)]);
    // The grid is left after its first point, and says so.
    assert_eq!((&seen[2..], outcome.comparison.grid_points), (&[(Phase::Grid, 1)][..], 1));
    assert!(!outcome.converged && outcome.notes.iter().any(|n| n.contains("stopped")));
    assert!(outcome.comparison.learned.loss.mean < outcome.comparison.constant.mean);
}

/// One value tells nothing about its own error, and decides nothing.
#[test]
fn a_single_value_is_never_significant() {
    for values in [&[-5.0][..], &[5.0], &[]] {
        let mean = Mean::of(values);
        assert!(mean.se.is_none() && !mean.is_below(0.0) && !mean.is_above(0.0));
        let text = serde_json::to_string(&mean).unwrap();
        assert!(text.contains("null") && serde_json::from_str::<Mean>(&text).unwrap() == mean, "{text}");
    }
    assert_eq!(Mean::of(&[-5.0]).to_string(), "-5.00000");
    let two = Mean::of(&[-5.0, -3.0]);
    assert!(two.se == Some(1.0) && two.is_below(2.0) && !two.is_below(4.0) && !two.is_above(0.0));
}

#[test]
fn settings_out_of_range() {
    let table = example("diabetes").unwrap();
    let good = Settings::new(ModelKind::Ridge);
    for bad in [
        Settings { folds: 2, ..good.clone() },
        Settings { test_fraction: 1.0, ..good.clone() },
        Settings { grid_points: 1, ..good.clone() },
        Settings { max_evaluations: 0, ..good.clone() },
        Settings { regularisers: Regularisers::Groups(vec![0, 1]), ..good.clone() },
        Settings { regularisers: Regularisers::Groups(vec![9; 10]), ..good.clone() },
    ] {
        assert!(tune(&table, &bad, &mut |_| ControlFlow::Continue(())).is_err(), "{bad:?}");
    }
    assert!(tune(&table, &Settings::new(ModelKind::Logistic), &mut |_| ControlFlow::Continue(())).is_err());
}

/// By default the adviser is asked; what it says is what is done, and it is told to the user.
#[test]
fn the_adviser_is_asked_by_default() {
    let outcome = |settings: Settings| {
        let table = example("wdbc").unwrap();
        tune(&table, &settings, &mut |_| ControlFlow::Continue(())).unwrap()
    };
    let settings = Settings::new(ModelKind::Logistic);
    assert_eq!(settings.inner, Inner::Advised);
    let advised = outcome(settings.clone());
    let why = advised.advice.unwrap();
    assert!(why[0].contains("differentiated implicitly") && why[1].contains("kappa"), "{why:?}");
    let solved = outcome(Settings { inner: Inner::Solved, ..settings });
    assert!(solved.advice.is_none());
    assert_eq!(advised.model.weights, solved.model.weights);
}
