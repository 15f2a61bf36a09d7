//! Compares what the circuit computes with what velum-stark computes from the same values.

use std::collections::BTreeMap;

use p3_field::{Field as _, PrimeCharacteristicRing};
use plonky2::field::extension::FieldExtension;
use plonky2::field::types::{Field, PrimeField64, Sample};
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::CircuitConfig;
use velum_core::class::STANDARD;
use velum_core::proof::{Verifier, key_chips};
use velum_core::suite::Suite;
use velum_stark::program::{Input, Value};
use velum_stark::testing::fold_leaf;
use velum_stark::testing::script::{Event, Mode, Scripted, recorded};
use velum_stark::{Poseidon2Hash, Proof, ProofHash, SALT_BYTES};

use super::chips::chips;
use super::{BOUND, bound, proof, verifier_key};
use crate::StarkVerifier;
use crate::composition::composition;
use crate::field::{Builder, D, F, FE, element, extension, to_velum, to_velum_extension};
use crate::fold::{MAX_LOG_ARITY, fold};
use crate::points::inverse_of_first;
use crate::poseidon2::leaf;
use crate::proof::ProofTargets;
use crate::testing::C;

/// The public inputs of a circuit's proof.
fn proven(build: impl FnOnce(&mut Builder) -> PartialWitness<F>) -> Vec<F> {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let witness = build(&mut builder);
    let circuit = builder.build::<C>();
    let proof = circuit.prove(witness).unwrap();
    circuit.verify(proof.clone()).unwrap();
    proof.public_inputs
}

/// The public inputs of a circuit's proof, as elements of the challenge field.
fn proven_extensions(build: impl FnOnce(&mut Builder) -> PartialWitness<F>) -> Vec<FE> {
    proven(build).as_chunks::<D>().0.iter().map(|&pair| FE::from_basefield_array(pair)).collect()
}

/// Covers rows of every length up to one element more than four blocks, with and without salt.
#[test]
fn leaves_of_every_length_are_native() {
    const LONGEST: usize = 33;
    let rows: Vec<Vec<F>> = (1..=LONGEST).map(F::rand_vec).collect();
    let salt: [u8; SALT_BYTES] = std::array::from_fn(|at| 0xf7 - 3 * at as u8);
    let digests = proven(|builder| {
        let mut witness = PartialWitness::new();
        for row in &rows {
            let targets = builder.add_virtual_targets(row.len());
            witness.set_target_arr(&targets, row).unwrap();
            let words =
                [0, 1, 2, 3].map(|word| element(velum_stark::poseidon2::salt_word(&salt, word)));
            let salted = [builder.constants(&words), targets.clone()].concat();
            for message in [targets, salted] {
                let digest = leaf(builder, &message);
                builder.register_public_inputs(&digest);
            }
        }
        witness
    });
    let native = rows.iter().flat_map(|row| {
        let row: Vec<_> = row.iter().map(|&cell| to_velum(cell)).collect();
        [None, Some(&[salt][..])].map(|salts| Poseidon2Hash::leaves(&row, row.len(), salts)[0])
    });
    assert_eq!(digests, native.flatten().map(element).collect::<Vec<_>>());
}

/// A proof, and the events of its transcript while it was read.
fn read() -> (Proof<Scripted<Poseidon2Hash>>, Vec<Event>) {
    let (proof, events) = recorded(Mode::Real, || verifier_key().read_proof(BOUND, proof()));
    (proof.unwrap(), events)
}

#[test]
fn every_challenge_is_native() {
    let (proof, events) = read();
    let drawn = proven(|builder| {
        let targets = ProofTargets::new(builder, verifier_key());
        let bound = builder.constants(&bound());
        let verifier = StarkVerifier::new(verifier_key(), &chips(0)).unwrap();
        let challenges = verifier.challenges(builder, &bound, &targets);
        for challenge in challenges.extensions() {
            builder.register_public_inputs(&challenge.0);
        }
        for query in &challenges.queries {
            let index = builder.le_sum(query.iter());
            builder.register_public_input(index);
        }
        let mut witness = PartialWitness::new();
        targets.set(&mut witness, verifier_key(), BOUND, &proof).unwrap();
        witness
    });
    let native = events.iter().flat_map(|event| match *event {
        Event::Challenge(challenge) => extension(challenge).0.to_vec(),
        Event::Index(index) => vec![F::from_canonical_usize(index)],
        _ => Vec::new(),
    });
    assert_eq!(drawn, native.collect::<Vec<_>>());
    assert!(events.iter().filter(|event| matches!(event, Event::Challenge(_))).count() > 10);
}

/// Folds leaves at random places of codewords on different cosets, with every arity.
#[test]
fn every_fold_is_native() {
    let mut native = Vec::new();
    let folded = proven_extensions(|builder| {
        for (arity, log_size) in
            (1..=MAX_LOG_ARITY).flat_map(|arity| [(arity, arity), (arity, 9), (arity, 20)])
        {
            let place = F::rand().to_canonical_u64() as usize % (1 << (log_size - arity));
            let shift = velum_stark::field::F::GENERATOR.exp_power_of_2(20 - log_size);
            let [values, challenges] = [1 << arity, arity].map(FE::rand_vec);
            let [velum_values, velum_challenges] = [&values, &challenges]
                .map(|list| list.iter().copied().map(to_velum_extension).collect::<Vec<_>>());
            native.push(extension(fold_leaf(
                velum_values,
                place,
                log_size,
                shift,
                &velum_challenges,
            )));

            let bit = |bit: usize| builder.constant_bool(place << arity >> bit & 1 == 1);
            let index: Vec<_> = (0..log_size).map(bit).collect();
            let inverse = inverse_of_first(builder, shift, &index, arity);
            let [values, challenges] = [values, challenges].map(|list| {
                list.into_iter().map(|value| builder.constant_extension(value)).collect::<Vec<_>>()
            });
            let value = fold(builder, inverse, &challenges, &values);
            builder.register_public_inputs(&value.0);
        }
        PartialWitness::new()
    });
    assert_eq!(folded, native);
}

/// Evaluates the constraints of the tables of both proofs of a presentation. All values that the
/// constraints read are random.
#[test]
fn the_composition_of_both_proofs_is_native() {
    let verifier = Verifier::new(Suite::Aggregatable, STANDARD);
    let [credential_key, presentation_key] = verifier.keys();
    let (credential, presentation) = key_chips(Suite::Aggregatable, STANDARD);
    for program in [credential_key.program(&credential), presentation_key.program(&presentation)] {
        let random = || program.inputs().iter().map(|&input| (input, FE::rand())).collect();
        let points: [BTreeMap<Input, FE>; 2] = [random(), random()];
        let composed = proven_extensions(|builder| {
            let mut witness = PartialWitness::new();
            for point in &points {
                let mut set = |value| {
                    let target = builder.add_virtual_extension_target();
                    witness.set_extension_target(target, value).unwrap();
                    target
                };
                let inputs = point.iter().map(|(&input, &value)| (input, set(value))).collect();
                let value = composition(builder, &program, &inputs);
                builder.register_public_inputs(&value.0);
            }
            witness
        });
        let native = points.map(|point| {
            let values =
                program.evaluate(|input| Value::Extension(to_velum_extension(point[input])));
            extension(values[program.composition()].extension())
        });
        assert_eq!(composed, native);
    }
}
