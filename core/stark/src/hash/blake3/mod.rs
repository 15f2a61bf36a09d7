//! BLAKE3 for everything: for proofs that are verified directly.
//!
//! Rows, nodes, transcript and grinding each have their own context ([`oracle`]). Security proofs
//! treat them as independent random oracles.
//!
//! Many messages are hashed at once if they have equal lengths, consist of whole blocks of 64
//! bytes, and fit in one chunk of 1,024 bytes. Rows are therefore padded with zeros to whole
//! blocks, and longer rows are hashed chunk by chunk.

mod oracle;
mod truncated;

use p3_challenger::{
    CanObserve, CanSample, CanSampleBits, FieldChallenger, HashChallenger, SerializingChallenger64,
};
use p3_field::{ExtensionField, PrimeCharacteristicRing, PrimeField64};
use p3_maybe_rayon::prelude::*;
use p3_symmetric::CryptographicHasher;

use self::oracle::{GRINDING, NODE, PIECES, ROW, TRANSCRIPT};
pub use self::truncated::Blake3TruncatedHash;
#[cfg(feature = "prover")]
use super::Puzzle;
use super::{
    DIGEST_BYTES, Digest, HashFunction, ProofHash, Rows, SALT_BYTES, Salt, TASK, Transcript, meets,
};
use crate::field::{EF, F};
use crate::secret::overwrite;

/// BLAKE3 for everything.
#[derive(Clone, Copy, Debug)]
pub struct Blake3Hash;

impl super::sealed::Sealed for Blake3Hash {}

impl ProofHash for Blake3Hash {
    const FUNCTION: HashFunction = HashFunction::Blake3;
    type Digest = [u8; 32];
    type Transcript = Blake3Transcript;

    fn hash_rows<R: Rows>(rows: &R, salts: Option<&[Salt]>) -> Vec<[u8; 32]> {
        let mut digests = vec![[0; 32]; rows.count()];
        digests.par_chunks_mut(TASK).enumerate().for_each(|(task, digests)| {
            let mut batch = Batch::new(rows.width(), salts.is_some());
            for (index, digests) in digests.chunks_mut(BATCH_ROWS).enumerate() {
                batch.hash(rows, task * TASK + index * BATCH_ROWS, salts, digests);
            }
        });
        digests
    }

    fn nodes(children: &[[u8; 32]]) -> Vec<[u8; 32]> {
        let mut digests = vec![[0; 32]; children.len() / 2];
        digests
            .par_chunks_mut(TASK)
            .zip(children.par_chunks(2 * TASK))
            .for_each(|(digests, children)| NODE.hash_many(children.as_flattened(), digests));
        digests
    }

    #[cfg(feature = "prover")]
    fn to_bytes(digest: &[u8; 32]) -> Digest {
        *digest
    }

    fn from_bytes(bytes: Digest) -> Option<[u8; 32]> {
        Some(bytes)
    }
}

/// Bytes of a block. Messages consist of whole blocks.
const BLOCK: usize = 64;

/// Bytes of a chunk. Longer messages are hashed chunk by chunk.
const CHUNK: usize = 1024;

/// Bytes of an element.
const ELEMENT: usize = 8;

/// Number of rows that are hashed together. AVX-512 has as many lanes, and the rows stay in the
/// first-level cache.
const BATCH_ROWS: usize = 16;

/// Buffers for the messages of some rows.
struct Batch {
    /// One entry for each chunk of a message. It holds that chunk of all rows.
    chunks: Vec<Chunk>,
    /// The digests of the chunks, row by row, padded with zeros. Empty if a message is one chunk.
    outer: Vec<u8>,
}

/// A chunk of the messages of some rows.
struct Chunk {
    /// Where the elements begin: after the salt in the first chunk of a salted row.
    start: usize,
    /// Number of elements of a row in this chunk.
    elements: usize,
    /// Bytes of the chunk, a multiple of the block length.
    length: usize,
    /// [`BATCH_ROWS`] times `length` bytes.
    messages: Vec<u8>,
}

/// The messages hold rows that their salts do not yet hide.
impl Drop for Chunk {
    fn drop(&mut self) {
        overwrite(&mut self.messages);
    }
}

impl Batch {
    fn new(width: usize, salted: bool) -> Self {
        let mut chunks = Vec::new();
        let mut left = width;
        while left > 0 {
            let start = if salted && chunks.is_empty() { SALT_BYTES } else { 0 };
            let elements = left.min((CHUNK - start) / ELEMENT);
            let length = (start + elements * ELEMENT).next_multiple_of(BLOCK);
            chunks.push(Chunk { start, elements, length, messages: vec![0; BATCH_ROWS * length] });
            left -= elements;
        }
        let outer = if chunks.len() > 1 {
            (chunks.len() * DIGEST_BYTES).next_multiple_of(BLOCK)
        } else {
            0
        };
        Self { chunks, outer: vec![0; BATCH_ROWS * outer] }
    }

    /// Hashes at most [`BATCH_ROWS`] rows, starting at `first_row`.
    fn hash<R: Rows>(
        &mut self,
        rows: &R,
        first_row: usize,
        salts: Option<&[Salt]>,
        digests: &mut [[u8; 32]],
    ) {
        let count = digests.len();
        let outer = self.outer.len() / BATCH_ROWS;
        let mut first = 0;
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            let messages = &mut chunk.messages[..count * chunk.length];
            for (row, message) in (first_row..).zip(messages.chunks_exact_mut(chunk.length)) {
                let mut rest = &mut message[chunk.start..];
                rows.read(row, first..first + chunk.elements, |elements| {
                    let (part, behind) =
                        std::mem::take(&mut rest).split_at_mut(elements.len() * ELEMENT);
                    write(part, elements);
                    rest = behind;
                });
                if let Some(salts) = salts.filter(|_| index == 0) {
                    message[..SALT_BYTES].copy_from_slice(&salts[row]);
                }
            }
            ROW.hash_many(messages, digests);
            first += chunk.elements;
            if outer > 0 {
                for (message, digest) in self.outer.chunks_exact_mut(outer).zip(&*digests) {
                    message[index * DIGEST_BYTES..][..DIGEST_BYTES].copy_from_slice(digest);
                }
            }
        }
        if outer > 0 {
            PIECES.hash_many(&self.outer[..count * outer], digests);
        }
    }
}

/// Writes canonical elements, least significant byte first.
fn write(bytes: &mut [u8], elements: &[F]) {
    for (bytes, element) in bytes.as_chunks_mut::<ELEMENT>().0.iter_mut().zip(elements) {
        *bytes = element.as_canonical_u64().to_le_bytes();
    }
}

/// The transcript over BLAKE3: the challenger of `p3-challenger`.
#[derive(Clone)]
pub struct Blake3Transcript(SerializingChallenger64<F, HashChallenger<u8, TranscriptHasher, 32>>);

/// The hash function of the transcript.
#[derive(Clone)]
struct TranscriptHasher;

impl CryptographicHasher<u8, [u8; 32]> for TranscriptHasher {
    fn hash_iter<I: IntoIterator<Item = u8>>(&self, input: I) -> [u8; 32] {
        let bytes: Vec<u8> = input.into_iter().collect();
        *TRANSCRIPT.hasher().update(&bytes).finalize().as_bytes()
    }
}

impl Blake3Transcript {
    /// The block in which a nonce is hashed: a digest of the transcript, the nonce, zeros.
    fn grinding_block(&mut self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let digest: [F; 4] = std::array::from_fn(|_| self.0.sample());
        write(&mut block, &digest);
        block
    }

    fn absorb_nonce(&mut self, nonce: u64) {
        self.0.observe(F::from_u32(nonce as u32));
        self.0.observe(F::from_u32((nonce >> 32) as u32));
    }
}

/// The position of the nonce in a grinding block.
const NONCE: std::ops::Range<usize> = 32..40;

/// The word of a grinding block's digest that shows the work.
fn work(digest: &[u8; 32]) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| digest[i]))
}

/// The first of these nonces with which the block's hash meets the condition.
#[cfg(feature = "prover")]
pub(super) fn find_among(
    block: &[u8; BLOCK],
    bits: usize,
    nonces: std::ops::Range<u64>,
) -> Option<u64> {
    const LANES: usize = 32;
    let (mut blocks, mut digests) = ([*block; LANES], [[0; 32]; LANES]);
    nonces.step_by(LANES).find_map(|first| {
        for (block, nonce) in blocks.iter_mut().zip(first..) {
            block[NONCE].copy_from_slice(&nonce.to_le_bytes());
        }
        GRINDING.hash_many(blocks.as_flattened(), &mut digests);
        let found = digests.iter().position(|digest| meets(work(digest), bits))?;
        Some(first + found as u64)
    })
}

/// The chaining values with which the messages of each use start, for code that computes the hash
/// elsewhere.
#[cfg(feature = "prover")]
pub(crate) mod keys {
    use super::oracle;

    /// The value for rows, or for the pieces of rows that are longer than a chunk.
    pub fn row() -> [u32; 8] {
        oracle::ROW.key()
    }

    /// The value for the digests of a row's pieces.
    pub fn row_pieces() -> [u32; 8] {
        oracle::PIECES.key()
    }

    /// The value for pairs of nodes.
    pub fn node() -> [u32; 8] {
        oracle::NODE.key()
    }

    /// The value for the attempts of grinding.
    pub fn grinding() -> [u32; 8] {
        oracle::GRINDING.key()
    }
}

impl Transcript for Blake3Transcript {
    type Digest = [u8; 32];

    fn new(prefix: &[u8]) -> Self {
        let start = [&(prefix.len() as u64).to_le_bytes(), prefix].concat();
        Self(SerializingChallenger64::from_hasher(start, TranscriptHasher))
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
    fn puzzle(&self) -> Puzzle {
        Puzzle::Blake3 { block: self.clone().grinding_block() }
    }

    fn check_grinding(&mut self, bits: usize, nonce: u64) -> bool {
        let mut block = self.grinding_block();
        block[NONCE].copy_from_slice(&nonce.to_le_bytes());
        self.absorb_nonce(nonce);
        meets(work(GRINDING.hasher().update(&block).finalize().as_bytes()), bits)
    }
}
