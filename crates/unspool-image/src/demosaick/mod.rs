//! The classic ways from a mosaic to a colour image.
//!
//! | method | idea | source |
//! |---|---|---|
//! | [`Bilinear`](Method::Bilinear) | means of the nearest samples of a colour | |
//! | [`Malvar`](Method::Malvar) | bilinear, mended by the Laplacian of the colour at hand | Malvar, He, Cutler 2004 |
//! | [`Menon`](Method::Menon) | decides between rows and columns afterwards, then refines | Menon, Andriani, Calvagno 2007 |
//! | [`Lmmse`](Method::Lmmse) | best linear estimate of colour differences in both directions, fused | Zhang, Wu 2005 |
//!
//! Every method takes any size. Past a border the mosaic is mirrored at its outermost pixel, which keeps the pattern
//! of colours; an axis of a single pixel has no such mirror image and goes on in grey. Malvar's filters take the outermost
//! samples twice instead, which suits them better.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::{Cfa, Image};

mod bilinear;
mod lmmse;
mod malvar;
mod menon;
mod plane;

/// A way to demosaick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Means of the nearest samples of the colour.
    Bilinear,
    /// H. S. Malvar, L. He, R. Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned color
    /// images", ICASSP 2004.
    Malvar,
    /// D. Menon, S. Andriani, G. Calvagno, "Demosaicing with directional filtering and a posteriori decision", IEEE
    /// Transactions on Image Processing 16(1), 2007, with the refining step.
    Menon,
    /// L. Zhang, X. Wu, "Color demosaicking via directional linear minimum mean square-error estimation", IEEE
    /// Transactions on Image Processing 14(12), 2005.
    Lmmse,
}

impl Method {
    /// All of them, from the simplest to the best.
    pub const ALL: [Method; 4] = [Method::Bilinear, Method::Malvar, Method::Menon, Method::Lmmse];

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Method::Bilinear => "bilinear",
            Method::Malvar => "malvar",
            Method::Menon => "menon",
            Method::Lmmse => "lmmse",
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
                problem: format!("there is no classic demosaicking method {text:?}"),
                hint: "there are bilinear, malvar, menon and lmmse",
            }
        })
    }
}

/// The colour image of a mosaic: `1 x height x width` to `3 x height x width`, neither clipped nor rounded.
///
/// Measured samples stay as they are. The time is linear in the number of pixels; rows are done in parallel, and the
/// result does not depend on the number of threads.
///
/// ```
/// use unspool_image::{Cfa, Image, demosaick};
/// let scene = Image::from_fn(3, 8, 8, |c, _, _| [0.2, 0.5, 0.7][c]);
/// let mosaic = Cfa::Rggb.mosaic(&scene)?;
/// let image = demosaick::run(demosaick::Method::Menon, &mosaic, Cfa::Rggb)?;
/// assert!(image.data().iter().zip(scene.data()).all(|(a, b)| (a - b).abs() < 1e-6));
/// # Ok::<(), unspool_image::Error>(())
/// ```
///
/// # Errors
/// The mosaic has not one channel, or no pixel; values that are not finite, or so large that the result is not.
pub fn run(method: Method, mosaic: &Image, cfa: Cfa) -> Result<Image> {
    if mosaic.channels() != 1 || mosaic.data().is_empty() {
        return Err(Error::Shape {
            what: "the mosaic",
            got: format!("{} x {} x {}", mosaic.channels(), mosaic.height(), mosaic.width()),
            want: "one channel of at least one pixel".into(),
        });
    }
    // Malvar's filters mix colours anyway, and take the outermost samples better twice than mirrored
    let edge = if method == Method::Malvar { plane::repeat } else { plane::mirror };
    let mosaic = plane::Mosaic::new(mosaic, cfa, edge);
    let planes = match method {
        Method::Bilinear => bilinear::run(&mosaic),
        Method::Malvar => malvar::run(&mosaic),
        Method::Menon => menon::run(&mosaic),
        Method::Lmmse => lmmse::run(&mosaic),
    };
    mosaic.image(&planes).finite()
}
