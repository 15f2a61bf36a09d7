//! What a verifier learns about a document, as data and in words.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use velum_credentials::{Error, Timestamp};

use crate::error::{Problem, VelumError};

/// The suite of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Suite {
    /// The suite for phones.
    Direct,
    /// The suite with shorter presentations, for Bluetooth and NFC. It takes the prover more work.
    Compact,
    /// The suite whose proofs an aggregator verifies inside its own proofs. Not every build has it.
    /// Without it, calls throw the error `wrong_version`.
    Aggregatable,
}

/// The public size class of a proof. A larger class reveals less about the size of the document,
/// and takes longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SizeClass {
    /// MSO up to 2,560 bytes, 4 elements of up to 192 bytes.
    Standard,
    /// MSO up to 4,096 bytes, 8 elements of up to 384 bytes.
    Large,
    /// MSO up to 8,192 bytes, 8 elements of up to 1,024 bytes.
    Extra,
}

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CalendarDate {
    /// 0 to 9999.
    pub year: i32,
    /// 1 to 12.
    pub month: i32,
    /// 1 to 31.
    pub day: i32,
}

/// The value of an element, or a value that a request names.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Value {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// A boolean.
    Flag {
        /// Whether it is true.
        holds: bool,
    },
    /// An integer of 64 bits.
    Number {
        /// The integer.
        number: i64,
    },
    /// An integer that does not fit into 64 bits.
    BigNumber {
        /// The decimal digits, with a leading minus sign if the integer is negative.
        decimal: String,
    },
    /// A day (full-date, CBOR tag 1004).
    Day {
        /// The day.
        date: CalendarDate,
    },
    /// A point in time (tdate, CBOR tag 0).
    Moment {
        /// The time, in whole seconds.
        time: SystemTime,
    },
    /// Any other value, such as a portrait.
    Cbor {
        /// The value as CBOR.
        cbor: Vec<u8>,
    },
}

/// What a request asks about an element.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Condition {
    /// A person born on this date is at least this old at the time of the request.
    AgeAtLeast {
        /// The age in years.
        years: i32,
    },
    /// The value equals this value, and has the same type.
    EqualTo {
        /// The value.
        value: Value,
    },
    /// The date lies before this one.
    DateBefore {
        /// The day. The date must lie before it, and must not be the day itself.
        date: CalendarDate,
    },
    /// The date lies after this one.
    DateAfter {
        /// The day. The date must lie after it, and must not be the day itself.
        date: CalendarDate,
    },
    /// The value is shown.
    Disclose,
    /// A condition that this version of the bindings does not know. The text describes it.
    Unlisted,
}

/// The name of an element of a document.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ElementName {
    /// The namespace.
    pub namespace: String,
    /// The element identifier.
    pub element: String,
}

/// One thing that a verifier learns.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Fact {
    /// The fact in words (English).
    pub text: String,
    /// The fact as data.
    pub learnt: Learnt,
}

/// One thing that a verifier learns, as data.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Learnt {
    /// A condition on an element holds.
    Holds {
        /// The element.
        name: ElementName,
        /// The condition.
        condition: Condition,
        /// The value, if it is disclosed and already known.
        value: Option<Value>,
    },
    /// The issuer of the document.
    IssuedBy {
        /// The signer's key in hexadecimal. If no issuer of the request vouches for the document, a
        /// description in words.
        issuer: String,
        /// The signer's name from its certificate, if the key is known by a certificate.
        name: Option<String>,
    },
    /// The rules by which the issuer's certificates were checked. Revocation was not checked.
    CheckedBy {
        /// The name of the profile.
        profile: String,
    },
    /// The type of the document.
    OfType {
        /// The docType.
        doc_type: String,
    },
    /// The document is valid at this time.
    ValidAt {
        /// The time.
        time: SystemTime,
    },
    /// The public size class of the proof.
    FitsClass {
        /// The class.
        size_class: SizeClass,
    },
    /// The algorithm with which the device signed.
    SignedBy {
        /// The name of the algorithm in the COSE registry.
        algorithm: String,
    },
    /// What the device signed besides the session, in clear. It is not proven that the issuer
    /// allows the device to sign these elements.
    SaidByDevice {
        /// The CBOR of `DeviceNameSpaces`.
        cbor: Vec<u8>,
    },
    /// A fact that this version of the bindings does not know. The text describes it.
    Unlisted,
}

/// What an answer to a request would reveal, to be shown before the holder consents. No signature
/// was checked.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Explanation {
    /// What the verifier learns if every predicate holds.
    pub learnt: Vec<Fact>,
    /// The elements of the document whose values stay hidden.
    pub hidden: Vec<ElementName>,
    /// What a verifier might assume to be checked although nobody checks it, in words.
    pub not_checked: Vec<String>,
    /// The predicates of the request, and whether each of them holds.
    pub predicates: Vec<PredicateOutcome>,
    /// The whole explanation in words (English).
    pub text: String,
}

/// A predicate of a request, evaluated on a document.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PredicateOutcome {
    /// The predicate in words (English).
    pub text: String,
    /// Why the predicate does not hold. Null if it holds.
    pub problem: Option<Problem>,
}

/// What a verifier has learnt from a presentation that verifies.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Verified {
    /// Everything that was learnt: first the predicates, in the order of the request, then the
    /// facts about the document.
    pub learnt: Vec<Fact>,
}

impl Suite {
    const ALL: [Self; 3] = [Self::Direct, Self::Compact, Self::Aggregatable];

    const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Compact => "compact",
            Self::Aggregatable => "aggregatable",
        }
    }

    /// The variant for a suite of the core. `None` if a later version of the core has added the
    /// suite.
    pub(crate) fn of(suite: velum_credentials::Suite) -> Option<Self> {
        Self::ALL.into_iter().find(|candidate| candidate.name() == suite.name())
    }
}

/// # Errors
/// `wrong_version` for a suite that this build does not have.
impl TryFrom<Suite> for velum_credentials::Suite {
    type Error = VelumError;

    fn try_from(suite: Suite) -> Result<Self, VelumError> {
        Self::by_name(suite.name()).ok_or_else(|| {
            let message = format!("this build does not have suite {:?}; use another", suite.name());
            VelumError::new(crate::ErrorCode::WrongVersion, "suite", message)
        })
    }
}

impl SizeClass {
    const ALL: [Self; 3] = [Self::Standard, Self::Large, Self::Extra];

    const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Large => "large",
            Self::Extra => "extra",
        }
    }

    /// The variant for a size class of the core. `None` if a later version of the core has added
    /// the class.
    pub(crate) fn of(class: velum_credentials::SizeClass) -> Option<Self> {
        Self::ALL.into_iter().find(|candidate| candidate.name() == class.name)
    }
}

/// # Errors
/// `internal` for a class that the core does not have. A test rules this out.
impl TryFrom<SizeClass> for velum_credentials::SizeClass {
    type Error = VelumError;

    fn try_from(class: SizeClass) -> Result<Self, VelumError> {
        Self::by_name(class.name()).ok_or_else(|| {
            VelumError::new(crate::ErrorCode::Internal, "sizeClass", "no such size class")
        })
    }
}

/// Converts a timestamp into a point in time.
pub(crate) fn system_time(time: Timestamp) -> SystemTime {
    let seconds = Duration::from_secs(time.unix().unsigned_abs());
    let moment = if time.unix() < 0 {
        UNIX_EPOCH.checked_sub(seconds)
    } else {
        UNIX_EPOCH.checked_add(seconds)
    };
    // Systems count at least 64 bits of seconds, and a timestamp lies in the years 0 to 9999.
    moment.unwrap_or(UNIX_EPOCH)
}

/// The second in which a point in time lies.
///
/// # Errors
/// `clock` for a time that a request cannot state.
pub(crate) fn timestamp(time: SystemTime) -> Result<Timestamp, Error> {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let whole = before.as_secs().saturating_add(u64::from(before.subsec_nanos() > 0));
            i64::try_from(whole).map_or(i64::MIN, |seconds| -seconds)
        }
    };
    velum_wallet::clock_at(seconds)
}

impl From<velum_credentials::Date> for CalendarDate {
    fn from(date: velum_credentials::Date) -> Self {
        let decimal = date.decimal();
        // Each part is below 10,000.
        let part = |number: u32| i32::try_from(number).unwrap_or_default();
        Self {
            year: part(decimal / 10_000),
            month: part(decimal / 100 % 100),
            day: part(decimal % 100),
        }
    }
}

impl From<&velum_credentials::Value> for Value {
    fn from(value: &velum_credentials::Value) -> Self {
        use velum_credentials::Value as From;
        match value {
            From::Text(text) => Self::Text { text: text.clone() },
            From::Bool(holds) => Self::Flag { holds: *holds },
            From::Integer(number) => match i64::try_from(*number) {
                Ok(number) => Self::Number { number },
                Err(_) => Self::BigNumber { decimal: number.to_string() },
            },
            From::FullDate(date) => Self::Day { date: (*date).into() },
            From::DateTime(time) => Self::Moment { time: system_time(*time) },
            From::Other(cbor) => Self::Cbor { cbor: cbor.clone() },
            // A kind of value that a later version adds is shown as its own text.
            other => Self::Text { text: other.to_string() },
        }
    }
}

impl From<&velum_credentials::Condition> for Condition {
    fn from(condition: &velum_credentials::Condition) -> Self {
        use velum_credentials::{Condition as From, Literal};
        match condition {
            From::AgeAtLeast(years) => Self::AgeAtLeast { years: (*years).into() },
            From::Equals(Literal::Text(text)) => {
                Self::EqualTo { value: Value::Text { text: text.clone() } }
            }
            From::Equals(Literal::Bool(holds)) => {
                Self::EqualTo { value: Value::Flag { holds: *holds } }
            }
            From::Equals(Literal::Integer(number)) => {
                Self::EqualTo { value: Value::Number { number: *number } }
            }
            From::Equals(Literal::FullDate(date)) => {
                Self::EqualTo { value: Value::Day { date: (*date).into() } }
            }
            From::DateBefore(date) => Self::DateBefore { date: (*date).into() },
            From::DateAfter(date) => Self::DateAfter { date: (*date).into() },
            From::Disclose => Self::Disclose,
            _ => Self::Unlisted,
        }
    }
}

impl From<&velum_credentials::Learnt> for Fact {
    fn from(learnt: &velum_credentials::Learnt) -> Self {
        use velum_credentials::Learnt as From;
        let data = match learnt {
            From::Predicate(predicate, value) => Learnt::Holds {
                name: ElementName {
                    namespace: predicate.namespace.clone(),
                    element: predicate.element.clone(),
                },
                condition: (&predicate.condition).into(),
                value: value.as_ref().map(Value::from),
            },
            From::Issuer { issuer, name } => {
                Learnt::IssuedBy { issuer: issuer.clone(), name: name.clone() }
            }
            From::Profile(profile) => Learnt::CheckedBy { profile: profile.name().to_owned() },
            From::DocType(doc_type) => Learnt::OfType { doc_type: doc_type.clone() },
            From::ValidAt(time) => Learnt::ValidAt { time: system_time(*time) },
            From::SizeClass(class) => SizeClass::of(*class)
                .map_or(Learnt::Unlisted, |size_class| Learnt::FitsClass { size_class }),
            From::DeviceAlgorithm(algorithm) => {
                Learnt::SignedBy { algorithm: algorithm.to_string() }
            }
            From::DeviceNamespaces(cbor) => Learnt::SaidByDevice { cbor: cbor.clone() },
            _ => Learnt::Unlisted,
        };
        Self { text: learnt.to_string(), learnt: data }
    }
}

impl From<&velum_credentials::Explanation> for Explanation {
    fn from(explanation: &velum_credentials::Explanation) -> Self {
        let hidden = explanation.hidden.iter().cloned();
        let predicates = explanation.predicates.iter().map(|(text, outcome)| PredicateOutcome {
            text: text.clone(),
            problem: outcome.as_ref().err().map(Problem::from),
        });
        Self {
            learnt: explanation.learnt.iter().map(Fact::from).collect(),
            hidden: hidden.map(|(namespace, element)| ElementName { namespace, element }).collect(),
            not_checked: explanation.not_checked.clone(),
            predicates: predicates.collect(),
            text: explanation.to_string(),
        }
    }
}

impl From<&velum_credentials::Verified> for Verified {
    fn from(verified: &velum_credentials::Verified) -> Self {
        Self { learnt: verified.learnt.iter().map(Fact::from).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_as_they_were() {
        for seconds in [-62_167_219_200, -1, 0, 1, 1_800_000_000, 253_402_300_799] {
            let time = Timestamp::from_unix(seconds).unwrap();
            assert_eq!(timestamp(system_time(time)).unwrap(), time, "{seconds}");
        }
        let half = Duration::from_millis(500);
        assert_eq!(timestamp(UNIX_EPOCH + half).unwrap().unix(), 0);
        assert_eq!(timestamp(UNIX_EPOCH - half).unwrap().unix(), -1);
        assert!(timestamp(UNIX_EPOCH + Duration::from_secs(1 << 40)).is_err());
    }

    #[test]
    fn a_date_has_its_parts() {
        let date = velum_credentials::Date::new(2024, 2, 29).unwrap();
        assert_eq!(CalendarDate::from(date), CalendarDate { year: 2024, month: 2, day: 29 });
    }

    /// The compiler cannot tell: the core's conditions may grow without a new major version.
    #[test]
    fn every_condition_of_the_core_is_here() {
        use velum_credentials::{Condition as Core, Literal, Request};
        let date: velum_credentials::Date = "2024-03-15".parse().unwrap();
        let literals = [
            Literal::Text("text".to_owned()),
            Literal::Bool(true),
            Literal::Integer(1),
            Literal::FullDate(date),
        ];
        let mut conditions: Vec<_> = literals.into_iter().map(Core::Equals).collect();
        conditions.extend([
            Core::AgeAtLeast(18),
            Core::DateBefore(date),
            Core::DateAfter(date),
            Core::Disclose,
        ]);
        for condition in &conditions {
            assert_ne!(Condition::from(condition), Condition::Unlisted, "{condition:?}");
        }

        // The names of all conditions, by the message for a predicate that has none.
        let request =
            velum_testdata::MUSTERMANN.request_with(r#"{"namespace": "n", "element": "e"}"#);
        let error = Request::from_json(request.as_bytes()).unwrap_err();
        let known = "exactly one of age_at_least, equals, date_before, date_after, disclose";
        assert!(error.message().ends_with(known), "{error}");
    }

    #[test]
    fn every_size_class_and_every_suite_of_the_core_is_here() {
        for class in SizeClass::ALL {
            let core = velum_credentials::SizeClass::try_from(class).unwrap();
            assert_eq!(SizeClass::of(core), Some(class));
            assert!(velum_credentials::SizeClass::by_id(core.id).is_some());
        }
        assert!(velum_credentials::SizeClass::by_id(SizeClass::ALL.len() as u8 + 1).is_none());
        for suite in velum_credentials::SUITES {
            let ours = Suite::of(*suite).unwrap();
            assert_eq!(velum_credentials::Suite::try_from(ours).unwrap(), *suite);
        }
    }
}
