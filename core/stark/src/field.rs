//! The base field and the challenge field of every proof.

use p3_field::PrimeCharacteristicRing;
use p3_field::extension::BinomialExtensionField;
use p3_goldilocks::Goldilocks;

/// Goldilocks, `p = 2^64 - 2^32 + 1`.
pub type F = Goldilocks;

/// Degree of [`EF`] over [`F`].
pub const EXTENSION_DEGREE: usize = 2;

/// The field from which challenges are drawn, with about `2^128` elements.
pub type EF = BinomialExtensionField<F, EXTENSION_DEGREE>;

/// Element `i` of the basis of [`EF`] over [`F`] in which elements are written.
#[cfg(feature = "prover")]
pub(crate) fn basis_element(i: usize) -> EF {
    use p3_field::BasedVectorSpace;

    EF::from_basis_coefficients_fn(|j| F::from_bool(i == j))
}

/// Number of bytes in one element when bytes are packed.
pub const PACKED_BYTES: usize = 7;

/// Packs bytes, seven to an element. The first byte is the least significant. The missing bytes of
/// the last element are zero.
pub fn pack(bytes: &[u8]) -> impl Iterator<Item = F> {
    bytes.chunks(PACKED_BYTES).map(|chunk| {
        F::from_u64(chunk.iter().rev().fold(0, |element, &byte| element << 8 | u64::from(byte)))
    })
}
