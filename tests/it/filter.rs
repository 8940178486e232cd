//! Filters in CQL2: the database and memory agree, the door answers, and answers are those of the standard.

use dothi::db::run;
use dothi::filter::{Cell, Expr, Lang, Row, compile, parse, render};
use dothi::geo::Crs;
use dothi::schema::{Field, Kind};
use dothi::sql::{Sql, Value as Bound};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sqlx::{PgPool, Row as _};

use crate::support::{Server, World};

/// Sebastiano Vigna's SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.roll(all.len())]
    }
}

const COLUMNS: [(&str, &str); 12] = [
    ("Tên đường", "text"),
    ("ma", "text"),
    ("x", "int4"),
    ("y", "int2"),
    ("to", "int8"),
    ("dienTich", "float8"),
    ("gia", "float4"),
    ("chinh", "bool"),
    ("ngay", "date"),
    ("gio", "time"),
    ("luc", "timestamp"),
    ("sua", "timestamptz"),
];

const TEXTS: [&str; 26] = [
    "Đường Thống Nhất",
    "đường thống nhất",
    "ĐƯỜNG THỐNG NHẤT",
    "duong thong nhat",
    "Đu\u{31b}o\u{31b}\u{300}ng Tho\u{302}\u{301}ng Nha\u{302}\u{301}t",
    "Phường Mỹ Hải",
    "Phường Đạo Long",
    "ONT",
    "ODT",
    "ont",
    "",
    " ",
    "  hai đầu ",
    "50%",
    "a_b",
    "a\\b",
    "Straße",
    "STRASSE",
    "Οδος",
    "ΟΔΟΣ",
    "İstanbul",
    "ﬁn",
    "z",
    "Z",
    "ế",
    "𝔻🛣",
];

fn fields() -> Vec<Field> {
    let kind = |sql: &str| serde_json::from_value::<Kind>(json!(sql)).unwrap();
    COLUMNS
        .map(|(n, k)| Field { name: n.into(), column: n.into(), kind: kind(k), title: None, domain: Vec::new() })
        .into()
}

/// A layer of random rows, a fifth of their values null.
async fn random(rows: usize) -> World {
    let mut dice = Dice(9217);
    let quote = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let row = |dice: &mut Dice| {
        let values = COLUMNS.map(|(_, kind)| {
            if dice.roll(5) == 0 {
                return format!("NULL::{kind}");
            }
            let value = match kind {
                "text" => quote(dice.pick(&TEXTS)),
                "int4" | "int2" => (dice.roll(41) as i64 - 20).to_string(),
                "int8" => quote(dice.pick(&["0", "7", "-3", "9007199254740993", "9007199254740992", "-12345678901"])),
                "float8" => quote(dice.pick(&["0", "1.5", "-2.5", "3", "0.1", "1e3", "100.25", "NaN", "-7", "2.5"])),
                "float4" => quote(dice.pick(&["0", "0.1", "1.5", "-2.5", "3", "16777216", "0.3"])),
                "bool" => quote(dice.pick(&["true", "false"])),
                "date" => quote(dice.pick(&[
                    "2026-01-31",
                    "2025-12-31",
                    "2024-02-29",
                    "0044-03-15 BC",
                    "infinity",
                    "1999-09-09",
                ])),
                "time" => quote(dice.pick(&["00:00:00", "08:30:00", "08:30:00.5", "23:59:59"])),
                _ => quote(dice.pick(&[
                    "2026-01-31 00:00:00",
                    "2026-01-31 10:20:30.5",
                    "2025-12-31 23:59:59.999999",
                    "-infinity",
                    "2024-02-29 12:00:00",
                ])),
            };
            format!("{value}::{kind}")
        });
        format!("(NULL::geometry, {})", values.join(", "))
    };
    let all: Vec<String> = (0..rows).map(|_| row(&mut dice)).collect();
    let world = World::new().await;
    world.layer("ngau_nhien", "Point", 9217, &COLUMNS, &format!("VALUES {}", all.join(", "))).await;
    world
}

/// Conditions and values that the grammar allows, no deeper than asked.
struct Writer(Dice);

impl Writer {
    fn condition(&mut self, depth: usize) -> String {
        if depth > 0 && self.0.roll(3) > 0 {
            return match self.0.roll(4) {
                0 => format!("NOT ({})", self.condition(depth - 1)),
                1 => format!("({} OR {})", self.condition(depth - 1), self.condition(depth - 1)),
                2 => format!("({}) IS {}NULL", self.condition(depth - 1), self.0.pick(&["", "NOT "])),
                _ => format!("({} AND {})", self.condition(depth - 1), self.condition(depth - 1)),
            };
        }
        let sign = self.0.pick(&["=", "<>", "<", ">", "<=", ">="]);
        let not = self.0.pick(&["", "", "NOT "]);
        match self.0.roll(12) {
            0 => format!("{} {sign} {}", self.number(2), self.number(2)),
            1 => format!("{} {sign} {}", self.text(2), self.text(1)),
            2 => format!("{} {sign} {}", self.moment(), self.moment()),
            3 => format!("{} {not}BETWEEN {} AND {}", self.number(1), self.number(1), self.number(0)),
            4 => format!("{} {not}IN ({}, {}, {})", self.number(1), self.number(0), self.number(0), self.number(1)),
            5 => format!("{} {not}IN ({}, {})", self.text(1), self.text(0), self.text(1)),
            6 => format!("{} {not}LIKE {}", self.text(1), self.pattern()),
            7 => {
                let of = match self.0.roll(3) {
                    0 => self.number(1),
                    1 => self.text(1),
                    _ => self.moment(),
                };
                format!("{of} IS {not}NULL")
            }
            8 => self.0.pick(&["chinh", "chinh = TRUE", "chinh <> FALSE", "chinh < TRUE", "FALSE"]).to_string(),
            9 => {
                let name = self.0.pick(&["AFTER", "BEFORE", "DISJOINT", "EQUALS", "INTERSECTS"]);
                format!("T_{name}({}, {})", self.moment(), self.span())
            }
            10 => {
                let names = [
                    "CONTAINS",
                    "DURING",
                    "FINISHES",
                    "FINISHEDBY",
                    "MEETS",
                    "METBY",
                    "OVERLAPS",
                    "OVERLAPPEDBY",
                    "STARTS",
                    "STARTEDBY",
                ];
                format!("T_{}({}, {})", self.0.pick(&names), self.span(), self.span())
            }
            _ => format!("gio {sign} '{}'", self.0.pick(&["08:30:00", "08:30", "12:00:00", "08:30:00.5"])),
        }
    }

    fn number(&mut self, depth: usize) -> String {
        if depth == 0 || self.0.roll(3) == 0 {
            let leaves = [
                "x",
                "x",
                "y",
                "dienTich",
                "gia",
                "\"to\"",
                "fid",
                "0",
                "1",
                "-3",
                "7",
                "2.5",
                "0.1",
                "1e3",
                "-0.5",
                "9007199254740993",
            ];
            return self.0.pick(&leaves).to_string();
        }
        match self.0.roll(6) {
            0 => format!("({} ^ {})", self.small(), self.0.pick(&["0", "1", "2", "-1", "0.5", "x"])),
            1 => format!("{}({})", self.0.pick(&["abs", "round", "floor", "ceil"]), self.number(depth - 1)),
            2 => format!("length({})", self.text(depth - 1)),
            3 => format!("{}({})", self.0.pick(&["year", "month", "day"]), self.0.pick(&["ngay", "luc", "sua"])),
            _ => {
                let sign = self.0.pick(&["+", "-", "*", "/", "%", "div"]);
                format!("({} {sign} {})", self.small(), self.small())
            }
        }
    }

    /// Too small for any computation here to overflow.
    fn small(&mut self) -> String {
        self.0
            .pick(&["x", "y", "dienTich", "gia", "fid", "0", "2", "-3", "2.5", "0.1", "(x - 1)", "(y * gia)"])
            .to_string()
    }

    fn text(&mut self, depth: usize) -> String {
        if depth == 0 || self.0.roll(2) == 0 {
            return match self.0.roll(3) {
                0 => "\"Tên đường\"".into(),
                1 => "ma".into(),
                _ => format!("'{}'", self.0.pick(&TEXTS).replace('\\', "\\\\")),
            };
        }
        let name = self.0.pick(&["casei", "accenti", "lower", "upper", "trim"]);
        format!("{name}({})", self.text(depth - 1))
    }

    fn pattern(&mut self) -> String {
        let pieces = ["%", "%", "_", "đ", "Đ", "ường", "Thống", " ", "a", "O", "\\\\%", "\\\\_", "T", "s"];
        let all: String = (0..=self.0.roll(4)).map(|_| self.0.pick(&pieces)).collect();
        match self.0.roll(3) {
            0 => format!("casei('{all}')"),
            1 => format!("accenti('{all}')"),
            _ => format!("'{all}'"),
        }
    }

    fn moment(&mut self) -> String {
        let leaves = [
            "ngay",
            "luc",
            "sua",
            "DATE('2026-01-31')",
            "DATE('2025-12-31')",
            "TIMESTAMP('2026-01-31T00:00:00Z')",
            "TIMESTAMP('2026-01-31T10:20:30.5Z')",
        ];
        self.0.pick(&leaves).to_string()
    }

    fn span(&mut self) -> String {
        let ends = ["ngay", "luc", "sua", "'2026-01-31'", "'2024-02-29'", "'2025-12-31T23:59:59.999999Z'", "'..'"];
        format!("INTERVAL({}, {})", self.0.pick(&ends), self.0.pick(&ends))
    }
}

enum Owned {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

/// A row as it is in memory, its cells in the order of the layer's fields.
struct Memory {
    fid: i64,
    cells: Vec<Owned>,
}

/// A row seen by a condition that reads some of its cells.
struct Seen<'a>(&'a Memory, &'a [usize]);

impl Row for Seen<'_> {
    fn fid(&self) -> i64 {
        self.0.fid
    }

    fn cell(&self, slot: usize) -> Cell<'_> {
        match &self.0.cells[self.1[slot]] {
            Owned::Null => Cell::Null,
            Owned::Bool(v) => Cell::Bool(*v),
            Owned::Int(v) => Cell::Int(*v),
            Owned::Float(v) => Cell::Float(*v),
            Owned::Text(v) => Cell::Text(v),
        }
    }
}

async fn memory(pool: &PgPool) -> Vec<Memory> {
    let columns: Vec<String> = COLUMNS.iter().map(|(n, _)| format!("\"{n}\"::text")).collect();
    let sql = Sql::new(format!("SELECT fid, {} FROM layers.ngau_nhien ORDER BY fid", columns.join(", ")));
    let rows = run::all(pool, sql).await.unwrap();
    rows.iter()
        .map(|row| {
            let cell = |i: usize| {
                let Some(text) = row.get::<Option<String>, _>(i + 1) else { return Owned::Null };
                match COLUMNS[i].1 {
                    "bool" => Owned::Bool(text == "true"),
                    "int2" | "int4" | "int8" => Owned::Int(text.parse().unwrap()),
                    "float4" | "float8" => Owned::Float(text.parse().unwrap()),
                    _ => Owned::Text(text),
                }
            };
            Memory { fid: row.get(0), cells: (0..COLUMNS.len()).map(cell).collect() }
        })
        .collect()
}

async fn ask(pool: &PgPool, expr: &Expr) -> Result<Vec<i64>, String> {
    let sql =
        Sql::new("SELECT fid FROM layers.ngau_nhien WHERE ").append(&render(expr, Some(9217))).push(" ORDER BY fid");
    let shown = format!("{} {:?}", sql.text, sql.values);
    let rows = run::all(pool, sql).await.map_err(|e| format!("{e}\n{shown}"))?;
    Ok(rows.iter().map(|r| r.get(0)).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_and_the_database_accept_the_same_features() {
    let world = random(300).await;
    // Answers must not depend on where the database thinks it is.
    let pool = PgPool::connect_lazy_with(world.options.clone().options([("timezone", "Asia/Ho_Chi_Minh")]));
    let (fields, rows) = (fields(), memory(&pool).await);
    let mut writer = Writer(Dice(2030));
    let (mut some, mut wrong) = (0, Vec::new());
    for _ in 0..1500 {
        let filter = writer.condition(3);
        let expr = parse(&filter, Lang::Text, &fields, true, Crs::CRS84).unwrap_or_else(|e| panic!("{filter}: {e}"));
        let predicate = compile(&expr).unwrap();
        let slots: Vec<usize> =
            predicate.fields().iter().map(|f| fields.iter().position(|g| g.name == f.name).unwrap()).collect();
        let here: Vec<i64> = rows.iter().filter(|r| predicate.accepts(&Seen(r, &slots))).map(|r| r.fid).collect();
        match ask(&pool, &expr).await {
            Ok(there) if there == here => some += usize::from(!here.is_empty() && here.len() < rows.len()),
            Ok(there) => {
                let odd = here.iter().find(|f| !there.contains(f)).or(there.iter().find(|f| !here.contains(f)));
                wrong.push(format!("{filter}: {} here, {} there, such as {odd:?}", here.len(), there.len()));
            }
            Err(e) => wrong.push(format!("{filter}: {e}")),
        }
    }
    assert!(wrong.is_empty(), "{} of 1500 differ:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
    assert!(some > 500, "only {some} filters part the rows");
}

/// A square kilometre of lots of 100 m, from 580 000 east and 1 279 000 north; lot 100 has no place.
async fn lots() -> (World, Server) {
    let world = World::new().await;
    let rows = "SELECT CASE WHEN i < 99 THEN ST_MakeEnvelope(580000 + i % 10 * 100, 1279000 + i / 10 * 100, 580100 + i % 10 * 100, 1279100 + i / 10 * 100, 9217) END, \
                CASE i % 3 WHEN 0 THEN 'ONT' WHEN 1 THEN 'Đất ở' END, i, DATE '2026-01-01' + i, TIMESTAMP '2026-01-01 12:00' + i * INTERVAL '1 day', ARRAY['a', CASE WHEN i % 2 = 0 THEN 'b' ELSE 'c' END], ARRAY[i, 5] \
                FROM generate_series(0, 99) i";
    let columns = [
        ("Mã đất", "text"),
        ("so", "int4"),
        ("tu", "date"),
        ("luc", "timestamp"),
        ("the", "text[]"),
        ("ids", "int4[]"),
    ];
    world.layer("lo", "Polygon", 9217, &columns, rows).await;
    let server = world.server().await;
    (world, server)
}

fn items(filter: &str, more: &str) -> String {
    format!("/ogc/collections/lo/items?limit=1000&filter={}{more}", utf8_percent_encode(filter, NON_ALPHANUMERIC))
}

async fn count(server: &Server, filter: &str, more: &str) -> i64 {
    let answer = server.json(&items(filter, more)).await;
    assert_eq!(answer["numberMatched"], answer["numberReturned"], "{filter}");
    answer["numberMatched"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_of_every_class_have_their_known_answers() {
    let (_world, server) = lots().await;
    let vn = "&filter-crs=EPSG:9217";
    for (filter, more, want) in [
        ("\"Mã đất\" = 'ONT'", "", 34),
        ("\"Mã đất\" <> 'ONT'", "", 33),
        ("NOT \"Mã đất\" = 'ONT'", "", 33),
        ("ACCENTI(CASEI(\"Mã đất\")) LIKE 'dat%'", "", 33),
        ("so BETWEEN 10 AND 19 OR so IN (1, 99)", "", 12),
        ("so % 10 = 0 AND so / 4 = 2.5 OR so div 50 = 1 AND so ^ 2 > 9000", "", 6),
        ("so / 0 = 1 OR so > 97", "", 2),
        ("so > 50", "", 49),
        ("so > 50.5", "", 49),
        ("'a' IS NULL OR so = 1", "", 1),
        ("5 IS NULL OR so = 1", "", 1),
        ("geom IS NULL", "", 1),
        ("S_INTERSECTS(geom, POINT(580050 1279050))", vn, 1),
        ("S_INTERSECTS(geom, BBOX(580050, 1279050, 580150, 1279150))", vn, 4),
        ("S_WITHIN(geom, BBOX(580000, 1279000, 580500, 1279500))", vn, 25),
        (
            "S_TOUCHES(geom, POLYGON((580400 1279400, 580500 1279400, 580500 1279500, 580400 1279500, 580400 1279400)))",
            vn,
            8,
        ),
        (
            "S_EQUALS(geom, POLYGON((580000 1279000, 580000 1279100, 580100 1279100, 580100 1279000, 580000 1279000)))",
            vn,
            1,
        ),
        ("S_DISJOINT(geom, BBOX(580050, 1279050, 580150, 1279150))", vn, 95),
        ("S_OVERLAPS(geom, BBOX(580050, 1279050, 580150, 1279150))", vn, 4),
        ("S_CONTAINS(geom, LINESTRING(580010 1279010, 580090 1279090))", vn, 1),
        ("S_CROSSES(LINESTRING(580050 1278000, 580050 1279350), geom)", vn, 4),
        (
            "S_INTERSECTS(geom, GEOMETRYCOLLECTION(POINT(580050 1279050), LINESTRING(580250 1279050, 580250 1279150)))",
            vn,
            3,
        ),
        ("S_INTERSECTS(POINT(1 2), BBOX(0, 0, 3, 3)) AND so = 1", "", 1),
        ("S_INTERSECTS(geom, BBOX(-180, -90, 180, 90))", "", 99),
        ("S_WITHIN(geometry, BBOX(170, -90, -170, 90))", "", 0),
        ("S_WITHIN(geometry, BBOX(100, -90, -170, 90))", "", 99),
        ("NOT S_DISJOINT(geom, BBOX(0, 0, 1, 1))", "", 0),
        ("S_INTERSECTS(geom, LINESTRING(-170 11.57, 170 11.57))", "", 10),
        ("T_DURING(INTERVAL(tu, luc), INTERVAL('2026-01-10', '2026-01-20'))", "", 10),
        ("T_INTERSECTS(luc, INTERVAL('2026-01-10', '2026-01-20'))", "", 11),
        ("T_AFTER(tu, DATE('2026-01-31')) AND T_BEFORE(luc, TIMESTAMP('2026-02-03T00:00:00Z'))", "", 2),
        ("tu <= '2026-01-02' AND month(luc) = 1", "", 2),
        ("A_CONTAINS(the, ('b', 'a'))", "", 50),
        ("A_EQUALS(the, ('c', 'a'))", "", 50),
        ("A_OVERLAPS(ids, (3, 7))", "", 2),
        ("A_CONTAINEDBY(ids, (5, 6, so))", "", 100),
        ("so > 5 AND so < 8", "&filter-lang=cql-text&so=6", 1),
        (
            r#"{"op":"and","args":[{"op":">","args":[{"property":"so"},5]},{"op":"s_intersects","args":[{"property":"geom"},{"type":"Point","coordinates":[580650,1279050]}]}]}"#,
            "&filter-lang=cql2-json&filter-crs=EPSG:9217",
            1,
        ),
    ] {
        assert_eq!(count(&server, filter, more).await, want, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_page_goes_on_with_its_filter() {
    let (_world, server) = lots().await;
    let mut path = items("\"Mã đất\" = 'ONT' AND so > 3", "&filter-lang=cql2-text").replace("limit=1000", "limit=10");
    let mut seen = Vec::new();
    loop {
        let page = server.json(&path).await;
        assert_eq!(page["numberMatched"], 32);
        seen.extend(page["features"].as_array().unwrap().iter().map(|f| f["properties"]["so"].as_i64().unwrap()));
        let next = page["links"].as_array().unwrap().iter().find(|l| l["rel"] == "next").cloned();
        let Some(next) = next else { break };
        path = next["href"].as_str().unwrap().strip_prefix("http://ban-do.test").unwrap().to_string();
    }
    assert_eq!(seen, (6..100).step_by(3).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_filter_is_a_problem_that_says_where() {
    let (_world, server) = lots().await;
    for (filter, more, parameter, says) in [
        (
            "so = 1 AND \"Ma dat\" = 'x'",
            "",
            "filter",
            "at position 11: `Ma dat` is not a field of this layer; write `\"Mã đất\"`",
        ),
        ("so = ", "", "filter", "at position 5: "),
        ("{}", "&filter-lang=cql2-json", "filter", "at the top: "),
        (
            r#"{"op":"=","args":[{"property":"so"},"x"]}"#,
            "&filter-lang=cql2-json",
            "filter",
            "at `/args/1`: `'x'` is a text",
        ),
        ("so = 1", "&filter-lang=sql", "filter-lang", "`sql`"),
        ("so = 1", "&filter-crs=EPSG:998000", "filter-crs", "`EPSG:998000`"),
        ("so = 1", "&filter-crs=VN", "filter-crs", "`VN`"),
        ("so * 9223372036854775807 > 0", "", "filter", "range"),
        ("1e300 ^ (so + 2) > 0", "", "filter", "range"),
        ("S_INTERSECTS(geom, POINT(1e30 1e30))", "&filter-crs=EPSG:32648", "filter", "`filter-crs`"),
    ] {
        let reply = server.get(&items(filter, more)).await;
        let problem = reply.json();
        assert_eq!(
            (reply.status.as_u16(), problem["parameter"].as_str()),
            (400, Some(parameter)),
            "{filter}: {problem}"
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{filter}: {problem}");
        match (&problem["position"], &problem["pointer"]) {
            (Value::Number(byte), _) => assert!(detail.starts_with(&format!("at position {byte}: ")), "{problem}"),
            (_, Value::String(pointer)) if pointer.is_empty() => {
                assert!(detail.starts_with("at the top: "), "{problem}")
            }
            (_, Value::String(pointer)) => assert!(detail.starts_with(&format!("at `{pointer}`: ")), "{problem}"),
            _ => assert!(!detail.starts_with("at "), "{problem}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_filtered_by_is_told() {
    let (_world, server) = lots().await;
    let queryables = server.json("/ogc/collections/lo/queryables").await;
    assert_eq!(queryables["properties"]["geom"]["format"], "geometry-polygon");
    let field = &queryables["properties"]["Mã đất"];
    assert_eq!((&field["title"], &field["type"]), (&json!("Mã đất"), &json!("string")));
    assert_eq!(
        (&queryables["additionalProperties"], &queryables["properties"]["tu"]["format"]),
        (&json!(false), &json!("date"))
    );
    let collection = server.json("/ogc/collections/lo").await;
    assert!(collection["links"].as_array().unwrap().iter().any(|l| l["href"] == queryables["$id"]));
    let functions = server.json("/ogc/functions").await;
    assert!(
        functions["functions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|f| f["name"] == "accenti" && f["returns"] == json!(["string"]))
    );
    let classes = server.json("/ogc/conformance").await["conformsTo"].to_string();
    // Older QGIS looks for the name that one of them had in the draft.
    assert_eq!(classes.replace("basic-spatial-operators", "").matches("/cql2/1.0/conf/").count(), 15);
    assert_eq!(classes.matches("/cql2/1.0/conf/basic-spatial-operators").count(), 1);
    let api = server.json("/ogc/api").await;
    let parameters = api["paths"]["/collections/lo/items"]["get"]["parameters"].as_array().unwrap();
    let known = |p: &Value| p["$ref"] == "#/components/parameters/filter-lang";
    assert!(parameters.iter().any(known));
    assert!(api["components"]["parameters"]["filter-lang"]["schema"]["enum"].to_string().contains("\"cql-text\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_spatial_index_serves_every_relation_that_it_can() {
    let world = World::new().await;
    let rows = "SELECT ST_MakeEnvelope(580000 + i % 100 * 10, 1279000 + i / 100 * 10, 580010 + i % 100 * 10, 1279010 + i / 100 * 10, 9217), i FROM generate_series(0, 9999) i";
    world.layer("luoi", "Polygon", 9217, &[("so", "int4")], rows).await;
    world.sql("ANALYZE layers.luoi").await;
    for name in ["INTERSECTS", "EQUALS", "TOUCHES", "WITHIN", "OVERLAPS", "CROSSES", "CONTAINS"] {
        let filter = format!("S_{name}(geom, BBOX(108.7381, 11.5641, 108.7382, 11.5642))");
        let expr = parse(&filter, Lang::Text, &[], true, Crs::CRS84).unwrap();
        let sql = Sql::new("EXPLAIN SELECT fid FROM layers.luoi WHERE ").append(&render(&expr, Some(9217)));
        assert!(
            sql.values.iter().any(|v| matches!(v, Bound::Text(t) if t.starts_with("POLYGON"))),
            "the geometry is bound"
        );
        let plan: Vec<String> = run::all(&world.pool, sql).await.unwrap().iter().map(|r| r.get(0)).collect();
        assert!(plan.iter().any(|l| l.contains("luoi_geom_idx")), "{name}: {plan:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_compares_moments_however_they_are_written_and_refuses_what_is_none() {
    let world = World::new().await;
    let columns = [("ngay", "date"), ("luc", "timestamptz"), ("dia_phuong", "timestamp"), ("gio", "time")];
    let rows = "VALUES (ST_Point(109, 11.5, 4326), '2026-01-31'::date, '2026-01-31T08:30:00.25+07'::timestamptz, '2026-01-31 08:30'::timestamp, '08:30'::time), \
                (NULL, 'infinity', '-infinity', NULL, NULL)";
    world.layer("moc", "Point", 4326, &columns, rows).await;
    let server = world.server().await;
    for (query, want) in [
        ("ngay=2026-01-31", 1),
        ("ngay=infinity", 1),
        ("luc=2026-01-31T01:30:00.25Z", 1),
        ("luc=2026-01-31T08:30:00.250%2B07:00", 1),
        ("luc=2026-01-31T01:30:00.25%2B00:00", 1),
        ("luc=2026-01-31T08:30:00.25Z", 0),
        ("luc=-infinity", 1),
        ("dia_phuong=2026-01-31T08:30:00", 1),
        ("gio=08:30:00", 1),
    ] {
        let page = server.json(&format!("/ogc/collections/moc/items?{query}")).await;
        assert_eq!(page["numberMatched"], want, "{query}");
    }
    for query in ["ngay=hom-nay", "ngay=2026-02-30", "luc=2026-01-31", "luc=x", "dia_phuong=08:30", "gio=25:00:00"] {
        let reply = server.get(&format!("/ogc/collections/moc/items?{query}")).await;
        let problem = reply.json();
        let (parameter, value) = query.split_once('=').unwrap();
        assert_eq!((reply.status.as_u16(), &problem["parameter"]), (400, &json!(parameter)), "{query}");
        assert!(problem["detail"].as_str().unwrap().contains(&format!("`{value}`")), "{problem}");
    }
}
