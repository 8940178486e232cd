//! Geometry as PostgreSQL sends it, read once, in order.

use crate::geo::ewkb::{Positions, Reader};

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

/// Calls `run` with every run of positions. None where the bytes are no such geometry.
pub fn walk(bytes: &[u8], run: &mut impl FnMut(Run, Positions<'_>)) -> Option<()> {
    geometry(&mut Reader(bytes), run, 0)
}

fn geometry(rest: &mut Reader<'_>, run: &mut impl FnMut(Run, Positions<'_>), depth: u8) -> Option<()> {
    let head = rest.head().filter(|_| depth <= MAX_DEPTH)?;
    match head.kind {
        1 => run(Run::Point, rest.positions(head, 1)?),
        2 => {
            let count = rest.count()?;
            run(Run::Line, rest.positions(head, count)?);
        }
        3 => {
            for ring in 0..rest.count()? {
                let count = rest.count()?;
                run(if ring == 0 { Run::Shell } else { Run::Hole }, rest.positions(head, count)?);
            }
        }
        4..=7 => {
            for _ in 0..rest.count()? {
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
        walk(&bytes, &mut |run, positions| seen.push((run, positions.xy().collect::<Vec<_>>()))).unwrap();
        assert_eq!(seen, [(Run::Shell, vec![[1.5, 2.5], [3.5, 4.5]])]);
        for cut in 0..bytes.len() {
            assert_eq!(walk(&bytes[..cut], &mut |_, _| ()), None);
        }
    }
}
