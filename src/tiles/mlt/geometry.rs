//! The geometry column: a type for each feature, how many geometries, parts and vertices follow, and all vertices in one
//! stream (specification, "Geometry Column").

use super::read::Varints;
use super::stream;
use crate::tiles::slice::encode::{unzigzag, varint, zigzag};

/// Multiple geometries are numbered three after the single ones: point, line, polygon.
const MULTIPLE: i64 = 3;
const MOVE_TO: u64 = 1;
const LINE_TO: u64 = 2;

#[derive(Default)]
pub struct Column {
    types: Vec<i64>,
    /// How many geometries each multiple one has.
    geometries: Vec<i64>,
    /// How many rings each polygon has.
    rings: Vec<i64>,
    /// How many vertices each line and each ring has.
    lengths: Vec<i64>,
    has_polygons: bool,
    has_lines: bool,
    /// Zigzag deltas, x and y in turn.
    vertices: Vec<u32>,
    last: [i32; 2],
    /// The points, line or ring that is being read.
    run: Vec<[i32; 2]>,
}

impl Column {
    /// Appends a feature of MVT: its kind and its commands (MVT 2.1, 4.3); false when it draws nothing, none when it is
    /// broken.
    pub fn push(&mut self, kind: u64, commands: &[u8]) -> Option<bool> {
        let kind = i64::try_from(kind).ok().filter(|kind| (1..=3).contains(kind))?;
        let mut numbers = Varints(commands);
        self.run.clear();
        let (mut at, mut count, started) = ([0i32; 2], 0i64, self.rings.len());
        while let Some(command) = numbers.next() {
            let (what, times) = (command? & 7, command? >> 3);
            if what == MOVE_TO && kind != 1 {
                count += self.line(kind);
            }
            if what != MOVE_TO && what != LINE_TO {
                continue;
            }
            for _ in 0..times {
                for axis in &mut at {
                    *axis = axis.checked_add(i32::try_from(unzigzag(numbers.next()??)).ok()?)?;
                }
                self.run.push(at);
            }
        }
        count += self.line(kind);
        if count == 0 {
            self.rings.truncate(started);
            return Some(false);
        }
        let multiple = count > 1;
        self.types.push(kind - 1 + if multiple { MULTIPLE } else { 0 });
        if multiple {
            self.geometries.push(count);
        }
        self.has_lines |= kind == 2;
        self.has_polygons |= kind == 3;
        Some(true)
    }

    /// Takes over points, a line or a ring; says how many geometries have begun with it.
    fn line(&mut self, kind: i64) -> i64 {
        let run = &mut self.run;
        if run.is_empty() {
            return 0;
        }
        for [x, y] in run.iter().copied() {
            let step = |to: i32, from: i32| zigzag(to.wrapping_sub(from).into()) as u32;
            self.vertices.extend([step(x, self.last[0]), step(y, self.last[1])]);
            self.last = [x, y];
        }
        let begun = match kind {
            1 => run.len() as i64,
            2 => {
                self.lengths.push(run.len() as i64);
                1
            }
            _ => {
                self.lengths.push(run.len() as i64);
                // An outer ring begins a polygon: its area is positive where y grows downwards (MVT 2.1, 4.3.3.3).
                let outer = area2(run) > 0;
                match self.rings.last_mut().filter(|_| !outer) {
                    Some(rings) => {
                        *rings += 1;
                        0
                    }
                    None => {
                        self.rings.push(1);
                        1
                    }
                }
            }
        };
        run.clear();
        begun
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        // Lengths of lines are those of parts, unless there are polygons, whose rings lie a level deeper.
        let (parts, rings): (&[i64], &[i64]) =
            if self.has_polygons { (&self.rings, &self.lengths) } else { (&self.lengths, &[]) };
        let has_parts = self.has_polygons || self.has_lines;
        let streams =
            2 + [!self.geometries.is_empty(), has_parts, self.has_polygons].map(u64::from).iter().sum::<u64>();
        varint(out, streams);
        stream::numbers(out, stream::DATA, &self.types, false);
        if !self.geometries.is_empty() {
            stream::numbers(out, stream::GEOMETRIES, &self.geometries, false);
        }
        if has_parts {
            stream::numbers(out, stream::PARTS, parts, false);
        }
        if self.has_polygons {
            stream::numbers(out, stream::RINGS, rings, false);
        }
        stream::vertices(out, &self.vertices);
    }
}

fn area2(ring: &[[i32; 2]]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1])).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiles::slice::encode::Body;
    use crate::tiles::wkb::Kind;

    fn push(column: &mut Column, kind: Kind, runs: &[&[[i32; 2]]]) -> Option<bool> {
        let (mut body, mut bytes) = (Body::default(), Vec::new());
        body.set(kind, runs.iter().copied());
        varint(&mut bytes, body.head.into());
        body.first.iter().for_each(|v| varint(&mut bytes, zigzag((*v).into())));
        bytes.extend_from_slice(&body.rest);
        column.push(kind as u64, &bytes)
    }

    #[test]
    fn rings_belong_to_the_polygon_before_them_and_lines_lie_as_deep_as_rings() {
        let mut column = Column::default();
        let outer: &[[i32; 2]] = &[[0, 0], [10, 0], [10, 10], [0, 10]];
        let hole: &[[i32; 2]] = &[[2, 2], [2, 4], [4, 4]];
        push(&mut column, Kind::Polygon, &[outer, hole, outer]).unwrap();
        push(&mut column, Kind::Line, &[&[[0, 0], [5, 5]]]).unwrap();
        push(&mut column, Kind::Point, &[&[[1, 1], [2, 2]]]).unwrap();
        assert_eq!(column.types, [5, 1, 3]);
        assert_eq!(column.geometries, [2, 2]);
        assert_eq!(column.rings, [2, 1]);
        assert_eq!(column.lengths, [4, 3, 4, 2]);
        assert_eq!(column.vertices.len(), 2 * (4 + 3 + 4 + 2 + 2));
    }

    #[test]
    fn a_broken_command_is_none_and_no_command_nothing() {
        let mut column = Column::default();
        assert_eq!(column.push(3, &[]), Some(false));
        assert_eq!(column.push(3, &[9, 2]), None);
        assert_eq!(column.push(7, &[9, 2, 2]), None);
    }
}
