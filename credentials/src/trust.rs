//! Whom a verifier trusts, and which of them vouches for a document.

use p256::ecdsa::VerifyingKey;

use crate::date::Timestamp;
use crate::error::{Code, Error};
use crate::x509;

/// One issuer that a request trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Issuer {
    /// A P-256 key, trusted as it is.
    Key(VerifyingKey),
    /// A document signer's certificate (DER): its key is trusted for what it signed while it was valid.
    Signer(Vec<u8>),
    /// A root certificate (DER) with CA:TRUE: the signers that it certified are trusted, under ISO 18013-5 Annex B.
    Root(Vec<u8>),
}

impl Issuer {
    /// A key in SEC 1 form, compressed or not.
    ///
    /// # Errors
    /// `malformed` for anything but a point on P-256 other than infinity.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, Error> {
        VerifyingKey::from_sec1_bytes(bytes).map(Self::Key).map_err(|_| {
            Error::malformed("", "not a P-256 public key; give the SEC 1 point, 65 bytes that begin with 04")
        })
    }

    /// A certificate in DER, a root if it says CA:TRUE.
    ///
    /// # Errors
    /// `malformed` for anything but a certificate, and for a signer's key on another curve than P-256.
    pub fn from_der(der: Vec<u8>) -> Result<Self, Error> {
        let malformed = |fault: x509::CertificateFault| Error::malformed("", fault.to_string());
        if x509::is_ca(&der).map_err(malformed)? {
            return Ok(Self::Root(der));
        }
        x509::certificate_public_key(&der).map_err(malformed)?;
        Ok(Self::Signer(der))
    }
}

/// The issuer that vouches for a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// Index among the request's issuers.
    pub index: usize,
    /// The key that signed the document.
    pub public_key: VerifyingKey,
    /// The first and last second at which the document may have been signed, where the key is known by certificate.
    pub signed_within: Option<(Timestamp, Timestamp)>,
    /// Whether the key is trusted through a root, so that a presentation must carry the `x5chain`.
    pub by_root: bool,
}

impl TrustedIssuer {
    /// The first of `issuers` that vouches for what was signed. `verifies` says whether the signature does under a key.
    ///
    /// # Errors
    /// `issuer_signature` if a trusted key is the one that the document names and its signature does not verify;
    /// `issuer_untrusted` if no trusted key made the signature, or one whose certificate does not hold.
    pub(crate) fn find(
        issuers: &[Issuer],
        x5chain: &[Vec<u8>],
        signed: Timestamp,
        now: Timestamp,
        verifies: impl Fn(&VerifyingKey) -> bool,
    ) -> Result<Self, Error> {
        let named = x5chain.first().and_then(|leaf| x509::certificate_public_key(leaf).ok());
        let (mut failed, mut named_is_trusted) = (None, false);
        for (index, issuer) in issuers.iter().enumerate() {
            let issuer = match Self::of(index, issuer, x5chain, signed, now) {
                Ok(issuer) => issuer,
                Err(reason) => {
                    failed = Some(reason);
                    continue;
                }
            };
            if !verifies(&issuer.public_key) {
                named_is_trusted |= named == Some(issuer.public_key);
            } else if issuer.covers(signed) {
                return Ok(issuer);
            } else {
                failed = Some(
                    "the document was signed outside the validity of its signer's certificate".to_owned(),
                );
            }
        }
        if named_is_trusted {
            let message =
                "the signature does not verify under the trusted key of its signer; the document was altered";
            return Err(Error::new(Code::IssuerSignature, "", message));
        }
        let reason = failed.map(|reason| format!(" ({reason})")).unwrap_or_default();
        let message = format!(
            "none of the request's issuers made the signature{reason}; add the issuer if you trust it"
        );
        Err(Error::new(Code::IssuerUntrusted, "", message))
    }

    /// The issuer of this index, for a presentation: what was signed when is for the proof to show.
    ///
    /// # Errors
    /// `issuer_untrusted` if there is no such issuer, or `x5chain` does not lead to it.
    pub(crate) fn at(
        issuers: &[Issuer],
        index: usize,
        x5chain: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Self, Error> {
        let untrusted = |reason: &str| {
            let message =
                format!("the presentation is from an issuer that the request does not trust ({reason})");
            Error::new(Code::IssuerUntrusted, "issuer", message)
        };
        let issuer = issuers.get(index).ok_or_else(|| untrusted("there are fewer in the request"))?;
        Self::of(index, issuer, x5chain, now, now).map_err(|reason| untrusted(&reason))
    }

    /// Whom an issuer of the request makes trusted, or why it makes no one.
    fn of(
        index: usize,
        issuer: &Issuer,
        x5chain: &[Vec<u8>],
        signed: Timestamp,
        now: Timestamp,
    ) -> Result<Self, String> {
        let (signer, by_root) = match issuer {
            Issuer::Key(key) => {
                return Ok(Self { index, public_key: *key, signed_within: None, by_root: false });
            }
            Issuer::Signer(der) => {
                (x509::SignerCertificate::from_der(der).map_err(|fault| fault.to_string())?, false)
            }
            Issuer::Root(der) => {
                (x509::verify_chain(x5chain, &[der], signed, now).map_err(|fault| fault.to_string())?, true)
            }
        };
        let signed_within = Some((signer.not_before, signer.not_after));
        Ok(Self { index, public_key: signer.public_key, signed_within, by_root })
    }

    fn covers(&self, signed: Timestamp) -> bool {
        self.signed_within.is_none_or(|(from, until)| from <= signed && signed <= until)
    }
}
