use super::*;
use crate::filter::At;

fn fault(filter: &str) -> String {
    text(filter).expect_err(filter).to_string()
}

#[test]
fn a_wrong_name_is_told_with_the_nearest_one_or_all() {
    assert_eq!(
        fault("so = 1 AND maDatt = 'x'"),
        "at position 11: `maDatt` is not a field of this layer; write `maDat`"
    );
    assert_eq!(fault("ma_dat = 'x'"), "at position 0: `ma_dat` is not a field of this layer; write `maDat`");
    assert_eq!(fault("\"Ma dat\" = 'x'"), "at position 0: `Ma dat` is not a field of this layer; write `\"Mã đất\"`");
    assert!(fault("vùng = 1").ends_with("its fields are `maDat`, `\"Mã đất\"`, `tên`, `so`, `dienTich`, `gia`, `chinh`, `ngay`, `gio`, `tu`, `den`, `sua`, `the`, `ids`, `them`, `eo:cloud_cover`"));
    let bare = parse("geom IS NULL", Lang::Text, &[], false, Crs::CRS84).unwrap_err();
    assert!(bare.message.contains("no geometry"), "{bare}");
}

#[test]
fn a_wrong_value_is_told_with_its_place_and_what_belongs_there() {
    for (filter, says) in [
        ("so = '5'", "at position 5: `'5'` is a text, but `so` is a whole number; write `5`"),
        ("maDat IN ('a', 5)", "at position 15: `5` is a whole number, but `maDat` is a text; write `'5'`"),
        ("ngay = '31/01/2026'", "at position 7: `31/01/2026` is neither a date nor a timestamp"),
        ("ngay = DATE('2026-02-30')", "at position 7: `2026-02-30` is not a date"),
        ("gio = '8h'", "at position 6: `8h` is not a time of day"),
        ("chinh = 1", "at position 8: `1` is a whole number, but `chinh` is true or false"),
        ("so LIKE '1%'", "at position 0: `so` is a whole number, not a text"),
        ("tên LIKE so", "`so` is not a pattern"),
        (r"tên LIKE 'a\\'", "the pattern ends with a backslash"),
        ("the = 'a'", "at position 0: field `the` holds a list"),
        ("A_CONTAINS(ids, ('a'))", "`'a'` is a text, but each item of the field is a whole number"),
        ("A_CONTAINS(so, (1))", "at position 11: `so` does not hold a list"),
        ("A_EQUALS((1,'a'),ids)", "at position 12: `'a'` is a text, but `1` is a whole number"),
        ("them = 1", "field `them` holds JSON"),
        ("geom = 5", "at position 0: `geom` is the geometry"),
        ("S_INTERSECTS(tên, POINT(1 2))", "at position 13: `tên` is not a geometry"),
        ("S_INTERSECTS(geom, BBOX(1,2,3))", "4 or 6 numbers, not `3`"),
        ("S_INTERSECTS(geom, BBOX(1,5,3,4))", "south `5` is greater"),
        ("S_INTERSECTS(geom, POINT(580000 1))", "at position 19: `580000 1` is not a position on earth"),
        (
            "T_DURING(ngay, INTERVAL('2005-01-10', '..'))",
            "at position 9: `ngay` is a moment, but `t_during` compares intervals",
        ),
        ("T_AFTER(tên, DATE('2005-01-10'))", "at position 8: `tên` is a text, not a date or timestamp"),
        ("so + tên = 1", "`tên` is a text, with which nothing is computed"),
        ("lower(so) = 'a'", "at position 6: `so` is a whole number, but `lower` takes a text"),
        ("area(geom) > 5", "at position 0: `area` is not a function here; there are `casei`"),
        ("(so > 1) = TRUE", "`>` is a condition; there should be a value here"),
        ("so", "at position 0: `so` is a value, not a condition"),
    ] {
        assert!(fault(filter).contains(says), "{filter}: {}", fault(filter));
    }
}

#[test]
fn a_wrong_text_is_told_with_the_place_where_it_goes_wrong() {
    for (filter, says) in [
        ("", "at position 0: the filter is empty"),
        ("so = ", "at position 5: there should be a condition, a name or a value here, not the end"),
        ("so = 5 AND", "at position 10: there should be"),
        ("(so = 5", "at position 7: there should be `)` here, not the end"),
        ("so = 5)", "at position 6: `)` is not expected here"),
        ("đất so = 5", "at position 7: `so` is not expected here"),
        ("so BETWEEN 1 OR 2", "at position 13: there should be `AND` here, not `OR`"),
        ("so IS 5", "at position 6: there should be `NULL` here, not `5`"),
        ("so NOT = 5", "at position 7: there should be `LIKE`, `BETWEEN` or `IN` here"),
        ("maDat = “ONT”", "at position 8: `“` means nothing here; write names in straight quotes"),
        ("in = 5", "at position 0: `in` is not expected here; if it is a name, write it in double quotes"),
        ("so ^ 2 ^ 3 = 1", "at position 7: which `^` comes first"),
        ("S_INTERSECTS(geom, POINT(1))", "at position 26: there should be a coordinate here, not `)`"),
        ("S_INTERSECTS(geom, POLYGON((0 0,1 0,1 1,0 1)))", "at position 19: the ring is not closed"),
        ("S_INTERSECTS(geom)", "at position 0: `s_intersects` takes 2 arguments, not 1"),
        ("INTERVAL('2005-01-10') IS NULL", "INTERVAL takes a start and an end"),
    ] {
        assert!(fault(filter).starts_with(says) || fault(filter).contains(says), "{filter}: {}", fault(filter));
    }
}

#[test]
fn what_is_wrong_in_json_is_told_with_its_pointer() {
    let fault = |filter: &str| json(filter).expect_err(filter);
    let wrong = fault(r#"{"op":"and","args":[true,{"op":"=","args":[{"property":"so"},"x"]}]}"#);
    assert_eq!(wrong.at, At::Pointer("/args/1/args/1".into()));
    assert_eq!(wrong.to_string(), "at `/args/1/args/1`: `'x'` is a text, but `so` is a whole number");
    for (filter, at, says) in [
        (r#"{"op":"="}"#, "", "`=` has no `args`"),
        (r#"{"op":5,"args":[]}"#, "/op", "`5` is not a text"),
        (r#"{"op":"=","args":[{"property":"so"},null]}"#, "/args/1", "`null` is not a value"),
        (r#"{"op":"not","args":[]}"#, "", "`not` takes 1 argument, not 0"),
        (r#"{"op":"and","args":[true]}"#, "", "`and` joins at least 2"),
        (r#"{"op":"isNull","args":[{"propertie":"so"}]}"#, "/args/0", "`propertie` is none of CQL2"),
        (r#"{"op":"s_within","args":[{"property":"geom"},{"type":"Circle"}]}"#, "/args/1", "`Circle` is not a type"),
        (r#"{"op":"s_within","args":[{"property":"geom"},{"bbox":[1,2]}]}"#, "/args/1/bbox", "4 or 6 numbers"),
        (
            r#"{"op":"t_after","args":[{"property":"ngay"},{"interval":["2020-01-01"]}]}"#,
            "/args/1/interval",
            "its start and its end",
        ),
        ("[]", "", "the list is a value"),
    ] {
        let wrong = fault(filter);
        assert!(wrong.at == At::Pointer(at.into()) && wrong.message.contains(says), "{filter}: {wrong}");
    }
    assert_eq!(fault("{\n \"op\": }").at, At::Byte(9), "what is no JSON has a place in the text");
}

#[test]
fn what_is_too_much_is_refused() {
    for filter in [
        format!("{}so = 1{}", "(".repeat(65), ")".repeat(65)),
        format!("{} so = 1", "NOT ".repeat(65)),
        format!("so = {}1", "- ".repeat(70)),
        format!("so = 1{}", " + 1".repeat(70)),
        format!("so = {}", "abs(".repeat(100)),
        format!("S_WITHIN(geom, {}", "GEOMETRYCOLLECTION(".repeat(100)),
    ] {
        assert!(fault(&filter).contains("nested more than 64 deep"), "{filter}: {}", fault(&filter));
    }
    assert!(text(&format!("{}so = 1{}", "(".repeat(60), ")".repeat(60))).is_ok());
    let list = vec!["1"; 1001].join(",");
    assert!(fault(&format!("so IN ({list})")).contains("1000 are the most"));
    assert!(fault(&format!("so = {}1", " ".repeat(20_000))).contains("longer than 16384 bytes"));
    let deep = format!("{}true{}", r#"{"op":"not","args":["#.repeat(100), "]}".repeat(100));
    assert!(json(&deep).is_err());
    let points = vec!["[1,2]"; 10_001].join(",");
    let many = format!(
        r#"{{"op":"s_within","args":[{{"property":"geom"}},{{"type":"MultiPoint","coordinates":[{points}]}}]}}"#
    );
    assert!(json(&many).unwrap_err().message.contains("more than 10000 vertices"));
}
