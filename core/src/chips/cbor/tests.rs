use sha2::{Digest as _, Sha256};
use velum_testdata::{AGE_VERIFICATION, ANNEX_D, CASES, Case, MUSTERMANN, UNDER_18};

use super::fixture::*;
use super::*;
use crate::chips::buses::{date, field};
use crate::class::{LARGE, STANDARD};

const NONE: [&str; 0] = [];

/// Elements of a case's request.
fn requested(case: &Case) -> Vec<String> {
    let request: serde_json::Value = serde_json::from_str(case.request).unwrap();
    let mut elements: Vec<_> = request["predicates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|predicate| predicate["element"].as_str().unwrap().to_owned())
        .collect();
    elements.dedup();
    elements.truncate(STANDARD.slots);
    elements
}

#[test]
fn real_documents_satisfy_every_rule() {
    for case in &CASES {
        let elements = requested(case);
        let elements: Vec<_> = elements.iter().map(String::as_str).collect();
        let world = World::of(case, &elements);
        assert_eq!(world.rules(), NONE, "{}", case.name);
        assert_eq!(world.in_class(LARGE).rules(), NONE, "{} in class large", case.name);
    }
}
