//! Poseidon2 for everything: for proofs that a recursion circuit verifies.
//!
//! Every function equals one that `qp-plonky2` 1.6 has natively and as a gadget over its Poseidon2
//! gate. A circuit of `qp-plonky2` therefore takes no more than one gate for each permutation here.
//! Leaves are its `hash_leaf`, nodes its `compress`, and the transcript its `Challenger` over its
//! `Poseidon2Permutation`. Its `Poseidon2Hash::two_to_one` is not used: it pads eight elements to
//! two blocks and takes two permutations where `compress` takes one.
//!
//! The permutation has the constants of that crate.

mod constants;
mod permutation;
#[cfg(all(test, feature = "prover"))]
mod tests;

use p3_field::{BasedVectorSpace, Field, PackedValue, PrimeCharacteristicRing, PrimeField64};
use p3_maybe_rayon::prelude::*;

pub use self::constants::{DIAGONAL, INITIAL, INTERNAL, TERMINAL};
pub use self::permutation::permute;
#[cfg(feature = "prover")]
use super::Puzzle;
use super::{DIGEST_BYTES, HashFunction, ProofHash, Rows, Salt, TASK, Transcript, meets};
use crate::field::{EF, EXTENSION_DEGREE, F, pack};

/// Number of lanes of the permutation.
pub const WIDTH: usize = 12;

/// Number of lanes that absorb and that are squeezed. The other lanes are the capacity.
pub const RATE: usize = 8;

/// The capacity lane in which a transcript starts with a one. Leaves start with their length plus
/// one in the lane before it, and nodes start with zeros. Leaves, nodes and transcripts are
/// therefore different functions.
pub const TRANSCRIPT_LANE: usize = RATE + 1;

/// Number of elements of a digest.
pub const DIGEST: usize = 4;

/// Number of elements of a salt, of 32 bits each.
pub const SALT: usize = 4;

/// Elements that are permuted at once.
type Packed = <F as Field>::Packing;

/// Poseidon2 for everything.
#[derive(Clone, Copy, Debug)]
pub struct Poseidon2Hash;

impl super::sealed::Sealed for Poseidon2Hash {}

impl ProofHash for Poseidon2Hash {
    const FUNCTION: HashFunction = HashFunction::Poseidon2;
    type Digest = [F; DIGEST];
    type Transcript = Poseidon2Transcript;

    fn hash_rows<R: Rows>(rows: &R, salts: Option<&[Salt]>) -> Vec<[F; DIGEST]> {
        let mut digests = vec![[F::ZERO; DIGEST]; rows.count()];
        let width = rows.width();
        let cell = |row, column| {
            let mut cell = F::ZERO;
            rows.read(row, column..column + 1, |cells| cell = cells[0]);
            cell
        };
        digests.par_chunks_mut(TASK).enumerate().for_each(|(task, digests)| {
            for (index, digests) in digests.chunks_mut(Packed::WIDTH).enumerate() {
                let first = task * TASK + index * Packed::WIDTH;
                match salts {
                    Some(salts) => hash_leaves(digests, SALT + width, |row, element| match element
                        .checked_sub(SALT)
                    {
                        Some(column) => cell(first + row, column),
                        None => salt_word(&salts[first + row], element),
                    }),
                    None => hash_leaves(digests, width, |row, column| cell(first + row, column)),
                }
            }
        });
        digests
    }

    fn nodes(children: &[[F; DIGEST]]) -> Vec<[F; DIGEST]> {
        let mut digests = vec![[F::ZERO; DIGEST]; children.len() / 2];
        digests.par_chunks_mut(TASK).zip(children.par_chunks(2 * TASK)).for_each(
            |(digests, children)| {
                let children = children.chunks(2 * Packed::WIDTH);
                for (digests, children) in digests.chunks_mut(Packed::WIDTH).zip(children) {
                    let mut state = [Packed::ZERO; WIDTH];
                    let elements = children.as_flattened();
                    absorb_packed(&mut state[..RATE], digests.len(), |node, lane| {
                        elements[node * RATE + lane]
                    });
                    permute(&mut state);
                    squeeze_packed(&state, digests);
                }
            },
        );
        digests
    }

    #[cfg(feature = "prover")]
    fn to_bytes(digest: &[F; DIGEST]) -> [u8; DIGEST_BYTES] {
        let mut bytes = [0; DIGEST_BYTES];
        for (bytes, element) in bytes.as_chunks_mut().0.iter_mut().zip(digest) {
            *bytes = element.as_canonical_u64().to_le_bytes();
        }
        bytes
    }

    fn from_bytes(bytes: [u8; DIGEST_BYTES]) -> Option<[F; DIGEST]> {
        let mut digest = [F::ZERO; DIGEST];
        for (element, bytes) in digest.iter_mut().zip(bytes.as_chunks().0) {
            *element = canonical(u64::from_le_bytes(*bytes))?;
        }
        Some(digest)
    }
}

/// The element of a number, or `None` if the number is not below the field's order.
fn canonical(number: u64) -> Option<F> {
    (number < F::ORDER_U64).then(|| F::from_u64(number))
}

/// A word of a salt, by its number from 0 to 3.
pub fn salt_word(salt: &Salt, word: usize) -> F {
    F::from_u32(u32::from_le_bytes(salt.as_chunks().0[word]))
}

/// The leaves of at most [`Packed::WIDTH`] messages of `length` elements. `element` returns an
/// element by message and position.
fn hash_leaves(digests: &mut [[F; DIGEST]], length: usize, element: impl Fn(usize, usize) -> F) {
    let mut state = [Packed::ZERO; WIDTH];
    state[RATE] = Packed::from_usize(length + 1);
    for first in (0..length).step_by(RATE) {
        let lanes = RATE.min(length - first);
        absorb_packed(&mut state[..lanes], digests.len(), |message, lane| {
            element(message, first + lane)
        });
        permute(&mut state);
    }
    squeeze_packed(&state, digests);
}

/// Sets lanes of `count` states. The states after them repeat the last one.
fn absorb_packed(lanes: &mut [Packed], count: usize, element: impl Fn(usize, usize) -> F) {
    for (lane, packed) in lanes.iter_mut().enumerate() {
        *packed = Packed::from_fn(|state| element(state.min(count - 1), lane));
    }
}

/// The digests of the first states.
fn squeeze_packed(state: &[Packed; WIDTH], digests: &mut [[F; DIGEST]]) {
    for (index, digest) in digests.iter_mut().enumerate() {
        *digest = std::array::from_fn(|lane| state[lane].as_slice()[index]);
    }
}

/// The transcript over Poseidon2: a duplex sponge in overwrite mode.
#[derive(Clone)]
pub struct Poseidon2Transcript {
    state: [F; WIDTH],
    /// Number of lanes overwritten since the last permutation, fewer than [`RATE`].
    absorbed: usize,
    /// Number of lanes not yet given out since the last permutation. Zero if some lanes have been
    /// overwritten.
    available: usize,
}

impl Poseidon2Transcript {
    fn observe(&mut self, element: F) {
        self.state[self.absorbed] = element;
        self.absorbed += 1;
        self.available = 0;
        if self.absorbed == RATE {
            self.duplex();
        }
    }

    fn sample(&mut self) -> F {
        if self.available == 0 {
            self.duplex();
        }
        self.available -= 1;
        self.state[self.available]
    }

    fn duplex(&mut self) {
        permute(&mut self.state);
        self.absorbed = 0;
        self.available = RATE;
    }
}

/// The first of these nonces with which the permutation of the state meets the condition.
#[cfg(feature = "prover")]
pub(super) fn find_among(
    state: &[F; WIDTH],
    lane: usize,
    bits: usize,
    nonces: std::ops::Range<u64>,
) -> Option<u64> {
    let state = state.map(Packed::from);
    nonces.step_by(Packed::WIDTH).find_map(|first| {
        let mut state = state;
        state[lane] = Packed::from_fn(|index| F::from_u64(first + index as u64));
        permute(&mut state);
        let words = state[RATE - 1].as_slice();
        let found = words.iter().position(|word| meets(word.as_canonical_u64(), bits))?;
        Some(first + found as u64)
    })
}

impl Transcript for Poseidon2Transcript {
    type Digest = [F; DIGEST];

    fn new(prefix: &[u8]) -> Self {
        let mut state = [F::ZERO; WIDTH];
        state[TRANSCRIPT_LANE] = F::ONE;
        let mut transcript = Self { state, absorbed: 0, available: 0 };
        transcript.observe(F::from_usize(prefix.len()));
        pack(prefix).for_each(|element| transcript.observe(element));
        transcript
    }

    fn absorb_digest(&mut self, digest: &[F; DIGEST]) {
        digest.iter().for_each(|element| self.observe(*element));
    }

    fn absorb(&mut self, values: &[EF]) {
        for value in values {
            let coefficients: &[F] = value.as_basis_coefficients_slice();
            coefficients.iter().for_each(|element| self.observe(*element));
        }
    }

    fn challenge(&mut self) -> EF {
        loop {
            let coefficients: [F; EXTENSION_DEGREE] = std::array::from_fn(|_| self.sample());
            if coefficients[1..].iter().any(|coefficient| *coefficient != F::ZERO) {
                return EF::new(coefficients);
            }
        }
    }

    fn index(&mut self, bits: usize) -> usize {
        (self.sample().as_canonical_u64() & ((1 << bits) - 1)) as usize
    }

    #[cfg(feature = "prover")]
    fn puzzle(&self) -> Puzzle {
        Puzzle::Poseidon2 { state: self.state, lane: self.absorbed }
    }

    fn check_grinding(&mut self, bits: usize, nonce: u64) -> bool {
        let Some(nonce) = canonical(nonce) else { return false };
        self.observe(nonce);
        meets(self.sample().as_canonical_u64(), bits)
    }
}
