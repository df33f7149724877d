//! What is written is what is read, bit for bit.

use proptest::prelude::*;
use unspool_graph::io::{GraphFormat, parse_nodes, read_graph, read_nodes, write_graph, write_nodes};
use unspool_graph::{Edge, Graph, pairs};

use crate::common::{awkward, same, same_weights};

fn weight() -> impl Strategy<Value = f64> {
    let special = [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1e308, f64::MAX, f64::MIN, 0.1, 1.0, 3.0, 1e22];
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |w| w.is_finite()),
        proptest::sample::select(special.to_vec()),
    ]
}

fn graph(letters: &'static str) -> impl Strategy<Value = Graph> {
    (1_usize..9).prop_flat_map(move |nodes| {
        let edges = proptest::collection::vec(proptest::option::of(weight()), pairs::count(nodes));
        let names = proptest::collection::hash_set(letters, nodes);
        let positions = proptest::collection::vec([weight(), weight()], nodes);
        (edges, proptest::option::of(names), proptest::option::of(positions)).prop_map(
            move |(edges, names, positions)| {
                let edges = pairs::iter(nodes).zip(edges).filter_map(|((i, j), w)| Some(Edge { i, j, weight: w? }));
                let mut graph = Graph::new(nodes, edges.collect()).unwrap();
                // Names that are only the numbers of the nodes count as none.
                let names = names.map(|names| names.into_iter().collect::<Vec<_>>());
                if let Some(names) = names.filter(|names| names.iter().any(|name| name.parse::<usize>().is_err())) {
                    graph = graph.with_names(names).unwrap();
                }
                positions.map_or(graph.clone(), |positions| graph.with_positions(positions).unwrap())
            },
        )
    })
}

/// Names of letters that XML allows.
const XML: &str = "[a-z0-9 ,;\"'<>&\\t\\r\\n\\]\u{a0}ż€\u{85}\u{2028}\u{feff}🐘]{0,6}";

fn trip(format: GraphFormat, graph: &Graph) -> Graph {
    let bytes = format.bytes(graph).unwrap();
    assert_eq!(bytes, format.bytes(graph).unwrap(), "the same graph has the same bytes");
    format.parse("a", &bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn formats_that_keep_all(graph in graph(XML)) {
        for format in [GraphFormat::GraphMl, GraphFormat::Gexf, GraphFormat::Json, GraphFormat::Npz] {
            let again = trip(format, &graph);
            prop_assert!(same(&graph, &again), "{format:?}: {graph:?} became {again:?}");
        }
    }

    #[test]
    fn json_keeps_every_name(graph in graph("\\PC{0,5}|[\\x00-\\x1f]{1,3}")) {
        prop_assert!(same(&graph, &trip(GraphFormat::Json, &graph)));
    }

    #[test]
    fn matrix_market_keeps_weights(graph in graph("[a-z]{1,5}")) {
        prop_assert!(same_weights(&graph, &trip(GraphFormat::MatrixMarket, &graph)));
    }

    #[test]
    fn edge_list_keeps_weights_and_names(graph in graph("(?s).{1,6}")) {
        let again = trip(GraphFormat::EdgeList, &graph);
        prop_assert!(same_weights(&graph, &again), "{graph:?} became {again:?}");
        prop_assert_eq!(graph.names(), again.names());
    }

    #[test]
    fn tables_of_nodes(graph in graph(XML)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nodes.csv");
        write_nodes(&path, &graph).unwrap();
        // A blank line is no row: a nameless node alone in its column is lost.
        prop_assume!(!graph.positions().is_empty() || graph.names().iter().all(|name| !name.is_empty()));
        let nodes = read_nodes(&path).unwrap();
        prop_assert_eq!(&nodes.positions, graph.positions());
        let bare = Graph::new(graph.nodes(), graph.edges().to_vec()).unwrap();
        let placed = nodes.place(bare).unwrap();
        if !graph.names().is_empty() {
            prop_assert!(same(&graph, &placed));
        }
    }
}

#[test]
fn files_of_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let graph = awkward();
    for format in GraphFormat::ALL {
        let path = folder.path().join(format!("graph.{}", format.extension()));
        assert_eq!(GraphFormat::of(&path).unwrap(), format);
        write_graph(&path, &graph).unwrap();
        let again = read_graph(&path).unwrap();
        assert!(same_weights(&graph, &again), "{format:?}");
    }
    // Nothing is left beside the files.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), GraphFormat::ALL.len());
}

#[test]
fn an_old_file_survives_a_failed_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.csv");
    std::fs::write(&path, "old").unwrap();
    let twins = Graph::new(2, Vec::new()).unwrap().with_names(vec!["a".into(), "a".into()]).unwrap();
    assert!(write_graph(&path, &twins).unwrap_err().to_string().contains("two nodes have it"));
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    let missing = folder.path().join("none").join("graph.csv");
    assert!(write_graph(missing, &awkward()).unwrap_err().hint().is_some());
}

#[test]
fn what_a_format_cannot_hold() {
    let named = |name: &str| Graph::new(1, Vec::new()).unwrap().with_names(vec![name.into()]).unwrap();
    assert!(GraphFormat::GraphMl.bytes(&named("a\0")).is_err());
    assert!(GraphFormat::Gexf.bytes(&named("\u{ffff}")).is_err());
    assert!(GraphFormat::Npz.bytes(&named("a\0")).is_err());
    assert!(GraphFormat::EdgeList.bytes(&named("")).is_err());
    let lost = Graph::new(1, Vec::new()).unwrap().with_positions(vec![[f64::NAN, 0.0]]).unwrap();
    for format in [GraphFormat::GraphMl, GraphFormat::Gexf, GraphFormat::Json, GraphFormat::Npz] {
        assert!(format.bytes(&lost).is_err(), "{format:?}");
    }
    for format in GraphFormat::ALL {
        assert!(format.bytes(&Graph::default()).is_err());
    }
}

#[test]
fn positions_by_name_and_by_order() {
    let nodes = parse_nodes("a.csv", b"station,longitude,latitude\nB,1,2\nA,3,4.5\n").unwrap();
    assert_eq!(nodes.names, ["B", "A"]);
    assert_eq!(nodes.positions_of(1, &["A".into()]).unwrap(), [[3.0, 4.5]]);
    assert_eq!(nodes.positions_of(2, &[]).unwrap(), [[1.0, 2.0], [3.0, 4.5]]);
    assert!(nodes.positions_of(3, &[]).is_err());
    assert!(nodes.positions_of(1, &["C".into()]).unwrap_err().to_string().contains("\"C\""));
    let nodes = parse_nodes("a.csv", b"x,y\n1,2\n").unwrap();
    assert!(nodes.names.is_empty());
    for bad in ["x,z\n1,2\n", "x,y\n", "x,y\n1\n", "x,y\n1,b\n", "x,y\n1,\n", "x,y\n1,inf\n", ""] {
        assert!(parse_nodes("a.csv", bad.as_bytes()).is_err(), "{bad:?}");
    }
}
