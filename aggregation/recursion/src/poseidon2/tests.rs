use anyhow::Result;
use plonky2::field::types::{Field, Sample};
use plonky2::gates::gate::Gate;
use plonky2::gates::gate_testing::{test_eval_fns, test_low_degree};
use plonky2::iop::witness::PartialWitness;
use plonky2::plonk::circuit_data::CircuitConfig;
use velum_stark::{Poseidon2Hash, ProofHash};

use super::*;
use crate::field::to_velum;
use crate::testing::{C, proves};

#[test]
fn has_low_degree() {
    test_low_degree::<F, _, 2>(RelationGate(Permutation));
}

#[test]
fn is_the_same_over_fields_and_targets() -> Result<()> {
    test_eval_fns::<F, C, _, 2>(RelationGate(Permutation))
}

#[test]
fn fits_the_standard_row() {
    let (gate, config) = (RelationGate(Permutation), CircuitConfig::standard_recursion_config());
    assert!(gate.num_wires() <= config.num_wires);
    assert!(gate.degree() < config.max_quotient_degree_factor);
}

fn native(state: [F; WIDTH]) -> [F; WIDTH] {
    let mut lanes = state.map(to_velum);
    velum_stark::poseidon2::permute(&mut lanes);
    lanes.map(crate::field::element)
}

/// Whether a row with these inputs and this swap has these outputs.
fn permutes(inputs: [F; WIDTH], swap: F, outputs: [F; WIDTH]) -> bool {
    proves(|builder| {
        let state = inputs.map(|input| builder.constant(input));
        let swap = BoolTarget::new_unsafe(builder.constant(swap));
        let permuted = permute_swapped(builder, state, swap);
        for (target, output) in permuted.into_iter().zip(outputs) {
            let output = builder.constant(output);
            builder.connect(target, output);
        }
        PartialWitness::new()
    })
}

#[test]
fn is_the_native_permutation_with_and_without_swap() {
    for _ in 0..4 {
        let inputs: [F; WIDTH] = F::rand_array();
        let mut swapped = inputs;
        let (left, right) = swapped[..8].split_at_mut(4);
        left.swap_with_slice(right);
        assert!(permutes(inputs, F::ZERO, native(inputs)));
        assert!(permutes(inputs, F::ONE, native(swapped)));
        assert!(!permutes(inputs, F::ONE, native(inputs)));
        assert!(!permutes(inputs, F::ZERO, native(swapped)));
    }
}

/// Every wire of the row follows from its inputs, so only the relation on `swap` itself can refuse
/// a `swap` that is not boolean.
#[test]
fn a_swap_that_is_no_boolean_is_refused() {
    let inputs: [F; WIDTH] = F::rand_array();
    let violated = |swap: F| {
        let wires = crate::testing::row(&Permutation, |wire| match wire {
            Permutation::SWAP => swap,
            lane => inputs[lane],
        });
        crate::testing::violated(&Permutation, &wires)
    };
    assert!(violated(F::ZERO).is_empty());
    assert!(violated(F::ONE).is_empty());
    // Only the first relation is violated. All others are consistent with a swap of two.
    assert_eq!(violated(F::TWO), [0]);
}

#[test]
fn every_wire_is_bound() {
    let inputs: [F; WIDTH] = F::rand_array();
    let mut wires = crate::testing::row(&Permutation, |wire| match wire {
        Permutation::SWAP => F::ONE,
        lane => inputs[lane],
    });
    assert_eq!(wires.len(), RelationGate(Permutation).num_wires());
    for wire in 0..wires.len() {
        wires[wire] += F::ONE;
        assert!(!crate::testing::violated(&Permutation, &wires).is_empty(), "wire {wire} is free");
        wires[wire] -= F::ONE;
    }
}

#[test]
fn leaves_and_nodes_are_native() {
    for length in [1, 7, 8, 9, 40] {
        let message = F::rand_vec(length);
        let expected = Poseidon2Hash::leaves(
            &message.iter().map(|&x| to_velum(x)).collect::<Vec<_>>(),
            length,
            None,
        )[0];
        let hashes_to = |expected: [velum_stark::field::F; 4]| {
            proves(|builder| {
                let message: Vec<_> =
                    message.iter().map(|&element| builder.constant(element)).collect();
                let digest = leaf(builder, &message);
                for (target, expected) in digest.into_iter().zip(expected) {
                    let expected = builder.constant(crate::field::element(expected));
                    builder.connect(target, expected);
                }
                PartialWitness::new()
            })
        };
        assert!(hashes_to(expected), "{length}");
        assert!(!hashes_to(Poseidon2Hash::nodes(&[expected, expected])[0]), "{length}");
    }
}
