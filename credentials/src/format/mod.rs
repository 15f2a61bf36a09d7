//! What a credential format gives to the two proofs: of a document what its issuer and its device signed, of a session what the
//! device signs for it, and how values are encoded.
//!
//! Preparing, presenting and verifying know documents by [`CredentialFormat`] alone. Formats know nothing of them.

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

/// A format of credentials, implemented by its documents.
pub trait CredentialFormat: Sized + Sync {
    /// The session in which a device signs for a verifier.
    type Session: Session<Document = Self>;

    /// The encoding of the value that a literal stands for. No other encoding is equal to it.
    fn encode(literal: &Literal) -> Vec<u8>;

    /// Reads the encoding of a value.
    ///
    /// # Errors
    /// `malformed` for bytes that encode no value.
    fn decode(encoding: &[u8]) -> Result<Value, Error>;

    /// SHA-256 of what a device signs in a session by an algorithm, where `shown` is what it signs besides it.
    ///
    /// # Errors
    /// `too_large` or `malformed` for bytes that no device signs, `device_namespaces` for what the request does not ask the
    /// device for.
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

    /// The smallest size class that the document fits with the elements of the request.
    ///
    /// # Errors
    /// `too_large` above every class, `element_missing`.
    fn smallest_class(&self, request: &Request) -> Result<SizeClass, Error>;

    /// What the issuer signed, after every check that needs no session.
    ///
    /// # Errors
    /// The error of the first check that fails; `element_missing`.
    fn issued(&self, request: &Request) -> Result<Issued<'_>, Error>;

    /// What issuer and device signed, after every check. `may_show` is the holder's consent to show what the device signed
    /// besides the session.
    ///
    /// # Errors
    /// The error of the first check or predicate that fails; `device_namespaces` without consent, or for what the request does
    /// not ask the device for.
    fn presented(
        &self,
        session: &Self::Session,
        request: &Request,
        may_show: bool,
    ) -> Result<Presented<'_>, Error>;

    /// Statement and witness of a credential proof of this document for the request: in the smallest size class that it fits, or in
    /// this one. The record is salted anew.
    ///
    /// # Errors
    /// Those of [`issued`](Self::issued); `too_large` if the document does not fit.
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

    /// The statement of a presentation proof, as holder and verifier alike derive it.
    ///
    /// # Errors
    /// `predicate` where what is asked of one element excludes itself, `malformed` where what is disclosed is not what was asked to
    /// be.
    fn presentation(
        answer: &Answer<'_>,
        subject: Subject,
        commitment: Digest,
        credential_proof: &[u8],
    ) -> Result<PresentationStatement, Error> {
        answer.statement(subject, commitment, credential_proof, Self::encode)
    }
}

/// A session of a format, by which a verifier knows which one it is.
pub trait Session: Sync {
    /// The documents of the format.
    type Document: CredentialFormat<Session = Self>;
}

/// What an issuer signed, as far as a request asks about it.
pub struct Issued<'a> {
    /// Who it was, among the issuers that the request trusts.
    pub issuer: TrustedIssuer,
    /// The certificates that came with the signature (DER, the signer's first).
    pub x5chain: &'a [Vec<u8>],
    /// The signed bytes.
    pub signed: Zeroizing<Vec<u8>>,
    /// The signature over them, `r || s`.
    pub signature: &'a [u8; 64],
    /// For each slot of the request, the bytes of its element of which `signed` has the SHA-256.
    pub items: Vec<&'a [u8]>,
    /// For each slot of the request, the encoding of the value in these.
    pub values: Vec<&'a [u8]>,
    /// The key of the holder's device.
    pub device_key: &'a VerifyingKey,
    /// When the document was signed, from when it is valid, and until when.
    pub dates: [Timestamp; 3],
}

/// A document in a session.
pub struct Presented<'a> {
    /// What the issuer signed.
    pub issued: Issued<'a>,
    /// What the device signed besides the session, to be shown in clear.
    pub shown: &'a [u8],
    /// By which algorithm the device signed.
    pub algorithm: SignatureAlgorithm,
    /// The device's signature, `r || s`, over what [`CredentialFormat::device_digest`] is the hash of.
    pub signature: &'a [u8; 64],
}

/// What a presentation proof shows, besides the commitment that it opens.
pub struct Answer<'a> {
    /// The request that is answered.
    pub request: &'a Request,
    /// The first and last second at which the document may have been signed, where there are such.
    pub signed_within: Option<(Timestamp, Timestamp)>,
    /// [`CredentialFormat::device_digest`] of the session.
    pub device_digest: [u8; 32],
    /// For each slot of the request, the encoding of its value if it is disclosed.
    pub disclosed: &'a [Option<Vec<u8>>],
    /// What the holder chose to keep hashes of the statement from being guessed, in suites for circuits.
    pub salt: Option<[u8; SALT_BYTES]>,
}
