//! What a verifier wants to know about one element, and whether it holds.

use std::fmt;

use crate::cbor::{Major, write_head, write_text};
use crate::date::{Date, Timestamp};
use crate::error::{Code, Error};
use crate::value::Value;

/// One question about one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predicate {
    /// The namespace of the element.
    pub namespace: String,
    /// The element identifier.
    pub element: String,
    /// What must hold for its value.
    pub condition: Condition,
}

/// What must hold for a value.
///
/// The proof of a date condition shows that the month is 1 to 12 and the day 1 to 31, and it
/// compares the digits. It does not show that the month has that day; only an honest prover checks
/// this. A dishonest holder of a signed `2006-02-30` can present it as a day between 28 February
/// and 1 March.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// A person born on this date has reached this age in years on the UTC date of the request's
    /// `now`.
    AgeAtLeast(u8),
    /// The value equals this one, including its type.
    Equals(Literal),
    /// The date lies strictly before this one.
    DateBefore(Date),
    /// The date lies strictly after this one.
    DateAfter(Date),
    /// The value is disclosed.
    Disclose,
}

/// A value that a request compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Literal {
    /// CBOR text.
    Text(String),
    /// A CBOR boolean.
    Bool(bool),
    /// A CBOR integer.
    Integer(i64),
    /// A full-date, CBOR tag 1004. A tdate or a text of the same day does not equal it.
    FullDate(Date),
}

impl Literal {
    /// The type of the literal in words, as [`Value::kind`] gives the type of a value.
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::FullDate(_) => "a full-date (CBOR tag 1004)",
        }
    }

    fn equals(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(wanted), Value::Text(found)) => wanted == found,
            (Self::Bool(wanted), Value::Bool(found)) => wanted == found,
            (Self::Integer(wanted), Value::Integer(found)) => i128::from(*wanted) == *found,
            (Self::FullDate(wanted), Value::FullDate(found)) => wanted == found,
            _ => false,
        }
    }
}

impl Literal {
    /// The shortest-form encoding of the value. It is unique, and an `elementValue` that equals the
    /// literal has it.
    #[must_use]
    pub fn to_cbor(&self) -> Vec<u8> {
        const FULL_DATE: usize = 1004;
        const FALSE: u8 = 0xf4;
        let mut cbor = Vec::new();
        match self {
            Self::Text(text) => write_text(&mut cbor, text),
            Self::Bool(value) => cbor.push(FALSE + u8::from(*value)),
            Self::Integer(number @ 0..) => {
                write_head(&mut cbor, Major::Unsigned, number.unsigned_abs())
            }
            // The CBOR argument is -1 - n, which is !n.
            Self::Integer(number) => {
                write_head(&mut cbor, Major::Negative, (!number).unsigned_abs())
            }
            Self::FullDate(date) => {
                write_head(&mut cbor, Major::Tag, FULL_DATE as u64);
                write_text(&mut cbor, &date.to_string());
            }
        }
        cbor
    }
}

impl Condition {
    /// The first and last day on which the value must lie, both inclusive, as decimal numbers
    /// YYYYMMDD. `None` unless the condition is about a date.
    ///
    /// Age n is reached when (year + n, month, day) <= today, compared as integers. A birthday on
    /// 29 February therefore counts from 1 March in common years. A bound need not be a day of the
    /// calendar. If the first bound exceeds the second, no day meets the condition.
    #[must_use]
    pub fn date_bounds(&self, now: Timestamp) -> Option<(u32, u32)> {
        const LAST: u32 = 99_991_231;
        const YEAR: u32 = 10_000;
        match self {
            Self::AgeAtLeast(age) => {
                // There is no day before year 0, so nobody is that old.
                Some(match now.date().decimal().checked_sub(u32::from(*age) * YEAR) {
                    Some(latest) => (0, latest),
                    None => (1, 0),
                })
            }
            Self::DateBefore(date) => Some((0, date.decimal() - 1)),
            Self::DateAfter(date) => Some((date.decimal() + 1, LAST)),
            Self::Equals(_) | Self::Disclose => None,
        }
    }

    /// Whether the condition is about a date.
    pub(crate) const fn is_about_date(&self) -> bool {
        match self {
            Self::AgeAtLeast(_) | Self::DateBefore(_) | Self::DateAfter(_) => true,
            Self::Equals(_) | Self::Disclose => false,
        }
    }
}

impl Predicate {
    /// Checks that the predicate holds for a value. Date conditions accept the values for which
    /// [`Value::date`] returns a day.
    ///
    /// # Errors
    /// `predicate` if it does not hold. The message does not reveal the value.
    pub fn check(&self, value: &Value, now: Timestamp) -> Result<(), Error> {
        let holds = match &self.condition {
            Condition::AgeAtLeast(_) | Condition::DateBefore(_) | Condition::DateAfter(_) => {
                self.date_holds(value, now)?
            }
            Condition::Equals(literal) => literal.equals(value),
            Condition::Disclose => true,
        };
        if holds {
            return Ok(());
        }
        let message = match &self.condition {
            Condition::Equals(literal) if literal.kind() != value.kind() => format!(
                "{self}: the request compares with {}, but the element holds {}; ask for a value \
                 of the element's type",
                literal.kind(),
                value.kind()
            ),
            _ => {
                format!("{self}: this does not hold for the document; ask for something that does")
            }
        };
        Err(Error::new(Code::Predicate, "", message))
    }

    /// Whether the value is a day that the condition allows.
    fn date_holds(&self, value: &Value, now: Timestamp) -> Result<bool, Error> {
        let date = value.date().ok_or_else(|| {
            let message = format!(
                "{self}: the element holds {}; ask for another element",
                value.date_fault()
            );
            Error::new(Code::Predicate, "", message)
        })?;
        let bounds = self.condition.date_bounds(now);
        Ok(bounds.is_some_and(|(first, last)| (first..=last).contains(&date.decimal())))
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, element, condition } = self;
        let element = format_args!("{element} ({namespace})");
        match condition {
            Condition::AgeAtLeast(age) => {
                write!(f, "{element} makes the holder {age} years or older")
            }
            Condition::Equals(literal) => write!(f, "{element} is {literal}"),
            Condition::DateBefore(date) => write!(f, "{element} is before {date}"),
            Condition::DateAfter(date) => write!(f, "{element} is after {date}"),
            Condition::Disclose => write!(f, "the value of {element}"),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::FullDate(date) => write!(f, "{date}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(condition: Condition, value: Value, now: &str) -> bool {
        let predicate = Predicate { namespace: "n".to_owned(), element: "e".to_owned(), condition };
        predicate.check(&value, now.parse().unwrap()).is_ok()
    }

    fn reaches(age: u8, born: &str, today: &str) -> bool {
        let full_date = Value::FullDate(born.parse().unwrap());
        let holds_at =
            |value, time| holds(Condition::AgeAtLeast(age), value, &format!("{today}T{time}Z"));
        let first = holds_at(full_date.clone(), "00:00:00");
        assert_eq!(holds_at(full_date, "23:59:59"), first);
        assert_eq!(holds_at(Value::Text(born.to_owned()), "12:00:00"), first);
        assert_eq!(
            holds_at(Value::DateTime(format!("{born}T23:59:59Z").parse().unwrap()), "12:00:00"),
            first
        );
        first
    }

    #[test]
    fn ages_count_from_the_birthday() {
        assert!(!reaches(18, "2000-06-15", "2018-06-14"));
        assert!(reaches(18, "2000-06-15", "2018-06-15"));
        assert!(reaches(18, "2000-06-15", "2018-06-16"));
        assert!(!reaches(18, "2000-12-31", "2018-12-30"));
        assert!(reaches(0, "2018-06-15", "2018-06-15"));
        assert!(!reaches(0, "2018-06-16", "2018-06-15"));
        assert!(reaches(255, "1769-01-01", "2024-01-01"));
        assert!(!reaches(255, "0000-01-01", "0254-12-31"));
    }

    #[test]
    fn leap_day_births_come_of_age_on_the_first_of_march() {
        assert!(!reaches(18, "2004-02-29", "2022-02-28"));
        assert!(reaches(18, "2004-02-29", "2022-03-01"));
        assert!(!reaches(20, "2004-02-29", "2024-02-28"));
        assert!(reaches(20, "2004-02-29", "2024-02-29"));
    }

    #[test]
    fn date_comparisons_are_strict() {
        let value = || Value::FullDate("2024-03-01".parse().unwrap());
        let limit = |text: &str| text.parse().unwrap();
        for (day, before, after) in
            [("2024-02-29", false, true), ("2024-03-01", false, false), ("2024-03-02", true, false)]
        {
            assert_eq!(
                holds(Condition::DateBefore(limit(day)), value(), "2024-01-01T00:00:00Z"),
                before,
                "{day}"
            );
            assert_eq!(
                holds(Condition::DateAfter(limit(day)), value(), "2024-01-01T00:00:00Z"),
                after,
                "{day}"
            );
        }
        assert!(!holds(
            Condition::DateAfter(limit("0000-01-01")),
            Value::Bool(true),
            "2024-01-01T00:00:00Z"
        ));
        assert!(!holds(Condition::DateAfter(limit("9999-12-31")), value(), "2024-01-01T00:00:00Z"));
    }

    /// Issuers sign `00` for the parts of a birth date that they do not know.
    #[test]
    fn what_is_no_day_of_the_calendar_meets_no_date_condition() {
        for text in
            ["2006-00-00", "2006-00-01", "2006-13-01", "2006-01-00", "2006-01-32", "2006-02-30"]
        {
            let tagged = [&b"\xd9\x03\xec\x6a"[..], text.as_bytes()].concat();
            let tdate = [&b"\xc0\x74"[..], text.as_bytes(), b"T00:00:00Z"].concat();
            let plain = [&b"\x6a"[..], text.as_bytes()].concat();
            for cbor in [tagged, tdate, plain] {
                let value = || Value::parse(&cbor).unwrap();
                let limit = || "2020-01-01".parse().unwrap();
                assert!(
                    !holds(Condition::AgeAtLeast(0), value(), "2024-01-01T00:00:00Z"),
                    "{text}"
                );
                assert!(
                    !holds(Condition::DateBefore(limit()), value(), "2024-01-01T00:00:00Z"),
                    "{text}"
                );
                let limit = "2000-01-01".parse().unwrap();
                assert!(
                    !holds(Condition::DateAfter(limit), value(), "2024-01-01T00:00:00Z"),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn types_that_differ_are_named() {
        let message = |literal, value: Value| {
            let condition = Condition::Equals(literal);
            let predicate =
                Predicate { namespace: "n".to_owned(), element: "e".to_owned(), condition };
            let error =
                predicate.check(&value, "2024-01-01T00:00:00Z".parse().unwrap()).unwrap_err();
            assert_eq!(error.code(), Code::Predicate);
            error.message().to_owned()
        };
        let day = || "2024-03-01".parse().unwrap();
        for (literal, value, types) in [
            (Literal::Bool(true), Value::Integer(1), "a boolean, but the element holds an integer"),
            (Literal::Integer(1), Value::Bool(true), "an integer, but the element holds a boolean"),
            (
                Literal::Text("1".to_owned()),
                Value::Integer(1),
                "text, but the element holds an integer",
            ),
            (
                Literal::FullDate(day()),
                Value::Text("2024-03-01".to_owned()),
                "1004), but the element holds text",
            ),
            (
                Literal::Text("2024-03-01".to_owned()),
                Value::FullDate(day()),
                "text, but the element holds a full-date",
            ),
            (
                Literal::Integer(1),
                Value::Other(vec![0x80]),
                "an integer, but the element holds an array",
            ),
        ] {
            let message = message(literal, value);
            assert!(message.contains(types), "{message}");
        }
        let same = message(Literal::Integer(1), Value::Integer(2));
        assert!(same.contains("does not hold") && !same.contains('2'), "{same}");
    }

    #[test]
    fn equality_is_equality_of_encodings() {
        let literals = [
            Literal::Text("2024-03-01".to_owned()),
            Literal::Text(String::new()),
            Literal::Text("x".repeat(300)),
            Literal::Bool(true),
            Literal::Bool(false),
            Literal::Integer(0),
            Literal::Integer(1),
            Literal::Integer(-1),
            Literal::Integer(23),
            Literal::Integer(-24),
            Literal::Integer(-25),
            Literal::Integer(65_536),
            Literal::Integer(i64::MAX),
            Literal::Integer(i64::MIN),
            Literal::FullDate("2024-03-01".parse().unwrap()),
        ];
        for (i, literal) in literals.iter().enumerate() {
            let value = Value::parse(&literal.to_cbor()).unwrap();
            assert!(!matches!(value, Value::Other(_)), "{literal}");
            for (j, other) in literals.iter().enumerate() {
                assert_eq!(other.equals(&value), i == j, "{literal} {other}");
            }
        }
        let tdate = Value::DateTime("2024-03-01T00:00:00Z".parse().unwrap());
        assert!(literals.iter().all(|literal| !literal.equals(&tdate)));
    }
}
