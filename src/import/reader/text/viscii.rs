//! VISCII 1.1 (RFC 1456): one byte a letter, six capitals among the control codes.

/// What 0x80 to 0xFF mean.
const FROM_80: &str = "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ";

static LETTERS: std::sync::LazyLock<Vec<char>> = std::sync::LazyLock::new(|| FROM_80.chars().collect());

pub fn push(bytes: &[u8], out: &mut String) {
    out.extend(bytes.iter().map(|&byte| match byte {
        0x02 => 'Ẳ',
        0x05 => 'Ẵ',
        0x06 => 'Ẫ',
        0x14 => 'Ỷ',
        0x19 => 'Ỹ',
        0x1E => 'Ỵ',
        ..0x80 => byte.into(),
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
