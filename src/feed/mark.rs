//! A place in a layer's journal.

use std::fmt;
use std::str::FromStr;

use crate::layer::Layer;

/// What is known of a layer: everything up to `version`, and more or less as `at` says.
///
/// Written `start`, `3f2a91c0:17`, `3f2a91c0:17:4711` (inside the version after it) or `3f2a91c0:17@4711` (still reading the
/// features themselves); what stands first is the beginning of the layer's own mark, which a namesake that is made later
/// does not have. A bare version is read too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mark {
    pub identity: Option<String>,
    pub version: i64,
    pub at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// Nothing is known yet, whatever the version.
    Start,
    /// Only the features up to this id, each as it was at `version` or later.
    Feature(i64),
    /// Just that.
    End,
    /// Of the version after it, the changes of features up to this id.
    Change(i64),
}

impl Mark {
    pub const START: Mark = Mark { identity: None, version: 0, at: At::Start };

    /// The end of a version.
    pub fn end(layer: &Layer, version: i64) -> Mark {
        Mark { identity: Some(identity(layer).to_string()), version, at: At::End }
    }

    /// Whether it can be of this layer.
    pub fn is_of(&self, layer: &Layer) -> bool {
        self.identity.as_deref().is_none_or(|i| i == identity(layer))
    }
}

/// Eight digits tell a layer from the few that ever have its name.
fn identity(layer: &Layer) -> &str {
    layer.identity.get(..8).unwrap_or(&layer.identity)
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(identity) = &self.identity {
            write!(f, "{identity}:")?;
        }
        match self.at {
            At::Start => f.write_str("start"),
            At::Feature(fid) => write!(f, "{}@{fid}", self.version),
            At::End => write!(f, "{}", self.version),
            At::Change(fid) => write!(f, "{}:{fid}", self.version),
        }
    }
}

impl FromStr for Mark {
    type Err = ();

    fn from_str(text: &str) -> Result<Mark, ()> {
        if text == "start" {
            return Ok(Mark::START);
        }
        let number = |text: &str| text.parse::<i64>().map_err(|_| ());
        let (identity, place) = match text.split_once(':') {
            Some((identity, place)) => (Some(identity), place),
            None => (None, text),
        };
        let (version, at) = match (place.split_once(':'), place.split_once('@')) {
            (Some((version, fid)), _) => (version, At::Change(number(fid)?)),
            (None, Some((version, fid))) => (version, At::Feature(number(fid)?)),
            (None, None) => (place, At::End),
        };
        let hex = |i: &str| i.len() == 8 && i.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        match number(version)? {
            version if version >= 0 && identity.is_none_or(hex) => {
                Ok(Mark { identity: identity.map(String::from), version, at })
            }
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_is_written() {
        for text in ["start", "0", "17", "3f2a91c0:17", "3f2a91c0:17:4711", "3f2a91c0:17:-5", "3f2a91c0:17@4711"] {
            assert_eq!(text.parse::<Mark>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "x",
            "-1",
            "17:4711",
            "3F2A91C0:17",
            "3f2a91c0:",
            "3f2a91c0:1:2:3",
            "3f2a91c0:1@2:3",
            "3f2a91c0:start",
            "99999999999999999999",
        ] {
            assert!(text.parse::<Mark>().is_err(), "{text}");
        }
    }
}
