//! Blocks of cells as bytes: runs, each a varint of its length and one of its class.

use super::Class;

/// Packs cells in row-major order. A block of one class takes four to six bytes.
pub fn pack(cells: &[Class]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for run in cells.chunk_by(|a, b| a == b) {
        put(&mut bytes, run.len() as u64);
        put(&mut bytes, run.first().copied().unwrap_or(0).into());
    }
    bytes
}

/// Fills `out` with what [`pack`] packed; `None`, with `out` in any state, when the bytes are not exactly that many
/// cells.
pub fn unpack(bytes: &[u8], out: &mut [Class]) -> Option<()> {
    let (mut rest, mut out) = (bytes, out);
    while !rest.is_empty() {
        let length = usize::try_from(take(&mut rest)?).ok()?;
        let class = Class::try_from(take(&mut rest)?).ok()?;
        let (run, behind) = out.split_at_mut_checked(length)?;
        run.fill(class);
        out = behind;
    }
    out.is_empty().then_some(())
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, behind) = rest.split_first()?;
        *rest = behind;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        let mut random = Random(1);
        for _ in 0..500 {
            let (classes, n) = (1 + random.below(5), random.below(3000));
            let mut cells = vec![0; n];
            let mut class = 0;
            for cell in &mut cells {
                if random.below(4) == 0 {
                    class = (random.below(classes) * 13_107) as Class;
                }
                *cell = class;
            }
            let mut back = vec![9; n];
            assert_eq!(unpack(&pack(&cells), &mut back), Some(()));
            assert_eq!(back, cells);
        }
    }

    #[test]
    fn an_empty_block_takes_a_few_bytes() {
        assert!(pack(&vec![0; 512 * 512]).len() <= 4);
        assert_eq!(unpack(&pack(&[]), &mut []), Some(()));
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let mut random = Random(2);
        let good = pack(&[1, 1, 2, 300, 300, 300, 0, 0]);
        assert_eq!(unpack(&good, &mut [0; 7]), None);
        assert_eq!(unpack(&good, &mut [0; 9]), None);
        assert_eq!(unpack(&good[..good.len() - 1], &mut [0; 8]), None);
        assert_eq!(unpack(&[0xff; 40], &mut [0; 8]), None);
        for _ in 0..100_000 {
            let bytes: Vec<u8> = (0..random.below(24)).map(|_| random.next() as u8 >> random.below(8)).collect();
            let mut out = [0; 64];
            let _ = unpack(&bytes, &mut out);
        }
    }
}
