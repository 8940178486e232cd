//! How a planning package and its layers stand to Circular 16/2025/TT-BXD, as a person reads it: from the account as it is
//! stored, or as it has just been made.

use serde_json::Value;

use super::print::table;

/// Findings of one kind that are written out.
const LISTED: usize = 60;

/// A package: themes, classes that are there, findings of the set. `layers` are the accounts of its layers.
pub fn package<'a>(account: &Value, layers: impl IntoIterator<Item = &'a Value>) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let mut out = format!("{}  hồ sơ quy hoạch / planning package {}\n", text(&account["title"]), text(&account["id"]));
    let number = text(&account["circular"]);
    out.push_str(&format!("  Thông tư / circular {number}: {}\n\n", verdict(account)));
    let themes: Vec<Vec<String>> = account["themes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|theme| {
            let there = match theme["found"].as_bool() {
                Some(true) => format!("{} / {} lớp (classes)", theme["classes"], theme["listed"]),
                _ => "không có / missing".into(),
            };
            vec![format!("  {}", text(&theme["theme"])), text(&theme["title"]["vi"]), there]
        })
        .collect();
    out.push_str(&table(&["  theme", "title", ""], &[], &themes));
    let found = account["classes"].as_array().into_iter().flatten().filter(|class| class["state"] == "found");
    let classes: Vec<Vec<String>> = found
        .map(|class| {
            vec![
                format!("  {}/{}", text(&class["theme"]), text(&class["class"])),
                class["features"].as_u64().map_or(String::new(), |n| n.to_string()),
                class["errors"].to_string(),
                class["warnings"].to_string(),
                text(&class["title"]["vi"]),
                text(&class["layer"]),
            ]
        })
        .collect();
    if !classes.is_empty() {
        out.push('\n');
        out.push_str(&table(&["  class", "features", "errors", "warnings", "title", "layer"], &[1, 2, 3], &classes));
    }
    let findings: Vec<&Value> = account["findings"].as_array().into_iter().flatten().collect();
    let more: Vec<&Value> = layers.into_iter().flat_map(|c| c["findings"].as_array().into_iter().flatten()).collect();
    out.push_str(&listed(&[findings, more].concat()));
    out
}

/// A layer of a package.
pub fn layer(account: &Value) -> String {
    let class =
        format!("{}/{}", account["theme"].as_str().unwrap_or_default(), account["class"].as_str().unwrap_or_default());
    let findings: Vec<&Value> = account["findings"].as_array().into_iter().flatten().collect();
    let number = account["circular"].as_str().unwrap_or_default();
    format!("  Thông tư / circular {number}, {class}: {}\n{}", verdict(account), listed(&findings))
}

fn verdict(account: &Value) -> String {
    let said = match account["conforms"].as_bool() {
        Some(true) => "đạt / conforms",
        _ => "không đạt / does not conform",
    };
    let (errors, warnings, notes) = (&account["errors"], &account["warnings"], &account["notes"]);
    format!("{said}; lỗi/errors {errors}, cảnh báo/warnings {warnings}, ghi chú/notes {notes}")
}

/// The gravest first.
fn listed(findings: &[&Value]) -> String {
    let mut out = String::new();
    for (severity, name) in [("error", "LỖI / ERROR"), ("warning", "CẢNH BÁO / WARNING"), ("note", "ghi chú / note")]
    {
        let of: Vec<&&Value> = findings.iter().filter(|f| f["severity"] == severity).collect();
        for finding in of.iter().take(LISTED) {
            out.push_str(&one(name, finding));
        }
        if of.len() > LISTED {
            out.push_str(&format!("  … {} {name}: `--json`\n", of.len() - LISTED));
        }
    }
    out
}

fn one(name: &str, finding: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let at: Vec<String> = ["class", "field"].iter().map(|key| text(&finding[*key])).filter(|t| !t.is_empty()).collect();
    let rows = match finding["examples"].as_array() {
        Some(examples) => {
            let shown = examples.iter().map(|e| match e["value"].as_str() {
                Some(value) => format!("{} `{value}`", e["fid"]),
                None => e["fid"].to_string(),
            });
            format!(" ({}×; fid {})", finding["count"], shown.collect::<Vec<_>>().join(", "))
        }
        None => String::new(),
    };
    let (message, clause) = (&finding["message"], &finding["clause"]);
    let head = format!("{name}  {}", at.join("."));
    format!(
        "\n  {}\n    {}{rows}\n    {}\n    [{}]\n",
        head.trim_end(),
        text(&message["vi"]),
        text(&message["en"]),
        text(&clause["vi"])
    )
}
