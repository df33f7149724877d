//! A preconditioner for the biharmonic system: J. H. Bramble, J. E. Pasciak, J. Xu, "Parallel multilevel
//! preconditioners", Mathematics of Computation 55(191), 1990.
//!
//! Pixels far inside of a hole are hard for conjugate gradients, as values creep inwards a pixel or two an iteration.
//! So the residual is also tested against cubic B-splines of 2, 4, 8, ... pixels, those that lie all within holes, and
//! each spline's coefficient is the test over the spline's energy. Masks without large holes have no such splines.

use rayon::prelude::*;

/// A B-spline in terms of those half as wide, along one axis.
const TWO_SCALE: [f64; 5] = [0.125, 0.5, 0.75, 0.5, 0.125];
/// The energy `|L L|` of one pixel.
const PIXEL: f64 = 20.0;
/// The integral of the squared Laplacian of a cubic B-spline of unit spacing in two dimensions.
const SPLINE: f64 = 3.446;

/// The splines of all widths.
pub(super) struct Levels {
    width: usize,
    coarser: Vec<Level>,
}

/// The splines of one width: the one at `(y, x)` stands at `(2 y, 2 x)` of the level below.
struct Level {
    width: usize,
    inside: Vec<bool>,
    energy: f64,
}

impl Levels {
    pub(super) fn new(known: &[bool], width: usize) -> Self {
        let mut coarser: Vec<Level> = Vec::new();
        let mut fine = (width, known.iter().map(|k| !k).collect::<Vec<bool>>());
        let mut energy = SPLINE;
        loop {
            let level = Level::above(&fine.1, fine.0, energy / 4.0);
            if !level.inside.contains(&true) {
                return Levels { width, coarser };
            }
            energy = level.energy;
            fine = (level.width, level.inside.clone());
            coarser.push(level);
        }
    }

    /// The sum over all levels of splines times their coefficients.
    pub(super) fn precondition(&self, residual: &[f64]) -> Vec<f64> {
        let mut out: Vec<f64> = residual.par_iter().map(|r| r / PIXEL).collect();
        let mut tests: Vec<Vec<f64>> = Vec::new();
        let mut width = self.width;
        for level in &self.coarser {
            let next = level.tests(tests.last().map_or(residual, |tests| tests), width);
            tests.push(next);
            width = level.width;
        }
        let mut above: Option<(Vec<f64>, &Level)> = None;
        for (level, tests) in self.coarser.iter().zip(&tests).rev() {
            let mut coefficients: Vec<f64> = tests.iter().map(|t| t / level.energy).collect();
            if let Some((wider, of)) = &above {
                of.spread(wider, &mut coefficients, level.width);
            }
            above = Some((coefficients, level));
        }
        if let Some((wider, of)) = &above {
            of.spread(wider, &mut out, self.width);
        }
        out
    }
}

impl Level {
    fn above(inside: &[bool], width: usize, energy: f64) -> Level {
        let height = inside.len() / width;
        let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
        let fits = |at: usize, length: usize| at >= 2 && at + 2 < length;
        let whole = |y: usize, x: usize| {
            let rows = || (y - 2..=y + 2).map(|y| &inside[y * width..(y + 1) * width]);
            fits(y, height) && fits(x, width) && rows().all(|row| row[x - 2..=x + 2].iter().all(|&inside| inside))
        };
        let inside = (0..rows * columns).map(|i| whole(2 * (i / columns), 2 * (i % columns))).collect();
        Level { width: columns, inside, energy }
    }

    /// The inner products with the splines of this level, from those of the level below.
    fn tests(&self, below: &[f64], width: usize) -> Vec<f64> {
        let columns = self.width;
        let mut out = vec![0.0; self.inside.len()];
        out.par_chunks_mut(columns).enumerate().for_each(|(y, out)| {
            for (x, out) in out.iter_mut().enumerate().filter(|(x, _)| self.inside[y * columns + x]) {
                for (j, weight) in TWO_SCALE.iter().enumerate() {
                    let start = (2 * y + j - 2) * width + 2 * x - 2;
                    let row = below[start..start + 5].iter().zip(TWO_SCALE);
                    *out += weight * row.map(|(value, weight)| weight * value).sum::<f64>();
                }
            }
        });
        out
    }

    /// Adds the splines of this level, times their coefficients, in terms of the level below.
    fn spread(&self, coefficients: &[f64], below: &mut [f64], width: usize) {
        let columns = self.width;
        let taps = |at: usize, count: usize| {
            let weight = move |k: usize| TWO_SCALE.get((at + 2).wrapping_sub(2 * k)).map(|weight| (k, *weight));
            ((at / 2).saturating_sub(1)..(at / 2 + 2).min(count)).filter_map(weight)
        };
        below.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
            for (j, outer) in taps(y, coefficients.len() / columns) {
                let line = &coefficients[j * columns..(j + 1) * columns];
                for (x, value) in row.iter_mut().enumerate() {
                    *value += outer * taps(x, columns).map(|(k, inner)| inner * line[k]).sum::<f64>();
                }
            }
        });
    }
}
