//! Calendar dates and UTC times as ISO/IEC 18013-5 documents write them.
//!
//! This module has only the forms that a proof can be about: `YYYY-MM-DD` (RFC 8943 full-date) and
//! `YYYY-MM-DDTHH:MM:SSZ` (ISO/IEC 18013-5, 9.1.2.4). Documents may also have a fraction of a
//! second, which is left out, and the offset `+00:00` ([`Timestamp::from_tdate`]). Years are 0000
//! to 9999 in the proleptic Gregorian calendar.

use std::fmt;
use std::str::FromStr;

/// An error for text that is not a date in an accepted form, or not a day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{why}; write {expected}")]
pub struct InvalidDate {
    why: &'static str,
    expected: &'static str,
}

impl InvalidDate {
    const fn of(expected: &'static str) -> Self {
        Self { why: "not a calendar date", expected }
    }
}

const SECONDS_A_DAY: i64 = 86_400;

/// A day of the Gregorian calendar, ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Number of bytes of `YYYY-MM-DD`.
    pub const TEXT_BYTES: usize = 10;

    /// The date, if it exists in the calendar.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let exists =
            year <= 9999 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
        exists.then_some(Self { year, month, day })
    }

    /// The part that keeps a text of the form `YYYY-MM-DD` from being a day of the calendar. `None`
    /// for other texts and for days of the calendar. The message reveals nothing else about the
    /// date.
    pub(crate) fn fault(text: &str) -> Option<&'static str> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
        let (year, month, day) =
            (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
        match (month, day) {
            (0, 0) => Some("its month and day are 00, which means unknown"),
            (0, _) => Some("its month is 00, which means unknown"),
            (13.., _) => Some("its month is above 12"),
            (_, 0) => Some("its day is 00, which means unknown"),
            _ => Self::new(year, month as u8, day as u8)
                .is_none()
                .then_some("its month does not have that day"),
        }
    }

    /// The decimal number YYYYMMDD, which has the same order as the dates.
    #[must_use]
    pub fn decimal(self) -> u32 {
        u32::from(self.year) * 10_000 + u32::from(self.month) * 100 + u32::from(self.day)
    }

    /// Days since 1970-01-01. Years are counted from 1 March, so that a leap day ends its year.
    fn days_since_epoch(self) -> i64 {
        const DAYS_TO_EPOCH: i64 = 719_468;
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        let (march_year, march_month) =
            if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let day_of_year = (153 * march_month + 2) / 5 + i64::from(self.day) - 1;
        let leap_days =
            march_year.div_euclid(4) - march_year.div_euclid(100) + march_year.div_euclid(400);
        march_year * 365 + leap_days + day_of_year - DAYS_TO_EPOCH
    }

    fn from_days_since_epoch(days: i64) -> Option<Self> {
        // 400 years have 146,097 days, so the estimate is wrong by one year at most.
        let estimate = 1970 + days.checked_mul(400)?.div_euclid(146_097);
        let first = |year| Self { year, month: 1, day: 1 }.days_since_epoch();
        let year = [estimate + 1, estimate, estimate - 1]
            .into_iter()
            .filter_map(|year| u16::try_from(year).ok())
            .find(|year| first(*year) <= days)?;
        let mut rest = days - first(year);
        for month in 1..=12 {
            let length = i64::from(days_in(year, month));
            if rest < length {
                return Self::new(year, month, u8::try_from(rest + 1).ok()?);
            }
            rest -= length;
        }
        None
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        const FORM: InvalidDate = InvalidDate::of("YYYY-MM-DD");
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return Err(FORM);
        };
        let number = |digits: &[u8]| number(digits).ok_or(FORM);
        let (year, month, day) =
            (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
        Self::new(year, month as u8, day as u8).ok_or(FORM)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A UTC time in whole seconds, ordered by time. Leap seconds do not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    date: Date,
    second: u32,
}

impl Timestamp {
    /// Number of bytes of `YYYY-MM-DDTHH:MM:SSZ`.
    pub const TEXT_BYTES: usize = 20;

    /// The largest number of digits of a fraction of a second in a document.
    pub const FRACTION_DIGITS: usize = 9;

    /// The whole seconds of a date and time as documents write it (RFC 3339, in UTC):
    /// `YYYY-MM-DDTHH:MM:SS`, then nothing or a point and 1 to 9 digits, then `Z` or `+00:00`.
    ///
    /// # Errors
    /// [`InvalidDate`], which says what is wrong.
    pub fn from_tdate(text: &str) -> Result<Self, InvalidDate> {
        let because = |why| InvalidDate {
            why,
            expected: "YYYY-MM-DDTHH:MM:SS, optionally a point and 1 to 9 digits, then Z or +00:00",
        };
        const WHOLE_SECONDS: usize = Timestamp::TEXT_BYTES - 1;
        if text.contains(['t', 'z']) {
            return Err(because("a date and time in lower case"));
        }
        let no_date = because("not a calendar date and time");
        let (seconds, rest) = text.split_at_checked(WHOLE_SECONDS).ok_or(no_date)?;
        let time = format!("{seconds}Z").parse().map_err(|_| no_date)?;
        let end = match rest.strip_prefix('.') {
            None => rest,
            Some(fraction) => {
                let end = fraction.trim_start_matches(|character: char| character.is_ascii_digit());
                if !(1..=Self::FRACTION_DIGITS).contains(&(fraction.len() - end.len())) {
                    return Err(because(
                        "a date and time whose fraction of a second has no digits or too many",
                    ));
                }
                end
            }
        };
        match end {
            "Z" | "+00:00" => Ok(time),
            "" => Err(because("a date and time without an offset from UTC")),
            _ if end.starts_with(['+', '-']) => Err(because("a date and time that is not in UTC")),
            _ => Err(no_date),
        }
    }

    /// The time `seconds` after 1970-01-01T00:00:00Z, if its year is 0000 to 9999.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Option<Self> {
        let date = Date::from_days_since_epoch(seconds.div_euclid(SECONDS_A_DAY))?;
        let second = u32::try_from(seconds.rem_euclid(SECONDS_A_DAY)).ok()?;
        Some(Self { date, second })
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.date.days_since_epoch() * SECONDS_A_DAY + i64::from(self.second)
    }

    /// The decimal number YYYYMMDDhhmmss, which has the same order as the times.
    #[must_use]
    pub fn decimal(self) -> u64 {
        let (hour, minute, second) = self.time();
        u64::from(self.date.decimal()) * 1_000_000
            + u64::from(hour * 10_000 + minute * 100 + second)
    }

    /// Hour, minute and second.
    fn time(self) -> (u32, u32, u32) {
        (self.second / 3_600, self.second / 60 % 60, self.second % 60)
    }

    /// The UTC date.
    #[must_use]
    pub fn date(self) -> Date {
        self.date
    }
}

impl FromStr for Timestamp {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        const FORM: InvalidDate = InvalidDate::of("YYYY-MM-DDTHH:MM:SSZ");
        let (date, time) = text.split_at_checked(Date::TEXT_BYTES).ok_or(FORM)?;
        let date = date.parse().map_err(|_| FORM)?;
        let &[b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] = time.as_bytes() else {
            return Err(FORM);
        };
        let below =
            |digits: &[u8], limit| number(digits).filter(|n| *n < limit).map(u32::from).ok_or(FORM);
        let (hour, minute, second) =
            (below(&[h1, h2], 24)?, below(&[m1, m2], 60)?, below(&[s1, s2], 60)?);
        Ok(Self { date, second: hour * 3_600 + minute * 60 + second })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.time();
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}Z", self.date)
    }
}

/// Reads up to four ASCII digits as a number.
fn number(digits: &[u8]) -> Option<u16> {
    digits
        .iter()
        .try_fold(0, |n, digit| digit.is_ascii_digit().then(|| n * 10 + u16::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn every_day_of_ten_thousand_years_round_trips() {
        let mut days = date("0000-01-01").days_since_epoch();
        let mut previous = None;
        for year in 0..=9999 {
            for month in 1..=12 {
                for day in 1..=days_in(year, month) {
                    let date = Date::new(year, month, day).unwrap();
                    assert_eq!(date.days_since_epoch(), days);
                    assert_eq!(Date::from_days_since_epoch(days), Some(date));
                    assert!(previous < Some(date));
                    previous = Some(date);
                    days += 1;
                }
            }
        }
        assert_eq!(Date::from_days_since_epoch(days), None);
        assert_eq!(date("1970-01-01").days_since_epoch(), 0);
    }

    #[test]
    fn known_times() {
        for (text, unix) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29T12:34:56Z", 951_827_696),
            ("2024-10-15T13:50:00Z", 1_729_000_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("0000-01-01T00:00:00Z", -62_167_219_200),
        ] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(time.unix(), unix, "{text}");
            assert_eq!(time.to_string(), text);
            assert_eq!(Timestamp::from_unix(unix), Some(time));
        }
        assert_eq!(Timestamp::from_unix(253_402_300_800), None);
        assert_eq!(Timestamp::from_unix(-62_167_219_201), None);
        assert_eq!(Timestamp::from_unix(i64::MAX), None);
        assert_eq!(Timestamp::from_unix(i64::MIN), None);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "2024-1-01",
            "2024-13-01",
            "2024-00-10",
            "2024-04-31",
            "2023-02-29",
            "1900-02-29",
            "2024-01-00",
            "2024/01/01",
            "+024-01-01",
            "2024-01-01 ",
            "２024-01-01",
            "20240101",
            "2024-01-0a",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        for text in [
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.0Z",
            "2024-01-01T00:00:00+00:00",
            "2024-01-01t00:00:00Z",
            "2024-01-01T00:00:00z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:60Z",
            "2023-02-29T00:00:00Z",
            "2024-01-01 00:00:00Z",
            "2024-01-0\u{e9}T00:00:00Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
        assert!("2000-02-29".parse::<Date>().is_ok());
    }

    #[test]
    fn documents_write_fractions_and_offsets() {
        let whole = "2024-01-01T12:30:59Z".parse().unwrap();
        for end in ["Z", "+00:00", ".0Z", ".000Z", ".5+00:00", ".999999999Z", ".123456789+00:00"] {
            assert_eq!(
                Timestamp::from_tdate(&format!("2024-01-01T12:30:59{end}")),
                Ok(whole),
                "{end}"
            );
        }
        for (text, why) in [
            ("2024-01-01T12:30:59", "without an offset"),
            ("2024-01-01T12:30:59.5", "without an offset"),
            ("2024-01-01T12:30:59.Z", "no digits or too many"),
            ("2024-01-01T12:30:59.+00:00", "no digits or too many"),
            ("2024-01-01T12:30:59.1234567890Z", "no digits or too many"),
            ("2024-01-01T12:30:59+01:00", "not in UTC"),
            ("2024-01-01T12:30:59-00:00", "not in UTC"),
            ("2024-01-01T12:30:59.5-08:00", "not in UTC"),
            ("2024-01-01t12:30:59Z", "lower case"),
            ("2024-01-01T12:30:59z", "lower case"),
            ("2024-01-01T12:30:59,5Z", "not a calendar date"),
            ("2024-01-01T12:30:59Z ", "not a calendar date"),
            ("2024-01-01T12:30:59.5ZZ", "not a calendar date"),
            ("2024-01-01T12:30:60Z", "not a calendar date"),
            ("2024-02-30T12:30:59Z", "not a calendar date"),
            ("2024-01-01", "not a calendar date"),
            ("2024-01-01T12:30:5\u{ff19}Z", "not a calendar date"),
            ("", "not a calendar date"),
        ] {
            let error = Timestamp::from_tdate(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn decimals_order_as_time_does() {
        let time: Timestamp = "2024-10-15T13:05:09Z".parse().unwrap();
        assert_eq!((time.date().decimal(), time.decimal()), (20_241_015, 20_241_015_130_509));
        let last: Timestamp = "9999-12-31T23:59:59Z".parse().unwrap();
        assert_eq!(last.decimal(), 99_991_231_235_959);
    }
}
