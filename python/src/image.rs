//! Images: arrays to planes and back, methods by name, what networks saw.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{Element, IntoPyArray, PyArray1, PyArray3, PyArrayMethods, PyReadonlyArray3};
use pyo3::prelude::*;
use unspool_image::{Cfa, Image, Mask, demosaick, interpolate, noise};
use unspool_restore::learned::probe;
use unspool_restore::method::{Demosaick, Interpolate};

use crate::error::{Failure, Result};
use crate::work;

/// A type of samples: how it maps to 0 to 1.
trait Sample: Element + Copy + Send + 'static {
    fn read(self) -> f32;
    fn write(value: f32) -> Self;
}

/// As image files are read and written: the same bits as on the command line.
macro_rules! whole {
    ($type:ty, $most:expr) => {
        impl Sample for $type {
            fn read(self) -> f32 {
                f32::from(self) / $most
            }
            fn write(value: f32) -> Self {
                (value.clamp(0.0, 1.0) * $most).round() as $type
            }
        }
    };
}
whole!(u8, 255.0);
whole!(u16, 65535.0);

impl Sample for f32 {
    fn read(self) -> f32 {
        self
    }
    fn write(value: f32) -> Self {
        value
    }
}

impl Sample for f64 {
    fn read(self) -> f32 {
        self as f32
    }
    fn write(value: f32) -> Self {
        f64::from(value)
    }
}

/// Planes of an array of rows, columns and channels.
fn planes<T: Sample>(array: &PyReadonlyArray3<'_, T>) -> Result<Image> {
    let view = array.as_array();
    let (height, width, channels) = view.dim();
    let mut data = Vec::with_capacity(channels * height * width);
    for c in 0..channels {
        for row in view.outer_iter() {
            data.extend(row.column(c).iter().map(|v| v.read()));
        }
    }
    Ok(Image::new(channels, height, width, data)?)
}

/// An array of rows, columns and channels.
fn array<'py, T: Sample>(py: Python<'py>, image: &Image) -> PyResult<Bound<'py, PyArray3<T>>> {
    let (channels, height, width) = (image.channels(), image.height(), image.width());
    let mut out = Vec::with_capacity(image.data().len());
    let planes: Vec<&[f32]> = (0..channels).map(|c| image.plane(c)).collect();
    for i in 0..height * width {
        out.extend(planes.iter().map(|plane| T::write(plane[i])));
    }
    PyArray1::from_vec(py, out).reshape([height, width, channels])
}

/// Samples of any type that is taken; `f` names them from 0 to 1, `back` makes an array of the same type.
enum Samples {
    U8,
    U16,
    F32,
    F64,
}

impl Samples {
    fn read(any: &Bound<'_, PyAny>) -> PyResult<(Self, Image)> {
        if let Ok(array) = any.extract::<PyReadonlyArray3<'_, u8>>() {
            return Ok((Samples::U8, planes(&array)?));
        }
        if let Ok(array) = any.extract::<PyReadonlyArray3<'_, u16>>() {
            return Ok((Samples::U16, planes(&array)?));
        }
        if let Ok(array) = any.extract::<PyReadonlyArray3<'_, f32>>() {
            return Ok((Samples::F32, planes(&array)?));
        }
        let array = any.extract::<PyReadonlyArray3<'_, f64>>().map_err(|_| {
            Failure::input("the image is no array of a type that is known", "give uint8, uint16, float32 or float64")
        })?;
        Ok((Samples::F64, planes(&array)?))
    }

    fn write<'py>(&self, py: Python<'py>, image: &Image) -> PyResult<Bound<'py, PyAny>> {
        Ok(match self {
            Samples::U8 => array::<u8>(py, image)?.into_any(),
            Samples::U16 => array::<u16>(py, image)?.into_any(),
            Samples::F32 => array::<f32>(py, image)?.into_any(),
            Samples::F64 => array::<f64>(py, image)?.into_any(),
        })
    }
}

fn no_method(name: &str, names: &[&str]) -> Failure {
    Failure::input(format!("there is no method {name:?}"), format!("there are {}", names.join(", ")))
}

fn demosaick_named(name: &str, weights: Option<PathBuf>) -> Result<Demosaick> {
    Demosaick::named(name, weights.as_deref())?.ok_or_else(|| no_method(name, &Demosaick::NAMES))
}

fn interpolate_named(name: &str, weights: Option<PathBuf>) -> Result<Interpolate> {
    Interpolate::named(name, weights.as_deref())?.ok_or_else(|| no_method(name, &Interpolate::NAMES))
}

fn nothing_to_explain(name: &str) -> Failure {
    Failure::input(
        format!("{name} is no network: there is nothing to explain"),
        "take the method learned, or uglr or ugtv for mosaics",
    )
}

fn check_pixels(pixels: &[(usize, usize)], image: &Image) -> Result<()> {
    let (height, width) = (image.height(), image.width());
    match pixels.iter().find(|(y, x)| *y >= height || *x >= width) {
        None => Ok(()),
        Some((y, x)) => Err(Failure::input(
            format!("there is no pixel at row {y}, column {x}"),
            format!("rows go from 0 to {}, columns to {}", height - 1, width - 1),
        )),
    }
}

/// The noise level that is stated, in units of the image, or estimated.
fn level(stated: Option<f32>, mosaic: &Image, cfa: Cfa) -> f32 {
    stated.unwrap_or_else(|| noise::estimate(mosaic, Some(cfa)) as f32)
}

/// A mosaic, rows x columns x 1, as a colour image of the same type. `noise`: of 255; none: estimated.
#[pyfunction]
#[pyo3(name = "demosaick")]
pub(crate) fn demosaick_array<'py>(
    py: Python<'py>,
    mosaic: &Bound<'py, PyAny>,
    cfa: &str,
    method: &str,
    noise: Option<f32>,
    weights: Option<PathBuf>,
) -> PyResult<Bound<'py, PyAny>> {
    let cfa: Cfa = cfa.parse().map_err(Failure::from)?;
    let method = demosaick_named(method, weights)?;
    let (samples, mosaic) = Samples::read(mosaic)?;
    let image = work::run(py, move |_| {
        let sigma = level(noise.map(|s| s / 255.0), &mosaic, cfa);
        Ok(method.run(&mosaic, cfa, sigma)?)
    })?;
    samples.write(py, &image)
}

/// An image, rows x columns x channels, with values for what `known`, of the same shape, says is missing.
#[pyfunction]
#[pyo3(name = "interpolate")]
pub(crate) fn interpolate_array<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    known: PyReadonlyArray3<'py, bool>,
    method: &str,
    weights: Option<PathBuf>,
) -> PyResult<Bound<'py, PyAny>> {
    let method = interpolate_named(method, weights)?;
    let (samples, image) = Samples::read(image)?;
    let mask = mask_of(&known);
    let image = work::run(py, move |_| Ok(method.run(&image, &mask)?))?;
    samples.write(py, &image)
}

fn mask_of(known: &PyReadonlyArray3<'_, bool>) -> Mask {
    let view = known.as_array();
    let (height, width, channels) = view.dim();
    Mask::from_fn(channels, height, width, |c, y, x| view[[y, x, c]])
}

/// The mosaic that a sensor measures of a colour image.
#[pyfunction]
pub(crate) fn mosaick<'py>(py: Python<'py>, image: &Bound<'py, PyAny>, cfa: &str) -> PyResult<Bound<'py, PyAny>> {
    let cfa: Cfa = cfa.parse().map_err(Failure::from)?;
    let (samples, image) = Samples::read(image)?;
    samples.write(py, &cfa.mosaic(&image).map_err(Failure::from)?)
}

/// The standard deviation of an image's noise, of 255; with a pattern that of a mosaic.
#[pyfunction]
pub(crate) fn estimate_noise(py: Python<'_>, image: &Bound<'_, PyAny>, cfa: Option<&str>) -> PyResult<f64> {
    let cfa: Option<Cfa> = cfa.map(|text| text.parse().map_err(Failure::from)).transpose()?;
    let (_, image) = Samples::read(image)?;
    work::run(py, move |_| Ok(255.0 * noise::estimate(&image, cfa)))
}

/// Of a network without graphs: start, result, spread, and for each pixel what moves it.
type Residual = (Image, Image, Image, Vec<Vec<Vec<f32>>>);

/// Tells what a network for mosaics saw: `(estimates, spread, ties, influences, windows)`.
#[pyfunction]
pub(crate) fn explain_demosaick<'py>(
    py: Python<'py>,
    mosaic: &Bound<'py, PyAny>,
    cfa: &str,
    method: &str,
    noise: Option<f32>,
    weights: Option<PathBuf>,
    pixels: Vec<(usize, usize)>,
) -> PyResult<Explained<'py>> {
    let cfa: Cfa = cfa.parse().map_err(Failure::from)?;
    let named = demosaick_named(method, weights)?;
    let (_, mosaic) = Samples::read(mosaic)?;
    check_pixels(&pixels, &mosaic)?;
    let (height, width) = (mosaic.height(), mosaic.width());
    match named {
        Demosaick::Classic(method) => Err(nothing_to_explain(method.name()).into()),
        Demosaick::Learned(net, theta) => {
            let told = work::run(py, move |_| {
                let sigma = level(noise.map(|s| s / 255.0), &mosaic, cfa);
                let start = demosaick::run(demosaick::Method::Menon, &mosaic, cfa)?;
                let result = net.demosaick(&theta, &mosaic, cfa, sigma)?;
                let spread = net.spread(&theta, &mosaic, cfa, sigma)?;
                let influence = |&pixel| net.influence(&theta, (&mosaic, cfa, sigma), pixel);
                let influences = pixels.iter().map(influence).collect::<unspool_image::Result<_>>()?;
                Ok((start, result, spread, influences))
            })?;
            of_residual(py, told)
        }
        Demosaick::Transformer(net, theta) => {
            let told = work::run(py, move |_| Ok(net.explain_mosaic(&theta, &mosaic, cfa, &pixels)?))?;
            let image = |channels: usize, v: Vec<f32>| -> PyResult<Bound<'py, PyArray3<f32>>> {
                array(py, &Image::new(channels, height, width, v).map_err(Failure::from)?)
            };
            let estimates = told.estimates.into_iter().map(|v| image(3, v)).collect::<PyResult<_>>()?;
            let flat = |heads: Vec<Vec<f32>>| -> PyResult<Bound<'py, PyArray3<f32>>> {
                PyArray1::from_vec(py, heads.concat()).reshape([heads.len(), height, width])
            };
            let ties = told.ties.into_iter().map(flat).collect::<PyResult<_>>()?;
            let window = |blocks: Vec<Vec<[f32; 25]>>| -> PyResult<Bound<'py, PyAny>> {
                let (count, heads) = (blocks.len(), blocks.first().map_or(0, Vec::len));
                let all: Vec<f32> = blocks.into_iter().flatten().flatten().collect();
                Ok(all.into_pyarray(py).reshape([count, heads, 5, 5])?.into_any())
            };
            let windows = told.windows.into_iter().map(window).collect::<PyResult<_>>()?;
            Ok((estimates, image(1, told.spread)?, ties, Vec::new(), windows))
        }
    }
}

/// Tells what the network that interpolates saw, as [`explain_demosaick`].
#[pyfunction]
pub(crate) fn explain_interpolate<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    known: PyReadonlyArray3<'py, bool>,
    method: &str,
    weights: Option<PathBuf>,
    pixels: Vec<(usize, usize)>,
) -> PyResult<Explained<'py>> {
    let (net, theta) = match interpolate_named(method, weights)? {
        Interpolate::Learned(net, theta) => (net, theta),
        Interpolate::Classic(method) => return Err(nothing_to_explain(method.name()).into()),
    };
    let (_, image) = Samples::read(image)?;
    let mask = Arc::new(mask_of(&known));
    check_pixels(&pixels, &image)?;
    let told = work::run(py, move |_| {
        let start = interpolate::run(interpolate::Method::Biharmonic, &image, &mask)?;
        let result = net.interpolate(&theta, &image, &mask)?;
        let spread = net.spread(&theta, &image, &mask)?;
        let influence = |&pixel| net.influence(&theta, (&image, &mask), pixel);
        let influences = pixels.iter().map(influence).collect::<unspool_image::Result<_>>()?;
        Ok((start, result, spread, influences))
    })?;
    of_residual(py, told)
}

/// Estimates, spread, ties of each block, influences of each pixel, windows of each pixel.
type Explained<'py> = (
    Vec<Bound<'py, PyArray3<f32>>>,
    Bound<'py, PyArray3<f32>>,
    Vec<Bound<'py, PyArray3<f32>>>,
    Vec<Bound<'py, PyArray3<f32>>>,
    Vec<Bound<'py, PyAny>>,
);

fn of_residual(py: Python<'_>, (start, result, spread, influences): Residual) -> PyResult<Explained<'_>> {
    let side = 2 * probe::REACH + 1;
    let squares = |maps: Vec<Vec<f32>>| PyArray1::from_vec(py, maps.concat()).reshape([maps.len(), side, side]);
    let influences = influences.into_iter().map(squares).collect::<PyResult<_>>()?;
    Ok((vec![array(py, &start)?, array(py, &result)?], array(py, &spread)?, Vec::new(), influences, Vec::new()))
}
