//! The loop.

use std::fmt::{Display, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use unspool_core::Real;

use crate::error::{Error, Result};
use crate::model::{Dataset, Model};
use crate::muon::{self, Muon};
use crate::optimizer::{Adam, Schedule};
use crate::params::stream;
use crate::run_folder::RunFolder;
use crate::weights::{self, write_atomically};

/// Into how many parts a batch is cut at most. The parts' gradients are added in order.
const PARTS: usize = 8;

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Passes over the data.
    pub epochs: usize,
    /// Samples a step.
    pub batch: usize,
    /// Learning rate.
    pub rate: f64,
    /// Its schedule.
    pub schedule: Schedule,
    /// The optimizer.
    pub adam: Adam,
    /// Instead of Adam's, steps of matrices of at least 16 rows and columns, kernels of convolutions among them;
    /// their weights do not decay.
    pub muon: Option<Muon>,
    /// Longest gradient; longer ones are scaled down.
    pub clip: Option<f64>,
    /// Stop after so many epochs without a better one.
    pub patience: Option<usize>,
    /// Steps between checkpoints, beside the one after each epoch.
    pub checkpoint_every: usize,
    /// Seed of first values, order and noise.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            epochs: 100,
            batch: 32,
            rate: 1e-2,
            schedule: Schedule::Exponential(0.95),
            adam: Adam::default(),
            muon: None,
            clip: None,
            patience: None,
            checkpoint_every: 200,
            seed: 0,
        }
    }
}

/// What one epoch gave: a line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// Learning rate of its last step.
    pub rate: f64,
    /// Mean loss of the training samples, each before the step that it took part in.
    pub loss: f64,
    /// Mean of each metric over the validation samples, by name.
    pub validation: Vec<(String, f64)>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// After all epochs.
    Finished,
    /// Early, without a better epoch for too long.
    Early,
    /// It was asked to stop; the checkpoint has everything.
    Interrupted,
}

/// What is told while training.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A step was taken: epoch from 1, batch of how many, mean loss of the epoch so far.
    Batch(usize, usize, usize, f64),
    /// An epoch is done.
    Epoch(&'a Epoch),
}

/// Where a run is. All of it is in a checkpoint.
#[derive(Clone, Debug)]
struct State<F> {
    raw: Vec<F>,
    first: Vec<F>,
    second: Vec<F>,
    best: Vec<F>,
    progress: Progress,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Progress {
    steps: u64,
    epoch: usize,
    batch: usize,
    loss: f64,
    rate: f64,
    best_epoch: usize,
    best_value: Option<f64>,
    history: Vec<Epoch>,
}

/// A model being trained on data.
pub struct Trainer<'a, F: Real, M: Model<F>> {
    model: &'a M,
    settings: Settings,
    state: State<F>,
}

impl<'a, F: Real, M: Model<F>> Trainer<'a, F, M> {
    /// With first values by the seed.
    ///
    /// # Errors
    /// Settings outside of their ranges.
    pub fn new(model: &'a M, settings: Settings) -> Result<Self> {
        if settings.batch == 0 {
            return Err(Error::range("the batch", 0, "at least 1"));
        }
        if !(settings.rate > 0.0 && settings.rate.is_finite()) {
            return Err(Error::range("the learning rate", settings.rate, "positive and finite"));
        }
        if settings.clip.is_some_and(|c| c.is_nan() || c <= 0.0) {
            return Err(Error::range("the clip", settings.clip.unwrap_or(0.0), "positive"));
        }
        if let Some(Muon { momentum, size }) = settings.muon {
            if !(0.0..1.0).contains(&momentum) {
                return Err(Error::range("the momentum of Muon", momentum, "at least 0 and below 1"));
            }
            if !(size > 0.0 && size.is_finite()) {
                return Err(Error::range("the size of Muon's steps", size, "positive and finite"));
            }
        }
        let raw = model.layout().init(settings.seed);
        let zeros = vec![F::zero(); raw.len()];
        let state =
            State { best: raw.clone(), raw, first: zeros.clone(), second: zeros, progress: Progress::default() };
        Ok(Trainer { model, settings, state })
    }

    /// Starts from these values instead.
    pub fn from_values(mut self, values: &[F]) -> Self {
        self.state.raw = self.model.layout().raw(values);
        self.state.best.clone_from(&self.state.raw);
        self
    }

    /// Goes on from a checkpoint.
    ///
    /// # Errors
    /// The file is damaged or of another model.
    pub fn resume(&mut self, path: &Path) -> Result<()> {
        let file = weights::File::read(path)?;
        let n = self.state.raw.len();
        let bad = |why: &dyn Display| Error::file(path, format!("its progress is damaged: {why}"), "start anew");
        let progress: Progress = serde_json::from_str(file.text()).map_err(|e| bad(&e))?;
        if progress.history.len() != progress.epoch || progress.best_epoch > progress.epoch {
            return Err(bad(&"its epochs do not add up"));
        }
        self.state = State {
            progress,
            raw: file.tensor("raw", n)?,
            first: file.tensor("first_moment", n)?,
            second: file.tensor("second_moment", n)?,
            best: file.tensor("best", n)?,
        };
        Ok(())
    }

    /// The epochs so far.
    pub fn history(&self) -> &[Epoch] {
        &self.state.progress.history
    }

    /// The values of the best epoch.
    pub fn best(&self) -> Vec<F> {
        let mut values = self.state.best.clone();
        self.model.layout().values(&self.state.best, &mut values);
        values
    }

    /// The epoch, from 1, that was best on the validation samples; 0 before the first.
    pub fn best_epoch(&self) -> usize {
        self.state.progress.best_epoch
    }

    /// Trains to the end, or until `tell` says to stop. Files go to `folder`, if there is one.
    ///
    /// # Errors
    /// No data; a loss or gradient that is not finite; samples that cannot be made; files that cannot be written.
    pub fn run(
        &mut self,
        training: &(impl Dataset<M::Sample> + ?Sized),
        validation: &(impl Dataset<M::Sample> + ?Sized),
        folder: Option<&RunFolder>,
        mut tell: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<Ended> {
        for (what, n) in
            [("the number of training samples", training.len()), ("the number of validation samples", validation.len())]
        {
            if n == 0 {
                return Err(Error::range(what, 0, "at least 1"));
            }
        }
        let layout = self.model.layout();
        let n = layout.len();
        let Settings { epochs, batch, .. } = self.settings;
        let batches = training.len().div_ceil(batch);
        let mut parts: Vec<Part<F>> =
            (0..PARTS.min(batch)).map(|_| Part { gradient: vec![F::zero(); n], loss: Ok(0.0) }).collect();
        let memories = Memories::new(self.model);
        let mut values = vec![F::zero(); n];
        let (mut order, mut memory): (Vec<usize>, Vec<F>) = Default::default();
        while self.state.progress.epoch < epochs {
            let epoch = self.state.progress.epoch;
            if self.is_stale() {
                return Ok(Ended::Early);
            }
            order.clear();
            order.extend(0..training.len());
            order.shuffle(&mut stream(self.settings.seed, 1, epoch as u64));
            while self.state.progress.batch < batches {
                let number = self.state.progress.batch;
                let chosen = &order[number * batch..order.len().min((number + 1) * batch)];
                layout.values(&self.state.raw, &mut values);
                let loss = self.gradient(training, epoch, chosen, &values, &mut parts, &memories)?;
                let gradient = &mut parts[0].gradient;
                layout.pull(&values, gradient);
                let size = F::sum_squares(gradient).sqrt();
                let failed = |what: String| Error::NotFinite { epoch: epoch + 1, batch: number + 1, what };
                if !loss.is_finite() {
                    return Err(failed("the loss".into()));
                }
                if let Some(at) = gradient.iter().position(|g| !g.is_finite()) {
                    return Err(failed(format!("the gradient of {}", layout.name_at(at))));
                }
                if let Some(clip) = self.settings.clip.filter(|&clip| size > clip) {
                    let scale = F::of(clip / size);
                    gradient.iter_mut().for_each(|g| *g *= scale);
                }
                let share = (epoch as f64 * batches as f64 + number as f64) / (epochs as f64 * batches as f64);
                let rate = self.settings.rate * self.settings.schedule.factor(epoch, share);
                let State { raw, first, second, progress, .. } = &mut self.state;
                progress.steps = progress.steps.saturating_add(1);
                progress.rate = rate;
                for entry in layout.entries() {
                    let own = entry.range.clone();
                    let (x, m, g) = (&mut raw[own.clone()], &mut first[own.clone()], &gradient[own.clone()]);
                    match self.settings.muon.zip(muon::matrix(entry)) {
                        Some((muon, shape)) => muon.step(rate, shape, x, m, g, &mut memory),
                        None => self.settings.adam.step(rate, progress.steps, x, m, &mut second[own], g),
                    }
                }
                progress.batch += 1;
                progress.loss += loss * chosen.len() as f64;
                let seen = (number * batch + chosen.len()) as f64;
                let event = Event::Batch(epoch + 1, progress.batch, batches, progress.loss / seen);
                let stop = tell(event).is_break();
                let due = self.settings.checkpoint_every;
                if stop || due > 0 && self.state.progress.steps.is_multiple_of(due as u64) {
                    self.save(folder)?;
                }
                if stop {
                    return Ok(Ended::Interrupted);
                }
            }
            layout.values(&self.state.raw, &mut values);
            let metrics = self.validate(validation, &values, parts.len(), &memories)?;
            let progress = &mut self.state.progress;
            let loss = progress.loss / training.len() as f64;
            let done = Epoch { epoch: epoch + 1, rate: progress.rate, loss, validation: metrics };
            let value = done.validation.first().map_or(loss, |(_, value)| *value);
            if !value.is_nan() && progress.best_value.is_none_or(|best| value < best) {
                (progress.best_value, progress.best_epoch) = (Some(value), epoch + 1);
                self.state.best.clone_from(&self.state.raw);
            }
            progress.history.push(done.clone());
            (progress.epoch, progress.batch, progress.loss) = (epoch + 1, 0, 0.0);
            let stop = tell(Event::Epoch(&done)).is_break();
            self.save(folder)?;
            if stop && epoch + 1 < epochs {
                return Ok(Ended::Interrupted);
            }
        }
        Ok(Ended::Finished)
    }

    fn is_stale(&self) -> bool {
        let progress = &self.state.progress;
        self.settings
            .patience
            .is_some_and(|patience| progress.epoch - progress.best_epoch >= patience && progress.epoch > 0)
    }

    /// The mean loss of the chosen samples; its gradient is left in the first part.
    fn gradient(
        &self,
        data: &(impl Dataset<M::Sample> + ?Sized),
        epoch: usize,
        chosen: &[usize],
        values: &[F],
        parts: &mut [Part<F>],
        memories: &Memories<F, M>,
    ) -> Result<f64> {
        let count = parts.len();
        let seed = self.settings.seed;
        parts.par_iter_mut().enumerate().for_each(|(p, part)| {
            part.gradient.fill(F::zero());
            let mut memory = memories.take();
            part.loss =
                chosen[chosen.len() * p / count..chosen.len() * (p + 1) / count].iter().try_fold(0.0, |sum, &index| {
                    let sample = data.sample(epoch, index)?;
                    let mut noise = stream(seed, 2 + epoch as u64, index as u64);
                    Ok(sum + self.model.loss(values, &sample, &mut noise, &mut part.gradient, &mut memory)?)
                });
            memories.give_back(memory);
        });
        let mut loss = 0.0;
        for part in parts.iter_mut() {
            loss += std::mem::replace(&mut part.loss, Ok(0.0))?;
        }
        let (first, rest) = parts.split_at_mut(1);
        let scale = F::of(1.0 / chosen.len() as f64);
        for part in rest {
            F::axpy(F::one(), &part.gradient, &mut first[0].gradient);
        }
        first[0].gradient.iter_mut().for_each(|g| *g *= scale);
        Ok(loss / chosen.len() as f64)
    }

    /// The mean of each metric.
    fn validate(
        &self,
        data: &(impl Dataset<M::Sample> + ?Sized),
        values: &[F],
        count: usize,
        memories: &Memories<F, M>,
    ) -> Result<Vec<(String, f64)>> {
        let names = self.model.metric_names();
        let (n, seed) = (data.len(), self.settings.seed);
        let sums: Vec<Result<Vec<f64>>> = (0..count)
            .into_par_iter()
            .map(|p| {
                let mut memory = memories.take();
                let (mut sum, mut one) = (vec![0.0; names.len()], vec![0.0; names.len()]);
                for index in n * p / count..n * (p + 1) / count {
                    let sample = data.sample(0, index)?;
                    let mut noise = stream(seed, 0, index as u64);
                    self.model.metrics(values, &sample, &mut noise, &mut one, &mut memory)?;
                    sum.iter_mut().zip(&one).for_each(|(sum, one)| *sum += one);
                }
                memories.give_back(memory);
                Ok(sum)
            })
            .collect();
        let mut total = vec![0.0; names.len()];
        for sum in sums {
            total.iter_mut().zip(sum?).for_each(|(total, sum)| *total += sum);
        }
        Ok(names.into_iter().zip(total).map(|(name, total)| (name, total / n as f64)).collect())
    }

    /// Writes checkpoint, metrics and weights.
    fn save(&self, folder: Option<&RunFolder>) -> Result<()> {
        let Some(folder) = folder else { return Ok(()) };
        let State { raw, first, second, best, progress } = &self.state;
        let tensor = |name: &str, values| (name.to_owned(), vec![raw.len()], values);
        let tensors: [(String, Vec<usize>, &[F]); 4] = [
            tensor("raw", raw.as_slice()),
            tensor("first_moment", first),
            tensor("second_moment", second),
            tensor("best", best),
        ];
        let text = serde_json::to_string(progress).unwrap_or_default();
        if !progress.history.is_empty() && progress.batch == 0 {
            let lines = progress.history.iter().fold(String::new(), |mut lines, epoch| {
                let _ = writeln!(lines, "{}", serde_json::to_string(epoch).unwrap_or_default());
                lines
            });
            write_atomically(&folder.metrics(), lines.as_bytes())?;
            let note = format!("epoch {} of {}", progress.best_epoch, progress.epoch);
            write_atomically(&folder.weights(), &weights::to_bytes(self.model.layout(), &self.best(), &note))?;
        }
        write_atomically(&folder.checkpoint(), &weights::bytes_of(&tensors, &text))
    }
}

/// One part of a batch.
struct Part<F> {
    gradient: Vec<F>,
    loss: Result<f64>,
}

/// As many memories as parts are worked on at a time.
struct Memories<'m, F: Real, M: Model<F>> {
    model: &'m M,
    free: Mutex<Vec<M::Memory>>,
}

impl<'m, F: Real, M: Model<F>> Memories<'m, F, M> {
    fn new(model: &'m M) -> Self {
        Memories { model, free: Mutex::new(Vec::new()) }
    }

    fn take(&self) -> M::Memory {
        let free = self.free.lock().ok().and_then(|mut free| free.pop());
        free.unwrap_or_else(|| self.model.memory())
    }

    fn give_back(&self, memory: M::Memory) {
        if let Ok(mut free) = self.free.lock() {
            free.push(memory);
        }
    }
}
