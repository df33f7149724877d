//! Recipes: which network is trained on which patches, and how. As JSON they are the configuration of a run.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use unspool_image::Image;
use unspool_train::trainer::Event;
use unspool_train::{
    Adam, Dataset, Ended, Error, Model, Muon, Result, RunFolder, Schedule, Settings, Trainer, weights,
};

use crate::learned::{Demosaicker, Interpolator, ROUNDING};
use crate::patches::{Drawing, Patches};
use crate::train::Supervised;
use crate::transformer::{MOST_BLOCKS, Prior, Shape, Transformer};

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// [`Demosaicker`], as it is shipped.
    Learned,
    /// [`Interpolator`], as it is shipped.
    Interpolation,
    /// uGLR of the paper.
    Uglr,
    /// uGTV of the paper.
    Ugtv,
}

/// A run's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The network.
    pub model: Network,
    /// Blocks, of uGLR and uGTV: 5 in the paper.
    #[serde(default = "blocks")]
    pub blocks: usize,
    /// Patches to train on.
    pub patches: Drawing,
    /// Patches to validate on.
    pub validation: Drawing,
    /// [`Supervised::inner`], of uGLR and uGTV.
    #[serde(default)]
    pub inner: f64,
    /// [`Supervised::border`], of uGLR and uGTV.
    #[serde(default)]
    pub border: usize,
    /// [`Supervised::border_weight`], of uGLR and uGTV.
    #[serde(default)]
    pub border_weight: f64,
    /// Where the loss goes from quadratic to linear, of samples from 0 to 1.
    #[serde(default = "rounding")]
    pub rounding: f64,
    /// How it is trained.
    pub training: Settings,
}

fn blocks() -> usize {
    Shape::paper(Prior::Glr, 3).blocks
}

fn rounding() -> f64 {
    ROUNDING
}

impl Recipe {
    /// Names of [`Recipe::preset`].
    pub const PRESETS: [&'static str; 4] = ["learned", "interpolation", "uglr", "ugtv"];

    /// A recipe by name: `learned` (demosaicking) and `interpolation` made the weights that are shipped; `uglr` and `ugtv` have the paper's 10,000 patches of
    /// 64 x 64 pixels and 30 epochs.
    pub fn preset(name: &str) -> Option<Recipe> {
        let drawing = |count, size, fixed| Drawing {
            count,
            size,
            fixed,
            clean: 1.0,
            noise: 0.0,
            halved: 0.0,
            shrunk: 0.0,
            seed: 77,
        };
        let training = Settings {
            epochs: 30,
            batch: 16,
            rate: 1e-3,
            schedule: Schedule::Cosine { warm_up: 0.02 },
            clip: Some(1.0),
            checkpoint_every: 200,
            ..Settings::default()
        };
        // now and then the solver of a block diverges on a patch, with gradients thousands of times as long as others
        let paper = |model, rate| Recipe {
            model,
            blocks: blocks(),
            patches: drawing(10_000, 64, true),
            validation: drawing(82, 64, true),
            inner: 0.0,
            border: 4,
            border_weight: 0.1,
            rounding: 5e-3,
            training: Settings {
                batch: 4,
                rate,
                adam: Adam { beta2: 0.99, ..Adam::default() },
                muon: Some(Muon { size: 0.12, ..Muon::default() }),
                ..training
            },
        };
        Some(match name {
            "learned" => Recipe {
                model: Network::Learned,
                blocks: blocks(),
                patches: Drawing { clean: 0.6, noise: 20.0, ..drawing(8000, 64, false) },
                validation: drawing(164, 128, true),
                inner: 0.0,
                border: 0,
                border_weight: 0.0,
                rounding: ROUNDING,
                training,
            },
            "interpolation" => Recipe {
                model: Network::Interpolation,
                blocks: blocks(),
                patches: Drawing { halved: 0.4, ..drawing(8000, 64, false) },
                validation: drawing(246, 128, true),
                inner: 0.0,
                border: 0,
                border_weight: 0.0,
                rounding: ROUNDING,
                training: Settings { epochs: 12, ..training },
            },
            "uglr" => paper(Network::Uglr, 6e-3),
            "ugtv" => paper(Network::Ugtv, 4e-3),
            _ => return None,
        })
    }

    fn transformer(&self, prior: Prior) -> Result<Transformer> {
        if !(1..=MOST_BLOCKS).contains(&self.blocks) {
            let got = self.blocks.to_string();
            return Err(Error::Range { what: "blocks", got, must: "between 1 and 100" });
        }
        Ok(Transformer::new(Shape { blocks: self.blocks, ..Shape::paper(prior, 3) }))
    }

    /// Values to start from, out of a file. uGLR and uGTV may have fewer blocks there: they are [grown](Transformer::grown).
    ///
    /// # Errors
    /// As [`weights::File::values`]; a number of blocks that is not 1 to 100, or smaller than that of the file.
    pub fn start(&self, file: &weights::File) -> Result<Vec<f32>> {
        let grown = |prior: Prior| {
            let (net, theta) = Transformer::from_file(self.transformer(prior)?.shape(), file)?;
            if net.shape().blocks > self.blocks {
                let got = format!("{} where the weights to start from have {}", self.blocks, net.shape().blocks);
                return Err(Error::Range { what: "blocks", got, must: "at least as many" });
            }
            Ok(net.grown(self.blocks, &theta).1)
        };
        match self.model {
            Network::Learned => file.values(Demosaicker::shipped().layout()),
            Network::Interpolation => file.values(Interpolator::shipped().layout()),
            Network::Uglr => grown(Prior::Glr),
            Network::Ugtv => grown(Prior::Gtv),
        }
    }

    fn supervised(&self, prior: Prior) -> Result<Supervised> {
        let Recipe { inner, border, border_weight, rounding, .. } = *self;
        let model = Supervised { net: self.transformer(prior)?, inner, rounding, border, border_weight };
        if [&self.patches, &self.validation].iter().any(|drawing| model.within(drawing.size).is_none()) {
            let must = "less than half of the size of a patch";
            return Err(Error::Range { what: "border", got: border.to_string(), must });
        }
        if !(border_weight >= 0.0 && border_weight.is_finite()) {
            let got = border_weight.to_string();
            return Err(Error::Range { what: "border_weight", got, must: "finite and not negative" });
        }
        Ok(model)
    }

    /// Trains, in a folder, from its checkpoint if it has one; else from the values `start`, or from the seed.
    ///
    /// # Errors
    /// As [`Trainer::run`] and [`Patches::new`].
    ///
    /// # Panics
    /// If `start` is not of the network, as [`Recipe::start`] makes it.
    pub fn train(
        &self,
        images: &[Image],
        validation: &[Image],
        start: Option<&[f32]>,
        folder: &RunFolder,
        tell: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<Ended> {
        if !(self.rounding > 0.0 && self.rounding.is_finite()) {
            let got = self.rounding.to_string();
            return Err(Error::Range { what: "rounding", got, must: "positive and finite" });
        }
        let training = Patches::new(images, self.patches.clone(), false)?;
        let validation = Patches::new(validation, self.validation.clone(), true)?;
        let data = (&training, &validation);
        match self.model {
            Network::Learned => self.run(&Demosaicker::shipped().rounded(self.rounding), data, start, folder, tell),
            Network::Interpolation => {
                self.run(&Interpolator::shipped().rounded(self.rounding), data, start, folder, tell)
            }
            Network::Uglr => self.run(&self.supervised(Prior::Glr)?, data, start, folder, tell),
            Network::Ugtv => self.run(&self.supervised(Prior::Gtv)?, data, start, folder, tell),
        }
    }

    fn run<M: Model<f32>, D: Dataset<M::Sample>>(
        &self,
        model: &M,
        (training, validation): (&D, &D),
        start: Option<&[f32]>,
        folder: &RunFolder,
        tell: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<Ended> {
        let mut trainer = Trainer::new(model, self.training)?;
        if folder.checkpoint().exists() {
            trainer.resume(&folder.checkpoint())?;
        } else if let Some(start) = start {
            trainer = trainer.from_values(start);
        }
        trainer.run(training, validation, Some(folder), tell)
    }
}
