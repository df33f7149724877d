//! All formats of graph files.
//!
//! The first byte chooses the format. What must hold: nothing panics, nor takes memory that a header claims; a graph that
//! is read is written in every format that can hold it and read back with the same bits, or is refused with a hint.
#![no_main]

use libfuzzer_sys::fuzz_target;
use unspool_graph::Graph;
use unspool_graph::io::GraphFormat;

/// Formats may claim nodes that they do not list.
const MOST_NODES: usize = 1000;

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    let format = GraphFormat::ALL[usize::from(first) % GraphFormat::ALL.len()];
    let graph = match format.parse("x", bytes) {
        Ok(graph) => graph,
        Err(error) => return assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{error}"),
    };
    if graph.nodes() > MOST_NODES {
        return;
    }
    for format in GraphFormat::ALL {
        match format.bytes(&graph) {
            Ok(bytes) => {
                let back = format.parse("x", &bytes).unwrap_or_else(|error| panic!("{format:?}: {error}\n{graph:?}"));
                same(format, &graph, &back);
            }
            Err(error) => assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{error}"),
        }
    }
});

/// Asserts that a graph came back with all that the format keeps.
fn same(format: GraphFormat, graph: &Graph, back: &Graph) {
    let edges = |graph: &Graph| -> Vec<_> { graph.edges().iter().map(|e| (e.i, e.j, e.weight.to_bits())).collect() };
    let positions = |graph: &Graph| -> Vec<_> { graph.positions().iter().map(|p| p.map(f64::to_bits)).collect() };
    let is_list = format == GraphFormat::EdgeList;
    if is_list && are_numbers(graph) {
        // these are no names in an edge list
        return;
    }
    assert_eq!(graph.nodes(), back.nodes(), "{format:?}: {graph:?} {back:?}");
    assert_eq!(edges(graph), edges(back), "{format:?}: {graph:?} {back:?}");
    if format != GraphFormat::MatrixMarket {
        assert_eq!(graph.names(), back.names(), "{format:?}: {graph:?}");
    }
    if format != GraphFormat::MatrixMarket && !is_list {
        assert_eq!(positions(graph), positions(back), "{format:?}: {graph:?}");
    }
}

/// Whether the names are those that nodes without names have, in some order.
fn are_numbers(graph: &Graph) -> bool {
    let number =
        |name: &String| name.parse().is_ok_and(|number: usize| number.to_string() == *name && number < graph.nodes());
    !graph.names().is_empty() && graph.names().iter().all(number)
}
