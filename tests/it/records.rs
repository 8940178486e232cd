//! Records: what is said of a layer stays with it, is found, and is valid where it goes out as XML.

use std::io::Write;
use std::process::{Command, Stdio};

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

use crate::city::City;
use crate::support::{Server, World};

const HOSTILE: &str =
    "</gmd:abstract><![CDATA[ & \"quoted\" 'đất' \u{1}\u{7f} ]]> <!ENTITY x SYSTEM \"file:///etc/passwd\">";

async fn city() -> (World, Server) {
    let world = World::new().await;
    let point = "VALUES (ST_Point(580300, 1279000, 9217), 'a')";
    world.layer("quy_hoach", "Point", 9217, &[("ten", "text")], point).await;
    world.layer("ha_noi", "Point", 5897, &[("ten", "text")], "VALUES (ST_Point(580300, 2325000, 5897), 'a')").await;
    let about = json!({
        "agency": "Sở Nông nghiệp và Môi trường", "agencyEmail": "so@khanhhoa.example", "agencyPhone": "+842583000000",
        "agencyUrl": "https://khanhhoa.example/?a=1&b=2", "lineage": HOSTILE, "topic": "planningCadastre",
        "keywords": "quy hoạch, đất đai", "created": "2024", "published": "2024-05", "revised": "2025-06-30",
        "scale": "1:2000", "accuracy": "0.5", "decision": "1319/QĐ-TTg", "decisionDate": "2023-11-10",
        "periodStart": "2021", "periodEnd": "2030", "frequency": "annually", "identifier": "urn:vn:khanhhoa:QH-01",
    });
    world
        .sql(&format!(
            "UPDATE dothi.layer SET about = $${about}$$, description = $${HOSTILE}$$, title = 'Quy hoạch sử dụng đất', title_en = 'Land-use plan', \
             licence = 'CC BY 4.0', attribution = 'Sở NN&MT', illustrative = true WHERE id = 'quy_hoach'; \
             INSERT INTO dothi.import (layer, version, source, report) VALUES ('quy_hoach', 1, 'a.shp: a', \
             '{{\"read\": 12, \"imported\": 11, \"repaired\": 2, \"set_aside\": 1, \"notes\": [{{\"code\": \"tcvn3\", \"message\": \"Nguyễn\", \"count\": 3}}]}}'); \
             INSERT INTO dothi.edition (layer, number, how, import, version) SELECT layer, 1, 'replace', id, 1 FROM dothi.import; \
             UPDATE dothi.layer SET edition = 1 WHERE id = 'quy_hoach'",
        ))
        .await;
    let server = world.server().await;
    (world, server)
}

#[tokio::test]
async fn a_record_says_what_is_known_and_said_of_a_layer() {
    let (_world, server) = city().await;
    let collection = server.json("/ogc/collections/quy_hoach").await;
    let links = collection["links"].as_array().unwrap();
    let link = links.iter().find(|l| l["rel"] == "describedby" && l["type"] == "application/geo+json").unwrap();
    let path = link["href"].as_str().unwrap().strip_prefix("http://ban-do.test").unwrap();
    let record = server.json(path).await;
    let p = &record["properties"];
    assert_eq!(
        (&record["id"], &record["type"], &p["type"]),
        (&json!("quy_hoach"), &json!("Feature"), &json!("dataset"))
    );
    assert_eq!(record["time"], json!({"interval": ["2021-01-01", "2030-12-31"]}));
    assert_eq!(record["geometry"]["type"], "Polygon");
    assert_eq!(p["description"], HOSTILE);
    assert_eq!(p["contacts"][0]["organization"], "Sở Nông nghiệp và Môi trường");
    assert_eq!(p["contacts"][0]["emails"], json!([{"value": "so@khanhhoa.example"}]));
    assert_eq!(p["legalBasis"], json!({"decision": "1319/QĐ-TTg", "date": "2023-11-10"}));
    assert_eq!(p["externalIds"][0], json!({"scheme": "urn:vn:khanhhoa", "value": "QH-01"}));
    assert_eq!((&p["scaleDenominator"], &p["keywords"]), (&json!(2000), &json!(["quy hoạch", "đất đai"])));
    let q = &p["quality"];
    let counts = [&q["rowsRead"], &q["rowsImported"], &q["geometriesRepaired"], &q["rowsSetAside"]];
    assert_eq!(counts, [&json!(12), &json!(11), &json!(2), &json!(1)]);
    // Kinds of notes, without their texts, which may repeat data.
    assert_eq!(q["notes"], json!({"tcvn3": 3}));
    assert_eq!(server.json("/ogc/collections/_records/items/quy_hoach").await["properties"], *p);
    let bare = server.json("/ogc/collections/ha_noi/metadata").await;
    assert_eq!((&bare["time"], &bare["properties"]["contacts"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn records_are_found_by_words_place_time_and_identifier() {
    let (_world, server) = city().await;
    for (query, found) in [
        ("", &["ha_noi", "quy_hoach"][..]),
        ("q=QUY%20HOACH", &["quy_hoach"]),
        ("q=%C4%91%E1%BA%A5t%20%20%C4%91ai", &["quy_hoach"]),
        ("q=hoach%20quy", &[]),
        ("q=land-use,ha_noi", &["ha_noi", "quy_hoach"]),
        ("q=khong,co", &[]),
        ("bbox=108,11,110,12", &["quy_hoach"]),
        ("bbox=-10,-10,10,10", &[]),
        ("datetime=2025-01-01", &["ha_noi", "quy_hoach"]),
        ("datetime=2031-01-01/..", &["ha_noi"]),
        ("datetime=../2020-12-31", &["ha_noi"]),
        ("type=dataset", &["ha_noi", "quy_hoach"]),
        ("type=service", &[]),
        ("ids=ha_noi,none", &["ha_noi"]),
        ("externalIds=1319/Q%C4%90-TTg", &["quy_hoach"]),
        ("externalIds=urn:vn:khanhhoa:QH-01", &["quy_hoach"]),
        ("externalIds=other:QH-01", &[]),
    ] {
        let list = server.json(&format!("/ogc/collections/_records/items?{query}")).await;
        let mut ids: Vec<&str> =
            list["features"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        assert_eq!((ids, list["numberMatched"].as_u64()), (found.to_vec(), Some(found.len() as u64)), "{query}");
    }
    let page = server.json("/ogc/collections/_records/items?limit=1&type=dataset").await;
    let next = page["links"].as_array().unwrap().iter().find(|l| l["rel"] == "next").unwrap();
    let rest = server.json(next["href"].as_str().unwrap().strip_prefix("http://ban-do.test").unwrap()).await;
    assert_ne!(rest["features"][0]["id"], page["features"][0]["id"]);
    assert!(rest["links"].as_array().unwrap().iter().all(|l| l["rel"] != "next"));
    for (query, status) in [("limit=0", 400), ("x=1", 400), ("bbox=1", 400), ("datetime=now", 400), ("offset=-1", 400)]
    {
        let reply = server.get(&format!("/ogc/collections/_records/items?{query}")).await;
        assert_eq!(reply.status.as_u16(), status, "{query}");
    }
    assert_eq!(server.get("/ogc/collections/_records/items/none").await.status, 404);
    let catalog = server.json("/ogc/collections/_records").await;
    assert_eq!((&catalog["itemType"], &catalog["type"]), (&json!("record"), &json!("Collection")));
    let landing = server.json("/ogc").await;
    let rels: Vec<&str> = landing["links"].as_array().unwrap().iter().filter_map(|l| l["rel"].as_str()).collect();
    assert!(rels.contains(&"http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog"));
}

/// What an XPath of the XML says, by a reader of its own.
fn xpath(xml: &[u8], path: &str) -> String {
    let script = "import sys, xml.etree.ElementTree as E\n\
        spaces = {'gmd': 'http://www.isotc211.org/2005/gmd', 'gco': 'http://www.isotc211.org/2005/gco', 'gml': 'http://www.opengis.net/gml/3.2'}\n\
        print('|'.join((e.get('codeListValue') or e.text or '') for e in E.fromstring(sys.stdin.buffer.read()).findall(sys.argv[1], spaces)), end='')";
    let mut child = Command::new("python3")
        .args(["-c", script, path])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(xml).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(xml));
    String::from_utf8(out.stdout).unwrap()
}

#[tokio::test]
async fn a_record_goes_out_as_xml_that_holds_hostile_text_as_text() {
    let (_world, server) = city().await;
    let reply = server.get("/ogc/collections/quy_hoach/metadata?f=iso").await;
    assert_eq!(reply.header(header::CONTENT_TYPE), "application/vnd.iso.19139+xml");
    let by_type = Request::get("/ogc/collections/quy_hoach/metadata").header(header::ACCEPT, "application/xml");
    let by_type = by_type.header(header::HOST, "ban-do.test").body(Body::empty()).unwrap();
    assert_eq!(server.send(by_type).await.bytes, reply.bytes);
    let id = "gmd:identificationInfo/gmd:MD_DataIdentification";
    let text = HOSTILE.replace('\u{1}', "\u{fffd}");
    for (path, value) in [
        ("gmd:fileIdentifier/gco:CharacterString", "quy_hoach"),
        ("gmd:language/gmd:LanguageCode", "vie"),
        (&format!("{id}/gmd:citation/gmd:CI_Citation/gmd:title/gco:CharacterString"), "Quy hoạch sử dụng đất"),
        (&format!("{id}/gmd:citation//gmd:CI_DateTypeCode"), "creation|publication|revision"),
        (&format!("{id}/gmd:citation//gco:Date"), "2024|2024-05|2025-06-30"),
        (&format!("{id}/gmd:abstract/gco:CharacterString"), &text),
        (&format!("{id}/gmd:topicCategory/gmd:MD_TopicCategoryCode"), "planningCadastre"),
        (&format!("{id}//gmd:denominator/gco:Integer"), "2000"),
        (&format!("{id}//gmd:otherConstraints/gco:CharacterString"), "CC BY 4.0"),
        (&format!("{id}//gml:beginPosition"), "2021-01-01"),
        (&format!("{id}/gmd:pointOfContact//gmd:electronicMailAddress/gco:CharacterString"), "so@khanhhoa.example"),
        (&format!("{id}/gmd:pointOfContact//gmd:URL"), "https://khanhhoa.example/?a=1&b=2"),
        (".//gmd:RS_Identifier/gmd:code/gco:CharacterString", "http://www.opengis.net/def/crs/EPSG/0/9217"),
        (".//gmd:lineage//gmd:statement/gco:CharacterString", &text),
        (".//gmd:DQ_CompletenessOmission//gco:Record", "1"),
        (".//gmd:DQ_TopologicalConsistency//gco:Record", "2"),
    ] {
        assert_eq!(xpath(&reply.bytes, path), value, "{path}");
    }
    // Nothing is said of this one; what ISO 19115 requires is there all the same.
    let bare = server.get("/ogc/collections/ha_noi/metadata?f=iso").await;
    assert_eq!(xpath(&bare.bytes, &format!("{id}/gmd:citation//gmd:CI_DateTypeCode")), "revision");
    if let Ok(folder) = std::env::var("DOTHI_KEEP_XML") {
        std::fs::write(format!("{folder}/full.xml"), &reply.bytes).unwrap();
        std::fs::write(format!("{folder}/bare.xml"), &bare.bytes).unwrap();
    }
}

#[test]
fn what_is_said_of_a_layer_stays_over_imports() {
    let city = City::new();
    let file = city.squares("o.geojson", 3);
    let file = file.to_str().unwrap();
    city.json(&["import", file]);
    let set = [
        "layers",
        "set",
        "o",
        "--abstract",
        "Ô đất",
        "--agency",
        "Sở Xây dựng",
        "--scale",
        "1:500",
        "--period-end",
        "2030",
    ];
    assert_eq!(city.json(&set)["about"]["agency"], "Sở Xây dựng");
    city.json(&["import", file]);
    let shown = city.json(&["layers", "show", "o"]);
    assert_eq!(shown["about"], json!({"agency": "Sở Xây dựng", "scale": "1:500", "periodEnd": "2030"}));
    assert_eq!(shown["description"], "Ô đất");
    assert_eq!(city.json(&["layers", "set", "o", "--agency", ""])["about"].get("agency"), None);
    let wrong = city.run(&["layers", "set", "o", "--topic", "nothing"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("`planningCadastre`"));
}
