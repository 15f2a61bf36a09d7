//! Proofs as bytes.
//!
//! A proof has no lengths, tags or padding: what comes next, and how much of it, follows from the verifier key and from the
//! challenges. Numbers are little end first; a field element has 8 bytes and is below p; an extension element is its coefficients.
//! `docs/formats.md` gives the order.

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField64};

use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::hash::{DIGEST_BYTES, ProofHash, SALT_BYTES, Salt};
use crate::verify::VerifyError;

/// Bytes of a field element.
pub(crate) const ELEMENT_BYTES: usize = 8;

/// Bytes of a grinding nonce.
pub(crate) const NONCE_BYTES: usize = 8;

/// Reads a proof from its front.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(proof: &'a [u8]) -> Self {
        Self(proof)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], VerifyError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(VerifyError::TooShort)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn nonce(&mut self) -> Result<u64, VerifyError> {
        self.array::<NONCE_BYTES>().map(u64::from_le_bytes)
    }

    pub(crate) fn element(&mut self) -> Result<F, VerifyError> {
        match u64::from_le_bytes(self.array::<ELEMENT_BYTES>()?) {
            number if number < F::ORDER_U64 => Ok(F::from_u64(number)),
            _ => Err(VerifyError::NotCanonical),
        }
    }

    pub(crate) fn elements(&mut self, count: usize) -> Result<Vec<F>, VerifyError> {
        self.expect(count.saturating_mul(ELEMENT_BYTES))?;
        (0..count).map(|_| self.element()).collect()
    }

    pub(crate) fn extension(&mut self) -> Result<EF, VerifyError> {
        let mut coefficients = [F::ZERO; EXTENSION_DEGREE];
        for coefficient in &mut coefficients {
            *coefficient = self.element()?;
        }
        Ok(EF::from_basis_coefficients_fn(|i| coefficients[i]))
    }

    pub(crate) fn extensions(&mut self, count: usize) -> Result<Vec<EF>, VerifyError> {
        self.expect(count.saturating_mul(ELEMENT_BYTES * EXTENSION_DEGREE))?;
        (0..count).map(|_| self.extension()).collect()
    }

    pub(crate) fn digest<H: ProofHash>(&mut self) -> Result<H::Digest, VerifyError> {
        H::from_bytes(self.array::<DIGEST_BYTES>()?).ok_or(VerifyError::NotCanonical)
    }

    pub(crate) fn salt(&mut self) -> Result<Salt, VerifyError> {
        self.array::<SALT_BYTES>()
    }

    /// Nothing may follow.
    pub(crate) fn finish(self) -> Result<(), VerifyError> {
        if self.0.is_empty() { Ok(()) } else { Err(VerifyError::TooLong) }
    }

    /// No list is allocated that the proof is too short to hold.
    fn expect(&self, bytes: usize) -> Result<(), VerifyError> {
        if self.0.len() < bytes { Err(VerifyError::TooShort) } else { Ok(()) }
    }
}

/// Writes a proof.
#[cfg(feature = "prover")]
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

#[cfg(feature = "prover")]
impl Writer {
    pub(crate) fn nonce(&mut self, nonce: u64) {
        self.0.extend_from_slice(&nonce.to_le_bytes());
    }

    pub(crate) fn elements(&mut self, elements: &[F]) {
        for element in elements {
            self.0.extend_from_slice(&element.as_canonical_u64().to_le_bytes());
        }
    }

    pub(crate) fn extensions(&mut self, elements: &[EF]) {
        elements.iter().for_each(|element| self.elements(element.as_basis_coefficients_slice()));
    }

    pub(crate) fn digests<H: ProofHash>(&mut self, digests: &[H::Digest]) {
        digests.iter().for_each(|digest| self.0.extend_from_slice(&H::to_bytes(digest)));
    }

    pub(crate) fn salt(&mut self, salt: &Salt) {
        self.0.extend_from_slice(salt);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}
