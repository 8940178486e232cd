//! Geometry that a filter carries: checked here, so that PostGIS is never handed what it refuses.

use crate::geo::{Bbox, Crs};

use super::node::quoted;

/// How many vertices one geometry may have.
pub const VERTICES: usize = 10_000;

/// x and y; heights are left out, as the relations are those of the plane.
pub type Position = [f64; 2];

/// A geometry that a filter carries. However it was written, x (longitude, easting) comes first here.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    pub form: Form,
    pub srid: i32,
    /// Where the layer has data (degrees): beyond it the geometry may be cut before it is transformed.
    pub within: Option<Bbox>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    Points(Vec<Position>),
    Lines(Vec<Vec<Position>>),
    Polygons(Vec<Vec<Vec<Position>>>),
    Collection(Vec<Form>),
}

impl Shape {
    /// Refuses what is no geometry; the message says what to mend.
    pub fn new(mut form: Form, crs: Crs) -> Result<Shape, String> {
        let mut count = 0;
        if crs.y_first {
            form.swap();
        }
        form.check(crs, &mut count)?;
        Ok(Shape { form, srid: crs.srid, within: None })
    }

    /// A box of four or six numbers; heights are ignored. In degrees it may cross the antimeridian.
    pub fn bbox(numbers: &[f64], crs: Crs) -> Result<Shape, String> {
        match *numbers {
            [a, b, c, d] | [a, b, _, c, d, _] if crs.y_first => Shape::sides([b, a, d, c], crs),
            [a, b, c, d] | [a, b, _, c, d, _] => Shape::sides([a, b, c, d], crs),
            _ => Err(format!("a box has 4 or 6 numbers, not `{}`", numbers.len())),
        }
    }

    /// A box from its sides: west, south, east, north, whatever order the system's axes have.
    pub fn sides([west, south, east, north]: [f64; 4], crs: Crs) -> Result<Shape, String> {
        // The forms below have x first already.
        let crs = Crs { y_first: false, ..crs };
        if crs.degrees {
            let parts = Bbox::new(west, south, east, north)?.parts();
            let forms: Vec<Form> = parts.iter().map(|b| rectangle(b.west, b.south, b.east, b.north)).collect();
            return Shape::new(join(forms), crs);
        }
        for (low, high, names) in [(west, east, "west"), (south, north, "south")] {
            if low > high {
                return Err(format!("the box's {names} side `{low}` is greater than `{high}`, the side opposite"));
            }
        }
        Shape::new(rectangle(west, south, east, north), crs)
    }

    /// Well-known text.
    pub fn wkt(&self) -> String {
        let mut out = String::new();
        self.form.write(&mut out);
        out
    }

    /// West, south, east, north.
    pub fn bounds(&self) -> [f64; 4] {
        let mut b = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        self.form.each(&mut |[x, y]| b = [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)]);
        b
    }

    /// The sides (west, south, east, north), if it is a box.
    pub fn rectangle(&self) -> Option<[f64; 4]> {
        let [w, s, e, n] = self.bounds();
        (self.form == rectangle(w, s, e, n) && w < e && s < n).then_some([w, s, e, n])
    }

    /// 0 for points, 1 for lines, 2 for polygons; none for a collection.
    pub fn dimension(&self) -> Option<u8> {
        match self.form {
            Form::Points(_) => Some(0),
            Form::Lines(_) => Some(1),
            Form::Polygons(_) => Some(2),
            Form::Collection(_) => None,
        }
    }
}

fn rectangle(w: f64, s: f64, e: f64, n: f64) -> Form {
    match (w == e, s == n) {
        (true, true) => Form::Points(vec![[w, s]]),
        (true, false) | (false, true) => Form::Lines(vec![vec![[w, s], [e, n]]]),
        (false, false) => Form::Polygons(vec![vec![vec![[w, s], [e, s], [e, n], [w, n], [w, s]]]]),
    }
}

/// Forms of one kind as one form.
fn join(mut forms: Vec<Form>) -> Form {
    if forms.len() == 1 {
        return forms.remove(0);
    }
    let mut polygons = Vec::new();
    for form in &forms {
        match form {
            Form::Polygons(p) => polygons.extend(p.iter().cloned()),
            _ => return Form::Collection(forms),
        }
    }
    Form::Polygons(polygons)
}

impl Form {
    /// x for y and y for x.
    fn swap(&mut self) {
        match self {
            Form::Points(all) => all.iter_mut().for_each(|p| p.reverse()),
            Form::Lines(all) => all.iter_mut().flatten().for_each(|p| p.reverse()),
            Form::Polygons(all) => all.iter_mut().flatten().flatten().for_each(|p| p.reverse()),
            Form::Collection(all) => all.iter_mut().for_each(Form::swap),
        }
    }

    fn check(&self, crs: Crs, count: &mut usize) -> Result<(), String> {
        match self {
            Form::Points(all) => positions(all, crs, count),
            Form::Lines(all) => all.iter().try_for_each(|line| {
                if line.len() < 2 {
                    return Err(format!("a line has at least 2 positions, not {}", line.len()));
                }
                positions(line, crs, count)
            }),
            Form::Polygons(all) => all.iter().flatten().try_for_each(|ring| {
                if ring.len() < 4 {
                    return Err(format!("a ring has at least 4 positions, not {}", ring.len()));
                }
                if ring.first() != ring.last() {
                    let [x, y] = if crs.y_first { [ring[0][1], ring[0][0]] } else { ring[0] };
                    return Err(format!("the ring is not closed; end it with its first position `{x} {y}`"));
                }
                positions(ring, crs, count)
            }),
            Form::Collection(all) => all.iter().try_for_each(|form| form.check(crs, count)),
        }?;
        let empty = match self {
            Form::Points(all) => all.is_empty(),
            Form::Lines(all) => all.is_empty(),
            Form::Polygons(all) => all.is_empty() || all.iter().any(Vec::is_empty),
            Form::Collection(all) => all.is_empty(),
        };
        if empty { Err("the geometry is empty; give it positions".into()) } else { Ok(()) }
    }

    fn each(&self, f: &mut impl FnMut(Position)) {
        match self {
            Form::Points(all) => all.iter().for_each(|p| f(*p)),
            Form::Lines(all) => all.iter().flatten().for_each(|p| f(*p)),
            Form::Polygons(all) => all.iter().flatten().flatten().for_each(|p| f(*p)),
            Form::Collection(all) => {
                for form in all {
                    form.each(f);
                }
            }
        }
    }

    fn write(&self, out: &mut String) {
        let name = |out: &mut String, one: &str, n: usize| {
            if n > 1 {
                out.push_str("MULTI");
            }
            out.push_str(one);
        };
        match self {
            Form::Points(all) => {
                name(out, "POINT", all.len());
                list(out, all, |out, [x, y]| out.push_str(&format!("{x} {y}")));
            }
            Form::Lines(all) => {
                name(out, "LINESTRING", all.len());
                one_or_list(out, all, |out, line| list(out, line, |out, [x, y]| out.push_str(&format!("{x} {y}"))));
            }
            Form::Polygons(all) => {
                name(out, "POLYGON", all.len());
                one_or_list(out, all, |out, rings| {
                    list(out, rings, |out, ring| list(out, ring, |out, [x, y]| out.push_str(&format!("{x} {y}"))));
                });
            }
            Form::Collection(all) => {
                out.push_str("GEOMETRYCOLLECTION");
                list(out, all, |out, form| form.write(out));
            }
        }
    }
}

fn list<T>(out: &mut String, items: &[T], write: impl Fn(&mut String, &T)) {
    out.push('(');
    for (i, item) in items.iter().enumerate() {
        out.push_str(if i == 0 { "" } else { "," });
        write(out, item);
    }
    out.push(')');
}

fn one_or_list<T>(out: &mut String, items: &[T], write: impl Fn(&mut String, &T)) {
    match items {
        [one] => write(out, one),
        _ => list(out, items, write),
    }
}

fn positions(all: &[Position], crs: Crs, count: &mut usize) -> Result<(), String> {
    *count += all.len();
    if *count > VERTICES {
        return Err(format!("the geometry has more than {VERTICES} vertices; simplify it"));
    }
    for [x, y] in all {
        if !(x.is_finite() && y.is_finite()) {
            return Err(format!("{} is not a position", quoted(format!("{x} {y}"))));
        }
        if crs.degrees && !(x.abs() <= 180.0 && y.abs() <= 90.0) {
            let (written, order) = match crs.y_first {
                true => (format!("{y} {x}"), "latitude, then longitude"),
                false => (format!("{x} {y}"), "longitude, then latitude"),
            };
            let say = format!("write {order} in degrees, or say which system it is in (`filter-crs`)");
            return Err(format!("{} is not a position on earth; {say}", quoted(written)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_across_the_antimeridian_is_two_polygons() {
        let shape = Shape::bbox(&[150.0, -90.0, -150.0, 90.0], Crs::CRS84).unwrap();
        assert_eq!(
            shape.wkt(),
            "MULTIPOLYGON(((150 -90,180 -90,180 90,150 90,150 -90)),((-180 -90,-150 -90,-150 90,-180 90,-180 -90)))"
        );
        assert_eq!(Shape::bbox(&[1.0, 2.0, -5.0, 1.0, 2.0, 9.0], Crs::CRS84).unwrap().wkt(), "POINT(1 2)");
        assert!(Shape::bbox(&[580_100.0, 0.0, 580_000.0, 1.0], Crs::plane(9217)).unwrap_err().contains("`580100`"));
        assert_eq!(Shape::bbox(&[0.0, 0.0, 0.0, 1.0], Crs::plane(9217)).unwrap().wkt(), "LINESTRING(0 0,0 1)");
    }

    #[test]
    fn where_latitude_is_written_first_it_is_put_second() {
        let crs = Crs::geographic(4326);
        assert_eq!(Shape::new(Form::Points(vec![[11.5, 108.9]]), crs).unwrap().wkt(), "POINT(108.9 11.5)");
        assert_eq!(Shape::bbox(&[11.5, 108.9, 11.5, 109.0], crs).unwrap().wkt(), "LINESTRING(108.9 11.5,109 11.5)");
        let wrong = Shape::new(Form::Points(vec![[108.9, 11.5]]), crs).unwrap_err();
        assert!(wrong.contains("`108.9 11.5`") && wrong.contains("latitude, then longitude"), "{wrong}");
    }

    #[test]
    fn what_postgis_would_refuse_is_refused_with_a_reason() {
        let open = Form::Polygons(vec![vec![vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]]]);
        assert!(Shape::new(open, Crs::CRS84).unwrap_err().contains("first position `0 0`"));
        assert!(Shape::new(Form::Lines(vec![vec![[0.0, 0.0]]]), Crs::CRS84).unwrap_err().contains("2 positions"));
        assert!(Shape::new(Form::Points(vec![[580_000.0, 1.0]]), Crs::CRS84).unwrap_err().contains("`580000 1`"));
        assert!(
            Shape::new(Form::Points(vec![]), Crs::CRS84).is_err()
                && Shape::new(Form::Collection(vec![]), Crs::plane(3405)).is_err()
        );
        let many = Form::Points(vec![[0.0, 0.0]; VERTICES + 1]);
        assert!(Shape::new(many, Crs::CRS84).unwrap_err().contains("10000"));
    }
}
