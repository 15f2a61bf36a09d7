//! Proofs in which one value is another.

use super::*;

/// Whether the honest witness is accepted with one more in this target.
fn accepts_changed(honest: &PartialWitness<F>, target: Target) -> bool {
    let mut witness = honest.clone();
    let value = witness.target_values.get_mut(&target).expect("a target of the witness");
    *value += F::ONE;
    circuit().accepts(witness)
}

#[test]
fn every_part_of_a_proof_is_bound() {
    let honest = circuit().witness(BOUND, START, proof()).unwrap();
    assert!(circuit().accepts(honest.clone()));
    let targets = &circuit().proof;
    let said = &targets.commitments;
    let (query, last) = (&targets.queries[0], &targets.queries[PARAMETERS.queries - 1]);
    let mut parts = vec![
        ("lookup nonce", said.lookup_nonce),
        ("terminal", said.terminals[1].0[0]),
        ("out-of-domain nonce", said.ood_nonce),
        ("value out of domain", said.values[2].0[1]),
        ("batch nonce", said.batch_nonce),
        ("layer's root", said.layers[0].root[0]),
        ("layer's nonce", said.layers[0].nonce),
        ("layer's cap", said.layers[0].cap[1][2]),
        ("final polynomial", said.final_polynomial[3].0[0]),
        ("query nonce", said.query_nonce),
    ];
    for (tree, root) in said.roots.iter().enumerate() {
        parts.push(("root", root[3]));
        parts.push(("cap", targets.caps[tree][2][1]));
        parts.push(("salt", query.trees[tree].salt[1]));
        parts.push(("cell", query.trees[tree].rows[0][0]));
        parts.push(("sibling", query.trees[tree].path[0][0]));
        parts.push(("last query's cell", last.trees[tree].rows[0][1]));
    }
    parts.push(("cell of the lower group", query.trees[0].rows[1][2]));
    parts.push(("batch of the lower group", query.trees[1].rows[1][3]));
    for leaf in &last.leaves {
        parts.push(("leaf", leaf.values[0].0[0]));
        parts.push(("leaf", leaf.values[1].0[1]));
        parts.push(("leaf's sibling", leaf.path[1][3]));
    }
    for (part, target) in parts {
        assert!(!accepts_changed(&honest, target), "{part} is free");
    }
}

/// The proof of tables that break a rule is refused, and so is that of tables whose buses do not balance.
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
    // In a row that is on no bus.
    let (native, is_accepted) = accepted(&|traces| traces[0].set_u64(150, 1, 77));
    assert!(native.is_err_and(|error| error.contains("the constraint identity")) && !is_accepted);
    // One looked up once more than it is read.
    let (native, is_accepted) = accepted(&|traces| {
        let count = traces[0].get(3, 2);
        traces[0].set(3, 2, count + p3_field::PrimeCharacteristicRing::ONE);
    });
    assert!(native.is_err_and(|error| error.contains("the lookup sum")) && !is_accepted);
}
