//! A MapLibre style that somebody sends: its structure, and that it loads nothing from elsewhere. What it draws is the
//! browser's to judge.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::error::{Error, Fault, Result};
use crate::layer::catalog::shorten;

/// Bytes that a style may have.
pub const MOST_BYTES: usize = 1 << 20;
const MOST_LAYERS: usize = 2_000;
const MOST_FAULTS: usize = 20;
/// Members of a style at its top (MapLibre Style Specification 8).
const MEMBERS: [&str; 20] = [
    "version",
    "name",
    "metadata",
    "center",
    "centerAltitude",
    "zoom",
    "bearing",
    "pitch",
    "roll",
    "state",
    "light",
    "sky",
    "projection",
    "terrain",
    "sources",
    "sprite",
    "glyphs",
    "font-faces",
    "transition",
    "layers",
];
const SOURCES: [&str; 6] = ["vector", "raster", "raster-dem", "geojson", "image", "video"];
const KINDS: [&str; 11] = [
    "background",
    "fill",
    "line",
    "symbol",
    "circle",
    "heatmap",
    "fill-extrusion",
    "raster",
    "hillshade",
    "color-relief",
    "sky",
];

/// A style whose addresses of this server begin with `/`, and the layers that it draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Stylesheet {
    pub document: Value,
    /// The ids in its addresses of tiles.
    pub layers: BTreeSet<String>,
}

impl Stylesheet {
    /// Reads what was sent. `base` is the server's own address as its caller writes it; what begins with it is kept without
    /// it, so that a style that was read here can be sent back from anywhere.
    ///
    /// # Errors
    /// A text that is no JSON is invalid; a wrong style is rejected member by member.
    pub fn read(bytes: &[u8], base: &str, exists: impl Fn(&str) -> bool) -> Result<Stylesheet> {
        if bytes.len() > MOST_BYTES {
            return Err(Error::TooLarge(format!("a style may have {} KiB; send a smaller one", MOST_BYTES >> 10)));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let wrong = |e: serde_json::Error| Error::invalid("body", format!("the body is not JSON: {e}"));
        let document: Value = serde_json::from_slice(bytes).map_err(wrong)?;
        let mut reading = Reading { base, faults: Vec::new(), layers: BTreeSet::new() };
        let document = reading.style(document);
        for id in &reading.layers {
            if !exists(id) {
                let say = format!("there is no layer `{}`; `/ogc/collections` lists those that there are", shorten(id));
                reading.faults.push(fault("sources", "/sources".into(), Value::from(shorten(id)), say));
            }
        }
        reading.faults.truncate(MOST_FAULTS);
        match reading.faults.is_empty() {
            true => Ok(Stylesheet { document, layers: reading.layers }),
            false => Err(Error::Rejected(reading.faults)),
        }
    }
}

/// A style of this server for those who reach it at `base`: its own addresses are made absolute, as MapLibre needs them.
pub fn placed(mut document: Value, base: &str) -> Value {
    let absolute = |value: &mut Value| {
        if let Some(path) = value.as_str().filter(|p| p.starts_with('/')) {
            *value = Value::from(format!("{base}{path}"));
        }
    };
    addresses(&mut document, |_, value| absolute(value));
    document
}

/// The layers whose tiles a style of this server draws.
pub fn drawn(document: &Value) -> BTreeSet<String> {
    let mut layers = BTreeSet::new();
    let mut document = json!({"sources": document["sources"]});
    addresses(&mut document, |_, value| layers.extend(value.as_str().into_iter().flat_map(tiles_of)));
    layers
}

/// Every address that a style loads something from, with where it stands (RFC 6901).
fn addresses(document: &mut Value, mut each: impl FnMut(&str, &mut Value)) {
    if let Some(glyphs) = document.get_mut("glyphs") {
        each("/glyphs", glyphs);
    }
    match document.get_mut("sprite") {
        Some(Value::Array(all)) => {
            for (i, sprite) in all.iter_mut().enumerate() {
                if let Some(url) = sprite.get_mut("url") {
                    each(&format!("/sprite/{i}/url"), url);
                }
            }
        }
        Some(sprite) => each("/sprite", sprite),
        None => {}
    }
    for faces in document.get_mut("font-faces").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        match faces {
            Value::Array(all) => {
                for url in all.iter_mut().filter_map(|face| face.get_mut("url")) {
                    each("/font-faces", url);
                }
            }
            face => each("/font-faces", face),
        }
    }
    for (name, source) in document.get_mut("sources").and_then(Value::as_object_mut).into_iter().flatten() {
        let here = format!("/sources/{}", pointed(name));
        for key in ["url", "data"] {
            if let Some(value) = source.get_mut(key).filter(|v| v.is_string()) {
                each(&format!("{here}/{key}"), value);
            }
        }
        for key in ["tiles", "urls"] {
            for (i, value) in source.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
                each(&format!("{here}/{key}/{i}"), value);
            }
        }
    }
}

fn pointed(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn fault(field: &str, pointer: String, value: Value, detail: impl Into<String>) -> Fault {
    let value = match value {
        Value::String(text) => Value::from(shorten(&text)),
        value @ (Value::Null | Value::Bool(_) | Value::Number(_)) => value,
        Value::Array(_) => Value::from("[…]"),
        Value::Object(_) => Value::from("{…}"),
    };
    Fault { field: field.into(), feature: None, pointer, value, detail: detail.into() }
}

struct Reading<'a> {
    base: &'a str,
    faults: Vec<Fault>,
    layers: BTreeSet<String>,
}

impl Reading<'_> {
    fn wrong(&mut self, field: &str, pointer: impl Into<String>, value: &Value, detail: impl Into<String>) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault(field, pointer.into(), value.clone(), detail));
        }
    }

    fn style(&mut self, mut style: Value) -> Value {
        let Some(members) = style.as_object() else {
            self.wrong("body", "", &style, "a style is a JSON object");
            return style;
        };
        let unknown: Vec<String> =
            members.keys().filter(|key| !MEMBERS.contains(&key.as_str())).map(|k| shorten(k)).collect();
        for key in unknown {
            self.wrong(&key, format!("/{}", pointed(&key)), &Value::Null, "a MapLibre style has no such member");
        }
        if style["version"] != 8 {
            self.wrong("version", "/version", &style["version"].clone(), "the version must be 8");
        }
        for key in ["glyphs", "name"] {
            if let Some(value) = style.get(key).filter(|v| !v.is_string()).cloned() {
                self.wrong(key, format!("/{key}"), &value, "it must be a text");
            }
        }
        let (base, mut found) = (self.base.to_string(), Vec::new());
        addresses(&mut style, |pointer, value| {
            let address = own(&base, value.as_str());
            match address {
                Some(path) => {
                    *value = Value::from(path.clone());
                    found.push((pointer.to_string(), Ok(path)));
                }
                None => found.push((pointer.to_string(), Err(value.clone()))),
            }
        });
        for (pointer, address) in found {
            match address {
                Ok(path) => self.layers.extend(tiles_of(&path)),
                Err(value) => {
                    let say = "it is not on this server; begin with `/`, such as `/tiles/…`, `/fonts/…`, `/sprites/…`";
                    let field = pointer.split('/').nth(1).unwrap_or_default().to_string();
                    self.wrong(&field, pointer, &value, say);
                }
            }
        }
        self.sources(&style["sources"]);
        self.drawn(&style);
        style
    }

    fn sources(&mut self, sources: &Value) {
        let Some(sources) = sources.as_object() else {
            return self.wrong("sources", "/sources", sources, "a style has an object of sources");
        };
        for (name, source) in sources {
            let here = format!("/sources/{}", pointed(name));
            if !source["type"].as_str().is_some_and(|kind| SOURCES.contains(&kind)) {
                let say = format!("a source is one of {}", SOURCES.join(", "));
                self.wrong("sources", format!("{here}/type"), &source["type"], say);
            }
            // MapLibre puts an attribution into the page as HTML.
            if source.get("attribution").is_some_and(|v| v.as_str().is_none_or(|text| text.contains('<'))) {
                let say = "an attribution is a plain text, without `<`";
                self.wrong("sources", format!("{here}/attribution"), &source["attribution"], say);
            }
        }
    }

    fn drawn(&mut self, style: &Value) {
        let Some(layers) = style["layers"].as_array() else {
            return self.wrong("layers", "/layers", &style["layers"], "a style has a list of layers");
        };
        if layers.len() > MOST_LAYERS {
            let say = format!("{} layers are more than {MOST_LAYERS}", layers.len());
            return self.wrong("layers", "/layers", &style["layers"], say);
        }
        let mut ids = BTreeSet::new();
        for (i, layer) in layers.iter().enumerate() {
            let here = format!("/layers/{i}");
            if !layer["id"].as_str().is_some_and(|id| !id.is_empty() && ids.insert(id)) {
                self.wrong("layers", format!("{here}/id"), &layer["id"], "each layer has an id of its own");
            }
            let kind = layer["type"].as_str().unwrap_or_default();
            if !KINDS.contains(&kind) {
                self.wrong(
                    "layers",
                    format!("{here}/type"),
                    &layer["type"],
                    format!("a layer is one of {}", KINDS.join(", ")),
                );
                continue;
            }
            for key in ["layout", "paint", "metadata"] {
                if layer.get(key).is_some_and(|v| !v.is_object()) {
                    self.wrong("layers", format!("{here}/{key}"), &layer[key], "it must be an object");
                }
            }
            for key in ["minzoom", "maxzoom"] {
                if layer.get(key).is_some_and(|v| !v.as_f64().is_some_and(|z| (0.0..=24.0).contains(&z))) {
                    self.wrong("layers", format!("{here}/{key}"), &layer[key], "it must be a zoom from 0 to 24");
                }
            }
            if !matches!(kind, "background" | "sky") {
                self.source_of(style, layer, &here);
            }
        }
    }

    fn source_of(&mut self, style: &Value, layer: &Value, here: &str) {
        let source = layer["source"].as_str().and_then(|name| style["sources"].get(name));
        let Some(source) = source else {
            return self.wrong(
                "layers",
                format!("{here}/source"),
                &layer["source"],
                "there is no such source in the style",
            );
        };
        if source["type"] != "vector" {
            return;
        }
        let Some(name) = layer["source-layer"].as_str() else {
            let say = "a layer of vector tiles says which `source-layer` it draws";
            return self.wrong("layers", format!("{here}/source-layer"), &layer["source-layer"], say);
        };
        let ids: Vec<String> = source["url"]
            .as_str()
            .into_iter()
            .chain(source["tiles"].as_array().into_iter().flatten().filter_map(Value::as_str))
            .flat_map(tiles_of)
            .collect();
        let plain = name.strip_suffix(".label").unwrap_or(name);
        if !ids.is_empty() && !ids.iter().any(|id| id == plain) {
            let there: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
            let say = format!("its source has no such layer; there are {}", there.join(", "));
            self.wrong("layers", format!("{here}/source-layer"), &layer["source-layer"], say);
        }
    }
}

/// An address of this server as a path; none when it is elsewhere.
fn own(base: &str, address: Option<&str>) -> Option<String> {
    let address = address?;
    let path = address.strip_prefix(base).filter(|_| !base.is_empty()).unwrap_or(address);
    // `//host` and, in browsers, `/\host` are addresses of other hosts; tabs and line breaks are passed over by them.
    let plain =
        path.starts_with('/') && !path.starts_with("//") && !path.contains(|c: char| c == '\\' || c.is_control());
    plain.then(|| path.to_string())
}

/// The layers that an address of tiles names.
fn tiles_of(path: &str) -> Vec<String> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let ids = match path.strip_prefix("/tiles/") {
        Some(rest) => rest.split('/').next().unwrap_or_default(),
        None => match path.strip_prefix("/ogc/collections/").and_then(|rest| rest.split_once("/tiles")) {
            Some((id, _)) => id,
            None => return Vec::new(),
        },
    };
    ids.split(',').filter(|id| !id.is_empty()).map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://ban-do.test/gis";

    fn read(style: &Value) -> Result<Stylesheet> {
        Stylesheet::read(style.to_string().as_bytes(), BASE, |id| ["thua_dat", "duong"].contains(&id))
    }

    fn style() -> Value {
        json!({
            "version": 8,
            "glyphs": "https://ban-do.test/gis/fonts/{fontstack}/{range}.pbf",
            "sprite": "/sprites/map",
            "sources": {
                "thua": {"type": "vector", "url": "https://ban-do.test/gis/tiles/thua_dat,duong?labels=true"},
                "vung": {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}},
            },
            "layers": [
                {"id": "nen", "type": "background"},
                {"id": "a", "type": "fill", "source": "thua", "source-layer": "thua_dat", "paint": {"fill-color": "#fff"}},
                {"id": "b", "type": "symbol", "source": "thua", "source-layer": "thua_dat.label"},
                {"id": "c", "type": "line", "source": "vung"},
            ],
        })
    }

    fn at(pointer: &str, value: Value) -> Value {
        let mut style = style();
        *style.pointer_mut(pointer).unwrap() = value;
        style
    }

    #[test]
    fn own_addresses_are_kept_without_the_host_and_come_back_with_one() {
        let read = read(&style()).unwrap();
        assert_eq!(read.layers.iter().collect::<Vec<_>>(), ["duong", "thua_dat"]);
        assert_eq!(read.document["sources"]["thua"]["url"], "/tiles/thua_dat,duong?labels=true");
        let placed = placed(read.document, "http://other.test");
        assert_eq!(placed["glyphs"], "http://other.test/fonts/{fontstack}/{range}.pbf");
        assert_eq!(placed["sprite"], "http://other.test/sprites/map");
        assert_eq!(placed["sources"]["vung"]["data"]["type"], "FeatureCollection");
    }

    #[test]
    fn what_would_load_from_elsewhere_is_refused_where_it_stands() {
        for (pointer, value) in [
            ("/glyphs", json!("https://fonts.example/{fontstack}/{range}.pbf")),
            ("/glyphs", json!(7)),
            ("/sprite", json!("//evil.example/sprite")),
            ("/sprite", json!([{"id": "x", "url": "https://evil.example/s"}])),
            ("/sources/thua/url", json!("https://ban-do.test.evil.example/tiles/thua_dat")),
            ("/sources/thua/url", json!("https://ban-do.test/gisx/tiles/thua_dat")),
            ("/sources/thua/url", json!("/\\evil.example/tiles/x")),
            ("/sources/thua/url", json!("/\t/evil.example/tiles/x")),
            ("/sources/thua/url", json!("mapbox://styles/x")),
            ("/sources/thua", json!({"type": "vector", "tiles": ["http://evil.example/{z}/{x}/{y}"]})),
            ("/sources/vung/data", json!("https://evil.example/a.json")),
            ("/sources/vung", json!({"type": "video", "urls": ["https://evil.example/a.mp4"]})),
        ] {
            let Err(Error::Rejected(faults)) = read(&at(pointer, value.clone())) else { panic!("{pointer} {value}") };
            assert!(faults[0].pointer.starts_with(pointer), "{faults:?}");
        }
    }

    #[test]
    fn what_is_no_style_is_refused_where_it_is_wrong() {
        for (pointer, value, wanted) in [
            ("/version", json!(7), "/version"),
            ("/layers", json!({}), "/layers"),
            ("/sources", json!([]), "/sources"),
            ("/layers/1/type", json!("polygon"), "/layers/1/type"),
            ("/layers/1/id", json!("nen"), "/layers/1/id"),
            ("/layers/1/source", json!("none"), "/layers/1/source"),
            ("/layers/1/source-layer", json!("song"), "/layers/1/source-layer"),
            ("/layers/1/paint", json!([]), "/layers/1/paint"),
            ("/sources/thua/type", json!("wms"), "/sources/thua/type"),
            (
                "/sources/vung",
                json!({"type": "geojson", "data": {}, "attribution": "<img src=x>"}),
                "/sources/vung/attribution",
            ),
            ("/sources/thua/url", json!("/tiles/thua_dat,nowhere"), "/sources"),
        ] {
            let Err(Error::Rejected(faults)) = read(&at(pointer, value)) else { panic!("{pointer}") };
            assert!(faults.iter().any(|f| f.pointer == wanted), "{pointer}: {faults:?}");
        }
        let mut other = style();
        other["imports"] = json!([{"url": "https://evil.example"}]);
        assert!(read(&other).is_err());
        for text in ["", "[]", "null", "{", "{\"version\":8}"] {
            assert!(Stylesheet::read(text.as_bytes(), BASE, |_| true).is_err(), "{text}");
        }
        assert!(matches!(Stylesheet::read(&vec![b' '; MOST_BYTES + 1], BASE, |_| true), Err(Error::TooLarge(_))));
    }
}
