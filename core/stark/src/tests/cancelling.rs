//! Tests that a proof can be stopped at any check of its token, and that it checks often enough to
//! stop soon.

use std::sync::Mutex;

use super::*;
use crate::control::{CancelToken, Cancelled, Memory, Progress, Stage};

fn prove(token: &CancelToken, memory: Memory, key: &ProvingKey) -> Result<Vec<u8>, ProveError> {
    let control = Control::none().cancelled_by(token).with_memory(memory);
    key.prove(&chips([3, 5]), traces([3, 5]), b"statement", &control)
}

#[test]
fn a_proof_stops_at_any_look() {
    let key = key_with(HashFunction::Blake3);
    for memory in [Memory::Normal, Memory::Low] {
        let token = CancelToken::new();
        prove(&token, memory, &key).unwrap();
        // The number of checks while nonces are searched depends on luck, and on the number of
        // threads.
        let least = token.looks() / 2;
        for looks in 0..least {
            let token = CancelToken::after_looks(looks);
            let outcome = prove(&token, memory, &key);
            assert!(
                matches!(outcome, Err(ProveError::Cancelled(Cancelled))),
                "{memory:?} after {looks}"
            );
        }
    }
}

#[test]
fn a_key_stops_at_any_look() {
    let make = |token: &CancelToken| {
        let (chips, control) = (chips([0, 0]), Control::none().cancelled_by(token));
        let verifier = VerifierKey::new("test", TINY, &chips);
        block_on(ProvingKey::on(Cpu::default(), verifier, &chips, &control)).map(drop)
    };
    let token = CancelToken::new();
    make(&token).unwrap();
    for looks in 0..token.looks() {
        let outcome = make(&CancelToken::after_looks(looks));
        assert!(matches!(outcome, Err(ProveError::Cancelled(Cancelled))), "after {looks}");
    }
}

/// The number of checks in each stage, over all of its parts.
fn looks_by_stage(memory: Memory, key: &ProvingKey) -> impl Fn(Stage) -> usize {
    let (token, seen) = (CancelToken::new(), Mutex::new(Vec::new()));
    let progress = |progress: Progress| seen.lock().unwrap().push((progress.stage, token.looks()));
    let control = Control::none().cancelled_by(&token).with_memory(memory).reporting_to(&progress);
    key.prove(&chips([3, 5]), traces([3, 5]), b"statement", &control).unwrap();
    let end = token.looks();
    let seen = seen.into_inner().unwrap();
    move |wanted| {
        let ends = seen.iter().skip(1).map(|(_, looks)| *looks).chain([end]);
        seen.iter()
            .zip(ends)
            .filter(|((stage, _), _)| *stage == wanted)
            .map(|((_, from), to)| to - from)
            .sum()
    }
}

/// Between two checks, strips of this many columns are extended, and rows are hashed in parts.
#[test]
fn every_long_stage_looks_as_often_as_it_works() {
    let key = key_with(HashFunction::Blake3);
    let strips = |tree: usize| -> usize {
        key.verifier().shape().groups.iter().map(|group| group.widths[tree].div_ceil(8)).sum()
    };
    let cosets = 1 << TINY.log_blowup;
    let lookups: usize =
        key.verifier().shape().groups.iter().map(|group| group.height().div_ceil(16)).sum();

    let looks = looks_by_stage(Memory::Normal, &key);
    assert!(looks(Stage::Extension) >= strips(0) + strips(1), "{}", looks(Stage::Extension));
    assert!(looks(Stage::Lookups) >= lookups, "{}", looks(Stage::Lookups));
    assert!(looks(Stage::Quotient) >= 2 * lookups, "{}", looks(Stage::Quotient));
    assert!(looks(Stage::Openings) >= lookups, "{}", looks(Stage::Openings));
    assert!(
        looks(Stage::Hashing) >= 3 * key.verifier().log_codeword(),
        "{}",
        looks(Stage::Hashing)
    );

    let low = looks_by_stage(Memory::Low, &key);
    let extended = (strips(0) + strips(1) + strips(2)) * cosets;
    assert!(low(Stage::Extension) >= extended, "{} of {extended}", low(Stage::Extension));
    assert!(low(Stage::Queries) >= strips(0) + strips(1) + strips(2), "{}", low(Stage::Queries));
}
