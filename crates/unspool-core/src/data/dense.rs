//! A dense data matrix, row-major.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use faer::{MatMut, MatRef};

use super::{Design, MAX_BLOCK, RowMap};
use crate::error::{check_finite, check_len};
use crate::linsolve::dense::gemm;
use crate::{Error, Real, Result, kernels, par};

/// Products of at most this many columns run row by row; more of them as matrix products.
const FEW: usize = 8;
/// Columns of the Gram matrix computed together.
const PANEL: usize = 64;
/// Matrices up to this many bytes are copied to where they are read fastest.
const LARGEST_COPY: usize = 64 << 20;

/// An `n x d` matrix stored row by row.
#[derive(Debug)]
pub struct Dense<'a, F: Real> {
    data: Cow<'a, [F]>,
    /// Where the matrix begins in `data`.
    first: usize,
    rows: usize,
    cols: usize,
    /// Direction of the next sweep. Going back where the last sweep ended finds the rows read
    /// last still in cache; the result does not depend on it.
    backward: AtomicBool,
}

impl<'a, F: Real> Dense<'a, F> {
    /// A matrix from its rows, owned or borrowed. Up to 64 MiB that do not begin at a multiple of 64
    /// bytes are copied to where they do.
    ///
    /// # Errors
    /// A length other than `rows * cols`, or a product too large to count; a value that is not
    /// finite.
    pub fn new(data: impl Into<Cow<'a, [F]>>, rows: usize, cols: usize) -> Result<Self> {
        let data = data.into();
        let size = rows.checked_mul(cols).ok_or(Error::Range {
            what: "the number of rows of the data matrix",
            got: rows as f64,
            must: "small enough to count the entries",
        })?;
        check_len("the data matrix", data.len(), size)?;
        check_finite("the data matrix", &data)?;
        let (data, first) = aligned(data);
        Ok(Dense { data, first, rows, cols, backward: AtomicBool::new(false) })
    }

    /// The entries, row by row.
    pub fn data(&self) -> &[F] {
        &self.data[self.first..][..self.rows * self.cols]
    }

    fn block(&self, rows: &Range<usize>) -> &[F] {
        &self.data[self.first + rows.start * self.cols..self.first + rows.end * self.cols]
    }

    fn block_rows(&self, columns: usize) -> usize {
        if columns <= FEW { kernels::row_block::<F>(self.cols).min(MAX_BLOCK) } else { MAX_BLOCK }
    }

    /// Pieces of the rows with an accumulator each; together these hold no more than a quarter
    /// of the data.
    fn pieces(&self, keep: usize) -> usize {
        let most = (self.rows / (4 * keep.max(1))).max(1);
        let n = par::chunks(self.rows * self.cols, self.rows);
        if n <= most { n } else { 1 << most.ilog2() }
    }

    /// `U = X_b [V_1 …]` for one block.
    fn times(&self, rows: &Range<usize>, v: &[&[F]], columns: usize, u: &mut [F]) {
        let (x, d) = (self.block(rows), self.cols);
        if columns <= FEW {
            let mut all: [&[F]; FEW] = [&[]; FEW];
            for (slot, column) in all.iter_mut().zip(v.iter().flat_map(|part| part.chunks_exact(d))) {
                *slot = column;
            }
            F::rows_dot(x, d, &all[..columns], u);
        } else {
            let a = MatRef::from_row_major_slice(x, rows.len(), d);
            let mut rest = u;
            for part in v {
                let k = part.len() / d;
                let (out, tail) = rest.split_at_mut(rows.len() * k);
                let out = MatMut::from_column_major_slice_mut(out, rows.len(), k);
                gemm(out, false, F::one(), a, MatRef::from_column_major_slice(part, d, k));
                rest = tail;
            }
        }
    }

    /// `out += X_b' S`.
    fn back(&self, rows: &Range<usize>, s: &[F], columns: usize, out: &mut [F]) {
        let (x, d) = (self.block(rows), self.cols);
        if columns <= FEW {
            F::rows_axpy(x, d, s, out);
        } else {
            let k = out.len() / d.max(1);
            let out = MatMut::from_column_major_slice_mut(out, d, k);
            let a = MatRef::from_row_major_slice(x, rows.len(), d);
            gemm(out, true, F::one(), a.transpose(), MatRef::from_column_major_slice(s, rows.len(), k));
        }
    }
}

/// The same numbers from a multiple of 64 bytes on, and where that is: vector loads then never
/// straddle two cache lines. Matrices too large for any cache stay where they are.
fn aligned<F: Real>(data: Cow<'_, [F]>) -> (Cow<'_, [F]>, usize) {
    const LINE: usize = 64;
    let straddles = data.as_ptr().align_offset(LINE) != 0;
    if !straddles || size_of_val(&*data) > LARGEST_COPY {
        return (data, 0);
    }
    let mut copy: Vec<F> = Vec::with_capacity(data.len() + LINE / size_of::<F>());
    let first = copy.as_ptr().align_offset(LINE);
    copy.resize(first, F::zero());
    copy.extend_from_slice(&data);
    (Cow::Owned(copy), first)
}

impl<F: Real> Design<F> for Dense<'_, F> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn cols(&self) -> usize {
        self.cols
    }

    fn entries(&self) -> usize {
        self.rows * self.cols
    }

    fn scratch(&self, columns: usize, keep: usize) -> usize {
        self.pieces(keep) * (self.cols * keep + self.block_rows(columns) * columns)
    }

    fn sweep(&self, v: &[&[F]], keep: usize, out: &mut [F], f: RowMap<'_, F>, scratch: &mut [F]) {
        if self.cols == 0 {
            return;
        }
        let columns = v.iter().map(|part| part.len()).sum::<usize>() / self.cols;
        let (n, block) = (self.pieces(keep), self.block_rows(columns));
        let size = self.cols * keep + block * columns;
        let backward = self.backward.fetch_xor(true, Ordering::Relaxed);
        let piece = |i: usize, scratch: &mut [F]| {
            let i = if backward { n - 1 - i } else { i };
            let (sum, u) = scratch.split_at_mut(self.cols * keep);
            sum.fill(F::zero());
            // Whole blocks: odd rows only at the very end.
            for b in par::range(self.rows.div_ceil(block), n, i) {
                let b = b * block..((b + 1) * block).min(self.rows);
                let u = &mut u[..b.len() * columns];
                self.times(&b, v, columns, u);
                f(b.clone(), u);
                self.back(&b, &u[..b.len() * keep], columns, sum);
            }
        };
        let scratch = &mut scratch[..n * size];
        par::for_parts(self.rows * self.cols * columns, n, scratch, &piece);
        out.fill(F::zero());
        let sum = |i: usize| &scratch[i * size..i * size + self.cols * keep];
        for i in 0..n {
            F::axpy(F::one(), sum(if backward { n - 1 - i } else { i }), out);
        }
    }

    fn products(&self, v: &[&[F]], f: &mut dyn FnMut(Range<usize>, &mut [F]), scratch: &mut [F]) {
        let columns = v.iter().map(|part| part.len()).sum::<usize>() / self.cols.max(1);
        let block = self.block_rows(columns);
        for start in (0..self.rows).step_by(block) {
            let b = start..(start + block).min(self.rows);
            let u = &mut scratch[..b.len() * columns];
            self.times(&b, v, columns, u);
            f(b, u);
        }
    }

    fn gram_pays(&self) -> bool {
        self.rows > self.cols
    }

    fn gram_scratch(&self) -> usize {
        self.cols.div_ceil(PANEL) * (MAX_BLOCK * PANEL.min(self.cols) + self.cols * PANEL.min(self.cols))
    }

    /// Panels of columns, from the diagonal down; the upper triangle by symmetry.
    fn gram(&self, h: Option<&[F]>, out: &mut [F], scratch: &mut [F]) {
        let d = self.cols;
        if d == 0 {
            return;
        }
        let (panels, width) = (d.div_ceil(PANEL), PANEL.min(d));
        let size = MAX_BLOCK * width + d * width;
        let panel = |p: usize, scratch: &mut [F]| {
            let (scaled, sum) = scratch.split_at_mut(MAX_BLOCK * width);
            let (first, cols) = (p * PANEL, PANEL.min(d - p * PANEL));
            for start in (0..self.rows).step_by(MAX_BLOCK) {
                let b = start..(start + MAX_BLOCK).min(self.rows);
                let x = self.block(&b);
                for (r, (to, from)) in scaled.chunks_exact_mut(cols).zip(x.chunks_exact(d)).enumerate() {
                    let weight = h.map_or(F::one(), |h| h[b.start + r]);
                    for (to, &from) in to.iter_mut().zip(&from[first..first + cols]) {
                        *to = weight * from;
                    }
                }
                let below = MatRef::from_row_major_slice(x, b.len(), d).get(.., first..);
                let scaled = MatRef::from_row_major_slice(&scaled[..b.len() * cols], b.len(), cols);
                let out = MatMut::from_column_major_slice_mut(&mut sum[..(d - first) * cols], d - first, cols);
                gemm(out, start > 0, F::one(), below.transpose(), scaled);
            }
        };
        let scratch = &mut scratch[..panels * size];
        par::for_parts(self.rows * d * d, panels, scratch, &panel);
        for p in 0..panels {
            let (first, cols) = (p * PANEL, PANEL.min(d - p * PANEL));
            let sum = &scratch[p * size + MAX_BLOCK * width..(p + 1) * size];
            for (j, column) in sum.chunks_exact(d - first).take(cols).enumerate() {
                let j = first + j;
                out[j * d + j..(j + 1) * d].copy_from_slice(&column[j - first..]);
                for i in j + 1..d {
                    out[i * d + j] = column[i - first];
                }
            }
        }
        if self.rows == 0 {
            out.fill(F::zero());
        }
    }
}
