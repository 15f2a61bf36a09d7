//! Reads dates and times of RFC 3339.

/// The content of a date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The whole seconds in UTC as `YYYYMMDDhhmmss`.
    pub(super) decimal: u64,
    /// Whether it is written as in ISO 18013-5 documents that can be proven: capital letters, at
    /// most nine digits of a fraction, and no offset other than zero.
    pub(super) is_plain: bool,
    /// Whether it exists in the calendar.
    pub(super) exists: bool,
}

impl Moment {
    /// Reads a date and time in any form of RFC 3339, 5.6.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (seconds, rest) = (text.get(..19)?, text.get(19..)?);
        let form = "dddd-dd-ddTdd:dd:dd";
        let fits = |(byte, form): (u8, u8)| match form {
            b'd' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b't' | b' '),
            _ => byte == form,
        };
        if !seconds.bytes().zip(form.bytes()).all(fits) {
            return None;
        }
        let end = match rest.strip_prefix('.') {
            Some(fraction) => fraction.trim_start_matches(|digit: char| digit.is_ascii_digit()),
            None => rest,
        };
        let digits = rest.len() - end.len();
        if digits == 1 {
            return None;
        }
        let offset = match end {
            "Z" | "z" => 0,
            _ => offset_minutes(end)?,
        };
        let is_plain =
            seconds.as_bytes()[10] == b'T' && digits <= 10 && matches!(end, "Z" | "+00:00");
        let fields =
            [0..4, 5..7, 8..10, 11..13, 14..16, 17..19].map(|field| seconds[field].parse::<i64>());
        let [Ok(year), Ok(month), Ok(day), Ok(hour), Ok(minute), Ok(second)] = fields else {
            return None;
        };
        let exists = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
        let exists = exists && hour < 24 && minute < 60 && second < 60;
        let of = |year, month, day, hour, minute| {
            let number = [month, day, hour, minute, second];
            number.into_iter().fold(year, |number: i64, field: i64| number * 100 + field) as u64
        };
        if offset == 0 {
            return Some(Self { decimal: of(year, month, day, hour, minute), is_plain, exists });
        }
        if !exists {
            return None;
        }
        let minutes = hour * 60 + minute - offset;
        let (mut year, mut month, mut day) = (year, month, day + minutes.div_euclid(24 * 60));
        if day == 0 {
            (year, month) = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
            day = days_of(year, month);
        } else if day > days_of(year, month) {
            (year, month, day) = if month == 12 { (year + 1, 1, 1) } else { (year, month + 1, 1) };
        }
        let minutes = minutes.rem_euclid(24 * 60);
        let decimal = of(year, month, day, minutes / 60, minutes % 60);
        (0..=9999).contains(&year).then_some(Self { decimal, is_plain, exists })
    }
}

/// The minutes by which a place with an offset such as `+01:00` is ahead.
fn offset_minutes(offset: &str) -> Option<i64> {
    let &[sign, h1, h2, b':', m1, m2] = offset.as_bytes() else { return None };
    let digits = [h1, h2, m1, m2].map(|byte| byte.is_ascii_digit().then(|| i64::from(byte - b'0')));
    let [h1, h2, m1, m2] = [digits[0]?, digits[1]?, digits[2]?, digits[3]?];
    let (hours, minutes) = (10 * h1 + h2, 10 * m1 + m2);
    match (sign, hours < 24 && minutes < 60) {
        (b'+', true) => Some(60 * hours + minutes),
        (b'-', true) => Some(-60 * hours - minutes),
        _ => None,
    }
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_standard_writes() {
        for (text, decimal, is_plain) in [
            ("2024-02-29T23:59:59Z", 20_240_229_235_959, true),
            ("2024-02-29T23:59:59.999999999+00:00", 20_240_229_235_959, true),
            ("2024-02-29T23:59:59.9999999999Z", 20_240_229_235_959, false),
            // RFC 3339, 5.8.
            ("1996-12-19T16:39:57-08:00", 19_961_220_003_957, false),
            ("1985-04-12t23:20:50.52z", 19_850_412_232_050, false),
            ("2024-03-01T00:30:00+01:00", 20_240_229_233_000, false),
            ("2024-01-01T00:00:00+00:01", 20_231_231_235_900, false),
            ("2023-12-31T23:59:59-00:01", 20_240_101_000_059, false),
            ("2024-01-01T00:00:00-00:00", 20_240_101_000_000, false),
        ] {
            assert_eq!(
                Moment::read(text),
                Some(Moment { decimal, is_plain, exists: true }),
                "{text}"
            );
        }
        assert!(!Moment::read("2023-02-29T00:00:00Z").unwrap().exists);
        assert!(!Moment::read("2023-01-01T24:00:00Z").unwrap().exists);
        for bad in [
            "",
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00ZZ",
        ] {
            assert_eq!(Moment::read(bad), None, "{bad}");
        }
    }
}
