//! The leaves of real documents: what a leaf states, and what ties its two proofs together.

use std::sync::LazyLock;

use velum_bench::{Case, Statements};
use velum_core::class::{CLASSES, STANDARD, SizeClass};
use velum_core::proof::Prover;
use velum_core::statement::{CredentialStatement, PresentationStatement, credential_proof_name};
use velum_core::statement_hash::statement_hash;
use velum_core::suite::Suite;

use super::*;
use crate::testing::holds_in_spite_of_contradictions;
use crate::{LeafCircuit, LeafError, ProvenStatements, Rows};

static CIRCUIT: LazyLock<LeafCircuit> =
    LazyLock::new(|| LeafCircuit::new(STANDARD, CircuitConfig::standard_recursion_config()));

/// A document's record, committed to with its own salts, and a credential proof of it.
struct Committed {
    statements: Statements,
    proof: Vec<u8>,
}

impl Committed {
    fn new(class: SizeClass) -> Self {
        let mut statements = Statements::new(Suite::Aggregatable, &Case::new(1, class).unwrap());
        let prover = Prover::new(Suite::Aggregatable, class);
        let proof =
            prover.prove(&statements.credential, &statements.credential_witness, &Control::none());
        let proof = proof.unwrap();
        statements.presentation.salt = Some([0x5a; 32]);
        statements.presentation.credential_proof =
            credential_proof_name(Suite::Aggregatable, &proof);
        Self { statements, proof }
    }

    /// A presentation proof of this commitment that names the credential proof of `named`.
    fn present(&self, named: &Self) -> (PresentationStatement, Vec<u8>) {
        let Statements { presentation, presentation_witness, .. } = &self.statements;
        let mut presentation = presentation.clone();
        presentation.credential_proof = named.statements.presentation.credential_proof;
        let prover = Prover::new(Suite::Aggregatable, presentation.subject.class);
        let proof = prover.prove(&presentation, presentation_witness, &Control::none()).unwrap();
        (presentation, proof)
    }
}

fn proven<'a>(
    credential: (&'a CredentialStatement, &'a [u8]),
    presentation: &'a (PresentationStatement, Vec<u8>),
) -> ProvenStatements<'a> {
    let (credential, credential_proof) = credential;
    let (presentation, presentation_proof) = presentation;
    ProvenStatements { credential, credential_proof, presentation, presentation_proof }
}

/// Whether the circuit accepts the proofs, whatever the native verifier says about them.
fn is_taken(statements: &ProvenStatements<'_>) -> bool {
    let witness = CIRCUIT.fill(statements).unwrap();
    CIRCUIT.data.prove(witness).is_ok_and(|proof| CIRCUIT.data.verify(proof).is_ok())
}

/// Run with `--nocapture` to see how many rows each part takes.
#[test]
fn a_leaf_of_standard_has_two_to_the_fourteenth_rows() {
    for (name, rows) in
        ["credential proof", "presentation proof", "beside"].into_iter().zip(&CIRCUIT.rows)
    {
        println!("{name}: {} rows", rows.total());
        for (part, rows) in rows.parts() {
            println!("  {part:<28} {rows:>6}");
        }
    }
    assert!(CIRCUIT.rows.iter().map(Rows::total).sum::<usize>() <= 16_000);
    assert_eq!(CIRCUIT.data.common.degree_bits(), 14);
}

#[test]
fn a_leaf_states_the_hash_of_a_presentation_whose_proofs_belong_together() {
    let [ours, theirs] = [(); 2].map(|()| Committed::new(STANDARD));
    let credential = (&ours.statements.credential, &ours.proof[..]);
    let presentation = ours.present(&ours);
    let statements = proven(credential, &presentation);
    let leaf = CIRCUIT.prove(&statements).unwrap();
    let hash = statement_hash(&ours.statements.credential, &presentation.0).unwrap();
    assert_eq!(leaf.public_inputs, hash.map(element));
    CIRCUIT.data.verify(leaf).unwrap();

    // Another commitment with the right name, and the right commitment with another name.
    assert!(!is_taken(&proven(credential, &theirs.present(&ours))));
    assert!(!is_taken(&proven(credential, &ours.present(&theirs))));
    assert!(!is_taken(&proven(credential, &theirs.present(&theirs))));
    assert!(!is_taken(&proven((&theirs.statements.credential, &theirs.proof), &presentation)));

    // The hash is the hash of what is proven.
    let hash = &CIRCUIT.data.prover_only.public_inputs;
    for target in hash {
        let mut witness = CIRCUIT.fill(&statements).unwrap();
        witness.set_target(*target, F::ONE).unwrap();
        assert!(CIRCUIT.data.prove(witness).is_err());
    }

    // `prove` reports what is wrong before it asks the circuit.
    let mut later = presentation.clone();
    later.0.now += 1;
    let refused = CIRCUIT.prove(&proven(credential, &later));
    assert!(matches!(refused, Err(LeafError::PresentationProof(_))), "{refused:?}");
    let refused =
        CIRCUIT.prove(&proven((&theirs.statements.credential, &ours.proof), &presentation));
    assert!(matches!(refused, Err(LeafError::CredentialProof(_))), "{refused:?}");
}

/// What plonky2's own prover notices, the constraints refuse too.
#[test]
#[ignore = "takes minutes"]
fn no_leaf_that_states_something_else_meets_the_constraints() {
    let [ours, theirs] = [(); 2].map(|()| Committed::new(STANDARD));
    let credential = (&ours.statements.credential, &ours.proof[..]);
    let presentation = ours.present(&ours);
    let (other_record, other_name) = (theirs.present(&ours), ours.present(&theirs));
    let witness = |presentation| CIRCUIT.fill(&proven(credential, presentation)).unwrap();
    let holds = |witness| holds_in_spite_of_contradictions(&CIRCUIT.data, witness);
    let honest = witness(&presentation);
    assert!(holds(honest.clone()));
    assert!(!holds(witness(&other_record)), "commitments differ");
    assert!(!holds(witness(&other_name)), "the name is of another credential proof");

    // The first and the last element of each proof's hash and public values.
    for target in CIRCUIT.stated_targets() {
        let mut changed = honest.clone();
        *changed.target_values.get_mut(&target).unwrap() += F::ONE;
        assert!(!holds(changed));
    }
}

#[test]
#[ignore = "takes minutes"]
fn documents_of_every_class_have_leaves() {
    for class in CLASSES {
        let circuit = LeafCircuit::new(class, CircuitConfig::standard_recursion_config());
        let ours = Committed::new(class);
        let presentation = ours.present(&ours);
        let start = std::time::Instant::now();
        let leaf = circuit
            .prove(&proven((&ours.statements.credential, &ours.proof), &presentation))
            .unwrap();
        println!(
            "{}: 2^{} rows, {:.1} s",
            class.name,
            circuit.data.common.degree_bits(),
            start.elapsed().as_secs_f64()
        );
        circuit.data.verify(leaf).unwrap();
    }
}
