//! `--explain`: a folder that shows what a network saw of an image.
//!
//! All networks tell how sure they are and what chosen pixels were made of; those with graphs show these, and the estimate
//! after each block.

use std::path::Path;

use kuva::plot::colormap::ColorMap;
use serde_json::{Map, Value, json};
use unspool_image::io::{self, Depth, Format, Photo};
use unspool_image::{Cfa, Image, Mask, demosaick, interpolate};
use unspool_restore::learned::probe;
use unspool_restore::{Demosaicker, Explanation, Interpolator, Transformer};

use super::super::SCHEMA_VERSION;
use crate::exit::Failure;
use crate::output;
use crate::picture::neighbourhood::{self, Column, Row, Weights};

/// How strongly changes are shown.
const GAIN: f32 = 8.0;
/// Pixels that are chosen keep so far from each other and from the border, where there is room.
const APART: usize = 16;

/// The folder being written.
pub(super) struct Folder<'a> {
    path: &'a Path,
    force: bool,
    pictures: Map<String, Value>,
}

/// How much a pixel is worth a look.
type Score<'a> = &'a dyn Fn(usize, usize) -> f32;

/// A pixel to tell about, and why that one.
struct Chosen {
    pixel: (usize, usize),
    why: String,
}

impl Chosen {
    fn label(&self) -> String {
        format!("{}: row {}, column {}", self.why, self.pixel.0, self.pixel.1)
    }
}

impl<'a> Folder<'a> {
    /// A folder, made if it is not there.
    pub(super) fn new(path: &'a Path, force: bool) -> Result<Self, Failure> {
        std::fs::create_dir_all(path).map_err(|error| Failure::write(&path.display().to_string(), &error))?;
        Ok(Folder { path, force, pictures: Map::new() })
    }

    fn write(&mut self, name: &str, caption: &str, bytes: &[u8]) -> Result<(), Failure> {
        self.pictures.insert(name.into(), caption.into());
        output::write(&self.path.join(name), bytes, self.force)
    }

    fn image(&mut self, name: &str, caption: &str, image: Image) -> Result<(), Failure> {
        let photo = Photo { image, alpha: None, depth: Depth::Eight, profile: None };
        self.write(name, caption, &io::encode(&photo, Format::Png)?)
    }

    /// Numbers from 0 to 1 as colours.
    fn map(&mut self, name: &str, caption: &str, values: &Image) -> Result<(), Failure> {
        let n = values.height() * values.width();
        let mut image = Image::zeros(3, values.height(), values.width());
        for (i, &value) in values.plane(0).iter().enumerate() {
            let (r, g, b) = ColorMap::Viridis.map_rgb(f64::from(value.clamp(0.0, 1.0))).unwrap_or_default();
            for (c, v) in [r, g, b].into_iter().enumerate() {
                image.data_mut()[c * n + i] = f32::from(v) / 255.0;
            }
        }
        self.image(name, caption, image)
    }

    fn change(&mut self, name: &str, what: &str, from: &Image, to: &Image) -> Result<(), Failure> {
        let mut change = to.clone();
        change.data_mut().iter_mut().zip(from.data()).for_each(|(to, from)| *to = 0.5 + GAIN * (*to - from));
        self.image(name, &format!("{what}, {GAIN} times as strong; grey: nothing"), change)
    }

    /// From a spread to a picture of how sure each pixel is; returns the spread that is shown as none.
    fn confidence(&mut self, spread: &Image, of: &str) -> Result<f32, Failure> {
        let mut sorted = spread.plane(0).to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        let worst = sorted.get(sorted.len() * 99 / 100).copied().unwrap_or_default().max(1e-6);
        let mut sure = spread.clone();
        sure.data_mut().iter_mut().for_each(|v| *v = 1.0 - *v / worst);
        let caption = format!(
            "how sure each pixel is: yellow where {of} agree, dark where their standard deviation is {:.2} of 255 or more",
            worst * 255.0
        );
        self.map("confidence.png", &caption, &sure)?;
        Ok(worst)
    }

    fn neighbourhoods(&mut self, image: &Image, title: &str, note: &str, rows: &[Row]) -> Result<(), Failure> {
        let picture = neighbourhood::draw(image, title, note, rows)?;
        self.write("neighbourhoods.png", note, &picture.png)?;
        self.write("neighbourhoods.svg", note, picture.svg.as_bytes())
    }

    /// Writes `explain.json`.
    fn finish(self, method: &str, mut document: Value) -> Result<(), Failure> {
        document["schema_version"] = SCHEMA_VERSION.into();
        document["command"] = "explain".into();
        document["method"] = method.into();
        document["pictures"] = Value::Object(self.pictures);
        output::write(&self.path.join("explain.json"), format!("{document:#}\n").as_bytes(), self.force)
    }
}

/// The pixels that were named, or four that are worth a look.
fn choose(named: &[(usize, usize)], image: &Image, spread: &Image) -> Result<Vec<Chosen>, Failure> {
    let (height, width) = (image.height(), image.width());
    if let Some((y, x)) = named.iter().find(|(y, x)| *y >= height || *x >= width) {
        let problem = format!("there is no pixel at row {y}, column {x}");
        return Err(Failure::new(problem, format!("rows go from 0 to {}, columns to {}", height - 1, width - 1)));
    }
    if !named.is_empty() {
        return Ok(named.iter().map(|&pixel| Chosen { pixel, why: "asked for".into() }).collect());
    }
    let grey = |y: usize, x: usize| {
        (0..image.channels()).map(|c| image.plane(c)[y * width + x]).sum::<f32>() / image.channels() as f32
    };
    let slope = |y: usize, x: usize| {
        let (down, right) = ((y + 1).min(height - 1), (x + 1).min(width - 1));
        (grey(down, x) - grey(y, x), grey(y, right) - grey(y, x))
    };
    // the structure tensor of the slopes around: one direction at an edge, none in a smooth area, both in texture
    let structure = |y: usize, x: usize| {
        let (mut yy, mut xx, mut xy) = (0.0, 0.0, 0.0);
        for v in y.saturating_sub(2)..(y + 3).min(height) {
            for u in x.saturating_sub(2)..(x + 3).min(width) {
                let (a, b) = slope(v, u);
                (yy, xx, xy) = (yy + a * a, xx + b * b, xy + a * b);
            }
        }
        let (mean, apart) = (0.5 * (yy + xx), (0.25 * (yy - xx) * (yy - xx) + xy * xy).sqrt());
        (mean + apart, mean - apart)
    };
    let kinds: [(&str, Score); 4] = [
        ("edge", &|y, x| structure(y, x).0 - 8.0 * structure(y, x).1),
        ("smooth", &|y, x| -structure(y, x).0),
        ("texture", &|y, x| structure(y, x).1),
        ("least sure", &|y, x| spread.plane(0)[y * width + x]),
    ];
    let inner = |n: usize| if n > 2 * APART { APART..n - APART } else { 0..n };
    let mut chosen: Vec<Chosen> = Vec::new();
    for (why, score) in kinds {
        let mut best: Option<(f32, (usize, usize))> = None;
        for y in inner(height) {
            for x in inner(width) {
                let is_near = |c: &Chosen| c.pixel.0.abs_diff(y).max(c.pixel.1.abs_diff(x)) < APART;
                let value = score(y, x);
                if best.is_none_or(|(most, _)| value > most) && !chosen.iter().any(is_near) {
                    best = Some((value, (y, x)));
                }
            }
        }
        chosen.extend(best.map(|(_, pixel)| Chosen { pixel, why: why.into() }));
    }
    Ok(chosen)
}

/// uGLR and uGTV.
pub(super) fn transformer(
    mut folder: Folder,
    name: &str,
    (net, theta): (&Transformer, &[f32]),
    (mosaic, cfa): (&Image, Cfa),
    pixels: &[(usize, usize)],
) -> Result<(), Failure> {
    let (height, width) = (mosaic.height(), mosaic.width());
    let result = net.demosaick(theta, mosaic, cfa)?;
    let of_image = |channels: usize, values: &[f32]| Image::new(channels, height, width, values.to_vec());
    // where the network is least sure is known afterwards
    let chosen = if pixels.is_empty() {
        let told = net.explain_mosaic(theta, mosaic, cfa, &[])?;
        choose(pixels, &result, &of_image(1, &told.spread)?)?
    } else {
        choose(pixels, &result, &Image::zeros(1, height, width))?
    };
    let places: Vec<(usize, usize)> = chosen.iter().map(|c| c.pixel).collect();
    let Explanation { estimates, ties, spread, windows } = net.explain_mosaic(theta, mosaic, cfa, &places)?;
    let estimates: Vec<Image> = estimates.iter().map(|e| of_image(3, e)).collect::<Result<_, _>>()?;
    for (k, pair) in estimates.windows(2).enumerate() {
        if k == 0 {
            folder.image("estimate_0.png", "the start: linear interpolation", pair[0].clone())?;
        }
        let block = k + 1;
        folder.image(
            &format!("estimate_{block}.png"),
            &format!("the estimate after block {block}"),
            pair[1].clone(),
        )?;
        folder.change(&format!("change_{block}.png"), &format!("what block {block} changed"), &pair[0], &pair[1])?;
    }
    for (k, heads) in ties.iter().enumerate() {
        let across = heads.len().isqrt().max(1);
        let down = heads.len().div_ceil(across);
        let tiles = Image::from_fn(1, down * height, across * width, |_, y, x| {
            heads.get(y / height * across + x / width).map_or(0.0, |tie| tie[y % height * width + x % width])
        });
        let caption = format!(
            "the {} graphs of block {}: yellow where a pixel is tied to its whole window, dark where edges are cut",
            heads.len(),
            k + 1
        );
        folder.map(&format!("edges_{}.png", k + 1), &caption, &tiles)?;
    }
    let worst = folder.confidence(&of_image(1, &spread)?, "the graphs of the last block")?;
    let rows: Vec<Row> = chosen
        .iter()
        .zip(&windows)
        .map(|(chosen, blocks)| {
            let map = |w: &[f32; 25]| Weights { values: w.to_vec(), signed: false };
            let column = |(k, heads): (usize, &Vec<[f32; 25]>)| Column {
                heading: format!("block {}", k + 1),
                maps: heads.iter().map(map).collect(),
            };
            let columns = blocks.iter().enumerate().map(column).collect();
            Row { label: chosen.label(), pixel: chosen.pixel, side: 5, columns }
        })
        .collect();
    let note = "Each square is one graph: how strongly the pixel in the middle is tied to the pixels around it, \
                the framed window; the darker, the stronger.";
    folder.neighbourhoods(&result, "What pixels are tied to", note, &rows)?;
    let described: Vec<Value> = chosen
        .iter()
        .zip(&windows)
        .map(|(c, blocks)| {
            let blocks: Vec<Vec<Vec<f32>>> =
                blocks.iter().map(|heads| heads.iter().map(|w| w.to_vec()).collect()).collect();
            json!({ "row": c.pixel.0, "column": c.pixel.1, "why": c.why, "windows": blocks })
        })
        .collect();
    folder.finish(name, json!({ "pixels": described, "spread_shown_as_none": worst }))
}

/// The network that corrects Menon's estimate.
pub(super) fn demosaicker(
    folder: Folder,
    (net, theta): (&Demosaicker, &[f32]),
    (mosaic, cfa, sigma): (&Image, Cfa, f32),
    pixels: &[(usize, usize)],
) -> Result<(), Failure> {
    let start = demosaick::run(demosaick::Method::Menon, mosaic, cfa)?;
    let result = net.demosaick(theta, mosaic, cfa, sigma)?;
    let sure = (net.spread(theta, mosaic, cfa, sigma)?, "the results of the mosaic upright and mirrored");
    let influence = |pixel| net.influence(theta, (mosaic, cfa, sigma), pixel);
    residual(folder, "learned", (&start, result), sure, &["red", "green", "blue"], influence, pixels)
}

/// The network that corrects the biharmonic surface.
pub(super) fn interpolator(
    folder: Folder,
    name: &str,
    (net, theta): (&Interpolator, &[f32]),
    (image, mask): (&Image, &Mask),
    pixels: &[(usize, usize)],
) -> Result<(), Failure> {
    let start = interpolate::run(interpolate::Method::Biharmonic, image, mask)?;
    let result = net.interpolate(theta, image, mask)?;
    let sure = (net.spread(theta, image, mask)?, "the results of the image as it is, transposed and mirrored");
    let influence = |pixel| net.influence(theta, (image, mask), pixel);
    residual(folder, name, (&start, result), sure, &["first channel, image as it is"], influence, pixels)
}

/// A network without graphs: its start, its correction, its doubts, and what pixels are made of.
fn residual(
    mut folder: Folder,
    name: &str,
    (start, result): (&Image, Image),
    (spread, of): (Image, &str),
    headings: &[&str],
    influence: impl Fn((usize, usize)) -> unspool_image::Result<Vec<Vec<f32>>>,
    pixels: &[(usize, usize)],
) -> Result<(), Failure> {
    folder.image("estimate_0.png", "the start: the classic method", start.clone())?;
    folder.image("estimate_1.png", "the result", result.clone())?;
    folder.change("change_1.png", "what the network changed", start, &result)?;
    let worst = folder.confidence(&spread, of)?;
    let chosen = choose(pixels, &result, &spread)?;
    let mut rows = Vec::new();
    let mut described = Vec::new();
    for chosen in chosen {
        let maps = influence(chosen.pixel)?;
        described.push(json!({
            "row": chosen.pixel.0, "column": chosen.pixel.1, "why": chosen.why, "influence": maps,
        }));
        let columns = maps
            .into_iter()
            .zip(headings)
            .map(|(values, heading)| Column {
                heading: (*heading).into(),
                maps: vec![Weights { values, signed: true }],
            })
            .collect();
        rows.push(Row { label: chosen.label(), pixel: chosen.pixel, side: 2 * probe::REACH + 1, columns });
    }
    let note = "Each square is one sample around the pixel: how much the result grows (blue) or shrinks (red) when the \
                sample grows; white: not at all.";
    folder.neighbourhoods(&result, "What pixels are made of", note, &rows)?;
    folder.finish(name, json!({ "pixels": described, "spread_shown_as_none": worst }))
}
