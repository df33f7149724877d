//! R. G. Keys, "Cubic convolution interpolation for digital image processing", IEEE Transactions on Acoustics,
//! Speech, and Signal Processing 29(6), 1981, with a = -1/2: half-way between samples the weights are -1/16, 9/16,
//! 9/16, -1/16.

use rayon::prelude::*;

use crate::error::{Error, Result};

/// The known places of an axis: `first`, `first + step`, and so on, `count` of them.
struct Axis {
    first: usize,
    step: usize,
    count: usize,
}

pub(super) fn run(plane: &mut [f32], known: &[bool], width: usize) -> Result<()> {
    let (rows, columns) = grid(known, width)?;
    let sample = |y: usize, x: usize| plane[(rows.first + y * rows.step) * width + columns.first + x * columns.step];

    // Along the known rows, then along all columns.
    let mut wide = vec![0.0; rows.count * width];
    wide.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
        row.iter_mut().enumerate().for_each(|(x, value)| {
            *value = columns.taps(x).iter().map(|&(at, weight)| weight * sample(y, at)).sum();
        });
    });
    plane.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
        let taps = rows.taps(y);
        row.iter_mut().enumerate().for_each(|(x, value)| {
            if !known[y * width + x] {
                *value = taps.iter().map(|&(at, weight)| weight * wide[at * width + x]).sum();
            }
        });
    });
    Ok(())
}

impl Axis {
    /// The axis whose known places are exactly those of an even step over its whole length.
    fn new(known: &[bool]) -> Option<Axis> {
        let first = known.iter().position(|&k| k)?;
        let rest = &known[first + 1..];
        let step = rest.iter().position(|&k| k).map_or(known.len(), |at| at + 1);
        let even = first < step && known.iter().enumerate().all(|(i, &k)| k == (i % step == first));
        even.then_some(Axis { first, step, count: (known.len() - first).div_ceil(step) })
    }

    /// The samples that a place depends on, and their weights. Past an end, the last sample repeats.
    fn taps(&self, place: usize) -> [(usize, f32); 4] {
        let t = (place as f32 - self.first as f32) / self.step as f32;
        let below = t.floor();
        [-1.0, 0.0, 1.0, 2.0].map(|k| {
            let at = (below + k).clamp(0.0, (self.count - 1) as f32);
            (at as usize, keys(t - below - k))
        })
    }
}

/// Equation 15 of the paper.
fn keys(t: f32) -> f32 {
    let t = t.abs();
    if t < 1.0 { (1.5 * t - 2.5) * t * t + 1.0 } else { ((-0.5 * t + 2.5) * t - 4.0) * t + 2.0 }
}

/// The known rows and columns of a grid.
fn grid(known: &[bool], width: usize) -> Result<(Axis, Axis)> {
    let rows: Vec<bool> = known.chunks(width).map(|row| row.contains(&true)).collect();
    let mut columns = vec![false; width];
    known.chunks(width).for_each(|row| columns.iter_mut().zip(row).for_each(|(any, &k)| *any |= k));
    let product =
        known.chunks(width).zip(&rows).all(|(row, &any)| row.iter().zip(&columns).all(|(&k, &c)| k == (any && c)));
    match (product, Axis::new(&rows), Axis::new(&columns)) {
        (true, Some(rows), Some(columns)) => Ok((rows, columns)),
        _ => Err(Error::Data {
            problem: "the known pixels are not a regular grid (every s-th row and every t-th column)".into(),
            hint: "use biharmonic or linear interpolation for this mask",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_keys() {
        let axis = Axis { first: 1, step: 2, count: 9 };
        assert_eq!(axis.taps(6), [(1, -1.0 / 16.0), (2, 9.0 / 16.0), (3, 9.0 / 16.0), (4, -1.0 / 16.0)]);
        assert_eq!(axis.taps(7), [(2, 0.0), (3, 1.0), (4, 0.0), (5, 0.0)]);
        assert!(Axis::new(&[false, true, false, true, false]).is_some());
        assert!(Axis::new(&[false, false, true, false, true]).is_none());
        assert!(Axis::new(&[true, false, true, true]).is_none());
        assert!(Axis::new(&[true, false, true, false, false, false]).is_none());
    }
}
