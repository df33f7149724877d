//! A cell's text as a finite number.

use super::error::TableError;
use super::place::Place;

/// The number a cell holds, spaces around it set aside; `at` makes the place for an error.
pub(crate) fn parse(text: &str, at: impl FnOnce() -> Box<Place>) -> Result<f64, TableError> {
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err(TableError::NotFinite { at: at(), text: shown(text) }),
        Err(_) if text.is_empty() => Err(TableError::EmptyCell { at: at() }),
        Err(_) => Err(TableError::NotANumber { at: at(), text: shown(text) }),
    }
}

/// As much of a text as a message can show, so that errors stay small.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
