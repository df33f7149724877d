//! What the XML formats share.

use quick_xml::events::{BytesText, Event};
use quick_xml::{Reader, Writer, XmlVersion, escape};

use super::file::Source;
use crate::error::{Error, Result};
use crate::graph::Graph;

const BROKEN: &str = "check that the file is complete";

/// The beginning or end of an element. An empty element has both.
pub(super) enum Item {
    Open(Element),
    /// With its name and the text since the last beginning or end.
    Close(String, String),
}

/// The beginning of an element. Prefixes of names are left out.
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    pub(super) at: usize,
}

impl Element {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// An attribute that must be there.
    pub(super) fn need(&self, source: &Source, name: &str) -> Result<String> {
        let problem = || format!("<{}> has no attribute {name}", self.name);
        self.get(name).map(str::to_owned).ok_or_else(|| source.bad(source.line(self.at), problem(), BROKEN))
    }
}

/// Reads one item after the other. Entities other than those of XML itself are errors, so that nothing expands.
pub(super) struct Items<'a> {
    source: Source<'a>,
    reader: Reader<&'a [u8]>,
    text: String,
    /// The end of an empty element, which comes next.
    end: Option<String>,
    depth: usize,
    started: bool,
}

impl<'a> Items<'a> {
    /// The items of a file whose outermost element has this name.
    pub(super) fn new(source: Source<'a>, root: &str) -> Result<Self> {
        let text = source.text()?;
        // Places count from the start of the text.
        let source = Source::new(source.file, text.as_bytes());
        let reader = Reader::from_str(text);
        let mut items = Items { source, reader, text: String::new(), end: None, depth: 0, started: false };
        match items.next()? {
            Some(Item::Open(element)) if element.name == root => Ok(items),
            _ => Err(source.bad("", format!("the outermost element is not <{root}>"), "check the kind of the file")),
        }
    }

    pub(super) fn source(&self) -> Source<'a> {
        self.source
    }

    pub(super) fn next(&mut self) -> Result<Option<Item>> {
        if let Some(name) = self.end.take() {
            return Ok(Some(Item::Close(name, std::mem::take(&mut self.text))));
        }
        loop {
            let at = self.reader.buffer_position() as usize;
            let bad = |problem: String| self.source.bad(self.source.line(at), problem, BROKEN);
            match self.reader.read_event().map_err(|error| bad(error.to_string()))? {
                Event::Eof if self.depth > 0 => return Err(bad("ends before all elements are closed".into())),
                Event::Eof => return Ok(None),
                event @ (Event::Start(_) | Event::Empty(_)) => {
                    if self.depth == 0 && self.started {
                        return Err(bad("has a second outermost element".into()));
                    }
                    self.started = true;
                    self.text.clear();
                    let empty = matches!(event, Event::Empty(_));
                    let (Event::Start(start) | Event::Empty(start)) = &event else { continue };
                    let mut attributes = Vec::new();
                    for attribute in start.attributes() {
                        let attribute = attribute.map_err(|error| bad(error.to_string()))?;
                        let value = attribute
                            .normalized_value(XmlVersion::Implicit1_0)
                            .map_err(|error| bad(error.to_string()))?;
                        attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
                    }
                    let name = start.local_name().as_ref().to_owned();
                    if empty {
                        self.end = Some(name.clone());
                    } else {
                        self.depth += 1;
                    }
                    return Ok(Some(Item::Open(Element { name, attributes, at })));
                }
                Event::End(end) => {
                    self.depth = self.depth.saturating_sub(1);
                    let name = end.local_name().as_ref().to_owned();
                    return Ok(Some(Item::Close(name, std::mem::take(&mut self.text))));
                }
                Event::Text(text) => self.text.push_str(&text.xml10_content()),
                Event::CData(text) => self.text.push_str(&text.xml10_content()),
                Event::GeneralRef(entity) => {
                    let letter = entity.resolve_char_ref().map_err(|error| bad(error.to_string()))?;
                    match (letter, escape::resolve_predefined_entity(&entity)) {
                        (Some(letter), _) => self.text.push(letter),
                        (None, Some(text)) => self.text.push_str(text),
                        (None, None) => return Err(bad(format!("unknown entity &{};", &*entity))),
                    }
                }
                Event::DocType(_) => return Err(bad("has a document type, which is not read".into())),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }
}

/// A writer into memory, with the declaration written.
pub(super) fn writer() -> Writer<Vec<u8>> {
    Writer::new_with_indent(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_vec(), b' ', 2)
}

/// The bytes, ended by a line end.
pub(super) fn finish(writer: Writer<Vec<u8>>) -> Vec<u8> {
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    bytes
}

/// An element with text.
pub(super) fn text_element(
    writer: &mut Writer<Vec<u8>>,
    name: &str,
    key: (&str, &str),
    text: &str,
) -> std::io::Result<()> {
    writer.create_element(name).with_attribute(key).write_text_content(BytesText::new(text))?;
    Ok(())
}

/// Errors if XML cannot hold a name or a position of the graph.
pub(super) fn check(graph: &Graph) -> Result<()> {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    match graph.names().iter().find(|name| !name.chars().all(allowed)) {
        None => super::nodes::check_positions(graph.positions()),
        Some(name) => {
            let problem = format!("the name {name:?} has a control character, which XML cannot hold");
            Err(Error::data(problem, "rename the node, or use another format"))
        }
    }
}
