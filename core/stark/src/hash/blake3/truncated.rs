//! BLAKE3 with shorter digests in trees.

use super::{Blake3Hash, Blake3Transcript};
use crate::hash::{Digest, HashFunction, ProofHash, Rows, Salt, TRUNCATED_BYTES, sealed};

/// [`Blake3Hash`] whose digests of rows and nodes are [`TRUNCATED_BYTES`] long. Zeros replace the
/// missing bytes wherever a digest is hashed or absorbed by the transcript, so messages have the
/// layout of [`Blake3Hash`].
#[derive(Clone, Copy, Debug)]
pub struct Blake3TruncatedHash;

impl sealed::Sealed for Blake3TruncatedHash {}

impl ProofHash for Blake3TruncatedHash {
    const FUNCTION: HashFunction = HashFunction::Blake3Truncated;
    type Digest = Digest;
    type Transcript = Blake3Transcript;

    fn hash_rows<R: Rows>(rows: &R, salts: Option<&[Salt]>) -> Vec<Digest> {
        truncated(Blake3Hash::hash_rows(rows, salts))
    }

    fn nodes(children: &[Digest]) -> Vec<Digest> {
        truncated(Blake3Hash::nodes(children))
    }

    #[cfg(feature = "prover")]
    fn to_bytes(digest: &Digest) -> Digest {
        *digest
    }

    fn from_bytes(bytes: Digest) -> Option<Digest> {
        bytes[TRUNCATED_BYTES..].iter().all(|&byte| byte == 0).then_some(bytes)
    }
}

fn truncated(mut digests: Vec<Digest>) -> Vec<Digest> {
    digests.iter_mut().for_each(|digest| digest[TRUNCATED_BYTES..].fill(0));
    digests
}
