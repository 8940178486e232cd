//! The detector on thousands of files made of real names, in every encoding.

use std::collections::BTreeSet;

use super::detect::{Verdict, detect};
use super::encode::Form;
use super::{Encoding, WINDOWS_1252, WINDOWS_1258};

/// Names of communes, districts and provinces; none where the samples have not been made.
fn names() -> Option<Vec<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/cache/layers/xa_phuong_truoc_2025.csv");
    let Ok(csv) = std::fs::read_to_string(path) else {
        eprintln!("skipped: {path} is not here");
        return None;
    };
    let mut names = BTreeSet::new();
    for cells in csv.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()) {
        names.extend([cells[1], cells[4], cells[6]].map(String::from));
        names.extend(["Phường ", "Xã ", "Thị trấn "].iter().filter_map(|p| cells[1].strip_prefix(p)).map(String::from));
    }
    for label in ["Đất ở tại đô thị", "Đất trồng lúa", "Đất công trình năng lượng", "Đất chợ", "Đất rừng phòng hộ"]
    {
        names.insert(label.into());
    }
    Some(names.into_iter().collect())
}

/// xorshift64: the same files every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }
}

/// Every way in which files write Vietnamese.
const WRITTEN: [(Encoding, Form); 8] = [
    (Encoding::Utf8, Form::Composed),
    (Encoding::Utf8, Form::Decomposed),
    (Encoding::Tcvn3, Form::Composed),
    (Encoding::Vni, Form::Composed),
    (Encoding::Viscii, Form::Composed),
    (WINDOWS_1258, Form::Composed),
    (WINDOWS_1258, Form::Decomposed),
    // Only names that need no more than Latin-1 has.
    (WINDOWS_1252, Form::Composed),
];

/// The distinct values of a file: names as they are, in capitals, with numbers, or single words, and codes between them.
fn file(
    names: &[String],
    count: usize,
    style: usize,
    (encoding, form): (Encoding, Form),
    dice: &mut Dice,
) -> BTreeSet<Vec<u8>> {
    let mut values = BTreeSet::new();
    while values.len() < count {
        let name = &names[dice.below(names.len())];
        let value = match style {
            1 => name.to_uppercase(),
            2 => format!("{name} {}", dice.below(99)),
            3 if dice.below(2) == 0 => name.split(' ').next_back().unwrap_or_default().to_owned(),
            _ => name.clone(),
        };
        values.extend(encoding.encode(&value, form));
    }
    if style == 4 {
        values.extend((0..count).map(|_| format!("ODT-{}", dice.below(9999)).into_bytes()));
    }
    values
}

#[derive(Debug, Default)]
struct Tally {
    right: usize,
    asked: usize,
}

fn judge(names: &[String], files: usize, count: usize, written: (Encoding, Form)) -> Tally {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ count as u64);
    let mut tally = Tally::default();
    for n in 0..files {
        let values = file(names, count, n % 5, written, &mut dice);
        let read = |e: Encoding| values.iter().map(|v| e.decode(v)).collect::<Vec<_>>();
        let as_found = match detect(values.iter().map(Vec::as_slice), None) {
            Verdict::Ascii => None,
            Verdict::Utf8 => Some(Encoding::Utf8),
            Verdict::Detected(encoding, _) => Some(encoding),
            Verdict::Ambiguous(readings) => {
                let right = readings.iter().any(|r| Encoding::named(&r.encoding).map(read) == Some(read(written.0)));
                assert!(right, "{written:?}: the right one is not proposed: {readings:?}");
                tally.asked += 1;
                continue;
            }
        };
        if let Some(found) = as_found {
            assert_eq!(read(found), read(written.0), "{written:?} taken for {found:?}");
        }
        tally.right += 1;
    }
    tally
}

#[test]
fn with_twenty_values_every_file_is_read_right() {
    let Some(names) = names() else { return };
    std::thread::scope(|scope| {
        for written in WRITTEN {
            let names = &names;
            scope.spawn(move || {
                let tally = judge(names, 1000, 20, written);
                assert_eq!((tally.right, tally.asked), (1000, 0), "{written:?}");
            });
        }
    });
}

#[test]
fn with_few_values_a_file_is_read_right_or_asked_about() {
    let Some(names) = names() else { return };
    std::thread::scope(|scope| {
        for written in WRITTEN {
            let names = &names;
            scope.spawn(move || {
                for count in 1..20 {
                    let tally = judge(names, 300, count, written);
                    println!("{count} values, {} {:?}: {tally:?}", written.0.name(), written.1);
                }
            });
        }
    });
}
