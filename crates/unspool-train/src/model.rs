//! What is trained, and on what.

use std::borrow::Cow;

use rand_chacha::ChaCha8Rng;
use unspool_core::Real;

use crate::error::Result;
use crate::params::Layout;

/// Random numbers of one sample in one epoch.
pub type Noise = ChaCha8Rng;

/// A network with a loss.
pub trait Model<F: Real>: Sync {
    /// What the loss is taken of.
    type Sample: Clone + Send + Sync;
    /// Memory for one sample at a time, used again and again.
    type Memory: Send;

    /// The parameters.
    fn layout(&self) -> &Layout;

    /// New memory.
    fn memory(&self) -> Self::Memory;

    /// The loss of a sample; its gradient in the values `theta` is *added* to `gradient`.
    ///
    /// # Errors
    /// Where the network cannot be run on the sample.
    fn loss(
        &self,
        theta: &[F],
        sample: &Self::Sample,
        noise: &mut Noise,
        gradient: &mut [F],
        memory: &mut Self::Memory,
    ) -> Result<f64>;

    /// Names of what [`Model::metrics`] measures. The first decides which epoch was best: smaller is better.
    fn metric_names(&self) -> Vec<String>;

    /// Measures the network on a sample, one number for each name.
    ///
    /// # Errors
    /// As [`Model::loss`].
    fn metrics(
        &self,
        theta: &[F],
        sample: &Self::Sample,
        noise: &mut Noise,
        out: &mut [f64],
        memory: &mut Self::Memory,
    ) -> Result<()>;
}

/// Samples, held or made on demand.
pub trait Dataset<S: Clone>: Sync {
    /// How many there are in an epoch.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sample `index` of `epoch`. It depends on nothing else. A data set that streams gives others in each epoch.
    ///
    /// # Errors
    /// Where the sample cannot be made.
    fn sample(&self, epoch: usize, index: usize) -> Result<Cow<'_, S>>;
}

impl<S: Clone + Sync> Dataset<S> for [S] {
    fn len(&self) -> usize {
        <[S]>::len(self)
    }

    fn sample(&self, _: usize, index: usize) -> Result<Cow<'_, S>> {
        Ok(Cow::Borrowed(&self[index]))
    }
}

impl<S: Clone + Sync> Dataset<S> for Vec<S> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn sample(&self, epoch: usize, index: usize) -> Result<Cow<'_, S>> {
        self.as_slice().sample(epoch, index)
    }
}
