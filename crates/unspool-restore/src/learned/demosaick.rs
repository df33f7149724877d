//! Demosaicking: Menon's estimate, corrected by a network that sees it, the mosaic and the noise level.
//!
//! A cell of the network is a cell of the sensor, red first: other Bayer patterns are brought to RGGB by a mirrored row
//! or column.

use unspool_core::Real;
use unspool_image::demosaick::{self, Method};
use unspool_image::{Cfa, Image, Result};
use unspool_train::{Layout, Model, Noise};

use super::{Cells, METRICS, Memory, SHIPPED_SIZE, Seen, Truth, mirror, refused, shipped, stacked};

/// The weights that are shipped.
static SHIPPED: &[u8] = include_bytes!("../../weights/demosaick.safetensors");

/// Pixels of a strip of a large image.
const STRIP: usize = 3 << 20;
/// Rows, an even number, beyond which Menon's method sees nothing.
const MENON_REACH: usize = 16;

/// The network.
#[derive(Clone, Debug)]
pub struct Demosaicker(Cells);

/// What a sensor measured, and the truth.
#[derive(Clone, Debug)]
pub struct Mosaic {
    /// The truth, three channels, even size.
    pub target: Image,
    /// The mosaic, RGGB.
    pub mosaic: Image,
    /// Standard deviation of its noise.
    pub sigma: f32,
}

impl Demosaicker {
    /// A network with so many maps and residual blocks.
    pub fn new(maps: usize, blocks: usize) -> Self {
        Demosaicker(Cells::new(4, 3, true, (maps, blocks)))
    }

    /// The network whose weights come with the crate.
    pub fn shipped() -> Self {
        Demosaicker::new(SHIPPED_SIZE.0, SHIPPED_SIZE.1)
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

    /// Demosaicks: three channels, neither clipped nor rounded. `sigma`: standard deviation of the noise.
    ///
    /// # Complexity
    /// Time in proportion to pixels. Large images are done in strips: beside mosaic and result, about 300 MB are needed.
    ///
    /// # Errors
    /// Not a mosaic; values that are not finite, or so large that the result is not.
    pub fn demosaick(&self, theta: &[f32], mosaic: &Image, cfa: Cfa, sigma: f32) -> Result<Image> {
        let (height, width) = (mosaic.height(), mosaic.width());
        let rows = (STRIP / width.max(1)).next_multiple_of(2).max(2 * self.halo());
        if mosaic.channels() != 1 || height <= rows + rows / 2 {
            return self.whole(theta, mosaic, cfa, sigma);
        }
        self.strips(theta, mosaic, cfa, sigma, rows)
    }

    /// Strip by strip, of so many rows, an even number; the same pixels as at once.
    fn strips(&self, theta: &[f32], mosaic: &Image, cfa: Cfa, sigma: f32, rows: usize) -> Result<Image> {
        let (height, width) = (mosaic.height(), mosaic.width());
        let mut image = Image::zeros(3, height, width);
        for top in (0..height).step_by(rows) {
            let bottom = (top + rows).min(height);
            let (first, last) = (top.saturating_sub(self.halo()), (bottom + self.halo()).min(height));
            let part = self.whole(theta, &mosaic.crop(first, 0, last - first, width)?, cfa.shifted(first, 0), sigma)?;
            for c in 0..3 {
                let own = &part.plane(c)[(top - first) * width..(bottom - first) * width];
                image.plane_mut(c)[top * width..bottom * width].copy_from_slice(own);
            }
        }
        Ok(image)
    }

    /// Rows by which a strip must reach farther than its result: those that the network and Menon's method see; even.
    fn halo(&self) -> usize {
        2 * self.0.net.reach() + MENON_REACH
    }

    fn whole(&self, theta: &[f32], mosaic: &Image, cfa: Cfa, sigma: f32) -> Result<Image> {
        let (y0, x0) = cfa.red();
        let (height, width) = (mosaic.height(), mosaic.width());
        // even sizes, red first: mirrored without repeating the border
        let (tall, wide) = ((height + y0).next_multiple_of(2), (width + x0).next_multiple_of(2));
        let even = Image::from_fn(1, tall, wide, |_, y, x| {
            mosaic.plane(0)[mirror(y, y0, height) * width + mirror(x, x0, width)]
        });
        let start = demosaick::run(Method::Menon, &even, Cfa::Rggb)?;
        let planes = stacked(&[&start, &even])?;
        drop((start, even));
        self.0.correct(theta, Seen { planes: &planes, sigma }).crop(y0, x0, height, width)?.finite()
    }
}

/// What the network sees of a mosaic.
fn planes(sample: &Mosaic) -> unspool_train::Result<Image> {
    let start = demosaick::run(Method::Menon, &sample.mosaic, Cfa::Rggb).map_err(refused)?;
    stacked(&[&start, &sample.mosaic]).map_err(refused)
}

impl<F: Real> Model<F> for Demosaicker {
    type Sample = Mosaic;
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
        sample: &Mosaic,
        _: &mut Noise,
        gradient: &mut [F],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<f64> {
        let seen = Seen { planes: &planes(sample)?, sigma: sample.sigma };
        Ok(self.0.loss(theta, seen, Truth { target: &sample.target, known: None }, gradient, memory))
    }

    fn metric_names(&self) -> Vec<String> {
        METRICS.map(String::from).to_vec()
    }

    fn metrics(
        &self,
        theta: &[F],
        sample: &Mosaic,
        _: &mut Noise,
        out: &mut [f64],
        memory: &mut Memory<F>,
    ) -> unspool_train::Result<()> {
        let seen = Seen { planes: &planes(sample)?, sigma: sample.sigma };
        let truth = Truth { target: &sample.target, known: None };
        out.copy_from_slice(&self.0.metrics(theta, seen, truth, memory));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_and_tiles_leave_no_trace() {
        let net = Demosaicker::new(8, 1);
        let theta: Vec<f32> = (0..net.layout().len()).map(|i| ((i * 37 % 101) as f32 / 101.0 - 0.5) * 0.2).collect();
        let mosaic = Image::from_fn(1, 151, 270, |_, y, x| ((x * 31 + y * 17 + x * y % 7) % 101) as f32 / 101.0);
        for cfa in Cfa::ALL {
            let all = net.whole(&theta, &mosaic, cfa, 0.0).expect("a mosaic");
            let strips = net.strips(&theta, &mosaic, cfa, 0.0, 32).expect("a mosaic");
            assert!(all.data().iter().zip(strips.data()).all(|(a, b)| a.to_bits() == b.to_bits()), "{cfa}");
        }
    }
}
