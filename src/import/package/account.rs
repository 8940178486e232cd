//! What a package holds of the circular, and what it lacks: theme by theme, class by class.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::circular::{self, NUMBER, Said, THEMES, said};
use super::finding::{Finding, Severity, counted, folders, listed};
use super::structure::{Conformance, Seen};
use super::{Member, Package};
use crate::error::Result;
use crate::import::frames::LayerInfo;

/// Classes or files that a finding names; more of them are in the account.
const NAMED: usize = 8;
/// Files that are no data, as far as the account lists them.
const UNREAD: usize = 1_000;

/// The account of a whole package; that of each class's fields and rows is in the report of its layer.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    /// What the ids of its layers begin with.
    pub id: String,
    pub title: String,
    pub circular: &'static str,
    /// Without errors, those of its layers counted in.
    pub conforms: bool,
    pub errors: u64,
    pub warnings: u64,
    pub notes: u64,
    pub themes: Vec<ThemeState>,
    pub classes: Vec<ClassState>,
    /// Layers that the circular does not know.
    pub unknown: Vec<Unknown>,
    /// Layers of the scanned part of the dossier: drawings that have a place, and lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scans: Vec<Unknown>,
    /// Files of the dossier that are no data to import, the first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// What is to be said of the set.
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ThemeState {
    pub theme: &'static str,
    pub title: Said,
    pub found: bool,
    /// Classes that are there, and that the circular lists.
    pub classes: usize,
    pub listed: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Found,
    /// There, without a row.
    Empty,
    Missing,
}

#[derive(Debug, Clone, Serialize)]
pub struct ClassState {
    pub theme: &'static str,
    pub dataset: &'static str,
    pub class: &'static str,
    pub title: Said,
    pub state: State,
    /// The layer that it is or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<u64>,
    pub errors: u64,
    pub warnings: u64,
    pub notes: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Unknown {
    pub name: String,
    pub path: String,
    pub layer: String,
}

impl Account {
    /// `checked` are the accounts of the layers, by their index in the source; `whole` is false where only some of the
    /// package's layers were asked for, so that nothing can be said of others.
    pub fn new(package: &Package, checked: &[(usize, &Conformance)], whole: bool) -> Account {
        let of = |member: &Member| checked.iter().find(|(index, _)| *index == member.index).map(|(_, c)| *c);
        let member =
            |class: &circular::Class| package.members.iter().find(|m| m.class.is_some_and(|c| std::ptr::eq(c, class)));
        let classes: Vec<ClassState> = circular::classes()
            .iter()
            .filter(|class| whole || member(class).is_some())
            .map(|class| {
                let member = member(class);
                let state = match member.map(|m| m.count) {
                    None => State::Missing,
                    Some(Some(0)) => State::Empty,
                    Some(_) => State::Found,
                };
                let [errors, warnings, notes] = member.and_then(of).map_or([0; 3], |c| [c.errors, c.warnings, c.notes]);
                ClassState {
                    theme: class.theme,
                    dataset: class.dataset.id,
                    class: class.name,
                    title: said(class.title, class.title_en),
                    state,
                    layer: member.map(|m| package.layer_id(m)),
                    features: member.and_then(|m| m.count),
                    errors,
                    warnings,
                    notes,
                }
            })
            .collect();
        let themes = THEMES.iter().map(|theme| {
            let listed = circular::classes().iter().filter(|c| c.theme == theme.id);
            ThemeState {
                theme: theme.id,
                title: said(theme.title, theme.title_en),
                found: package.members.iter().any(|m| m.theme == Some(theme)),
                classes: listed.clone().filter(|c| member(c).is_some()).count(),
                listed: listed.count(),
            }
        });
        let beyond = |scan: bool| {
            let of = package.members.iter().filter(|m| m.class.is_none() && m.scan == scan);
            of.map(|m| Unknown { name: m.name.clone(), path: m.path.clone(), layer: package.layer_id(m) }).collect()
        };
        let mut account = Account {
            id: package.id.clone(),
            title: package.name.clone(),
            circular: NUMBER,
            conforms: true,
            errors: 0,
            warnings: 0,
            notes: 0,
            themes: themes.collect(),
            classes,
            unknown: beyond(false),
            scans: beyond(true),
            unread: package.unread.iter().take(UNREAD).cloned().collect(),
            findings: Vec::new(),
        };
        let found = findings(package, &account, whole);
        account.add(found);
        account
    }

    pub fn add(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
        self.findings.sort_by_key(|f| f.severity);
        let [mut errors, mut warnings, mut notes] = counted(&self.findings);
        for class in &self.classes {
            errors += class.errors;
            warnings += class.warnings;
            notes += class.notes;
        }
        (self.errors, self.warnings, self.notes, self.conforms) = (errors, warnings, notes, errors == 0);
    }
}

/// A package before its rows are read.
pub struct Outlook {
    pub package: Package,
    pub account: Account,
    /// How each layer that is a class stands to it, by the layer's index in the source.
    pub classes: Vec<(usize, Conformance)>,
}

/// What can be said of the package that these layers are; none where they are none. `file` is the source.
///
/// # Errors
/// As [`Package::recognise`].
pub fn outlook(file: &Path, layers: &[LayerInfo], unread: &[String]) -> Result<Option<Outlook>> {
    let Some(package) = Package::recognise(file, layers, None)? else { return Ok(None) };
    let package = Package { unread: unread.to_vec(), ..package };
    let of = |member: &Member| {
        let layer = layers.iter().find(|layer| layer.index == member.index)?;
        Some((member.index, Conformance::new(member.class?, &Seen::inspected(layer))))
    };
    let classes: Vec<(usize, Conformance)> = package.members.iter().filter_map(of).collect();
    let checked: Vec<(usize, &Conformance)> = classes.iter().map(|(index, class)| (*index, class)).collect();
    let account = Account::new(&package, &checked, true);
    Ok(Some(Outlook { package, account, classes }))
}

fn findings(package: &Package, account: &Account, whole: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for (theme, state) in THEMES.iter().zip(&account.themes).filter(|_| whole) {
        if !state.found {
            let severity = if theme.needed { Severity::Error } else { Severity::Warning };
            let message = said(
                format!("thiếu cơ sở dữ liệu {} ({})", theme.id, theme.title),
                format!("the database {} ({}) is missing", theme.id, theme.title_en),
            );
            found.push(Finding::new(severity, "theme_missing", message, folders()));
            continue;
        }
        for (wanted, code, vi, en) in [
            (State::Missing, "class_missing", "lớp không có trong hồ sơ", "classes that are not in the package"),
            (
                State::Empty,
                "class_empty",
                "lớp không có đối tượng nên không tạo lớp bản đồ",
                "classes without a feature, which become no layer",
            ),
        ] {
            let of = account.classes.iter().filter(|c| c.theme == theme.id && c.state == wanted);
            let names: Vec<&str> = of.map(|c| c.class).collect();
            if !names.is_empty() {
                let (n, more) = (names.len(), if names.len() > NAMED { ", …" } else { "" });
                let list = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
                let message = said(format!("{vi} ({n}): {list}{more}"), format!("{en} ({n}): {list}{more}"));
                let finding = Finding::new(Severity::Note, code, message, listed(theme.id));
                found.push(Finding { count: n as u64, ..finding });
            }
        }
    }
    let boundary = account.classes.iter().any(|c| c.class == "RanhGioiQuyHoach_A" && c.state == State::Found);
    if whole && account.themes.iter().any(|t| t.theme == "QuyHoach" && t.found) && !boundary {
        let message = said(
            "không có ranh giới quy hoạch (RanhGioiQuyHoach_A): thiếu tên đồ án, số quyết định, cơ quan phê duyệt",
            "there is no boundary of the plan (RanhGioiQuyHoach_A), so that its name, decision and authority are not known",
        );
        found.push(Finding::new(Severity::Warning, "boundary_missing", message, listed("QuyHoach")));
    }
    found.extend(unread(package));
    for member in package.members.iter().filter(|m| m.class.is_none() && !m.scan) {
        if member.theme.is_none() && circular::classes().iter().any(|c| c.name.eq_ignore_ascii_case(&member.name)) {
            let message = said(
                format!(
                    "lớp `{}` ({}) có trong nhiều chủ đề; đặt tên chủ đề ở trước (`QuyHoach_{}`) để biết là lớp nào; dữ liệu vẫn được nhập",
                    member.name, member.path, member.name
                ),
                format!(
                    "class `{}` ({}) is in several themes; put the theme before its name (`QuyHoach_{}`) so that it is known which; it is imported all the same",
                    member.name, member.path, member.name
                ),
            );
            found.push(Finding::new(Severity::Warning, "class_theme", message, folders()));
            continue;
        }
        let message = said(
            format!(
                "lớp `{}` ({}) không có trong danh mục của thông tư; dữ liệu vẫn được nhập",
                member.name, member.path
            ),
            format!("the circular has no class `{}` ({}); it is imported all the same", member.name, member.path),
        );
        let clause = member.theme.map_or_else(folders, |theme| listed(theme.id));
        found.push(Finding::new(Severity::Warning, "class_unknown", message, clause));
    }
    let mut seen = BTreeSet::new();
    for member in package.members.iter().filter(|m| m.class.is_some()) {
        if !seen.insert(package.layer_id(member)) {
            let message = said(
                format!("lớp `{}` ({}) có hai lần trong hồ sơ", member.name, member.path),
                format!("class `{}` ({}) is in the package twice", member.name, member.path),
            );
            let clause = member.theme.map_or_else(folders, |theme| listed(theme.id));
            found.push(Finding::new(Severity::Warning, "class_twice", message, clause));
        }
    }
    found
}

/// Documents of the dossier, and drawings that do not say where they lie.
fn unread(package: &Package) -> Option<Finding> {
    let n = package.unread.len();
    let more = if n > NAMED { ", …" } else { "" };
    let list = package.unread.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let message = said(
        format!(
            "tệp của hồ sơ không phải dữ liệu bản đồ nên không nhập ({n}): {list}{more}; bản vẽ quét cần tệp tọa độ (.jgw, .tfw) hoặc GeoTIFF"
        ),
        format!(
            "files of the dossier that are no map data and are not imported ({n}): {list}{more}; a scanned drawing needs a world file (.jgw, .tfw), or to be a GeoTIFF"
        ),
    );
    let finding = Finding::new(Severity::Note, "files_unread", message, folders());
    (n > 0).then_some(Finding { count: n as u64, ..finding })
}
