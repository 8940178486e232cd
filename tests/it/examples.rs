//! Every example of the CQL2 standard (OGC 21-065r2, its `examples` folder), in text and in JSON: the rows are those of an
//! SQL condition written by hand.

use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::support::{Server, World, shared_data};

/// The fields that the examples speak of. In most of them `value` and `landsat:wrs_path` are numbers and `updated_at` a
/// timestamp; on the `other` layer they are texts and a date.
fn columns(other: bool) -> Vec<(&'static str, &'static str, &'static str)> {
    let number_or = |text| if other { ("text", text) } else { ("float8", "") };
    let (value, values) = number_or("(ARRAY['a', 'b', 'd', 'foo', NULL])[1 + i % 5]");
    let (path, paths) = number_or("(ARRAY['153', '154', '15X', '203'])[1 + i % 4]");
    let moments = "(ARRAY[TIMESTAMPTZ '1851-04-29T00:00:00Z', '1851-04-29T12:00:00Z', '2010-02-10T23:59:59Z', '2010-02-11T00:00:00Z', '2012-08-10T05:29:59.999999Z', '2012-08-10T05:30:00Z', NULL])[1 + i % 7]";
    vec![
        ("city", "text", "(ARRAY['Toronto', 'Frankfurt', NULL])[1 + i % 3]"),
        ("windSpeed", "float8", "i % 7"),
        ("balance", "float8", "100 + i % 90"),
        ("updated", "date", "DATE '1969-12-28' + i % 9"),
        ("name", "text", "(ARRAY['Smithson', 'smith', 'foo', 'foobar', 'FOO!', 'Foo', '', NULL])[1 + i % 8]"),
        ("depth", "float8", "(ARRAY[99.9, 100, 120, 150, 150.1, NULL])[1 + i % 6]"),
        ("cityName", "text", "(ARRAY['Toronto', 'Tokyo', 'New York', 'Huế', 'tokyo'])[1 + i % 5]"),
        ("category", "int4", "(ARRAY[1, 4, 5, NULL])[1 + i % 4]"),
        ("road_class", "text", "(ARRAY['οδος', 'ΟΔΟΣ', 'STRASSE', 'straße', 'Strase', NULL])[1 + i % 6]"),
        ("etat_vol", "text", "(ARRAY['débárquér', 'debarquer', 'Debarquer', 'débarqué', NULL])[1 + i % 5]"),
        (
            "event_time",
            "timestamptz",
            "TIMESTAMPTZ '1969-07-16T05:31:58Z' + (i % 5) * INTERVAL '1 second' + (i % 3) * INTERVAL '5 days'",
        ),
        ("touchdown", "timestamptz", "TIMESTAMPTZ '1969-07-16T13:31:58Z' + (i % 7) * INTERVAL '1 second'"),
        ("liftOff", "timestamptz", "TIMESTAMPTZ '1969-07-24T16:50:32Z' + (i % 6) * INTERVAL '1 second'"),
        (
            "layer:ids",
            "text[]",
            "CASE i % 4 WHEN 0 THEN ARRAY['layers-us', 'layers-ca'] WHEN 1 THEN ARRAY['layers-us'] WHEN 2 THEN ARRAY['x', 'layers-us', 'layers-ca', 'layers-ca'] END",
        ),
        ("vehicle_height", "float8", "3 + (i % 5) / 2.0"),
        ("bridge_clearance", "float8", "4 + i % 3"),
        ("landsat:scene_id", "text", "(ARRAY['LC82030282019133LGN00', 'LC8'])[1 + i % 2]"),
        ("eo:instrument", "text", "(ARRAY['OLI_TIRS', 'OLI', 'oli', NULL])[1 + i % 4]"),
        ("landsat:wrs_path", path, if other { paths } else { "(ARRAY[203, 28, NULL])[1 + i % 3]" }),
        ("eo:cloud_cover", "float8", "(ARRAY[0.05, 0.1, 0.15, 0.2, 0.25, NULL])[1 + i % 6]"),
        ("landsat:wrs_row", "int4", "(ARRAY[28, 203])[1 + i % 2]"),
        ("beamMode", "text", "(ARRAY['ScanSAR Narrow', 'Fine'])[1 + i % 2]"),
        ("swathDirection", "text", "'ascending'"),
        ("polarization", "text", "'HH+VV+HV+VH'"),
        ("floors", "int4", "(ARRAY[3, 4, 5, 6, NULL])[1 + i % 5]"),
        ("taxes", "float8", "499 + i % 3"),
        (
            "owner",
            "text",
            "(ARRAY['Mike Jones', 'mike', 'Joneses', 'Beyonce', 'Beyoncé', 'SOMEBODY else', 'Mike', NULL])[1 + i % 8]",
        ),
        ("swimming_pool", "bool", "(ARRAY[true, false, NULL])[1 + i % 3]"),
        ("material", "text", "(ARRAY['brick', 'brick wall', 'red brick', 'wood', NULL])[1 + i % 5]"),
        ("built", "date", "(ARRAY[DATE '2012-06-05', '2012-06-06', '2014-12-31', '2015-01-01', NULL])[1 + i % 5]"),
        (
            "starts_at",
            "timestamptz",
            "(ARRAY[TIMESTAMPTZ '2017-06-10T07:30:00Z', '2017-06-10T08:00:00Z', '1991-10-07T08:21:06.393262Z', '2005-01-10T00:00:00Z', '2010-02-10T00:00:00Z', '2000-06-01T00:00:00Z', '1990-01-01T00:00:00Z', '1991-10-08T00:00:00Z', '2010-10-07T00:00:00Z', NULL])[1 + i % 10]",
        ),
        (
            "ends_at",
            "timestamptz",
            "(ARRAY[TIMESTAMPTZ '2017-06-11T10:30:00Z', '2017-06-11T10:00:00Z', '2010-02-10T05:29:20.073225Z', '2010-02-10T00:00:00Z', '2004-01-01T00:00:00Z', '1992-10-09T08:08:08.393473Z', '2011-01-01T00:00:00Z', '2005-01-10T01:01:01.393216Z', '1992-01-01T00:00:00Z', '2020-01-01T00:00:00Z', NULL])[1 + i % 11]",
        ),
        ("geophys:SURVEY_NAME", "text", "(ARRAY['North Calcutta 1', 'CALCUTTA', 'Kolkata', NULL])[1 + i % 4]"),
        ("id", "text", "(ARRAY['fa7e1920-9107-422d-a3db-c468cbc5d6df', 'b', NULL])[1 + i % 3]"),
        (
            "value",
            value,
            if other { values } else { "(ARRAY[1, 2, 9.9, 10, 15, 20, 25, 4, 0.5, -3, NULL])[1 + i % 11]" },
        ),
        ("updated_at", if other { "date" } else { "timestamptz" }, moments),
        (
            "values",
            "text[]",
            "CASE i % 5 WHEN 0 THEN ARRAY['c', 'b', 'a'] WHEN 1 THEN ARRAY['a'] WHEN 2 THEN ARRAY['a', 'b', 'c', 'd'] WHEN 3 THEN ARRAY['z'] END",
        ),
        ("foo", "float8", "(ARRAY[1, 2, 4, -6, 0.5, NULL])[1 + i % 6]"),
        ("bar", "float8", "(ARRAY[6.1234, 12.2468, 0])[1 + i % 3]"),
        ("x", "float8", "(ARRAY[0, 1, 3])[1 + i % 3]"),
    ]
}

/// Places that the spatial examples tell apart; `%` is the literal of an example.
const PLACES: [&str; 16] = [
    "POINT(36.319836 32.288087)",
    "POINT(36.3 32.2)",
    "LINESTRING(43.7286 -79.31, 43.7345 -79.29)",
    "POLYGON((43 -80, 44 -80, 44 -79, 43 -79, 43 -80))",
    "POINT(-117.95 33.9)",
    "POLYGON((-118 33.8, -117.9 33.8, -117.9 34, -118 34, -118 33.8))",
    "POLYGON((-118.1 33.8, -117.9 33.8, -117.9 34, -118.1 34, -118.1 33.8))",
    "LINESTRING(0 -20, 0 20)",
    "POINT(-77.05 39)",
    "MULTIPOINT((180 -0.5), (179 -47.121701), (180 0), (33.470475 -0.99999), (179 -15.333062))",
    "POLYGON((-170 1, 170 1, 170 10, -170 10, -170 1))",
    "POLYGON((-4 -2, -3 -2, -3 -1, -4 -1, -4 -2))",
    "POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))",
    "POINT(-1.9 -1.1)",
    "LINESTRING(160 1.2, 180 1.7)",
    "GEOMETRYCOLLECTION(POINT(1.9 2.00001), POINT(0 -2.00001), MULTILINESTRING((-2.00001 0, -77.292642 -0.5, -87.515626 0, -180 12.502773, 21.204842 -1.5, -21.878857 -90)), POINT(1.9 0.5), LINESTRING(179 1.179148, -148.192487 -65.007816, 0.5 0.333333))",
];

/// What an example gives: the rows of an SQL condition (`{wkt}` is its first geometry), or a fault with these words.
enum Gives {
    Rows(&'static str),
    /// The same, on the other layer.
    Other(&'static str),
    Fault(&'static str),
}
use Gives::{Fault, Other, Rows};

const EXAMPLES: [(&str, Gives); 120] = [
    ("clause6_01", Fault("avg")),
    ("clause6_02a", Rows("city = 'Toronto'")),
    ("clause6_02b", Fault("avg")),
    ("clause6_02c", Rows("balance > 150")),
    ("clause6_02d", Rows("updated >= '1970-01-01'")),
    ("clause6_03", Rows("geom IS NOT NULL")),
    ("clause7_01", Rows("left(name, 5) = 'Smith'")),
    ("clause7_02", Rows("depth >= 100 AND depth <= 150")),
    ("clause7_03a", Rows("\"cityName\" = ANY (ARRAY['Toronto', 'Frankfurt', 'Tokyo', 'New York'])")),
    ("clause7_03b", Rows("category = 5")),
    ("clause7_04", Rows("road_class IN ('οδος', 'ΟΔΟΣ', 'STRASSE', 'straße')")),
    ("clause7_05", Rows("etat_vol IN ('débárquér', 'debarquer')")),
    ("clause7_07", Rows("ST_Intersects(geom, {wkt})")),
    ("clause7_10", Rows("ST_Crosses(geom, {wkt})")),
    ("clause7_12", Rows("event_time BETWEEN '1969-07-16T05:32:00Z' AND '1969-07-24T16:50:35Z'")),
    ("clause7_13", Rows("touchdown > '1969-07-16T13:32:00Z' AND \"liftOff\" < '1969-07-24T16:50:35Z'")),
    ("clause7_15", Rows("nth % 4 IN (0, 2)")),
    ("clause7_16", Rows("true")),
    ("clause7_17", Rows("true")),
    ("clause7_18", Fault("Buffer")),
    ("clause7_19", Rows("vehicle_height + 1 > bridge_clearance")),
    ("example01", Rows("nth % 2 = 0")),
    ("example02", Rows("\"eo:instrument\" IN ('OLI_TIRS', 'OLI')")),
    ("example03", Other("\"landsat:wrs_path\" <> '203'")),
    ("example04", Rows("\"eo:cloud_cover\" = 0.05 AND \"landsat:wrs_row\" = 28 AND \"landsat:wrs_path\" = 203")),
    ("example05a", Rows("\"eo:cloud_cover\" = 0.1 OR \"eo:cloud_cover\" = 0.2")),
    ("example05b", Rows("\"eo:cloud_cover\" = 0.1 OR \"eo:cloud_cover\" = 0.2")),
    (
        "example06a",
        Rows("\"eo:cloud_cover\" IN (0.1, 0.15, 0.2) AND \"landsat:wrs_row\" = 28 AND \"landsat:wrs_path\" = 203"),
    ),
    (
        "example06b",
        Rows("\"eo:cloud_cover\" IN (0.1, 0.15, 0.2) AND \"landsat:wrs_row\" = 28 AND \"landsat:wrs_path\" = 203"),
    ),
    ("example07", Rows("\"eo:instrument\" LIKE 'OLI%' AND ST_Intersects(geom, {wkt})")),
    ("example08", Rows("\"beamMode\" = 'ScanSAR Narrow' AND ST_Intersects(geom, {wkt})")),
    ("example09", Rows("floors = 6")),
    ("example10", Rows("taxes IN (499, 500)")),
    ("example11", Rows("strpos(owner, 'Jones') > 0")),
    ("example12", Rows("left(owner, 4) = 'Mike'")),
    ("example13", Rows("strpos(owner, 'Mike') = 0")),
    ("example14", Rows("swimming_pool")),
    ("example15", Rows("floors = 6 AND swimming_pool")),
    (
        "example16",
        Rows("swimming_pool AND (floors = 6 OR left(material, 5) = 'brick' OR right(material, 5) = 'brick')"),
    ),
    ("example17", Rows("floors = 6 AND material = 'brick' OR swimming_pool")),
    ("example18", Rows("floors >= 5 OR swimming_pool")),
    ("example19", Rows("lower(left(owner, 1)) || substr(owner, 2, 3) = 'mike' AND floors = 3")),
    ("example20", Rows("built < '2015-01-01'")),
    ("example21", Rows("built > '2012-06-05'")),
    ("example22", Rows("starts_at > '2017-06-10T07:30:00Z' AND ends_at < '2017-06-11T10:30:00Z'")),
    ("example23", Rows("ST_Within(geom, ST_MakeEnvelope(-118, 33.8, -117.9, 34, 4326))")),
    ("example24", Rows("ST_Intersects(geom, {wkt})")),
    ("example25", Rows("floors = 6 AND ST_Within(geom, ST_MakeEnvelope(-118, 33.8, -117.9, 34, 4326))")),
    ("example26", Rows("road_class IN ('οδος', 'ΟΔΟΣ', 'STRASSE', 'straße')")),
    ("example27", Rows("etat_vol IN ('débárquér', 'debarquer')")),
    ("example28", Rows("nth % 4 < 2")),
    ("example29", Rows("nth % 3 = 0")),
    ("example30", Rows("nth % 3 = 1")),
    ("example31", Rows("value < 10")),
    ("example32", Rows("value > 10")),
    ("example33", Rows("value <= 10")),
    ("example34", Rows("value >= 10")),
    ("example35", Rows("left(name, 3) = 'foo'")),
    ("example36-alt01", Rows("left(name, 3) <> 'foo'")),
    ("example36", Rows("left(name, 3) <> 'foo'")),
    ("example37", Rows("value IN (10, 15, 20)")),
    ("example38-alt01", Rows("value NOT IN (10, 15, 20)")),
    ("example38", Rows("value NOT IN (10, 15, 20)")),
    ("example39", Rows("value IN (1, 2)")),
    ("example40-alt01", Other("value IN ('d', 'foo')")),
    ("example40", Other("value IN ('d', 'foo')")),
    ("example41", Rows("nth % 11 = 10")),
    ("example42-alt01", Rows("nth % 11 <> 10")),
    ("example42", Rows("nth % 11 <> 10")),
    ("example43-alt01", Rows("left(name, 3) <> 'foo' AND value > 10")),
    ("example43", Rows("left(name, 3) <> 'foo' AND value > 10")),
    ("example44-alt01", Rows("nth % 11 = 10 OR value IN (10, 15, 20)")),
    ("example44", Rows("nth % 11 = 10 OR value IN (10, 15, 20)")),
    ("example45", Rows("ST_Intersects(geom, ST_MakeEnvelope(-128.098193, -1.1, 180, 90, 4326))")),
    ("example46-alt01", Rows("ST_Equals({wkt}, geom)")),
    ("example46", Rows("ST_Equals({wkt}, geom)")),
    ("example47", Rows("ST_Disjoint(geom, {wkt})")),
    ("example48", Rows("ST_Touches(geom, {wkt})")),
    ("example49-alt01", Rows("ST_Within({wkt}, geom)")),
    ("example49", Rows("ST_Within({wkt}, geom)")),
    ("example50", Rows("ST_Overlaps(geom, ST_MakeEnvelope(-179.912109, 1.9, 180, 16.897016, 4326))")),
    ("example51", Rows("ST_Crosses(geom, {wkt})")),
    ("example52", Rows("ST_Contains(geom, {wkt})")),
    ("example53", Rows("updated_at >= '2010-02-11T00:00:00Z'")),
    ("example54-alt01", Rows("updated_at < '2012-08-10T05:30:00Z'")),
    ("example54", Rows("updated_at < '2012-08-10T05:30:00Z'")),
    ("example55-alt01", Rows("starts_at > '2000-01-01T00:00:00Z' AND ends_at < '2005-01-10T01:01:01.393216Z'")),
    ("example55", Rows("starts_at > '2000-01-01T00:00:00Z' AND ends_at < '2005-01-10T01:01:01.393216Z'")),
    ("example56", Rows("starts_at > '2005-01-10T01:01:01.393216Z'")),
    ("example57", Rows("starts_at > '2005-01-10T00:00:00Z' AND ends_at < '2010-02-10T23:59:59.999999Z'")),
    ("example58", Other("updated_at = '1851-04-29'")),
    ("example59", Rows("starts_at < '1991-10-07T08:21:06.393262Z' AND ends_at = '2010-02-10T05:29:20.073225Z'")),
    ("example60", Rows("starts_at > '1991-10-07T00:00:00Z' AND ends_at = '2010-02-10T05:29:20.073225Z'")),
    ("example61", Rows("starts_at <= '2010-02-10T05:29:20.073225Z' AND ends_at >= '1991-10-07T08:21:06.393262Z'")),
    ("example62", Rows("starts_at = '2010-02-10T23:59:59.999999Z'")),
    ("example63", Rows("ends_at = '2010-02-10T05:29:20.073225Z'")),
    (
        "example64",
        Rows(
            "starts_at < '1991-10-07T08:21:06.393262Z' AND ends_at > '1991-10-07T08:21:06.393262Z' AND ends_at < '2010-02-10T05:29:20.073225Z'",
        ),
    ),
    (
        "example65",
        Rows(
            "starts_at < '1991-10-07T08:21:06.393262Z' AND ends_at > '1991-10-07T08:21:06.393262Z' AND ends_at < '1992-10-09T08:08:08.393473Z'",
        ),
    ),
    ("example66", Rows("starts_at = '1991-10-07T08:21:06.393262Z' AND ends_at < '2010-02-10T05:29:20.073225Z'")),
    ("example67", Rows("starts_at = '1991-10-07T08:21:06.393262Z' AND ends_at IS NOT NULL")),
    ("example68", Fault("Foo")),
    ("example69", Fault("Bar")),
    ("example70", Rows("owner IN ('Beyonce', 'Beyoncé')")),
    ("example71", Rows("owner = 'SOMEBODY else'")),
    ("example72", Rows("value > foo + 10")),
    ("example73", Rows("value + 10 < foo")),
    ("example74", Rows("value <> 22.1 * foo")),
    ("example75", Rows("value * foo = 2")),
    ("example76", Rows("value <= 2 ^ foo")),
    ("example77", Rows("foo IN (2, 4, -6)")),
    ("example78", Rows("foo IN (2)")),
    ("example79", Rows("nth % 5 IN (0, 1)")),
    ("example80", Rows("nth % 5 IN (0, 2)")),
    ("example81", Fault("")),
    ("example82", Fault("")),
    ("example83", Rows("ST_Equals({wkt}, geom)")),
    ("example84", Rows("ST_Equals({wkt}, geom)")),
    ("example85-alt01", Rows("value = - foo * 2.0 + bar / 6.1234 - x * x")),
    ("example85", Rows("value = - foo * 2.0 + bar / 6.1234 - x * x")),
    ("example86", Rows("left(name, 3) = 'foo'")),
];

/// The example with its own name of the geometry, which here is `geometry`.
fn of_this_layer(text: &str) -> String {
    let text =
        text.replace("(road,", "(geometry,").replace("(footprint,", "(geometry,").replace("(location,", "(geometry,");
    ["road", "footprint", "location"]
        .iter()
        .fold(text, |text, name| text.replace(&format!("\"property\": \"{name}\""), "\"property\": \"geometry\""))
}

/// The first geometry that is written in an example.
fn wkt(text: &str) -> String {
    let kinds =
        ["GEOMETRYCOLLECTION", "MULTIPOLYGON", "MULTILINESTRING", "MULTIPOINT", "POLYGON", "LINESTRING", "POINT"];
    let at = kinds.iter().filter_map(|k| text.find(k)).min().unwrap_or_else(|| panic!("no geometry in {text}"));
    let mut depth = 0;
    let end = text[at..].char_indices().find(|(_, c)| {
        depth += i32::from(*c == '(') - i32::from(*c == ')');
        *c == ')' && depth == 0
    });
    format!("ST_Force2D(ST_GeomFromText('{}', 4326))", &text[at..=at + end.unwrap().0])
}

async fn layer(world: &World, id: &str, other: bool) {
    let columns = columns(other);
    let places: Vec<String> = PLACES.iter().map(|p| format!("'{p}'")).collect();
    let values: Vec<&str> = columns.iter().map(|(_, _, value)| *value).collect();
    // The numbers of the fields repeat with different periods: every combination that an example asks for comes up.
    let rows = format!(
        "SELECT CASE WHEN i % 17 < 16 THEN ST_GeomFromText((ARRAY[{}])[1 + i % 17], 4326) END, {}, i FROM generate_series(0, 1199) i",
        places.join(", "),
        values.join(", ")
    );
    let mut named: Vec<(&str, &str)> = columns.iter().map(|(name, kind, _)| (*name, *kind)).collect();
    named.push(("nth", "int4"));
    world.layer(id, "Geometry", 4326, &named, &rows).await;
}

async fn ask(server: &Server, layer: &str, lang: &str, filter: &str) -> Result<Vec<i64>, String> {
    let filter = utf8_percent_encode(filter, NON_ALPHANUMERIC);
    let reply =
        server.get(&format!("/ogc/collections/{layer}/items?limit=10000&properties=nth&skipGeometry=true&filter-lang={lang}&filter={filter}")).await;
    let answer = reply.json();
    match reply.status.as_u16() {
        200 => Ok(answer["features"].as_array().unwrap().iter().map(|f| f["id"].as_i64().unwrap()).collect()),
        400 => Err(answer["detail"].as_str().unwrap().to_string()),
        status => panic!("{status}: {answer}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_standard_gives_the_right_rows_in_text_and_in_json() {
    let Some(data) = shared_data() else { return };
    let folder = data.join("vectors/ogcapi-features-cql2/cql2/standard/schema/examples");
    let world = World::new().await;
    layer(&world, "vi_du", false).await;
    layer(&world, "vi_du_khac", true).await;
    let server = world.server().await;
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (mut wrong, mut parting) = (Vec::new(), 0);
    for (name, gives) in &EXAMPLES {
        let text = read(&folder.join(format!("text/{name}.txt")));
        let json = folder.join(format!("json/{name}.json"));
        let mut ways = vec![("cql2-text", of_this_layer(text.trim()))];
        if json.exists() {
            let tidy: Value = serde_json::from_str(&read(&json)).unwrap();
            ways.push(("cql2-json", of_this_layer(&tidy.to_string().replace("\"property\":\"", "\"property\": \""))));
        }
        let layer = if matches!(gives, Other(_)) { "vi_du_khac" } else { "vi_du" };
        let want: Result<Vec<i64>, &str> = match gives {
            Fault(words) => Err(*words),
            Rows(sql) | Other(sql) => {
                let sql = if sql.contains("{wkt}") { sql.replace("{wkt}", &wkt(&text)) } else { sql.to_string() };
                let rows: Vec<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
                    "SELECT fid FROM layers.{layer} WHERE {sql} ORDER BY fid"
                )))
                .fetch_all(&world.pool)
                .await
                .unwrap_or_else(|e| panic!("{name}: {e}"));
                parting += usize::from(!rows.is_empty() && rows.len() < 1200);
                Ok(rows)
            }
        };
        for (lang, filter) in ways {
            match (ask(&server, layer, lang, &filter).await, &want) {
                (Ok(is), Ok(want)) if is == *want => {}
                (Err(is), Err(words)) if is.to_lowercase().contains(&words.to_lowercase()) => {}
                (is, want) => wrong.push(format!(
                    "{name} in {lang}: {} rather than {}",
                    is.map_or_else(|e| e, |rows| format!("{} rows", rows.len())),
                    want.as_ref().map_or_else(|w| format!("a fault on {w}"), |rows| format!("{} rows", rows.len()))
                )),
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(parting >= 90, "only {parting} examples part the rows");
    let texts = std::fs::read_dir(folder.join("text")).unwrap().count();
    assert_eq!(texts, EXAMPLES.len(), "every example is here");
}
