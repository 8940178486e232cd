//! A record as GeoJSON (OGC 20-004r1, 8.2), with members of our own for what Records has none: lineage, legal basis,
//! quality.

use serde_json::{Map, Value, json};

use super::super::super::links::link;
use super::super::collections::titles;
use super::super::{GEOJSON, JSON};
use super::{ISO, RECORD_CORE, TITLE};
use crate::layer::Layer;
use crate::layer::record::Record;

const TOPICS: &str = "https://standards.iso.org/iso/19139/resources/gmxCodelists.xml#MD_TopicCategoryCode";
const STYLE: &str = "application/vnd.mapbox.style+json";

/// Where the layer's data can be had: address, protocol, name.
pub fn places(base: &str, layer: &Layer) -> Vec<(String, &'static str, &'static str)> {
    let id = &layer.id;
    if let Some(raster) = &layer.raster {
        let tiles = format!("{base}/ogc/collections/{id}/map/tiles");
        return vec![
            (tiles, "OGC API - Tiles", raster.format.media_type()),
            (format!("{base}/wms"), "OGC:WMS", "image/png"),
        ];
    }
    let mut all = vec![(format!("{base}/ogc/collections/{id}/items"), "OGC API - Features", "GeoJSON")];
    if layer.spatial().is_some() {
        all.push((format!("{base}/ogc/collections/{id}/tiles"), "OGC API - Tiles", "Mapbox vector tiles"));
    }
    all
}

/// The record; its links are those that are the same wherever it stands.
pub fn feature(base: &str, record: &Record) -> Value {
    let layer = &record.layer;
    let collection = format!("{base}/ogc/collections/{}", layer.id);
    let mut links = vec![
        link(format!("{base}/ogc/collections/_records"), "collection", JSON, TITLE),
        link(format!("{base}/ogc/collections/_records/items/{}", layer.id), "canonical", GEOJSON, "This record"),
        link(format!("{collection}/metadata?f=iso"), "describedby", ISO.media_type, "ISO 19139"),
        link(&collection, "http://www.opengis.net/def/rel/ogc/1.0/geodata", JSON, &layer.title),
    ];
    if layer.raster.is_some() {
        links.push(link(format!("{collection}/map/tiles"), super::super::tiles::maps::TILESETS, JSON, "Map tiles"));
    } else {
        links.push(link(format!("{collection}/items"), "item", GEOJSON, "Features"));
    }
    if layer.spatial().is_some() {
        links.push(link(format!("{collection}/tiles"), super::super::tiles::TILESETS, JSON, "Vector tiles"));
    }
    if layer.is_drawn() {
        links.push(link(format!("{base}/ogc/styles/{}", layer.id), "stylesheet", STYLE, "Style"));
    }
    json!({
        "id": layer.id,
        "type": "Feature",
        "conformsTo": [RECORD_CORE],
        "time": time(layer),
        "geometry": layer.extent.map(|e| json!({"type": "Polygon", "coordinates": [[
            [e.west, e.south], [e.east, e.south], [e.east, e.north], [e.west, e.north], [e.west, e.south]]]})),
        "properties": properties(record),
        "links": links,
    })
}

fn time(layer: &Layer) -> Value {
    let Some((first, last)) = layer.about.period() else { return Value::Null };
    let open = |day: Option<String>| day.unwrap_or_else(|| "..".into());
    json!({"interval": [open(first), open(last)]})
}

fn properties(record: &Record) -> Value {
    let (layer, about) = (&record.layer, &record.layer.about);
    let mut doc = Map::new();
    let mut put = |key: &str, value: Value| {
        let nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !nothing {
            doc.insert(key.into(), value);
        }
    };
    put("type", json!("dataset"));
    put("title", json!(layer.title));
    put("titles", titles(&layer.title, layer.title_en.as_deref()));
    put("description", json!(layer.description));
    put("updated", json!(layer.updated));
    put("keywords", json!(about.keyword_list()));
    if let Some(topic) = &about.topic {
        put("themes", json!([{"concepts": [{"id": topic}], "scheme": TOPICS}]));
    }
    put("language", json!({"code": "vi", "name": "Tiếng Việt"}));
    put("resourceLanguages", json!([{"code": about.spoken()}]));
    let ids = layer.external_ids().into_iter().map(|(scheme, value)| match scheme {
        Some(scheme) => json!({"scheme": scheme, "value": value}),
        None => json!({"value": value}),
    });
    put("externalIds", ids.collect());
    let tiles = layer.spatial().map(|_| json!({"name": "Mapbox vector tile", "mediaType": super::super::tiles::MVT}));
    let features = std::iter::once(json!({"name": "GeoJSON", "mediaType": GEOJSON})).chain(tiles);
    put(
        "formats",
        match &layer.raster {
            Some(raster) => json!([{"name": raster.format.name(), "mediaType": raster.format.media_type()}]),
            None => features.collect(),
        },
    );
    put("contacts", contacts(layer));
    put("license", json!(layer.licence));
    put("rights", json!(layer.attribution));
    put("illustrative", json!(layer.illustrative));
    put("lineage", json!(about.lineage));
    let dates = object([("created", &about.created), ("published", &about.published), ("revised", &about.revised)]);
    put("dates", dates);
    put("legalBasis", object([("decision", &about.decision), ("date", &about.decision_date)]));
    put("updateFrequency", json!(about.frequency));
    put("scaleDenominator", json!(about.denominator()));
    put("positionalAccuracy", json!(about.metres()));
    put("storageCrs", json!(layer.crs.map(|crs| crs.uri())));
    put("itemCount", json!(layer.raster.is_none().then_some(layer.feature_count)));
    put("version", json!(layer.version));
    put("quality", json!(record.quality));
    Value::Object(doc)
}

/// The members that are there, or nothing.
fn object<const N: usize>(members: [(&str, &Option<String>); N]) -> Value {
    let there: Map<String, Value> =
        members.into_iter().filter_map(|(key, value)| Some((key.to_string(), json!(value.as_ref()?)))).collect();
    if there.is_empty() { Value::Null } else { Value::Object(there) }
}

/// The agency; nothing is said of persons.
fn contacts(layer: &Layer) -> Value {
    let about = &layer.about;
    let Some(agency) = &about.agency else { return Value::Null };
    let mut contact = json!({"organization": agency, "roles": ["owner", "pointOfContact"]});
    if let Some(english) = &about.agency_en {
        contact["organizations"] = titles(agency, Some(english));
    }
    if let Some(email) = &about.agency_email {
        contact["emails"] = json!([{"value": email}]);
    }
    if let Some(phone) = &about.agency_phone {
        contact["phones"] = json!([{"value": phone}]);
    }
    if let Some(url) = &about.agency_url {
        contact["links"] = json!([{"href": url, "rel": "about", "type": "text/html"}]);
    }
    json!([contact])
}
