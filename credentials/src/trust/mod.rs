//! Whom a verifier trusts, by which rules, and which of the trusted issuers vouches for a document.
//!
//! This module knows keys, certificates and times, but neither requests nor documents.

mod profile;
mod refusal;

use p256::ecdsa::VerifyingKey;

use crate::date::Timestamp;
use crate::error::{Code, Error};
use crate::x509;

pub use profile::Profile;
use refusal::Refusal;

/// One issuer that a request trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Issuer {
    /// A P-256 key, trusted as it is.
    Key(VerifyingKey),
    /// A document signer's certificate. Its key is trusted for what it signed while the certificate
    /// was valid.
    Signer {
        /// The certificate (DER).
        der: Vec<u8>,
        /// Rules that this certificate must also follow, if any.
        profile: Option<Profile>,
    },
    /// A root certificate with CA:TRUE. The signers that it certified are trusted.
    Root {
        /// The certificate (DER).
        der: Vec<u8>,
        /// The rules for certificates below this root.
        profile: Profile,
    },
}

impl Issuer {
    /// A key in SEC 1 form, compressed or uncompressed.
    ///
    /// # Errors
    /// `malformed` for anything but a point on P-256 other than infinity.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, Error> {
        VerifyingKey::from_sec1_bytes(bytes).map(Self::Key).map_err(|_| {
            Error::malformed(
                "",
                "not a P-256 public key; give the SEC 1 point, 65 bytes that begin with 04",
            )
        })
    }

    /// A certificate in DER. It is a root if it says CA:TRUE. A root needs a profile. A signer
    /// without a profile is trusted as it is.
    ///
    /// # Errors
    /// `malformed` for anything that is not a certificate, for a signer's key on a curve other than
    /// P-256, and at `profile` for a root without a profile.
    pub fn from_der(der: Vec<u8>, profile: Option<Profile>) -> Result<Self, Error> {
        let malformed = |fault: x509::CertificateFault| Error::malformed("", fault.to_string());
        if x509::is_ca(&der).map_err(malformed)? {
            let profile = profile.ok_or_else(|| {
                let message = "a root certificate for documents of this type needs a profile; \
                               give \"iso18013-5\" or \"pki\", or pin the signer's own \
                               certificate or key";
                Error::malformed("profile", message)
            })?;
            return Ok(Self::Root { der, profile });
        }
        x509::certificate_public_key(&der).map_err(malformed)?;
        Ok(Self::Signer { der, profile })
    }

    /// The rules that certificates must follow, if any.
    #[must_use]
    pub fn profile(&self) -> Option<Profile> {
        match self {
            Self::Key(_) => None,
            Self::Signer { profile, .. } => *profile,
            Self::Root { profile, .. } => Some(*profile),
        }
    }
}

/// The certificates that came with an issuer's signature.
#[derive(Clone, Copy)]
pub(crate) struct Certificates<'a> {
    /// The certificates in DER, the signer's first.
    pub(crate) x5chain: &'a [Vec<u8>],
    /// The reason why there are no certificates, for the case that there are none.
    pub(crate) why_none: &'a dyn std::fmt::Display,
}

/// The issuer that vouches for a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// Index among the request's issuers.
    pub index: usize,
    /// The key that signed the document.
    pub public_key: VerifyingKey,
    /// The first and last second at which the document may have been signed, if the key is known by
    /// a certificate.
    pub signed_within: Option<(Timestamp, Timestamp)>,
    /// Number of certificates, from the first of the `x5chain`, that trust in the key needs. A
    /// presentation carries them. It is 0 if the request names the key or the signer's certificate
    /// itself.
    pub certificates: usize,
    /// The `commonName` of the signer's certificate, if the key is known by a certificate whose
    /// name can be shown.
    pub name: Option<String>,
}

impl TrustedIssuer {
    /// The first of `issuers` that vouches for the signed document. `verifies` says whether the
    /// signature verifies under a key.
    ///
    /// # Errors
    /// `issuer_signature` if the document names a trusted key and its signature does not verify
    /// under that key. `issuer_untrusted` if no trusted key made the signature, or if the
    /// certificate of the key that made it is not accepted.
    pub(crate) fn find(
        issuers: &[Issuer],
        certificates: Certificates<'_>,
        signed: Timestamp,
        now: Timestamp,
        verifies: impl Fn(&VerifyingKey) -> bool,
    ) -> Result<Self, Error> {
        let leaf = certificates.x5chain.first();
        let named = leaf.and_then(|leaf| x509::certificate_public_key(leaf).ok());
        let (mut refusals, mut named_is_trusted) = (Vec::new(), false);
        for (index, issuer) in issuers.iter().enumerate() {
            match Self::of(index, issuer, certificates, signed, now) {
                Err(refusal) => refusals.push(refusal),
                Ok(found) if !verifies(&found.public_key) => {
                    named_is_trusted |= named == Some(found.public_key);
                    refusals.push(Refusal::OtherKey);
                }
                Ok(found) if found.covers(signed) => return Ok(found),
                Ok(_) => refusals.push(Refusal::SignedOutside),
            }
        }
        if named_is_trusted {
            let message = "the signature does not verify under the trusted key of its signer: the \
                           document was altered; use the document as it was issued";
            return Err(Error::new(Code::IssuerSignature, "", message));
        }
        // No root that a verifier could add vouches for a signer whose certificate has expired.
        if issuers.iter().any(|issuer| matches!(issuer, Issuer::Root { .. })) {
            refusals.extend(leaf.and_then(|leaf| Refusal::of_time(leaf, signed, now)));
        }
        let refusal = refusals.into_iter().max_by_key(Refusal::weight).unwrap_or(Refusal::OtherKey);
        Err(refusal.into_error())
    }

    /// The issuer with this index, for a presentation. The proof shows when the document was
    /// signed.
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
            let message = format!(
                "the presentation is from an issuer that the request does not trust ({reason})"
            );
            Error::new(Code::IssuerUntrusted, "issuer", message)
        };
        let issuer =
            issuers.get(index).ok_or_else(|| untrusted("the request has fewer issuers"))?;
        let certificates =
            Certificates { x5chain, why_none: &"the presentation holds no certificates" };
        Self::of(index, issuer, certificates, now, now)
            .map_err(|refusal| untrusted(&refusal.reason()))
    }

    /// The signer that becomes trusted through an issuer of the request, or the reason why none
    /// does.
    fn of(
        index: usize,
        issuer: &Issuer,
        certificates: Certificates<'_>,
        signed: Timestamp,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let (signer, certificates) = match issuer {
            Issuer::Key(key) => {
                return Ok(Self {
                    index,
                    public_key: *key,
                    signed_within: None,
                    certificates: 0,
                    name: None,
                });
            }
            Issuer::Signer { der, profile } => (Self::pinned(index, der, *profile)?, 0),
            Issuer::Root { der, profile } => {
                let Certificates { x5chain, why_none } = certificates;
                if x5chain.is_empty() {
                    return Err(Refusal::NoCertificates(why_none.to_string()));
                }
                match profile {
                    Profile::Iso18013_5 => {
                        let found = x509::verify_chain(x5chain, &[der], signed, now);
                        let is_named =
                            x5chain.first().is_some_and(|leaf| x509::names_as_issuer(leaf, der));
                        (
                            found.map_err(|error| {
                                Refusal::of_root(index, *profile, error, is_named)
                            })?,
                            1,
                        )
                    }
                    Profile::Pki { require_eku } => {
                        let found =
                            x509::verify_path(x5chain, der, require_eku.as_ref(), signed, now);
                        let found = found
                            .map_err(|error| Refusal::of_root(index, *profile, error, true))?;
                        (found.signer, found.certificates)
                    }
                }
            }
        };
        let signed_within = Some((signer.not_before, signer.not_after));
        Ok(Self {
            index,
            public_key: signer.public_key,
            signed_within,
            certificates,
            name: signer.common_name,
        })
    }

    /// A signer whose certificate the request names.
    fn pinned(
        index: usize,
        der: &[u8],
        profile: Option<Profile>,
    ) -> Result<x509::SignerCertificate, Refusal> {
        let check = || {
            match &profile {
                None => {}
                Some(Profile::Iso18013_5) => x509::check_annex_b_signer(der)?,
                Some(Profile::Pki { require_eku }) => {
                    x509::check_pinned_signer(der, require_eku.as_ref())?
                }
            }
            x509::SignerCertificate::from_der(der)
        };
        check().map_err(|fault| Refusal::Pinned { index, profile, fault })
    }

    fn covers(&self, signed: Timestamp) -> bool {
        self.signed_within.is_none_or(|(from, until)| from <= signed && signed <= until)
    }
}
