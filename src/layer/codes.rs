//! What the values of coded fields mean: by the field's own domain, or by the official list that a layer's classes are of.

use super::land_use::LandUse;
use super::{Layer, function};
use crate::schema::{Field, Kind};

/// More codes than this are no list to choose from.
const MOST: usize = 500;

/// Codes with what they mean, each code once.
pub struct Codes<'a> {
    pub list: List,
    pub all: Vec<(&'a str, &'a str)>,
}

/// Where codes are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// The coded-value domain that the source gives the field.
    Domain,
    /// Land use (Circulars 27/2018 and 08/2024).
    LandUse,
    /// What planned land is for (Circular 16/2025, appendix I).
    Functions,
}

/// The codes of a field; none where it has none, or too many to tell.
pub fn of<'a>(layer: &Layer, field: &'a Field, land_use: &'a [LandUse]) -> Option<Codes<'a>> {
    let is_class = field.kind == Kind::Text && layer.class_field.as_ref() == Some(&field.name);
    let (list, mut all): (List, Vec<(&str, &str)>) = match &field.domain[..] {
        [] if !is_class => return None,
        [] if function::classify(layer) => (List::Functions, function::all().iter().map(|f| (f.vi, f.vi)).collect()),
        [] => (List::LandUse, land_use.iter().map(|c| (c.code.as_str(), c.vi.as_str())).collect()),
        domain => (List::Domain, domain.iter().map(|c| (c.code.as_str(), c.label.as_str())).collect()),
    };
    let mut seen = std::collections::HashSet::new();
    all.retain(|(code, _)| seen.insert(*code));
    (1..=MOST).contains(&all.len()).then_some(Codes { list, all })
}
