//! Values → PostgreSQL's COPY BINARY (PostgreSQL manual, COPY, "Binary Format").

use crate::schema::Kind;

pub const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
pub const TRAILER: [u8; 2] = (-1i16).to_be_bytes();
const NULL: [u8; 4] = (-1i32).to_be_bytes();

/// Days and microseconds are counted from 2000-01-01.
const EPOCH: i64 = days_from_civil(2000, 1, 1);
const DAY: i64 = 86_400_000_000;

/// Bytes of a row without values but its id, and of a value that is NULL.
pub const LEAST: u64 = 2 + 4 + 8;
pub const LEAST_VALUE: u64 = NULL.len() as u64;

/// One row, built in a buffer that is used again.
#[derive(Default)]
pub struct Row(Vec<u8>);

impl Row {
    pub fn start(&mut self, columns: usize) {
        self.0.clear();
        self.0.extend((columns as i16).to_be_bytes());
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn null(&mut self) {
        self.0.extend(NULL);
    }

    pub fn value(&mut self, bytes: &[u8]) {
        self.0.extend((bytes.len() as i32).to_be_bytes());
        self.0.extend(bytes);
    }

    /// An integer of the kind's width; false if it does not fit.
    pub fn integer(&mut self, kind: Kind, value: i64) -> bool {
        match kind {
            Kind::Bool => match value {
                0 | 1 => self.value(&[value as u8]),
                _ => return false,
            },
            Kind::Int2 => match i16::try_from(value) {
                Ok(value) => self.value(&value.to_be_bytes()),
                Err(_) => return false,
            },
            Kind::Int4 => match i32::try_from(value) {
                Ok(value) => self.value(&value.to_be_bytes()),
                Err(_) => return false,
            },
            _ => self.value(&value.to_be_bytes()),
        }
        true
    }

    pub fn float(&mut self, kind: Kind, value: f64) {
        match kind {
            Kind::Float4 => self.value(&(value as f32).to_be_bytes()),
            _ => self.value(&value.to_be_bytes()),
        }
    }

    /// An array of one dimension without NULLs; `oid` is the element's type.
    pub fn array<T: AsRef<[u8]>>(&mut self, oid: i32, items: impl ExactSizeIterator<Item = T>) {
        let at = self.0.len();
        self.0.extend([0; 4]);
        let count = items.len() as i32;
        self.0.extend(i32::from(count > 0).to_be_bytes());
        self.0.extend(0i32.to_be_bytes());
        self.0.extend(oid.to_be_bytes());
        if count > 0 {
            self.0.extend(count.to_be_bytes());
            self.0.extend(1i32.to_be_bytes());
        }
        for item in items {
            self.value(item.as_ref());
        }
        let length = (self.0.len() - at - 4) as i32;
        self.0[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// A date and time as GDAL gives it.
#[derive(Debug, Default, Clone, Copy)]
pub struct Moment {
    pub year: i32,
    pub month: i32,
    pub day: i32,
    pub hour: i32,
    pub minute: i32,
    pub second: f32,
    /// 0 unknown, 1 local time, 100 UTC, each quarter of an hour east one more (ogr_core.h).
    pub zone: i32,
}

impl Moment {
    pub fn has_zone(&self) -> bool {
        self.zone > 1
    }

    /// Days since the epoch, for `date`; none for a day that no calendar has.
    pub fn days(&self) -> Option<i32> {
        // The first day of the Julian period, where PostgreSQL's calendar begins.
        let last = days_from_civil(i64::from(self.year), (self.month + 1).into(), 0);
        let valid = (1..=12).contains(&self.month) && self.day >= 1 && self.year >= -4712;
        let days = valid.then(|| days_from_civil(self.year.into(), self.month.into(), self.day.into()))?;
        (days <= last).then_some((days - EPOCH) as i32)
    }

    /// Microseconds since midnight, for `time`. GDAL's seconds are a 32-bit float: sure to the millisecond.
    pub fn micros(&self) -> Option<i64> {
        let valid =
            (0..24).contains(&self.hour) && (0..60).contains(&self.minute) && (0.0..61.0).contains(&self.second);
        let seconds = (f64::from(self.second) * 1e3).round() as i64 * 1000;
        valid.then_some(i64::from(self.hour * 60 + self.minute) * 60_000_000 + seconds)
    }

    /// Microseconds since the epoch, in UTC if the zone is known.
    pub fn timestamp(&self) -> Option<i64> {
        let east = if self.has_zone() { i64::from(self.zone - 100) * 15 * 60_000_000 } else { 0 };
        Some(i64::from(self.days()?) * DAY + self.micros()? - east)
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, as years of 400 (146,097 days) that begin in March.
/// A month of 13 is the next January; a day of 0 the last of the month before.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 12 { (year + 1, month - 12) } else { (year, month) };
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: i32, day: i32) -> Option<i32> {
        Moment { year, month, day, ..Default::default() }.days()
    }

    #[test]
    fn days_count_from_2000() {
        assert_eq!(date(2000, 1, 1), Some(0));
        assert_eq!(date(2024, 2, 29), Some(8825));
        assert_eq!(date(2025, 7, 1), Some(9313));
        assert_eq!(date(1999, 12, 31), Some(-1));
        for (y, m, d) in [(2023, 2, 29), (2024, 13, 1), (2024, 0, 1), (2024, 4, 31), (2024, 1, 0)] {
            assert_eq!(date(y, m, d), None, "{y}-{m}-{d}");
        }
    }

    #[test]
    fn zones_are_taken_off() {
        let hanoi = Moment { year: 2000, month: 1, day: 1, hour: 7, minute: 0, second: 0.25, zone: 128 };
        assert_eq!(hanoi.timestamp(), Some(250_000));
        assert_eq!(Moment { zone: 0, ..hanoi }.timestamp(), Some(7 * 3_600_000_000 + 250_000));
        assert_eq!(Moment { hour: 24, ..hanoi }.timestamp(), None);
    }

    #[test]
    fn rows_are_laid_out_as_the_manual_says() {
        let mut row = Row::default();
        row.start(2);
        assert!(row.integer(Kind::Int4, 7) && !row.integer(Kind::Int2, 40_000));
        row.array(25, ["a", "b"].iter());
        let expected = [
            &[0, 2, 0, 0, 0, 4, 0, 0, 0, 7][..],
            &[0, 0, 0, 30, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1],
            &[0, 0, 0, 1, b'a', 0, 0, 0, 1, b'b'],
        ];
        assert_eq!(row.bytes(), expected.concat());
    }
}
