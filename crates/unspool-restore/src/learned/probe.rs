//! What a network without graphs made a pixel of, and how sure it is: asked from outside.

use unspool_image::{Image, Result};

/// Samples on each side of a pixel whose influence is measured.
pub const REACH: usize = 4;
/// By how much a sample is changed.
const CHANGE: f32 = 0.01;
/// Pixels around a pixel that are restored again and again: even, and more than a network and its start see.
const AROUND: usize = 56;

/// How the samples of the first channel around a pixel move the result at it: `d result / d sample`, for each channel of the result
/// `2 REACH + 1` rows of as many; 0 for samples that are not there.
///
/// `restore` makes an image of samples whose first is at an even place; a sample is changed by 0.01.
///
/// # Complexity
/// `(2 REACH + 1)^2` restorations of about 112 x 112 pixels.
///
/// # Errors
/// Those of `restore`.
pub(super) fn influence(
    samples: &Image,
    (row, column): (usize, usize),
    restore: impl Fn(&Image, (usize, usize)) -> Result<Image>,
) -> Result<Vec<Vec<f32>>> {
    let (top, left) = (row.saturating_sub(AROUND) / 2 * 2, column.saturating_sub(AROUND) / 2 * 2);
    let (bottom, right) = ((row + AROUND).min(samples.height()), (column + AROUND).min(samples.width()));
    let part = samples.crop(top, left, bottom - top, right - left)?;
    let at = |image: &Image| -> Vec<f32> {
        (0..image.channels()).map(|c| image.plane(c)[(row - top) * image.width() + column - left]).collect()
    };
    let base = at(&restore(&part, (top, left))?);
    let side = 2 * REACH + 1;
    let mut all = vec![vec![0.0; side * side]; base.len()];
    for place in 0..side * side {
        let (y, x) = (row + place / side, column + place % side);
        let (Some(y), Some(x)) = (y.checked_sub(REACH + top), x.checked_sub(REACH + left)) else { continue };
        if y >= part.height() || x >= part.width() {
            continue;
        }
        let mut changed = part.clone();
        changed.plane_mut(0)[y * part.width() + x] += CHANGE;
        let moved = at(&restore(&changed, (top, left))?);
        for ((all, moved), base) in all.iter_mut().zip(moved).zip(&base) {
            all[place] = (moved - base) / CHANGE;
        }
    }
    Ok(all)
}

/// The standard deviation of some results, pixel by pixel: one channel, root mean square over those of the results.
pub(super) fn spread(results: &[Image]) -> Image {
    let (channels, height, width) = (results[0].channels(), results[0].height(), results[0].width());
    Image::from_fn(1, height, width, |_, y, x| {
        let variance = |c: usize| {
            let values = results.iter().map(|image| f64::from(image.plane(c)[y * width + x]));
            let (n, sum, squares) = values.fold((0.0, 0.0, 0.0), |(n, s, q), v| (n + 1.0, s + v, q + v * v));
            (squares / n - (sum / n) * (sum / n)).max(0.0)
        };
        ((0..channels).map(variance).sum::<f64>() / channels as f64).sqrt() as f32
    })
}
