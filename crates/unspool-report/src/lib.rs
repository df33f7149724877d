//! Reports: what was found, as data, and the one HTML file that shows it.
//!
//! A [`Report`] is a document of sections, parts and blocks (tables, curves, graphs, images, what pixels are made of). It
//! is written as JSON, and [`html`] renders that and nothing else: each number on the page is one of the JSON's, at the
//! precision that its column asks for. The page is one file: style and script are in it, images too; it asks no server.
//!
//! | module | holds |
//! |---|---|
//! | [`document`] | the report as data |
//! | [`block`] | what a part shows |
//! | [`table`] | tables, and their CSV |
//! | [`number`] | numbers as text |
//! | [`html`] | the page |
//!
//! ```
//! use unspool_report::{Block, Cell, Column, Format, Part, Report, Section, Table};
//! let table = Table::new("heights", "Heights", "Of two hills.")
//!     .column(Column::new("hill", Format::Text))
//!     .column(Column::new("metres", Format::Fixed(1)).more_is_better())
//!     .row([Cell::text("east"), Cell::number(103.25)])
//!     .row([Cell::text("west"), Cell::number(99.5)]);
//! let part = Part::new("hills", "Two hills").with(Block::Table(table));
//! let report = Report::new("Hills").with(Section::new("land", "The land", "Where it is high.").with(part));
//! let page = unspool_report::html::render(&report, &|_| None)?;
//! assert!(page.contains("103.2") && !page.contains("http://"));
//! # Ok::<(), unspool_report::Error>(())
//! ```
// library code does not panic: what cannot fail says why (expect)
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::unreachable)
)]

pub mod block;
mod chart;
pub mod document;
mod error;
pub mod html;
pub mod number;
pub mod table;

pub use block::{Axis, Block, Curves, Edge, Graphs, Layer, Mark, Neighbourhoods, Node, Photo, Pixel, Series, Slider};
pub use document::{Environment, Part, Report, Section};
pub use error::{Error, Result};
pub use number::{Format, round};
pub use table::{Cell, Column, Number, Row, Table};
