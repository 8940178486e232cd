//! Moments: dates, times of day and timestamps, as filters write them and as PostgreSQL prints them.

use std::time::{SystemTime, UNIX_EPOCH};

/// A moment on the Gregorian calendar in UTC: days since 1970-01-01 and microseconds of the day. What has no zone counts
/// as UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    day: i64,
    micro: i64,
}

const DAY: i64 = 86_400_000_000;

impl Instant {
    /// Before every other moment: PostgreSQL's `-infinity`.
    pub const FIRST: Instant = Instant { day: i64::MIN, micro: 0 };
    /// After every other moment: PostgreSQL's `infinity`.
    pub const LAST: Instant = Instant { day: i64::MAX, micro: 0 };

    /// The present one, to the second.
    pub fn now() -> Instant {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
        Instant { day: seconds / 86_400, micro: seconds % 86_400 * 1_000_000 }
    }

    /// `2026-01-31`.
    pub fn date(text: &str) -> Option<Instant> {
        let day = day(text).filter(|_| text.len() == 10)?;
        Some(Instant { day, micro: 0 })
    }

    /// `2026-01-31T12:00:00Z`, with a fraction of a second and another offset where they are given; without a zone it is
    /// UTC.
    pub fn timestamp(text: &str) -> Option<Instant> {
        let date = day(text)?;
        let rest = text.get(10..)?.strip_prefix(['T', 't', ' '])?;
        let (clock, offset) = match rest.find(['Z', 'z', '+', '-']) {
            Some(at) => (&rest[..at], offset(&rest[at..])?),
            None => (rest, 0),
        };
        let micro = micros(clock)? - offset * 1_000_000;
        Some(Instant { day: date + micro.div_euclid(DAY), micro: micro.rem_euclid(DAY) })
    }

    /// A date or timestamp as PostgreSQL prints it with `datestyle` ISO: years of any length, `BC`, `infinity`.
    pub fn printed(text: &str) -> Option<Instant> {
        let (text, before) = match text.strip_suffix(" BC") {
            Some(text) => (text, true),
            None => (text, false),
        };
        match text {
            "infinity" => return Some(Instant::LAST),
            "-infinity" => return Some(Instant::FIRST),
            _ => {}
        }
        let (date, clock) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
        let mut parts = date.split('-');
        let (y, m, d) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
        let date = days(if before { 1 - y } else { y }, m, d);
        let (clock, offset) = match clock.find(['Z', '+', '-']) {
            Some(at) => (&clock[..at], offset(&clock[at..])?),
            None => (clock, 0),
        };
        let micro = micros(clock)? - offset * 1_000_000;
        Some(Instant { day: date.checked_add(micro.div_euclid(DAY))?, micro: micro.rem_euclid(DAY) })
    }

    /// As PostgreSQL reads a date.
    pub fn sql_date(self) -> String {
        self.infinite().unwrap_or_else(|| {
            let (y, m, d) = self.civil();
            if y > 0 { format!("{y:04}-{m:02}-{d:02}") } else { format!("{:04}-{m:02}-{d:02} BC", 1 - y) }
        })
    }

    /// As PostgreSQL reads a timestamp; `zone` is `+00` or nothing.
    pub fn sql_timestamp(self, zone: &str) -> String {
        self.infinite().unwrap_or_else(|| {
            let (y, m, d) = self.civil();
            let (y, era) = if y > 0 { (y, "") } else { (1 - y, " BC") };
            format!("{y:04}-{m:02}-{d:02} {}{zone}{era}", clock(self.micro))
        })
    }

    fn infinite(self) -> Option<String> {
        match self {
            Instant::FIRST => Some("-infinity".into()),
            Instant::LAST => Some("infinity".into()),
            _ => None,
        }
    }

    /// The first moment of its day.
    pub fn start_of_day(self) -> Instant {
        if self.infinite().is_some() { self } else { Instant { micro: 0, ..self } }
    }

    /// The last microsecond of its day.
    pub fn end_of_day(self) -> Instant {
        if self.infinite().is_some() { self } else { Instant { micro: DAY - 1, ..self } }
    }

    /// Year, month, day; year 0 is 1 BC. After Hinnant, "chrono-compatible low-level date algorithms".
    pub fn civil(self) -> (i64, i64, i64) {
        let z = self.day.clamp(-4_000_000_000, 4_000_000_000) + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
    }

    /// Whether it is a moment at all, and not before or after every other.
    pub fn is_finite(self) -> bool {
        self.infinite().is_none()
    }
}

/// A time of day in microseconds: `08:30`, `08:30:00.5`.
pub fn time(text: &str) -> Option<i64> {
    let text = if text.len() == 5 { format!("{text}:00") } else { text.to_string() };
    micros(&text).filter(|m| *m <= DAY)
}

/// Microseconds of the day as `hh:mm:ss`, with a fraction where there is one.
pub fn clock(micro: i64) -> String {
    let (s, fraction) = (micro / 1_000_000, micro % 1_000_000);
    let time = format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
    if fraction == 0 { time } else { format!("{time}.{fraction:06}") }
}

/// The day of a text that begins with `2026-01-31`.
fn day(text: &str) -> Option<i64> {
    let date = text.get(..10)?;
    let b = date.as_bytes();
    if b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    let (y, m, d) = (number(&date[..4])?, number(&date[5..7])?, number(&date[8..])?);
    let leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let length = match m {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (y >= 1 && (1..=12).contains(&m) && (1..=length).contains(&d)).then(|| days(y, m, d))
}

/// Days since 1970-01-01, after Hinnant.
fn days(y: i64, m: i64, d: i64) -> i64 {
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + d - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// Microseconds of `hh:mm:ss` with or without a fraction. Second 60 and hour 24 are the next minute and day, as in
/// PostgreSQL.
fn micros(text: &str) -> Option<i64> {
    let b = text.as_bytes();
    if b.len() < 8 || b[2] != b':' || b[5] != b':' {
        return None;
    }
    let part = |range| number(text.get::<std::ops::Range<usize>>(range)?);
    let (h, m, s) = (part(0..2)?, part(3..5)?, part(6..8)?);
    let fraction = match text.get(8..)? {
        "" => 0,
        rest => {
            let digits = rest.strip_prefix('.').filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))?;
            let six: String = digits.chars().chain("000000".chars()).take(6).collect();
            number(&six)?
        }
    };
    let midnight = h == 24 && m == 0 && s == 0 && fraction == 0;
    (h < 24 && m < 60 && s <= 60 || midnight).then(|| ((h * 60 + m) * 60 + s) * 1_000_000 + fraction)
}

/// Seconds of `Z`, `+07`, `+07:00` or `-00:30:15`.
fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut parts = text.get(1..)?.split(':');
    let h = number(parts.next().filter(|h| h.len() == 2)?)?;
    let m = parts.next().map_or(Some(0), number)?;
    let s = parts.next().map_or(Some(0), number)?;
    (parts.next().is_none() && h < 24 && m < 60 && s < 60).then_some(sign * (h * 3600 + m * 60 + s))
}

/// Digits only; at most ten, so that nothing overflows.
fn number(text: &str) -> Option<i64> {
    let good = !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_same_however_it_is_written() {
        let noon = Instant::timestamp("2026-11-24T08:00:00+07:00").unwrap();
        assert_eq!(noon, Instant::timestamp("2026-11-24T01:00:00.000Z").unwrap());
        assert_eq!(noon, Instant::printed("2026-11-24 01:00:00+00").unwrap());
        assert_eq!(noon.sql_timestamp("+00"), "2026-11-24 01:00:00+00");
        assert_eq!(Instant::date("2024-02-29").unwrap().sql_date(), "2024-02-29");
        assert_eq!(Instant::timestamp("2016-12-31T23:59:60Z"), Instant::timestamp("2017-01-01T00:00:00Z"));
        assert_eq!(Instant::date("2026-01-31").unwrap().end_of_day().sql_timestamp(""), "2026-01-31 23:59:59.999999");
    }

    #[test]
    fn moments_keep_their_order_over_eras_and_ends() {
        let order = ["-infinity", "0044-03-15 BC", "0001-01-01", "1969-07-20 20:17:40", "10000-01-01", "infinity"];
        let all: Vec<Instant> = order.iter().map(|t| Instant::printed(t).unwrap()).collect();
        assert!(all.is_sorted() && all.windows(2).all(|w| w[0] != w[1]));
        assert_eq!(all[1].sql_date(), "0044-03-15 BC");
        assert_eq!(
            Instant::timestamp("0001-01-01T00:00:00+07:00").unwrap().sql_timestamp(""),
            "0001-12-31 17:00:00 BC"
        );
    }

    #[test]
    fn what_no_calendar_has_is_no_moment() {
        for bad in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "0000-01-01",
            "2026-1-1",
            "26-01-01",
            "2026-01-01x",
            "đây là chữ",
        ] {
            assert_eq!(Instant::date(bad), None, "{bad}");
        }
        for bad in [
            "2026-01-01",
            "2026-01-01T24:01:00Z",
            "2026-01-01T12:00Z",
            "2026-01-01T12:00:00+7",
            "2026-01-01T12:00:00.Z",
        ] {
            assert_eq!(Instant::timestamp(bad), None, "{bad}");
        }
        assert_eq!(
            (time("08:30"), time("08:30:00.5"), time("8:30")),
            (Some(30_600_000_000), Some(30_600_500_000), None)
        );
    }
}
