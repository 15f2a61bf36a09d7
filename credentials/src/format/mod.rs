//! What a credential format provides for the two proofs: what the issuer and the device of a
//! document signed, what the device signs in a session, and how values are encoded.
//!
//! Preparing, presenting and verifying know documents only through [`CredentialFormat`]. Formats
//! know nothing of preparing, presenting and verifying.

mod statement;

#[cfg(feature = "prover")]
pub(crate) use statement::chosen_class;

use p256::ecdsa::VerifyingKey;
use velum_core::class::SizeClass;
#[cfg(feature = "prover")]
use velum_core::statement::{CredentialStatement, CredentialWitness};
use velum_core::statement::{Digest, PresentationStatement, SALT_BYTES, Subject};
#[cfg(feature = "prover")]
use velum_core::suite::Suite;
use zeroize::Zeroizing;

use crate::algorithm::SignatureAlgorithm;
use crate::date::Timestamp;
use crate::error::Error;
use crate::predicate::Literal;
use crate::request::{Learnt, Request};
use crate::trust::TrustedIssuer;
use crate::value::Value;

/// A credential format. Its document type implements this trait.
pub trait CredentialFormat: Sized + Sync {
    /// The session in which a device signs for a verifier.
    type Session: Session<Document = Self>;

    /// The encoding of the value that a literal stands for. No other encoding equals it.
    fn encode(literal: &Literal) -> Vec<u8>;

    /// Reads the encoding of a value.
    ///
    /// # Errors
    /// `malformed` for bytes that do not encode a value.
    fn decode(encoding: &[u8]) -> Result<Value, Error>;

    /// SHA-256 of what a device signs in a session by an algorithm. `shown` is what it signs
    /// besides the session.
    ///
    /// # Errors
    /// `too_large` or `malformed` for bytes that no device signs; `device_namespaces` for what the
    /// request does not ask the device for.
    fn device_digest(
        session: &Self::Session,
        request: &Request,
        shown: &[u8],
        algorithm: SignatureAlgorithm,
    ) -> Result<[u8; 32], Error>;

    /// What a verifier learns from what the device signed besides the session, if anything.
    fn learnt(shown: &[u8]) -> Option<Learnt>;

    /// The bytes that the issuer signed.
    fn signed(&self) -> Zeroizing<Vec<u8>>;

    /// The smallest size class that the document fits, with the elements of the request.
    ///
    /// # Errors
    /// `too_large` if no class is large enough; `element_missing`.
    fn smallest_class(&self, request: &Request) -> Result<SizeClass, Error>;

    /// What the issuer signed, after every check that needs no session.
    ///
    /// # Errors
    /// The error of the first check that fails; `element_missing`.
    fn issued(&self, request: &Request) -> Result<Issued<'_>, Error>;

    /// What the issuer and the device signed, after every check. `may_show` is the holder's consent
    /// to show what the device signed besides the session.
    ///
    /// # Errors
    /// The error of the first check or predicate that fails; `device_namespaces` without consent,
    /// or for what the request does not ask the device for.
    fn presented(
        &self,
        session: &Self::Session,
        request: &Request,
        may_show: bool,
    ) -> Result<Presented<'_>, Error>;

    /// The statement and the witness of a credential proof of this document for the request, in
    /// `size_class` or, without one, in the smallest size class that fits. The record gets new
    /// salts.
    ///
    /// # Errors
    /// The errors of [`issued`](Self::issued); `too_large` if the document does not fit.
    #[cfg(feature = "prover")]
    fn credential(
        &self,
        request: &Request,
        suite: Suite,
        size_class: Option<SizeClass>,
    ) -> Result<(CredentialStatement, CredentialWitness), Error> {
        let issued = self.issued(request)?;
        let class = chosen_class(self.smallest_class(request)?, size_class)?;
        issued.statement(request, suite, class)
    }

    /// The statement of a presentation proof. Holder and verifier derive it in the same way.
    ///
    /// # Errors
    /// `predicate` if the conditions on one element exclude each other; `malformed` if the
    /// disclosed values are not those that the request asks to disclose.
    fn presentation(
        answer: &Answer<'_>,
        subject: Subject,
        commitment: Digest,
        credential_proof: &[u8],
    ) -> Result<PresentationStatement, Error> {
        answer.statement(subject, commitment, credential_proof, Self::encode)
    }
}

/// A session of a format. Its type tells a verifier which format it is.
pub trait Session: Sync {
    /// The documents of the format.
    type Document: CredentialFormat<Session = Self>;
}

/// What an issuer signed, as far as a request asks about it.
pub struct Issued<'a> {
    /// The issuer, among those that the request trusts.
    pub issuer: TrustedIssuer,
    /// The certificates that came with the signature, in DER, the signer's first.
    pub x5chain: &'a [Vec<u8>],
    /// The signed bytes.
    pub signed: Zeroizing<Vec<u8>>,
    /// The signature over these bytes, `r || s`.
    pub signature: &'a [u8; 64],
    /// For each slot of the request, the bytes of its element whose SHA-256 is in `signed`.
    pub items: Vec<&'a [u8]>,
    /// For each slot of the request, the encoding of the value in these bytes.
    pub values: Vec<&'a [u8]>,
    /// The key of the holder's device.
    pub device_key: &'a VerifyingKey,
    /// When the document was signed, when it becomes valid, and until when it is valid.
    pub dates: [Timestamp; 3],
}

/// A document in a session.
pub struct Presented<'a> {
    /// What the issuer signed.
    pub issued: Issued<'a>,
    /// What the device signed besides the session, to be shown in clear.
    pub shown: &'a [u8],
    /// The algorithm by which the device signed.
    pub algorithm: SignatureAlgorithm,
    /// The device's signature, `r || s`, over the bytes whose hash is
    /// [`CredentialFormat::device_digest`].
    pub signature: &'a [u8; 64],
}

/// What a presentation proof shows, besides the commitment that it opens.
pub struct Answer<'a> {
    /// The request that is answered.
    pub request: &'a Request,
    /// The first and last second at which the document may have been signed, if there are such
    /// bounds.
    pub signed_within: Option<(Timestamp, Timestamp)>,
    /// [`CredentialFormat::device_digest`] of the session.
    pub device_digest: [u8; 32],
    /// For each slot of the request, the encoding of its value if it is disclosed.
    pub disclosed: &'a [Option<Vec<u8>>],
    /// A salt that the holder chose, so that hashes of the statement cannot be guessed. Only suites
    /// for circuits have one.
    pub salt: Option<[u8; SALT_BYTES]>,
}
