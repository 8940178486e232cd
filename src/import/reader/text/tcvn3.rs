//! TCVN3 ("ABC"): one byte a letter, as the .Vn fonts draw it (TCVN 5712:1993, vietnam.md 2.1 and 2.3).
//!
//! The fonts have no capitals with tones: `.VnTimeH` draws the small codes as capitals, so a text in capitals comes as
//! `PH¦êNG` (PHƯờNG). Words whose ASCII letters are all capitals get the others back as capitals.

/// What 0xA1 to 0xFE mean; a full stop where the fonts have nothing.
const FROM_A1: &str = "ĂÂÊÔƠƯĐăâêôơưđ......àảãáạ.ằẳẵắ.......ặầẩẫấậè.ẻẽéẹềểễếệìỉ...ĩíịò.ỏõóọồổỗốộờởỡớợù.ủũúụừửữứựỳỷỹýỵ";

static LETTERS: std::sync::LazyLock<Vec<char>> = std::sync::LazyLock::new(|| FROM_A1.chars().collect());

fn letter(byte: u8) -> Option<char> {
    let letter = LETTERS.get(usize::from(byte.checked_sub(0xA1)?)).copied();
    letter.filter(|c| *c != '.')
}

/// The byte of a letter; that of the small one for a capital that the fonts lack.
pub fn code(c: char) -> Option<u8> {
    let of = |c: char| {
        let at = LETTERS.iter().position(|letter| *letter == c && c != '.')?;
        u8::try_from(0xA1 + at).ok()
    };
    match c {
        '\0'..='\x7F' => u8::try_from(c).ok(),
        _ => of(c).or_else(|| super::punctuation_code(c)).or_else(|| of(c.to_lowercase().next()?)),
    }
}

pub fn push(bytes: &[u8], out: &mut String) -> bool {
    let in_word = |b: &u8| b.is_ascii_alphabetic() || *b >= 0x80;
    let parts = || bytes.chunk_by(|a, b| in_word(a) == in_word(b));
    // `Xã Pô Kô` has only capitals too, but one a word.
    let shouted = |part: &[u8]| capitals(part) >= 2 && !part.iter().any(u8::is_ascii_lowercase);
    let lettered = parts().filter(|part| capitals(part) > 0).count();
    let loud = parts().filter(|part| shouted(part)).count();
    let all = !bytes.iter().any(u8::is_ascii_lowercase) && loud > 0 && loud * 2 >= lettered;
    parts().all(|part| {
        let up = all || shouted(part);
        part.iter().all(|&byte| {
            match byte {
                ..0x80 => out.push(byte.into()),
                _ => match letter(byte).or_else(|| super::punctuation(byte)) {
                    Some(c) if up => out.extend(c.to_uppercase()),
                    Some(c) => out.push(c),
                    None => return false,
                },
            }
            true
        })
    })
}

fn capitals(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| b.is_ascii_uppercase()).count()
}

#[cfg(test)]
mod tests {
    use crate::import::reader::text::Encoding;

    #[test]
    fn every_code_of_the_standard_reads_as_its_letter() {
        let path = crate::import::reader::shared("reference/vietnam/tcvn3_to_unicode.csv");
        let Some(csv) = path.and_then(|p| std::fs::read_to_string(p).ok()) else {
            return;
        };
        let mut codes = 0;
        for line in csv.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let byte = u8::from_str_radix(cells[0], 16).unwrap();
            assert_eq!(Encoding::Tcvn3.decode(&[byte]).as_deref(), Some(cells[2]), "{byte:X}");
            codes += 1;
        }
        assert_eq!((codes, super::LETTERS.iter().filter(|c| **c != '.').count()), (74, 74));
    }

    #[test]
    fn text_in_capitals_gets_its_capitals_back() {
        assert_eq!(Encoding::Tcvn3.decode(b"PH\xA6\xEANG \xA7\xCAT").as_deref(), Some("PHƯỜNG ĐẤT"));
        assert_eq!(Encoding::Tcvn3.decode(b"\xA7\xCAt \xEB").as_deref(), Some("Đất ở"));
        assert_eq!(Encoding::Tcvn3.decode(b"TR\xA6\xEANG THCS L\xAA L\xEEi").as_deref(), Some("TRƯỜNG THCS Lê Lợi"));
        assert_eq!(Encoding::Tcvn3.decode(b"\xFF"), None);
    }
}
