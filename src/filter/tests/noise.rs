use super::*;
use crate::filter::compile;

/// Sebastiano Vigna's SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

const SEEDS: [&str; 10] = [
    "maDat = 'ONT' AND so > 5 OR NOT dienTich BETWEEN 1.5 AND 2e3",
    "ACCENTI(CASEI(tên)) LIKE CASEI('%Đường\\_''%') AND so IN (1, 2.5, -3)",
    "S_INTERSECTS(geom, POLYGON((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1)))",
    "S_WITHIN(GEOMETRYCOLLECTION(POINT Z (1 2 3), MULTIPOINT((1 2), 3 4)), geometry)",
    "T_DURING(INTERVAL(tu, den), INTERVAL('2005-01-10', '..')) AND ngay >= DATE('2026-01-31')",
    "A_CONTAINS(the, ('a', 'b')) OR A_EQUALS((1, so), ids)",
    "- so * 2 + gia / 3 ^ -1 div (so % 4) <> abs(-1) AND \"Mã đất\" IS NOT NULL",
    r#"{"op":"and","args":[{"op":"=","args":[{"property":"so"},-5]},{"op":"s_intersects","args":[{"property":"geom"},{"bbox":[150,-90,-150,90]}]}]}"#,
    r#"{"op":"in","args":[{"property":"maDat"},["a","Đ"]]}"#,
    r#"{"op":"t_after","args":[{"interval":["..",{"property":"den"}]},{"timestamp":"2020-01-01T00:00:00Z"}]}"#,
];

const PIECES: [&str; 40] = [
    "(",
    ")",
    ",",
    "'",
    "\"",
    "\\",
    "NOT ",
    " AND ",
    " OR ",
    " IS ",
    "NULL",
    " LIKE ",
    " IN ",
    "-",
    "^",
    "%",
    "=",
    "<>",
    "so",
    "tên",
    "geom",
    "BBOX(",
    "POINT(",
    "POLYGON((",
    "INTERVAL(",
    "DATE('",
    "T_EQUALS(",
    "A_OVERLAPS(",
    "1e308",
    "9223372036854775808",
    "0",
    ".",
    "{",
    "}",
    "[",
    "]",
    ":",
    "\u{301}",
    "\u{0}",
    "𝔻",
];

#[test]
fn no_text_whatever_makes_it_panic_or_overflow_a_small_stack() {
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let noise = small.spawn(|| {
        let mut dice = Dice(2026);
        let fields = fields();
        let (mut good, mut bad) = (0, 0);
        for _ in 0..6_000 {
            let mut letters: Vec<char> = SEEDS[dice.roll(SEEDS.len())].chars().collect();
            for _ in 0..dice.roll(4) {
                let at = dice.roll(letters.len() + 1);
                match dice.roll(4) {
                    0 => letters.truncate(at),
                    1 => drop(letters.drain(at..(at + dice.roll(6)).min(letters.len()))),
                    2 => {
                        let piece: String = PIECES[dice.roll(PIECES.len())].repeat(1 + dice.roll(3) * dice.roll(90));
                        letters.splice(at..at, piece.chars());
                    }
                    _ => {
                        let other: Vec<char> = SEEDS[dice.roll(SEEDS.len())].chars().collect();
                        let from = dice.roll(other.len());
                        letters.splice(at..at, other[from..].iter().copied());
                    }
                }
            }
            let filter: String = letters.into_iter().collect();
            for lang in [Lang::Text, Lang::Json, Lang::Gdal] {
                match parse(&filter, lang, &fields, true, Crs::CRS84) {
                    Ok(expr) => {
                        good += 1;
                        let sql = render(&expr, Some(9217));
                        for n in 1..=sql.values.len() {
                            assert!(sql.text.contains(&format!("${n}")), "{filter}: {}", sql.text);
                        }
                        assert!(!sql.text.contains("ONT"), "every value is bound");
                        drop(compile(&expr));
                    }
                    Err(fault) => {
                        bad += 1;
                        assert!(!fault.to_string().is_empty());
                        if let crate::filter::At::Byte(at) = fault.at {
                            assert!(at <= filter.len() && filter.is_char_boundary(at), "{filter}: {at}");
                        }
                    }
                }
            }
        }
        (good, bad)
    });
    let (good, bad) = noise.unwrap().join().unwrap();
    assert!(good > 500 && bad > 5_000, "{good} {bad}");
}

#[test]
fn the_deepest_filter_that_is_allowed_fits_a_small_stack() {
    let deep = [
        format!("{}so = 1{}", "(".repeat(62), ")".repeat(62)),
        format!("{}so = 1", "NOT ".repeat(60)),
        format!("so = {}so{}", "(1 + ".repeat(30), ")".repeat(30)),
        format!("so = {}so{}", "abs(".repeat(60), ")".repeat(60)),
        format!("so = {}so{}", "(2 ^ ".repeat(30), ")".repeat(30)),
    ];
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let run = small.spawn(move || {
        for filter in &deep {
            let expr = text(filter).unwrap_or_else(|e| panic!("{filter}: {e}"));
            assert!(render(&expr, Some(9217)).text.len() < 100_000);
            compile(&expr).unwrap();
        }
    });
    run.unwrap().join().unwrap();
}
