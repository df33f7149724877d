//! Tables, and their CSV.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::number::Format;

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Its anchor, and the name of its file.
    pub id: String,
    /// What it is.
    pub title: String,
    /// What one sees, and what follows from it.
    pub caption: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// How its numbers are shown.
    pub format: Format,
    /// Whether less or more is better; the best is marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub better: Option<Better>,
}

/// Which of two numbers is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// The smaller.
    Less,
    /// The larger.
    More,
}

/// A row: a cell for each column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row(pub Vec<Cell>);

/// A cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number.
    Number(Number),
    /// A time, which differs from run to run.
    Time {
        /// In seconds.
        seconds: f64,
    },
    /// Words.
    Text(String),
    /// Nothing.
    Empty,
}

/// A number, with a 95 % interval where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// The number.
    pub value: f64,
    /// Lower end of the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end of the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

impl Table {
    /// Without columns and rows yet.
    pub fn new(id: impl Into<String>, title: impl Into<String>, caption: impl Into<String>) -> Self {
        Table { id: id.into(), title: title.into(), caption: caption.into(), columns: Vec::new(), rows: Vec::new() }
    }

    /// With this column at its right.
    #[must_use]
    pub fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// With this row at its end.
    #[must_use]
    pub fn row(mut self, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.rows.push(Row(cells.into_iter().collect()));
        self
    }

    /// The rows that hold the best number of a column.
    pub fn best(&self, column: usize) -> Vec<usize> {
        let Some(better) = self.columns.get(column).and_then(|column| column.better) else { return Vec::new() };
        let value = |row: &Row| match row.0.get(column) {
            Some(Cell::Number(number)) if number.value.is_finite() => Some(number.value),
            _ => None,
        };
        let values = || self.rows.iter().enumerate().filter_map(|(at, row)| Some((at, value(row)?)));
        let best = match better {
            Better::Less => values().map(|v| v.1).reduce(f64::min),
            Better::More => values().map(|v| v.1).reduce(f64::max),
        };
        values().filter(|(_, value)| best == Some(*value)).map(|(at, _)| at).collect()
    }

    /// As CSV: the numbers in full, intervals in columns of their own.
    ///
    /// # Errors
    /// A row that does not fit the columns.
    pub fn csv(&self) -> Result<String> {
        let has_interval = |c: usize| {
            self.rows.iter().any(|row| matches!(row.0.get(c), Some(Cell::Number(Number { low: Some(_), .. }))))
        };
        let mut header = Vec::new();
        for (c, column) in self.columns.iter().enumerate() {
            header.push(column.name.clone());
            if has_interval(c) {
                header.extend(["low", "high"].map(|end| format!("{} ({end})", column.name)));
            }
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&header)?;
        for row in &self.rows {
            self.check(row)?;
            let mut record = Vec::new();
            for (c, cell) in row.0.iter().enumerate() {
                let text = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or(String::new(), |x| x.to_string());
                let ends = match cell {
                    Cell::Number(Number { low, high, .. }) => [text(*low), text(*high)],
                    _ => Default::default(),
                };
                record.push(match cell {
                    Cell::Number(number) => text(Some(number.value)),
                    Cell::Time { seconds } => text(Some(*seconds)),
                    Cell::Text(words) => words.clone(),
                    Cell::Empty => String::new(),
                });
                if has_interval(c) {
                    record.extend(ends);
                }
            }
            writer.write_record(&record)?;
        }
        let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(crate) fn check(&self, row: &Row) -> Result<()> {
        let (got, expected) = (row.0.len(), self.columns.len());
        if got == expected { Ok(()) } else { Err(Error::Cells { id: self.id.clone(), got, expected }) }
    }
}

impl Column {
    /// With nothing to mark.
    pub fn new(name: impl Into<String>, format: Format) -> Self {
        Column { name: name.into(), format, better: None }
    }

    /// The smallest number is marked.
    #[must_use]
    pub fn less_is_better(self) -> Self {
        Column { better: Some(Better::Less), ..self }
    }

    /// The largest number is marked.
    #[must_use]
    pub fn more_is_better(self) -> Self {
        Column { better: Some(Better::More), ..self }
    }
}

impl Cell {
    /// Words.
    pub fn text(words: impl Into<String>) -> Self {
        Cell::Text(words.into())
    }

    /// A number, kept to eight digits; nothing for what is no number.
    pub fn number(value: f64) -> Self {
        Self::interval(value, None)
    }

    /// A number with its interval.
    pub fn interval(value: f64, ends: Option<(f64, f64)>) -> Self {
        if !value.is_finite() {
            return Cell::Empty;
        }
        let kept = |x: f64| crate::round(x, 8);
        let ends = ends.filter(|(low, high)| low.is_finite() && high.is_finite());
        Cell::Number(Number { value: kept(value), low: ends.map(|e| kept(e.0)), high: ends.map(|e| kept(e.1)) })
    }

    /// A number, if there is one.
    pub fn maybe(value: Option<f64>) -> Self {
        value.map_or(Cell::Empty, Self::number)
    }

    /// A count.
    pub fn count(count: usize) -> Self {
        Self::number(count as f64)
    }

    /// A time.
    pub fn seconds(seconds: f64) -> Self {
        Cell::Time { seconds: crate::round(seconds, 3) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Column, Table};
    use crate::Format;

    fn table() -> Table {
        Table::new("t", "T", "")
            .column(Column::new("method", Format::Text))
            .column(Column::new("error", Format::Short).less_is_better())
            .row([Cell::text("a, b"), Cell::interval(0.5, Some((0.25, 0.75)))])
            .row([Cell::text("c"), Cell::Empty])
            .row([Cell::text("d"), Cell::number(0.125)])
    }

    #[test]
    fn csv_has_all_digits_and_intervals() {
        let expected = "method,error,error (low),error (high)\n\"a, b\",0.5,0.25,0.75\nc,,,\nd,0.125,,\n";
        assert_eq!(table().csv().unwrap(), expected);
        assert!(table().row([Cell::Empty]).csv().is_err());
    }

    #[test]
    fn the_best_is_found() {
        assert_eq!((table().best(0), table().best(1)), (vec![], vec![2]));
        let tied = table().row([Cell::text("e"), Cell::number(0.125)]);
        assert_eq!(tied.best(1), [2, 3]);
    }

    #[test]
    fn cells_survive_json() {
        let row = [Cell::text("x"), Cell::Empty, Cell::seconds(1.2345), Cell::number(1.0 / 3.0), Cell::count(7)];
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(text, r#"["x",null,{"seconds":1.23},{"value":0.33333333},{"value":7.0}]"#);
        assert_eq!(serde_json::from_str::<Vec<Cell>>(&text).unwrap(), row);
    }
}
