//! What an administrator says about a layer: titles, style, order; and dropping it.

use sqlx::postgres::{PgConnection, PgPool};

use super::about::About;
use super::sort::sortable;
use super::time::temporal;
use super::{Layer, catalog, editions, package, selection};
use crate::db::run;
use crate::error::{Error, Result};
use crate::schema::Field;
use crate::sql::{Sql, Value, ident};

/// New values for a layer's description; `None` leaves what is there. An empty text takes it away.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct Changes {
    /// Vietnamese title
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// English title
    #[arg(long, value_name = "TEXT")]
    pub title_en: Option<String>,
    /// What the layer holds, where it comes from; the abstract of its record
    #[arg(long, value_name = "TEXT", alias = "abstract")]
    pub description: Option<String>,
    /// Group in the layer list, in Vietnamese
    #[arg(long, value_name = "TEXT")]
    pub group: Option<String>,
    /// Group in the layer list, in English
    #[arg(long, value_name = "TEXT")]
    pub group_en: Option<String>,
    /// Whom to name as the source
    #[arg(long, value_name = "TEXT")]
    pub attribution: Option<String>,
    /// Licence of the data
    #[arg(long, value_name = "TEXT")]
    pub licence: Option<String>,
    /// Field that carries official land-use codes
    #[arg(long, value_name = "FIELD")]
    pub class_field: Option<String>,
    /// Field that labels features on the map
    #[arg(long, value_name = "FIELD")]
    pub label_field: Option<String>,
    /// Field that says when features are, or when they begin (`auto`: the only date there is; empty: they are at no time)
    #[arg(long, value_name = "FIELD|auto")]
    pub time_field: Option<String>,
    /// Field that says when features end
    #[arg(long, value_name = "FIELD")]
    pub time_end_field: Option<String>,
    /// Title of a field, often its Vietnamese name; may be repeated
    #[arg(long, value_name = "FIELD=TITLE")]
    pub field_title: Vec<String>,
    /// Colour on the map, as `#RRGGBB`
    #[arg(long, value_name = "COLOUR")]
    pub color: Option<String>,
    /// Whether the data is illustrative, so that nobody takes it for real
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub illustrative: Option<bool>,
    /// Drawn when the map opens
    #[arg(long, conflicts_with = "hidden")]
    pub visible: bool,
    /// Not drawn until somebody turns it on
    #[arg(long)]
    pub hidden: bool,
    /// Order in the list; the lowest comes first and is drawn on top
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub position: Option<i32>,
    /// Smallest zoom at which the layer is drawn
    #[arg(long, value_name = "ZOOM", value_parser = clap::value_parser!(i64).range(0..=24))]
    pub min_zoom: Option<i64>,
    /// Largest zoom at which tiles are made; deeper ones are enlarged from it
    #[arg(long, value_name = "ZOOM", value_parser = clap::value_parser!(i64).range(0..=24))]
    pub max_zoom: Option<i64>,
    /// Zoom from which tiles hold features one by one; below it polygons are drawn as classes (`auto`: from where they fit)
    #[arg(long, value_name = "ZOOM|auto", value_parser = detail_zoom)]
    pub detail_zoom: Option<DetailZoom>,
    /// Whether a change over HTTP must name the state it was made from (If-Match); QGIS names none
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub require_if_match: Option<bool>,
    /// How long the journal keeps changes, for the change feed and histories (`default`: 90 days and at most 1,000,000)
    #[arg(long, value_name = "DAYS|all|default", value_parser = keep_history)]
    pub keep_history: Option<KeepHistory>,
    /// How many earlier editions are kept (3 where nothing is said)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=100))]
    pub keep_editions: Option<i64>,
    /// Fields by which features are often ordered, with commas between; the server makes an index for each
    #[arg(long, value_name = "FIELD[,FIELD]")]
    pub sort_index: Option<String>,
    #[command(flatten)]
    pub about: About,
}

/// An administrator's choice of the zoom from which on features are drawn one by one; none: what fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetailZoom(pub Option<u8>);

fn detail_zoom(text: &str) -> Result<DetailZoom, String> {
    match text {
        "auto" => Ok(DetailZoom(None)),
        _ => match text.parse() {
            Ok(z) if z <= 24 => Ok(DetailZoom(Some(z))),
            _ => Err(format!("`{text}` is neither `auto` nor a zoom from 0 to 24")),
        },
    }
}

/// For how many days an administrator wants changes to be kept, -1 for ever; none: as is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepHistory(pub Option<i32>);

fn keep_history(text: &str) -> Result<KeepHistory, String> {
    match text {
        "default" => Ok(KeepHistory(None)),
        "all" => Ok(KeepHistory(Some(-1))),
        _ => match text.parse() {
            Ok(days) if (0..=36_500).contains(&days) => Ok(KeepHistory(Some(days))),
            _ => Err(format!("`{text}` is neither `all` nor `default` nor a number of days up to 36500")),
        },
    }
}

/// Applies the changes; the layer's version rises, so that everybody who holds it learns of it.
pub async fn set(pool: &PgPool, layer: &Layer, changes: &Changes) -> Result<()> {
    let mut tx = pool.begin().await?;
    bump(&mut tx, layer).await?;
    describe(&mut tx, layer, changes).await?;
    Ok(tx.commit().await?)
}

/// Applies the changes within a transaction that has taken the layer's next version.
pub async fn describe(tx: &mut PgConnection, layer: &Layer, changes: &Changes) -> Result<()> {
    for name in [&changes.class_field, &changes.label_field].into_iter().flatten().filter(|n| !n.is_empty()) {
        if layer.field(name).is_none() {
            return Err(no_field(layer, "class-field", name));
        }
    }
    if let Some(color) = changes.color.as_deref().filter(|c| !c.is_empty()) {
        let hex = color.strip_prefix('#').is_some_and(|h| h.len() == 6 && h.bytes().all(|b| b.is_ascii_hexdigit()));
        if !hex {
            return Err(Error::invalid("color", format!("`{color}` is not a colour; write `#RRGGBB`")));
        }
    }
    if changes.title.as_deref().is_some_and(|t| t.trim().is_empty()) {
        return Err(Error::invalid("title", "the title is empty; a layer must have one"));
    }
    if layer.raster.is_some() && changes.max_zoom.is_some() {
        return Err(Error::invalid("max-zoom", "a raster's largest zoom is that of its tiles"));
    }
    let (min, max) =
        (changes.min_zoom.unwrap_or(layer.min_zoom.into()), changes.max_zoom.unwrap_or(layer.max_zoom.into()));
    if min > max {
        return Err(Error::invalid(
            "min-zoom",
            format!("the smallest zoom `{min}` is greater than the largest `{max}`"),
        ));
    }
    times(layer, changes)?;
    let fields = titled(layer, &changes.field_title)?;
    let mut sql = Sql::new("UPDATE dothi.layer SET updated = now()");
    let mut put = |column: &str, value: Option<Value>| {
        if let Some(value) = value {
            sql = std::mem::take(&mut sql).push(", ").ident(column).push(" = ").bind(value);
        }
    };
    let text = |t: &Option<String>| t.as_ref().map(|t| if t.is_empty() { Value::Null } else { Value::from(t) });
    put("title", text(&changes.title));
    put("title_en", text(&changes.title_en));
    put("description", text(&changes.description));
    put("group", text(&changes.group));
    put("group_en", text(&changes.group_en));
    put("attribution", text(&changes.attribution));
    put("licence", text(&changes.licence));
    put("class_field", text(&changes.class_field));
    put("label_field", text(&changes.label_field));
    put("time_field", changes.time_field.as_deref().map(|t| if t == "auto" { Value::Null } else { Value::from(t) }));
    put("time_end_field", text(&changes.time_end_field));
    put("color", text(&changes.color));
    put("fields", fields.map(serde_json::to_value).transpose()?.map(Value::from));
    put("about", layer.about.with(&changes.about)?.map(serde_json::to_value).transpose()?.map(Value::from));
    put("illustrative", changes.illustrative.map(Value::from));
    put("visible", (changes.visible || changes.hidden).then_some(Value::Bool(changes.visible)));
    put("position", changes.position.map(Value::from));
    put("min_zoom", changes.min_zoom.map(Value::from));
    put("max_zoom", changes.max_zoom.map(Value::from));
    put("require_if_match", changes.require_if_match.map(Value::from));
    put("keep_editions", changes.keep_editions.map(Value::from));
    if let Some(DetailZoom(zoom)) = changes.detail_zoom {
        sql = sql.push(", detail_zoom = ");
        sql = match zoom {
            Some(zoom) => sql.bind(i64::from(zoom)),
            None => sql.push("NULL"),
        };
    }
    if let Some(KeepHistory(days)) = changes.keep_history {
        sql = sql.push(", keep_days = ");
        sql = match days {
            Some(days) => sql.bind(days).push("::int"),
            None => sql.push("NULL"),
        };
    }
    if let Some(fields) = orders(layer, changes.sort_index.as_deref())? {
        sql = sql.push(", sort_fields = ").bind(fields);
    }
    run::execute(tx, sql.push(" WHERE id = ").bind(&layer.id)).await.map(|_| ())
}

/// The layer's fields with the titles that `FIELD=TITLE` says; none when nothing is said.
fn titled(layer: &Layer, said: &[String]) -> Result<Option<Vec<Field>>> {
    let mut fields = layer.fields.clone();
    for pair in said {
        let (name, title) = pair.split_once('=').unwrap_or((pair, ""));
        let field = fields.iter_mut().find(|f| f.name == name).ok_or_else(|| no_field(layer, "field-title", name))?;
        field.title = (!title.is_empty()).then(|| title.to_string());
    }
    Ok((!said.is_empty()).then_some(fields))
}

/// The fields whose orders an administrator wants to be fast; none when nothing is said.
fn orders(layer: &Layer, said: Option<&str>) -> Result<Option<Vec<String>>> {
    let Some(text) = said else { return Ok(None) };
    if text.trim().is_empty() {
        return Ok(Some(Vec::new()));
    }
    let names = selection::list(text).map_err(|e| Error::invalid("sort-index", e))?;
    for name in &names {
        match layer.field(name) {
            Some(field) if sortable(field.kind) => {}
            Some(_) => {
                return Err(Error::invalid("sort-index", format!("field `{name}` holds values that have no order")));
            }
            None => return Err(no_field(layer, "sort-index", name)),
        }
    }
    Ok(Some(names))
}

/// Checks the fields that say when features are: dates or timestamps, both of the same kind.
fn times(layer: &Layer, changes: &Changes) -> Result<()> {
    let mut kinds = Vec::new();
    for (option, said, before) in [
        ("time-field", &changes.time_field, &layer.time_field),
        ("time-end-field", &changes.time_end_field, &layer.time_end_field),
    ] {
        let name = said.as_ref().or(before.as_ref()).filter(|n| !n.is_empty() && *n != "auto");
        let Some(name) = name else { continue };
        match layer.field(name) {
            Some(field) if temporal(field.kind) => kinds.push(field.kind),
            Some(_) => {
                return Err(Error::invalid(option, format!("field `{name}` holds neither dates nor timestamps")));
            }
            None if said.is_some() => return Err(no_field(layer, option, name)),
            None => {}
        }
    }
    match kinds[..] {
        [a, b] if a != b => {
            let say = "start and end must be of one kind, both dates or both timestamps";
            Err(Error::invalid("time-end-field", say))
        }
        _ => Ok(()),
    }
}

fn no_field(layer: &Layer, parameter: &str, name: &str) -> Error {
    let fields: Vec<String> = layer.fields.iter().map(|f| format!("`{}`", f.name)).collect();
    Error::invalid(parameter, format!("layer `{}` has no field `{name}`; it has {}", layer.id, fields.join(", ")))
}

/// Takes the layer's next version, which locks its catalog row until the transaction ends.
async fn bump(tx: &mut PgConnection, layer: &Layer) -> Result<()> {
    run::one(tx, Sql::new("SELECT dothi.bump(").bind(&layer.id).push(", 0, NULL)")).await.map(|_| ())
}

/// Drops the layer's table and editions, its catalog row and the accounts of its imports.
pub async fn drop(pool: &PgPool, layer: &Layer) -> Result<()> {
    let mut tx = pool.begin().await?;
    bump(&mut tx, layer).await?;
    run::script(&mut *tx, format!("DROP TABLE IF EXISTS layers.{}", ident(&layer.id))).await?;
    editions::drop_all(&mut tx, &layer.id).await?;
    for table in ["layer", "change", "import"] {
        let column = if table == "layer" { "id" } else { "layer" };
        run::execute(&mut *tx, Sql::new(format!("DELETE FROM dothi.{table} WHERE {column} = ")).bind(&layer.id))
            .await?;
    }
    package::sweep(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// A layer id from a source layer's name: lower case, diacritics folded, everything else `_`; it starts with a letter.
///
/// `Quy hoạch SDĐ 2030` gives `quy_hoach_sdd_2030`.
pub fn layer_id(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut id = String::new();
    for c in name.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        match c {
            'đ' | 'Đ' => id.push('d'),
            c if c.is_ascii_alphanumeric() => id.push(c.to_ascii_lowercase()),
            _ if id.ends_with('_') || id.is_empty() => {}
            _ => id.push('_'),
        }
    }
    let id = id.trim_end_matches('_');
    let id = if id.starts_with(|c: char| c.is_ascii_lowercase()) { id.to_string() } else { format!("l_{id}") };
    id.chars().take(50).collect::<String>().trim_end_matches('_').to_string()
}

/// The id that somebody asked for, if it can be one.
pub fn checked_id(id: &str) -> Result<String> {
    if id == layer_id(id) {
        return Ok(id.to_string());
    }
    let shown = catalog::shorten(id);
    Err(Error::invalid(
        "layer",
        format!("`{shown}` cannot be a layer id; use lower-case letters, digits and `_`, such as `{}`", layer_id(id)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_id_folds_vietnamese_letters() {
        assert_eq!(layer_id("Quy hoạch SDĐ 2030"), "quy_hoach_sdd_2030");
        assert_eq!(layer_id("ĐƯỜNG-BỘ"), "duong_bo");
        assert_eq!(layer_id("2030"), "l_2030");
        assert_eq!(layer_id("___"), "l");
        assert_eq!(layer_id(&"ộ".repeat(80)).len(), 50);
    }

    #[test]
    fn only_an_id_that_needs_no_change_is_accepted() {
        assert_eq!(checked_id("qh_2030").unwrap(), "qh_2030");
        for bad in ["", "Đất", "a b", "1a", "_a", "a_", "x\"; DROP TABLE y"] {
            assert!(checked_id(bad).is_err(), "{bad}");
        }
    }
}
