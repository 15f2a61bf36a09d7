//! Verifying, and the encoding of proofs.
//!
//! A proof is its length (4 bytes, little end first), its content in BCS (canonical, field elements below p), then zeros up
//! to the fixed length of the verifier key. The zeros make up for Merkle paths that queries happen to share.

use p3_batch_stark::{BatchProof, verify_batch};
use thiserror::Error;

use crate::air::Chip;
use crate::oracle::config::{Config, config};
use crate::oracle::key::VerifierKey;
use crate::oracle::lower::Lowered;

/// Bytes before a proof's content.
const LENGTH_BYTES: usize = 4;

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The proof does not have the one length that proofs of this kind have.
    #[error("a proof has {expected} bytes, this one {actual}")]
    Length {
        /// Length of every proof under the key.
        expected: usize,
        /// Length of this one.
        actual: usize,
    },
    /// The bytes are no canonical encoding of a proof.
    #[error("not the encoding of a proof: {0}")]
    Encoding(String),
    /// The proof is for tables of other heights.
    #[error("the proof is for tables of other heights")]
    Heights,
    /// The proof does not show the statement; `detail` is what the proof system says.
    #[error("the proof does not show the statement")]
    Invalid {
        /// For logs: which check failed first, which tells nothing of why.
        detail: String,
    },
    /// There is no proof of such a statement.
    #[error("no proof can be of this statement: {0}")]
    Statement(String),
}

impl VerifierKey {
    /// Verifies that `proof`, bound to `bound`, shows that traces exist which satisfy `chips`.
    ///
    /// `chips` carry the public columns that the verifier computed itself.
    pub fn verify<C: Chip + Clone>(
        &self,
        chips: &[C],
        bound: &[u8],
        proof: &[u8],
    ) -> Result<(), VerifyError> {
        let proof = decode(proof, self.proof_bytes)?;
        if proof.degree_bits != self.degree_bits {
            return Err(VerifyError::Heights);
        }
        let airs = Lowered::all(chips.to_vec());
        // The verifier commits to nothing: its seed is never used.
        let config = config(&self.parameters, [0; 32], &self.prefix(bound));
        let public_values = vec![Vec::new(); airs.len()];
        verify_batch(&config, &airs, &proof, &public_values, &self.data.common)
            .map_err(|error| VerifyError::Invalid { detail: format!("{error:?}") })
    }
}

/// Encodes a proof, or none if it is longer than `proof_bytes`.
#[cfg(feature = "prover")]
pub(super) fn encode(proof: &BatchProof<Config>, proof_bytes: usize) -> Result<Option<Vec<u8>>, String> {
    let content = bcs::to_bytes(proof).map_err(|error| error.to_string())?;
    let length = u32::try_from(content.len()).map_err(|error| error.to_string())?;
    if LENGTH_BYTES + content.len() > proof_bytes {
        return Ok(None);
    }
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend_from_slice(&content);
    bytes.resize(proof_bytes, 0);
    Ok(Some(bytes))
}

pub(super) fn decode(bytes: &[u8], proof_bytes: usize) -> Result<BatchProof<Config>, VerifyError> {
    let encoding = |reason: &str| VerifyError::Encoding(reason.to_owned());
    if bytes.len() != proof_bytes {
        return Err(VerifyError::Length { expected: proof_bytes, actual: bytes.len() });
    }
    let (length, rest) = bytes.split_first_chunk::<LENGTH_BYTES>().ok_or_else(|| encoding("no length"))?;
    let length = u32::from_le_bytes(*length) as usize;
    let (content, padding) =
        rest.split_at_checked(length).ok_or_else(|| encoding("content longer than the proof"))?;
    if padding.iter().any(|&byte| byte != 0) {
        return Err(encoding("padding is not zero"));
    }
    bcs::from_bytes(content).map_err(|error| VerifyError::Encoding(error.to_string()))
}
