//! The classic ways to values for unknown pixels.
//!
//! | method | idea | masks |
//! |---|---|---|
//! | [`Bicubic`](Method::Bicubic) | piecewise cubic along rows, then columns (Keys 1981) | regular grids |
//! | [`Biharmonic`](Method::Biharmonic) | the surface of least Laplacian through the known pixels | any |
//! | [`Linear`](Method::Linear) | weighted mean of the known pixels nearby | any |
//!
//! Known samples stay exactly as they are.

use std::fmt;
use std::str::FromStr;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::{Image, Mask};

mod bicubic;
mod biharmonic;
mod levels;
mod linear;

/// A way to fill in unknown pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// R. G. Keys, "Cubic convolution interpolation for digital image processing", IEEE Transactions on Acoustics,
    /// Speech, and Signal Processing 29(6), 1981. The known pixels must be a regular grid, of any step and offset.
    Bicubic,
    /// S. B. Damelin, N. S. Hoang, "On surface completion and image inpainting by biharmonic functions: numerical
    /// aspects", International Journal of Mathematics and Mathematical Sciences, 2018.
    Biharmonic,
    /// The mean of the known pixels in a window, weighted by a tent.
    Linear,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 3] = [Method::Bicubic, Method::Biharmonic, Method::Linear];

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Method::Bicubic => "bicubic",
            Method::Biharmonic => "biharmonic",
            Method::Linear => "linear",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Method::ALL.into_iter().find(|method| method.name().eq_ignore_ascii_case(text.trim())).ok_or_else(|| {
            Error::Data {
                problem: format!("there is no interpolation {text:?}"),
                hint: "there are bicubic, biharmonic and linear",
            }
        })
    }
}

/// The image with values for its unknown pixels, neither clipped nor rounded.
///
/// The image's values at unknown pixels do not matter. Each channel is done by itself, in parallel, and the result
/// does not depend on the number of threads. Bicubic and linear interpolation take linear time; biharmonic solves a
/// system of the unknown pixels by preconditioned conjugate gradients, some tens to hundreds of passes over the image.
///
/// ```
/// use unspool_image::{Image, Mask, interpolate};
/// let ramp = Image::from_fn(1, 1, 9, |_, _, x| x as f32);
/// let mask = Mask::from_fn(1, 1, 9, |_, _, x| x % 2 == 0);
/// let image = interpolate::run(interpolate::Method::Bicubic, &mask.apply(&ramp)?, &mask)?;
/// assert_eq!(image.plane(0)[3], 3.0);
/// # Ok::<(), unspool_image::Error>(())
/// ```
///
/// # Errors
/// The sizes differ; a channel without a known pixel; bicubic, and a mask that is not a regular grid; known values that
/// are not finite, or so large that the result is not.
pub fn run(method: Method, image: &Image, mask: &Mask) -> Result<Image> {
    mask.check(image)?;
    let mut filled = mask.apply(image)?;
    let (height, width) = (image.height(), image.width());
    let channels = filled.data_mut().par_chunks_mut((height * width).max(1)).enumerate();
    channels.try_for_each(|(c, plane)| {
        let known = mask.plane(c);
        match method {
            Method::Bicubic => bicubic::run(plane, known, width),
            Method::Biharmonic => {
                biharmonic::run(plane, known, width);
                Ok(())
            }
            Method::Linear => {
                linear::run(plane, known, width);
                Ok(())
            }
        }
    })?;
    filled.finite()
}
