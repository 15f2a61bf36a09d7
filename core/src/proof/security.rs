//! Proven soundness of both proofs together.

use velum_stark::{LineTheorem, Security, SecurityTerm, sum_bits};

/// Collision resistance, in bits, of what links the proofs: Poseidon2 and BLAKE3 with digests of 256 bits.
const LINK_BITS: f64 = 128.0;

/// The soundness error of a credential proof and a presentation proof that are verified together, by one theorem.
///
/// `docs/proof-system.md` says what a bit means and why collisions that the proofs themselves do not know of are counted: a
/// record is extracted from each proof, and these two links say that it is one record.
#[derive(Clone, Debug, PartialEq)]
pub struct PairSecurity {
    /// The theorem that batching and folding rest on.
    pub theorem: LineTheorem,
    /// Of the credential proof and of the presentation proof.
    pub proofs: [Security; 2],
    /// What links them.
    pub links: [SecurityTerm; 2],
}

impl PairSecurity {
    pub(super) fn of(proofs: [Security; 2]) -> Self {
        debug_assert_eq!(proofs[0].theorem, proofs[1].theorem);
        let links = ["collision in the record's commitment", "collision of two credential proofs"]
            .map(|name| SecurityTerm { name, bits: LINK_BITS });
        Self { theorem: proofs[0].theorem, proofs, links }
    }

    /// Minus the logarithm of the sum of all errors.
    pub fn bits(&self) -> f64 {
        sum_bits(
            self.proofs.iter().map(|proof| proof.bits()).chain(self.links.map(|link| link.bits)),
        )
    }
}
