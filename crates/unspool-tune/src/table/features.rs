//! The feature matrix, dense or sparse.

use super::error::TableError;

/// The feature matrix of a table.
///
/// The readers of this module hand out matrices that are in order; [`Features::check`] tests one
/// that was put together by hand. All values are finite.
#[derive(Debug, Clone, PartialEq)]
pub enum Features {
    /// Every cell stored, row after row.
    Dense {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        cols: usize,
        /// The cells, `rows * cols` of them, row-major.
        data: Vec<f64>,
    },
    /// Compressed sparse rows.
    Sparse {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        cols: usize,
        /// Where each row begins in `indices` and `data`, and their length at the end.
        indptr: Vec<usize>,
        /// The columns of the stored values, from 0, increasing within a row.
        indices: Vec<u32>,
        /// The stored values.
        data: Vec<f64>,
    },
}

impl Features {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Dense { rows, .. } | Self::Sparse { rows, .. } => *rows,
        }
    }

    /// Number of columns.
    #[must_use]
    pub fn cols(&self) -> usize {
        match self {
            Self::Dense { cols, .. } | Self::Sparse { cols, .. } => *cols,
        }
    }

    /// Number of values stored.
    #[must_use]
    pub fn stored(&self) -> usize {
        match self {
            Self::Dense { data, .. } | Self::Sparse { data, .. } => data.len(),
        }
    }

    /// Whether zeros are left out.
    #[must_use]
    pub fn is_sparse(&self) -> bool {
        matches!(self, Self::Sparse { .. })
    }

    /// Tests that the parts of the matrix agree: lengths, increasing indices within the columns,
    /// finite values.
    ///
    /// # Errors
    ///
    /// [`TableError::Shape`], [`TableError::BadSparse`] or [`TableError::StoredNotFinite`] for the
    /// first thing found wrong.
    pub fn check(&self) -> Result<(), TableError> {
        match self {
            Self::Dense { rows, cols, data } => {
                check_len("cells of the matrix", data.len(), rows.saturating_mul(*cols))?;
                check_finite(data)
            }
            Self::Sparse { rows, cols, indptr, indices, data } => {
                check_len("row starts of the sparse matrix", indptr.len(), rows.saturating_add(1))?;
                check_len("indices of the sparse matrix", indices.len(), data.len())?;
                for (row, pair) in indptr.windows(2).enumerate() {
                    check_row(row, pair, indices, *cols)?;
                }
                check_len("first row start", indptr.first().copied().unwrap_or(0), 0)?;
                check_len("last row start", indptr.last().copied().unwrap_or(0), data.len())?;
                check_finite(data)
            }
        }
    }

    /// A matrix of the given rows of this one, in the order given; a row may come twice.
    ///
    /// # Errors
    ///
    /// [`TableError::NoSuchRow`], and [`TableError::Shape`] for a matrix that is not in order.
    pub fn select_rows(&self, selected: &[usize]) -> Result<Self, TableError> {
        let count = self.rows();
        let beyond = selected.iter().find(|&&row| row >= count);
        if let Some(&row) = beyond {
            return Err(TableError::NoSuchRow { row, rows: count });
        }
        match self {
            Self::Dense { rows, cols, data } => {
                check_len("cells of the matrix", data.len(), rows.saturating_mul(*cols))?;
                let mut kept = Vec::with_capacity(selected.len().saturating_mul(*cols));
                for row in selected {
                    kept.extend_from_slice(part(data, row * cols, (row + 1) * cols)?);
                }
                Ok(Self::Dense { rows: selected.len(), cols: *cols, data: kept })
            }
            Self::Sparse { cols, indptr, indices, data, .. } => {
                let bounds = |row: usize| Some((*indptr.get(row)?, *indptr.get(row + 1)?));
                let bounds = |row| bounds(row).ok_or_else(|| shape("row starts", indptr.len(), count + 1));
                let mut starts = Vec::with_capacity(selected.len() + 1);
                let mut total = 0;
                starts.push(0);
                for &row in selected {
                    let (start, end) = bounds(row)?;
                    total += end.saturating_sub(start);
                    starts.push(total);
                }
                let mut kept = Vec::with_capacity(total);
                let mut columns = Vec::with_capacity(total);
                for &row in selected {
                    let (start, end) = bounds(row)?;
                    kept.extend_from_slice(part(data, start, end)?);
                    columns.extend_from_slice(part(indices, start, end)?);
                }
                Ok(Self::Sparse { rows: selected.len(), cols: *cols, indptr: starts, indices: columns, data: kept })
            }
        }
    }
}

/// A piece of a matrix's storage.
fn part<T>(all: &[T], start: usize, end: usize) -> Result<&[T], TableError> {
    all.get(start..end).ok_or_else(|| shape("values stored in the matrix", all.len(), end))
}

/// The error of a length that is not the one expected.
pub(crate) fn shape(what: &'static str, found: usize, expected: usize) -> TableError {
    TableError::Shape { what, found, expected }
}

/// Tests a length.
pub(crate) fn check_len(what: &'static str, found: usize, expected: usize) -> Result<(), TableError> {
    if found == expected { Ok(()) } else { Err(shape(what, found, expected)) }
}

/// Tests that all values are finite.
fn check_finite(data: &[f64]) -> Result<(), TableError> {
    match data.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(entry) => Err(TableError::StoredNotFinite { entry: entry + 1 }),
    }
}

/// Tests one row of a sparse matrix.
fn check_row(row: usize, bounds: &[usize], indices: &[u32], cols: usize) -> Result<(), TableError> {
    let bad = |what| Err(TableError::BadSparse { row: row + 1, what });
    let (Some(&start), Some(&end)) = (bounds.first(), bounds.last()) else {
        return Ok(());
    };
    let Some(row) = indices.get(start..end) else {
        return bad("its bounds are not within the stored values");
    };
    if !row.is_sorted_by(|a, b| a < b) {
        return bad("its indices do not increase");
    }
    if row.last().is_some_and(|&last| last as usize >= cols) {
        return bad("an index is beyond the last column");
    }
    Ok(())
}
