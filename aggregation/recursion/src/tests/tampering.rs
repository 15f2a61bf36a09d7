//! Changes one value of a proof, or of the tables that it is about.

use super::parts::{Part, changed, parts};
use super::*;

#[test]
fn every_part_of_a_proof_is_bound() {
    let honest = circuit().witness(BOUND, START, proof()).unwrap();
    assert!(circuit().accepts(honest.clone()));
    let ends = [None, Some(0), Some(PARAMETERS.queries - 1)];
    let parts = parts(&circuit().proof).into_iter().filter(|part| ends.contains(&part.query));
    for Part { name, query, targets, .. } in parts {
        for at in [0, targets.len() - 1] {
            let changed = changed(&honest, targets[at]);
            assert!(!circuit().accepts(changed), "{name} of query {query:?} is free at {at}");
        }
    }
}

/// A proof is refused if the tables break a constraint, or if their buses do not balance.
#[test]
fn proofs_of_wrong_tables_are_refused() {
    let accepted = |change: &dyn Fn(&mut Vec<velum_stark::air::Trace>)| {
        let mut traces = traces(START);
        change(&mut traces);
        let proof = key().prove(&chips(START), traces, BOUND, &Control::none()).unwrap();
        let native = verifier_key().verify(&chips(START), BOUND, &proof);
        let witness = circuit().witness(BOUND, START, &proof).unwrap();
        (native.map_err(|error| error.to_string()), circuit().accepts(witness))
    };
    assert_eq!(accepted(&|_| {}), (Ok(()), true));
    // A wrong cell in a row that is on no bus.
    let (native, is_accepted) = accepted(&|traces| traces[0].set_u64(150, 1, 77));
    assert!(native.is_err_and(|error| error.contains("the constraint identity")) && !is_accepted);
    // One entry is provided once more often than it is looked up.
    let (native, is_accepted) = accepted(&|traces| {
        let count = traces[0].get(3, 2);
        traces[0].set(3, 2, count + p3_field::PrimeCharacteristicRing::ONE);
    });
    assert!(native.is_err_and(|error| error.contains("the lookup sum")) && !is_accepted);
}
