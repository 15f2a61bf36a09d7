//! Verifies whole proofs of small tables in circuits.

mod agreement;
mod chips;
mod dishonest;
mod leaf;
mod parts;
mod tampering;

use std::sync::OnceLock;

use plonky2::field::types::Field;
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::{CircuitConfig, CircuitData};
use velum_stark::air::Chip;
use velum_stark::control::Control;
use velum_stark::{HashFunction, Parameters, Poseidon2Hash, ProvingKey, VerifierKey};

use self::chips::{START, Table, chips, traces};
use crate::field::{Builder, D, F, element};
use crate::testing::C;
use crate::verifier::PublicTargets;
use crate::{KeyError, ProofTargets, StarkVerifier, WitnessError, bound_elements};

/// These parameters are far too weak for use. They have enough queries for caps of four nodes.
const PARAMETERS: Parameters = Parameters {
    hash: HashFunction::Poseidon2,
    log_blowup: 2,
    queries: 32,
    max_log_arity: 3,
    log_final_poly_len: 2,
    blinding_rows: 44,
    lookup_grinding_bits: 1,
    ood_grinding_bits: 2,
    batch_grinding_bits: 3,
    folding_grinding_bits: 1,
    query_grinding_bits: 4,
};

/// The data that proofs are bound to.
const BOUND: &[u8] = b"\0\0\0\0\0\0a statement of 3 rows";

fn bound() -> Vec<F> {
    bound_elements(BOUND).unwrap()
}

fn key() -> &'static ProvingKey {
    static KEY: OnceLock<ProvingKey> = OnceLock::new();
    KEY.get_or_init(|| ProvingKey::new("test", PARAMETERS, &chips(0)))
}

fn verifier_key() -> &'static VerifierKey {
    key().verifier()
}

/// A circuit that verifies a proof. Its public inputs are the statement: the elements that the
/// proof is bound to, then the start.
struct Circuit {
    data: CircuitData<F, C, D>,
    bound: Vec<Target>,
    start: Target,
    proof: ProofTargets,
}

fn circuit() -> &'static Circuit {
    static CIRCUIT: OnceLock<Circuit> = OnceLock::new();
    CIRCUIT.get_or_init(|| {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let bound = builder.add_virtual_targets(bound().len());
        builder.register_public_inputs(&bound);
        let start = builder.add_virtual_public_input();
        let public = public(&mut builder, start);
        let verifier = StarkVerifier::new(verifier_key(), &chips(0)).unwrap();
        let (proof, rows) = verifier.build_counted(&mut builder, &bound, &public);
        println!("{rows:?}");
        Circuit { data: builder.build::<C>(), bound, start, proof }
    })
}

/// The cells of all public columns. The first cell of one column is the start, and all other cells
/// are zero.
fn public(builder: &mut Builder, start: Target) -> PublicTargets {
    let zero = builder.zero();
    let of_chip = |chip: &Table| {
        let column = |column: &Vec<velum_stark::field::F>| {
            let cells =
                column.iter().map(|&cell| if element(cell) == F::ZERO { zero } else { start });
            cells.collect()
        };
        chip.public().iter().map(column).collect()
    };
    chips(START).iter().map(of_chip).collect()
}

impl Circuit {
    /// The witness of a proof for this statement.
    fn witness(
        &self,
        bound: &[u8],
        start: u64,
        proof: &[u8],
    ) -> Result<PartialWitness<F>, WitnessError> {
        let proof = verifier_key().read_proof::<Poseidon2Hash>(bound, proof)?;
        let mut witness = PartialWitness::new();
        self.proof.set(&mut witness, verifier_key(), bound, &proof)?;
        self.set_statement(&mut witness, &bound_elements(bound).unwrap(), start);
        Ok(witness)
    }

    fn set_statement(&self, witness: &mut PartialWitness<F>, bound: &[F], start: u64) {
        witness.set_target_arr(&self.bound, bound).unwrap();
        witness.set_target(self.start, F::from_canonical_u64(start)).unwrap();
    }

    fn accepts(&self, witness: PartialWitness<F>) -> bool {
        self.data.prove(witness).is_ok_and(|proof| self.data.verify(proof).is_ok())
    }
}

/// A proof of the recurrence from this start.
fn prove(start: u64) -> Vec<u8> {
    key().prove(&chips(start), traces(start), BOUND, &Control::none()).unwrap()
}

fn proof() -> &'static [u8] {
    static PROOF: OnceLock<Vec<u8>> = OnceLock::new();
    PROOF.get_or_init(|| prove(START))
}

#[test]
fn a_proof_is_accepted() {
    for start in [START, 77] {
        let proof = prove(start);
        verifier_key().verify(&chips(start), BOUND, &proof).unwrap();
        let witness = circuit().witness(BOUND, start, &proof).unwrap();
        let proof = circuit().data.prove(witness).unwrap();
        assert_eq!(proof.public_inputs[bound().len()], F::from_canonical_u64(start));
        circuit().data.verify(proof).unwrap();
    }
}

#[test]
fn another_statement_is_refused() {
    let witness = || {
        let proof = verifier_key().read_proof::<Poseidon2Hash>(BOUND, proof()).unwrap();
        let mut witness = PartialWitness::new();
        circuit().proof.set(&mut witness, verifier_key(), BOUND, &proof).unwrap();
        witness
    };
    let accepted = |bound: &[F], start| {
        let mut witness = witness();
        circuit().set_statement(&mut witness, bound, start);
        circuit().accepts(witness)
    };
    assert!(accepted(&bound(), START));
    assert!(!accepted(&bound(), START + 1));
    let mut other = bound();
    other[2] += F::ONE;
    assert!(!accepted(&other, START));
}

#[test]
fn what_a_proof_is_bound_to_is_whole_elements_after_zeros() {
    assert_eq!(bound().len(), 3);
    assert_eq!(bound_elements(&BOUND[..BOUND.len() - 1]), None);
    assert_eq!(bound_elements(&BOUND[1..]), None);
    assert_eq!(bound_elements(b"\0\0\0\0\0\x01"), None);
    assert_eq!(bound_elements(b"\0\0\0\0\0"), None);
}

#[test]
fn keys_that_are_not_for_circuits_are_told() {
    let refused = |parameters| {
        let key = VerifierKey::new("test", parameters, &chips(0));
        StarkVerifier::new(&key, &chips(0)).err()
    };
    assert_eq!(refused(PARAMETERS), None);
    assert_eq!(
        refused(Parameters { hash: HashFunction::Blake3, ..PARAMETERS }),
        Some(KeyError::Hash)
    );
    let arity = KeyError::Arity { log_arity: 4, most: 3 };
    assert_eq!(refused(Parameters { max_log_arity: 4, ..PARAMETERS }), Some(arity));
}
