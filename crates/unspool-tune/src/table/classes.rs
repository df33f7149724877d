//! The target as classes.

use std::collections::HashMap;

use super::error::TableError;
use super::types::{Table, Target};

/// Most distinct numbers that are taken for classes.
const MAX_NUMBERS: usize = 50;

/// The rows' classes and the classes' names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    /// The names in order: sorted as numbers for a numeric target, else as text. At least two.
    pub labels: Vec<String>,
    /// The class of each row, as a position in `labels`.
    pub index: Vec<usize>,
    /// The file, for messages.
    source: String,
    /// The target column, for messages.
    target: String,
}

impl Classes {
    /// Number of rows of each class.
    #[must_use]
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.labels.len()];
        for &class in &self.index {
            if let Some(size) = sizes.get_mut(class) {
                *size += 1;
            }
        }
        sizes
    }

    /// For two classes: −1 for each row of the first and +1 for each of the second.
    ///
    /// # Errors
    ///
    /// [`TableError::NotBinary`] when there are more classes.
    pub fn signs(&self) -> Result<Vec<f64>, TableError> {
        if self.labels.len() != 2 {
            let place = Target { name: self.target.clone(), values: Vec::new(), labels: None };
            return Err(TableError::NotBinary { at: place.place(&self.source), labels: self.labels.clone() });
        }
        let sign = |&class: &usize| if class == 0 { -1.0 } else { 1.0 };
        Ok(self.index.iter().map(sign).collect())
    }
}

/// Takes each distinct value of the target, number or text, for a class.
///
/// # Errors
///
/// [`TableError::OneClass`] when all rows are of one, and [`TableError::LooksLikeRegression`] when
/// the target has more than 50 distinct numbers.
pub fn encode_classes(table: &Table) -> Result<Classes, TableError> {
    let target = &table.target;
    let at = || target.place(&table.source);
    // Adding zero makes −0 the 0 that it equals.
    let mut distinct: Vec<f64> = target.values.iter().map(|value| value + 0.0).collect();
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup_by_key(|value| value.to_bits());
    if target.labels.is_none() && distinct.len() > MAX_NUMBERS {
        return Err(TableError::LooksLikeRegression { at: at(), distinct: distinct.len() });
    }
    let labels: Vec<String> = distinct.iter().map(|&value| target.text(value)).collect();
    if labels.len() < 2 {
        let label = labels.into_iter().next().unwrap_or_default();
        return Err(TableError::OneClass { at: at(), label });
    }
    let class = |value: &f64| {
        let found = distinct.binary_search_by(|known| known.total_cmp(&(value + 0.0)));
        found.unwrap_or_else(|place| place)
    };
    Ok(Classes {
        labels,
        index: target.values.iter().map(class).collect(),
        source: table.source.clone(),
        target: target.name.clone(),
    })
}

/// The class of each row among the classes that a model knows.
///
/// A number is found by its text or, failing that, among the labels that are equal numbers.
///
/// # Errors
///
/// [`TableError::UnknownClass`] for the first row of another class.
pub fn encode_known(source: &str, target: &Target, labels: &[String]) -> Result<Vec<usize>, TableError> {
    let mut known: HashMap<String, usize> = HashMap::with_capacity(labels.len());
    for (class, label) in labels.iter().enumerate() {
        known.entry(label.clone()).or_insert(class);
    }
    let mut classes = Vec::with_capacity(target.values.len());
    for (row, &value) in target.values.iter().enumerate() {
        let text = target.text(value);
        let equal = |label: &String| target.labels.is_none() && label.parse() == Ok(value);
        let class = known.get(&text).copied().or_else(|| labels.iter().position(equal));
        classes.push(class.ok_or_else(|| TableError::UnknownClass {
            at: target.place(source),
            row: row + 1,
            label: text,
            known: labels.to_vec(),
        })?);
    }
    Ok(classes)
}
