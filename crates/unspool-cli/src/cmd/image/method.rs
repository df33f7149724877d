//! The methods by name, as failures tell of them.

use std::path::Path;

use unspool_image::{Cfa, Image, Mask};
use unspool_restore::Prior;
use unspool_restore::method::{Demosaick, Interpolate};

use super::explain::{self, Folder};
use crate::exit::Failure;

/// The method that is taken unless another is named.
pub(super) const DEFAULT: &str = "learned";

/// A way to demosaick by name; weights of a file replace those that are shipped.
pub(in crate::cmd) fn demosaick(name: &str, weights: Option<&Path>) -> Result<Demosaick, Failure> {
    let hint = "there are learned, menon, lmmse, malvar, bilinear, uglr and ugtv";
    Demosaick::named(name, weights)?.ok_or_else(|| no_method(name, hint))
}

/// A way to interpolate by name; weights of a file replace those that are shipped.
pub(in crate::cmd) fn interpolate(name: &str, weights: Option<&Path>) -> Result<Interpolate, Failure> {
    let hint = "there are learned, quick, biharmonic, linear and bicubic";
    Interpolate::named(name, weights)?.ok_or_else(|| no_method(name, hint))
}

/// Writes what a method saw of a mosaic, if it is a network.
pub(super) fn explain_demosaick(
    method: &Demosaick,
    folder: Folder,
    (mosaic, cfa, sigma): (&Image, Cfa, f32),
    pixels: &[(usize, usize)],
) -> Result<(), Failure> {
    match method {
        Demosaick::Classic(method) => Err(nothing_to_explain(method.name())),
        Demosaick::Learned(net, theta) => explain::demosaicker(folder, (net, theta), (mosaic, cfa, sigma), pixels),
        Demosaick::Transformer(net, theta) => {
            let name = if net.prior() == Prior::Glr { "uglr" } else { "ugtv" };
            explain::transformer(folder, name, (net, theta), (mosaic, cfa), pixels)
        }
    }
}

/// Writes what a method saw of an image with gaps, if it is a network.
pub(super) fn explain_interpolate(
    method: &Interpolate,
    folder: Folder,
    (image, mask): (&Image, &Mask),
    pixels: &[(usize, usize)],
) -> Result<(), Failure> {
    match method {
        Interpolate::Classic(method) => Err(nothing_to_explain(method.name())),
        Interpolate::Learned(net, theta) => explain::interpolator(folder, (net, theta), (image, mask), pixels),
    }
}

fn no_method(name: &str, hint: &str) -> Failure {
    Failure::new(format!("there is no method {name:?}"), hint)
}

fn nothing_to_explain(name: &str) -> Failure {
    Failure::new(
        format!("{name} is no network: there is nothing to explain"),
        "take --method learned, or uglr or ugtv for mosaics",
    )
}
