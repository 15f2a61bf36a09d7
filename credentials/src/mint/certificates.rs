//! The certificates of ISO/IEC 18013-5 Annex B, as structures that may be edited before they are
//! signed.

use std::fmt::Display;
use std::time::Duration;

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use sha2::{Digest, Sha256};
use x509_cert::TbsCertificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::{Certificate, Version};
use x509_cert::der::asn1::{
    Any, GeneralizedTime, Ia5String, ObjectIdentifier, OctetString, PrintableStringRef, SetOfVec,
    UtcTime, Utf8StringRef,
};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::oid::db::rfc4519;
use x509_cert::der::{DateTime, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage,
    IssuerAltName, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::name::{Name, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{
    DynSignatureAlgorithmIdentifier, SignatureBitStringEncoding, SubjectPublicKeyInfoOwned,
};
use x509_cert::time::{Time, Validity};

use super::keys::Keys;
use super::random::{self, Purpose};
use super::spec::{Period, Spec};
use crate::{Error, Timestamp};

/// `mdlDS`, the extended key usage of a document signer (ISO/IEC 18013-5 B.1.4).
const DOCUMENT_SIGNER_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.0.18013.5.1.2");
/// A host that can never exist (RFC 6761), for the addresses that Annex B requires in certificates.
const ADDRESS: &str = "https://iaca.velum.invalid/";
const SERIAL_NUMBER_BYTES: usize = 16;
const KEY_IDENTIFIER_BYTES: usize = 20;
const A_DAY: i64 = 86_400;

/// An IACA root (B.1.2), ready to be signed by its own key.
///
/// # Errors
/// `malformed` for a country or name that a certificate cannot hold, or dates before 1970.
pub fn iaca_certificate(spec: &Spec, keys: &Keys) -> Result<TbsCertificate, Error> {
    let period = spec.certificates.iaca.map_or_else(|| around(spec, 365, 9 * 365), Ok)?;
    let name = name(&spec.certificates.country, &spec.certificates.iaca_name)?;
    let extensions = vec![
        extension(false, &key_identifier(&keys.iaca)?)?,
        extension(true, &KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))?,
        extension(false, &issuer_alternative_name()?)?,
        extension(true, &BasicConstraints { ca: true, path_len_constraint: Some(0) })?,
        extension(false, &crl_distribution_points()?)?,
    ];
    let serial_number = serial_number(spec, Purpose::IacaSerialNumber)?;
    certificate(serial_number, period, name.clone(), name, &keys.iaca, extensions)
}

/// A document signer (B.1.4) under `iaca`, ready to be signed by that root's key.
///
/// # Errors
/// The errors of [`iaca_certificate`].
pub fn document_signer_certificate(
    spec: &Spec,
    keys: &Keys,
    iaca: &TbsCertificate,
) -> Result<TbsCertificate, Error> {
    let period = spec.certificates.document_signer.map_or_else(|| around(spec, 30, 427), Ok)?;
    let subject = name(&spec.certificates.country, &spec.certificates.document_signer_name)?;
    let SubjectKeyIdentifier(authority) = key_identifier(&keys.iaca)?;
    let authority =
        AuthorityKeyIdentifier { key_identifier: Some(authority), ..Default::default() };
    let extensions = vec![
        extension(false, &authority)?,
        extension(false, &key_identifier(&keys.document_signer)?)?,
        extension(true, &KeyUsage(KeyUsages::DigitalSignature.into()))?,
        extension(false, &issuer_alternative_name()?)?,
        extension(true, &ExtendedKeyUsage(vec![DOCUMENT_SIGNER_USAGE]))?,
        extension(false, &crl_distribution_points()?)?,
    ];
    let serial_number = serial_number(spec, Purpose::DocumentSignerSerialNumber)?;
    certificate(
        serial_number,
        period,
        iaca.subject.clone(),
        subject,
        &keys.document_signer,
        extensions,
    )
}

/// Signs a certificate as it stands, after setting its algorithm identifier to that of the signing
/// key. Returns DER.
///
/// # Errors
/// `malformed` if a field cannot be encoded.
pub fn sign_certificate<K, S>(mut tbs: TbsCertificate, key: &K) -> Result<Vec<u8>, Error>
where
    K: DynSignatureAlgorithmIdentifier + Signer<S>,
    S: SignatureBitStringEncoding,
{
    let algorithm = key.signature_algorithm_identifier().map_err(unencodable)?;
    tbs.signature = algorithm.clone();
    let signature =
        key.sign(&tbs.to_der().map_err(unencodable)?).to_bitstring().map_err(unencodable)?;
    Certificate { tbs_certificate: tbs, signature_algorithm: algorithm, signature }
        .to_der()
        .map_err(unencodable)
}

fn certificate(
    serial_number: SerialNumber,
    period: Period,
    issuer: Name,
    subject: Name,
    key: &SigningKey,
    extensions: Vec<Extension>,
) -> Result<TbsCertificate, Error> {
    let subject_public_key_info =
        SubjectPublicKeyInfoOwned::from_key(*key.verifying_key()).map_err(unencodable)?;
    Ok(TbsCertificate {
        version: Version::V3,
        serial_number,
        signature: subject_public_key_info.algorithm.clone(),
        issuer,
        validity: Validity {
            not_before: time(period.not_before)?,
            not_after: time(period.not_after)?,
        },
        subject,
        subject_public_key_info,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(extensions),
    })
}

/// A positive, random serial number of full length, as B.1 requires.
fn serial_number(spec: &Spec, purpose: Purpose) -> Result<SerialNumber, Error> {
    let mut bytes = random::bytes(&mut random::stream(&spec.seed, purpose), SERIAL_NUMBER_BYTES);
    if let Some(first) = bytes.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    SerialNumber::new(&bytes).map_err(unencodable)
}

/// The period from `days_before` days before to `days_after` days after the MSO was signed.
fn around(spec: &Spec, days_before: i64, days_after: i64) -> Result<Period, Error> {
    let shifted = |days: i64| {
        Timestamp::from_unix(spec.validity.signed.unix() + days * A_DAY).ok_or_else(|| {
            Error::malformed("spec.validity.signed", "too early or too late for a certificate")
        })
    };
    Ok(Period { not_before: shifted(-days_before)?, not_after: shifted(days_after)? })
}

/// UTCTime until 2049 and GeneralizedTime afterwards (RFC 5280, 4.1.2.5).
fn time(time: Timestamp) -> Result<Time, Error> {
    let seconds = u64::try_from(time.unix()).map_err(|_| {
        Error::malformed("spec.certificates", "a certificate cannot be valid before 1970")
    })?;
    let date_time =
        DateTime::from_unix_duration(Duration::from_secs(seconds)).map_err(unencodable)?;
    Ok(match UtcTime::from_date_time(date_time) {
        Ok(time) => Time::UtcTime(time),
        Err(_) => Time::GeneralTime(GeneralizedTime::from_date_time(date_time)),
    })
}

fn name(country: &str, common_name: &str) -> Result<Name, Error> {
    let country = Any::from(PrintableStringRef::new(country).map_err(unencodable)?);
    let common_name = Any::from(Utf8StringRef::new(common_name).map_err(unencodable)?);
    let attribute = |oid, value| {
        let attributes = SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }]);
        attributes.map(RelativeDistinguishedName).map_err(unencodable)
    };
    let attributes = vec![
        attribute(rfc4519::COUNTRY_NAME, country)?,
        attribute(rfc4519::COMMON_NAME, common_name)?,
    ];
    Ok(Name::from(attributes))
}

/// The leftmost 160 bits of SHA-256 of the key (RFC 7093, method 1).
fn key_identifier(key: &SigningKey) -> Result<SubjectKeyIdentifier, Error> {
    let digest = Sha256::digest(key.verifying_key().to_encoded_point(false).as_bytes());
    OctetString::new(&digest[..KEY_IDENTIFIER_BYTES]).map(SubjectKeyIdentifier).map_err(unencodable)
}

fn issuer_alternative_name() -> Result<IssuerAltName, Error> {
    Ok(IssuerAltName(vec![address()?]))
}

fn crl_distribution_points() -> Result<CrlDistributionPoints, Error> {
    let point = DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![address()?])),
        reasons: None,
        crl_issuer: None,
    };
    Ok(CrlDistributionPoints(vec![point]))
}

fn address() -> Result<GeneralName, Error> {
    Ia5String::new(ADDRESS).map(GeneralName::UniformResourceIdentifier).map_err(unencodable)
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Result<Extension, Error> {
    let extn_value = value.to_der().and_then(OctetString::new).map_err(unencodable)?;
    Ok(Extension { extn_id: T::OID, critical, extn_value })
}

fn unencodable(error: impl Display) -> Error {
    Error::malformed("spec.certificates", error.to_string())
}
