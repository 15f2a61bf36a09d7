//! Tests with proofs by dishonest provers. The check that a lie breaks refuses each of them.

use crate::air::check_blinded;
use crate::hash::{Blake3Hash, Blake3TruncatedHash, Poseidon2Hash, ProofHash};
use crate::testing::dishonest::{self, BOUND, Case, FORCED, START};
use crate::testing::layout::{Part, parts};
use crate::testing::script::{Event, Scripted, recorded};
use crate::testing::seam::{self, Deviation};
use crate::testing::tiny::{TINY, Tiny, chips, key_with, rng, traces};
use crate::{Parameters, ProvingKey, VerifierKey, VerifyError};

/// Runs tests with the hash of each suite.
macro_rules! with_all_hashes {
    ($($test:ident)+) => {
        mod blake3 {
            $(#[test] fn $test() { super::$test::<super::Blake3Hash>() })+
        }
        mod blake3_truncated {
            $(#[test] fn $test() { super::$test::<super::Blake3TruncatedHash>() })+
        }
        mod poseidon2 {
            $(#[test] fn $test() { super::$test::<super::Poseidon2Hash>() })+
        }
    };
}

/// The verifier's verdict on each case is the one that the list states.
fn assert_verdicts<H: ProofHash>(list: impl FnOnce(&ProvingKey) -> Vec<Case>) {
    let key = key_with(H::FUNCTION);
    let cases = list(&key);
    assert!(!cases.is_empty());
    for case in cases {
        let expected = match case.refused_by {
            Some(check) => Err(VerifyError::Invalid { check }),
            None => Ok(()),
        };
        assert_eq!(case.verify::<H>(key.verifier()), expected, "{}", case.name);
    }
}

fn judge_forced<H: ProofHash>(key: &VerifierKey, proof: &[u8]) -> Result<(), VerifyError> {
    let verify = || key.verify_with::<Tiny, Scripted<H>>(&chips(START), BOUND, proof);
    recorded(FORCED, verify).0
}

with_all_hashes! {
    honest_proofs_verify
    work_that_is_not_done_is_missed
    every_word_counts
    terminals_that_cancel_are_still_wrong
    other_first_terms_are_refused
    violations_on_active_rows_are_refused
    lookups_off_by_one_are_refused
    blinding_rows_carry_nothing
    what_is_provided_on_blinding_rows_is_not
    columns_of_too_high_degree_are_refused
    codewords_of_too_high_degree_are_refused
    other_numbers_of_queries_are_refused
    repeated_queries_are_opened_once
    other_heights_are_refused
}

fn honest_proofs_verify<H: ProofHash>() {
    assert_verdicts::<H>(dishonest::honest::<H>);
}

fn work_that_is_not_done_is_missed<H: ProofHash>() {
    assert_verdicts::<H>(dishonest::without_work::<H>);
}

fn every_word_counts<H: ProofHash>() {
    assert_verdicts::<H>(dishonest::every_word::<H>);
}

fn terminals_that_cancel_are_still_wrong<H: ProofHash>() {
    assert_verdicts::<H>(dishonest::terminals_that_cancel::<H>);
}

fn other_first_terms_are_refused<H: ProofHash>() {
    assert_verdicts::<H>(dishonest::other_first_terms::<H>);
}

fn violations_on_active_rows_are_refused<H: ProofHash>() {
    for (what, traces) in dishonest::violating_traces() {
        assert!(!check_blinded(&chips(START), &traces, TINY.blinding_rows).is_empty(), "{what}");
    }
    assert_verdicts::<H>(dishonest::violations_on_active_rows::<H>);
}

fn lookups_off_by_one_are_refused<H: ProofHash>() {
    assert_verdicts::<H>(dishonest::lookups_off_by_one::<H>);
}

fn blinding_rows_carry_nothing<H: ProofHash>() {
    assert_verdicts::<H>(dishonest::anything_on_blinding_rows::<H>);
}

fn what_is_provided_on_blinding_rows_is_not<H: ProofHash>() {
    assert_verdicts::<H>(dishonest::provided_on_blinding_rows::<H>);
}

fn columns_of_too_high_degree_are_refused<H: ProofHash>() {
    assert_verdicts::<H>(dishonest::columns_of_too_high_degree::<H>);
}

fn codewords_of_too_high_degree_are_refused<H: ProofHash>() {
    assert_verdicts::<H>(dishonest::codewords_of_too_high_degree::<H>);
}

fn other_numbers_of_queries_are_refused<H: ProofHash>() {
    let (chips, traces) = (chips(START), traces(START));
    let instance = (&chips[..], &traces[..], BOUND);
    let tiny = Parameters { hash: H::FUNCTION, ..TINY };
    let fewer = Parameters { queries: TINY.queries - 1, ..tiny };
    let [many, few] = [tiny, fewer].map(|parameters| ProvingKey::new("test", parameters, &chips));
    for (prover, verifier) in [(&many, &few), (&few, &many)] {
        let (proof, _) = seam::prove::<H, _>(prover, instance, &mut rng(1), Deviation::default());
        assert!(verifier.verifier().verify_with::<Tiny, H>(&chips, BOUND, &proof).is_err());
        // The proof is refused even if no challenge depends on the key.
        let prove =
            || seam::prove::<Scripted<H>, _>(prover, instance, &mut rng(1), Deviation::default()).0;
        let (proof, _) = recorded(FORCED, prove);
        assert_eq!(judge_forced::<H>(prover.verifier(), &proof), Ok(()));
        assert!(judge_forced::<H>(verifier.verifier(), &proof).is_err());
    }
}

fn repeated_queries_are_opened_once<H: ProofHash>() {
    assert_verdicts::<H>(dishonest::repeated_queries::<H>);
    // If it is opened twice, there is one row too many.
    let key = key_with(H::FUNCTION);
    let case = dishonest::repeated_queries::<H>(&key).remove(0);
    let (_, events) = case.verify_recorded::<H>(key.verifier());
    let parts = parts(key.verifier(), &events);
    let opened = parts.iter().position(|(part, _)| *part == Part::Rows).unwrap();
    let row = parts[opened].1.start..parts[opened + 1].1.end;
    let (before, after) = case.proof.split_at(row.end);
    let forged = Case { proof: [before, &case.proof[row], after].concat(), ..case.clone() };
    assert!(forged.verify::<H>(key.verifier()).is_err());
    assert_eq!(
        events.iter().filter(|event| matches!(event, Event::Index(_))).count(),
        TINY.queries
    );
}

fn other_heights_are_refused<H: ProofHash>() {
    let key = key_with(H::FUNCTION);
    let (proof, _) = seam::prove::<H, _>(
        &key,
        (&chips(START), &traces(START), BOUND),
        &mut rng(1),
        Deviation::default(),
    );
    let mut swapped = chips(START);
    swapped.reverse();
    for other in [swapped, chips(START)[..1].to_vec()] {
        let result = key.verifier().verify_with::<Tiny, H>(&other, BOUND, &proof);
        assert!(matches!(result, Err(VerifyError::Statement(_))), "{result:?}");
    }
}
