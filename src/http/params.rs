//! Query parameters, strictly: each at most once, each known, each of its type (OGC 17-069r4, 7.15: unknown ones are refused).

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawQuery};
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use super::respond::Problem;
use crate::error::{Error, Result};
use crate::layer::catalog::shorten;

/// The parameters of a request, taken one by one; what is left at the end is unknown.
pub struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> std::result::Result<Self, Problem> {
        let RawQuery(query) = RawQuery::from_request_parts(parts, state).await.unwrap_or(RawQuery(None));
        Ok(Params::parse(query.as_deref().unwrap_or_default())?)
    }
}

/// A part of a query as it is told of; what is no UTF-8 is replaced.
fn lossy(text: &str) -> String {
    shorten(&percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy())
}

/// The value of the parameter `name` in a query: the last, where there are several.
pub fn value(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').rev().map(|part| part.split_once('=').unwrap_or((part, "")));
    pairs.find(|(n, _)| lossy(n) == name).map(|(_, value)| lossy(value))
}

impl Params {
    /// Parses a query string; `+` is a space, as forms and GDAL write it.
    pub fn parse(query: &str) -> Result<Params> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let decode = |text: &str| {
                let spaced = text.replace('+', " ");
                let decoded = percent_decode_str(&spaced).decode_utf8().map(|t| t.into_owned());
                decoded.map_err(|_| Error::invalid(lossy(name), format!("`{}` is not UTF-8", shorten(text))))
            };
            let (name, value) = (decode(name)?, decode(value)?);
            if value.contains('\0') || name.contains('\0') {
                return Err(Error::invalid(
                    shorten(&name.replace('\0', "")),
                    "the value holds a NUL character, which no data here can contain",
                ));
            }
            if pairs.iter().any(|(n, _)| *n == name) {
                return Err(Error::invalid(shorten(&name), format!("`{}` is given twice", shorten(&name))));
            }
            pairs.push((name, value));
        }
        Ok(Params(pairs))
    }

    /// Takes the parameter `name` out, as text. An empty value counts as absent.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        let (_, value) = self.0.remove(at);
        (!value.is_empty()).then_some(value)
    }

    /// Whether a parameter is given.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// Refuses those of `names` that are given without a value.
    pub fn filled(&self, names: &[&str]) -> Result<()> {
        match self.0.iter().find(|(n, v)| v.is_empty() && names.contains(&n.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(Error::invalid(name, format!("`{name}` has no value; give it one or leave it out"))),
        }
    }

    /// Takes a value of type `T` out; `what` says what it should have been.
    pub fn parsed<T: FromStr>(&mut self, name: &str, what: &str) -> Result<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let parsed = text.trim().parse().map(Some);
        parsed.map_err(|_| Error::invalid(name, format!("{name} `{}` is not {what}", shorten(&text))))
    }

    /// Takes a finite number between `low` and `high` out.
    pub fn number(&mut self, name: &str, low: f64, high: f64) -> Result<Option<f64>> {
        let what = format!("a number from {low} to {high}");
        match self.parsed::<f64>(name, &what)? {
            Some(v) if !(low..=high).contains(&v) => Err(Error::invalid(name, format!("{name} `{v}` is not {what}"))),
            v => Ok(v),
        }
    }

    /// Takes a count from 1 out, at most `most`.
    pub fn count(&mut self, name: &str, default: u32, most: u32) -> Result<u32> {
        let what = format!("a whole number from 1 to {most}");
        match self.parsed::<u32>(name, &what)? {
            Some(v) if !(1..=most).contains(&v) => Err(Error::invalid(name, format!("{name} `{v}` is not {what}"))),
            v => Ok(v.unwrap_or(default)),
        }
    }

    /// Takes a switch out: `true` or `false`, off when absent.
    pub fn flag(&mut self, name: &str) -> Result<bool> {
        Ok(self.parsed(name, "`true` or `false`")?.unwrap_or(false))
    }

    /// Adds what was said elsewhere than in the address.
    pub fn put(&mut self, name: &str, value: &str) {
        self.0.push((name.to_string(), value.to_string()));
    }

    /// What nobody has taken, name and value.
    pub fn rest(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.0)
    }

    /// Refuses what nobody has taken; `known` lists what could have been said.
    pub fn end(&self, known: &str) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Error::invalid(
                shorten(name),
                format!("there is no parameter `{}` here; there are {known}", shorten(name)),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_unknown_or_repeated_ones_refused() {
        let mut p = Params::parse("ten=%C4%90%E1%BA%A5t+%E1%BB%9F&limit=5&x").unwrap();
        assert_eq!(p.text("ten").unwrap(), "Đất ở");
        assert_eq!(p.count("limit", 10, 100).unwrap(), 5);
        assert!(p.end("`limit`").unwrap_err().to_string().contains("`x`"));
        assert!(
            Params::parse("a=1&a=2").is_err() && Params::parse("a=%FF").is_err() && Params::parse("a=%00").is_err()
        );
    }

    #[test]
    fn a_number_out_of_its_range_is_refused_by_name_and_value() {
        for bad in ["limit=0", "limit=101", "limit=-1", "limit=1e3", "limit=ten"] {
            let e = Params::parse(bad).unwrap().count("limit", 10, 100).unwrap_err().to_string();
            assert!(e.contains(bad.trim_start_matches("limit=")) && e.contains("1 to 100"), "{e}");
        }
        assert!(Params::parse("lon=NaN").unwrap().number("lon", -180.0, 180.0).is_err());
    }
}
