//! The page: one file, made of the report and nothing else.
//!
//! The report is in it, as JSON in the element `data`: what the script shows when asked comes from there, and so does each
//! number of the page, whose element has it in full (`data-value`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use serde::Serialize;

use crate::block::{Block, Graphs, Neighbourhoods, Photo, Slider};
use crate::chart::Chart;
use crate::document::{Part, Report, Section};
use crate::error::{Error, Result};
use crate::number::Format;
use crate::table::{Cell, Number, Table};

const PAGE: &str = include_str!("templates/report.html");
const BLOCKS: &str = include_str!("templates/blocks.html");
const STYLE: &str = include_str!("templates/style.css");
const SCRIPT: &str = include_str!("templates/report.js");

/// Where the bytes of a file of the report's folder come from.
pub type Files<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// The page.
///
/// # Errors
/// A picture that is not there; a table whose rows do not fit its columns.
pub fn render(report: &Report, files: Files) -> Result<String> {
    let album = Album::new(report, files)?;
    let seconds = report.parts().map(|part| part.seconds).sum::<f64>();
    let page = PageView {
        report: Head {
            title: &report.title,
            lead: &report.lead,
            version: &report.version,
            invocation: &report.invocation,
            seed: report.seed,
            environment: &report.environment,
        },
        minutes: Format::Fixed(1).show(seconds / 60.0),
        sections: report.sections.iter().map(|section| section_view(section, &album)).collect::<Result<_>>()?,
        pictures: &album.pictures,
        style: STYLE,
        script: SCRIPT,
        // a closing tag within a text must not end the element
        data: report.json()?.replace('<', "\\u003c"),
    };
    let mut engine = Environment::new();
    engine.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    engine.add_template("blocks.html", BLOCKS)?;
    engine.add_template("report.html", PAGE)?;
    Ok(engine.get_template("report.html")?.render(Serde(page))?)
}

/// What the page shows.
#[derive(Debug, Serialize)]
struct PageView<'a> {
    report: Head<'a>,
    minutes: String,
    sections: Vec<SectionView<'a>>,
    pictures: &'a [Picture],
    style: &'a str,
    script: &'a str,
    data: String,
}

#[derive(Debug, Serialize)]
struct Head<'a> {
    title: &'a str,
    lead: &'a str,
    version: &'a str,
    invocation: &'a str,
    seed: u64,
    environment: &'a crate::Environment,
}

#[derive(Debug, Serialize)]
struct SectionView<'a> {
    id: &'a str,
    title: &'a str,
    lead: &'a str,
    parts: Vec<PartView<'a>>,
}

/// The pictures of the page, each once.
struct Album {
    names: Vec<String>,
    pictures: Vec<Picture>,
}

#[derive(Debug, Serialize)]
struct Picture {
    source: String,
    width: usize,
    height: usize,
}

impl Album {
    fn new(report: &Report, files: Files) -> Result<Self> {
        let mut album = Album { names: Vec::new(), pictures: Vec::new() };
        let photos = report.parts().flat_map(|part| &part.blocks).flat_map(|block| match block {
            Block::Slider(slider) => &slider.photos[..],
            Block::Neighbourhoods(of) => std::slice::from_ref(&of.photo),
            _ => &[],
        });
        for photo in photos {
            if !album.names.contains(&photo.file) {
                let bytes = files(&photo.file).ok_or_else(|| Error::Missing { name: photo.file.clone() })?;
                let source = format!("data:image/png;base64,{}", STANDARD.encode(bytes));
                album.names.push(photo.file.clone());
                album.pictures.push(Picture { source, width: photo.width, height: photo.height });
            }
        }
        Ok(album)
    }

    fn place(&self, photo: &Photo) -> usize {
        self.names.iter().position(|name| *name == photo.file).unwrap_or_default()
    }
}

/// What the page shows of a part.
#[derive(Debug, Serialize)]
struct PartView<'a> {
    id: &'a str,
    title: &'a str,
    text: &'a str,
    findings: &'a [String],
    config: String,
    seconds: String,
    blocks: Vec<View<'a>>,
}

/// What the page shows of a block.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum View<'a> {
    Table {
        #[serde(flatten)]
        table: TableView<'a>,
    },
    Curves {
        #[serde(flatten)]
        curves: &'a crate::Curves,
        chart: Chart,
    },
    Graphs {
        #[serde(flatten)]
        graphs: &'a Graphs,
        layers_drawn: Vec<Vec<Stroke>>,
    },
    Slider {
        #[serde(flatten)]
        slider: &'a Slider,
        pictures: Vec<usize>,
    },
    Neighbourhoods {
        #[serde(flatten)]
        of: &'a Neighbourhoods,
        picture: usize,
    },
}

#[derive(Debug, Serialize)]
struct TableView<'a> {
    id: &'a str,
    title: &'a str,
    caption: &'a str,
    columns: Vec<(&'a str, bool)>,
    rows: Vec<Vec<CellView>>,
}

#[derive(Debug, Default, Serialize)]
struct CellView {
    text: String,
    /// Half of the interval.
    spread: Option<String>,
    /// The number in full.
    value: Option<f64>,
    number: bool,
    best: bool,
}

/// An edge as it is drawn.
#[derive(Debug, Serialize)]
struct Stroke {
    from: usize,
    to: usize,
    width: f64,
}

fn section_view<'a>(section: &'a Section, album: &Album) -> Result<SectionView<'a>> {
    let parts = section.parts.iter().map(|part| part_view(part, album)).collect::<Result<_>>()?;
    Ok(SectionView { id: &section.id, title: &section.title, lead: &section.lead, parts })
}

fn part_view<'a>(part: &'a Part, album: &Album) -> Result<PartView<'a>> {
    Ok(PartView {
        id: &part.id,
        title: &part.title,
        text: &part.text,
        findings: &part.findings,
        config: serde_json::to_string_pretty(&part.config)?,
        seconds: Format::Fixed(1).show(part.seconds),
        blocks: part.blocks.iter().map(|block| block_view(block, album)).collect::<Result<_>>()?,
    })
}

fn block_view<'a>(block: &'a Block, album: &Album) -> Result<View<'a>> {
    Ok(match block {
        Block::Table(table) => View::Table { table: table_view(table)? },
        Block::Curves(curves) => View::Curves { chart: Chart::new(curves), curves },
        Block::Graphs(graphs) => View::Graphs { layers_drawn: strokes(graphs), graphs },
        Block::Slider(slider) => {
            View::Slider { pictures: slider.photos.iter().map(|photo| album.place(photo)).collect(), slider }
        }
        Block::Neighbourhoods(of) => View::Neighbourhoods { picture: album.place(&of.photo), of },
    })
}

fn table_view(table: &Table) -> Result<TableView<'_>> {
    let best: Vec<Vec<usize>> = (0..table.columns.len()).map(|c| table.best(c)).collect();
    let mut rows = Vec::new();
    for (r, row) in table.rows.iter().enumerate() {
        table.check(row)?;
        let cell = |(c, cell): (usize, &Cell)| {
            let column = &table.columns[c];
            let best = best[c].contains(&r);
            let number = column.format != Format::Text;
            match cell {
                Cell::Number(Number { value, low, high }) => CellView {
                    text: column.format.show(*value),
                    spread: low.zip(*high).map(|(low, high)| column.format.show_like((high - low) / 2.0, *value)),
                    value: Some(*value),
                    number,
                    best,
                },
                Cell::Time { seconds } => CellView {
                    text: column.format.show(*seconds),
                    value: Some(*seconds),
                    number,
                    ..CellView::default()
                },
                Cell::Text(words) => CellView { text: words.clone(), number, ..CellView::default() },
                Cell::Empty => CellView { text: "–".into(), number, ..CellView::default() },
            }
        };
        rows.push(row.0.iter().enumerate().map(cell).collect());
    }
    let columns = table.columns.iter().map(|c| (c.name.as_str(), c.format != Format::Text)).collect();
    Ok(TableView { id: &table.id, title: &table.title, caption: &table.caption, columns, rows })
}

/// Edges with a width from 0 to 1 by their weight within the layer.
fn strokes(graphs: &Graphs) -> Vec<Vec<Stroke>> {
    let of_layer = |layer: &crate::Layer| {
        let most = layer.edges.iter().map(|edge| edge.2).fold(f64::MIN_POSITIVE, f64::max);
        let width = |w: f64| (100.0 * (w / most).max(0.0).sqrt()).round() / 100.0;
        layer.edges.iter().map(|&crate::Edge(from, to, w)| Stroke { from, to, width: width(w) }).collect()
    };
    graphs.layers.iter().map(of_layer).collect()
}
