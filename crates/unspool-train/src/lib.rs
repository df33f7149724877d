//! Train unrolled networks.
//!
//! | module | holds |
//! |---|---|
//! | [`params`] | parameters with names, shapes and constraints, one flat vector |
//! | [`layer`] | linear maps, graph convolution, activations, unrolled [`Map`](unspool_core::Map)s: each with its adjoint |
//! | [`optimizer`] | Adam and AdamW; [`Schedule`]s of the learning rate |
//! | [`muon`] | Muon, for matrices and kernels |
//! | [`model`] | what a network must offer to be trained: [`Model`], and [`Dataset`] for what it is trained on |
//! | [`trainer`] | the loop: epochs, batches, validation, early stopping; interrupted and resumed bit for bit |
//! | [`run_folder`] | the files of a run: configuration, environment, metrics, checkpoint, weights |
//! | [`weights`] | named tensors from and to safetensors |
//!
//! Nothing depends on the number of threads: a batch is cut into parts by its size alone, and the parts' gradients are
//! added in order. Random numbers are drawn from streams named by seed, epoch and sample, so that a resumed run draws the
//! same ones.
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

pub mod layer;
pub mod model;
pub mod muon;
pub mod optimizer;
pub mod params;
pub mod run_folder;
pub mod trainer;
pub mod weights;

mod error;

pub use error::{Error, Result};
pub use model::{Dataset, Model, Noise};
pub use muon::Muon;
pub use optimizer::{Adam, Schedule};
pub use params::{Constraint, Init, Layout};
pub use run_folder::RunFolder;
pub use trainer::{Ended, Epoch, Settings, Trainer};
