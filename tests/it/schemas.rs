//! What a layer's features are made of (Part 5), the API definition, and the list of layers.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Server, World};

async fn world() -> (World, Server) {
    let world = World::new().await;
    let columns = [
        ("Mã đất", "text"),
        ("dienTich", "float8"),
        ("ngayCap", "date"),
        ("so", "int2"),
        ("goc", "json"),
        ("anh", "bytea"),
    ];
    let rows = "SELECT ST_Multi(ST_MakeEnvelope(580000, 1279000, 580010, 1279010, 9217)), v, 100.5, date '2026-01-01', 1, '{}'::json, ''::bytea \
                FROM unnest(ARRAY['ONT', 'CLN', 'ONT+CLN']) v";
    world.layer("thua", "MultiPolygon", 9217, &columns, rows).await;
    world
        .sql("UPDATE dothi.layer SET class_field = 'Mã đất', title = 'Thửa đất Phan Rang', title_en = 'Parcels' WHERE id = 'thua'")
        .await;
    let row = "SELECT ST_SetSRID(ST_Point(10, 50), 4326), 'x'";
    world.layer("bang", "Point", 4326, &[("fid_", "text")], row).await;
    let server = world.server().await;
    (world, server)
}

fn rels<'a>(doc: &'a Value, rel: &str) -> Vec<&'a str> {
    let links = doc["links"].as_array().unwrap().iter().filter(|l| l["rel"] == rel);
    links.map(|l| l["href"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_schemas_say_what_is_answered_filtered_and_sorted() {
    let (_world, server) = world().await;
    let collection = server.json("/ogc/collections/thua").await;
    let mut docs = Vec::new();
    for (name, rel) in [("schema", "schema"), ("queryables", "queryables"), ("sortables", "sortables")] {
        let address = format!("http://ban-do.test/ogc/collections/thua/{name}");
        assert_eq!(rels(&collection, &format!("http://www.opengis.net/def/rel/ogc/1.0/{rel}")), [&address]);
        let reply = server.get(&format!("/ogc/collections/thua/{name}")).await;
        assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "application/schema+json"));
        let doc = reply.json();
        assert_eq!(doc["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(
            (&doc["$id"], &doc["type"], &doc["additionalProperties"]),
            (&json!(address), &json!("object"), &json!(false))
        );
        let places: Vec<i64> =
            doc["properties"].as_object().unwrap().values().map(|p| p["x-ogc-propertySeq"].as_i64().unwrap()).collect();
        assert_eq!(places, (1..=places.len() as i64).collect::<Vec<_>>());
        docs.push(doc["properties"].clone());
    }
    let names = |doc: &Value| doc.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&docs[0]), ["fid", "geom", "Mã đất", "dienTich", "ngayCap", "so", "goc", "anh"]);
    assert_eq!(names(&docs[1]), names(&docs[0]));
    assert_eq!(names(&docs[2]), ["fid", "Mã đất", "dienTich", "ngayCap", "so"], "what has an order");
    let schema = &docs[0];
    assert_eq!((&schema["fid"]["x-ogc-role"], &schema["fid"]["readOnly"]), (&json!("id"), &json!(true)));
    assert_eq!(schema["geom"]["format"], "geometry-multipolygon");
    assert_eq!((schema["geom"].get("type"), schema["geom"].get("$ref")), (None, None));
    assert_eq!(docs[1]["geom"]["$ref"], "https://geojson.org/schema/MultiPolygon.json");
    assert_eq!(schema["ngayCap"]["x-ogc-role"], "primary-instant");
    assert_eq!((&schema["ngayCap"]["type"], &schema["ngayCap"]["format"]), (&json!("string"), &json!("date")));
    assert_eq!(server.get("/ogc/collections/thua/schema?x=1").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(server.get("/ogc/collections/khac/sortables").await.status, StatusCode::NOT_FOUND);
    let classes = server.json("/ogc/conformance").await;
    for class in [
        "ogcapi-features-5/1.0/conf/schemas",
        "ogcapi-common-3/1.0/conf/schemas",
        "ogcapi-features-5/1.0/conf/profile-codelists",
        "ogcapi-features-8/1.0/conf/features-sorting",
        "ogcapi-features-6/1.0/conf/properties-features",
    ] {
        let class = json!(format!("http://www.opengis.net/spec/{class}"));
        assert!(classes["conformsTo"].as_array().unwrap().contains(&class), "{class}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_told_with_what_they_mean_and_with_what_else_is_there() {
    let world = World::new().await;
    let rows = "SELECT ST_SetSRID(ST_Point(109, 11.5), 4326), v, n, v, i::text \
                FROM unnest(ARRAY['ONT', 'ONT+CLN'], ARRAY[1, 9]) WITH ORDINALITY AS t (v, n, k), generate_series(1, 201) i";
    world
        .layer("thua", "Point", 4326, &[("maDat", "text"), ("loai", "int4"), ("ten", "text"), ("so", "text")], rows)
        .await;
    let domain =
        r#"[{"code": "1", "label": "Đất công"}, {"code": "2", "label": "Đất tư"}, {"code": "2", "label": "Lặp lại"}]"#;
    world
        .sql(&format!(
            "UPDATE dothi.layer SET class_field = 'maDat', \
             fields = jsonb_set(jsonb_set(fields, '{{1,domain}}', '{domain}'), '{{3,domain}}', '{domain}') WHERE id = 'thua'"
        ))
        .await;
    let server = world.server().await;
    for name in ["schema", "queryables", "sortables"] {
        let reply = server.get(&format!("/ogc/collections/thua/{name}?profile=codelist-ref")).await;
        assert_eq!(reply.status, StatusCode::OK, "a profile that cannot be had is no error");
        let links: Vec<_> = reply.headers.get_all("link").iter().map(|l| l.to_str().unwrap()).collect();
        assert!(links.iter().any(|l| l.contains("/codelist-inline>; rel=\"profile\"")), "{links:?}");
        let schema = reply.json()["properties"].clone();
        let kinds = json!([
            {"const": 1, "title": "Đất công"},
            {"const": 2, "title": "Đất tư"},
            {"const": 9},
        ]);
        assert_eq!((&schema["loai"]["type"], &schema["loai"]["oneOf"]), (&json!("integer"), &kinds), "{name}");
        let land = schema["maDat"]["oneOf"].as_array().unwrap();
        assert!(land.contains(&json!({"const": "ONT", "title": "Đất ở tại nông thôn"})), "{land:?}");
        assert!(land.contains(&json!({"const": "ONT+CLN"})) && schema["maDat"].get("enum").is_none());
        assert_eq!(schema["maDat"]["x-ogc-codelistUri"], "http://ban-do.test/land-use");
        let open = json!([{"const": "1", "title": "Đất công"}, {"const": "2", "title": "Đất tư"}, {}]);
        assert_eq!(
            (&schema["so"]["anyOf"], schema["so"].get("oneOf")),
            (&open, None),
            "201 values are too many to tell"
        );
        assert!(schema["ten"].get("oneOf").or(schema["ten"].get("anyOf")).is_none());
    }
    let page = server.get("/ogc/collections/thua/schema?f=html").await;
    let page = String::from_utf8(page.bytes).unwrap();
    assert!(page.contains("Đất ở tại nông thôn") && page.contains("Đất công"));
    // The definition: each list once, official ones for all layers together; any other value stays possible.
    let doc = server.json("/ogc/api").await;
    let lists = &doc["components"]["schemas"];
    let list = json!([{"enum": [1], "title": "Đất công"}, {"enum": [2], "title": "Đất tư"}]);
    assert_eq!(lists["codes.thua.2"]["oneOf"], list);
    let land = lists["codes.landUse"]["oneOf"].as_array().unwrap();
    assert!(land.contains(&json!({"enum": ["ONT"], "title": "Đất ở tại nông thôn"})));
    let open = |name: &str| json!([{"$ref": format!("#/components/schemas/{name}")}, {}]);
    let properties = &lists["feature.thua"]["properties"]["properties"]["properties"];
    assert_eq!((&properties["loai"]["anyOf"], properties["ten"].get("anyOf")), (&open("codes.thua.2"), None));
    for path in ["items", "export"] {
        let parameters = doc["paths"][format!("/collections/thua/{path}")]["get"]["parameters"].as_array().unwrap();
        let parameter = |name: &str| &parameters.iter().find(|p| p["name"] == name).unwrap()["schema"];
        let (land, kind) = (parameter("maDat"), parameter("loai"));
        assert_eq!((&land["type"], &land["anyOf"]), (&json!("string"), &open("codes.landUse")));
        assert_eq!((&kind["type"], &kind["anyOf"]), (&json!("integer"), &open("codes.thua.2")));
    }
    assert_eq!(server.json("/ogc/collections/thua/items?loai=9&limit=1").await["numberMatched"], 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_definition_is_there_whole_and_of_one_layer() {
    let (_world, server) = world().await;
    let whole = server.json("/ogc/api").await;
    let collection = server.json("/ogc/collections/thua").await;
    assert_eq!(rels(&collection, "service-desc"), ["http://ban-do.test/ogc/collections/thua/api"]);
    let one = server.json("/ogc/collections/thua/api").await;
    let paths = |doc: &Value| doc["paths"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert!(paths(&one).iter().all(|p| !p.contains("bang")) && paths(&whole).iter().any(|p| p.contains("bang")));
    for doc in [&whole, &one] {
        assert_eq!(doc["openapi"], "3.0.3");
        assert_eq!(doc["components"]["parameters"]["limit"]["schema"]["maximum"], 10_000);
        let mut open = vec![doc];
        while let Some(value) = open.pop() {
            if let Some(pointer) = value["$ref"].as_str().and_then(|r| r.strip_prefix('#')) {
                assert!(doc.pointer(pointer).is_some(), "{pointer} is not there");
            }
            match value {
                Value::Object(members) => open.extend(members.values()),
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
    }
    // Whatever stands there as a parameter is taken.
    let get = &one["paths"]["/collections/thua/items"]["get"];
    for parameter in get["parameters"].as_array().unwrap() {
        let parameter = match parameter["$ref"].as_str() {
            Some(pointer) => one.pointer(&pointer[1..]).unwrap(),
            None => parameter,
        };
        assert_eq!((&parameter["style"], &parameter["explode"]), (&json!("form"), &json!(false)), "{parameter}");
        let Some(example) = parameter.get("example") else { continue };
        let text = match example {
            Value::Array(items) => items.iter().map(|v| v.to_string().replace('"', "")).collect::<Vec<_>>().join(","),
            Value::String(text) => text.replace(' ', "+").replace('<', "%3C"),
            other => other.to_string(),
        };
        server.json(&format!("/ogc/collections/thua/items?{}={text}", parameter["name"].as_str().unwrap())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_are_found_by_words_place_and_time_a_page_at_a_time() {
    let (_world, server) = world().await;
    let ids = async |query: &str| {
        let doc = server.json(&format!("/ogc/collections?{query}")).await;
        doc["collections"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await.len(), 2);
    assert_eq!(ids("q=THUA+dat").await, ["thua"]);
    assert_eq!(ids("q=parcels").await, ["thua"]);
    assert_eq!(ids("q=nothing").await.len(), 0);
    assert_eq!(ids("bbox=108,11,110,12").await, ["thua"]);
    assert_eq!(ids("datetime=2030-01-01/..").await, ["bang"], "one without times is at every time");
    let first = server.json("/ogc/collections?limit=1&q=t").await;
    assert_eq!((&first["numberMatched"], &first["numberReturned"]), (&json!(1), &json!(1)));
    let first = server.json("/ogc/collections?limit=1").await;
    let next = rels(&first, "next")[0].strip_prefix("http://ban-do.test").unwrap().to_string();
    let second = server.json(&next).await;
    assert_ne!(first["collections"][0]["id"], second["collections"][0]["id"]);
    assert_eq!((rels(&second, "next").len(), rels(&second, "prev").len()), (0, 1));
    for bad in ["limit=0", "limit=x", "offset=-1", "bbox=1", "datetime=x", "q=", "page=2"] {
        assert_eq!(server.get(&format!("/ogc/collections?{bad}")).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}
