//! Proven soundness of both proofs together.

use velum_stark::{LineTheorem, Security, SecurityTerm, sum_bits};

/// Collision resistance, in bits, of the hashes that link the proofs: Poseidon2 and BLAKE3 with
/// digests of 256 bits.
const LINK_BITS: f64 = 128.0;

/// The soundness error, by one theorem, of a credential proof and a presentation proof that are
/// verified together.
///
/// `docs/proof-system.md` says what a bit means. It also explains why collisions outside the proofs
/// themselves are counted: a record is extracted from each proof, and these two links show that it
/// is the same record.
#[derive(Clone, Debug, PartialEq)]
pub struct PairSecurity {
    /// The theorem on which batching and folding rest.
    pub theorem: LineTheorem,
    /// The security of the credential proof and of the presentation proof.
    pub proofs: [Security; 2],
    /// What links the two proofs.
    pub links: [SecurityTerm; 2],
}

impl PairSecurity {
    pub(super) fn of(proofs: [Security; 2]) -> Self {
        debug_assert_eq!(proofs[0].theorem, proofs[1].theorem);
        let links = ["collision in the record's commitment", "collision of two credential proofs"]
            .map(|name| SecurityTerm { name, bits: LINK_BITS });
        Self { theorem: proofs[0].theorem, proofs, links }
    }

    /// Minus the binary logarithm of the sum of all errors.
    pub fn bits(&self) -> f64 {
        sum_bits(
            self.proofs.iter().map(|proof| proof.bits()).chain(self.links.map(|link| link.bits)),
        )
    }
}
