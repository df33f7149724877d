//! The methods by name: where a new one is added.

use std::path::Path;

use unspool_image::{Cfa, Image, Mask, demosaick, interpolate};
use unspool_restore::{Demosaicker, Interpolator, Prior, Transformer};
use unspool_train::{Layout, weights};

use super::explain::{self, Folder};
use crate::exit::Failure;

/// The method that is taken unless another is named.
pub(super) const DEFAULT: &str = "learned";

/// Values of these parameters from a file.
pub(in crate::cmd) fn read(path: &Path, layout: &Layout) -> Result<Vec<f32>, Failure> {
    Ok(weights::File::read(path).and_then(|file| file.values(layout))?)
}

/// Values from a file if one is given, those that are shipped otherwise.
fn chosen(
    file: Option<&Path>,
    layout: &Layout,
    shipped: impl FnOnce() -> unspool_train::Result<Vec<f32>>,
) -> Result<Vec<f32>, Failure> {
    match file {
        Some(path) => read(path, layout),
        None => Ok(shipped()?),
    }
}

/// A way to demosaick.
pub(in crate::cmd) enum Demosaick {
    Classic(demosaick::Method),
    Learned(Demosaicker, Vec<f32>),
    Transformer(Transformer, Vec<f32>),
}

impl Demosaick {
    /// By name; those of a file replace those that are shipped.
    pub(in crate::cmd) fn named(name: &str, file: Option<&Path>) -> Result<Self, Failure> {
        match name {
            "learned" => {
                let net = Demosaicker::shipped();
                let theta = chosen(file, net.layout(), || net.shipped_weights())?;
                Ok(Demosaick::Learned(net, theta))
            }
            "uglr" | "ugtv" => {
                let net = Transformer::shipped(if name == "uglr" { Prior::Glr } else { Prior::Gtv });
                let (net, theta) = match file {
                    Some(path) => Transformer::from_file(net.shape(), &weights::File::read(path)?)?,
                    None => (net.clone(), net.shipped_weights()?),
                };
                Ok(Demosaick::Transformer(net, theta))
            }
            _ => {
                let hint = "there are learned, menon, lmmse, malvar, bilinear, uglr and ugtv";
                let method = name.parse().map_err(|_| Failure::new(format!("there is no method {name:?}"), hint))?;
                Ok(Demosaick::Classic(method))
            }
        }
    }

    /// Number of trained numbers.
    pub(in crate::cmd) fn parameters(&self) -> usize {
        match self {
            Demosaick::Classic(_) => 0,
            Demosaick::Learned(_, theta) | Demosaick::Transformer(_, theta) => theta.len(),
        }
    }

    /// The colour image of a mosaic; `sigma` is the standard deviation of its noise, for methods that use it.
    pub(in crate::cmd) fn run(&self, mosaic: &Image, cfa: Cfa, sigma: f32) -> Result<Image, Failure> {
        match self {
            Demosaick::Classic(method) => Ok(demosaick::run(*method, mosaic, cfa)?),
            Demosaick::Learned(net, theta) => Ok(net.demosaick(theta, mosaic, cfa, sigma)?),
            Demosaick::Transformer(net, theta) => Ok(net.demosaick(theta, mosaic, cfa)?),
        }
    }
}

impl Demosaick {
    /// Writes what the method saw, if it is a network.
    pub(super) fn explain(
        &self,
        folder: Folder,
        mosaic: &Image,
        cfa: Cfa,
        sigma: f32,
        pixels: &[(usize, usize)],
    ) -> Result<(), Failure> {
        match self {
            Demosaick::Classic(method) => Err(nothing_to_explain(method.name())),
            Demosaick::Learned(net, theta) => explain::demosaicker(folder, (net, theta), (mosaic, cfa, sigma), pixels),
            Demosaick::Transformer(net, theta) => {
                let name = if net.prior() == Prior::Glr { "uglr" } else { "ugtv" };
                explain::transformer(folder, name, (net, theta), (mosaic, cfa), pixels)
            }
        }
    }
}

fn nothing_to_explain(name: &str) -> Failure {
    Failure::new(
        format!("{name} is no network: there is nothing to explain"),
        "take --method learned, or uglr or ugtv for mosaics",
    )
}

/// A way to interpolate.
pub(in crate::cmd) enum Interpolate {
    Classic(interpolate::Method),
    Learned(Box<Interpolator>, Vec<f32>),
}

impl Interpolate {
    /// By name; those of a file replace those that are shipped.
    pub(in crate::cmd) fn named(name: &str, weights: Option<&Path>) -> Result<Self, Failure> {
        if name == DEFAULT {
            let net = Box::new(Interpolator::shipped());
            let theta = chosen(weights, net.layout(), || net.shipped_weights())?;
            return Ok(Interpolate::Learned(net, theta));
        }
        let hint = "there are learned, biharmonic, linear and bicubic";
        let method = name.parse().map_err(|_| Failure::new(format!("there is no method {name:?}"), hint))?;
        Ok(Interpolate::Classic(method))
    }

    /// Number of trained numbers.
    pub(in crate::cmd) fn parameters(&self) -> usize {
        match self {
            Interpolate::Classic(_) => 0,
            Interpolate::Learned(_, theta) => theta.len(),
        }
    }

    pub(in crate::cmd) fn run(&self, image: &Image, mask: &Mask) -> Result<Image, Failure> {
        match self {
            Interpolate::Classic(method) => Ok(interpolate::run(*method, image, mask)?),
            Interpolate::Learned(net, theta) => Ok(net.interpolate(theta, image, mask)?),
        }
    }

    /// Writes what the method saw, if it is a network.
    pub(super) fn explain(
        &self,
        folder: Folder,
        image: &Image,
        mask: &Mask,
        pixels: &[(usize, usize)],
    ) -> Result<(), Failure> {
        match self {
            Interpolate::Classic(method) => Err(nothing_to_explain(method.name())),
            Interpolate::Learned(net, theta) => explain::interpolator(folder, (net, theta), (image, mask), pixels),
        }
    }
}
