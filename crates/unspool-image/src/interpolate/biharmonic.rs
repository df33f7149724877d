//! S. B. Damelin, N. S. Hoang, "On surface completion and image inpainting by biharmonic functions: numerical
//! aspects", International Journal of Mathematics and Mathematical Sciences, 2018.
//!
//! The unknown pixels `u` of an image `x` solve `(L L x)_u = 0`, `L` the five-point Laplacian whose differences across
//! the border are zero: `x` has the least `|L x|^2` of all images with the same known pixels. The system is symmetric
//! and positive definite, and conjugate gradients solve it.

use rayon::prelude::*;

use super::{levels::Levels, linear};

/// The norm of the residual, against that of the first guess, at which the solution is good.
const TOLERANCE: f64 = 1e-6;
/// The most iterations; every one brings the surface closer, so the last one is good in any case.
const ITERATIONS: usize = 5000;

pub(super) fn run(plane: &mut [f32], known: &[bool], width: usize) {
    linear::run(plane, known, width);
    let levels = Levels::new(known, width);
    let mut x: Vec<f64> = plane.iter().map(|&v| f64::from(v)).collect();

    let mut residual = bilaplacian(&x, known, width);
    residual.par_iter_mut().for_each(|r| *r = -*r);
    let mut z = levels.precondition(&residual);
    let mut direction = z.clone();
    let mut size = dot(&residual, &z, width);
    let good = TOLERANCE * TOLERANCE * size;
    for _ in 0..ITERATIONS {
        if size <= good {
            break;
        }
        let image = bilaplacian(&direction, known, width);
        let step = size / dot(&direction, &image, width);
        add(&mut x, step, &direction);
        add(&mut residual, -step, &image);
        z = levels.precondition(&residual);
        let last = std::mem::replace(&mut size, dot(&residual, &z, width));
        direction.par_iter_mut().zip(&z).for_each(|(d, z)| *d = z + size / last * *d);
    }
    let unknown = plane.iter_mut().zip(&x).zip(known).filter(|(_, known)| !**known);
    unknown.for_each(|((value, &x), _)| *value = x as f32);
}

/// `L L x` at the unknown pixels, zero at the known ones.
fn bilaplacian(x: &[f64], known: &[bool], width: usize) -> Vec<f64> {
    let mut twice = laplacian(&laplacian(x, width), width);
    twice.par_iter_mut().zip(known).filter(|(_, known)| **known).for_each(|(value, _)| *value = 0.0);
    twice
}

/// The sum of the differences to the up to four neighbours.
fn laplacian(x: &[f64], width: usize) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    out.par_chunks_mut(width).enumerate().for_each(|(y, out)| {
        let row = &x[y * width..(y + 1) * width];
        let above = if y == 0 { row } else { &x[(y - 1) * width..y * width] };
        let below = x.get((y + 1) * width..(y + 2) * width).unwrap_or(row);
        for (i, out) in out.iter_mut().enumerate() {
            let (left, right) = (row[i.saturating_sub(1)], row[(i + 1).min(width - 1)]);
            *out = above[i] + below[i] + left + right - 4.0 * row[i];
        }
    });
    out
}

/// The inner product, row by row: the same for any number of threads.
fn dot(a: &[f64], b: &[f64], width: usize) -> f64 {
    let row = |(a, b): (&[f64], &[f64])| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let rows: Vec<f64> = a.par_chunks(width).zip(b.par_chunks(width)).map(row).collect();
    rows.iter().sum()
}

fn add(x: &mut [f64], step: f64, y: &[f64]) {
    x.par_iter_mut().zip(y).for_each(|(x, y)| *x += step * y);
}
