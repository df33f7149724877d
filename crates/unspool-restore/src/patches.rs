//! Patches of photos to train on: drawn at random, turned, mosaicked, with noise on some.

use std::borrow::Cow;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use unspool_image::{Cfa, Image, simulate};
use unspool_train::{Dataset, Error, Noise, Result, params};

use crate::learned::demosaick::Mosaic;
use crate::learned::interpolate::Gaps;
use crate::train::Sample;

/// How patches are drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawing {
    /// Patches of an epoch.
    pub count: usize,
    /// Rows and columns of a patch, even.
    pub size: usize,
    /// Whether each epoch has the same.
    pub fixed: bool,
    /// Share of patches without noise.
    pub clean: f32,
    /// Largest standard deviation of the noise of the others, in units of an 8-bit image.
    pub noise: f32,
    /// Share of the masks that are the grid of step two from the first pixel on; the others are as users have them.
    #[serde(default)]
    pub halved: f32,
    /// Share of the patches that are taken from photos at half their size, where edges are sharper.
    #[serde(default)]
    pub shrunk: f32,
    /// Seed.
    pub seed: u64,
}

/// Most patches of an epoch, whose order is drawn at once.
const MOST: usize = 100_000_000;

/// Patches of images.
#[derive(Clone, Debug)]
pub struct Patches<'a> {
    images: &'a [Image],
    /// The images at half their size, where such are drawn.
    small: Vec<Image>,
    drawing: Drawing,
    /// Whether images come in turn, and are neither turned nor noisy: to validate on.
    plain: bool,
}

impl<'a> Patches<'a> {
    /// Patches of colour images.
    ///
    /// # Errors
    /// No images; one that is smaller than a patch or not in colour; a patch of odd size; a share beyond 0 to 1; more than
    /// 100 million patches.
    pub fn new(images: &'a [Image], drawing: Drawing, plain: bool) -> Result<Self> {
        let size = drawing.size;
        if size == 0 || !size.is_multiple_of(2) {
            let problem = format!("patches of {size} x {size} pixels: their size must be even");
            return Err(Error::Sample { index: 0, problem });
        }
        if drawing.count > MOST {
            return Err(Error::Range { what: "count", got: drawing.count.to_string(), must: "at most 100,000,000" });
        }
        let shares = [("clean", drawing.clean), ("halved", drawing.halved), ("shrunk", drawing.shrunk)];
        if let Some((what, got)) = shares.into_iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            return Err(Error::Range { what, got: got.to_string(), must: "between 0 and 1" });
        }
        if !(drawing.noise >= 0.0 && drawing.noise.is_finite()) {
            return Err(Error::Range {
                what: "noise",
                got: drawing.noise.to_string(),
                must: "finite and not negative",
            });
        }
        let fits = |image: &Image| image.channels() == 3 && image.height() >= size && image.width() >= size;
        if images.is_empty() || !images.iter().all(fits) {
            let problem = format!("images to train on need three channels and at least {size} x {size} pixels");
            return Err(Error::Sample { index: images.iter().position(|i| !fits(i)).unwrap_or(0), problem });
        }
        let is_large = |image: &&Image| drawing.shrunk > 0.0 && image.height().min(image.width()) >= 2 * size;
        let small = images.iter().filter(is_large).map(half).collect();
        Ok(Patches { images, small, drawing, plain })
    }

    /// A patch, and the stream of random numbers for what is done to it.
    fn patch(&self, epoch: usize, index: usize) -> (Image, Noise) {
        let Drawing { size, fixed, shrunk, seed, .. } = self.drawing;
        let epoch = if fixed { 0 } else { epoch };
        let mut rng = params::stream(seed.wrapping_add(u64::from(!self.plain)), epoch as u64, index as u64);
        let is_small = !self.small.is_empty() && rng.random::<f32>() < shrunk;
        let images = if is_small { &self.small } else { self.images };
        let count = images.len();
        let image = &images[if self.plain { index % count } else { rng.random_range(0..count) }];
        let (y, x) = (rng.random_range(0..=image.height() - size), rng.random_range(0..=image.width() - size));
        let (mirrored, turns) = (rng.random::<bool>(), rng.random_range(0..4));
        let target = Image::from_fn(3, size, size, |c, mut row, mut column| {
            if mirrored {
                column = size - 1 - column;
            }
            for _ in 0..turns {
                (row, column) = (column, size - 1 - row);
            }
            image.plane(c)[(y + row) * image.width() + x + column]
        });
        (target, rng)
    }

    fn mosaic(&self, epoch: usize, index: usize) -> Result<Mosaic> {
        let Drawing { clean, noise, .. } = self.drawing;
        let (target, mut rng) = self.patch(epoch, index);
        let sigma = if self.plain || rng.random::<f32>() < clean { 0.0 } else { rng.random::<f32>() * noise / 255.0 };
        mosaic(target, sigma, &mut rng).map_err(|error| Error::Sample { index, problem: error.to_string() })
    }
}

/// A plane of a patch with a mask as users have them: grids, pixels at random, scratches. To validate on, grids of step
/// two and half or a fifth of the pixels take turns, but for [`Drawing::halved`].
impl Dataset<Gaps> for Patches<'_> {
    fn len(&self) -> usize {
        self.drawing.count
    }

    fn sample(&self, epoch: usize, index: usize) -> Result<Cow<'_, Gaps>> {
        let (patch, mut rng) = self.patch(epoch, index);
        let size = patch.height();
        let plane = if self.plain || rng.random() { 3 } else { rng.random_range(0..3) };
        let target = Image::from_fn(1, size, size, |_, y, x| {
            let [r, g, b] = [0, 1, 2].map(|c| patch.plane(c)[y * size + x]);
            [r, g, b, 0.299 * r + 0.587 * g + 0.114 * b][plane]
        });
        let (whole, seed) = ((1, size, size), rng.random());
        let mask = if rng.random::<f32>() < self.drawing.halved {
            simulate::regular_mask(whole, 2, (0, 0))
        } else if self.plain {
            match index % 3 {
                0 => simulate::regular_mask(whole, 2, (0, 0)),
                1 => simulate::random_mask(whole, 0.5, seed),
                _ => simulate::random_mask(whole, 0.2, seed),
            }
        } else {
            match rng.random_range(0..12) {
                0..1 => simulate::regular_mask(whole, 2, (rng.random_range(0..2), rng.random_range(0..2))),
                1..3 => simulate::regular_mask(
                    whole,
                    3,
                    (rng.random_range(0..size.min(3)), rng.random_range(0..size.min(3))),
                ),
                3..10 => simulate::random_mask(whole, rng.random_range(0.1..0.95), seed),
                _ => simulate::scratch_mask(whole, rng.random_range(1..7), rng.random_range(1.0..5.0), seed),
            }
        };
        let mask = mask.map_err(|error| Error::Sample { index, problem: error.to_string() })?;
        Ok(Cow::Owned(Gaps { target, mask }))
    }
}

/// Means of 2 x 2 pixels.
fn half(image: &Image) -> Image {
    let width = image.width();
    Image::from_fn(image.channels(), image.height() / 2, width / 2, |c, y, x| {
        let at = |dy, dx| image.plane(c)[(2 * y + dy) * width + 2 * x + dx];
        (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4.0
    })
}

/// A mosaic with noise.
fn mosaic(target: Image, sigma: f32, rng: &mut Noise) -> unspool_image::Result<Mosaic> {
    let mut mosaic = Cfa::Rggb.mosaic(&target)?;
    if sigma > 0.0 {
        for value in mosaic.data_mut() {
            let normal: f32 = StandardNormal.sample(rng);
            *value += sigma * normal;
        }
    }
    Ok(Mosaic { target, mosaic, sigma })
}

impl Dataset<Mosaic> for Patches<'_> {
    fn len(&self) -> usize {
        self.drawing.count
    }

    fn sample(&self, epoch: usize, index: usize) -> Result<Cow<'_, Mosaic>> {
        self.mosaic(epoch, index).map(Cow::Owned)
    }
}

impl Dataset<Sample> for Patches<'_> {
    fn len(&self) -> usize {
        self.drawing.count
    }

    fn sample(&self, epoch: usize, index: usize) -> Result<Cow<'_, Sample>> {
        let Mosaic { target, mosaic, .. } = self.mosaic(epoch, index)?;
        let refused = |error: unspool_image::Error| Error::Sample { index, problem: error.to_string() };
        let observed = Cfa::Rggb.spread(&mosaic).map_err(refused)?;
        let mask = Cfa::Rggb.mask(target.height(), target.width());
        Ok(Cow::Owned(Sample { target, observed, mask }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_seed_draws_patches() {
        let images = [Image::zeros(3, 6, 5), Image::zeros(3, 8, 9)];
        for (seed, plain) in [(0, false), (u64::MAX, false), (u64::MAX, true)] {
            let drawing =
                Drawing { count: 1, size: 4, fixed: false, clean: 0.5, noise: 10.0, halved: 0.5, shrunk: 0.5, seed };
            let patches = Patches::new(&images, drawing, plain).unwrap();
            assert!(Dataset::<Mosaic>::sample(&patches, 0, 0).is_ok());
            assert!(Dataset::<Gaps>::sample(&patches, 0, 0).is_ok());
            let wrong = Drawing { shrunk: f32::NAN, ..patches.drawing };
            assert!(matches!(Patches::new(&images, wrong, plain), Err(Error::Range { what: "shrunk", .. })));
        }
    }
}
