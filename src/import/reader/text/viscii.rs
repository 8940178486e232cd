//! VISCII 1.1 (RFC 1456): one byte a letter, six capitals among the control codes.

/// What 0x80 to 0xFF mean.
const FROM_80: &str = "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ";

static LETTERS: std::sync::LazyLock<Vec<char>> = std::sync::LazyLock::new(|| FROM_80.chars().collect());

/// The capitals that lie among the control codes.
const LOW: [(u8, char); 6] = [(0x02, 'Ẳ'), (0x05, 'Ẵ'), (0x06, 'Ẫ'), (0x14, 'Ỷ'), (0x19, 'Ỹ'), (0x1E, 'Ỵ')];

/// The byte of a letter.
pub fn code(c: char) -> Option<u8> {
    if let Some((byte, _)) = LOW.iter().find(|(_, letter)| *letter == c) {
        return Some(*byte);
    }
    match c {
        '\0'..='\x7F' => u8::try_from(c).ok().filter(|byte| LOW.iter().all(|(low, _)| low != byte)),
        _ => LETTERS.iter().position(|letter| *letter == c).and_then(|at| u8::try_from(0x80 + at).ok()),
    }
}

pub fn push(bytes: &[u8], out: &mut String) {
    out.extend(bytes.iter().map(|&byte| match byte {
        ..0x20 => LOW.iter().find(|(low, _)| *low == byte).map_or(byte.into(), |(_, letter)| *letter),
        0x20..0x80 => byte.into(),
        _ => LETTERS[usize::from(byte - 0x80)],
    }));
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_letter_of_vietnamese_is_there_once() {
        let mut letters: Vec<char> = super::LETTERS.iter().copied().chain("ẲẴẪỶỸỴ".chars()).collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!((super::LETTERS.len(), letters.len()), (128, 134));
        assert!(letters.iter().all(|c| c.is_alphabetic()));
    }
}
