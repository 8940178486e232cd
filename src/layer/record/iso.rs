//! A record as XML of ISO 19139 (schemas of 2007, `gmd`), which catalogues of agencies and desktop software read.

use super::Record;
use crate::layer::about::LANGUAGES;
use crate::xml::Xml;

const CODES: &str = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml";
const SPACES: [(&str, &str); 4] = [
    ("xmlns:gmd", "http://www.isotc211.org/2005/gmd"),
    ("xmlns:gco", "http://www.isotc211.org/2005/gco"),
    ("xmlns:gml", "http://www.opengis.net/gml/3.2"),
    ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
];
/// When Circular 16/2025/TT-BXD was signed.
const SIGNED: &str = "2025-06-30";
const METRE: &str = "http://www.opengis.net/def/uom/EPSG/0/9001";
/// Kinds of issues of the quality report: the element of ISO 19157 that each belongs to, and what is counted.
const ISSUES: [(&str, &str, &str); 6] = [
    ("duplicate", "DQ_CompletenessCommission", "Đối tượng có hình trùng nhau / Features with the same geometry"),
    ("empty", "DQ_CompletenessOmission", "Đối tượng không có hình học / Features without geometry"),
    ("overlap", "DQ_TopologicalConsistency", "Cặp đối tượng chồng lấn / Pairs of features that overlap"),
    ("gap", "DQ_TopologicalConsistency", "Khoảng hở giữa các đối tượng / Gaps between features"),
    ("sliver", "DQ_TopologicalConsistency", "Mảnh vụn hẹp / Slivers"),
    ("unknown_code", "DQ_DomainConsistency", "Mã loại đất ngoài danh mục / Land-use codes in no list"),
];
const ILLUSTRATIVE: &str = "Dữ liệu minh họa, không phải số liệu chính thức / Illustrative data, not official figures";

/// Where the data can be had: address, protocol, name.
pub type Place = (String, &'static str, &'static str);

/// The whole document; `address` is the record's own, `places` where its data is.
pub fn xml(record: &Record, address: &str, places: &[Place]) -> String {
    let layer = &record.layer;
    let mut x = Gmd(Xml::document());
    x.0.open("gmd:MD_Metadata", &SPACES);
    x.text("fileIdentifier", &layer.id);
    x.language("vi");
    x.code("characterSet", "MD_CharacterSetCode", "utf8");
    x.code("hierarchyLevel", "MD_ScopeCode", "dataset");
    x.el("contact", |x| party(x, record, "pointOfContact"));
    x.el("dateStamp", |x| x.leaf("gco:DateTime", layer.updated.get(..19).unwrap_or(&layer.updated)));
    x.text("metadataStandardName", "ISO 19115:2003/19139");
    x.text("metadataStandardVersion", "1.0");
    x.text("dataSetURI", address);
    if let Some(crs) = layer.crs {
        x.path(&["referenceSystemInfo", "MD_ReferenceSystem", "referenceSystemIdentifier", "RS_Identifier"], |x| {
            x.text("code", &crs.uri());
        });
    }
    x.path(&["identificationInfo", "MD_DataIdentification"], |x| identification(x, record));
    x.path(&["distributionInfo", "MD_Distribution", "transferOptions", "MD_DigitalTransferOptions"], |x| {
        for (address, protocol, name) in places {
            x.path(&["onLine", "CI_OnlineResource"], |x| {
                x.el("linkage", |x| x.leaf("gmd:URL", address));
                x.text("protocol", protocol);
                x.text("name", name);
                x.code("function", "CI_OnLineFunctionCode", "download");
            });
        }
    });
    x.path(&["dataQualityInfo", "DQ_DataQuality"], |x| quality(x, record));
    x.0.close("gmd:MD_Metadata").raw("\n");
    x.0.finish()
}

fn identification(x: &mut Gmd, record: &Record) {
    let (layer, about) = (&record.layer, &record.layer.about);
    x.path(&["citation", "CI_Citation"], |x| citation(x, record));
    match &layer.description {
        Some(text) => x.text("abstract", text),
        None => x.missing("abstract"),
    }
    x.maybe("credit", layer.attribution.as_deref());
    x.el("pointOfContact", |x| party(x, record, "owner"));
    if let Some(frequency) = &about.frequency {
        x.path(&["resourceMaintenance", "MD_MaintenanceInformation"], |x| {
            x.code("maintenanceAndUpdateFrequency", "MD_MaintenanceFrequencyCode", frequency);
        });
    }
    let keywords = about.keyword_list();
    if !keywords.is_empty() {
        x.path(&["descriptiveKeywords", "MD_Keywords"], |x| {
            for keyword in keywords {
                x.text("keyword", keyword);
            }
        });
    }
    if layer.illustrative {
        x.path(&["resourceConstraints", "MD_Constraints"], |x| x.text("useLimitation", ILLUSTRATIVE));
    }
    if let Some(licence) = &layer.licence {
        x.path(&["resourceConstraints", "MD_LegalConstraints"], |x| {
            x.code("useConstraints", "MD_RestrictionCode", "license");
            x.text("otherConstraints", licence);
        });
    }
    let kind = match (layer.spatial(), &layer.raster) {
        (_, Some(_)) => "grid",
        (Some(_), _) => "vector",
        _ => "textTable",
    };
    x.code("spatialRepresentationType", "MD_SpatialRepresentationTypeCode", kind);
    if let Some(scale) = about.denominator() {
        let steps =
            ["spatialResolution", "MD_Resolution", "equivalentScale", "MD_RepresentativeFraction", "denominator"];
        x.path(&steps, |x| x.leaf("gco:Integer", &scale.to_string()));
    }
    x.language(about.spoken());
    x.code("characterSet", "MD_CharacterSetCode", "utf8");
    if let Some(topic) = &about.topic {
        x.el("topicCategory", |x| x.leaf("gmd:MD_TopicCategoryCode", topic));
    }
    x.path(&["extent", "EX_Extent"], |x| {
        if let Some(e) = layer.extent {
            x.path(&["geographicElement", "EX_GeographicBoundingBox"], |x| {
                let sides = [
                    ("westBoundLongitude", e.west),
                    ("eastBoundLongitude", e.east),
                    ("southBoundLatitude", e.south),
                    ("northBoundLatitude", e.north),
                ];
                for (name, degrees) in sides {
                    x.el(name, |x| x.leaf("gco:Decimal", &format!("{degrees:.9}")));
                }
            });
        }
        if let Some((first, last)) = about.period() {
            x.path(&["temporalElement", "EX_TemporalExtent", "extent"], |x| {
                x.0.open("gml:TimePeriod", &[("gml:id", "period")]);
                for (name, day) in [("gml:beginPosition", first), ("gml:endPosition", last)] {
                    match day {
                        Some(day) => x.leaf(name, &day),
                        None => {
                            x.0.empty(name, &[("indeterminatePosition", "unknown")]);
                        }
                    }
                }
                x.0.close("gml:TimePeriod");
            });
        }
    });
}

fn citation(x: &mut Gmd, record: &Record) {
    let (layer, about) = (&record.layer, &record.layer.about);
    x.text("title", &layer.title);
    x.maybe("alternateTitle", layer.title_en.as_deref());
    let revised = layer.updated.get(..10).map(String::from);
    let revised =
        about.revised.clone().or_else(|| revised.filter(|_| about.published.is_none() && about.created.is_none()));
    for (date, kind) in [(&about.created, "creation"), (&about.published, "publication"), (&revised, "revision")] {
        if let Some(date) = date {
            x.path(&["date", "CI_Date"], |x| {
                x.el("date", |x| x.leaf("gco:Date", date));
                x.code("dateType", "CI_DateTypeCode", kind);
            });
        }
    }
    x.path(&["identifier", "MD_Identifier"], |x| x.text("code", about.identifier.as_deref().unwrap_or(&layer.id)));
    if let Some(decision) = &about.decision {
        let date = about.decision_date.as_ref().map_or(String::new(), |d| format!(", {d}"));
        x.text("otherCitationDetails", &format!("Căn cứ pháp lý / Legal basis: {decision}{date}"));
    }
}

/// The agency; nothing is said of persons.
fn party(x: &mut Gmd, record: &Record, role: &str) {
    let about = &record.layer.about;
    x.el("CI_ResponsibleParty", |x| {
        match &about.agency {
            Some(agency) => x.text("organisationName", agency),
            None => x.missing("organisationName"),
        }
        let ways = [&about.agency_phone, &about.agency_email, &about.agency_url];
        if ways.iter().any(|way| way.is_some()) {
            x.path(&["contactInfo", "CI_Contact"], |x| {
                if let Some(phone) = &about.agency_phone {
                    x.path(&["phone", "CI_Telephone"], |x| x.text("voice", phone));
                }
                if let Some(email) = &about.agency_email {
                    x.path(&["address", "CI_Address"], |x| x.text("electronicMailAddress", email));
                }
                if let Some(url) = &about.agency_url {
                    x.path(&["onlineResource", "CI_OnlineResource", "linkage"], |x| x.leaf("gmd:URL", url));
                }
            });
        }
        x.code("role", "CI_RoleCode", role);
    });
}

fn quality(x: &mut Gmd, record: &Record) {
    x.path(&["scope", "DQ_Scope"], |x| x.code("level", "MD_ScopeCode", "dataset"));
    if let Some(q) = &record.quality {
        let counts = [
            ("DQ_CompletenessOmission", "Bản ghi nguồn không nhập được / Source rows set aside", q.rows_set_aside),
            ("DQ_CompletenessCommission", "Bản ghi nguồn đã nhập / Source rows imported", q.rows_imported),
            ("DQ_TopologicalConsistency", "Hình học đã sửa / Geometries repaired", q.geometries_repaired),
        ];
        let issues =
            ISSUES.iter().filter_map(|(kind, element, measure)| Some((*element, *measure, *q.issues.get(*kind)?)));
        for (kind, measure, count) in counts.into_iter().chain(issues) {
            x.path(&["report", kind], |x| {
                x.text("nameOfMeasure", measure);
                x.el("dateTime", |x| x.leaf("gco:DateTime", q.imported_at.get(..19).unwrap_or(&q.imported_at)));
                result(x, None, &count.to_string());
            });
        }
        if let Some(found) = &q.conformance {
            x.path(&["report", "DQ_FormatConsistency"], |x| conformance(x, found));
        }
    }
    if let Some(metres) = record.layer.about.metres() {
        x.path(&["report", "DQ_AbsoluteExternalPositionalAccuracy"], |x| result(x, Some(METRE), &metres.to_string()));
    }
    if let Some(lineage) = &record.layer.about.lineage {
        x.path(&["lineage", "LI_Lineage"], |x| x.text("statement", lineage));
    }
}

/// Whether the layer passes as what its circular asks for.
fn conformance(x: &mut Gmd, found: &serde_json::Value) {
    let text = |key: &str| found[key].as_str().unwrap_or_default();
    let (errors, warnings) = (&found["errors"], &found["warnings"]);
    x.path(&["result", "DQ_ConformanceResult"], |x| {
        x.path(&["specification", "CI_Citation"], |x| {
            x.text("title", &format!("Thông tư {}, Phụ lục II: {}/{}", text("circular"), text("theme"), text("class")));
            x.path(&["date", "CI_Date"], |x| {
                x.el("date", |x| x.leaf("gco:Date", SIGNED));
                x.code("dateType", "CI_DateTypeCode", "publication");
            });
        });
        x.text("explanation", &format!("Lỗi {errors}, cảnh báo {warnings} / errors {errors}, warnings {warnings}"));
        x.el("pass", |x| x.leaf("gco:Boolean", if found["conforms"] == true { "true" } else { "false" }));
    });
}

fn result(x: &mut Gmd, unit: Option<&str>, value: &str) {
    x.path(&["result", "DQ_QuantitativeResult"], |x| {
        match unit {
            Some(unit) => x.0.empty("gmd:valueUnit", &[("xlink:href", unit)]),
            None => x.0.empty("gmd:valueUnit", &[("gco:nilReason", "inapplicable")]),
        };
        x.el("value", |x| x.leaf("gco:Record", value));
    });
}

/// XML under construction. Names without a prefix are of `gmd`.
struct Gmd(Xml);

impl Gmd {
    fn el(&mut self, name: &str, inside: impl FnOnce(&mut Gmd)) {
        self.path(&[name], inside);
    }

    /// Elements within one another.
    fn path(&mut self, names: &[&str], inside: impl FnOnce(&mut Gmd)) {
        for name in names {
            self.0.open(&format!("gmd:{name}"), &[]);
        }
        inside(self);
        for name in names.iter().rev() {
            self.0.close(&format!("gmd:{name}"));
        }
    }

    fn leaf(&mut self, name: &str, text: &str) {
        self.0.leaf(name, text);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.el(name, |x| x.leaf("gco:CharacterString", text));
    }

    fn maybe(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn missing(&mut self, name: &str) {
        self.0.empty(&format!("gmd:{name}"), &[("gco:nilReason", "missing")]);
    }

    fn code(&mut self, name: &str, list: &str, value: &str) {
        self.coded(name, list, &format!("{CODES}#{list}"), value);
    }

    fn coded(&mut self, name: &str, element: &str, list: &str, value: &str) {
        let element = format!("gmd:{element}");
        self.el(name, |x| {
            x.0.open(&element, &[("codeList", list), ("codeListValue", value)]).text(value).close(&element);
        });
    }

    fn language(&mut self, two: &str) {
        let three = LANGUAGES.iter().find(|(code, _)| *code == two).map_or("und", |(_, three)| three);
        self.coded("language", "LanguageCode", "http://www.loc.gov/standards/iso639-2/", three);
    }
}
