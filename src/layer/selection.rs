//! What of each feature is answered: which properties, whether its geometry, in which coordinate system.

use super::Layer;
use super::catalog::shorten;
use crate::geo::Crs;
use crate::schema::{FID, Field, GEOM};

#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// The system of the geometry, with axes in the order of its authority.
    pub crs: Crs,
    /// The properties, in the layer's order.
    pub fields: Vec<Field>,
    /// False: the geometry is left out (null in GeoJSON).
    pub geometry: bool,
}

impl Selection {
    /// Everything that the layer has.
    pub fn whole(layer: &Layer, crs: Crs) -> Selection {
        Selection { crs, fields: layer.fields.clone(), geometry: layer.spatial().is_some() }
    }

    /// Only the properties that `names` lists. The id and the geometry may be named too; they are no properties, so that
    /// changes nothing.
    pub fn only(self, layer: &Layer, names: &str) -> Result<Selection, String> {
        let named = named(layer, names)?;
        Ok(Selection { fields: self.fields.into_iter().filter(|f| named.contains(&f.name)).collect(), ..self })
    }

    /// Every property but those that `names` lists; the geometry goes too where it is named.
    pub fn without(self, layer: &Layer, names: &str) -> Result<Selection, String> {
        let named = named(layer, names)?;
        let geometry = self.geometry && !named.iter().any(|n| is_geometry(layer, n));
        let fields = self.fields.into_iter().filter(|f| !named.contains(&f.name)).collect();
        Ok(Selection { fields, geometry, ..self })
    }
}

/// The names of a list, each of them known.
fn named(layer: &Layer, names: &str) -> Result<Vec<String>, String> {
    let names = list(names)?;
    for name in &names {
        if layer.field(name).is_none() && !is_id(layer, name) && !is_geometry(layer, name) {
            return Err(unknown(layer, name));
        }
    }
    Ok(names)
}

/// Whether a name is that of the feature's id. A field comes first.
pub fn is_id(layer: &Layer, name: &str) -> bool {
    layer.field(name).is_none() && matches!(name, FID | "id")
}

fn is_geometry(layer: &Layer, name: &str) -> bool {
    layer.spatial().is_some() && layer.field(name).is_none() && matches!(name, GEOM | "geometry")
}

/// What to say of a name that no field has.
pub fn unknown(layer: &Layer, name: &str) -> String {
    let fields: Vec<String> = layer.fields.iter().take(40).map(|f| format!("`{}`", f.name)).collect();
    let more = if layer.fields.len() > 40 { " …" } else { "" };
    match fields.is_empty() {
        true => format!("`{}` is not a field of layer `{}`, which has none", shorten(name), layer.id),
        false => {
            format!("`{}` is not a field of layer `{}`; it has {}{more}", shorten(name), layer.id, fields.join(", "))
        }
    }
}

/// Names between commas. One that holds a comma stands in double quotes, a quote inside is doubled.
pub fn list(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        let (name, after) = match trimmed.strip_prefix('"') {
            Some(quoted) => {
                let end =
                    closing(quoted).ok_or_else(|| format!("`{}` has a quote that nothing closes", shorten(text)))?;
                (quoted[..end].replace("\"\"", "\""), quoted[end + 1..].trim_start())
            }
            None => {
                let end = trimmed.find(',').unwrap_or(trimmed.len());
                (trimmed[..end].trim_end().to_string(), &trimmed[end..])
            }
        };
        if name.is_empty() {
            return Err(format!("a name is empty in `{}`; write names between commas", shorten(text)));
        }
        if names.contains(&name) {
            return Err(format!("`{}` is named twice", shorten(&name)));
        }
        names.push(name);
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None if after.is_empty() => return Ok(names),
            None => return Err(format!("`{}` follows a quoted name; write a comma between names", shorten(after))),
        }
    }
}

/// Where the quote stands that closes a name.
fn closing(quoted: &str) -> Option<usize> {
    let bytes = quoted.as_bytes();
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|b| *b == b'"')?;
        match bytes.get(at + 1) {
            Some(b'"') => at += 2,
            _ => return Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_between_commas_and_in_quotes_where_they_hold_one() {
        let names = |text| list(text).unwrap();
        assert_eq!(names("maDat, Tên thửa"), ["maDat", "Tên thửa"]);
        assert_eq!(names(r#""a,b",c,"d ""e""""#), ["a,b", "c", r#"d "e""#]);
        for bad in ["", ",", "a,", "a,,b", "a,a", "\"a", "\"a\"b", "\"\""] {
            assert!(list(bad).is_err(), "{bad}");
        }
    }
}
