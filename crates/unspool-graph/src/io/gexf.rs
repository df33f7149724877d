//! GEXF.

use std::collections::HashMap;

use quick_xml::Writer;

use super::draft::{At, Draft, Node, UNDIRECTED, number};
use super::file::{Source, shown};
use super::xml::{self, Element, Item, Items};
use crate::error::Result;
use crate::graph::Graph;

#[derive(Default)]
struct Parser {
    draft: Draft,
    /// The class of the attributes being declared.
    class: Option<String>,
    /// Titles of the attributes of nodes, by identifier.
    titles: HashMap<String, String>,
    /// The open nodes; GEXF may nest them.
    open: Vec<usize>,
    /// Whether an edge is open.
    edge: bool,
}

/// Reads GEXF 1.1 to 1.3: undirected and static.
pub(super) fn parse(source: &Source) -> Result<Graph> {
    let mut items = Items::new(*source, "gexf")?;
    let source = &items.source();
    let mut parser = Parser::default();
    while let Some(item) = items.next()? {
        match item {
            Item::Open(element) => parser.open(source, element)?,
            Item::Close(name, _) => parser.close(&name),
        }
    }
    parser.draft.finish(source)
}

impl Parser {
    fn open(&mut self, source: &Source, element: Element) -> Result<()> {
        let bad = |problem: &str, hint| Err(source.bad(source.line(element.at), problem, hint));
        let number = |text: &str| {
            let problem = || format!("{} is not a number", shown(text));
            number(text).ok_or_else(|| source.bad(source.line(element.at), problem(), "weight, x and y are numbers"))
        };
        let directed = |kind: Option<&str>| matches!(kind, Some("directed" | "mutual"));
        let node = self.open.last().filter(|_| !self.edge).copied();
        let node: Option<&mut Node> = node.and_then(|node| self.draft.nodes.get_mut(node));
        match element.name.as_str() {
            "graph" if directed(element.get("defaultedgetype")) => return bad("the graph is directed", UNDIRECTED),
            "attributes" => self.class = element.get("class").map(str::to_owned),
            "attribute" if self.class.as_deref() == Some("node") => {
                let title = element.get("title").unwrap_or_default().to_ascii_lowercase();
                self.titles.insert(element.need(source, "id")?, title);
            }
            "node" => {
                let id = element.need(source, "id")?;
                let (index, new) = self.draft.node(&id);
                if !new {
                    return bad(&format!("the node {id:?} comes twice"), "give each node its own identifier");
                }
                self.draft.nodes[index].name = element.get("label").map(str::to_owned);
                self.open.push(index);
            }
            "position" => {
                if let Some(node) = node {
                    node.x = Some(number(&element.need(source, "x")?)?);
                    node.y = Some(number(&element.need(source, "y")?)?);
                }
            }
            "attvalue" => {
                let title = element.get("for").or_else(|| element.get("id")).and_then(|id| self.titles.get(id));
                let value = element.get("value").unwrap_or_default();
                match (node, title.map(String::as_str)) {
                    (Some(node), Some("name")) => node.name = Some(value.to_owned()),
                    (Some(node), Some("x")) => node.x = Some(number(value)?),
                    (Some(node), Some("y")) => node.y = Some(number(value)?),
                    _ => {}
                }
            }
            "edge" => {
                self.edge = true;
                if directed(element.get("type")) {
                    return bad("the edge is directed", UNDIRECTED);
                }
                let ends = (element.need(source, "source")?, element.need(source, "target")?);
                let weight = element.get("weight").map_or(Ok(1.0), number)?;
                self.draft.link(ends, weight, At::Byte(element.at));
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) {
        match name {
            "attributes" => self.class = None,
            "node" => drop(self.open.pop()),
            "edge" => self.edge = false,
            _ => {}
        }
    }
}

/// Nodes are called 0, 1, ...; names are their labels, positions the `viz:position` that Gephi reads.
pub(super) fn bytes(graph: &Graph) -> Result<Vec<u8>> {
    xml::check(graph)?;
    let mut writer = xml::writer();
    writer
        .create_element("gexf")
        .with_attribute(("xmlns", "http://www.gexf.net/1.2draft"))
        .with_attribute(("xmlns:viz", "http://www.gexf.net/1.2draft/viz"))
        .with_attribute(("version", "1.2"))
        .write_inner_content(|writer| {
            let graph_element = writer.create_element("graph");
            let attributes = [("mode", "static"), ("defaultedgetype", "undirected")];
            graph_element.with_attributes(attributes).write_inner_content(|writer| content(writer, graph))?;
            Ok(())
        })
        .expect("memory takes every element");
    Ok(xml::finish(writer))
}

fn content(writer: &mut Writer<Vec<u8>>, graph: &Graph) -> std::io::Result<()> {
    if !graph.probabilities().is_empty() {
        writer.create_element("attributes").with_attribute(("class", "edge")).write_inner_content(|writer| {
            let attributes = [("id", "probability"), ("title", "probability"), ("type", "double")];
            writer.create_element("attribute").with_attributes(attributes).write_empty()?;
            Ok(())
        })?;
    }
    writer.create_element("nodes").write_inner_content(|writer| {
        for node in 0..graph.nodes() {
            let (id, label) = (node.to_string(), graph.name(node));
            let attributes = [("id", id.as_str()), ("label", label.as_str())];
            let element = writer.create_element("node").with_attributes(attributes);
            let Some([x, y]) = graph.positions().get(node) else {
                element.write_empty()?;
                continue;
            };
            let (x, y) = (format!("{x:?}"), format!("{y:?}"));
            let attributes = [("x", x.as_str()), ("y", y.as_str()), ("z", "0.0")];
            element.write_inner_content(|writer| {
                writer.create_element("viz:position").with_attributes(attributes).write_empty()?;
                Ok(())
            })?;
        }
        Ok(())
    })?;
    writer.create_element("edges").write_inner_content(|writer| {
        for (number, edge) in graph.edges().iter().enumerate() {
            let (id, weight) = (number.to_string(), format!("{:?}", edge.weight));
            let (i, j) = (edge.i.to_string(), edge.j.to_string());
            let attributes = [("id", &id), ("source", &i), ("target", &j), ("weight", &weight)];
            let attributes = attributes.map(|(name, value)| (name, value.as_str()));
            let element = writer.create_element("edge").with_attributes(attributes);
            let Some(p) = graph.probabilities().get(number) else {
                element.write_empty()?;
                continue;
            };
            element.write_inner_content(|writer| {
                writer.create_element("attvalues").write_inner_content(|writer| {
                    let value = format!("{p:?}");
                    let attributes = [("for", "probability"), ("value", value.as_str())];
                    writer.create_element("attvalue").with_attributes(attributes).write_empty()?;
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(())
}
