//! Interpolation: the biharmonic surface through the known pixels, corrected by a network that sees it and the mask.
//!
//! One network for all masks, channel by channel; known pixels stay as they are. The network sees each channel eight times, as it is
//! and transposed and mirrored, and the mean of what it makes of them is the result (the self-ensemble of Lim et al. 2017), unless
//! time is short. Training and its metrics are of the image as it is.

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

    /// Whether it sees an image as it is alone.
    pub fn is_once(&self) -> bool {
        self.turns == 1
    }

    /// The same network, which sees an image as it is alone: an eighth of the runs, and less accurate.
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
        let mut filled = interpolate::run(Method::Biharmonic, image, mask)?;
        let turns = &Turn::all(image.height(), image.width())[..self.turns];
        for c in 0..image.channels() {
            let (known, mut sum) = (mask.plane(c), vec![0.0; image.height() * image.width()]);
            self.turned(theta, filled.plane(c), known, turns, |i, value| sum[i] += value)?;
            let unknown = filled.plane_mut(c).iter_mut().zip(sum).zip(known).filter(|(_, known)| !**known);
            unknown.for_each(|((out, sum), _)| *out = sum / turns.len() as f32);
        }
        filled.finite()
    }

    /// How sure the network is: the standard deviation, pixel by pixel, of its results from the image in all eight ways. One channel,
    /// root mean square over those of the image.
    ///
    /// # Errors
    /// As [`interpolate::run`].
    pub fn spread(&self, theta: &[f32], image: &Image, mask: &Mask) -> Result<Image> {
        let filled = interpolate::run(Method::Biharmonic, image, mask)?;
        let (channels, height, width) = (image.channels(), image.height(), image.width());
        let mut variance = Image::zeros(1, height, width);
        for c in 0..channels {
            let (start, turns) = (filled.plane(c), Turn::all(height, width));
            let (mut sum, mut squares) = (vec![0.0f32; start.len()], vec![0.0f32; start.len()]);
            self.turned(theta, start, mask.plane(c), &turns, |i, value| {
                let correction = value - start[i];
                sum[i] += correction;
                squares[i] += correction * correction;
            })?;
            let n = turns.len() as f32;
            for ((variance, sum), squares) in variance.data_mut().iter_mut().zip(sum).zip(squares) {
                *variance += (squares / n - (sum / n) * (sum / n)).max(0.0) / channels as f32;
            }
        }
        variance.data_mut().iter_mut().for_each(|value| *value = value.sqrt());
        Ok(variance)
    }

    /// What a pixel of the first channel is made of: [`probe::REACH`] pixels each way, `d result / d value` in rows of `2 REACH + 1`; 0 for
    /// pixels that are not there. Of the network's result from the image as it is.
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
        let (net, width) = (self.clone().once(), image.width());
        let first = Image::new(1, image.height(), width, image.plane(0).to_vec())?;
        probe::influence(&first, pixel, |part, (top, left)| {
            let known = |_: usize, y: usize, x: usize| mask.plane(0)[(top + y) * width + left + x];
            let mask = Mask::from_fn(1, part.height(), part.width(), known);
            // within a large gap nothing that is known is near enough
            let is_empty = !mask.known().contains(&true);
            if is_empty {
                Ok(Image::zeros(1, part.height(), part.width()))
            } else {
                net.interpolate(theta, part, &mask)
            }
        })
    }

    /// Calls `f(index, value)` for the unknown pixels of a plane, with what the network makes of each turn, turn by turn.
    fn turned(
        &self,
        theta: &[f32],
        start: &[f32],
        known: &[bool],
        turns: &[Turn],
        mut f: impl FnMut(usize, f32),
    ) -> Result<()> {
        if !known.contains(&false) {
            return Ok(());
        }
        for turn in turns {
            let is_needed = |(top, left), (rows, columns)| {
                (top..top + rows).any(|y| (left..left + columns).any(|x| !known[turn.at_cells(y, x)]))
            };
            let see = |corner, size| Ok(seen(start, known, turn, corner, size));
            let made = self.cells.correct(theta, turn.size(), turn.before().into(), 0.0, is_needed, see)?;
            for (row, values) in made.plane(0).chunks_exact(made.width()).enumerate() {
                for (column, &value) in values.iter().enumerate() {
                    let i = turn.at(row, column);
                    if !known[i] {
                        f(i, value);
                    }
                }
            }
        }
        Ok(())
    }
}

/// What the network sees: start and mask, turned, in whole cells, from a corner on.
fn seen(start: &[f32], known: &[bool], turn: &Turn, corner: (usize, usize), (rows, columns): (usize, usize)) -> Image {
    Image::from_fn(2, rows, columns, |plane, row, column| {
        let at = turn.at_cells(corner.0 + row, corner.1 + column);
        if plane == 0 { start[at] } else { f32::from(u8::from(known[at])) }
    })
}

/// What the network sees of a sample.
fn seen_of(sample: &Gaps) -> unspool_train::Result<Image> {
    let Gaps { target, mask } = sample;
    let start = interpolate::run(Method::Biharmonic, target, mask).map_err(refused)?;
    let (height, width) = (target.height(), target.width());
    Ok(seen(start.plane(0), mask.plane(0), &Turn::none(height, width), (0, 0), (height, width)))
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
        Ok(self.cells.loss(theta, Seen { planes: &seen_of(sample)?, sigma: 0.0 }, truth, gradient, memory))
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
        let seen = Seen { planes: &seen_of(sample)?, sigma: 0.0 };
        out.copy_from_slice(&self.cells.metrics(theta, seen, truth, memory));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_without_gaps_are_left_out() {
        let net = Interpolator::new(8, 1);
        let theta: Vec<f32> = (0..net.layout().len()).map(|i| ((i * 37 % 101) as f32 / 101.0 - 0.5) * 0.2).collect();
        let (height, width) = (1071, 600);
        let start: Vec<f32> = (0..height * width).map(|i| (i * 31 % 101) as f32 / 101.0).collect();
        // on both sides of where tiles meet, in some of them alone
        let is_gap =
            |i: usize| (508..516).contains(&(i / width)) && i % width < 250 || i / width == 1 && i % width == 258;
        let known: Vec<bool> = (0..start.len()).map(|i| !is_gap(i)).collect();
        for turn in Turn::all(height, width) {
            let see = |corner, size| Ok(seen(&start, &known, &turn, corner, size));
            let before = turn.before().into();
            let all = net.cells.correct(&theta, turn.size(), before, 0.0, |_, _| true, see).expect("an image");
            let (mut count, columns) = (0, turn.size()[1]);
            let upright: Vec<usize> = (0..start.len()).map(|i| turn.at(i / columns, i % columns)).collect();
            let mut whole = vec![0.0; start.len()];
            upright.iter().zip(all.data()).for_each(|(&i, &value)| whole[i] = value);
            net.turned(&theta, &start, &known, &[turn], |i, value| {
                count += 1;
                assert!(!known[i] && value.to_bits() == whole[i].to_bits(), "{turn:?}");
            })
            .expect("an image");
            assert_eq!(count, known.iter().filter(|known| !**known).count());
        }
    }
}
