//! Where pixels lie in memory.
//!
//! A plane is one run of numbers: rows one after the other, two columns of zeros after each, rows of zeros above and
//! below. The pixel `dy` rows down and `dx` columns right of index `i` is at `i + dy stride + dx`, also beyond the border,
//! where it is zero. Kernels run over all rows as if they were one, in whole registers.

use unspool_core::Real;

/// Reach of windows: 5 x 5 pixels.
pub const REACH: usize = 2;
/// Numbers by which a run of registers may go beyond the last row.
const OVERHANG: usize = 64;

/// Numbers of which each plane's begin is a multiple.
const LINE: usize = 64;
/// Planes are this much longer than a multiple of 64: the same pixel of many planes then falls into different sets of the
/// nearest cache.
const SKEW: usize = 16;

/// The layout of the planes of an image.
///
/// ```
/// use unspool_restore::Grid;
/// let grid = Grid::new(3, 4);
/// assert_eq!(grid.at(1, 2) + grid.stride(), grid.at(2, 2));
/// assert!(grid.body().contains(&grid.at(2, 3)) && grid.body().len() % 64 == 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    height: usize,
    width: usize,
}

impl Grid {
    /// For images of this size.
    pub fn new(height: usize, width: usize) -> Self {
        Grid { height, width }
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// From a pixel to the one below.
    pub fn stride(&self) -> usize {
        self.width + REACH
    }

    fn margin(&self) -> usize {
        (REACH * self.stride() + REACH).next_multiple_of(LINE)
    }

    /// Length of a plane.
    pub fn plane(&self) -> usize {
        2 * self.margin() + (self.height * self.stride()).next_multiple_of(OVERHANG) + SKEW
    }

    /// All rows, rounded up to 64 numbers.
    pub fn body(&self) -> std::ops::Range<usize> {
        let first = self.margin();
        first..first + (self.height * self.stride()).next_multiple_of(OVERHANG)
    }

    /// The index of a pixel.
    pub fn at(&self, y: usize, x: usize) -> usize {
        self.margin() + y * self.stride() + x
    }

    /// Copies an image's plane, row by row, into a plane; its rest must be zero already.
    pub fn put<F: Real>(&self, image: &[F], plane: &mut [F]) {
        for (y, row) in image.chunks_exact(self.width).enumerate() {
            plane[self.at(y, 0)..][..self.width].copy_from_slice(row);
        }
    }

    /// Copies a plane into an image's plane.
    pub fn get<F: Real>(&self, plane: &[F], image: &mut [F]) {
        for (y, row) in image.chunks_exact_mut(self.width).enumerate() {
            row.copy_from_slice(&plane[self.at(y, 0)..][..self.width]);
        }
    }

    /// Zeros before and after the body of each plane; what is left after the last whole one stays.
    pub fn clear_margins<F: Real>(&self, planes: &mut [F]) {
        let body = self.body();
        for plane in planes.chunks_exact_mut(self.plane()) {
            plane[..body.start].fill(F::zero());
            plane[body.end..].fill(F::zero());
        }
    }

    /// Sets a plane to 1 on pixels, 0 elsewhere.
    pub fn inside<F: Real>(&self, plane: &mut [F]) {
        plane.fill(F::zero());
        for y in 0..self.height {
            plane[self.at(y, 0)..][..self.width].fill(F::one());
        }
    }
}
