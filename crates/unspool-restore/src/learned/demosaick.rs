//! Demosaicking: Menon's estimate, corrected by a network that sees it, the mosaic and the noise level.
//!
//! A cell of the network is a cell of the sensor, red first: other Bayer patterns are brought to RGGB by a mirrored row
//! or column.

use unspool_core::Real;
use unspool_image::demosaick::{self, Method};
use unspool_image::{Cfa, Image, Result};
use unspool_train::{Layout, Model, Noise};

use super::{Cells, METRICS, Memory, SHIPPED_SIZE, Seen, Truth, mirror, probe, refused, shipped, stacked};

/// The weights that are shipped.
static SHIPPED: &[u8] = include_bytes!("../../weights/demosaick.safetensors");

/// Pixels, an even number, beyond which Menon's method sees nothing.
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
    /// Time in proportion to pixels; beside mosaic and result, some 100 MB for each thread.
    ///
    /// # Errors
    /// Not a mosaic; values that are not finite, or so large that the result is not.
    pub fn demosaick(&self, theta: &[f32], mosaic: &Image, cfa: Cfa, sigma: f32) -> Result<Image> {
        let menon = |mosaic: &Image, cfa| demosaick::run(Method::Menon, mosaic, cfa);
        if mosaic.channels() != 1 || mosaic.data().is_empty() {
            return menon(mosaic, cfa);
        }
        let (height, width, before) = (mosaic.height(), mosaic.width(), cfa.red());
        // even sizes, red first: mirrored without repeating the border
        let (tall, wide) = ((height + before.0).next_multiple_of(2), (width + before.1).next_multiple_of(2));
        let see = |(top, left): (usize, usize), (rows, columns): (usize, usize)| {
            let (y0, x0) = (top.saturating_sub(MENON_REACH), left.saturating_sub(MENON_REACH));
            let (y1, x1) = ((top + rows + MENON_REACH).min(tall), (left + columns + MENON_REACH).min(wide));
            let part = Image::from_fn(1, y1 - y0, x1 - x0, |_, y, x| {
                mosaic.plane(0)[mirror(y0 + y, before.0, height) * width + mirror(x0 + x, before.1, width)]
            });
            // an error names a place in the whole mosaic
            let start = menon(&part, Cfa::Rggb).map_err(|error| menon(mosaic, cfa).err().unwrap_or(error))?;
            let crop = |image: &Image| image.crop(top - y0, left - x0, rows, columns);
            stacked(&[&crop(&start)?, &crop(&part)?])
        };
        self.0.correct(theta, [height, width], before, sigma, |_, _| true, see)?.finite()
    }

    /// How sure the network is: the standard deviation, pixel by pixel, of its results from the mosaic upright, mirrored and turned
    /// around, turned back. One channel, root mean square over colours.
    ///
    /// # Errors
    /// As [`Demosaicker::demosaick`].
    pub fn spread(&self, theta: &[f32], mosaic: &Image, cfa: Cfa, sigma: f32) -> Result<Image> {
        let turned = |(y, x): (bool, bool)| {
            let last = |turned: bool, n: usize| if turned { n.saturating_sub(1) } else { 0 };
            let cfa = cfa.shifted(last(y, mosaic.height()), last(x, mosaic.width()));
            Ok(self.demosaick(theta, &mosaic.mirrored(y, x), cfa, sigma)?.mirrored(y, x))
        };
        let all = [(false, false), (false, true), (true, false), (true, true)];
        Ok(probe::spread(&all.into_iter().map(turned).collect::<Result<Vec<_>>>()?))
    }

    /// What a pixel is made of: [`probe::REACH`] samples of the mosaic each way, `d result / d sample` for each colour of the result in rows
    /// of `2 REACH + 1`; 0 for samples that are not there.
    ///
    /// # Complexity
    /// 81 runs on about 112 x 112 pixels.
    ///
    /// # Errors
    /// As [`Demosaicker::demosaick`].
    ///
    /// # Panics
    /// If there is no such pixel.
    pub fn influence(
        &self,
        theta: &[f32],
        (mosaic, cfa, sigma): (&Image, Cfa, f32),
        pixel: (usize, usize),
    ) -> Result<Vec<Vec<f32>>> {
        probe::influence(mosaic, pixel, |part, _| self.demosaick(theta, part, cfa, sigma))
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
    fn tiles_leave_no_trace() {
        let net = Demosaicker::new(8, 1);
        let theta: Vec<f32> = (0..net.layout().len()).map(|i| ((i * 37 % 101) as f32 / 101.0 - 0.5) * 0.2).collect();
        let value = |_: usize, y: usize, x: usize| ((x * 31 + y * 17 + x * y % 7) % 101) as f32 / 101.0;
        // several tiles, one way or both
        for (cfa, height, width) in [(Cfa::Rggb, 1071, 60), (Cfa::Bggr, 75, 501), (Cfa::Grbg, 1100, 402)] {
            let mosaic = Image::from_fn(1, height, width, value);
            let image = net.demosaick(&theta, &mosaic, cfa, 0.0).expect("a mosaic");
            let (y0, x0) = cfa.red();
            let even =
                Image::from_fn(1, (height + y0).next_multiple_of(2), (width + x0).next_multiple_of(2), |_, y, x| {
                    mosaic.plane(0)[mirror(y, y0, height) * width + mirror(x, x0, width)]
                });
            let start = demosaick::run(Method::Menon, &even, Cfa::Rggb).expect("a mosaic");
            let planes = stacked(&[&start, &even]).expect("planes of one size");
            let grid = crate::Grid::new(even.height() / 2, even.width() / 2);
            let out = net.0.infer(
                &theta,
                grid,
                0..grid.height(),
                Seen { planes: &planes, sigma: 0.0 },
                &mut Memory::default(),
            );
            let all = Image::from_fn(3, height, width, |c, y, x| {
                let (y, x) = (y + y0, x + x0);
                let k = 4 * c + y % 2 * 2 + x % 2;
                start.plane(c)[y * even.width() + x] + out[k * grid.plane() + grid.at(y / 2, x / 2)]
            });
            assert!(all.data().iter().zip(image.data()).all(|(a, b)| a.to_bits() == b.to_bits()), "{cfa}");
        }
    }
}
