//! How a table is to be read, and how much of it.

/// Settings for reading a table.
///
/// ```
/// use unspool_tune::table::ReadOptions;
///
/// let options = ReadOptions {
///     target: Some("price".to_owned()),
///     ..ReadOptions::default()
/// };
/// assert!(options.ignore.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// The format; by default judged by the file's name and first lines.
    pub format: Option<Format>,
    /// The byte between the cells of a CSV table; by default a tab for `.tsv`, else a comma.
    pub delimiter: Option<u8>,
    /// The name of the column to predict, which a CSV table needs and an svmlight file cannot have.
    pub target: Option<String>,
    /// How the target's cells are read.
    pub target_kind: TargetKind,
    /// Names of columns that are neither features nor target; their cells are not looked at.
    /// Rows for a model need no such list, as they have only the model's columns looked at.
    pub ignore: Vec<String>,
    /// What is refused as too large.
    pub limits: Limits,
}

/// The format of a table's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A header line and rows of cells between separators, quoted or not: a dense table.
    Csv,
    /// Lines `target index:value index:value … # comment`, indices from 1: a sparse table.
    Svmlight,
}

/// How the cells of a CSV table's target are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TargetKind {
    /// Numbers when the first row's cell is one, else class names; a mixture is an error.
    #[default]
    Auto,
    /// Numbers.
    Numbers,
    /// Class names, even if they look like numbers.
    Labels,
}

/// Sizes beyond which a file is refused before memory is taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one row (line, or record with line breaks in quotes). Default 16 MiB.
    pub max_row_bytes: usize,
    /// Cells of a dense table; numbers stored plus rows of a sparse one. Default 250 million.
    pub max_cells: usize,
    /// Columns of a CSV table. Default 2²⁰ = 1,048,576.
    pub max_columns: usize,
    /// Largest index of an svmlight file, at most 2³² − 1. Default 2²⁴ = 16,777,216.
    pub max_sparse_columns: usize,
    /// Distinct class names of a text target. Default 1000.
    pub max_labels: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_row_bytes: 16 << 20,
            max_cells: 250_000_000,
            max_columns: 1 << 20,
            max_sparse_columns: 1 << 24,
            max_labels: 1000,
        }
    }
}
