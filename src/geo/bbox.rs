//! A box in degrees.

use serde::Serialize;

/// West, south, east, north in degrees (CRS84). West greater than east means that it crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(into = "[f64; 4]")]
pub struct Bbox {
    pub west: f64,
    pub south: f64,
    pub east: f64,
    pub north: f64,
}

impl From<Bbox> for [f64; 4] {
    fn from(b: Bbox) -> Self {
        [b.west, b.south, b.east, b.north]
    }
}

impl Bbox {
    /// Refuses what is not a box on earth; the message says which side is wrong.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Bbox, String> {
        for (name, value, limit) in
            [("west", west, 180.0), ("south", south, 90.0), ("east", east, 180.0), ("north", north, 90.0)]
        {
            if !(value.is_finite() && value.abs() <= limit) {
                return Err(format!("{name} `{value}` is not between -{limit} and {limit} degrees"));
            }
        }
        if south > north {
            return Err(format!("south `{south}` is greater than north `{north}`"));
        }
        Ok(Bbox { west, south, east, north })
    }

    /// `west,south,east,north`, or six numbers with heights, which are ignored (OGC 17-069r4, 7.15.3).
    pub fn parse(text: &str) -> Result<Bbox, String> {
        let [west, south, east, north] = sides(text, false)?;
        Bbox::new(west, south, east, north)
    }

    /// One box, or two when it crosses the antimeridian.
    pub fn parts(self) -> Vec<Bbox> {
        if self.west <= self.east {
            vec![self]
        } else {
            vec![Bbox { east: 180.0, ..self }, Bbox { west: -180.0, ..self }]
        }
    }

    /// What both have in common; none when they do not touch. Neither may cross the antimeridian.
    pub fn intersection(self, other: Bbox) -> Option<Bbox> {
        let b = Bbox {
            west: self.west.max(other.west),
            south: self.south.max(other.south),
            east: self.east.min(other.east),
            north: self.north.min(other.north),
        };
        (b.west <= b.east && b.south <= b.north).then_some(b)
    }

    /// The box around both. Neither may cross the antimeridian.
    pub fn union(self, other: Bbox) -> Bbox {
        Bbox {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// Wider by `degrees` on each side, within the world.
    pub fn grow(self, degrees: f64) -> Bbox {
        Bbox {
            west: (self.west - degrees).max(-180.0),
            south: (self.south - degrees).max(-90.0),
            east: (self.east + degrees).min(180.0),
            north: (self.north + degrees).min(90.0),
        }
    }
}

/// West, south, east, north of a box written as four numbers, or as six with heights, which are ignored. `y_first` says
/// that south comes before west, and north before east.
pub fn sides(text: &str, y_first: bool) -> Result<[f64; 4], String> {
    let numbers: Vec<f64> = text
        .split(',')
        .map(|n| n.trim().parse().map_err(|_| format!("`{}` is not a number", n.chars().take(40).collect::<String>())))
        .collect::<Result<_, _>>()?;
    let [a, b, c, d] = match numbers[..] {
        [a, b, c, d] | [a, b, _, c, d, _] => [a, b, c, d],
        _ => {
            let order = if y_first { "south,west,north,east" } else { "west,south,east,north" };
            return Err(format!("it has {} numbers; write `{order}`", numbers.len()));
        }
    };
    Ok(if y_first { [b, a, d, c] } else { [a, b, c, d] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_four_or_six_numbers() {
        let four = Bbox::parse("108.9,11.5,109.1,11.7").unwrap();
        assert_eq!(Bbox::parse("108.9, 11.5, 0, 109.1, 11.7, 90").unwrap(), four);
        assert!(Bbox::parse("1,2,3").unwrap_err().contains("3 numbers"));
        assert!(Bbox::parse("1,2,x,4").unwrap_err().contains("`x`"));
        assert!(Bbox::parse("1,50,2,40").unwrap_err().contains("south"));
        assert_eq!(sides("1,2,9,3,4,9", true), Ok([2.0, 1.0, 4.0, 3.0]));
        assert!(Bbox::parse("1,2,NaN,4").is_err() && Bbox::parse("1,2,inf,4").is_err());
    }

    #[test]
    fn a_box_across_the_antimeridian_has_two_parts() {
        let parts = Bbox::parse("170,-20,-170,20").unwrap().parts();
        assert_eq!((parts[0].west, parts[0].east, parts[1].west, parts[1].east), (170.0, 180.0, -180.0, -170.0));
    }
}
