//! Images as planes of numbers, and the classic ways to fill in what a sensor did not measure.
//!
//! | module | holds |
//! |---|---|
//! | [`image`] | [`Image`]: planes of `f32`, one a channel, in 0 to 1 |
//! | [`cfa`] | [`Cfa`]: which colour a pixel of a sensor has; mosaicking |
//! | [`mask`] | [`Mask`]: which samples are known |
//! | [`demosaick`] | from a mosaic to a colour image: bilinear, Malvar, Menon, LMMSE |
//! | [`interpolate`] | values for unknown pixels: bicubic, biharmonic, linear |
//! | [`metrics`] | mean squared error, PSNR, SSIM |
//! | [`simulate`] | noise and masks from a seed |
//! | [`io`] | image files |
//! | [`noise`] | how noisy an image is |
//! | `raw` | camera raw files (feature `raw`) |
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

pub mod cfa;
pub mod demosaick;
pub mod image;
pub mod interpolate;
pub mod io;
pub mod mask;
pub mod metrics;
pub mod noise;
#[cfg(feature = "raw")]
pub mod raw;
pub mod simulate;

mod caught;
mod error;

pub use cfa::Cfa;
pub use error::{Error, Result};
pub use image::Image;
pub use mask::Mask;
