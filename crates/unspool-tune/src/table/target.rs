//! The target column, gathered cell by cell.

use std::collections::HashMap;

use super::error::TableError;
use super::number::{self, shown};
use super::options::TargetKind;
use super::place::Place;
use super::types::Target;

/// Gathers the target of a table.
#[derive(Debug)]
pub(crate) struct TargetBuilder {
    kind: TargetKind,
    max_labels: usize,
    values: Vec<f64>,
    /// The position of each distinct text in order of appearance.
    seen: HashMap<String, u32>,
}

impl TargetBuilder {
    /// A target without rows.
    pub(crate) fn new(kind: TargetKind, max_labels: usize) -> Self {
        Self { kind, max_labels: max_labels.min(u32::MAX as usize), values: Vec::new(), seen: HashMap::new() }
    }

    /// Number of rows gathered.
    pub(crate) fn rows(&self) -> usize {
        self.values.len()
    }

    /// Adds a row's cell.
    pub(crate) fn push(&mut self, cell: &str, at: impl FnOnce() -> Box<Place>) -> Result<(), TableError> {
        let text = cell.trim();
        if text.is_empty() {
            return Err(TableError::EmptyCell { at: at() });
        }
        let is_number = text.parse::<f64>().is_ok();
        let value = match (self.kind, self.values.is_empty(), self.seen.is_empty()) {
            (TargetKind::Numbers, ..) => number::parse(text, at)?,
            (TargetKind::Labels, ..) => self.label(text, at)?,
            (TargetKind::Auto, true, _) if is_number => number::parse(text, at)?,
            (TargetKind::Auto, true, _) => self.label(text, at)?,
            (TargetKind::Auto, false, true) if is_number => number::parse(text, at)?,
            (TargetKind::Auto, false, false) if !is_number => self.label(text, at)?,
            (TargetKind::Auto, false, _) => {
                return Err(TableError::MixedTarget { at: at(), text: shown(text) });
            }
        };
        self.values.push(value);
        Ok(())
    }

    /// The number of a label, new or known.
    fn label(&mut self, text: &str, at: impl FnOnce() -> Box<Place>) -> Result<f64, TableError> {
        if let Some(&code) = self.seen.get(text) {
            return Ok(f64::from(code));
        }
        let code = self.seen.len();
        if code >= self.max_labels {
            return Err(TableError::TooManyLabels { at: at(), limit: self.max_labels });
        }
        let code = u32::try_from(code).unwrap_or(u32::MAX);
        self.seen.insert(text.to_owned(), code);
        Ok(f64::from(code))
    }

    /// The target, its labels sorted.
    pub(crate) fn finish(self, name: &str) -> Target {
        let Self { mut values, seen, .. } = self;
        let mut sorted: Vec<(String, u32)> = seen.into_iter().collect();
        sorted.sort_unstable();
        let mut rank = vec![0.0; sorted.len()];
        for (position, (_, code)) in sorted.iter().enumerate() {
            if let Some(place) = rank.get_mut(*code as usize) {
                *place = position as f64;
            }
        }
        if !rank.is_empty() {
            for value in &mut values {
                // The values are codes below `rank.len()`, whole numbers that convert exactly.
                *value = rank.get(*value as usize).copied().unwrap_or(*value);
            }
        }
        let labels: Vec<String> = sorted.into_iter().map(|(label, _)| label).collect();
        Target { name: name.to_owned(), values, labels: (!labels.is_empty()).then_some(labels) }
    }
}

impl Target {
    /// Refuses a target that is the same in every row.
    pub(crate) fn check_varies(&self, file: &str) -> Result<(), TableError> {
        let Some(first) = self.values.first() else {
            return Ok(());
        };
        if self.values.iter().any(|value| value != first) {
            return Ok(());
        }
        Err(TableError::ConstantTarget { at: self.place(file), value: self.text(*first) })
    }

    /// The text of a value: its label, or the number as short as it can be told exactly.
    pub(crate) fn text(&self, value: f64) -> String {
        match &self.labels {
            Some(labels) => labels.get(value as usize).cloned().unwrap_or_default(),
            // Adding zero makes −0 the 0 that it equals.
            None => (value + 0.0).to_string(),
        }
    }
}
