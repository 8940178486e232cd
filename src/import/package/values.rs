//! The rows of a class held against the circular: values that must be there, codes that follow a pattern, texts that are too
//! long, values outside of a field's domain.

use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::circular::{Attribute, Class, DOSSIER_CODE, INFORMATION_CODE, NUMBER, Rule, Said, said};
use super::finding::{Example, Finding, Severity, asked, gravity};
use crate::db::run;
use crate::error::Result;
use crate::import::publish::Incoming;
use crate::schema::{FID, Field, Kind};
use crate::sql::{Sql, ident};

/// Rows that a finding names.
const EXAMPLES: i64 = 5;
/// Letters of a value that it repeats.
const SHOWN: i64 = 80;

/// Fields whose texts are numbers or ranges of them: building coverage, storeys, floor area ratio.
const INDICATORS: [&str; 3] = ["matDoXayDung", "tangCaoXayDung", "heSoSuDungDat"];

/// Everything that the rows of a layer have to be told of. `pairs` are the fields that the class's attributes are.
pub async fn check(
    tx: &mut PgConnection,
    incoming: &Incoming,
    class: &Class,
    pairs: &[Option<Field>],
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (attribute, field) in class.fields.iter().zip(pairs) {
        let Some(field) = field else { continue };
        for rule in rules(attribute, field) {
            let told = rows(tx, incoming, &field.column, rule).await?;
            findings.extend(told.map(|finding| finding.of(class).field(&field.name)));
        }
    }
    let named = |name: &str| class.fields.iter().position(|a| a.name == name).and_then(|at| pairs.get(at)?.as_ref());
    if let Some((dossier, information)) = named("maHoSoQH").zip(named("maThongTinQH")) {
        let rule = disagreeing(dossier, information);
        let told = rows(tx, incoming, &dossier.column, rule).await?;
        findings.extend(told.map(|finding| finding.of(class).field(&dossier.name)));
    }
    Ok(findings)
}

/// The dossiers that the rows belong to, at most ten.
pub async fn dossiers(tx: &mut PgConnection, incoming: &Incoming, field: &Field) -> Result<Vec<String>> {
    let column = ident(&field.column);
    let sql = Sql::new(format!(
        "SELECT DISTINCT btrim({column}::text) AS v FROM {} WHERE {column}::text ~ ",
        incoming.staging
    ));
    let rows = run::all(tx, sql.bind(DOSSIER_CODE).push(" ORDER BY v LIMIT 10")).await?;
    rows.iter().map(|row| Ok(row.try_get("v")?)).collect()
}

/// A condition that no row should meet, and what to say of those that do.
struct Check {
    condition: Sql,
    severity: Severity,
    code: &'static str,
    message: Said,
    clause: Said,
}

fn rules(attribute: &Attribute, field: &Field) -> Vec<Check> {
    let text = format!("{}::text", ident(&field.column));
    let mut checks = Vec::new();
    let mut put = |condition, severity, code, message, clause| {
        checks.push(Check { condition, severity, code, message, clause });
    };
    if attribute.rule == Rule::Required {
        let message = said("giá trị bắt buộc bị bỏ trống", "a value that must be there is missing");
        let empty = Sql::new(format!("coalesce(btrim({text}), '') = ''"));
        put(empty, Severity::Error, "value_missing", message, asked(attribute));
    }
    let pattern = match attribute.name {
        "maHoSoQH" => Some((DOSSIER_CODE, "mã hồ sơ quy hoạch", "a planning dossier code")),
        "maThongTinQH" => Some((INFORMATION_CODE, "mã thông tin quy hoạch", "a planning information code")),
        _ => None,
    };
    if let Some((pattern, vi, en)) = pattern {
        let message = said(format!("giá trị không đúng cấu trúc {vi}"), format!("the value is not built as {en}"));
        let clause = said(
            format!("Thông tư {NUMBER}, Phụ lục II, quy tắc mã"),
            format!("Circular {NUMBER}, appendix II, structure of codes"),
        );
        let against = Sql::new(format!("btrim({text}) <> '' AND btrim({text}) !~ ")).bind(pattern);
        put(against, Severity::Error, "value_pattern", message, clause);
    }
    if let Some(length) = attribute.length.filter(|_| field.kind == Kind::Text) {
        let message =
            said(format!("giá trị dài hơn {length} ký tự"), format!("the value has more than {length} letters"));
        let long = Sql::new(format!("char_length({text}) > {length}"));
        put(long, Severity::Error, "value_length", message, asked(attribute));
    }
    if attribute.name == "matDoXayDung" {
        let message = said("mật độ xây dựng lớn hơn 100 %", "the building coverage is more than 100 %");
        let numbers = format!(r"regexp_matches(replace({text}, ',', '.'), '[0-9]{{1,12}}(?:\.[0-9]{{1,6}})?', 'g')");
        let over = Sql::new(format!("EXISTS (SELECT FROM {numbers} AS m WHERE m[1]::numeric > 100)"));
        let clause = said("QCVN 01:2021/BXD, mật độ xây dựng (%)", "QCVN 01:2021/BXD, building coverage (%)");
        put(over, Severity::Warning, "value_range", message, clause);
    }
    if INDICATORS.contains(&attribute.name) {
        let message = said(
            "chỉ tiêu không đọc được thành một số hoặc một khoảng (60, ≤60, 3–5); giá trị được giữ nguyên văn",
            "the indicator is neither a number nor a range (60, ≤60, 3–5); it is kept as it is written",
        );
        let unread = Sql::new(format!("btrim({text}) <> '' AND dothi.indicator_range({text}) IS NULL"));
        put(unread, Severity::Note, "value_indicator", message, asked(attribute));
    }
    let coded = matches!(field.kind, Kind::Text | Kind::Int2 | Kind::Int4 | Kind::Int8) && !field.domain.is_empty();
    if coded {
        let codes: Vec<String> = field.domain.iter().map(|c| c.code.clone()).collect();
        let message = said(
            "giá trị không có trong miền giá trị của trường",
            "the value is not in the field's domain of coded values",
        );
        let clause = said(
            "Miền giá trị khai báo trong cơ sở dữ liệu của hồ sơ",
            "Domain that the package's own database declares",
        );
        let outside = Sql::new(format!("{text} <> '' AND NOT {text} = ANY(")).bind(codes).push(")");
        put(outside, gravity(attribute).min(Severity::Warning), "value_domain", message, clause);
    }
    checks
}

/// The dossier's code and the planning information code name the province and the level of the plan, each in its way.
fn disagreeing(dossier: &Field, information: &Field) -> Check {
    let (d, i) =
        (format!("btrim({}::text)", ident(&dossier.column)), format!("btrim({}::text)", ident(&information.column)));
    let condition =
        Sql::new(format!("{d} ~ ")).bind(DOSSIER_CODE).push(&format!(" AND {i} ~ ")).bind(INFORMATION_CODE).push(
            &format!(
                " AND (left({d}, 2) <> left({i}, 2) OR position(substr({i}, 5, 1) IN \
             CASE substr({d}, 3, 3) WHEN 'QHC' THEN '1' WHEN 'QPK' THEN '2' ELSE '34' END) = 0)"
            ),
        );
    let message = said(
        "mã hồ sơ và mã thông tin quy hoạch nêu hai tỉnh hoặc hai cấp độ quy hoạch khác nhau",
        "dossier code and planning information code name different provinces or levels of plan",
    );
    let clause = said(
        format!("Thông tư {NUMBER}, Phụ lục II, quy tắc mã"),
        format!("Circular {NUMBER}, appendix II, structure of codes"),
    );
    Check { condition, severity: Severity::Warning, code: "codes_disagree", message, clause }
}

/// The rows that meet the condition: how many, and the first of them.
async fn rows(tx: &mut PgConnection, incoming: &Incoming, column: &str, check: Check) -> Result<Option<Finding>> {
    let sql = Sql::new(format!(
        "SELECT {FID} AS fid, left({}::text, {SHOWN}) AS value, count(*) OVER () AS n FROM {} WHERE ",
        ident(column),
        incoming.staging
    ));
    let sql = sql.append(&check.condition).push(&format!(" ORDER BY {FID} LIMIT {EXAMPLES}"));
    let rows = run::all(tx, sql).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let count: i64 = first.try_get("n")?;
    let examples = rows.iter().map(|row| Ok(Example { fid: row.try_get("fid")?, value: row.try_get("value")? }));
    let finding = Finding::new(check.severity, check.code, check.message, check.clause);
    Ok(Some(Finding { count: count.unsigned_abs(), examples: examples.collect::<Result<_>>()?, ..finding }))
}
