//! What a part shows: tables and figures.

use serde::{Deserialize, Serialize};

use crate::table::Table;

/// A table or a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Block {
    /// A table.
    Table(Table),
    /// Curves over a common axis.
    Curves(Curves),
    /// Graphs on the same nodes.
    Graphs(Graphs),
    /// Pictures of the same thing, two beside each other.
    Slider(Slider),
    /// What pixels are made of.
    Neighbourhoods(Neighbourhoods),
}

impl Block {
    /// Its anchor.
    pub fn id(&self) -> &str {
        match self {
            Block::Table(Table { id, .. })
            | Block::Curves(Curves { id, .. })
            | Block::Graphs(Graphs { id, .. })
            | Block::Slider(Slider { id, .. })
            | Block::Neighbourhoods(Neighbourhoods { id, .. }) => id,
        }
    }

    /// The files that belong to it, as names within the report's folder.
    pub fn files(&self) -> Vec<&str> {
        match self {
            Block::Table(_) => Vec::new(),
            Block::Curves(Curves { files, .. }) | Block::Graphs(Graphs { files, .. }) => {
                files.iter().map(String::as_str).collect()
            }
            Block::Slider(slider) => slider.photos.iter().map(|photo| photo.file.as_str()).collect(),
            Block::Neighbourhoods(of) => of.files.iter().map(String::as_str).chain([of.photo.file.as_str()]).collect(),
        }
    }
}

/// Curves over a common axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    /// Its anchor.
    pub id: String,
    /// What it is.
    pub title: String,
    /// What one sees, and what follows from it.
    pub caption: String,
    /// Values along the axis, increasing.
    pub x: Vec<f64>,
    /// The axis along.
    pub x_axis: Axis,
    /// The axis upwards.
    pub y_axis: Axis,
    /// The curves.
    pub series: Vec<Series>,
    /// What dotted curves are.
    pub dotted: String,
    /// Points of interest.
    pub marks: Vec<Mark>,
    /// The same as files.
    pub files: Vec<String>,
}

/// An axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What is measured along it.
    pub label: String,
    /// Whether its steps are powers of ten.
    pub log: bool,
    /// Where it begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

/// A curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What is measured.
    pub name: String,
    /// Its colour, a number from 0 to 7.
    pub color: usize,
    /// Whether it is what is expected: dotted, beside the curve of the same name.
    pub theory: bool,
    /// A value for each of the axis, as far as it goes.
    pub y: Vec<Option<f64>>,
}

/// A point of interest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Where along.
    pub x: f64,
    /// How high.
    pub y: f64,
    /// Colour, as of the curve.
    pub color: usize,
    /// What is there.
    pub label: String,
}

/// Graphs on the same nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graphs {
    /// Its anchor.
    pub id: String,
    /// What it is.
    pub title: String,
    /// What one sees, and what follows from it.
    pub caption: String,
    /// The nodes, in a box that is 1 wide.
    pub nodes: Vec<Node>,
    /// Height of the box.
    pub height: f64,
    /// A graph a method.
    pub layers: Vec<Layer>,
    /// The same as files.
    pub files: Vec<String>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// One method's graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// The method.
    pub name: String,
    /// What is to be said of it.
    pub note: String,
    /// Its edges.
    pub edges: Vec<Edge>,
}

/// An edge: two nodes and a weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edge(pub usize, pub usize, pub f64);

/// Pictures of the same thing; two of them are shown, with a border between that can be moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slider {
    /// Its anchor.
    pub id: String,
    /// What it is.
    pub title: String,
    /// What one sees, and what follows from it.
    pub caption: String,
    /// The pictures.
    pub photos: Vec<Photo>,
    /// Which of them is at the left to begin with.
    pub left: usize,
    /// Which is at the right.
    pub right: usize,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Photo {
    /// What it is called.
    pub name: String,
    /// Its file, a PNG, within the report's folder.
    pub file: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
}

/// What pixels of a picture are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbourhoods {
    /// Its anchor.
    pub id: String,
    /// What it is.
    pub title: String,
    /// What one sees, and what follows from it.
    pub caption: String,
    /// The picture.
    pub photo: Photo,
    /// Side of the square around a pixel.
    pub side: usize,
    /// Whether weights may be negative.
    pub signed: bool,
    /// What each map of a pixel is.
    pub maps: Vec<String>,
    /// The pixels that can be asked about.
    pub pixels: Vec<Pixel>,
    /// Which of them is shown first.
    pub first: usize,
    /// The same as files.
    pub files: Vec<String>,
}

/// A pixel, and the weights around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pixel {
    /// Its row.
    pub row: usize,
    /// Its column.
    pub column: usize,
    /// Why this one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The weights of each map, row by row.
    pub maps: Vec<Vec<f64>>,
}
