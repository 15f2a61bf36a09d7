//! The two proofs of a real licence in the circuit of their size class.
//!
//! Proving a leaf takes long, so that the test which does is run where it is asked for: `cargo test --release -- --ignored`.

use plonky2::field::types::Field;
use plonky2::plonk::circuit_data::CircuitConfig;
use velum_bench::{Case, Statements};
use velum_core::class::STANDARD;
use velum_core::proof::Prover;
use velum_core::statement::credential_proof_name;
use velum_core::statement_hash::statement_hash;
use velum_core::suite::Suite;
use velum_recursion::{F, LeafCircuit, LeafError, ProvenStatements};
use velum_stark::control::Control;

/// Run with `--nocapture` to see what takes how many.
#[test]
fn a_leaf_of_standard_has_two_to_the_fourteenth_rows() {
    let circuit = LeafCircuit::new(STANDARD, CircuitConfig::standard_recursion_config());
    for (name, rows) in ["credential proof", "presentation proof", "beside"].into_iter().zip(&circuit.rows) {
        println!("{name}: {} rows", rows.total());
        for (part, rows) in rows.parts() {
            println!("  {part:<28} {rows:>6}");
        }
    }
    assert_eq!(circuit.data.common.degree_bits(), 14);
}

#[test]
#[ignore = "takes long"]
fn a_leaf_of_a_licence_states_its_hash() {
    let Statements { credential, credential_witness, mut presentation, presentation_witness, .. } =
        Statements::new(Suite::Aggregatable, &Case::new(1, STANDARD).unwrap());
    let control = Control::none();
    let prover = Prover::new(Suite::Aggregatable, STANDARD);
    let credential_proof = prover.prove(&credential, &credential_witness, &control).unwrap();
    presentation.credential_proof = credential_proof_name(Suite::Aggregatable, &credential_proof);
    let prover = Prover::new(Suite::Aggregatable, STANDARD);
    let presentation_proof = prover.prove(&presentation, &presentation_witness, &control).unwrap();

    let circuit = LeafCircuit::new(STANDARD, CircuitConfig::standard_recursion_config());
    let statements = ProvenStatements {
        credential: &credential,
        credential_proof: &credential_proof,
        presentation: &presentation,
        presentation_proof: &presentation_proof,
    };
    let start = std::time::Instant::now();
    let leaf = circuit.prove(&statements).unwrap();
    println!("{:.1} s, {} bytes", start.elapsed().as_secs_f64(), leaf.to_bytes().len());
    let hash = statement_hash(&credential, &presentation).unwrap();
    let hash = hash.map(|element| F::from_canonical_u64(p3_field::PrimeField64::as_canonical_u64(&element)));
    assert_eq!(leaf.public_inputs, hash);
    circuit.data.verify(leaf).unwrap();

    let mut other = presentation.clone();
    other.now += 1;
    let refused = circuit.prove(&ProvenStatements { presentation: &other, ..statements });
    assert!(matches!(refused, Err(LeafError::PresentationProof(_))));
}
