//! Real signals that come with the library. Sources and licences: `data/README.md` of this crate.

use crate::Signals;
use crate::error::{Error, Result};
use crate::io::{NodeTable, ReadOptions, parse_nodes, parse_signals};

/// Names of the examples.
pub const NAMES: [&str; 1] = ["molene"];

/// The example of this name, with the positions of its nodes.
///
/// `molene`: hourly temperatures (kelvin) of January 2014 at 37 weather stations in Brittany. Météo-France, Licence
/// Ouverte (Etalab).
///
/// ```
/// let (signals, stations) = unspool_graph::example::load("molene")?;
/// assert_eq!((signals.nodes(), signals.observations(), stations.positions.len()), (37, 744, 37));
/// # Ok::<(), unspool_graph::Error>(())
/// ```
pub fn load(name: &str) -> Result<(Signals, NodeTable)> {
    if name != "molene" {
        return Err(Error::data(format!("there is no example `{name}`"), "there is molene"));
    }
    let signals = include_bytes!("../data/molene_temperature.csv");
    let stations = include_bytes!("../data/molene_stations.csv");
    let signals = parse_signals("molene_temperature.csv", signals, &ReadOptions::default())?;
    Ok((signals, parse_nodes("molene_stations.csv", stations)?))
}
