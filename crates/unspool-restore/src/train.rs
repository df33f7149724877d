//! The network as a model to be trained: the loss, gradients block by block.
//!
//! The way back holds the estimate after each block and what each block left on its tape, as far as memory allows; the other
//! blocks are repeated, one at a time. From the step sizes that networks start with a block is nearly the identity, and the error
//! of the last estimate teaches them all; a block whose solver forgets the estimate that it starts from hides those before it.

use unspool_core::Real;
use unspool_image::{Image, Mask};
use unspool_train::layer::unrolled::Unrolled;
use unspool_train::{Error, Layout, Model, Noise, Result};

use crate::grid::Grid;
use crate::loss::charbonnier;
use crate::restore::Observed;
use crate::transformer::{Bound, Transformer};

/// What was measured, and the truth.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The truth.
    pub target: Image,
    /// What was measured; unknown samples may be anything.
    pub observed: Image,
    /// Which samples are known.
    pub mask: Mask,
}

/// Memory for samples of one size at a time.
#[derive(Debug, Default)]
pub struct Memory<F> {
    unrolled: Option<Unrolled<F>>,
}

impl Transformer {
    /// Runs forward; leaves the states of all blocks, and tapes to go back through.
    fn unroll<'a, F: Real>(
        &self,
        theta: &[F],
        observed: &Observed<F>,
        memory: &'a mut Memory<F>,
    ) -> &'a mut Unrolled<F> {
        let (blocks, n) = (self.shape().blocks, observed.y.len());
        if memory.unrolled.as_ref().is_none_or(|unrolled| unrolled.state(0).len() != n) {
            memory.unrolled = None;
        }
        let unrolled = memory.unrolled.get_or_insert_with(|| Unrolled::new(n, blocks));
        unrolled.state_mut(0).copy_from_slice(&observed.start());
        let map = self.bind(observed);
        for t in 0..blocks {
            unrolled.step_taped(&map, t, theta);
        }
        unrolled
    }

    /// The map of the engine for an observation.
    pub fn bind<'a, F: Real>(&'a self, observed: &'a Observed<F>) -> Bound<'a, F> {
        let Observed { grid, y, known, unknown, inside, .. } = observed;
        Bound::new(self, *grid, y, known, unknown, inside)
    }

    fn observe<F: Real>(&self, sample: &Sample) -> Result<(Observed<F>, Vec<F>)> {
        let refused = |problem: String| Error::Sample { index: 0, problem };
        let check = sample.target.check_same(&sample.observed, "the observation");
        check.and_then(|()| sample.mask.check(&sample.target)).map_err(|error| refused(error.to_string()))?;
        if sample.target.channels() != self.shape().channels {
            return Err(refused(format!("{} channels", sample.target.channels())));
        }
        let wide = |image: &Image| image.data().iter().map(|&v| F::of(f64::from(v))).collect::<Vec<F>>();
        let (height, width) = (sample.target.height(), sample.target.width());
        let observed = Observed::new(height, width, &wide(&sample.observed), sample.mask.known());
        let n = height * width;
        let mut target = vec![F::zero(); observed.y.len()];
        for (target, image) in target.chunks_exact_mut(observed.grid.plane()).zip(wide(&sample.target).chunks_exact(n))
        {
            observed.grid.put(image, target);
        }
        Ok((observed, target))
    }
}

/// A network with what is asked of it: after each block, the weighted mean of `sqrt(e^2 + rounding^2) - rounding` over the
/// errors `e` of all samples.
#[derive(Clone, Debug)]
pub struct Supervised {
    /// The network.
    pub net: Transformer,
    /// Weight of the loss after each block but the last, whose weight is 1.
    pub inner: f64,
    /// Where the loss goes from quadratic to linear: positive.
    pub rounding: f64,
    /// Rows and columns next to the border: left out of metrics, and of the loss but for their weight. What lies beyond the
    /// border of a patch is missing there alone, and a large part of a patch is next to it: of a whole image, nearly nothing.
    pub border: usize,
    /// Weight of samples next to the border, where others have 1: not negative.
    pub border_weight: f64,
}

impl Supervised {
    /// With the loss of the recipes: every block but the last is free, and errors count linearly beyond 0.005.
    pub fn new(net: Transformer) -> Self {
        Supervised { net, inner: 0.0, rounding: 5e-3, border: 4, border_weight: 0.1 }
    }

    /// Of so many rows or columns, those that are asked for, if any.
    pub(crate) fn within(&self, n: usize) -> Option<usize> {
        n.checked_sub(self.border.saturating_mul(2)).filter(|&n| n > 0)
    }

    /// How many samples are next to the border, and how many are not.
    fn counts(&self, sample: &Sample) -> Result<[f64; 2]> {
        let (height, width) = (sample.target.height(), sample.target.width());
        match self.within(height).zip(self.within(width)) {
            Some((rows, columns)) => {
                let (all, inside) = (height * width, rows * columns);
                Ok([all - inside, inside].map(|n| (sample.target.channels() * n) as f64))
            }
            None => {
                let problem = format!("all of its {height} x {width} pixels are within {} of the border", self.border);
                Err(Error::Sample { index: 0, problem })
            }
        }
    }

    /// Calls `f(index in the planes, whether it is away from the border, error)` for each sample.
    fn errors<F: Real>(&self, grid: Grid, x: &[F], target: &[F], mut f: impl FnMut(usize, bool, f64)) {
        let inside = |at: usize, n: usize| (self.border..n - self.border).contains(&at);
        for plane in (0..x.len()).step_by(grid.plane()) {
            for row in 0..grid.height() {
                for column in 0..grid.width() {
                    let i = plane + grid.at(row, column);
                    let inside = inside(row, grid.height()) && inside(column, grid.width());
                    f(i, inside, (x[i] - target[i]).wide());
                }
            }
        }
    }
}

impl<F: Real> Model<F> for Supervised {
    type Sample = Sample;
    type Memory = Memory<F>;

    fn layout(&self) -> &Layout {
        self.net.layout()
    }

    fn memory(&self) -> Memory<F> {
        Memory { unrolled: None }
    }

    fn loss(
        &self,
        theta: &[F],
        sample: &Sample,
        _: &mut Noise,
        gradient: &mut [F],
        memory: &mut Memory<F>,
    ) -> Result<f64> {
        let [next_to_border, inside] = self.counts(sample)?;
        let n = inside + self.border_weight * next_to_border;
        let (observed, target) = self.net.observe(sample)?;
        let (blocks, rounding) = (self.net.shape().blocks, self.rounding);
        let unrolled = self.net.unroll(theta, &observed, memory);
        let map = self.net.bind(&observed);
        let mut loss = 0.0;
        unrolled.with_state(blocks, |_, g| g.fill(F::zero()));
        for t in (0..blocks).rev() {
            let weight = if t + 1 == blocks { 1.0 } else { self.inner };
            unrolled.with_state(t + 1, |x, g| {
                let mut sum = 0.0;
                self.errors(observed.grid, x, &target, |i, inside, e| {
                    let (value, slope) = charbonnier(e, rounding);
                    let weight = if inside { weight } else { weight * self.border_weight };
                    sum += weight * value;
                    g[i] += F::of(weight * slope / n);
                });
                loss += sum / n;
            });
            unrolled.back(&map, t, theta, gradient);
        }
        Ok(loss)
    }

    fn metric_names(&self) -> Vec<String> {
        vec!["mse".into()]
    }

    fn metrics(
        &self,
        theta: &[F],
        sample: &Sample,
        _: &mut Noise,
        out: &mut [f64],
        memory: &mut Memory<F>,
    ) -> Result<()> {
        let [_, n] = self.counts(sample)?;
        let (observed, target) = self.net.observe(sample)?;
        let unrolled = self.net.unroll(theta, &observed, memory);
        let mut sum = 0.0;
        self.errors(observed.grid, unrolled.state(self.net.shape().blocks), &target, |_, inside, e| {
            if inside {
                sum += e * e;
            }
        });
        out[0] = sum / n;
        Ok(())
    }
}
