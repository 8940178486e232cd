//! Filters in CQL2 (OGC API – Features, Part 3): the parameters, what can be asked about, the functions.

use axum::http::HeaderMap;
use serde_json::{Value, json};
use sqlx::Row;

use super::super::links::Base;
use super::super::params::Params;
use super::super::respond::Answer;
use super::asked::Said;
use super::format;
use crate::app::App;
use crate::db::run;
use crate::error::{Error, Result};
use crate::filter::{Expr, Lang, functions, parse};
use crate::geo::{Crs, Name};
use crate::layer::Layer;
use crate::layer::catalog::shorten;
use crate::sql::Sql;

/// `cql-text` is what GDAL writes.
pub const LANGUAGES: [&str; 3] = ["cql2-text", "cql2-json", "cql-text"];

/// Takes `filter`, `filter-lang` and `filter-crs` out; what was said goes into `said`, for links.
pub async fn take(app: &App, layer: &Layer, params: &mut Params, said: &mut Said) -> Result<Option<Expr>> {
    let words = Words::take(params);
    words.say(said);
    words.on(app, layer).await
}

/// What a caller says of a filter.
pub struct Words {
    filter: Option<String>,
    lang: Option<String>,
    crs: Option<String>,
}

impl Words {
    pub fn take(params: &mut Params) -> Words {
        Words { filter: params.text("filter"), lang: params.text("filter-lang"), crs: params.text("filter-crs") }
    }

    fn say(&self, said: &mut Said) {
        for (name, value) in [("filter", &self.filter), ("filter-lang", &self.lang), ("filter-crs", &self.crs)] {
            if let Some(value) = value {
                said.add(name, value);
            }
        }
    }

    /// The filter as a condition on this layer; none when there is none.
    pub async fn on(&self, app: &App, layer: &Layer) -> Result<Option<Expr>> {
        let lang = match self.lang.as_deref() {
            None | Some("cql2-text") => Lang::Text,
            Some("cql-text") => Lang::Gdal,
            Some("cql2-json") => Lang::Json,
            Some(other) => {
                let say = "write `cql2-text` or `cql2-json`";
                let what = format!("`{}` is not a language here; {say}", shorten(other));
                return Err(Error::invalid("filter-lang", what));
            }
        };
        let crs = match &self.crs {
            Some(crs) => system(app, layer, crs).await?,
            None => Crs::CRS84,
        };
        let Some(filter) = &self.filter else { return Ok(None) };
        let expr = parse(filter, lang, &layer.fields, layer.spatial().is_some(), crs);
        expr.map(Some).map_err(|fault| Error::invalid_at("filter", fault.at.clone(), fault.to_string()))
    }
}

/// The system that `filter-crs` names: any that the database knows, with its axes in the order of its authority.
async fn system(app: &App, layer: &Layer, crs: &str) -> Result<Crs> {
    let wrong = |why: &str| Error::invalid("filter-crs", format!("`{}` {why}", shorten(crs)));
    let srid = match Name::parse(crs) {
        Some(Name::Crs84) => return Ok(Crs::CRS84),
        Some(Name::Epsg(srid)) => srid,
        None => return Err(wrong("is not a coordinate system; write `EPSG:9217` or an OGC address")),
    };
    if let Some(known) = layer.systems().into_iter().find(|c| c.srid == srid && *c != Crs::CRS84) {
        return Ok(known);
    }
    let described = Sql::new("SELECT auth_name, srtext FROM spatial_ref_sys WHERE srid = ").bind(srid);
    let row = run::optional(&app.db.pool, described).await?;
    let row = row.ok_or_else(|| wrong("is not a coordinate system this server knows"))?;
    let text = |name: &str| Ok::<_, Error>(row.try_get::<Option<String>, _>(name)?.unwrap_or_default());
    Ok(Crs::described(srid, &text("auth_name")?, &text("srtext")?))
}

/// An error of the database that a filter brought about, as the caller's: numbers that leave the range of their type,
/// positions that a projection has no place for.
pub fn blame(error: Error) -> Error {
    let Error::Db(sqlx::Error::Database(e)) = &error else { return error };
    let data = e.code().is_some_and(|c| c.starts_with("22"));
    if data {
        return Error::invalid(
            "filter",
            "the numbers of the filter leave their range on this layer; compute with smaller ones",
        );
    }
    if e.message().starts_with("transform:") {
        let say = "check its coordinates and `filter-crs`";
        return Error::invalid(
            "filter",
            format!("the geometry of the filter has no place in the layer's coordinate system; {say}"),
        );
    }
    error
}

/// `GET /ogc/functions`: what a filter may call.
pub async fn list(Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = super::document(&mut params, &headers, format::PAGES)?;
    let all: Vec<Value> = functions()
        .iter()
        .map(|f| {
            json!({"name": f.name, "description": f.about, "arguments": [{"type": [f.takes]}], "returns": [f.gives]})
        })
        .collect();
    let body = json!({"functions": all});
    match choice.is_html() {
        true => Ok(super::html::functions(&base, choice, &body)),
        false => Ok(choice.answer(body.to_string())),
    }
}
