//! The trained network: shipped weights, predictions, adaptation to one's own signals.

use std::ops::ControlFlow;
use std::path::Path;

use unspool_graph::log_degree::held_out::Loss;
use unspool_graph::{Error, Result, Signals, distances};
use unspool_train::{Adam, Layout, Model, Noise, Schedule, Settings, Trainer, weights};

use crate::prior_net::{BLOCKS, Memory, Prediction, PriorNet};
use crate::problem::Problem;

/// Weights that come with the crate.
static SHIPPED: &[u8] = include_bytes!("../weights/learned.safetensors");

/// A network with its weights.
#[derive(Clone, Debug)]
pub struct Learned {
    net: PriorNet,
    theta: Vec<f32>,
}

/// What an adaptation did.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapted {
    /// Twice the negative log-likelihood of a signal of the last fifth, before.
    pub before: f64,
    /// The same after; not larger.
    pub after: f64,
    /// Steps that were kept.
    pub steps: usize,
}

impl Learned {
    /// With the weights that come with the crate.
    ///
    /// # Errors
    /// None, unless the crate was damaged.
    pub fn shipped() -> Result<Self> {
        Self::from_bytes("the weights that come with the program", SHIPPED)
    }

    /// With weights from a file, as `train` writes them.
    ///
    /// # Errors
    /// A file that cannot be read, or that is of another network.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::Io {
            file: path.display().to_string(),
            what: "cannot be read",
            error,
        })?;
        Self::from_bytes(&path.display().to_string(), &bytes)
    }

    fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self> {
        let bad = |error: unspool_train::Error| Error::Data {
            problem: error.to_string(),
            hint: "take weights that `unspool train graph` wrote for the learned model",
        };
        let net = PriorNet::new(BLOCKS);
        let file = weights::File::from_bytes(name, bytes).map_err(bad)?;
        let theta = file.values(Model::<f32>::layout(&net)).map_err(bad)?;
        Ok(Learned { net, theta })
    }

    /// The network.
    pub fn net(&self) -> &PriorNet {
        &self.net
    }

    /// Values of its parameters, in the order of the network's layout.
    ///
    /// ```
    /// use unspool_topology::learned::Learned;
    /// let learned = Learned::shipped()?;
    /// assert_eq!(learned.theta().len(), learned.parameters());
    /// # Ok::<(), unspool_graph::Error>(())
    /// ```
    pub fn theta(&self) -> &[f32] {
        &self.theta
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.theta.len()
    }

    /// Mean weights and probabilities.
    pub fn predict(&self, problem: &Problem<f32>) -> Prediction {
        self.net.predict(&self.theta, problem, &mut self.net.memory_to_predict())
    }

    /// Adapts to signals without knowing their graph.
    ///
    /// The signals are cut into five runs of rows. The graph learned from four of them should make the fifth likely: its
    /// likelihood ([`Loss::Likelihood`]) is raised by Adam over four of these splits, and the step that is best on the
    /// last one is kept, the first weights among them.
    ///
    /// # Errors
    /// Fewer than 10 observations; signals as in [`Problem::new`].
    pub fn adapt(&mut self, signals: &Signals, steps: usize) -> Result<Adapted> {
        const FOLDS: usize = 5;
        let (n, m) = (signals.observations(), signals.nodes());
        if n < 2 * FOLDS {
            let problem = format!("{n} observations are too few to adapt to");
            return Err(Error::Data { problem, hint: "give at least 10, or do not adapt" });
        }
        let splits: Vec<Split> = (0..FOLDS)
            .map(|f| {
                let held = n * f / FOLDS..n * (f + 1) / FOLDS;
                let rows = |keep: &dyn Fn(usize) -> bool| -> Result<(usize, Vec<f64>)> {
                    let chosen: Vec<f64> = (0..n)
                        .filter(|&row| keep(row))
                        .flat_map(|row| signals.values()[row * m..(row + 1) * m].iter().copied())
                        .collect();
                    Ok((chosen.len() / m, distances::squared(&Signals::new(chosen, m)?)?))
                };
                let (count, z) = rows(&|row| !held.contains(&row))?;
                let (_, held_out) = rows(&|row| held.contains(&row))?;
                Ok(Split { problem: Problem::new(m, count, &z)?, held_out })
            })
            .collect::<Result<_>>()?;
        let (training, validation) = splits.split_at(FOLDS - 1);
        let model = HeldOut { net: &self.net };
        let failed = |error: unspool_train::Error| Error::Data { problem: error.to_string(), hint: "do not adapt" };
        let mut metric = [0.0];
        let mut noise = unspool_train::params::stream(0, 0, 0);
        let mut memory = Model::<f32>::memory(&model);
        model.metrics(&self.theta, &validation[0], &mut noise, &mut metric, &mut memory).map_err(failed)?;
        let before = metric[0];
        let settings = Settings {
            epochs: steps,
            batch: FOLDS - 1,
            rate: 1e-4,
            schedule: Schedule::Constant,
            adam: Adam::default(),
            muon: None,
            clip: Some(1.0),
            patience: Some(10),
            checkpoint_every: 0,
            seed: 0,
        };
        let mut trainer = Trainer::new(&model, settings).map_err(failed)?.from_values(&self.theta);
        trainer.run(training, validation, None, |_| ControlFlow::Continue(())).map_err(failed)?;
        let best = trainer.best_epoch();
        let after = trainer.history().get(best.wrapping_sub(1)).map_or(before, |epoch| epoch.validation[0].1);
        if best > 0 && after < before {
            self.theta = trainer.best();
            return Ok(Adapted { before, after, steps: best });
        }
        Ok(Adapted { before, after: before, steps: 0 })
    }
}

/// A problem, and distances of signals that it does not know.
#[derive(Clone, Debug)]
struct Split {
    problem: Problem<f32>,
    held_out: Vec<f64>,
}

/// The network, judged by held-out signals.
struct HeldOut<'a> {
    net: &'a PriorNet,
}

fn judge(split: &Split, w: &[f32], gradient: &mut [f64]) -> unspool_train::Result<f64> {
    let w: Vec<f64> = w.iter().map(|&w| f64::from(w)).collect();
    Loss::Likelihood
        .evaluate(split.problem.nodes, &split.held_out, &w, gradient)
        .map_err(|error| unspool_train::Error::Sample { index: 0, problem: error.to_string() })
}

impl Model<f32> for HeldOut<'_> {
    type Sample = Split;
    type Memory = Memory<f32>;

    fn layout(&self) -> &Layout {
        Model::<f32>::layout(self.net)
    }

    fn memory(&self) -> Memory<f32> {
        self.net.memory()
    }

    fn loss(
        &self,
        theta: &[f32],
        split: &Split,
        _: &mut Noise,
        gradient: &mut [f32],
        memory: &mut Memory<f32>,
    ) -> unspool_train::Result<f64> {
        let mut loss = Ok(0.0);
        let outer = |w: &[f32], c: &mut [f32]| {
            let mut wide = vec![0.0; w.len()];
            loss = judge(split, w, &mut wide);
            c.iter_mut().zip(&wide).for_each(|(c, &g)| *c = g as f32);
        };
        self.net.vjp(theta, &split.problem, outer, gradient, memory);
        loss
    }

    fn metric_names(&self) -> Vec<String> {
        vec!["held_out".into()]
    }

    fn metrics(
        &self,
        theta: &[f32],
        split: &Split,
        _: &mut Noise,
        out: &mut [f64],
        memory: &mut Memory<f32>,
    ) -> unspool_train::Result<()> {
        let w: Vec<f32> = self.net.predict(theta, &split.problem, memory).w.iter().map(|&w| w as f32).collect();
        out[0] = judge(split, &w, &mut vec![0.0; w.len()])?;
        Ok(())
    }
}
