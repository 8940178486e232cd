//! The index of a GeoPackage (OGC 12-128r18, annex F.3), an R-tree of SQLite, filled from its leaves up: its nodes are rows of
//! one table, with two more tables for what lies in which (sqlite.org/rtree.html, 6). Features are sorted along a Hilbert curve
//! some hundred thousand at once, so that memory stays flat.

use rusqlite::{Connection, Statement};

use super::written;
use crate::error::Result;
use crate::tiles::snapshot::index::hilbert;

/// Features that are sorted together.
const BATCH: usize = 1 << 18;
/// Bytes of a node before its cells, and of a cell.
const HEAD: usize = 4;
const CELL: usize = 24;

pub struct Tree<'c> {
    node: Statement<'c>,
    parent: Statement<'c>,
    rowid: Statement<'c>,
    /// Bytes of a node.
    size: usize,
    batch: Vec<Cell>,
    /// The node that is being filled at each height, leaves first.
    filling: Vec<Vec<Cell>>,
    /// Features and the leaves where they are.
    places: Vec<(i64, i64)>,
    /// The number of the last node that was written. The root is 1.
    last: i64,
}

/// A feature or a node: its number, least and largest x, least and largest y.
#[derive(Clone, Copy)]
struct Cell(i64, [f32; 4]);

impl<'c> Tree<'c> {
    /// `name` is the index's, which is empty.
    pub fn new(on: &'c Connection, name: &str) -> Result<Tree<'c>> {
        let statement = |sql: &str, table: &str| {
            let table = format!("{name}_{table}").replace('"', "\"\"");
            on.prepare(&sql.replace("{}", &format!("\"{table}\""))).map_err(written)
        };
        let mut root = statement("SELECT length(data) FROM {} WHERE nodeno = 1", "node")?;
        Ok(Tree {
            node: statement("INSERT OR REPLACE INTO {} VALUES (?1, ?2)", "node")?,
            parent: statement("INSERT INTO {} VALUES (?1, ?2)", "parent")?,
            rowid: statement("INSERT INTO {} VALUES (?1, ?2)", "rowid")?,
            size: root.query_row([], |row| row.get::<_, u32>(0)).map_err(written)? as usize,
            batch: Vec::new(),
            filling: vec![Vec::new()],
            places: Vec::new(),
            last: 1,
        })
    }

    /// `bounds`: least and largest x, least and largest y.
    pub fn add(&mut self, id: i64, [left, right, bottom, top]: [f64; 4]) -> Result<()> {
        let bounds = [outward(left, false), outward(right, true), outward(bottom, false), outward(top, true)];
        self.batch.push(Cell(id, bounds));
        if self.batch.len() < BATCH { Ok(()) } else { self.settle() }
    }

    /// The root comes last.
    pub fn finish(mut self) -> Result<()> {
        self.settle()?;
        let mut height = 0;
        while height + 1 < self.filling.len() {
            self.close(height)?;
            height += 1;
        }
        let root = std::mem::take(&mut self.filling[height]);
        self.write(1, height, &root)?;
        self.place()
    }

    fn settle(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        let whole = union(&batch);
        let step = |n: usize| f64::from(1 << 24) / f64::from(whole[n + 1] - whole[n]).max(f64::MIN_POSITIVE);
        let steps = [step(0), step(2)];
        let at = |bounds: &[f32; 4], n: usize| {
            let middle = f64::midpoint(bounds[n].into(), bounds[n + 1].into());
            (((middle - f64::from(whole[n])) * steps[n / 2]) as u32).min((1 << 24) - 1)
        };
        let mut sorted: Vec<(u64, Cell)> =
            batch.into_iter().map(|cell| (hilbert(at(&cell.1, 0), at(&cell.1, 2)), cell)).collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        sorted.into_iter().try_for_each(|(_, cell)| self.put(0, cell))?;
        self.place()
    }

    fn put(&mut self, height: usize, cell: Cell) -> Result<()> {
        if self.filling.len() == height {
            self.filling.push(Vec::new());
        }
        if self.filling[height].len() == (self.size - HEAD) / CELL {
            self.close(height)?;
        }
        self.filling[height].push(cell);
        Ok(())
    }

    /// Writes the node that is being filled at a height, and puts it into one above.
    fn close(&mut self, height: usize) -> Result<()> {
        let cells = std::mem::take(&mut self.filling[height]);
        self.last += 1;
        let number = self.last;
        self.write(number, height, &cells)?;
        self.put(height + 1, Cell(number, union(&cells)))
    }

    fn write(&mut self, number: i64, height: usize, cells: &[Cell]) -> Result<()> {
        let mut bytes = Vec::with_capacity(self.size);
        // Only the root's height is read.
        let height_if_root = if number == 1 { height as u16 } else { 0 };
        bytes.extend(height_if_root.to_be_bytes());
        bytes.extend((cells.len() as u16).to_be_bytes());
        for Cell(id, bounds) in cells {
            bytes.extend(id.to_be_bytes());
            bytes.extend(bounds.iter().flat_map(|b| b.to_be_bytes()));
        }
        bytes.resize(self.size, 0);
        self.node.execute((number, bytes)).map_err(written)?;
        match height {
            0 => self.places.extend(cells.iter().map(|Cell(id, _)| (*id, number))),
            _ => {
                for Cell(child, _) in cells {
                    self.parent.execute((child, number)).map_err(written)?;
                }
            }
        }
        Ok(())
    }

    fn place(&mut self) -> Result<()> {
        self.places.sort_unstable();
        for place in self.places.drain(..) {
            self.rowid.execute(place).map_err(written)?;
        }
        Ok(())
    }
}

fn union(cells: &[Cell]) -> [f32; 4] {
    let none = [f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY, f32::NEG_INFINITY];
    cells.iter().fold(none, |[l, r, b, t], Cell(_, c)| [l.min(c[0]), r.max(c[1]), b.min(c[2]), t.max(c[3])])
}

/// The nearest number of four bytes that is not further in.
fn outward(value: f64, up: bool) -> f32 {
    let near = value as f32;
    match f64::from(near).total_cmp(&value) {
        std::cmp::Ordering::Less if up => near.next_up(),
        std::cmp::Ordering::Greater if !up => near.next_down(),
        _ => near,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_box_is_found_and_the_index_is_sound() {
        for n in [0i64, 1, 51, 52, 3_000, 300_000] {
            let on = Connection::open_in_memory().unwrap();
            on.execute_batch("CREATE VIRTUAL TABLE i USING rtree(id, minx, maxx, miny, maxy)").unwrap();
            let place = |id: i64| [(id * 7919 % 1009) as f64 + 580_000.1, (id * 104_729 % 997) as f64 + 1_279_000.1];
            let mut tree = Tree::new(&on, "i").unwrap();
            for id in 1..=n {
                let [x, y] = place(id);
                tree.add(id, [x, x + 0.3, y, y + 0.3]).unwrap();
            }
            tree.finish().unwrap();
            let one = |sql: &str| on.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
            assert_eq!(one("SELECT rtreecheck('i')"), "ok", "{n}");
            assert_eq!(one("SELECT count(*) || '' FROM i"), n.to_string());
            let inside = (1..=n).filter(|id| place(*id)[0] < 580_100.0 && place(*id)[1] < 1_279_050.0).count();
            let sql = "SELECT count(*) || '' FROM i WHERE minx < 580100.0 AND miny < 1279050.0";
            assert_eq!(one(sql), inside.to_string(), "{n}");
            on.execute_batch("INSERT INTO i VALUES (1000000, 1, 2, 1, 2); DELETE FROM i WHERE id % 3 = 0").unwrap();
            assert_eq!(one("SELECT rtreecheck('i')"), "ok", "{n}, edited");
        }
    }
}
