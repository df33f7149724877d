//! A sparse data matrix in compressed rows.

use std::borrow::Cow;
use std::ops::Range;

use super::{Design, MAX_BLOCK, RowMap};
use crate::error::{check_finite, check_len};
use crate::{Error, Real, Result, par};

/// An `n x d` matrix of which only the entries that are not zero are stored.
#[derive(Debug)]
pub struct Csr<'a, F: Real> {
    indptr: Cow<'a, [usize]>,
    indices: Cow<'a, [u32]>,
    data: Cow<'a, [F]>,
    cols: usize,
}

impl<'a, F: Real> Csr<'a, F> {
    /// Row `i` has the entries `data[indptr[i]..indptr[i + 1]]` in the columns `indices[…]`, as in
    /// `scipy.sparse.csr_array`.
    ///
    /// # Errors
    /// Lengths that do not fit together, row pointers that decrease, a column out of range, a
    /// value that is not finite.
    pub fn new(
        indptr: impl Into<Cow<'a, [usize]>>,
        indices: impl Into<Cow<'a, [u32]>>,
        data: impl Into<Cow<'a, [F]>>,
        cols: usize,
    ) -> Result<Self> {
        let (indptr, indices, data) = (indptr.into(), indices.into(), data.into());
        check_len("the column indices", indices.len(), data.len())?;
        check_finite("the data matrix", &data)?;
        let increasing = indptr.windows(2).all(|w| w[0] <= w[1]);
        if indptr.first() != Some(&0) || indptr.last() != Some(&data.len()) || !increasing {
            return Err(Error::Unsupported {
                what: "row pointers that do not cut the entries into rows",
                hint: "they start at 0, never decrease, and end at the number of entries",
            });
        }
        if let Some(&column) = indices.iter().find(|&&j| j as usize >= cols) {
            return Err(Error::Range {
                what: "a column index",
                got: column.into(),
                must: "below the number of columns",
            });
        }
        Ok(Csr { indptr, indices, data, cols })
    }

    fn row(&self, i: usize) -> impl Iterator<Item = (usize, F)> + '_ {
        let entries = self.indptr[i]..self.indptr[i + 1];
        self.indices[entries.clone()].iter().map(|&j| j as usize).zip(self.data[entries].iter().copied())
    }

    /// Pieces with an accumulator each, together no larger than the stored entries.
    fn pieces(&self, columns: usize, keep: usize) -> usize {
        let most = (self.data.len() / (self.cols * keep.max(1)).max(1)).max(1);
        let n = par::chunks(self.data.len() * columns, Design::<F>::rows(self));
        if n <= most { n } else { 1 << most.ilog2() }
    }

    fn times(&self, rows: &Range<usize>, v: &[&[F]], u: &mut [F]) {
        let columns = v.iter().flat_map(|part| part.chunks_exact(self.cols.max(1)));
        for (v, u) in columns.zip(u.chunks_exact_mut(rows.len().max(1))) {
            for (i, u) in rows.clone().zip(u) {
                *u = self.row(i).fold(F::zero(), |sum, (j, x)| sum + x * v[j]);
            }
        }
    }

    fn columns(&self, v: &[&[F]]) -> usize {
        v.iter().map(|part| part.len()).sum::<usize>() / self.cols.max(1)
    }
}

impl<F: Real> Design<F> for Csr<'_, F> {
    fn rows(&self) -> usize {
        self.indptr.len() - 1
    }

    fn cols(&self) -> usize {
        self.cols
    }

    fn entries(&self) -> usize {
        self.data.len()
    }

    fn scratch(&self, columns: usize, keep: usize) -> usize {
        self.pieces(columns, keep) * (self.cols * keep + MAX_BLOCK * columns)
    }

    fn sweep(&self, v: &[&[F]], keep: usize, out: &mut [F], f: RowMap<'_, F>, scratch: &mut [F]) {
        let columns = self.columns(v);
        let n = self.pieces(columns, keep);
        let size = self.cols * keep + MAX_BLOCK * columns;
        let piece = |i: usize, scratch: &mut [F]| {
            let (sum, u) = scratch.split_at_mut(self.cols * keep);
            sum.fill(F::zero());
            let rows = par::range(self.rows(), n, i);
            for start in rows.clone().step_by(MAX_BLOCK) {
                let b = start..(start + MAX_BLOCK).min(rows.end);
                let u = &mut u[..b.len() * columns];
                self.times(&b, v, u);
                f(b.clone(), u);
                for (sum, s) in sum.chunks_exact_mut(self.cols.max(1)).zip(u.chunks_exact(b.len())) {
                    for (i, &s) in b.clone().zip(s) {
                        self.row(i).for_each(|(j, x)| sum[j] += s * x);
                    }
                }
            }
        };
        let scratch = &mut scratch[..n * size];
        par::for_parts(self.data.len() * columns, n, scratch, &piece);
        out.fill(F::zero());
        for part in scratch.chunks_exact(size.max(1)) {
            F::axpy(F::one(), &part[..self.cols * keep], out);
        }
    }

    fn products(&self, v: &[&[F]], f: &mut dyn FnMut(Range<usize>, &mut [F]), scratch: &mut [F]) {
        let columns = self.columns(v);
        for start in (0..self.rows()).step_by(MAX_BLOCK) {
            let b = start..(start + MAX_BLOCK).min(self.rows());
            let u = &mut scratch[..b.len() * columns];
            self.times(&b, v, u);
            f(b, u);
        }
    }

    fn gram_pays(&self) -> bool {
        false
    }

    fn gram_scratch(&self) -> usize {
        0
    }

    fn gram(&self, h: Option<&[F]>, out: &mut [F], _: &mut [F]) {
        out.fill(F::zero());
        for i in 0..self.rows() {
            let weight = h.map_or(F::one(), |h| h[i]);
            for (j, x) in self.row(i) {
                self.row(i).for_each(|(k, y)| out[j * self.cols + k] += weight * x * y);
            }
        }
    }
}
