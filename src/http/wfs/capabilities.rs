//! `GetCapabilities`: what there is and what is understood (OGC 09-025r2, 8; OGC 04-094, 13).

use std::sync::Arc;

use axum::response::Response;

use super::super::ows::fault::Fault;
use super::answer::{CSV, GML_31, GML_32, JSON};
use super::ask::{systems, urn};
use super::{Request, type_name, xml};
use crate::app::App;
use crate::filter::fes::time;
use crate::layer::Layer;
use crate::layer::gml::NAMESPACE;
use crate::xml::Xml;

const CONFORMANCE: [(&str, bool); 22] = [
    ("ImplementsSimpleWFS", true),
    ("ImplementsBasicWFS", true),
    ("ImplementsTransactionalWFS", false),
    ("ImplementsLockingWFS", false),
    ("KVPEncoding", true),
    ("XMLEncoding", true),
    ("SOAPEncoding", false),
    ("ImplementsInheritance", false),
    ("ImplementsRemoteResolve", false),
    ("ImplementsResultPaging", true),
    ("ImplementsStandardJoins", false),
    ("ImplementsSpatialJoins", false),
    ("ImplementsTemporalJoins", false),
    ("ImplementsFeatureVersioning", false),
    ("ManageStoredQueries", false),
    ("ImplementsQuery", true),
    ("ImplementsAdHocQuery", true),
    ("ImplementsMinimumXPath", true),
    ("ImplementsSorting", true),
    ("ImplementsResourceId", true),
    ("ImplementsMinStandardFilter", true),
    ("ImplementsStandardFilter", true),
];
/// Those of the above that Filter Encoding has, and its others (OGC 09-026r2, 7.13.4).
const FILTER: [(&str, bool); 14] = [
    ("ImplementsQuery", true),
    ("ImplementsAdHocQuery", true),
    ("ImplementsFunctions", false),
    ("ImplementsResourceId", true),
    ("ImplementsMinStandardFilter", true),
    ("ImplementsStandardFilter", true),
    ("ImplementsMinSpatialFilter", true),
    ("ImplementsSpatialFilter", true),
    ("ImplementsMinTemporalFilter", true),
    ("ImplementsTemporalFilter", true),
    ("ImplementsVersionNav", false),
    ("ImplementsSorting", true),
    ("ImplementsExtendedOperators", false),
    ("ImplementsMinimumXPath", true),
];
const SPATIAL: [&str; 10] =
    ["BBOX", "Equals", "Disjoint", "Intersects", "Touches", "Crosses", "Within", "Contains", "Overlaps", "DWithin"];
const COMPARISONS: [&str; 6] =
    ["EqualTo", "NotEqualTo", "LessThan", "GreaterThan", "LessThanOrEqualTo", "GreaterThanOrEqualTo"];

pub fn answer(app: &App, request: &Request) -> Result<Response, Fault> {
    let mut writer = Writer { base: &request.base, modern: request.modern, xml: Xml::document() };
    writer.document(&super::types(app));
    Ok(xml(writer.xml.finish()))
}

struct Writer<'a> {
    base: &'a str,
    modern: bool,
    xml: Xml,
}

impl Writer<'_> {
    fn document(&mut self, layers: &[Arc<Layer>]) {
        let (version, wfs, ows, fes, place) = match self.modern {
            true => (
                "2.0.0",
                "http://www.opengis.net/wfs/2.0",
                "http://www.opengis.net/ows/1.1",
                "http://www.opengis.net/fes/2.0",
                "http://www.opengis.net/wfs/2.0 http://schemas.opengis.net/wfs/2.0/wfs.xsd",
            ),
            false => (
                "1.1.0",
                "http://www.opengis.net/wfs",
                "http://www.opengis.net/ows",
                "http://www.opengis.net/ogc",
                "http://www.opengis.net/wfs http://schemas.opengis.net/wfs/1.1.0/wfs.xsd",
            ),
        };
        let prefix = if self.modern { "xmlns:fes" } else { "xmlns:ogc" };
        self.xml.open(
            "wfs:WFS_Capabilities",
            &[
                ("version", version),
                ("xmlns:wfs", wfs),
                ("xmlns:ows", ows),
                (prefix, fes),
                ("xmlns:dothi", NAMESPACE),
                ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
                ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
                ("xsi:schemaLocation", place),
            ],
        );
        self.identification(version);
        self.operations(version);
        self.xml.open("wfs:FeatureTypeList", &[]);
        if !self.modern {
            self.xml.open("wfs:Operations", &[]).leaf("wfs:Operation", "Query").close("wfs:Operations");
        }
        for layer in layers {
            self.feature_type(layer);
        }
        self.xml.close("wfs:FeatureTypeList");
        if self.modern {
            self.filters()
        } else {
            self.older_filters()
        }
        self.xml.close("wfs:WFS_Capabilities");
    }

    fn identification(&mut self, version: &str) {
        let xml = &mut self.xml;
        xml.open("ows:ServiceIdentification", &[]).leaf("ows:Title", "dothi – Cơ sở dữ liệu không gian đô thị");
        xml.leaf("ows:Abstract", "Các lớp dữ liệu không gian đô thị. / The city's spatial data.");
        xml.leaf("ows:ServiceType", "WFS").leaf("ows:ServiceTypeVersion", version);
        xml.leaf("ows:Fees", "none").leaf("ows:AccessConstraints", "none").close("ows:ServiceIdentification");
        xml.open("ows:ServiceProvider", &[]).leaf("ows:ProviderName", "dothi");
        xml.empty("ows:ServiceContact", &[]).close("ows:ServiceProvider");
    }

    fn operations(&mut self, version: &str) {
        self.xml.open("ows:OperationsMetadata", &[]);
        let versions: &[&str] = &["2.0.0", "1.1.0"];
        let formats: &[&str] = if self.modern { &[GML_32, GML_31, JSON, CSV] } else { &[GML_31, GML_32, JSON, CSV] };
        self.operation("GetCapabilities", &[("AcceptVersions", versions), ("AcceptFormats", &["text/xml"])]);
        self.operation("DescribeFeatureType", &[("outputFormat", &formats[..2])]);
        let results: (&str, &[&str]) = ("resultType", &["results", "hits"]);
        // Nothing refers to anything, so there is nothing to resolve (OGC 09-025r2, table 12).
        let resolve: (&str, &[&str]) = ("resolve", &["none", "local"]);
        let get = [results, ("outputFormat", formats), resolve];
        self.operation("GetFeature", if self.modern { &get[..] } else { &get[..2] });
        if self.modern {
            self.operation("GetPropertyValue", &[results, resolve]);
            self.operation("ListStoredQueries", &[]);
            self.operation("DescribeStoredQueries", &[]);
            self.values("ows:Parameter", "version", &[version, "1.1.0"]);
            for (name, is) in CONFORMANCE {
                self.constraint(name, is);
            }
            self.values("ows:Constraint", "QueryExpressions", &["wfs:Query", "wfs:StoredQuery"]);
        }
        self.xml.close("ows:OperationsMetadata");
    }

    fn operation(&mut self, name: &str, parameters: &[(&str, &[&str])]) {
        let href = format!("{}/wfs", self.base);
        self.xml.open("ows:Operation", &[("name", name)]).open("ows:DCP", &[]).open("ows:HTTP", &[]);
        self.xml.empty("ows:Get", &[("xlink:href", &format!("{href}?"))]).empty("ows:Post", &[("xlink:href", &href)]);
        self.xml.close("ows:HTTP").close("ows:DCP");
        for (name, values) in parameters {
            self.values("ows:Parameter", name, values);
        }
        self.xml.close("ows:Operation");
    }

    fn values(&mut self, element: &str, name: &str, values: &[&str]) {
        self.xml.open(element, &[("name", name)]);
        if self.modern {
            self.xml.open("ows:AllowedValues", &[]);
        }
        for value in values {
            self.xml.leaf("ows:Value", value);
        }
        if self.modern {
            self.xml.close("ows:AllowedValues");
        }
        self.xml.close(element);
    }

    fn constraint(&mut self, name: &str, is: bool) {
        self.xml.open("ows:Constraint", &[("name", name)]).empty("ows:NoValues", &[]);
        self.xml.leaf("ows:DefaultValue", if is { "TRUE" } else { "FALSE" }).close("ows:Constraint");
    }

    fn feature_type(&mut self, layer: &Layer) {
        let modern = self.modern;
        let xml = &mut self.xml;
        xml.open("wfs:FeatureType", &[]).leaf("wfs:Name", &type_name(layer)).leaf("wfs:Title", &layer.title);
        let about: Vec<&str> =
            [&layer.title_en, &layer.description].into_iter().flatten().map(String::as_str).collect();
        if !about.is_empty() {
            xml.leaf("wfs:Abstract", &about.join(". "));
        }
        if layer.spatial().is_none() {
            xml.empty(if modern { "wfs:NoCRS" } else { "wfs:NoSRS" }, &[]);
        } else {
            let (own, other) =
                if modern { ("wfs:DefaultCRS", "wfs:OtherCRS") } else { ("wfs:DefaultSRS", "wfs:OtherSRS") };
            for (n, crs) in systems(layer).into_iter().enumerate() {
                xml.leaf(if n == 0 { own } else { other }, &urn(crs));
            }
        }
        xml.open("wfs:OutputFormats", &[]);
        for format in if modern { [GML_32, GML_31, JSON, CSV] } else { [GML_31, GML_32, JSON, CSV] } {
            xml.leaf("wfs:Format", format);
        }
        xml.close("wfs:OutputFormats");
        if let Some(e) = layer.extent {
            xml.open("ows:WGS84BoundingBox", &[]);
            xml.leaf("ows:LowerCorner", &format!("{} {}", e.west, e.south));
            xml.leaf("ows:UpperCorner", &format!("{} {}", e.east, e.north)).close("ows:WGS84BoundingBox");
        }
        if modern {
            let href = format!("{}/ogc/collections/{}/metadata?f=iso", self.base, layer.id);
            xml.empty("wfs:MetadataURL", &[("xlink:href", &href)]);
        }
        xml.close("wfs:FeatureType");
    }

    fn filters(&mut self) {
        self.xml.open("fes:Filter_Capabilities", &[]).open("fes:Conformance", &[]);
        for (name, is) in FILTER {
            self.xml.open("fes:Constraint", &[("name", name)]).empty("ows:NoValues", &[]);
            self.xml.leaf("ows:DefaultValue", if is { "TRUE" } else { "FALSE" }).close("fes:Constraint");
        }
        self.xml.close("fes:Conformance").open("fes:Id_Capabilities", &[]);
        self.xml.empty("fes:ResourceIdentifier", &[("name", "fes:ResourceId")]).close("fes:Id_Capabilities");
        self.xml.open("fes:Scalar_Capabilities", &[]).empty("fes:LogicalOperators", &[]);
        self.xml.open("fes:ComparisonOperators", &[]);
        for name in COMPARISONS.into_iter().chain(["Like", "Null", "Nil", "Between"]) {
            self.xml.empty("fes:ComparisonOperator", &[("name", &format!("PropertyIs{name}"))]);
        }
        self.xml.close("fes:ComparisonOperators").close("fes:Scalar_Capabilities");
        self.xml.open("fes:Spatial_Capabilities", &[]).open("fes:GeometryOperands", &[]);
        for name in [
            "Envelope",
            "Point",
            "LineString",
            "Curve",
            "Polygon",
            "Surface",
            "MultiPoint",
            "MultiCurve",
            "MultiSurface",
        ] {
            self.operand("fes:GeometryOperand", name);
        }
        self.xml.close("fes:GeometryOperands").open("fes:SpatialOperators", &[]);
        for name in SPATIAL.into_iter().chain(["Beyond"]) {
            self.xml.empty("fes:SpatialOperator", &[("name", name)]);
        }
        self.xml.close("fes:SpatialOperators").close("fes:Spatial_Capabilities");
        self.xml.open("fes:Temporal_Capabilities", &[]).open("fes:TemporalOperands", &[]);
        for name in time::OPERANDS {
            self.operand("fes:TemporalOperand", name);
        }
        self.xml.close("fes:TemporalOperands").open("fes:TemporalOperators", &[]);
        // It is taken, but the schema of capabilities has no name for it.
        for (name, _) in time::OPERATORS.iter().filter(|(name, _)| *name != "AnyInteracts") {
            self.xml.empty("fes:TemporalOperator", &[("name", name)]);
        }
        self.xml.close("fes:TemporalOperators").close("fes:Temporal_Capabilities").close("fes:Filter_Capabilities");
    }

    /// A type of GML 3.2 that filters may name.
    fn operand(&mut self, element: &str, name: &str) {
        let name = format!("gml:{name}");
        self.xml.empty(element, &[("xmlns:gml", "http://www.opengis.net/gml/3.2"), ("name", &name)]);
    }

    fn older_filters(&mut self) {
        let xml = &mut self.xml;
        xml.open("ogc:Filter_Capabilities", &[])
            .open("ogc:Spatial_Capabilities", &[])
            .open("ogc:GeometryOperands", &[]);
        for name in ["Envelope", "Point", "LineString", "Polygon"] {
            xml.open("ogc:GeometryOperand", &[("xmlns:gml", "http://www.opengis.net/gml")]);
            xml.text(&format!("gml:{name}")).close("ogc:GeometryOperand");
        }
        xml.close("ogc:GeometryOperands").open("ogc:SpatialOperators", &[]);
        for name in SPATIAL {
            xml.empty("ogc:SpatialOperator", &[("name", name)]);
        }
        xml.close("ogc:SpatialOperators").close("ogc:Spatial_Capabilities");
        xml.open("ogc:Scalar_Capabilities", &[])
            .empty("ogc:LogicalOperators", &[])
            .open("ogc:ComparisonOperators", &[]);
        for name in [
            "EqualTo",
            "NotEqualTo",
            "LessThan",
            "GreaterThan",
            "LessThanEqualTo",
            "GreaterThanEqualTo",
            "Like",
            "Between",
            "NullCheck",
        ] {
            xml.leaf("ogc:ComparisonOperator", name);
        }
        xml.close("ogc:ComparisonOperators").close("ogc:Scalar_Capabilities");
        xml.open("ogc:Id_Capabilities", &[]).empty("ogc:EID", &[]).empty("ogc:FID", &[]).close("ogc:Id_Capabilities");
        xml.close("ogc:Filter_Capabilities");
    }
}
