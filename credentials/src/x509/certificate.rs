//! One certificate: its key, its validity, and the rules of Annex B that need no other certificate.

use std::fmt;

use sha2::{Digest, Sha256, Sha384, Sha512};
use thiserror::Error;
use x509_cert::der::asn1::{Any, ObjectIdentifier};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::oid::db::{rfc4519, rfc5912};
use x509_cert::der::{Decode, Tag, Tagged};
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::fields::{Fields, RawExtension};
use super::general_names::{AuthorityKeyIdentifier, NameConstraints, SubjectAltName};
use super::key;
use crate::Timestamp;
use crate::names::unseen;

/// `mdlDS`, the extended key usage of a document signer (ISO/IEC 18013-5 B.1.4).
const DOCUMENT_SIGNER_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.0.18013.5.1.2");

/// Extensions that Annex B and path validation both process.
const UNDERSTOOD: [ObjectIdentifier; 5] = [
    BasicConstraints::OID,
    KeyUsage::OID,
    ExtendedKeyUsage::OID,
    AuthorityKeyIdentifier::OID,
    SubjectKeyIdentifier::OID,
];

/// The rule that one certificate breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// The bytes are not a DER certificate, or a required field is malformed.
    #[error("{what} cannot be read: {reason}")]
    Malformed {
        /// The part that is malformed.
        what: &'static str,
        /// The reason from the DER decoder.
        reason: String,
    },
    /// Not an X.509 version 3 certificate.
    #[error("not an X.509 v3 certificate")]
    Version,
    /// The public key has an algorithm or a curve that is not supported in this place.
    #[error("the public key is {found}, but only EC keys on {expected} are supported here")]
    Key {
        /// A description of the key.
        found: String,
        /// The curves that are supported here.
        expected: &'static str,
    },
    /// The public key is not a point on the curve that it names.
    #[error("the public key is not a point on its curve")]
    NotOnCurve,
    /// The signature algorithm is not ECDSA with SHA-256, SHA-384 or SHA-512.
    #[error("signature algorithm {oid} is not ECDSA with SHA-256, SHA-384 or SHA-512")]
    SignatureAlgorithm {
        /// The named algorithm, in dotted form.
        oid: String,
    },
    /// The signed algorithm identifier differs from the unsigned one (RFC 5280 4.1.1.2).
    #[error("the signature algorithms inside and outside the signed part differ")]
    SignatureAlgorithmMismatch,
    /// The signature does not verify under the issuer's key.
    #[error("the signature does not verify under the issuer's key")]
    Signature,
    /// A required extension is absent.
    #[error("the {0} extension is missing")]
    ExtensionMissing(Extension),
    /// An extension occurs twice (RFC 5280 4.2).
    #[error("the {0} extension occurs more than once")]
    ExtensionRepeated(Extension),
    /// Any extension occurs twice (RFC 5280 4.2).
    #[error("extension {oid} occurs more than once")]
    RepeatedExtension {
        /// The extension, in dotted form.
        oid: String,
    },
    /// An extension that the profile requires to be critical is not critical.
    #[error("the {0} extension is not critical")]
    ExtensionNotCritical(Extension),
    /// A critical extension is not understood here (RFC 5280 6.1.4 (o) and 6.1.5 (f)).
    #[error("critical extension {oid} is not understood")]
    UnknownCriticalExtension {
        /// The extension, in dotted form.
        oid: String,
    },
    /// `basicConstraints` of an IACA root does not say CA:TRUE.
    #[error("basicConstraints does not say CA:TRUE")]
    NotCa,
    /// `basicConstraints` of a document signer says CA:TRUE.
    #[error("basicConstraints says CA:TRUE, so this is not a document signer")]
    Ca,
    /// `pathLenConstraint` of an IACA root is not 0.
    #[error("pathLenConstraint is not 0")]
    PathLength,
    /// `keyUsage` lacks a usage that the role needs, or has one that it must not have.
    #[error("keyUsage {0}")]
    KeyUsage(&'static str),
    /// `extKeyUsage` is not the usage of a document signer.
    #[error("extKeyUsage lacks 1.0.18013.5.1.2 (mdoc document signer)")]
    ExtendedKeyUsage,
    /// `extKeyUsage` names only purposes that have nothing to do with signing documents.
    #[error(
        "extKeyUsage names only serverAuth, clientAuth, codeSigning, emailProtection, \
         timeStamping or OCSPSigning, none of which allows signing documents"
    )]
    ExtendedKeyUsageForeign,
    /// `extKeyUsage` lacks the purpose that a verifier requires.
    #[error("extKeyUsage lacks {oid}, which the request requires")]
    ExtendedKeyUsageRequired {
        /// The purpose, in dotted form.
        oid: String,
    },
    /// A `pathLenConstraint` above the certificate allows no further CA (RFC 5280 6.1.4 (l)).
    #[error("a certificate above it has a pathLenConstraint that allows no further CA here")]
    PathTooLong,
    /// The name constraints above the certificate refuse one of its names (RFC 5280 6.1.3 (b) and
    /// (c)).
    #[error("nameConstraints {0}")]
    NameConstraints(&'static str),
    /// The issuer is not the subject of the certificate that follows (RFC 5280 6.1.3 (a) (4)).
    #[error("its issuer is not the subject of the certificate that follows it in the x5chain")]
    IssuerName,
    /// The validity begins later.
    #[error("not valid before {not_before}, which is after {moment} ({at})")]
    NotYetValid {
        /// Which moment was checked.
        moment: Moment,
        /// The time of that moment.
        at: Timestamp,
        /// When the validity begins.
        not_before: Timestamp,
    },
    /// The validity has ended.
    #[error("not valid after {not_after}, which is before {moment} ({at})")]
    Expired {
        /// Which moment was checked.
        moment: Moment,
        /// The time of that moment.
        at: Timestamp,
        /// When the validity ends.
        not_after: Timestamp,
    },
    /// The validity does not lie within the issuer's validity.
    #[error("the validity is not within the validity of the issuing IACA root")]
    ValidityOutsideIssuer,
    /// `countryName` is absent, repeated, or not a printable string of two letters.
    #[error("the subject has no single countryName of two letters")]
    Country,
    /// `countryName` differs from the issuer's.
    #[error("countryName differs from that of the issuing IACA root")]
    CountryMismatch,
    /// `stateOrProvinceName` differs from the issuer's.
    #[error("stateOrProvinceName differs from that of the issuing IACA root")]
    StateMismatch,
    /// `authorityKeyIdentifier` is not the issuer's `subjectKeyIdentifier`.
    #[error("authorityKeyIdentifier is not the subjectKeyIdentifier of the issuing IACA root")]
    KeyIdentifierMismatch,
    /// No trusted root carries the issuer's name.
    #[error("no trusted root has the name of the certificate's issuer")]
    IssuerUntrusted,
    /// A certificate stands between the document signer and the root.
    #[error(
        "the certificate is between document signer and IACA root, which Annex B does not allow"
    )]
    Intermediate,
}

/// An extension that a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extension {
    /// RFC 5280 4.2.1.1
    AuthorityKeyIdentifier,
    /// RFC 5280 4.2.1.2
    SubjectKeyIdentifier,
    /// RFC 5280 4.2.1.3
    KeyUsage,
    /// RFC 5280 4.2.1.6
    SubjectAlternativeName,
    /// RFC 5280 4.2.1.9
    BasicConstraints,
    /// RFC 5280 4.2.1.10
    NameConstraints,
    /// RFC 5280 4.2.1.12
    ExtendedKeyUsage,
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AuthorityKeyIdentifier => "authorityKeyIdentifier",
            Self::SubjectKeyIdentifier => "subjectKeyIdentifier",
            Self::KeyUsage => "keyUsage",
            Self::SubjectAlternativeName => "subjectAltName",
            Self::BasicConstraints => "basicConstraints",
            Self::NameConstraints => "nameConstraints",
            Self::ExtendedKeyUsage => "extKeyUsage",
        })
    }
}

/// The moment at which a certificate must be valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When the MSO was signed.
    Signed,
    /// The verifier's time.
    Now,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signed => "the date of signing",
            Self::Now => "now",
        })
    }
}

/// A document signer as a verifier needs it. Both bounds of the validity are inclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerCertificate {
    /// The key that signs MSOs.
    pub public_key: p256::ecdsa::VerifyingKey,
    /// `notBefore`.
    pub not_before: Timestamp,
    /// `notAfter`.
    pub not_after: Timestamp,
    /// The last `commonName` of the subject, if it is text that can be shown.
    pub common_name: Option<String>,
}

impl SignerCertificate {
    /// Reads the key, the validity and the name of a DER certificate. Neither a profile nor a
    /// signature is checked: the function is for a certificate that is trusted as it is.
    ///
    /// # Errors
    /// [`CertificateFault`] if the bytes are not a certificate or the key is not on P-256.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateFault> {
        Certificate::of_any_version(der)?.signer()
    }
}

/// The P-256 key of a DER certificate. Nothing else about the certificate is checked.
///
/// # Errors
/// The errors of [`SignerCertificate::from_der`].
pub fn certificate_public_key(der: &[u8]) -> Result<p256::ecdsa::VerifyingKey, CertificateFault> {
    Certificate::of_any_version(der)?.p256_key()
}

/// Whether a DER certificate says CA:TRUE. To trust such a certificate means to trust the signers
/// that it certifies, not its own key.
///
/// # Errors
/// [`CertificateFault`] if the bytes are not a certificate, or if `basicConstraints` is malformed
/// or repeated.
pub fn is_ca(der: &[u8]) -> Result<bool, CertificateFault> {
    let constraints = Certificate::of_any_version(der)?
        .extension::<BasicConstraints>(Extension::BasicConstraints)?;
    Ok(constraints.is_some_and(|(_, constraints)| constraints.ca))
}

/// The number that stands for version 3.
const V3: u8 = 2;

/// A certificate with the exact bytes that its signature covers.
pub(super) struct Certificate<'a> {
    der: &'a [u8],
    fields: Fields<'a>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl<'a> Certificate<'a> {
    /// Reads a certificate to which a profile may be applied.
    pub(super) fn from_der(der: &'a [u8]) -> Result<Self, CertificateFault> {
        let certificate = Self::of_any_version(der)?;
        match certificate.fields.version {
            V3 => Ok(certificate),
            _ => Err(CertificateFault::Version),
        }
    }

    /// Reads a certificate of which only the key and the validity matter. Versions before the third
    /// have no extensions (RFC 5280 4.1.2.9).
    fn of_any_version(der: &'a [u8]) -> Result<Self, CertificateFault> {
        let fields = Fields::from_der(der).map_err(|error| malformed("the certificate", error))?;
        if fields.version != V3 && !fields.extensions.is_empty() {
            return Err(CertificateFault::Version);
        }
        let (not_before, not_after) =
            (timestamp(&fields.not_before)?, timestamp(&fields.not_after)?);
        Ok(Self { der, fields, not_before, not_after })
    }

    pub(super) fn der(&self) -> &[u8] {
        self.der
    }

    pub(super) fn subject(&self) -> &Name {
        &self.fields.subject
    }

    pub(super) fn issuer(&self) -> &Name {
        &self.fields.issuer
    }

    pub(super) fn not_before(&self) -> Timestamp {
        self.not_before
    }

    pub(super) fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The key, the validity and the name.
    pub(super) fn signer(&self) -> Result<SignerCertificate, CertificateFault> {
        Ok(SignerCertificate {
            public_key: self.p256_key()?,
            not_before: self.not_before,
            not_after: self.not_after,
            common_name: self.common_name(),
        })
    }

    fn common_name(&self) -> Option<String> {
        let name = attributes(self.subject(), rfc4519::CN).last()?;
        let is_text = matches!(name.tag(), Tag::Utf8String | Tag::PrintableString);
        let text =
            str::from_utf8(name.value()).ok().filter(|text| is_text && unseen(text).is_none())?;
        Some(text.to_owned())
    }

    pub(super) fn p256_key(&self) -> Result<p256::ecdsa::VerifyingKey, CertificateFault> {
        if self.curve() != Some(rfc5912::SECP_256_R_1) {
            return Err(self.unsupported_key("P-256"));
        }
        p256::ecdsa::VerifyingKey::from_sec1_bytes(self.key_bytes())
            .map_err(|_| CertificateFault::NotOnCurve)
    }

    fn unsupported_key(&self, expected: &'static str) -> CertificateFault {
        CertificateFault::Key { found: key::in_words(&self.fields.key_algorithm), expected }
    }

    /// The rules of B.1.2 that need no other certificate.
    pub(super) fn check_iaca_profile(&self) -> Result<(), CertificateFault> {
        self.check_critical_extensions()?;
        let constraints: BasicConstraints = self.critical(Extension::BasicConstraints)?;
        if !constraints.ca {
            return Err(CertificateFault::NotCa);
        }
        if constraints.path_len_constraint != Some(0) {
            return Err(CertificateFault::PathLength);
        }
        let KeyUsage(usage) = self.critical(Extension::KeyUsage)?;
        if !usage.contains(KeyUsages::KeyCertSign) {
            return Err(CertificateFault::KeyUsage("lacks keyCertSign"));
        }
        self.country().map(|_| ())
    }

    /// The rules of B.1.4 that need no other certificate.
    pub(super) fn check_document_signer_profile(&self) -> Result<(), CertificateFault> {
        self.check_critical_extensions()?;
        if let Some((_, constraints)) =
            self.extension::<BasicConstraints>(Extension::BasicConstraints)?
            && constraints.ca
        {
            return Err(CertificateFault::Ca);
        }
        let KeyUsage(usage) = self.critical(Extension::KeyUsage)?;
        if !usage.contains(KeyUsages::DigitalSignature) {
            return Err(CertificateFault::KeyUsage("lacks digitalSignature"));
        }
        if usage.contains(KeyUsages::KeyCertSign) {
            return Err(CertificateFault::KeyUsage(
                "has keyCertSign, which a document signer must not have",
            ));
        }
        let ExtendedKeyUsage(purposes) = self.critical(Extension::ExtendedKeyUsage)?;
        if !purposes.contains(&DOCUMENT_SIGNER_USAGE) {
            return Err(CertificateFault::ExtendedKeyUsage);
        }
        self.country().map(|_| ())
    }

    pub(super) fn check_valid_at(
        &self,
        moment: Moment,
        at: Timestamp,
    ) -> Result<(), CertificateFault> {
        let (not_before, not_after) = (self.not_before(), self.not_after());
        if at < not_before {
            return Err(CertificateFault::NotYetValid { moment, at, not_before });
        }
        if at > not_after {
            return Err(CertificateFault::Expired { moment, at, not_after });
        }
        Ok(())
    }

    /// Checks that the P-256 or P-384 key of `issuer` made this certificate's signature.
    pub(super) fn check_signature(&self, issuer: &Certificate<'_>) -> Result<(), CertificateFault> {
        let algorithm = &self.fields.algorithm;
        if *algorithm != self.fields.signed_algorithm {
            return Err(CertificateFault::SignatureAlgorithmMismatch);
        }
        let digest = match algorithm.oid {
            rfc5912::ECDSA_WITH_SHA_256 => Sha256::digest(self.fields.tbs).to_vec(),
            rfc5912::ECDSA_WITH_SHA_384 => Sha384::digest(self.fields.tbs).to_vec(),
            rfc5912::ECDSA_WITH_SHA_512 => Sha512::digest(self.fields.tbs).to_vec(),
            oid => return Err(CertificateFault::SignatureAlgorithm { oid: oid.to_string() }),
        };
        let signature = self.fields.signature.as_bytes().unwrap_or_default();
        issuer.verify(&digest, signature)
    }

    /// The only `countryName` of the subject, with its string type.
    pub(super) fn country(&self) -> Result<&Any, CertificateFault> {
        let mut countries = attributes(self.subject(), rfc4519::COUNTRY_NAME);
        match (countries.next(), countries.next()) {
            (Some(country), None)
                if country.tag() == Tag::PrintableString && country.value().len() == 2 =>
            {
                Ok(country)
            }
            _ => Err(CertificateFault::Country),
        }
    }

    /// Every `stateOrProvinceName` of the subject.
    pub(super) fn states(&self) -> impl Iterator<Item = &Any> {
        attributes(self.subject(), rfc4519::ST)
    }

    pub(super) fn subject_key_identifier(&self) -> Result<Vec<u8>, CertificateFault> {
        let SubjectKeyIdentifier(identifier) = self.required(Extension::SubjectKeyIdentifier)?.1;
        Ok(identifier.as_bytes().to_vec())
    }

    pub(super) fn authority_key_identifier(&self) -> Result<Vec<u8>, CertificateFault> {
        let (_, identifier): (_, AuthorityKeyIdentifier) =
            self.required(Extension::AuthorityKeyIdentifier)?;
        identifier
            .key_identifier
            .ok_or(CertificateFault::ExtensionMissing(Extension::AuthorityKeyIdentifier))
    }

    fn verify(&self, digest: &[u8], signature: &[u8]) -> Result<(), CertificateFault> {
        // The two crates use different versions of their traits.
        let is_verified = match self.curve() {
            Some(rfc5912::SECP_256_R_1) => {
                use p256::ecdsa::signature::hazmat::PrehashVerifier;
                use p256::ecdsa::{Signature, VerifyingKey};
                let key = VerifyingKey::from_sec1_bytes(self.key_bytes())
                    .map_err(|_| CertificateFault::NotOnCurve)?;
                Signature::from_der(signature).is_ok_and(|s| key.verify_prehash(digest, &s).is_ok())
            }
            Some(rfc5912::SECP_384_R_1) => {
                use p384::ecdsa::signature::hazmat::PrehashVerifier;
                use p384::ecdsa::{Signature, VerifyingKey};
                let key = VerifyingKey::from_sec1_bytes(self.key_bytes())
                    .map_err(|_| CertificateFault::NotOnCurve)?;
                Signature::from_der(signature).is_ok_and(|s| key.verify_prehash(digest, &s).is_ok())
            }
            _ => return Err(self.unsupported_key("P-256 or P-384")),
        };
        if is_verified { Ok(()) } else { Err(CertificateFault::Signature) }
    }

    /// The named curve, if the key is an EC key.
    fn curve(&self) -> Option<ObjectIdentifier> {
        let algorithm = &self.fields.key_algorithm;
        if algorithm.oid != rfc5912::ID_EC_PUBLIC_KEY {
            return None;
        }
        algorithm.parameters?.decode_as().ok()
    }

    fn key_bytes(&self) -> &[u8] {
        self.fields.key.as_bytes().unwrap_or_default()
    }

    /// Checks that the profile of Annex B evaluates every critical extension.
    fn check_critical_extensions(&self) -> Result<(), CertificateFault> {
        self.check_critical(&UNDERSTOOD)
    }

    /// Checks that path validation processes every critical extension (RFC 5280 6.1.4 (o) and 6.1.5
    /// (f)).
    pub(super) fn check_critical_extensions_of_path(&self) -> Result<(), CertificateFault> {
        self.check_critical(
            &[&UNDERSTOOD[..], &[NameConstraints::OID, SubjectAltName::OID]].concat(),
        )?;
        // An extension is understood only if it can be read, even if no constraint needs it.
        self.extension::<SubjectAltName>(Extension::SubjectAlternativeName)?;
        self.extension::<NameConstraints>(Extension::NameConstraints)?;
        Ok(())
    }

    fn check_critical(&self, understood: &[ObjectIdentifier]) -> Result<(), CertificateFault> {
        let mut critical = self.fields.extensions.iter().filter(|extension| extension.critical);
        match critical.find(|extension| !understood.contains(&extension.id)) {
            Some(extension) => {
                Err(CertificateFault::UnknownCriticalExtension { oid: extension.id.to_string() })
            }
            None => Ok(()),
        }
    }

    /// Checks that no extension occurs twice (RFC 5280 4.2).
    pub(super) fn check_extensions_unique(&self) -> Result<(), CertificateFault> {
        let extensions = &self.fields.extensions;
        let repeated = extensions.iter().enumerate().find(|(index, extension)| {
            extensions.iter().take(*index).any(|earlier| earlier.id == extension.id)
        });
        match repeated {
            Some((_, extension)) => {
                Err(CertificateFault::RepeatedExtension { oid: extension.id.to_string() })
            }
            None => Ok(()),
        }
    }

    fn critical<T>(&self, which: Extension) -> Result<T, CertificateFault>
    where
        T: for<'d> Decode<'d> + AssociatedOid,
    {
        match self.required(which)? {
            (true, value) => Ok(value),
            (false, _) => Err(CertificateFault::ExtensionNotCritical(which)),
        }
    }

    fn required<T>(&self, which: Extension) -> Result<(bool, T), CertificateFault>
    where
        T: for<'d> Decode<'d> + AssociatedOid,
    {
        self.extension(which)?.ok_or(CertificateFault::ExtensionMissing(which))
    }

    /// The criticality and the value of an extension. The value is decoded only here, when a rule
    /// needs it.
    pub(super) fn extension<T>(
        &self,
        which: Extension,
    ) -> Result<Option<(bool, T)>, CertificateFault>
    where
        T: for<'d> Decode<'d> + AssociatedOid,
    {
        let Some(extension) = self.find(which, T::OID)? else { return Ok(None) };
        let value =
            T::from_der(extension.value).map_err(|error| malformed("an extension", error))?;
        Ok(Some((extension.critical, value)))
    }

    fn find(
        &self,
        which: Extension,
        id: ObjectIdentifier,
    ) -> Result<Option<&RawExtension<'a>>, CertificateFault> {
        let mut found = self.fields.extensions.iter().filter(|extension| extension.id == id);
        match (found.next(), found.next()) {
            (found, None) => Ok(found),
            (_, Some(_)) => Err(CertificateFault::ExtensionRepeated(which)),
        }
    }
}

/// The values of one attribute type in a name, in order.
pub(super) fn attributes(name: &Name, oid: ObjectIdentifier) -> impl Iterator<Item = &Any> {
    name.0
        .iter()
        .flat_map(|relative| relative.0.iter())
        .filter(move |attribute| attribute.oid == oid)
        .map(|attribute| &attribute.value)
}

fn malformed(what: &'static str, error: x509_cert::der::Error) -> CertificateFault {
    CertificateFault::Malformed { what, reason: error.to_string() }
}

fn timestamp(time: &Time) -> Result<Timestamp, CertificateFault> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok();
    seconds.and_then(Timestamp::from_unix).ok_or_else(|| CertificateFault::Malformed {
        what: "the validity",
        reason: "a year after 9999".to_owned(),
    })
}
