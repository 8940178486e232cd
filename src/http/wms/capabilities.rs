//! `GetCapabilities`: what there is (OGC 06-042, 7.2; OGC 01-068r3, annex A.1).

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::header;
use axum::response::{IntoResponse, Response};

use serde_json::Value;

use super::super::ogc::records::ISO;
use super::super::ows::fault::Fault;
use super::ask::{MOST_LAYERS, MOST_PIXELS, UNNAMED};
use super::info;
use super::legend::SWATCH;
use crate::app::App;
use crate::geo::{Bbox, Crs};
use crate::layer::Layer;
use crate::layer::outline::{self, Sides};
use crate::render::Format;
use crate::render::legend::Legend;
use crate::xml::Xml;

const HEAD: &[(&str, &str)] = &[
    ("version", "1.3.0"),
    ("xmlns", "http://www.opengis.net/wms"),
    ("xmlns:sld", "http://www.opengis.net/sld"),
    ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    (
        "xsi:schemaLocation",
        "http://www.opengis.net/wms http://schemas.opengis.net/wms/1.3.0/capabilities_1_3_0.xsd http://www.opengis.net/sld http://schemas.opengis.net/sld/1.1.0/sld_capabilities.xsd",
    ),
];
const DOCTYPE: &str =
    "<!DOCTYPE WMT_MS_Capabilities SYSTEM \"http://schemas.opengis.net/wms/1.1.1/capabilities_1_1_1.dtd\">\n";
/// The scale denominator of zoom 0: half a pixel of web Mercator's square of 256 on pixels of 0.28 mm (OGC 17-083r4, D.1).
const ZOOM_0: f64 = 279_541_132.014_358_76;

pub async fn answer(app: &App, base: &str, modern: bool) -> Result<Response, Fault> {
    let layers: Vec<Arc<Layer>> = app.catalog.all().into_iter().filter(|l| l.is_drawn()).collect();
    let asked: Vec<(Bbox, Crs)> = layers
        .iter()
        .filter_map(|l| Some((l, l.extent?)))
        .flat_map(|(l, e)| l.systems().into_iter().map(move |c| (e, c)))
        .collect();
    let sides = outline::sides(&app.db.pool, &asked).await?;
    let boxes = asked.into_iter().zip(sides).filter_map(|(key, sides)| Some((key, sides?))).collect();
    let mut times = HashMap::new();
    for layer in &layers {
        if let Some([Some(from), Some(to)]) = app.known.span(&app.db.pool, &app.catalog, layer).await? {
            times.insert(layer.id.clone(), format!("{from}/{to}"));
        }
    }
    let styles = layers.iter().map(|l| (l.id.clone(), app.styles.drawing(&l.id))).collect();
    let legend = |layer: &Arc<Layer>| {
        let (codes, tiles, fonts) = (&app.land_use, &app.tiles, &app.fonts);
        let size = Legend { layer, style: &Value::Null, codes, tiles, fonts }.size(SWATCH);
        (layer.id.clone(), size)
    };
    let legends = layers.iter().map(legend).collect();
    let writer = Writer { base, modern, boxes, times, styles, legends, xml: Xml::document() };
    let media_type = if modern { "text/xml; charset=utf-8" } else { "application/vnd.ogc.wms_xml" };
    let head = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache")];
    Ok((head, writer.document(&layers)).into_response())
}

struct Writer<'a> {
    base: &'a str,
    modern: bool,
    /// Where the layers lie in their systems.
    boxes: Vec<((Bbox, Crs), Sides)>,
    /// From when to when there are features, by the layer's id.
    times: HashMap<String, String>,
    /// Styles of somebody's making that draw a layer, by its id.
    styles: HashMap<String, Vec<String>>,
    /// Width and height of each layer's legend.
    legends: HashMap<String, [u32; 2]>,
    xml: Xml,
}

impl Writer<'_> {
    fn document(mut self, layers: &[Arc<Layer>]) -> String {
        let root = if self.modern { "WMS_Capabilities" } else { "WMT_MS_Capabilities" };
        if !self.modern {
            self.xml.raw(DOCTYPE);
        }
        self.xml.open(root, if self.modern { HEAD } else { &[("version", "1.1.1")] });
        self.service();
        self.xml.open("Capability", &[]);
        self.request();
        self.xml.open("Exception", &[]);
        let formats = match self.modern {
            true => ["XML", "INIMAGE", "BLANK"],
            false => ["application/vnd.ogc.se_xml", "application/vnd.ogc.se_inimage", "application/vnd.ogc.se_blank"],
        };
        for format in formats {
            self.xml.leaf("Format", format);
        }
        self.xml.close("Exception");
        self.tree(layers);
        self.xml.close("Capability").close(root);
        self.xml.finish()
    }

    fn service(&mut self) {
        let name = if self.modern { "WMS" } else { "OGC:WMS" };
        self.xml.open("Service", &[]).leaf("Name", name).leaf("Title", "dothi – Cơ sở dữ liệu không gian đô thị");
        self.xml.leaf("Abstract", "Bản đồ các lớp dữ liệu không gian đô thị. / Maps of the city's spatial data.");
        self.xml.open("KeywordList", &[]);
        for word in ["quy hoạch", "sử dụng đất", "đô thị", "VN-2000", "planning", "land use"] {
            self.xml.leaf("Keyword", word);
        }
        self.xml.close("KeywordList");
        self.link(&format!("{}/", self.base));
        self.xml.leaf("Fees", "none").leaf("AccessConstraints", "none");
        if self.modern {
            self.xml.leaf("LayerLimit", &MOST_LAYERS.to_string());
            self.xml.leaf("MaxWidth", &MOST_PIXELS.to_string()).leaf("MaxHeight", &MOST_PIXELS.to_string());
        }
        self.xml.close("Service");
    }

    fn request(&mut self) {
        self.xml.open("Request", &[]);
        let document = if self.modern { "text/xml" } else { "application/vnd.ogc.wms_xml" };
        self.operation("GetCapabilities", &[document]);
        let pictures = Format::ALL.map(|(name, _)| name);
        self.operation("GetMap", &pictures);
        self.operation("GetFeatureInfo", &info::FORMATS);
        self.operation(if self.modern { "sld:GetLegendGraphic" } else { "GetLegendGraphic" }, &pictures);
        self.xml.close("Request");
    }

    fn operation(&mut self, name: &str, formats: &[&str]) {
        self.xml.open(name, &[]);
        for format in formats {
            self.xml.leaf("Format", format);
        }
        self.xml.open("DCPType", &[]).open("HTTP", &[]);
        for method in ["Get", "Post"] {
            self.xml.open(method, &[]);
            self.link(&format!("{}/wms?", self.base));
            self.xml.close(method);
        }
        self.xml.close("HTTP").close("DCPType").close(name);
    }

    fn link(&mut self, href: &str) {
        let namespace =
            [("xmlns:xlink", "http://www.w3.org/1999/xlink"), ("xlink:type", "simple"), ("xlink:href", href)];
        self.xml.empty("OnlineResource", if self.modern { &namespace[1..] } else { &namespace });
    }

    /// Every layer under its group, groups and layers in the order of the map.
    fn tree(&mut self, layers: &[Arc<Layer>]) {
        self.xml.open("Layer", &[]).leaf("Title", "dothi");
        let everywhere = [Crs::CRS84, Crs::geographic(4326), Crs::plane(3857)];
        self.systems(&everywhere);
        let extents: Vec<Bbox> = layers.iter().filter_map(|l| l.extent).collect();
        let side = |get: fn(&Bbox) -> f64, pick: fn(f64, f64) -> f64, none: f64| {
            extents.iter().map(get).reduce(pick).unwrap_or(none)
        };
        let all = Bbox {
            west: side(|e| e.west, f64::min, -180.0),
            south: side(|e| e.south, f64::min, -90.0),
            east: side(|e| e.east, f64::max, 180.0),
            north: side(|e| e.north, f64::max, 90.0),
        };
        self.extent(all);
        let mut groups: Vec<Option<&str>> = Vec::new();
        for layer in layers {
            if !groups.contains(&layer.group.as_deref()) {
                groups.push(layer.group.as_deref());
            }
        }
        for group in groups {
            let members: Vec<&Arc<Layer>> = layers.iter().filter(|l| l.group.as_deref() == group).collect();
            if let Some(title) = group {
                self.xml.open("Layer", &[]).leaf("Title", title);
                if let Some(en) = members.iter().find_map(|l| l.group_en.as_deref()) {
                    self.xml.leaf("Abstract", en);
                }
            }
            for layer in members {
                self.layer(layer);
            }
            if group.is_some() {
                self.xml.close("Layer");
            }
        }
        self.xml.close("Layer");
    }

    fn systems(&mut self, systems: &[Crs]) {
        let name = if self.modern { "CRS" } else { "SRS" };
        for crs in systems.iter().filter(|c| self.modern || **c != Crs::CRS84) {
            self.xml.leaf(name, &code(*crs));
        }
    }

    /// The box in degrees that every layer has.
    fn extent(&mut self, e: Bbox) {
        if !self.modern {
            return self.sides("LatLonBoundingBox", None, [e.west, e.south, e.east, e.north]);
        }
        let [west, south, east, north] = roomy([e.west, e.south, e.east, e.north]);
        self.xml.open("EX_GeographicBoundingBox", &[]);
        for (name, value) in [
            ("westBoundLongitude", west),
            ("eastBoundLongitude", east),
            ("southBoundLatitude", south),
            ("northBoundLatitude", north),
        ] {
            self.xml.leaf(name, &value.to_string());
        }
        self.xml.close("EX_GeographicBoundingBox");
    }

    fn sides(&mut self, name: &str, crs: Option<&str>, sides: Sides) {
        let sides = roomy(sides).map(|v| v.to_string());
        let key = if self.modern { "CRS" } else { "SRS" };
        let mut attributes: Vec<(&str, &str)> = crs.into_iter().map(|c| (key, c)).collect();
        attributes.extend(["minx", "miny", "maxx", "maxy"].into_iter().zip(sides.iter().map(String::as_str)));
        self.xml.empty(name, &attributes);
    }

    fn layer(&mut self, layer: &Layer) {
        let asked = if layer.raster.is_some() { "0" } else { "1" };
        self.xml.open("Layer", &[("queryable", asked)]).leaf("Name", &layer.id).leaf("Title", &layer.title);
        let about: Vec<&str> =
            [&layer.title_en, &layer.description].into_iter().flatten().map(String::as_str).collect();
        if !about.is_empty() {
            self.xml.leaf("Abstract", &about.join(". "));
        }
        let systems = layer.systems();
        self.systems(&systems);
        if let Some(extent) = layer.extent {
            self.extent(extent);
            let modern = self.modern;
            for crs in systems.into_iter().filter(|c| modern || *c != Crs::CRS84) {
                let Some((_, [w, s, e, n])) = self.boxes.iter().find(|(key, _)| *key == (extent, crs)) else {
                    continue;
                };
                let sides = if self.modern && crs.y_first { [*s, *w, *n, *e] } else { [*w, *s, *e, *n] };
                self.sides("BoundingBox", Some(&code(crs)), sides);
            }
        }
        self.time(layer);
        if let Some(attribution) = &layer.attribution {
            self.xml.open("Attribution", &[]).leaf("Title", attribution).close("Attribution");
        }
        let kind = if self.modern { "ISO19115:2003" } else { "TC211" };
        self.xml.open("MetadataURL", &[("type", kind)]).leaf("Format", ISO.media_type);
        self.link(&format!("{}/ogc/collections/{}/metadata?f=iso", self.base, layer.id));
        self.xml.close("MetadataURL");
        self.xml.open("DataURL", &[]).leaf("Format", "application/geo+json");
        self.link(&format!("{}/ogc/collections/{}/items?f=json", self.base, layer.id));
        self.xml.close("DataURL");
        self.style(layer, "default", "Mặc định / Default");
        if layer.label_field.is_some() {
            self.style(layer, UNNAMED, "Không nhãn / Without labels");
        }
        for id in self.styles.get(&layer.id).cloned().unwrap_or_default() {
            self.style(layer, &id, &id);
        }
        if layer.min_zoom > 0 {
            let most = ZOOM_0 / 2f64.powi(layer.min_zoom.into());
            if self.modern {
                self.xml.leaf("MaxScaleDenominator", &format!("{most:.3}"));
            } else {
                // The diagonal of a pixel, in metres.
                let diagonal = most * 0.000_28 * std::f64::consts::SQRT_2;
                self.xml.empty("ScaleHint", &[("min", "0"), ("max", &diagonal.to_string())]);
            }
        }
        self.xml.close("Layer");
    }

    /// Who asks for no time gets all of it (OGC 06-042, annex C).
    fn time(&mut self, layer: &Layer) {
        let Some(all) = self.times.get(&layer.id) else { return };
        let extent = format!("{all}/P1D");
        if self.modern {
            let said = [("name", "time"), ("units", "ISO8601"), ("default", all.as_str())];
            self.xml.open("Dimension", &said).text(&extent).close("Dimension");
        } else {
            self.xml.empty("Dimension", &[("name", "time"), ("units", "ISO8601")]);
            self.xml.open("Extent", &[("name", "time"), ("default", all)]).text(&extent).close("Extent");
        }
    }

    fn style(&mut self, layer: &Layer, name: &str, title: &str) {
        self.xml.open("Style", &[]).leaf("Name", name).leaf("Title", title);
        let [width, height] = self.legends.get(&layer.id).copied().unwrap_or([1, 1]).map(|n| n.to_string());
        self.xml.open("LegendURL", &[("width", &width), ("height", &height)]).leaf("Format", "image/png");
        self.link(&format!(
            "{}/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER={}&STYLE={name}&FORMAT=image/png&SLD_VERSION=1.1.0",
            self.base, layer.id
        ));
        self.xml.close("LegendURL").close("Style");
    }
}

/// A box that has room: who zooms to a single point asks for a map of it.
fn roomy([a, b, c, d]: Sides) -> Sides {
    let room = |low: f64, high: f64| if high > low { 0.0 } else { (low.abs() * 1e-6).max(1e-5) };
    let (x, y) = (room(a, c), room(b, d));
    [a - x, b - y, c + x, d + y]
}

fn code(crs: Crs) -> String {
    if crs == Crs::CRS84 { "CRS:84".into() } else { format!("EPSG:{}", crs.srid) }
}
