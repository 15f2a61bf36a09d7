//! The hash functions of proofs: rows to leaves, pairs to nodes, and the Fiat-Shamir transcript.
//!
//! This module knows nothing about what is hashed: neither the protocol nor the shape of a proof.
//! It first names the functions ([`HashFunction`]), then states what a hash function
//! ([`ProofHash`]) and its [`Transcript`] must do, and ends with grinding ([`Puzzle`]). The
//! submodules implement the functions: `blake3` and `poseidon2`.
//!
//! The picture shows how the parts of a proof are hashed. Below, it shows what each use hashes, the
//! contexts of BLAKE3, and the lanes of the capacity with which a state of Poseidon2 starts.
//!
//! ```text
//! rows, salts --hash_rows--> leaves --nodes--> ... --> root
//!                                                       |
//!                                                       v absorb_digest
//! prefix --new------------------------------------> Transcript <--absorb-- values: [EF]
//!                                                    |  |  ^
//!   challenge: EF, index: up to 32 bits <------------+  |  |
//!                                                       |  |
//!   nonce: u64 <--Puzzle::solve-- Puzzle <--puzzle------+  |
//!      |                                                   |
//!      +--absorb_solution, check_grinding------------------+
//!
//! use          message                           blake3: context    poseidon2: lanes 8 to 11
//! hash_rows    salt, row: [F]                    row, row pieces    n + 1, 0, 0, 0
//! nodes        left, right                       node               0, 0, 0, 0
//! Transcript   all that is absorbed              transcript         0, 1, 0, 0
//! grinding     digest or state, nonce            grinding           the transcript's
//! ```
//!
//! `n` is the number of elements of the message. `docs/formats.md` gives the hash functions byte by
//! byte, with test vectors.

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

/// The name of a hash function for trees and transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashFunction {
    /// BLAKE3: fast everywhere.
    Blake3,
    /// BLAKE3 with digests of [`TRUNCATED_BYTES`] bytes in trees. Proofs are shorter, and collision
    /// resistance is lower.
    Blake3Truncated,
    /// Poseidon2 over Goldilocks: cheap to verify inside another proof.
    #[cfg(feature = "poseidon2")]
    Poseidon2,
}

impl HashFunction {
    /// The number that stands for the function in the hash of a key.
    pub(crate) const fn id(self) -> usize {
        match self {
            Self::Blake3 => 1,
            #[cfg(feature = "poseidon2")]
            Self::Poseidon2 => 2,
            Self::Blake3Truncated => 3,
        }
    }

    /// Number of bytes of a digest in a proof, at most [`DIGEST_BYTES`].
    pub const fn digest_bytes(self) -> usize {
        match self {
            Self::Blake3 => DIGEST_BYTES,
            Self::Blake3Truncated => TRUNCATED_BYTES,
            #[cfg(feature = "poseidon2")]
            Self::Poseidon2 => DIGEST_BYTES,
        }
    }

    /// Collision resistance of digests, in bits: half of a digest's bits.
    pub const fn collision_bits(self) -> usize {
        self.digest_bytes() * 8 / 2
    }
}

#[cfg(feature = "prover")]
impl HashFunction {
    /// The digest of one row of at least one element, with its salt if there is one.
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

    /// The node above two digests, or `None` if one of them is not canonical.
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
    /// Implemented by this crate's hash functions only.
    pub trait Sealed {}
}

/// Bytes of the longest digests.
pub const DIGEST_BYTES: usize = 32;

/// Bytes of the digests of [`HashFunction::Blake3Truncated`].
pub const TRUNCATED_BYTES: usize = 26;

/// A digest as a backend returns it: its bytes, followed by zeros if it is shorter.
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

    /// Passes these cells of a row to `to`, in order, in one or several pieces.
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

/// A function with which proofs are hashed: one of [`HashFunction`]. No other crate can add one.
/// Its collision resistance is [`HashFunction::collision_bits`].
///
/// The verifier's key determines how many elements a row has, whether it is salted, and where a
/// node stands. A proof never does. Two openings of one root at one place therefore hash inputs of
/// equal lengths in the same order. Where the openings differ, some call has two inputs of one
/// length and one output. Trees are binding by this alone. Rows and nodes are hashed by different
/// functions, which keeps an extractor's queries apart.
pub trait ProofHash: sealed::Sealed + Copy + Debug + Send + Sync + 'static {
    /// The name of the function.
    const FUNCTION: HashFunction;
    /// Output of the hash.
    type Digest: Copy + Default + PartialEq + Debug + Send + Sync;
    /// The transcript.
    type Transcript: Transcript<Digest = Self::Digest>;

    /// The hashes of rows of at least one element. Each row is hashed with its salt if there are
    /// salts.
    fn hash_rows<R: Rows>(rows: &R, salts: Option<&[Salt]>) -> Vec<Self::Digest>;

    /// [`hash_rows`](Self::hash_rows) of `rows.len() / width` rows that are concatenated.
    fn leaves(rows: &[F], width: usize, salts: Option<&[Salt]>) -> Vec<Self::Digest> {
        Self::hash_rows(&RowMajorMatrixView::new(rows, width), salts)
    }

    /// The nodes above pairs of nodes: half as many.
    fn nodes(children: &[Self::Digest]) -> Vec<Self::Digest>;

    /// The bytes of a digest, followed by zeros if it is shorter.
    #[cfg(feature = "prover")]
    fn to_bytes(digest: &Self::Digest) -> Digest;

    /// The digest with these bytes, or `None` if they are not canonical.
    fn from_bytes(bytes: Digest) -> Option<Self::Digest>;
}

/// The transcript: what prover and verifier have said so far, and the challenges that follow from
/// it.
///
/// No lengths are absorbed. How much is absorbed between challenges follows from the verifier's
/// key.
pub trait Transcript: Clone {
    /// The digests that can be absorbed.
    type Digest;

    /// A transcript that starts with `prefix` and its length.
    fn new(prefix: &[u8]) -> Self;

    /// Absorbs a commitment.
    fn absorb_digest(&mut self, digest: &Self::Digest);

    /// Absorbs values.
    fn absorb(&mut self, values: &[EF]);

    /// Draws a challenge, uniform among the extension field's elements outside the base field. All
    /// evaluation domains lie in the base field, so no user has to handle a challenge that is a
    /// point of a domain.
    fn challenge(&mut self) -> EF;

    /// Draws a number of `bits <= 32` uniform bits.
    fn index(&mut self, bits: usize) -> usize;

    /// The puzzle for whose solutions [`check_grinding`](Self::check_grinding) returns true.
    #[cfg(feature = "prover")]
    fn puzzle(&self) -> Puzzle;

    /// Absorbs a nonce that solves the [`puzzle`](Self::puzzle) and returns what was absorbed, or
    /// `None` if the nonce is no solution.
    #[cfg(feature = "prover")]
    fn absorb_solution(&mut self, bits: usize, nonce: u64) -> Option<u64> {
        self.check_grinding(bits, nonce).then_some(nonce)
    }

    /// Absorbs the nonce and returns whether it shows about `2^bits` hashes of work.
    #[must_use]
    fn check_grinding(&mut self, bits: usize, nonce: u64) -> bool;
}

/// Number of rows or nodes that one thread hashes before it takes more.
const TASK: usize = 256;

/// Whether a word of a hash meets the condition of grinding.
fn meets(word: u64, bits: usize) -> bool {
    word.trailing_zeros() as usize >= bits
}

/// The puzzle for which grinding searches a nonce.
#[cfg(feature = "prover")]
#[derive(Clone, Debug)]
pub enum Puzzle {
    /// A block whose BLAKE3 hash under the context of grinding must begin with a word that ends in
    /// zeros. The nonce occupies the bytes from 32 to 40, least significant byte first.
    Blake3 {
        /// The block, without the nonce.
        block: [u8; 64],
    },
    /// A Poseidon2 state whose permutation must have zeros at the end of the rate's last lane.
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
    /// Finds a nonce for `bits <= 32`, on all threads. The nonce depends on the timing of the
    /// threads.
    ///
    /// # Errors
    /// Returns [`Cancelled`] if the work is cancelled.
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

    /// Number of nonces that are searched first. The probability that none of them solves a puzzle
    /// of `bits` bits, at most 32, is `e^-32`. With zero bits every nonce is a solution, and the
    /// first one is taken.
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
