//! Noise and masks, made up from a seed: the same on every machine.

use rand::RngExt;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

use crate::error::{Error, Result};
use crate::{Image, Mask};

/// The image plus independent Gaussian noise of standard deviation `sigma`, in the units of the image (`25.0 / 255.0`
/// is 25 of 8 bit), neither clipped nor rounded.
///
/// ```
/// use unspool_image::{Image, simulate};
/// let image = Image::zeros(1, 64, 64);
/// let noisy = simulate::gaussian_noise(&image, 0.1, 7)?;
/// let power = noisy.data().iter().map(|v| v * v).sum::<f32>() / 4096.0;
/// assert!((power.sqrt() - 0.1).abs() < 0.01);
/// # Ok::<(), unspool_image::Error>(())
/// ```
///
/// # Errors
/// `sigma` is negative or not finite.
pub fn gaussian_noise(image: &Image, sigma: f32, seed: u64) -> Result<Image> {
    if !(sigma.is_finite() && sigma >= 0.0) {
        return Err(Error::Data {
            problem: format!("a standard deviation of {sigma} is none"),
            hint: "give a number from zero up",
        });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut noisy = image.clone();
    for value in noisy.data_mut() {
        let normal: f32 = StandardNormal.sample(&mut rng);
        *value += sigma * normal;
    }
    Ok(noisy)
}

/// Known are every `step`-th row and column from `offset` (row, column) on, in all channels.
///
/// ```
/// use unspool_image::simulate;
/// let mask = simulate::regular_mask((1, 2, 5), 2, (0, 1))?;
/// assert_eq!(mask.plane(0)[..5], [false, true, false, true, false]);
/// # Ok::<(), unspool_image::Error>(())
/// ```
///
/// # Errors
/// A step of zero; no pixel would be known.
pub fn regular_mask(
    (channels, height, width): (usize, usize, usize),
    step: usize,
    offset: (usize, usize),
) -> Result<Mask> {
    if step == 0 || offset.0 >= height || offset.1 >= width {
        return Err(Error::Data {
            problem: format!(
                "every {step}-th pixel from row {}, column {} on is none of {height} x {width}",
                offset.0, offset.1
            ),
            hint: "give a step of at least 1 and an offset inside of the image",
        });
    }
    let on = |at: usize, first: usize| at >= first && (at - first).is_multiple_of(step);
    Ok(Mask::from_fn(channels, height, width, |_, y, x| on(y, offset.0) && on(x, offset.1)))
}

/// Known are pixels drawn at random, the same in all channels: the share `keep` of them, at least one.
///
/// # Errors
/// `keep` is not in 0 to 1; there is no pixel.
pub fn random_mask((channels, height, width): (usize, usize, usize), keep: f64, seed: u64) -> Result<Mask> {
    let n = height * width;
    if !(0.0..=1.0).contains(&keep) || n == 0 {
        return Err(Error::Data {
            problem: format!("a share of {keep} of {height} x {width} pixels cannot be kept"),
            hint: "give a share from 0 to 1 of an image that is not empty",
        });
    }
    let count = ((keep * n as f64).round() as usize).max(1);
    let mut known = vec![false; n];
    for i in index::sample(&mut ChaCha8Rng::seed_from_u64(seed), n, count) {
        known[i] = true;
    }
    Ok(Mask::from_fn(channels, height, width, |_, y, x| known[y * width + x]))
}

/// Unknown are the pixels under `count` straight scratches, `thickness` pixels wide, from anywhere to anywhere in the
/// image, the same in all channels. The first pixel of the last row stays known if nothing else does.
///
/// # Errors
/// The thickness is not a positive number; there is no pixel.
pub fn scratch_mask(
    (channels, height, width): (usize, usize, usize),
    count: usize,
    thickness: f64,
    seed: u64,
) -> Result<Mask> {
    if !(thickness.is_finite() && thickness > 0.0) || height * width == 0 {
        return Err(Error::Data {
            problem: format!("scratches of {thickness} pixels cannot be drawn on {height} x {width} pixels"),
            hint: "give a thickness above zero and an image that is not empty",
        });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut point = || (rng.random_range(0.0..height as f64), rng.random_range(0.0..width as f64));
    let scratches: Vec<_> = (0..count).map(|_| (point(), point())).collect();
    let mut known = vec![true; height * width];
    for (i, known) in known.iter_mut().enumerate() {
        let center = ((i / width) as f64 + 0.5, (i % width) as f64 + 0.5);
        *known = scratches.iter().all(|&(from, to)| distance(center, from, to) > thickness / 2.0);
    }
    if !known.contains(&true) {
        known[(height - 1) * width] = true;
    }
    Ok(Mask::from_fn(channels, height, width, |_, y, x| known[y * width + x]))
}

/// From a point to the nearest one of the line from `a` to `b`.
fn distance(point: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let line = (b.0 - a.0, b.1 - a.1);
    let to = (point.0 - a.0, point.1 - a.1);
    let length = line.0 * line.0 + line.1 * line.1;
    let share = if length > 0.0 { ((to.0 * line.0 + to.1 * line.1) / length).clamp(0.0, 1.0) } else { 0.0 };
    (to.0 - share * line.0).hypot(to.1 - share * line.1)
}
