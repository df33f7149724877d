//! The mean of the known pixels in a window, weighted by a tent: for half-width `r`, a pixel `(dy, dx)` away weighs
//! `(r + 1 - |dy|) (r + 1 - |dx|)`. The window is 5 x 5, `r = 2`; where it holds nothing known, `r` doubles.

use rayon::prelude::*;

pub(super) fn run(plane: &mut [f32], known: &[bool], width: usize) {
    let weights: Vec<f64> = known.iter().map(|&k| f64::from(u8::from(k))).collect();
    let values: Vec<f64> = plane.iter().zip(&weights).map(|(&v, w)| f64::from(v) * w).collect();
    let mut filled = known.to_vec();
    let mut half = 2;
    while filled.contains(&false) {
        let (sums, totals) = (tent(&values, width, half), tent(&weights, width, half));
        for (i, filled) in filled.iter_mut().enumerate().filter(|(_, filled)| !**filled) {
            // Sums of ones are exact, so that nothing known weighs exactly zero.
            if totals[i] > 0.0 {
                plane[i] = (sums[i] / totals[i]) as f32;
                *filled = true;
            }
        }
        half *= 2;
    }
}

/// The plane filtered by a tent along rows and columns, zero past the borders.
fn tent(plane: &[f64], width: usize, half: usize) -> Vec<f64> {
    let height = plane.len() / width;
    let columns = transposed(&tent_rows(plane, width, half), width);
    transposed(&tent_rows(&columns, height, half), height)
}

/// Rows filtered by a tent: a running sum over `half + 1` pixels up to each, then one from each on.
fn tent_rows(plane: &[f64], width: usize, half: usize) -> Vec<f64> {
    let mut out = vec![0.0; plane.len()];
    out.par_chunks_mut(width).zip(plane.par_chunks(width)).for_each(|(out, row)| {
        let forth = running_sum(row.iter().copied(), half + 1, width + half);
        let back = running_sum(forth.into_iter().rev(), half + 1, width + half);
        out.iter_mut().zip(back.iter().rev()).for_each(|(out, &sum)| *out = sum);
    });
    out
}

/// `count` sums, each over a value and the `length - 1` before it, zero past both ends.
fn running_sum(values: impl Iterator<Item = f64>, length: usize, count: usize) -> Vec<f64> {
    let mut ends = vec![0.0];
    ends.extend(values.chain(std::iter::repeat(0.0)).take(count).scan(0.0, |sum, value| {
        *sum += value;
        Some(*sum)
    }));
    (1..=count).map(|end| ends[end] - ends[end.saturating_sub(length)]).collect()
}

fn transposed(plane: &[f64], width: usize) -> Vec<f64> {
    let height = plane.len() / width;
    let mut out = vec![0.0; plane.len()];
    out.par_chunks_mut(height).enumerate().for_each(|(x, column)| {
        column.iter_mut().enumerate().for_each(|(y, value)| *value = plane[y * width + x]);
    });
    out
}
