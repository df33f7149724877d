//! What to do about each error.

use std::io::ErrorKind;

use super::error::TableError;
use super::text::{listed, quoted};

/// Spellings of a missing value that other tools write.
const MISSING: [&str; 10] = ["na", "n/a", "nan", "null", "none", "nil", "?", "-", ".", "#n/a"];

impl TableError {
    /// What to do next, as one line, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.file_hint()
            .or_else(|| self.header_hint())
            .or_else(|| self.cell_hint())
            .or_else(|| self.svmlight_hint())
            .or_else(|| self.learning_hint())
    }

    /// Hints about the file as a whole.
    fn file_hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFile { .. } => "check the path; a relative one starts at the current folder".into(),
            Self::Directory { .. } => "name a file inside it".into(),
            Self::Unreadable { error, .. } if error.kind() == ErrorKind::PermissionDenied => {
                "ask for the right to read the file, or copy it to where you have it".into()
            }
            Self::NotText { kind: "zip or Excel", .. } => {
                "unpack it, or save the sheet as CSV from the spreadsheet program".into()
            }
            Self::NotText { kind: "UTF-16 text", .. } => "save the file with the encoding UTF-8".into(),
            Self::NotText { kind: "Parquet", .. } => "write the table as CSV with the program that made it".into(),
            Self::NotText { .. } => "decompress it first, for example with `gunzip`, `unxz`, `unzstd` or `bunzip2`".into(),
            Self::NotUtf8 { .. } => {
                "save the file with the encoding UTF-8, for example `iconv -f latin1 -t utf-8 old.csv > new.csv`".into()
            }
            Self::RowTooLong { .. } => {
                "check that the file is a table with line ends and closed quotation marks, or raise the limit on the length of a row".into()
            }
            Self::TooManyCells { .. } => "use fewer rows or columns, or raise the limit on cells if memory allows".into(),
            Self::TooManyColumns { .. } => "check the separator, or raise the limit on columns".into(),
            Self::UnclosedQuote { .. } => "close the quotation mark, or write a literal one twice (\"\")".into(),
            Self::EmptyFile { .. } | Self::NoRows { .. } => "check that the program that wrote the file has finished".into(),
            Self::TooFewRows { needed, .. } => format!("add rows: with fewer than {needed} there is nothing to learn from"),
            _ => return None,
        })
    }

    /// Hints about column names.
    fn header_hint(&self) -> Option<String> {
        Some(match self {
            Self::EmptyName { at } if at.column == Some(1) => {
                "name the column or remove it; pandas writes a nameless index unless told `to_csv(index=False)`".into()
            }
            Self::EmptyName { .. } => {
                "name the column or remove it; a separator at the end of the line makes one".into()
            }
            Self::DuplicateName { .. } => "rename or remove one of the two columns".into(),
            Self::NoHeader { .. } => "put a line with the column names at the top of the file".into(),
            Self::WrongDelimiter { seen, .. } => {
                format!("the separator looks like {:?}: give it as the delimiter (--delimiter)", char::from(*seen))
            }
            Self::BadDelimiter { .. } => "use a comma, a semicolon, a tab, a bar or a space".into(),
            Self::NoTarget { columns, .. } => {
                format!("name the column to predict (--target); there are {}", listed(columns))
            }
            Self::NoColumn { nearest: Some(name), .. } => format!("did you mean {}?", quoted(name)),
            Self::NoColumn { columns, .. } => format!("the columns are {}", listed(columns)),
            Self::MissingFeature { nearest: Some(name), .. } => {
                format!("if {} is that column, rename it in the header; else add the column", quoted(name))
            }
            Self::MissingFeature { .. } => "add the column, or learn a model without it".into(),
            Self::NoFeatures { .. } => "add columns to predict from, or check the separator".into(),
            _ => return None,
        })
    }

    /// Hints about rows and cells.
    fn cell_hint(&self) -> Option<String> {
        Some(match self {
            Self::Ragged { found, expected, .. } if found < expected => {
                "the row is cut short or a separator is missing; a line of spaces must be removed".into()
            }
            Self::Ragged { .. } => {
                "put text that contains the separator in quotation marks, and write decimals with a point".into()
            }
            Self::EmptyCell { .. } => {
                "missing values are not filled in: give the cell a value, or remove the row or the column".into()
            }
            Self::NotANumber { text, .. } | Self::NotFinite { text, .. } | Self::MixedTarget { text, .. }
                if is_missing(text) =>
            {
                "this looks like a missing value: give the cell a value, or remove the row or the column".into()
            }
            Self::NotANumber { text, .. } | Self::MixedTarget { text, .. } if looks_grouped(text) => {
                "write numbers with a point for the decimals and nothing between the thousands, as in 1234.5".into()
            }
            Self::NotANumber { .. } => {
                "correct the cell; a column of text must be encoded as numbers, removed or ignored (--ignore)".into()
            }
            Self::NotFinite { .. } => "give the cell a number between -1.8e308 and 1.8e308, or remove the row".into(),
            Self::MixedTarget { .. } => "correct the cell, or say that the target is to be read as class names".into(),
            Self::TooManyLabels { .. } => {
                "this looks like an identifier or free text: choose another target column".into()
            }
            Self::ConstantColumn { .. } => {
                "it carries no information: remove the column from the file or list it among the ignored columns".into()
            }
            Self::ConstantTarget { .. } => {
                "there is nothing to learn: choose another target or add rows that differ in it".into()
            }
            _ => return None,
        })
    }

    /// Hints about svmlight files.
    fn svmlight_hint(&self) -> Option<String> {
        Some(match self {
            Self::NoLabel { .. } => "begin each line with the target, as in `1 3:0.5 7:2`".into(),
            Self::BadEntry { .. } => "write entries as an index from 1 up, a colon and a number, as in `3:0.5`".into(),
            Self::QueryId { .. } => {
                "ranking is not supported: remove the qid entries to treat each line by itself".into()
            }
            Self::ZeroIndex { .. } => {
                "add 1 to every index of the file (scikit-learn: `dump_svmlight_file(..., zero_based=False)`)".into()
            }
            Self::IndexOrder { index, previous, .. } if index == previous => "keep one of the two entries".into(),
            Self::IndexOrder { .. } => "sort the entries of each line by index".into(),
            Self::IndexTooLarge { .. } => {
                "correct the index, number the features densely, or raise the limit on sparse columns".into()
            }
            Self::IndexBeyondModel { .. } => {
                "use the numbering of the file the model was learned from; features it never saw must be left out"
                    .into()
            }
            Self::NamesInSvmlight { .. } => "leave the name out: the target is the first entry of each line".into(),
            Self::SvmlightForNamed { .. } => "write the rows as CSV with the model's column names in the header".into(),
            Self::CsvForNumbered { .. } => {
                "write the rows as svmlight with the numbering of the file the model was learned from".into()
            }
            _ => return None,
        })
    }

    /// Hints about classes, splits and standardisation.
    fn learning_hint(&self) -> Option<String> {
        Some(match self {
            Self::NoExample { .. } => {
                let names: Vec<&str> = super::examples::EXAMPLES.iter().map(|example| example.name).collect();
                format!("the examples are {}", listed(&names))
            }
            Self::TextTarget { .. } => {
                "use a classifier such as logistic regression, or encode the target as numbers".into()
            }
            Self::OneClass { .. } => "add rows of another class, or choose another target".into(),
            Self::LooksLikeRegression { .. } => "this looks like regression: use ridge or lasso".into(),
            Self::NotBinary { .. } => "use multinomial logistic regression, or keep the rows of two classes".into(),
            Self::UnknownClass { known, .. } => format!("the model knows {}", listed(known)),
            Self::BadFractions { .. } => "for example 0.6 for training, 0.2 for validation and 0.2 for testing".into(),
            Self::SplitTooSmall { .. } => "add rows, or ask for fewer or larger parts".into(),
            Self::ClassTooSmall { .. } => {
                "add rows of this class, remove it, or ask for fewer parts or no stratification".into()
            }
            Self::TooFewFolds { .. } => "5 and 10 are usual".into(),
            Self::ScaledNotFinite { .. } => {
                "the value is far outside what the model was learned from: check its unit".into()
            }
            Self::BadStandardizer { .. } | Self::DoubledFeature { .. } => {
                "learn the model again or restore its file".into()
            }
            Self::CentredSparse => "read the rows from a CSV table, as the model was learned from one".into(),
            _ => return None,
        })
    }
}

/// Whether the text is a usual way to write a missing value.
fn is_missing(text: &str) -> bool {
    MISSING.contains(&text.trim().to_ascii_lowercase().as_str())
}

/// Whether the text is digits grouped or pointed in a way that is not ours.
fn looks_grouped(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
        && text.contains([',', '\'', '_', ' ', '\u{a0}', '\u{202f}'])
        && !text.contains(char::is_alphabetic)
}
