//! Files: round trips, truncation, hostile content, and other tools.

#[path = "io/common.rs"]
mod common;
#[path = "io/graphs.rs"]
mod graphs;
#[path = "io/hostile.rs"]
mod hostile;
#[path = "io/matrices.rs"]
mod matrices;
#[cfg(feature = "parquet")]
#[path = "io/parquet.rs"]
mod parquet;
#[path = "io/python.rs"]
mod python;
#[path = "io/round_trip.rs"]
mod round_trip;
