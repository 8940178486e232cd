use super::*;
use crate::filter::{Cell, NotInMemory, Row, compile};

struct One(Vec<(String, &'static str)>, Vec<Field>);

impl Row for One {
    fn fid(&self) -> i64 {
        7
    }

    fn cell(&self, slot: usize) -> Cell<'_> {
        let field = &self.1[slot];
        let Some((_, text)) = self.0.iter().find(|(name, _)| *name == field.name) else { return Cell::Null };
        match field.kind {
            Kind::Bool => Cell::Bool(*text == "true"),
            Kind::Int4 => Cell::Int(text.parse().unwrap()),
            Kind::Float4 | Kind::Float8 => Cell::Float(text.parse().unwrap()),
            _ => Cell::Text(text),
        }
    }
}

fn holds(filter: &str) -> bool {
    let predicate = compile(&text(filter).unwrap_or_else(|e| panic!("{filter}: {e}"))).unwrap();
    let values = [
        ("maDat", "ONT"),
        ("tên", "Đường Thống Nhất"),
        ("so", "7"),
        ("dienTich", "100.5"),
        ("gia", "0.1"),
        ("chinh", "true"),
        ("ngay", "2026-01-31"),
        ("gio", "08:30:00"),
        ("tu", "2026-01-31 08:00:00.5"),
        ("sua", "2026-01-31 01:00:00+00"),
    ];
    let row = One(values.map(|(n, v)| (n.to_string(), v)).into(), predicate.fields().to_vec());
    predicate.accepts(&row)
}

#[test]
fn conditions_on_attributes_hold_in_memory() {
    for filter in [
        "maDat = 'ONT' AND so > 5",
        "ACCENTI(CASEI(tên)) LIKE ACCENTI(CASEI('%THONG nhất'))",
        "so / 2 = 3.5 AND so div 2 = 3 AND so % 4 = 3 AND -so div 2 = -3",
        "so ^ 2 = 49 AND (0 - so) % 4 = -3",
        "gia = 0.1 AND gia IN (0.1, 0.5) AND NOT gia + 0 = 0.1",
        "chinh AND id = 7",
        "ngay = '2026-01-31' AND gio < '12:00' AND year(ngay) = 2026 AND month(sua) = 1 AND day(tu) = 31",
        "tu > sua AND sua < TIMESTAMP('2026-01-31T08:00:00.1+07:00')",
        "T_INTERSECTS(tu, INTERVAL('2026-01-01', '2026-01-31')) AND T_AFTER(den, tu) IS NULL",
        "den IS NULL AND (den > tu) IS NULL AND NOT maDat IS NULL",
        "length(tên) = 16 AND trim('  a ') = 'a' AND upper(tên) = 'ĐƯỜNG THỐNG NHẤT'",
        "round(2.5) = 2 AND ceil(dienTich) = 101 AND floor(dienTich) = 100 AND abs(-so) = 7",
        "'Đ' > 'Z' AND tên BETWEEN 'Z' AND 'ế'",
    ] {
        assert!(holds(filter), "{filter}");
    }
}

#[test]
fn what_is_unknown_is_neither_true_nor_false() {
    for filter in [
        "den = tu",
        "NOT den = tu",
        "den = tu OR so = 1",
        "NOT (den = tu AND so = 7)",
        "so / 0 = 1",
        "NOT so % 0 = 1",
        "0 ^ -1 = 1",
        "(0 - so) ^ 0.5 = 1",
        "\"Mã đất\" NOT IN ('a')",
        "so NOT IN (1, so div 0)",
        "NOT \"Mã đất\" LIKE '%'",
        "9223372036854775807 + so > 0",
    ] {
        assert!(!holds(filter), "{filter}");
    }
    assert!(holds("den = tu OR so = 7") && holds("NOT (den = tu AND so = 1)") && holds("so IN (7, so div 0)"));
}

#[test]
fn geometry_and_lists_are_for_the_database() {
    let why = |filter: &str| compile(&text(filter).unwrap()).err();
    assert_eq!(why("so = 1 AND S_INTERSECTS(geom, POINT(1 2))"), Some(NotInMemory("geometry")));
    assert_eq!(why("A_CONTAINS(the, ('a'))"), Some(NotInMemory("a list")));
    assert_eq!(why("geom IS NULL"), Some(NotInMemory("geometry")));
}
