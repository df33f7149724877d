//! A mosaic with a margin, so that filters need not know of borders.

use rayon::prelude::*;

use crate::{Cfa, Image};

/// Width of the margin: even, so that the pattern stays in place, and more than any method reaches in all its steps.
const MARGIN: usize = 16;

/// A mosaic, mirrored past its borders.
pub(super) struct Mosaic {
    cfa: Cfa,
    height: usize,
    width: usize,
    /// The samples, row by row.
    pub(super) data: Vec<f32>,
}

/// A pixel of the mosaic.
#[derive(Clone, Copy)]
pub(super) struct Site {
    /// Its index in a plane.
    pub(super) i: usize,
    /// The colour that it measures.
    pub(super) color: usize,
    /// Red or blue, whichever is measured in its row.
    pub(super) row: usize,
}

impl Mosaic {
    /// With `edge` saying which of the pixels of an axis stands at a place of it with margins.
    pub(super) fn new(image: &Image, cfa: Cfa, edge: fn(usize, usize) -> usize) -> Self {
        let (height, width) = (image.height() + 2 * MARGIN, image.width() + 2 * MARGIN);
        let mut data = Vec::with_capacity(height * width);
        for y in 0..height {
            let row = edge(y, image.height()) * image.width();
            data.extend((0..width).map(|x| image.plane(0)[row + edge(x, image.width())]));
        }
        Mosaic { cfa, height, width, data }
    }

    /// From a pixel to the one below.
    pub(super) fn stride(&self) -> usize {
        self.width
    }

    /// A plane of `f(pixel)`, where `f` reads at most `reach` pixels away.
    pub(super) fn map(&self, reach: usize, f: impl Fn(Site) -> f32 + Sync) -> Vec<f32> {
        let (height, width) = (self.height, self.width);
        let mut plane = vec![0.0; height * width];
        let rows = plane.par_chunks_mut(width).enumerate().skip(reach).take(height - 2 * reach);
        rows.for_each(|(y, out)| {
            let colors = [self.cfa.color(y, 0), self.cfa.color(y, 1)];
            let row = colors[0] + colors[1] - 1;
            for (x, value) in out.iter_mut().enumerate().skip(reach).take(width - 2 * reach) {
                *value = f(Site { i: y * width + x, color: colors[x & 1], row });
            }
        });
        plane
    }

    /// The planes without the margin.
    pub(super) fn image(&self, planes: &[Vec<f32>; 3]) -> Image {
        let (height, width) = (self.height - 2 * MARGIN, self.width - 2 * MARGIN);
        Image::from_fn(3, height, width, |c, y, x| planes[c][(y + MARGIN) * self.width + x + MARGIN])
    }
}

/// The pixel of `n` that stands at place `i` of an axis with margins: mirrored at the outermost pixels, again and
/// again if `n` is small.
pub(super) fn mirror(i: usize, n: usize) -> usize {
    let period = (2 * (n - 1)).max(1);
    let at = (i + period * MARGIN - MARGIN) % period;
    at.min(period - at) % n
}

/// The same, mirrored behind the outermost pixels, which are then there twice: the pattern of colours is lost.
pub(super) fn repeat(i: usize, n: usize) -> usize {
    let at = (i + 2 * n * MARGIN - MARGIN) % (2 * n);
    at.min(2 * n - 1 - at)
}

/// The mean of the values at the ends of a step to both sides.
pub(super) fn pair(plane: &[f32], i: usize, step: usize) -> f32 {
    0.5 * (plane[i - step] + plane[i + step])
}

/// The mean of the four nearest values in the row and in the column.
pub(super) fn cross(plane: &[f32], i: usize, stride: usize) -> f32 {
    0.5 * (pair(plane, i, 1) + pair(plane, i, stride))
}

/// The mean of the four nearest values on the diagonals.
pub(super) fn diagonal(plane: &[f32], i: usize, stride: usize) -> f32 {
    0.5 * (pair(plane, i, stride - 1) + pair(plane, i, stride + 1))
}

#[cfg(test)]
mod tests {
    use super::{mirror, repeat};

    #[test]
    fn mirrors_at_the_outermost_pixels() {
        let seen = |n| (12..24).map(|i| mirror(i, n)).collect::<Vec<_>>();
        assert_eq!(seen(1), [0; 12]);
        assert_eq!(seen(2), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
        assert_eq!(seen(4), [2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]);
        let seen = |n| (13..20).map(|i| repeat(i, n)).collect::<Vec<_>>();
        assert_eq!((seen(1), seen(2)), (vec![0; 7], vec![1, 1, 0, 0, 1, 1, 0]));
    }
}
