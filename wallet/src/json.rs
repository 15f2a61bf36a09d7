//! The JSON forms that `docs/cli.md` states. The command writes them, and the bindings pass them
//! on.

use std::ops::RangeInclusive;

use serde_json::{Value, json};
use velum_credentials::{BrokenDocument, Error, Explanation, Inspection, Learnt, Verified};

/// The integers that a JavaScript number represents exactly.
const SAFE_INTEGERS: RangeInclusive<i64> = -((1 << 53) - 1)..=(1 << 53) - 1;

/// An error: `code`, `message` and `where`.
#[must_use]
pub fn error(error: &Error) -> Value {
    json!({ "code": error.code().as_str(), "message": error.message(), "where": error.place() })
}

/// An error of a pool: `code`, `message` and `where`.
#[cfg(feature = "pool")]
#[must_use]
pub fn pool_error(error: &crate::PoolError) -> Value {
    json!({ "code": error.code(), "message": error.message(), "where": error.place() })
}

/// Why something that another party made was refused: `code` and `message`.
#[must_use]
pub fn reason(error: &Error) -> Value {
    json!({ "code": error.code().as_str(), "message": error.message() })
}

/// The documents of a response, as `velum inspect --json` lists them. See [`Inspection::to_json`]
/// and [`BrokenDocument::to_json`].
#[must_use]
pub fn documents(inspections: &[Result<Inspection<'_>, &BrokenDocument>]) -> Value {
    let json = |it: &Result<Inspection<'_>, &BrokenDocument>| match it {
        Ok(inspection) => inspection.to_json(),
        Err(broken) => broken.to_json(),
    };
    inspections.iter().map(json).collect()
}

/// What is learnt, as data. See [`Learnt::to_json`].
#[must_use]
pub fn facts(learnt: &[Learnt]) -> Value {
    learnt.iter().map(Learnt::to_json).collect()
}

/// What a verifier has learnt, in the form of [`learnt`].
#[must_use]
pub fn verified(verified: &Verified) -> Value {
    learnt(&verified.learnt)
}

/// What an answer would tell the verifier:
///
/// * `facts[]` and `learnt[]`, as for [`verified`];
/// * `hidden`, as [`hidden`] lists it;
/// * `not_checked[]`, in words;
/// * `predicates[]`, each with `text` and `holds`. A predicate that does not hold also has `code`
///   and `message`.
#[must_use]
pub fn explanation(explanation: &Explanation) -> Value {
    let predicates = explanation.predicates.iter().map(|(text, outcome)| match outcome {
        Ok(()) => json!({ "text": text, "holds": true }),
        Err(error) => json!({
            "text": text,
            "holds": false,
            "code": error.code().as_str(),
            "message": error.message(),
        }),
    });
    let mut json = learnt(&explanation.learnt);
    json["hidden"] = hidden(explanation);
    json["not_checked"] = json!(explanation.not_checked);
    json["predicates"] = predicates.collect();
    json
}

/// The elements whose values stay hidden: a list of `namespace` and `element`.
#[must_use]
pub fn hidden(explanation: &Explanation) -> Value {
    let hidden = explanation.hidden.iter();
    hidden
        .map(|(namespace, element)| json!({ "namespace": namespace, "element": element }))
        .collect()
}

/// What is learnt: `facts[]` as data, `learnt[]` in words.
#[must_use]
pub fn learnt(learnt: &[Learnt]) -> Value {
    json!({
        "facts": facts(learnt),
        "learnt": learnt.iter().map(Learnt::to_string).collect::<Vec<_>>(),
    })
}

/// The value as JSON text for JavaScript. Integers that JavaScript would round are written in the
/// same way as integers beyond 64 bits: `{ "integer": "..." }`.
#[must_use]
pub fn javascript(mut value: Value) -> String {
    keep_integers(&mut value);
    value.to_string()
}

fn keep_integers(value: &mut Value) {
    match value {
        Value::Number(number)
            if !number.as_i64().is_some_and(|number| SAFE_INTEGERS.contains(&number)) =>
        {
            *value = json!({ "integer": number.to_string() });
        }
        Value::Array(members) => members.iter_mut().for_each(keep_integers),
        Value::Object(members) => members.values_mut().for_each(keep_integers),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Question;
    use velum_credentials::{Code, DeviceResponse};
    use velum_testdata::MUSTERMANN;

    fn question(change: impl FnOnce(&mut Value)) -> Question {
        let mut request: Value = serde_json::from_str(MUSTERMANN.request).unwrap();
        change(&mut request);
        Question::parse(MUSTERMANN.device_response, request.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn an_explanation_has_every_member() {
        let json = explanation(
            &question(|request| request["predicates"][1]["age_at_least"] = json!(99)).explain(),
        );
        let members: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["facts", "hidden", "learnt", "not_checked", "predicates"]);
        assert_eq!(
            json["facts"].as_array().unwrap().len(),
            json["learnt"].as_array().unwrap().len()
        );
        let birth_date = json!({ "namespace": "org.iso.18013.5.1", "element": "birth_date" });
        assert!(json["hidden"].as_array().unwrap().contains(&birth_date));
        assert_eq!(json["predicates"][0]["holds"], true);
        assert_eq!(json["predicates"][1]["holds"], false);
        assert_eq!(json["predicates"][1]["code"], "predicate");
    }

    #[test]
    fn documents_are_listed() {
        let response = DeviceResponse::parse(MUSTERMANN.device_response).unwrap();
        let json = documents(&response.inspect().unwrap());
        assert_eq!(json[0]["doc_type"], "org.iso.18013.5.1.mDL");
        assert_eq!(json.as_array().unwrap().len(), 1);
    }

    #[test]
    fn an_error_has_its_code_message_and_place() {
        let clock = Error::new(Code::Clock, "request.now", "too late");
        assert_eq!(
            error(&clock),
            json!({ "code": "clock", "message": "too late", "where": "request.now" })
        );
        assert_eq!(reason(&clock), json!({ "code": "clock", "message": "too late" }));
    }
    #[test]
    fn integers_that_javascript_would_round_are_text() {
        let most = (1_i64 << 53) - 1;
        let text = javascript(json!([most, { "a": most + 1 }, -most, -most - 1, u64::MAX]));
        let rounded = |number: &str| json!({ "integer": number });
        let expected = json!([
            most,
            { "a": rounded("9007199254740992") },
            -most,
            rounded("-9007199254740992"),
            rounded("18446744073709551615"),
        ]);
        assert_eq!(text, expected.to_string());
    }
}
