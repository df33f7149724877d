//! Where in a file something stands.

use std::fmt;

use super::text::{plain, quoted};

/// A place in a table's file, as precise as is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file as the caller named it, or a name such as `example wdbc`.
    pub file: String,
    /// The line, counted from 1 as an editor shows it.
    pub line: Option<u64>,
    /// The column, counted from 1; in an svmlight file the feature index.
    pub column: Option<u64>,
    /// The column's name from the header.
    pub name: Option<String>,
}

impl Place {
    /// The file as a whole.
    pub(crate) fn file(file: &str) -> Box<Self> {
        Box::new(Self { file: file.to_owned(), ..Self::default() })
    }

    /// A line of the file.
    pub(crate) fn line(file: &str, line: u64) -> Box<Self> {
        let mut place = Self::file(file);
        place.line = Some(line);
        place
    }

    /// The same place, in the column of this index (from 0) and name.
    pub(crate) fn column(mut self: Box<Self>, index: usize, name: Option<&str>) -> Box<Self> {
        self.column = u64::try_from(index).ok().map(|index| index + 1);
        self.name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.file))?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        match (self.column, &self.name) {
            (Some(column), Some(name)) => write!(f, ", column {column} ({})", quoted(name)),
            (Some(column), None) => write!(f, ", column {column}"),
            (None, Some(name)) => write!(f, ", column {}", quoted(name)),
            (None, None) => Ok(()),
        }
    }
}
