//! BLAKE3 with a separate context for each use. The functions of different uses are as good as
//! independent.
//!
//! A function is that of [`blake3::derive_key`] with a fixed context. The `platform` module of
//! `blake3` hashes many messages of whole blocks side by side. It has no stable replacement for
//! independent messages. The crate documents the module as unstable, so tests compare every length
//! with the stable function.

use std::sync::LazyLock;

use blake3::platform::{MAX_SIMD_DEGREE, Platform};
use blake3::{BLOCK_LEN, CHUNK_LEN, IncrementCounter, OUT_LEN};

/// Rows of a matrix, or their pieces if they are longer than a chunk.
pub(super) static ROW: LazyLock<Oracle> = LazyLock::new(|| Oracle::new("velum 2026 row v1"));

/// The digests of a row's pieces.
pub(super) static PIECES: LazyLock<Oracle> =
    LazyLock::new(|| Oracle::new("velum 2026 row pieces v1"));

/// Pairs of nodes, and pairs of a node and the row of a lower matrix.
pub(super) static NODE: LazyLock<Oracle> = LazyLock::new(|| Oracle::new("velum 2026 node v1"));

/// The transcript.
pub(super) static TRANSCRIPT: LazyLock<Oracle> =
    LazyLock::new(|| Oracle::new("velum 2026 transcript v1"));

/// The attempts of grinding.
pub(super) static GRINDING: LazyLock<Oracle> =
    LazyLock::new(|| Oracle::new("velum 2026 grinding v1"));

/// Flags of BLAKE3's compression function (section 2.2 of its specification).
mod flag {
    pub(super) const CHUNK_START: u8 = 1 << 0;
    pub(super) const CHUNK_END: u8 = 1 << 1;
    pub(super) const ROOT: u8 = 1 << 3;
    pub(super) const DERIVE_KEY_MATERIAL: u8 = 1 << 6;
}

/// BLAKE3 in the mode `derive_key` with a fixed context.
pub(super) struct Oracle {
    context: &'static str,
    key: [u32; 8],
}

impl Oracle {
    fn new(context: &'static str) -> Self {
        let key = blake3::hazmat::hash_derive_key_context(context);
        let (words, _) = key.as_chunks::<4>();
        Self { context, key: std::array::from_fn(|word| u32::from_le_bytes(words[word])) }
    }

    /// The chaining value with which a message starts: the hash of the context.
    #[cfg(feature = "prover")]
    pub(super) fn key(&self) -> [u32; 8] {
        self.key
    }

    /// A hasher for a message of any length, piece by piece.
    pub(super) fn hasher(&self) -> blake3::Hasher {
        blake3::Hasher::new_derive_key(self.context)
    }

    /// The digests of messages of equal length, in whole blocks. Messages of at most one chunk are
    /// hashed side by side.
    pub(super) fn hash_many(&self, messages: &[u8], digests: &mut [[u8; OUT_LEN]]) {
        if digests.is_empty() {
            return;
        }
        let length = messages.len() / digests.len();
        debug_assert!(length.is_multiple_of(BLOCK_LEN), "{length} bytes");
        if length > CHUNK_LEN {
            for (message, digest) in messages.chunks_exact(length).zip(digests) {
                *digest = *self.hasher().update(message).finalize().as_bytes();
            }
            return;
        }
        macro_rules! by_length {
            ($($blocks:literal)+) => {
                match length / BLOCK_LEN {
                    $($blocks => self.hash_blocks::<{ $blocks * BLOCK_LEN }>(messages, digests),)+
                    _ => unreachable!("a message is a block or more"),
                }
            };
        }
        by_length!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
    }

    fn hash_blocks<const LENGTH: usize>(&self, messages: &[u8], digests: &mut [[u8; OUT_LEN]]) {
        let (messages, _) = messages.as_chunks::<LENGTH>();
        let platform = Platform::detect();
        for (messages, digests) in
            messages.chunks(MAX_SIMD_DEGREE).zip(digests.chunks_mut(MAX_SIMD_DEGREE))
        {
            // The lanes after the last message repeat it. Their digests are not requested.
            let lanes: [&[u8; LENGTH]; MAX_SIMD_DEGREE] =
                std::array::from_fn(|lane| &messages[lane.min(messages.len() - 1)]);
            platform.hash_many(
                &lanes[..messages.len()],
                &self.key,
                0,
                IncrementCounter::No,
                flag::DERIVE_KEY_MATERIAL,
                flag::CHUNK_START,
                flag::CHUNK_END | flag::ROOT,
                digests.as_flattened_mut(),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_messages_are_hashed_as_by_derive_key() {
        for oracle in [&ROW, &PIECES, &NODE, &TRANSCRIPT, &GRINDING] {
            for blocks in 1..=CHUNK_LEN / BLOCK_LEN + 1 {
                for count in [1, 2, MAX_SIMD_DEGREE, 2 * MAX_SIMD_DEGREE + 1] {
                    let length = blocks * BLOCK_LEN;
                    let messages: Vec<u8> =
                        (0..count * length).map(|byte| (byte * 167 + byte / 251) as u8).collect();
                    let mut digests = vec![[0; OUT_LEN]; count];
                    oracle.hash_many(&messages, &mut digests);
                    for (message, digest) in messages.chunks(length).zip(digests) {
                        assert_eq!(digest, blake3::derive_key(oracle.context, message));
                        assert_eq!(digest, *oracle.hasher().update(message).finalize().as_bytes());
                    }
                }
            }
        }
        ROW.hash_many(&[], &mut []);
    }

    #[test]
    fn every_use_has_a_function_of_its_own() {
        let digest = |oracle: &Oracle| *oracle.hasher().update(&[0; 64]).finalize().as_bytes();
        let mut digests: Vec<_> =
            [&ROW, &PIECES, &NODE, &TRANSCRIPT, &GRINDING].map(|oracle| digest(oracle)).to_vec();
        digests.push(*blake3::hash(&[0; 64]).as_bytes());
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), 6);
    }
}
