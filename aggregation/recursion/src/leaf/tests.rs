//! Two proofs that verify, each by itself, but do not belong together.
//!
//! Each proof of a leaf takes long, so that these are run where they are asked for: `cargo test --release -- --ignored`.

use std::sync::LazyLock;

use plonky2::field::types::Field;
use velum_bench::{Case, Statements};
use velum_core::class::STANDARD;
use velum_core::proof::Prover;
use velum_core::statement::credential_proof_name;
use velum_stark::control::Control;

use super::*;
use crate::testing::holds_in_spite_of_contradictions;

static CIRCUIT: LazyLock<LeafCircuit> =
    LazyLock::new(|| LeafCircuit::new(STANDARD, CircuitConfig::standard_recursion_config()));

/// Statements about a record of its own, and a credential proof.
struct Credential {
    statements: Statements,
    proof: Vec<u8>,
}

/// A credential proof and a presentation proof, each of which verifies.
struct Pair<'a> {
    credential: &'a CredentialStatement,
    credential_proof: &'a [u8],
    presentation: PresentationStatement,
    presentation_proof: Vec<u8>,
}

impl Credential {
    fn new() -> Self {
        let case = Case::new(1, STANDARD).unwrap();
        let statements = Statements::new(Suite::Aggregatable, &case);
        let proof = Self::prove(&statements);
        Self { statements, proof }
    }

    fn prove(Statements { credential, credential_witness, .. }: &Statements) -> Vec<u8> {
        let prover = Prover::new(Suite::Aggregatable, STANDARD);
        prover.prove(credential, credential_witness, &Control::none()).unwrap()
    }

    /// Its credential proof beside a presentation of `record` that names the credential proof `named`.
    fn beside<'a>(&'a self, record: &Statements, named: &[u8]) -> Pair<'a> {
        let mut presentation = record.presentation.clone();
        presentation.credential_proof = credential_proof_name(Suite::Aggregatable, named);
        let prover = Prover::new(Suite::Aggregatable, STANDARD);
        let proof = prover.prove(&presentation, &record.presentation_witness, &Control::none()).unwrap();
        let credential = &self.statements.credential;
        CIRCUIT.verifier.verify_credential(credential, &self.proof).unwrap();
        CIRCUIT.verifier.verify_presentation(&presentation, &proof).unwrap();
        Pair { credential, credential_proof: &self.proof, presentation, presentation_proof: proof }
    }
}

impl Pair<'_> {
    fn witness(&self) -> PartialWitness<F> {
        let [credential_key, presentation_key] = CIRCUIT.verifier.keys();
        let mut witness = PartialWitness::new();
        let chips = credential_chips(self.credential).unwrap();
        let (inputs, bound) = (&CIRCUIT.credential, self.credential.bound());
        inputs.set(&mut witness, credential_key, &bound, &chips, self.credential_proof).unwrap();
        let chips = presentation_chips(&self.presentation).unwrap();
        let (inputs, bound) = (&CIRCUIT.presentation, self.presentation.bound());
        // Where the two share a target, the first that is set stands.
        let mut of_presentation = PartialWitness::new();
        inputs.set(&mut of_presentation, presentation_key, &bound, &chips, &self.presentation_proof).unwrap();
        for (target, value) in of_presentation.target_values {
            witness.target_values.entry(target).or_insert(value);
        }
        witness
    }

    fn holds(&self) -> bool {
        holds_in_spite_of_contradictions(&CIRCUIT.data, self.witness())
    }
}

#[test]
#[ignore = "takes long"]
fn two_proofs_that_do_not_belong_together_are_no_leaf() {
    let [one, other] = [(); 2].map(|()| Credential::new());
    assert_ne!(one.statements.credential.commitment, other.statements.credential.commitment);
    assert!(one.beside(&one.statements, &one.proof).holds());

    // A presentation of another record that names the credential proof beside it.
    assert!(!one.beside(&other.statements, &one.proof).holds(), "commitments differ");

    // A presentation of the record that names another proof about it.
    let again = Credential::prove(&one.statements);
    assert!(!one.beside(&one.statements, &again).holds(), "the name is of another credential proof");
}

/// Of a pair that belongs together, everything that is stated.
#[test]
#[ignore = "takes long"]
fn a_leaf_states_nothing_but_what_its_proofs_do() {
    let credential = Credential::new();
    let honest = credential.beside(&credential.statements, &credential.proof).witness();
    for inputs in [&CIRCUIT.credential, &CIRCUIT.presentation] {
        for part in [&inputs.hash, &inputs.values] {
            for target in [part[0], part[part.len() - 1]] {
                let mut changed = honest.clone();
                *changed.target_values.get_mut(&target).unwrap() += F::ONE;
                assert!(!holds_in_spite_of_contradictions(&CIRCUIT.data, changed));
            }
        }
    }
}
