//! Files of signals, squared distances and nodes.
//!
//! The first byte chooses the kind of file, the second the options. What must hold: nothing panics, nor takes memory that
//! a header claims; signals are finite or missing, squared distances finite and not negative, positions finite; signals
//! are read back with the same bits from the NPY and CSV files that they are written to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use unspool_graph::io::{ReadOptions, parse_distances, parse_nodes, parse_signals, signals_bytes};
use unspool_graph::{Signals, pairs};

const EXTENSIONS: [&str; 7] = ["csv", "tsv", "csv.gz", "tsv.gz", "npy", "npz", "parquet"];

fuzz_target!(|data: &[u8]| {
    let [kind, choice, bytes @ ..] = data else { return };
    let file = format!("x.{}", EXTENSIONS[usize::from(*kind) % EXTENSIONS.len()]);
    let header = [None, Some(false), Some(true)][usize::from(choice >> 1) % 3];
    match parse_signals(&file, bytes, &ReadOptions { transpose: choice & 1 == 1, header }) {
        Ok(signals) => check(&signals),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(distances) = parse_distances(&file, bytes) {
        assert_eq!(distances.half.len(), pairs::count(distances.nodes));
        assert!(distances.half.iter().all(|z| z.is_finite() && *z >= 0.0));
        assert!(distances.names.is_empty() || distances.names.len() == distances.nodes);
    }
    if let Ok(nodes) = parse_nodes(&file, bytes) {
        assert!(nodes.positions.iter().flatten().all(|x| x.is_finite()));
        assert!(nodes.names.is_empty() || nodes.positions.is_empty() || nodes.names.len() == nodes.positions.len());
    }
});

fn check(signals: &Signals) {
    assert!(signals.nodes() >= 2 && signals.observations() >= 1);
    assert!(signals.values().iter().all(|value| !value.is_infinite()));
    assert!(signals.names().is_empty() || signals.names().len() == signals.nodes());
    // names, which may be any text, are no part of NPY, and of CSV not always to be told from numbers
    let bare = Signals::new(signals.values().to_vec(), signals.nodes()).expect("the same signals");
    for file in ["y.npy", "y.csv"] {
        let bytes = signals_bytes(file, &bare).expect("written signals");
        let back = parse_signals(file, &bytes, &ReadOptions { transpose: false, header: Some(true) });
        let back = back.unwrap_or_else(|error| panic!("{file}: {error}\n{signals:?}"));
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        assert_eq!(
            (back.nodes(), back.observations()),
            (signals.nodes(), signals.observations()),
            "{file}: {signals:?}"
        );
        assert!(back.values().iter().zip(signals.values()).all(same), "{file}: {signals:?}");
    }
}
