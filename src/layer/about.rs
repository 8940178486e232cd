//! What an administrator says of a layer for its record (ISO 19115): whose it is, where it comes from, on what it rests.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::catalog::shorten;
use crate::error::{Error, Result};

/// ISO 19115, MD_TopicCategoryCode.
pub const TOPICS: [&str; 19] = [
    "farming",
    "biota",
    "boundaries",
    "climatologyMeteorologyAtmosphere",
    "economy",
    "elevation",
    "environment",
    "geoscientificInformation",
    "health",
    "imageryBaseMapsEarthCover",
    "intelligenceMilitary",
    "inlandWaters",
    "location",
    "oceans",
    "planningCadastre",
    "society",
    "structure",
    "transportation",
    "utilitiesCommunication",
];

/// ISO 19115, MD_MaintenanceFrequencyCode.
pub const FREQUENCIES: [&str; 12] = [
    "continual",
    "daily",
    "weekly",
    "fortnightly",
    "monthly",
    "quarterly",
    "biannually",
    "annually",
    "asNeeded",
    "irregular",
    "notPlanned",
    "unknown",
];

/// Languages of data: what callers say, and the code of ISO 639-2 that ISO 19139 wants.
pub const LANGUAGES: [(&str, &str); 3] = [("vi", "vie"), ("en", "eng"), ("fr", "fre")];

/// Letters that one text may have.
const LONGEST: usize = 10_000;

/// The members of a record that are said, not known. An empty text takes one away.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(rename_all = "camelCase", default)]
#[command(next_help_heading = "Record (ISO 19115)")]
pub struct About {
    /// Agency that answers for the data; an office, never a person
    #[arg(long, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// The same in English
    #[arg(long, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency_en: Option<String>,
    /// E-mail address of the office
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency_email: Option<String>,
    /// Telephone of the office, as `+84…`
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency_phone: Option<String>,
    /// Web page of the agency
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency_url: Option<String>,
    /// How the data came about
    #[arg(long, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lineage: Option<String>,
    /// Topic category of ISO 19115, such as `planningCadastre`
    #[arg(long, value_name = "CODE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Keywords, separated by commas
    #[arg(long, value_name = "TEXT,…")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keywords: Option<String>,
    /// When the data was made: a year, a month or a day (`2026-01-31`)
    #[arg(long, value_name = "DATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// When it was published
    #[arg(long, value_name = "DATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// When it was revised
    #[arg(long, value_name = "DATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revised: Option<String>,
    /// Language of the data: `vi` (default), `en` or `fr`
    #[arg(long, value_name = "CODE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Scale that the data was made for, as `1:2000` or `2000`
    #[arg(long, value_name = "SCALE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// Accuracy of positions, in metres
    #[arg(long, value_name = "METRES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<String>,
    /// Number of the decision that the data rests on, such as `1319/QĐ-TTg`
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Date of that decision
    #[arg(long, value_name = "DATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_date: Option<String>,
    /// First year or day of the plan's period
    #[arg(long, value_name = "DATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_start: Option<String>,
    /// Last year or day of the plan's period
    #[arg(long, value_name = "DATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_end: Option<String>,
    /// How often the data is renewed (ISO 19115), such as `annually`, `asNeeded`
    #[arg(long, value_name = "CODE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency: Option<String>,
    /// Identifier that somebody else gave the data, with its scheme before a colon where it has one
    #[arg(long, value_name = "[SCHEME:]ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
}

impl About {
    /// What is said now, over what was said before; none when nothing is said.
    pub fn with(&self, said: &About) -> Result<Option<About>> {
        let (mut all, said) = (members(self)?, members(said)?);
        if said.is_empty() {
            return Ok(None);
        }
        for (name, value) in said {
            let text = value.as_str().unwrap_or_default().trim().to_string();
            if text.is_empty() {
                all.remove(&name);
            } else {
                all.insert(name, text.into());
            }
        }
        let about: About = serde_json::from_value(Value::Object(all))?;
        about.checked().map(Some)
    }

    /// The scale's denominator.
    pub fn denominator(&self) -> Option<u32> {
        let text = self.scale.as_deref()?;
        let digits: String = text.trim_start_matches("1:").chars().filter(|c| !".,  ".contains(*c)).collect();
        digits.parse().ok().filter(|n| *n > 0)
    }

    pub fn metres(&self) -> Option<f64> {
        self.accuracy.as_deref()?.parse().ok().filter(|m: &f64| m.is_finite() && *m >= 0.0)
    }

    pub fn keyword_list(&self) -> Vec<&str> {
        self.keywords.iter().flat_map(|k| k.split(',')).map(str::trim).filter(|k| !k.is_empty()).collect()
    }

    /// The language of the data, as two letters.
    pub fn spoken(&self) -> &str {
        self.language.as_deref().unwrap_or("vi")
    }

    /// First and last day of the plan's period, as far as they are said.
    pub fn period(&self) -> Option<(Option<String>, Option<String>)> {
        let whole = |text: &Option<String>, rest: [&str; 2]| {
            text.as_ref().map(|t| match t.len() {
                4 => format!("{t}{}", rest[0]),
                7 => format!("{t}{}", rest[1]),
                _ => t.clone(),
            })
        };
        let first = whole(&self.period_start, ["-01-01", "-01"]);
        let last_of_month = self.period_end.as_deref().map_or("", |t| last_day(t));
        let last = whole(&self.period_end, ["-12-31", last_of_month]);
        (first.is_some() || last.is_some()).then_some((first, last))
    }

    fn checked(self) -> Result<About> {
        let long = members(&self)?.into_iter().find(|(_, v)| v.as_str().is_some_and(|t| t.chars().count() > LONGEST));
        if let Some((name, _)) = long {
            return Err(Error::invalid(name, format!("the text has more than {LONGEST} letters; write a shorter one")));
        }
        one_of("topic", &self.topic, &TOPICS)?;
        one_of("frequency", &self.frequency, &FREQUENCIES)?;
        one_of("language", &self.language, &LANGUAGES.map(|(code, _)| code))?;
        for (name, text) in [
            ("created", &self.created),
            ("published", &self.published),
            ("revised", &self.revised),
            ("decision-date", &self.decision_date),
            ("period-start", &self.period_start),
            ("period-end", &self.period_end),
        ] {
            if let Some(text) = text.as_ref().filter(|t| !is_date(t)) {
                let say = "write a year, a month or a day, such as `2026-01-31`";
                return Err(Error::invalid(name, format!("`{}` is not a date; {say}", shorten(text))));
            }
        }
        if let Some((Some(first), Some(last))) = self.period().filter(|(f, l)| f > l && l.is_some()) {
            return Err(Error::invalid("period-end", format!("the period ends on `{last}`, before `{first}`")));
        }
        let wrong = |name: &str, text: &Option<String>, good: bool, say: &str| match text {
            Some(text) if !good => Err(Error::invalid(name, format!("`{}` {say}", shorten(text)))),
            _ => Ok(()),
        };
        wrong("scale", &self.scale, self.denominator().is_some(), "is not a scale; write `1:2000`")?;
        wrong("accuracy", &self.accuracy, self.metres().is_some(), "is not a number of metres; write `0.5`")?;
        let email = self.agency_email.as_deref().is_some_and(|e| {
            e.split_once('@').is_some_and(|(a, b)| !a.is_empty() && b.contains('.')) && !e.contains(char::is_whitespace)
        });
        wrong("agency-email", &self.agency_email, email, "is not an e-mail address")?;
        let phone = self.agency_phone.as_deref().and_then(|p| p.strip_prefix('+')).is_some_and(|p| {
            (4..=15).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()) && !p.starts_with('0')
        });
        wrong("agency-phone", &self.agency_phone, phone, "is not a telephone number; write `+84259…`, digits only")?;
        let url = self.agency_url.as_deref().is_some_and(|u| {
            (u.starts_with("https://") || u.starts_with("http://"))
                && !u.contains(|c: char| c.is_whitespace() || "<>\"".contains(c))
        });
        wrong("agency-url", &self.agency_url, url, "is not an address; begin with `https://`")?;
        Ok(self)
    }
}

fn members(about: &About) -> Result<Map<String, Value>> {
    match serde_json::to_value(about)? {
        Value::Object(map) => Ok(map),
        _ => Ok(Map::new()),
    }
}

fn one_of(name: &str, text: &Option<String>, all: &[&str]) -> Result<()> {
    match text {
        Some(text) if !all.contains(&text.as_str()) => {
            let there: Vec<String> = all.iter().map(|c| format!("`{c}`")).collect();
            let there = there.join(", ");
            Err(Error::invalid(name, format!("`{}` is not a code; there are {there}", shorten(text))))
        }
        _ => Ok(()),
    }
}

/// A date of ISO 8601 to the year, the month or the day.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
    let month = |s: &str| digits(s, 2) && (1..=12).contains(&s.parse().unwrap_or(0));
    match parts[..] {
        [y] => digits(y, 4),
        [y, m] => digits(y, 4) && month(m),
        [y, m, d] => {
            let last = last_day(text.get(..7).unwrap_or_default()).trim_start_matches('-').parse().unwrap_or(0);
            digits(y, 4) && month(m) && digits(d, 2) && (1..=last).contains(&d.parse().unwrap_or(0))
        }
        _ => false,
    }
}

/// The last day of a month `YYYY-MM`, as it ends a date.
fn last_day(month: &str) -> &'static str {
    let number = |part: Option<&str>| part.and_then(|p| p.parse::<u32>().ok()).unwrap_or(0);
    let year = number(month.get(..4));
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match number(month.get(5..7)) {
        2 if leap => "-29",
        2 => "-28",
        4 | 6 | 9 | 11 => "-30",
        _ => "-31",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(pairs: &[(&str, &str)]) -> About {
        let map: Map<String, Value> = pairs.iter().map(|(k, v)| (k.to_string(), Value::from(*v))).collect();
        serde_json::from_value(Value::Object(map)).unwrap()
    }

    #[test]
    fn what_is_said_stays_until_it_is_taken_away() {
        let first = About::default().with(&about(&[("agency", " Sở Xây dựng "), ("topic", "planningCadastre")]));
        let first = first.unwrap().unwrap();
        assert_eq!(first.agency.as_deref(), Some("Sở Xây dựng"));
        let next = first.with(&about(&[("agency", ""), ("lineage", "Số hóa")])).unwrap().unwrap();
        assert_eq!(next, about(&[("topic", "planningCadastre"), ("lineage", "Số hóa")]));
        assert_eq!(next.with(&About::default()).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (name, value) in [
            ("topic", "planning"),
            ("frequency", "sometimes"),
            ("language", "xx"),
            ("created", "2026-02-29"),
            ("published", "31/01/2026"),
            ("periodEnd", "2026-13"),
            ("scale", "one"),
            ("accuracy", "NaN"),
            ("agencyEmail", "nobody"),
            ("agencyPhone", "0259 123"),
            ("agencyUrl", "javascript:alert(1)"),
            ("lineage", &"a".repeat(10_001)),
        ] {
            assert!(About::default().with(&about(&[(name, value)])).is_err(), "{name}");
        }
        let backwards = about(&[("periodStart", "2030"), ("periodEnd", "2021")]);
        assert!(About::default().with(&backwards).is_err());
    }

    #[test]
    fn a_period_of_years_lasts_from_its_first_day_to_its_last() {
        let period = |a, b| about(&[("periodStart", a), ("periodEnd", b)]).period().unwrap();
        assert_eq!(period("2021", "2030"), (Some("2021-01-01".into()), Some("2030-12-31".into())));
        assert_eq!(period("2024-02", "2024-02").1, Some("2024-02-29".into()));
        assert_eq!(about(&[("scale", "1:2.000")]).denominator(), Some(2000));
    }
}
