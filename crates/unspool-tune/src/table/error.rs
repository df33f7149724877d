//! Everything that can be wrong with a table, in one error type.

use std::io;

use super::place::Place;
use super::text::{counted, listed, plain, quoted};

/// What is wrong with a table, a split of it or its standardisation.
///
/// The message is one line that names the file, the line as an editor counts it, the column and
/// the offending text, as far as they apply. [`TableError::hint`] says what to do next.
///
/// Fields of one name mean the same in all variants: `file` is the file's name and `at` the place in
/// it, `text` the offending text (its first 64 characters), `name` the column or example asked for
/// and `nearest` the nearest name there is, `columns` all names or the number of columns, `limit`
/// the limit exceeded, `found` and `rows` what there is, `expected` and `needed` what there should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are described together above")]
pub enum TableError {
    /// No file of this name.
    #[error("{}: no such file", plain(.file))]
    NoFile { file: String },
    /// The name is that of a folder.
    #[error("{}: is a folder, not a file", plain(.file))]
    Directory { file: String },
    /// Opening or reading failed.
    #[error("{}: cannot be read: {error}", plain(.file))]
    Unreadable {
        file: String,
        #[source]
        error: io::Error,
    },
    /// The first bytes are those of another kind of file.
    #[error("{}: is a {kind} file, not text", plain(.file))]
    NotText { file: String, kind: &'static str },
    /// A byte sequence that is not UTF-8; `byte` counts from 0.
    #[error("{at}: not UTF-8 text (byte {byte} of the file)")]
    NotUtf8 { at: Box<Place>, byte: u64 },
    /// A line, or a quoted record over several lines, exceeds the limit.
    #[error("{at}: the row is longer than {limit} bytes")]
    RowTooLong { at: Box<Place>, limit: usize },
    /// More cells (or stored numbers) than the limit.
    #[error("{at}: the table has more than {limit} cells by this line")]
    TooManyCells { at: Box<Place>, limit: usize },
    /// More columns than the limit.
    #[error("{at}: the row has more than {limit} columns")]
    TooManyColumns { at: Box<Place>, limit: usize },
    /// A quotation mark that is opened and never closed.
    #[error("{at}: a quotation mark opened in this row is never closed")]
    UnclosedQuote { at: Box<Place> },
    /// Nothing in the file.
    #[error("{}: the file is empty", plain(.file))]
    EmptyFile { file: String },
    /// A header or comments, but no row after it.
    #[error("{}: there are no rows of data", plain(.file))]
    NoRows { file: String },
    /// Too few rows to learn from.
    #[error("{}: has {} of data where at least {needed} are needed", plain(.file), counted(*.rows, "row"))]
    TooFewRows { file: String, rows: usize, needed: usize },
    /// A column without a name.
    #[error("{at}: the header cell is empty")]
    EmptyName { at: Box<Place> },
    /// Two columns of one name; `first` counts from 1.
    #[error("{at}: the name is already that of column {first}")]
    DuplicateName { at: Box<Place>, first: usize },
    /// The first line seems to be data.
    #[error("{at}: the header line holds only numbers (it begins {})", quoted(.text))]
    NoHeader { at: Box<Place>, text: String },
    /// All names landed in one column.
    #[error("{at}: the header is a single column {}, read with the separator {:?}", quoted(.text), char::from(*.used))]
    WrongDelimiter { at: Box<Place>, text: String, used: u8, seen: u8 },
    /// The target is needed and was not named.
    #[error("{}: no target column was given", plain(.file))]
    NoTarget { file: String, columns: Vec<String> },
    /// No column of the name asked for.
    #[error("{}: there is no column {}{}", plain(.file), quoted(.name), near(.nearest))]
    NoColumn { file: String, name: String, nearest: Option<String>, columns: Vec<String> },
    /// A column that the model needs is absent.
    #[error("{}: there is no column {}, which the model needs{}", plain(.file), quoted(.name), near(.nearest))]
    MissingFeature { file: String, name: String, nearest: Option<String> },
    /// A model that uses one column twice.
    #[error("{}: the model asks for the column {} twice", plain(.file), quoted(.name))]
    DoubledFeature { file: String, name: String },
    /// The target is the only column, or no row of an svmlight file has an entry.
    #[error("{}: there are no feature columns", plain(.file))]
    NoFeatures { file: String },
    /// A row of another length than the header.
    #[error("{at}: the row has {} where the header has {expected}", counted(*.found, "cell"))]
    Ragged { at: Box<Place>, found: usize, expected: usize },
    /// A missing value.
    #[error("{at}: the cell is empty")]
    EmptyCell { at: Box<Place> },
    /// Text where a number is needed.
    #[error("{at}: {} is not a number", quoted(.text))]
    NotANumber { at: Box<Place>, text: String },
    /// NaN, an infinity, or a number beyond the range of `f64`.
    #[error("{at}: {} is not a finite number", quoted(.text))]
    NotFinite { at: Box<Place>, text: String },
    /// Text in a target whose first row holds a number, or the other way round.
    #[error("{at}: {} in a target that mixes numbers and text", quoted(.text))]
    MixedTarget { at: Box<Place>, text: String },
    /// A text target with too many distinct values to be classes.
    #[error("{at}: the text target has more than {limit} distinct values by this line")]
    TooManyLabels { at: Box<Place>, limit: usize },
    /// A feature with one value in all rows; `others` more columns are like it.
    #[error("{at}: the column holds {value} in every row{}", also(*.others))]
    ConstantColumn { at: Box<Place>, value: f64, others: usize },
    /// A target with one value in all rows.
    #[error("{at}: the target is {} in every row", quoted(.value))]
    ConstantTarget { at: Box<Place>, value: String },
    /// An svmlight line that begins with a feature.
    #[error("{at}: the line begins with {} where the target should stand", quoted(.text))]
    NoLabel { at: Box<Place>, text: String },
    /// An svmlight entry that is not `index:value`.
    #[error("{at}: {} is not of the form index:value", quoted(.text))]
    BadEntry { at: Box<Place>, text: String },
    /// A `qid:` entry.
    #[error("{at}: {} is a query id of a ranking problem", quoted(.text))]
    QueryId { at: Box<Place>, text: String },
    /// An svmlight index 0.
    #[error("{at}: {} has index 0, and indices count from 1", quoted(.text))]
    ZeroIndex { at: Box<Place>, text: String },
    /// An svmlight index that does not exceed the one before it.
    #[error("{at}: index {index} comes after index {previous}, and indices must increase")]
    IndexOrder { at: Box<Place>, index: u64, previous: u64 },
    /// An svmlight index above the limit.
    #[error("{at}: {} has an index above the limit of {limit}", quoted(.text))]
    IndexTooLarge { at: Box<Place>, text: String, limit: usize },
    /// An svmlight index above the number of columns of the model.
    #[error("{at}: index {index} is beyond the model's {columns} columns")]
    IndexBeyondModel { at: Box<Place>, index: u64, columns: usize },
    /// A column name was given for a format without names.
    #[error("{}: is an svmlight file, which has no column names such as {}", plain(.file), quoted(.name))]
    NamesInSvmlight { file: String, name: String },
    /// A model of numbered columns met a table of named ones.
    #[error("{}: is a CSV table, and the model was learned from numbered svmlight columns", plain(.file))]
    CsvForNumbered { file: String },
    /// A model of named columns met a table of numbered ones.
    #[error("{}: is an svmlight file, and the model was learned from named columns", plain(.file))]
    SvmlightForNamed { file: String },
    /// A separator that cannot be one.
    #[error("{:?} cannot separate the cells of a CSV table", char::from(*.delimiter))]
    BadDelimiter { delimiter: u8 },
    /// No embedded table of the name.
    #[error("there is no example {}{}", quoted(.name), near(.nearest))]
    NoExample { name: String, nearest: Option<String> },
    /// Numbers are needed and the target is text.
    #[error("{at}: the target holds text such as {}", quoted(.text))]
    TextTarget { at: Box<Place>, text: String },
    /// All rows are of one class.
    #[error("{at}: every row has the class {}", quoted(.label))]
    OneClass { at: Box<Place>, label: String },
    /// A numeric target with too many distinct values to be classes.
    #[error("{at}: the target has {distinct} distinct numbers, too many to be classes")]
    LooksLikeRegression { at: Box<Place>, distinct: usize },
    /// Two classes are needed.
    #[error("{at}: the target has {} classes where 2 are needed: {}", .labels.len(), listed(.labels))]
    NotBinary { at: Box<Place>, labels: Vec<String> },
    /// A class that the model does not know.
    #[error("{at}: data row {row} has the class {}, which the model does not know", quoted(.label))]
    UnknownClass { at: Box<Place>, row: usize, label: String, known: Vec<String> },
    /// Fractions of a split that are not fractions.
    #[error("the split into {text} is not one: fractions lie in 0 to 1 and add up to 1")]
    BadFractions { text: String },
    /// Too few rows for the parts asked for.
    #[error("{what} needs at least {}, and there are {rows}", counted(*.needed, "row"))]
    SplitTooSmall { what: String, rows: usize, needed: usize },
    /// Too few rows of one class for the parts asked for.
    #[error("{what} needs at least {} of each class, and class number {class} has {rows}", counted(*.needed, "row"))]
    ClassTooSmall { what: String, class: usize, rows: usize, needed: usize },
    /// Too few folds.
    #[error("cross-validation needs at least 2 folds, not {folds}")]
    TooFewFolds { folds: usize },
    /// Lengths or shapes that do not belong together.
    #[error("{what}: {found} where {expected} was expected")]
    Shape { what: &'static str, found: usize, expected: usize },
    /// A row, counted from 0, that a matrix does not have.
    #[error("row {row} (counted from 0) was asked for, and there are {rows} rows")]
    NoSuchRow { row: usize, rows: usize },
    /// A matrix whose parts contradict each other.
    #[error("the sparse matrix is not in order at row {row}: {what}")]
    BadSparse { row: usize, what: &'static str },
    /// NaN or an infinity in a matrix made by hand; `entry` counts from 1.
    #[error("stored value number {entry} of the matrix is not finite")]
    StoredNotFinite { entry: usize },
    /// A scaled value left the range of `f64`; `row` and `column` count from 1.
    #[error("row {row}, column {column}: {value:e} is not finite once standardised")]
    ScaledNotFinite { row: usize, column: usize, value: f64 },
    /// A stored standardiser that cannot be one.
    #[error("the standardiser is damaged: {what}")]
    BadStandardizer { what: &'static str },
    /// Centring would fill in all the zeros.
    #[error("a sparse table cannot be centred, and this standardiser was fitted on a dense one")]
    CentredSparse,
}

/// The tail of a message that names a near name.
fn near(name: &Option<String>) -> String {
    name.as_ref().map(|name| format!("; the nearest is {}", quoted(name))).unwrap_or_default()
}

/// The tail of a message about further columns.
fn also(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " (and so does 1 more column)".to_owned(),
        n => format!(" (and so do {n} more columns)"),
    }
}
