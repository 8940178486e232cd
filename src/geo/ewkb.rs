//! Geometry as PostgreSQL sends it: WKB (OGC 06-103r4, 8) in little-endian order, with PostGIS's flags for Z, M and SRID above
//! the kind. Read from the front, step by step; a step is none where the bytes end early.

/// The flag that says that an SRID follows.
pub const SRID: u32 = 0x2000_0000;
const Z: u32 = 0x8000_0000;
const M: u32 = 0x4000_0000;

/// How a geometry begins.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// As WKB numbers it, from 1 for a point to 7 for a collection; curves and surfaces come after.
    pub kind: u32,
    pub z: bool,
    pub m: bool,
}

impl Head {
    pub fn of(code: u32) -> Head {
        Head { kind: code & 0xff, z: code & Z != 0, m: code & M != 0 }
    }

    /// Bytes of a position.
    pub fn size(self) -> usize {
        16 + 8 * usize::from(self.z) + 8 * usize::from(self.m)
    }
}

/// What is left of some bytes.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    pub fn head(&mut self) -> Option<Head> {
        let [1] = self.take()? else { return None };
        let code = self.count()?;
        if code & SRID != 0 {
            self.count()?;
        }
        Some(Head::of(code))
    }

    pub fn count(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub fn number(&mut self) -> Option<f64> {
        self.take().map(f64::from_le_bytes)
    }

    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    pub fn positions(&mut self, head: Head, count: u32) -> Option<Positions<'a>> {
        Some(Positions { bytes: self.bytes((count as usize).checked_mul(head.size())?)?, head })
    }
}

/// Positions of two to four numbers each.
#[derive(Debug, Clone, Copy)]
pub struct Positions<'a> {
    bytes: &'a [u8],
    head: Head,
}

impl<'a> Positions<'a> {
    pub fn count(&self) -> usize {
        self.bytes.len() / self.head.size()
    }

    /// As they came, number by number.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// x and y.
    pub fn xy(&self) -> impl ExactSizeIterator<Item = [f64; 2]> + use<'a> {
        self.bytes.chunks_exact(self.head.size()).map(|position| [number(position, 0), number(position, 1)])
    }

    /// x, y, z (where there is one) and m (where there is one).
    pub fn iter(&self) -> impl Iterator<Item = (f64, f64, Option<f64>, Option<f64>)> + use<'a> {
        let Head { z, m, .. } = self.head;
        self.bytes.chunks_exact(self.head.size()).map(move |position| {
            let at = |n: usize| number(position, n);
            (at(0), at(1), z.then(|| at(2)), m.then(|| at(2 + usize::from(z))))
        })
    }

    /// None of them, as of an empty geometry.
    pub fn none(self) -> Positions<'a> {
        Positions { bytes: &[], ..self }
    }
}

fn number(position: &[u8], n: usize) -> f64 {
    f64::from_le_bytes(position[8 * n..8 * n + 8].try_into().unwrap_or_default())
}
