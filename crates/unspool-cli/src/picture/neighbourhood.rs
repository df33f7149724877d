//! The picture of what chosen pixels were made of: each with its surroundings, and maps of weights beside it.

use kuva::plot::colormap::ColorMap;
use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene, TextAnchor};
use unspool_image::Image;

use super::Picture;
use crate::exit::Failure;

/// Pixels shown on each side of the chosen one.
const AROUND: usize = 10;
/// Lengths in the picture.
const CROP: f64 = 168.0;
const MAP: f64 = 78.0;
const GAP: f64 = 8.0;
const WIDE_GAP: f64 = 26.0;
const HEAD: f64 = 84.0;
const LABEL: f64 = 38.0;
/// Letters of a line of the note.
const LINE_OF_NOTE: usize = 88;

const INK: Color = Color::Rgb(34, 34, 34);
const FRAME: Color = Color::Rgb(213, 94, 0);
const LINE: Color = Color::Rgb(200, 200, 200);

/// A square map of weights.
pub(crate) struct Weights {
    /// Row by row, a whole number of rows.
    pub(crate) values: Vec<f32>,
    /// Whether weights may be negative.
    pub(crate) signed: bool,
}

/// A group of maps under one heading, two beside each other.
pub(crate) struct Column {
    pub(crate) heading: String,
    pub(crate) maps: Vec<Weights>,
}

/// A pixel and what is told of it.
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) pixel: (usize, usize),
    /// Side of the square of pixels that the maps are about.
    pub(crate) side: usize,
    pub(crate) columns: Vec<Column>,
}

/// Draws the rows. `note`: how to read it.
pub(crate) fn draw(image: &Image, title: &str, note: &str, rows: &[Row]) -> Result<Picture, Failure> {
    let width_of = |column: &Column| if column.maps.len() > 1 { 2.0 * MAP + GAP } else { CROP };
    let columns = rows.first().map_or(&[][..], |row| &row.columns);
    let width = WIDE_GAP + CROP + columns.iter().map(|c| WIDE_GAP + width_of(c)).sum::<f64>() + WIDE_GAP;
    let step = CROP + WIDE_GAP + LABEL;
    let height = HEAD + LABEL + rows.len() as f64 * step;
    let mut scene = Scene::new(width.max(720.0), height).with_background(Some("white"));
    text(&mut scene, (WIDE_GAP, 30.0), title, 17, true);
    let mut lines = vec![String::new()];
    for word in note.split_whitespace() {
        if lines.last().is_some_and(|line| line.len() + word.len() > LINE_OF_NOTE) {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            *line += &format!("{word} ");
        }
    }
    for (k, line) in lines.iter().enumerate() {
        text(&mut scene, (WIDE_GAP, 52.0 + 18.0 * k as f64), line.trim_end(), 12, false);
    }
    for (k, row) in rows.iter().enumerate() {
        let top = HEAD + LABEL + k as f64 * step;
        text(&mut scene, (WIDE_GAP, top - 24.0), &row.label, 12, true);
        crop(&mut scene, (WIDE_GAP, top), image, row);
        let mut left = WIDE_GAP + CROP + WIDE_GAP;
        for column in &row.columns {
            text(&mut scene, (left, top - 8.0), &column.heading, 12, false);
            let size = if column.maps.len() > 1 { MAP } else { CROP };
            for (m, map) in column.maps.iter().enumerate() {
                let (x, y) = ((m % 2) as f64 * (size + GAP), (m / 2) as f64 * (size + GAP));
                weights(&mut scene, (left + x, top + y), size, map);
            }
            left += width_of(column) + WIDE_GAP;
        }
    }
    Picture::of(&scene)
}

fn text(scene: &mut Scene, (x, y): (f64, f64), content: &str, size: u32, bold: bool) {
    let content = content.to_owned();
    let (anchor, color) = (TextAnchor::Start, Some(INK));
    scene.add(Primitive::Text { x, y, content, size, anchor, rotate: None, bold, color });
}

fn square(scene: &mut Scene, (x, y): (f64, f64), side: f64, fill: Color, stroke: Option<(Color, f64)>) {
    let (stroke, stroke_width) = stroke.map_or((None, None), |(color, width)| (Some(color), Some(width)));
    scene.add(Primitive::Rect { x, y, width: side, height: side, fill, stroke, stroke_width, opacity: None });
}

/// The surroundings of the pixel, with a frame around what the maps are about.
fn crop(scene: &mut Scene, (left, top): (f64, f64), image: &Image, row: &Row) {
    let (count, n) = (2 * AROUND + 1, image.height() * image.width());
    let cell = CROP / count as f64;
    for place in 0..count * count {
        let (dy, dx) = (place / count, place % count);
        let (y, x) = ((row.pixel.0 + dy).checked_sub(AROUND), (row.pixel.1 + dx).checked_sub(AROUND));
        let (Some(y), Some(x)) = (y, x) else { continue };
        if y >= image.height() || x >= image.width() {
            continue;
        }
        let value = |c: usize| {
            let v = image.data()[c.min(image.channels() - 1) * n + y * image.width() + x];
            (v.clamp(0.0, 1.0) * 255.0).round() as u8
        };
        let fill = Color::Rgb(value(0), value(1), value(2));
        square(scene, (left + dx as f64 * cell, top + dy as f64 * cell), cell + 0.3, fill, None);
    }
    let half = (row.side / 2) as f64;
    let corner = (left + (AROUND as f64 - half) * cell, top + (AROUND as f64 - half) * cell);
    outline(scene, corner, row.side as f64 * cell, FRAME);
}

fn outline(scene: &mut Scene, (x, y): (f64, f64), side: f64, color: Color) {
    for (x1, y1, x2, y2) in
        [(x, y, x + side, y), (x + side, y, x + side, y + side), (x + side, y + side, x, y + side), (x, y + side, x, y)]
    {
        let stroke = color.clone();
        scene.add(Primitive::Line { x1, y1, x2, y2, stroke, stroke_width: 1.6, stroke_dasharray: None });
    }
}

/// A map: colours from none to the largest weight.
fn weights(scene: &mut Scene, (left, top): (f64, f64), size: f64, map: &Weights) {
    let side = map.values.len().isqrt().max(1);
    let largest = map.values.iter().fold(f32::MIN_POSITIVE, |a, v| a.max(v.abs()));
    let cell = size / side as f64;
    for (place, &value) in map.values.iter().enumerate() {
        let (y, x) = (place / side, place % side);
        let share = f64::from(value / largest);
        let (colors, at) = if map.signed { (ColorMap::RedBlue, 0.5 + 0.5 * share) } else { (ColorMap::Blues, share) };
        let (r, g, b) = colors.map_rgb(at.clamp(0.0, 1.0)).unwrap_or((255, 255, 255));
        let corner = (left + x as f64 * cell, top + y as f64 * cell);
        square(scene, corner, cell, Color::Rgb(r, g, b), Some((LINE, 0.5)));
    }
    let middle = (left + (side / 2) as f64 * cell, top + (side / 2) as f64 * cell);
    outline(scene, middle, cell, FRAME);
}
