//! Interpolation: the biharmonic surface through the known pixels, corrected by a network that sees it and the mask.
//!
//! One network for all masks, channel by channel; known pixels stay as they are.

use unspool_core::Real;
use unspool_image::interpolate::{self, Method};
use unspool_image::{Image, Mask, Result};
use unspool_train::{Layout, Model, Noise};

use super::{Cells, METRICS, Memory, SHIPPED_SIZE, Seen, Truth, mirror, refused, shipped};

/// The weights that are shipped.
static SHIPPED: &[u8] = include_bytes!("../../weights/interpolate.safetensors");

/// The network.
#[derive(Clone, Debug)]
pub struct Interpolator(Cells);

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
        Interpolator(Cells::new(2, 1, false, (maps, blocks)))
    }

    /// The network whose weights come with the crate.
    pub fn shipped() -> Self {
        Interpolator::new(SHIPPED_SIZE.0, SHIPPED_SIZE.1)
    }

    /// The same with a loss, the mean of `sqrt(e^2 + rounding^2) - rounding`, that is quadratic below `rounding` (of samples
    /// from 0 to 1) and linear above.
    #[must_use]
    pub fn rounded(mut self, rounding: f64) -> Self {
        self.0.rounding = rounding;
        self
    }

    /// The weights that come with the crate.
    ///
    /// # Errors
    /// None, unless the crate was damaged or the network is another one.
    pub fn shipped_weights(&self) -> unspool_train::Result<Vec<f32>> {
        shipped(SHIPPED, &self.0.layout)
    }

    /// Its parameters.
    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// The image with values for its unknown pixels, neither clipped nor rounded; any number of channels.
    ///
    /// # Errors
    /// As [`interpolate::run`].
    pub fn interpolate(&self, theta: &[f32], image: &Image, mask: &Mask) -> Result<Image> {
        let mut filled = interpolate::run(Method::Biharmonic, image, mask)?;
        let (height, width) = (image.height(), image.width());
        for c in 0..image.channels() {
            let planes = planes(filled.plane(c), mask.plane(c), height, width);
            let see = |(top, left), (rows, columns)| planes.crop(top, left, rows, columns);
            let corrected = self.0.correct(theta, [height, width], (0, 0), 0.0, see)?;
            for y in 0..height {
                for x in (0..width).filter(|x| !mask.plane(c)[y * width + x]) {
                    filled.plane_mut(c)[y * width + x] = corrected.plane(0)[y * width + x];
                }
            }
        }
        filled.finite()
    }
}

/// What the network sees: start and mask, an odd row or column mirrored.
fn planes(start: &[f32], known: &[bool], height: usize, width: usize) -> Image {
    Image::from_fn(2, height.next_multiple_of(2), width.next_multiple_of(2), |plane, y, x| {
        let at = mirror(y, 0, height) * width + mirror(x, 0, width);
        if plane == 0 { start[at] } else { f32::from(u8::from(known[at])) }
    })
}

/// What the network sees of a sample.
fn seen(sample: &Gaps) -> unspool_train::Result<Image> {
    let Gaps { target, mask } = sample;
    let start = interpolate::run(Method::Biharmonic, target, mask).map_err(refused)?;
    Ok(planes(start.plane(0), mask.plane(0), target.height(), target.width()))
}

impl<F: Real> Model<F> for Interpolator {
    type Sample = Gaps;
    type Memory = Memory<F>;

    fn layout(&self) -> &Layout {
        &self.0.layout
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
        Ok(self.0.loss(theta, Seen { planes: &seen(sample)?, sigma: 0.0 }, truth, gradient, memory))
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
        out.copy_from_slice(&self.0.metrics(theta, seen, truth, memory));
        Ok(())
    }
}
