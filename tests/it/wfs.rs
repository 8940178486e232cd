//! Features for desktop software: GML that says what the database says, filters in XML, pages, reports of what is wrong.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{Server, World};

/// Three lots of 100 m × 50 m in a row and a table without geometry.
async fn lots() -> World {
    let world = World::new().await;
    let lot = |e: i32, code: &str, name: &str| {
        format!(
            "(ST_MakeEnvelope({e}, 1279000, {}, 1279050, 9217), '{code}', {e}, {name}, {e} / 7.0, '2026-01-{:02}')",
            e + 100,
            e / 100 % 10 + 10
        )
    };
    let rows = format!(
        "VALUES {}, {}, {}",
        lot(580_000, "ONT", "'Đất ở & vườn <1>'"),
        lot(580_100, "CLN", "NULL"),
        lot(580_200, "ONT", "'100%_ok'")
    );
    let columns = [("maDat", "text"), ("so", "int4"), ("Tên thửa", "text"), ("dienTich", "float8"), ("ngay", "date")];
    world.layer("thua", "Polygon", 9217, &columns, &rows).await;
    world
}

const FEATURES: &str = "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&TYPENAMES=dothi:thua";

async fn text(server: &Server, path: &str) -> String {
    let reply = server.get(path).await;
    let text = String::from_utf8(reply.bytes).unwrap();
    assert_eq!(reply.status, StatusCode::OK, "{path}: {text}");
    text
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The lots that an answer in JSON has, by the hundreds of metres of their eastings.
async fn numbers(server: &Server, more: &str) -> Vec<i64> {
    let answer = server.json(&format!("{FEATURES}&OUTPUTFORMAT=application/json{more}")).await;
    answer["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["properties"]["so"].as_i64().unwrap() - 580_000) / 100)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn gml_says_what_the_database_says_in_the_order_of_the_authority() {
    let world = lots().await;
    let server = world.server().await;
    let all = text(&server, FEATURES).await;
    for part in [
        "numberMatched=\"3\" numberReturned=\"3\"",
        "<wfs:member><dothi:thua gml:id=\"thua.1\"><dothi:geom><gml:Polygon gml:id=\"thua.1.g\" srsName=\"urn:ogc:def:crs:EPSG::9217\" srsDimension=\"2\">\
         <gml:exterior><gml:LinearRing><gml:posList>580000 1279000 580000 1279050 580100 1279050 580100 1279000 580000 1279000</gml:posList>",
        "<dothi:maDat>ONT</dothi:maDat><dothi:so>580000</dothi:so><dothi:Tên_x0020_thửa>Đất ở &amp; vườn &lt;1&gt;</dothi:Tên_x0020_thửa>",
        "<dothi:ngay>2026-01-10</dothi:ngay>",
    ] {
        assert!(all.contains(part), "{part} is not in {all}");
    }
    assert!(!all.contains("thua.2\"><dothi:geom></"));
    let latlon = text(&server, &format!("{FEATURES}&SRSNAME=urn:ogc:def:crs:EPSG::4326&COUNT=1")).await;
    assert!(
        latlon.contains("<gml:posList>11.56") && latlon.contains("srsName=\"urn:ogc:def:crs:EPSG::4326\""),
        "{latlon}"
    );
    let lonlat = text(&server, &format!("{FEATURES}&SRSNAME=EPSG:4326&COUNT=1")).await;
    assert!(lonlat.contains("<gml:posList>108.98"), "{lonlat}");
    let older = FEATURES.replace("2.0.0", "1.1.0").replace("TYPENAMES", "TYPENAME");
    let older = text(&server, &older).await;
    assert!(
        older.contains("xmlns:gml=\"http://www.opengis.net/gml\"")
            && older.contains("numberOfFeatures=\"3\"")
            && older.contains("<gml:featureMembers>")
    );
    let less = text(&server, &format!("{FEATURES}&PROPERTYNAME=maDat,T%C3%AAn_x0020_th%E1%BB%ADa")).await;
    assert!(
        less.contains("dothi:maDat")
            && less.contains("Tên_x0020_thửa")
            && !less.contains("dothi:so")
            && !less.contains("dothi:geom")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_in_xml_select_what_they_say() {
    let world = lots().await;
    let server = world.server().await;
    let property = |op: &str, name: &str, value: &str| {
        format!(
            "<fes:PropertyIs{op}><fes:ValueReference>{name}</fes:ValueReference><fes:Literal>{value}</fes:Literal></fes:PropertyIs{op}>"
        )
    };
    let point =
        "<gml:Point gml:id='p' srsName='urn:ogc:def:crs:EPSG::9217'><gml:pos>580150 1279025</gml:pos></gml:Point>";
    let west = "<gml:Envelope srsName='urn:ogc:def:crs:EPSG::9217'><gml:lowerCorner>579900 1278000</gml:lowerCorner><gml:upperCorner>580050 1280000</gml:upperCorner></gml:Envelope>";
    for (filter, expected) in [
        (property("EqualTo", "maDat", "ONT"), vec![0, 2]),
        (property("EqualTo", "dothi:so", "580100"), vec![1]),
        (property("GreaterThan", "dienTich", "82860"), vec![1, 2]),
        (property("LessThanOrEqualTo", "ngay", "2026-01-11"), vec![0, 1]),
        (property("NotEqualTo", "maDat", "ONT"), vec![1]),
        ("<fes:PropertyIsLike wildCard='*' singleChar='.' escapeChar='!'><fes:ValueReference>Tên_x0020_thửa</fes:ValueReference><fes:Literal>Đất*&lt;.&gt;</fes:Literal></fes:PropertyIsLike>".into(), vec![0]),
        ("<fes:PropertyIsLike wildCard='*' singleChar='.' escapeChar='!'><fes:ValueReference>Tên_x0020_thửa</fes:ValueReference><fes:Literal>100%_*</fes:Literal></fes:PropertyIsLike>".into(), vec![2]),
        ("<fes:PropertyIsNull><fes:ValueReference>Tên_x0020_thửa</fes:ValueReference></fes:PropertyIsNull>".into(), vec![1]),
        ("<fes:PropertyIsBetween><fes:ValueReference>so</fes:ValueReference><fes:LowerBoundary><fes:Literal>580050</fes:Literal></fes:LowerBoundary><fes:UpperBoundary><fes:Literal>580200</fes:Literal></fes:UpperBoundary></fes:PropertyIsBetween>".into(), vec![1, 2]),
        (format!("<fes:And>{}<fes:Not>{}</fes:Not></fes:And>", property("EqualTo", "maDat", "ONT"), property("EqualTo", "so", "580000")), vec![2]),
        (format!("<fes:Or>{}{}</fes:Or>", property("EqualTo", "so", "580200"), property("EqualTo", "so", "580100")), vec![1, 2]),
        (format!("<fes:BBOX><fes:ValueReference>dothi:geom</fes:ValueReference>{west}</fes:BBOX>"), vec![0]),
        (format!("<fes:BBOX>{west}</fes:BBOX>"), vec![0]),
        (format!("<fes:Intersects><fes:ValueReference>geom</fes:ValueReference>{point}</fes:Intersects>"), vec![1]),
        (format!("<fes:DWithin><fes:ValueReference>geom</fes:ValueReference>{point}<fes:Distance uom='m'>49</fes:Distance></fes:DWithin>"), vec![1]),
        (format!("<fes:DWithin><fes:ValueReference>geom</fes:ValueReference>{point}<fes:Distance uom='m'>51</fes:Distance></fes:DWithin>"), vec![0, 1, 2]),
        ("<fes:ResourceId rid='thua.2'/><fes:ResourceId rid='thua.99'/><fes:ResourceId rid='duong.1'/>".into(), vec![1]),
        ("<ogc:PropertyIsEqualTo xmlns:ogc='http://www.opengis.net/ogc'><ogc:PropertyName>thua/maDat</ogc:PropertyName><ogc:Literal>CLN</ogc:Literal></ogc:PropertyIsEqualTo>".into(), vec![1]),
        ("<ogc:Intersects xmlns:ogc='http://www.opengis.net/ogc'><ogc:PropertyName>geom</ogc:PropertyName><gml:Polygon srsName='EPSG:9217'><gml:outerBoundaryIs><gml:LinearRing><gml:coordinates>580110,1279010 580120,1279010 580120,1279020 580110,1279010</gml:coordinates></gml:LinearRing></gml:outerBoundaryIs></gml:Polygon></ogc:Intersects>".into(), vec![1]),
    ] {
        let xml = format!("<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0' xmlns:gml='http://www.opengis.net/gml/3.2' xmlns:dothi='urn:dothi:layer'>{filter}</fes:Filter>");
        assert_eq!(numbers(&server, &format!("&FILTER={}", encode(&xml))).await, expected, "{filter}");
        // The same in a document.
        let body = format!("<wfs:GetFeature xmlns:wfs='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0' outputFormat='application/json'><wfs:Query typeNames='dothi:thua'>{xml}</wfs:Query></wfs:GetFeature>");
        let posted = server.post("/wfs", body).await;
        assert_eq!(posted.status, StatusCode::OK, "{}", String::from_utf8_lossy(&posted.bytes));
        assert_eq!(posted.json()["features"].as_array().unwrap().len(), expected.len(), "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_before_within_and_after_moments_and_periods() {
    let world = World::new().await;
    let rows = "SELECT ST_SetSRID(ST_MakePoint(580000 + i, 1279000), 9217), 580000 + i * 100, date '2026-01-10' + i, \
                timestamptz '2026-01-10 06:00:00+07' + i * interval '1 day' FROM generate_series(0, 4) i \
                UNION ALL SELECT NULL, 580500, NULL, NULL";
    world.layer("thua", "Point", 9217, &[("so", "int4"), ("ngay", "date"), ("luc", "timestamptz")], rows).await;
    let server = world.server().await;
    let instant =
        |t: &str| format!("<gml:TimeInstant gml:id='t'><gml:timePosition>{t}</gml:timePosition></gml:TimeInstant>");
    let period = |a: &str, b: &str| {
        format!(
            "<gml:TimePeriod gml:id='t'><gml:beginPosition>{a}</gml:beginPosition><gml:endPosition>{b}</gml:endPosition></gml:TimePeriod>"
        )
    };
    let asked = |op: &str, field: &str, time: &str| {
        let filter = format!("<fes:{op}><fes:ValueReference>dothi:{field}</fes:ValueReference>{time}</fes:{op}>");
        let xml = format!(
            "<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0' xmlns:gml='http://www.opengis.net/gml/3.2' xmlns:dothi='urn:dothi:layer'>{filter}</fes:Filter>"
        );
        format!("&FILTER={}", encode(&xml))
    };
    // Days 10 to 14, and at 06:00 in Hanoi of each, which is 23:00 in UTC of the day before.
    let days = period("2026-01-11", "2026-01-13Z");
    let hours = period("2026-01-11T06:00:00+07:00", "2026-01-12T23:00:00Z");
    let open = "<gml:TimePeriod gml:id='t'><gml:begin><gml:TimeInstant gml:id='u'><gml:timePosition>2026-01-12</gml:timePosition></gml:TimeInstant></gml:begin>\
                <gml:endPosition indeterminatePosition='unknown'/></gml:TimePeriod>";
    let now = "<gml:TimeInstant gml:id='t'><gml:timePosition indeterminatePosition='now'/></gml:TimeInstant>";
    let literal = "<fes:Literal>2026-01-12</fes:Literal>".to_string();
    let inside = format!("<fes:Literal>{}</fes:Literal>", instant("2026-01-12"));
    for (op, time, expected) in [
        ("After", days.clone(), vec![4]),
        ("Before", days.clone(), vec![0]),
        ("During", days.clone(), vec![2]),
        ("Begins", days.clone(), vec![1]),
        ("Ends", days.clone(), vec![3]),
        ("AnyInteracts", days.clone(), vec![1, 2, 3]),
        ("TEquals", days.clone(), vec![]),
        ("TContains", days.clone(), vec![]),
        ("BegunBy", days.clone(), vec![]),
        ("EndedBy", days.clone(), vec![]),
        ("TOverlaps", days.clone(), vec![]),
        ("OverlappedBy", days.clone(), vec![]),
        ("Meets", days.clone(), vec![]),
        ("MetBy", days, vec![]),
        ("After", instant("2026-01-12"), vec![3, 4]),
        ("Before", inside, vec![0, 1]),
        ("TEquals", literal, vec![2]),
        ("AnyInteracts", instant("2026-01-12"), vec![2]),
        ("During", instant("2026-01-12"), vec![]),
        ("During", open.to_string(), vec![3, 4]),
        ("Before", instant("2026-01-11T00:00:01Z"), vec![0, 1]),
        ("TEquals", "<fes:ValueReference>ngay</fes:ValueReference>".into(), vec![0, 1, 2, 3, 4]),
    ] {
        assert_eq!(numbers(&server, &asked(op, "ngay", &time)).await, expected, "ngay {op} {time}");
    }
    for (op, time, expected) in [
        ("After", hours.clone(), vec![4]),
        ("Before", hours.clone(), vec![0]),
        ("During", hours.clone(), vec![2]),
        ("Begins", hours.clone(), vec![1]),
        ("Ends", hours, vec![3]),
        ("TEquals", instant("2026-01-12T08:00:00+09:00"), vec![2]),
        ("After", instant("2026-01-12T08:00:00+09:00"), vec![3, 4]),
        ("Before", "<fes:ValueReference>ngay</fes:ValueReference>".into(), vec![0, 1, 2, 3, 4]),
        // A day is a period among hours.
        ("During", instant("2026-01-11"), vec![2]),
        ("Before", now.into(), vec![0, 1, 2, 3, 4]),
    ] {
        assert_eq!(numbers(&server, &asked(op, "luc", &time)).await, expected, "luc {op} {time}");
    }
    for (op, field, time) in [
        ("During", "ngay", period("2026-01-11", "hôm nay")),
        ("During", "ngay", "<gml:TimePeriod gml:id='t'><gml:beginPosition>2026-01-11</gml:beginPosition></gml:TimePeriod>".into()),
        ("After", "so", instant("2026-01-11")),
        ("After", "ngay", "<gml:TimeInstant gml:id='t'><gml:timePosition frame='#julian'>2460000</gml:timePosition></gml:TimeInstant>".into()),
        ("After", "ngay", String::new()),
    ] {
        let reply = server.get(&format!("{FEATURES}{}", asked(op, field, &time))).await;
        let said = String::from_utf8(reply.bytes).unwrap();
        assert!(reply.status == 400 && said.contains("ExceptionReport"), "{op} {time}: {said}");
    }
    let capabilities = text(&server, "/wfs?SERVICE=WFS&REQUEST=GetCapabilities").await;
    for class in ["ImplementsMinTemporalFilter", "ImplementsTemporalFilter"] {
        let said = format!("<fes:Constraint name=\"{class}\"><ows:NoValues/><ows:DefaultValue>TRUE");
        assert!(capabilities.contains(&said), "{class}");
    }
    assert_eq!(capabilities.matches("<fes:TemporalOperator name=").count(), 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn boxes_ids_order_and_pages() {
    let world = lots().await;
    let server = world.server().await;
    for (more, expected) in [
        ("&BBOX=579900,1278000,580050,1280000", vec![0]),
        ("&BBOX=579900,1278000,580050,1280000,urn:ogc:def:crs:EPSG::9217", vec![0]),
        ("&BBOX=11.56,108.9,11.57,109.0,urn:ogc:def:crs:EPSG::4326", vec![0, 1, 2]),
        ("&BBOX=108.9,11.56,109.0,11.57,EPSG:4326", vec![0, 1, 2]),
        ("&RESOURCEID=thua.3,thua.1", vec![0, 2]),
        ("&SORTBY=so%20DESC", vec![2, 1, 0]),
        ("&SORTBY=dothi:maDat,so+D", vec![1, 2, 0]),
        ("&COUNT=2", vec![0, 1]),
        ("&COUNT=2&STARTINDEX=2", vec![2]),
        ("&COUNT=1&STARTINDEX=1&SORTBY=so+DESC", vec![1]),
        ("&STARTINDEX=3", vec![]),
        ("&CQL_FILTER=maDat%20=%20'CLN'", vec![1]),
    ] {
        assert_eq!(numbers(&server, more).await, expected, "{more}");
    }
    let hits = text(&server, &format!("{FEATURES}&RESULTTYPE=hits")).await;
    assert!(hits.contains("numberMatched=\"3\" numberReturned=\"0\"") && !hits.contains("wfs:member"), "{hits}");
    // After the number comes the first page.
    let hits = text(&server, &format!("{FEATURES}&RESULTTYPE=hits&COUNT=2")).await;
    let first = hits.split(" next=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let first = text(&server, first.strip_prefix("http://ban-do.test").unwrap()).await;
    assert!(
        first.contains("numberReturned=\"2\"") && first.contains("thua.1\"") && !hits.contains("previous="),
        "{first}"
    );
    let page = text(&server, &format!("{FEATURES}&COUNT=1&STARTINDEX=1")).await;
    let next = page.split(" next=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let after = text(&server, next.strip_prefix("http://ban-do.test").unwrap()).await;
    assert!(after.contains("thua.3") && !after.contains("thua.2\"") && !after.contains(" next=\""), "{after}");
    assert!(page.contains(" previous=\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gml_gives_every_feature_is_not_there_and_ids_are_of_their_type() {
    let world = lots().await;
    let rows = "VALUES (ST_SetSRID('POINT(580000 1279000)'::geometry, 9217))";
    world.layer("moc", "Point", 9217, &[], rows).await;
    let server = world.server().await;
    let filter = |xml: &str| {
        format!("&FILTER={}", encode(&format!("<Filter xmlns='http://www.opengis.net/fes/2.0'>{xml}</Filter>")))
    };
    let null = "<PropertyIsNull><ValueReference>gml:name</ValueReference></PropertyIsNull>";
    assert_eq!(numbers(&server, &filter(null)).await, [0, 1, 2]);
    assert_eq!(numbers(&server, &filter(&format!("<Not>{null}</Not>"))).await, [0_i64; 0]);
    assert_eq!(numbers(&server, "&RESOURCEID=thua.99,khac-1").await, [0_i64; 0], "features that there are not");
    let both = "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&RESOURCEID=moc.1,thua.2";
    let both = text(&server, both).await;
    assert!(
        both.contains("\"moc.1\"") && both.contains("\"thua.2\"") && both.contains("numberMatched=\"2\""),
        "{both}"
    );
    let values = "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetPropertyValue&TYPENAMES=thua&VALUEREFERENCE=";
    let envelope = "<gml:Envelope xmlns:gml='u'><gml:lowerCorner>1 2</gml:lowerCorner><gml:upperCorner>3 4</gml:upperCorner></gml:Envelope>";
    let compared = format!(
        "<PropertyIsLessThan><Literal>{envelope}</Literal><ValueReference>gml:boundedBy</ValueReference></PropertyIsLessThan>"
    );
    for (path, code, locator) in [
        (format!("{FEATURES}&RESOURCEID=moc.1"), "InvalidParameterValue", "RESOURCEID"),
        (format!("{FEATURES}{}", filter("<ResourceId rid='moc.1'/>")), "InvalidParameterValue", "RESOURCEID"),
        (values.to_string(), "InvalidParameterValue", "valueReference"),
        (values.replace("&VALUEREFERENCE=", ""), "MissingParameterValue", "VALUEREFERENCE"),
        (format!("{FEATURES}{}", filter(&compared)), "OperationProcessingFailed", "filter"),
    ] {
        let reply = server.get(&path).await;
        let text = String::from_utf8(reply.bytes).unwrap();
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{text}");
        let said = format!("exceptionCode=\"{code}\" locator=\"{locator}\"");
        assert!(text.contains(&said), "{path}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_of_many_batches_comes_whole_and_in_order() {
    let world = World::new().await;
    world
        .layer(
            "diem",
            "Point",
            9217,
            &[("n", "int4")],
            "SELECT ST_SetSRID(ST_MakePoint(580000 + n, 1279000), 9217), n FROM generate_series(1, 2500) n",
        )
        .await;
    let server = world.server().await;
    let all = text(&server, &FEATURES.replace("thua", "diem")).await;
    let found: Vec<i64> =
        all.split("<dothi:n>").skip(1).map(|t| t.split('<').next().unwrap().parse().unwrap()).collect();
    assert_eq!(found, (1..=2500).collect::<Vec<_>>());
    assert!(all.trim_end().ends_with("</wfs:FeatureCollection>"));
    let sorted = server
        .json(&format!(
            "{}&OUTPUTFORMAT=json&SORTBY=n+DESC&STARTINDEX=100&COUNT=2200",
            FEATURES.replace("thua", "diem")
        ))
        .await;
    let found: Vec<i64> =
        sorted["features"].as_array().unwrap().iter().map(|f| f["properties"]["n"].as_i64().unwrap()).collect();
    assert_eq!(found, (201..=2400).rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_names_every_field_with_its_type() {
    let world = lots().await;
    let server = world.server().await;
    for (version, head, place) in [("2.0.0", "gml:AbstractFeature", "gml/3.2"), ("1.1.0", "gml:_Feature", "gml")] {
        let schema = text(
            &server,
            &format!("/wfs?SERVICE=WFS&VERSION={version}&REQUEST=DescribeFeatureType&TYPENAME=dothi:thua"),
        )
        .await;
        for part in [
            "targetNamespace=\"urn:dothi:layer\"",
            &format!("xmlns:gml=\"http://www.opengis.net/{place}\""),
            &format!("<xsd:element name=\"thua\" type=\"dothi:thuaType\" substitutionGroup=\"{head}\"/>"),
            "<xsd:element name=\"geom\" type=\"gml:SurfacePropertyType\"",
            "<xsd:element name=\"so\" type=\"xsd:int\"",
            "<xsd:element name=\"Tên_x0020_thửa\" type=\"xsd:string\"",
            "<xsd:element name=\"ngay\" type=\"xsd:date\"",
        ] {
            assert!(schema.contains(part), "{part} is not in {schema}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_and_stored_queries() {
    let world = lots().await;
    let server = world.server().await;
    let values = text(
        &server,
        "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetPropertyValue&TYPENAMES=thua&VALUEREFERENCE=dothi:maDat",
    )
    .await;
    assert!(
        values.contains("<wfs:member><dothi:maDat>ONT</dothi:maDat></wfs:member><wfs:member><dothi:maDat>CLN"),
        "{values}"
    );
    let by_id = "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&STOREDQUERY_ID=urn:ogc:def:query:OGC-WFS::GetFeatureById&ID=";
    let one = text(&server, &format!("{by_id}thua.2")).await;
    assert!(
        one.contains("<dothi:thua xmlns:gml=\"http://www.opengis.net/gml/3.2\"") && one.contains("580100"),
        "{one}"
    );
    let missing = server.get(&format!("{by_id}thua.99")).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let list = text(&server, "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=ListStoredQueries").await;
    assert!(list.contains("GetFeatureById") && list.contains("<wfs:ReturnFeatureType>dothi:thua<"));
    let described = text(&server, "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=DescribeStoredQueries").await;
    assert!(described.contains("name=\"id\""));
    let posted = "<wfs:GetFeature xmlns:wfs='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0'><wfs:StoredQuery id='urn:ogc:def:query:OGC-WFS::GetFeatureById'><wfs:Parameter name='id'>thua.3</wfs:Parameter></wfs:StoredQuery></wfs:GetFeature>";
    let posted = server.post("/wfs", posted).await;
    assert!(String::from_utf8(posted.bytes).unwrap().contains("580200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn features_come_as_a_table_too() {
    let server = lots().await.server().await;
    for format in ["csv", "text/csv", "CSV", "text/csv; charset=utf-8"] {
        let reply = server
            .get(&format!("{FEATURES}&OUTPUTFORMAT={}&SRSNAME=EPSG:9217&PROPERTYNAME=maDat,so", encode(format)))
            .await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "text/csv; charset=utf-8"), "{format}");
        let table = String::from_utf8(reply.bytes).unwrap();
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!((rows.len(), rows[0], rows[1]), (4, "fid,maDat,so", "1,ONT,580000"), "{table}");
    }
    let lines =
        |text: String| text.lines().skip(1).map(|l| l.split(',').next().unwrap().to_string()).collect::<Vec<_>>();
    for (more, want) in [
        ("&STARTINDEX=1&COUNT=1", &["2"][..]),
        ("&STARTINDEX=1&SORTBY=so%20DESC", &["2", "1"]),
        ("&STARTINDEX=3", &[]),
        ("&STARTINDEX=99", &[]),
        ("&COUNT=0", &[]),
        ("&CQL_FILTER=maDat='ONT'", &["1", "3"]),
    ] {
        assert_eq!(lines(text(&server, &format!("{FEATURES}&OUTPUTFORMAT=csv{more}")).await), want, "{more}");
    }
    let hits = text(&server, &format!("{FEATURES}&OUTPUTFORMAT=csv&RESULTTYPE=hits")).await;
    assert!(hits.contains("numberMatched=\"3\" numberReturned=\"0\""), "{hits}");
    let two =
        server.get("/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&TYPENAMES=thua,thua&OUTPUTFORMAT=csv").await;
    assert!(two.status == 400 && String::from_utf8(two.bytes).unwrap().contains("locator=\"outputFormat\""));
    let capabilities = text(&server, "/wfs?SERVICE=WFS&REQUEST=GetCapabilities").await;
    assert!(capabilities.contains("<wfs:Format>text/csv</wfs:Format>"), "{capabilities}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_reported_with_code_and_place_and_never_as_a_fault_of_ours() {
    let world = lots().await;
    let server = world.server().await;
    let filter = |xml: &str| format!("{FEATURES}&FILTER={}", encode(xml));
    for (path, code, locator) in [
        ("/wfs?SERVICE=WFS".to_string(), "MissingParameterValue", "REQUEST"),
        ("/wfs?REQUEST=GetCapabilities".into(), "MissingParameterValue", "SERVICE"),
        ("/wfs?SERVICE=WFS&REQUEST=Nothing".into(), "OperationNotSupported", "request"),
        (
            "/wfs?SERVICE=WFS&REQUEST=GetCapabilities&ACCEPTVERSIONS=9.0.0".into(),
            "VersionNegotiationFailed",
            "AcceptVersions",
        ),
        (FEATURES.replace("2.0.0", "9.0.0"), "InvalidParameterValue", "version"),
        (FEATURES.replace("thua", "khong"), "InvalidParameterValue", "typeNames"),
        (FEATURES.replace("&TYPENAMES=dothi:thua", ""), "MissingParameterValue", "typeNames"),
        (format!("{FEATURES}&COUNT=x"), "InvalidParameterValue", "COUNT"),
        (format!("{FEATURES}&SRSNAME=EPSG:1"), "InvalidParameterValue", "srsName"),
        (format!("{FEATURES}&BBOX=1,2,3"), "InvalidParameterValue", "bbox"),
        (format!("{FEATURES}&BBOX=5,5,1,1"), "InvalidParameterValue", "bbox"),
        (format!("{FEATURES}&SORTBY=khong"), "InvalidParameterValue", "sortBy"),
        (format!("{FEATURES}&PROPERTYNAME=khong"), "InvalidParameterValue", "propertyName"),
        (format!("{FEATURES}&OUTPUTFORMAT=shape"), "InvalidParameterValue", "outputFormat"),
        (format!("{FEATURES}&STOREDQUERY_ID=x"), "InvalidParameterValue", "storedQuery_Id"),
        (
            filter(
                "<Filter><PropertyIsEqualTo><ValueReference>khong</ValueReference><Literal>1</Literal></PropertyIsEqualTo></Filter>",
            ),
            "InvalidParameterValue",
            "filter",
        ),
        (
            filter(
                "<Filter><PropertyIsEqualTo><ValueReference>so</ValueReference><Literal>x' OR 1=1</Literal></PropertyIsEqualTo></Filter>",
            ),
            "InvalidParameterValue",
            "filter",
        ),
        (filter("<Filter><Strange/></Filter>"), "InvalidParameterValue", "filter"),
        (filter("<Filter>"), "InvalidParameterValue", "filter"),
        (
            filter("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><Filter>&e;</Filter>"),
            "InvalidParameterValue",
            "filter",
        ),
        (
            filter("<Filter><Intersects><Point><pos>1</pos></Point></Intersects></Filter>"),
            "InvalidParameterValue",
            "filter",
        ),
        (
            filter(
                "<Filter><DWithin><ValueReference>geom</ValueReference><Point><pos>1 2</pos></Point><Distance uom='m'>1e99</Distance></DWithin></Filter>",
            ),
            "InvalidParameterValue",
            "filter",
        ),
        (filter(&format!("<Filter>{}</Filter>", "<Not>".repeat(5000))), "InvalidParameterValue", "filter"),
    ] {
        let reply = server.get(&path).await;
        let text = String::from_utf8(reply.bytes).unwrap();
        assert!(reply.status.is_client_error(), "{path}: {} {text}", reply.status);
        assert!(
            text.contains(&format!("exceptionCode=\"{code}\"")) && text.contains(&format!("locator=\"{locator}\"")),
            "{path}: {text}"
        );
        assert!(!text.contains("SELECT") && !text.contains("root:"), "{text}");
    }
    let bomb =
        "<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;'>]><wfs:GetFeature>&lol2;</wfs:GetFeature>";
    let refused = server.post("/wfs", bomb).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(String::from_utf8(refused.bytes).unwrap().contains("OperationParsingFailed"));
    let capabilities = text(&server, "/wfs?service=WFS&request=GetCapabilities").await;
    assert!(
        capabilities.contains("version=\"2.0.0\"")
            && capabilities.contains("<wfs:Name>dothi:thua</wfs:Name>")
            && capabilities.contains("<wfs:DefaultCRS>urn:ogc:def:crs:EPSG::9217</wfs:DefaultCRS>")
    );
    let older = text(&server, "/wfs?service=WFS&request=GetCapabilities&acceptversions=1.1.0").await;
    assert!(older.contains("version=\"1.1.0\"") && older.contains("http://www.opengis.net/ows\""));
    assert_eq!(server.json(&format!("{FEATURES}&OUTPUTFORMAT=application/json&COUNT=0")).await["features"], json!([]));
}
