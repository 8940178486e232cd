//! All layers of a package in one transaction: each is staged and checked while what is there goes on being served, then
//! all take their places at once.

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::account::Account;
use super::circular::{self, Class, Said, said};
use super::describe::{self, Plan, Told};
use super::finding::{Finding, Severity, folders};
use super::structure::{Conformance, Seen, pairs, zone};
use super::{Member, Package, values};
use crate::db::run;
use crate::error::{Error, Result};
use crate::import::child::Reader;
use crate::import::each::Each;
use crate::import::frames::{Event, Frame, LayerStart};
use crate::import::publish::{self, Incoming, Source};
use crate::import::raster;
use crate::import::report::Report;
use crate::import::{Options, Step, claim};
use crate::schema::Field;
use crate::sql::Sql;

/// Findings that an error repeats.
const REPEATED: usize = 5;

/// A layer that is staged: of features, or a picture.
enum Staged {
    Features(Box<publish::Staged>),
    Raster(Box<raster::Staged>),
}

impl Staged {
    fn incoming(&self) -> &Incoming {
        match self {
            Staged::Features(staged) => &staged.incoming,
            Staged::Raster(staged) => &staged.incoming,
        }
    }

    fn report(&self) -> &Report {
        match self {
            Staged::Features(staged) => &staged.report,
            Staged::Raster(staged) => &staged.report,
        }
    }
}

/// A layer that waits for the others.
struct Waiting<'p> {
    member: &'p Member,
    staged: Staged,
    new: bool,
    titles: Vec<(String, &'static str)>,
    dossiers: Vec<String>,
}

/// Imports the package whose layers the reader is about to send. Either all of them come in or none.
///
/// # Errors
/// Asked to be strict, a package with errors is refused; a layer that is there from elsewhere is not replaced unasked.
pub async fn import(
    to: &mut PgConnection,
    reader: &mut Reader,
    package: &Package,
    source: Source<'_>,
    options: &Options,
    tell: &mut (impl FnMut(Step) + Send),
) -> Result<Vec<Report>> {
    if options
        .each
        .values()
        .any(|own| Each { srs: None, encoding: None, swap_xy: None, ..own.clone() } != Each::default())
    {
        let say = "layers of a planning package are named after their classes and replaced as a set: of one of them say only `srs`, `encoding` and `swap_xy`";
        return Err(Error::invalid("each", say));
    }
    let mut tx = to.begin().await?;
    let mut waiting: Vec<Waiting> = Vec::new();
    // Of classes that become no layer, and so have no report of their own.
    let mut empty: Vec<Finding> = Vec::new();
    while let Some(frame) = reader.next().await? {
        let Frame::Event(event) = frame else {
            return Err(Error::Internal("the reader sent rows before their layer".into()));
        };
        match *event {
            Event::Layer(start) => {
                let Some(member) = package.member(start.index) else {
                    return Err(Error::Internal("the reader sent a layer that it did not list".into()));
                };
                let id = free(&mut tx, package, member, &waiting, &source, options).await?;
                claim::lock(&mut tx, &id, options.wait).await?;
                if options.wait {
                    // The layer may have come, from another file, while this waited.
                    free(&mut tx, package, member, &waiting, &source, options).await?;
                }
                let new = !publish::is_there(&mut tx, &id).await?;
                if new && start.count == Some(0) && member.class.is_some() {
                    empty.extend(member.class.into_iter().flat_map(|c| structure(c, member, &start).0.findings));
                    drain(reader).await?;
                } else {
                    waiting.push(stage(&mut tx, reader, member, start, id, new, &source, options, tell).await?);
                }
            }
            Event::Error { message } => return Err(Error::Unreadable(message)),
            Event::Question(question) => tell(Step::Question(question)),
            Event::Progress { rows, .. } => tell(Step::Rows(rows)),
            _ => {}
        }
    }
    let mut account = account(&mut tx, package, &waiting, empty, options).await?;
    let mut plan = plan(&mut tx, &waiting).await?;
    account.title = options.title.clone().or(plan.title.clone()).unwrap_or(account.title);
    tell(Step::Package(Box::new(account.clone())));
    if options.strict && !account.conforms {
        return Err(refused(&account, &waiting));
    }
    tell(Step::Doing("swap"));
    plan.title = Some(account.title.clone());
    let options = Options { title: None, ..options.clone() };
    let (mut reports, mut archives) = (Vec::new(), Vec::new());
    for Waiting { member, staged, new, titles, .. } in waiting {
        let report = match staged {
            Staged::Features(staged) => publish::serve(&mut tx, *staged, &source, &options).await?,
            Staged::Raster(mut staged) => {
                let report = raster::serve(&mut tx, &mut staged, &source, &options).await?;
                archives.push(*staged);
                report
            }
        };
        let told = Told { member, new, titles };
        describe::describe(&mut tx, &report.layer, &told, package, &plan, source.file).await?;
        reports.push(report);
    }
    keep(&mut tx, &account, source.file).await?;
    if options.dry_run {
        tx.rollback().await?;
    } else {
        archives.into_iter().for_each(raster::Staged::keep);
        tx.commit().await?;
    }
    reports.iter().for_each(|report| tell(Step::Done(Box::new(report.clone()))));
    Ok(reports)
}

/// The id of a member's layer: a class that is there twice is numbered.
async fn free(
    tx: &mut PgConnection,
    package: &Package,
    member: &Member,
    waiting: &[Waiting<'_>],
    source: &Source<'_>,
    options: &Options,
) -> Result<String> {
    let base = package.layer_id(member);
    let taken = |id: &str| waiting.iter().any(|w| w.staged.incoming().id == id);
    let mut id = base.clone();
    let mut n = 2;
    while taken(&id) {
        id = format!("{}_{n}", base.chars().take(46).collect::<String>());
        n += 1;
    }
    if options.layer.is_none()
        && let Some(before) = claim::from_elsewhere(tx, &id, source.file).await?
    {
        return Err(Error::Conflict(format!(
            "layer `{id}` is there already, from `{before}`; say `--layer {}` to replace that package, or another id",
            package.id
        )));
    }
    Ok(id)
}

#[expect(clippy::too_many_arguments, reason = "what `publish::stage` is given, and whose layer it is")]
async fn stage<'p>(
    tx: &mut PgConnection,
    reader: &mut Reader,
    member: &'p Member,
    mut start: LayerStart,
    id: String,
    new: bool,
    source: &Source<'_>,
    options: &Options,
    tell: &mut (impl FnMut(Step) + Send),
) -> Result<Waiting<'p>> {
    let options = Options { title: None, ..options.clone() };
    let Some(class) = member.class else {
        let staged = match start.raster {
            Some(_) => {
                raster::stage(tx, reader, start, id, source, &options, tell).await.map(Box::new).map(Staged::Raster)
            }
            None => {
                publish::stage(tx, reader, start, id, source, &options, tell).await.map(Box::new).map(Staged::Features)
            }
        };
        return Ok(Waiting { member, staged: staged?, new, titles: Vec::new(), dossiers: Vec::new() });
    };
    let (mut conformance, found) = structure(class, member, &start);
    start.title = Some(describe::title(class));
    let mut staged = publish::stage(tx, reader, start, id, source, &options, tell).await?;
    // The columns of the fields are settled only now.
    let column = |name: &String| staged.incoming.fields.iter().find(|f| f.name == *name).cloned();
    let fields: Vec<Option<Field>> = found.iter().map(|name| name.as_ref().and_then(column)).collect();
    conformance.add(values::check(tx, &staged.incoming, class, &fields).await?);
    let dossier = class.fields.iter().position(|a| a.name == "maHoSoQH").and_then(|at| fields[at].clone());
    let dossiers = match &dossier {
        Some(field) => values::dossiers(tx, &staged.incoming, field).await?,
        None => Vec::new(),
    };
    let province = dossiers.first().and_then(|code| circular::province(code));
    let elsewhere = staged.incoming.srid.zip(province).and_then(|(srid, province)| zone(srid, &province));
    conformance.add(elsewhere.map(|finding| finding.of(class)).into_iter().collect());
    let titles = class.fields.iter().zip(&fields).filter_map(|(a, f)| Some((f.as_ref()?.name.clone(), a.title)));
    let titles = titles.collect();
    staged.report.conformance = Some(conformance);
    Ok(Waiting { member, staged: Staged::Features(Box::new(staged)), new, titles, dossiers })
}

/// How the layer stands to its class, and the names of the fields that the class's attributes are.
fn structure(class: &Class, member: &Member, start: &LayerStart) -> (Conformance, Vec<Option<String>>) {
    let seen = Seen::started(start, &member.path);
    let found = pairs(class, &seen).into_iter().map(|pair| pair.map(|(field, _)| field.name.clone()));
    (Conformance::new(class, &seen), found.collect())
}

/// Reads a layer without rows to its end.
async fn drain(reader: &mut Reader) -> Result<()> {
    while let Some(frame) = reader.next().await? {
        if let Frame::Event(event) = frame
            && matches!(*event, Event::LayerEnd { .. })
        {
            return Ok(());
        }
    }
    Err(Error::Unreadable("reading the package ended early".into()))
}

async fn account(
    tx: &mut PgConnection,
    package: &Package,
    waiting: &[Waiting<'_>],
    empty: Vec<Finding>,
    options: &Options,
) -> Result<Account> {
    let checked = waiting.iter().filter_map(|w| Some((w.member.index, w.staged.report().conformance.as_ref()?)));
    let mut account = Account::new(package, &checked.collect::<Vec<_>>(), options.source_layers.is_empty());
    let mut more = empty;
    let mut dossiers: Vec<&String> = waiting.iter().flat_map(|w| &w.dossiers).collect();
    dossiers.sort();
    dossiers.dedup();
    if dossiers.len() > 1 {
        let list = dossiers.iter().take(10).map(|d| format!("`{d}`")).collect::<Vec<_>>().join(", ");
        let message = said(
            format!("hồ sơ có nhiều mã hồ sơ quy hoạch: {list}"),
            format!("the package has several dossier codes: {list}"),
        );
        more.push(Finding::new(Severity::Warning, "dossiers_several", message, folders()));
    }
    let sql = Sql::new("SELECT id FROM dothi.layer WHERE package->>'id' = ").bind(&package.id);
    for row in run::all(tx, sql.push(" ORDER BY id")).await?.iter().filter(|_| options.source_layers.is_empty()) {
        let id: String = sqlx::Row::try_get(row, "id")?;
        if !waiting.iter().any(|w| w.staged.incoming().id == id) {
            let message = said(
                format!("lớp `{id}` của lần nhập trước không có trong hồ sơ này và được giữ nguyên"),
                format!("layer `{id}` of an earlier import is not in this package and stays as it was"),
            );
            more.push(Finding::new(Severity::Warning, "layer_left", message, folders()));
        }
    }
    account.add(more);
    Ok(account)
}

/// What the boundary says of the plan; that of the planned state before that of the current one.
async fn plan(tx: &mut PgConnection, waiting: &[Waiting<'_>]) -> Result<Plan> {
    let boundary = |theme: &str| {
        waiting.iter().find(|w| w.member.class.is_some_and(|c| c.theme == theme && c.name == "RanhGioiQuyHoach_A"))
    };
    match boundary("QuyHoach").or(boundary("HienTrang")) {
        Some(found) => Plan::read(tx, found.staged.incoming()).await,
        None => Ok(Plan::default()),
    }
}

fn refused(account: &Account, waiting: &[Waiting<'_>]) -> Error {
    let layers = waiting.iter().filter_map(|w| w.staged.report().conformance.as_ref()).flat_map(|c| &c.findings);
    let errors = account.findings.iter().chain(layers).filter(|f| f.severity == Severity::Error);
    let told: Vec<String> = errors
        .take(REPEATED)
        .map(|f| {
            let at: Vec<&str> = [&f.class, &f.field].into_iter().flatten().map(String::as_str).collect();
            let Said { en, .. } = &f.message;
            if at.is_empty() { en.clone() } else { format!("{}: {en}", at.join(", ")) }
        })
        .collect();
    Error::Unreadable(format!(
        "the package does not conform to circular {}: {} errors, among them {}; nothing was imported. `--dry-run` reports \
         all of them, and without `--strict` it is imported as it is",
        account.circular,
        account.errors,
        told.join("; ")
    ))
}

/// Keeps the account of the set.
async fn keep(tx: &mut PgConnection, account: &Account, file: &str) -> Result<()> {
    let sql = Sql::new("INSERT INTO dothi.package (id, title, source, report) VALUES (")
        .bind(&account.id)
        .push(", ")
        .bind(&account.title)
        .push(", ")
        .bind(file)
        .push(", ")
        .bind(serde_json::to_value(account)?)
        .push(
            ") ON CONFLICT (id) DO UPDATE SET title = excluded.title, source = excluded.source, report = excluded.report, \
             at = now()",
        );
    run::execute(tx, sql).await.map(|_| ())
}
