//! `DescribeFeatureType`: the layers' fields as XML Schema (OGC 09-025r2, 9).

use std::sync::Arc;

use axum::response::Response;

use super::super::ows::fault::Fault;
use super::{Request, typed, xml};
use crate::app::App;
use crate::layer::Layer;
use crate::layer::gml::{self, NAMESPACE, PREFIX};
use crate::xml::{Xml, name};

pub fn answer(app: &App, request: &Request) -> Result<Response, Fault> {
    let written: Option<Vec<String>> =
        request.body.as_ref().map(|b| b.all("TypeName").map(|t| t.text.trim().to_string()).collect());
    let named = match written.filter(|w| !w.is_empty()) {
        Some(written) => Some(written),
        None => {
            let said = request.kvp.list("TYPENAMES").or_else(|| request.kvp.list("TYPENAME"));
            said.map(|all| all.into_iter().map(String::from).collect())
        }
    };
    let layers: Vec<Arc<Layer>> = match named {
        Some(names) => names.iter().map(|n| typed(app, n, "typeName")).collect::<Result<_, _>>()?,
        None => super::types(app),
    };
    Ok(xml(document(&layers, request.modern)))
}

fn document(layers: &[Arc<Layer>], modern: bool) -> String {
    let (gml, place, abstraction, head) = match modern {
        true => (
            "http://www.opengis.net/gml/3.2",
            "http://schemas.opengis.net/gml/3.2.1/gml.xsd",
            "gml:AbstractFeatureType",
            "gml:AbstractFeature",
        ),
        false => (
            "http://www.opengis.net/gml",
            "http://schemas.opengis.net/gml/3.1.1/base/gml.xsd",
            "gml:AbstractFeatureType",
            "gml:_Feature",
        ),
    };
    let mut xml = Xml::document();
    xml.open(
        "xsd:schema",
        &[
            ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"),
            ("xmlns:gml", gml),
            ("xmlns:dothi", NAMESPACE),
            ("targetNamespace", NAMESPACE),
            ("elementFormDefault", "qualified"),
            ("version", "1.0"),
        ],
    );
    xml.raw("\n").empty("xsd:import", &[("namespace", gml), ("schemaLocation", place)]).raw("\n");
    for layer in layers {
        let own = name::encode(&layer.id);
        let kind = format!("{own}Type");
        let full = format!("{PREFIX}:{kind}");
        xml.empty("xsd:element", &[("name", &own), ("type", &full), ("substitutionGroup", head)]).raw("\n");
        xml.open("xsd:complexType", &[("name", &kind)]).open("xsd:complexContent", &[]);
        xml.open("xsd:extension", &[("base", abstraction)]).open("xsd:sequence", &[]).raw("\n");
        if layer.spatial().is_some() {
            element(&mut xml, &gml::geometry_name(layer), gml::property_type(layer), None);
        }
        for field in &layer.fields {
            element(&mut xml, &name::encode(&field.name), gml::xsd(field.kind), field.title.as_deref());
        }
        xml.close("xsd:sequence").close("xsd:extension").close("xsd:complexContent").close("xsd:complexType").raw("\n");
    }
    xml.close("xsd:schema").raw("\n");
    xml.finish()
}

fn element(xml: &mut Xml, name: &str, kind: &str, title: Option<&str>) {
    let attributes = [("name", name), ("type", kind), ("minOccurs", "0"), ("nillable", "true")];
    match title {
        None => xml.empty("xsd:element", &attributes),
        Some(title) => {
            xml.open("xsd:element", &attributes).open("xsd:annotation", &[]);
            xml.leaf("xsd:documentation", title).close("xsd:annotation").close("xsd:element")
        }
    };
    xml.raw("\n");
}
