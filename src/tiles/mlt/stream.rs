//! Streams: what a column is made of. Each says what it holds, how it is encoded, how many values and bytes follow.

use crate::tiles::slice::encode::{varint, varint_len, zigzag};

// What a stream holds: the kind in the upper half, its use in the lower.
pub const PRESENT: u8 = 0x00;
pub const DATA: u8 = 0x10;
pub const DICTIONARY: u8 = 0x11;
pub const VERTICES: u8 = 0x13;
pub const PLACES: u8 = 0x22;
pub const LENGTHS: u8 = 0x30;
pub const GEOMETRIES: u8 = 0x31;
pub const PARTS: u8 = 0x32;
pub const RINGS: u8 = 0x33;
pub const DICTIONARY_LENGTHS: u8 = 0x36;

// How: the technique in the upper three bits, varints (or plain bytes) in the lowest two.
const PLAIN: u8 = 0x00;
const VARINT: u8 = 0x02;
const DELTA: u8 = 0x20;
const COMPONENT_DELTA: u8 = 0x40;
const RUNS: u8 = 0x60;

fn head(out: &mut Vec<u8>, stream: u8, how: u8, values: usize, bytes: usize) {
    out.extend_from_slice(&[stream, how]);
    varint(out, values as u64);
    varint(out, bytes as u64);
}

/// Bytes as they are; `values` says of how many values.
pub fn bytes(out: &mut Vec<u8>, stream: u8, values: usize, bytes: &[u8]) {
    head(out, stream, PLAIN, values, bytes.len());
    out.extend_from_slice(bytes);
}

/// Vertices that are zigzag deltas already, x and y in turn.
pub fn vertices(out: &mut Vec<u8>, deltas: &[u32]) {
    let length = deltas.iter().map(|v| varint_len((*v).into())).sum();
    head(out, VERTICES, COMPONENT_DELTA | VARINT, deltas.len(), length);
    deltas.iter().for_each(|v| varint(out, (*v).into()));
}

/// Whole numbers, plain, as deltas or as runs, whichever is the shortest. Signed ones are zigzag; others must not be
/// negative.
pub fn numbers(out: &mut Vec<u8>, stream: u8, values: &[i64], signed: bool) {
    let one = |v: i64| if signed { zigzag(v) } else { v as u64 };
    // Decoders of 32 bits lose a step that needs 33.
    let wide = values.iter().any(|v| i32::try_from(*v).is_err());
    let step = |before: i64, v: i64| v.checked_sub(before).filter(|s| wide || i32::try_from(*s).is_ok());
    let (mut plain, mut deltas, mut before) = (0, Some(0), 0);
    for v in values {
        plain += varint_len(one(*v));
        deltas = deltas.zip(step(before, *v)).map(|(sum, s)| sum + varint_len(zigzag(s)));
        before = *v;
    }
    let deltas = deltas.unwrap_or(usize::MAX);
    let (mut count, mut runs) = (0, 0);
    for run in values.chunk_by(|a, b| a == b) {
        count += 1;
        runs += varint_len(run.len() as u64) + varint_len(one(run[0]));
    }
    if runs < plain.min(deltas) {
        head(out, stream, RUNS | VARINT, 2 * count, runs);
        // The two numbers that describe runs stand between the head and the data.
        varint(out, count as u64);
        varint(out, values.len() as u64);
        values.chunk_by(|a, b| a == b).for_each(|r| varint(out, r.len() as u64));
        values.chunk_by(|a, b| a == b).for_each(|r| varint(out, one(r[0])));
    } else if deltas < plain {
        head(out, stream, DELTA | VARINT, values.len(), deltas);
        before = 0;
        for v in values {
            varint(out, zigzag(v - before));
            before = *v;
        }
    } else {
        head(out, stream, VARINT, values.len(), plain);
        values.iter().for_each(|v| varint(out, one(*v)));
    }
}

/// Bits, the first the lowest of its byte, as ORC has them: runs of bytes, and bytes as they are.
pub fn bits(out: &mut Vec<u8>, stream: u8, bits: impl ExactSizeIterator<Item = bool>) {
    let count = bits.len();
    let mut packed = vec![0u8; count.div_ceil(8)];
    for (i, bit) in bits.enumerate() {
        packed[i / 8] |= u8::from(bit) << (i % 8);
    }
    let mut coded = Vec::new();
    let mut literals: Vec<u8> = Vec::new();
    for run in packed.chunk_by(|a, b| a == b) {
        for part in run.chunks(130) {
            if part.len() < 3 {
                literals.extend_from_slice(part);
            } else {
                flush(&mut coded, &mut literals);
                coded.extend_from_slice(&[(part.len() - 3) as u8, part[0]]);
            }
        }
    }
    flush(&mut coded, &mut literals);
    head(out, stream, RUNS, count, coded.len());
    out.extend_from_slice(&coded);
}

fn flush(coded: &mut Vec<u8>, literals: &mut Vec<u8>) {
    for part in literals.chunks(128) {
        coded.push((256 - part.len()) as u8);
        coded.extend_from_slice(part);
    }
    literals.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coded(values: &[i64], signed: bool) -> Vec<u8> {
        let mut out = Vec::new();
        numbers(&mut out, DATA, values, signed);
        out
    }

    #[test]
    fn numbers_take_the_shortest_way() {
        assert_eq!(coded(&[3, 1, 2], false), [DATA, VARINT, 3, 3, 3, 1, 2]);
        assert_eq!(coded(&[-1, 1], true), [DATA, VARINT, 2, 2, 1, 2]);
        assert_eq!(coded(&[5; 9], false), [DATA, RUNS | VARINT, 2, 2, 1, 9, 9, 5]);
        assert_eq!(coded(&[300, 301, 299], false), [DATA, DELTA | VARINT, 3, 4, 0xD8, 4, 2, 3]);
        // The step from one end of 32 bits to the other needs 33.
        assert_eq!(coded(&[0, 4_294_967_295], false)[1], VARINT);
    }

    #[test]
    fn bits_are_runs_and_literals_of_bytes() {
        let mut out = Vec::new();
        bits(&mut out, PRESENT, [true, false, true].into_iter());
        assert_eq!(out, [PRESENT, RUNS, 3, 2, 255, 5]);
        out.clear();
        bits(&mut out, PRESENT, (0..88).map(|i| i < 80));
        assert_eq!(out, [PRESENT, RUNS, 88, 4, 7, 255, 255, 0]);
    }
}
