//! Properties by their names, and the nearest one to a wrong name.

use unicode_normalization::UnicodeNormalization;

use super::super::function::accenti;
use super::super::node::{At, Fault, quoted};
use super::Layer;
use crate::schema::Field;

pub enum Property<'a> {
    Field(&'a Field),
    Fid,
    Geometry,
}

impl<'a> Layer<'a> {
    /// The property that a filter names. A field comes before `fid`, `id`, `geom` and `geometry`; a name that is spelled
    /// with other code points for the same letters (NFC, NFD) is that name.
    pub fn property(&self, at: &At, name: &str) -> Result<Property<'a>, Fault> {
        if let Some(field) = self.fields.iter().find(|f| f.name == name) {
            return Ok(Property::Field(field));
        }
        let mut same = self.fields.iter().filter(|f| f.name.nfc().eq(name.nfc()));
        if let (Some(field), None) = (same.next(), same.next()) {
            return Ok(Property::Field(field));
        }
        match name {
            "fid" | "id" => Ok(Property::Fid),
            "geom" | "geometry" if self.geometry => Ok(Property::Geometry),
            "geom" | "geometry" => at.fault(format!("{} is not there; this layer has no geometry", quoted(name))),
            _ => at.fault(format!("{} is not a field of this layer; {}", quoted(name), self.known(name))),
        }
    }

    fn known(&self, wrong: &str) -> String {
        let folded = |name: &str| distance(&accenti(wrong).to_lowercase(), &accenti(name).to_lowercase());
        let near = self.fields.iter().map(|f| (folded(&f.name), distance(wrong, &f.name), f));
        if let Some((d, _, field)) = near.min_by_key(|(folded, exact, _)| (*folded, *exact))
            && d <= (wrong.chars().count() / 3).max(1)
        {
            return format!("write {}", written(&field.name));
        }
        let names: Vec<String> = self.fields.iter().take(40).map(|f| written(&f.name)).collect();
        let more = if self.fields.len() > 40 { " …" } else { "" };
        match names.is_empty() {
            true => "it has none but `fid`".into(),
            false => format!("its fields are {}{more}", names.join(", ")),
        }
    }
}

/// The name as a filter in text writes it.
fn written(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':');
    if plain { quoted(name) } else { quoted(format!("\"{}\"", name.replace('"', "\"\""))) }
}

/// How many letters differ (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let letters = |t: &str| t.chars().take(100).collect::<Vec<char>>();
    let (a, b) = (letters(a), letters(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let step = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = step;
        }
    }
    row[b.len()]
}
