use super::*;
use crate::filter::functions;
use crate::geo::Bbox;

/// The same filter in both languages.
fn same(in_text: &str, in_json: &str) {
    let (a, b) = (text(in_text), json(in_json));
    assert_eq!(
        a.unwrap_or_else(|e| panic!("{in_text}: {e}")),
        b.unwrap_or_else(|e| panic!("{in_json}: {e}")),
        "{in_text}"
    );
}

#[test]
fn basic_cql2_joins_comparisons_with_and_or_and_not() {
    assert_eq!(sql("maDat='ONT'"), r#"("maDat" = $1)"#);
    assert_eq!(bound("maDat='Via dell''Avvento'"), [Value::Text("Via dell'Avvento".into())]);
    assert_eq!(
        sql("so>5 AND chinh=true OR NOT dienTich<=1.5"),
        r#"((("so" > $1) AND ("chinh" = $2)) OR (NOT ("dienTich" <= $3)))"#
    );
    assert_eq!(sql("so > 1 and (so < 5 or so <> 3)"), r#"(("so" > $1) AND (("so" < $2) OR ("so" <> $3)))"#);
    assert_eq!(sql("chinh AND TRUE"), r#"("chinh" AND TRUE)"#);
    assert_eq!(sql("geom IS NOT NULL"), "(NOT (geom IS NULL))");
    assert_eq!(sql("(so > 5) IS NULL OR them is null"), r#"((("so" > $1) IS NULL) OR ("them" IS NULL))"#);
    assert_eq!(sql("\"Mã đất\" >= 'Đ'"), r#"(("Mã đất" COLLATE "C") >= ($1 COLLATE "C"))"#);
    assert_eq!(sql("eo:cloud_cover=0.1"), r#"("eo:cloud_cover" = $1)"#);
    assert_eq!(sql("\"maDat\" = 'x' AND id = 7 AND fid <> 8"), r#"(("maDat" = $1) AND (fid = $2) AND (fid <> $3))"#);
    same(
        "NOT so = -5 AND TRUE",
        r#"{"op":"and","args":[{"op":"not","args":[{"op":"=","args":[{"property":"so"},-5]}]},true]}"#,
    );
    same("maDat IS NULL", r#"{"op":"isNull","args":[{"property":"maDat"}]}"#);
}

#[test]
fn names_are_found_by_their_letters_whatever_their_code_points() {
    let decomposed = "te\u{302}n = 'x'";
    assert_eq!(sql(decomposed), r#"("tên" = $1)"#);
    let named = [Field { name: "id".into(), column: "id_1".into(), kind: Kind::Text, title: None, domain: Vec::new() }];
    let expr = parse("id = 'x' AND fid = 1", Lang::Text, &named, false, Crs::CRS84).unwrap();
    assert_eq!(
        plain(&render(&expr, None).text),
        r#"(("id_1" = $1) AND (fid = $2))"#,
        "a field comes before the feature's id"
    );
}

#[test]
fn literals_take_the_form_of_the_field_beside_them() {
    assert_eq!(bound("so IN (1.0, 2)"), [Value::Ints(vec![1, 2])]);
    assert_eq!(bound("so IN (1.5, 2)"), [Value::Floats(vec![1.5, 2.0])]);
    assert_eq!(sql("gia = 0.1"), r#"("gia" = $1::float4)"#);
    assert_eq!(bound("gia = 0.1"), [Value::Float(f64::from(0.1f32))]);
    assert_eq!(sql("gia < 1e300"), r#"("gia" < $1)"#, "too large for single precision");
    assert_eq!(sql("ngay = '2026-01-31'"), r#"("ngay" = $1::date)"#);
    assert_eq!(sql("gio < '12:30'"), r#"("gio" < $1::time)"#);
    assert_eq!(sql("ngay > TIMESTAMP('2026-01-31T10:00:00Z')"), r#"("ngay" > $1::timestamp)"#);
    assert_eq!(bound("sua < DATE('2026-01-31')"), [Value::Text("2026-01-31 00:00:00+00".into())]);
    assert_eq!(sql("tu < sua"), r#"(("tu"::timestamp AT TIME ZONE 'UTC') < "sua")"#);
}

#[test]
fn advanced_comparisons_are_like_between_and_in() {
    assert_eq!(sql("tên NOT LIKE 'Đường%'"), r#"(NOT ("tên" LIKE $1))"#);
    assert_eq!(bound(r"tên LIKE '50\%'"), [Value::Text(r"50\%".into())]);
    assert_eq!(
        sql("dienTich BETWEEN 100.0 and 150.0 AND so = 3"),
        r#"(("dienTich" BETWEEN $1 AND $2) AND ("so" = $3))"#
    );
    assert_eq!(sql("ngay between '2026-01-01' and '2026-12-31'"), r#"("ngay" BETWEEN $1::date AND $2::date)"#);
    assert_eq!(sql("maDat NOT IN ('ONT','ODT')"), r#"(NOT ("maDat" = ANY($1)))"#);
    assert_eq!(bound("maDat IN ('ONT','ODT')"), [Value::Texts(vec!["ONT".into(), "ODT".into()])]);
    assert_eq!(sql("gia IN (0.1,0.2)"), r#"("gia" = ANY($1::float4[]))"#);
    assert_eq!(sql("maDat IN ('ONT', tên)"), r#"("maDat" IN ($1, "tên"))"#);
    assert_eq!(sql("ngay IN (DATE('2026-01-01'))"), r#"("ngay" = ANY($1::date[]))"#);
    same("NOT so BETWEEN 10 AND 20", r#"{"op":"not","args":[{"op":"between","args":[{"property":"so"},10,20]}]}"#);
    same("maDat IN ('a','b')", r#"{"op":"in","args":[{"property":"maDat"},["a","b"]]}"#);
    same("maDat LIKE 'a_%'", r#"{"op":"like","args":[{"property":"maDat"},"a_%"]}"#);
    assert_eq!(json(r#"{"op":"in","args":[{"property":"so"},[]]}"#).map(|e| render(&e, None).text), Ok("FALSE".into()));
}

#[test]
fn case_and_accents_are_folded_on_both_sides() {
    let case = |s: &str| {
        format!("(replace(lower((upper(({s} COLLATE \"und-x-icu\")) COLLATE \"und-x-icu\")), 'ς', 'σ') COLLATE \"C\")")
    };
    assert_eq!(
        sql("CASEI(tên) IN (CASEI('Οδος'),casei('Straße'))"),
        format!("({} IN ({}, {}))", case("\"tên\""), case("$1"), case("$2"))
    );
    let accent = |s: &str| {
        format!(
            "(translate(regexp_replace(normalize(({s} COLLATE \"C\"), NFD), '[\\u0300-\\u036f]', '', 'g'), 'đĐ', 'dD') COLLATE \"C\")"
        )
    };
    assert_eq!(sql("ACCENTI(tên) = ACCENTI('đất')"), format!("({} = {})", accent("\"tên\""), accent("$1")));
    same(
        "CASEI(tên) LIKE CASEI(ACCENTI('%Hải%'))",
        r#"{"op":"like","args":[{"op":"casei","args":[{"property":"tên"}]},{"op":"casei","args":[{"op":"accenti","args":["%Hải%"]}]}]}"#,
    );
}

#[test]
fn a_point_and_a_box_meet_the_column_as_it_is() {
    assert_eq!(sql("S_INTERSECTS(geometry,POINT(36.3 32.2))"), "ST_Intersects(geom, ST_GeomFromText($1, 4326))");
    let all = bound("s_intersects(geom,BBOX(1,2,3,4))");
    let texts: Vec<&Value> = all.iter().filter(|value| matches!(value, Value::Text(_))).collect();
    assert_eq!(texts, [&Value::Text("POLYGON((1 2,3 2,3 4,1 4,1 2))".into()); 2], "beside the sides of a box within");
    let vn = parse("S_INTERSECTS(geom, POINT(580000 1279000))", Lang::Text, &fields(), true, Crs::plane(9217)).unwrap();
    assert_eq!(render(&vn, Some(9217)).text, "ST_Intersects(geom, ST_GeomFromText($1, 9217))");
    assert_eq!(render(&vn, Some(3405)).text, "ST_Intersects(geom, ST_Transform(ST_GeomFromText($1, 9217), 3405))");
    let box_ = text("S_INTERSECTS(geom, BBOX(108,11,109,12))").unwrap();
    assert_eq!(
        render(&box_, Some(2193)).text,
        "ST_Intersects(geom, ST_Transform(ST_Segmentize(ST_GeomFromText($1, 4326), $2), 2193))",
        "the box is transformed, not the column"
    );
    same(
        "S_INTERSECTS(geom,BBOX(1,2,0,3,4,9))",
        r#"{"op":"s_intersects","args":[{"property":"geom"},{"bbox":[1,2,0,3,4,9]}]}"#,
    );
}

#[test]
fn a_shape_wider_than_the_data_is_cut_to_it_before_it_is_transformed() {
    let data = Bbox::new(108.0, 11.0, 109.0, 12.0).unwrap();
    let shown = |filter: &str| render(&text(filter).unwrap().within(data), Some(9217)).text;
    assert!(shown("S_INTERSECTS(geom, BBOX(-180,-90,180,90))").contains(
        "ST_Segmentize(ST_CollectionExtract(ST_ClipByBox2D(ST_GeomFromText($1, 4326), ST_MakeBox2D(ST_Point($2, $3), ST_Point($4, $5))), 3), $6)"
    ));
    assert!(!shown("S_INTERSECTS(geom, BBOX(108.1,11.1,108.2,11.2))").contains("Clip"), "one inside it stays whole");
    assert_eq!(
        shown("NOT S_DISJOINT(geom, POINT(0 0))"),
        "(NOT (NOT ST_Intersects(geom, ST_GeomFromText('POLYGON EMPTY', 9217))))"
    );
}

#[test]
fn every_type_of_geometry_can_be_written() {
    for (wkt, want) in [
        ("POINT Z (1 2 3)", "POINT(1 2)"),
        ("LINESTRING(0 0,1e0 +1)", "LINESTRING(0 0,1 1)"),
        ("POLYGON((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))", "POLYGON((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))"),
        ("MULTIPOINT((1 2),(3 4))", "MULTIPOINT(1 2,3 4)"),
        ("multipoint(1 2,3 4)", "MULTIPOINT(1 2,3 4)"),
        ("MULTILINESTRING((0 0,1 1),(2 2,3 -3.5))", "MULTILINESTRING((0 0,1 1),(2 2,3 -3.5))"),
        ("MULTIPOLYGON(((0 0,4 0,4 4,0 0)))", "POLYGON((0 0,4 0,4 4,0 0))"),
        ("GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))", "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))"),
    ] {
        assert_eq!(bound(&format!("S_INTERSECTS(geom,{wkt})")), [Value::Text(want.into())], "{wkt}");
    }
    for (wkt, geojson) in [
        ("POINT(1 2)", r#"{"type":"Point","coordinates":[1,2,9]}"#),
        ("MULTIPOINT(1 2,3 4)", r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#),
        ("LINESTRING(0 0,1 1)", r#"{"type":"LineString","coordinates":[[0,0],[1,1]]}"#),
        ("MULTILINESTRING((0 0,1 1))", r#"{"type":"MultiLineString","coordinates":[[[0,0],[1,1]]]}"#),
        ("POLYGON((0 0,4 0,4 4,0 0))", r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,0]]]}"#),
        ("MULTIPOLYGON(((0 0,4 0,4 4,0 0)))", r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[4,0],[4,4],[0,0]]]]}"#),
        (
            "GEOMETRYCOLLECTION(POINT(1 2))",
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}"#,
        ),
    ] {
        let in_json = format!(r#"{{"op":"s_within","args":[{geojson},{{"property":"geom"}}]}}"#);
        same(&format!("S_WITHIN({wkt},geom)"), &in_json);
    }
}

#[test]
fn every_spatial_function_is_one_that_the_index_serves() {
    for (name, function) in [
        ("EQUALS", "ST_Equals"),
        ("TOUCHES", "ST_Touches"),
        ("WITHIN", "ST_Within"),
        ("OVERLAPS", "ST_Overlaps"),
        ("CROSSES", "ST_Crosses"),
        ("CONTAINS", "ST_Contains"),
        ("INTERSECTS", "ST_Intersects"),
    ] {
        let got = sql(&format!("S_{name}(geom,POINT(1 2))"));
        assert_eq!(got, format!("{function}(geom, ST_GeomFromText($1, 4326))"));
    }
    assert_eq!(sql("S_DISJOINT(POINT(1 2),geom)"), "(NOT ST_Intersects(ST_GeomFromText($1, 4326), geom))");
}

#[test]
fn temporal_functions_are_comparisons_of_starts_and_ends() {
    let interval = "INTERVAL('2005-01-10T00:00:00Z','2010-02-10T05:29:20.073225Z')";
    for (name, want) in [
        ("AFTER", r#"("tu" > $1::timestamp)"#),
        ("BEFORE", r#"("den" < $1::timestamp)"#),
        ("DISJOINT", r#"(("den" < $1::timestamp) OR ("tu" > $2::timestamp))"#),
        ("EQUALS", r#"(("tu" = $1::timestamp) AND ("den" = $2::timestamp))"#),
        ("INTERSECTS", r#"(("tu" <= $1::timestamp) AND ("den" >= $2::timestamp))"#),
        ("CONTAINS", r#"(("tu" < $1::timestamp) AND ("den" > $2::timestamp))"#),
        ("DURING", r#"(("tu" > $1::timestamp) AND ("den" < $2::timestamp))"#),
        ("FINISHEDBY", r#"(("tu" < $1::timestamp) AND ("den" = $2::timestamp))"#),
        ("FINISHES", r#"(("tu" > $1::timestamp) AND ("den" = $2::timestamp))"#),
        ("MEETS", r#"("den" = $1::timestamp)"#),
        ("METBY", r#"("tu" = $1::timestamp)"#),
        ("OVERLAPPEDBY", r#"(("tu" > $1::timestamp) AND ("tu" < $2::timestamp) AND ("den" > $3::timestamp))"#),
        ("OVERLAPS", r#"(("tu" < $1::timestamp) AND ("den" > $2::timestamp) AND ("den" < $3::timestamp))"#),
        ("STARTEDBY", r#"(("tu" = $1::timestamp) AND ("den" > $2::timestamp))"#),
        ("STARTS", r#"(("tu" = $1::timestamp) AND ("den" < $2::timestamp))"#),
    ] {
        assert_eq!(sql(&format!("T_{name}(INTERVAL(tu,den),{interval})")), want, "{name}");
    }
    let ends = |filter: &str| bound(filter);
    assert_eq!(ends(&format!("T_AFTER(sua,{interval})")), [Value::Text("2010-02-10 05:29:20.073225+00".into())]);
    assert_eq!(sql("T_BEFORE(ngay, DATE('2015-01-01'))"), r#"("ngay" < $1::date)"#);
    assert_eq!(ends("T_BEFORE(tu, INTERVAL('..','2015-01-01'))"), [Value::Text("-infinity".into())]);
    let day = [Value::Text("2026-01-31 23:59:59.999999+00".into()), Value::Text("2026-01-01 00:00:00+00".into())];
    assert_eq!(ends("T_INTERSECTS(sua, INTERVAL('2026-01-01','2026-01-31'))"), day, "the last day counts to its end");
    same(
        "T_DURING(INTERVAL(tu,den),INTERVAL('2005-01-10','..'))",
        r#"{"op":"t_during","args":[{"interval":[{"property":"tu"},{"property":"den"}]},{"interval":["2005-01-10",".."]}]}"#,
    );
    same("T_AFTER(ngay,DATE('2012-06-05'))", r#"{"op":"t_after","args":[{"property":"ngay"},{"date":"2012-06-05"}]}"#);
    same(
        "T_EQUALS(sua,TIMESTAMP('2012-06-05T00:00:00Z'))",
        r#"{"op":"t_equals","args":[{"property":"sua"},{"timestamp":"2012-06-05T00:00:00Z"}]}"#,
    );
}

#[test]
fn lists_are_compared_as_sets() {
    for (name, sign) in [("CONTAINS", "@>"), ("CONTAINEDBY", "<@"), ("OVERLAPS", "&&")] {
        let got = sql(&format!("A_{name}(the,('a','b'))"));
        assert_eq!(got, format!("(\"the\"::text[] {sign} $1::text[])"));
    }
    assert_eq!(sql("A_EQUALS(ids,(1,2.0))"), r#"(("ids"::int8[] @> $1::int8[]) AND ("ids"::int8[] <@ $2::int8[]))"#);
    assert_eq!(sql("A_OVERLAPS(ids,(1,2.5))"), r#"("ids"::float8[] && $1::float8[])"#);
    assert_eq!(sql("A_CONTAINS((so,1),ids)"), r#"(ARRAY["so", $1]::int8[] @> "ids"::int8[])"#);
    assert_eq!(bound("A_CONTAINS(the,('a'))"), [Value::Texts(vec!["a".into()])], "one in parentheses is a list of one");
    assert_eq!(sql("A_CONTAINS(the,())"), r#"("the"::text[] @> ARRAY[]::text[])"#);
    same("A_OVERLAPS(the,('a','b'))", r#"{"op":"a_overlaps","args":[{"property":"the"},["a","b"]]}"#);
}

#[test]
fn properties_are_compared_with_properties() {
    assert_eq!(sql("maDat = tên"), r#"("maDat" = "tên")"#);
    assert_eq!(sql("'a' = tên"), r#"($1 = "tên")"#);
    assert_eq!(sql("so > dienTich"), r#"("so" > "dienTich")"#);
}

#[test]
fn arithmetic_follows_its_precedence_and_never_divides_by_zero() {
    assert_eq!(sql("so + 2 * 3 = 7"), r#"(("so"::int8 + ($1 * $2)) = $3)"#);
    assert_eq!(sql("so - 1 - 1 = (so - (1 - 1))"), r#"((("so"::int8 - $1) - $2) = ("so"::int8 - ($3 - $4)))"#);
    assert_eq!(
        sql("so / 2 = 1.5"),
        r#"(("so"::float8 / NULLIF($1::float8, 0)) = $2)"#,
        "a division is of real numbers"
    );
    assert_eq!(sql("so div 2 = so % 3"), r#"(("so"::int8 / NULLIF($1, 0)) = ("so"::int8 % NULLIF($2, 0)))"#);
    assert!(
        sql("dienTich ^ 2 > 4")
            .contains("ELSE power(x, y) END FROM (SELECT \"dienTich\"::float8 AS x, $1::float8 AS y OFFSET 0) q)")
    );
    assert_eq!(sql("-so > -5"), r#"(($1 * "so"::int8) > $2)"#);
    same(
        "dienTich = - gia * 2.0 + so / 6.1234",
        r#"{"op":"=","args":[{"property":"dienTich"},{"op":"+","args":[{"op":"*","args":[{"op":"*","args":[-1,{"property":"gia"}]},2.0]},{"op":"/","args":[{"property":"so"},6.1234]}]}]}"#,
    );
    same(
        "so div 2 ^ 2 = 1",
        r#"{"op":"=","args":[{"op":"div","args":[{"property":"so"},{"op":"^","args":[2,2]}]},1]}"#,
    );
}

#[test]
fn every_function_that_is_listed_can_be_called() {
    for function in functions() {
        let (of, is) = match function.takes {
            "string" => ("tên", if function.gives == "string" { "'a'" } else { "1" }),
            "number" => ("dienTich", "1"),
            _ => ("ngay", "1"),
        };
        let got = sql(&format!("{}({of}) = {is}", function.name.to_uppercase()));
        assert!(got.contains('(') && !function.about.is_empty(), "{got}");
    }
    assert_eq!(sql("round(so) = 1"), r#"("so" = $1)"#, "a whole number is round");
    assert_eq!(sql("length(trim(tên)) > 3"), r#"(char_length(btrim("tên"))::int8 > $1)"#);
    same("lower(tên) = 'a'", r#"{"op":"=","args":[{"op":"lower","args":[{"property":"tên"}]},"a"]}"#);
}

#[test]
fn what_gdal_writes_is_understood() {
    let gdal =
        |filter: &str| parse(filter, Lang::Gdal, &fields(), true, Crs::CRS84).map(|e| plain(&render(&e, None).text));
    assert_eq!(
        gdal("(Mã đất = 'Mã đất') OR (so = 6)").as_deref(),
        Ok(r#"(("Mã đất" = $1) OR ("so" = $2))"#),
        "a name in a text stays a text"
    );
    assert_eq!(gdal("(chinh = 1) OR ((chinh IS NULL))").as_deref(), Ok(r#"(("chinh" = $1) OR ("chinh" IS NULL))"#));
    assert_eq!(gdal("ngay > '2026-01-31T'").as_deref(), Ok(r#"("ngay" > $1::date)"#));
    assert!(text("ngay > '2026-01-31T'").is_err() && text("chinh = 1").is_err() && text("Mã đất = 'a'").is_err());
    let fault = gdal("(Mã đất = 'a') OR (sai = 6)").unwrap_err();
    assert_eq!(fault.at, crate::filter::At::Byte(5), "of the text that was sent: {fault}");
}

#[test]
fn a_placeholder_says_its_type() {
    let raw = |filter: &str| render(&text(filter).unwrap(), Some(4326)).text;
    assert_eq!(raw("dienTich > 5"), r#"("dienTich" > $1::int8)"#);
    assert_eq!(raw("dienTich > 5.5"), r#"("dienTich" > $1::float8)"#, "another statement than the one before");
    assert_eq!(raw("'a' IS NULL OR TRUE IS NULL"), "(($1::text IS NULL) OR ($2::boolean IS NULL))");
    assert_eq!(raw("maDat IN ('a') OR so IN (1)"), r#"(("maDat" = ANY($1::text[])) OR ("so" = ANY($2::int8[])))"#);
}
