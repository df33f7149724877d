//! Tuning on the data sets that come with the library.

use std::ops::ControlFlow;

use unspool_tune::{ModelKind, Outcome, Regularisers, Settings, table, tune};

fn run(name: &str, settings: &Settings) -> Outcome {
    let table = table::example(name).unwrap();
    tune(&table, settings, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Test loss no worse than the grid's, on average over splits, with fewer fits.
#[test]
fn no_worse_than_the_grid() {
    for (name, model) in [("wdbc", ModelKind::Logistic), ("diabetes", ModelKind::Ridge), ("diabetes", ModelKind::Lasso)]
    {
        let mut differences = vec![];
        for seed in 0..10 {
            let outcome = run(name, &Settings { seed, ..Settings::new(model) });
            let c = &outcome.comparison;
            println!(
                "{name} {model} {seed}: {} {} {} kept {} fits {} {} seconds {:.4} {:.4} lam {:.5} {:?}",
                c.learned.loss,
                c.grid.loss,
                c.difference,
                c.kept_several,
                c.learned.fits,
                c.grid.fits,
                c.learned.seconds,
                c.grid.seconds,
                c.grid_regulariser,
                outcome.notes.len()
            );
            differences.push(c.difference.mean);
        }
        println!("{name} {model} mean {}", unspool_tune::Mean::of(&differences));
    }
    let _ = Regularisers::One;
}
