//! GraphML.

use std::collections::HashMap;

use quick_xml::Writer;

use super::draft::{At, Draft, UNDIRECTED, number};
use super::file::{Source, shown};
use super::xml::{self, Element, Item, Items};
use crate::error::Result;
use crate::graph::Graph;

/// An attribute of nodes or edges that is read.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Name,
    Label,
    X,
    Y,
    Weight,
}

/// What `<data>` belongs to.
enum Owner {
    Node(usize),
    Edge { ends: (String, String), weight: Option<f64>, at: usize },
}

#[derive(Default)]
struct Parser {
    draft: Draft,
    /// The role of each key.
    keys: HashMap<String, Role>,
    /// The role whose declaration is open.
    declared: Option<Role>,
    /// What nodes and edges have that do not say; one a role.
    defaults: Vec<(Role, String)>,
    owner: Option<Owner>,
    /// The key of the open `<data>`, and where that is.
    data: Option<(String, usize)>,
    graphs: usize,
}

/// Reads GraphML: undirected, one graph, without ports and hyperedges.
pub(super) fn parse(source: &Source) -> Result<Graph> {
    let mut items = Items::new(*source, "graphml")?;
    let source = &items.source();
    let mut parser = Parser::default();
    while let Some(item) = items.next()? {
        match item {
            Item::Open(element) => parser.open(source, element)?,
            Item::Close(name, text) => parser.close(source, &name, text)?,
        }
    }
    parser.draft.finish(source)
}

impl Parser {
    fn open(&mut self, source: &Source, element: Element) -> Result<()> {
        let bad = |problem: &str, hint| Err(source.bad(source.line(element.at), problem, hint));
        match element.name.as_str() {
            "key" => {
                let id = element.need(source, "id")?;
                let of = element.get("for").unwrap_or("all");
                let title = element.get("attr.name").unwrap_or(&id).to_ascii_lowercase();
                let role = match (of, title.as_str()) {
                    ("node" | "all", "name") => Role::Name,
                    ("node" | "all", "label") => Role::Label,
                    ("node" | "all", "x") => Role::X,
                    ("node" | "all", "y") => Role::Y,
                    ("edge" | "all", "weight") => Role::Weight,
                    _ => return Ok(()),
                };
                self.declared = Some(role);
                self.keys.insert(id, role);
            }
            "graph" => {
                self.graphs += 1;
                if self.graphs > 1 {
                    return bad("a second graph begins here", "keep one graph in the file");
                }
                if element.get("edgedefault") == Some("directed") {
                    return bad("the graph is directed", UNDIRECTED);
                }
            }
            "node" => {
                let id = element.need(source, "id")?;
                let (node, new) = self.draft.node(&id);
                if !new {
                    return bad(&format!("the node {id:?} comes twice"), "give each node its own identifier");
                }
                self.owner = Some(Owner::Node(node));
            }
            "edge" => {
                if element.get("directed") == Some("true") {
                    return bad("the edge is directed", UNDIRECTED);
                }
                let ends = (element.need(source, "source")?, element.need(source, "target")?);
                self.owner = Some(Owner::Edge { ends, weight: None, at: element.at });
            }
            "hyperedge" => return bad("there are hyperedges", "a graph has edges of two nodes"),
            "data" => self.data = Some((element.need(source, "key")?, element.at)),
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, source: &Source, name: &str, text: String) -> Result<()> {
        match name {
            "key" => self.declared = None,
            "default" => {
                if let Some(role) = self.declared.filter(|role| self.defaults.iter().all(|(other, _)| other != role)) {
                    self.defaults.push((role, text));
                }
            }
            "data" => {
                let Some((key, at)) = self.data.take() else { return Ok(()) };
                if let Some(&role) = self.keys.get(&key) {
                    self.set(source, role, text, at)?;
                }
            }
            "node" => {
                self.defaults(source)?;
                self.owner = None;
            }
            "edge" => {
                self.defaults(source)?;
                if let Some(Owner::Edge { ends, weight, at }) = self.owner.take() {
                    self.draft.link(ends, weight.unwrap_or(1.0), At::Byte(at));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Gives an attribute to the open node or edge.
    fn set(&mut self, source: &Source, role: Role, text: String, at: usize) -> Result<()> {
        let value = || {
            let problem = || format!("{} is not a number", shown(&text));
            number(&text).ok_or_else(|| source.bad(source.line(at), problem(), "weight, x and y are numbers"))
        };
        match (&mut self.owner, role) {
            (Some(Owner::Edge { weight, .. }), Role::Weight) => *weight = Some(value()?),
            (Some(Owner::Node(node)), Role::X) => self.draft.nodes[*node].x = Some(value()?),
            (Some(Owner::Node(node)), Role::Y) => self.draft.nodes[*node].y = Some(value()?),
            (Some(Owner::Node(node)), Role::Name) => self.draft.nodes[*node].name = Some(text),
            (Some(Owner::Node(node)), Role::Label) => {
                self.draft.nodes[*node].name.get_or_insert(text);
            }
            _ => {}
        }
        Ok(())
    }

    /// Gives the open node or edge what it has not said itself.
    fn defaults(&mut self, source: &Source) -> Result<()> {
        for (role, default) in self.defaults.clone() {
            let missing = match &self.owner {
                Some(Owner::Edge { weight, .. }) => weight.is_none(),
                Some(Owner::Node(node)) => {
                    let node = &self.draft.nodes[*node];
                    match role {
                        Role::X => node.x.is_none(),
                        Role::Y => node.y.is_none(),
                        _ => node.name.is_none(),
                    }
                }
                None => false,
            };
            if missing {
                self.set(source, role, default, 0)?;
            }
        }
        Ok(())
    }
}

/// Nodes are called 0, 1, ...; names and positions are their attributes `name`, `x`, `y`.
pub(super) fn bytes(graph: &Graph) -> Result<Vec<u8>> {
    xml::check(graph)?;
    let mut writer = xml::writer();
    writer
        .create_element("graphml")
        .with_attribute(("xmlns", "http://graphml.graphdrawing.org/xmlns"))
        .write_inner_content(|writer| content(writer, graph))
        .expect("memory takes every element");
    Ok(xml::finish(writer))
}

fn content(writer: &mut Writer<Vec<u8>>, graph: &Graph) -> std::io::Result<()> {
    let key = |writer: &mut Writer<Vec<u8>>, name, of, kind| {
        let attributes = [("id", name), ("for", of), ("attr.name", name), ("attr.type", kind)];
        writer.create_element("key").with_attributes(attributes).write_empty().map(|_| ())
    };
    if !graph.names().is_empty() {
        key(writer, "name", "node", "string")?;
    }
    if !graph.positions().is_empty() {
        key(writer, "x", "node", "double")?;
        key(writer, "y", "node", "double")?;
    }
    key(writer, "weight", "edge", "double")?;
    if !graph.probabilities().is_empty() {
        key(writer, "probability", "edge", "double")?;
    }
    writer.create_element("graph").with_attribute(("edgedefault", "undirected")).write_inner_content(|writer| {
        for node in 0..graph.nodes() {
            let id = node.to_string();
            let element = writer.create_element("node").with_attribute(("id", id.as_str()));
            let (name, position) = (graph.names().get(node), graph.positions().get(node));
            if name.is_none() && position.is_none() {
                element.write_empty()?;
                continue;
            }
            element.write_inner_content(|writer| {
                if let Some(name) = name {
                    xml::text_element(writer, "data", ("key", "name"), name)?;
                }
                if let Some([x, y]) = position {
                    xml::text_element(writer, "data", ("key", "x"), &format!("{x:?}"))?;
                    xml::text_element(writer, "data", ("key", "y"), &format!("{y:?}"))?;
                }
                Ok(())
            })?;
        }
        for (number, edge) in graph.edges().iter().enumerate() {
            let ends = (edge.i.to_string(), edge.j.to_string());
            writer
                .create_element("edge")
                .with_attributes([("source", ends.0.as_str()), ("target", ends.1.as_str())])
                .write_inner_content(|writer| {
                if let Some(p) = graph.probabilities().get(number) {
                    xml::text_element(writer, "data", ("key", "probability"), &format!("{p:?}"))?;
                }
                xml::text_element(writer, "data", ("key", "weight"), &format!("{:?}", edge.weight))
            })?;
        }
        Ok(())
    })?;
    Ok(())
}
