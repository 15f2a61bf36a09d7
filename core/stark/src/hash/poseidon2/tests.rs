//! Checks the permutation against its matrices, the values of `qp-plonky2`, and what only this
//! suite has.

use serde_json::{Value, json};

use super::constants::{DIAGONAL, INITIAL, INTERNAL, TERMINAL};
use super::*;
use crate::hash::tests::{leaves_equal, nodes_equal};
use crate::hash::vectors::{hex_elements, hex_value, pairs, squares};

/// Multiplies the state by a matrix.
fn apply(state: &mut [F; WIDTH], matrix: impl Fn(usize, usize) -> F) {
    let before = *state;
    *state = std::array::from_fn(|to| (0..WIDTH).map(|from| matrix(to, from) * before[from]).sum());
}

/// The permutation as eprint 2023/323 writes it, by its matrices.
fn slow_permutation(state: &mut [F; WIDTH]) {
    const M4: [[u8; 4]; 4] = [[2, 3, 1, 1], [1, 2, 3, 1], [1, 1, 2, 3], [3, 1, 1, 2]];
    let external = |to: usize, from: usize| {
        F::from_u8(M4[to % 4][from % 4] * if to / 4 == from / 4 { 2 } else { 1 })
    };
    let internal = |to: usize, from: usize| if to == from { DIAGONAL[to] + F::ONE } else { F::ONE };
    let external_round = |state: &mut [F; WIDTH], constants: &[F; WIDTH]| {
        *state = std::array::from_fn(|lane| (state[lane] + constants[lane]).exp_u64(7));
        apply(state, external);
    };
    apply(state, external);
    INITIAL.iter().for_each(|constants| external_round(state, constants));
    for constant in INTERNAL {
        state[0] = (state[0] + constant).exp_u64(7);
        apply(state, internal);
    }
    TERMINAL.iter().for_each(|constants| external_round(state, constants));
}

fn slow_poseidon2_leaf(row: &[F], salt: Option<&Salt>) -> [F; 4] {
    let words = salt.map_or_else(Vec::new, |salt| salt.as_chunks().0.to_vec());
    let mut message: Vec<F> =
        words.into_iter().map(|word| F::from_u32(u32::from_le_bytes(word))).collect();
    message.extend(row);
    let mut state = [F::ZERO; WIDTH];
    state[8] = F::from_usize(message.len() + 1);
    for block in message.chunks(8) {
        state[..block.len()].copy_from_slice(block);
        slow_permutation(&mut state);
    }
    std::array::from_fn(|lane| state[lane])
}

#[test]
fn poseidon2_leaves_and_nodes_equal_the_slow_ones() {
    leaves_equal::<Poseidon2Hash>(&[1, 3, 4, 5, 7, 8, 9, 20], slow_poseidon2_leaf);
    nodes_equal::<Poseidon2Hash>(|left, right| {
        let mut state = [F::ZERO; WIDTH];
        state[..4].copy_from_slice(left);
        state[4..8].copy_from_slice(right);
        slow_permutation(&mut state);
        std::array::from_fn(|lane| state[lane])
    });
}

/// What `qp-plonky2` computes with its types and functions of the same names.
fn qp_plonky2() -> Value {
    let permuted = |mut state: [F; WIDTH]| {
        permute(&mut state);
        hex_elements(&state)
    };
    let leaf = |length| {
        let digest = Poseidon2Hash::leaves(&squares(length), length as usize, None)[0];
        json!({ "length": length, "digest": hex_elements(&digest) })
    };
    let left_and_right = [[0, 1, 2, 3], [4, 5, 6, 7]].map(|digest| digest.map(F::from_u8));
    // The challenger of that crate starts with zeros. The zero that comes first here is the length
    // of an empty prefix.
    let mut transcript = Poseidon2Transcript { state: [F::ZERO; WIDTH], absorbed: 0, available: 0 };
    transcript.observe(F::ZERO);
    transcript.absorb(&pairs(1..11));
    let first = transcript.challenge();
    transcript.absorb(&pairs(100..108));
    let second: Vec<_> = (0..5).flat_map(|_| hex_value(&transcript.challenge())).collect();
    json!({
        "permutations": [
            permuted(std::array::from_fn(F::from_usize)),
            permuted(std::array::from_fn(|lane| F::NEG_ONE - F::from_usize(lane))),
        ],
        "hash_leaf": ([1, 7, 8, 9, 20].map(leaf)),
        "compress": hex_elements(&Poseidon2Hash::nodes(&left_and_right)[0]),
        "challenger": [hex_value(&first), second],
    })
}

#[test]
fn values_of_qp_plonky2_are_met() {
    let vectors: Value = serde_json::from_str(velum_testdata::HASH_VECTORS).unwrap();
    let computed = qp_plonky2();
    assert_eq!(computed, vectors["qp_plonky2"], "computed:\n{computed:#}");
}

#[test]
fn packed_states_are_permuted_as_single_ones() {
    let lane = |state: usize, lane: usize| F::from_usize(state * WIDTH + lane).exp_u64(5);
    let mut packed: [Packed; WIDTH] =
        std::array::from_fn(|i| Packed::from_fn(|state| lane(state, i)));
    permute(&mut packed);
    for state in 0..Packed::WIDTH {
        let mut single = std::array::from_fn(|i| lane(state, i));
        permute(&mut single);
        assert_eq!(packed.map(|lane| lane.as_slice()[state]), single);
    }
}

#[test]
fn challenges_in_the_base_field_are_passed_over() {
    let mut state: [F; WIDTH] = std::array::from_fn(F::from_usize);
    state[6] = F::ZERO;
    let mut transcript = Poseidon2Transcript { state, absorbed: 0, available: RATE };
    assert_eq!(transcript.challenge(), EF::new([F::from_u8(5), F::from_u8(4)]));
}

#[test]
fn transcripts_leaves_and_nodes_start_from_different_capacities() {
    let transcript = Poseidon2Transcript::new(b"");
    let capacity = |state: &[F; WIDTH]| [state[8], state[9], state[10], state[11]];
    assert_eq!(capacity(&transcript.state), F::new_array([0, 1, 0, 0]));

    // With the same absorbed elements as a node or a leaf, the transcript has another output.
    let absorbed = squares(8);
    let digests = [[0, 1, 2, 3], [4, 5, 6, 7]].map(|places| places.map(|place| absorbed[place]));
    let mut state = transcript.state;
    state[..RATE].copy_from_slice(&absorbed);
    permute(&mut state);
    assert_ne!(Poseidon2Hash::nodes(&digests)[0], state[..DIGEST]);
    assert_ne!(Poseidon2Hash::leaves(&absorbed, 8, None)[0], state[..DIGEST]);
}

#[test]
fn nonces_are_canonical_elements() {
    let start = Poseidon2Transcript::new(b"");
    assert!(start.clone().check_grinding(0, F::ORDER_U64 - 1));
    assert!(!start.clone().check_grinding(0, F::ORDER_U64));
    assert!(!start.clone().check_grinding(0, u64::MAX));
}
