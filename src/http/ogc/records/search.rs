//! Which records (OGC 20-004r1, 8.4): words, box, time, type, identifiers.

use super::super::asked::Said;
use crate::error::{Error, Result};
use crate::filter::{Instant, folded};
use crate::geo::Bbox;
use crate::http::params::Params;
use crate::layer::Layer;
use crate::layer::catalog::shorten;
use crate::layer::time::Stretch;

const USUAL: u32 = 10;
const MOST: u32 = 1_000;
/// Alternatives that one parameter may list.
const MOST_TERMS: usize = 100;
const KNOWN: &str = "`q`, `bbox`, `datetime`, `type`, `ids`, `externalIds`, `limit`, `offset`, `f`, `lang`, `profile`";

#[derive(Debug, Default)]
pub struct Search {
    /// Any of these; words within one stand side by side.
    terms: Vec<String>,
    boxes: Vec<Bbox>,
    time: Option<Stretch>,
    types: Vec<String>,
    ids: Vec<String>,
    external: Vec<String>,
    pub limit: usize,
    pub offset: usize,
    /// What was said, without the page.
    pub said: Said,
}

impl Search {
    pub fn take(params: &mut Params) -> Result<Search> {
        let mut search = Search::default();
        let mut listed = |name: &str, said: &mut Said| -> Result<Vec<String>> {
            let Some(text) = params.text(name) else { return Ok(Vec::new()) };
            let all: Vec<String> = text.split(',').map(|t| t.trim().to_string()).filter(|t| !t.is_empty()).collect();
            if all.len() > MOST_TERMS {
                return Err(Error::invalid(name, format!("{} alternatives are more than {MOST_TERMS}", all.len())));
            }
            said.add(name, text);
            Ok(all)
        };
        let words = listed("q", &mut search.said)?;
        let normal = |t: &String| folded(t).split_whitespace().collect::<Vec<_>>().join(" ");
        search.terms = words.iter().map(normal).collect();
        search.types = listed("type", &mut search.said)?;
        search.ids = listed("ids", &mut search.said)?;
        search.external = listed("externalIds", &mut search.said)?;
        if let Some(text) = params.text("bbox") {
            let wrong = |e: String| Error::invalid("bbox", format!("bbox `{}`: {e}", shorten(&text)));
            search.boxes = Bbox::parse(&text).map_err(wrong)?.parts();
            search.said.add("bbox", text);
        }
        if let Some(text) = params.text("datetime") {
            let wrong = |e: String| Error::invalid("datetime", format!("datetime `{}`: {e}", shorten(&text)));
            search.time = Some(Stretch::parse(&text).map_err(wrong)?);
            search.said.add("datetime", text);
        }
        search.limit = params.count("limit", USUAL, MOST)? as usize;
        search.offset = params.parsed::<u32>("offset", "a whole number from 0")?.unwrap_or(0) as usize;
        params.end(KNOWN)?;
        Ok(search)
    }

    /// Whether the record of this layer is wanted. A record without a place is in no box; one without times is of every
    /// time (OGC 17-069r4, 7.15.4).
    pub fn finds(&self, layer: &Layer) -> bool {
        let any = |list: &[String], is: &dyn Fn(&str) -> bool| list.is_empty() || list.iter().any(|t| is(t));
        let words = if self.terms.is_empty() { Vec::new() } else { layer.words() };
        let place = || layer.extent.is_some_and(|e| self.boxes.iter().any(|b| b.intersection(e).is_some()));
        any(&self.terms, &|term| words.iter().any(|text| text.contains(term)))
            && (self.boxes.is_empty() || place())
            && self.within(layer)
            && any(&self.types, &|t| t == "dataset")
            && any(&self.ids, &|id| id == layer.id)
            && any(&self.external, &|id| layer.external_ids().into_iter().any(|own| is(id, own)))
    }

    fn within(&self, layer: &Layer) -> bool {
        let (Some(time), Some((first, last))) = (self.time, layer.about.period()) else { return true };
        let day = |text: Option<String>| text.as_deref().and_then(Instant::date);
        time.meets(Stretch { from: day(first), to: day(last).map(Instant::end_of_day) })
    }

    /// What says the page that begins at `offset`.
    pub fn page(&self, offset: usize) -> Vec<(&'static str, String)> {
        let mut said = vec![("limit", self.limit.to_string())];
        said.extend((offset > 0).then(|| ("offset", offset.to_string())));
        said
    }
}

/// Whether `asked` (a value, `scheme:value` or `scheme:`) means this identifier.
fn is(asked: &str, (scheme, value): (Option<&str>, &str)) -> bool {
    asked == value
        || scheme.is_some_and(|scheme| {
            asked
                .strip_prefix(scheme)
                .and_then(|rest| rest.strip_prefix(':'))
                .is_some_and(|v| v.is_empty() || v == value)
        })
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn an_identifier_is_asked_for_by_value_by_scheme_or_by_both() {
        let own = (Some("decision"), "1319/QĐ-TTg");
        for (asked, found) in [
            ("1319/QĐ-TTg", true),
            ("decision:1319/QĐ-TTg", true),
            ("decision:", true),
            ("other:1319/QĐ-TTg", false),
            ("decision:1", false),
            ("decision", false),
        ] {
            assert_eq!(is(asked, own), found, "{asked}");
        }
    }
}
