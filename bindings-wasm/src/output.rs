//! JSON for JavaScript.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

/// The integers that a number of JavaScript's holds exactly.
const SAFE_INTEGERS: RangeInclusive<i64> = -((1 << 53) - 1)..=(1 << 53) - 1;

/// The value as text. Integers that JavaScript would round are written as those beyond 64 bits are: `{ "integer": "..." }`.
pub(crate) fn text(mut value: Value) -> String {
    keep_integers(&mut value);
    value.to_string()
}

fn keep_integers(value: &mut Value) {
    match value {
        Value::Number(number) if !number.as_i64().is_some_and(|number| SAFE_INTEGERS.contains(&number)) => {
            *value = json!({ "integer": number.to_string() });
        }
        Value::Array(members) => members.iter_mut().for_each(keep_integers),
        Value::Object(members) => members.values_mut().for_each(keep_integers),
        _ => {}
    }
}
