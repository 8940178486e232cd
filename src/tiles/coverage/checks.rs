//! Maps for tests, and what must hold of every traced map.

use std::collections::{HashMap, HashSet};

use super::random::Random;
use super::rings::area;
use super::*;

pub struct Map {
    pub width: usize,
    pub height: usize,
    pub cells: Vec<Class>,
}

impl Map {
    pub fn from(width: usize, height: usize, class: impl Fn(i32, i32) -> usize) -> Self {
        let cells = (0..width * height).map(|i| class((i % width) as i32, (i / width) as i32) as Class).collect();
        Self { width, height, cells }
    }

    /// One of all kinds of maps.
    pub fn random(random: &mut Random, width: usize, height: usize) -> Self {
        let classes = 1 + random.below(6);
        let seed = random.next();
        let noise = move |x: i32, y: i32| {
            let mut random = Random(seed ^ ((x as u64) << 32) ^ y as u64);
            random.next();
            random
        };
        let (a, b, c) = (random.between(-9, 10), random.between(-9, 10), random.between(1, 60));
        let rare = 2 + random.below(40);
        match random.below(9) {
            0 => {
                let mut site = || [random.between(0, width as i32), random.between(0, height as i32)];
                let sites: Vec<[i32; 2]> = (0..1 + c).map(|_| site()).collect();
                let far = |s: &[i32; 2], x: i32, y: i32| (s[0] - x).pow(2) + (s[1] - y).pow(2);
                let nearest = |x, y| (0..sites.len()).min_by_key(|&i| far(&sites[i], x, y)).unwrap();
                Self::from(width, height, |x, y| nearest(x, y) % (classes + 1))
            }
            1 => Self::from(width, height, |x, y| noise(x, y).below(classes + 1)),
            2 => Self::from(width, height, |x, y| ((a * x + b * y).rem_euclid(c) * 2 / c) as usize),
            3 => Self::from(width, height, |x, y| {
                (((x - 20).pow(2) + (y - 18).pow(2)) / (3 * c)) as usize % (classes + 1)
            }),
            4 => Self::from(width, height, |x, y| (x + y) as usize % 2 * (1 + noise(x / c, y / c).below(classes))),
            5 => Self::from(width, height, |x, y| {
                usize::from(noise(x, y).below(rare) == 0) * (1 + noise(y, x).below(classes))
            }),
            6 => Self::from(width, height, |x, y| {
                let [row, column] = [(0, y), (x, 0)].map(|(x, y)| noise(x, y).below(rare) == 0);
                1 + usize::from(row || (column && x % 7 != y % 3)) + usize::from(noise(x, y).below(30) == 0)
            }),
            7 => Self::from(width, height, |x, y| {
                1 + ((a * x + b * y) / c + (b * x - a * y) / (c + 9)).rem_euclid(5) as usize
            }),
            _ => Self::from(width, height, |x, y| (x - 20).abs().max((y - 20).abs()) as usize / (1 + rare % 3) % 2 + 1),
        }
    }
}

/// Even-odd by a ray to the left.
pub fn within(polygon: &Polygon, [x, y]: [i32; 2]) -> bool {
    let mut inside = false;
    for ring in polygon {
        let mut a = ring[ring.len() - 1];
        for &b in ring {
            if (a[1] <= y) != (b[1] <= y) {
                let right = (b[0] - a[0]) as f64 * (y - a[1]) as f64 / (b[1] - a[1]) as f64 + (a[0] as f64);
                inside ^= right < x as f64;
            }
            a = b;
        }
    }
    inside
}

/// Each cell is in one polygon, of its class.
pub fn cells_are_kept(map: &Map, traced: &[(Class, Vec<Polygon>)]) {
    let mut raster = Raster::new(0, 0, 3, map.width as u32, map.height as u32);
    for (class, polygons) in traced {
        for polygon in polygons {
            raster.fill(polygon.iter().map(Vec::as_slice), *class);
        }
    }
    assert_eq!(raster.cells(), map.cells);
    let mut found = vec![0; map.cells.len()];
    for (class, polygons) in traced {
        for polygon in polygons {
            let low = |i: usize| polygon[0].iter().map(|p| p[i]).min().unwrap() / 8;
            let high = |i: usize| polygon[0].iter().map(|p| p[i]).max().unwrap() / 8;
            for y in low(1)..=high(1).min(map.height as i32 - 1) {
                for x in low(0)..=high(0).min(map.width as i32 - 1) {
                    if within(polygon, [8 * x + 4, 8 * y + 4]) {
                        let i = y as usize * map.width + x as usize;
                        assert!(found[i] == 0, "cell {x} {y} is in two polygons");
                        found[i] = *class;
                    }
                }
            }
        }
    }
    assert_eq!(found, map.cells);
}

/// Exteriors are positive, holes negative, and no point of a polygon is passed twice.
pub fn rings_are_valid(traced: &[(Class, Vec<Polygon>)]) {
    for polygon in traced.iter().flat_map(|(_, polygons)| polygons) {
        let mut seen = HashSet::new();
        for (i, ring) in polygon.iter().enumerate() {
            assert!(ring.len() >= 3);
            assert_eq!(area(ring) > 0, i == 0);
            assert!(area(ring) != 0);
            assert!(ring.iter().all(|p| seen.insert(*p)), "touches itself: {polygon:?}");
        }
    }
}

/// Lines meet at their ends only, and each is the border of two regions, or one and the edge of the window.
pub fn lines_are_shared(map: &Map, traced: &[(Class, Vec<Polygon>)]) {
    let mut lines = HashMap::new();
    for ring in traced.iter().flat_map(|(_, polygons)| polygons).flatten() {
        for (i, b) in ring.iter().enumerate() {
            let a = ring[(i + ring.len() - 1) % ring.len()];
            assert!(lines.insert((a, *b), ()).is_none(), "{a:?} {b:?} twice");
        }
    }
    let (right, bottom) = (map.width as i32 * 8, map.height as i32 * 8);
    let whole = map.cells.iter().all(|cell| *cell != 0);
    for &(a, b) in lines.keys() {
        let edge = (a[0] == b[0] && (a[0] == 0 || a[0] == right)) || (a[1] == b[1] && (a[1] == 0 || a[1] == bottom));
        let back = lines.contains_key(&(b, a));
        assert!(if edge { !back } else { back || !whole }, "{a:?} {b:?}");
    }
    let lines: Vec<_> = lines.keys().filter(|(a, b)| a < b || !lines.contains_key(&(*b, *a))).copied().collect();
    let mut near: HashMap<[i32; 2], Vec<usize>> = HashMap::new();
    for (i, (a, b)) in lines.iter().enumerate() {
        for x in a[0].min(b[0]) / 32..=a[0].max(b[0]) / 32 {
            for y in a[1].min(b[1]) / 32..=a[1].max(b[1]) / 32 {
                near.entry([x, y]).or_default().push(i);
            }
        }
    }
    for group in near.values() {
        for (n, &i) in group.iter().enumerate() {
            for &j in &group[n + 1..] {
                assert!(!meet(lines[i], lines[j]), "{:?} {:?}", lines[i], lines[j]);
            }
        }
    }
}

/// The areas of all polygons in cells.
pub fn sum_of_areas(traced: &[(Class, Vec<Polygon>)]) -> f64 {
    traced.iter().flat_map(|(_, polygons)| polygons).flatten().map(|ring| area(ring) as f64 / 128.0).sum()
}

type Line = ([i32; 2], [i32; 2]);

/// Whether two lines have any point in common but one end.
fn meet((a, b): Line, (c, d): Line) -> bool {
    let side = |a: [i32; 2], b: [i32; 2], p: [i32; 2]| {
        ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])).signum()
    };
    let between = |a: [i32; 2], b: [i32; 2], p: [i32; 2]| {
        side(a, b, p) == 0 && (p[0] - a[0]) * (p[0] - b[0]) <= 0 && (p[1] - a[1]) * (p[1] - b[1]) <= 0
    };
    let on = |p: [i32; 2], (a, b): Line| p != a && p != b && between(a, b, p);
    let across = side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
    across || on(a, (c, d)) || on(b, (c, d)) || on(c, (a, b)) || on(d, (a, b))
}

/// A plane of quadrilaterals of about `size` units, their class and corners.
pub fn parcels(random: &mut Random, size: i32, across: i32) -> Vec<(Class, [[i32; 2]; 4])> {
    let n = across / size + 3;
    let shake = size * 2 / 5;
    let mut point = |i: i32| [i % n, i / n].map(|k| (k - 1) * size + random.between(-shake, shake + 1));
    let corners: Vec<[i32; 2]> = (0..n * n).map(&mut point).collect();
    let classes: Vec<Class> = (0..n * n).map(|_| random.below(20) as Class + 1).collect();
    let districts = 1 + random.below(8) as i32;
    let inner = (0..n * n).filter(|i| i % n < n - 1 && i / n < n - 1);
    let quad = |i: i32| [i, i + 1, i + n + 1, i + n].map(|k| corners[k as usize]);
    // Most parcels are of the class of their district, none at all in some.
    let district = |i: i32| classes[(i % n / districts + i / n / districts * 7) as usize % classes.len()];
    inner
        .map(|i| {
            let own = classes[i as usize];
            (if own.is_multiple_of(3) { own } else { district(i) }, quad(i))
        })
        .collect()
}

/// The worst error of a class with more than 50 cells, as a share of its area, and the mean.
pub fn errors(truth: &[(Class, f64)], polygons: &[(Class, Vec<Polygon>)], core: [i32; 4]) -> (f64, f64) {
    let [left, top, right, bottom] = core.map(i64::from);
    let (mut worst, mut sum, mut n) = (0.0_f64, 0.0, 0.0_f64);
    for (class, expected) in truth.iter().filter(|(_, area)| *area > 50.0) {
        let own = polygons.iter().filter(|(other, _)| other == class).flat_map(|(_, polygons)| polygons);
        let area: f64 = own.map(|p| area_in(p.iter().map(Vec::as_slice), left, top, right, bottom)).sum();
        let error = (area / 64.0 - expected).abs() / expected;
        (worst, sum, n) = (worst.max(error), sum + error, n + 1.0);
    }
    (worst, sum / n.max(1.0))
}

/// The number of points of all polygons.
pub fn points(traced: &[(Class, Vec<Polygon>)]) -> usize {
    traced.iter().flat_map(|(_, polygons)| polygons).flatten().map(Vec::len).sum()
}
