//! Which presentations may be handed to others, who aggregate them.
//!
//! An aggregator reads the whole presentation and its request. It need not know everything about
//! the holder that the verifier may know. A request is therefore answered to its verifier alone if
//! it shows a personal value, or if it asks about a value so narrowly that the answer reveals the
//! value.

use thiserror::Error;

use crate::predicate::{Condition, Literal, Predicate};
use crate::request::Request;

/// A year, as a difference of dates written as numbers YYYYMMDD. The conditions on one element have
/// to leave at least as much. Less would reveal the date of a person.
const YEAR: u32 = 10_000;

/// Elements that describe the issuer and not the holder, by namespace.
const OF_THE_ISSUER: [(&str, &[&str]); 3] = [
    (
        "org.iso.18013.5.1",
        &["issuing_country", "issuing_authority", "issuing_jurisdiction", "un_distinguishing_sign"],
    ),
    ("eu.europa.ec.eudi.pid.1", &["issuing_country", "issuing_authority", "issuing_jurisdiction"]),
    ("eu.europa.ec.av.1", &["issuing_country", "issuing_authority"]),
];

/// Why the answer to a request is for its verifier alone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeptBack {
    /// A value is shown.
    #[error("the request asks for {0}, which the aggregator would read; ask a predicate instead")]
    Disclosed(Predicate),
    /// A comparison reveals a value.
    #[error("the request tells the aggregator that {0}; ask a predicate that more people meet")]
    Compared(Predicate),
    /// Several conditions together leave little of a date.
    #[error(
        "the request's conditions on {element} ({namespace}) leave less than a year, which nearly \
         tells the aggregator the date; allow a longer period"
    )]
    Narrow {
        /// The element's namespace.
        namespace: String,
        /// The element.
        element: String,
    },
    /// Elements that the device signs are shown in clear.
    #[error(
        "the request asks for elements that the device signs itself, which the aggregator would \
         read; ask without them"
    )]
    DeviceNamespaces,
}

/// Checks whether a presentation that answers `request` may be handed to others, who aggregate it.
///
/// # Errors
/// Every reason why it may not.
pub fn may_hand_off(request: &Request) -> Result<(), Vec<KeptBack>> {
    let mut reasons = Vec::new();
    for predicate in request.predicates() {
        reasons.extend(told(predicate));
    }
    for (place, predicate) in request.predicates().iter().enumerate() {
        if is_narrow(request, place, predicate) {
            let Predicate { namespace, element, .. } = predicate.clone();
            reasons.push(KeptBack::Narrow { namespace, element });
        }
    }
    if !request.device_namespaces().is_empty() {
        reasons.push(KeptBack::DeviceNamespaces);
    }
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

/// What a predicate by itself reveals about its holder.
fn told(predicate: &Predicate) -> Option<KeptBack> {
    let Predicate { namespace, element, condition } = predicate;
    let of_the_issuer = OF_THE_ISSUER
        .iter()
        .any(|(known, elements)| known == namespace && elements.contains(&element.as_str()));
    match condition {
        _ if of_the_issuer => None,
        Condition::Disclose => Some(KeptBack::Disclosed(predicate.clone())),
        // One bit, like any predicate.
        Condition::Equals(Literal::Bool(_)) => None,
        Condition::Equals(_) => Some(KeptBack::Compared(predicate.clone())),
        Condition::AgeAtLeast(_) | Condition::DateBefore(_) | Condition::DateAfter(_) => None,
    }
}

/// Whether a predicate is the first on its element and the conditions on that element, each of them
/// harmless, together leave few days.
fn is_narrow(request: &Request, place: usize, predicate: &Predicate) -> bool {
    let is_same = |other: &&Predicate| {
        other.namespace == predicate.namespace && other.element == predicate.element
    };
    if request.predicates().iter().take(place).any(|earlier| is_same(&earlier)) {
        return false;
    }
    let bounds = request.predicates().iter().filter(is_same);
    let bounds = bounds.filter_map(|other| other.condition.date_bounds(request.now()));
    let together = bounds.reduce(|(first, last), (from, to)| (first.max(from), last.min(to)));
    together.is_some_and(|(first, last)| last.saturating_sub(first) < YEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MDL: &str = "org.iso.18013.5.1";

    /// The reasons why a request with these predicates, as JSON, is kept back.
    fn reasons(predicates: &str) -> Vec<KeptBack> {
        let request = format!(
            r#"{{"doc_type": "org.iso.18013.5.1.mDL", "now": "2024-10-15T12:00:00Z",
                "issuers": [{{"sec1_hex": "{ISSUER}"}}], "predicates": [{predicates}]}}"#
        );
        may_hand_off(&Request::from_json(request.as_bytes()).unwrap()).err().unwrap_or_default()
    }

    /// A predicate on an element of a driving licence, as JSON.
    fn asked(element: &str, condition: &str) -> String {
        format!(r#"{{"namespace": "{MDL}", "element": "{element}", {condition}}}"#)
    }

    /// The curve's generator.
    const ISSUER: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

    #[test]
    fn what_many_people_meet_is_handed_off() {
        for predicates in [
            asked("birth_date", r#""age_at_least": 18"#),
            asked("age_over_18", r#""equals": true"#),
            asked("issuing_country", r#""equals": "UT""#),
            asked("issuing_authority", r#""disclose": true"#),
            asked("expiry_date", r#""date_after": "2024-12-31""#),
            [
                asked("birth_date", r#""date_after": "1980-01-01""#),
                asked("birth_date", r#""date_before": "1981-01-03""#),
            ]
            .join(","),
        ] {
            assert_eq!(reasons(&predicates), [], "{predicates}");
        }
    }

    #[test]
    fn what_tells_of_the_holder_is_kept_back() {
        let one = |element: &str, condition: &str| {
            let [reason] = &reasons(&asked(element, condition))[..] else {
                panic!("{element} has no reason or several")
            };
            reason.clone()
        };
        assert!(matches!(one("family_name", r#""disclose": true"#), KeptBack::Disclosed(_)));
        assert!(matches!(one("family_name", r#""equals": "Mustermann""#), KeptBack::Compared(_)));
        assert!(matches!(
            one("birth_date", r#""equals": {"full_date": "1971-09-01"}"#),
            KeptBack::Compared(_)
        ));
        let other = r#"{"namespace": "another", "element": "issuing_country", "disclose": true}"#;
        assert!(matches!(reasons(other)[..], [KeptBack::Disclosed(_)]));
    }

    #[test]
    fn conditions_that_leave_little_of_a_date_are_kept_back() {
        let between = |after: &str, before: &str| {
            let [after, before] = [("after", after), ("before", before)]
                .map(|(which, date)| asked("birth_date", &format!(r#""date_{which}": "{date}""#)));
            reasons(&[after, before].join(","))
        };
        let narrow =
            [KeptBack::Narrow { namespace: MDL.to_owned(), element: "birth_date".to_owned() }];
        assert_eq!(between("1980-01-01", "1981-01-03"), []);
        assert_eq!(between("1980-01-01", "1981-01-02"), narrow);
        assert_eq!(between("1980-01-01", "1980-01-03"), narrow);
        // No day meets both conditions. The request is kept back all the same.
        assert_eq!(between("1981-01-01", "1980-01-01"), narrow);
        let adult_born_late = [
            asked("birth_date", r#""age_at_least": 18"#),
            asked("birth_date", r#""date_after": "2006-10-01""#),
        ];
        assert_eq!(reasons(&adult_born_late.join(",")), narrow);
    }

    #[test]
    fn every_reason_is_told() {
        let predicates = [
            asked("family_name", r#""disclose": true"#),
            asked("given_name", r#""equals": "Erika""#),
            asked("birth_date", r#""age_at_least": 18"#),
        ];
        let request = format!(
            r#"{{"doc_type": "org.iso.18013.5.1.mDL", "now": "2024-10-15T12:00:00Z",
                "issuers": [{{"sec1_hex": "{ISSUER}"}}], "predicates": [{}]}}"#,
            predicates.join(",")
        );
        let request = Request::from_json(request.as_bytes()).unwrap();
        let request = request.with_device_namespaces(vec!["com.example".to_owned()]).unwrap();
        let reasons = may_hand_off(&request).unwrap_err();
        assert_eq!(reasons.len(), 3);
        assert_eq!(reasons[2], KeptBack::DeviceNamespaces);
        assert!(reasons[1].to_string().contains("given_name (org.iso.18013.5.1) is \"Erika\""));
    }
}
