//! The record's digests: Poseidon2 over Goldilocks, and a sponge built on it.
//!
//! The permutation is the one of `p3-goldilocks` with width 12 and its standard constants (eprint
//! 2023/323: S-box `x^7`, 4 + 4 external and 22 internal rounds, Grain LFSR constants
//! `GOLDILOCKS_POSEIDON2_RC_12_*`, internal diagonal `MATRIX_DIAG_12_GOLDILOCKS`).
//!
//! # The sponge
//!
//! The rate is 8 (lanes 0..8) and the capacity 4 (lanes 8..12), which gives 128-bit collision
//! resistance. A message has `n` elements, where `n > 0` and `n` is at most `2^32`. It is hashed as
//! follows:
//!
//! 1. Lanes 8, 9 and 10 hold the name of the [`Domain`]: its bytes, packed by [`pack`] and followed
//!    by zero elements. Lane 11 holds `n`.
//! 2. Zero elements are appended to the message up to a multiple of 8. It is absorbed eight
//!    elements at a time: a block *replaces* lanes 0..8, then the state is permuted.
//! 3. The digest is lanes 0..4 of the last state.
//!
//! The name and the length are in the capacity before the first permutation. Messages of different
//! domains or lengths therefore never meet in a state that the prover chooses.

use std::sync::LazyLock;

use p3_field::integers::QuotientMap;
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::{Poseidon2Goldilocks, default_goldilocks_poseidon2_12};
use p3_symmetric::Permutation;
use velum_stark::field::F;
pub(crate) use velum_stark::field::{PACKED_BYTES, pack};

/// Number of elements in a Poseidon2 digest, which has 256 bits and 128-bit collision resistance.
pub const DIGEST_ELEMENTS: usize = 4;

/// A Poseidon2 digest.
pub type Digest = [F; DIGEST_ELEMENTS];

/// Number of bytes in an encoded [`Digest`].
pub const DIGEST_BYTES: usize = 8 * DIGEST_ELEMENTS;

/// Encodes a digest: its elements in order, each canonical and little-endian.
pub fn digest_to_bytes(digest: &Digest) -> [u8; DIGEST_BYTES] {
    let mut bytes = [0; DIGEST_BYTES];
    for (target, element) in bytes.as_chunks_mut().0.iter_mut().zip(digest) {
        *target = element.as_canonical_u64().to_le_bytes();
    }
    bytes
}

/// Decodes a digest. Returns `None` if an element is not canonical.
pub fn digest_from_bytes(bytes: &[u8; DIGEST_BYTES]) -> Option<Digest> {
    let mut digest = Digest::default();
    for (element, source) in digest.iter_mut().zip(bytes.as_chunks().0) {
        *element = F::from_canonical_checked(u64::from_le_bytes(*source))?;
    }
    Some(digest)
}

/// Number of lanes of the permutation.
pub(crate) const WIDTH: usize = 12;

/// Number of lanes that absorb.
pub(crate) const RATE: usize = 8;

/// What is hashed. Hashes of different domains are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Domain {
    /// The record.
    Record,
    /// The value of one slot.
    Slot,
    /// The document type.
    DocType,
    /// The issuer's key.
    Issuer,
    /// A (namespace, element) pair.
    Name,
}

impl Domain {
    /// The name in the capacity: at most 21 bytes of ASCII, different for each domain.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Record => "velum record v1",
            Self::Slot => "velum slot v1",
            Self::DocType => "velum docType v1",
            Self::Issuer => "velum issuer v1",
            Self::Name => "velum name v1",
        }
    }

    /// Lanes 8..12 before a message of `elements` elements is absorbed.
    pub(crate) fn capacity(self, elements: usize) -> [F; WIDTH - RATE] {
        let mut lanes = [F::ZERO; WIDTH - RATE];
        for (lane, packed) in lanes.iter_mut().zip(pack(self.name().as_bytes())) {
            *lane = packed;
        }
        lanes[WIDTH - RATE - 1] = F::from_usize(elements);
        lanes
    }
}

/// Number of permutations that absorb `elements` elements.
pub(crate) const fn permutations(elements: usize) -> usize {
    elements.div_ceil(RATE)
}

/// Applies the permutation.
pub(crate) fn permute(state: &mut [F; WIDTH]) {
    static PERMUTATION: LazyLock<Poseidon2Goldilocks<WIDTH>> =
        LazyLock::new(default_goldilocks_poseidon2_12);
    PERMUTATION.permute_mut(state);
}

/// The sponge's digest of `elements`, which must not be empty.
pub(crate) fn hash(domain: Domain, elements: &[F]) -> Digest {
    let mut state = [F::ZERO; WIDTH];
    state[RATE..].copy_from_slice(&domain.capacity(elements.len()));
    for block in elements.chunks(RATE) {
        state[..RATE].fill(F::ZERO);
        state[..block.len()].copy_from_slice(block);
        permute(&mut state);
    }
    std::array::from_fn::<F, DIGEST_ELEMENTS, _>(|lane| state[lane])
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeField64;

    use super::*;

    /// The permutation of (0, 1, .., 11), from the test vectors of `p3-goldilocks` 0.8 (MIT OR
    /// Apache-2.0).
    const PERMUTED: [u64; WIDTH] = [
        0xf292ab67c0f14b03,
        0x0a32f1b37656544c,
        0x053c61ab895498de,
        0x02ff92e55b196ffb,
        0x58176e8f6f58cab2,
        0xb0aa1206e7aec0f8,
        0xe90c13f3dce83ca4,
        0xf4da15333edf39c2,
        0x23b701c053c2ca6c,
        0xd233d593dcdfbf58,
        0x4effa5f9516fb52e,
        0x0aaf4489f1f40166,
    ];

    #[test]
    fn permutation_is_the_standard_one() {
        let mut state = std::array::from_fn(F::from_usize);
        permute(&mut state);
        assert_eq!(state.map(|lane| lane.as_canonical_u64()), PERMUTED);
    }

    #[test]
    fn packs_seven_bytes_little_end_first() {
        let packed: Vec<_> =
            pack(&[1, 2, 3, 4, 5, 6, 7, 8]).map(|e| e.as_canonical_u64()).collect();
        assert_eq!(packed, [0x07_0605_0403_0201, 8]);
        assert_eq!(pack(&[]).count(), 0);
    }

    #[test]
    fn domains_and_lengths_are_separate() {
        let message = [F::ONE, F::ZERO];
        let mut digests = vec![hash(Domain::Name, &message[..1])];
        for domain in [Domain::Record, Domain::Slot, Domain::DocType, Domain::Issuer, Domain::Name]
        {
            assert!(domain.name().is_ascii() && domain.name().len() <= 3 * PACKED_BYTES);
            digests.push(hash(domain, &message));
        }
        for (index, digest) in digests.iter().enumerate() {
            assert!(!digests[..index].contains(digest));
        }
    }
}
