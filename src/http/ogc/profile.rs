//! Variations of one media type: `profile` asks for them (OGC 23-058r2, 13), a link says which it is (RFC 6906). Those of
//! GeoJSON are of OGC 21-045r1, 14 and 15.

use serde_json::Value;

use super::super::links::link;
use super::super::params::Params;
use super::format::{self, Form};
use crate::error::{Error, Result};
use crate::layer::catalog::shorten;

pub const CONFORMS_TO: [&str; 4] = [
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/profiles",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/api",
];

/// The register of the OGC; a profile is named by its address or by what follows there.
const REGISTER: &str = "http://www.opengis.net/def/profile/OGC/0/";

/// What codes can be told in at schemas (23-058r2, 15), of which there is the first.
pub const OF_SCHEMAS: [&str; 2] = ["codelist-inline", "codelist-ref"];
/// What GeoJSON can be.
pub const OF_GEOJSON: [&str; 3] = [Profile::Rfc7946.id(), Profile::JsonFg.id(), Profile::JsonFgPlus.id()];

/// What a GeoJSON document is beside GeoJSON; the later says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    Rfc7946,
    JsonFg,
    /// With each geometry in WGS 84 too, for readers of GeoJSON.
    JsonFgPlus,
}

impl Profile {
    const ALL: [Profile; 3] = [Profile::Rfc7946, Profile::JsonFg, Profile::JsonFgPlus];

    pub const fn id(self) -> &'static str {
        match self {
            Profile::Rfc7946 => "rfc7946",
            Profile::JsonFg => "jsonfg",
            Profile::JsonFgPlus => "jsonfg-plus",
        }
    }

    /// Takes `profile` out, where one of the forms `there` is GeoJSON, and chooses for the one that is answered: what it can
    /// be of what is wished for, else what it always is. A wish that cannot be met is no error (23-058r2, 13,
    /// profile-negotiation).
    pub fn choose(params: &mut Params, form: Form, there: &[Form]) -> Result<Option<Profile>> {
        if !is_taken(there) {
            return Ok(None);
        }
        let wishes = wishes(params, &OF_GEOJSON)?;
        let can: &[Profile] = match form {
            format::JSONFG => &Profile::ALL[1..],
            form if form.media_type != super::GEOJSON => &[],
            _ if there.contains(&format::JSONFG) => &Profile::ALL,
            _ => &Profile::ALL[..1],
        };
        let met = can.iter().filter(|p| wishes.contains(&p.id())).max();
        Ok(met.or(can.first()).copied())
    }

    /// The link that says it.
    pub fn link(self) -> Value {
        let title = match self {
            Profile::Rfc7946 => "GeoJSON",
            Profile::JsonFg => "JSON-FG",
            Profile::JsonFgPlus => "JSON-FG with geometry in WGS 84",
        };
        says(self.id(), title)
    }
}

/// Whether a resource of these forms takes `profile`: all that can be GeoJSON do (21-045r1, 15, profile-parameter).
pub fn is_taken(there: &[Form]) -> bool {
    there.iter().any(|form| form.media_type == super::GEOJSON)
}

/// The parameters that say a form, as a message lists them.
pub fn forms(there: &[Form]) -> &'static str {
    if is_taken(there) { "`f`, `lang`, `profile`" } else { "`f`, `lang`" }
}

/// A link to the profile of this name.
pub fn says(id: &str, title: &str) -> Value {
    link(format!("{REGISTER}{id}"), "profile", "text/html", title)
}

/// Takes `profile` out: names or addresses between commas, each of them one of `known` (23-058r2, annex A, profile-param-response).
pub fn wishes(params: &mut Params, known: &[&'static str]) -> Result<Vec<&'static str>> {
    let Some(text) = params.text("profile") else { return Ok(Vec::new()) };
    let wish = |name: &str| {
        let id = name.trim().strip_prefix(REGISTER).unwrap_or(name.trim());
        known.iter().copied().find(|k| *k == id).ok_or_else(|| {
            let there: Vec<String> = known.iter().map(|k| format!("`{k}`")).collect();
            let say = format!("`{}` is not a profile here; there are {}", shorten(name), there.join(", "));
            Error::invalid("profile", say)
        })
    };
    text.split(',').map(wish).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(query: &str, form: Form, there: &[Form]) -> Option<Profile> {
        Profile::choose(&mut Params::parse(query).unwrap(), form, there).unwrap()
    }

    #[test]
    fn what_is_wished_for_and_can_be_is_chosen() {
        use Profile::*;
        use format::{GEOJSON, HTML, ITEM, JSON, JSONFG, PAGES};
        for (query, form, want) in [
            ("", GEOJSON, Some(Rfc7946)),
            ("profile=", GEOJSON, Some(Rfc7946)),
            ("profile=jsonfg", GEOJSON, Some(JsonFg)),
            ("profile=jsonfg-plus,jsonfg", GEOJSON, Some(JsonFgPlus)),
            ("profile=http://www.opengis.net/def/profile/OGC/0/jsonfg", GEOJSON, Some(JsonFg)),
            ("", JSONFG, Some(JsonFg)),
            ("profile=rfc7946", JSONFG, Some(JsonFg)),
            ("profile=jsonfg-plus", JSONFG, Some(JsonFgPlus)),
            ("profile=jsonfg", HTML, None),
        ] {
            assert_eq!(chosen(query, form, ITEM), want, "{query} {form:?}");
        }
        assert_eq!(chosen("profile=jsonfg", GEOJSON, &[GEOJSON, HTML]), Some(Rfc7946));
        assert_eq!(chosen("profile=anything", JSON, PAGES), None);
        let wrong = Profile::choose(&mut Params::parse("profile=jsonfg,x").unwrap(), GEOJSON, ITEM).unwrap_err();
        assert!(wrong.to_string().contains("`x`") && wrong.to_string().contains("`jsonfg-plus`"), "{wrong}");
    }
}
