//! Interpolation: the biharmonic surface through the known pixels, corrected by a network that sees it and the mask.
//!
//! One network for all masks, channel by channel; known pixels stay as they are. The network sees each channel eight times, as it is
//! and transposed and mirrored, and the mean of what it makes of them is the result (the self-ensemble of Lim et al. 2017), unless
//! time is short.

use unspool_core::Real;
use unspool_image::interpolate::{self, Method};
use unspool_image::{Image, Mask, Result};
use unspool_train::{Layout, Model, Noise};

use super::turn::Turn;
use super::{Cells, METRICS, Memory, SHIPPED_SIZE, Seen, Truth, probe, refused, shipped};

/// The weights that are shipped.
static SHIPPED: &[u8] = include_bytes!("../../weights/interpolate.safetensors");

/// The network.
#[derive(Clone, Debug)]
pub struct Interpolator {
    cells: Cells,
    /// How many turns of an image the network sees.
    turns: usize,
}

/// A plane with gaps.
#[derive(Clone, Debug)]
pub struct Gaps {
    /// The truth, one channel, even size.
    pub target: Image,
    /// Which of its pixels are known.
    pub mask: Mask,
}

impl Interpolator {
    /// A network with so many maps and residual blocks.
    pub fn new(maps: usize, blocks: usize) -> Self {
        Interpolator { cells: Cells::new(2, 1, false, (maps, blocks)), turns: 8 }
    }

    /// The network whose weights come with the crate.
    pub fn shipped() -> Self {
        Interpolator::new(SHIPPED_SIZE.0, SHIPPED_SIZE.1)
    }

    /// The same with a loss, the mean of `sqrt(e^2 + rounding^2) - rounding`, that is quadratic below `rounding` (of samples
    /// from 0 to 1) and linear above.
    #[must_use]
    pub fn rounded(mut self, rounding: f64) -> Self {
        self.cells.rounding = rounding;
        self
    }

    /// The same network, which sees an image as it is alone: an eighth of the time, and less accurate.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.turns = 1;
        self
    }

    /// The weights that come with the crate.
    ///
    /// # Errors
    /// None, unless the crate was damaged or the network is another one.
    pub fn shipped_weights(&self) -> unspool_train::Result<Vec<f32>> {
        shipped(SHIPPED, &self.cells.layout)
    }

    /// Its parameters.
    pub fn layout(&self) -> &Layout {
        &self.cells.layout
    }

    /// The image with values for its unknown pixels, neither clipped nor rounded; any number of channels.
    ///
    /// # Complexity
    /// Eight runs of the network, or [one](Interpolator::once), where pixels are missing nearby; beside [`interpolate::run`].
    ///
    /// # Errors
    /// As [`interpolate::run`].
    pub fn interpolate(&self, theta: &[f32], image: &Image, mask: &Mask) -> Result<Image> {
        self.mean(theta, image, mask, &Turn::all(image.height(), image.width())[..self.turns])
    }

    /// How sure the network is: the standard deviation, pixel by pixel, of the eight results whose mean is the image. One channel,
    /// root mean square over those of the image.
    ///
    /// # Errors
    /// As [`interpolate::run`].
    pub fn spread(&self, theta: &[f32], image: &Image, mask: &Mask) -> Result<Image> {
        let turns = Turn::all(image.height(), image.width());
        let results = turns.map(|turn| self.mean(theta, image, mask, &[turn]));
        Ok(probe::spread(&results.into_iter().collect::<Result<Vec<_>>>()?))
    }

    /// What a pixel is made of: [`probe::REACH`] pixels of the first channel each way, `d result / d value` for each channel of the result in
    /// rows of `2 REACH + 1`; 0 for pixels that are not there. Of the network's result from the image as it is.
    ///
    /// # Complexity
    /// 81 runs of the network on about 112 x 112 pixels.
    ///
    /// # Errors
    /// As [`interpolate::run`].
    ///
    /// # Panics
    /// If there is no such pixel.
    pub fn influence(
        &self,
        theta: &[f32],
        (image, mask): (&Image, &Mask),
        pixel: (usize, usize),
    ) -> Result<Vec<Vec<f32>>> {
        probe::influence(image, pixel, 0, |part, (top, left)| {
            let (channels, height, width) = (part.channels(), part.height(), part.width());
            let known = |c: usize, y: usize, x: usize| mask.plane(c)[(top + y) * image.width() + left + x];
            let mask = Mask::from_fn(channels, height, width, known);
            self.mean(theta, part, &mask, &[Turn::none(height, width)])
        })
    }

    /// The mean of the network's results over some turns of the image.
    fn mean(&self, theta: &[f32], image: &Image, mask: &Mask, turns: &[Turn]) -> Result<Image> {
        let mut filled = interpolate::run(Method::Biharmonic, image, mask)?;
        for c in 0..image.channels() {
            let (known, mut sum) = (mask.plane(c), vec![0.0; image.height() * image.width()]);
            for turn in turns {
                let planes = planes(filled.plane(c), known, turn);
                let see = |(top, left), (rows, columns)| {
                    let seen = planes.crop(top, left, rows, columns)?;
                    Ok(seen.plane(1).contains(&0.0).then_some(seen))
                };
                let corrected = self.cells.correct(theta, turn.size(), turn.before().into(), 0.0, see)?;
                for (row, values) in corrected.plane(0).chunks_exact(corrected.width()).enumerate() {
                    for (column, value) in values.iter().enumerate() {
                        sum[turn.at(row, column)] += value;
                    }
                }
            }
            let unknown = filled.plane_mut(c).iter_mut().zip(&sum).zip(known).filter(|(_, known)| !**known);
            unknown.for_each(|((out, sum), _)| *out = sum / turns.len() as f32);
        }
        filled.finite()
    }
}

/// What the network sees: start and mask, turned, in whole cells.
fn planes(start: &[f32], known: &[bool], turn: &Turn) -> Image {
    let [height, width] = turn.cells_size();
    Image::from_fn(2, height, width, |plane, row, column| {
        let at = turn.at_cells(row, column);
        if plane == 0 { start[at] } else { f32::from(u8::from(known[at])) }
    })
}

/// What the network sees of a sample.
fn seen(sample: &Gaps) -> unspool_train::Result<Image> {
    let Gaps { target, mask } = sample;
    let start = interpolate::run(Method::Biharmonic, target, mask).map_err(refused)?;
    Ok(planes(start.plane(0), mask.plane(0), &Turn::none(target.height(), target.width())))
}

impl<F: Real> Model<F> for Interpolator {
    type Sample = Gaps;
    type Memory = Memory<F>;

    fn layout(&self) -> &Layout {
        &self.cells.layout
    }

    fn memory(&self) -> Memory<F> {
        Memory(Vec::new())
    }

    fn loss(
        &self,
        theta: &[F],
        sample: &Gaps,
        _: &mut Noise,
        gradient: &mut [F],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<f64> {
        let truth = Truth { target: &sample.target, known: Some(sample.mask.known()) };
        Ok(self.cells.loss(theta, Seen { planes: &seen(sample)?, sigma: 0.0 }, truth, gradient, memory))
    }

    fn metric_names(&self) -> Vec<String> {
        METRICS.map(String::from).to_vec()
    }

    fn metrics(
        &self,
        theta: &[F],
        sample: &Gaps,
        _: &mut Noise,
        out: &mut [f64],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<()> {
        let truth = Truth { target: &sample.target, known: Some(sample.mask.known()) };
        let seen = Seen { planes: &seen(sample)?, sigma: 0.0 };
        out.copy_from_slice(&self.cells.metrics(theta, seen, truth, memory));
        Ok(())
    }
}
