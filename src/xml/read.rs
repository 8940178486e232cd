//! XML as a tree, for what callers send: small, shallow, without document types and entities of its own, so that there is
//! nothing outside to fetch and nothing inside that grows.

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

/// How deep elements may be nested, and how many there may be.
const DEPTH: usize = 80;
const ELEMENTS: usize = 50_000;

/// An element by its name without prefix.
#[derive(Debug, Default, Clone)]
pub struct Element {
    pub name: String,
    attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    /// Its own text, without that of its children.
    pub text: String,
    /// Bytes from the start of the document.
    pub at: usize,
}

impl Element {
    /// Reads a document; the message says what is wrong and where.
    pub fn parse(text: &str) -> Result<Element, String> {
        let mut reader = quick_xml::Reader::from_str(text.trim_start_matches('\u{FEFF}'));
        let mut open: Vec<Element> = Vec::new();
        let mut count = 0;
        loop {
            let at = reader.buffer_position() as usize;
            let event = reader.read_event().map_err(|e| format!("at position {at}: this is not XML ({e})"))?;
            let wrong = |what: &str| Err(format!("at position {at}: {what}"));
            let done = match event {
                Event::Start(start) => {
                    open.push(element(&start, at)?);
                    count += 1;
                    None
                }
                Event::Empty(start) => {
                    count += 1;
                    Some(element(&start, at)?)
                }
                Event::End(_) => open.pop(),
                Event::Text(text) => {
                    say(&mut open, &text.xml10_content());
                    None
                }
                Event::CData(text) => {
                    say(&mut open, &text.xml10_content());
                    None
                }
                Event::GeneralRef(name) => {
                    let letter = name.resolve_char_ref().map_err(|e| format!("at position {at}: {e}"))?;
                    match (letter, resolve_predefined_entity(&name.xml10_content())) {
                        (Some('\0'), _) => return wrong("a NUL character is no text"),
                        (Some(c), _) => say(&mut open, c.encode_utf8(&mut [0; 4])),
                        (None, Some(text)) => say(&mut open, text),
                        (None, None) => return wrong("entities of one's own are not taken here"),
                    }
                    None
                }
                Event::DocType(_) => return wrong("a document type is not taken here"),
                Event::Eof => return wrong("the document ends before its element does"),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
            };
            if open.len() > DEPTH || count > ELEMENTS {
                return wrong("the document is nested too deep or has too many elements");
            }
            if let Some(done) = done {
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
        }
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.name == name)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |c| c.name == name)
    }
}

fn say(open: &mut [Element], text: &str) {
    if let Some(last) = open.last_mut() {
        last.text.push_str(&text.replace('\0', "\u{FFFD}"));
    }
}

fn element(start: &BytesStart<'_>, at: usize) -> Result<Element, String> {
    let wrong = |e: String| format!("at position {at}: {e}");
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| wrong(e.to_string()))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|e| wrong(e.to_string()))?;
        attributes.push((attribute.key.local_name().as_ref().to_string(), value.replace('\0', "\u{FFFD}")));
    }
    Ok(Element { name: start.local_name().as_ref().to_string(), attributes, at, ..Element::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_without_its_prefixes() {
        let text = "<?xml version=\"1.0\"?><!-- x --><f:A xmlns:f=\"u\" k=\"1 &lt; 2\">a&amp;<f:B/><![CDATA[<b>]]>&#x110;<C>c</C></f:A>";
        let root = Element::parse(text).unwrap();
        assert_eq!((root.name.as_str(), root.attribute("k"), root.text.as_str()), ("A", Some("1 < 2"), "a&<b>Đ"));
        assert_eq!((root.children.len(), root.child("C").unwrap().text.as_str()), (2, "c"));
    }

    #[test]
    fn nothing_outside_is_fetched_and_nothing_grows() {
        for text in [
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
            "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><lolz>&lol2;</lolz>",
            "<a>&x;</a>",
            "<a><b></a></b>",
            "<a",
            "<a>",
            "",
            "không",
            "<a k=\"&x;\"/>",
            "<a>&#0;</a>",
        ] {
            assert!(Element::parse(text).is_err(), "{text}");
        }
        assert!(Element::parse(&"<a>".repeat(100_000)).is_err());
        assert!(Element::parse(&format!("<a>{}</a>", "<b/>".repeat(60_000))).is_err());
    }
}
