//! Geometry as PostgreSQL's binary protocol has it (EWKB: OGC 06-103r4, 8, with the flags of PostGIS), read once, in order.

/// What a run of positions is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    Point,
    Line,
    /// The outer ring of a polygon.
    Shell,
    Hole,
}

/// Collections within collections; PostGIS itself allows 200.
const MAX_DEPTH: u8 = 32;

/// Calls `run` with every run of positions; x and y only. None where the bytes are no such geometry.
pub fn walk(bytes: &[u8], run: &mut impl FnMut(Run, Positions<'_>)) -> Option<()> {
    let mut rest = bytes;
    geometry(&mut rest, run, 0)
}

/// x and y of each position.
#[derive(Clone, Copy)]
pub struct Positions<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl Positions<'_> {
    pub fn iter(&self) -> impl ExactSizeIterator<Item = [f64; 2]> {
        self.bytes.chunks_exact(8 * self.size).map(|p| {
            let at = |n: usize| f64::from_le_bytes(p[8 * n..8 * n + 8].try_into().unwrap_or_default());
            [at(0), at(1)]
        })
    }
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(n)?;
    *rest = tail;
    Some(head)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    take(rest, 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn positions<'a>(rest: &mut &'a [u8], count: u32, size: usize) -> Option<Positions<'a>> {
    let bytes = take(rest, (count as usize).checked_mul(8 * size)?)?;
    Some(Positions { bytes, size })
}

fn geometry(rest: &mut &[u8], run: &mut impl FnMut(Run, Positions<'_>), depth: u8) -> Option<()> {
    if take(rest, 1)? != [1] || depth > MAX_DEPTH {
        return None;
    }
    let code = number(rest)?;
    if code & 0x2000_0000 != 0 {
        number(rest)?;
    }
    let size = 2 + usize::from(code & 0x8000_0000 != 0) + usize::from(code & 0x4000_0000 != 0);
    match code & 0xFF {
        1 => run(Run::Point, positions(rest, 1, size)?),
        2 => {
            let count = number(rest)?;
            run(Run::Line, positions(rest, count, size)?);
        }
        3 => {
            for ring in 0..number(rest)? {
                let count = number(rest)?;
                run(if ring == 0 { Run::Shell } else { Run::Hole }, positions(rest, count, size)?);
            }
        }
        4..=7 => {
            for _ in 0..number(rest)? {
                geometry(rest, run, depth + 1)?;
            }
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_lie_about_their_length_are_no_geometry() {
        let mut bytes = vec![1, 3, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255];
        assert_eq!(walk(&bytes, &mut |_, _| panic!("there is no ring")), None);
        bytes[9..13].copy_from_slice(&2u32.to_le_bytes());
        bytes.extend([1.5f64, 2.5, 3.5, 4.5].into_iter().flat_map(f64::to_le_bytes));
        let mut seen = Vec::new();
        walk(&bytes, &mut |run, positions| seen.push((run, positions.iter().collect::<Vec<_>>()))).unwrap();
        assert_eq!(seen, [(Run::Shell, vec![[1.5, 2.5], [3.5, 4.5]])]);
        for cut in 0..bytes.len() {
            assert_eq!(walk(&bytes[..cut], &mut |_, _| ()), None);
        }
    }
}
