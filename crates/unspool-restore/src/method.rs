//! All ways to demosaick and to interpolate, classic ones and networks, by name.

use std::path::Path;

use unspool_image::{Cfa, Image, Mask, Result, demosaick, interpolate};
use unspool_train::{Layout, weights};

use crate::learned::{Demosaicker, Interpolator};
use crate::transformer::{Prior, Transformer};

/// A way to demosaick.
#[derive(Clone, Debug)]
pub enum Demosaick {
    /// Without a network.
    Classic(demosaick::Method),
    /// Menon's estimate, corrected.
    Learned(Demosaicker, Vec<f32>),
    /// uGLR or uGTV.
    Transformer(Transformer, Vec<f32>),
}

/// A way to interpolate.
#[derive(Clone, Debug)]
pub enum Interpolate {
    /// Without a network.
    Classic(interpolate::Method),
    /// The biharmonic surface, corrected.
    Learned(Box<Interpolator>, Vec<f32>),
}

impl Demosaick {
    /// Names of all.
    pub const NAMES: [&str; 7] = ["bilinear", "malvar", "lmmse", "menon", "uglr", "ugtv", "learned"];

    /// `learned`, `uglr`, `ugtv`, or a classic one by [`demosaick::Method::name`]; nothing if there is none of this name. Networks take
    /// their weights from `file`, or those that are shipped; uGLR and uGTV have as many blocks as the file.
    ///
    /// ```
    /// use unspool_image::{Cfa, Image};
    /// use unspool_restore::method::Demosaick;
    /// let method = Demosaick::named("ugtv", None)?.expect("a method");
    /// assert_eq!(method.parameters(), 323_435);
    /// assert!(Demosaick::named("magic", None)?.is_none());
    /// let image = method.run(&Image::zeros(1, 12, 16), Cfa::Rggb, 0.0)?;
    /// assert_eq!((image.channels(), image.height(), image.width()), (3, 12, 16));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`weights::File::read`], [`weights::File::values`] and [`Transformer::from_file`].
    pub fn named(name: &str, file: Option<&Path>) -> unspool_train::Result<Option<Self>> {
        let prior = match name {
            "learned" => {
                let net = Demosaicker::shipped();
                let theta = chosen(file, net.layout(), || net.shipped_weights())?;
                return Ok(Some(Demosaick::Learned(net, theta)));
            }
            "uglr" => Prior::Glr,
            "ugtv" => Prior::Gtv,
            _ => return Ok(name.parse().ok().map(Demosaick::Classic)),
        };
        let net = Transformer::shipped(prior);
        let (net, theta) = match file {
            Some(path) => Transformer::from_file(net.shape(), &weights::File::read(path)?)?,
            None => {
                let theta = net.shipped_weights()?;
                (net, theta)
            }
        };
        Ok(Some(Demosaick::Transformer(net, theta)))
    }

    /// One of [`Demosaick::NAMES`].
    pub fn name(&self) -> &'static str {
        match self {
            Demosaick::Classic(method) => method.name(),
            Demosaick::Learned(..) => "learned",
            Demosaick::Transformer(net, _) => match net.prior() {
                Prior::Glr => "uglr",
                Prior::Gtv => "ugtv",
            },
        }
    }

    /// Number of trained numbers.
    pub fn parameters(&self) -> usize {
        match self {
            Demosaick::Classic(_) => 0,
            Demosaick::Learned(_, theta) | Demosaick::Transformer(_, theta) => theta.len(),
        }
    }

    /// The colour image of a mosaic; `sigma` is the standard deviation of its noise, for methods that use it.
    ///
    /// # Errors
    /// Those of the method.
    pub fn run(&self, mosaic: &Image, cfa: Cfa, sigma: f32) -> Result<Image> {
        match self {
            Demosaick::Classic(method) => demosaick::run(*method, mosaic, cfa),
            Demosaick::Learned(net, theta) => net.demosaick(theta, mosaic, cfa, sigma),
            Demosaick::Transformer(net, theta) => net.demosaick(theta, mosaic, cfa),
        }
    }
}

impl Interpolate {
    /// Names of all.
    pub const NAMES: [&str; 5] = ["linear", "bicubic", "biharmonic", "quick", "learned"];

    /// `learned`, `quick` (the same [once](Interpolator::once)), or a classic one by [`interpolate::Method::name`]; nothing if there is none
    /// of this name. The network takes its weights from `file`, or those that are shipped.
    ///
    /// # Errors
    /// As [`weights::File::read`] and [`weights::File::values`].
    pub fn named(name: &str, file: Option<&Path>) -> unspool_train::Result<Option<Self>> {
        let net = match name {
            "learned" => Interpolator::shipped(),
            "quick" => Interpolator::shipped().once(),
            _ => return Ok(name.parse().ok().map(Interpolate::Classic)),
        };
        let theta = chosen(file, net.layout(), || net.shipped_weights())?;
        Ok(Some(Interpolate::Learned(Box::new(net), theta)))
    }

    /// One of [`Interpolate::NAMES`].
    pub fn name(&self) -> &'static str {
        match self {
            Interpolate::Classic(method) => method.name(),
            Interpolate::Learned(net, _) if net.is_once() => "quick",
            Interpolate::Learned(..) => "learned",
        }
    }

    /// Number of trained numbers.
    pub fn parameters(&self) -> usize {
        match self {
            Interpolate::Classic(_) => 0,
            Interpolate::Learned(_, theta) => theta.len(),
        }
    }

    /// The image with values for its unknown pixels.
    ///
    /// # Errors
    /// Those of the method.
    pub fn run(&self, image: &Image, mask: &Mask) -> Result<Image> {
        match self {
            Interpolate::Classic(method) => interpolate::run(*method, image, mask),
            Interpolate::Learned(net, theta) => net.interpolate(theta, image, mask),
        }
    }
}

fn chosen(
    file: Option<&Path>,
    layout: &Layout,
    shipped: impl FnOnce() -> unspool_train::Result<Vec<f32>>,
) -> unspool_train::Result<Vec<f32>> {
    match file {
        Some(path) => weights::File::read(path)?.values(layout),
        None => shipped(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_name_what_they_say() {
        for name in Demosaick::NAMES {
            assert_eq!(Demosaick::named(name, None).expect("weights").expect("a method").name(), name);
        }
        for name in Interpolate::NAMES {
            assert_eq!(Interpolate::named(name, None).expect("weights").expect("a method").name(), name);
        }
        assert_eq!(Demosaick::NAMES.len(), demosaick::Method::ALL.len() + 3);
        assert_eq!(Interpolate::NAMES.len(), interpolate::Method::ALL.len() + 2);
    }
}
