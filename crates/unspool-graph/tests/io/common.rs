//! Examples, and what tests ask of errors.

use std::io::{Cursor, Write};

use unspool_graph::{Edge, Error, Graph};

/// A graph with isolated nodes, awkward names and weights, and positions.
pub(crate) fn awkward() -> Graph {
    let names = ["a,b", "c \"d\"", "line\nend", "<&>'", "żółć 🐘", " space ", "0"];
    let weights = [5e-324, 1e308, -0.0, 0.1 + 0.2, 1.0 / 3.0, 2.0];
    let pairs = [(0, 1), (0, 4), (1, 2), (1, 4), (4, 6), (2, 6)];
    let edges = pairs.iter().zip(weights).map(|(&(i, j), weight)| Edge { i, j, weight }).collect();
    let graph = Graph::new(7, edges).and_then(|graph| graph.with_names(names.map(String::from).to_vec()));
    graph.and_then(|graph| graph.with_positions((0..7).map(|i| [f64::from(i) / 7.0, -1e-300]).collect())).unwrap()
}

/// Whether two graphs have the same bits: signs of zeros count.
pub(crate) fn same_weights(a: &Graph, b: &Graph) -> bool {
    let bits = |graph: &Graph| -> Vec<_> { graph.edges().iter().map(|e| (e.i, e.j, e.weight.to_bits())).collect() };
    a.nodes() == b.nodes() && bits(a) == bits(b)
}

/// Whether two graphs are the same, bit for bit, with names and positions.
pub(crate) fn same(a: &Graph, b: &Graph) -> bool {
    let bits = |graph: &Graph| -> Vec<_> { graph.positions().iter().map(|p| p.map(f64::to_bits)).collect() };
    same_weights(a, b) && a.names() == b.names() && bits(a) == bits(b)
}

/// The message of an error about a file, which must have a hint.
pub(crate) fn message<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => panic!("must be refused"),
        Err(error) => {
            assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{error}");
            assert!(matches!(error, Error::File { .. }), "{error}");
            error.to_string()
        }
    }
}

/// Asserts that the message of an error has these parts.
#[track_caller]
pub(crate) fn refused<T>(result: Result<T, Error>, parts: &[&str]) {
    let message = message(result);
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

/// An NPY array of version 1 with this header.
pub(crate) fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// An NPY array of little-endian doubles in C order.
pub(crate) fn doubles(shape: &str, values: &[f64]) -> Vec<u8> {
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    npy(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n"), &data)
}

/// A ZIP file.
pub(crate) fn archive(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
