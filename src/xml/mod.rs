//! XML as text (XML 1.0, fifth edition).

pub mod name; // names of fields as names of elements
pub mod read; // what callers send

/// A document under construction. Names are ours; texts and values of attributes are escaped here.
#[derive(Debug, Default)]
pub struct Xml(String);

impl Xml {
    pub fn document() -> Xml {
        Xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".into())
    }

    pub fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Xml {
        self.tag(name, attributes, ">")
    }

    pub fn close(&mut self, name: &str) -> &mut Xml {
        self.0.push_str("</");
        self.0.push_str(name);
        self.raw(">")
    }

    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Xml {
        self.tag(name, attributes, "/>")
    }

    /// An element that holds a text.
    pub fn leaf(&mut self, name: &str, text: &str) -> &mut Xml {
        self.open(name, &[]);
        escape_into(text, &mut self.0);
        self.close(name)
    }

    pub fn text(&mut self, text: &str) -> &mut Xml {
        escape_into(text, &mut self.0);
        self
    }

    /// What is XML already.
    pub fn raw(&mut self, xml: &str) -> &mut Xml {
        self.0.push_str(xml);
        self
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)], end: &str) -> &mut Xml {
        self.0.push('<');
        self.0.push_str(name);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            escape_into(value, &mut self.0);
            self.0.push('"');
        }
        self.raw(end)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn finish(self) -> String {
        self.0
    }
}

/// A text as an element or an attribute in double quotes holds it.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    escape_into(text, &mut out);
    out
}

fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(c),
            '\r' => out.push_str("&#13;"),
            // What XML has no way to say (2.2) is said to have been there.
            c if c < ' ' || c == '\u{FFFE}' || c == '\u{FFFF}' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_breaks_out_of_its_element() {
        let mut xml = Xml::default();
        xml.open("a", &[("b", "\"><x/>")]).leaf("c", "Đất ở & <nông thôn>\u{1}").close("a");
        assert_eq!(xml.finish(), "<a b=\"&quot;&gt;&lt;x/&gt;\"><c>Đất ở &amp; &lt;nông thôn&gt;\u{FFFD}</c></a>");
    }
}
