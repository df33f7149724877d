//! Images as planes of numbers, and the classic ways to fill in what a sensor did not measure.
//!
//! | module | holds |
//! |---|---|
//! | [`image`] | [`Image`]: planes of `f32`, one a channel, in 0 to 1 |
//! | [`cfa`] | [`Cfa`]: which colour a pixel of a sensor has; mosaicking |
//! | [`mask`] | [`Mask`]: which samples are known |

pub mod cfa;
pub mod image;
pub mod mask;

mod error;

pub use cfa::Cfa;
pub use error::{Error, Result};
pub use image::Image;
pub use mask::Mask;
