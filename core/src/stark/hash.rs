//! The hash functions of a suite: rows to leaves, pairs to nodes, and the transcript of Fiat-Shamir.

use std::fmt::Debug;

use p3_blake3::Blake3;
use p3_challenger::{
    CanObserve, CanSample, CanSampleBits, FieldChallenger, HashChallenger, SerializingChallenger64,
};
use p3_field::{ExtensionField, PrimeCharacteristicRing, PrimeField64};
use p3_symmetric::CryptographicHasher;

use crate::field::{EF, F};

/// Bytes of a digest in a proof, of every suite.
pub(crate) const DIGEST_BYTES: usize = 32;

/// Bytes of salt in each leaf of a hiding tree.
pub(crate) const SALT_BYTES: usize = 16;

/// The salt of one leaf.
pub(crate) type Salt = [u8; SALT_BYTES];

/// The hash functions of a suite. Collision resistance of at least 128 bits.
pub(crate) trait SuiteHash: Copy + Debug + Send + Sync + 'static {
    /// Output of the hash.
    type Digest: Copy + Default + PartialEq + Debug + Send + Sync;
    /// The transcript.
    type Transcript: Transcript<Digest = Self::Digest>;

    /// The leaves of `rows.len() / width` rows of `width` elements; each row is hashed with its salt where there are any.
    fn leaves(rows: &[F], width: usize, salts: Option<&[Salt]>) -> Vec<Self::Digest>;

    /// The nodes above pairs of nodes: half as many.
    fn nodes(children: &[Self::Digest]) -> Vec<Self::Digest>;

    /// A digest in a proof.
    fn to_bytes(digest: &Self::Digest) -> [u8; DIGEST_BYTES];

    /// The digest of these bytes, none where they are not canonical.
    fn from_bytes(bytes: [u8; DIGEST_BYTES]) -> Option<Self::Digest>;
}

/// The transcript: what prover and verifier have said so far, and the challenges that follow from it.
pub(crate) trait Transcript: Clone {
    /// Digests that can be absorbed.
    type Digest;

    /// A transcript that starts with `prefix`.
    fn new(prefix: &[u8]) -> Self;

    /// Absorbs a commitment.
    fn absorb_digest(&mut self, digest: &Self::Digest);

    /// Absorbs values.
    fn absorb(&mut self, values: &[EF]);

    /// A challenge, uniform among the extension field's elements outside the base field. That no challenge lies in the base
    /// field, where all evaluation domains are, spares every user the exceptional case.
    fn challenge(&mut self) -> EF;

    /// A number of `bits` uniform bits.
    fn index(&mut self, bits: usize) -> usize;

    /// Finds a nonce that [`check_grinding`](Self::check_grinding) accepts, and absorbs it.
    #[cfg(feature = "prover")]
    fn grind(&mut self, bits: usize) -> u64;

    /// Absorbs the nonce and tells whether it took about `2^bits` hashes to find.
    #[must_use]
    fn check_grinding(&mut self, bits: usize, nonce: u64) -> bool;
}

/// BLAKE3 for everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blake3Hash;

/// Rows that are copied at a time to be hashed together.
const BATCH_ROWS: usize = 64;

impl SuiteHash for Blake3Hash {
    type Digest = [u8; 32];
    type Transcript = Blake3Transcript;

    fn leaves(rows: &[F], width: usize, salts: Option<&[Salt]>) -> Vec<[u8; 32]> {
        let count = rows.len() / width;
        let mut digests = vec![[0; 32]; count];
        let mut messages = Vec::new();
        for (batch, digests) in digests.chunks_mut(BATCH_ROWS).enumerate() {
            messages.clear();
            for row in batch * BATCH_ROWS..batch * BATCH_ROWS + digests.len() {
                for element in &rows[row * width..(row + 1) * width] {
                    messages.extend_from_slice(&element.as_canonical_u64().to_le_bytes());
                }
                if let Some(salts) = salts {
                    messages.extend_from_slice(&salts[row]);
                }
            }
            Blake3.hash_many(&messages, digests);
        }
        digests
    }

    fn nodes(children: &[[u8; 32]]) -> Vec<[u8; 32]> {
        let mut digests = vec![[0; 32]; children.len() / 2];
        Blake3.hash_many(children.as_flattened(), &mut digests);
        digests
    }

    fn to_bytes(digest: &[u8; 32]) -> [u8; DIGEST_BYTES] {
        *digest
    }

    fn from_bytes(bytes: [u8; DIGEST_BYTES]) -> Option<[u8; 32]> {
        Some(bytes)
    }
}

/// The transcript over BLAKE3.
#[derive(Clone)]
pub(crate) struct Blake3Transcript(SerializingChallenger64<F, HashChallenger<u8, Blake3, 32>>);

impl Blake3Transcript {
    /// The block that a nonce is hashed in: a digest of the transcript, the nonce, zeros.
    fn grinding_block(&mut self) -> [u8; 64] {
        let mut block = [0; 64];
        for word in block[..32].chunks_exact_mut(8) {
            let element: F = self.0.sample();
            word.copy_from_slice(&element.as_canonical_u64().to_le_bytes());
        }
        block
    }

    fn absorb_nonce(&mut self, nonce: u64) {
        nonce.to_le_bytes().into_iter().for_each(|byte| self.0.observe(F::from_u8(byte)));
    }
}

/// Where the nonce stands in a grinding block.
const NONCE: std::ops::Range<usize> = 32..40;

fn meets(digest: &[u8; 32], bits: usize) -> bool {
    let head = u64::from_le_bytes(std::array::from_fn(|i| digest[i]));
    head.trailing_zeros() as usize >= bits
}

impl Transcript for Blake3Transcript {
    type Digest = [u8; 32];

    fn new(prefix: &[u8]) -> Self {
        Self(SerializingChallenger64::new(HashChallenger::new(prefix.to_vec(), Blake3)))
    }

    fn absorb_digest(&mut self, digest: &[u8; 32]) {
        self.0.observe(p3_symmetric::Hash::<F, u8, 32>::from(*digest));
    }

    fn absorb(&mut self, values: &[EF]) {
        values.iter().for_each(|value| self.0.observe_algebra_element(*value));
    }

    fn challenge(&mut self) -> EF {
        loop {
            let challenge: EF = self.0.sample_algebra_element();
            if !ExtensionField::<F>::is_in_basefield(&challenge) {
                return challenge;
            }
        }
    }

    fn index(&mut self, bits: usize) -> usize {
        self.0.sample_bits(bits)
    }

    #[cfg(feature = "prover")]
    fn grind(&mut self, bits: usize) -> u64 {
        const LANES: usize = 64;
        let mut blocks = [self.grinding_block(); LANES];
        let mut digests = [[0; 32]; LANES];
        for first in (0..).step_by(LANES) {
            for (block, nonce) in blocks.iter_mut().zip(first..) {
                block[NONCE].copy_from_slice(&u64::to_le_bytes(nonce));
            }
            Blake3.hash_many(blocks.as_flattened(), &mut digests);
            if let Some(found) = digests.iter().position(|digest| meets(digest, bits)) {
                let nonce = first + found as u64;
                self.absorb_nonce(nonce);
                return nonce;
            }
        }
        unreachable!("some nonce below 2^64 meets a few bits")
    }

    fn check_grinding(&mut self, bits: usize, nonce: u64) -> bool {
        let mut block = self.grinding_block();
        block[NONCE].copy_from_slice(&nonce.to_le_bytes());
        self.absorb_nonce(nonce);
        meets(&Blake3.hash_slice(&block), bits)
    }
}
