//! What the catalog is told of a package's layers: titles, groups, order, colours, and for the record whose plan it is and
//! on which decision it rests. What an administrator has said already stays.

use serde_json::{Value, json};
use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::circular::{Class, NUMBER};
use super::{Member, Package};
use crate::db::run;
use crate::error::Result;
use crate::import::publish::Incoming;
use crate::layer::about::About;
use crate::layer::edit::{self, Changes};
use crate::layer::{Layer, catalog, function};
use crate::schema::Kind;
use crate::sql::{Sql, ident};

/// What the boundary of the plan (`RanhGioiQuyHoach_A`) says of it.
#[derive(Debug, Default, Clone)]
pub struct Plan {
    pub title: Option<String>,
    pub dossier: Option<String>,
    decision: Option<String>,
    decided: Option<String>,
    agency: Option<String>,
    consultant: Option<String>,
    scale: Option<String>,
    place: Option<String>,
}

impl Plan {
    /// Reads the staged boundary's first row that names the plan.
    pub async fn read(tx: &mut PgConnection, incoming: &Incoming) -> Result<Plan> {
        let names = ["tenDoAn", "maHoSoQH", "soQDQH", "ngayQDQH", "coQuanPheduyet", "donViTuVan", "tyLe", "diaDiemQH"];
        let column = |name: &str| incoming.fields.iter().find(|f| f.name.eq_ignore_ascii_case(name));
        let list = names.map(|name| {
            column(name)
                .map_or("NULL::text".into(), |f| format!("nullif(btrim(left({}::text, 500)), '')", ident(&f.column)))
        });
        let sql = format!(
            "SELECT ARRAY[{}] AS said FROM {} ORDER BY 1 NULLS LAST LIMIT 1",
            list.join(", "),
            incoming.staging
        );
        let Some(row) = run::optional(tx, Sql::new(sql)).await? else { return Ok(Plan::default()) };
        let said: Vec<Option<String>> = row.try_get("said")?;
        let at = |i: usize| said.get(i).cloned().flatten();
        Ok(Plan {
            title: at(0),
            dossier: at(1),
            decision: at(2),
            decided: at(3).and_then(|d| d.get(..10).map(String::from)),
            agency: at(4),
            consultant: at(5),
            scale: at(6).map(|s| s.replace('/', ":")),
            place: at(7),
        })
    }

    /// Its members for a record, but those that a record cannot have.
    fn about(&self, package: &Package, member: &Member, file: &str) -> About {
        let from = match member.class {
            Some(class) => format!("{}/{}/{}", class.theme, class.dataset.id, class.name),
            None => member.name.clone(),
        };
        let by = self.consultant.as_ref().map_or(String::new(), |c| format!(" Đơn vị tư vấn: {c}."));
        let lineage = format!("Hồ sơ GIS theo Phụ lục II, Thông tư {NUMBER}: {from}, từ {file}.{by}");
        let title = self.title.as_ref().unwrap_or(&package.name);
        let group = member.class.map(|c| c.dataset.title.replace(',', ""));
        let keywords = [
            Some("quy hoạch".to_string()),
            Some(title.replace(',', "")),
            group,
            self.place.clone().map(|p| p.replace(',', "")),
        ];
        let said = [
            ("agency", self.agency.clone()),
            ("lineage", Some(lineage)),
            ("topic", Some(member.class.map_or("planningCadastre", topic).to_string())),
            ("keywords", Some(keywords.into_iter().flatten().collect::<Vec<_>>().join(", "))),
            ("scale", self.scale.clone()),
            ("decision", self.decision.clone()),
            ("decisionDate", self.decided.clone()),
            ("identifier", self.dossier.as_ref().map(|code| format!("maHoSoQH:{code}"))),
        ];
        let mut about = About::default();
        for (key, value) in said.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            let one: About = serde_json::from_value(json!({ key: value })).unwrap_or_default();
            if let Ok(Some(more)) = about.with(&one) {
                about = more;
            }
        }
        about
    }
}

/// The topic category of ISO 19115 that a class belongs to.
fn topic(class: &Class) -> &'static str {
    let set = class.dataset.id;
    match set {
        _ if set.contains("GiaoThong") => "transportation",
        _ if set.contains("MoiTruong") => "environment",
        "ViTriRanhGioi" | "MocGioiQuyHoach" => "boundaries",
        "NenDiaHinh" => "elevation",
        _ if ["CapDien", "CapNuoc", "ThoatNuoc", "ThongTin", "NangLuong"].iter().any(|word| set.contains(word)) => {
            "utilitiesCommunication"
        }
        _ => "planningCadastre",
    }
}

/// The title of a class's layer: many classes are in the current state and in the plan by the same name.
pub fn title(class: &Class) -> String {
    match class.theme {
        "HienTrang" if !class.title.starts_with("Hiện trạng") => format!("{} (hiện trạng)", class.title),
        "QuyHoach" if !class.title.to_lowercase().contains("quy hoạch") => format!("{} (quy hoạch)", class.title),
        _ => class.title.to_string(),
    }
}

fn title_en(class: &Class) -> String {
    match class.theme {
        "HienTrang" if !class.title_en.contains("current") => format!("{} (current)", class.title_en),
        "QuyHoach" if !class.title_en.contains("plan") => format!("{} (planned)", class.title_en),
        _ => class.title_en.to_string(),
    }
}

/// A layer that has just come in.
pub struct Told<'a> {
    pub member: &'a Member,
    /// There was none of its id before.
    pub new: bool,
    /// Fields by their names in the layer, and what the circular calls them.
    pub titles: Vec<(String, &'static str)>,
}

/// Tells the catalog, within the transaction that brought the layer in.
pub async fn describe(
    tx: &mut PgConnection,
    id: &str,
    told: &Told<'_>,
    package: &Package,
    plan: &Plan,
    file: &str,
) -> Result<()> {
    let layer = catalog::present(&mut *tx, id).await?;
    let member = told.member;
    let mut changes = changes(&layer, told.new, package, member, plan, file);
    let untitled = |name: &str| layer.field(name).is_some_and(|f| f.title.is_none());
    if new_class(&layer, told) {
        changes.class_field = functional(&mut *tx, &layer).await?;
    }
    let titles = told.titles.iter().filter(|(name, _)| untitled(name));
    changes.field_title = titles.map(|(name, title)| format!("{name}={title}")).collect();
    edit::describe(&mut *tx, &layer, &changes).await?;
    let place = json!({
        "id": package.id,
        "theme": member.theme.map(|t| t.id),
        "dataset": member.class.map(|c| c.dataset.id),
        "class": member.class.map(|c| c.name),
    });
    let sql = Sql::new("UPDATE dothi.layer SET package = ").bind(place).push(" WHERE id = ").bind(id);
    run::execute(tx, sql).await.map(|_| ())
}

/// Whether a class of functions has no field yet that colours it.
fn new_class(layer: &Layer, told: &Told<'_>) -> bool {
    let functional = |class: &Class| class.name.eq_ignore_ascii_case("ChucNangSuDungDat_A");
    layer.class_field.is_none() && told.member.class.is_some_and(functional)
}

/// The field whose values are most often functions of planned land; none where fewer than half of them are.
async fn functional(tx: &mut PgConnection, layer: &Layer) -> Result<Option<String>> {
    let known: Vec<String> = function::all().iter().map(|f| f.vi.to_lowercase()).collect();
    let mut best: Option<(i64, String)> = None;
    for field in layer.fields.iter().filter(|f| f.kind == Kind::Text && f.name.to_lowercase().starts_with("chucnang")) {
        let column = ident(&field.column);
        let sql = Sql::new(format!("SELECT count(*) FILTER (WHERE lower(btrim({column})) = ANY("))
            .bind(known.clone())
            .push(&format!(")) AS known, count(*) AS n FROM {} WHERE btrim({column}) <> ''", layer.table()));
        let row = run::one(&mut *tx, sql).await?;
        let (known, n): (i64, i64) = (row.try_get("known")?, row.try_get("n")?);
        if known > 0 && known * 2 >= n && best.as_ref().is_none_or(|(most, _)| known > *most) {
            best = Some((known, field.name.clone()));
        }
    }
    Ok(best.map(|(_, name)| name))
}

fn changes(layer: &Layer, new: bool, package: &Package, member: &Member, plan: &Plan, file: &str) -> Changes {
    let plan_title = plan.title.as_ref().unwrap_or(&package.name);
    let unsaid = |said: &Option<String>, value: Option<String>| value.filter(|_| said.is_none());
    let (vi, en) = match (member.class, member.theme) {
        (Some(class), _) => (class.dataset.title, class.dataset.title_en),
        (None, _) if member.scan => ("Hồ sơ quét", "Scanned dossier"),
        (None, _) => ("Lớp ngoài thông tư", "Layers beyond the circular"),
    };
    let mut changes = Changes {
        group: unsaid(&layer.group, Some(format!("{plan_title}: {vi}"))),
        group_en: unsaid(&layer.group_en, Some(format!("{plan_title}: {en}"))),
        about: missing(&layer.about, plan.about(package, member, file)),
        ..Changes::default()
    };
    let Some(class) = member.class else {
        changes.hidden = new;
        return changes;
    };
    changes.title_en = unsaid(&layer.title_en, Some(title_en(class)));
    changes.color = unsaid(&layer.color, Some(class.color.into()));
    let label = class.label.and_then(|name| layer.fields.iter().find(|f| f.name.eq_ignore_ascii_case(name)));
    changes.label_field = unsaid(&layer.label_field, label.map(|f| f.name.clone()));
    if new {
        (changes.visible, changes.hidden) = (class.shown, !class.shown);
        changes.position = Some(position(class));
        changes.min_zoom = (class.shape == "point").then_some(13);
    }
    changes
}

/// Points over lines over areas, the plan over its base; what holds all of it lies below.
fn position(class: &Class) -> i32 {
    let shape = match class.shape {
        "point" => 30,
        "line" => 40,
        _ => 60,
    };
    shape
        + match (class.theme, class.name) {
            (_, "RanhGioiQuyHoach_A" | "MocGioiQuyHoach_A") => 15,
            (_, "ChucNangSuDungDat_A") => 5,
            ("NenDiaHinh", _) => 12,
            ("HienTrang", _) => 8,
            _ => 0,
        }
}

/// The members of a record that are not said yet.
fn missing(said: &About, more: About) -> About {
    let members = |about: &About| serde_json::to_value(about).unwrap_or_default();
    let (said, mut more) = (members(said), members(&more));
    if let (Value::Object(said), Value::Object(more)) = (said, &mut more) {
        more.retain(|key, _| !said.contains_key(key));
    }
    serde_json::from_value(more).unwrap_or_default()
}
