//! The data matrix `X`, `n` rows (observations) by `d` columns (features): dense or sparse, read
//! once for a product with `X` followed by one with its transpose.

mod csr;
mod dense;

pub use csr::Csr;
pub use dense::Dense;

use std::ops::Range;

use crate::Real;

/// Rows are handed over in blocks of at most this many.
pub const MAX_BLOCK: usize = 256;

/// What happens to a block of products, see [`Design::sweep`].
pub type RowMap<'a, F> = &'a (dyn Fn(Range<usize>, &mut [F]) + Sync);

/// A matrix that can be swept: `X' f(X V)` in a single pass over its rows.
pub trait Design<F: Real>: Sync {
    /// Number of rows `n`.
    fn rows(&self) -> usize;

    /// Number of columns `d`.
    fn cols(&self) -> usize;

    /// Stored entries.
    fn entries(&self) -> usize;

    /// Length of scratch for a sweep with `columns` products of which `keep` are mapped back.
    fn scratch(&self, columns: usize, keep: usize) -> usize;

    /// For each block `b` of rows: `U = X_b [V_1 V_2 …]`, then `f(rows, U)` in place, then
    /// `out += X_b' S` with `S` the first `keep` columns of `U`. `out` is overwritten by the sum.
    ///
    /// The bits of the result do not depend on the number of threads: the rows are cut by size
    /// alone, and what the pieces give is added in order.
    ///
    /// # Shapes
    /// `v`: parts of d x k_i, column-major; `U`: rows x (k_1 + k_2 + …), column-major;
    /// `out`: d x keep.
    fn sweep(&self, v: &[&[F]], keep: usize, out: &mut [F], f: RowMap<'_, F>, scratch: &mut [F]);

    /// `U = X [V_1 V_2 …]` block by block, without the way back.
    fn products(&self, v: &[&[F]], f: &mut dyn FnMut(Range<usize>, &mut [F]), scratch: &mut [F]);

    /// Whether forming `X' diag(h) X` is worth while: a dense matrix with more rows than columns.
    fn gram_pays(&self) -> bool;

    /// Length of scratch for [`Design::gram`].
    fn gram_scratch(&self) -> usize;

    /// `out = X' diag(h) X`, `d x d`, with `h = 1` where `None`. `h` has length `n`.
    fn gram(&self, h: Option<&[F]>, out: &mut [F], scratch: &mut [F]);
}

/// A boxed matrix is a matrix.
impl<F: Real, X: Design<F> + ?Sized> Design<F> for Box<X> {
    fn rows(&self) -> usize {
        (**self).rows()
    }

    fn cols(&self) -> usize {
        (**self).cols()
    }

    fn entries(&self) -> usize {
        (**self).entries()
    }

    fn scratch(&self, columns: usize, keep: usize) -> usize {
        (**self).scratch(columns, keep)
    }

    fn sweep(&self, v: &[&[F]], keep: usize, out: &mut [F], f: RowMap<'_, F>, scratch: &mut [F]) {
        (**self).sweep(v, keep, out, f, scratch);
    }

    fn products(&self, v: &[&[F]], f: &mut dyn FnMut(Range<usize>, &mut [F]), scratch: &mut [F]) {
        (**self).products(v, f, scratch);
    }

    fn gram_pays(&self) -> bool {
        (**self).gram_pays()
    }

    fn gram_scratch(&self) -> usize {
        (**self).gram_scratch()
    }

    fn gram(&self, h: Option<&[F]>, out: &mut [F], scratch: &mut [F]) {
        (**self).gram(h, out, scratch);
    }
}
