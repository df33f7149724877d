//! What a file holds once it has been read.

use super::error::TableError;
use super::features::Features;
use super::place::Place;

/// A table to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The file's name, or a name such as `example wdbc`.
    pub source: String,
    /// The names of the features, in the order of the matrix's columns; none for svmlight.
    pub columns: Vec<String>,
    /// The features of each row.
    pub features: Features,
    /// What is to be predicted for each row.
    pub target: Target,
}

/// The column that is to be predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The column's name; `target` for svmlight.
    pub name: String,
    /// One finite number for each row; for a text target the position of its text in `labels`.
    pub values: Vec<f64>,
    /// The distinct texts of a text target, sorted; `None` for numbers.
    pub labels: Option<Vec<String>>,
}

/// Rows for a model that has been learned: the target may be absent.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRows {
    /// The file's name.
    pub source: String,
    /// The features of each row, in the model's order.
    pub features: Features,
    /// The target, where the file has it in every row.
    pub target: Option<Target>,
}

/// The columns that a model was learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema<'a> {
    /// Columns of a CSV table, matched by name in any order.
    Named(&'a [String]),
    /// Columns of an svmlight file, matched by index: this many.
    Numbered(usize),
}

impl Table {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.features.rows()
    }

    /// The name of a feature, or its number from 1 where columns have no names.
    #[must_use]
    pub fn column_name(&self, column: usize) -> String {
        self.columns.get(column).cloned().unwrap_or_else(|| column.saturating_add(1).to_string())
    }

    /// The target as numbers, for regression.
    ///
    /// # Errors
    ///
    /// [`TableError::TextTarget`] when the target is text.
    pub fn numbers(&self) -> Result<&[f64], TableError> {
        match &self.target.labels {
            None => Ok(&self.target.values),
            Some(labels) => Err(TableError::TextTarget {
                at: self.target.place(&self.source),
                text: labels.first().cloned().unwrap_or_default(),
            }),
        }
    }
}

impl Target {
    /// The target's place in messages.
    pub(crate) fn place(&self, file: &str) -> Box<Place> {
        let mut place = Place::file(file);
        place.name = Some(self.name.clone());
        place
    }
}
