//! Graphs as other tools write them, and bad ones.

use unspool_graph::Graph;
use unspool_graph::io::GraphFormat::{self, EdgeList, Gexf, GraphMl, Json, MatrixMarket, Npz};
use unspool_graph::io::read_graph;

use crate::common::{archive, doubles, npy, refused};

fn read(format: GraphFormat, text: &str) -> unspool_graph::Result<Graph> {
    format.parse("g", text.as_bytes())
}

/// Names, and edges with weights.
fn seen(graph: &Graph) -> (Vec<String>, Vec<(usize, usize, f64)>) {
    (graph.names().to_vec(), graph.edges().iter().map(|e| (e.i, e.j, e.weight)).collect())
}

#[test]
fn edge_lists() {
    let names = || vec!["a".to_string(), "b".into(), "c".into()];
    let edges = || vec![(0, 1, 0.5), (1, 2, 2.0)];
    for text in [
        "source,target,weight\na,b,0.5\nb,c,2\n",
        "a,b,0.5\nb,c,2",
        "\u{feff}Source,Target,Type,Id,Weight\r\na,b,Undirected,0,0.5\r\n\r\nb,c,Undirected,1,2\r\n",
        "weight,source,target\n0.5,a,b\n 2e0 ,b,c\n",
    ] {
        assert_eq!(seen(&read(EdgeList, text).unwrap()), (names(), edges()), "{text}");
    }
    // Numbers are numbers, in any order; a gap makes them names.
    assert_eq!(seen(&read(EdgeList, "2,1\n0,1\n").unwrap()), (vec![], vec![(0, 1, 1.0), (1, 2, 1.0)]));
    assert_eq!(seen(&read(EdgeList, "1,1000000000\n").unwrap()).0, ["1", "1000000000"]);
    assert_eq!(seen(&read(EdgeList, "source;target;weight\na;b;0.5\n").unwrap()).1, [(0, 1, 0.5)]);
    assert_eq!(seen(&read(EdgeList, "a\tb\t0.5\n").unwrap()).1, [(0, 1, 0.5)]);
    assert_eq!(read(EdgeList, "source,target\nx,x,\n").map(|g| g.nodes()).ok(), None);
    assert_eq!(read(EdgeList, "source,target,weight\nx,x,0\ny,y,0\n").unwrap().nodes(), 2);
}

#[test]
fn bad_edge_lists() {
    for (text, parts) in [
        ("source,target,weight\na,b,1\na,a,1\n", ["line 3", "node a has an edge to itself"]),
        ("source,target,weight\n\n\na,b,1\n\"b\",a,1\n", ["line 5", "edge of a and b comes twice"]),
        ("source,target,weight\na,b,x\n", ["line 2, column 3", "\"x\" is not a number"]),
        ("source,target,weight\na,b,\n", ["line 2, column 3", "\"\" is not a number"]),
        ("source,target,weight\na,b,inf\n", ["line 2", "weight inf"]),
        ("source,target,weight\na,b,1e400\n", ["line 2", "weight inf"]),
        ("source,target,weight\na,b,nan\n", ["line 2", "weight NaN"]),
        ("source,target,weight\na,b\n", ["line 2", "has 2 cells, the first row has 3"]),
        ("source,target,weight\na,,1\n", ["line 2, column 2", "no name"]),
        ("source,target,type\na,b,Directed\n", ["line 2", "directed"]),
        ("a,b,c,d\n", ["line 1", "4 cells and no header"]),
        ("source,target,weight\n", ["g", "no nodes"]),
        ("", ["g", "empty"]),
        ("\n\n", ["g", "empty"]),
    ] {
        refused(read(EdgeList, text), &parts);
    }
    refused(EdgeList.parse("g", b"a,b,1\nc,\xff,1\n"), &["line 2", "UTF-8"]);
}

#[test]
fn graphml() {
    let text = r#"<?xml version='1.0' encoding='utf-8'?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <key id="d1" for="edge" attr.name="weight" attr.type="double"><default>4</default></key>
  <key id="d0" for="node" attr.name="label" attr.type="string" />
  <key id="d2" for="node" attr.name="colour" attr.type="string" />
  <graph edgedefault="undirected"><desc>a &lt;b&gt;</desc>
    <edge source="n 1" target="n2"><data key="d1"> 0.5 </data></edge>
    <edge source="n3" target="n2" />
    <node id="n 1"><data key="d0">A&#10;&amp;<![CDATA[<B>]]></data><data key="d2">red</data></node>
    <node id="n2"/><node id="n3"></node>
  </graph>
</graphml>"#;
    let expected = vec!["A\n&<B>".to_string(), "n2".into(), "n3".into()];
    assert_eq!(seen(&read(GraphMl, text).unwrap()), (expected, vec![(0, 1, 0.5), (1, 2, 4.0)]));
    let wrap = |inside: &str| format!("<graphml>\n<graph edgedefault='undirected'>{inside}</graph></graphml>");
    let nodes = "<node id='a'/><node id='b'/>";
    assert_eq!(seen(&read(GraphMl, &wrap(&format!("{nodes}<edge source='a' target='b'/>"))).unwrap()).1, [(0, 1, 1.0)]);
    for (inside, parts) in [
        (format!("{nodes}\n<edge source='a' target='a'/>"), ["line 3", "node a has an edge to itself"]),
        (format!("{nodes}<edge source='a' target='b'/>\n<edge source='b' target='a'/>"), ["line 3", "comes twice"]),
        (format!("{nodes}<edge source='a' target='c'/>"), ["line 2", "node \"c\""]),
        (format!("{nodes}<edge source='a' target='b' directed='true'/>"), ["line 2", "directed"]),
        (format!("{nodes}<edge source='a'/>"), ["line 2", "no attribute target"]),
        ("<node id='a'/><node id='a'/>".into(), ["line 2", "comes twice"]),
        ("<node id='a'><graph/></node>".into(), ["line 2", "second graph"]),
        ("<node id='&nbsp;'/>".into(), ["line 2", "nbsp"]),
        ("<node id='a'>&nbsp;</node>".into(), ["line 2", "nbsp"]),
        ("<hyperedge/>".into(), ["line 2", "hyperedges"]),
        (String::new(), ["g", "no nodes"]),
    ] {
        refused(read(GraphMl, &wrap(&inside)), &parts);
    }
    let directed = "<graphml><graph edgedefault='directed'/></graphml>";
    refused(read(GraphMl, directed), &["directed"]);
    refused(read(GraphMl, "<html/>"), &["not <graphml>"]);
    refused(read(GraphMl, "<graphml/><graphml/>"), &["second outermost"]);
    let keyed = |weight: &str| {
        format!(
            "<graphml><key id='w' for='edge' attr.name='weight'/><graph><node id='a'/><node id='b'/>\n<edge source='a' target='b'><data key='w'>{weight}</data></edge></graph></graphml>"
        )
    };
    refused(read(GraphMl, &keyed("heavy")), &["line 2", "\"heavy\" is not a number"]);
    refused(read(GraphMl, &keyed("NaN")), &["line 2", "weight NaN"]);
    refused(read(GraphMl, &keyed("")), &["line 2", "\"\" is not a number"]);
}

#[test]
fn gexf() {
    let text = r#"<gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz" version="1.3">
  <meta lastmodifieddate="2020-01-01"><creator>Gephi</creator></meta>
  <graph defaultedgetype="undirected" mode="static">
    <attributes class="node" mode="static"><attribute id="0" title="kind" type="string"/></attributes>
    <nodes count="2">
      <node id="p" label="P &amp; p"><attvalues><attvalue for="0" value="k"/></attvalues>
        <viz:size value="10.0"/><viz:position x="-1.5" y="2" z="0.0"/></node>
      <node id="q" label="Q"><viz:position x="3" y="4"/><nodes><node id="r"><viz:position x="5" y="6"/></node></nodes></node>
    </nodes>
    <edges><edge id="0" source="p" target="q" weight="2.5"/><edge id="1" source="r" target="q" type="undirected"/></edges>
  </graph>
</gexf>"#;
    let graph = read(Gexf, text).unwrap();
    let expected = vec!["P & p".to_string(), "Q".into(), "r".into()];
    assert_eq!(seen(&graph), (expected, vec![(0, 1, 2.5), (1, 2, 1.0)]));
    assert_eq!(graph.positions(), [[-1.5, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    for (from, to, part) in [
        ("\"undirected\" mode", "\"directed\" mode", "line 3: the graph is directed"),
        ("type=\"undirected\"/>", "type=\"directed\"/>", "line 10: the edge is directed"),
        ("source=\"r\"", "source=\"q\"", "node q has an edge to itself"),
        ("source=\"r\"", "source=\"p\"", "line 10: the edge of p and q comes twice"),
        ("weight=\"2.5\"", "weight=\"\"", "is not a number"),
        ("<viz:position x=\"3\" y=\"4\"/>", "", "node Q has no position"),
        ("x=\"3\"", "x=\"inf\"", "not finite"),
        ("<gexf", "<!DOCTYPE gexf><gexf", "document type"),
    ] {
        refused(read(Gexf, &text.replacen(from, to, 1)), &[part]);
    }
}

#[test]
fn matrix_market() {
    let real = "%%MatrixMarket matrix coordinate real ";
    let text = format!("{real}general\n% comment\n\n3 3 4\n1 2 1E-1\n2 1 .1\n3 2 7\n2 3 7\n");
    assert_eq!(seen(&read(MatrixMarket, &text).unwrap()).1, [(0, 1, 0.1), (1, 2, 7.0)]);
    let text = "%%matrixmarket MATRIX coordinate pattern symmetric\r\n2 2 2\r\n2 1\r\n1 1\r\n";
    refused(read(MatrixMarket, text), &["line 4", "node 1 has an edge to itself"]);
    for (rest, parts) in [
        ("symmetric\n3 3 2\n2 1 1\n", ["g", "1 entries where its header says 2"]),
        ("symmetric\n3 3 1\n2 1 1\n3 1 1\n", ["g", "2 entries where its header says 1"]),
        ("symmetric\n3 3 99999999999999999999\n", ["line 2", "not the size"]),
        ("symmetric\n3 3 18446744073709551615\n2 1 1\n", ["g", "1 entries"]),
        ("symmetric\n1000000000 1000000000 0\n", ["line 2", "claims 1000000000 nodes"]),
        ("symmetric\n3 4 0\n", ["line 2", "not the size of a square"]),
        ("symmetric\n3 3 1\n4 1 1\n", ["line 3", "not an entry"]),
        ("symmetric\n3 3 1\n0 1 1\n", ["line 3", "not an entry"]),
        ("symmetric\n3 3 1\n2 1\n", ["line 3", "not an entry"]),
        ("symmetric\n3 3 2\n2 1 1\n1 2 1\n", ["line 4", "edge of 1 and 2 comes twice"]),
        ("general\n3 3 1\n2 1 1\n", ["line 3", "not symmetric at row 2, column 1"]),
        ("general\n3 3 2\n2 1 1\n1 2 3\n", ["line 4", "not symmetric at row 1, column 2"]),
        ("skew-symmetric\n3 3 0\n", ["line 1", "skew-symmetric"]),
        ("symmetric\n", ["g", "no size line"]),
    ] {
        refused(read(MatrixMarket, &format!("{real}{rest}")), &parts);
    }
    refused(read(MatrixMarket, "%%MatrixMarket matrix array real general\n2 2\n0\n1\n1\n0\n"), &["line 1"]);
    refused(read(MatrixMarket, "2 2 0\n"), &["line 1", "not the header"]);
}

#[test]
fn json() {
    let text = r#"{"directed": false, "multigraph": false, "graph": {"k": [1]}, "nodes": [{"id": 2}, {"id": 0, "size": 3},
        {"id": 1}], "links": [{"source": 2, "target": 0, "weight": 3, "key": 0}, {"source": 1, "target": 0}]}"#;
    assert_eq!(seen(&read(Json, text).unwrap()), (vec![], vec![(0, 1, 1.0), (0, 2, 3.0)]));
    let wrap = |edges: &str| format!(r#"{{"nodes": [{{"id": "a"}}, {{"id": "b", "name": 7}}], "edges": [{edges}]}}"#);
    let edge = r#"{"source": "a", "target": "b", "weight": -0.0}"#;
    let graph = read(Json, &wrap(edge)).unwrap();
    assert_eq!(graph.names(), ["a", "7"]);
    assert!(graph.edges()[0].weight.is_sign_negative());
    refused(read(Json, &wrap(&format!("{edge},{edge}"))), &["edge 2", "the edge of a and b comes twice"]);
    refused(read(Json, &wrap(&edge.replace('b', "a"))), &["edge 1", "itself"]);
    refused(read(Json, &wrap(&edge.replace('b', "c"))), &["edge 1", "\"c\""]);
    refused(read(Json, &wrap(&edge.replace("-0.0", "1e999"))), &["line 1, column"]);
    refused(read(Json, &wrap(&edge.replace("-0.0", "NaN"))), &["line 1, column"]);
    refused(read(Json, &wrap("").replace("{\"nodes\"", "{\"directed\": true, \"nodes\"")), &["directed"]);
    refused(read(Json, r#"{"nodes": [{"id": 1}, {"id": "1"}], "edges": []}"#), &["node 2", "twice"]);
    refused(read(Json, &"[".repeat(100_000)), &["line 1"]);
}

#[test]
fn sparse_archives() {
    let whole = |values: &[i64]| -> Vec<u8> {
        let data: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
        npy(&format!("{{'descr': '>i8', 'fortran_order': False, 'shape': ({},), }}", values.len()), &data)
    };
    let text = |text: &str| {
        npy(&format!("{{'descr': '|S{}', 'fortran_order': False, 'shape': (), }}", text.len()), text.as_bytes())
    };
    let make = |format: &str, lists: [(&'static str, &[i64]); 2], shape: &[i64], data: &[f64]| {
        let data = doubles(&format!("({},)", data.len()), data);
        let [(a, first), (b, second)] = lists;
        archive(&[
            ("format.npy", text(format)),
            (&format!("{a}.npy"), whole(first)),
            (&format!("{b}.npy"), whole(second)),
            ("shape.npy", whole(shape)),
            ("data.npy", data),
        ])
    };
    let coo = |row: &[i64], col: &[i64], data: &[f64]| {
        Npz.parse("g", &make("coo", [("row", row), ("col", col)], &[3, 3], data))
    };
    assert_eq!(seen(&coo(&[0, 2, 1], &[2, 0, 1], &[0.5, 0.5, 0.0]).unwrap()).1, [(0, 2, 0.5)]);
    refused(coo(&[0], &[2], &[0.5]), &["not symmetric at row 1, column 3"]);
    refused(coo(&[0, 2, 2], &[2, 0, 0], &[0.5; 3]), &["not symmetric"]);
    refused(coo(&[0, 3], &[3, 0], &[0.5; 2]), &["index 3"]);
    refused(coo(&[-1], &[0], &[0.5]), &["array row", "-1 is no index"]);
    refused(coo(&[1], &[1], &[0.5]), &["node 1 has an edge to itself"]);
    refused(coo(&[0, 2], &[2], &[0.5; 2]), &["2 rows, 1 columns"]);
    refused(coo(&[0, 2], &[2, 0], &[f64::NAN; 2]), &["weight NaN"]);
    let csr = |starts: &[i64], shape: &[i64]| {
        Npz.parse("g", &make("csr", [("indptr", starts), ("indices", &[1, 0])], shape, &[0.5; 2]))
    };
    assert_eq!(seen(&csr(&[0, 1, 2], &[2, 2]).unwrap()).1, [(0, 1, 0.5)]);
    for starts in [&[0, 1][..], &[0, 2, 1], &[1, 1, 2], &[0, 1, 3], &[]] {
        refused(csr(starts, &[2, 2]), &["array indptr"]);
    }
    refused(csr(&[0, 1, 2], &[2, 3]), &["array shape"]);
    refused(csr(&[0, 1, 2], &[1 << 40, 1 << 40]), &["array shape"]);
    refused(csr(&[0, 1, 2], &[2]), &["array shape"]);
    refused(Npz.parse("g", &make("dia", [("offsets", &[0]), ("x", &[0])], &[2, 2], &[1.0])), &["\"dia\""]);
    refused(Npz.parse("g", &archive(&[("data.npy", doubles("(1,)", &[1.0]))])), &["not a sparse matrix"]);
}

#[test]
fn unknown_files() {
    refused(read_graph("graph.docx"), &["graph.docx", "unknown kind"]);
    refused(read_graph("graph.csv.gz"), &["unknown kind"]);
    let error = read_graph("/nonexistent/graph.csv").unwrap_err();
    assert!(error.to_string().contains("cannot be read") && error.hint().is_some());
}
