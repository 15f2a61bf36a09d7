//! What proofs are hashed with: rows to leaves, pairs to nodes, and the transcript of Fiat-Shamir.
//!
//! `docs/formats.md` gives both hash functions byte by byte, with test vectors.

pub(crate) mod blake3;
#[cfg(feature = "poseidon2")]
pub(crate) mod poseidon2;
#[cfg(all(test, feature = "prover"))]
mod tests;
#[cfg(all(test, feature = "prover"))]
mod vectors;

use std::fmt::Debug;
use std::ops::Range;

use p3_matrix::dense::{DenseMatrix, DenseStorage, RowMajorMatrixView};

pub use self::blake3::{Blake3Hash, Blake3TruncatedHash};
#[cfg(feature = "poseidon2")]
pub use self::poseidon2::Poseidon2Hash;
#[cfg(feature = "prover")]
use crate::control::{Cancelled, Control};
use crate::field::{EF, F};

/// A hash function for trees and transcript, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashFunction {
    /// BLAKE3: fast everywhere.
    Blake3,
    /// BLAKE3 with digests of [`TRUNCATED_BYTES`] bytes in trees: shorter proofs, and less resistance against collisions.
    Blake3Truncated,
    /// Poseidon2 over Goldilocks: cheap to verify inside another proof.
    #[cfg(feature = "poseidon2")]
    Poseidon2,
}

impl HashFunction {
    /// The number that keys are hashed with.
    pub(crate) const fn id(self) -> usize {
        match self {
            Self::Blake3 => 1,
            #[cfg(feature = "poseidon2")]
            Self::Poseidon2 => 2,
            Self::Blake3Truncated => 3,
        }
    }

    /// Bytes of a digest in a proof, at most [`DIGEST_BYTES`].
    pub const fn digest_bytes(self) -> usize {
        match self {
            Self::Blake3 => DIGEST_BYTES,
            Self::Blake3Truncated => TRUNCATED_BYTES,
            #[cfg(feature = "poseidon2")]
            Self::Poseidon2 => DIGEST_BYTES,
        }
    }

    /// Resistance against collisions of digests, in bits: half of theirs.
    pub const fn collision_bits(self) -> usize {
        self.digest_bytes() * 8 / 2
    }
}

#[cfg(feature = "prover")]
impl HashFunction {
    /// The digest of one row of one element or more, with its salt where there is one.
    pub fn hash_row(self, row: &[F], salt: Option<&Salt>) -> Digest {
        fn hash<H: ProofHash>(row: &[F], salt: Option<&Salt>) -> Digest {
            H::to_bytes(&H::leaves(row, row.len(), salt.map(std::slice::from_ref))[0])
        }
        match self {
            Self::Blake3 => hash::<Blake3Hash>(row, salt),
            Self::Blake3Truncated => hash::<Blake3TruncatedHash>(row, salt),
            #[cfg(feature = "poseidon2")]
            Self::Poseidon2 => hash::<Poseidon2Hash>(row, salt),
        }
    }

    /// The node above two digests, none where one of them is not canonical.
    pub fn hash_node(self, left: &Digest, right: &Digest) -> Option<Digest> {
        fn hash<H: ProofHash>(children: [&Digest; 2]) -> Option<Digest> {
            let [left, right] = children.map(|child| H::from_bytes(*child));
            Some(H::to_bytes(&H::nodes(&[left?, right?])[0]))
        }
        match self {
            Self::Blake3 => hash::<Blake3Hash>([left, right]),
            Self::Blake3Truncated => hash::<Blake3TruncatedHash>([left, right]),
            #[cfg(feature = "poseidon2")]
            Self::Poseidon2 => hash::<Poseidon2Hash>([left, right]),
        }
    }
}

pub(crate) mod sealed {
    /// What only this crate's hash functions are.
    pub trait Sealed {}
}

/// Bytes of the longest digests.
pub const DIGEST_BYTES: usize = 32;

/// Bytes of the digests of [`HashFunction::Blake3Truncated`].
pub const TRUNCATED_BYTES: usize = 26;

/// A digest as a backend hands it over: its bytes, and zeros behind those of a shorter one.
pub type Digest = [u8; DIGEST_BYTES];

/// Bytes of salt in each leaf of a hiding tree.
pub const SALT_BYTES: usize = 16;

/// The salt of one leaf.
pub type Salt = [u8; SALT_BYTES];

/// A matrix whose rows are hashed.
pub trait Rows: Sync {
    /// Number of columns.
    fn width(&self) -> usize;

    /// Number of rows.
    fn count(&self) -> usize;

    /// Hands over these cells of a row, in order, in one piece or several.
    fn read(&self, row: usize, columns: Range<usize>, to: impl FnMut(&[F]));
}

impl<S: DenseStorage<F> + Sync> Rows for DenseMatrix<F, S> {
    fn width(&self) -> usize {
        self.width
    }

    fn count(&self) -> usize {
        self.values.borrow().len() / self.width
    }

    #[inline]
    fn read(&self, row: usize, columns: Range<usize>, mut to: impl FnMut(&[F])) {
        to(&self.values.borrow()[row * self.width..][columns]);
    }
}

/// The functions that proofs are hashed with: those of [`HashFunction`], and no other crate can add one. Collision resistance is
/// [`HashFunction::collision_bits`].
///
/// How many elements a row has, whether it is salted, and where a node stands follow from the verifier's key, never from
/// a proof. So two openings of one root at one place hash inputs of equal lengths in the same order, and where they differ
/// some call has two inputs of one length and one output: trees bind by this alone. That rows and nodes are hashed by functions of
/// their own keeps an extractor's queries apart.
pub trait ProofHash: sealed::Sealed + Copy + Debug + Send + Sync + 'static {
    /// Its name.
    const FUNCTION: HashFunction;
    /// Output of the hash.
    type Digest: Copy + Default + PartialEq + Debug + Send + Sync;
    /// The transcript.
    type Transcript: Transcript<Digest = Self::Digest>;

    /// The hashes of rows of one element or more; each row is hashed with its salt where there are any.
    fn hash_rows<R: Rows>(rows: &R, salts: Option<&[Salt]>) -> Vec<Self::Digest>;

    /// The same of `rows.len() / width` rows one behind the other.
    fn leaves(rows: &[F], width: usize, salts: Option<&[Salt]>) -> Vec<Self::Digest> {
        Self::hash_rows(&RowMajorMatrixView::new(rows, width), salts)
    }

    /// The nodes above pairs of nodes: half as many.
    fn nodes(children: &[Self::Digest]) -> Vec<Self::Digest>;

    /// A digest's bytes, and zeros behind those of a shorter one.
    #[cfg(feature = "prover")]
    fn to_bytes(digest: &Self::Digest) -> Digest;

    /// The digest of these bytes, none where they are not canonical.
    fn from_bytes(bytes: Digest) -> Option<Self::Digest>;
}

/// The transcript: what prover and verifier have said so far, and the challenges that follow from it.
///
/// What is absorbed carries no lengths: how much is absorbed between challenges follows from the verifier's key.
pub trait Transcript: Clone {
    /// Digests that can be absorbed.
    type Digest;

    /// A transcript that starts with `prefix` and its length.
    fn new(prefix: &[u8]) -> Self;

    /// Absorbs a commitment.
    fn absorb_digest(&mut self, digest: &Self::Digest);

    /// Absorbs values.
    fn absorb(&mut self, values: &[EF]);

    /// A challenge, uniform among the extension field's elements outside the base field. That no challenge lies in the base
    /// field, where all evaluation domains are, spares every user the exceptional case.
    fn challenge(&mut self) -> EF;

    /// A number of `bits <= 32` uniform bits.
    fn index(&mut self, bits: usize) -> usize;

    /// What [`check_grinding`](Self::check_grinding) accepts nonces for.
    #[cfg(feature = "prover")]
    fn puzzle(&self) -> Puzzle;

    /// Absorbs a nonce that solves the [`puzzle`](Self::puzzle), and returns what was absorbed: none where it solves nothing.
    #[cfg(feature = "prover")]
    fn absorb_solution(&mut self, bits: usize, nonce: u64) -> Option<u64> {
        self.check_grinding(bits, nonce).then_some(nonce)
    }

    /// Absorbs the nonce and tells whether it took about `2^bits` hashes to find.
    #[must_use]
    fn check_grinding(&mut self, bits: usize, nonce: u64) -> bool;
}

/// Rows or nodes that one thread hashes before it takes more.
const TASK: usize = 256;

/// Whether a hash's word meets the condition of grinding.
fn meets(word: u64, bits: usize) -> bool {
    word.trailing_zeros() as usize >= bits
}

/// What a nonce of grinding is searched for.
#[cfg(feature = "prover")]
#[derive(Clone, Debug)]
pub enum Puzzle {
    /// A block whose hash by BLAKE3, under the context of grinding, begins with a word that ends in zeros. The nonce is the bytes from 32 to 40,
    /// the least significant first.
    Blake3 {
        /// The block, without the nonce.
        block: [u8; 64],
    },
    /// A state of Poseidon2 whose permutation has a last lane of the rate that ends in zeros.
    #[cfg(feature = "poseidon2")]
    Poseidon2 {
        /// The state.
        state: [F; poseidon2::WIDTH],
        /// The lane of the nonce.
        lane: usize,
    },
}

#[cfg(feature = "prover")]
impl Puzzle {
    /// Finds a nonce for `bits <= 32`, on all threads. Which one depends on how they run.
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn solve(&self, bits: usize, control: &Control<'_>) -> Result<u64, Cancelled> {
        use p3_maybe_rayon::prelude::*;

        const NONCES: u64 = 1 << 10;
        let search = |task: u64| match control.check() {
            Ok(()) => self.find_among(bits, task * NONCES..(task + 1) * NONCES).map(Ok),
            Err(cancelled) => Some(Err(cancelled)),
        };
        let tasks = Self::nonces(bits).div_ceil(NONCES);
        let mut first = 0;
        loop {
            if let Some(found) = (first..first + tasks).into_par_iter().find_map_any(search) {
                return found;
            }
            first += tasks;
        }
    }

    /// How many nonces are searched first. None of them solves a puzzle of so many bits, at most 32, with probability `e^-32`. Without bits every nonce
    /// does, and the first is taken.
    pub fn nonces(bits: usize) -> u64 {
        if bits == 0 { 1 } else { 32 << bits }
    }

    pub(crate) fn find_among(&self, bits: usize, nonces: Range<u64>) -> Option<u64> {
        match self {
            Self::Blake3 { block } => blake3::find_among(block, bits, nonces),
            #[cfg(feature = "poseidon2")]
            Self::Poseidon2 { state, lane } => poseidon2::find_among(state, *lane, bits, nonces),
        }
    }
}
