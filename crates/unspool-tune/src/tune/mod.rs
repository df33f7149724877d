//! The tuning itself.
use crate::{Outcome, Settings, TuneError, Watch, table::Table};
/// Learns the regularisers of a model of this table.
///
/// # Errors
/// See [`TuneError`].
pub fn tune(_table: &Table, _settings: &Settings, _watch: Watch<'_>) -> Result<Outcome, TuneError> {
    todo!()
}
