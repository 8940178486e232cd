//! What is said of single layers of a source that has several: which id, which letters, where they lie.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::frames::LayerInfo;
use super::{How, Options};
use crate::error::{Error, Result};
use crate::layer::edit::checked_id;

/// Layers of a source are named as the source names them; where two have one name, by path and name, `PATH:NAME`.
pub type ByLayer<T> = BTreeMap<String, T>;

/// What an administrator says of one layer; it overrules what is said of the whole source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Each {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub srs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_xy: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<How>,
}

/// The part of it that decides how the layer is read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reads {
    pub srs: Option<String>,
    pub encoding: Option<String>,
    pub swap_xy: Option<bool>,
}

impl Each {
    pub fn reads(&self) -> Reads {
        let Each { srs, encoding, swap_xy, .. } = self.clone();
        Reads { srs, encoding, swap_xy }
    }

    /// Says how the layer is to be read, where `reads` does.
    pub fn read_as(&mut self, reads: Reads) {
        self.srs = reads.srs.or(self.srs.take());
        self.encoding = reads.encoding.or(self.encoding.take());
        self.swap_xy = reads.swap_xy.or(self.swap_xy);
    }
}

/// Whether `said` names the layer.
pub fn names(said: &str, name: &str, path: &str) -> bool {
    said == name || said.strip_suffix(name).is_some_and(|rest| rest.strip_suffix(':') == Some(path))
}

/// What is said of a layer: by path and name before by name alone.
pub fn of<'a, T>(each: &'a ByLayer<T>, name: &str, path: &str) -> Option<&'a T> {
    each.get(&format!("{path}:{name}")).or_else(|| each.get(name))
}

impl Options {
    /// What holds for one layer.
    pub fn of(&self, layer: &LayerInfo) -> Options {
        let own = of(&self.each, &layer.name, &layer.path).cloned().unwrap_or_default();
        Options {
            layer: own.layer.or_else(|| self.layer.clone()),
            title: own.title.or_else(|| self.title.clone()),
            srs: own.srs.or_else(|| self.srs.clone()),
            encoding: own.encoding.or_else(|| self.encoding.clone()),
            swap_xy: own.swap_xy.unwrap_or(self.swap_xy),
            how: own.how.unwrap_or_else(|| self.how.clone()),
            each: ByLayer::new(),
            ..self.clone()
        }
    }

    /// The ids that are said of single layers.
    ///
    /// # Errors
    /// One is no id, or two layers of the source would get it.
    pub fn own_ids(&self, layers: &[LayerInfo]) -> Result<Vec<String>> {
        self.each.values().filter_map(|own| own.layer.as_deref()).try_for_each(|id| checked_id(id).map(|_| ()))?;
        let said = layers.iter().filter_map(|l| of(&self.each, &l.name, &l.path)?.layer.clone());
        let mut ids = BTreeSet::new();
        for id in said {
            if let Some(twice) = ids.replace(id) {
                return Err(Error::invalid(
                    "each",
                    format!("two layers of the file would become `{twice}`; give one another id"),
                ));
            }
        }
        Ok(ids.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(path: &str, name: &str) -> LayerInfo {
        LayerInfo { path: path.into(), name: name.into(), ..LayerInfo::default() }
    }

    #[test]
    fn a_layer_is_named_by_its_name_or_with_its_path() {
        for (said, named) in
            [("thửa", true), ("a/b.gpkg:thửa", true), ("a/c.gpkg:thửa", false), (":thửa", false), ("thử", false)]
        {
            assert_eq!(names(said, "thửa", "a/b.gpkg"), named, "{said}");
        }
    }

    #[test]
    fn what_is_said_of_a_layer_overrules_what_is_said_of_all() {
        let own = |layer: &str, srs: Option<&str>| Each {
            layer: Some(layer.into()),
            srs: srs.map(Into::into),
            ..Each::default()
        };
        let each = ByLayer::from([("a:x".to_string(), own("mot", None)), ("x".into(), own("hai", Some("EPSG:4326")))]);
        let options = Options { each, srs: Some("EPSG:9217".into()), swap_xy: true, ..Options::default() };
        let of = |path| {
            let of = options.of(&layer(path, "x"));
            (of.layer.unwrap(), of.srs.unwrap(), of.swap_xy)
        };
        assert_eq!(of("a"), ("mot".into(), "EPSG:9217".into(), true));
        assert_eq!(of("b"), ("hai".into(), "EPSG:4326".into(), true));
        assert_eq!(options.own_ids(&[layer("a", "x"), layer("b", "x")]).unwrap(), ["hai", "mot"]);
        assert!(options.own_ids(&[layer("b", "x"), layer("c", "x")]).is_err());
    }
}
