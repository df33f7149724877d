//! Files: signals, distances and positions in; graphs in and out.
//!
//! | function | file |
//! |---|---|
//! | [`read_signals`], [`read_distances`] | `.csv`, `.tsv` (also `.gz`), `.npy`, `.npz`, `.parquet` (feature `parquet`) |
//! | [`read_nodes`], [`write_nodes`] | a table of names and positions, `.csv` |
//! | [`read_graph`], [`write_graph`] | `.csv`, `.graphml`, `.gexf`, `.mtx`, `.npz`, `.json`, see [`GraphFormat`] |
//!
//! The extension chooses the format. Each function that reads has a twin `parse_...` for bytes in memory. Numbers keep
//! every bit from writing to reading. A file is written under a temporary name in the same folder and then renamed, so
//! that an older file of that name stays intact if writing fails.
//!
//! Bad input is an error that names the file and the place in it, never a panic; nothing is allocated because a header
//! claims it, and a compressed file may expand to at most [`EXPANDED_LIMIT`].
//!
//! **Names.** In most formats nodes have an identifier. Nodes called 0, 1, ..., m-1, in any order, are numbered so and
//! have no names; all others are numbered in the order of the file and their identifiers are their names.
//!
//! ```
//! use unspool_graph::io::{GraphFormat, read_graph, write_graph};
//! use unspool_graph::{Edge, Graph};
//! let graph = Graph::new(3, vec![Edge { i: 0, j: 2, weight: 0.1 }])?.with_names(vec!["a".into(), "b".into(), "c".into()])?;
//! let folder = tempfile::tempdir().expect("a temporary folder");
//! let path = folder.path().join("graph.csv");
//! write_graph(&path, &graph)?;
//! assert_eq!(read_graph(&path)?, graph);
//! let text = String::from_utf8(GraphFormat::EdgeList.bytes(&graph)?).expect("text");
//! assert_eq!(text, "source,target,weight\na,a,0.0\nb,b,0.0\na,c,0.1\n");
//! # Ok::<(), unspool_graph::Error>(())
//! ```

mod archive;
#[cfg(feature = "parquet")]
mod caught;
mod distances;
mod draft;
mod edge_list;
mod file;
mod format;
mod gexf;
mod graphml;
mod json;
mod matrix;
mod matrix_market;
mod nodes;
mod npy;
#[cfg(feature = "parquet")]
mod parquet;
mod signals;
mod sparse;
mod table;
mod xml;

pub use archive::read_arrays;
pub use distances::{Distances, parse_distances, read_distances};
pub use file::EXPANDED_LIMIT;
pub use format::{GraphFormat, read_graph, write_graph};
pub use matrix::ReadOptions;
pub use nodes::{NodeTable, parse_nodes, read_nodes, write_nodes};
pub use signals::{parse_signals, read_signals, signals_bytes, write_signals};
