//! L. Zhang, X. Wu, "Color demosaicking via directional linear minimum mean square-error estimation", IEEE
//! Transactions on Image Processing 14(12), 2005.

use super::plane::{Mosaic, cross, diagonal, pair};

/// Half the width of the windows of a signal's statistics.
const HALF: usize = 4;
/// The low-pass filter of section III, exp(-k^2 / 8): its centre, then one side.
const LOW_PASS: [f32; HALF + 1] = [1.0, 0.882_496_9, 0.606_530_66, 0.324_652_47, 0.135_335_28];
/// Below every variance that matters: keeps a division of zero by zero from happening.
const TINY: f32 = 1e-10;

pub(super) fn run(mosaic: &Mosaic) -> [Vec<f32>; 3] {
    let (m, s) = (&mosaic.data, mosaic.stride());
    let (rows, columns) = (along(mosaic, 1), along(mosaic, s));

    // Equations 18 to 20: the two estimates of green minus red, or blue, weighted by the error of the other.
    let green = mosaic.map(HALF, |at| {
        if at.color == 1 {
            return m[at.i];
        }
        let (h, h_error) = rows.estimate(at.i, 1);
        let (v, v_error) = columns.estimate(at.i, s);
        m[at.i] + (h * v_error + v * h_error) / (h_error + v_error)
    });

    // Section IV: red and blue from the mean difference to green, first at each other, then at green.
    let chroma = |c: usize| {
        let known = mosaic.map(0, |at| green[at.i] - m[at.i]);
        let other = mosaic.map(1, |at| match at.color {
            1 => 0.0,
            color if color == c => known[at.i],
            _ => diagonal(&known, at.i, s),
        });
        mosaic.map(1, |at| match at.color {
            1 => m[at.i] - cross(&other, at.i, s),
            color if color == c => m[at.i],
            _ => green[at.i] - other[at.i],
        })
    };
    [chroma(0), green.clone(), chroma(2)]
}

/// Green minus red, or blue, along one direction.
struct Difference {
    /// As interpolation gives it, with its error as noise.
    noisy: Vec<f32>,
    /// Its low-pass part, close to the difference without noise.
    smooth: Vec<f32>,
}

/// Section II: the differences along rows or columns, of which each pixel has one sample measured and the other
/// interpolated, mended by the second derivative.
fn along(mosaic: &Mosaic, step: usize) -> Difference {
    let m = &mosaic.data;
    let noisy = mosaic.map(2, |at| {
        let other = pair(m, at.i, step) + 0.5 * (m[at.i] - pair(m, at.i, 2 * step));
        if at.color == 1 { m[at.i] - other } else { other - m[at.i] }
    });
    let total = LOW_PASS[0] + 2.0 * LOW_PASS[1..].iter().sum::<f32>();
    let smooth = mosaic.map(HALF, |at| {
        let sides = (1..=HALF).map(|k| 2.0 * LOW_PASS[k] * pair(&noisy, at.i, k * step));
        (LOW_PASS[0] * noisy[at.i] + sides.sum::<f32>()) / total
    });
    Difference { noisy, smooth }
}

impl Difference {
    /// Equations 10 to 17: the best linear estimate of the difference and its mean squared error, from the mean and
    /// the variance of the smooth part around the pixel, and the power of the rest.
    fn estimate(&self, i: usize, step: usize) -> (f32, f32) {
        let window = || (0..=2 * HALF).map(|k| i + k * step - HALF * step);
        let n = (2 * HALF + 1) as f32;
        let mean = window().map(|j| self.smooth[j]).sum::<f32>() / n;
        let signal = window().map(|j| (self.smooth[j] - mean).powi(2)).sum::<f32>() / n;
        let noise = window().map(|j| (self.noisy[j] - self.smooth[j]).powi(2)).sum::<f32>() / n + TINY;
        let gain = signal / (signal + noise);
        (mean + gain * (self.noisy[i] - mean), gain * noise + TINY)
    }
}
