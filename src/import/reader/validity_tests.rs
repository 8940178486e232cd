//! The promise of [`super::validity`], held against GEOS: an invalid polygon is never called valid.

use gdal_sys as sys;

use super::shape::Owned;
use super::validity::{Rings, walk};

/// Numbers that look random and are the same every time (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }
}

type Ring = Vec<(f64, f64)>;

fn wkb(polygons: &[Vec<Ring>]) -> Vec<u8> {
    let mut out = Vec::new();
    if polygons.len() != 1 {
        out.extend([1, 6, 0, 0, 0]);
        out.extend((polygons.len() as u32).to_le_bytes());
    }
    for rings in polygons {
        out.extend([1, 3, 0, 0, 0]);
        out.extend((rings.len() as u32).to_le_bytes());
        for ring in rings {
            out.extend((ring.len() as u32).to_le_bytes());
            ring.iter().for_each(|(x, y)| out.extend([x.to_le_bytes(), y.to_le_bytes()].concat()));
        }
    }
    out
}

fn geos_says_valid(wkb: &[u8]) -> bool {
    let mut geometry = std::ptr::null_mut();
    // SAFETY: the bytes live for the call; what comes back is ours.
    unsafe {
        sys::CPLPushErrorHandler(Some(sys::CPLQuietErrorHandler));
        let made = sys::OGR_G_CreateFromWkb(wkb.as_ptr().cast(), std::ptr::null_mut(), &mut geometry, wkb.len() as i32);
        assert_eq!(made, sys::OGRErr::OGRERR_NONE);
        let geometry = Owned(geometry);
        let valid = sys::OGR_G_IsValid(geometry.0) != 0;
        sys::CPLPopErrorHandler();
        valid
    }
}

/// Whether it is called valid; an invalid one must not be.
fn judge(polygons: &[Vec<Ring>], rings: &mut Rings) -> (bool, bool) {
    let bytes = wkb(polygons);
    rings.clear();
    let ours = walk(&bytes, rings) && rings.surely_valid();
    let geos = geos_says_valid(&bytes);
    assert!(geos || !ours, "called valid, GEOS says not: {polygons:?}");
    (ours, geos)
}

fn ring(random: &mut Random, points: u64, grid: u64, scale: f64, (x0, y0): (f64, f64)) -> Ring {
    let mut ring: Ring =
        (0..points).map(|_| (x0 + random.below(grid) as f64 * scale, y0 + random.below(grid) as f64 * scale)).collect();
    ring.push(ring[0]);
    ring
}

/// A ring around a centre, its points at increasing angles: mostly simple.
fn star(random: &mut Random, points: u64, grid: u64, centre: (f64, f64), radius: f64) -> Ring {
    let mut ring: Ring = (0..points)
        .map(|i| {
            let angle = i as f64 / points as f64 * std::f64::consts::TAU;
            let r = radius * (0.3 + random.below(grid) as f64 / grid as f64);
            (centre.0 + r * angle.cos(), centre.1 + r * angle.sin())
        })
        .collect();
    ring.push(ring[0]);
    ring
}

#[test]
fn no_invalid_polygon_is_called_valid() {
    let mut random = Random(20_250_701);
    let mut rings = Rings::default();
    let (mut both, mut geos_only) = (0, 0);
    for i in 0..60_000u64 {
        // Small grids give spikes, repeated points, touching corners and no area; the scales give rounding.
        let scale = [1.0, 0.1, 1e-9, 1e5][(i % 4) as usize];
        let origin = if i % 3 == 0 { (0.0, 0.0) } else { (580361.4269, 1279032.2689) };
        let (points, grid) = (3 + random.below(8), 2 + random.below(9));
        let shell = ring(&mut random, points, grid, scale, origin);
        let polygon = match i % 5 {
            0 => vec![shell, ring(&mut random, 3, grid, scale, origin)],
            _ => vec![shell],
        };
        let (ours, geos) = judge(&[polygon], &mut rings);
        both += u32::from(ours);
        geos_only += u32::from(geos && !ours);
    }
    println!("{both} called valid, {geos_only} valid ones left to PostGIS");
    assert!(both > 3000);
}

#[test]
fn stars_with_holes_and_neighbours_are_mostly_settled_here() {
    let mut random = Random(7);
    let mut rings = Rings::default();
    let (mut both, mut geos_only) = (0, 0);
    for i in 0..20_000u64 {
        let points = 5 + random.below(60);
        let centre = (108.98 + random.below(100) as f64 * 1e-4, 11.56);
        let mut polygons = vec![vec![star(&mut random, points, 1000, centre, 0.01)]];
        if i % 2 == 0 {
            let at = (centre.0 + random.below(100) as f64 * 1e-4 - 0.005, centre.1);
            let radius = 0.001 + random.below(3) as f64 * 0.001;
            polygons[0].push(star(&mut random, 4, 10, at, radius));
        }
        if i % 3 == 0 {
            let at = (centre.0 + random.below(100) as f64 * 1e-3 - 0.05, centre.1);
            polygons.push(vec![star(&mut random, 6, 10, at, 0.01)]);
        }
        let (ours, geos) = judge(&polygons, &mut rings);
        both += u32::from(ours);
        geos_only += u32::from(geos && !ours);
    }
    println!("{both} called valid, {geos_only} valid ones left to PostGIS");
    assert!(both > 5 * geos_only, "{both} called valid, {geos_only} valid ones left to PostGIS");
}

#[test]
fn nearly_straight_rings_are_left_to_postgis() {
    let mut random = Random(3);
    let mut rings = Rings::default();
    for _ in 0..20_000 {
        // Points on a line but for the last bits: orientation is a matter of rounding.
        let on_line = |t: f64, bits: u64| (0.1 + t, 0.1 + t * 3.0 + (bits as f64 - 2.0) * f64::EPSILON);
        let mut points: Ring = (0..4).map(|_| on_line(random.below(100) as f64 * 0.01, random.below(5))).collect();
        points.push(points[0]);
        judge(&[vec![points]], &mut rings);
    }
}

#[test]
fn plain_polygons_are_surely_valid() {
    let mut rings = Rings::default();
    let square = |x: f64, y: f64, a: f64| vec![(x, y), (x + a, y), (x + a, y + a), (x, y + a), (x, y)];
    // With a point on an edge, a hole, a neighbour further off.
    let with_midpoint = vec![(0.0, 0.0), (5.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0)];
    assert!(judge(&[vec![with_midpoint.clone()]], &mut rings).0);
    assert!(judge(&[vec![with_midpoint.clone(), square(2.0, 2.0, 1.0), square(4.0, 2.0, 1.0)]], &mut rings).0);
    assert!(judge(&[vec![with_midpoint.clone()], vec![square(20.0, 0.0, 3.0)]], &mut rings).0);
    // A hole outside, a hole in a hole, a spike.
    assert!(!judge(&[vec![with_midpoint.clone(), square(20.0, 2.0, 1.0)]], &mut rings).0);
    assert!(!judge(&[vec![with_midpoint, square(2.0, 2.0, 4.0), square(3.0, 3.0, 1.0)]], &mut rings).0);
    let spike = vec![(0.0, 0.0), (10.0, 0.0), (5.0, 0.0), (5.0, 5.0), (0.0, 0.0)];
    assert!(!judge(&[vec![spike]], &mut rings).0);
}

#[test]
fn a_polygon_of_millions_of_crossings_is_told_from_one_that_can_be_mended() {
    let walked = |ring: Ring| {
        let mut rings = Rings::default();
        rings.clear();
        assert!(walk(&wkb(&[vec![ring]]), &mut rings));
        rings
    };
    let mut random = Random(42);
    let mut ring: Ring = (0..3_000).map(|_| (random.below(1_000_000) as f64, random.below(1_000_000) as f64)).collect();
    ring.push(ring[0]);
    let mut rings = walked(ring);
    assert!(!rings.surely_valid() && rings.tangled());
    // A comb of 20,000 teeth that one line goes through: 40,000 crossings.
    let mut ring: Ring = (0..40_000).map(|i| (f64::from(i / 2), if i % 4 < 2 { 0.0 } else { 10.0 })).collect();
    ring.extend([(20_000.0, 5.0), (-1.0, 5.1)]);
    ring.push(ring[0]);
    let mut rings = walked(ring);
    assert!(!rings.surely_valid() && !rings.tangled());
}
