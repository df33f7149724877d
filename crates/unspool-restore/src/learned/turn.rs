//! The eight symmetries of a square, of images: a network that sees an image in all of them errs less on the mean.

use super::mirror;

/// An image transposed or not, then mirrored or not along each axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// Rows and columns of the image upright.
    upright: [usize; 2],
    is_transposed: bool,
    is_mirrored: [bool; 2],
}

impl Turn {
    /// The image as it is.
    pub(super) fn none(height: usize, width: usize) -> Self {
        Turn { upright: [height, width], is_transposed: false, is_mirrored: [false; 2] }
    }

    /// All of an image of this size, the image as it is first.
    pub(super) fn all(height: usize, width: usize) -> [Turn; 8] {
        std::array::from_fn(|k| Turn {
            is_transposed: k & 4 != 0,
            is_mirrored: [k & 1 != 0, k & 2 != 0],
            ..Turn::none(height, width)
        })
    }

    /// Rows and columns when turned.
    pub(super) fn size(&self) -> [usize; 2] {
        let [height, width] = self.upright;
        if self.is_transposed { [width, height] } else { [height, width] }
    }

    /// Rows and columns that 2 x 2 cells of the turned image begin before it, so that a pixel that is first of its cell upright,
    /// along an axis, is first when turned: grids of known pixels look the same to a network of cells.
    pub(super) fn before(&self) -> [usize; 2] {
        let [rows, columns] = self.size();
        let [flipped_rows, flipped_columns] = self.is_mirrored;
        [usize::from(flipped_rows && rows % 2 == 0), usize::from(flipped_columns && columns % 2 == 0)]
    }

    /// The index, upright, of a pixel of the turned image.
    pub(super) fn at(&self, row: usize, column: usize) -> usize {
        let [rows, columns] = self.size();
        let row = if self.is_mirrored[0] { rows - 1 - row } else { row };
        let column = if self.is_mirrored[1] { columns - 1 - column } else { column };
        let [row, column] = if self.is_transposed { [column, row] } else { [row, column] };
        row * self.upright[1] + column
    }

    /// The index, upright, of a pixel of whole cells: beyond the image what is mirrored at its outermost pixels.
    pub(super) fn at_cells(&self, row: usize, column: usize) -> usize {
        let ([rows, columns], [above, left]) = (self.size(), self.before());
        self.at(mirror(row, above, rows), mirror(column, left, columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_turns_differ_and_keep_places_in_cells() {
        for [height, width] in [[1, 1], [2, 3], [4, 4], [5, 3]] {
            let mut seen = Vec::new();
            for turn in Turn::all(height, width) {
                let ([rows, columns], [above, left]) = (turn.size(), turn.before());
                let order: Vec<usize> = (0..rows * columns).map(|i| turn.at(i / columns, i % columns)).collect();
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..height * width), "each pixel once");
                for (i, &at) in order.iter().enumerate() {
                    let mut upright = [at / width % 2, at % width % 2];
                    if turn.is_transposed {
                        upright.reverse();
                    }
                    assert_eq!([(i / columns + above) % 2, (i % columns + left) % 2], upright, "{turn:?}");
                }
                for i in 0..(rows + above).next_multiple_of(2) {
                    for j in 0..(columns + left).next_multiple_of(2) {
                        let (at, inside) =
                            (turn.at_cells(i, j), i.wrapping_sub(above) < rows && j.wrapping_sub(left) < columns);
                        assert!(at < height * width && (!inside || at == turn.at(i - above, j - left)));
                    }
                }
                seen.push(order);
            }
            if height > 1 {
                let distinct: std::collections::HashSet<_> = seen.iter().collect();
                assert!(distinct.len() == 8, "{height} x {width}");
            }
        }
    }
}
