//! Tables: reading data, splitting its rows, bringing its columns to a common scale.
//!
//! [`read`] takes a CSV or an svmlight file and gives a [`Table`], [`read_new_rows`] takes one for
//! a model that has been learned, and [`example`] gives a table that comes with the library.
//! Whatever is wrong with a file is a [`TableError`] that names the line and the column, with a
//! hint at what to do; no content of a file makes a panic or takes memory out of proportion.

mod classes;
mod csv;
mod error;
mod examples;
mod features;
mod header;
mod hint;
mod lines;
mod moments;
mod number;
mod options;
mod place;
mod read;
mod records;
mod split;
mod standardize;
mod svmlight;
mod target;
mod text;
mod types;

#[cfg(test)]
mod tests;

pub use classes::{Classes, encode_classes, encode_known};
pub use error::TableError;
pub use examples::{EXAMPLES, Example, example};
pub use features::Features;
pub use options::{Format, Limits, ReadOptions, TargetKind};
pub use place::Place;
pub use read::{read, read_from, read_new_rows, read_new_rows_from};
pub use split::{Folds, Fractions, Split, k_folds};
pub use standardize::Standardizer;
pub use types::{NewRows, Schema, Table, Target};
