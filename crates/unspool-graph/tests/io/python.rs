//! What networkx, SciPy and NumPy read of ours, and we of theirs.
//!
//! Runs where `python3` (or the interpreter that `UNSPOOL_PYTHON` names) has these packages.

use std::path::Path;
use std::process::Command;

use unspool_graph::io::{
    GraphFormat, ReadOptions, parse_signals, read_distances, read_graph, read_signals, write_graph,
};
use unspool_graph::{Edge, Graph};

use crate::common::{awkward, same_weights};

/// Runs a script in a folder; nothing if there is no interpreter with the packages.
fn run(folder: &Path, script: &str) -> Option<()> {
    let python = std::env::var("UNSPOOL_PYTHON").unwrap_or_else(|_| "python3".into());
    let import = "import json, sys, numpy as np, networkx as nx, scipy.sparse as sp, scipy.io";
    if !Command::new(&python).args(["-c", import]).output().is_ok_and(|output| output.status.success()) {
        println!("skipped: {python} with numpy, scipy and networkx is not there");
        return None;
    }
    let output =
        Command::new(&python).current_dir(folder).args(["-c", &format!("{import}\n{script}")]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(())
}

/// Every reader must find the weights, written as hexadecimal numbers, and the names.
const READ: &str = r#"
import csv
want = {}
lines = open("weights.txt").read().split("\n")
m, names = int(lines[0]), json.loads(lines[1])
for line in lines[2:]:
    if line:
        i, j, w = line.split()
        want[int(i), int(j)] = float.fromhex(w) if w[0] != "b" else np.array([int(w[1:])], dtype=np.uint64).view(float)[0]
def check(what, graph, index):
    assert not graph.is_directed() and graph.number_of_nodes() == m, what
    got = {}
    for a, b, d in graph.edges(data=True):
        a, b = sorted((index(a), index(b)))
        if a != b:
            got[a, b] = d["weight"]
        else:
            assert d["weight"] == 0, what
    assert got.keys() == want.keys(), (what, got, want)
    for pair in want:
        assert np.float64(got[pair]).tobytes() == np.float64(want[pair]).tobytes(), (what, pair, got[pair], want[pair])
def matrix(what, W):
    W = W.tocoo()
    assert W.shape == (m, m), what
    got = dict(zip(zip(W.row.tolist(), W.col.tolist()), W.data))
    assert len(got) == 2 * len(want), what
    for (i, j), w in want.items():
        assert got[i, j].tobytes() == got[j, i].tobytes() == np.float64(w).tobytes(), (what, i, j)
g = nx.read_graphml("g.graphml")
check("graphml", g, int)
assert [g.nodes[str(i)]["name"] for i in range(m)] == names
assert all(g.nodes[str(i)]["x"] == i / 7 and g.nodes[str(i)]["y"] == -1e-300 for i in range(m))
g = nx.read_gexf("g.gexf")
check("gexf", g, int)
assert [g.nodes[str(i)]["label"] for i in range(m)] == names
assert all(g.nodes[str(i)]["viz"]["position"]["x"] == i / 7 for i in range(m))
data = json.load(open("g.json"))
key = "edges" if "edges" in __import__("inspect").signature(nx.node_link_graph).parameters else "link"
g = nx.node_link_graph(data, **{key: "edges"})
check("json", g, int)
assert [g.nodes[i]["name"] for i in range(m)] == names
g = nx.Graph()
for row in csv.DictReader(open("g.csv", newline="")):
    g.add_edge(row["source"], row["target"], weight=float(row["weight"]))
check("csv", g, names.index)
assert list(g) == names
matrix("mtx", sp.coo_array(scipy.io.mmread("g.mtx")))
matrix("npz", sp.load_npz("g.npz"))
extra = np.load("g.npz")
assert extra["names"].tolist() == names and extra["positions"].shape == (m, 2)
try:
    import pandas as pd
except ImportError:
    pass
else:
    t = pd.read_csv("g.csv", float_precision="round_trip")
    g = nx.from_pandas_edgelist(t.astype({"source": str, "target": str}), edge_attr="weight")
    check("pandas", g, names.index)
"#;

#[test]
fn python_reads_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let graph = awkward();
    for format in GraphFormat::ALL {
        write_graph(folder.path().join(format!("g.{}", format.extension())), &graph).unwrap();
    }
    let edges = graph.edges().iter().map(|e| format!("{} {} b{}", e.i, e.j, e.weight.to_bits()));
    let head = [graph.nodes().to_string(), serde_json::to_string(graph.names()).unwrap()];
    let lines: Vec<String> = head.into_iter().chain(edges).collect();
    std::fs::write(folder.path().join("weights.txt"), lines.join("\n")).unwrap();
    run(folder.path(), READ);
}

/// A graph with numbered nodes in a disorderly order, and one with names.
const WRITE: &str = r#"
g = nx.Graph()
g.add_edge(3, 0, weight=0.1)
g.add_edge(0, 2, weight=5e-324)
g.add_edge(1, 2, weight=1e308)
g.add_edge(2, 3, weight=-0.0)
g.add_node(4)
n = nx.relabel_nodes(g, {0: "a,b", 1: "c \"d\"", 2: "<&>", 3: "é\n", 4: "x"})
for i, k in enumerate(n):
    n.nodes[k].update(x=float(i), y=-1.5)
for name, h in ("numbers", g), ("names", n):
    nx.write_graphml(h, name + ".graphml")
    nx.write_gexf(h, name + ".gexf")
    json.dump(nx.node_link_data(h), open(name + ".json", "w"))
    d = nx.node_link_data(h)
    d["links"] = d.pop("edges") if "edges" in d else d["links"]
    json.dump(d, open(name + "_links.json", "w"))
W = nx.to_scipy_sparse_array(g, nodelist=range(5), format="csr")
sp.save_npz("csr.npz", W)
sp.save_npz("csc.npz", sp.csc_matrix(W), compressed=False)
sp.save_npz("coo.npz", sp.coo_matrix(W))
scipy.io.mmwrite("auto.mtx", W)
scipy.io.mmwrite("general.mtx", W, symmetry="general")
nx.write_weighted_edgelist(g.subgraph(range(4)), "list.csv", delimiter=",")
nx.write_graphml(nx.DiGraph(g), "directed.graphml")
nx.write_gexf(nx.DiGraph(g), "directed.gexf")
json.dump(nx.node_link_data(nx.DiGraph(g)), open("directed.json", "w"))
"#;

#[test]
fn what_python_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    if run(folder.path(), WRITE).is_none() {
        return;
    }
    let edges = [(0, 3, 0.1), (0, 2, 5e-324), (1, 2, 1e308), (2, 3, -0.0)];
    let edges: Vec<Edge> = edges.map(|(i, j, weight)| Edge { i, j, weight }).to_vec();
    let want = Graph::new(5, edges.clone()).unwrap();
    let read = |name: &str| read_graph(folder.path().join(name)).unwrap();
    for name in
        ["numbers.graphml", "numbers.gexf", "numbers.json", "numbers_links.json", "csr.npz", "csc.npz", "coo.npz"]
    {
        let graph = read(name);
        assert!(same_weights(&graph, &want) && graph.names().is_empty(), "{name}: {graph:?}");
    }
    assert!(same_weights(&read("list.csv"), &Graph::new(4, edges.clone()).unwrap()));
    for name in ["auto.mtx", "general.mtx"] {
        assert_eq!(read(name).edges(), want.edges(), "{name}");
    }
    // The order of networkx: 3, 0, 2, 1, 4.
    let place = |node: usize| [1, 3, 2, 0, 4][node];
    let moved = edges.iter().map(|e| Edge { i: place(e.i), j: place(e.j), weight: e.weight }).collect();
    let want = Graph::new(5, moved).unwrap();
    for name in ["names.graphml", "names.gexf", "names.json", "names_links.json"] {
        let graph = read(name);
        assert!(same_weights(&graph, &want), "{name}: {graph:?}");
        assert_eq!(graph.names(), ["é\n", "a,b", "<&>", "c \"d\"", "x"], "{name}");
        assert_eq!(graph.positions()[4], [4.0, -1.5], "{name}");
    }
    for name in ["directed.graphml", "directed.gexf", "directed.json"] {
        let error = read_graph(folder.path().join(name)).unwrap_err();
        assert!(error.to_string().contains("directed"), "{error}");
    }
}

const ARRAYS: &str = r#"
X = np.array([[0.1, 5e-324, -0.0], [1e308, np.nan, 1 / 3]])
np.save("c.npy", X)
np.save("f.npy", np.asfortranarray(X))
np.save("big.npy", X.astype(">f8"))
np.savez("plain.npz", X=X, t=np.arange(2), names=np.array(["a", "bé", "c"]))
np.savez_compressed("small.npz", data=X)
np.savetxt("x.csv", X, delimiter=",", fmt="%.17g")
np.save("objects.npy", np.array([[X, None]], dtype=object), allow_pickle=True)
from scipy.spatial.distance import pdist, squareform
z = pdist(np.arange(12.0).reshape(4, 3) ** 2, "sqeuclidean")
np.save("z.npy", z)
np.save("square.npy", squareform(z))
"#;

#[test]
fn arrays_of_numpy() {
    let folder = tempfile::tempdir().unwrap();
    if run(folder.path(), ARRAYS).is_none() {
        return;
    }
    let read = |name: &str| read_signals(folder.path().join(name), &ReadOptions::default());
    let want = [0.1, 5e-324, -0.0, 1e308, f64::NAN, 1.0 / 3.0];
    for name in ["c.npy", "f.npy", "big.npy", "plain.npz", "small.npz", "x.csv"] {
        let signals = read(name).unwrap();
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        assert!(signals.nodes() == 3 && signals.values().iter().zip(&want).all(same), "{name}: {signals:?}");
    }
    assert_eq!(read("plain.npz").unwrap().names(), ["a", "bé", "c"]);
    assert!(read("objects.npy").unwrap_err().to_string().contains("pickled"));
    let distances = |name: &str| read_distances(folder.path().join(name)).unwrap();
    assert_eq!(distances("z.npy"), distances("square.npy"));
    let bytes = std::fs::read(folder.path().join("plain.npz")).unwrap();
    for end in 0..bytes.len() {
        assert!(parse_signals("x.npz", &bytes[..end], &ReadOptions::default()).is_err());
    }
}
