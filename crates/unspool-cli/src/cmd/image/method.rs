//! The methods by name, as failures tell of them.

use std::path::Path;

use unspool_image::{Cfa, Image, Mask};
use unspool_restore::method::{Demosaick, Interpolate};

use super::explain::{self, Folder};
use crate::exit::Failure;

/// The method that is taken unless another is named.
pub(super) const DEFAULT: &str = "learned";

/// A way to demosaick by name; weights of a file replace those that are shipped.
pub(in crate::cmd) fn demosaick(name: &str, weights: Option<&Path>) -> Result<Demosaick, Failure> {
    Demosaick::named(name, weights)?.ok_or_else(|| no_method(name, &Demosaick::NAMES))
}

/// A way to interpolate by name; weights of a file replace those that are shipped.
pub(in crate::cmd) fn interpolate(name: &str, weights: Option<&Path>) -> Result<Interpolate, Failure> {
    Interpolate::named(name, weights)?.ok_or_else(|| no_method(name, &Interpolate::NAMES))
}

/// Writes what a method saw of a mosaic, if it is a network.
pub(super) fn explain_demosaick(
    method: &Demosaick,
    folder: Folder,
    (mosaic, cfa, sigma): (&Image, Cfa, f32),
    pixels: &[(usize, usize)],
) -> Result<(), Failure> {
    match method {
        Demosaick::Classic(_) => Err(nothing_to_explain(method.name())),
        Demosaick::Learned(net, theta) => explain::demosaicker(folder, (net, theta), (mosaic, cfa, sigma), pixels),
        Demosaick::Transformer(net, theta) => {
            explain::transformer(folder, method.name(), (net, theta), (mosaic, cfa), pixels)
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
        Interpolate::Classic(_) => Err(nothing_to_explain(method.name())),
        Interpolate::Learned(net, theta) => {
            explain::interpolator(folder, method.name(), (net, theta), (image, mask), pixels)
        }
    }
}

fn no_method(name: &str, names: &[&str]) -> Failure {
    Failure::new(format!("there is no method {name:?}"), format!("there are {}", names.join(", ")))
}

fn nothing_to_explain(name: &str) -> Failure {
    Failure::new(
        format!("{name} is no network: there is nothing to explain"),
        "take --method learned, or uglr or ugtv for mosaics",
    )
}
