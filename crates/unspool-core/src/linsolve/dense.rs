//! Dense factorisations and products, by `faer`. Matrices are column-major slices.

use std::mem::MaybeUninit;

use faer::dyn_stack::MemStack;
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::linalg::solvers::Solve as _;
use faer::{Accum, MatMut, MatRef, Par};

use crate::Real;

/// Scratch that [`cholesky`] asks for, beside the matrix.
pub const fn cholesky_scratch(d: usize) -> usize {
    d + 64
}

/// Replaces the symmetric `a` (`d x d`) by its Cholesky factor, `a = L L'`, in the lower triangle;
/// what stands above the diagonal is neither read nor meaningful afterwards.
///
/// # Errors
/// The row of the first pivot that is not positive.
///
/// # Complexity
/// `d^3 / 3` multiply-adds; no allocation.
#[allow(unsafe_code)]
pub fn cholesky<F: Real>(a: &mut [F], d: usize, scratch: &mut [F]) -> Result<(), usize> {
    let buffer = scratch.as_mut_ptr().cast::<MaybeUninit<F>>();
    // SAFETY: the same memory, of the same layout. Only the factorisation writes through it, and
    // it writes numbers, never uninitialised bytes; the borrow of `scratch` lasts as long.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, scratch.len()) };
    let matrix = MatMut::from_column_major_slice_mut(a, d, d);
    let stack = MemStack::new_any(buffer);
    match llt::factor::cholesky_in_place(matrix, Default::default(), Par::Seq, stack, Default::default()) {
        Ok(_) => Ok(()),
        Err(llt::factor::LltError::NonPositivePivot { index }) => Err(index),
    }
}

/// Solves `L L' X = B` in place for the `k` columns of `b`, with the factor that [`cholesky`] left.
pub fn cholesky_solve<F: Real>(l: &[F], d: usize, k: usize, b: &mut [F]) {
    let factor = MatRef::from_column_major_slice(l, d, d);
    let rhs = MatMut::from_column_major_slice_mut(b, d, k);
    llt::solve::solve_in_place(factor, rhs, Par::Seq, MemStack::new(&mut []));
}

/// Solves `A X = B` in place by LU with partial pivoting. Allocates the factors.
///
/// # Errors
/// The row of the first pivot that is zero or not finite.
pub fn lu_solve<F: Real>(a: &[F], d: usize, k: usize, b: &mut [F]) -> Result<(), usize> {
    let lu = MatRef::from_column_major_slice(a, d, d).partial_piv_lu();
    let u = lu.U();
    if let Some(pivot) = (0..d).find(|&i| !u[(i, i)].wide().is_normal()) {
        return Err(pivot);
    }
    lu.solve_in_place(MatMut::from_column_major_slice_mut(b, d, k));
    Ok(())
}

/// `out = alpha op(A) B + beta out`, with `beta` 0 or 1 (`add`), on one thread.
pub(crate) fn gemm<F: Real>(out: MatMut<'_, F>, add: bool, alpha: F, a: MatRef<'_, F>, b: MatRef<'_, F>) {
    matmul(out, if add { Accum::Add } else { Accum::Replace }, a, b, alpha, Par::Seq);
}
