//! Ground that lies between features and that nobody has: holes of the whole, put together from the strips.

use super::frame::P;
use super::strip::{Left, Polygon, Strip, breadth, union};

/// A piece of uncovered ground in a strip.
pub struct Piece {
    polygon: Polygon,
    /// It goes on to the end of the world.
    outside: bool,
    /// Where it meets the strip's left and right border: from and to.
    meets: [Vec<[i64; 2]>; 2],
    /// Features whose borders it has.
    around: Vec<u32>,
    /// Some of its border is of features that are not known yet.
    more: Vec<P>,
}

/// A gap: its shape, the features around it as far as edges tell, and places on borders of others.
pub struct Gap {
    pub polygons: Vec<Polygon>,
    pub around: Vec<u32>,
    pub more: Vec<P>,
}

impl Gap {
    /// Whether more than one feature lies around it: else its border is that feature's, edge by edge, and it is a hole that the
    /// feature was drawn with.
    pub fn has_neighbours(&self) -> bool {
        self.around.len() > 1 || !self.more.is_empty()
    }
}

/// The pieces of a strip that may be gaps or parts of some, and how many are narrower than `tolerance` metres. `ends` says
/// whether the strip is the first, the last.
pub fn pieces(bare: Vec<Polygon>, left: &Left, strip: &Strip, ends: [bool; 2], tolerance: f64) -> (Vec<Piece>, u64) {
    let mut pieces = Vec::new();
    let mut narrow = 0;
    for polygon in bare {
        let mut piece =
            Piece { polygon, outside: false, meets: [Vec::new(), Vec::new()], around: Vec::new(), more: Vec::new() };
        for ring in &piece.polygon {
            let Some(mut p) = ring.last().copied() else { continue };
            for &q in ring {
                piece.outside |= p[1] <= strip.bottom || p[1] >= strip.top;
                for (side, x) in [strip.left, strip.right].into_iter().enumerate() {
                    if p[0] == x && q[0] == x {
                        piece.outside |= ends[side];
                        piece.meets[side].push([p[1].min(q[1]), p[1].max(q[1])]);
                    }
                }
                p = q;
            }
        }
        let inner = piece.meets.iter().all(Vec::is_empty);
        if inner && !piece.outside && breadth(&piece.polygon) <= tolerance {
            narrow += 1;
        } else if !(piece.outside && (0..2).all(|side| ends[side] || piece.meets[side].is_empty())) {
            if !piece.outside {
                owners(&mut piece, left, strip);
            }
            pieces.push(piece);
        }
    }
    (pieces, narrow)
}

fn owners(piece: &mut Piece, left: &Left, strip: &Strip) {
    for ring in &piece.polygon {
        let Some(mut p) = ring.last().copied() else { continue };
        for &q in ring {
            let border = p[0] == q[0] && (p[0] == strip.left || p[0] == strip.right);
            match left.owner(p, q) {
                Some(owner) if !piece.around.contains(&owner) && piece.around.len() < 100 => piece.around.push(owner),
                None if !border && piece.more.len() < 100 => piece.more.push([(p[0] + q[0]) / 2, (p[1] + q[1]) / 2]),
                _ => {}
            }
            p = q;
        }
    }
}

/// Puts pieces together across the strips' borders. What goes on to the outside is no gap.
pub fn join(strips: Vec<Vec<Piece>>, tolerance: f64) -> (Vec<Gap>, u64) {
    let mut parent: Vec<usize> = (0..strips.iter().map(Vec::len).sum()).collect();
    let starts: Vec<usize> = strips
        .iter()
        .scan(0, |n, s| {
            *n += s.len();
            Some(*n - s.len())
        })
        .collect();
    let meets = |strip: usize, side: usize| {
        let mut all: Vec<([i64; 2], usize)> = Vec::new();
        for (i, piece) in strips[strip].iter().enumerate() {
            all.extend(piece.meets[side].iter().map(|m| (*m, starts[strip] + i)));
        }
        all.sort_unstable();
        all
    };
    for strip in 1..strips.len() {
        let (before, after) = (meets(strip - 1, 1), meets(strip, 0));
        let mut from = 0;
        for (m, piece) in &after {
            while before.get(from).is_some_and(|(b, _)| b[1] <= m[0]) {
                from += 1;
            }
            for (_, other) in before[from..].iter().take_while(|(b, _)| b[0] < m[1]) {
                let (a, b) = (root(&mut parent, *piece), root(&mut parent, *other));
                parent[a] = b;
            }
        }
    }
    let pieces: Vec<Piece> = strips.into_iter().flatten().collect();
    let mut groups: Vec<(usize, Piece)> =
        pieces.into_iter().enumerate().map(|(i, piece)| (root(&mut parent, i), piece)).collect();
    groups.sort_by_key(|(root, _)| *root);
    let (mut gaps, mut narrow) = (Vec::new(), 0);
    for group in groups.chunk_by_mut(|a, b| a.0 == b.0) {
        if group.iter().any(|(_, piece)| piece.outside) {
            continue;
        }
        let mut gap = Gap { polygons: Vec::new(), around: Vec::new(), more: Vec::new() };
        for (_, piece) in group {
            gap.polygons.push(std::mem::take(&mut piece.polygon));
            gap.around.append(&mut piece.around);
            gap.more.append(&mut piece.more);
        }
        if gap.polygons.len() > 1 {
            gap.polygons = union(&gap.polygons);
        }
        gap.around.sort_unstable();
        gap.around.dedup();
        match gap.polygons.iter().all(|p| breadth(p) <= tolerance) {
            true => narrow += 1,
            false => gaps.push(gap),
        }
    }
    (gaps, narrow)
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}
