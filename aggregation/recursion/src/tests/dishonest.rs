//! Runs the dishonest proofs that velum-stark lists. The circuit must return the same verdict on
//! each of them as the native verifier.
//!
//! For some of these proofs, the list forces the challenges. A lie then does not change any
//! challenge, and only the one check that it breaks can refuse it. The circuit receives such
//! challenges as inputs instead of drawing them.

use std::collections::HashSet;
use std::sync::LazyLock;

use plonky2::field::types::{Field, Field64};
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::{CircuitConfig, CircuitData};
use velum_stark::air::{Chip, Trace};
use velum_stark::control::Control;
use velum_stark::testing::dishonest::{self, BOUND, Case, START};
use velum_stark::testing::script::{Event, Mode, Scripted, recorded};
use velum_stark::testing::tiny::{Sequence, TINY, Tiny, chips, key_with, traces};
use velum_stark::{
    HashFunction, Parameters, Poseidon2Hash, Proof, ProvingKey, VerifierKey, VerifyError,
};

use super::parts::{Part, changed, parts};
use crate::field::{Builder, D, F, extension};
use crate::testing::{C, holds_in_spite_of_contradictions};
use crate::verifier::{Challenges, PublicTargets, Rows};
use crate::{ProofTargets, StarkVerifier, WitnessError, bound_elements};

type Hash = Scripted<Poseidon2Hash>;

static KEY: LazyLock<ProvingKey> = LazyLock::new(|| key_with(HashFunction::Poseidon2));

fn verifier_key() -> &'static VerifierKey {
    KEY.verifier()
}

/// A circuit that verifies proofs about the tiny tables.
struct Circuit {
    data: CircuitData<F, C, D>,
    start: [Target; 2],
    proof: ProofTargets,
    /// The challenges, if the circuit receives them as inputs.
    given: Option<Challenges>,
}

/// A circuit that draws its challenges.
static DRAWING: LazyLock<Circuit> = LazyLock::new(|| Circuit::new(false));

/// A circuit that receives its challenges as inputs.
static GIVEN: LazyLock<Circuit> = LazyLock::new(|| Circuit::new(true));

impl Circuit {
    fn new(is_given: bool) -> Self {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let start = builder.add_virtual_target_arr();
        let public = public(&mut builder, start);
        let verifier = StarkVerifier::new(verifier_key(), &chips([0, 0])).unwrap();
        let (proof, given) = if is_given {
            let mut rows = Rows::new(&builder);
            let proof = ProofTargets::new(&mut builder, verifier_key());
            let challenges = virtual_challenges(&mut builder);
            verifier.check(&mut builder, &challenges, &proof, &public, &mut rows);
            (proof, Some(challenges))
        } else {
            let bound = builder.constants(&bound_elements(BOUND).unwrap());
            (verifier.build(&mut builder, &bound, &public), None)
        };
        Self { data: builder.build::<C>(), start, proof, given }
    }

    fn witness(&self, case: &Case) -> Result<PartialWitness<F>, WitnessError> {
        let mut witness = PartialWitness::new();
        self.set_start(&mut witness, case.start);
        let (set, events) = recorded(case.mode, || {
            let proof = verifier_key().read_proof::<Hash>(BOUND, &case.proof)?;
            self.proof.set(&mut witness, verifier_key(), BOUND, &proof)
        });
        set?;
        if let Some(challenges) = &self.given {
            set_challenges(&mut witness, challenges, &events);
        }
        Ok(witness)
    }

    fn set_start(&self, witness: &mut PartialWitness<F>, start: [u64; 2]) {
        witness.set_target_arr(&self.start, &start.map(F::from_canonical_u64)).unwrap();
    }

    fn accepts(&self, witness: PartialWitness<F>) -> bool {
        self.data.prove(witness).is_ok_and(|proof| self.data.verify(proof).is_ok())
    }
}

/// The cells of all public columns. The first two cells of the sequence's column are the start, and
/// all other cells are zero.
fn public(builder: &mut Builder, start: [Target; 2]) -> PublicTargets {
    let zero = builder.zero();
    let of_chip = |chip: &Tiny| -> Vec<Vec<Target>> {
        let column = |column: Vec<_>| {
            let mut cells = vec![zero; column.len()];
            cells[..2].copy_from_slice(&start);
            cells
        };
        chip.public().into_iter().map(column).collect()
    };
    chips([0, 0]).iter().map(of_chip).collect()
}

fn virtual_challenges(builder: &mut Builder) -> Challenges {
    let (parameters, shape) = (verifier_key().parameters(), verifier_key().shape());
    let [gamma, beta, alpha, zeta] = [(); 4].map(|()| builder.add_virtual_extension_target());
    let batching = builder.add_virtual_extension_targets(shape.batching_challenges());
    let folding = parameters.folding(shape.log_height());
    let folding =
        folding.into_iter().map(|arity| builder.add_virtual_extension_targets(arity)).collect();
    let bits = verifier_key().log_codeword();
    let query =
        |builder: &mut Builder| (0..bits).map(|_| builder.add_virtual_bool_target_safe()).collect();
    let queries = (0..parameters.queries).map(|_| query(builder)).collect();
    Challenges { gamma, beta, alpha, zeta, batching, folding, queries }
}

/// Sets the challenges to the first ones that were drawn.
fn set_challenges(witness: &mut PartialWitness<F>, challenges: &Challenges, events: &[Event]) {
    let (mut extensions, mut queries) =
        (challenges.extensions().into_iter(), challenges.queries.iter());
    for event in events {
        match event {
            Event::Challenge(value) => {
                let Some(target) = extensions.next() else { break };
                witness.set_extension_target(target, extension(*value)).unwrap();
            }
            Event::Index(index) => {
                let Some(bits) = queries.next() else { break };
                for (at, bit) in bits.iter().enumerate() {
                    witness.set_bool_target(*bit, index >> at & 1 == 1).unwrap();
                }
            }
            _ => {}
        }
    }
}

#[test]
fn the_circuit_says_what_the_native_verifier_says() {
    for case in dishonest::all::<Poseidon2Hash>(&KEY) {
        let circuit = if case.mode == Mode::Real { &DRAWING } else { &GIVEN };
        let is_accepted = circuit.accepts(circuit.witness(&case).unwrap());
        assert_eq!(
            is_accepted,
            case.verify::<Poseidon2Hash>(verifier_key()).is_ok(),
            "{}",
            case.name
        );
        assert_eq!(is_accepted, case.refused_by.is_none(), "{}", case.name);
    }
}

/// Shows that the constraints themselves refuse a lie, and not only a prover that notices a
/// contradiction. Covers every lie, and a changed word in each kind of part. Honest proofs are
/// still accepted.
#[test]
fn no_lie_meets_the_constraints() {
    let mut kinds = HashSet::new();
    let is_first = |case: &Case| match case.part {
        Some(part) => kinds.insert(part),
        None => case.refused_by.is_some(),
    };
    let lies = dishonest::all::<Poseidon2Hash>(&KEY).into_iter().filter(is_first);
    for case in dishonest::honest::<Poseidon2Hash>(&KEY).into_iter().chain(lies) {
        let circuit = if case.mode == Mode::Real { &DRAWING } else { &GIVEN };
        let holds =
            holds_in_spite_of_contradictions(&circuit.data, circuit.witness(&case).unwrap());
        assert_eq!(holds, case.refused_by.is_none(), "{}", case.name);
    }
}

/// The witness of an honest proof under given challenges, in which a test can change one value and
/// nothing else.
fn honest_under_given_challenges() -> PartialWitness<F> {
    let case =
        dishonest::honest::<Poseidon2Hash>(&KEY).into_iter().find(|case| case.mode != Mode::Real);
    let honest = GIVEN.witness(&case.unwrap()).unwrap();
    assert!(GIVEN.accepts(honest.clone()));
    honest
}

/// A proof is valid under its own challenges only. Changing a challenge that batches or folds
/// changes nothing but a value that is folded next. The test therefore also shows that this value
/// is tied to the leaf that was committed to.
#[test]
fn every_challenge_counts() {
    let honest = honest_under_given_challenges();
    let challenges = GIVEN.given.as_ref().unwrap();
    let extensions = challenges.extensions().into_iter().flat_map(|challenge| challenge.0);
    let bits = challenges.queries.iter().flatten().map(|bit| bit.target);
    for (number, target) in extensions.chain(bits).enumerate() {
        assert!(!GIVEN.accepts(changed(&honest, target)), "challenge {number}");
    }
}

/// The given challenges do not depend on any value of the proof, so only the checks themselves can
/// bind a value. The test changes every value of the proof, query by query. Only the nonces stay
/// free, because nothing but the transcript reads them.
#[test]
fn every_value_of_a_proof_is_bound_under_given_challenges() {
    let honest = honest_under_given_challenges();
    for Part { name, query, is_nonce, targets } in parts(&GIVEN.proof) {
        for (at, &target) in targets.iter().enumerate() {
            assert_eq!(
                GIVEN.accepts(changed(&honest, target)),
                is_nonce,
                "{name} of query {query:?}, {at}"
            );
        }
    }
}

/// A proof under a key, after it was read.
fn honest(key: &ProvingKey, chips: &[Tiny], traces: Vec<Trace>) -> Proof<Poseidon2Hash> {
    let proof = key.prove(chips, traces, BOUND, &Control::none()).unwrap();
    key.verifier().verify(chips, BOUND, &proof).unwrap();
    key.verifier().read_proof(BOUND, &proof).unwrap()
}

/// Sets the targets of proofs under one key to a proof that was read under another key.
fn set(
    targets_of: &VerifierKey,
    key: &VerifierKey,
    proof: &Proof<Poseidon2Hash>,
) -> Result<(), WitnessError> {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    ProofTargets::new(&mut builder, targets_of).set(&mut PartialWitness::new(), key, BOUND, proof)
}

fn has_other_lengths(result: &Result<(), WitnessError>) -> bool {
    use VerifyError::{TooLong, TooShort};
    matches!(result, Err(WitnessError::Proof(TooShort | TooLong)))
}

#[test]
fn other_numbers_of_queries_are_no_witness() {
    let (chips, tiny) = (chips(START), Parameters { hash: HashFunction::Poseidon2, ..TINY });
    let few = ProvingKey::new("test", Parameters { queries: TINY.queries - 1, ..tiny }, &chips);
    for (prover, verifier) in [(&*KEY, &few), (&few, &*KEY)] {
        let proof = honest(prover, &chips, traces(START));
        let [prover, verifier] = [prover, verifier].map(ProvingKey::verifier);
        assert_eq!(set(prover, prover, &proof), Ok(()));
        let refused = set(verifier, prover, &proof);
        assert!(matches!(refused, Err(WitnessError::Shape { .. })), "{refused:?}");
        assert!(has_other_lengths(&set(verifier, verifier, &proof)));
        assert!(verifier.read_proof::<Poseidon2Hash>(BOUND, &proof.to_bytes()).is_err());
    }
}

#[test]
fn other_heights_are_no_witness() {
    // This key has only one of the tables, so its heights differ.
    let chips = [Tiny::Sequence(Sequence::new(START))];
    let traces = vec![traces(START).remove(0)];
    let key = ProvingKey::new("test", *verifier_key().parameters(), &chips);
    let proof = key.prove(&chips, traces, BOUND, &Control::none()).unwrap();
    let proof = key.verifier().read_proof(BOUND, &proof).unwrap();
    let refused = set(verifier_key(), key.verifier(), &proof);
    assert!(matches!(refused, Err(WitnessError::Shape { .. })), "{refused:?}");
    assert!(has_other_lengths(&set(verifier_key(), verifier_key(), &proof)));
}

#[test]
fn nonces_above_the_field_are_no_witness() {
    let mut proof = honest(&KEY, &chips(START), traces(START));
    // Such a nonce is not absorbed, so other queries are drawn. Then either the openings have other
    // lengths, or the error names the nonce.
    for nonce in [F::ORDER, u64::MAX] {
        proof.commitments.query_nonce = nonce;
        let refused = set(verifier_key(), verifier_key(), &proof);
        assert!(matches!(refused, Err(WitnessError::Proof(_))), "{refused:?}");
    }
}

/// The other key has the same shape, but its tables are in another order. It therefore has another
/// hash, with which the transcript starts.
#[test]
fn proofs_under_another_key_are_refused() {
    let (mut chips, mut traces) = (chips(START), traces(START));
    chips.reverse();
    traces.reverse();
    let key = ProvingKey::new("test", *verifier_key().parameters(), &chips);
    let proof = honest(&key, &chips, traces);
    let mut witness = PartialWitness::new();
    DRAWING.proof.set(&mut witness, key.verifier(), BOUND, &proof).unwrap();
    DRAWING.set_start(&mut witness, START);
    assert!(!DRAWING.accepts(witness));
}
