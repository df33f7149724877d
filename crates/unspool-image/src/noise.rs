//! How noisy an image is.

use crate::{Cfa, Image};

/// The standard deviation of the noise of an image, or with a pattern of a mosaic, in the units of the image.
///
/// The second difference along one axis of the second difference along the other takes smooth content away, whatever
/// its slope, and makes of white noise of deviation `sigma` one of `6 sigma` (J. Immerkær, "Fast noise variance
/// estimation", Computer Vision and Image Understanding 64(2), 1996). Edges remain; the median of the absolute values,
/// which is 0.6745 deviations for Gaussian noise, passes over them (D. L. Donoho, I. M. Johnstone, "Ideal spatial
/// adaptation by wavelet shrinkage", Biometrika 81(3), 1994). In a mosaic the axes are the diagonals, along which the
/// green samples are neighbours of each other.
///
/// Fine texture all over an image counts as noise. Zero for an image too small to tell: less than 3 x 3 pixels, a
/// mosaic less than 5 x 5. The time is linear in the number of pixels.
///
/// ```
/// use unspool_image::{Image, noise, simulate};
/// let ramp = Image::from_fn(1, 64, 64, |_, y, x| (y + 2 * x) as f32 / 200.0);
/// let noisy = simulate::gaussian_noise(&ramp, 0.05, 1)?;
/// assert!((noise::estimate(&noisy, None) - 0.05).abs() < 0.004);
/// # Ok::<(), unspool_image::Error>(())
/// ```
pub fn estimate(image: &Image, cfa: Option<Cfa>) -> f64 {
    let (height, width) = (image.height(), image.width());
    // Two steps (rows, columns) to neighbours of the same colour, and how far both together reach.
    let (first, second, reach) = match cfa {
        None => ((0, 1), (1, 0), 1),
        Some(_) => ((1, 1), (1, -1), 2),
    };
    let mut sizes = Vec::new();
    for c in 0..image.channels() {
        let plane = image.plane(c);
        let at = |y: usize, x: usize, dy: isize, dx: isize| {
            f64::from(plane[y.wrapping_add_signed(dy) * width + x.wrapping_add_signed(dx)])
        };
        let along = |y: usize, x: usize, k: isize| {
            let one = |j: isize| at(y, x, k * second.0 + j * first.0, k * second.1 + j * first.1);
            one(-1) - 2.0 * one(0) + one(1)
        };
        for y in reach..height.saturating_sub(reach) {
            for x in reach..width.saturating_sub(reach) {
                if cfa.is_none_or(|cfa| cfa.color(y, x) == 1) {
                    sizes.push((along(y, x, -1) - 2.0 * along(y, x, 0) + along(y, x, 1)).abs());
                }
            }
        }
    }
    let middle = sizes.len() / 2;
    match sizes.is_empty() {
        true => 0.0,
        false => *sizes.select_nth_unstable_by(middle, f64::total_cmp).1 / (0.674_489_75 * 6.0),
    }
}
